import { AppError } from '../core/errors.ts';
import type { Permit } from '../core/ports.ts';
import type { Queryable } from '../platform/database.ts';
import { requirePermit } from './permit.ts';
import { MAX_COUNT } from './search.ts';

/** A birth date condition; dates compare as text at the precision each side has (R4 §3.1.1.4.5): `to` is the first date after `from`'s period. */
export type DateBound = { prefix: 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb'; from: string; to: string };

/** What is asked of people. Inner lists are alternatives, outer lists must all hold. */
export type PeopleSearch = {
  ids?: readonly string[];
  identifiers?: readonly (readonly { system?: string; value: string }[])[];
  /** Beginnings of any part of a name, case and accents ignored. */
  names?: readonly (readonly string[])[];
  birthDates?: readonly DateBound[];
  count: number;
  cursor?: string;
};

/** Humans that match, in id order; refuses without a permit to list people. */
export async function searchPeople(
  db: Queryable,
  permit: Permit,
  search: PeopleSearch,
  now: string,
): Promise<{ persons: string[]; next?: string; total?: number }> {
  requirePermit(permit, 'any', now);
  const { from, params, add } = matching(search);
  const count = Math.min(Math.max(search.count, 1), MAX_COUNT);
  const after = search.cursor === undefined ? '' : `and l.person > ${add(readCursor(search.cursor))}::uuid`;
  const rows = await db.query<{ person: string }>(`select distinct l.person ${from} ${after} order by l.person limit ${count + 1}`, params);
  const persons = rows.slice(0, count).map((row) => row.person);
  const last = persons.at(-1);
  if (rows.length > count && last !== undefined) return { persons, next: Buffer.from(last).toString('base64url') };
  return search.cursor === undefined ? { persons, total: persons.length } : { persons };
}

/** How many humans match, on whatever page the caller is; the same refusal. */
export async function countPeople(db: Queryable, permit: Permit, search: PeopleSearch, now: string): Promise<number> {
  requirePermit(permit, 'any', now);
  const { from, params } = matching(search);
  const [row] = await db.query<{ total: number }>(`select count(distinct l.person)::int as total ${from}`, params);
  return row!.total;
}

function matching(search: PeopleSearch): { from: string; params: unknown[]; add: Add } {
  const params: unknown[] = [];
  const add = (value: unknown) => `$${params.push(value)}`;
  const conditions = [current('l'), PEOPLE];
  if (search.ids) conditions.push(`l.person = any(${add(search.ids)}::uuid[])`);
  for (const any of search.identifiers ?? []) conditions.push(personIn(identifierSources(add, any)));
  for (const any of search.names ?? []) conditions.push(personIn(patientSources(`patient_terms(f.atoms) @@ ${nameQuery(add, any)}`)));
  for (const bound of search.birthDates ?? []) conditions.push(personIn(patientSources(birthCondition(add, bound))));
  return { from: `from person_link l join source_person p on p.id = l.source_person where ${conditions.join('\n and ')}`, params, add };
}

/** A Patient fact version that a person's view rests on. */
export type PatientPart = { id: string; version: number; source: string; sourcePerson: string };
/** One state of the view of a person: from `at` on, these Patient facts, newest first; several where sources were linked. */
export type PatientVersion = { versionId: number; at: string; parts: PatientPart[]; sourcePersons: string[] };

/**
 * The states the Patient of each person went through, oldest first, over links and facts as each was known at the time. Merge and un-merge
 * are states too; the number of a state never changes. A person who was merged away ends with a state of no source persons.
 */
export async function readPatientVersions(
  db: Queryable,
  permit: Permit,
  persons: readonly string[],
  now: string,
): Promise<Map<string, PatientVersion[]>> {
  for (const person of persons) requirePermit(permit, person, now);
  const links = await db.query<LinkRow>(
    `select l.person, l.source_person, l.valid_from, l.valid_to, l.recorded_at, l.superseded_at
       from person_link l join source_person p on p.id = l.source_person where l.person = any($1::uuid[]) and ${PEOPLE}`,
    [persons],
  );
  const facts = await db.query<PatientRow>(
    `select f.source_person, p.source, f.id, f.version, f.recorded_at, f.superseded_at, f.retracted
       from fact f join source_person p on p.id = f.source_person
      where f.source_person = any($1::uuid[]) and f.type = 'Patient' order by f.recorded_at desc, f.version desc, f.id`,
    [[...new Set(links.map((link) => link.source_person))]],
  );
  const linksOf = Map.groupBy(links, (link) => link.person);
  const factsOf = Map.groupBy(facts, (fact) => fact.source_person);
  return new Map(
    [...linksOf].map(([person, own]) => {
      const sourcePersons = [...new Set(own.map((link) => link.source_person))];
      return [person, versionsOf(own, sourcePersons.flatMap((id) => factsOf.get(id) ?? []), now)]; // biome-ignore format: short
    }),
  );
}

/** Identifiers and details that sources gave for source persons, for a Patient nobody sent as a resource. */
export async function readSourcePersons(db: Queryable, ids: readonly string[]): Promise<SourcePersonDetails[]> {
  return db.query<SourcePersonDetails>(
    `select p.id, p.source, p.birth_date as "birthDate", p.sex,
            (select json_agg(json_build_object('system', i.authority, 'value', i.value) order by i.authority, i.value)::text
               from ident i where i.source_person = p.id) as identifiers
       from source_person p where p.id = any($1::uuid[]) order by p.created_at desc, p.id`,
    [ids],
  );
}

/** `identifiers` is JSON text of system and value pairs. */
export type SourcePersonDetails = { id: string; source: string; birthDate: string | null; sex: string | null; identifiers: string | null };

type LinkRow = {
  person: string;
  source_person: string;
  valid_from: string;
  valid_to: string | null;
  recorded_at: string;
  superseded_at: string | null;
};
type PatientRow = {
  source_person: string;
  source: string;
  id: string;
  version: number;
  recorded_at: string;
  superseded_at: string | null;
  retracted: boolean;
};
/** What belongs to no patient hangs on an owner for each source, who is nobody. */
const PEOPLE = `p.authority not like 'urn:countersign:source:%:shared'`;

type Add = (value: unknown) => string;

function versionsOf(links: readonly LinkRow[], facts: readonly PatientRow[], now: string): PatientVersion[] {
  const marks = [
    ...links.flatMap((link) => [link.valid_from, link.valid_to, link.recorded_at, link.superseded_at]),
    ...facts.flatMap((fact) => [fact.recorded_at, fact.superseded_at]),
  ].filter((at) => at !== null);
  const firstKnown = links.map((link) => link.recorded_at).sort(byTime)[0] ?? now;
  const instants = [...new Set(marks)].filter((at) => byTime(at, firstKnown) >= 0 && byTime(at, now) <= 0).sort(byTime);

  const versions: PatientVersion[] = [];
  let before = '';
  for (const at of instants) {
    const sourcePersons = [...new Set(links.filter((link) => holds(link, at)).map((link) => link.source_person))].sort();
    const parts = facts
      .filter((fact) => sourcePersons.includes(fact.source_person) && !fact.retracted && stands(fact, at))
      .map((fact) => ({ id: fact.id, version: fact.version, source: fact.source, sourcePerson: fact.source_person }));
    const state = JSON.stringify([sourcePersons, parts]);
    if (state !== before) versions.push({ versionId: versions.length + 1, at, parts, sourcePersons });
    before = state;
  }
  return versions;
}

function holds(link: LinkRow, at: string): boolean {
  return stands(link, at) && byTime(link.valid_from, at) <= 0 && (link.valid_to === null || byTime(link.valid_to, at) > 0);
}

function stands(row: { recorded_at: string; superseded_at: string | null }, at: string): boolean {
  return byTime(row.recorded_at, at) <= 0 && (row.superseded_at === null || byTime(row.superseded_at, at) > 0);
}

function byTime(one: string, other: string): number {
  return Date.parse(one) - Date.parse(other);
}

function current(link: string): string {
  return `${link}.superseded_at is null and ${link}.valid_to is null`;
}

function personIn(sourcePersons: string): string {
  return `l.person in (select k.person from person_link k where ${current('k')} and k.source_person in (${sourcePersons}))`;
}

function patientSources(condition: string): string {
  return `select f.source_person from fact f where f.type = 'Patient' and f.superseded_at is null and not f.retracted and ${condition}`;
}

/** By the identifiers that join people, and by any other that a Patient resource carries (a driver's licence, an insurance number). */
function identifierSources(add: Add, any: readonly { system?: string; value: string }[]): string {
  const systems = add(any.map((one) => one.system ?? null));
  const values = add(any.map((one) => one.value));
  const terms = any.map((one) => lexeme(`'i|' || left(${add(one.system === undefined ? one.value : `${one.system}|${one.value}`)}, 400)`));
  return `select i.source_person from unnest(${systems}::text[], ${values}::text[]) as w (system, value)
            join ident i on i.value = w.value and (w.system is null or i.authority = w.system) and i.authority not like 'urn:countersign:%'
          union ${patientSources(`patient_terms(f.atoms) @@ (${terms.join(` || ' | ' || `)})::tsquery`)}`;
}

function nameQuery(add: Add, any: readonly string[]): string {
  const terms = any.map((name) => `${lexeme(`'n|' || left(fold_name(${add(name)}), 200)`)} || ':*'`);
  return `(${terms.join(` || ' | ' || `)})::tsquery`;
}

/** A tsquery lexeme in quotes, whatever the text holds. */
function lexeme(text: string): string {
  return `'''' || replace(replace(${text}, '\\', '\\\\'), '''', '''''') || ''''`;
}

function birthCondition(add: Add, bound: DateBound): string {
  const date = 'patient_birth_date(f.atoms) collate "C"';
  const from = () => add(bound.from);
  const to = () => add(bound.to);
  switch (bound.prefix) {
    case 'eq':
      return `${date} >= ${from()} and ${date} < ${to()}`;
    case 'ne':
      return `not (${date} >= ${from()} and ${date} < ${to()})`;
    case 'gt':
    case 'sa':
      return `${date} >= ${to()}`;
    case 'ge':
      return `${date} >= ${from()}`;
    case 'lt':
    case 'eb':
      return `${date} < ${from()}`;
    case 'le':
      return `${date} < ${to()}`;
  }
}

function readCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) throw new AppError('request_invalid', 'this page link is not one of ours');
  return id;
}
