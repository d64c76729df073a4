import type { Reading } from '../core/receipt.ts';
import type { Db, Queryable } from '../platform/database.ts';
import { recordedVersions } from '../platform/journal-verify-record.ts';
import { copyRows } from './copy-rows.ts';
import { type ReceiptRow, readManyBytes, readReceipts, storeReceipts } from './receipts.ts';
import { recordReadings } from './record-readings.ts';

type Read = (receipt: ReceiptRow, bytes: Uint8Array) => Reading;

const RECEIPTS_AT_ONCE = 200;

/**
 * Reads every receipt that was ever read again into an empty store beside, in the order and at the times at which the journal says they were
 * recorded: the same people, facts, versions and times come out, where today's maps read as those of then did. People that are whole in `db` are
 * known to the copy from the start, so that they keep their ids. Returns how many receipts were read.
 */
export async function replayReadings(db: Db, beside: Db, read: Read, onProgress: (receipts: number, of: number) => void): Promise<number> {
  for (const { table, where } of WHOLE_PEOPLE) await copyRows(db, beside, table, where);
  const order = await readingOrder(db);
  for (let from = 0; from < order.length; ) {
    const { at } = order[from]!;
    let to = from + 1;
    while (to < order.length && order[to]!.at === at && to - from < RECEIPTS_AT_ONCE) to += 1;
    await replayOnce(db, beside, order.slice(from, to).map((one) => one.receipt), at, read); // biome-ignore format: short
    from = to;
    onProgress(from, order.length);
  }
  return order.length;
}

/** A source person without an identifier or without a link now has lost something: it is made anew from what is read. */
const WHOLE = `select p.id from source_person p where exists (select 1 from ident i where i.source_person = p.id)
    and exists (select 1 from person_link l where l.source_person = p.id and l.superseded_at is null and l.valid_to is null)`;
const WHOLE_PEOPLE = [
  { table: 'authority_name', where: 'true' },
  { table: 'source_person', where: `id in (${WHOLE})` },
  { table: 'ident', where: `source_person in (${WHOLE})` },
  { table: 'person_link', where: `source_person in (${WHOLE})` },
] as const;

/** Receipts with when they were first read: as the journal has it, else as their row does. What was never read is not among them. */
async function readingOrder(db: Db): Promise<{ receipt: string; at: string }[]> {
  const first = new Map<string, string>();
  for await (const some of recordedVersions(db)) for (const { receipt, at } of some) if (!first.has(receipt)) first.set(receipt, at);
  const rows = await db.query<{ id: string; received_at: string; read_at: string | null }>(
    'select id, received_at, read_at from receipt order by received_at, id',
  );
  const read = rows.flatMap(({ id, read_at }) => {
    const at = first.get(id) ?? read_at;
    return at === null ? [] : [{ receipt: id, at }];
  });
  return read.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
}

async function replayOnce(db: Db, beside: Db, ids: readonly string[], at: string, read: Read): Promise<void> {
  const known = new Map((await readReceipts(db, ids)).map((row) => [row.id, row]));
  const bytes = await readManyBytes(db, ids);
  const reads = ids.flatMap((id) => {
    const row = known.get(id);
    const given = bytes.get(id);
    const receipt: ReceiptRow | undefined = row && { ...row, state: 'received', flags: [], readAt: null, rereadBy: null };
    const reading = receipt && given && readable(read, receipt, given);
    return reading ? [{ receipt, reading }] : [];
  });
  const record = async (tx: Queryable, some: typeof reads): Promise<void> => {
    await storeReceipts(tx, some.map(({ receipt }) => ({ receipt, bytes: new Uint8Array(0) }))); // biome-ignore format: short
    await recordReadings(tx, some, at);
  };
  try {
    await beside.transaction((tx) => record(tx, reads));
  } catch {
    // One of them holds what no store takes: it was set aside alone then, and is passed over alone now.
    for (const one of reads) await beside.transaction((tx) => record(tx, [one])).catch(() => undefined);
  }
}

function readable(read: Read, receipt: ReceiptRow, bytes: Uint8Array): Reading | undefined {
  try {
    return read(receipt, bytes);
  } catch {
    return undefined;
  }
}

/**
 * Says of receipts that were put back, and are recorded by now, what became of them, so that they are not read as if they were new; and puts back
 * items of quarantine that are gone, closed where the journal says so.
 */
export async function mendReadStates(db: Db, beside: Db): Promise<void> {
  const rows = await beside.query<{ row: string }>(`select row_to_json(r)::text as row from receipt r where state <> 'received'`);
  for (let from = 0; from < rows.length; from += RECEIPTS_AT_ONCE) {
    const some = rows.slice(from, from + RECEIPTS_AT_ONCE).map(({ row }) => row);
    await db.query(
      `update receipt set state = known.state, control_id = known.control_id, flags = known.flags, stored = known.stored,
              rejected = known.rejected, read_at = known.read_at
         from json_populate_recordset(null::receipt, $1::json) as known
        where receipt.id = known.id and receipt.state = 'received' and receipt.read_at is null and receipt.reread_by is null
          and not 'erased' = any(receipt.flags)`,
      [`[${some.join(',')}]`],
    );
  }
  const here = new Set((await db.query<{ id: string }>('select id from quarantine')).map(({ id }) => id));
  const erased = await db.query<{ id: string }>(`select id from receipt where 'erased' = any(flags)`);
  const blank = `{${erased.map(({ id }) => id).join(',')}}`;
  // What is blank now cannot be read, and was not refused when it came.
  if ((await copyRows(beside, db, 'quarantine', `receipt <> all('${blank}'::uuid[])`)) === 0) return;
  const closings = await db.query<{ receipt: string; actor: string; body: string }>(
    `select j.subject as receipt, j.actor, p.body from journal j join journal_payload p on p.journal_id = j.id and p.at = j.at
      where j.kind = 'quarantine.closed' order by j.id`,
  );
  for (const { receipt, actor, body } of closings) {
    const { item, state, reason = null } = JSON.parse(body) as { item: string; state: string; reason?: string };
    await db.query(
      `update quarantine set state = $3, closed_by = $4, closed_reason = $5 where receipt = $1 and item = $2 and state = 'open' and id <> all($6::uuid[])`,
      [receipt, item, state, actor, reason, [...here]],
    );
  }
}
