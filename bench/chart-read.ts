import { performance } from 'node:perf_hooks';
import type { Permit } from '../src/core/ports.ts';
import type { Db } from '../src/platform/database.ts';
import { readChart, readContents } from '../src/record/chart.ts';
import { type Bench, type BenchOptions, type BenchRow, notMeasured, percentile, rounded, scratchDatabases } from './bench.ts';
import { addFullCharts, growPopulation } from './population/fill.ts';

const NAME = 'chart-read';
const SMALL = 1_000;
const FULL_CHARTS = 40;
const CHART_FACTS = 1_000;
const FACTS_EACH = 8;
const READS = 200;
const NOW = '2026-11-22T08:00:00.000Z';

/**
 * The chart of one patient with 1,000 facts as of now, atoms alone and with all content, and how its median grows from 1,000 patients to `--size`
 * (8,000; `--full` 100,000). The floor is the same rows as text without being read.
 */
export const bench: Bench = { name: NAME, run };

async function* run(options: BenchOptions): AsyncIterable<BenchRow> {
  const size = Math.max(options.size ?? (options.full ? 100_000 : 8_000), SMALL);
  for await (const db of scratchDatabases(options)) {
    if (db) yield* onDatabase(db, size);
    else yield notMeasured(NAME, 'p99_ms', 'ms');
  }
}

async function* onDatabase(db: Db, size: number): AsyncIterable<BenchRow> {
  try {
    await growPopulation(db, { people: SMALL, factsEach: FACTS_EACH });
    const charts = await fullCharts(db);
    const small = await measure(charts, (person) => readAtoms(db, person));
    await growPopulation(db, { people: size, factsEach: FACTS_EACH }, SMALL);
    const floor = await measure(charts, (person) => db.query('select atoms::text from fact where source_person = $1', [person]));
    const atoms = await measure(charts, (person) => readAtoms(db, person));
    const content = await measure(charts, (person) => readAll(db, person));
    const row = { name: NAME, unit: 'ms', floor: rounded(floor.p50), n: READS, size, database: db.kind, facts: CHART_FACTS };
    const note = `others have thin charts: ${FACTS_EACH} facts a patient`;
    yield {
      ...row,
      metric: 'p99_ms',
      value: rounded(atoms.p99),
      ratio: rounded(atoms.p50 / floor.p50),
      what: 'atoms',
      budget: 10,
      p50_ms: rounded(atoms.p50),
      growth: rounded(atoms.p50 / small.p50),
      note,
    };
    yield {
      ...row,
      metric: 'p99_ms',
      value: rounded(content.p99),
      ratio: rounded(content.p50 / floor.p50),
      what: 'with full content',
      budget: 40,
      p50_ms: rounded(content.p50),
      note,
    };
  } finally {
    await db.close();
  }
}

async function fullCharts(db: Db): Promise<string[]> {
  const numbers = await addFullCharts(db, FULL_CHARTS, CHART_FACTS);
  const rows = await db.query<{ id: string }>(`select md5('person ' || n)::uuid as id from unnest($1::int[]) n`, [numbers]);
  return rows.map((row) => row.id);
}

async function readAtoms(db: Db, person: string): Promise<number> {
  const chart = await readChart(db, permitFor(person), person, NOW);
  if (chart.facts.length !== CHART_FACTS) throw new Error('the chart is not whole');
  return chart.facts.length;
}

async function readAll(db: Db, person: string): Promise<number> {
  const chart = await readChart(db, permitFor(person), person, NOW);
  const contents = await readContents(db, chart.facts);
  if (contents.size !== CHART_FACTS) throw new Error('the chart is not whole');
  return contents.size;
}

function permitFor(person: string): Permit {
  return { actor: 'bench', purpose: 'treatment', person, labels: [], expiresAt: '2027-01-01T00:00:00.000Z' };
}

async function measure(charts: readonly string[], read: (person: string) => Promise<unknown>): Promise<{ p50: number; p99: number }> {
  for (const person of charts) await read(person);
  const times: number[] = [];
  for (let i = 0; i < READS; i++) {
    const started = performance.now();
    await read(charts[i % charts.length]!);
    times.push(performance.now() - started);
  }
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}
