import { canonicalJson } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { type Chart, copyFact, type Fact } from '../../core/fact.ts';
import type { Pack } from '../../core/pack.ts';
import type { Queryable } from '../../platform/database.ts';
import { fromBase64, sha256Hex, toBase64 } from '../../platform/digest.ts';
import { readVersions } from '../../record/chart.ts';
import { type BytesOf, freezeEvidence, storedBytes } from '../../record/lineage.ts';
import { inputsOf, type Run, type RunInputs, type RunOutput, runPack } from '../run.ts';

/** Everything a run was made of: enough to make it again on an empty machine. Holds patient data; treat the file as a chart. */
export type RunFile = {
  format: 'countersign-run@1';
  id: string;
  inputs: RunInputs;
  output: RunOutput;
  facts: Fact[];
  superseded: Fact[];
  /** The ranges of receipts that evidence is located in, and how long each receipt is. */
  bytes: { receipt: string; parts: { start: number; end: number; base64: string }[] }[];
};

/** What replaying gave: the same bytes, or where they first differ. */
export type Replayed = { id: string; same: boolean; outputSha256: string; expectedSha256: string; run: Run };

/** The closure of a stored run: its inputs by exact version and the bytes they came from. */
export async function exportRun(db: Queryable, id: string): Promise<RunFile> {
  const [row] = await db.query<{ closure: string }>('select closure from run where id = $1', [id]);
  if (!row) throw new AppError('not_found', 'no run has this id');
  const { inputs, output } = JSON.parse(row.closure) as { inputs: RunInputs; output: RunOutput };
  const facts = (await readVersions(db, keysOf(inputs.facts))).map((fact) => copyFact(fact, { recordedAt: '', supersededAt: null }));
  const superseded = (await readVersions(db, keysOf(inputs.superseded))).map((fact) =>
    copyFact(fact, { recordedAt: '', supersededAt: '' }),
  );
  return {
    format: 'countersign-run@1',
    id,
    inputs,
    output,
    facts,
    superseded,
    bytes: await bytesOf(db, [...facts, ...superseded], output),
  };
}

/** Makes a run again from its closure. Refuses when pack, policy, verifier, templates or writer of this installation are other versions. */
export async function replayRun(file: RunFile, packs: readonly Pack[]): Promise<Replayed> {
  if (file.format !== 'countersign-run@1') throw new AppError('format_unsupported', 'this is not an exported run');
  const pack = packs.find((one) => `${one.id}@${one.version}` === file.inputs.pack);
  if (!pack) throw new AppError('not_found', `this run needs pack ${file.inputs.pack}, which is not installed`);
  const chart: Chart = { person: '', asOf: file.inputs.asOf, facts: file.facts, superseded: file.superseded };
  const trigger = file.facts.find((fact) => fact.id === file.inputs.trigger);
  requireVersions(inputsOf(pack, chart, trigger), file.inputs);

  const run = await runPack(pack, chart, trigger, (supports, facts) => freezeEvidence(supports, facts, exportedBytes(file)));
  const outputSha256 = sha256Hex(canonicalJson(run.output));
  const expectedSha256 = sha256Hex(canonicalJson(file.output));
  return { id: run.id, same: run.id === file.id && outputSha256 === expectedSha256, outputSha256, expectedSha256, run };
}

/** A run file from its text; refuses what is none. */
export function parseRunFile(text: string): RunFile {
  try {
    const file = JSON.parse(text) as RunFile;
    if (file.format === 'countersign-run@1' && Array.isArray(file.facts)) return file;
  } catch {
    // Falls through: not JSON is not a run file either.
  }
  throw new AppError('format_unsupported', 'this is not an exported run');
}

function requireVersions(here: RunInputs, there: RunInputs): void {
  for (const name of ['policy', 'verifier', 'templates', 'writer'] as const) {
    if (here[name] !== there[name])
      throw new AppError('not_found', `this run needs ${name} ${there[name]}; this installation has ${here[name]}`);
  }
}

async function bytesOf(db: Queryable, facts: readonly Fact[], output: RunOutput): Promise<RunFile['bytes']> {
  const cited = new Set(
    output.sentences.flatMap((sentence) => sentence.evidence.flatMap((one) => (one.kind === 'span' ? [`${one.fact}/${one.version}`] : []))),
  );
  const origins = facts.filter((fact) => cited.has(`${fact.id}/${fact.version}`)).flatMap((fact) => fact.origins);
  const stored = await storedBytes(db)([...new Set(origins.map((origin) => origin.receipt))]);
  return [...Map.groupBy(origins, (origin) => origin.receipt)].flatMap(([receipt, list]) => {
    const bytes = stored.get(receipt);
    if (!bytes) return [];
    const ranges = new Map(list.map((origin) => [origin.envelope.join('-'), origin.envelope]));
    return [{ receipt, parts: [...ranges.values()].map(([start, end]) => ({ start, end, base64: toBase64(bytes.subarray(start, end)) })) }];
  });
}

/** Receipts as far as the file holds them, each range where it stood. */
function exportedBytes(file: RunFile): BytesOf {
  return async (receipts) => {
    const wanted = new Set(receipts);
    return new Map(
      file.bytes
        .filter((one) => wanted.has(one.receipt))
        .map(({ receipt, parts }) => {
          const bytes = new Uint8Array(Math.max(0, ...parts.map((part) => part.end)));
          for (const part of parts) bytes.set(fromBase64(part.base64), part.start);
          return [receipt, bytes] as const;
        }),
    );
  };
}

function keysOf(facts: RunInputs['facts']): { id: string; version: number }[] {
  return facts.map(([id, version]) => ({ id, version }));
}
