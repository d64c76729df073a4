import type { NewFact, PersonFacts } from '../core/fact.ts';
import { factIdOf } from '../interop/fhir/read-bundle.ts';

/**
 * These facts, keyed by the identifier under which the record first met the source person. A payload keys what only the person can tell apart by the
 * identifier that stands first in it; senders change that order and add identifiers, and a fact is the same fact all the same. References
 * between the facts follow.
 */
export function keyedByPerson({ person: { source }, facts, key }: PersonFacts, known: string): NewFact[] {
  if (key === undefined || key === known) return facts;
  const moved = new Map<string, { id: string; naturalKey: string }>();
  for (const { id, type, naturalKey } of facts) {
    const keyed = rekeyed(naturalKey, key, known);
    if (keyed !== naturalKey) moved.set(id, { id: factIdOf(source, type, keyed), naturalKey: keyed });
  }
  const follow = (text: string): string => text.replace(UUIDS, (id) => moved.get(id)?.id ?? id);
  return facts.map((fact) => ({
    ...fact,
    ...moved.get(fact.id),
    content: follow(fact.content),
    atoms: fact.atoms.map((atom) => ({ ...atom, text: follow(atom.text) })),
  }));
}

/** A natural key is parts between bars; the person's is one of them, itself of two: authority and value. */
function rekeyed(naturalKey: string, key: string, known: string): string {
  const at = `|${naturalKey}|`.indexOf(`|${key}|`);
  return at === -1 ? naturalKey : naturalKey.slice(0, at) + known + naturalKey.slice(at + key.length);
}

/** Ids of facts are UUIDs of version 5, in small letters. */
const UUIDS = /[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;
