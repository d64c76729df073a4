import { type Attempt, DRUG, oneDate, optional, says, sure, type Term } from './attempt.ts';
import type { Bag } from './bag.ts';

/** "NKDA", "no known allergies". */
export function noneKnown(bag: Bag): Attempt {
  const said = bag.words('none-known');
  const denied = bag.has('negator') && bag.has('allergy') && bag.peek() === undefined && !bag.has('recorded');
  const about = said === undefined && denied ? 'allergies' : said;
  if (about === undefined || about === null || (said !== undefined && bag.has('negator'))) return undefined;
  if (datesItself(bag)) return UNDATED;
  bag.allow('negator', 'allergy', 'has', 'recorded', 'on');
  if (bag.words('list') === 'resolved') return undefined;
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
  if (datesItself(bag)) return UNDATED;
  const date = oneDate(bag);
  const listed = bag.words('list');
  bag.allow('allergy', 'negator', 'has', 'had', 'recorded', 'on', 'began');
  bag.allowPrepositions('to');
  if (substance === undefined || severity === null || listed === 'resolved' || listed === null) return undefined;
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

/** The chart dates the record of an allergy, not the allergy nor its reaction: only "recorded" may stand beside the date. */
function datesItself(bag: Bag): boolean {
  return bag.some('date') && (bag.has('began') || !bag.has('recorded'));
}

const UNDATED: Attempt = { unread: 'date of an allergy', why: 'date' };
