import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Intake } from '../src/core/ports.ts';
import { onReceipt } from '../src/flow.ts';
import { acknowledger } from '../src/interop/hl7v2/ack.ts';
import { payloadReader } from '../src/interop/read-payload.ts';
import type { Db } from '../src/platform/database.ts';
import { openIntakeSegments } from '../src/platform/intake-segments.ts';
import { silentLog } from '../src/platform/log.ts';
import { openScratchPglite, openScratchPostgres } from '../src/platform/scratch-database.ts';
import { openIntake } from '../src/record/intake.ts';
import { feedName } from '../src/sources/feed-name.ts';
import { startMllp, storeThenAnswer } from '../src/sources/mllp.ts';
import { frame } from '../src/sources/mllp-frames.ts';
import { type Bench, type BenchOptions, type BenchRow, notMeasured, rounded } from './bench.ts';

const NAME = 'receive-hl7';
const CONNECTIONS = 4;
/** Messages a sender has under way before it waits for answers. */
const WINDOW = 128;
/** What the design asks for: durable receive, normalise and ACK, with group commit. */
const BUDGET = 3_000;
const NOW = '2026-03-01T12:00:00.000Z';

/**
 * Results over MLLP on four connections, each acknowledged once its receipt is on disk, and read into facts. The floor of the acknowledgements
 * is the same listener answering without storing anything, that of the facts a bare insert of the same texts. The sender runs in the same
 * process and takes its share of the cores.
 */
export const bench: Bench = { name: NAME, run };

async function* run(options: BenchOptions): AsyncIterable<BenchRow> {
  const n = options.size ?? (options.full ? 100_000 : 10_000);
  const messages = Array.from({ length: n }, (_, i) => resultMessage(i));
  const size = Math.round(messages.reduce((sum, bytes) => sum + bytes.length, 0) / n);
  const floor = rounded(n / (await send(messages, async () => ({ receipt: '', repeat: false }))));
  const server = await openScratchPostgres();
  if (server) yield* onDatabase(server, messages, size, floor);
  else yield notMeasured(NAME, 'acked_per_s', 'messages/s');
  const folder = await mkdtemp(join(tmpdir(), 'bench-receive-'));
  try {
    yield* onDatabase(await openScratchPglite(join(folder, 'pgdata')), messages, size, floor, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** On the embedded store receipts are synced to the segments first, as in production; on a server the commit is the sync. */
async function* onDatabase(db: Db, messages: Buffer[], size: number, floor: number, folder?: string): AsyncIterable<BenchRow> {
  const segments = folder === undefined ? undefined : await openIntakeSegments(join(folder, 'intake'));
  try {
    const log = segments && {
      async append(
        receipt: { id: string; receivedAt: string; source: string; door: string; contentType: string; sha256: string },
        bytes: Uint8Array,
      ) {
        const { id, receivedAt, source, door, contentType, sha256 } = receipt;
        await segments.append({ header: { kind: 'receipt', id, receivedAt, source, door, contentType, sha256 }, bytes });
      },
    };
    let arrived = Date.parse(NOW);
    const intake = openIntake({ db, now: () => new Date(++arrived).toISOString(), log, maxBytes: 10 << 20, onStored: () => undefined });
    const start = performance.now();
    const before = process.cpuUsage();
    const acked = await send(messages, intake);
    await intake.idle();
    await onReceipt({
      db,
      packs: [],
      intake,
      read: payloadReader({ feedZones: new Map(), authorities: new Map() }),
      batch: folder === undefined ? { receipts: 200, bytes: 1 << 20, readers: 3 } : { receipts: 40, bytes: 96 << 10, readers: 2 },
      writeBack: { db, packs: [], target: undefined, pseudonym: (id) => id, now: () => NOW, secured: async () => undefined },
      now: () => NOW,
    });
    const normalised = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(before);
    const stored = await insertBare(db);
    const bare = messages.length / stored.seconds;
    const row = {
      name: NAME,
      unit: 'messages/s',
      n: messages.length,
      size,
      database: folder === undefined ? 'PostgreSQL' : 'PGlite',
      budget: BUDGET,
    };
    const perSecond = messages.length / acked;
    yield { ...row, metric: 'acked_per_s', value: rounded(perSecond), floor, ratio: Number((perSecond / floor).toFixed(2)) };
    yield {
      ...row,
      metric: 'normalised_per_s',
      value: rounded(messages.length / normalised),
      floor: rounded(bare),
      ratio: Number((messages.length / normalised / bare).toFixed(2)),
      facts: stored.facts,
      // Of this process: sender, listener and, where it is embedded, the store.
      cpuMicrosecondsAMessage: Math.round((user + system) / messages.length),
    };
  } finally {
    await segments?.close();
    await db.close();
  }
}

/** The bare cost of storing what became of the messages: the same facts' texts into a table without an index, as many at a time. */
async function insertBare(db: Db): Promise<{ facts: number; seconds: number }> {
  const facts = await db.query<{ content: string; atoms: string }>('select content, atoms from fact');
  await db.exec('create table bench_bare (content json, atoms json)');
  const start = performance.now();
  for (let at = 0; at < facts.length; at += 800) {
    const some = facts.slice(at, at + 800);
    await db.query('insert into bench_bare select c::json, a::json from unnest($1::text[], $2::text[]) as f (c, a)', [
      some.map((fact) => fact.content),
      some.map((fact) => fact.atoms),
    ]);
  }
  return { facts: facts.length, seconds: (performance.now() - start) / 1000 };
}

/** Seconds until the last acknowledgement. */
async function send(messages: Buffer[], intake: Intake): Promise<number> {
  let sequence = 0;
  const acknowledge = acknowledger({ application: 'COUNTERSIGN', facility: 'BENCH', now: () => NOW, sequence: () => `A${++sequence}` });
  const server = await startMllp({
    host: '127.0.0.1',
    port: 0,
    onMessage: storeThenAnswer(intake, acknowledge),
    acknowledge,
    source: (bytes) => feedName(bytes),
    log: silentLog,
    maxPending: WINDOW,
  });
  const frames = messages.map((message) => frame(message));
  const start = performance.now();
  const shares = Array.from({ length: CONNECTIONS }, (_, lane) => frames.filter((_frame, index) => index % CONNECTIONS === lane));
  await Promise.all(shares.map((share) => sendAll(server.port, share)));
  const seconds = (performance.now() - start) / 1000;
  await server.close();
  return seconds;
}

function sendAll(port: number, frames: Buffer[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true });
    let sent = 0;
    let answered = 0;
    const fill = (): void => {
      const until = Math.min(frames.length, answered + WINDOW);
      if (until > sent) socket.write(Buffer.concat(frames.slice(sent, until)));
      sent = Math.max(sent, until);
    };
    socket.on('connect', fill);
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      if (/MSA\|A[ER]/.test(text)) reject(new Error('a message was refused'));
      for (let at = chunk.indexOf(0x1c); at !== -1; at = chunk.indexOf(0x1c, at + 1)) answered++;
      if (answered === frames.length) {
        socket.destroy();
        resolve();
      } else fill();
    });
  });
}

/** About 700 bytes, seven segments: a thousand patients with one panel of three results each time. */
function resultMessage(i: number): Buffer {
  const results = ['2823-3^Potassium^LN', '2951-2^Sodium^LN', '2160-0^Creatinine^LN'];
  return Buffer.from(
    [
      `MSH|^~\\&|NORTHLAB|NORTH|EHR|CITY|20260301081500+0100||ORU^R01^ORU_R01|C${i}|P|2.5.1|||||||UNICODE UTF-8`,
      `PID|1||${100000 + (i % 1000)}^^^NORTH&2.16.840.1.113883.3.9999.1&ISO^MR||DOE^JANE^Q||19570314|F`,
      `OBR|1|P${i}|F${i}|24323-8^Panel^LN|||20260301073000+0100|||||||||||||||20260301081400+0100||LAB|F`,
      ...results.map((code, j) => `OBX|${j + 1}|NM|${code}||${(i % 90) + j}.10|mmol/L|3.5-5.1|N|||F|||20260301073000+0100`),
      '',
    ].join('\r'),
  );
}
