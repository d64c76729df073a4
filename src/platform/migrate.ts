import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { AppError } from '../core/errors.ts';
import { DatabaseError, type Db } from './queryable.ts';

export type Migration = { number: number; name: string; sql: string; checksum: string };

/** `migrations/` at the root of the package: both src/platform and dist/platform lie two folders below it. */
export const migrationsFolder = fileURLToPath(new URL('../../migrations/', import.meta.url));

/**
 * Brings the schema forward: each file once, in number order, in one transaction with its row in `migration`. Refuses a file that
 * was changed after it ran and a database made by a newer release. Returns the names that ran now. Makes the coming months' partitions.
 */
export async function migrate(db: Db, folder: string = migrationsFolder): Promise<string[]> {
  const known = await readMigrations(folder);
  await db.exec(`select pg_advisory_xact_lock(${LOCK}); ${createTable}`);
  const ran: string[] = [];
  for (const migration of outstanding(known, await appliedMigrations(db))) {
    if (await apply(db, migration)) ran.push(migration.name);
  }
  // Under the lock as well: of processes that start at once one makes the partitions.
  if (known.length > 0) await db.exec(`select pg_advisory_xact_lock(${LOCK}); select ensure_month_partitions(now())`);
  return ran;
}

/** The numbered files of a folder with the SHA-256 of each. Refuses two files with one number and a name that is not NNNN_verb_noun.sql. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const migrations: Migration[] = [];
  for (const name of names) {
    const number = Number(/^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(number)) throw new AppError('internal', `migration ${name} is not named NNNN_verb_noun.sql`);
    if (migrations.at(-1)?.number === number) throw new AppError('internal', `two migrations have number ${number}`);
    const sql = await readFile(`${folder}/${name}`, 'utf8');
    migrations.push({ number, name, sql, checksum: createHash('sha256').update(sql).digest('hex') });
  }
  return migrations;
}

// Any constant will do; all processes of Countersign must use the same one.
const LOCK = 4_021_125;

const createTable = `create table if not exists migration (
  number     integer primary key,
  name       text        not null,
  checksum   text        not null,
  applied_at timestamptz not null default now()
);`;

type Applied = { number: number; name: string; checksum: string };

async function appliedMigrations(db: Db): Promise<Map<number, Applied>> {
  const rows = await db.query<Applied>('select number, name, checksum from migration order by number');
  return new Map(rows.map((row) => [row.number, row]));
}

function outstanding(known: Migration[], applied: Map<number, Applied>): Migration[] {
  const numbers = new Set(known.map((migration) => migration.number));
  for (const row of applied.values()) {
    if (!numbers.has(row.number)) {
      throw new AppError('internal', `the database has migration ${row.name}, which this release does not know: use a newer release`);
    }
  }
  for (const migration of known) {
    const row = applied.get(migration.number);
    if (row && row.checksum !== migration.checksum) {
      throw new AppError('internal', `migration ${migration.name} was changed after it ran: restore the file, add a new one instead`);
    }
  }
  return known.filter((migration) => !applied.has(migration.number));
}

/** False when another process applied it while we waited for the lock: its row is then in the way of ours. */
async function apply(db: Db, { number, name, sql, checksum }: Migration): Promise<boolean> {
  const row = `insert into migration (number, name, checksum) values (${number}, '${name}', '${checksum}');`;
  try {
    await db.exec(`select pg_advisory_xact_lock(${LOCK}); ${row}\n${sql}`);
    return true;
  } catch (error) {
    if (error instanceof DatabaseError && error.constraint === 'migration_pkey') return false;
    throw error;
  }
}
