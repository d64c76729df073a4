/*
 * A person is forgotten while the process is killed at each step of it: before the order is kept nothing is gone, afterwards the next start
 * leaves not a byte of them in any file of the data folder, also where the database is put back to a copy that still knew them.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../src/platform/database.ts';
import { expectedFacts, factsByPatient, openStoreOf } from './audit.ts';
import { sitDown } from './clinician.ts';
import { allSent, openFeed, pump } from './feed.ts';
import { countersign, eventually, health, killLeftovers, type Place, type Server, startCalmly, startServer } from './server.ts';

/** Everything that tells of the person: the record number, words in notes and reasons, and the name. */
const GONE = '7731993';
const SECRETS = [GONE, 'Quuxley', 'QUUXLEY', 'peanut brittle'];
const STAYS = '5000001';
const KEPT_NAME = 'LENORA';

const folder = mkdtempSync(join(tmpdir(), 'countersign-forget-'));
const place: Place = { folder: join(folder, 'data') };
const feed = openFeed([GONE], 1);

beforeAll(async () => {
  const server = await startCalmly(place);
  await pump(server.mllpPort, feed, () => true);
  writeFileSync(join(folder, 'more.hl7'), more());
  writeFileSync(join(folder, 'bundle.json'), bundle());
  for (const file of ['more.hl7', 'bundle.json']) {
    const { code, stderr } = await countersign(['import', join(folder, file), '--source', 'north-ehr'], place);
    expect([code, stderr]).toEqual([0, '']);
  }
  const chair = await sitDown(server.url);
  const waiting = await eventually('drafts', async () => {
    const ids = await chair.waiting();
    return ids.length === 1 && ids;
  });
  await chair.addSentence(waiting[0]!, 'Asks about peanut brittle.');
  await chair.passOn(waiting[0]!, 'peanut brittle, see Quuxley');
  feed.waitingMrns.push(STAYS);
  await pump(server.mllpPort, feed, () => true);
  await eventually('another draft', async () => (await chair.waiting()).length === 2);
  await untilQuiet(server);
  await stopQuietly(server);
  cpSync(place.folder, join(folder, 'before'), { recursive: true });
}, 300_000);
afterAll(() => {
  killLeftovers();
  rmSync(folder, { recursive: true, force: true });
});

describe('a person is forgotten', () => {
  it('the tests can see them: in the segments and in the files of the database', () => {
    expect(new Set(filesWith(SECRETS).map((file) => file.split('/')[0]))).toEqual(new Set(['intake', 'pgdata']));
  });

  it('R101: says what there is and destroys nothing until it is told to, nor for a reason that names the person', async () => {
    const asked = await countersign(['erase', '--person', GONE, '--reason', 'request 118'], place);
    const telling = await countersign(['erase', '--person', GONE, '--reason', `asked by ${GONE}`, '--yes'], place);

    expect([asked.code, asked.stderr]).toEqual([2, 'Nothing was destroyed. This cannot be undone: add --yes to do it.\n']);
    expect(asked.stdout).toMatch(/^On record: \d+ facts from \d+ receipts, 1 drafts\.\n$/);
    expect(telling.code).toBe(2);
    await expectThere();
  }, 120_000);

  it('R101: killed before the order is kept, nothing is gone', async () => {
    await killedAt(1);
    await expectThere();
  }, 300_000);

  it.each([2, 3, 4, 5])(
    'R101: killed at step %i, the next start completes it: not a byte of the person in the folder, and the proofs hold',
    async (step) => {
      putBack(join(folder, 'before'));
      await killedAt(step);
      const server = await startCalmly(place);
      await untilQuiet(server);
      await stopQuietly(server);

      await expectForgotten();
    },
    300_000,
  );

  it('R101: a database put back to a copy that still knew them forgets them again, and the same bytes sent again are not kept', async () => {
    rmSync(join(place.folder, 'pgdata'), { recursive: true });
    cpSync(join(folder, 'before', 'pgdata'), join(place.folder, 'pgdata'), { recursive: true });
    const server = await startCalmly(place);
    await untilQuiet(server);
    const [lane] = feed.lanes;
    for (const one of lane!.sent) one.acknowledged = false;
    await pump(server.mllpPort, feed, () => false);
    await untilQuiet(server);
    await stopQuietly(server);

    expect(lane!.sent.every((one) => one.acknowledged)).toBe(true);
    await expectForgotten();
  }, 300_000);

  it('R101: works through a live server with the same answer', async () => {
    putBack(join(folder, 'before'));
    const server = await startCalmly(place);
    const { code, stdout, stderr } = await countersign(
      ['erase', '--person', GONE, '--reason', 'request 118', '--by', 'K. Lind', '--yes', '--json'],
      place,
    );
    await stopQuietly(server);

    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ erased: true, drafts: 1, stillNamed: [] });
    await expectForgotten();
    await inStore(async (db) => {
      const [entry] = await db.query<{ actor: string; body: string }>(
        `select j.actor, p.body from journal j join journal_payload p on p.journal_id = j.id where j.kind = 'erasure.done'`,
      );
      expect(JSON.parse(entry!.body)).toMatchObject({ by: 'K. Lind', reason: 'request 118' });
    });
  }, 300_000);
});

/** Erases through a server that dies at the nth step. */
async function killedAt(step: number): Promise<void> {
  const server = await startServer(place, { killAt: `during-erasure:${step}` });
  if ('endedEarly' in server) throw new Error('killed too early');
  const { code } = await countersign(['erase', '--person', GONE, '--reason', 'request 118', '--yes'], place);
  expect([code, await server.exit]).toEqual([1, { code: null, signal: 'SIGKILL' }]);
}

async function expectThere(): Promise<void> {
  await inStore(async (db) => {
    expect([...(await factsByPatient(db)).keys()]).toContain(GONE);
    expect(await db.query(`select 1 from journal where kind = 'erasure.done'`)).toEqual([]);
  });
}

async function expectForgotten(): Promise<void> {
  expect(filesWith(SECRETS)).toEqual([]);
  expect(filesWith([KEPT_NAME]).length).toBeGreaterThan(1);
  await inStore(async (db) => {
    const facts = await factsByPatient(db);
    expect(facts.get(STAYS)).toBe(expectedFacts(allSent(feed)).get(STAYS));
    expect([...facts.keys()]).not.toContain(GONE);
    expect(await rowsWith(db, SECRETS)).toEqual([]);
    // What came is still known by its first SHA-256, and as erased.
    const kept = await db.query<{ sha: string; flags: string[] }>(`select encode(sha256, 'hex') as sha, flags from receipt`);
    const ofTheirs = allSent(feed).filter((one) => one.mrn === GONE);
    expect(ofTheirs.map((one) => kept.find((row) => row.sha === one.sha256)?.flags)).toEqual(ofTheirs.map(() => ['erased']));
    expect(await db.query(`select count(*)::int as n from proposal where state in ('offered', 'opened', 'edited', 'escalated')`)).toEqual([
      { n: 1 },
    ]);
  });
  expect(filesWith(SECRETS)).toEqual([]);
  const verified = await countersign(['journal', 'verify', '--json'], place);
  expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, problems: [] });
}

/** Files of the data folder, relative to it, that hold one of these texts. */
function filesWith(texts: readonly string[]): string[] {
  const files = readdirSync(place.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => {
      const bytes = readFileSync(file);
      return texts.some((text) => bytes.includes(text));
    })
    .map((file) => file.slice(place.folder.length + 1));
}

/** Tables with a row that holds one of these texts, packed bytes included. */
async function rowsWith(db: Db, texts: readonly string[]): Promise<string[]> {
  const tables = await db.query<{ name: string }>(
    `select relname as name from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace order by 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await db.query(`select * from ${name}`);
    const all = rows.flatMap((row) => Object.values(row).map(textOf)).join('\n');
    if (texts.some((text) => all.includes(text))) found.push(name);
  }
  return found;
}

function textOf(value: unknown): string {
  if (!(value instanceof Uint8Array)) return String(value);
  const bytes = Buffer.from(value);
  return (bytes.length > 4 && bytes.readUInt32LE(0) === 0xfd2fb528 ? zstdDecompressSync(bytes) : bytes).toString('latin1');
}

function putBack(copy: string): void {
  renameSync(place.folder, join(folder, `spent-${Date.now()}`));
  cpSync(copy, place.folder, { recursive: true });
}

async function inStore(look: (db: Db) => Promise<void>): Promise<void> {
  const db = await openStoreOf(place);
  try {
    await look(db);
  } finally {
    await db.close();
  }
}

async function untilQuiet(server: Server): Promise<void> {
  await eventually('quiet', async () => {
    const now = await health(server);
    return now['receiptsWaiting'] === 0 && now['jobsReady'] === 0 && now['jobsRunning'] === 0;
  });
}

async function stopQuietly(server: Server): Promise<void> {
  expect(await server.stop()).toEqual({ code: 0, signal: null });
}

/** A file of two messages: one of the person, which conflicts with their birth date and is quarantined, and one of somebody else. */
function more(): string {
  const message = (mrn: string, control: string, who: string): string =>
    [
      `MSH|^~\\&|NORTHLAB|NORTH|COUNTERSIGN|NORTH|20261120101500+0000||ORU^R01^ORU_R01|${control}|P|2.5.1`,
      `PID|1||${mrn}^^^NORTH&2.999.1.1&ISO^MR||${who}||19990909|F`,
      `OBR|1||NX${control}^NORTHLAB|24320-4^Basic metabolic panel^LN|||20261120091500+0000|||||||||||||||20261120101500+0000|||F`,
      'OBX|1|NM|2951-2^Sodium^LN||140|mmol/L|136-145||||F|||20261120091500+0000',
      '',
    ].join('\r');
  return message(GONE, 'X1', 'QUUXLEY^ANA') + message('5000009', 'X2', 'LENORA^OTHER');
}

/** A Bundle of two people. */
function bundle(): string {
  const patient = (id: string, mrn: string, family: string) => ({
    fullUrl: `urn:uuid:${id}`,
    resource: {
      resourceType: 'Patient',
      id,
      identifier: [{ system: 'urn:oid:2.999.1.1', value: mrn }],
      name: [{ family, given: ['Ana'] }],
      gender: 'female',
      birthDate: '1955-02-14',
    },
    request: { method: 'PUT', url: `Patient/${id}` },
  });
  return JSON.stringify({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [patient('pat-one', GONE, 'Quuxley'), patient('pat-two', '5000010', 'LENORA')],
  });
}
