import { AppError } from '../core/errors.ts';
import type { Intake } from '../core/ports.ts';
import type { ContentType, Door, Payload, Receipt } from '../core/receipt.ts';
import type { Db, Queryable } from '../platform/database.ts';
import type { IntakeSegments, SegmentHeader } from '../platform/intake-segments.ts';
import { enqueueAgain } from '../platform/jobs.ts';
import { killPoint } from '../platform/kill-points.ts';
import { receiptOf, storeReceipts } from './receipts.ts';

/** Where receipts are synced to disk before the database, which on the embedded store runs without fsync. */
export interface ReceiptLog {
  append(receipt: Receipt, bytes: Uint8Array): Promise<void>;
}

export type IntakeOptions = {
  db: Db;
  now(): string;
  log: ReceiptLog | undefined;
  maxBytes: number;
  /** Called after each group is on disk: wakes whoever reads receipts. */
  onStored(): void;
};

/** The job that reads whatever receipts wait. */
export const READ_RECEIPTS = { key: 'receipts', kind: 'receipts', payload: null };

/** One group is at most this much, so that a transaction on the embedded store stays short. */
const GROUP_RECEIPTS = 256;
const GROUP_BYTES = 4 << 20;

/** The door behind all doors: resolves once the receipt is on disk. Payloads that wait together are stored and synced together. */
export function openIntake(options: IntakeOptions): Intake & { idle(): Promise<void> } {
  const waiting: Waiting[] = [];
  let running: Promise<void> | undefined;

  const intake = async (payload: Payload): Promise<{ receipt: string; repeat: boolean }> => {
    if (payload.bytes.length === 0) throw new AppError('request_invalid', 'an empty payload is no receipt');
    if (payload.bytes.length > options.maxBytes) throw new AppError('too_large', `a payload may have ${options.maxBytes} bytes`);
    return new Promise((resolve, reject) => {
      waiting.push({ receipt: receiptOf(payload, options.now()), bytes: payload.bytes, resolve, reject });
      running ??= storeAll(waiting, options, () => {
        running = undefined;
      });
    });
  };
  return Object.assign(intake, {
    async idle() {
      await running;
    },
  });
}

type Waiting = {
  receipt: Receipt;
  bytes: Uint8Array;
  resolve(stored: { receipt: string; repeat: boolean }): void;
  reject(error: unknown): void;
};

/** `atEnd` is called in the same turn in which nothing was left: a payload that comes in the next one starts again. */
async function storeAll(waiting: Waiting[], options: IntakeOptions, atEnd: () => void): Promise<void> {
  // One turn of the event loop lets payloads that arrived together be stored together.
  await new Promise((resolve) => setImmediate(resolve));
  while (waiting.length > 0) {
    const group = takeGroup(waiting);
    try {
      const stored = await storeGroup(group, options);
      for (const [index, one] of group.entries()) one.resolve({ receipt: stored[index]!.id, repeat: stored[index]!.repeat });
      options.onStored();
    } catch (error) {
      for (const one of group) one.reject(error);
    }
  }
  atEnd();
}

function takeGroup(waiting: Waiting[]): Waiting[] {
  let bytes = 0;
  let count = 0;
  while (count < waiting.length && count < GROUP_RECEIPTS && (count === 0 || bytes + waiting[count]!.bytes.length <= GROUP_BYTES)) {
    bytes += waiting[count]!.bytes.length;
    count += 1;
  }
  return waiting.splice(0, count);
}

async function storeGroup(group: Waiting[], { db, log }: IntakeOptions): Promise<{ id: string; repeat: boolean }[]> {
  killPoint('before-segment-sync');
  if (log) await Promise.all(group.map((one) => log.append(one.receipt, one.bytes)));
  killPoint('after-segment-sync');
  const stored = await db.transaction(async (tx) => {
    const outcomes = await storeReceipts(tx, group);
    if (outcomes.some((outcome) => !outcome.repeat)) await enqueueAgain(tx, [READ_RECEIPTS]);
    killPoint('mid-transaction');
    return outcomes;
  });
  killPoint('after-commit');
  return stored;
}

/** The segments as a log of receipts. One that was erased is not taken in again by the same bytes: it stays a repeat of what is no more. */
export function receiptLog(segments: IntakeSegments): ReceiptLog {
  return {
    async append(receipt, bytes) {
      if (segments.erased.has(receipt.id)) return;
      const { id, receivedAt, source, door, contentType, sha256, size } = receipt;
      await segments.append({ header: { kind: 'receipt', id, receivedAt, source, door, contentType, sha256, size }, bytes });
    },
  };
}

/** A receipt as its record in a segment has it; `erased` where a person in it was, which leaves it blank in part or without bytes. */
export type RestoredReceipt = { receipt: Receipt; bytes: Uint8Array; erased?: boolean };

/** A receipt from its record in a segment. */
export function receiptFrom(header: SegmentHeader, bytes: Uint8Array): RestoredReceipt {
  const receipt = {
    id: header.id,
    source: String(header.source),
    door: header.door as Door,
    contentType: header.contentType as ContentType,
    sha256: String(header['sha256']),
    size: Number(header['size'] ?? bytes.length),
    receivedAt: header.receivedAt,
  };
  return { receipt, bytes, erased: header['erased'] === true };
}

/** Puts back receipts that the database lost; returns how many were missing. Those it has are left alone. */
export async function restoreReceipts(db: Db, receipts: readonly RestoredReceipt[]): Promise<number> {
  if (receipts.length === 0) return 0;
  const ids = receipts.map((one) => one.receipt.id);
  const known = new Set((await db.query<{ id: string }>('select id from receipt where id = any($1::uuid[])', [ids])).map((row) => row.id));
  const first = new Map(receipts.toReversed().map((one) => [one.receipt.id, one]));
  const missing = [...first.values()].reverse().filter((one) => !known.has(one.receipt.id));
  if (missing.length === 0) return 0;
  await db.transaction(async (tx) => {
    await storeReceipts(tx, missing);
    await markErased(tx, missing.filter((one) => one.erased)); // biome-ignore format: short
    await enqueueAgain(tx, [READ_RECEIPTS]);
  });
  return missing.length;
}

/** There is nothing to read in a receipt without bytes; one that is blank in part is read for the others in it. */
async function markErased(tx: Queryable, erased: readonly RestoredReceipt[]): Promise<void> {
  await tx.query(
    `update receipt set flags = array_append(flags, 'erased'), state = case when id = any($2::uuid[]) then 'normalised' else state end
      where id = any($1::uuid[])`,
    [erased.map((one) => one.receipt.id), erased.filter((one) => one.bytes.length === 0).map((one) => one.receipt.id)],
  );
}

/** Waits until no receipt waits to be read and no draft to be written; tells how many receipts do, again and again. */
export async function untilRead(db: Db, onWaiting: (receipts: number) => void): Promise<void> {
  for (;;) {
    const [row] = await db.query<{ receipts: bigint; jobs: bigint }>(
      `select (select count(*) from receipt where state = 'received') as receipts,
              (select count(*) from job where kind in ('receipts', 'facts') and state in ('ready', 'running')) as jobs`,
    );
    onWaiting(Number(row?.receipts ?? 0));
    if (Number(row?.receipts ?? 0) + Number(row?.jobs ?? 0) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/**
 * Waits until these receipts are read, whoever reads them: `work` does what waits here, and a worker elsewhere may be reading the rest. Gives up
 * on none that still has a job; returns with some unread only where nothing is left that would read them.
 */
export async function untilTheseAreRead(db: Db, receipts: readonly string[], work: () => Promise<void>): Promise<void> {
  for (;;) {
    await work();
    const [row] = await db.query<{ unread: bigint; jobs: bigint }>(
      `select (select count(*) from receipt where id = any($1::uuid[]) and state = 'received') as unread,
              (select count(*) from job where kind = 'receipts' and state in ('ready', 'running')) as jobs`,
      [receipts],
    );
    if (Number(row?.unread ?? 0) === 0 || Number(row?.jobs ?? 0) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
