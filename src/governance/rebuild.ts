import type { Reading } from '../core/receipt.ts';
import type { Db, Queryable } from '../platform/database.ts';
import type { Pseudonym } from '../platform/identity.ts';
import type { IntakeSegments } from '../platform/intake-segments.ts';
import { enqueueAgain } from '../platform/jobs.ts';
import { append } from '../platform/journal.ts';
import { migrate } from '../platform/migrate.ts';
import { openPglite } from '../platform/pglite.ts';
import { type RestoredReceipt, receiptFrom } from '../record/intake.ts';
import { mendFacts } from '../record/mend-facts.ts';
import { mendReceipts } from '../record/mend-receipts.ts';
import { type Batch, forWaiting, type ReceiptRow, type Waiting } from '../record/receipts.ts';
import { recordReadings, setAside } from '../record/record-readings.ts';
import { mendReadStates, replayReadings } from '../record/replay-readings.ts';
import { type Act, actFrom } from './acts.ts';
import { mendDecision, mendDeliveries } from './mend-decisions.ts';

export type RebuildHouse = {
  db: Db;
  /** Beside the embedded store; on a server receipts are read again from where they are stored. */
  segments: IntakeSegments | undefined;
  read(receipt: ReceiptRow, bytes: Uint8Array): Reading;
  batch: Batch;
  pseudonym: Pseudonym;
  now(): string;
};

/** What was put back. `read` are receipts that had never been read here; `lost` are recorded versions that today's reading does not give. */
export type Rebuilt = {
  receipts: number;
  read: number;
  people: number;
  facts: number;
  decisions: number;
  deliveries: number;
  lost: number;
};

const RECEIPTS_AT_ONCE = 100;

/**
 * Brings the record back to what was acknowledged and journalled: receipts and decisions from the segments, people and facts by reading every
 * receipt again in a store beside, at the times the journal says; only what is gone or altered is exchanged, and nothing is put in that was not
 * recorded. Killed in between, what was put back stays, and done again it does the rest. Nobody else may write meanwhile.
 */
export async function rebuild(house: RebuildHouse, onProgress: (line: string) => void): Promise<Rebuilt> {
  const { db, segments, pseudonym } = house;
  const rebuilt: Rebuilt = { receipts: 0, read: 0, people: 0, facts: 0, decisions: 0, deliveries: 0, lost: 0 };
  const acts = new Map<string, Act>();
  if (segments) rebuilt.receipts = await readSegments(db, segments, acts, onProgress);
  Object.assign(rebuilt, await rebuildFacts(house, onProgress));
  rebuilt.read = await readUnread(house, onProgress);
  for (const act of acts.values()) rebuilt.decisions += (await mendDecision(db, act, pseudonym)) ? 1 : 0;
  rebuilt.deliveries = await mendDeliveries(db);
  await append(db, [{ kind: 'record.rebuilt', actor: ACTOR, at: house.now(), body: rebuilt }]);
  return rebuilt;
}

const ACTOR = 'system:rebuild';

/** Mends receipts by the segments, and gathers the last decision about each draft. */
async function readSegments(db: Db, segments: IntakeSegments, acts: Map<string, Act>, onProgress: (line: string) => void): Promise<number> {
  const seen = new Set<string>();
  let some: RestoredReceipt[] = [];
  let mended = 0;
  const flush = async (): Promise<void> => {
    mended += await mendReceipts(db, some);
    some = [];
    onProgress(`${seen.size} receipts of the segments looked at`);
  };
  for await (const { header, bytes } of segments.read()) {
    if (header.kind === 'act') {
      const act = actFrom(bytes);
      if (act.rows?.decision) acts.set(act.proposal, act);
    }
    if (header.kind !== 'receipt' || seen.has(header.id)) continue;
    seen.add(header.id);
    some.push(receiptFrom(header, bytes));
    if (some.length >= RECEIPTS_AT_ONCE) await flush();
  }
  await flush();
  return mended;
}

async function rebuildFacts(
  { db, read }: RebuildHouse,
  onProgress: (line: string) => void,
): Promise<Pick<Rebuilt, 'people' | 'facts' | 'lost'>> {
  // In memory: a file would hold the record a second time, where no erasure looks for it.
  const copy = await openPglite();
  try {
    await migrate(copy);
    await replayReadings(db, copy, read, (done, of) => onProgress(`${done} of ${of} receipts read again`));
    const mended = await mendFacts(db, copy);
    await mendReadStates(db, copy);
    return mended;
  } finally {
    await copy.close();
  }
}

/**
 * Reads what was never read here, which is everything where the database was gone. It is recorded at the time at which it was acknowledged, to
 * the second, or when the record was last written, if that is later: nobody knew of it before, and it was read soon after.
 */
async function readUnread({ db, read, batch, now }: RebuildHouse, onProgress: (line: string) => void): Promise<number> {
  let written = await lastWritten(db);
  let count = 0;
  const record = async (tx: Queryable, waiting: Waiting[]): Promise<void> => {
    let latest = written;
    for (const group of Map.groupBy(waiting, ({ receipt }) => (receipt.readAt ? '' : receipt.receivedAt.slice(0, 19))).values()) {
      const { receipt } = group.at(-1)!;
      const at = receipt.readAt ? now() : receipt.receivedAt > latest ? receipt.receivedAt : latest;
      const reads = group.map((one) => ({ receipt: one.receipt, reading: read(one.receipt, one.bytes) }));
      const { persons } = await recordReadings(tx, reads, at);
      await enqueueAgain(tx, persons.map((person) => ({ key: `facts:${person}`, kind: 'facts', payload: { person } }))); // biome-ignore format: short
      if (!receipt.readAt) latest = at;
    }
    written = latest;
  };
  const refused = (tx: Queryable, receipt: ReceiptRow, code: string) => setAside(tx, receipt, code, written);
  for (;;) {
    const taken = await forWaiting(db, batch, record, refused);
    if (taken === 0) return count;
    count += taken;
    onProgress(`${count} receipts read for the first time`);
  }
}

async function lastWritten(db: Queryable): Promise<string> {
  const [row] = await db.query<{ at: string | null }>(
    'select greatest((select max(recorded_at) from fact), (select max(recorded_at) from person_link)) as at',
  );
  return row?.at ?? '';
}
