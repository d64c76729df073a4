import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize } from '../hospital/synthesize.ts';
import { chartOfBundle } from '../src/ai/faults/chart-of-bundle.ts';
import { AS_OF, type Case, seedFaults, trueSentences } from '../src/ai/faults/generate.ts';
import { plant } from '../src/ai/faults/plant.ts';
import { randomFrom } from '../src/ai/faults/random.ts';
import { type RawChart, rawChart } from '../src/ai/faults/raw.ts';
import { type FaultReport, reportFaults } from '../src/ai/faults/report.ts';
import { truthOf } from '../src/ai/faults/truth.ts';
import { indexChart } from '../src/ai/verify/chart-index.ts';
import { verifySentence, verifyText } from '../src/ai/verify/verify.ts';
import { clopperPearson } from '../src/core/statistics.ts';
import type { Bench, BenchRow } from './bench.ts';

const BUDGET_CLAIMS_PER_S = 20_000;
const SEED = 'bench-1';

/** Claims judged a second with their sentences, and the outcome of seeded faults and of as many true sentences. */
export const bench: Bench = {
  name: 'verifier',
  async *run(options) {
    const size = options.size ?? (options.full ? 50_000 : 10_000);
    const raws = charts(options.full ? 60 : 14);
    const truths = raws.map(truthOf);
    const knownTerms = [...new Set(truths.flatMap((truth) => truth.truths.flatMap((one) => one.names)))];
    const indexes = raws.map((raw) => indexChart(chartOfBundle(bundle(raw.resources), AS_OF, bundle(raw.replaced)), { knownTerms }));
    const faults = seedFaults(truths, size, SEED);
    const trues = trueSentences(truths, size, SEED);
    // A note is released where its last line is, which is the one that its heading governs.
    const judge = (one: Case) =>
      one.kind === 'heading-context'
        ? verifyText(one.text, indexes[one.chart]!).at(-1)!.verdict.outcome
        : verifySentence(
            { text: one.text, ...(one.claims ? { claims: one.claims } : {}), ...(one.cites ? { cites: one.cites } : {}) },
            indexes[one.chart]!,
          ).outcome;
    const typed = trues.filter((one) => one.claims !== undefined);
    const typedRate = rate(typed, judge);
    yield {
      name: 'verifier',
      metric: 'claims_per_s',
      value: typedRate,
      unit: 'claims/s',
      budget: BUDGET_CLAIMS_PER_S,
      ratio: typedRate / BUDGET_CLAIMS_PER_S,
      n: typed.length,
      size,
      database: 'none',
      lane: 'typed',
    };
    const free = trues.filter((one) => one.claims === undefined);
    yield {
      name: 'verifier',
      metric: 'free_sentences_per_s',
      value: rate(free, judge),
      unit: 'sentences/s',
      n: free.length,
      size,
      database: 'none',
      lane: 'free',
    };
    yield faultRow(reportFaults(faults, trues, judge), raws, size);
  },
};

function faultRow(report: FaultReport, raws: RawChart[], size: number): BenchRow {
  const strangers = report.faultsBySource.find((one) => one.group === 'synthea')?.cases ?? 0;
  return {
    name: 'verifier',
    metric: 'faults',
    value: report.unsafeReleased,
    unit: 'faults released as proven',
    n: report.faults,
    size,
    database: 'none',
    faults: report.faults,
    unsafeReleased: report.unsafeReleased,
    leftUnproven: report.leftUnproven,
    trueSentences: report.trueSentences,
    trueProven: report.trueProven,
    unsafeUpper95: clopperPearson(report.unsafeReleased, report.faults, 0.9).upper,
    leftUnprovenShare: report.leftUnproven / report.faults,
    trueProvenShare: report.trueProven / report.trueSentences,
    onChartsOfOthers: strangers / report.faults,
    charts: {
      synthea: raws.filter((raw) => raw.source === 'synthea').length,
      hospital: raws.filter((raw) => raw.source === 'hospital').length,
    },
    byKind: report.faultsByKind,
    bySource: report.faultsBySource,
    byChannel: report.faultsByChannel,
    trueByShape: report.truesByShape,
    trueByKind: report.truesByKind,
  };
}

/** Charts of the synthetic hospital, and Synthea's where they are on this machine, each with what faults need planted into it. */
function charts(hospital: number): RawChart[] {
  const folder = join(process.env['COUNTERSIGN_SAMPLES'] ?? join(import.meta.dirname, '..', '..', 'shared', 'data'), 'synthea', 'small-10');
  const synthea = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith('.json'))
        .sort()
    : [];
  const strange = synthea.map((file) => rawChart(readFileSync(join(folder, file), 'utf8'), 'synthea'));
  const out = mkdtempSync(join(tmpdir(), 'countersign-verifier-'));
  try {
    synthesize({ patients: hospital, seed: 23, anchor: AS_OF.slice(0, 10), out });
    const north = join(out, 'fhir', 'north-ehr');
    const own = readdirSync(north)
      .sort()
      .map((file) => rawChart(readFileSync(join(north, file), 'utf8'), 'hospital'));
    return [...strange, ...own].map((raw, i) => plant(raw, randomFrom(`${SEED}/${i}`)));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function bundle(resources: unknown[]): string {
  return JSON.stringify({ resourceType: 'Bundle', entry: resources.map((resource) => ({ resource })) });
}

/** Judgements a second over at least two seconds, after one warm pass. */
function rate(cases: Case[], judge: (one: Case) => unknown): number {
  for (const one of cases) judge(one);
  const start = performance.now();
  let done = 0;
  while (performance.now() - start < 2000) {
    for (const one of cases) judge(one);
    done += cases.length;
  }
  return Math.round((done * 1000) / (performance.now() - start));
}
