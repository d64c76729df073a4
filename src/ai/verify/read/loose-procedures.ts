import type { Claim } from '../../../core/claim.ts';
import { type Attempt, oneDate, optional, says } from './attempt.ts';
import type { Bag } from './bag.ts';

/** A procedure done, planned or not done. */
export function procedure(bag: Bag): Attempt {
  const term = bag.peek(['procedure', 'report', 'request']) ?? (bag.has('done') ? bag.peek() : undefined);
  // A bare name of a procedure says that it was done; a bare name of a report or an order does not.
  if (term === undefined || (!bag.has('done') && (!term.kinds.has('procedure') || term.kinds.has('problem')))) return undefined;
  bag.use(term);
  const done = bag.words('done');
  if (done === null) return undefined;
  const side = bag.words('side');
  const negated = bag.has('negator');
  bag.allow('had', 'has', 'on', 'negator');
  bag.allowPrepositions('for');
  const dates = bag.all('date');
  if (side === null || dates.length > 1) return undefined;
  const claim: Claim = {
    kind: 'procedure',
    concept: { name: term.text },
    modality: (done ?? 'performed') as 'performed',
    ...optional('laterality', side as 'left'),
    ...optional('on', dates[0]?.date),
  };
  return says(claim, negated);
}

/** A vaccine given on a date. */
export function immunization(bag: Bag): Attempt {
  const marked = bag.has('vaccine');
  const term = bag.peek(['immunization']) ?? (marked ? bag.peek() : undefined);
  // "Flu on 30 Oct": vaccines are called by the diseases they prevent, so that a vaccine or its giving must be spoken of.
  if (term === undefined || !(marked || bag.has('modality'))) return undefined;
  bag.use(term);
  const negated = bag.has('negator');
  const modality = bag.words('modality');
  if (modality !== undefined && modality !== 'given' && modality !== 'administered') return undefined;
  bag.allow('vaccine', 'has', 'had', 'on', 'negator');
  bag.allowPrepositions('for');
  const date = oneDate(bag);
  return date === undefined ? undefined : says({ kind: 'immunization', vaccine: { name: term.text }, on: date }, negated);
}
