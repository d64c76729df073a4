import type { Quantity } from '../../../core/claim.ts';
import { readRate, routeOf } from '../directions.ts';
import { readUnit } from '../unit.ts';
import { type Lexicon, longestAt, type TermKind } from './lexicon.ts';

/** A piece of a sentence with its meaning. `unread` is a word that means something nobody here understands; `filler` means nothing by itself. */
export type Token = { text: string } & (
  | { type: 'term'; key: string; kinds: Set<TermKind> }
  | { type: 'quantity'; value: Quantity }
  | { type: 'pressure'; systolic: string; diastolic: string; unit: string | undefined }
  | { type: 'range'; low?: string; high?: string }
  | { type: 'date'; date: string }
  | { type: 'day'; month: number; day: number }
  | { type: 'frequency' }
  | { type: 'route' }
  | { type: 'quote' }
  | { type: 'unread' }
  | { type: 'filler' }
  | { type: 'separator' }
  | { type: 'clock' }
  | { type: 'word'; as: Meaning; value: string }
);

/** The closed sorts of words that change what a sentence claims. */
export type Meaning =
  | 'flag' | 'latest' | 'certainty' | 'trend' | 'modality' | 'done' | 'state' | 'history' | 'began' | 'negator' | 'relative' | 'family' | 'allergy' | 'none-known' | 'setting'
  | 'vaccine' | 'side' | 'recorded' | 'corrected' | 'pending' | 'ordered' | 'preposition' | 'category' | 'change' | 'has' | 'had' | 'on' | 'list' | 'appointment' | 'concluded' | 'relative-date' | 'number'
  | 'severity' | 'reference' | 'until' | 'or'; // biome-ignore format: one list, read as a list

/** Cuts a sentence into tokens: names of the lexicons first where they are longest, then numbers, dates and the words of the table below. */
export function tokenize(sentence: string, lexicons: Lexicon[]): Token[] | undefined {
  const text = tidy(sentence);
  const lower = text.toLowerCase();
  // Offsets into both texts must agree; the few letters whose lower case is longer are not worth reading wrongly.
  if (lower.length !== text.length) return undefined;
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const space = /^\s+/.exec(text.slice(at));
    if (space !== null) {
      at += space[0].length;
      continue;
    }
    const token = tokenAt(text, lower, at, lexicons);
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function tokenAt(text: string, lower: string, at: number, lexicons: Lexicon[]): Token {
  const rest = text.slice(at, at + 400);
  const quote = /^(?:“([^”]*)”|"([^"]*)")/.exec(rest);
  if (quote !== null) return { type: 'quote', text: quote[0] };
  const term = longestAt(lower, at, lexicons);
  const word = wordAt(lower, at);
  // A name wins over a word of the same length ("high blood pressure" is longer than "high"), a word over a shorter name.
  const named: Token | undefined =
    term === undefined ? undefined : { type: 'term', key: term.key, kinds: term.kinds, text: text.slice(at, at + term.length) };
  const numeric =
    /^(?:[<>]=?|[≤≥-])?\s?\.?\d/.test(rest) || COMPARED.test(rest) || /^[A-Za-z]{3,9}\.? \d/.test(rest)
      ? (rangeAt(rest) ?? dateAt(rest) ?? frequencyAt(rest) ?? numberAt(rest))
      : rangeAt(rest);
  const others = [numeric, routeAt(rest), frequencyAt(rest), word].filter((token) => token !== undefined);
  const longest = others.reduce<Token | undefined>(
    (best, token) => (best === undefined || token.text.length > best.text.length ? token : best),
    undefined,
  );
  const plainly =
    term !== undefined &&
    [...term.kinds].every((kind) => kind === 'encounter' || kind === 'term' || kind === 'appointment') &&
    longest?.type === 'word';
  if (
    named !== undefined &&
    (longest === undefined || named.text.length > longest.text.length || (named.text.length === longest.text.length && !plainly))
  )
    return named;
  if (longest !== undefined) return longest;
  // A tick box left empty, a minus as an answer ("Asthma: -") and a sign before a number say something that nobody here understands.
  const mark = /^(?:\[\s*\]|\(\s*\)|-\s*$|\+(?=\d))/.exec(rest) ?? (/:\s*$/.test(text.slice(0, at)) ? /^-(?=\s)/.exec(rest) : null);
  if (mark !== null) return { type: 'unread', text: mark[0] };
  // ",5" and "/5" may be the rest of another number.
  if (/^[,;/&+]\d/.test(rest)) return { type: 'unread', text: rest[0]! };
  const punctuation = /^(?:[,;/&+]|\.(?=\s|$)|[()[\]:?!]|[–—-](?=\s|$))/.exec(rest);
  if (punctuation !== null)
    return { type: /[,;&+/]/.test(punctuation[0]) ? 'separator' : /[?!]/.test(punctuation[0]) ? 'unread' : 'filler', text: punctuation[0] };
  const run = /^[\p{L}\p{N}]+(?:['’./-][\p{L}\p{N}]+)*/u.exec(rest)?.[0] ?? rest[0]!;
  return { type: 'unread', text: run };
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH =
  '(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?';
const DATES: [RegExp, (groups: string[]) => string | undefined][] = [
  [/^(\d{4})-(\d{2})-(\d{2})(?!\d)/, ([y, m, d]) => iso(y!, Number(m), Number(d))],
  [new RegExp(`^(\\d{1,2})(?:st|nd|rd|th)? (?:of )?${MONTH},? (\\d{4})(?!\\d)`, 'i'), ([d, m, y]) => iso(y!, monthOf(m!), Number(d))],
  [new RegExp(`^${MONTH} (\\d{1,2})(?:st|nd|rd|th)?,? (\\d{4})(?!\\d)`, 'i'), ([m, d, y]) => iso(y!, monthOf(m!), Number(d))],
  // Month first, as charts in the United States write it.
  [/^(\d{1,2})\/(\d{1,2})\/(\d{4})(?!\d)/, ([m, d, y]) => iso(y!, Number(m), Number(d))],
  [/^(\d{1,2})\/(\d{1,2})\/(\d{2})(?!\d)/, ([m, d, y]) => iso(`20${y}`, Number(m), Number(d))],
  [new RegExp(`^${MONTH},? (\\d{4})(?!\\d)`, 'i'), ([m, y]) => `${y}-${pad(monthOf(m!))}`],
  [/^(\d{4})-(\d{2})(?![\d-])/, ([y, m]) => (Number(m) >= 1 && Number(m) <= 12 ? `${y}-${m}` : undefined)],
  [/^(\d{1,2})\/(\d{4})(?![\d/])/, ([m, y]) => (Number(m) >= 1 && Number(m) <= 12 ? `${y}-${pad(Number(m))}` : undefined)],
];

function dateAt(rest: string): Token | undefined {
  for (const [pattern, read] of DATES) {
    const match = pattern.exec(rest);
    const date = match === null ? undefined : read(match.slice(1));
    if (match !== null && date !== undefined) return { type: 'date', date, text: match[0] };
  }
  const partial = new RegExp(`^(?:(\\d{1,2}) ${MONTH}|${MONTH} (\\d{1,2}))(?![\\d/])`, 'i').exec(rest);
  if (partial !== null) {
    const [, d1, m1, m2, d2] = partial;
    return { type: 'day', month: monthOf((m1 ?? m2)!), day: Number(d1 ?? d2), text: partial[0] };
  }
  const clock = /^(?:[01]?\d|2[0-3]):[0-5]\d(?!\d)/.exec(rest);
  if (clock !== null) return { type: 'clock', text: clock[0] };
  const relative = /^\d+ (?:days?|weeks?|months?|years?) ago\b/i.exec(rest);
  if (relative !== null) return { type: 'word', as: 'relative-date', value: relative[0], text: relative[0] };
  const year = /^(?:19|20)\d{2}(?![\d.,/%-]\d|\d|%)/.exec(rest);
  if (year === null || unitAfter(rest.slice(4)) !== undefined) return undefined;
  return { type: 'date', date: year[0], text: year[0] };
}

const COMPARATORS: Record<string, string> = {
  '<': '<', '>': '>', '<=': '<=', '>=': '>=', '≤': '<=', '≥': '>=', above: '>', over: '>', 'greater than': '>', 'more than': '>', below: '<', under: '<', 'less than': '<',
}; // biome-ignore format: one table, read as a table
const COMPARED = /^(?:above|over|greater than|more than|below|under|less than) \.?\d/i;

function numberAt(rest: string): Token | undefined {
  const pressure = /^(\d{2,3}(?:\.\d+)?)\s?\/\s?(\d{2,3}(?:\.\d+)?)(?![\d/])(\s?mm ?\[?hg\]?)?/i.exec(rest);
  if (pressure !== null)
    return { type: 'pressure', systolic: pressure[1]!, diastolic: pressure[2]!, unit: pressure[3]?.trim(), text: pressure[0] };
  const match =
    /^(<=|>=|≤|≥|<|>|(?:above|over|greater than|more than|below|under|less than)(?=\s))?\s?(-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?)(?!\d)/i.exec(
      rest,
    );
  if (
    match === null ||
    (match[1] !== undefined && /^\p{L}/u.test(match[1]) && dateAt(rest.slice(match[1].length).trimStart()) !== undefined)
  )
    return undefined;
  const comparator = COMPARATORS[match[1]?.toLowerCase() ?? ''];
  const unit = unitAfter(rest.slice(match[0].length));
  const after = rest[match[0].length];
  // "2b", "3rd", "12-lead": a number inside a word is no quantity.
  if (unit === undefined && after !== undefined && /[\p{L}]/u.test(after)) return undefined;
  if (unit === undefined && after === '-' && /[\p{L}]/u.test(rest[match[0].length + 1] ?? '')) return undefined;
  const value: Quantity = {
    value: match[2]!.replaceAll(',', '').replace(/^(-?)\./, '$10.'),
    ...(unit === undefined ? {} : { unit: unit.unit }),
    ...(comparator === undefined ? {} : { comparator: comparator as '<' }),
  };
  return { type: 'quantity', value, text: rest.slice(0, match[0].length + (unit?.length ?? 0)) };
}

/** Single letters stand for flags, hours or feet as often as for units; only those that are plain after a number are taken. */
const LETTERS = /^(?:g|s|%|°[CcFf]|[CFLUu])$/;

/** Places and times after which "in" is a preposition even behind a number. */
const WITHIN = new RegExp(
  `^(?:the|an?|this|that|his|her|their|e[dr]|emergency|clinic|hospital|office|am|pm|total|range|${MONTH})(?![\\p{L}\\p{N}])`,
  'iu',
);

/** "113 in", "113 in.", "113″": the inch, unless "in" leads to a month, a year or a place. */
function inchAfter(text: string): { unit: string; length: number } | undefined {
  const inch = /^\s?(?:in(?![\p{L}\p{N}/]|\.\p{L})\.?|′′|"(?!.*"))/iu.exec(text);
  if (inch === null) return undefined;
  const next = text.slice(inch[0].length).trimStart();
  const date = dateAt(next);
  const preposition = WITHIN.test(next) || (date?.type === 'date' && date.date.length < 10);
  return preposition && /in$/i.test(inch[0]) ? undefined : { unit: 'in', length: inch[0].length };
}

function unitAfter(text: string): { unit: string; length: number } | undefined {
  const inch = inchAfter(text);
  if (inch !== undefined) return inch;
  const chunk =
    /^(\s?)((?:10\*\d+|10\^\d+|x ?10\^?\d+|[KM])?\/?[\p{L}%°µμ{}[\]()_*^²/][\p{L}\p{N}%°µμ{}[\]()_*^²/.]*(?: (?:Hg|m²|m2|F|C|min|minute)(?![\p{L}]))?)/u.exec(
      text,
    ) ?? /^(\s?)((?:10\*|10\^|x ?10\^?)\d+\/[\p{L}µμ]+)/u.exec(text);
  const annotation = /^\s?(\{[^}]*\})(?![/.])/.exec(text);
  if (annotation !== null) return { unit: annotation[1]!, length: annotation[0].length };
  if (chunk === null) return /^ per minute\b/i.test(text) ? { unit: '/min', length: 11 } : undefined;
  for (let unit = chunk[2]!; unit !== ''; unit = unit.replace(/(?:[).,;\]]|[^).,;\]]+)$/, '')) {
    if (unit.length === 1 && !LETTERS.test(unit)) continue;
    if (/^(?:in|to|day|min|hour|hr|sec|ratio|score|mg\/day)$/i.test(unit) && unit.toLowerCase() !== 'score') continue;
    if (readUnit(unit) !== undefined) return { unit, length: chunk[1]!.length + unit.length };
  }
  return undefined;
}

function rangeAt(rest: string): Token | undefined {
  const match =
    /^\(?\[?(?:reference(?: range| interval)?|ref\.?(?: range)?|normal(?: range)?|rr)?:?\s?(?:(-?\d+(?:\.\d+)?)\s?(?:-|–|to)\s?(-?\d+(?:\.\d+)?)|(?:≥|>=)\s?(\d+(?:\.\d+)?)|(?:≤|<=)\s?(\d+(?:\.\d+)?))\s?\)?\]?/i.exec(
      rest,
    );
  if (match === null || !/^\(?\[?(?:ref|normal|rr)/i.test(match[0])) return undefined;
  const [, low, high, atLeast, atMost] = match;
  return {
    type: 'range',
    text: match[0],
    ...((low ?? atLeast) === undefined ? {} : { low: (low ?? atLeast)! }),
    ...((high ?? atMost) === undefined ? {} : { high: (high ?? atMost)! }),
  };
}

const FREQUENCY =
  /^(?:(?:once|twice|thrice|(?:one|two|three|four|five|six|\d+) times?)(?: (?:a|per|each|every))? ?(?:\d+ )?(?:daily|weekly|monthly|yearly|day|week|month|hours|days|weeks)|every (?:other )?(?:day|week|month|morning|evening|night|hour)|every \d+(?:[-–]\d+)? (?:minutes|hours|days|weeks|months)|q ?\d+ ?h(?:rs?|ours?)?|at bedtime|in the morning|(?:b|t|q)\.?i\.?d\.?|q\.?d\.?|qhs|qam|qpm|qod|daily|weekly|monthly|nightly)(?:,? (?:as needed|prn|when needed))?(?![\p{L}\p{N}])|^(?:as needed|prn)(?![\p{L}])/iu;
const ROUTE =
  /^(?:by mouth|orally|oral|p\.?o\.?|per os|intravenously|intravenous|i\.?v\.?|intramuscularly|intramuscular|subcutaneously|subcutaneous|subq|subcut|under the skin|into (?:a|the) (?:vein|muscle)|sublingually|sublingual|under the tongue|topically|topical|transdermally|rectally|vaginally|nasally|intranasally|by inhalation|inhaled|into the eyes?|into both eyes|into the ears?|intradermally|by feeding tube|via “[^”]+”)(?![\p{L}\p{N}])/iu;

function frequencyAt(rest: string): Token | undefined {
  const match = FREQUENCY.exec(rest);
  return match === null || readRate(match[0]) === undefined ? undefined : { type: 'frequency', text: match[0] };
}

function routeAt(rest: string): Token | undefined {
  const match = ROUTE.exec(rest);
  return match === null || routeOf(match[0]) === '' ? undefined : { type: 'route', text: match[0] };
}

/** Words and what they change. Of several phrases that begin alike the longest is taken. */
const WORDS: [Meaning, Record<string, string>][] = [
  ['flag', { high: 'high', elevated: 'high', low: 'low', 'critically high': 'critically high', 'critically low': 'critically low', abnormal: 'abnormal', normal: 'normal', 'within normal limits': 'normal', wnl: 'normal', '(h)': 'high', '(l)': 'low', '(hh)': 'critically high', '(ll)': 'critically low', h: 'high', l: 'low' }],
  ['latest', { latest: '', 'most recent': '', 'the latest on record': '', 'most recently': '', newest: '', last: '', current: '', currently: '' }],
  ['certainty', { preliminary: 'preliminary', final: 'final', corrected: 'corrected', amended: 'corrected' }],
  ['corrected', { 'corrected from': '', 'a correction from': '', 'correction of': '' }],
  ['trend', { rose: 'rose', risen: 'rose', rising: 'rose', increased: 'rose', increasing: 'rose', 'up from': 'rose-from', 'went up': 'rose', climbed: 'rose', 'trended up': 'rose', fell: 'fell', fallen: 'fell', decreased: 'fell', dropped: 'fell', declined: 'fell', 'down from': 'fell-from', 'went down': 'fell', 'trended down': 'fell', unchanged: 'unchanged', 'was unchanged': 'unchanged', 'unchanged from': 'unchanged-from', 'remained stable': 'unchanged', 'improved': 'better', 'worsened': 'worse' }],
  ['change', { 'was changed': 'changed', changed: 'changed', adjusted: 'changed', titrated: 'changed', 'titrated up': 'up', uptitrated: 'up', 'was increased': 'up', 'was decreased': 'down', 'was reduced': 'down', reduced: 'down', lowered: 'down', raised: 'up', 'dose increased': 'up', 'dose decreased': 'down', 'dose changed': 'changed' }],
  ['modality', { prescribed: 'prescribed', 'prescription for': 'prescribed', 'prescription of': 'prescribed', rx: 'prescribed', filled: 'filled', dispensed: 'filled', 'picked up': 'filled', fill: 'filled', refilled: 'filled', taking: 'taking', takes: 'taking', 'is taken': 'taking', taken: 'taking', 'being taken': 'taking', stopped: 'stopped', discontinued: 'stopped', "dc'd": 'stopped', "d/c'd": 'stopped', ceased: 'stopped', administered: 'administered', given: 'given', received: 'given', receive: 'given', got: 'given' }],
  ['ordered', { ordered: '', 'order for': '', order: '' }],
  ['done', { performed: 'performed', 'was performed': 'performed', done: 'performed', 'was done': 'performed', completed: 'performed', underwent: 'performed', undergo: 'performed', undergone: 'performed', 's/p': 'performed', 'status post': 'performed', planned: 'planned', scheduled: 'planned', 'is planned': 'planned', 'not performed': 'not done', 'not done': 'not done', 'was not performed': 'not done', 'was not done': 'not done' }],
  ['state', { active: 'active', ongoing: 'active', 'positive for': 'active', resolved: 'resolved', inactive: 'inactive', 'ruled out': 'ruled out', suspected: 'suspected', possible: 'suspected', probable: 'suspected', likely: 'suspected', '?': 'suspected' }],
  ['history', { 'history of': '', 'hx of': '', 'h/o': '', 'past medical history of': '', 'past history of': '', 'past medical history significant for': '', 'with a history of': '' }],
  ['began', { since: '', 'diagnosed with': '', 'was diagnosed with': '', 'diagnosed': '', "dx'd": '', onset: '', 'began': '', 'dx': '', 'diagnosis of': '', 'with onset': '' }],
  ['until', { until: '' }],
  ['negator', { no: '', not: '', denies: 'denies', denied: 'denies', without: '', never: '', none: '', 'negative for': '', "doesn't have": '', "didn't": '', "isn't": '', "wasn't": '', "hasn't": '', 'free of': '', 'no evidence of': 'denies', 'has no': '', 'had no': '', 'denies any': 'denies', 'absence of': '', 'not currently': '' }],
  ['relative', { mother: 'mother', father: 'father', sister: 'sister', brother: 'brother', son: 'son', daughter: 'daughter', mom: 'mother', dad: 'father', sibling: 'sibling', aunt: 'aunt', uncle: 'uncle', grandmother: 'grandmother', grandfather: 'grandfather', 'maternal grandmother': 'maternal grandmother', 'paternal grandmother': 'paternal grandmother', 'maternal grandfather': 'maternal grandfather', 'paternal grandfather': 'paternal grandfather', 'maternal aunt': 'maternal aunt', 'paternal aunt': 'paternal aunt', 'maternal uncle': 'maternal uncle', 'paternal uncle': 'paternal uncle', cousin: 'cousin', wife: 'wife', husband: 'husband', spouse: 'spouse', "mother's": 'mother', "father's": 'father', "sister's": 'sister', "brother's": 'brother', "wife's": 'wife', "husband's": 'husband', child: 'child', "son's": 'son', "daughter's": 'daughter' }],
  ['family', { 'family history': '', 'family history of': '', 'fhx': '', 'fh': '', 'family hx': '', 'family history is notable for': '' }],
  ['allergy', { allergic: '', allergy: '', allergies: 'list', 'allergic to': '', 'allergy to': '', allergen: '', 'drug allergies': 'list' }],
  ['none-known', { 'no known allergies': 'allergies', 'no known allergy': 'allergies', nka: 'allergies', nkda: 'drug allergies', 'no known drug allergies': 'drug allergies', 'no known drug allergy': 'drug allergies', 'no known medication allergies': 'drug allergies', 'no known food allergies': 'food allergies', 'no known environmental allergies': 'environmental allergies' }],
  ['setting', { 'emergency visit': 'emergency', 'emergency department visit': 'emergency', 'emergency room visit': 'emergency', 'ed visit': 'emergency', 'er visit': 'emergency', 'emergency visits': 'emergency', 'ed visits': 'emergency', 'er visits': 'emergency', 'emergency department': 'emergency', 'emergency room': 'emergency', 'in the ed': 'emergency', 'in the er': 'emergency', 'in ed': 'emergency', 'to the ed': 'emergency', 'to the er': 'emergency', 'emergency encounter': 'emergency', 'hospital admission': 'inpatient', 'hospital admissions': 'inpatient', admitted: 'inpatient', admission: 'inpatient', admissions: 'inpatient', hospitalized: 'inpatient', hospitalised: 'inpatient', hospitalization: 'inpatient', 'hospital stay': 'inpatient', inpatient: 'inpatient', 'inpatient stay': 'inpatient', 'admitted to the hospital': 'inpatient', 'outpatient visit': 'outpatient', 'outpatient visits': 'outpatient', 'office visit': 'outpatient', 'clinic visit': 'outpatient', 'ambulatory visit': 'outpatient', 'in clinic': 'outpatient', 'in the clinic': 'outpatient', 'in the office': 'outpatient', 'as an outpatient': 'outpatient', 'virtual visit': 'virtual', 'video visit': 'virtual', 'telehealth visit': 'virtual', 'telephone visit': 'virtual', 'home visit': 'home', visit: 'any', visits: 'any' }],
  ['vaccine', { vaccine: '', vaccination: '', vaccinated: '', immunization: '', immunized: '', 'immunization with': '', 'vaccinated with': '', 'vaccinated against': '', 'vaccinated for': '', shot: '' }],
  ['side', { left: 'left', right: 'right', bilateral: 'bilateral', bilaterally: 'bilateral', both: 'bilateral', 'left-sided': 'left', 'right-sided': 'right' }],
  ['recorded', { recorded: '', 'is recorded': '', 'on record': '', 'on file': '', documented: '', 'in the chart': '', 'in the record': '', 'is on record': '', information: '', 'are recorded': '', 'on the chart': '' }],
  ['pending', { 'no result': '', 'no result yet': '', 'result pending': '', 'results pending': '', 'result is pending': '', 'is pending': '', pending: '', 'not resulted': '', 'not yet resulted': '', 'no results': '', 'no result by': '' }],
  ['category', { medications: 'medications', medication: 'medications', meds: 'medications', problems: 'problems', results: 'results', labs: 'results', 'lab results': 'results', procedures: 'procedure', immunizations: 'immunization', vaccines: 'immunization', encounters: 'visits', encounter: 'visits' }],
  ['has', { has: '', have: '', with: '', 'suffers from': '', having: '' }],
  ['had', { had: '', 'was treated for': '', 'treated for': '' }],
  ['on', { on: '' }],
  ['list', { 'active problems': 'problem', 'problem list': 'problem', pmh: 'history', pmhx: 'history', 'past medical history': 'history', 'current medications': 'order', 'resolved problems': 'resolved', 'active medications': 'order', 'current problems': 'problem', 'medical history': 'history', assessment: 'problem' }],
  ['appointment', { appointment: '', 'upcoming appointment': 'any', 'next appointment': 'next', 'next scheduled appointment': 'next', 'next upcoming appointment': 'next' }],
  ['concluded', { concluded: '', impression: '', 'impression:': '', conclusion: '', reads: '', showed: '', states: '', stated: '', says: '' }],
  ['relative-date', { today: '', yesterday: '', tomorrow: '', 'last week': '', 'last month': '', 'last year': '', recently: '', 'this morning': '', now: '', 'last night': '', 'this week': '', 'this year': '', 'this month': '', lately: '', ago: '', previously: '' }],
  ['number', { one: '1', two: '2', three: '3', four: '4', five: '5', six: '6', seven: '7', eight: '8', nine: '9', ten: '10' }],
  ['severity', { 'high criticality': 'high', 'low criticality': 'low', 'high risk': 'high', 'low risk': 'low' }],
  ['preposition', { from: 'from', to: 'to', between: 'between', for: 'for', by: 'by', after: 'after', before: 'before', over: 'over', through: 'to', during: 'during' }],
  ['or', { or: '', nor: '' }],
]; // biome-ignore format: one table, read as a table

const FILLER =
  /^(?:at present|at this time|a|an|the|is|are|was|were|be|been|being|of|in|at|as|that|this|it|its|there|level|levels|reading|value|values|result|measured|measurement|tablets|tablet|tabs|tab|capsules|capsule|came back|came|back|noted|found|reported|tested|test|showing|demonstrated|his|her|their|he|she|they|him|the patient's|patient's|patients|patient|pt's|pts|pt|known|by history|dose|tablet form|did|does|do|drawn|collected|obtained|seen|presented|evaluated|visited|who|which|lab|labs:|chart|serum level|date|dated|at present|at this time|approximately at|episode of|case of|due to a|mr|mrs|ms|year|started as|been prescribed|also|then|concentration|count of|stands at|stood at|per chart|equal to|equals|=|~)(?![\p{L}\p{N}])/u;

const WORD_INDEX = indexWords();

function wordAt(lower: string, at: number): Token | undefined {
  const rest = lower.slice(at, at + 60);
  const first = /^\(?[\p{L}\p{N}?]+/u.exec(rest)?.[0];
  if (first === undefined) return undefined;
  for (const { phrase, as, value } of WORD_INDEX.get(first) ?? []) {
    if (rest.startsWith(phrase) && !/[\p{L}\p{N}]/u.test(/[\p{L}\p{N}]$/u.test(phrase) ? (rest[phrase.length] ?? '') : ''))
      return { type: 'word', as, value, text: phrase };
  }
  if (first === 'and' || first === 'but' || first === 'plus') return { type: 'separator', text: first };
  const filler = FILLER.exec(rest);
  return filler === null ? undefined : { type: 'filler', text: filler[0] };
}

function indexWords(): Map<string, { phrase: string; as: Meaning; value: string }[]> {
  const index = new Map<string, { phrase: string; as: Meaning; value: string }[]>();
  for (const [as, phrases] of WORDS) {
    for (const [phrase, value] of Object.entries(phrases)) {
      const first = /^\(?[\p{L}\p{N}?]+/u.exec(phrase)![0];
      index.set(first, [...(index.get(first) ?? []), { phrase, as, value }]);
    }
  }
  for (const list of index.values()) list.sort((a, b) => b.phrase.length - a.phrase.length);
  return index;
}

/** SNOMED CT tags and typographic marks go; what is left has the spelling that names are compared in. */
function tidy(sentence: string): string {
  return sentence
    .normalize('NFKC')
    .replace(/[\u200b-\u200d\u2060\ufeff\u00ad]/g, '')
    .replace(/[‘’]/g, "'")
    .replace(/[‐‑–—]/g, '-')
    .replace(
      /\s*\((?:disorder|finding|procedure|situation|qualifier value|physical object|substance|event|regime\/therapy|person|product|clinical drug|observable entity|morphologic abnormality)\)/gi,
      '',
    )
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/\.$/, '');
}

function iso(year: string, month: number, day: number): string | undefined {
  if (month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(Number(year), month, 0)).getUTCDate()) return undefined;
  return `${year}-${pad(month)}-${pad(day)}`;
}

function monthOf(text: string): number {
  return MONTHS.indexOf(text.toLowerCase().slice(0, 3)) + 1;
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
