import type { Queryable } from './database.ts';

/** A leaf with what the rest of the database says about the same entry; undefined where it has nothing. */
export type StoredEntry = {
  index: number;
  journalId: bigint;
  header: string;
  hash: Uint8Array;
  journal: JournalPart | undefined;
  /** More than one row of this id: the primary key includes the time, so it does not prevent that. */
  repeated: boolean;
  payload: PayloadPart | undefined;
};

export type JournalPart = { id: bigint; at: string; kind: string; actor: string; subject: string | null; commitment: Uint8Array };
export type PayloadPart = { journal_id: bigint; at: string; person: string | null; salt: Uint8Array; body: string };

/** Entries `from` to `to` of the log in order, page by page, so that memory does not grow with the log. */
export async function* readStoredEntries(
  db: Queryable,
  range: { from: number; to: number; payloads: boolean; page?: number },
): AsyncGenerator<StoredEntry[]> {
  const page = range.page ?? 4_000;
  for (let start = range.from; start < range.to; start += page) {
    const leaves = await db.query<{ index: bigint; journal_id: bigint; header: string; hash: Uint8Array }>(
      'select index, journal_id, header, hash from leaf where index >= $1 and index < $2 order by index',
      [start, Math.min(start + page, range.to)],
    );
    const ids = leaves.map(({ journal_id }) => journal_id);
    const journal = await byId<JournalPart>(db, 'journal', 'id', 'id, at, kind, actor, subject, commitment', ids);
    const payload = range.payloads
      ? await byId<PayloadPart>(db, 'journal_payload', 'journal_id', 'journal_id, at, person, salt, body', ids)
      : new Map<bigint, PayloadPart[]>();
    yield leaves.map(({ index, journal_id, header, hash }) => ({
      index: Number(index),
      journalId: journal_id,
      header,
      hash,
      journal: journal.get(journal_id)?.[0],
      repeated: (journal.get(journal_id)?.length ?? 0) > 1 || (payload.get(journal_id)?.length ?? 0) > 1,
      payload: payload.get(journal_id)?.[0],
    }));
  }
}

/** Rows of a partitioned table by id. Ids of one page lie close together, so a range is one pass over each partition's index. */
async function byId<Row extends object>(
  db: Queryable,
  table: string,
  column: string,
  columns: string,
  ids: readonly bigint[],
): Promise<Map<bigint, Row[]>> {
  const found = new Map<bigint, Row[]>();
  if (ids.length === 0) return found;
  const sorted = [...ids].sort((a, b) => Number(a - b));
  const [low, high] = [sorted[0]!, sorted.at(-1)!];
  // An entry that committed long after its neighbours would stretch the range over everything in between.
  const near = high - low < BigInt(ids.length) * 20n;
  const rows = near
    ? await db.query<Row>(`select ${columns} from ${table} where ${column} >= $1 and ${column} <= $2`, [low, high])
    : await db.query<Row>(`select ${columns} from ${table} where ${column} = any($1::bigint[])`, [ids]);
  for (const row of rows) {
    const id = (row as Record<string, unknown>)[column] as bigint;
    const same = found.get(id);
    if (same === undefined) found.set(id, [row]);
    else same.push(row);
  }
  return found;
}
