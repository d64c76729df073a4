import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Db, Queryable } from '../platform/database.ts';
import { openScratchDatabase } from '../platform/scratch-database.ts';
import { forWaiting } from './receipts.ts';
import { about, MRN, reading, result, stored } from './record-fixture.ts';
import { recordReadings } from './record-readings.ts';

const NOW = '2026-11-20T15:00:00.000Z';
/** As many as are read at once on a server. */
const BATCH = 200;
const GROWN = ['fact', 'receipt', 'source_person', 'person_link', 'ident', 'quarantine', 'fact_code'];
let db: Db;
beforeAll(async () => {
  db = await openScratchDatabase();
  await fill(db, 12_000);
});
afterAll(() => db.close());

/* The embedded store gathers no statistics by itself, and a server only after a while: what must not happen then either. */
it('R30: no statement that records messages walks through a table that grows, statistics or not', async () => {
  const asked: Asked[] = [];
  await db.transaction(async (tx) => {
    for (let i = 0; i < 3 * BATCH; i++) await stored(tx, `message ${i}`, NOW);
  });
  await forWaiting(
    { ...db, transaction: (work) => db.transaction((tx) => work(noting(tx, asked))) },
    { receipts: BATCH, bytes: 1 << 20, readers: 1 },
    async (tx, waiting) => {
      const reads = waiting.map(({ receipt }, i) => ({ receipt, reading: reading([about(`${i}`, results(i), details(i))], { controlId: `C${i}` }) })); // biome-ignore format: short
      await recordReadings(tx, reads, NOW);
    },
    async () => undefined,
  );

  expect(asked.length).toBeGreaterThan(10);
  const walks = [];
  for (const { sql, params } of asked) {
    const [row] = await db.query<{ 'QUERY PLAN': string }>(`explain (format json) ${sql}`, params);
    const [plan] = JSON.parse(row!['QUERY PLAN']) as [{ Plan: Node }];
    for (const table of walked(plan.Plan)) walks.push({ table, sql: sql.replaceAll(/\s+/g, ' ').slice(0, 100) });
  }
  expect(walks).toEqual([]);
});

type Asked = { sql: string; params: readonly unknown[] };
type Node = { 'Node Type': string; 'Relation Name'?: string; 'Index Name'?: string; 'Index Cond'?: string; Plans?: Node[] };

/** Tables that this plan reads from one end to the other, in the heap or in an index; what waits is read in its order, as far as needed. */
function walked(node: Node): string[] {
  const own = node['Relation Name'];
  const scans = ['Seq Scan', 'Index Scan', 'Index Only Scan'].includes(node['Node Type']) && !node['Index Cond'];
  if (node['Node Type'] === 'Bitmap Index Scan' && node['Index Name'] === 'receipt_waiting') return ['receipt_waiting'];
  const here = own && scans && GROWN.includes(own) && node['Index Name'] !== 'receipt_waiting' ? [own] : [];
  return [...here, ...(node.Plans ?? []).flatMap(walked)];
}

function noting(tx: Queryable, asked: Asked[]): Queryable {
  return {
    query: (sql, params = []) => {
      asked.push({ sql, params });
      return tx.query(sql, params);
    },
  };
}

function results(i: number) {
  const panel = [1, 2, 3, 4].map((line) => result({ key: `plan ${i} ${line}` }));
  return [...panel, result({ key: 'plan moved', rank: 3, resultAt: new Date(Date.UTC(2026, 10, 20, 15, i)).toISOString() })]; // biome-ignore format: short
}

/** Some are known by number, some are new, some conflict. */
function details(i: number): { birthDate?: string; identifiers: { authority: string; value: string }[] } {
  return {
    identifiers: [{ authority: MRN, value: `${i % 30 === 0 ? 'new' : ''}${i * 7}` }],
    ...(i % 10 === 3 ? { birthDate: '1999-01-01' } : {}),
  };
}

/** A record of many people, without a word to the planner. */
async function fill(db: Db, n: number): Promise<void> {
  const rows = `generate_series(1, ${n}) as g`;
  const id = `md5('filled' || g)::uuid`;
  await db.exec(`
    insert into source_person (id, source, authority, value, birth_date, created_at)
      select ${id}, 'north-lab', '${MRN}', g::text, '1950-01-01', '${NOW}' from ${rows};
    insert into ident (authority, value, source_person) select authority, value, id from source_person;
    insert into person_link (source_person, person, valid_from, recorded_at, reason)
      select id, id, '0001-01-01T00:00:00Z', '${NOW}', 'first-seen' from source_person;
    insert into receipt (id, source, door, content_type, sha256, size, received_at, state, control_id, flags)
      select ${id}, 'north-lab', 'mllp', 'application/hl7-v2+er7', decode(md5(g::text), 'hex'), 10, '${NOW}', 'normalised', 'F' || g, array[repeat('x', 600)] from ${rows};
    insert into fact (source_person, id, version, type, receipt, span_start, span_end, recorded_at, grade, content_hash, origins, atoms, content)
      select ${id}, md5('fact' || g)::uuid, 1, 'Observation', ${id}, 0, 1, '${NOW}', 'A', 'x', '[]', '[]', json_build_object('t', repeat('x', 800))
        from ${rows};
    insert into fact_code (source_person, code, valid_at, id) select source_person, 1, recorded_at, id from fact;
    insert into quarantine (id, receipt, source, item, reason, detail, at, state)
      select id, id, 'north-lab', '', 'x', '{}', '${NOW}', 'open' from receipt;
  `);
}
