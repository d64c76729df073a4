import { type ChartIndex, type Event, type EventKind, eventsOfKinds } from './chart-index.ts';
import type { NameKind } from './name-kind.ts';
import { nameKey, nameKeys } from './names.ts';

/** Every name by which a thing may be called, for a chart may use another of them ("CXR", "Chest X-ray, 2 views"). */
export function aliasesOf(name: string): string[] {
  return [nameKey(name), ...(['result', 'problem', 'procedure', 'vaccine', 'drug'] as const).flatMap((kind) => [...nameKeys(name, kind)])];
}

/** Shares a telling word, or the stem of a long one ("mammogram", "mammography"), or is its initials ("PTH"): such a find must be looked at by a person. */
export function resembles(name: string, event: Event, more: string[] = []): boolean {
  const aliases = aliasesOf(name);
  const stems = stemsOf(aliases);
  const own = [...event.keys, nameKey(event.display), ...more.map(nameKey)];
  if ([...stemsOf(own)].some((word) => stems.has(word))) return true;
  return own.some((key) => aliases.some((alias) => isInitials(alias, key) || isInitials(key, alias)));
}

/**
 * A standing entry of which a name that the chart does not use may be another, wider or narrower one ("CHF" and heart failure with reduced
 * ejection fraction): it is neither proven by it nor false beside it. Names that differ in a number or a side ("stage 3", "stage 4") are other things.
 */
export function kinOf(name: string, kind: NameKind, index: ChartIndex, kinds: readonly EventKind[]): Event | undefined {
  const own = nameKeys(name, kind);
  return eventsOfKinds(index, kinds).find(
    (event) =>
      event.standing &&
      !differInNumber(name, event.display) &&
      ([...own].some((key) => event.keys.has(key)) ||
        [...own].some((key) => isNarrower(event.display, key) || isNarrower(key, event.display))),
  );
}

function differInNumber(a: string, b: string): boolean {
  const marks = (text: string) => nameKey(text).match(/\d+[a-z]?|\b(?:i{1,3}|iv|left|right|bilateral)\b/g) ?? [];
  const [one, other] = [marks(a), marks(b)];
  return one.length > 0 && other.length > 0 && one.join() !== other.join();
}

/** One name says more than the other and nothing else: all words of the shorter stand in the longer ("otitis media", "acute otitis media"). */
function isNarrower(longer: string, shorter: string): boolean {
  const words = new Set(allWords(longer));
  const own = allWords(shorter);
  return own.some((word) => word.length >= 3 && !COMMON.has(word)) && own.length < words.size && own.every((word) => words.has(word));
}

/** "PTH" for parathyroid hormone: each word gives its first letter, and may give more of its own in order. */
function isInitials(short: string, long: string): boolean {
  if (!/^[a-z]{2,5}$/.test(short)) return false;
  const words = long.split(/[^a-z0-9]+/).filter((word) => word !== '' && !/^(?:of|in|and|the|by|for)$/.test(word));
  return words.length > 1 && new RegExp(`^${words.slice(0, 5).map(givesLetters).join('')}$`).test(short);
}

function givesLetters(word: string): string {
  return [...word.slice(0, 12)].map((letter, i) => (i === 0 ? letter : `${letter}?`)).join('');
}

function stemsOf(names: string[]): Set<string> {
  return new Set(
    names
      .flatMap((name) => name.split(/[^a-z0-9]+/))
      .filter((word) => word.length >= 3 && !COMMON.has(word))
      .map((word) => word.slice(0, 6)),
  );
}

function allWords(name: string): string[] {
  return nameKey(name)
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '' && !/^(?:of|in|the|a|an|due|to|by|with|and)$/.test(word));
}

/** Words that names share without being alike: small ones, sides, specimens, and what only says that something is measured. */
const COMMON = new Set(
  'and for the with not left right type oral tablet test serum plasma blood urine total free score level levels count volume mass ratio calculated measured visit follow followup'.split(
    ' ',
  ),
);
