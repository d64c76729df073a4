import type { Claim, ClaimKind, ClaimOf, Quantity } from '../../../core/claim.ts';
import { frequencyWords, routeWords, settingWords } from '../../../core/phrase.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DATE = `(?:\\d{1,2} )?(?:(?:${MONTHS.join('|')}) )?\\d{4}`;
const WHEN = `(?:on|in) (${DATE})`;
const NAME = '(“[^”]+”|[^“”]+?)';
const QUANTITY = '((?:[<>]=?)?-?\\d+(?:\\.\\d+)?(?:[eE][-+]?\\d+)?(?: [^“”]+?)?)';
const NUMBER = '-?\\d+(?:\\.\\d+)?(?:[eE][-+]?\\d+)?';
const SIDE = '(?: \\((left|right|bilateral)\\))?';
const SETTINGS = Object.entries(settingWords).map(([setting, words]) => ({ setting: setting as keyof typeof settingWords, words }));
const LISTS = {
  'Active problems': 'active',
  'Resolved problems': 'resolved',
  'Ruled out': 'ruled out',
  'Suspected problems': 'suspected',
} as const;

/**
 * Reads a sentence of the form that `phrase` prints, by patterns of its own, into every way in which it can be read.
 * One reading means the sentence is understood; none or several mean that it is not.
 */
export function readPhrase(text: string): Claim[][] {
  if (!text.endsWith('.')) return [];
  const body = text.slice(0, -1);
  const lists = problemList(body);
  const clauses = splitClauses(body).map(readClause);
  const combined = clauses.reduce<Claim[][]>(
    (readings, clause) => readings.flatMap((reading) => clause.map((claim) => [...reading, claim])),
    [[]],
  );
  return distinct([...lists, ...combined.filter((reading) => reading.length > 0)]);
}

type Reader = { pattern: RegExp; claim(groups: (string | undefined)[]): Claim | undefined };

const readers: Reader[] = [
  reader(
    `${NAME} (?:was|were) (?:“([^”]+)”|${QUANTITY}) ${WHEN}(?: \\(reference (?:(${NUMBER})–(${NUMBER})|≥ (${NUMBER})|≤ (${NUMBER}))\\))?(?:, (high|low|critically high|critically low|abnormal|normal))?(?:, (preliminary|final|corrected)(?: from ${QUANTITY})?)?(, the latest on record)?`,
    ([name, quote, quantity, on, low, high, atLeast, atMost, flag, certainty, from, latest]) => {
      const value = quote === undefined ? readQuantity(quantity) : { text: quote };
      const bounds = { ...optional('low', low ?? atLeast), ...optional('high', high ?? atMost) };
      const day = readDate(on);
      const corrected = from === undefined ? undefined : readQuantity(from);
      if (value === undefined || day === undefined || (from !== undefined && (corrected === undefined || certainty !== 'corrected')))
        return undefined;
      return {
        kind: 'result',
        concept: concept(name),
        value,
        on: day,
        ...optional('flag', flag as ClaimOf<'result'>['flag']),
        ...(Object.keys(bounds).length > 0 ? { range: bounds } : {}),
        ...optional('certainty', certainty as ClaimOf<'result'>['certainty']),
        ...optional('correctedFrom', corrected),
        ...(latest === undefined ? {} : { latest: true }),
      };
    },
  ),
  reader(
    `${NAME} (rose|fell|(?:was|were) unchanged) from ${QUANTITY} ${WHEN} to ${QUANTITY} ${WHEN}`,
    ([name, verb, from, fromOn, to, toOn]) => {
      const [first, last, day, end] = [readQuantity(from), readQuantity(to), readDate(fromOn), readDate(toOn)];
      if (first === undefined || last === undefined || day === undefined || end === undefined) return undefined;
      const direction = verb === 'rose' || verb === 'fell' ? verb : 'unchanged';
      return { kind: 'trend', concept: concept(name), direction, from: first, fromOn: day, to: last, toOn: end };
    },
  ),
  reader(
    `${NAME}${SIDE}, (active|resolved|ruled out|suspected)(?: ${WHEN})?(?:(?: since|, onset) (${DATE}))?`,
    ([name, side, state, until, since]) => ({
      kind: 'problem',
      concept: concept(name),
      state: state as ClaimOf<'problem'>['state'],
      ...optional('since', readDate(since)),
      ...optional('until', readDate(until)),
      ...optional('laterality', side as ClaimOf<'problem'>['laterality']),
    }),
  ),
  reader(
    `(.+) (?:was (prescribed|filled|stopped|administered)(?: ${WHEN})?|is being (taken)(?:, stated ${WHEN})?)`,
    ([drug, verb, on, taken, stated]) => {
      const directions = readDirections(drug);
      if (directions === undefined) return undefined;
      const modality = taken === undefined ? (verb as ClaimOf<'medication'>['modality']) : 'taking';
      return { kind: 'medication', ...directions, modality, ...optional('on', readDate(on ?? stated)) };
    },
  ),
  reader(
    `${NAME} was changed from (${NUMBER}) (\\S+) to (${NUMBER}) (\\S+?)( .+)? ${WHEN}`,
    ([drug, from, fromUnit, to, toUnit, often, on]) => {
      const frequency = often === undefined ? undefined : readFrequency(often.trim());
      const day = readDate(on);
      if (day === undefined || (often !== undefined && frequency === undefined)) return undefined;
      return {
        kind: 'dose-change',
        drug: concept(drug),
        from: { value: from!, unit: fromUnit! },
        to: { value: to!, unit: toUnit! },
        ...optional('frequency', frequency),
        on: day,
      };
    },
  ),
  reader(`${NAME} allergy(?: \\((high|low) criticality\\))?(?:: ${NAME})??(?:, recorded ${WHEN})?`, ([name, severity, reaction, on]) => ({
    kind: 'allergy',
    substance: concept(name),
    ...optional('reaction', reaction === undefined ? undefined : bare(reaction)),
    ...optional('severity', severity as 'high' | 'low' | undefined),
    ...optional('recordedOn', readDate(on)),
  })),
  reader(`[Nn]o known (?:${NAME} )?allergies(?:, recorded ${WHEN})?`, ([about, on]) => ({
    kind: 'no-known-allergy',
    about: { name: about === undefined ? 'allergies' : `${bare(about)} allergies` },
    ...optional('recordedOn', readDate(on)),
  })),
  ...SETTINGS.map(({ setting, words }) =>
    reader(
      `${words}(?: \\((“[^”]+”|[^()“”]+)\\))?(?: for ${NAME})? (?:${WHEN}|from (${DATE}) to (${DATE}))`,
      ([what, reason, on, from, to]) => {
        const day = readDate(on ?? from);
        if (day === undefined) return undefined;
        return {
          kind: 'encounter',
          setting,
          ...optional('what', what === undefined ? undefined : bare(what)),
          ...optional('reason', reason === undefined ? undefined : concept(reason)),
          on: day,
          ...optional('until', readDate(to)),
        };
      },
    ),
  ),
  reader(`${NAME}${SIDE} (?:was|were|is|are) (performed|planned|not done)(?: ${WHEN})?`, ([name, side, verb, on]) => ({
    kind: 'procedure',
    concept: concept(name),
    modality: verb as ClaimOf<'procedure'>['modality'],
    ...optional('laterality', side as ClaimOf<'procedure'>['laterality']),
    ...optional('on', readDate(on)),
  })),
  reader(`[Ii]mmunization with ${NAME} was given ${WHEN}`, ([name, on]) =>
    withDate(on, (day) => ({ kind: 'immunization', vaccine: concept(name), on: day })),
  ),
  reader(`${NAME} ${WHEN} concluded: “([^“”]+)”`, ([name, on, quote]) =>
    withDate(on, (day) => ({ kind: 'report', concept: concept(name), on: day, quote: quote! })),
  ),
  reader(`${NAME} (?:was|were) ordered ${WHEN}; no result by (${DATE})`, ([name, on, asOf]) => {
    const end = readDate(asOf);
    return end === undefined ? undefined : withDate(on, (day) => ({ kind: 'pending', concept: concept(name), orderedOn: day, asOf: end }));
  }),
  reader(`[Aa]ppointment ${WHEN}(?: at (\\d\\d:\\d\\d))?(?: for ${NAME})?`, ([on, time, reason]) =>
    withDate(on, (day) => ({
      kind: 'appointment',
      on: day,
      ...optional('time', time),
      ...optional('reason', reason === undefined ? undefined : bare(reason)),
    })),
  ),
  reader(`[Ff]amily history: (“[^”]+”|[^“”]+) in (“[^”]+”|[^“”]+?)`, ([condition, relative]) => ({
    kind: 'family',
    relative: bare(relative!),
    condition: concept(condition),
  })),
  reader(
    `[Nn]o (?:(allergy information is|medications are|problems are|results are|visits are|procedures are|immunizations are)|(allergy to|medication named|problem named|result of|visit for|procedure named|immunization with) ${NAME} is) recorded(?: since (${DATE}))?`,
    ([all, one, name, since]) => ({
      kind: 'absence',
      of: ABSENT[(all ?? one)!]!,
      ...(name === undefined ? {} : { concept: concept(name) }),
      ...optional('since', readDate(since)),
    }),
  ),
  reader(
    `(\\d+) (visit|result|emergency visit|hospital admission)s?(?: (?:of|for) ${NAME})? since (${DATE})`,
    ([number, words, name, since]) =>
      withDate(since, (day) => ({
        kind: 'count',
        of: COUNTED[words!]!,
        ...(name === undefined ? {} : { concept: concept(name) }),
        number: Number(number),
        since: day,
      })),
  ),
];

const ABSENT: Record<string, ClaimOf<'absence'>['of']> = {
  'allergy information is': 'allergies',
  'medications are': 'medications',
  'problems are': 'problems',
  'results are': 'results',
  'visits are': 'visits',
  'procedures are': 'procedure',
  'immunizations are': 'immunization',
  'allergy to': 'allergies',
  'medication named': 'medications',
  'problem named': 'problems',
  'result of': 'result',
  'visit for': 'visits',
  'procedure named': 'procedure',
  'immunization with': 'immunization',
};
const COUNTED: Record<string, ClaimOf<'count'>['of']> = {
  visit: 'visits',
  result: 'results',
  'emergency visit': 'emergency visits',
  'hospital admission': 'admissions',
};
/** Kinds whose sentence begins with fixed words: a name before those words cannot be meant. */
const FIXED_HEADS: [RegExp, ClaimKind[]][] = [
  [/^[Ii]mmunization with /, ['immunization']],
  [/^[Ff]amily history: /, ['family']],
  [/^[Nn]o /, ['absence', 'no-known-allergy']],
];

function readClause(text: string): Claim[] {
  const heads = FIXED_HEADS.find(([head]) => head.test(text))?.[1];
  const claims = readers.flatMap(({ pattern, claim }) => {
    const match = pattern.exec(text);
    const read = match === null ? undefined : claim(match.slice(1));
    return read === undefined || (heads !== undefined && !heads.includes(read.kind)) ? [] : [read];
  });
  return distinct(claims);
}

/** At "; " outside quotes; what answers an order stays with it. */
function splitClauses(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '“') depth++;
    if (text[i] === '”') depth--;
    if (depth === 0 && text.startsWith('; ', i) && !text.startsWith('; no result by ', i)) {
      parts.push(text.slice(start, i));
      start = i + 2;
    }
  }
  return [...parts, text.slice(start)];
}

function problemList(body: string): Claim[][] {
  const head = /^(Active problems|Resolved problems|Ruled out|Suspected problems): (.+)$/.exec(body);
  if (head === null) return [];
  const state = LISTS[head[1] as keyof typeof LISTS];
  const items = splitClauses(head[2]!).map((item) => {
    const parts =
      /^(“[^”]+”|[^“”]+?)(?: \(((?:left|right|bilateral)?(?:(?:^|, |(?<=\())(?:since|onset) [^(),]+)?(?:(?:^|, |(?<=\())until [^(),]+)?)\))?$/.exec(
        item,
      );
    const inside = parts?.[2]?.split(', ') ?? [];
    const of = (word: string) => readDate(inside.find((part) => part.startsWith(`${word} `))?.slice(word.length + 1));
    const side = inside.find((part) => /^(?:left|right|bilateral)$/.test(part)) as ClaimOf<'problem'>['laterality'];
    const claim: Claim = {
      kind: 'problem',
      concept: concept(parts?.[1] ?? item),
      state,
      ...optional('since', of('since') ?? of('onset')),
      ...optional('until', of('until')),
      ...optional('laterality', side),
    };
    return claim;
  });
  return [items];
}

/** "Furosemide 40 mg by mouth once daily", from its end: frequency, route, dose, and the name that is left. */
function readDirections(
  text: string | undefined,
): { drug: { name: string }; dose?: { value: string; unit: string }; route?: string; frequency?: string } | undefined {
  if (text === undefined) return undefined;
  let rest = text;
  const often = tail(rest, frequencyWords, 'as');
  rest = often?.rest ?? rest;
  const way = tail(rest, routeWords, 'via');
  rest = way?.rest ?? rest;
  const dose = new RegExp(`^(.+) (${NUMBER}) ([^\\s“”]+)$`).exec(rest);
  const name = dose?.[1] ?? rest;
  if (!/^(?:“[^”]+”|[^“”]+)$/.test(name)) return undefined;
  return {
    drug: concept(name),
    ...(dose === null ? {} : { dose: { value: dose[2]!, unit: dose[3]! } }),
    ...optional('route', way?.words),
    ...optional('frequency', often?.words),
  };
}

function tail(text: string, words: RegExp, mark: string): { rest: string; words: string } | undefined {
  const quote = new RegExp(`^(.+) ${mark} “([^“”]+)”$`).exec(text);
  if (quote !== null) return { rest: quote[1]!, words: quote[2]! };
  for (let at = text.indexOf(' '); at >= 0; at = text.indexOf(' ', at + 1)) {
    if (words.test(text.slice(at + 1))) return { rest: text.slice(0, at), words: text.slice(at + 1) };
  }
  return undefined;
}

function readFrequency(text: string): string | undefined {
  if (frequencyWords.test(text)) return text;
  return /^as “([^“”]+)”$/.exec(text)?.[1];
}

/** `5 Mar 2009`, `Mar 2009` or `2009` as a date at that precision. */
function readDate(text: string | undefined): string | undefined {
  const match = /^(?:(?:(\d{1,2}) )?([A-Z][a-z]{2}) )?(\d{4})$/.exec(text ?? '');
  if (match === null) return undefined;
  const [, day, month, year] = match;
  if (month === undefined) return year;
  const number = MONTHS.indexOf(month) + 1;
  if (number === 0) return undefined;
  const precise = `${year}-${String(number).padStart(2, '0')}`;
  return day === undefined ? precise : `${precise}-${day.padStart(2, '0')}`;
}

function readQuantity(text: string | undefined): Quantity | undefined {
  const match = new RegExp(`^([<>]=?)?(${NUMBER})(?: (.+))?$`).exec(text ?? '');
  if (match === null || PROSE.test(match[3] ?? '')) return undefined;
  return { value: match[2]!, ...optional('unit', match[3]), ...optional('comparator', match[1] as Quantity['comparator']) };
}

/** What no unit holds: the sentence around it would have been taken for one. */
const PROSE = /[“”";,]|(?:^| )(?:on|in|from|to|at|and|or|by|corrected|reference|high|low|was|is)(?: |$)/i;

function withDate(text: string | undefined, claim: (day: string) => Claim): Claim | undefined {
  const day = readDate(text);
  return day === undefined ? undefined : claim(day);
}

function concept(text: string | undefined): { name: string } {
  return { name: bare(text ?? '') };
}

function bare(text: string): string {
  return text.startsWith('“') && text.endsWith('”') ? text.slice(1, -1) : text;
}

function reader(pattern: string, claim: Reader['claim']): Reader {
  return { pattern: new RegExp(`^${pattern}$`), claim };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

function distinct<T>(readings: T[]): T[] {
  const seen = new Map(readings.map((reading) => [JSON.stringify(reading), reading]));
  return [...seen.values()];
}
