import { type Attempt, DRUG, oneDate, optional, says, sure, type Term } from './attempt.ts';
import type { Bag } from './bag.ts';

/** "NKDA", "no known allergies". */
export function noneKnown(bag: Bag): Attempt {
  const about =
    bag.words('none-known') ??
    (bag.has('negator') && bag.has('allergy') && bag.peek() === undefined && !bag.has('recorded') ? 'allergies' : undefined);
  if (about === undefined || about === null) return undefined;
  bag.allow('negator', 'allergy', 'has', 'recorded', 'on', 'list');
  const date = oneDate(bag);
  return sure({ kind: 'no-known-allergy', about: { name: about }, ...optional('recordedOn', date) });
}

/** An allergy with its reaction, criticality and date. */
export function allergy(bag: Bag): Attempt {
  const named = bag.tokens.find((token): token is Term => token.type === 'term' && /^allergy to | allergy$/.test(token.key));
  if (!bag.has('allergy') && named === undefined) return undefined;
  if (named !== undefined) bag.use(named);
  const negated = bag.has('negator');
  const substance = named ?? bag.term(['allergy']) ?? bag.term([...DRUG, 'term']) ?? bag.term();
  const reaction = bag.term(['reaction']) ?? bag.term();
  const severity = bag.words('severity');
  const date = oneDate(bag);
  bag.allow('allergy', 'negator', 'has', 'had', 'recorded', 'on', 'list', 'began');
  bag.allowPrepositions('to');
  if (substance === undefined || severity === null) return undefined;
  return says(
    {
      kind: 'allergy',
      substance: { name: substance.text },
      ...optional('reaction', reaction?.text),
      ...optional('severity', severity as 'high'),
      ...optional('recordedOn', date),
    },
    negated,
  );
}
