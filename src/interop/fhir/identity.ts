import type { Identifier, SourcePersonRef } from '../../core/fact.ts';
import { isMedicalRecord, joinsPeople } from '../joining-identifiers.ts';
import { isObject, type Json, type JsonObject, primitiveText } from './json.ts';

/** Who a reference of a resource speaks of: a source person, or nobody that is a patient. */
export type Subject = { kind: 'person'; person: SourcePersonRef } | { kind: 'shared' } | { kind: 'missing' };

/**
 * The source person of a Patient resource: its own id first (so that it stays the same whatever else is sent later), then medical record
 * numbers, then other identifiers that name one human. Left out are social security, licence, account and insurance numbers, which are
 * shared, mistyped or filled with placeholders, and identifiers marked old or temporary: each would join two people.
 */
export function personOfPatient(source: string, patient: JsonObject, localId: string | undefined): SourcePersonRef {
  const person: SourcePersonRef = { source, identifiers: localId === undefined ? [] : [localIdentifier(source, localId)] };
  const usable = list(patient['identifier']).filter(isObject).filter(isUsable);
  for (const wanted of [true, false]) {
    for (const identifier of usable) if (typesOf(identifier).some(isMedicalRecord) === wanted) addIdentifier(person, identifier);
  }
  const birthDate = primitiveText(patient['birthDate']);
  const sex = primitiveText(patient['gender']);
  const name = nameOf(patient['name']);
  if (birthDate !== undefined) person.birthDate = birthDate;
  if (sex !== undefined) person.sex = sex;
  if (name !== undefined) person.name = name;
  return person;
}

/** A patient known only by the id its source gives it. */
export function personOfId(source: string, id: string): SourcePersonRef {
  return { source, identifiers: [localIdentifier(source, id)] };
}

/** A patient known only by an identifier: of a conditional reference `Patient?identifier=system|value` or a logical one. */
export function personOfIdentifier(source: string, authority: string, value: string): SourcePersonRef {
  return { source, identifiers: [{ authority, value }] };
}

/**
 * What belongs to no patient (organizations, practitioners, locations, medications) is kept under one person-like owner per source,
 * whose identifier no Patient can carry, so that it never joins anybody.
 */
export function sharedOwner(source: string): SourcePersonRef {
  return { source, identifiers: [{ authority: `urn:countersign:source:${source}:shared`, value: 'shared' }] };
}

function localIdentifier(source: string, id: string): Identifier {
  return { authority: `urn:countersign:source:${source}:Patient`, value: id };
}

function isUsable(identifier: JsonObject): boolean {
  const use = identifier['use'];
  if (use === 'old' || use === 'temp') return false;
  const period = identifier['period'];
  if (isObject(period) && period['end'] !== undefined) return false;
  const types = typesOf(identifier);
  return types.length === 0 ? identifier['type'] === undefined : types.some(joinsPeople);
}

function typesOf(identifier: JsonObject): string[] {
  const type = identifier['type'];
  return isObject(type) ? list(type['coding']).flatMap((coding) => (isObject(coding) ? (primitiveText(coding['code']) ?? []) : [])) : [];
}

function addIdentifier(person: SourcePersonRef, identifier: JsonObject): void {
  const [authority, value] = [primitiveText(identifier['system']), primitiveText(identifier['value'])?.trim()];
  // Without an authority a number could be anybody's. Ours are made here and never taken from outside.
  if (!authority || !value || authority.startsWith('urn:countersign:')) return;
  if (!person.identifiers.some((known) => known.authority === authority && known.value === value))
    person.identifiers.push({ authority, value });
}

/** The name in use: official before usual before any; never a maiden or old one while another stands. */
function nameOf(names: Json | undefined): string | undefined {
  const all = list(names).filter(isObject);
  const ranked = ['official', 'usual', undefined, 'nickname', 'anonymous', 'temp', 'maiden', 'old'];
  const name = all.toSorted((a, b) => ranked.indexOf(primitiveText(a['use'])) - ranked.indexOf(primitiveText(b['use'])))[0];
  if (!name) return undefined;
  const text = primitiveText(name['text']);
  if (text) return text;
  const parts = [...list(name['given']), name['family'] ?? null].flatMap((part) => primitiveText(part) ?? []);
  return parts.length > 0 ? parts.join(' ') : undefined;
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}
