import type { Identifier } from '../../core/fact.ts';
import { isObject, type Json, type JsonObject, parseJson } from '../../interop/fhir/json.ts';
import { factIdOf } from '../../interop/fhir/read-bundle.ts';
import { conditionalPatient } from '../../interop/fhir/references.ts';
import type { Queryable } from '../../platform/database.ts';
import { servedTypes } from './capability.ts';

/** One version of a resource as it is kept: its content as text, and the source whose ids its references use. */
export type Kept = { type: string; id: string; versionId: string; lastUpdated: string; source: string; person: string; content: string };
/** The same as it is served: FHIR JSON text, every number as its source wrote it. */
export type Served = { type: string; id: string; versionId: string; lastUpdated: string; text: string };

/**
 * Resources as they leave: under our ids, with their version in meta, and references of their source led to what is served here. A reference to
 * what is not here stays as it came: nothing is dropped and nothing guessed.
 */
export async function serve(db: Queryable, resources: readonly Kept[]): Promise<Served[]> {
  const parsed = resources.map((kept) => ({ kept, resource: parseJson(kept.content) }));
  const wanted = new Map<string, SourceReference>();
  for (const { kept, resource } of parsed) eachReference(resource, (text, element) => want(wanted, kept.source, text, element));
  const found = await locate(db, wanted);
  return parsed.map(({ kept, resource }) => {
    if (!isObject(resource)) throw new TypeError('a fact is not a FHIR resource');
    const lead = (text: string, element: string) => found.get(keyOf(kept.source, text, element)) ?? text;
    const { resourceType = kept.type, id: _id, meta, ...rest } = led(resource, lead) as JsonObject;
    const stamped = { ...(isObject(meta) ? meta : {}), versionId: kept.versionId, lastUpdated: kept.lastUpdated };
    const text = JSON.stringify({ resourceType, id: kept.id, meta: stamped, ...rest });
    return { type: kept.type, id: kept.id, versionId: kept.versionId, lastUpdated: kept.lastUpdated, text };
  });
}

type SourceReference = { source: string; types: readonly string[]; id: string; text: string; identifier?: Identifier };

/** `Type/id`, with or without a version; absolute addresses, fragments and other searches are not ours to lead anywhere. */
const RELATIVE = /^([A-Z][A-Za-z]{2,40})\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;
const BUNDLED = /^urn:uuid:([0-9a-fA-F-]{36})$/;

/** What an element may point at, where `urn:uuid:` does not say (FHIR R4 resource definitions); any type served for elements not listed. */
const TARGETS: Record<string, readonly string[]> = {
  subject: ['Patient'],
  patient: ['Patient'],
  beneficiary: ['Patient'],
  encounter: ['Encounter'],
  context: ['Encounter', 'EpisodeOfCare'],
  partOf: ['Encounter', 'Procedure', 'Observation'],
  result: ['Observation'],
  hasMember: ['Observation', 'QuestionnaireResponse'],
  medicationReference: ['Medication'],
  location: ['Location'],
  serviceProvider: ['Organization'],
  managingOrganization: ['Organization'],
  custodian: ['Organization'],
  requester: ['Practitioner', 'PractitionerRole', 'Organization', 'Patient'],
  recorder: ['Practitioner', 'PractitionerRole', 'Patient'],
  asserter: ['Practitioner', 'PractitionerRole', 'Patient'],
  performer: ['Practitioner', 'PractitionerRole', 'Organization', 'Patient', 'CareTeam'],
  author: ['Practitioner', 'PractitionerRole', 'Organization', 'Device', 'Patient'],
  individual: ['Practitioner', 'PractitionerRole', 'RelatedPerson'],
  authorizingPrescription: ['MedicationRequest'],
  reasonReference: ['Condition', 'Observation', 'DiagnosticReport', 'Procedure'],
};

function want(wanted: Map<string, SourceReference>, source: string, text: string, element: string): void {
  const key = keyOf(source, text, element);
  if (wanted.has(key)) return;
  const [, type, id] = RELATIVE.exec(text) ?? [];
  if (type !== undefined && id !== undefined) wanted.set(key, { source, types: [type], id, text });
  const identifier = conditionalPatient(text);
  if (identifier) wanted.set(key, { source, types: ['Patient'], id: '', text, identifier });
  const bundled = BUNDLED.exec(text)?.[1];
  if (bundled !== undefined) wanted.set(key, { source, types: TARGETS[element] ?? servedTypes, id: bundled, text });
}

/** The same `urn:uuid:` may stand under elements of different targets. */
function keyOf(source: string, text: string, element: string): string {
  return `${source}\u0000${text}\u0000${text.startsWith('urn:') ? element : ''}`;
}

/** Where references lead here: a person for a source's Patient id, a fact for the id that its source gave it, or a fact's own id (HL7 v2). */
async function locate(db: Queryable, wanted: ReadonlyMap<string, SourceReference>): Promise<Map<string, string>> {
  const persons = await personsOf(db, [...wanted.values()].filter((one) => one.types.includes('Patient'))); // biome-ignore format: short
  const facts = await factsHere(db, [...wanted.values()].flatMap((one) => candidates(one).map((candidate) => candidate.fact))); // biome-ignore format: short
  const named = await personsNamed(db, [...wanted.values()].flatMap((one) => one.identifier ?? [])); // biome-ignore format: short
  const found = new Map<string, string>();
  for (const [key, one] of wanted) {
    if (one.identifier) {
      const [person, another] = named.get(nameOf(one.identifier)) ?? [];
      if (person !== undefined && another === undefined) found.set(key, `Patient/${person}`);
      continue;
    }
    const fact = candidates(one).find((candidate) => facts.get(candidate.fact)?.type === candidate.type);
    const person = persons.get(`${one.source}\u0000${one.id}`) ?? (fact?.type === 'Patient' ? facts.get(fact.fact)?.person : undefined);
    if (person !== undefined && one.types.includes('Patient')) found.set(key, `Patient/${person}`);
    else if (fact !== undefined && fact.type !== 'Patient') found.set(key, `${fact.type}/${fact.fact}`);
  }
  return found;
}

function candidates({ source, types, id }: SourceReference): { type: string; fact: string }[] {
  return types.flatMap((type) => [
    { type, fact: factIdOf(source, type, id) },
    ...(UUID.test(id) ? [{ type, fact: id.toLowerCase() }] : []),
  ]);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

async function personsOf(db: Queryable, patients: readonly SourceReference[]): Promise<Map<string, string>> {
  if (patients.length === 0) return new Map();
  const rows = await db.query<{ source: string; id: string; person: string }>(
    `select w.source, w.id, l.person from unnest($1::text[], $2::text[]) as w (source, id)
       join ident i on i.authority = 'urn:countersign:source:' || w.source || ':Patient' and i.value = w.id
       join person_link l on l.source_person = i.source_person and l.superseded_at is null and l.valid_to is null`,
    [patients.map((one) => one.source), patients.map((one) => one.id)],
  );
  return new Map(rows.map((row) => [`${row.source}\u0000${row.id}`, row.person]));
}

/** The people that have an identifier: of several nobody is meant. */
async function personsNamed(db: Queryable, identifiers: readonly Identifier[]): Promise<Map<string, string[]>> {
  if (identifiers.length === 0) return new Map();
  const rows = await db.query<Identifier & { person: string }>(
    `select distinct w.authority, w.value, l.person from unnest($1::text[], $2::text[]) as w (authority, value)
       join ident i on i.authority = w.authority and i.value = w.value
       join person_link l on l.source_person = i.source_person and l.superseded_at is null and l.valid_to is null`,
    [identifiers.map((one) => one.authority), identifiers.map((one) => one.value)],
  );
  const named = new Map<string, string[]>();
  for (const row of rows) named.set(nameOf(row), [...(named.get(nameOf(row)) ?? []), row.person]);
  return named;
}

function nameOf({ authority, value }: Identifier): string {
  return `${authority}\u0000${value}`;
}

async function factsHere(db: Queryable, ids: readonly string[]): Promise<Map<string, { type: string; person: string }>> {
  if (ids.length === 0) return new Map();
  const rows = await db.query<{ id: string; type: string; person: string }>(
    `select f.id, f.type, l.person from fact f join person_link l on l.source_person = f.source_person and l.superseded_at is null and l.valid_to is null
      where f.id = any($1::uuid[]) and f.superseded_at is null`,
    [[...new Set(ids)]],
  );
  return new Map(rows.map((row) => [row.id, { type: row.type, person: row.person }]));
}

type Visit = (text: string, element: string) => void;

/** Calls `visit` with each literal reference and the element that holds it. */
function eachReference(value: Json, visit: Visit, element = ''): void {
  if (Array.isArray(value)) for (const item of value) eachReference(item, visit, element);
  else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (key === 'reference' && typeof item === 'string') visit(item, element);
      else if (typeof item === 'object') eachReference(item, visit, key);
    }
  }
}

function led(value: Json, lead: (text: string, element: string) => string, element = ''): Json {
  if (Array.isArray(value)) return value.map((item) => led(item, lead, element));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === 'reference' && typeof item === 'string' ? lead(item, element) : led(item, lead, key),
    ]),
  );
}
