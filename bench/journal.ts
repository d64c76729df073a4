import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pipeline } from 'node:stream/promises';
import { appendLeaf, emptyFrontier, frontierRoot, nodeHash } from '../src/core/merkle.ts';
import { type CheckpointSigner, openCheckpointSigner } from '../src/platform/checkpoint-signer.ts';
import type { Db } from '../src/platform/database.ts';
import { sha256, toHex } from '../src/platform/digest.ts';
import { append, entryHash, headerOf, type JournalRow } from '../src/platform/journal.ts';
import { checkpointLine, EXPORT_FORMAT } from '../src/platform/journal-export.ts';
import { JournalProver } from '../src/platform/journal-prover.ts';
import { openSequencer } from '../src/platform/journal-sequencer.ts';
import { edgeRoot, emptyEdge, extendEdge, writeTiles } from '../src/platform/journal-tiles.ts';
import { verifyJournalFile } from '../src/platform/journal-verify.ts';
import { openJournalWriter } from '../src/platform/journal-writer.ts';
import { type Bench, type BenchOptions, type BenchRow, notMeasured, percentile, rounded, scratchDatabases, storeOf } from './bench.ts';

const NAME = 'journal';
const AT = '2026-11-22T08:00:00.000Z';
const FULL = 10_000_000;

/**
 * Appending in commits of twenty, each of its own, and one by one (floor: the bare insert of the same text into one table with one key, in the same
 * run), sequencing a backlog, an inclusion proof at a random place, and the offline verifier (floor: its hashes alone).
 */
export const bench: Bench = { name: NAME, run };

async function* run(options: BenchOptions): AsyncIterable<BenchRow> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-journal-'));
  try {
    const signer = await openCheckpointSigner(folder);
    if (options.metric !== 'verify_10m_s') yield* onDatabases(signer, options);
    if (options.metric === undefined || options.metric === 'verify_10m_s')
      yield await verification(folder, signer, options.size ?? (options.full ? FULL : FULL / 100));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function* onDatabases(signer: CheckpointSigner, options: BenchOptions): AsyncIterable<BenchRow> {
  for await (const db of scratchDatabases(options)) {
    if (db === undefined) {
      for (const metric of ['append_per_s', 'append_single_per_s', 'sequence_per_s']) yield notMeasured(NAME, metric, 'entries/s');
      yield notMeasured(NAME, 'proof_ms', 'ms');
      continue;
    }
    try {
      yield* onDatabase(db, signer, options);
    } finally {
      await db.close();
    }
  }
}

async function* onDatabase(db: Db, signer: CheckpointSigner, options: BenchOptions): AsyncIterable<BenchRow> {
  const database = await storeOf(db);
  const entries = options.full ? 200_000 : 30_000;
  yield { ...(await appending(db, 'append_per_s', entries, 20)), budget: 20_000, database };
  yield { ...(await singly(db, entries / 3)), budget: 3_000, database };
  yield { ...(await sequencing(db, signer)), database };
  const size = options.size ?? (options.full && db.kind === 'postgres' ? FULL : FULL / 100);
  yield { ...(await proving(db, size)), budget: 1, database };
}

async function appending(db: Db, metric: string, n: number, commit: number): Promise<BenchRow> {
  await db.exec('create table if not exists bare (id bigint generated always as identity primary key, at timestamptz, line text)');
  const rows = Array.from({ length: commit }, (_, i) => rowOf(i));
  const lines = rows.map((row) => JSON.stringify(row));
  const ours = () => append(db, rows);
  const bare = () =>
    db.query('insert into bare (at, line) select * from unnest($1::timestamptz[], $2::text[])', [rows.map(({ at }) => at), lines]);
  await atOnce(50, ours);
  await atOnce(50, bare);
  const commits = Math.ceil(n / commit);
  const value = (commits * commit) / (await atOnce(commits, ours));
  const floor = (commits * commit) / (await atOnce(commits, bare));
  return {
    name: NAME,
    metric,
    value: rounded(value),
    unit: 'entries/s',
    floor: rounded(floor),
    ratio: rounded(value / floor),
    n: commits * commit,
    commit,
  };
}

/** Rows of callers who each wait for their own: 64 at a time, as reads and cards come. The floor commits each bare row by itself. */
async function singly(db: Db, n: number): Promise<BenchRow> {
  const writer = openJournalWriter(db);
  const row = rowOf(0);
  const bare = () => db.query('insert into bare (at, line) values ($1, $2)', [row.at, JSON.stringify(row)]);
  await atOnce(200, () => writer.write(row), 64);
  const value = n / (await atOnce(n, () => writer.write(row), 64));
  const floor = n / 5 / (await atOnce(n / 5, bare, 4));
  return {
    name: NAME,
    metric: 'append_single_per_s',
    value: rounded(value),
    unit: 'entries/s',
    floor: rounded(floor),
    ratio: rounded(value / floor),
    n,
    callers: 64,
  };
}

async function sequencing(db: Db, signer: CheckpointSigner): Promise<BenchRow> {
  const sequencer = await openSequencer(db, { signer, now: () => AT });
  const [waiting] = await db.query<{ n: bigint }>('select count(*) as n from journal_pending');
  const n = Number(waiting!.n);
  const seconds = await timed(() => sequencer.sequenceNow());
  return { name: NAME, metric: 'sequence_per_s', value: rounded(n / seconds), unit: 'entries/s', n };
}

/** Proofs at random places of a log whose leaves are random bytes; a tile is read from the database unless it was used lately. */
async function proving(db: Db, size: number): Promise<BenchRow> {
  await fillLeaves(db, size);
  const prover = new JournalProver(db);
  const n = 500;
  const samples: number[] = [];
  for (let i = 0; i < n + 20; i++) {
    const index = Math.floor(Math.random() * size);
    const seconds = await timed(() => prover.inclusion(index, size));
    if (i >= 20) samples.push(seconds * 1000);
  }
  const floor: number[] = [];
  for (let i = 0; i < n; i++) floor.push((await timed(() => db.query('select 1'))) * 1000);
  return {
    name: NAME,
    metric: 'proof_ms',
    value: rounded(percentile(samples, 0.5)),
    unit: 'ms',
    floor: rounded(percentile(floor, 0.5)),
    ratio: rounded(percentile(samples, 0.5) / percentile(floor, 0.5)),
    n,
    size,
    p99: rounded(percentile(samples, 0.99)),
  };
}

async function verification(folder: string, signer: CheckpointSigner, n: number): Promise<BenchRow> {
  const path = join(folder, 'journal.ndjson');
  await pipeline(exported(signer, n), createWriteStream(path));
  const start = performance.now();
  const before = process.cpuUsage();
  const report = await verifyJournalFile(createReadStream(path, { highWaterMark: 1 << 20 }), { keys: signer.verifierKeys });
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  if (!report.ok || report.entries !== n) throw new Error(`the verifier refused a sound log: ${JSON.stringify(report.problems[0])}`);
  const floor = hashing(Math.min(n, 200_000)) * (n / Math.min(n, 200_000));
  return {
    name: NAME,
    metric: 'verify_10m_s',
    value: rounded(seconds),
    unit: 's',
    processor_s: rounded((user + system) / 1e6),
    floor: rounded(floor),
    ratio: rounded(seconds / floor),
    n,
    size: FULL,
    budget: rounded((60 * n) / FULL),
    ...(n === FULL ? {} : { note: `seconds for ${n} entries, not scaled; --full verifies all ten million` }),
  };
}

/** An exported log of `n` made-up entries with a checkpoint every 20,000. */
async function* exported(signer: CheckpointSigner, n: number): AsyncGenerator<string> {
  // The header line names the last checkpoint, so the tree is grown once for it and once for the lines.
  const notes = new Map<number, string>();
  const frontier = emptyFrontier();
  for (let i = 0; i < n; i++) {
    appendLeaf(sha256, frontier, entryHash(headerAt(i), commitmentAt(i)));
    if ((i + 1) % 20_000 === 0 || i + 1 === n) notes.set(i + 1, signer.sign(i + 1, frontierRoot(sha256, frontier)));
  }
  const head = {
    format: EXPORT_FORMAT,
    origin: signer.origin,
    keys: signer.verifierKeys,
    payloads: false,
    checkpoints: notes.size,
    checkpoint: notes.get(n),
  };
  let text = `${JSON.stringify(head)}\n`;
  for (let i = 0; i < n; i++) {
    const [header, commitment] = [headerAt(i), commitmentAt(i)];
    text += `{"index":${i},"leaf":"${toHex(entryHash(header, commitment))}","header":${header},"commitment":"${toHex(commitment)}"}\n`;
    const note = notes.get(i + 1);
    if (note !== undefined) text += `${checkpointLine(note)}\n`;
    if (text.length > 1 << 20) {
      yield text;
      text = '';
    }
  }
  yield text;
}

function headerAt(i: number): string {
  return headerOf({
    id: BigInt(i + 1),
    at: AT,
    kind: 'run.finished',
    actor: 'worker',
    subject: `0f8fad5b-d9cb-469f-a165-${String(i).padStart(12, '0')}`,
  });
}

function commitmentAt(i: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, i);
  return bytes;
}

/** Seconds for two hashes an entry, one of an entry's length and one of a node's: nobody can verify with fewer. */
function hashing(n: number): number {
  const entry = Buffer.from(headerAt(0));
  const hash = sha256('x');
  const start = performance.now();
  for (let i = 0; i < n; i++) {
    entryHash(entry, hash);
    nodeHash(sha256, hash, hash);
  }
  return (performance.now() - start) / 1000;
}

async function fillLeaves(db: Db, size: number): Promise<void> {
  await db.exec('set session_replication_role = replica; truncate leaf, merkle_tile, checkpoint; set session_replication_role = origin');
  const edge = emptyEdge();
  const batch = db.kind === 'postgres' ? 20_000 : 5_000;
  for (let start = 0; start < size; start += batch) {
    const count = Math.min(batch, size - start);
    const bytes = randomBytes(count * 32);
    const hashes = Array.from({ length: count }, (_, i) => new Uint8Array(bytes.subarray(i * 32, (i + 1) * 32)));
    const tiles = hashes.flatMap((hash) => extendEdge(edge, hash));
    await db.query(
      `insert into leaf (index, journal_id, header, hash)
       select $1::bigint + ord - 1, $1::bigint + ord, '', hash from unnest($2::bytea[]) with ordinality as l (hash, ord)`,
      [start, hashes],
    );
    await writeTiles(db, tiles);
  }
  await db.query('insert into checkpoint (size, root, note, at) values ($1, $2, $3, $4)', [size, edgeRoot(edge), '', AT]);
  await db.exec('analyze leaf; analyze merkle_tile');
}

/** Seconds for `times` pieces of work by several callers at once, which is how doors and workers come. */
async function atOnce(times: number, work: () => Promise<unknown>, callers = 4): Promise<number> {
  let left = times;
  return timed(() =>
    Promise.all(
      Array.from({ length: callers }, async () => {
        while (left-- > 0) await work();
      }),
    ),
  );
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function rowOf(i: number): JournalRow {
  return {
    kind: 'run.finished',
    actor: 'worker',
    subject: '0f8fad5b-d9cb-469f-a165-708676500000',
    body: { pack: 'documentation', verdicts: [i, 2, 3] },
    at: AT,
  };
}
