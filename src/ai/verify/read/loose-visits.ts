import type { Claim, ClaimOf } from '../../../core/claim.ts';
import { type Attempt, DRUG, oneDate, optional, says, sure } from './attempt.ts';
import type { Bag } from './bag.ts';
import type { TermKind } from './lexicon.ts';

/** A visit of a named setting. */
export function encounter(bag: Bag): Attempt {
  const settings = bag.words('setting');
  if (settings === undefined || settings === null || settings === 'any') return undefined;
  const negated = bag.has('negator');
  const dates = bag.all('date').map((token) => token.date);
  const what =
    bag.peek(['encounter']) !== undefined && bag.peek(['reason', 'problem', 'term']) !== bag.peek(['encounter'])
      ? bag.term(['encounter'])
      : undefined;
  const reason = bag.term(PLACES) ?? bag.term();
  bag.allow('negator', 'on', 'had', 'has', 'until');
  bag.allowPrepositions('for', 'from', 'to');
  if (dates.length === 0 || dates.length > 2) return { unread: 'date', why: 'date' };
  const claim: Claim = {
    kind: 'encounter',
    setting: settings as ClaimOf<'encounter'>['setting'],
    ...(what === undefined ? {} : { what: what.text }),
    ...(reason === undefined ? {} : { reason: { name: reason.text } }),
    on: dates[0]!,
    ...optional('until', dates[1]),
  };
  return says(claim, negated);
}

/** A number of visits, admissions or results since a date. */
export function count(bag: Bag): Attempt {
  const quantity = bag.quantities()[0];
  const word = bag.word('number');
  const number =
    word ??
    (quantity !== undefined &&
    /^\d+$/.test(quantity.value.value) &&
    quantity.value.unit === undefined &&
    quantity.value.comparator === undefined
      ? quantity.value.value
      : undefined);
  if (number === undefined || !bag.has('began')) return undefined;
  if (word === undefined) bag.use(quantity!.token);
  const setting = bag.words('setting');
  const category = bag.words('category');
  const of =
    setting === 'emergency'
      ? 'emergency visits'
      : setting === 'inpatient'
        ? 'admissions'
        : setting === 'any' || category === 'visits'
          ? 'visits'
          : category === 'results'
            ? 'results'
            : undefined;
  const since = oneDate(bag);
  const term = bag.term();
  bag.allow('began', 'recorded', 'has', 'had', 'on');
  bag.allowPrepositions('for');
  if (of === undefined || since === undefined || (setting !== undefined && category !== undefined)) return undefined;
  return sure({ kind: 'count', of, number: Number(number), since, ...(term === undefined ? {} : { concept: { name: term.text } }) });
}

/** A booked visit. */
export function appointment(bag: Bag): Attempt {
  if (!bag.has('appointment')) return undefined;
  // What is booked may be called planned; that it was kept or missed is another claim.
  const done = bag.words('done');
  if (done !== undefined && done !== 'planned') return undefined;
  const coming = bag.words('appointment');
  if (coming === null) return undefined;
  bag.allow('on', 'has');
  bag.allowPrepositions('for');
  const date = oneDate(bag);
  const clocks = bag.all('clock');
  if (clocks.length > 1) return undefined;
  const time = clocks[0]?.text.padStart(5, '0');
  const reason = bag.term();
  return date === undefined
    ? undefined
    : [
        {
          alternatives: [{ kind: 'appointment', on: date, ...optional('time', time), ...optional('reason', reason?.text) }],
          ...(coming === 'any' || coming === 'next' ? { coming } : {}),
        },
      ];
}

const PLACES: TermKind[] = [
  'result',
  ...DRUG,
  'problem',
  'allergy',
  'procedure',
  'immunization',
  'report',
  'request',
  'relative',
  'term',
  'reason',
  'encounter',
  'note',
  'appointment',
];
