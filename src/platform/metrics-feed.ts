import type { Intake } from '../core/ports.ts';
import type { Reading } from '../core/receipt.ts';
import type { Queryable } from './database.ts';
import { jobCounts, type WorkerOptions } from './jobs.ts';
import type { Metrics } from './metrics.ts';

/** The intake, counted: receipts by door and outcome, and the bytes that came in. Nothing of a payload becomes a label. */
export function countedIntake(intake: Intake, metrics: Metrics): Intake {
  return async (payload) => {
    const { door } = payload;
    try {
      const stored = await intake(payload);
      metrics.receipts.inc({ door, outcome: stored.repeat ? 'repeated' : 'stored' });
      metrics.receiptBytes.inc({ door }, payload.bytes.length);
      return stored;
    } catch (error) {
      metrics.receipts.inc({ door, outcome: 'refused' });
      throw error;
    }
  };
}

/** A reader of payloads, counted: facts by resource type and what was rejected by reason. Both labels come from closed lists. */
export function countedReader<Args extends unknown[]>(read: (...args: Args) => Reading, metrics: Metrics): (...args: Args) => Reading {
  return (...args) => {
    const reading = read(...args);
    for (const { facts } of reading.people) for (const { type } of facts) metrics.facts.inc({ type });
    for (const { reason } of reading.rejections) metrics.quarantined.inc({ reason });
    return reading;
  };
}

/** A worker's callbacks: attempts by kind and outcome, and how long each took that succeeded. */
export function countedJobs(metrics: Metrics): Required<Pick<WorkerOptions, 'onDone' | 'onRetry' | 'onDead'>> {
  return {
    onDone: ({ kind }, milliseconds) => {
      metrics.jobs.inc({ kind, outcome: 'done' });
      metrics.jobDuration.observe({ kind }, milliseconds / 1000);
    },
    onRetry: ({ kind }) => metrics.jobs.inc({ kind, outcome: 'retry' }),
    onDead: ({ kind }) => metrics.jobs.inc({ kind, outcome: 'dead' }),
  };
}

/** Asks the store for what only it knows, before it is shown: whether it answers, waiting jobs, the journal. Never throws: down is an answer. */
export async function refreshGauges(metrics: Metrics, db: Queryable, journalSize: () => number): Promise<void> {
  metrics.journalSize.set(journalSize());
  try {
    const jobs = await jobCounts(db);
    const [pending] = await db.query<{ count: number }>('select count(*)::int as count from journal_pending');
    metrics.jobsReady.set(jobs.ready);
    metrics.jobsDead.set(jobs.dead);
    metrics.jobsOldestSeconds.set(jobs.oldestDueSeconds);
    metrics.journalPending.set(pending?.count ?? 0);
    const [waits] = await db.query<{ notes: number; seconds: number }>(
      `select count(distinct proposal)::int as notes, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as seconds
         from delivery where state = 'waiting'`,
    );
    metrics.deliveriesWaiting.set(waits?.notes ?? 0);
    metrics.deliveriesOldestSeconds.set(Math.max(waits?.seconds ?? 0, 0));
    const open = await db.query<{ state: string; count: number }>(
      `select state, count(*)::int as count from delivery
        where state <> 'waiting' and reason <> all(array['erased', 'document-not-delivered']) and closed_at is null group by state`,
    );
    metrics.deliveriesOpen.reset();
    for (const { state, count } of open) metrics.deliveriesOpen.set({ state }, count);
    const decided = await db.query<{ pack: string; kind: string; count: number }>(
      'select p.pack, d.kind, count(*)::int as count from decision d join proposal p on p.id = d.proposal group by 1, 2',
    );
    // Counted from what is stored, so that a restart forgets none and a decision in another process is seen.
    metrics.decisions.reset();
    for (const { pack, kind, count } of decided) metrics.decisions.inc({ pack, kind }, count);
    metrics.databaseUp.set(1);
  } catch {
    metrics.databaseUp.set(0);
  }
}
