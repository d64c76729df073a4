import type { Reading } from '../core/receipt.ts';
import type { Db } from '../platform/database.ts';
import { OneAtATime } from '../platform/one-at-a-time.ts';
import { packFact } from './fact-row.ts';
import { type Batch, peekWaiting, type ReceiptRow, type Waiting } from './receipts.ts';

type Read = (receipt: ReceiptRow, bytes: Uint8Array) => Reading;

/** Reading for this long, the process answers its doors, and the stores its other readers wait for, before it goes on. */
const SLICE_MS = 1;

/**
 * Reads receipts before the transaction that records them: while one batch is with the store, the next is being read, and no lock is held and no
 * other door of the embedded store kept waiting for the reading. What is read ahead is used only for the very bytes it was read from, so that a
 * receipt that was erased or changed in between is read as it is then.
 */
export function readAhead(db: Db, batch: Batch, read: Read): { next(): Promise<void>; read: Read } {
  const ahead = new Map<string, { bytes: Uint8Array; reading: Reading }>();
  /** Those read ahead and not yet recorded, and the last that were: until the commit they still wait. */
  const seen = new Set<string>();
  const turns = new OneAtATime();
  const peek = async (): Promise<Waiting[]> => {
    for (const id of seen) {
      if (seen.size <= 2 * batch.readers * batch.receipts) break;
      seen.delete(id);
      ahead.delete(id);
    }
    const waiting = await peekWaiting(db, batch, [...seen]);
    for (const { receipt } of waiting) seen.add(receipt.id);
    return waiting;
  };
  return {
    async next() {
      const waiting = await turns.run(peek);
      let since = performance.now();
      for (const { receipt, bytes } of waiting) {
        const reading = tried(read, receipt, bytes);
        if (reading) ahead.set(receipt.id, { bytes, reading: packed(reading) });
        if (performance.now() - since < SLICE_MS) continue;
        await new Promise((resolve) => setImmediate(resolve));
        since = performance.now();
      }
    },
    read(receipt, bytes) {
      const known = ahead.get(receipt.id);
      ahead.delete(receipt.id);
      return known && Buffer.compare(known.bytes, bytes) === 0 ? known.reading : read(receipt, bytes);
    },
  };
}

/** What waits, as texts. */
function packed(reading: Reading): Reading {
  return { ...reading, people: reading.people.map((about) => ({ ...about, facts: about.facts.map(packFact) })) };
}

/** A receipt that cannot be read is set aside by whoever records it; here it stops nothing. */
function tried(read: Read, receipt: ReceiptRow, bytes: Uint8Array): Reading | undefined {
  try {
    return read(receipt, bytes);
  } catch {
    return undefined;
  }
}
