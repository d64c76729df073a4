import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../core/errors.ts';
import type { Db } from './database.ts';
import { createWorker, enqueue, enqueueAgain, enqueueAll, type Job, jobCounts, prune, retryDelayMs, type WorkerOptions } from './jobs.ts';
import { createScratchPostgres, openScratchPglite, openScratchPostgres } from './scratch-database.ts';

const server = await createScratchPostgres();
await server?.drop();

describe.each(server ? (['pglite', 'postgres'] as const) : (['pglite'] as const))('the queue on %s', (kind) => {
  let db: Db;

  beforeAll(async () => {
    db = kind === 'pglite' ? await openScratchPglite() : (await openScratchPostgres())!;
  });
  afterAll(() => db.close());
  beforeEach(() => db.query('delete from job'));

  it('takes a key once and says whether it was new', async () => {
    expect(await enqueue(db, note('a'))).toBe(true);
    expect(await enqueue(db, note('a'))).toBe(false);
    expect(await enqueueAll(db, [note('a'), note('b'), note('c')])).toBe(2);
    expect(await enqueueAll(db, [])).toBe(0);
  });

  it('forgets a job whose transaction rolled back', async () => {
    const work = db.transaction(async (tx) => {
      await enqueue(tx, note('a'));
      throw new Error('stop');
    });

    await expect(work).rejects.toThrow('stop');
    expect(await jobCounts(db)).toMatchObject({ ready: 0 });
  });

  it('runs each due job once with its payload, and what it enqueues, and leaves what is not due', async () => {
    const seen: unknown[] = [];
    await enqueue(db, { key: 'first', kind: 'note', payload: { fact: '1', n: [1, null] } });
    await enqueue(db, { key: 'later', kind: 'note', payload: null, runAt: new Date(Date.now() + 3_600_000).toISOString() });
    await enqueue(db, { key: 'other', kind: 'unknown', payload: null });
    const worker = workerOf({
      note: async (job) => {
        seen.push([job.key, job.payload, job.attempt]);
        if (job.key === 'first') await enqueue(db, note('second'));
      },
    });

    expect(await worker.drain()).toBe(2);
    expect(await worker.drain()).toBe(0);

    expect(seen).toEqual([
      ['first', { fact: '1', n: [1, null] }, 1],
      ['second', null, 1],
    ]);
    expect(await jobCounts(db)).toMatchObject({ ready: 2, running: 0, dead: 0 });
  });

  it('retries with a code, not a message, and dies after its attempts', async () => {
    const told: unknown[] = [];
    await enqueue(db, note('a'));
    const worker = workerOf(
      {
        note: {
          run: async (job) => {
            throw new AppError('ehr_unavailable', `no answer for Jane Doe, attempt ${job.attempt}`);
          },
          maxAttempts: 3,
        },
      },
      {
        onRetry: (job, error) => told.push(['retry', job.attempt, error]),
        onDead: (job, error) => told.push(['dead', job.attempt, error]),
      },
    );

    expect(await worker.drain()).toBe(1);
    expect(await worker.drain()).toBe(0);
    expect(await worker.drain({ aheadMs: 600_000 })).toBe(2);

    expect(told).toEqual([
      ['retry', 1, 'ehr_unavailable'],
      ['retry', 2, 'ehr_unavailable'],
      ['dead', 3, 'ehr_unavailable'],
    ]);
    expect(await db.query('select state, attempts, last_error from job')).toEqual([
      { state: 'dead', attempts: 3, last_error: 'ehr_unavailable' },
    ]);
  });

  it('journals a death once; the key of a job about a person is in the payload that goes with them', async () => {
    const person = '00000000-0000-4000-8000-00000000001d';
    await enqueue(db, { key: `note:${person}`, kind: 'note', payload: { person } });
    const worker = workerOf({ note: { run: () => Promise.reject(new AppError('not_found', 'gone')), maxAttempts: 1 } });

    await worker.drain();
    await worker.drain({ aheadMs: 600_000 });

    const rows = await db.query<{ actor: string; subject: string | null; person: string; body: string }>(
      `select j.actor, j.subject, p.person, p.body from journal j join journal_payload p on p.journal_id = j.id
        where j.kind = 'job.died' and p.person = $1`,
      [person],
    );
    expect(rows.map((row) => ({ ...row, body: JSON.parse(row.body) }))).toEqual([
      {
        actor: 'system:jobs',
        subject: null,
        person,
        body: { key: `note:${person}`, kind: 'note', attempts: 1, error: 'not_found', person },
      },
    ]);
  });

  it('never gives up a kind with endless attempts', async () => {
    await enqueue(db, note('a'));
    await db.query('update job set attempts = 100000');
    const worker = workerOf({
      note: {
        run: () => Promise.reject(new Error('down')),
        maxAttempts: Number.POSITIVE_INFINITY,
      },
    });

    await worker.drain();

    expect(await db.query("select state, last_error, run_at > now() + interval '2 minutes' as waits from job")).toEqual([
      { state: 'ready', last_error: 'internal', waits: true },
    ]);
  });

  it('gives a job of a lost process to another after its lease, and lets the lost one close nothing', async () => {
    await enqueue(db, note('a'));
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = workerOf({ note: { run: () => held, leaseMs: 60_000 } });
    const slowDrain = slow.drain();
    await until(async () => (await jobCounts(db)).running === 1);
    expect(await workerOf({ note: async () => undefined }).drain()).toBe(0);
    await db.query(`update job set lease_until = now() - interval '1 second'`);
    const seen: unknown[] = [];

    await workerOf({
      note: async (job) => {
        release();
        await slowDrain;
        seen.push(job.attempt, ...(await db.query('select state from job')));
      },
    }).drain();

    expect(seen).toEqual([2, { state: 'running' }]);
    expect(await db.query('select state, attempts from job')).toEqual([{ state: 'done', attempts: 2 }]);
  });

  it('keeps the lease of a handler that takes long', async () => {
    await enqueue(db, note('a'));
    const slow = workerOf({ note: { run: () => new Promise((resolve) => setTimeout(resolve, 900)), leaseMs: 300 } }).drain();
    await new Promise((resolve) => setTimeout(resolve, 600));

    expect(await workerOf({ note: async () => undefined }).drain()).toBe(0);
    expect(await slow).toBe(1);
  });

  it('says "changed" once however often it changed before a run, and again for a change during one', async () => {
    let runs = 0;
    const worker = workerOf({
      note: async () => {
        runs += 1;
        if (runs === 1) await enqueueAgain(db, [note('chart')]);
      },
    });
    await enqueueAgain(db, [note('chart'), note('chart')]);
    await enqueueAgain(db, [note('chart')]);

    expect(await worker.drain()).toBe(2);
    await enqueueAgain(db, [note('chart')]);
    expect(await worker.drain()).toBe(1);
  });

  it('R107: two workers share the work and do nothing twice', async () => {
    const seen: string[] = [];
    await enqueueAll(
      db,
      Array.from({ length: 60 }, (_, i) => note(`job ${i}`)),
    );
    const kinds = {
      note: async (job: Job) => {
        seen.push(job.key);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      },
    };

    const [one, other] = await Promise.all([workerOf(kinds).drain(), workerOf(kinds).drain()]);

    expect(one + other).toBe(60);
    expect(new Set(seen).size).toBe(60);
    expect(seen).toHaveLength(60);
  });

  it('R22: told to stop, it has what runs cut short and keeps it in the queue: asked again, nothing is forgotten and no attempt is counted', async () => {
    await enqueue(db, note('backlog'));
    let read = 0;
    const reading = (last: number) =>
      workerOf({
        note: async (_job, stopping) => {
          while (read < last) {
            if (stopping.aborted) return 'unfinished';
            read += 1;
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
          return undefined;
        },
      });
    const first = reading(Number.POSITIVE_INFINITY);
    first.start();
    while (read < 3) await new Promise((resolve) => setTimeout(resolve, 5));

    await first.stop();

    expect(await jobCounts(db)).toMatchObject({ ready: 1, running: 0 });
    expect(await db.query('select attempts from job')).toEqual([{ attempts: 0 }]);
    expect(await reading(read + 1).drain()).toBe(1);
    expect(await jobCounts(db)).toMatchObject({ ready: 0, running: 0 });
  });

  it('R107: a signal wakes it long before the poll, and stop waits for what runs', async () => {
    const seen: string[] = [];
    const worker = workerOf(
      {
        note: async (job) => {
          await new Promise((resolve) => setTimeout(resolve, 50));
          seen.push(job.key);
        },
      },
      { pollMs: 60_000 },
    );
    worker.start();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await enqueue(db, note('a'));
    worker.wake();
    await until(async () => (await jobCounts(db)).running === 1);
    await worker.stop();

    expect(seen).toEqual(['a']);
  });

  it('finds work by polling when nobody signals, also at its later time', async () => {
    const seen: string[] = [];
    const worker = workerOf({ note: async (job) => void seen.push(job.key) }, { pollMs: 20 });
    worker.start();
    await enqueue(db, { ...note('a'), runAt: new Date(Date.now() + 200).toISOString() });

    expect(seen).toEqual([]);
    await until(async () => seen.length === 1);
    await worker.stop();
  });

  it.runIf(kind === 'pglite')('takes up at once what a killed process had begun', async () => {
    await enqueue(db, note('a'));
    await db.query(`update job set state = 'running', attempts = 1, lease_until = now() + interval '1 hour'`);
    const attempts: number[] = [];
    const worker = workerOf({ note: async (job) => void attempts.push(job.attempt) }, { pollMs: 20 });
    worker.start();
    await until(async () => attempts.length === 1);
    await worker.stop();

    expect(attempts).toEqual([2]);
  });

  it('forgets what was done long ago when it starts', async () => {
    await enqueueAll(db, [note('old'), note('new')]);
    await db.query(
      `update job set state = 'done', done_at = now() - case key when 'old' then interval '31 days' else interval '1 day' end`,
    );
    const worker = workerOf({ note: async () => undefined }, { pollMs: 20 });

    worker.start();
    await until(async () => (await db.query('select 1 from job')).length === 1);
    await worker.stop();

    expect(await db.query('select key from job')).toEqual([{ key: 'new' }]);
  });

  it('prunes what was done long ago and nothing else', async () => {
    await enqueueAll(db, [note('old'), note('new'), note('dead'), note('waiting')]);
    await db.query(`update job set state = 'done', done_at = now() - interval '31 days' where key = 'old'`);
    await db.query(`update job set state = 'done', done_at = now() where key = 'new'`);
    await db.query(`update job set state = 'dead', done_at = now() - interval '31 days' where key = 'dead'`);

    expect(await prune(db)).toBe(1);
    expect((await db.query('select key from job order by key')).map((row) => row['key'])).toEqual(['dead', 'new', 'waiting']);
  });

  it('asks again and again what time makes due, also after an asking that failed', async () => {
    const ran: string[] = [];
    const troubles: string[] = [];
    let asked = 0;
    const worker = workerOf(
      { note: async (job) => void ran.push(job.key) },
      {
        pollMs: 1,
        timeMs: 0,
        onTrouble: (error) => troubles.push(error),
        onTime: async () => {
          asked += 1;
          if (asked === 1) throw new AppError('internal', 'the first asking fails');
          await enqueue(db, note(`due ${asked}`));
        },
      },
    );

    worker.start();
    await until(async () => ran.includes('due 3'));
    await worker.stop();

    expect(troubles).toEqual(['internal']);
    expect(ran).toEqual(expect.arrayContaining(['due 2', 'due 3']));
  });

  function workerOf(kinds: WorkerOptions['kinds'], more: Partial<WorkerOptions> = {}) {
    return createWorker({ db, kinds, ...more });
  }
});

it.each`
  attempt | random | expected
  ${1}    | ${0}   | ${500}
  ${1}    | ${1}   | ${1000}
  ${3}    | ${1}   | ${4000}
  ${20}   | ${1}   | ${300000}
  ${5000} | ${0}   | ${150000}
`('waits $expected ms after attempt $attempt at chance $random', ({ attempt, random, expected }) => {
  expect(retryDelayMs({ firstRetryMs: 1000, longestRetryMs: 300_000 }, attempt, random)).toBe(expected);
});

function note(key: string) {
  return { key, kind: 'note', payload: null };
}

async function until(reached: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await reached())) {
    if (Date.now() > deadline) throw new Error('waited 10 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
