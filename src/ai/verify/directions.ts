import { type Event, textsAt } from './chart-index.ts';

/** How often: so many times in so many hours, or as needed. */
export type Rate = { perDay: number | undefined; asNeeded: boolean };

const HOURS: Record<string, number> = { s: 1 / 3600, min: 1 / 60, h: 1, d: 24, wk: 168, mo: 730.5, a: 8766 };
const UNIT_WORDS: Record<string, number> = { minute: 1 / 60, hour: 1, day: 24, week: 168, month: 730.5, year: 8766 };
const EACH: Record<string, number> = {
  daily: 24,
  day: 24,
  weekly: 168,
  week: 168,
  monthly: 730.5,
  month: 730.5,
  yearly: 8766,
  year: 8766,
  nightly: 24,
  night: 24,
  morning: 24,
  evening: 24,
  hour: 1,
};
const TIMES: Record<string, number> = { once: 1, one: 1, twice: 2, two: 2, three: 3, thrice: 3, four: 4, five: 5, six: 6 };
/** Abbreviations on prescriptions, by what they stand for. */
const ABBREVIATIONS: Record<string, string> = {
  qd: 'once daily', 'q.d.': 'once daily', od: 'once daily', bid: 'twice daily', 'b.i.d.': 'twice daily', tid: 'three times daily', 't.i.d.': 'three times daily',
  qid: 'four times daily', 'q.i.d.': 'four times daily', qhs: 'at bedtime', hs: 'at bedtime', qam: 'every morning', qpm: 'every evening', qod: 'every other day', qweek: 'once weekly',
  prn: 'as needed', qwk: 'once weekly', nightly: 'every night', 'daily': 'once daily', weekly: 'once weekly', monthly: 'once monthly',
}; // biome-ignore format: one table, read as a table

/** Reads words of frequency ("twice daily", "every 8 hours as needed", "BID"); undefined for words it does not know. */
export function readRate(text: string): Rate | undefined {
  let words = text
    .toLowerCase()
    .replace(/[.,;]+$/, '')
    .replace(/\s+/g, ' ')
    .trim();
  const asNeeded = /(?:^|[ ,])(?:as needed|prn|when needed)\b/.test(words);
  words = words.replace(/[ ,]*\b(?:as needed|prn|when needed)\b.*$/, '').trim();
  words = ABBREVIATIONS[words] ?? words;
  if (words === '') return asNeeded ? { perDay: undefined, asNeeded } : undefined;
  if (/^at bedtime$|^in the (?:morning|evening)$|^before bed$/.test(words)) return { perDay: 1, asNeeded };
  const hours = /^(?:q ?|every )(\d+)(?:[-–]\d+)? ?(h|hr|hrs|min|minutes?|hours?|days?|weeks?|months?)$/.exec(words);
  if (hours)
    return {
      perDay: 24 / (Number(hours[1]) * (UNIT_WORDS[hours[2]!.replace(/s$/, '')] ?? (hours[2]!.startsWith('h') ? 1 : 1 / 60))),
      asNeeded,
    };
  const other = /^every (other )?(day|week|month|hour|morning|evening|night|year)$/.exec(words);
  if (other) return { perDay: 24 / (EACH[other[2]!]! * (other[1] === undefined ? 1 : 2)), asNeeded };
  const every =
    /^(?:(once|one|twice|two|thrice|three|four|five|six|\d+)(?: times?)?) ?(?:(?:a|per|each|every) )?(?:(\d+) )?(daily|weekly|monthly|yearly|days?|weeks?|months?|years?|hours?|night)$/.exec(
      words,
    );
  if (!every) return undefined;
  const times = TIMES[every[1]!] ?? Number(every[1]);
  const span = EACH[every[3]!] ?? UNIT_WORDS[every[3]!.replace(/s$/, '')];
  return span === undefined ? undefined : { perDay: (times * 24) / (span * Number(every[2] ?? 1)), asNeeded };
}

/** How often an order says, from its timing, else from its instruction in words; undefined where it says nothing that can be read. */
export function rateOf(event: Event, component: number | undefined): Rate | undefined {
  const at = { ...event, component };
  const asNeeded = textsAt(at, 'asNeeded').some((text) => text !== 'false');
  const times = Number(textsAt(at, 'timesPerPeriod')[0] ?? 1);
  const unit = textsAt(at, 'periodUnit')[0];
  const period = Number(textsAt(at, 'period')[0] ?? Number.NaN);
  const hours = unit === undefined ? undefined : HOURS[unit];
  if (hours !== undefined && period > 0) return { perDay: (times * 24) / (period * hours), asNeeded };
  for (const instruction of textsAt(at, 'instruction')) {
    const rate = readRate(instruction) ?? rateWithin(instruction);
    if (rate !== undefined) return { perDay: rate.perDay, asNeeded: asNeeded || rate.asNeeded };
  }
  return asNeeded ? { perDay: undefined, asNeeded } : undefined;
}

function rateWithin(instruction: string): Rate | undefined {
  const found =
    /\b(?:once|twice|(?:two|three|four|\d) times)(?: (?:a|per|each))? (?:daily|day|weekly|week)\b|\bevery \d+ (?:hours|days)\b|\bevery (?:other )?(?:day|morning|evening|night)\b|\bat bedtime\b|\bdaily\b/i.exec(
      instruction,
    );
  const rate = found === null ? undefined : readRate(found[0]);
  return rate === undefined ? undefined : { ...rate, asNeeded: /\b(?:as needed|prn)\b/i.test(instruction) };
}

const COUNTS: Record<string, number> = { half: 0.5, '½': 0.5, one: 1, a: 1, two: 2, three: 3, four: 4, five: 5, six: 6 };

/** How many tablets an instruction in words says are one dose; `unclear` where it says it in a way that cannot be read, undefined where it does not. */
export function amountIn(event: Event): number | 'unclear' | undefined {
  const text = textsAt(event, 'instruction').join(' ').toLowerCase();
  if (!/\b(?:tab|cap|pill)|½/.test(text)) return undefined;
  const found = [...text.matchAll(/(?:^|[\s(])([a-z½]+|\d+(?:\.\d+)?)(?: ?\(\w+\))? ?(?:of a |a )?(?:tab|cap|pill)/g)];
  const counts = new Set(found.map(([, word]) => COUNTS[word!] ?? Number(word)));
  const [count] = counts;
  const ranged = /\d ?(?:-|–|to|or) ?\d|\b(?:or|to|and) (?:a half|half|one|two|three|four)\b|\b(?:one|two|three) (?:or|to|and)\b/.test(
    text,
  );
  return counts.size !== 1 || Number.isNaN(count) || ranged ? 'unclear' : count;
}

/** Whether an instruction says more than how much and how often: for how long, in which cycle, at most how much, what comes then. */
export function saysMore(instruction: string): boolean {
  return /\bfor (?:the )?(?:first |next )?(?:\d+|one|two|three|four|five|seven|ten|fourteen) (?:day|week|month|dose)|\bcycle|\bthen\b|\btaper|\buntil\b|\bhold\b|\bexcept\b|\bonly\b|\balternat|\bon days?\b|\bdays? \d|\b(?:increase|decrease|reduce|stop|skip)\b|\bx ?\d+ ?(?:d|days?|wks?|weeks?|doses?)\b|\bmax(?:imum)?\b|\bup to\b|\bat most\b|\b(?:no|not) more than\b|\bnot (?:to )?exceed|\blimit\b/i.test(
    instruction,
  );
}

/** Two ways of saying one rate. */
export function sameRate(a: Rate, b: Rate): boolean {
  if (a.perDay === undefined || b.perDay === undefined) return a.perDay === b.perDay;
  return Math.abs(a.perDay - b.perDay) <= 0.01 * b.perDay;
}

const ROUTES: [route: string, words: RegExp][] = [
  ['oral', /^(?:by mouth|oral(?:ly)?(?: (?:route|use))?|per ?os|p\.?o\.?|peroral)$/],
  ['intravenous', /^(?:intravenous(?:ly)?(?: (?:route|use))?|i\.?v\.?|into a vein|by vein)$/],
  ['intramuscular', /^(?:intramuscular(?:ly)?(?: (?:route|use))?|i\.?m\.?|into (?:the|a) muscle)$/],
  ['subcutaneous', /^(?:subcutaneous(?:ly)?(?: (?:route|use))?|s\.?c\.?|sub-?q|subcut|under the skin)$/],
  ['intradermal', /^(?:intradermal(?:ly)?|into the skin)$/],
  ['inhaled', /^(?:by inhalation|inhaled|inhalation(?: (?:route|use))?|respiratory(?: tract)?(?: route)?|inh)$/],
  ['nasal', /^(?:nasal(?:ly)?(?: (?:route|use))?|into the nose|intranasal(?:ly)?)$/],
  ['topical', /^(?:topical(?:ly)?(?: (?:route|use))?|on(?:to)? the skin|cutaneous)$/],
  ['transdermal', /^(?:transdermal(?:ly)?(?: (?:route|use))?|through the skin)$/],
  ['rectal', /^(?:rectal(?:ly)?(?: (?:route|use))?|per rectum|p\.?r\.?|into the rectum)$/],
  ['vaginal', /^(?:vaginal(?:ly)?(?: (?:route|use))?|per vaginam|p\.?v\.?)$/],
  ['sublingual', /^(?:sublingual(?:ly)?(?: (?:route|use))?|s\.?l\.?|under the tongue)$/],
  ['ophthalmic', /^(?:ophthalmic(?: (?:route|use))?|into the eyes?|into both eyes)$/],
  ['otic', /^(?:otic|into the ears?)$/],
  ['enteral', /^(?:by feeding tube|nasogastric|enteral)$/],
];

/** The route that words stand for, as one word; the words themselves where they are none of ours. */
export function routeOf(words: string): string {
  const key = words
    .toLowerCase()
    .replace(/\s*\((?:qualifier value|route)\)$/, '')
    .trim();
  return ROUTES.find(([, pattern]) => pattern.test(key))?.[0] ?? key;
}

/** The route that a product's form leaves no choice about ("Oral Tablet"); undefined for injections, which go several ways. */
export function routeOfForm(display: string): string | undefined {
  const form = /\b(oral|ophthalmic|nasal|rectal|vaginal|topical|transdermal|otic)\b/i.exec(display)?.[1]?.toLowerCase();
  if (form !== undefined) return form;
  if (/\b(?:inhaler|inhalation|inhalant)\b/i.test(display)) return 'inhaled';
  return /\b(?:tablet|capsule)\b/i.test(display) && !/\b(?:vaginal|rectal|sublingual|buccal)\b/i.test(display) ? 'oral' : undefined;
}
