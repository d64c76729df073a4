/*
 * The whole product in one process for journeys: a scratch database, real HTTP and MLLP doors on free ports, and the play hospital's EHR as
 * the process of its own that it is. Only the clock is ours.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type App, openApp } from '../src/app.ts';
import type { Pack } from '../src/core/pack.ts';
import { type Doors, openDoors } from '../src/doors.ts';
import { onPayload } from '../src/flow.ts';
import { type FixedClock, fixedClock } from '../src/platform/clock.ts';
import { loadConfig } from '../src/platform/config.ts';
import type { JournalReport } from '../src/platform/journal-report.ts';
import { verifyJournal } from '../src/platform/journal-verify-live.ts';
import { silentLog } from '../src/platform/log.ts';
import { openScratchDatabase } from '../src/platform/scratch-database.ts';
import { contentTypeOf } from '../src/sources/content-type.ts';
import { feedName } from '../src/sources/feed-name.ts';

export type Answer = { status: number; body: Record<string, unknown> & { code?: string } };

/** Somebody signed in. */
export type Seat = {
  token: string;
  get<T>(path: string): Promise<T>;
  post(path: string, body?: unknown): Promise<Answer>;
  bytes(path: string): Promise<Buffer>;
};

export type TestHouse = {
  app: App;
  doors: Doors;
  clock: FixedClock;
  signIn(identity: string): Promise<Seat>;
  /** One message over MLLP; resolves with the answer. */
  send(message: string): Promise<string>;
  /** Bytes through the intake, as a file or an API caller would bring them. */
  take(source: string, text: string | Buffer): Promise<string>;
  /** Reads, drafts and writes back until nothing is due, and signs a checkpoint. */
  settle(): Promise<void>;
  /** Asks the play EHR, or with a body tells it. */
  play(path: string, body?: unknown): Promise<unknown>;
  writtenTo(type: string): Promise<Record<string, unknown>[]>;
  journalKinds(subject: string): Promise<string[]>;
  verifyJournal(): Promise<JournalReport>;
  sha256(bytes: Uint8Array): string;
  stop(): Promise<void>;
};

/** Opens everything; `mrns` are the patients that the play EHR knows, and with `ehr: false` there is no EHR. */
export async function startHouse(
  options: { now?: string; ehr?: boolean; mrns?: string[]; packs?: readonly Pack[]; env?: Record<string, string> } = {},
): Promise<TestHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-house-'));
  const clock = fixedClock(options.now ?? '2026-11-22T15:00:00.000Z');
  const config = loadConfig({
    COUNTERSIGN_DATA: join(folder, 'data'),
    COUNTERSIGN_PORT: '0',
    COUNTERSIGN_MLLP_PORT: '0',
    LOG_LEVEL: 'silent',
    ...options.env,
  });
  const app = await openApp({
    config,
    log: silentLog,
    clock,
    db: await openScratchDatabase(),
    jobs: 'drain-only',
    ...(options.packs ? { packs: options.packs } : {}),
  });
  const doors = await openDoors(app, {});
  const ehr = options.ehr === false ? undefined : await startEhr(join(folder, 'hospital'), options.mrns ?? ['4471902']);
  if (ehr) app.connectEhr(ehr.base);

  const house: TestHouse = {
    app,
    doors,
    clock,
    async signIn(identity) {
      const answer = await fetch(`${doors.url}/api/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ identity }),
      });
      return seat(doors.url, ((await answer.json()) as { token: string }).token);
    },
    send: (message) => sendMllp(doors.mllpPort!, message),
    async take(source, given) {
      const bytes = new Uint8Array(Buffer.from(given as string));
      const contentType = contentTypeOf(bytes);
      const { receipt } = await onPayload(app.house, { source: source || feedName(bytes), door: 'api', contentType, bytes });
      return receipt;
    },
    settle: () => app.drain(),
    async play(path, body) {
      const answer = await fetch(
        `${ehr!.base.replace(/\/fhir$/, '')}${path}`,
        body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
      );
      return answer.json();
    },
    async writtenTo(type) {
      const answer = await house.play(`/play/written?type=${type}`);
      return (Array.isArray(answer) ? answer : ((answer as { resources?: unknown[] }).resources ?? [])) as Record<string, unknown>[];
    },
    async journalKinds(subject) {
      const rows = await app.db.query<{ kind: string }>('select kind from journal where subject = $1 order by id', [subject]);
      return rows.map((row) => row.kind);
    },
    async verifyJournal() {
      await app.sequencer.sequenceNow();
      return verifyJournal(app.db, { keys: app.signer.verifierKeys, origin: app.signer.origin });
    },
    sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    async stop() {
      await doors.close();
      await app.close();
      ehr?.child.stdin?.end();
      ehr?.child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return house;
}

function seat(url: string, token: string): Seat {
  const headers = { authorization: `Bearer ${token}` };
  return {
    token,
    async get<T>(path: string) {
      const answer = await fetch(url + path, { headers });
      if (!answer.ok) throw new Error(`${path} answered ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as T;
    },
    async post(path, body = {}) {
      const answer = await fetch(url + path, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: answer.status, body: (await answer.json()) as Answer['body'] };
    },
    async bytes(path) {
      return Buffer.from(await (await fetch(url + path, { headers })).arrayBuffer());
    },
  };
}

async function startEhr(folder: string, mrns: readonly string[]): Promise<{ base: string; child: ChildProcess }> {
  const charts = join(folder, 'fhir', 'north-ehr');
  mkdirSync(charts, { recursive: true });
  for (const mrn of mrns) writeFileSync(join(charts, `${mrn}.json`), JSON.stringify(patientBundle(mrn)));
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ patients: mrns.map((mrn) => ({ mrn })) }));
  const play = new URL('../hospital/play.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [play, '--data', folder, '--port', '0', '--attached'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const base = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the play EHR did not start')));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const ready = /"fhirBase":"([^"]+)"/.exec(line)?.[1];
      if (ready) resolve(ready);
    });
  });
  return { base, child };
}

function patientBundle(mrn: string): unknown {
  const resource = { resourceType: 'Patient', id: `pat-${mrn}`, identifier: [{ system: 'urn:oid:2.999.1.1', value: mrn }] };
  return { resourceType: 'Bundle', type: 'transaction', entry: [{ resource, request: { method: 'PUT', url: `Patient/pat-${mrn}` } }] };
}

async function sendMllp(port: number, message: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`\u000b${message}\r\u001c\r`));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('utf8');
      if (!answer.includes('\u001c\r')) return;
      socket.end();
      resolve(answer.slice(1, answer.indexOf('\u001c')));
    });
    socket.on('error', reject);
  });
}
