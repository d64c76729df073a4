import { performance } from 'node:perf_hooks';
import { auditOf, findAudited } from '../src/delivery/review/audit.ts';
import type { Db } from '../src/platform/database.ts';
import { type Bench, type BenchOptions, type BenchRow, notMeasured, percentile, rounded, scratchDatabases, storeOf } from './bench.ts';

const NAME = 'audit';
const NOW = '2026-11-22T08:00:00.000Z';
const FULL = 10_000_000;
const DRAFTS = 200;
const SENTENCES = 30;
/** Entries of one draft: a run, an offer, looks, sources opened, a decision, a delivery. */
const ENTRIES = 40;
const MONTHS = 12;

/**
 * Who, what, when and why of one draft over a journal of a year in monthly partitions (R11: under 200 ms at ten million entries). The floor is
 * the same question over a hundredth of that journal: what is found by index does not grow with it.
 */
export const bench: Bench = { name: NAME, run };

async function* run(options: BenchOptions): AsyncIterable<BenchRow> {
  for await (const db of scratchDatabases(options)) {
    if (db === undefined) {
      yield notMeasured(NAME, 'p99_ms', 'ms');
      continue;
    }
    try {
      const size = options.size ?? (options.full && db.kind === 'postgres' ? FULL : FULL / 100);
      yield await measured(db, size);
    } finally {
      await db.close();
    }
  }
}

async function measured(db: Db, size: number): Promise<BenchRow> {
  for (let month = 0; month < MONTHS; month++) {
    await db.query(`select ensure_month_partitions($1::timestamptz - make_interval(months => $2::int))`, [NOW, month]);
  }
  await addDrafts(db);
  await fill(db, 0, size / 100);
  const floor = await ask(db);
  await fill(db, size / 100, size);
  const times = await ask(db);
  return {
    name: NAME,
    metric: 'p99_ms',
    value: rounded(percentile(times, 0.99)),
    unit: 'ms',
    floor: rounded(percentile(floor, 0.99)),
    ratio: rounded(percentile(times, 0.99) / percentile(floor, 0.99)),
    n: times.length,
    size,
    database: await storeOf(db),
    budget: 200,
    p50_ms: rounded(percentile(times, 0.5)),
    floor_p50_ms: rounded(percentile(floor, 0.5)),
    entries: ENTRIES,
  };
}

async function ask(db: Db): Promise<number[]> {
  await db.exec('analyze');
  const drafts = await db.query<{ id: string }>('select id from proposal order by id');
  const times: number[] = [];
  for (const { id } of [...drafts.slice(0, 20), ...drafts, ...drafts]) {
    const begun = performance.now();
    const audit = await auditOf(db, id, (await findAudited(db, id))!, (actor) => actor);
    times.push(performance.now() - begun);
    const told = (audit?.bundle.entries.length ?? 0) + (audit?.bundle.reads.length ?? 0);
    if (told < ENTRIES / 2) throw new Error(`an audit told ${told} things`);
  }
  return times.slice(20);
}

/** Drafts over the year, each with its sentences and its entries among everybody's. */
async function addDrafts(db: Db): Promise<void> {
  const sentence = {
    section: 'Results',
    text: 'Potassium was 5.6 mmol/L on 20 Nov 2026.',
    selected: true,
    author: { kind: 'writer', id: 'w' },
  };
  const one = JSON.stringify({ ...sentence, claims: [], verdict: { outcome: 'proven', reasons: [] }, evidence: [] });
  await db.query(
    `insert into run (id, pack, person, as_of, closure, created_at)
     select md5('run' || n), 'documentation', md5('person' || n)::uuid, at, '{}', at from (select n, ${atSql('n')} as at from generate_series(1, ${DRAFTS}) n) r`,
  );
  await db.query(
    `insert into proposal (id, run, pack, person, trigger_key, title, why, state, role, content, drafted, content_hash, offered_at)
     select md5('draft' || n)::uuid, md5('run' || n), 'documentation', md5('person' || n)::uuid, 'x' || n, 'Summary', 'Visit', 'signed', 'clinician',
            json_build_object('title', 'Summary', 'asOf', '${NOW}', 'sections', '[]'::json, 'omitted', '[]'::json, 'sentences',
              (select json_agg(($1::jsonb || jsonb_build_object('id', md5(n || '/' || s)::uuid))::json) from generate_series(1, ${SENTENCES}) s)),
            '{}', 'h', ${atSql('n')} from generate_series(1, ${DRAFTS}) n`,
    [one],
  );
  await db.query(
    `insert into sentence (id, proposal) select md5(n || '/' || s)::uuid, md5('draft' || n)::uuid
       from generate_series(1, ${DRAFTS}) n, generate_series(1, ${SENTENCES}) s`,
  );
  await entries(
    db,
    `select 1000000000::bigint + n * 1000 + e as id, ${atSql('n')} + make_interval(mins => e) as at,
            case when e % 4 = 0 then 'access.read' else 'source.opened' end as kind,
            case when e % 2 = 0 then md5('draft' || n)::uuid::text else md5(n || '/' || (e % ${SENTENCES} + 1))::uuid::text end as subject,
            md5('person' || n)::uuid as person
       from generate_series(1, ${DRAFTS}) n, generate_series(1, ${ENTRIES}) e`,
  );
}

async function fill(db: Db, from: number, to: number): Promise<void> {
  const batch = 50_000;
  for (let start = from; start < to; start += batch) {
    const end = Math.min(start + batch, to);
    await entries(
      db,
      `select n::bigint as id, ${atSql('n')} as at, 'access.read' as kind, md5('other' || n)::uuid::text as subject, null::uuid as person
         from generate_series(${start + 1}, ${end}) n`,
    );
  }
}

async function entries(db: Db, rows: string): Promise<void> {
  await db.query(
    `with entry as materialized (${rows}), head as (
       insert into journal (id, at, kind, actor, subject, commitment) overriding system value
       select id, at, kind, 'p-0123456789abcdef', subject, decode(md5(id::text), 'hex') from entry
     ), payload as (
       insert into journal_payload (journal_id, at, person, salt, body)
       select id, at, person, decode(md5(id::text), 'hex'), '{"door":"GET /api/proposals/:id","purpose":"treatment","role":"clinician"}' from entry
     )
     insert into leaf (index, journal_id, header, hash) select id, id, '', decode(md5(id::text), 'hex') from entry`,
  );
}

/** Some day of the year before now. */
function atSql(number: string): string {
  return `('${NOW}'::timestamptz - make_interval(days => ((${number})::bigint * 7919 % 330)::int + 1))`;
}
