import type { Db } from '../src/platform/database.ts';
import { importTotals } from '../src/record/receipts.ts';
import { type Bench, type BenchOptions, type BenchRow, notMeasured, rounded } from './bench.ts';
import { onEachDatabase, takeIn } from './population/hospital.ts';

const NAME = 'ingest-fhir';
/** Resources a second the design asks for, by store. */
const BUDGET = { postgres: 5000, pglite: 1500 };

/**
 * Whole charts as transaction Bundles: receipt stored, validated with bindings, recorded atomically and journalled. The floor is one insert
 * a Bundle of the same resources' text into an unindexed table, without reading them.
 */
export const bench: Bench = { name: NAME, run };

async function* run(options: BenchOptions): AsyncIterable<BenchRow> {
  for await (const { db, bundles } of onEachDatabase(options.size ?? (options.full ? 1000 : 60), options.database)) {
    if (!db) yield notMeasured(NAME, 'resources_per_s', 'resources/s');
    else yield await measure(db, bundles).finally(() => db.close());
  }
}

async function measure(db: Db, bundles: readonly Buffer[]): Promise<BenchRow> {
  const started = performance.now();
  const before = process.cpuUsage();
  const receipts = await takeIn(db, bundles);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  const { stored, rejected } = await importTotals(db, receipts);
  const floorSeconds = await rawInsert(db, bundles);
  return {
    name: NAME,
    metric: 'resources_per_s',
    value: rounded(stored / seconds),
    unit: 'resources/s',
    floor: rounded(stored / floorSeconds),
    ratio: rounded(floorSeconds / seconds),
    n: stored,
    size: Math.round(stored / bundles.length),
    database: db.kind === 'pglite' ? 'PGlite' : 'PostgreSQL',
    budget: BUDGET[db.kind],
    rejected,
    // Of this process, and of the store where it is embedded.
    cpuMicrosecondsAResource: Math.round((user + system) / stored),
  };
}

async function rawInsert(db: Db, bundles: readonly Buffer[]): Promise<number> {
  await db.exec('create table bench_raw (content json)');
  const started = performance.now();
  for (const bundle of bundles) {
    const { entry } = JSON.parse(bundle.toString('utf8')) as { entry: { resource: unknown }[] };
    await db.query('insert into bench_raw select c::json from unnest($1::text[]) as c', [entry.map((one) => JSON.stringify(one.resource))]);
  }
  return (performance.now() - started) / 1000;
}
