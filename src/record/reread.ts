import { AppError } from '../core/errors.ts';
import type { Db, Queryable } from '../platform/database.ts';
import { enqueueAgain, type NewJob } from '../platform/jobs.ts';
import { append } from '../platform/journal.ts';
import { READ_RECEIPTS } from './intake.ts';

/** Who has something read again, when they asked, and why where they said so: the journal keeps the reason, the job does not. */
export type Asked = { actor: string; at: string; reason?: string };
/** How far a feed has been read again. */
export type RereadProgress = {
  source: string;
  state: 'none' | 'running' | 'done' | 'failed';
  askedAt: string | null;
  receipts: number;
  done: number;
};

/** A feed is read again so many receipts at a time, so that what arrives meanwhile waits behind few. */
const PORTION = 500;

/**
 * Has one receipt read again with today's maps and settings. Facts that come out otherwise become new versions; the old ones are kept, and
 * where nothing changed nothing is written but who asked.
 */
export async function rereadReceipt(db: Db, id: string, asked: Asked): Promise<void> {
  await db.transaction(async (tx) => {
    const found = await tx.query(`update receipt set state = 'received', reread_by = $2, reread_at = $3 where id = $1 returning 1`, [
      id,
      asked.actor,
      asked.at,
    ]);
    if (found.length === 0) throw new AppError('not_found', 'no receipt has this id');
    await append(tx, [{ kind: 'receipt.reread', actor: asked.actor, subject: id, at: asked.at, body: { receipt: id } }]);
    await enqueueAgain(tx, [READ_RECEIPTS]);
  });
}

/** Has everything that a feed ever sent read again, as a job; returns how many receipts that is. */
export async function rereadFeed(db: Db, source: string, { reason, ...asked }: Asked): Promise<RereadProgress> {
  await db.transaction(async (tx) => {
    const [row] = await tx.query('select 1 from receipt where source = $1 limit 1', [source]);
    if (!row) throw new AppError('not_found', 'no feed has this name');
    await append(tx, [{ kind: 'receipt.reread', actor: asked.actor, at: asked.at, body: { source, ...(reason ? { reason } : {}) } }]);
    await enqueueAgain(tx, [rereadJob(source, asked)]);
    // What is asked for while it runs takes the place of what was asked for before.
    await tx.query('update job set payload = $2::json where key = $1', [keyOf(source), JSON.stringify({ source, ...asked })]);
  });
  return rereadProgress(db, source);
}

/**
 * The job: marks a feed's receipts, a portion at a time, and has each portion read before the next; `read` says whether it read all that waits.
 * A job that was cut short, which is answered with false, goes on where it was: with what was marked and not read.
 */
export async function rereadPortions(db: Db, payload: unknown, read: () => Promise<boolean>): Promise<boolean> {
  const { source, actor, at } = payload as { source: string } & Asked;
  do if (!(await read())) return false;
  while ((await markPortion(db, source, { actor, at })) > 0);
  return true;
}

/** Of these feeds, those being read again now, each with when that was asked. */
export async function feedsBeingReread(db: Queryable, sources: readonly string[]): Promise<Map<string, string>> {
  const rows = await db.query<{ payload: string }>(
    `select payload::text as payload from job where key = any($1::text[]) and state in ('ready', 'running')`,
    [sources.map(keyOf)],
  );
  return new Map(rows.map(({ payload }) => JSON.parse(payload) as { source: string } & Asked).map(({ source, at }) => [source, at]));
}

/** How far the latest re-reading of a feed has come. */
export async function rereadProgress(db: Queryable, source: string): Promise<RereadProgress> {
  const [job] = await db.query<{ payload: string; state: string }>('select payload::text as payload, state from job where key = $1', [
    keyOf(source),
  ]);
  if (!job) return { source, state: 'none', askedAt: null, receipts: 0, done: 0 };
  const { at } = JSON.parse(job.payload) as Asked;
  const [row] = await db.query<{ receipts: bigint; done: bigint }>(
    `select count(*) as receipts, count(*) filter (where reread_at >= $2 and state <> 'received') as done
       from receipt where source = $1 and received_at <= $2`,
    [source, at],
  );
  return {
    source,
    state: job.state === 'done' ? 'done' : job.state === 'dead' ? 'failed' : 'running',
    askedAt: at,
    receipts: Number(row?.receipts ?? 0),
    done: Number(row?.done ?? 0),
  };
}

async function markPortion(db: Queryable, source: string, asked: Asked): Promise<number> {
  const marked = await db.query(
    `update receipt set state = 'received', reread_by = $3, reread_at = $2
      where id in (select id from receipt where source = $1 and received_at <= $2 and (reread_at is null or reread_at < $2)
                    order by received_at, id limit ${PORTION} for update skip locked)
     returning 1`,
    [source, asked.at, asked.actor],
  );
  return marked.length;
}

function rereadJob(source: string, asked: Asked): NewJob {
  return { key: keyOf(source), kind: 'reread', payload: { source, ...asked } };
}

function keyOf(source: string): string {
  return `reread:${source}`;
}
