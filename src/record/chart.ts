import { AppError } from '../core/errors.ts';
import type { Chart, Fact } from '../core/fact.ts';
import type { Permit } from '../core/ports.ts';
import type { Queryable } from '../platform/database.ts';
import { FACT_COLUMNS, type FactRow, toFact } from './fact-row.ts';
import { sourcePersonsOf } from './people.ts';
import { requirePermit } from './permit.ts';

/**
 * The facts about one person as they were known at `asOf` (recorded by then, not replaced by then): the union over the source persons linked
 * to them at that instant. Atoms only; content is read when shown. Refuses without a permit for this person.
 */
export async function readChart(db: Queryable, permit: Permit, person: string, asOf: string, now = asOf): Promise<Chart> {
  requirePermit(permit, person, now);
  const sourcePersons = await sourcePersonsOf(db, person, asOf);
  const rows = await db.query<FactRow>(
    `select ${FACT_COLUMNS} from fact f join receipt r on r.id = f.receipt
      where f.source_person = any($1::uuid[]) and f.recorded_at <= $2::timestamptz`,
    [sourcePersons, asOf],
  );
  const facts: Fact[] = [];
  const superseded: Fact[] = [];
  for (const row of rows) {
    const fact = toFact(row);
    const stands = fact.supersededAt === null || Date.parse(fact.supersededAt) > Date.parse(asOf);
    (stands ? facts : superseded).push(fact);
  }
  return { person, asOf, facts, superseded };
}

/** All versions of one fact, oldest first, for the person the permit covers. */
export async function readHistory(db: Queryable, permit: Permit, factId: string, now: string): Promise<(Fact & { person: string })[]> {
  const rows = await db.query<FactRow & { person: string }>(
    `select ${FACT_COLUMNS}, l.person from fact f join receipt r on r.id = f.receipt
       join person_link l on l.source_person = f.source_person and l.superseded_at is null and l.valid_to is null
      where f.id = $1 order by f.version`,
    [factId],
  );
  for (const row of rows) requirePermit(permit, row.person, now);
  return rows.map((row) => ({ ...toFact(row), person: row.person }));
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
       join fact f on f.id = wanted.id and f.version = wanted.version join receipt r on r.id = f.receipt`,
    [keys.map((key) => key.id), keys.map((key) => key.version)],
  );
  if (rows.length !== keys.length) throw new AppError('not_found', 'a fact version of this run is not in the record');
  const facts = new Map(rows.map((row) => [`${row.id}/${row.version}`, toFact(row)]));
  return keys.map((key) => facts.get(`${key.id}/${key.version}`)!);
}
