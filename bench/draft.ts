import { retrieve } from '../src/ai/retrieve/retrieve.ts';
import { runPack } from '../src/ai/run.ts';
import { packs } from '../src/packs/index.ts';
import type { Db } from '../src/platform/database.ts';
import { readChart } from '../src/record/chart.ts';
import { freezeEvidence, storedBytes } from '../src/record/lineage.ts';
import { type Bench, type BenchOptions, type BenchRow, notMeasured, percentile, rounded, storeOf } from './bench.ts';
import { NOW, onEachDatabase, takeIn } from './population/hospital.ts';

const NAME = 'draft';
const BUDGET_MS = 20;

/** One pre-visit summary: chart read, drafted, every sentence verified, evidence frozen to the byte. The floor is the chart read alone. */
export const bench: Bench = { name: NAME, run };

async function* run(options: BenchOptions): AsyncIterable<BenchRow> {
  for await (const { db, bundles } of onEachDatabase(options.size ?? (options.full ? 1000 : 60), options.database)) {
    if (!db) yield notMeasured(NAME, 'p99_ms', 'ms');
    else yield await measure(db, bundles).finally(() => db.close());
  }
}

async function measure(db: Db, bundles: readonly Buffer[]): Promise<BenchRow> {
  await takeIn(db, bundles);
  const persons = await patients(db);
  const drafts: number[] = [];
  const reads: number[] = [];
  let sentences = 0;
  // The first round warms caches and the compiler; it is not counted.
  for (const round of [0, 1, 2]) {
    for (const person of persons) {
      const one = await draft(db, person);
      if (round === 0) continue;
      drafts.push(one.total);
      reads.push(one.read);
      sentences += one.sentences;
    }
  }
  const value = percentile(drafts, 0.99);
  const floor = percentile(reads, 0.99);
  return {
    name: NAME,
    metric: 'p99_ms',
    value: rounded(value),
    unit: 'ms',
    floor: rounded(floor),
    ratio: rounded(value / floor),
    n: drafts.length,
    size: Math.round(sentences / drafts.length),
    database: await storeOf(db),
    p50_ms: rounded(percentile(drafts, 0.5)),
    budget: BUDGET_MS,
  };
}

async function draft(db: Db, person: string): Promise<{ total: number; read: number; sentences: number }> {
  const [pack] = packs;
  const permit = { actor: 'bench', purpose: 'treatment' as const, person, labels: [], expiresAt: '2099-01-01T00:00:00Z' };
  const started = performance.now();
  const chart = await readChart(db, permit, person, NOW);
  const read = performance.now() - started;
  const run = await runPack(pack!, retrieve(chart, pack!).chart, undefined, (supports, facts) =>
    freezeEvidence(supports, facts, storedBytes(db)),
  );
  return { total: performance.now() - started, read, sentences: run.output.sentences.length };
}

async function patients(db: Db): Promise<string[]> {
  const rows = await db.query<{ person: string }>(
    `select distinct l.person from person_link l join source_person p on p.id = l.source_person where p.authority not like '%:shared' order by 1`,
  );
  return rows.map((row) => row.person);
}
