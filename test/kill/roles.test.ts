/*
 * One deployment in several processes on one PostgreSQL: an intake, an api and two workers, started at once on an empty folder. A laboratory
 * sends a burst, one worker is killed in the middle of it, and the books are compared as after any other kill. They wake each other over NATS
 * where a server answers, and find their work by looking where none does.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServeRole } from '../../src/platform/config.ts';
import type { Db } from '../../src/platform/database.ts';
import { createScratchPostgres, type ScratchPostgres } from '../../src/platform/scratch-database.ts';
import { expectedFacts, factsByPatient, journalledTwice, lostMessages, openStoreOf, visitsWithoutOneDraft } from './audit.ts';
import { sitDown } from './clinician.ts';
import { allSent, openFeed, pump } from './feed.ts';
import { countersign, eventually, killLeftovers, type Place, type Server, startCalmly, startServer } from './server.ts';

const MINUTES_MS = 60_000;
/** A result, a visit and for every third a correction each: some 300 messages. */
const PEOPLE = 130;

const folder = mkdtempSync(join(tmpdir(), 'countersign-roles-'));
const nats = process.env['NATS_URL'] ?? ((await answers(4222)) ? 'nats://127.0.0.1:4222' : undefined);
let scratch: ScratchPostgres | undefined;
let place: Place;
let db: Db;

beforeAll(async () => {
  scratch = await createScratchPostgres();
  if (!scratch) return;
  place = { folder: join(folder, 'data'), databaseUrl: scratch.url, natsUrl: nats };
});
afterAll(async () => {
  await db?.close();
  killLeftovers();
  await scratch?.drop();
  rmSync(folder, { recursive: true, force: true });
});

describe('one intake, one api and two workers', () => {
  it(
    'R22: a burst through a killed worker: nothing lost, nothing twice, one log, and each process answers for its own role alone',
    async ({ skip }) => {
      if (!scratch) return skip('no PostgreSQL server answers');
      const [intake, api, worker, doomed] = (await Promise.all((['intake', 'api', 'worker', 'worker'] as const).map(start))) as [
        Server,
        Server,
        Server,
        Server,
      ];
      db = await openStoreOf(place);
      expect(await rolesSaid([intake, api, worker, doomed])).toEqual(['intake', 'api', 'worker', 'worker']);
      expect([api.mllpPort, worker.mllpPort]).toEqual([undefined, undefined]);
      expect(await doorsOf(api)).toEqual(expect.arrayContaining(['/api/worklist', '/fhir/R4/{type}', '/cds-services']));
      expect(await doorsOf(intake)).toEqual(expect.arrayContaining(['/fhir/R4/{type}', '/api/session']));
      expect(await doorsOf(intake)).not.toContain('/api/worklist');
      expect(await doorsOf(worker)).toEqual(['/api/openapi.json', '/health/live', '/health/ready', '/metrics']);

      const feed = openFeed(
        Array.from({ length: PEOPLE }, (_, index) => String(5_000_000 + index)),
        4,
      );
      const sending = pump(intake.mllpPort, feed, () => true);
      await eventually('the workers are in the middle of it', async () => {
        const [row] = await db.query<{ read: number; waits: number }>(
          `select count(*) filter (where state <> 'received')::int as read, count(*) filter (where state = 'received')::int as waits from receipt`,
        );
        return row!.read > 20 && row!.waits > 0;
      });
      await doomed.kill();
      await sending;

      const chair = await sitDown(api.url);
      await eventually('every draft, through the api', async () => (await chair.waiting()).length === PEOPLE);
      await eventually('quiet', async () => {
        const [row] = await db.query<{ busy: number }>(`select count(*)::int as busy from job where state in ('ready', 'running')`);
        return row!.busy === 0;
      });
      expect(feed.refused).toBe(0);
      expect(allSent(feed).length).toBeGreaterThan(300);
      expect(await lostMessages(db, allSent(feed))).toEqual([]);
      expect(await factsByPatient(db)).toEqual(expectedFacts(allSent(feed)));
      expect(await journalledTwice(db)).toEqual([]);
      expect(await visitsWithoutOneDraft(db)).toEqual([]);

      for (const one of [intake, api, worker]) expect(await one.stop()).toEqual({ code: 0, signal: null });
      const verified = await countersign(['journal', 'verify', '--json'], place);
      const report = JSON.parse(verified.stdout) as { ok: boolean; entries: number; anchors: number };
      const [journal] = await db.query<{ entries: number }>('select count(*)::int as entries from journal');
      expect(report).toMatchObject({ ok: true, entries: journal!.entries });
    },
    8 * MINUTES_MS,
  );

  it(
    'a process that brings another key is refused: it would begin a second log',
    async ({ skip }) => {
      if (!scratch) return skip('no PostgreSQL server answers');

      const ended = await startServer({ ...place, folder: join(folder, 'another'), role: 'worker' });

      expect(ended).toMatchObject({ endedEarly: true, code: 2, stderr: expect.stringContaining('another key signed the journal') });
    },
    2 * MINUTES_MS,
  );
});

it.each(['api', 'worker', 'intake'] as const)(
  'the role %s without DATABASE_URL is refused with one line',
  async (role) => {
    const ran = await countersign(['serve', '--role', role], { folder: join(folder, 'embedded') });

    expect(ran).toEqual({
      code: 2,
      stdout: '',
      stderr: `the role ${role} shares its work with other processes and needs DATABASE_URL: the embedded database has room for one\n`,
    });
  },
  MINUTES_MS,
);

async function start(role: ServeRole): Promise<Server> {
  return startCalmly({ ...place, role });
}

async function rolesSaid(servers: readonly Server[]): Promise<unknown[]> {
  return Promise.all(
    servers.map(async ({ url }) => ((await (await fetch(`${url}/health/ready`)).json()) as { ready: boolean; role: string }).role),
  );
}

async function doorsOf({ url }: Server): Promise<string[]> {
  const { paths } = (await (await fetch(`${url}/api/openapi.json`)).json()) as { paths: Record<string, unknown> };
  return Object.keys(paths).sort();
}

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
