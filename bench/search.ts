import { performance } from 'node:perf_hooks';
import type { Permit } from '../src/core/ports.ts';
import type { Db } from '../src/platform/database.ts';
import { searchFacts } from '../src/record/search.ts';
import { type Bench, type BenchOptions, type BenchRow, notMeasured, percentile, rounded, scratchDatabases, storeOf } from './bench.ts';
import { growPopulation, searchedCode } from './population/fill.ts';

const NAME = 'search';
const SMALL = 1_000;
/** Charts are thin: enough results of each test for a page, not a life. */
const FACTS_EACH = 24;
const NOW = '2026-11-22T08:00:00.000Z';
const permit: Permit = { actor: 'bench', purpose: 'treatment', person: 'any', labels: [], expiresAt: '2027-01-01T00:00:00.000Z' };

/**
 * Search by patient, code and date: how the median grows from 1,000 patients to `--size` (8,000; `--full` 64,000). The floor is a read of one
 * fact by its key in the same database.
 */
export const bench: Bench = { name: NAME, run };

async function* run(options: BenchOptions): AsyncIterable<BenchRow> {
  const size = Math.max(options.size ?? (options.full ? 64_000 : 8_000), SMALL);
  for await (const db of scratchDatabases(options)) {
    if (db) yield* onDatabase(db, size);
    else yield notMeasured(NAME, 'growth', 'x');
  }
}

async function* onDatabase(db: Db, size: number): AsyncIterable<BenchRow> {
  try {
    await growPopulation(db, { people: SMALL, factsEach: FACTS_EACH });
    const small = await measure(db, SMALL);
    await growPopulation(db, { people: size, factsEach: FACTS_EACH }, SMALL);
    const large = await measure(db, size);
    yield {
      name: NAME,
      metric: 'growth',
      value: rounded(large.p50 / small.p50),
      unit: 'x',
      floor: rounded(large.floor),
      ratio: rounded(large.p50 / large.floor),
      n: large.n,
      size,
      database: await storeOf(db),
      budget: 2,
      p50_ms_small: rounded(small.p50),
      p50_ms: rounded(large.p50),
      p99_ms: rounded(large.p99),
      floor_unit: 'ms, one fact by key',
      facts: size * FACTS_EACH,
      errors: large.errors,
      note: `thin charts: ${FACTS_EACH} facts a patient, from ${SMALL} patients`,
    };
  } finally {
    await db.close();
  }
}

async function measure(db: Db, people: number): Promise<{ p50: number; p99: number; floor: number; n: number; errors: number }> {
  const ids = await somePeople(db, people);
  for (const person of ids.slice(0, 100)) await find(db, person);
  const times: number[] = [];
  const floors: number[] = [];
  let errors = 0;
  for (const person of ids) {
    const started = performance.now();
    if ((await find(db, person)) === 0) errors++;
    times.push(performance.now() - started);
    const floorStarted = performance.now();
    await db.query('select content from fact where source_person = $1 limit 1', [person]);
    floors.push(performance.now() - floorStarted);
  }
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), floor: percentile(floors, 0.5), n: times.length, errors };
}

async function find(db: Db, person: string): Promise<number> {
  const dates = [{ prefix: 'ge' as const, from: '2020-01-10T00:00:00.000Z', to: '2020-01-11T00:00:00.000Z' }];
  const found = await searchFacts(db, permit, { type: 'Observation', persons: [person], codes: [searchedCode], dates, count: 20 }, NOW);
  return found.rows.length;
}

/** Spread over the whole population, so that no query finds the last one's pages. */
async function somePeople(db: Db, people: number): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `select md5('person ' || (n * $1::int / 1000))::uuid as id from generate_series(0, 999) n order by md5(n::text)`,
    [people],
  );
  return rows.map((row) => row.id);
}
