import { AppError } from '../core/errors.ts';
import { type Chart, copyFact, type Fact } from '../core/fact.ts';
import type { Permit } from '../core/ports.ts';
import type { Queryable } from '../platform/database.ts';
import { FACT_COLUMNS, type FactRow, toFact } from './fact-row.ts';
import { requirePermit } from './permit.ts';

/**
 * The facts about one person as they were known at `asOf` (recorded by then, not replaced by then): the union over the source persons linked
 * to them at that instant, in one statement, so that links and facts are of one moment. Atoms only; content is read when shown. Refuses
 * without a permit for this person, and an instant that has not come by `now`: what will be on record then nobody knows.
 */
export async function readChart(db: Queryable, permit: Permit, person: string, asOf: string, now = asOf): Promise<Chart> {
  requirePermit(permit, person, now);
  if (Date.parse(asOf) > Date.parse(now)) throw new AppError('request_invalid', 'a record is read as of now or a past instant');
  const rows = await db.query<FactRow>(CHART, [person, asOf]);
  const instant = Date.parse(asOf);
  const facts: Fact[] = [];
  const superseded: Fact[] = [];
  for (const row of rows) {
    const stands = row.superseded_at === null || Date.parse(row.superseded_at) > instant;
    (stands ? facts : superseded).push(toFact(row));
  }
  return { person, asOf, facts, superseded };
}

// Materialized: the few source persons first, then the facts of each by key, at any size of the tables and without statistics.
const CHART = `
  with p as materialized (
    select distinct s.id, s.source from person_link l join source_person s on s.id = l.source_person
     where l.person = $1 and l.recorded_at <= $2 and (l.superseded_at is null or l.superseded_at > $2)
       and l.valid_from <= $2 and (l.valid_to is null or l.valid_to > $2)
  )
  select ${FACT_COLUMNS} from p join fact f on f.source_person = p.id where f.recorded_at <= $2::timestamptz`;

/** All versions of one fact, oldest first, for the person the permit covers. */
export async function readHistory(db: Queryable, permit: Permit, factId: string, now: string): Promise<(Fact & { person: string })[]> {
  const rows = await db.query<FactRow & { person: string }>(
    `select ${FACT_COLUMNS}, l.person from fact f join source_person p on p.id = f.source_person
       join person_link l on l.source_person = f.source_person and l.superseded_at is null and l.valid_to is null
      where f.id = $1 order by f.version`,
    [factId],
  );
  for (const row of rows) requirePermit(permit, row.person, now);
  return rows.map((row) => ({ ...copyFact(toFact(row)), person: row.person }));
}

/** The FHIR content of fact versions, as text with its numbers as written. */
export async function readContents(db: Queryable, keys: readonly { id: string; version: number }[]): Promise<Map<string, string>> {
  const rows = await db.query<{ id: string; version: number; content: string }>(
    `select f.id, f.version, f.content from unnest($1::uuid[], $2::int[]) as wanted (id, version)
       join fact f on f.id = wanted.id and f.version = wanted.version`,
    [keys.map((key) => key.id), keys.map((key) => key.version)],
  );
  return new Map(rows.map((row) => [`${row.id}/${row.version}`, row.content]));
}

/** Exact fact versions, for replay; refuses when one is not here. */
export async function readVersions(db: Queryable, keys: readonly { id: string; version: number }[]): Promise<Fact[]> {
  const rows = await db.query<FactRow>(
    `select ${FACT_COLUMNS} from unnest($1::uuid[], $2::int[]) as wanted (id, version)
       join fact f on f.id = wanted.id and f.version = wanted.version join source_person p on p.id = f.source_person`,
    [keys.map((key) => key.id), keys.map((key) => key.version)],
  );
  if (rows.length !== keys.length) throw new AppError('not_found', 'a fact version of this run is not in the record');
  const facts = new Map(rows.map((row) => [`${row.id}/${row.version}`, toFact(row)]));
  return keys.map((key) => facts.get(`${key.id}/${key.version}`)!);
}
