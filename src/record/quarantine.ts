import { AppError } from '../core/errors.ts';
import type { Rejection } from '../core/receipt.ts';
import type { Db, Queryable } from '../platform/database.ts';
import { uuidFromParts } from '../platform/digest.ts';
import { enqueueAgain } from '../platform/jobs.ts';
import { append } from '../platform/journal.ts';
import { READ_RECEIPTS } from './intake.ts';

export type Quarantined = {
  id: string;
  receipt: string;
  source: string;
  item: string;
  reason: string;
  detail: string;
  at: string;
  state: 'open' | 'replayed' | 'dismissed';
};
const ACTOR = 'system:intake';

/** Keeps what could not be used, with its reason; the same item of the same receipt is kept once and opens again when it fails again. */
export async function quarantine(
  tx: Queryable,
  items: { receipt: string; source: string; rejection: Rejection }[],
  now: string,
): Promise<void> {
  if (items.length === 0) return;
  await tx.query(
    `insert into quarantine (id, receipt, source, item, reason, detail, at, state)
     select id, receipt, source, item, reason, detail::json, $7::timestamptz, 'open'
       from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) as kept (id, receipt, source, item, reason, detail)
     on conflict (id) do update set state = 'open', reason = excluded.reason, detail = excluded.detail, at = excluded.at`,
    [
      items.map((one) => uuidFromParts('quarantine', one.receipt, one.rejection.item)),
      items.map((one) => one.receipt),
      items.map((one) => one.source),
      items.map((one) => one.rejection.item),
      items.map((one) => one.rejection.reason),
      items.map((one) => JSON.stringify({ text: one.rejection.detail, start: one.rejection.start, end: one.rejection.end })),
      now,
    ],
  );
  await append(
    tx,
    items.map((one) => ({
      kind: 'item.quarantined' as const,
      actor: ACTOR,
      subject: one.receipt,
      at: now,
      body: { item: one.rejection.item, reason: one.rejection.reason },
    })),
  );
}

/** Closes the open items of a receipt that has just been read again; what fails again is opened anew. */
export async function closeQuarantine(
  tx: Queryable,
  receipts: readonly string[],
  now: string,
  state: 'replayed' | 'dismissed' = 'replayed',
  actor = ACTOR,
): Promise<number> {
  const closed = await tx.query<{ id: string; receipt: string; item: string }>(
    `update quarantine set state = $2 where receipt = any($1::uuid[]) and state = 'open' returning id, receipt, item`,
    [receipts, state],
  );
  await append(
    tx,
    closed.map((row) => ({ kind: 'quarantine.closed' as const, actor, subject: row.receipt, at: now, body: { item: row.item, state } })),
  );
  return closed.length;
}

/** What waits or waited, newest first. */
export async function listQuarantine(db: Queryable, only: { state?: string; receipt?: string }, limit: number): Promise<Quarantined[]> {
  const rows = await db.query<Omit<Quarantined, 'detail'> & { detail: string }>(
    `select id, receipt, source, item, reason, detail, at, state from quarantine
      where ($1::text is null or state = $1) and ($2::uuid is null or receipt = $2) order by at desc, id limit $3`,
    [only.state ?? null, only.receipt ?? null, limit],
  );
  return rows.map((row) => ({ ...row, detail: (JSON.parse(row.detail) as { text: string }).text }));
}

/** Sends a quarantined item's receipt through reading again, after a fix of a map or of a setting. Stores nothing twice. */
export async function replayQuarantined(db: Db, id: string): Promise<{ receipt: string }> {
  return db.transaction(async (tx) => {
    const [row] = await tx.query<{ receipt: string }>('select receipt from quarantine where id = $1', [id]);
    if (!row) throw new AppError('not_found', 'nothing with this id is in quarantine');
    await tx.query(`update receipt set state = 'received' where id = $1`, [row.receipt]);
    await enqueueAgain(tx, [READ_RECEIPTS]);
    return row;
  });
}
