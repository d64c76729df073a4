import { commonTerms } from './common-terms.ts';
import type { NameKind } from './name-kind.ts';
import { nameKey, nameKeys } from './names.ts';

/** What a term of a vocabulary stands for, in the words of events; `term` where a list does not say. */
export type VocabularyKind = 'result' | 'order' | 'problem' | 'procedure' | 'immunization' | 'allergy' | 'term';

/** Names a site uses beyond one chart: a claim about one of them that the chart does not hold is false, about any other merely unknown. */
export type Vocabulary = { has(key: string): boolean; keys(): Iterable<string>; kindsOf(key: string): Iterable<VocabularyKind> };

const KINDS: Record<NameKind, VocabularyKind> = {
  result: 'result',
  drug: 'order',
  problem: 'problem',
  procedure: 'procedure',
  vaccine: 'immunization',
  allergy: 'allergy',
  other: 'term',
};
const built = new WeakMap<object, Vocabulary>();

/** The vocabulary of some displays with our own common terms; built once for the same list. */
export function vocabularyOf(terms: Iterable<string> | undefined): Vocabulary {
  if (terms === undefined) return OWN;
  const known = built.get(terms);
  if (known !== undefined) return known;
  const kinds = ownKinds();
  for (const term of terms) {
    for (const kind of ['result', 'drug', 'problem', 'procedure', 'vaccine'] as const)
      for (const key of nameKeys(term, kind)) if (!kinds.has(key)) add(kinds, key, 'term');
  }
  const vocabulary = fromMap(kinds);
  built.set(terms, vocabulary);
  return vocabulary;
}

function ownKinds(): Map<string, Set<VocabularyKind>> {
  const kinds = new Map<string, Set<VocabularyKind>>();
  for (const { name, kind } of commonTerms()) {
    add(kinds, nameKey(name), KINDS[kind]);
    for (const key of nameKeys(name, kind)) add(kinds, key, KINDS[kind]);
  }
  return kinds;
}

const OWN: Vocabulary = fromMap(ownKinds());

function fromMap(kinds: Map<string, Set<VocabularyKind>>): Vocabulary {
  return { has: (key) => kinds.has(key), keys: () => kinds.keys(), kindsOf: (key) => kinds.get(key) ?? [] };
}

function add(kinds: Map<string, Set<VocabularyKind>>, key: string, kind: VocabularyKind): void {
  const known = kinds.get(key);
  if (known === undefined) kinds.set(key, new Set([kind]));
  else known.add(kind);
}
