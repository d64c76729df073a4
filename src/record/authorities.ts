import { AppError } from '../core/errors.ts';
import type { Db, Queryable } from '../platform/database.ts';
import { enqueueAgain } from '../platform/jobs.ts';
import { append } from '../platform/journal.ts';
import { differs, joinPeople, lockIdentifiers, sexOf } from './people.ts';
import { rereadFeed } from './reread.ts';

/** What a site's names of assigning authorities did to identifiers that had come under a feed's own name. */
export type Adopted = { identifiers: number; joined: number; conflicts: number; feeds: string[] };

const ACTOR = 'system:start';
/** So many identifiers a transaction: on the embedded store each holds up every door. */
const PORTION = 200;
/** A name says who somebody is, not since when: the link holds from the beginning of time, and is known from now on. */
const EVER = '0001-01-01T00:00:00Z';

/**
 * Brings the record under the site's names of assigning authorities, before a door opens. Identifiers that came while a namespace had no name
 * get it; where the name makes two people one they are linked, unless their birth dates or sexes differ; and the feeds concerned are read again.
 * Refuses (`config_invalid`) where a namespace that identifiers are kept under is named otherwise or no longer: that would split people in two.
 */
export async function adoptAuthorities(db: Db, authorities: ReadonlyMap<string, string>, now: string): Promise<Adopted> {
  await refuseRenaming(db, authorities);
  const adopted: Adopted = { identifiers: 0, joined: 0, conflicts: 0, feeds: [] };
  const persons = new Set<string>();
  const feeds = new Set<string>();
  for (const [namespace, authority] of authorities) {
    for (let after = ''; ; ) {
      const portion = await localIdentifiers(db, namespace, authority, after, PORTION);
      if (portion.length === 0) break;
      after = portion.at(-1)!.key;
      await db.transaction(async (tx) => {
        await lockIdentifiers(tx, portion.map(({ value }) => ({ authority, value }))); // biome-ignore format: short
        for (const local of portion) {
          const joined = await adoptOne(tx, authority, local, now);
          feeds.add(local.source);
          if (joined === 'conflict') adopted.conflicts += 1;
          else adopted.identifiers += 1;
          if (joined !== 'conflict' && joined.length > 0) adopted.joined += 1;
          if (joined !== 'conflict') for (const person of joined) persons.add(person);
        }
      });
    }
  }
  adopted.feeds = [...feeds].sort();
  await remember(db, authorities, adopted, now);
  if (adopted.identifiers === 0) return adopted;
  await enqueueAgain(db, [...persons].map((person) => ({ key: `facts:${person}`, kind: 'facts', payload: { person } }))); // biome-ignore format: short
  for (const source of adopted.feeds) await rereadFeed(db, source, { actor: ACTOR, at: now });
  return adopted;
}

/** How many identifiers still stand under a feed's own name although the site names their authority: two people whose details differ. */
export async function unjoinedIdentifiers(db: Queryable, authorities: ReadonlyMap<string, string>): Promise<number> {
  let count = 0;
  for (const [namespace, authority] of authorities) count += (await localIdentifiers(db, namespace, authority, '', 10_000)).length;
  return count;
}

type Local = {
  key: string;
  sourcePerson: string;
  source: string;
  value: string;
  birthDate: string | null;
  sex: string | null;
  person: string;
};

/** Identifiers of a namespace under each feed's own name for it (interop's `authorityOf`) that do not carry the site's name yet. */
async function localIdentifiers(db: Queryable, namespace: string, authority: string, after: string, limit: number): Promise<Local[]> {
  return db.query<Local>(
    `select i.value || ' ' || i.source_person as key, i.source_person as "sourcePerson", p.source, i.value, p.birth_date as "birthDate", p.sex, l.person
       from ident i join source_person p on p.id = i.source_person
       join person_link l on l.source_person = p.id and l.superseded_at is null and l.valid_to is null
      where i.authority like 'urn:countersign:authority:%' and i.authority = 'urn:countersign:authority:' || p.source || ':' || $1
        and i.value || ' ' || i.source_person > $3
        and not exists (select 1 from ident named where named.authority = $2 and named.value = i.value and named.source_person = i.source_person)
      order by 1 limit $4`,
    [namespace, authority, after, limit],
  );
}

/** The people joined by one identifier's name; none where nobody else had it. Nobody whose details differ is joined, nor more than two at once. */
async function adoptOne(tx: Queryable, authority: string, local: Local, now: string): Promise<string[] | 'conflict'> {
  const [mine] = await tx.query<{ person: string }>(
    'select person from person_link where source_person = $1 and superseded_at is null and valid_to is null',
    [local.sourcePerson],
  );
  const others = await tx.query<{ person: string; birthDate: string | null; sex: string | null }>(
    `select l.person, p.birth_date as "birthDate", p.sex from ident i join source_person p on p.id = i.source_person
       join person_link l on l.source_person = p.id and l.superseded_at is null and l.valid_to is null
      where i.authority = $1 and i.value = $2`,
    [authority, local.value],
  );
  const person = mine!.person;
  const strangers = [...new Set(others.map((other) => other.person))].filter((other) => other !== person);
  const contradicts = others.some((other) => differs(other.birthDate, local.birthDate) || differs(sexOf(other.sex), sexOf(local.sex)));
  if (contradicts || strangers.length > 1) return 'conflict';
  await tx.query('insert into ident (authority, value, source_person) values ($1, $2, $3) on conflict do nothing', [
    authority,
    local.value,
    local.sourcePerson,
  ]);
  const [into] = strangers;
  if (into === undefined) return [];
  await joinPeople(tx, person, into, EVER, now);
  return [person, into];
}

async function refuseRenaming(db: Queryable, authorities: ReadonlyMap<string, string>): Promise<void> {
  const before = await db.query<{ namespace: string; authority: string }>(
    `select namespace, authority from authority_name n where exists (select 1 from ident i where i.authority = n.authority) order by 1`,
  );
  const renamed = before.filter(({ namespace, authority }) => authorities.get(namespace) !== authority);
  if (renamed.length === 0) return;
  throw new AppError(
    'config_invalid',
    renamed
      .map(
        ({ namespace, authority }) =>
          `COUNTERSIGN_AUTHORITIES must say ${namespace}=${authority}, as it did when identifiers were kept under that name: otherwise every person of that authority would be two`,
      )
      .join('\n'),
  );
}

async function remember(db: Db, authorities: ReadonlyMap<string, string>, adopted: Adopted, now: string): Promise<void> {
  if (authorities.size === 0) return;
  await db.transaction(async (tx) => {
    await tx.query(
      `insert into authority_name (namespace, authority, named_at) select namespace, authority, $3::timestamptz
         from unnest($1::text[], $2::text[]) as named (namespace, authority)
       on conflict (namespace) do update set authority = excluded.authority, named_at = excluded.named_at
         where authority_name.authority <> excluded.authority`,
      [[...authorities.keys()], [...authorities.values()], now],
    );
    if (adopted.identifiers + adopted.conflicts === 0) return;
    const { identifiers, joined, conflicts } = adopted;
    const body = { setting: 'COUNTERSIGN_AUTHORITIES', namespaces: [...authorities.keys()], identifiers, joined, conflicts };
    await append(tx, [{ kind: 'config.changed', actor: ACTOR, at: now, body }]);
  });
}
