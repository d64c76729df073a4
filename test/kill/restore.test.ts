/*
 * The embedded database is put back to an earlier copy of itself, as a power loss or an administrator would do it. What was acknowledged
 * since stands in the intake segments beside it, and comes back; the journal says what happened.
 */
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../src/platform/database.ts';
import { startHouse } from '../house.ts';
import { expectedFacts, factsByPatient, journalledTwice, lostMessages, notesInEhr, openStoreOf, signedProposals } from './audit.ts';
import { type SignatureBook, sitDown } from './clinician.ts';
import { allSent, openFeed, pump } from './feed.ts';
import { type PlayEhr, startPlayEhr } from './play-ehr.ts';
import { countersign, eventually, health, killLeftovers, type Place, type Server, startCalmly, startServer } from './server.ts';

const MRNS = Array.from({ length: 12 }, (_, index) => String(5_000_000 + index));
const folder = mkdtempSync(join(tmpdir(), 'countersign-restore-'));
const feed = openFeed(MRNS, 2);
const book: SignatureBook = new Map();
/** What else was answered 201: the proposal, its state then, the hash of what it said, and the entry that tells of it. */
const acts = new Map<string, { state: string; contentHash: string; kind: string }>();
const OWN_WORDS = 'Brought a list of medicines from home.';
let ehr: PlayEhr;
let place: Place;

beforeAll(async () => {
  ehr = await startPlayEhr(join(folder, 'hospital'), MRNS);
  place = { folder: join(folder, 'data'), ehrBase: ehr.base };
});
afterAll(async () => {
  killLeftovers();
  await ehr.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a database put back to an earlier copy', () => {
  it('the morning: six patients, then a copy is made; the afternoon: six more, four signatures, two of which wait for the EHR, and an edit, a refusal and a hand-over of an old draft and of a new one', async () => {
    const morning = await startCalmly(place);
    await pump(morning.mllpPort, feed, () => visits() < 6);
    await untilDrafts(morning, 6);
    await stopQuietly(morning);
    cpSync(join(place.folder, 'pgdata'), join(folder, 'copy'), { recursive: true });

    const afternoon = await startCalmly(place);
    const chair = await sitDown(afternoon.url);
    const early = await chair.waiting();
    await pump(afternoon.mllpPort, feed, () => true);
    const late = (await untilDrafts(afternoon, 12)).filter((id) => !early.includes(id));
    for (const id of [early[0]!, late[0]!]) await chair.sign(await chair.look(id), book);
    await eventually('both notes', async () => (await ehr.written('Provenance')).length === 2);
    await ehr.behave({ outage: true });
    for (const id of [early[1]!, late[1]!]) await chair.sign(await chair.look(id), book);
    for (const ids of [early, late]) {
      const [declined, passed, edited] = await Promise.all(ids.slice(2, 5).map((id) => chair.look(id)));
      await chair.decline(declined!.id, 'seen by a colleague');
      await chair.passOn(passed!.id, 'for cardiology');
      acts.set(declined!.id, { state: 'declined', contentHash: declined!.contentHash, kind: 'decision.declined' });
      acts.set(passed!.id, { state: 'escalated', contentHash: passed!.contentHash, kind: 'decision.escalated' });
      const { contentHash } = await chair.addSentence(edited!.id, OWN_WORDS);
      acts.set(edited!.id, { state: 'edited', contentHash, kind: 'proposal.edited' });
    }
    await stopQuietly(afternoon);

    expect([...book.values()].map(({ answer }) => answer)).toEqual([201, 201, 201, 201]);
  }, 300_000);

  it('R22: the rollback is found at the start and written in the journal; receipts, signatures, edits, refusals and hand-overs come back, each note is in the EHR once', async () => {
    putBack(join(folder, 'copy'));
    await ehr.behave({ outage: false });
    const server = await startCalmly(place);
    const found = await health(server);
    await untilQuiet(server);
    await eventually('four notes', async () => (await ehr.written('Provenance')).length >= 4);
    await untilQuiet(server);
    const waiting = await (await sitDown(server.url)).waiting();
    await stopQuietly(server);

    expect(found).toMatchObject({ journal: 'rolled_back', restoredDecisions: 10 });
    await inStore(async (db) => {
      await expectAllKept(db);
      expect(await db.query(`select state from delivery where state <> 'delivered'`)).toEqual([]);
      const kinds = await db.query<{ kind: string }>(`select kind from journal where kind = 'journal.rolledback'`);
      expect(kinds).toHaveLength(1);
    });
    // Six drafts wait again; the four that were signed and the two that were declined are not offered a second time.
    expect(waiting).toHaveLength(6);
    expect(server.stderr()).toContain('journal.rollback-found');
  }, 300_000);

  it('R101: journal verify holds the log against the checkpoints outside it: the loss is acknowledged in the log itself', async () => {
    const { code, stdout } = await countersign(['journal', 'verify', '--json'], place);
    const report = JSON.parse(stdout) as { ok: boolean; anchors: number; problems: unknown[] };

    expect(report.problems).toEqual([]);
    expect([code, report.ok]).toEqual([0, true]);
    expect(report.anchors).toBeGreaterThan(1);
  }, 120_000);

  it('R22: a database that is gone altogether: receipts, facts and everything people did come back from the segments alone', async () => {
    renameSync(join(place.folder, 'pgdata'), join(folder, `gone-${Date.now()}`));
    const server = await startCalmly(place);
    const found = await health(server);
    await untilQuiet(server);
    await stopQuietly(server);

    expect(found).toMatchObject({ journal: 'rolled_back', restoredReceipts: allSent(feed).length, restoredDecisions: 10 });
    await inStore(expectAllKept);
    expect((await countersign(['journal', 'verify'], place)).code).toBe(0);
  }, 300_000);

  it('the next start finds nothing wrong', async () => {
    const server = await startCalmly(place);

    expect(await health(server)).toMatchObject({ journal: 'fine', restoredDecisions: 0, restoredReceipts: 0 });
    await stopQuietly(server);
  }, 120_000);

  it('R22: a segment whose last record was cut off loses nothing that was acknowledged, and is written on', async () => {
    const [segment] = readdirSync(join(place.folder, 'intake')).filter((name) => name.endsWith('.seg'));
    appendFileSync(join(place.folder, 'intake', segment!), Buffer.from([0x00, 0x00, 0x10, 0x00, 0x12, 0x34, 0x56]));
    feed.waitingMrns.push('5900000');
    const server = await startCalmly(place);
    await pump(server.mllpPort, feed, () => true);
    await untilQuiet(server);
    await stopQuietly(server);
    putBack(join(folder, 'copy'));
    const again = await startCalmly(place);
    await untilQuiet(again);
    await stopQuietly(again);

    expect(readdirSync(join(place.folder, 'intake')).some((name) => name.includes('.torn-at-'))).toBe(true);
    await inStore(expectAllKept);
  }, 300_000);
});

it('R22: what is written to the EHR was synced first, also where the process that took the signature died before it could', async ({
  skip,
}) => {
  if (process.env['TEST_DATABASE'] === 'postgres') return skip('a server syncs by itself');
  const house = await startHouse({ now: new Date().toISOString(), mrns: ['5000000'] });
  await pump(house.doors.mllpPort!, openFeed(['5000000'], 1), () => true);
  await house.settle();
  const chair = await sitDown(house.doors.url);
  const [draft] = await chair.waiting();
  // As if it had been killed between its commit and the segment: nothing was synced by the one who signed.
  delete house.app.desk.acts;
  await chair.sign(await chair.look(draft!), new Map());
  await house.settle();

  const written = await house.writtenTo('DocumentReference');
  const segment = readFileSync(join(house.app.config.dataFolder, 'intake', '001.seg'), 'latin1');
  await house.stop();
  expect(written).toHaveLength(1);
  expect(segment).toMatch(new RegExp(`"kind":"act","person":"[^"]+","proposal":"${draft}"`));
}, 120_000);

describe('the folder has one owner', () => {
  it('a second server is refused with one line that says who holds it, and the first serves on', async () => {
    const first = await startCalmly(place);

    const second = await startServer(place);

    expect(second).toMatchObject({ endedEarly: true, code: 1 });
    if (!('endedEarly' in second)) throw new Error('two servers on one folder');
    const complaint = second.stderr
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('Building the user interface'));
    expect(complaint).toEqual([expect.stringMatching(/^process \d+ serves this data folder/)]);
    expect((await fetch(`${first.url}/health/ready`)).status).toBe(200);
    await stopQuietly(first);
  }, 120_000);

  it.each([1, 2, 3])(
    'R22: killed, and opened again within 100 ms (%i)',
    async () => {
      const first = await startCalmly(place);
      const gone = first.kill();
      const again = await startCalmly(place);

      await gone;
      expect((await fetch(`${again.url}/health/ready`)).status).toBe(200);
      await again.kill();
    },
    120_000,
  );
});

/** Exchanges the database for a copy; segments, keys and checkpoints stay. */
function putBack(copy: string): void {
  renameSync(join(place.folder, 'pgdata'), join(folder, `lost-${Date.now()}`));
  cpSync(copy, join(place.folder, 'pgdata'), { recursive: true });
}

async function expectAllKept(db: Db): Promise<void> {
  expect(await lostMessages(db, allSent(feed))).toEqual([]);
  expect([...(await factsByPatient(db))]).toEqual([...expectedFacts(allSent(feed))]);
  expect(await journalledTwice(db)).toEqual([]);
  const signed = Object.fromEntries(await signedProposals(db));
  expect(signed).toEqual(Object.fromEntries([...book].map(([id, { contentHash }]) => [id, contentHash])));
  const said = await db.query<{ id: string; state: string; content_hash: string; kind: string; entries: bigint; content: string }>(
    `select p.id, p.state, p.content_hash, p.content, j.kind, count(*) as entries from proposal p join journal j on j.subject = p.id::text
      where p.id = any($1::uuid[]) and j.kind in ('decision.declined', 'decision.escalated', 'proposal.edited') group by p.id, j.kind`,
    [[...acts.keys()]],
  );
  expect(Object.fromEntries(said.map((one) => [one.id, { state: one.state, contentHash: one.content_hash, kind: one.kind }]))).toEqual(
    Object.fromEntries(acts),
  );
  expect(said.map((one) => one.entries)).toEqual([...acts].map(() => 1n));
  expect(said.filter((one) => one.content.includes(OWN_WORDS)).map((one) => one.state)).toEqual(['edited', 'edited']);
  expect(Object.fromEntries(await notesInEhr(ehr))).toEqual(Object.fromEntries([...book.keys()].map((id) => [id, [1, 1]])));
}

async function inStore(look: (db: Db) => Promise<void>): Promise<void> {
  const db = await openStoreOf(place);
  try {
    await look(db);
  } finally {
    await db.close();
  }
}

function visits(): number {
  return allSent(feed).filter((one) => one.kind === 'visit').length;
}

async function untilDrafts(server: Server, count: number): Promise<string[]> {
  const chair = await sitDown(server.url);
  return eventually(`${count} drafts`, async () => {
    const ids = await chair.waiting();
    return ids.length >= count && ids;
  });
}

/** No receipt waits and no job is due; one that waits for a retry is not. */
async function untilQuiet(server: Server): Promise<void> {
  await eventually('quiet', async () => {
    const now = await health(server);
    return now['receiptsWaiting'] === 0 && now['jobsReady'] === 0 && now['jobsRunning'] === 0;
  });
}

async function stopQuietly(server: Server): Promise<void> {
  expect(await server.stop()).toEqual({ code: 0, signal: null });
}
