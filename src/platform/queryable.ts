/** One SQL connection's worth of work. `query` returns rows: int8 as bigint, bytea as Uint8Array, json/jsonb, numeric and dates as text, timestamptz as ISO 8601 UTC text. */
export interface Queryable {
  query<Row = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
}

/** The one store, PGlite in a worker thread or a PostgreSQL server, behind the same SQL. */
export interface Db extends Queryable {
  readonly kind: 'pglite' | 'postgres';
  /** Runs `work` in one transaction; rolls back when it throws. On PGlite keep it under 50 ms while doors are open. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  /** Several statements, no parameters (migrations). Without `begin` of their own they take effect together or not at all. */
  exec(sql: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * What the server said no to: `code` is the SQLSTATE. Its detail line and the quoted input of a data exception (class 22) may
 * be patient data: neither is kept.
 */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly code: string;
  readonly constraint: string | undefined;

  constructor(code: string, message: string, constraint?: string, options?: ErrorOptions) {
    super(code.startsWith('22') ? message.replace(/"[\s\S]*"/, '"…"') : message, options);
    this.code = code;
    this.constraint = constraint;
  }
}
