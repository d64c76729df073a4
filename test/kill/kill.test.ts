/*
 * The process is killed at every named point and at random moments, again and again on one data folder, while a laboratory sends and a
 * clinician signs. Afterwards their books are compared with what the database and the EHR hold: nothing acknowledged is lost, nothing
 * happened twice. `KILLS=full` runs the full counts on both stores; an ordinary run a few on the store of the run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../src/platform/database.ts';
import { type KillPoint, killPointNames } from '../../src/platform/kill-points.ts';
import { createScratchPostgres, type ScratchPostgres } from '../../src/platform/scratch-database.ts';
import {
  expectedFacts,
  factsByPatient,
  journalledTwice,
  lostMessages,
  lostSignatures,
  notesInEhr,
  openStoreOf,
  signedProposals,
  visitsWithoutOneDraft,
} from './audit.ts';
import { type Shown, type SignatureBook, sitDown, untilGone } from './clinician.ts';
import { allSent, type Feed, openFeed, pump } from './feed.ts';
import { type PlayEhr, startPlayEhr } from './play-ehr.ts';
import {
  countersign,
  type EndedEarly,
  eventually,
  health,
  killLeftovers,
  type Place,
  type Server,
  startCalmly,
  startServer,
} from './server.ts';

const FULL = process.env['KILLS'] === 'full';
const COUNTS = FULL ? { point: 10, random: 50 } : { point: 1, random: 4 };
const STORES = FULL ? (['pglite', 'postgres'] as const) : ([process.env['TEST_DATABASE'] === 'postgres' ? 'postgres' : 'pglite'] as const);
const asked = process.env['KILL_STORE'];
const HOURS_MS = 3 * 3_600_000;

/** In this order every intake point follows one of write-back, so that a signature caught by a kill is met by servers in another kind of trouble. */
const ROUND: readonly KillPoint[] = [
  'before-write-back',
  'before-segment-sync',
  'after-write-back',
  'after-segment-sync',
  'before-checkpoint',
  'mid-transaction',
  'after-commit',
];
const OF_A_SIGNATURE = new Set<KillPoint>(['before-write-back', 'after-write-back', 'before-checkpoint']);

describe.each(STORES.filter((store) => asked === undefined || asked === store))('killed on %s', (store) => {
  const folder = mkdtempSync(join(tmpdir(), `countersign-kill-${store}-`));
  const mrns = Array.from({ length: 2000 }, (_, index) => String(4_000_000 + index));
  const feed: Feed = openFeed(mrns, 4);
  const book: SignatureBook = new Map();
  const stock: Shown[] = [];
  const kills = new Map<string, number>();
  const startsMs: number[] = [];
  const cutOff = { messages: 0, signatures: new Set<string>() };
  let promisedUnderFire = 0;
  let scratch: ScratchPostgres | undefined;
  let ehr: PlayEhr;
  let place: Place;
  let db: Db | undefined;

  beforeAll(async () => {
    if (store === 'postgres') scratch = await createScratchPostgres();
    if (store === 'postgres' && !scratch) return;
    ehr = await startPlayEhr(join(folder, 'hospital'), mrns);
    place = { folder: join(folder, 'data'), databaseUrl: scratch?.url, ehrBase: ehr.base };
  }, 300_000);

  afterAll(async () => {
    await db?.close();
    killLeftovers();
    await ehr?.stop();
    await scratch?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('a quiet morning first: drafts wait, and somebody has looked at them', async ({ skip }) => {
    if (store === 'postgres' && !scratch) return skip('no PostgreSQL server answers');
    const server = await startCalmly(place);
    const wanted = COUNTS.point * OF_A_SIGNATURE.size + COUNTS.random * 2;
    await pump(server.mllpPort, feed, () => allSent(feed).filter((one) => one.kind === 'visit').length < wanted);
    const chair = await sitDown(server.url);
    const ids = await eventually('drafts', async () => {
      const waiting = await chair.waiting();
      return waiting.length >= wanted && waiting;
    });
    for (const id of ids) stock.push(await chair.look(id));

    expect(await server.stop()).toEqual({ code: 0, signal: null });
  }, 600_000);

  it(
    `R22: at each named point, ${COUNTS.point} times, and it comes up again each time`,
    async ({ skip }) => {
      if (!place) return skip('no PostgreSQL server answers');
      // An erasure has a test of its own.
      expect([...ROUND, 'during-erasure'].sort()).toEqual([...killPointNames].sort());

      for (let round = 0; round < COUNTS.point; round += 1) for (const point of ROUND) await killAt(point, round);

      expect(Object.fromEntries(kills)).toEqual(Object.fromEntries(ROUND.map((point) => [point, COUNTS.point])));
    },
    HOURS_MS,
  );

  it(
    `R22: at ${COUNTS.random} random moments`,
    async ({ skip }) => {
      if (!place) return skip('no PostgreSQL server answers');

      for (let n = 0; n < COUNTS.random; n += 1) await killAtRandom(n);

      expect(kills.get('random')).toBe(COUNTS.random);
    },
    HOURS_MS,
  );

  it(
    'R22: the last restart takes what is left to its end: every message answered, every signature settled, no job waiting',
    async ({ skip }) => {
      if (!place) return skip('no PostgreSQL server answers');
      promisedUnderFire = [...book.values()].filter(({ answer }) => answer === 201).length;
      const server = await startCalmly(place);
      await pump(server.mllpPort, feed, () => false);
      const chair = await sitDown(server.url);
      await eventually('quiet', async () => isQuiet(await health(server)));
      // One that was refused because messages about the person were not read yet is asked for again, as a clinician would.
      for (const [id, { contentHash, answer }] of book) {
        if (answer === 'unanswered' || answer === 'stale') await chair.sign({ id, contentHash }, book);
      }
      await eventually('quiet', async () => isQuiet(await health(server)));

      const unanswered = allSent(feed).filter((one) => !one.acknowledged);
      expect([unanswered, feed.refused]).toEqual([[], 0]);
      expect([...book.values()].filter(({ answer }) => answer !== 201 && answer !== 'decided')).toEqual([]);
      expect(await server.stop()).toEqual({ code: 0, signal: null });
    },
    HOURS_MS,
  );

  describe('afterwards', () => {
    beforeAll(async () => {
      if (place) db = await openStoreOf(place);
    }, 120_000);

    it('R22: every acknowledged message is kept to the byte', async ({ skip }) => {
      if (!db) return skip('no PostgreSQL server answers');
      expect(allSent(feed).length).toBeGreaterThan(COUNTS.point * 10);
      expect(cutOff.messages).toBeGreaterThan(0);
      expect(await lostMessages(db, allSent(feed))).toEqual([]);
    });

    it('R22: every message counted exactly once: facts, versions and journal entries', async ({ skip }) => {
      if (!db) return skip('no PostgreSQL server answers');
      expect([...(await factsByPatient(db))]).toEqual([...expectedFacts(allSent(feed))]);
      expect(await journalledTwice(db)).toEqual([]);
      expect(await db.query(`select id from quarantine`)).toEqual([]);
    });

    it('R107: every visit was put before a clinician once', async ({ skip }) => {
      if (!db) return skip('no PostgreSQL server answers');
      expect(await visitsWithoutOneDraft(db)).toEqual([]);
    });

    it('R22: every signature that was answered 201 is a decision about what was shown', async ({ skip }) => {
      if (!db) return skip('no PostgreSQL server answers');
      const signed = await signedProposals(db);
      expect(promisedUnderFire).toBeGreaterThan(0);
      expect(lostSignatures(signed, book)).toEqual([]);
      expect([...signed.keys()].sort()).toEqual([...book.keys()].sort());
    });

    it('R22: the EHR holds one note and one Provenance for each signature, and none that nobody signed', async ({ skip }) => {
      if (!db) return skip('no PostgreSQL server answers');
      const signed = [...(await signedProposals(db)).keys()];
      expect(Object.fromEntries(await notesInEhr(ehr))).toEqual(Object.fromEntries(signed.map((id) => [id, [1, 1]])));
      expect(await db.query(`select proposal, state, reason from delivery where state <> 'delivered'`)).toEqual([]);
    });

    it('R22: the journal proves itself', async ({ skip }) => {
      if (!db) return skip('no PostgreSQL server answers');
      await db.close();
      db = undefined;
      const { code, stdout } = await countersign(['journal', 'verify', '--json'], place);
      expect(JSON.parse(stdout)).toMatchObject({ ok: true, problems: [] });
      expect(code).toBe(0);
      tell();
    }, 300_000);
  });

  /** Starts a server that will be killed at this point, and does what leads there. */
  async function killAt(point: KillPoint, round: number): Promise<void> {
    const passes = OF_A_SIGNATURE.has(point) ? 1 : 1 + ((round * 3) % 5);
    if (point === 'before-checkpoint') await letSettle();
    const signaturesBefore = book.size;
    const server = await startServer(place, { killAt: `${point}:${passes}` });
    if (!('endedEarly' in server)) {
      startsMs.push(server.startMs);
      await (OF_A_SIGNATURE.has(point) ? signOne(server) : pump(server.mllpPort, feed, () => server.isAlive()));
    }
    expect(await exitOf(server), `killed at ${point}`).toEqual({ code: null, signal: 'SIGKILL' });
    // Between decision and checkpoint: any other entry's checkpoint is not what this point is about.
    if (point === 'before-checkpoint') expect(book.size).toBe(signaturesBefore + 1);
    note(point);
  }

  /** A server that works off what earlier kills left, so that the next journal entry is the one a test is about. */
  async function letSettle(): Promise<void> {
    const server = await startCalmly(place);
    await eventually('quiet', async () => isQuiet(await health(server)));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  }

  async function signOne(server: Server): Promise<void> {
    await untilGone(async () => {
      const chair = await sitDown(server.url);
      const shown = stock.shift();
      if (!shown) throw new Error('the stock of drafts is used up');
      await chair.sign(shown, book);
    });
  }

  /** Of four one dies while it starts, one soon after its doors opened, one in the instant of a 201, and one a while after its first. */
  async function killAtRandom(n: number): Promise<void> {
    const moment = (['opened', 'signed', 'signing', 'starting'] as const)[n % 4]!;
    const usualStart = startsMs.at(-1) ?? 5_000;
    const server = await startServer(place, moment === 'starting' ? { killAfterMs: 200 + Math.random() * usualStart } : {});
    if (!('endedEarly' in server)) {
      startsMs.push(server.startMs);
      let firstSigned = (): void => undefined;
      const signed = new Promise<void>((resolve) => {
        firstSigned = resolve;
      });
      const signing = untilGone(() => signWhatWaits(server, firstSigned)).finally(firstSigned);
      const feeding = pump(server.mllpPort, feed, () => server.isAlive(), 80);
      if (moment === 'signing' || moment === 'signed') await signed;
      if (moment !== 'signed') await new Promise((resolve) => setTimeout(resolve, Math.random() * 1_500));
      await server.kill();
      await Promise.all([signing, feeding]);
    }
    expect(await exitOf(server)).toEqual({ code: null, signal: 'SIGKILL' });
    note('random');
  }

  /** Signatures that were cut off are asked for again; then what was looked at in the morning is signed, and whatever else waits. */
  async function signWhatWaits(server: Server, onSigned: () => void): Promise<void> {
    const chair = await sitDown(server.url);
    const sign = async (shown: Shown): Promise<void> => {
      await chair.sign(shown, book);
      if (book.get(shown.id)?.answer === 201) onSigned();
    };
    for (const [id, { contentHash, answer }] of book) if (answer === 'unanswered') await sign({ id, contentHash });
    for (let count = 0; count < 5 && stock.length > 0 && server.isAlive(); count += 1) await sign(stock.shift()!);
    const ids = await chair.waiting();
    for (const id of ids.filter((one) => !book.has(one) && !stock.some((shown) => shown.id === one)).slice(0, 20)) {
      if (server.isAlive()) await sign(await chair.look(id));
    }
  }

  /** Counts a kill, and what it cut off before the answer. */
  function note(kind: string): void {
    kills.set(kind, (kills.get(kind) ?? 0) + 1);
    cutOff.messages += feed.lanes.filter((lane) => lane.sent.some((one) => !one.acknowledged)).length;
    for (const [id, { answer }] of book) if (answer === 'unanswered') cutOff.signatures.add(id);
  }

  /** What was measured, for whoever asked for the full counts. */
  function tell(): void {
    if (!FULL) return;
    const sorted = startsMs.toSorted((a, b) => a - b);
    const figures = {
      store,
      kills: Object.fromEntries(kills),
      messages: allSent(feed).length,
      signatures: book.size,
      cutOff: { messages: cutOff.messages, signatures: cutOff.signatures.size },
      promisedUnderFire,
      restartMsMedian: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
      restartMsWorst: Math.round(sorted.at(-1) ?? 0),
    };
    process.stderr.write(`${JSON.stringify(figures)}\n`);
  }
});

async function exitOf(server: Server | EndedEarly): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  if ('endedEarly' in server) return { code: server.code, signal: server.signal };
  const late = new Promise<{ code: null; signal: null }>((resolve) => {
    setTimeout(() => resolve({ code: null, signal: null }), 60_000).unref();
  });
  return Promise.race([server.exit, late]);
}

function isQuiet(now: Record<string, string | number>): boolean {
  return now['receiptsWaiting'] === 0 && now['jobsReady'] === 0 && now['jobsRunning'] === 0 && now['jobsDead'] === 0;
}
