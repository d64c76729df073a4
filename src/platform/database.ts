import { openPglite } from './pglite.ts';
import { openPostgres } from './postgres.ts';
import type { Db } from './queryable.ts';

export { DatabaseError, type Db, type Queryable } from './queryable.ts';

export type DatabaseOptions = {
  /** A PostgreSQL server; without it the embedded database serves. */
  url?: string | undefined;
  /** Folder of the embedded database (its lock is held by the caller); in memory when absent. */
  folder?: string | undefined;
  /** Only `api`, `worker` and `intake` processes on a server need more than the default of 4. */
  maxConnections?: number;
  applicationName?: string;
  statementTimeoutMs?: number;
  /** The embedded database died: say so and end the process. */
  onFatal?: (error: Error) => void;
  /** A server connection was lost; queries fail until it is back. */
  onConnectionLost?: (code: string) => void;
};

/** Opens the one store: a PostgreSQL server when `url` is given, PGlite in a worker thread otherwise. Same SQL, same values. */
export async function openDatabase(options: DatabaseOptions = {}): Promise<Db> {
  const { url, folder, onFatal, ...server } = options;
  if (url !== undefined) return openPostgres({ url, ...server });
  return openPglite({ ...(folder === undefined ? {} : { folder }), ...(onFatal === undefined ? {} : { onFatal }) });
}
