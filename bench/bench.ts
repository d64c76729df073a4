import type { Db } from '../src/platform/database.ts';
import { openScratchPglite, openScratchPostgres } from '../src/platform/scratch-database.ts';

/** One figure. `floor` is the bare cost measured in the same run (COPY, a raw insert, a hash loop), `peer` a named rival in the same run. */
export type BenchRow = {
  name: string;
  metric: string;
  /** Null where it was not measured; then `note` says why. */
  value: number | null;
  unit: string;
  floor?: number;
  peer?: string;
  /** Value to floor or peer. */
  ratio?: number;
  /** How many were done. */
  n: number;
  /** How large the population was, or one item. */
  size?: number;
  database?: string;
  note?: string;
  [more: string]: unknown;
};

/** `metric` asks for one figure alone and `database` for one store; a bench that cannot leave the others out runs them unseen. */
export type BenchOptions = { size?: number; full: boolean; metric?: string; database?: Db['kind'] };

/** A bench is one file in this folder that exports `bench`; its name is the file's. Finishes within a minute unless `full`. */
export type Bench = {
  name: string;
  run(options: BenchOptions): AsyncIterable<BenchRow>;
};

/** The row for what needs a database server when none answers. Another database's figure never takes its place. */
export function notMeasured(name: string, metric: string, unit: string): BenchRow {
  return { name, metric, value: null, unit, n: 0, database: 'PostgreSQL', note: 'not measured: no server answers' };
}

/** Each store that was asked for, in turn; `undefined` in place of a server that does not answer. */
export async function* scratchDatabases({ database }: BenchOptions): AsyncIterable<Db | undefined> {
  if (database !== 'pglite') yield await openScratchPostgres();
  if (database !== 'postgres') yield await openScratchPglite();
}

/** A store as rows name it, with the version of a server: `PGlite`, `PostgreSQL 15.20`. */
export async function storeOf(db: Db): Promise<string> {
  if (db.kind === 'pglite') return 'PGlite';
  const [row] = await db.query<{ server_version: string }>('show server_version');
  return `PostgreSQL ${row!.server_version.split(' ')[0]}`;
}

/** A figure with as many digits as it deserves: whole above 100, three significant ones below. */
export function rounded(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

/** The value below which the share `p` of the samples lies. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}
