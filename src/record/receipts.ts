import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { AppError } from '../core/errors.ts';
import type { Door, Payload, Receipt } from '../core/receipt.ts';
import type { Db, Queryable } from '../platform/database.ts';
import { sha256, toHex } from '../platform/digest.ts';
import { errorCode } from '../platform/error-code.ts';
import { append } from '../platform/journal.ts';
import { receiptIdOf } from '../platform/receipt-id.ts';

export type ReceiptState = 'received' | 'normalised' | 'quarantined' | 'partial';
export type ReceiptRow = Receipt & {
  state: ReceiptState;
  flags: string[];
  controlId: string | null;
  stored: number;
  rejected: number;
  /** When it was last read; null while it never was. */
  readAt: string | null;
  /** Who asked that it be read again, until it is. */
  rereadBy: string | null;
};

/** Below this a zstd frame saves nothing worth a decompression (measured on HL7 messages of 600 bytes: 1.1 times smaller). */
const COMPRESS_FROM_BYTES = 2048;
const OPERATIONS = 'system:intake';

/** The receipt of a payload: its id is made of the source and the bytes, so the same bytes from the same source are the same receipt. */
export function receiptOf(payload: Payload, receivedAt: string): Receipt {
  const digest = toHex(sha256(payload.bytes));
  return {
    id: receiptIdOf(payload.source, digest),
    source: payload.source,
    door: payload.door,
    contentType: payload.contentType,
    sha256: digest,
    size: payload.bytes.length,
    receivedAt,
  };
}

/** Stores receipts with their bytes and journal rows in the caller's transaction; says of each whether it came before. */
export async function storeReceipts(
  tx: Queryable,
  arrivals: { receipt: Receipt; bytes: Uint8Array }[],
): Promise<{ id: string; repeat: boolean }[]> {
  const first = new Map(arrivals.map((arrival) => [arrival.receipt.id, arrival]));
  const receipts = [...first.values()].map((arrival) => arrival.receipt);
  const inserted = await tx.query<{ id: string }>(
    `insert into receipt (id, source, door, content_type, sha256, size, received_at, state)
     select id, source, door, content_type, decode(sha, 'hex'), size, received_at, 'received'
       from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::timestamptz[])
         as arrival (id, source, door, content_type, sha, size, received_at)
     on conflict do nothing returning id`,
    [
      receipts.map((receipt) => receipt.id),
      receipts.map((receipt) => receipt.source),
      receipts.map((receipt) => receipt.door),
      receipts.map((receipt) => receipt.contentType),
      receipts.map((receipt) => receipt.sha256),
      receipts.map((receipt) => receipt.size),
      receipts.map((receipt) => receipt.receivedAt),
    ],
  );
  const fresh = new Set(inserted.map((row) => row.id));
  await storeBytes(
    tx,
    [...first.values()].filter((arrival) => fresh.has(arrival.receipt.id)),
  );

  const seen = new Set<string>();
  const outcomes = arrivals.map(({ receipt }) => {
    const repeat = !fresh.has(receipt.id) || seen.has(receipt.id);
    seen.add(receipt.id);
    return { id: receipt.id, repeat };
  });
  await append(
    tx,
    arrivals.map(({ receipt }, index) => ({
      kind: outcomes[index]!.repeat ? ('receipt.repeated' as const) : ('receipt.stored' as const),
      actor: OPERATIONS,
      subject: receipt.id,
      at: receipt.receivedAt,
      body: { source: receipt.source, door: receipt.door, sha256: receipt.sha256, size: receipt.size },
    })),
  );
  return outcomes;
}

/** One receipt without its bytes. */
export async function readReceipt(db: Queryable, id: string): Promise<ReceiptRow> {
  const [row] = await readReceipts(db, [id]);
  if (!row) throw new AppError('not_found', 'no receipt has this id');
  return row;
}

/** Several receipts without their bytes, in no order. */
export async function readReceipts(db: Queryable, ids: readonly string[]): Promise<ReceiptRow[]> {
  return (await db.query<ReceiptColumns>(`select ${COLUMNS} from receipt where id = any($1::uuid[])`, [ids])).map(fromColumns);
}

/** The bytes exactly as they came (blanked where a person in them was erased). */
export async function readBytes(db: Queryable, id: string): Promise<Uint8Array> {
  const bytes = (await readManyBytes(db, [id])).get(id);
  if (!bytes) throw new AppError('not_found', 'the bytes of this receipt are not here');
  return bytes;
}

/** The bytes of several receipts by id; those erased are missing from the answer. */
export async function readManyBytes(db: Queryable, ids: readonly string[]): Promise<Map<string, Uint8Array>> {
  const rows = await db.query<{ receipt: string; encoding: string; bytes: Uint8Array }>(
    `select b.receipt, b.encoding, b.bytes from receipt r
       join receipt_bytes b on b.receipt = r.id and b.received_at = r.received_at
      where r.id = any($1::uuid[])`,
    [ids],
  );
  return new Map(rows.map((row) => [row.receipt, row.encoding === 'zstd' ? new Uint8Array(zstdDecompressSync(row.bytes)) : row.bytes]));
}

/** The people whose facts came in a receipt, at most `limit` of them; nobody while it is unread or where nothing of it could be used. */
export async function peopleIn(db: Queryable, receipt: string, limit: number): Promise<string[]> {
  const rows = await db.query<{ person: string }>(
    `select distinct l.person from fact f
       join person_link l on l.source_person = f.source_person and l.superseded_at is null and l.valid_to is null
      where f.receipt = $1 limit $2`,
    [receipt, limit],
  );
  return rows.map((row) => row.person);
}

/** How much is read in one transaction, and how many such transactions go on at once: while one is with the server, another is being read. */
export type Batch = { receipts: number; bytes: number; readers: number };
export type Waiting = { receipt: ReceiptRow; bytes: Uint8Array };

/**
 * Reads waiting receipts until none waits, with `before` ahead of each batch; see `forWaiting` for one batch. False where it was told to stop
 * before: it takes no batch after that, and ends with those under way.
 */
export async function readWaiting(
  db: Db,
  batch: Batch,
  work: Work,
  setAside: SetAside,
  before = async (): Promise<void> => undefined,
  stopping?: AbortSignal,
): Promise<boolean> {
  const reader = async (): Promise<boolean> => {
    for (;;) {
      if (stopping?.aborted) return false;
      await before();
      if (stopping?.aborted) return false;
      if ((await retried(() => forWaiting(db, batch, work, setAside))) === 0) return true;
    }
  };
  return (await Promise.all(Array.from({ length: batch.readers }, reader))).includes(true);
}

/** How long a door waits for a receipt that another worker is at, and how often it looks. */
const READ_WITHIN_MS = 10_000;
const LOOK_MS = 20;

/** Reads one receipt now, or waits for whoever is at it; false where that took too long. */
export async function readNow(db: Db, id: string, work: Work, setAside: SetAside): Promise<boolean> {
  for (let waited = 0; ; waited += LOOK_MS) {
    if ((await readReceipt(db, id)).state !== 'received') return true;
    if (waited > READ_WITHIN_MS) return false;
    await retried(async () => {
      await alone(db, id, work, setAside);
      return 0;
    });
    if ((await readReceipt(db, id)).state !== 'received') return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

export type Work = (tx: Queryable, waiting: Waiting[]) => Promise<void>;
export type SetAside = (tx: Queryable, receipt: ReceiptRow, code: string) => Promise<void>;

const TRIES = 5;

/** Two readers may meet at the same new person or code: one of them waits and finds it there. A lost server is the job's to retry. */
async function retried(take: () => Promise<number>): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await take();
    } catch (error) {
      if (attempt === TRIES || !/^sql_(23505|40001|40P01)$/.test(errorCode(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10 * attempt * (1 + Math.random())));
    }
  }
}

/**
 * Hands waiting receipts, oldest first, to `work` in one transaction; other workers skip them meanwhile. Returns how many. Where `work`
 * throws, each is tried alone, so that one that cannot be recorded does not hold up the others: it is handed to `setAside`.
 */
export async function forWaiting(db: Db, batch: Batch, work: Work, setAside: SetAside): Promise<number> {
  const ids: string[] = [];
  try {
    return await db.transaction(async (tx) => {
      const waiting = await claimWaiting(tx, batch, null);
      ids.push(...waiting.map((one) => one.receipt.id));
      if (waiting.length > 0) await work(tx, waiting);
      return waiting.length;
    });
  } catch (error) {
    if (isTransient(error) || ids.length === 0) throw error;
    for (const id of ids) await alone(db, id, work, setAside);
    return ids.length;
  }
}

async function alone(db: Db, id: string, work: Work, setAside: SetAside): Promise<void> {
  const one = (handle: (tx: Queryable, waiting: Waiting) => Promise<void>): Promise<void> =>
    db.transaction(async (tx) => {
      const [waiting] = await claimWaiting(tx, { receipts: 1, bytes: Number.POSITIVE_INFINITY }, id);
      if (waiting) await handle(tx, waiting);
    });
  try {
    await one((tx, waiting) => work(tx, [waiting]));
  } catch (error) {
    if (isTransient(error)) throw error;
    await one((tx, waiting) => setAside(tx, waiting.receipt, errorCode(error)));
  }
}

/** Lost connections, deadlocks and serialisation failures go away by themselves; a receipt is not to blame. */
function isTransient(error: unknown): boolean {
  return /^(sql_)?(08|40|53|55|57)|^E[A-Z]+$|^sql_23505$/.test(errorCode(error));
}

/** What a batch would take now, but for `except`; nothing is taken. */
export async function peekWaiting(db: Queryable, batch: Omit<Batch, 'readers'>, except: readonly string[]): Promise<Waiting[]> {
  const rows = await db.query<ReceiptColumns>(
    `select ${COLUMNS} from receipt where state = 'received' and id <> all($2::uuid[]) order by received_at, id limit $1`,
    [batch.receipts, except],
  );
  return withBytes(db, batch, rows);
}

async function claimWaiting(tx: Queryable, batch: Omit<Batch, 'readers'>, only: string | null): Promise<Waiting[]> {
  const rows = await tx.query<ReceiptColumns>(
    `select ${COLUMNS} from receipt where state = 'received' and ($2::uuid is null or id = $2::uuid)
      order by received_at, id limit $1 for update skip locked`,
    [batch.receipts, only],
  );
  return withBytes(tx, batch, rows);
}

async function withBytes(tx: Queryable, batch: Omit<Batch, 'readers'>, rows: readonly ReceiptColumns[]): Promise<Waiting[]> {
  let size = 0;
  const taken = rows.map(fromColumns).filter((receipt, index) => {
    size += receipt.size;
    return index === 0 || size <= batch.bytes;
  });
  const bytes = await readManyBytes(tx, taken.map((receipt) => receipt.id)); // biome-ignore format: short
  return taken.map((receipt) => ({ receipt, bytes: bytes.get(receipt.id) ?? new Uint8Array() }));
}

/** Says what became of receipts, and of the message control id (MSH-10) each carried. */
export async function markReceipts(
  tx: Queryable,
  marks: { id: string; state: ReceiptState; controlId: string | null; flags: string[]; stored: number; rejected: number }[],
  now: string,
): Promise<void> {
  await tx.query(
    `update receipt set state = mark.state, control_id = mark.control_id,
            flags = string_to_array(mark.flags, ',') || array(select unnest(receipt.flags) intersect values ('erased')),
            stored = mark.stored, rejected = mark.rejected, read_at = $7::timestamptz, reread_by = null
       from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[]) as mark (id, state, control_id, flags, stored, rejected)
      where receipt.id = mark.id and receipt.id = any($1::uuid[])`,
    [
      marks.map((mark) => mark.id),
      marks.map((mark) => mark.state),
      marks.map((mark) => mark.controlId),
      marks.map((mark) => mark.flags.join(',')),
      marks.map((mark) => mark.stored),
      marks.map((mark) => mark.rejected),
      now,
    ],
  );
}

/** Which of these messages, in their order, carry a control id that the same source used before with other content: new all the same, but flagged. */
export async function reusedControlIds(tx: Queryable, messages: { id: string; source: string; controlId: string }[]): Promise<Set<string>> {
  const rows = await tx.query<{ id: string }>(
    // A lookup for each message, whatever the planner takes the number of receipts for.
    `select message.id from unnest($1::uuid[], $2::text[], $3::text[]) as message (id, source, control_id),
            lateral (select 1 from receipt r where r.source = message.source and r.control_id = message.control_id and r.id <> message.id limit 1) as used`,
    [messages.map((message) => message.id), messages.map((message) => message.source), messages.map((message) => message.controlId)],
  );
  const reused = new Set(rows.map((row) => row.id));
  // Those read together are not stored yet: the first to use an id is no reuse, the next one is.
  const first = new Map<string, string>();
  for (const { id, source, controlId } of messages) {
    const key = `${source}\u0000${controlId}`;
    if ((first.get(key) ?? id) !== id) reused.add(id);
    else first.set(key, id);
  }
  return reused;
}

/** Which receipts are listed; `before` is the last of the page before, as it was given. */
export type ReceiptFilter = { source?: string; state?: ReceiptState; from?: string; to?: string; before?: string };

/** One page of receipts, newest first, and what asks for the next one. */
export async function listReceipts(
  db: Queryable,
  only: ReceiptFilter,
  limit: number,
): Promise<{ receipts: ReceiptRow[]; next: string | null }> {
  const [beforeAt = null, beforeId = null] = only.before?.split('|') ?? [];
  const rows = await db.query<ReceiptColumns>(
    `select ${COLUMNS} from receipt
      where ($1::text is null or source = $1) and ($2::text is null or state = $2)
        and ($3::timestamptz is null or received_at >= $3) and ($4::timestamptz is null or received_at < $4)
        and ($5::timestamptz is null or (received_at, id) < ($5::timestamptz, $6::uuid))
      order by received_at desc, id desc limit $7`,
    [only.source ?? null, only.state ?? null, only.from ?? null, only.to ?? null, beforeAt, beforeId, limit + 1],
  );
  const receipts = rows.slice(0, limit).map(fromColumns);
  const last = receipts.at(-1);
  return { receipts, next: rows.length > limit && last ? `${last.receivedAt}|${last.id}` : null };
}

/** Keeps bytes of receipts, packed where that saves something; those that are kept already stay as they are. */
export async function storeBytes(tx: Queryable, given: readonly { receipt: Receipt; bytes: Uint8Array }[]): Promise<void> {
  const arrivals = given.filter(({ bytes }) => bytes.length > 0);
  if (arrivals.length === 0) return;
  const packed = arrivals.map(({ bytes }) =>
    bytes.length < COMPRESS_FROM_BYTES
      ? { encoding: 'identity', bytes }
      : { encoding: 'zstd', bytes: new Uint8Array(zstdCompressSync(bytes)) },
  );
  await tx.query(
    `insert into receipt_bytes (receipt, received_at, encoding, bytes)
     select * from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::bytea[]) on conflict do nothing`,
    [
      arrivals.map(({ receipt }) => receipt.id),
      arrivals.map(({ receipt }) => receipt.receivedAt),
      packed.map((one) => one.encoding),
      packed.map((one) => one.bytes),
    ],
  );
}

const COLUMNS = 'id, source, door, content_type, sha256, size, received_at, state, flags, control_id, stored, rejected, read_at, reread_by';
type ReceiptColumns = {
  id: string;
  source: string;
  door: Door;
  content_type: Receipt['contentType'];
  sha256: Uint8Array;
  size: number;
  received_at: string;
  state: ReceiptState;
  flags: string[];
  control_id: string | null;
  stored: number;
  rejected: number;
  read_at: string | null;
  reread_by: string | null;
};

function fromColumns(row: ReceiptColumns): ReceiptRow {
  return {
    id: row.id,
    source: row.source,
    door: row.door,
    contentType: row.content_type,
    sha256: toHex(row.sha256),
    size: row.size,
    receivedAt: row.received_at,
    state: row.state,
    flags: row.flags,
    controlId: row.control_id,
    stored: row.stored,
    rejected: row.rejected,
    readAt: row.read_at,
    rereadBy: row.reread_by,
  };
}

/** What became of receipts together: received = stored + rejected, with the reasons of what was rejected; `erased` is of how many bytes were erased since. */
export async function importTotals(
  db: Queryable,
  ids: readonly string[],
): Promise<{ received: number; stored: number; rejected: number; erased: number; reasons: { reason: string; count: number }[] }> {
  const unique = [...new Set(ids)];
  const [row] = await db.query<{ stored: bigint | null; rejected: bigint | null; erased: bigint }>(
    `select sum(stored) as stored, sum(rejected) as rejected, count(*) filter (where 'erased' = any(flags)) as erased
       from receipt where id = any($1::uuid[])`,
    [unique],
  );
  const reasons = await db.query<{ reason: string; count: bigint }>(
    `select reason, count(*) as count from quarantine where receipt = any($1::uuid[]) and state = 'open' group by reason order by 2 desc, 1`,
    [unique],
  );
  const stored = Number(row?.stored ?? 0);
  const rejected = Number(row?.rejected ?? 0);
  return {
    received: stored + rejected,
    stored,
    rejected,
    erased: Number(row?.erased ?? 0),
    reasons: reasons.map((one) => ({ reason: one.reason, count: Number(one.count) })),
  };
}
