import { errorCode } from './error-code.ts';
import { append, type JournalRow } from './journal.ts';
import type { Db, Queryable } from './queryable.ts';

export type NewJob = {
  /** What makes the work one piece of work: a second job with this key is the same job. */
  key: string;
  kind: string;
  /** Ids and codes only; handlers read the rest from the record. */
  payload: unknown;
  /** ISO instant; now when absent. */
  runAt?: string;
};

export type Job = { key: string; kind: string; payload: unknown; attempt: number };

/** Puts work in the queue in the caller's transaction. True when it is new; a known key, whatever its state, stays as it is. */
export async function enqueue(tx: Queryable, job: NewJob): Promise<boolean> {
  return (await enqueueAll(tx, [job])) === 1;
}

/** `enqueue` for many in one statement; returns how many were new. */
export async function enqueueAll(tx: Queryable, jobs: readonly NewJob[]): Promise<number> {
  if (jobs.length === 0) return 0;
  const added = await tx.query(
    `insert into job (key, kind, payload, run_at, created_at)
     select key, kind, payload, coalesce(run_at, now()), now()
       from unnest($1::text[], $2::text[], $3::json[], $4::timestamptz[]) as given (key, kind, payload, run_at)
     on conflict (key) do nothing returning 1`,
    [
      jobs.map((job) => job.key),
      jobs.map((job) => job.kind),
      jobs.map((job) => JSON.stringify(job.payload ?? null)),
      jobs.map((job) => job.runAt ?? null),
    ],
  );
  return added.length;
}

/**
 * Asks for work that may have been asked for before: a new key is enqueued; a known one runs again, after the run that is under way
 * if there is one. Many askings before a run are one run: "this person's record changed" is said once, however often it changed. With
 * `delayMs` the first asking sets the time, so that a burst is one run and an endless one is not put off for ever.
 */
export async function enqueueAgain(tx: Queryable, jobs: readonly NewJob[], delayMs = 0): Promise<void> {
  if (jobs.length === 0) return;
  const once = [...new Map(jobs.map((job) => [job.key, job])).values()].sort((one, other) => (one.key < other.key ? -1 : 1));
  await tx.query(
    `insert into job (key, kind, payload, run_at, created_at)
     select key, kind, payload, clock_timestamp() + make_interval(secs => $4::float8 / 1000), now()
       from unnest($1::text[], $2::text[], $3::json[]) as given (key, kind, payload)
     on conflict (key) do update set state = case job.state when 'running' then 'running' else 'ready' end,
        run_at = case job.state when 'ready' then least(job.run_at, excluded.run_at) else excluded.run_at end,
        attempts = case job.state when 'running' then job.attempts else 0 end, done_at = null`,
    [once.map((job) => job.key), once.map((job) => job.kind), once.map((job) => JSON.stringify(job.payload ?? null)), delayMs],
  );
}

/** Jobs by state, for health and metrics; `oldestDueSeconds` is how long the longest due one has waited. */
export async function jobCounts(db: Queryable): Promise<{ ready: number; running: number; dead: number; oldestDueSeconds: number }> {
  const [row] = await db.query<{ ready: number; running: number; dead: number; waited: number }>(
    `select count(*) filter (where state = 'ready')::int as ready, count(*) filter (where state = 'running')::int as running,
            count(*) filter (where state = 'dead')::int as dead,
            coalesce(extract(epoch from now() - min(run_at) filter (where state = 'ready' and run_at <= now())), 0)::float8 as waited
       from job where state <> 'done'`,
  );
  return { ready: row!.ready, running: row!.running, dead: row!.dead, oldestDueSeconds: row!.waited };
}

const DAY_MS = 86_400_000;

/** Deletes finished jobs older than `days`, as a worker does when it starts and once a day; returns how many. After that their keys count as new. */
export async function prune(db: Queryable, days = 30): Promise<number> {
  const gone = await db.query(`delete from job where state = 'done' and done_at < now() - make_interval(days => $1::int) returning 1`, [
    days,
  ]);
  return gone.length;
}

export type JobKind = {
  /** `stopping` is aborted when the worker is told to stop: work that can be cut short then is, and answers `'unfinished'`, which keeps it in the queue. */
  run(job: Job, stopping: AbortSignal): Promise<unknown>;
  /** After so many failures the job is dead and somebody is told; `Infinity` retries for ever (write-back). */
  maxAttempts?: number;
  /** A process that has not spoken for this long is taken for gone. Renewed while the handler runs. */
  leaseMs?: number;
  firstRetryMs?: number;
  longestRetryMs?: number;
};

export type WorkerOptions = {
  db: Db;
  kinds: Record<string, JobKind | JobKind['run']>;
  concurrency?: number;
  pollMs?: number;
  /** A failed attempt that will be retried; `error` is a code, never a message. */
  onRetry?: (job: Job, error: string) => void;
  onDead?: (job: Job, error: string) => void;
  onDone?: (job: Job, milliseconds: number) => void;
  /** What time alone makes due, as work in the queue: asked every so often before the worker looks for jobs. */
  onTime?: () => Promise<unknown>;
  /** How often that is, in milliseconds; ten seconds when absent. */
  timeMs?: number;
  /** The queue itself could not be read or written; the worker waits a poll and tries again. */
  onTrouble?: (error: string) => void;
};

export type Worker = {
  start(): void;
  /** Looks for work at once instead of at the next poll: called after a commit that enqueued, or by the bus. */
  wake(): void;
  /** Runs what is due, and what that enqueues, until nothing is; `aheadMs` counts jobs due that much later as due (retries). */
  drain(options?: { aheadMs?: number }): Promise<number>;
  /** Takes no more work at once, and tells what runs to be cut short where it can be. Resolves when nothing runs. */
  stop(): Promise<void>;
};

/** A worker on the queue. Several may run in any number of processes: a job is claimed by one and leased, not locked. */
export function createWorker(options: WorkerOptions): Worker {
  const running = new Set<Promise<void>>();
  const concurrency = options.concurrency ?? 2;
  const stopping = new AbortController();
  let loop: Promise<void> | undefined;
  let draining = 0;
  let bell = makeBell();

  async function claimAndRun(aheadMs: number): Promise<number> {
    const jobs = await claim(options, concurrency - running.size, aheadMs);
    for (const job of jobs) {
      const work = runOne(options, job, stopping.signal).finally(() => {
        running.delete(work);
        bell.ring();
      });
      running.add(work);
    }
    return jobs.length;
  }

  let lookedAt = Number.NEGATIVE_INFINITY;
  async function lookAtTime(): Promise<void> {
    if (!options.onTime || performance.now() - lookedAt < (options.timeMs ?? 10_000)) return;
    lookedAt = performance.now();
    await options.onTime().catch(trouble(options));
  }

  let prunedAt = Number.NEGATIVE_INFINITY;
  async function pruneDaily(): Promise<void> {
    if (performance.now() - prunedAt < DAY_MS) return;
    prunedAt = performance.now();
    await prune(options.db).catch(trouble(options));
  }

  async function runLoop(): Promise<void> {
    await releaseOrphans(options);
    while (!stopping.signal.aborted) {
      bell = makeBell();
      const before = bell;
      await lookAtTime();
      await pruneDaily();
      const claimed = draining === 0 && running.size < concurrency ? await claimAndRun(0).catch(trouble(options)) : 0;
      if (claimed === 0 || running.size >= concurrency) await before.wait(options.pollMs ?? 250);
    }
  }

  return {
    start() {
      loop ??= runLoop();
    },
    wake() {
      bell.ring();
    },
    async drain({ aheadMs = 0 } = {}) {
      draining += 1;
      let total = 0;
      try {
        await options.onTime?.();
        for (;;) {
          const claimed = running.size < concurrency ? await claimAndRun(aheadMs) : 0;
          total += claimed;
          if (running.size > 0) await Promise.race(running);
          else if (claimed === 0) return total;
        }
      } finally {
        draining -= 1;
      }
    },
    async stop() {
      stopping.abort();
      bell.ring();
      await loop;
      await Promise.all(running);
    },
  };
}

type Claimed = Job & { runAt: string };

async function claim(options: WorkerOptions, limit: number, aheadMs: number): Promise<Claimed[]> {
  const kinds = Object.keys(options.kinds);
  const leases = kinds.map((kind) => policyOf(options, kind).leaseMs);
  const rows = await options.db.query<{ key: string; kind: string; payload: string; attempts: number; run_at: string }>(
    `with due as materialized (
       select key from job
        where state in ('ready', 'running') and run_at <= now() + make_interval(secs => $4::float8 / 1000)
          and (state = 'ready' or lease_until < now()) and kind = any ($1::text[])
        order by run_at limit $3::int for update skip locked
     )
     update job set state = 'running', attempts = attempts + 1,
                    lease_until = now() + make_interval(secs => lease.ms / 1000)
       from due, unnest($1::text[], $2::float8[]) as lease (kind, ms)
      where job.key = due.key and lease.kind = job.kind
     returning job.key, job.kind, job.payload, job.attempts, job.run_at`,
    [kinds, leases, limit, aheadMs],
  );
  return rows.map((row) => ({ key: row.key, kind: row.kind, payload: JSON.parse(row.payload), attempt: row.attempts, runAt: row.run_at }));
}

async function runOne(options: WorkerOptions, job: Claimed, stopping: AbortSignal): Promise<void> {
  const policy = policyOf(options, job.kind);
  const begun = performance.now();
  const heartbeat = setInterval(() => void renew(options, job, policy.leaseMs), policy.leaseMs / 3);
  try {
    const done = await policy.run({ key: job.key, kind: job.kind, payload: job.payload, attempt: job.attempt }, stopping);
    if (done === 'unfinished') return await putBack(options.db, job);
    await finish(options.db, job);
    options.onDone?.(job, performance.now() - begun);
  } catch (error) {
    await fail(options, job, errorCode(error)).catch(trouble(options));
  } finally {
    clearInterval(heartbeat);
  }
}

/** Done, unless it was asked for again while it ran. The attempt number keeps a worker whose lease ran out from closing another's run. */
async function finish(db: Db, job: Claimed): Promise<void> {
  await db.query(
    `update job set state = case when run_at = $3::timestamptz then 'done' else 'ready' end,
                    attempts = case when run_at = $3::timestamptz then attempts else 0 end,
                    done_at = case when run_at = $3::timestamptz then clock_timestamp() end, lease_until = null, last_error = null
      where key = $1 and state = 'running' and attempts = $2`,
    [job.key, job.attempt, job.runAt],
  );
}

/** As it was before it was claimed: whoever works next takes it up. */
async function putBack(db: Db, job: Claimed): Promise<void> {
  await db.query(
    `update job set state = 'ready', attempts = 0, lease_until = null where key = $1 and state = 'running' and attempts = $2`,
    [job.key, job.attempt],
  );
}

async function fail(options: WorkerOptions, job: Claimed, code: string): Promise<void> {
  const policy = policyOf(options, job.kind);
  const dead = job.attempt >= policy.maxAttempts;
  const state = await options.db.transaction(async (tx) => {
    const [row] = await tx.query<{ state: string; now: string }>(
      `update job set state = case when $4 and run_at = $3::timestamptz then 'dead' else 'ready' end,
                      run_at = case when run_at = $3::timestamptz then clock_timestamp() + make_interval(secs => $5::float8 / 1000) else run_at end,
                      done_at = null, lease_until = null, last_error = $6
        where key = $1 and state = 'running' and attempts = $2 returning state, clock_timestamp() as now`,
      [job.key, job.attempt, job.runAt, dead, retryDelayMs(policy, job.attempt, Math.random()), code],
    );
    if (row?.state === 'dead') await append(tx, [deathOf(job, code, row.now)]);
    return row?.state;
  });
  if (state === 'dead') options.onDead?.(job, code);
  else if (state === 'ready') options.onRetry?.(job, code);
}

/** The key may hold a person's id, so it stands in the erasable body and never in the clear. */
function deathOf({ key, kind, attempt, payload }: Claimed, error: string, at: string): JournalRow {
  const person = (payload as { person?: unknown } | null)?.person;
  const about = typeof person === 'string' ? { person } : {};
  return { kind: 'job.died', actor: 'system:jobs', at, ...about, body: { key, kind, attempts: attempt, error } };
}

async function renew(options: WorkerOptions, job: Claimed, leaseMs: number): Promise<void> {
  await options.db
    .query(
      `update job set lease_until = clock_timestamp() + make_interval(secs => $3::float8 / 1000)
        where key = $1 and state = 'running' and attempts = $2`,
      [job.key, job.attempt, leaseMs],
    )
    .catch(trouble(options));
}

/** Only one process can have the embedded database open, so what runs when it starts belongs to a process that died. */
async function releaseOrphans(options: WorkerOptions): Promise<void> {
  if (options.db.kind !== 'pglite') return;
  await options.db.query(`update job set state = 'ready', lease_until = null where state = 'running'`).catch(trouble(options));
}

type Policy = Required<JobKind>;

function policyOf(options: WorkerOptions, kind: string): Policy {
  const given = options.kinds[kind]!;
  const own = typeof given === 'function' ? { run: given } : given;
  return { maxAttempts: 8, leaseMs: 30_000, firstRetryMs: 1_000, longestRetryMs: 300_000, ...own };
}

/** Milliseconds until the next attempt: doubles, is capped, and lies between half and all of it, so that many do not return at once. */
export function retryDelayMs(policy: { firstRetryMs: number; longestRetryMs: number }, attempt: number, random: number): number {
  const full = Math.min(policy.longestRetryMs, policy.firstRetryMs * 2 ** Math.min(attempt - 1, 40));
  return Math.round(full * (0.5 + random / 2));
}

function trouble(options: WorkerOptions): (error: unknown) => 0 {
  return (error) => {
    options.onTrouble?.(errorCode(error));
    return 0;
  };
}

type Bell = { ring(): void; wait(milliseconds: number): Promise<void> };

/** Rings once: before `wait` it is remembered, so a wake between a look and the sleep is not lost. */
function makeBell(): Bell {
  let ring: () => void = () => undefined;
  const rung = new Promise<void>((resolve) => {
    ring = resolve;
  });
  return {
    ring,
    async wait(milliseconds) {
      let timer: NodeJS.Timeout | undefined;
      const slept = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, milliseconds);
      });
      await Promise.race([rung, slept]);
      clearTimeout(timer);
    },
  };
}
