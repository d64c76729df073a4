import type { Claim, ClaimOf, Quantity } from '../../../core/claim.ts';
import { type ChartIndex, eventsNamed } from '../chart-index.ts';
import { isLater } from '../dates.ts';
import { type Attempt, optional, roleBefore, says, type Term } from './attempt.ts';
import type { Bag } from './bag.ts';
import type { Token } from './tokens.ts';

/** A result with its value, date, flag, range and certainty. */
export function result(bag: Bag, index: ChartIndex): Attempt {
  const quantities = bag.quantities();
  const before = correctedQuantity(bag);
  const values = quantities.filter(({ token }) => token !== before?.token);
  const [value, ...more] = values;
  if (value === undefined) return undefined;
  if (more.length > 0) return before === undefined ? severalResults(bag, values) : undefined;
  const term = bag.term(['result']) ?? bag.term();
  if (term === undefined) return undefined;
  bag.use(value.token);
  const claim = resultParts(bag, { kind: 'result', concept: { name: term.text }, value: value.value, on: '' });
  if (claim === undefined) return undefined;
  if (before !== undefined) {
    bag.use(before.token);
    bag.words('corrected');
    claim.claim.correctedFrom = before.value.unit === undefined ? { ...before.value, ...optional('unit', value.value.unit) } : before.value;
  }
  const undated = claim.date === undefined && !claim.latest && !claim.negated ? { undated: true } : {};
  return says(dated(claim.claim, claim.date, claim.latest, index), claim.negated).map((reading) => ({ ...reading, ...undated }));
}

/** A result in words: "Tobacco smoking status was “Former smoker”". */
export function textResult(bag: Bag, index: ChartIndex): Attempt {
  const value = bag.peek(['value']);
  const [quote, ...more] = bag.all('quote');
  const term =
    bag.tokens.find((token): token is Term => token.type === 'term' && token !== value && token.kinds.has('result')) ??
    bag.tokens.find((token): token is Term => token.type === 'term' && token !== value);
  if (term === undefined || more.length > 0 || (quote === undefined) === (value === undefined)) return undefined;
  bag.use(term);
  if (value !== undefined) bag.use(value);
  const text = quote === undefined ? value!.text : quote.text.slice(1, -1);
  const claim = resultParts(bag, { kind: 'result', concept: { name: term.text }, value: { text }, on: '' });
  return claim === undefined ? undefined : says(dated(claim.claim, claim.date, claim.latest, index), claim.negated);
}

/** A blood pressure, which is two results. */
export function pressure(bag: Bag, index: ChartIndex): Attempt {
  const [reading, ...more] = bag.all('pressure');
  if (reading === undefined || more.length > 0) return undefined;
  const named = bag.term();
  if (named !== undefined && !/\b(?:bp|blood pressure)\b/.test(named.key)) return undefined;
  bag.allow('on', 'has', 'had');
  const latest = bag.words('latest') !== undefined;
  const dates = bag.all('date');
  if (dates.length > 1) return undefined;
  const unit = reading.unit === undefined ? {} : { unit: 'mmHg' };
  const [high, low] = [
    { name: 'systolic blood pressure', value: { value: reading.systolic, ...unit } },
    { name: 'diastolic blood pressure', value: { value: reading.diastolic, ...unit } },
  ].map(({ name, value }) => dated({ kind: 'result', concept: { name }, value, on: '' }, dates[0]?.date, latest, index)) as [
    ClaimOf<'result'>,
    ClaimOf<'result'>,
  ];
  return [{ alternatives: [high], beside: low }, { alternatives: [low] }];
}

/** Two results and the direction between them. */
export function trend(bag: Bag): Attempt {
  const word = bag.words('trend');
  const quantities = bag.quantities();
  const dates = bag.tokens.filter((token) => token.type === 'date');
  if (word === undefined || word === null || word === 'better' || word === 'worse' || quantities.length !== 2) return undefined;
  if (dates.length !== 2) return { unread: 'dates of both values', why: 'date' };
  const term = bag.term(['result']) ?? bag.term(['term']);
  if (term === undefined) return undefined;
  for (const { token } of quantities) bag.use(token);
  bag.all('date');
  const negated = bag.has('negator');
  bag.allow('on', 'has', 'had', 'negator');
  bag.allowPrepositions('from', 'to', 'between');
  const [first, second] = quantities as [{ value: Quantity; token: Token }, { value: Quantity; token: Token }];
  const swapped =
    roleBefore(bag.tokens, second.token) === 'from' ||
    (roleBefore(bag.tokens, first.token) === 'to' && roleBefore(bag.tokens, second.token) !== 'to');
  const order = bag.tokens
    .filter((token) => token.type === 'quantity' || token.type === 'date')
    .map((token) => token.type[0])
    .join('');
  const days = dates.map((token) => token.date);
  const paired = order === 'qdqd' || order === 'dqdq';
  if (!paired && order !== 'qqdd' && order !== 'ddqq') return undefined;
  const chronological = days[0]! <= days[1]! ? days : undefined;
  const [fromOn, toOn] = paired ? (swapped ? [days[1]!, days[0]!] : [days[0]!, days[1]!]) : (chronological ?? days);
  const [from, to] = swapped ? [second.value, first.value] : [first.value, second.value];
  const unit = from.unit ?? to.unit;
  const withUnit = (value: Quantity): Quantity => (unit === undefined ? value : { ...value, unit: value.unit ?? unit });
  const claim: Claim = {
    kind: 'trend',
    concept: { name: term.text },
    direction: word.replace('-from', '') as 'rose',
    from: withUnit(from),
    fromOn: fromOn!,
    to: withUnit(to),
    toOn: toOn!,
  };
  return says(claim, negated);
}

/** "1.21 on 11 Aug and 1.52 on 20 Nov": each value with the date that follows it. */
function severalResults(bag: Bag, values: { value: Quantity; token: Token }[]): Attempt {
  const order = bag.tokens.flatMap((token) => (token.type === 'quantity' || token.type === 'date' ? [token.type[0]] : [])).join('');
  const term = bag.term(['result']);
  if (term === undefined || order !== 'qd'.repeat(values.length)) return undefined;
  const unit = values.at(-1)!.value.unit ?? values[0]!.value.unit;
  const dates = bag.all('date');
  for (const { token } of values) bag.use(token);
  bag.allow('on', 'has', 'had');
  return values.map(({ value }, i) => ({
    alternatives: [
      { kind: 'result', concept: { name: term.text }, value: { ...value, ...optional('unit', value.unit ?? unit) }, on: dates[i]!.date },
    ],
  }));
}

function resultParts(
  bag: Bag,
  claim: ClaimOf<'result'>,
): { claim: ClaimOf<'result'>; date: string | undefined; latest: boolean; negated: boolean } | undefined {
  const flag = bag.words('flag');
  const certainty = bag.words('certainty');
  const ranges = bag.all('range');
  const dates = bag.all('date');
  const latest = bag.words('latest') !== undefined;
  const negated = bag.has('negator');
  bag.allow('on', 'has', 'had', 'negator', 'recorded');
  if (!negated) bag.allow('category');
  bag.allowPrepositions('for');
  if (flag === null || certainty === null || ranges.length > 1 || dates.length > 1) return undefined;
  const range = ranges[0] === undefined ? undefined : { ...optional('low', ranges[0].low), ...optional('high', ranges[0].high) };
  const full: ClaimOf<'result'> = {
    ...claim,
    ...optional('flag', flag as 'high'),
    ...optional('certainty', certainty as 'final'),
    ...optional('range', range),
  };
  return { claim: full, date: dates[0]?.date, latest, negated };
}

/** Without a date a value is what holds now: the latest of the concept. */
function dated(claim: ClaimOf<'result'>, date: string | undefined, latest: boolean, index: ChartIndex): ClaimOf<'result'> {
  if (date !== undefined) return { ...claim, on: date, ...(latest ? { latest: true } : {}) };
  const events = eventsNamed(index, ['result'], claim.concept.name).filter(
    (event) => event.standing && event.on !== undefined && event.reports,
  );
  const last = events.reduce<(typeof events)[number] | undefined>(
    (best, event) => (best === undefined || isLater(event, best) === true ? event : best),
    undefined,
  );
  return { ...claim, on: last?.on ?? index.asOfDate, latest: true };
}

function correctedQuantity(bag: Bag): { value: Quantity; token: Token } | undefined {
  const at = bag.tokens.findIndex((token) => token.type === 'word' && token.as === 'corrected');
  if (at < 0) return undefined;
  const next = bag.tokens.slice(at + 1).find((token) => token.type === 'quantity');
  return next?.type === 'quantity' ? { value: next.value, token: next } : undefined;
}
