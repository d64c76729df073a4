/* A server that is told to stop amid receipts that it acknowledged and has not read: it takes no more of them, ends soon, and the next one reads on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openApp } from '../../src/app.ts';
import { openDoors } from '../../src/doors.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { silentLog } from '../../src/platform/log.ts';
import { createScratchPostgres, type ScratchPostgres } from '../../src/platform/scratch-database.ts';
import { lostMessages, openStoreOf } from './audit.ts';
import { allSent, type Feed, openFeed, pump } from './feed.ts';
import { eventually, health, killLeftovers, type Place, startCalmly } from './server.ts';

const PEOPLE = 1_200;
const LANES = 16;
/** Reading what is left would take longer than this on any store; a batch a reader, which is under way, does not, under the load of other tests. */
const SOON_MS = 6_000;

const folder = mkdtempSync(join(tmpdir(), 'countersign-backlog-'));
const scratch: ScratchPostgres[] = [];
afterAll(async () => {
  killLeftovers();
  for (const one of scratch) await one.drop();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(['pglite', 'postgres'] as const)('a backlog on %s', (store) => {
  it('R22: is left where it is by a server that is told to stop, within seconds, and read on by the next; nothing acknowledged is lost', async ({
    skip,
  }) => {
    const server = store === 'postgres' ? await createScratchPostgres() : undefined;
    if (store === 'postgres' && !server) return skip('no PostgreSQL server answers');
    if (server) scratch.push(server);
    const place: Place = { folder: join(folder, store), databaseUrl: server?.url };
    const feed = openFeed(
      Array.from({ length: PEOPLE }, (_, n) => String(6_000_000 + n)),
      LANES,
    );
    await acknowledge(place, feed);
    const first = await startCalmly(place);
    await eventually('it reads', async () => Number((await health(first))['receiptsWaiting']) < allSent(feed).length - 100);
    const begun = performance.now();
    const exit = await first.stop();
    const tookMs = Math.round(performance.now() - begun);
    const left = await unread(place);

    process.stderr.write(`${JSON.stringify({ store, messages: allSent(feed).length, left, tookMs })}\n`);
    expect(exit).toEqual({ code: 0, signal: null });
    expect(left).toBeGreaterThan(500);
    expect(tookMs).toBeLessThan(SOON_MS);

    const next = await startCalmly(place);
    await eventually('it reads on', async () => Number((await health(next))['receiptsWaiting']) < left - 300);
    expect(await next.stop()).toEqual({ code: 0, signal: null });
    const db = await openStoreOf(place);
    const lost = await lostMessages(db, allSent(feed));
    const aside = await db.query('select reason from quarantine');
    await db.close();
    expect([lost, aside]).toEqual([[], []]);
  }, 300_000);
});

/** What a server does that has no time to read: everything is on disk and answered. */
async function acknowledge(place: Place, feed: Feed): Promise<void> {
  const { folder: data, databaseUrl } = place;
  const config = loadConfig({
    COUNTERSIGN_DATA: data,
    COUNTERSIGN_PORT: '0',
    COUNTERSIGN_MLLP_PORT: '0',
    LOG_LEVEL: 'silent',
    ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
  });
  const app = await openApp({ config, log: silentLog, jobs: 'drain-only' });
  const doors = await openDoors(app, {});
  await pump(doors.mllpPort!, feed, () => true);
  await doors.close();
  await app.close();
}

async function unread(place: Place): Promise<number> {
  const db = await openStoreOf(place);
  const [row] = await db.query<{ count: bigint }>(`select count(*) as count from receipt where state = 'received'`);
  await db.close();
  return Number(row!.count);
}
