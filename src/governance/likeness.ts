/**
 * Whose words a text is. Words of the writer stay the writer's however they are sent back; what a human truly rewrites is the human's. The line
 * between: a text carries a writer's sentence where a stretch of the one and the other, as drawn (see `draw`) and by letters and digits alone,
 * differ in at most a tenth of the shorter one's characters, while every number with its sign, every unit and every negation in that stretch
 * are the same, and no word of five letters or more is off by more than one (Sodium is not Potassium, hypo- is not hyper-). A day is the same day in
 * any notation. The stretch is the whole sentence, or at least a third of it, or a part that names something with a value and its unit: a half is
 * still the writer's.
 */
export type Carried = { id: string; from: number; to: number };

/** At most this share of the characters may differ: a typing error or two, a short word swapped, never another statement. */
const TOLERANCE = 0.1;
/** Below these a likeness says nothing: "Potassium" alone is nobody's sentence. */
const LEAST_LETTERS = 10;
const LEAST_SHARE = 1 / 3;
/** A text so foreign is another language, and its letters are no disguise. */
const MOST_FOREIGN = 1 / 3;

/** The sentences whose words a text carries, each with the stretch of the text, in characters of `draw(text)`, that carries them. */
export function carriedBy(text: string, sentences: Iterable<{ id: string; text: string }>): Carried[] {
  const given = draw(text);
  if (given.length < LEAST_LETTERS || given.filter((one) => one.letter === ANY).length > given.length * MOST_FOREIGN) return [];
  const carried: Carried[] = [];
  for (const sentence of sentences) {
    for (const words of inNotations(sentence.text)) {
      const found = carries(text, given, words);
      if (!found) continue;
      carried.push({ id: sentence.id, ...found });
      break;
    }
  }
  return carried;
}

/** The stretch of a text that carries a sentence, or a part of it that still says something. */
function carries(text: string, given: readonly Drawn[], sentence: string): { from: number; to: number } | undefined {
  const own = draw(sentence);
  if (own.length < LEAST_LETTERS) return undefined;
  const whole = stretch(own, given);
  if (whole && saysTheSame(sentence, cut(text, given, whole))) return whole;
  const valued = valuesOf(text).some((value) => value.unit !== '');
  if (given.length >= own.length || (!valued && given.length < own.length * LEAST_SHARE)) return undefined;
  const half = stretch(given, own);
  // What a half leaves out may be the negation: then it says something else.
  const negated = negationsOf(text) !== negationsOf(sentence);
  return half && !negated && saysTheSame(text, cut(sentence, own, half)) ? { from: 0, to: given.length } : undefined;
}

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const DAY = new RegExp(`\\b(\\d{1,2}) (${MONTHS.map((month) => month.slice(0, 3)).join('|')}) (\\d{4})\\b`, 'g');
const NOTATIONS: ((year: string, month: number, day: string) => string)[] = [
  (year, month, day) => `${year}-${two(month)}-${two(day)}`,
  (year, month, day) => `${month}/${day}/${year}`,
  (year, month, day) => `${two(month)}/${two(day)}/${year}`,
  (year, month, day) => `${day}.${month}.${year}`,
  (year, month, day) => `${two(day)}/${two(month)}/${year}`,
  (year, month, day) => `${day} ${MONTHS[month - 1]} ${year}`,
  (year, month, day) => `${MONTHS[month - 1]} ${day}, ${year}`,
  (year, month, day) => `${MONTHS[month - 1]!.slice(0, 3)} ${day}, ${year}`,
];

/** A sentence as its writer puts days ("5 Mar 2009"), then with all of them as people write them elsewhere. */
function inNotations(sentence: string): string[] {
  if (sentence.search(DAY) < 0) return [sentence];
  const month = (name: string) => MONTHS.findIndex((full) => full.startsWith(name)) + 1;
  return [
    sentence,
    ...NOTATIONS.map((write) => sentence.replace(DAY, (_, day: string, name: string, year: string) => write(year, month(name), day))),
  ];
}

function two(number: number | string): string {
  return String(number).padStart(2, '0');
}

/** How many letters and digits of a text none of these stretches carries: what a human added. */
export function lettersBeside(text: string, carried: readonly Carried[]): number {
  return draw(text).filter((_, at) => !carried.some(({ from, to }) => at >= from && at < to)).length;
}

/** True where two texts are the same but for case, spaces, punctuation and how the letters are encoded; signs that change the meaning are compared. */
export function sameAsDrawn(one: string, other: string): boolean {
  const [a, b] = [draw(one), draw(other)];
  if (a.length !== b.length || a.length === 0 || a.filter((x) => x.letter === ANY).length > a.length * MOST_FOREIGN) return false;
  return a.every((x, at) => alike(x.letter, b[at]!.letter)) && signsOf(one) === signsOf(other);
}

/** A letter or digit as the eye takes it, and where in the text it stands. */
type Drawn = { letter: string; at: number; end: number };

const ANY = '*';

/**
 * The letters and digits of a text as the eye takes them: decomposed, without accents and what does not show, in lower case, look-alikes of other
 * alphabets as Latin. A letter that is still not Latin stands for any. Zero and one are the letters they are mistaken for.
 */
function draw(text: string): Drawn[] {
  const drawn: Drawn[] = [];
  let at = 0;
  for (const character of text) {
    const end = at + character.length;
    for (const letter of plain(character)) {
      if (/[\p{L}\p{N}]/u.test(letter)) drawn.push({ letter: TAKEN_FOR[letter] ?? (/[a-z0-9]/.test(letter) ? letter : ANY), at, end });
    }
    at = end;
  }
  return drawn;
}

const TAKEN_FOR: Record<string, string> = { '0': 'o', '1': 'l' };

function plain(text: string): string {
  const bare = text
    .normalize('NFKD')
    .replace(/[\p{Cf}\p{M}\u115f\u1160\u3164]/gu, '')
    .toLowerCase();
  return bare
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\p{ASCII}]/gu, (one) => LOOK_ALIKES[one] ?? (/\p{Nd}/u.test(one) ? digitOf(one) : one));
}

/** Digits of any script stand in tens. */
function digitOf(digit: string): string {
  let before = 0;
  while (before < 9 && /\p{Nd}/u.test(String.fromCodePoint(digit.codePointAt(0)! - before - 1))) before += 1;
  return String(before);
}

/** Letters and signs drawn like Latin ones (Unicode TR 39, confusables of the Latin alphabet); every other one stands for any letter. */
const LOOK_ALIKES: Record<string, string | undefined> = Object.fromEntries(
  [
    'aаαɑ', 'bвƅь', 'cсϲⅽᴄ', 'dԁժⅾ', 'eеєҽ', 'fƒք', 'gɡցǥ', 'hһнհ', 'iіιıɩӏ', 'jјϳ', 'kкκᴋ', 'lⅼǀłɫ', 'mмⅿ', 'nոռп', 'oоοօσᴏ', 'pрρ', 'qԛզ',
    'rгᴦ', 'sѕꜱ', 'tтτᴛ', 'uυսᴜ', 'vνѵᴠ', 'wԝѡաᴡ', 'xхχ×', 'yуγү', 'zᴢ', '-‐‑‒–—−', '/⁄∕',
  ].flatMap(([latin, ...others]) => others.map((one) => [one, latin] as const)),
); // biome-ignore format: one table

function alike(one: string, other: string): boolean {
  return one === other || one === ANY || other === ANY;
}

/** Where `needle` is in `hay` within the tolerance. */
function stretch(needle: readonly Drawn[], hay: readonly Drawn[]): { from: number; to: number } | undefined {
  const { cost, from, to } = nearest(needle, hay);
  return cost <= needle.length * TOLERANCE ? { from, to } : undefined;
}

/** Where `needle` is in `hay` with the fewest changes, and how many: Sellers' search for an approximate substring. */
function nearest(needle: readonly Drawn[], hay: readonly Drawn[]): { cost: number; from: number; to: number } {
  let before = hay.map((_, to) => ({ cost: 0, from: to }));
  before.push({ cost: 0, from: hay.length });
  for (const [row, { letter }] of needle.entries()) {
    const now = [{ cost: row + 1, from: 0 }];
    for (const [column, other] of hay.entries()) {
      const swapped = { cost: before[column]!.cost + (alike(letter, other.letter) ? 0 : 1), from: before[column]!.from };
      const dropped = { cost: before[column + 1]!.cost + 1, from: before[column + 1]!.from };
      const added = { cost: now[column]!.cost + 1, from: now[column]!.from };
      now.push([swapped, dropped, added].reduce((least, one) => (one.cost < least.cost ? one : least)));
    }
    before = now;
  }
  const to = before.reduce((least, one, at) => (one.cost < before[least]!.cost ? at : least), 0);
  return { ...before[to]!, to };
}

/** A stretch as text, with the signs that stand directly at its ends. */
function cut(text: string, drawn: readonly Drawn[], { from, to }: { from: number; to: number }): string {
  const [first, last] = [drawn[from], drawn[to - 1]];
  if (!first || !last) return '';
  const before = /[<>≤≥=~±+\-−.]*\s?$/u.exec(text.slice(0, first.at))![0];
  const after = /^\s?%?/u.exec(text.slice(last.end))![0];
  return `${before}${text.slice(first.at, last.end)}${after}`;
}

function saysTheSame(one: string, other: string): boolean {
  const [a, b] = [valuesOf(one), valuesOf(other)];
  return (
    negationsOf(one) === negationsOf(other) &&
    hasWordsOf(one, other) &&
    hasWordsOf(other, one) &&
    a.length === b.length &&
    a.every((value, at) => value.number === b[at]!.number && (value.unit === b[at]!.unit || value.unit === '' || b[at]!.unit === ''))
  );
}

/** Whether each longer word of one text stands in the other, spaces or not, but for one letter. */
function hasWordsOf(one: string, other: string): boolean {
  const hay = draw(other);
  const words = one.split(/[^\p{L}\p{N}\p{M}\p{Cf}]+/u).map(draw);
  return words.every((word) => word.length < LONG_WORD || nearest(word, hay).cost <= 1);
}

const LONG_WORD = 5;

/** Each number with its sign, and the unit behind it where that is one. */
function valuesOf(text: string): { number: string; unit: string }[] {
  const seen = plain(text)
    .replace(/(?<=\d)[o]|[o](?=[\d])/g, '0')
    .replace(/(?<=\d)[il|](?=[\d\s.,]|$)|(?<![\p{L}])[il|](?=\d)/gu, '1');
  return [...seen.matchAll(VALUE)].map(([, sign = '', number = '', percent = '', word = '']) => ({
    number: `${sign.replace(/\s/g, '')}${number.replaceAll(',', '.')}${percent.trim()}`,
    unit: UNIT.test(word) ? word : '',
  }));
}

const VALUE = /((?:[<>≤≥=~±+]|(?<![\p{L}\d])-)*\s*)(\d+(?:[.,]\d+)*)(\s*%)?\s*(\p{L}+(?:\/\p{L}+)?)?/gu;
const UNIT = /^(?:[munkdcp]|mc)?(?:g|l|mol|eq|iu|u|m)(?:\/(?:[munkdcp]|mc)?(?:g|l|mol|kg|m|min|h|d|day))?$/;

function negationsOf(text: string): number {
  return [...plain(text).matchAll(/\b(?:no|not|non|never|none|nor|without|denies|denied|negative|absent|cannot|\w+n['’]t)\b/g)].length;
}

/** Every sign that changes what the words say. */
function signsOf(text: string): string {
  return [...plain(text).matchAll(/[<>≤≥=~±+%?]|(?<![\p{L}\d])-(?=\s?\d)|(?<=\d)[.,/:-](?=\d)/gu)].join('');
}
