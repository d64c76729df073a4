import type { ChartIndex, EventKind } from '../chart-index.ts';
import { nameKey } from '../names.ts';
import type { Vocabulary } from '../vocabulary.ts';

/** What a name may stand for: sorts of events of this chart, values and reactions it reports, or a term of the site's vocabulary. */
export type TermKind = EventKind | 'value' | 'reaction' | 'reason' | 'term';

/** Names by their first word, longest first, so that "type 2 diabetes" wins over "diabetes". */
export type Lexicon = Map<string, { key: string; kinds: Set<TermKind> }[]>;

const charts = new WeakMap<ChartIndex, Lexicon>();
const vocabularies = new WeakMap<Vocabulary, Lexicon>();
const REACTIONS =
  'rash|hives|anaphylaxis|swelling|itching|nausea|vomiting|diarrhea|angioedema|shortness of breath|wheezing|cough|hypotension|dizziness|fever|headache|flushing|urticaria|eruption of skin|skin eruption|bronchospasm|upset stomach|stomach upset';
const VALUES = 'positive|negative|detected|not detected|reactive|nonreactive|non-reactive|present|absent';

/** The names of one chart. Built on first use. */
export function lexiconOf(index: ChartIndex): Lexicon {
  const known = charts.get(index);
  if (known !== undefined) return known;
  const lexicon: Lexicon = new Map();
  const seen = new Map<string, Set<TermKind>>();
  const add = (key: string, kind: TermKind) => put(lexicon, seen, key, kind);
  for (const events of [index.events, index.replaced]) {
    for (const event of events) {
      for (const key of event.keys) add(key, event.kind);
      for (const atom of event.fact.atoms) {
        if (atom.name === 'valueText' && atom.text.length < 80) add(nameKey(atom.text), 'value');
        else if (atom.name === 'reaction') add(nameKey(atom.text), 'reaction');
        else if (atom.name === 'reason' && !/^(?:urn:|\w+\/)/.test(atom.text)) add(nameKey(atom.text), 'reason');
      }
    }
  }
  for (const key of index.bySidelessName.keys()) if (!seen.has(key)) add(key, 'term');
  for (const word of REACTIONS.split('|')) add(word, 'reaction');
  for (const word of VALUES.split('|')) add(word, 'value');
  sort(lexicon);
  charts.set(index, lexicon);
  return lexicon;
}

/** The names of a vocabulary, shared by all charts that are read with it. */
export function lexiconOfTerms(vocabulary: Vocabulary): Lexicon {
  const known = vocabularies.get(vocabulary);
  if (known !== undefined) return known;
  const lexicon: Lexicon = new Map();
  const seen = new Map<string, Set<TermKind>>();
  for (const key of vocabulary.keys()) {
    // A product of another chart ("colchicine 0.6 mg") would swallow the dose that a sentence about this one gives.
    if (STRENGTH.test(key)) continue;
    for (const kind of vocabulary.kindsOf(key)) put(lexicon, seen, key, kind);
  }
  sort(lexicon);
  vocabularies.set(vocabulary, lexicon);
  return lexicon;
}

/** The longest name of the lexicons that stands at a place of a text and ends with a word. */
export function longestAt(
  text: string,
  at: number,
  lexicons: Lexicon[],
): { key: string; kinds: Set<TermKind>; length: number } | undefined {
  const word = firstWord(text.slice(at, at + 40));
  if (word === undefined) return undefined;
  let best: { key: string; kinds: Set<TermKind>; length: number } | undefined;
  for (const lexicon of lexicons) {
    for (const entry of lexicon.get(word) ?? []) {
      if (best !== undefined && entry.key.length < best.length) break;
      if (!text.startsWith(entry.key, at) || !endsWord(text, at + entry.key.length)) continue;
      if (best === undefined || entry.key.length > best.length) best = { ...entry, length: entry.key.length };
      else best = { ...best, kinds: new Set([...best.kinds, ...entry.kinds]) };
      break;
    }
  }
  return best;
}

function put(lexicon: Lexicon, seen: Map<string, Set<TermKind>>, key: string, kind: TermKind): void {
  const word = firstWord(key);
  if (word === undefined || STOP.has(key)) return;
  const kinds = seen.get(key);
  if (kinds !== undefined) {
    kinds.add(kind);
    return;
  }
  const entry = { key, kinds: new Set([kind]) };
  seen.set(key, entry.kinds);
  const list = lexicon.get(word);
  if (list === undefined) lexicon.set(word, [entry]);
  else list.push(entry);
}

const STRENGTH = /\s\d[\d.,]*\s?(?:mg|mcg|ug|g|ml|unt|units?|meq|%)$/;

/** Words that some table calls a name but that a sentence uses for something else. */
const STOP = new Set([
  'in',
  'on',
  'of',
  'no',
  'or',
  'and',
  'as',
  'at',
  'to',
  'is',
  'pain',
  'iu',
  'mg',
  'egg',
  'ed',
  'er',
  'im',
  'high',
  'low',
  'normal',
  'active',
]);

function sort(lexicon: Lexicon): void {
  for (const list of lexicon.values()) list.sort((a, b) => b.key.length - a.key.length);
}

function firstWord(text: string): string | undefined {
  return /^[^\p{L}\p{N}]*[\p{L}\p{N}]+/u.exec(text)?.[0];
}

function endsWord(text: string, at: number): boolean {
  return at >= text.length || !/[\p{L}\p{N}]/u.test(text[at]!) || !/[\p{L}\p{N}]/u.test(text[at - 1]!);
}
