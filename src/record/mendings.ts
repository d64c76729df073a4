import type { Db, Queryable } from '../platform/database.ts';
import type { IntakeSegments } from '../platform/intake-segments.ts';
import { append } from '../platform/journal.ts';
import { type Asked, rereadFeed, rereadReceipt } from './reread.ts';

/** What an engineer did about what went wrong, as it is synced beside the embedded database before they are told. */
export type Mending =
  | { what: 'receipt'; receipt: string; asked: Asked }
  | { what: 'feed'; source: string; asked: Asked }
  /** `row` is the item as it stood dismissed: it may not be there again when this is put back. */
  | { what: 'dismissal'; receipt: string; asked: Asked; reason: string; item: string; row: string };

export type KeepMending = (mending: Mending) => Promise<void>;

/** Keeps mendings in the segments; where there are none, the database keeps its own word. */
export function mendingLog(segments: IntakeSegments | undefined): KeepMending {
  return async (mending) => {
    const { at } = mending.asked;
    const id = mending.what === 'feed' ? mending.source : mending.receipt;
    await segments?.append({
      header: { kind: 'mending', id, receivedAt: at, what: mending.what },
      bytes: new Uint8Array(Buffer.from(JSON.stringify(mending))),
    });
  };
}

/** A mending from its record. */
export function mendingFrom(bytes: Uint8Array): Mending {
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as Mending;
}

/** A dismissal as it stands now. */
export async function readDismissal(db: Queryable, id: string, asked: Asked, reason: string): Promise<Mending> {
  const [row] = await db.query<{ receipt: string; item: string; row: string }>(
    'select receipt, item, row_to_json(q)::text as row from quarantine q where id = $1',
    [id],
  );
  return { what: 'dismissal', receipt: row!.receipt, asked, reason, item: row!.item, row: row!.row };
}

/** Does again what the database does not know of; false where it does. */
export async function restoreMending(db: Db, mending: Mending): Promise<boolean> {
  const { asked } = mending;
  if (mending.what === 'receipt') {
    const [row] = await db.query<{ known: boolean }>('select coalesce(reread_at >= $2, false) as known from receipt where id = $1', [
      mending.receipt,
      asked.at,
    ]);
    if (!row || row.known) return false;
    await rereadReceipt(db, mending.receipt, asked);
    return true;
  }
  if (mending.what === 'dismissal') return restoreDismissal(db, mending);
  const known = await db.query(
    `select 1 from journal where kind = 'receipt.reread' and actor = $1 and at = $2 and subject is null limit 1`,
    [asked.actor, asked.at],
  );
  const sent = await db.query('select 1 from receipt where source = $1 limit 1', [mending.source]);
  if (known.length > 0 || sent.length === 0) return false;
  await rereadFeed(db, mending.source, asked);
  return true;
}

async function restoreDismissal(db: Db, { receipt, asked, reason, item, row }: Extract<Mending, { what: 'dismissal' }>): Promise<boolean> {
  return db.transaction(async (tx) => {
    const known = await tx.query(`select 1 from journal where kind = 'quarantine.closed' and subject = $1 and actor = $2 and at = $3`, [
      receipt,
      asked.actor,
      asked.at,
    ]);
    const here = await tx.query('select 1 from receipt where id = $1', [receipt]);
    if (known.length > 0 || here.length === 0) return false;
    await tx.query(
      `insert into quarantine select * from json_populate_record(null::quarantine, $1::json)
       on conflict (id) do update set state = excluded.state, closed_by = excluded.closed_by, closed_reason = excluded.closed_reason`,
      [row],
    );
    const body = { item, state: 'dismissed', reason };
    await append(tx, [{ kind: 'quarantine.closed', actor: asked.actor, subject: receipt, at: asked.at, body }]);
    return true;
  });
}
