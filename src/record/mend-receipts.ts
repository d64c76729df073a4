import { zstdDecompressSync } from 'node:zlib';
import type { Db } from '../platform/database.ts';
import { toHex } from '../platform/digest.ts';
import type { RestoredReceipt } from './intake.ts';
import { storeBytes } from './receipts.ts';

/**
 * Puts back what the store says of these receipts, and their bytes, where it is not what was synced before the acknowledgement; returns how many
 * were mended. A receipt that is blank in part or destroyed stays so: the segments forgot it as well.
 */
export async function mendReceipts(db: Db, receipts: readonly RestoredReceipt[]): Promise<number> {
  const rows = await db.query<KeptReceipt>(
    `select r.id, r.source, r.door, r.content_type, r.sha256, r.size, r.received_at, b.encoding, b.bytes
       from receipt r left join receipt_bytes b on b.receipt = r.id and b.received_at = r.received_at where r.id = any($1::uuid[])`,
    [receipts.map((one) => one.receipt.id)],
  );
  const kept = new Map(rows.map((row) => [row.id, row]));
  const wrong = receipts.filter((one) => !isWhole(kept.get(one.receipt.id), one));
  if (wrong.length === 0) return 0;
  await db.transaction(async (tx) => {
    // The trigger on bytes lets them go for this alone; it ends with the transaction.
    await tx.query(`select set_config('countersign.erasing', 'rebuild', true)`);
    await tx.query('delete from receipt_bytes where receipt = any($1::uuid[])', [wrong.map((one) => one.receipt.id)]);
    await tx.query(
      `update receipt set source = known.source, door = known.door, content_type = known.content_type, sha256 = decode(known.sha, 'hex'),
              size = known.size, received_at = known.received_at
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::timestamptz[])
           as known (id, source, door, content_type, sha, size, received_at) where receipt.id = known.id`,
      [
        wrong.map(({ receipt }) => receipt.id),
        wrong.map(({ receipt }) => receipt.source),
        wrong.map(({ receipt }) => receipt.door),
        wrong.map(({ receipt }) => receipt.contentType),
        wrong.map(({ receipt }) => receipt.sha256),
        wrong.map(({ receipt }) => receipt.size),
        wrong.map(({ receipt }) => receipt.receivedAt),
      ],
    );
    await storeBytes(tx, wrong);
  });
  return wrong.length;
}

type KeptReceipt = {
  id: string;
  source: string;
  door: string;
  content_type: string;
  sha256: Uint8Array;
  size: number;
  received_at: string;
  encoding: string | null;
  bytes: Uint8Array | null;
};

function isWhole(row: KeptReceipt | undefined, { receipt, bytes }: RestoredReceipt): boolean {
  if (row === undefined) return false;
  const same =
    row.source === receipt.source &&
    row.door === receipt.door &&
    row.content_type === receipt.contentType &&
    toHex(row.sha256) === receipt.sha256 &&
    row.size === receipt.size &&
    row.received_at === receipt.receivedAt;
  return same && Buffer.compare(unpacked(row), bytes) === 0;
}

/** Bytes that no longer unpack are as wrong as none. */
function unpacked({ encoding, bytes }: KeptReceipt): Uint8Array {
  if (bytes === null || encoding !== 'zstd') return bytes ?? new Uint8Array(0);
  try {
    return new Uint8Array(zstdDecompressSync(bytes));
  } catch {
    return new Uint8Array(0);
  }
}
