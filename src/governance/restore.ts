import type { Db } from '../platform/database.ts';
import type { Damage, IntakeSegments } from '../platform/intake-segments.ts';
import type { Log } from '../platform/log.ts';
import { scrub } from '../platform/scrub.ts';
import { closeOrder, type ErasureOrder, eraseSegments, orderFrom, refuseFromNowOn } from '../platform/segment-erasure.ts';
import { type RestoredReceipt, receiptFrom, restoreReceipts } from '../record/intake.ts';
import { mendingFrom, restoreMending } from '../record/mendings.ts';
import { type Act, actFrom, KeptActs, restoreActs } from './acts.ts';
import { eraseAgain } from './erasure.ts';

/** What the start put back: receipts, what people did to drafts, and how many places of the segments hold no record. */
export type Restored = { receipts: number; decisions: number; damaged: number };

const RECEIPTS_AT_ONCE = 200;
const ACTS_AT_ONCE = 50;

/**
 * Reads the segments once and puts back what the database lacks: a power loss, or an earlier copy of the folder, lost it. What was acknowledged
 * comes back in the order in which it was done, and so does what was ordered to be forgotten: an erasure the database does not know of is
 * carried out again, one that a crash cut short is completed. Returns also the log of acts, which then holds every act the database does.
 */
export async function restoreAcknowledged(
  db: Db,
  segments: IntakeSegments,
  log: Log,
  now: () => string,
): Promise<{ restored: Restored; acts: KeptActs }> {
  const restored: Restored = { receipts: 0, decisions: 0, damaged: 0 };
  const seen: string[] = [];
  const unfinished = new Map<string, ErasureOrder>();
  const again = new Set<string>();
  let receipts: RestoredReceipt[] = [];
  let acts: Act[] = [];
  const flush = async (): Promise<void> => {
    restored.receipts += await restoreReceipts(db, receipts);
    restored.decisions += await restoreActs(db, acts);
    receipts = [];
    acts = [];
  };
  const onDamage = (damage: Damage): void => {
    restored.damaged += damage.kind === 'corrupt' ? 1 : 0;
    log.error('intake.damaged', { kind: damage.kind, bytes: damage.bytes });
  };
  for await (const { header, bytes } of segments.read(undefined, onDamage)) {
    if (header.kind === 'receipt') receipts.push(receiptFrom(header, bytes));
    else if (header.kind === 'act') {
      acts.push(actFrom(bytes));
      seen.push(header.id);
    } else if (header.kind === 'mending') {
      await flush();
      restored.decisions += (await restoreMending(db, mendingFrom(bytes))) ? 1 : 0;
    } else if (header.kind === 'erasure') {
      const order = orderFrom(bytes);
      await flush();
      refuseFromNowOn(segments, order);
      unfinished.set(order.id, order);
      if (await eraseAgain(db, order)) again.add(order.id);
    } else if (header.kind === 'erased' && !again.has(header.id)) unfinished.delete(header.id);
    if (receipts.length >= RECEIPTS_AT_ONCE || acts.length >= ACTS_AT_ONCE) await flush();
  }
  await flush();
  if (restored.receipts + restored.decisions > 0) log.warn('intake.restored', { count: restored.receipts + restored.decisions });
  for (const order of unfinished.values()) await completeErasure(db, segments, order, now());
  const kept = new KeptActs(segments, seen);
  await kept.keepMissing(db);
  return { restored, acts: kept };
}

/** What is left of an erasure once it stands in the database: the segments lose what it destroyed, and the database's own files. */
export async function completeErasure(db: Db, segments: IntakeSegments | undefined, order: ErasureOrder, now: string): Promise<void> {
  if (segments) await eraseSegments(segments, order);
  await scrub(db);
  if (segments) await closeOrder(segments, order, now);
}
