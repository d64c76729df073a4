import type { Claim, ClaimOf, Quantity } from '../../../core/claim.ts';
import { type ChartIndex, type Event, eventsNamed, eventsOfKinds } from '../chart-index.ts';
import { isLater } from '../dates.ts';
import { Bag } from './bag.ts';
import { joinClauses } from './clauses.ts';
import { lexiconOf, lexiconOfTerms, type TermKind } from './lexicon.ts';
import { unreadOrStranger } from './patient-names.ts';
import type { Read, Reading } from './reading.ts';
import { type Token, tokenize } from './tokens.ts';

type Term = Extract<Token, { type: 'term' }>;
type Attempt = Reading[] | { unread: string; why: 'word' | 'claim' | 'date' } | undefined;

const DRUG: TermKind[] = ['order', 'dispense', 'statement', 'administration'];
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

/**
 * Reads a sentence as a clinician might write it into claims, using the names of the chart and of the site.
 * Every word that means something must be used by exactly one claim; otherwise the sentence stays unread.
 */
export function readLoose(sentence: string, index: ChartIndex): Read {
  const read = readWords(sentence, index);
  if (!('unread' in read)) return read;
  // "Fracture of left ankle": the side stands inside a name that the chart may hold with another side, or with the side apart from it.
  const sides = [...new Set(sentence.toLowerCase().match(/\b(?:left|right|bilateral)\b/g) ?? [])];
  const side = sides[0];
  if (side === undefined || sides.length > 1) return read;
  const token: Token = { type: 'word', as: 'side', value: side, text: side };
  const again = readWords(sentence.replace(/\b(?:the )?(?:left|right|bilateral)\b ?/gi, ''), index, token);
  return 'unread' in again ? read : again;
}

function readWords(sentence: string, index: ChartIndex, side?: Token): Read {
  const tokens = tokenize(sentence, [lexiconOf(index), lexiconOfTerms(index.vocabulary)]);
  if (tokens === undefined) return { unread: sentence, why: 'claim' };
  const unread = unreadOrStranger(tokens, index);
  if (unread !== undefined) return { unread: unread.text, why: 'word' };
  const relative = tokens.find((token) => token.type === 'word' && token.as === 'relative-date');
  if (relative !== undefined) return { unread: relative.text, why: 'date' };
  const dated = withYears(tokens.filter((token) => token.type !== 'unread'));
  if (dated === undefined) return { unread: tokens.find((token) => token.type === 'day')!.text, why: 'date' };
  const clauses = joinClauses(dated);
  if (clauses === undefined) return { unread: sentence, why: 'claim' };
  if (side !== undefined) {
    if (clauses.length !== 1) return { unread: side.text, why: 'word' };
    clauses[0]!.push(side);
  }
  const readings: Reading[] = [];
  for (const clause of clauses) {
    const read = readClause(clause, index);
    if (!Array.isArray(read)) return read;
    readings.push(...read);
  }
  return readings.length === 0 ? { unread: sentence, why: 'claim' } : { readings };
}

/** The first way of reading a clause that leaves nothing over; else the word that the best way left. */
function readClause(tokens: Token[], index: ChartIndex): Exclude<Attempt, undefined> {
  let failure: { unread: string; why: 'word' | 'claim' | 'date' } | undefined;
  for (const way of WAYS) {
    const bag = new Bag(tokens);
    const read = way(bag, index);
    if (read === undefined) continue;
    if (!Array.isArray(read)) {
      failure ??= read;
      continue;
    }
    const left = bag.leftover();
    if (left === undefined) return read;
    failure ??= { unread: left.text, why: 'word' };
  }
  const first = tokens.find((token) => token.type !== 'filler' && token.type !== 'separator');
  return failure ?? { unread: first?.text ?? '', why: 'claim' };
}

type Way = (bag: Bag, index: ChartIndex) => Attempt;

const WAYS: Way[] = [
  report,
  noneKnown,
  family,
  count,
  appointment,
  absence,
  pending,
  encounter,
  allergy,
  immunization,
  procedure,
  doseChange,
  medication,
  pressure,
  trend,
  result,
  textResult,
  problem,
];

function report(bag: Bag): Attempt {
  if (!bag.has('concluded') || !bag.some('quote')) return undefined;
  const term = bag.term(['report', 'note', 'procedure', 'result', 'request', 'term']);
  const [quote, ...more] = bag.all('quote');
  const date = oneDate(bag);
  bag.allow('concluded', 'on');
  if (term === undefined || quote === undefined || more.length > 0 || date === undefined) return undefined;
  return sure({ kind: 'report', concept: { name: term.text }, on: date, quote: quote.text.slice(1, -1) });
}

function noneKnown(bag: Bag): Attempt {
  const about =
    bag.words('none-known') ??
    (bag.has('negator') && bag.has('allergy') && bag.peek() === undefined && !bag.has('recorded') ? 'allergies' : undefined);
  if (about === undefined || about === null) return undefined;
  bag.allow('negator', 'allergy', 'has', 'recorded', 'on', 'list');
  const date = oneDate(bag);
  return sure({ kind: 'no-known-allergy', about: { name: about }, ...optional('recordedOn', date) });
}

function family(bag: Bag): Attempt {
  const relative = bag.words('relative');
  if (relative === undefined || relative === null) return undefined;
  // "Patient and sister had …" speaks of two people, and only one of them could be claimed.
  if (bag.some('separator')) return { unread: relative, why: 'word' };
  const negated = bag.has('negator');
  const term = bag.term(['relative', 'problem', 'reason', 'term', 'allergy', 'procedure']) ?? bag.term();
  bag.allow('family', 'has', 'had', 'history', 'negator', 'began');
  bag.allowPrepositions('for');
  return term === undefined ? undefined : says({ kind: 'family', relative, condition: { name: term.text } }, negated);
}

function count(bag: Bag, index: ChartIndex): Attempt {
  const quantity = bag.quantities()[0];
  const word = bag.word('number');
  const number =
    word ??
    (quantity !== undefined && /^\d+$/.test(quantity.value.value) && quantity.value.unit === undefined ? quantity.value.value : undefined);
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
  void index;
  return sure({ kind: 'count', of, number: Number(number), since, ...(term === undefined ? {} : { concept: { name: term.text } }) });
}

function appointment(bag: Bag): Attempt {
  if (!bag.has('appointment')) return undefined;
  bag.allow('appointment', 'on', 'has', 'done');
  bag.allowPrepositions('for');
  const date = oneDate(bag);
  const time = bag.all('clock')[0]?.text.padStart(5, '0');
  const reason = bag.term();
  return date === undefined
    ? undefined
    : sure({ kind: 'appointment', on: date, ...optional('time', time), ...(reason === undefined ? {} : { reason: reason.text }) });
}

/** "No X since 3 May", "no allergies on record": a search, not a statement about the patient. */
function absence(bag: Bag, index: ChartIndex): Attempt {
  // Orders are no kind that a search for absence knows: what was done or found would answer for what was asked for.
  if (!bag.has('negator') || bag.has('pending') || bag.has('ordered')) return undefined;
  // "No mammogram since …" speaks of the record; "does not have gout" of the patient.
  const plain = bag.tokens.some(
    (token) => token.type === 'word' && token.as === 'negator' && /^(?:no|none|has no|had no)$/.test(token.text.toLowerCase()),
  );
  if (!bag.has('recorded') && (!plain || bag.peek(['problem']) !== undefined)) return undefined;
  const since = bag.has('began') || bag.has('recorded') ? oneDate(bag) : undefined;
  if (since === undefined && !bag.has('recorded')) return undefined;
  bag.allow('negator', 'began', 'recorded', 'has', 'had', 'history', 'on');
  const category = bag.words('category');
  const setting = bag.words('setting');
  const allergy = bag.words('allergy');
  const term = bag.term();
  if (term === undefined && since !== undefined && (setting === 'emergency' || setting === 'inpatient')) {
    return sure({ kind: 'count', of: setting === 'emergency' ? 'emergency visits' : 'admissions', number: 0, since });
  }
  const of = absentKind(category, setting, allergy, term);
  if (of === undefined) return undefined;
  if (term !== undefined && of !== 'visits' && standsElsewhere(term, of, allergy !== undefined, index))
    return { unread: term.text, why: 'claim' };
  return sure({ kind: 'absence', of, ...(term === undefined ? {} : { concept: { name: term.text } }), ...optional('since', since) });
}

/** "No penicillin on file" beside an allergy to it, "no hypertension meds": the name is, or may be, of another kind than the one searched. */
function standsElsewhere(term: Term, of: ClaimOf<'absence'>['of'], saidAllergy: boolean, index: ChartIndex): boolean {
  const fitting: ReadonlySet<string> = new Set(ABSENT_KINDS[of]);
  if (!saidAllergy && ![...term.kinds].some((kind) => fitting.has(kind))) return true;
  if (saidAllergy) return false;
  if (of === 'medications' && eventsOfKinds(index, ['allergy']).some((event) => event.standing && sharesWord(term.key, event))) return true;
  return (index.byName.get(term.key) ?? []).some((event) => event.standing && !fitting.has(event.kind) && event.kind !== 'request');
}

/** "Penicillin" beside an allergy to "penicillin V": a word long enough to tell. */
function sharesWord(key: string, event: Event): boolean {
  const words = new Set(key.split(/[^a-z]+/).filter((word) => word.length >= 5));
  return [...event.keys].some((other) => other.split(/[^a-z]+/).some((word) => words.has(word)));
}

/** Which names may stand for what each search looks for, a term of the site's vocabulary without a kind of its own among them. */
const ABSENT_KINDS: Record<ClaimOf<'absence'>['of'], TermKind[]> = {
  allergies: ['allergy'],
  medications: DRUG,
  problems: ['problem'],
  results: ['result', 'report'],
  result: ['result', 'report'],
  visits: ['encounter', 'reason'],
  procedure: ['procedure', 'report'],
  immunization: ['immunization'],
};

function absentKind(
  category: string | undefined | null,
  setting: string | undefined | null,
  allergy: string | undefined | null,
  term: Term | undefined,
): ClaimOf<'absence'>['of'] | undefined {
  if (category !== undefined) return category === null ? undefined : (category as ClaimOf<'absence'>['of']);
  if (allergy !== undefined) return 'allergies';
  if (setting !== undefined) return setting === 'any' ? 'visits' : undefined;
  if (term === undefined) return undefined;
  if (DRUG.some((kind) => term.kinds.has(kind))) return 'medications';
  for (const [kind, of] of [
    ['result', 'result'],
    ['problem', 'problems'],
    ['procedure', 'procedure'],
    ['report', 'procedure'],
    ['immunization', 'immunization'],
    ['allergy', 'allergies'],
  ] as const) {
    if (term.kinds.has(kind)) return of;
  }
  return undefined;
}

function pending(bag: Bag, index: ChartIndex): Attempt {
  if (!bag.has('pending') || !bag.has('ordered')) return undefined;
  const term = bag.term();
  const dates = bag.all('date').map((token) => token.date);
  bag.allow('pending', 'ordered', 'on', 'recorded');
  bag.allowPrepositions('by', 'for');
  if (term === undefined || dates.length === 0 || dates.length > 2) return undefined;
  return sure({ kind: 'pending', concept: { name: term.text }, orderedOn: dates[0]!, asOf: dates[1] ?? index.asOfDate });
}

function encounter(bag: Bag): Attempt {
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

function allergy(bag: Bag): Attempt {
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

function immunization(bag: Bag): Attempt {
  const marked = bag.has('vaccine');
  const term = bag.peek(['immunization']) ?? (marked ? bag.peek() : undefined);
  if (
    term === undefined ||
    (!marked && [...term.kinds].some((kind) => DRUG.includes(kind) || kind === 'problem' || kind === 'result') && !bag.has('modality'))
  )
    return undefined;
  if (!marked && bag.has('state')) return undefined;
  bag.use(term);
  const negated = bag.has('negator');
  const modality = bag.words('modality');
  if (modality !== undefined && modality !== 'given' && modality !== 'administered') return undefined;
  bag.allow('vaccine', 'has', 'had', 'on', 'negator');
  bag.allowPrepositions('for');
  const date = oneDate(bag);
  return date === undefined ? undefined : says({ kind: 'immunization', vaccine: { name: term.text }, on: date }, negated);
}

function procedure(bag: Bag): Attempt {
  const term = bag.peek(['procedure', 'report', 'request']) ?? (bag.has('done') ? bag.peek() : undefined);
  // A bare name of a procedure says that it was done; a bare name of a report or an order does not.
  if (term === undefined || (!bag.has('done') && (!term.kinds.has('procedure') || term.kinds.has('problem')))) return undefined;
  bag.use(term);
  const modality = bag.words('done') ?? 'performed';
  if (modality === null) return undefined;
  const side = bag.words('side');
  const negated = bag.has('negator');
  bag.allow('had', 'has', 'on', 'negator');
  bag.allowPrepositions('for');
  const dates = bag.all('date');
  if (side === null || dates.length > 1) return undefined;
  const claim: Claim = {
    kind: 'procedure',
    concept: { name: term.text },
    modality: modality as 'performed',
    ...optional('laterality', side as 'left'),
    ...optional('on', dates[0]?.date),
  };
  return says(claim, negated);
}

function doseChange(bag: Bag): Attempt {
  const verb =
    bag.words('change') ??
    (bag.has('trend') && bag.peek(DRUG) !== undefined && bag.peek(['result']) === undefined ? bag.words('trend') : undefined);
  const quantities = bag.quantities();
  if (verb === undefined || verb === null || quantities.length !== 2) return undefined;
  const drug = bag.term(DRUG) ?? bag.term();
  const roles = quantities.map(({ token }) => roleBefore(bag.tokens, token));
  const swapped = roles[0] === 'to' && roles[1] === 'from';
  const [first, second] = quantities.map(({ value }) => value);
  const [from, to] = swapped ? [second!, first!] : [first!, second!];
  for (const { token } of quantities) bag.use(token);
  const unit = to.unit ?? from.unit;
  const frequency = bag.all('frequency')[0]?.text;
  const date = oneDate(bag);
  const negated = bag.has('negator');
  bag.allow('on', 'has', 'negator');
  bag.allowPrepositions('from', 'to');
  if (drug === undefined || unit === undefined || date === undefined) return undefined;
  if ((verb === 'up' || verb === 'rose') && !(Number(to.value) > Number(from.value))) return undefined;
  if ((verb === 'down' || verb === 'fell') && !(Number(to.value) < Number(from.value))) return undefined;
  const claim: Claim = {
    kind: 'dose-change',
    drug: { name: drug.text },
    from: { value: from.value, unit: from.unit ?? unit },
    to: { value: to.value, unit },
    ...optional('frequency', frequency),
    on: date,
  };
  return says(claim, negated);
}

const MODALITIES: Record<string, ClaimOf<'medication'>['modality']> = {
  prescribed: 'prescribed',
  filled: 'filled',
  taking: 'taking',
  stopped: 'stopped',
  administered: 'administered',
  given: 'administered',
};

function medication(bag: Bag): Attempt {
  const marked = bag.has('modality') || bag.has('ordered') || bag.some('frequency') || bag.some('route');
  const drug = bag.peek(DRUG) ?? (marked ? bag.peek() : undefined);
  if (drug === undefined || (!marked && drug.kinds.has('result') && bag.some('quantity') && !bag.has('on'))) return undefined;
  bag.use(drug);
  const negated = bag.has('negator');
  const spoken = bag.words('modality');
  const ordered = bag.has('ordered');
  const listed = bag.words('list');
  const [dose, ...more] = bag.quantities();
  if (dose !== undefined) bag.use(dose.token);
  const route = bag.all('route');
  const frequency = bag.all('frequency');
  const dates = bag.all('date');
  const on = bag.has('on') && beforeDrug(bag, drug);
  const unit = dose?.value.unit;
  if (
    spoken === null ||
    more.length > 0 ||
    dates.length > 1 ||
    route.length > 1 ||
    (dose !== undefined && (unit === undefined || dose.value.comparator !== undefined))
  )
    return undefined;
  if (listed !== undefined && listed !== 'order') return undefined;
  bag.allow('negator', 'ordered', 'on', 'has', 'recorded');
  if (spoken === 'taking') bag.allow('concluded');
  bag.allowPrepositions('for');
  const often = frequency.map((token) => token.text).join(' ');
  const claim = (modality: ClaimOf<'medication'>['modality']): Claim => ({
    kind: 'medication',
    drug: { name: drug.text },
    ...(dose === undefined || unit === undefined ? {} : { dose: { value: dose.value.value, unit } }),
    ...optional('route', route[0]?.text.replace(/^via “(.+)”$/, '$1')),
    ...optional('frequency', often === '' ? undefined : often),
    modality,
    ...optional('on', dates[0]?.date),
  });
  if (spoken !== undefined && listed !== undefined) return undefined;
  if (spoken !== undefined) return says(claim(MODALITIES[spoken]!), negated);
  // "On lisinopril" says that it is taken; an order alone makes that likely and does not prove it.
  if (on && !ordered && listed === undefined)
    return [{ alternatives: [claim('taking')], almost: [claim('prescribed')], ...(negated ? { negated: true } : {}) }];
  if (ordered) return says(claim('prescribed'), negated);
  // A drug that is merely listed may stand there as ordered or as taken.
  const now = listed === 'order' ? { now: true } : {};
  return [{ alternatives: [claim('prescribed'), claim('taking')], ...now, ...(negated ? { negated: true } : {}) }];
}

function beforeDrug(bag: Bag, drug: Term): boolean {
  const at = bag.tokens.indexOf(drug);
  return bag.tokens.slice(0, at).some((token) => token.type === 'word' && token.as === 'on');
}

function pressure(bag: Bag, index: ChartIndex): Attempt {
  const [reading, ...more] = bag.all('pressure');
  if (reading === undefined || more.length > 0) return undefined;
  const named = bag.term();
  if (named !== undefined && !/\b(?:bp|blood pressure)\b/.test(named.key)) return undefined;
  bag.allow('on', 'has', 'had');
  const latest = bag.words('latest') !== undefined;
  const dates = bag.all('date');
  if (dates.length > 1) return undefined;
  const unit = reading.unit === undefined ? {} : { unit: 'mmHg' };
  return [
    { name: 'systolic blood pressure', value: { value: reading.systolic, ...unit } },
    { name: 'diastolic blood pressure', value: { value: reading.diastolic, ...unit } },
  ].map(({ name, value }) => ({
    alternatives: [dated({ kind: 'result', concept: { name }, value, on: '' }, dates[0]?.date, latest, index)],
  }));
}

function trend(bag: Bag): Attempt {
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

function result(bag: Bag, index: ChartIndex): Attempt {
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
  return says(dated(claim.claim, claim.date, claim.latest, index), claim.negated);
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

/** A result in words: "Tobacco smoking status was “Former smoker”". */
function textResult(bag: Bag, index: ChartIndex): Attempt {
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
function dated(claim: ClaimOf<'result'>, date: string | undefined, latest: boolean, index: ChartIndex): Claim {
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

function problem(bag: Bag): Attempt {
  const term = bag.term(['problem']) ?? bag.term(['reason', 'relative', 'term']);
  if (term === undefined || bag.some('quantity')) return undefined;
  const negated = bag.has('negator');
  const states = bag.words('state');
  const any =
    bag.has('history') ||
    bag.has('had') ||
    bag.tokens.some((token) => token.type === 'word' && token.as === 'began' && /diagnos|dx|onset|began/.test(token.text));
  const listed = bag.words('list');
  const side = bag.words('side');
  if (states === null || side === null || (listed !== undefined && listed !== 'problem' && listed !== 'resolved' && listed !== 'history'))
    return undefined;
  const dates = problemDates(bag, states);
  if (dates === undefined) return undefined;
  bag.allow('negator', 'history', 'had', 'has', 'began', 'on', 'until', 'recorded');
  bag.allowPrepositions('from', 'to');
  const state = (one: ClaimOf<'problem'>['state']): Claim => ({
    kind: 'problem',
    concept: { name: term.text },
    state: one,
    ...dates,
    ...optional('laterality', side as 'left'),
  });
  const explicit = states === 'inactive' || listed === 'resolved' ? 'resolved' : (states as ClaimOf<'problem'>['state'] | undefined);
  const alternatives =
    explicit !== undefined
      ? [state(explicit)]
      : any || listed === 'history'
        ? [state('active'), state('resolved')]
        : dates.until !== undefined
          ? [state('resolved')]
          : [state('active')];
  return [{ alternatives, ...(negated ? { negated: true } : {}) }];
}

/** Which date is the onset and which the end: the one after "resolved" or "until" is the end, of two dates the second. */
function problemDates(bag: Bag, state: string | undefined): { since?: string; until?: string } | undefined {
  const dates = bag.all('date');
  if (dates.length > 2) return undefined;
  const endOf = (date: Token) => {
    const words = bag.tokens
      .slice(0, bag.tokens.indexOf(date))
      .filter(
        (token) =>
          token.type === 'word' &&
          (token.as === 'state' || token.as === 'until' || token.as === 'began' || (token.as === 'preposition' && token.value !== 'for')),
      );
    const last = words.at(-1);
    return (
      last?.type === 'word' &&
      (last.as === 'until' || last.value === 'to' || (last.as === 'state' && (state === 'resolved' || state === 'ruled out')))
    );
  };
  const ends = dates.filter(endOf);
  const starts = dates.filter((date) => !endOf(date));
  if (ends.length > 1 || starts.length > 1) return undefined;
  return { ...optional('since', starts[0]?.date), ...optional('until', ends[0]?.date) };
}

function oneDate(bag: Bag): string | undefined {
  const [date, ...more] = bag.tokens.filter((token) => token.type === 'date' && !bag.isUsed(token));
  if (date?.type !== 'date' || more.length > 0) return undefined;
  bag.use(date);
  return date.date;
}

/** The part a number plays, from the word before it. */
function roleBefore(tokens: readonly Token[], token: Token): 'from' | 'to' | undefined {
  const before = tokens
    .slice(0, tokens.indexOf(token))
    .filter((one) => one.type !== 'filler')
    .at(-1);
  if (before?.type !== 'word') return undefined;
  if (before.as === 'trend') return before.value.endsWith('-from') ? 'from' : undefined;
  return before.as === 'preposition' && (before.value === 'from' || before.value === 'to') ? before.value : undefined;
}

/** "11 Aug to 20 Nov 2026": a day without its year has the year of the date after it, or of the one full date there is. */
function withYears(tokens: Token[]): Token[] | undefined {
  const years = tokens.flatMap((token) => (token.type === 'date' && token.date.length === 10 ? [token.date.slice(0, 4)] : []));
  const dated = tokens.map((token): Token | undefined => {
    if (token.type !== 'day') return token;
    if (years.length !== 1) return undefined;
    return {
      type: 'date',
      date: `${years[0]}-${String(token.month).padStart(2, '0')}-${String(token.day).padStart(2, '0')}`,
      text: token.text,
    };
  });
  return dated.every((token) => token !== undefined) ? dated : undefined;
}

function sure(claim: Claim): Reading[] {
  return [{ alternatives: [claim] }];
}

function says(claim: Claim, negated: boolean): Reading[] {
  return [negated ? { alternatives: [claim], negated: true } : { alternatives: [claim] }];
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}
