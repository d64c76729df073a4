import type { Db } from '../platform/database.ts';
import { listQuarantine, type Quarantined } from './quarantine.ts';
import { type ReceiptRow, readReceipt } from './receipts.ts';

/** What became of a receipt: the facts that stand by it and carry flags, the first of all of them, and what is kept in quarantine. */
export type BecameOf = {
  receipt: ReceiptRow;
  /** The one fact of a receipt that gave one. */
  only: { id: string; type: string; version: number } | undefined;
  flagged: { path: string; type: string; flags: string[]; used: boolean }[];
  rejections: Quarantined[];
};

/** A faulty Bundle may have a fault an entry; more of them than this say nothing more. */
const LIST = 1000;

/** Asks the record what became of a receipt; `state` is `received` while it has not been read. */
export async function becameOf(db: Db, id: string): Promise<BecameOf> {
  const receipt = await readReceipt(db, id);
  const facts = await db.query<{ id: string; type: string; version: number }>(
    'select distinct on (id) id, type, version from fact where receipt = $1 order by id, version desc limit 2',
    [id],
  );
  const flagged = await db.query<{ path: string | null; type: string; flags: string[]; used: boolean }>(
    `select atoms->0->>2 as path, type, flags, grade <> 'D' as used from fact
      where receipt = $1 and superseded_at is null and flags <> '{}' order by span_start limit ${LIST}`,
    [id],
  );
  const rejections = await listQuarantine(db, { receipt: id, state: 'open' }, LIST);
  return {
    receipt,
    only: facts.length === 1 ? facts[0] : undefined,
    flagged: flagged.map((row) => ({ ...row, path: row.path ?? '' })),
    rejections,
  };
}
