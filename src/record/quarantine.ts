import { AppError } from '../core/errors.ts';
import type { Rejection } from '../core/receipt.ts';
import type { Db, Queryable } from '../platform/database.ts';
import { uuidFromParts } from '../platform/digest.ts';
import { append } from '../platform/journal.ts';

export type Quarantined = {
  id: string;
  receipt: string;
  source: string;
  item: string;
  reason: string;
  detail: string;
  at: string;
  state: 'open' | 'replayed' | 'dismissed';
  /** Why a person dismissed it. */
  closedReason: string | null;
};
const ACTOR = 'system:intake';

/**
 * Keeps what could not be used, with its reason; the same item of the same receipt is kept once. One that fails again as it did stays as it
 * is, also where a person dismissed it; one that fails otherwise opens again.
 */
export async function quarantine(
  tx: Queryable,
  items: { receipt: string; source: string; rejection: Rejection }[],
  now: string,
): Promise<void> {
  if (items.length === 0) return;
  const once = [...new Map(items.map((one) => [idOf(one.receipt, one.rejection.item), one]))];
  const opened = await tx.query<{ id: string }>(
    `insert into quarantine (id, receipt, source, item, reason, detail, at, state)
     select id, receipt, source, item, reason, detail::json, $7::timestamptz, 'open'
       from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) as kept (id, receipt, source, item, reason, detail)
     on conflict (id) do update set state = 'open', reason = excluded.reason, detail = excluded.detail, at = excluded.at,
            closed_by = null, closed_reason = null
      where quarantine.state = 'replayed' or quarantine.reason <> excluded.reason or quarantine.detail::text <> excluded.detail::text
     returning id`,
    [
      once.map(([id]) => id),
      once.map(([, one]) => one.receipt),
      once.map(([, one]) => one.source),
      once.map(([, one]) => one.rejection.item),
      once.map(([, one]) => one.rejection.reason),
      once.map(([, one]) => JSON.stringify({ text: one.rejection.detail, start: one.rejection.start, end: one.rejection.end })),
      now,
    ],
  );
  const fresh = new Set(opened.map((row) => row.id));
  await append(
    tx,
    once
      .filter(([id]) => fresh.has(id))
      .map(([, one]) => ({
        kind: 'item.quarantined' as const,
        actor: ACTOR,
        subject: one.receipt,
        at: now,
        body: { item: one.rejection.item, reason: one.rejection.reason },
      })),
  );
}

/** Closes the open items of receipts that have just been read and that do not fail any more, in the name of whoever had them read again. */
export async function closeMended(
  tx: Queryable,
  receipts: readonly { id: string; rereadBy: string | null }[],
  failing: readonly { receipt: string; rejection: Rejection }[],
  now: string,
): Promise<void> {
  const closed = await tx.query<{ id: string; receipt: string; item: string }>(
    `update quarantine set state = 'replayed', closed_by = asked.by from unnest($1::uuid[], $2::text[]) as asked (receipt, by)
      where quarantine.receipt = asked.receipt and state = 'open' and not (id = any($3::uuid[])) returning id, quarantine.receipt, item`,
    [receipts.map((one) => one.id), receipts.map((one) => one.rereadBy), failing.map((one) => idOf(one.receipt, one.rejection.item))],
  );
  const by = new Map(receipts.map((one) => [one.id, one.rereadBy]));
  await append(
    tx,
    closed.map((row) => ({
      kind: 'quarantine.closed' as const,
      actor: by.get(row.receipt) ?? ACTOR,
      subject: row.receipt,
      at: now,
      body: { item: row.item, state: 'replayed' },
    })),
  );
}

/** A named person says that an item needs nothing more, and why. Its bytes are kept, and it stays dismissed while it fails as it did. */
export async function dismissQuarantined(
  db: Db,
  id: string,
  by: { actor: string; reason: string },
  now: string,
): Promise<{ receipt: string }> {
  return db.transaction(async (tx) => {
    const [row] = await tx.query<{ receipt: string; item: string }>(
      `update quarantine set state = 'dismissed', closed_by = $2, closed_reason = $3 where id = $1 and state = 'open' returning receipt, item`,
      [id, by.actor, by.reason],
    );
    if (!row) throw new AppError('not_found', 'nothing open with this id is in quarantine');
    await append(tx, [
      {
        kind: 'quarantine.closed',
        actor: by.actor,
        subject: row.receipt,
        at: now,
        body: { item: row.item, state: 'dismissed', reason: by.reason },
      },
    ]);
    return { receipt: row.receipt };
  });
}

/** What waits or waited, newest first. */
export async function listQuarantine(db: Queryable, only: { state?: string; receipt?: string }, limit: number): Promise<Quarantined[]> {
  const rows = await db.query<Omit<Quarantined, 'detail'> & { detail: string }>(
    `select id, receipt, source, item, reason, detail, at, state, closed_reason as "closedReason" from quarantine
      where ($1::text is null or state = $1) and ($2::uuid is null or receipt = $2) order by at desc, id limit $3`,
    [only.state ?? null, only.receipt ?? null, limit],
  );
  return rows.map((row) => ({ ...row, detail: (JSON.parse(row.detail) as { text: string }).text }));
}

/** The receipt of a quarantined item, to be read again after a fix of a map or of a setting. */
export async function receiptOfQuarantined(db: Queryable, id: string): Promise<string> {
  const [row] = await db.query<{ receipt: string }>('select receipt from quarantine where id = $1', [id]);
  if (!row) throw new AppError('not_found', 'nothing with this id is in quarantine');
  return row.receipt;
}

function idOf(receipt: string, item: string): string {
  return uuidFromParts('quarantine', receipt, item);
}
