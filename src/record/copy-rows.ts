import type { Db, Queryable } from '../platform/database.ts';

const ROWS_AT_ONCE = 500;

/** Copies rows of a table as they are into another store, where they are not there yet; returns how many came. */
export async function copyRows(from: Queryable, to: Db, table: string, where: string): Promise<number> {
  const rows = await from.query<{ row: string }>(`select row_to_json(t)::text as row from ${table} t where ${where}`);
  let copied = 0;
  for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
    const some = rows.slice(start, start + ROWS_AT_ONCE).map(({ row }) => row);
    copied += await to.transaction((tx) => insertRows(tx, table, some));
  }
  return copied;
}

/** Inserts rows given as JSON texts, where they are not there yet; returns how many were not. */
export async function insertRows(tx: Queryable, table: string, rows: readonly string[]): Promise<number> {
  if (rows.length === 0) return 0;
  const inserted = await tx.query(
    `insert into ${table} overriding system value select * from json_populate_recordset(null::${table}, $1::json) on conflict do nothing returning 1`,
    [`[${rows.join(',')}]`],
  );
  return inserted.length;
}
