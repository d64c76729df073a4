import pg from 'pg';
import { askServer } from './postgres-statement.ts';
import { DatabaseError, type Db, type Queryable } from './queryable.ts';
import { encodeParam } from './sql-values.ts';
import { TransactionScope } from './transaction-scope.ts';

export type PostgresOptions = {
  url: string;
  applicationName?: string;
  maxConnections?: number;
  /** A statement that takes longer is cancelled by the server (57014). Not limited when absent. */
  statementTimeoutMs?: number;
  connectTimeoutMs?: number;
  /** A connection was lost; told with a code, never with data. Queries fail until the server is back, then work again. */
  onConnectionLost?: (code: string) => void;
};

/** Opens a pool on a PostgreSQL server (15 or later). Fails at once when the server does not answer. */
export async function openPostgres(options: PostgresOptions): Promise<Db> {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName ?? 'countersign',
    max: options.maxConnections ?? 4,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    keepAlive: true,
    // A plan made while a table was empty would be kept for its later millions: each execution is planned for the table as it is now.
    // Compiling a statement of ours takes longer than running it, up to a second where a table has no statistics yet. A page anywhere costs
    // little more than the next one where there is no turning disk: at the default of 4 all that waits is sorted to find the oldest.
    options: `-c timezone=UTC -c datestyle=ISO -c bytea_output=hex -c plan_cache_mode=force_custom_plan -c jit=off -c random_page_cost=1.1`,
    ...(options.statementTimeoutMs === undefined ? {} : { statement_timeout: options.statementTimeoutMs }),
  });
  // A lost connection is an 'error' event of its client, at work or idle; without a listener it would end the process. The pool
  // itself opens a new connection for the next query.
  pool.on('connect', (client) => client.on('error', (error) => options.onConnectionLost?.(codeOf(error))));
  pool.on('error', () => undefined);
  const names = new StatementNames();
  const scope = new TransactionScope();
  let closing: Promise<void> | undefined;

  async function withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await acquire(pool);
    let broken = false;
    try {
      return await work(client);
    } catch (error) {
      broken = connectionIsSpent(error);
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async function query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]> {
    scope.refuseInside();
    try {
      return await withClient((client) => run<Row>(client, names, sql, params));
    } catch (error) {
      if (!isOutdatedPlan(error)) throw error;
      return withClient((client) => run<Row>(client, undefined, sql, params));
    }
  }

  const db: Db = {
    kind: 'postgres',
    query,
    async transaction(work) {
      scope.refuseInside();
      return withClient((client) => inTransaction(client, names, scope, work));
    },
    async exec(sql) {
      scope.refuseInside();
      await withClient(async (client) => {
        try {
          await execute(client, sql);
        } catch (error) {
          // The statements may have opened a transaction of their own.
          await rollBack(client);
          throw error;
        }
      });
    },
    close() {
      closing ??= pool.end();
      return closing;
    },
  };
  try {
    await db.query('select 1');
  } catch (error) {
    await db.close();
    throw error;
  }
  return db;
}

/** Names for prepared statements by their text; past the limit a text is built SQL and is planned each time. */
class StatementNames {
  readonly #names = new Map<string, string>();

  of(sql: string): string | undefined {
    const known = this.#names.get(sql);
    if (known !== undefined || this.#names.size >= PREPARED_LIMIT) return known;
    const name = `s${this.#names.size}`;
    this.#names.set(sql, name);
    return name;
  }
}

const PREPARED_LIMIT = 500;

async function acquire(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw readable(error);
  }
}

async function inTransaction<T>(
  client: pg.PoolClient,
  names: StatementNames,
  scope: TransactionScope,
  work: (tx: Queryable) => Promise<T>,
): Promise<T> {
  await execute(client, 'begin');
  let result: T;
  try {
    result = await scope.run({ query: (sql, params) => run(client, names, sql, params) }, work);
  } catch (error) {
    await rollBack(client);
    throw error;
  }
  // After a failed statement COMMIT answers ROLLBACK: work that swallowed the error must not believe it was stored.
  if ((await execute(client, 'commit')) === 'ROLLBACK') {
    throw new DatabaseError('25P02', 'the transaction was rolled back: one of its statements had failed');
  }
  return result;
}

/** A rollback that cannot be sent means the connection is gone, and the server has rolled back by itself. */
async function rollBack(client: pg.PoolClient): Promise<void> {
  await client.query('rollback').catch(() => undefined);
}

async function run<Row>(
  client: pg.PoolClient,
  names: StatementNames | undefined,
  sql: string,
  params: readonly unknown[] = [],
): Promise<Row[]> {
  const values = params.map(encodeParam);
  try {
    return await askServer<Row>(client, names?.of(sql), sql, values);
  } catch (error) {
    throw readable(error);
  }
}

async function execute(client: pg.PoolClient, sql: string): Promise<string | undefined> {
  try {
    const result: unknown = await client.query(sql);
    return Array.isArray(result) ? undefined : (result as pg.QueryResult).command;
  } catch (error) {
    throw readable(error);
  }
}

/** The driver's error without its detail, hint and place, which quote row values; a lost connection becomes class 08. */
function readable(error: unknown): DatabaseError {
  if (error instanceof pg.DatabaseError) return new DatabaseError(error.code ?? 'XX000', error.message, error.constraint);
  const code = codeOf(error);
  return new DatabaseError('08006', `the database does not answer (${code})`);
}

function codeOf(error: unknown): string {
  if (error && typeof error === 'object' && 'code' in error && typeof error.code === 'string') return error.code;
  return 'connection_lost';
}

/** Class 08 and 57P01–57P03 (the server is going away or gone): the connection must not return to the pool. */
function connectionIsSpent(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  return error.code.startsWith('08') || error.code.startsWith('57P') || isOutdatedPlan(error);
}

/** "cached plan must not change result type": this connection prepared the statement before a schema change. */
function isOutdatedPlan(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '0A000' && error.message.startsWith('cached plan');
}
