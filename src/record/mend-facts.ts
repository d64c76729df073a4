import type { Db, Queryable } from '../platform/database.ts';
import { type FactStatement, STATEMENT_COLUMNS, statementHash } from '../platform/fact-statement.ts';
import { erasedReceipts, faultsOf, type RecordedVersion, recordedVersions } from '../platform/journal-verify-record.ts';
import { conceptIds } from './concepts.ts';
import { copyRows, insertRows } from './copy-rows.ts';

/** What was put back: people and versions of facts; `lost` are versions that what is read today does not give as they were recorded. */
export type MendedFacts = { people: number; facts: number; lost: number };

const VERSIONS_AT_ONCE = 200;
const PAGE = 1_000;

/**
 * Puts back what `db` lacks or holds otherwise than its journal says, from a copy in which everything was read again. Nothing is put in that the
 * journal did not record, and nothing that is as recorded is touched; done again it changes nothing.
 */
export async function mendFacts(db: Db, copy: Db): Promise<MendedFacts> {
  const people = await mendPeople(db, copy);
  const { wrong, strange } = await compare(db, copy);
  // First what is to be closed: of one fact one version stands.
  let facts = await mendClosings(db, copy, strange);
  for (let from = 0; from < wrong.length; from += VERSIONS_AT_ONCE) {
    const some = wrong.slice(from, from + VERSIONS_AT_ONCE);
    facts += await putBack(db, copy, some, strange);
  }
  await mendCodes(db, copy);
  return { people, facts, lost: (await compare(db, copy)).wrong.length };
}

/** Source persons, identifiers and links that are gone; a link that stands is left as it is, whatever it says. */
async function mendPeople(db: Db, copy: Db): Promise<number> {
  const before = await linked(db);
  const people = await copyRows(copy, db, 'source_person', 'true');
  await copyRows(copy, db, 'ident', 'true');
  const known = new Set(before);
  const missing = (await linked(copy)).filter((id) => !known.has(id));
  for (let from = 0; from < missing.length; from += PAGE) {
    const links = await copy.query<{ row: string }>(
      `select json_build_object('source_person', source_person, 'person', person, 'valid_from', valid_from, 'valid_to', valid_to, 'recorded_at', recorded_at,
                                'superseded_at', superseded_at, 'reason', reason, 'weights', weights)::text as row
         from person_link where source_person = any($1::uuid[]) order by id`,
      [missing.slice(from, from + PAGE)],
    );
    await db.query(
      `insert into person_link (source_person, person, valid_from, valid_to, recorded_at, superseded_at, reason, weights)
       select source_person, person, valid_from, valid_to, recorded_at, superseded_at, reason, weights
         from json_populate_recordset(null::person_link, $1::json)`,
      [`[${links.map(({ row }) => row).join(',')}]`],
    );
  }
  return Math.max(people, missing.length);
}

async function linked(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ id: string }>('select distinct source_person as id from person_link');
  return rows.map(({ id }) => id);
}

/** Recorded versions that `db` lacks or holds otherwise; `strange` are facts of which the copy gives a version otherwise than it was recorded. */
async function compare(db: Db, copy: Db): Promise<{ wrong: RecordedVersion[]; strange: Set<string> }> {
  const erased = await erasedReceipts(db);
  const wrong: RecordedVersion[] = [];
  const strange = new Set<string>();
  for await (const some of recordedVersions(db)) {
    const [here, there] = [await faultsOf(db, some), await faultsOf(copy, some)];
    for (const [index, one] of some.entries()) {
      if (there[index] !== undefined) strange.add(one.fact);
      // A version that its own entry contradicts twice, as after a log that was rewound, is judged by the last.
      if (here[index] !== undefined && !(here[index] === 'gone' && erased.has(one.receipt))) wrong.push(one);
    }
  }
  return { wrong, strange };
}

/** Exchanges rows for those of the copy that are what was recorded; returns how many. */
async function putBack(db: Db, copy: Db, some: readonly RecordedVersion[], strange: ReadonlySet<string>): Promise<number> {
  const faults = await faultsOf(copy, some);
  const rows: { fact: string; version: number; row: string }[] = [];
  for (const [index, one] of some.entries()) {
    const row = faults[index] === undefined ? await rowOf(copy, one) : strange.has(one.fact) ? await sameSaid(copy, one) : undefined;
    if (row !== undefined) rows.push({ fact: one.fact, version: one.version, row });
  }
  if (rows.length === 0) return 0;
  await db.transaction(async (tx) => {
    await tx.query(`select set_config('countersign.erasing', 'rebuild', true)`);
    await tx.query(
      'delete from fact using unnest($1::uuid[], $2::int[]) as w (id, version) where fact.id = w.id and fact.version = w.version',
      [rows.map((one) => one.fact), rows.map((one) => one.version)],
    );
    await insertRows(tx, 'fact', rows.map((one) => one.row)); // biome-ignore format: short
  });
  return rows.length;
}

async function rowOf(copy: Db, { fact, version }: RecordedVersion): Promise<string> {
  const [row] = await copy.query<{ row: string }>('select row_to_json(f)::text as row from fact f where id = $1 and version = $2', [
    fact,
    version,
  ]);
  return row!.row;
}

/**
 * Where an earlier release read some versions otherwise, those that say today what was recorded are found under other numbers. One stands where
 * it is the last that the journal lists and stands in the copy.
 */
async function sameSaid(copy: Db, one: RecordedVersion): Promise<string | undefined> {
  const rows = await copy.query<FactStatement & { row: string; content_hash: string; superseded_at: string | null }>(
    `select row_to_json(f)::text as row, f.content_hash, f.superseded_at, ${STATEMENT_COLUMNS} from fact f
      where f.id = $1 and f.receipt = $2 order by f.superseded_at is null desc, f.version desc`,
    [one.fact, one.receipt],
  );
  const same = rows.find((row) => row.content_hash === one.contentHash && (one.said === undefined || statementHash(row) === one.said));
  if (!same) return undefined;
  const [text] = await copy.query<{ row: string }>(
    `select (($1::jsonb - 'origins' - 'atoms' - 'content') || jsonb_build_object('version', $2::int, 'recorded_at', $3::text, 'superseded_at', $4::text))::text as row`,
    [same.row, one.version, one.at, same.superseded_at === null ? null : one.at],
  );
  return text && withTexts(text.row, same.row);
}

/** The JSON columns as texts, whose bytes a jsonb would not keep. */
function withTexts(columns: string, row: string): string {
  const kept = /"origins":[\s\S]*$/.exec(row)?.[0];
  return `${columns.slice(0, -1)},${kept}`;
}

/** When versions were closed, where the copy closed them otherwise: the journal does not say, and a version that is closed stands no more. */
async function mendClosings(db: Db, copy: Db, strange: ReadonlySet<string>): Promise<number> {
  let mended = 0;
  for (let after = { id: '00000000-0000-0000-0000-000000000000', version: 0 }; ; ) {
    const page = await copy.query<{ id: string; version: number; superseded_at: string | null }>(
      `select id, version, superseded_at from fact where (id, version) > ($1::uuid, $2::int) order by id, version limit ${PAGE}`,
      [after.id, after.version],
    );
    const sure = page.filter(({ id }) => !strange.has(id));
    const changed = await db.transaction(async (tx) => {
      await tx.query(`select set_config('countersign.erasing', 'rebuild', true)`);
      const closed = await close(tx, sure.filter((one) => one.superseded_at !== null)); // biome-ignore format: short
      return closed + (await close(tx, sure.filter((one) => one.superseded_at === null))); // biome-ignore format: short
    });
    mended += changed;
    if (page.length < PAGE) return mended;
    after = page.at(-1)!;
  }
}

async function close(tx: Queryable, some: readonly { id: string; version: number; superseded_at: string | null }[]): Promise<number> {
  const rows = await tx.query(
    `update fact set superseded_at = w.at from unnest($1::uuid[], $2::int[], $3::timestamptz[]) as w (id, version, at)
      where fact.id = w.id and fact.version = w.version and fact.superseded_at is distinct from w.at returning 1`,
    [some.map((one) => one.id), some.map((one) => one.version), some.map((one) => one.superseded_at)],
  );
  return rows.length;
}

/** The index of codes, whose numbers differ from store to store. */
async function mendCodes(db: Db, copy: Db): Promise<void> {
  type Row = { source_person: string; id: string; valid_at: string | null; system: string; code: string; display: string | null };
  const rows = await copy.query<Row>(
    `select fc.source_person, fc.id, fc.valid_at, c.system, c.code, c.display from fact_code fc join concept c on c.id = fc.code`,
  );
  for (let from = 0; from < rows.length; from += PAGE) {
    const some = rows.slice(from, from + PAGE);
    await db.transaction(async (tx) => {
      const ids = await conceptIds(tx, some);
      await tx.query(
        `insert into fact_code (source_person, code, valid_at, id)
         select w.* from unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::uuid[]) as w (source_person, code, valid_at, id)
          where exists (select 1 from fact f where f.source_person = w.source_person and f.id = w.id)
            and not exists (select 1 from fact_code k where k.source_person = w.source_person and k.code = w.code and k.id = w.id
                              and k.valid_at is not distinct from w.valid_at)`,
        [
          some.map((one) => one.source_person),
          some.map((one) => ids.get(`${one.system}|${one.code}`)!),
          some.map((one) => one.valid_at),
          some.map((one) => one.id),
        ],
      );
    });
  }
}
