import { AppError } from '../core/errors.ts';
import type { Identifier, Merge, SourcePersonRef } from '../core/fact.ts';
import { DatabaseError, type Queryable } from '../platform/database.ts';
import { uuidFromParts } from '../platform/digest.ts';
import { append } from '../platform/journal.ts';

/** A source person with the human it is linked to now; `key` is the identifier it is known by, `authority|value`, the same for ever. */
export type Resolved = { sourcePerson: string; person: string; key: string };
/** Why a payload may not be used for this person; which of its details differs, never its value. */
export type IdentityConflict = { conflict: 'birth-date-differs' | 'sex-differs' | 'identifiers-of-two-people' | 'no-identifier' };
/** Why a merge joins nobody. */
export type MergeConflict = IdentityConflict | { conflict: 'merge-in-future' };

const ACTOR = 'system:identity';

/**
 * Finds or makes the source person of each reference and the human it is linked to. Only an authority-qualified identifier joins;
 * name and birth date never do. A known identifier that arrives with another birth date or sex is a conflict, and nothing is written for it.
 */
export async function resolvePeople(
  tx: Queryable,
  refs: readonly SourcePersonRef[],
  now: string,
): Promise<(Resolved | IdentityConflict)[]> {
  const identifiers = distinct(refs.flatMap((ref) => ref.identifiers));
  await lockIdentifiers(tx, identifiers);
  const known = await knownPeople(tx, identifiers);
  const written: Written = { people: [], idents: [], links: [], details: new Map() };
  const resolved = refs.map((ref) => resolveOne(ref, known, written));
  await write(tx, written, now);
  return resolved;
}

/** A sender's clock may run ahead of ours by as much; what it dates so holds from now. */
const CLOCK_AHEAD_MS = 10 * 60_000;

/**
 * Applies a registration merge: from `at` on, everyone linked to the one human is linked to the other. Links only; no fact is rewritten.
 * Two humans with different birth dates or sexes, and a merge whose time has not come, are a conflict: nothing is written for it.
 */
export async function mergePeople(tx: Queryable, merge: Merge, now: string): Promise<{ from: string; into: string } | MergeConflict> {
  if (Date.parse(merge.at) > Date.parse(now) + CLOCK_AHEAD_MS) return { conflict: 'merge-in-future' };
  await lockIdentifiers(tx, [...merge.into.identifiers, ...merge.from.identifiers]);
  const [kept, gone] = [await detailsOf(tx, merge.into), await detailsOf(tx, merge.from)];
  for (const one of kept) {
    if (gone.some((other) => differs(one.birthDate, other.birthDate))) return { conflict: 'birth-date-differs' };
    if (gone.some((other) => differs(sexOf(one.sex), sexOf(other.sex)))) return { conflict: 'sex-differs' };
  }
  const [into] = await resolvePeople(tx, [merge.into], now);
  const [from] = await resolvePeople(tx, [{ source: merge.from.source, identifiers: merge.from.identifiers }], now);
  if (!into || !from) return { conflict: 'no-identifier' };
  if ('conflict' in into) return into;
  if ('conflict' in from) return from;
  if (into.person !== from.person) await joinPeople(tx, from.person, into.person, merge.at < now ? merge.at : now, now);
  return { from: from.person, into: into.person };
}

type Details = { birthDate?: string | null; sex?: string | null };

/** What is said of whoever has these identifiers: by the reference itself, and by every registration linked to that human now. */
async function detailsOf(tx: Queryable, ref: SourcePersonRef): Promise<Details[]> {
  const persons = [...(await knownPeople(tx, ref.identifiers)).values()].flat().map((known) => known.person);
  const rows = await tx.query<Details>(
    `select distinct p.birth_date as "birthDate", p.sex from unnest($1::uuid[]) as asked (person),
            lateral (select source_person from person_link where person = asked.person and superseded_at is null and valid_to is null offset 0) as l,
            lateral (select * from source_person where source_person.id = l.source_person offset 0) as p`,
    [[...new Set(persons)]],
  );
  return [ref, ...rows];
}

/** Links everyone who is the one human to the other from `at` on, as known from now on, and says so in the journal. Rewrites no fact. */
export async function joinPeople(tx: Queryable, from: string, into: string, at: string, now: string): Promise<void> {
  const closed = await tx.query<{ source_person: string; valid_from: string }>(
    `update person_link set superseded_at = $2 where person = $1 and superseded_at is null and valid_to is null
     returning source_person, valid_from`,
    [from, now],
  );
  await tx.query(
    `insert into person_link (source_person, person, valid_from, valid_to, recorded_at, reason)
     select source_person, person, valid_from, valid_to, $5::timestamptz, 'merged'
       from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[]) as link (source_person, person, valid_from, valid_to)
      where valid_to is null or valid_from < valid_to`,
    [
      closed.flatMap((link) => [link.source_person, link.source_person]),
      closed.flatMap(() => [from, into]),
      closed.flatMap((link) => [link.valid_from, later(link.valid_from, at)]),
      closed.flatMap((link) => [later(link.valid_from, at), null]),
      now,
    ],
  );
  await append(tx, [{ kind: 'person.merged', actor: ACTOR, at: now, person: into, body: { from, into, at } }]);
}

/** The source persons a human is the union of at an instant, as it was known then. */
export async function sourcePersonsOf(db: Queryable, person: string, asOf: string): Promise<string[]> {
  const rows = await db.query<{ source_person: string }>(
    `select distinct source_person from person_link where person = $1 and recorded_at <= $2 and (superseded_at is null or superseded_at > $2)
        and valid_from <= $2 and (valid_to is null or valid_to > $2) order by source_person`,
    [person, asOf],
  );
  return rows.map((row) => row.source_person);
}

/** The human an id stands for now: itself, or the one it was merged into; undefined where nobody has this id. */
export async function currentPerson(db: Queryable, person: string): Promise<string | undefined> {
  const rows = await db.query<{ person: string }>(
    `select now_link.person from person_link old
       join person_link now_link on now_link.source_person = old.source_person and now_link.superseded_at is null and now_link.valid_to is null
      where old.person = $1 order by (now_link.person = $1) desc, now_link.person limit 1`,
    [person],
  );
  return rows[0]?.person;
}

/** The human an id from outside stands for: a person's id, a source's own Patient id, or an identifier (`authority|value` or a bare MRN). */
export async function requirePerson(db: Queryable, asked: string): Promise<string> {
  const direct = UUID.test(asked) ? await currentPerson(db, asked) : undefined;
  if (direct) return direct;
  const bar = asked.lastIndexOf('|');
  const identifier = bar > 0 ? { authority: asked.slice(0, bar), value: asked.slice(bar + 1) } : { value: asked.replace(/^Patient\//, '') };
  const persons = await personByIdentifier(db, identifier);
  if (persons.length > 1)
    throw new AppError('identity_conflict', 'several people have this identifier; name its authority too, as authority|value');
  const [person] = persons;
  if (!person) throw new AppError('not_found', 'nobody in the record has this id');
  return person;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Locks the rows that every writer of facts about these source persons locks first, so that a signature and a correction take turns; and those of
 * whoever else these facts are about now, in one statement and one order, so that nobody waits in a circle. A source person that was erased
 * since it was found is a serialisation failure: what is read again is about somebody new, or about nobody.
 */
export async function lockSourcePersons(tx: Queryable, sourcePersons: readonly string[], facts: readonly string[] = []): Promise<void> {
  if (sourcePersons.length + facts.length === 0) return;
  const locked = await tx.query<{ id: string }>(
    `select id from source_person where id = any(array(
       select unnest($1::uuid[])
       union select f.source_person from unnest($2::uuid[]) as wanted (id),
                    lateral (select source_person from fact where fact.id = wanted.id offset 0) as f
     )) order by id for update`,
    [sourcePersons, facts],
  );
  const there = new Set(locked.map((row) => row.id));
  if (!sourcePersons.every((id) => there.has(id))) throw new DatabaseError('40001', 'a person was erased meanwhile');
}

/** The human whose record holds an identifier, for the doors that are asked by MRN. */
export async function personByIdentifier(db: Queryable, identifier: { authority?: string; value: string }): Promise<string[]> {
  const rows = await db.query<{ person: string }>(
    `select distinct l.person from ident i join person_link l on l.source_person = i.source_person
        and l.superseded_at is null and l.valid_to is null
      where i.value = $1 and ($2::text is null or i.authority = $2)`,
    [identifier.value, identifier.authority ?? null],
  );
  return rows.map((row) => row.person);
}

/**
 * One writer at a time per identifier: two messages about a new patient that are read at once would both make the person. Held to the end of
 * the transaction, and taken in one order so that nobody waits in a circle.
 */
export async function lockIdentifiers(tx: Queryable, identifiers: readonly Identifier[]): Promise<void> {
  const keys = [...new Set(identifiers.map(({ authority, value }) => `${authority}|${value}`))].sort();
  await tx.query(
    'select pg_advisory_xact_lock(hashtextextended(key, 0)) from unnest($1::text[]) with ordinality as k (key, at) order by at',
    [keys],
  );
}

type Known = { id: string; source: string; key: string; person: string; birthDate: string | null; sex: string | null; merged: boolean };
type Written = {
  people: { id: string; ref: SourcePersonRef; primary: Identifier }[];
  idents: { authority: string; value: string; sourcePerson: string }[];
  links: { sourcePerson: string; person: string; reason: string }[];
  details: Map<string, { id: string; birthDate: string | null; sex: string | null; name: string | null }>;
};

// `offset 0` keeps each lookup a lookup: without statistics, which the embedded store never gathers, the planner takes a table of people for
// a small one and walks all of it for each batch.
async function knownPeople(tx: Queryable, identifiers: readonly Identifier[]): Promise<Map<string, Known[]>> {
  const rows = await tx.query<{
    authority: string;
    value: string;
    id: string;
    source: string;
    key: string;
    person: string;
    birth_date: string | null;
    sex: string | null;
    merged: boolean;
  }>(
    `select i.authority, i.value, p.id, p.source, p.authority || '|' || p.value as key, l.person, p.birth_date, p.sex, l.merged
       from unnest($1::text[], $2::text[]) as asked (authority, value),
            lateral (select * from ident where ident.authority = asked.authority and ident.value = asked.value offset 0) as i,
            lateral (select * from source_person where source_person.id = i.source_person offset 0) as p,
            lateral (select person, reason = 'merged' as merged from person_link where source_person = p.id and superseded_at is null and valid_to is null offset 0) as l
      order by p.id`,
    [identifiers.map((identifier) => identifier.authority), identifiers.map((identifier) => identifier.value)],
  );
  const known = new Map<string, Known[]>();
  const byId = new Map<string, Known>();
  for (const row of rows) {
    const { id, source, key, person, birth_date: birthDate, sex, merged } = row;
    const entry = byId.get(id) ?? { id, source, key, person, birthDate, sex, merged };
    byId.set(id, entry);
    remember(known, row, entry);
  }
  return known;
}

function resolveOne(ref: SourcePersonRef, known: Map<string, Known[]>, written: Written): Resolved | IdentityConflict {
  const primary = ref.identifiers[0];
  if (!primary) return { conflict: 'no-identifier' };
  const matches = [...new Set(ref.identifiers.flatMap((identifier) => known.get(keyOf(identifier)) ?? []))];
  if (matches.some((match) => differs(match.birthDate, ref.birthDate))) return { conflict: 'birth-date-differs' };
  if (matches.some((match) => differs(sexOf(match.sex), sexOf(ref.sex)))) return { conflict: 'sex-differs' };
  const persons = new Set(matches.map((match) => match.person));
  if (persons.size > 1) return { conflict: 'identifiers-of-two-people' };

  const [person] = persons;
  // Which of two registrations is meant never rests on the order of identifiers: the one that others were merged into, else the first by id.
  const [same] = matches
    .filter((match) => match.source === ref.source)
    .sort((one, other) => Number(one.merged) - Number(other.merged) || (one.id < other.id ? -1 : 1));
  const mine = same ?? makePerson(ref, primary, person, written);
  for (const identifier of ref.identifiers) {
    if ((known.get(keyOf(identifier)) ?? []).includes(mine)) continue;
    remember(known, identifier, mine);
    written.idents.push({ ...identifier, sourcePerson: mine.id });
  }
  if ((mine.birthDate === null && ref.birthDate) || (mine.sex === null && ref.sex)) {
    mine.birthDate ??= ref.birthDate ?? null;
    mine.sex ??= ref.sex ?? null;
    const name = written.details.get(mine.id)?.name ?? ref.name ?? null;
    written.details.set(mine.id, { id: mine.id, birthDate: mine.birthDate, sex: mine.sex, name });
  }
  return { sourcePerson: mine.id, person: mine.person, key: mine.key };
}

function makePerson(ref: SourcePersonRef, primary: Identifier, person: string | undefined, written: Written): Known {
  const id = uuidFromParts('source-person', ref.source, primary.authority, primary.value);
  const key = `${primary.authority}|${primary.value}`;
  const made: Known = {
    id,
    source: ref.source,
    key,
    person: person ?? id,
    birthDate: ref.birthDate ?? null,
    sex: ref.sex ?? null,
    merged: false,
  };
  written.people.push({ id, ref, primary });
  written.links.push({ sourcePerson: id, person: made.person, reason: person ? 'same-identifier' : 'first-seen' });
  return made;
}

async function write(tx: Queryable, written: Written, now: string): Promise<void> {
  const { people, idents, links } = written;
  const details = [...written.details.values()];
  if (people.length > 0) {
    await tx.query(
      `insert into source_person (id, source, authority, value, birth_date, sex, name, created_at)
       select *, $8::timestamptz from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])`,
      [
        people.map((one) => one.id),
        people.map((one) => one.ref.source),
        people.map((one) => one.primary.authority),
        people.map((one) => one.primary.value),
        people.map((one) => one.ref.birthDate ?? null),
        people.map((one) => one.ref.sex ?? null),
        people.map((one) => one.ref.name ?? null),
        now,
      ],
    );
    // A link holds from the beginning of time: the human was this human before the source first said so.
    await tx.query(
      `insert into person_link (source_person, person, valid_from, recorded_at, reason)
       select source_person, person, '0001-01-01T00:00:00Z'::timestamptz, $4::timestamptz, reason
         from unnest($1::uuid[], $2::uuid[], $3::text[]) as link (source_person, person, reason)`,
      [links.map((link) => link.sourcePerson), links.map((link) => link.person), links.map((link) => link.reason), now],
    );
    await append(
      tx,
      links.map((link) => ({ kind: 'person.linked' as const, actor: ACTOR, at: now, person: link.person, body: { ...link } })),
    );
  }
  if (idents.length > 0) {
    await tx.query(
      `insert into ident (authority, value, source_person) select * from unnest($1::text[], $2::text[], $3::uuid[]) on conflict do nothing`,
      [idents.map((ident) => ident.authority), idents.map((ident) => ident.value), idents.map((ident) => ident.sourcePerson)],
    );
  }
  if (details.length > 0) {
    await tx.query(
      `update source_person set birth_date = coalesce(source_person.birth_date, said.birth_date), sex = coalesce(source_person.sex, said.sex),
              name = coalesce(source_person.name, said.name)
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as said (id, birth_date, sex, name) where source_person.id = said.id`,
      [details.map((one) => one.id), details.map((one) => one.birthDate), details.map((one) => one.sex), details.map((one) => one.name)],
    );
  }
}

function distinct(identifiers: readonly Identifier[]): Identifier[] {
  return [...new Map(identifiers.map((identifier) => [keyOf(identifier), identifier])).values()];
}

function keyOf(identifier: Identifier): string {
  return `${identifier.authority}\u0000${identifier.value}`;
}

function remember(known: Map<string, Known[]>, identifier: Identifier, person: Known): void {
  const key = keyOf(identifier);
  const list = known.get(key) ?? [];
  known.set(key, list);
  if (list.includes(person)) return;
  // In the order in which they would be read: which of two registrations is meant never rests on what came in one batch.
  const after = list.findIndex((other) => other.id > person.id);
  list.splice(after === -1 ? list.length : after, 0, person);
}

/** Two details differ only where both are said; a year says nothing against a full date of that year. */
export function differs(one: string | null | undefined, other: string | null | undefined): boolean {
  if (!one || !other) return false;
  const length = Math.min(one.length, other.length);
  return one.slice(0, length) !== other.slice(0, length);
}

/** Administrative sex for comparing: only female and male can contradict each other. */
export function sexOf(sex: string | null | undefined): string | undefined {
  const letter = sex?.[0]?.toLowerCase();
  return letter === 'f' || letter === 'm' ? letter : undefined;
}

function later(one: string, other: string): string {
  return Date.parse(one) > Date.parse(other) ? one : other;
}
