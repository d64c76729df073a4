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
  /** What each piece was when it was exported; the run id covers the inputs, this covers what they name. */
  seal: Seal;
};

/** SHA-256 of the canonical JSON of each piece, so that a file that was changed can say where. */
type Seal = { inputs: string; output: string; facts: string[]; superseded: string[]; bytes: string[] };

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
  return sealRun({
    format: 'countersign-run@1',
    id,
    inputs,
    output,
    facts,
    superseded,
    bytes: await bytesOf(db, [...facts, ...superseded], output),
  });
}

/** The file with its seal. */
export function sealRun(file: Omit<RunFile, 'seal'>): RunFile {
  return { ...file, seal: sealOf(file) };
}

/** Makes a run again from its closure. Refuses a file in which anything was changed, naming what; and when pack, policy, verifier, templates or writer of this installation are other versions. */
export async function replayRun(file: RunFile, packs: readonly Pack[]): Promise<Replayed> {
  requireWhole(file);
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
  let file: Partial<RunFile> | null = null;
  try {
    file = JSON.parse(text) as RunFile;
  } catch {
    // Falls through: not JSON is not a run file either.
  }
  const lists = [file?.facts, file?.superseded, file?.bytes, file?.inputs?.facts, file?.inputs?.superseded];
  const seals = [file?.seal?.facts, file?.seal?.superseded, file?.seal?.bytes];
  if (file?.format !== 'countersign-run@1' || !file.output || ![...lists, ...seals].every((list) => Array.isArray(list)))
    throw new AppError('format_unsupported', 'this is not an exported run');
  return file as RunFile;
}

/** Refuses a file of which a piece is not what was exported: a run made of other inputs would pass for this one. */
function requireWhole(file: RunFile): void {
  const { seal, inputs } = file;
  const now = sealAsRead(file);
  const changed: string[] = [];
  if (seal.inputs !== now.inputs) changed.push('inputs');
  if (seal.output !== now.output) changed.push('output');
  for (const list of ['facts', 'superseded', 'bytes'] as const) changed.push(...differing(list, seal[list], now[list]));
  if (now.inputs !== file.id)
    changed.push(`inputs (their hash is ${now.inputs.slice(0, 12)}…, the run is ${String(file.id).slice(0, 12)}…)`);
  for (const list of ['facts', 'superseded'] as const) {
    if (changed.some((piece) => piece.startsWith(list))) continue;
    const named = file[list].map(({ id, version, contentHash }) => canonicalJson([id, version, contentHash]));
    changed.push(...differing(`inputs.${list}`, inputs[list].map(canonicalJson), named));
  }
  if (changed.length === 0) return;
  throw new AppError(
    'resource_invalid',
    `this file is not the run that was exported; what differs: ${[...new Set(changed)].slice(0, 5).join(', ')}`,
  );
}

/** JSON text may hold what canonical JSON refuses, such as half a surrogate pair: no export of ours does. */
function sealAsRead(file: RunFile): Seal {
  try {
    return sealOf(file);
  } catch (cause) {
    throw new AppError('format_unsupported', 'this is not an exported run: it holds text that is no Unicode', { cause });
  }
}

function differing(name: string, there: readonly string[], here: readonly string[]): string[] {
  if (there.length !== here.length) return [`${name} (${here.length} of ${there.length})`];
  return here.flatMap((digest, index) => (digest === there[index] ? [] : [`${name}[${index}]`]));
}

/** The digest of the inputs is the run id itself (design 4c). */
function sealOf({ inputs, output, facts, superseded, bytes }: Omit<RunFile, 'seal'>): Seal {
  const digest = (piece: unknown): string => sha256Hex(canonicalJson(piece));
  return {
    inputs: digest(inputs),
    output: digest(output),
    facts: facts.map(digest),
    superseded: superseded.map(digest),
    bytes: bytes.map(digest),
  };
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
