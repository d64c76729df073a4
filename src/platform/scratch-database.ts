/*
 * Databases for tests and benches: in memory from a migrated copy (a fresh PGlite takes seconds, a copy half of one), or a new
 * database on the PostgreSQL server where one answers.
 */
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { openDatabase } from './database.ts';
import { migrate, migrationsFolder, readMigrations } from './migrate.ts';
import { openPglite } from './pglite.ts';
import type { Db } from './queryable.ts';

/** A migrated embedded database in memory, or in `folder`. */
export async function openScratchPglite(folder?: string): Promise<Db> {
  const db = await openPglite({ copyOf: await migratedCopy(), ...(folder === undefined ? {} : { folder }) });
  await migrate(db);
  return db;
}

export type ScratchPostgres = { url: string; drop(): Promise<void> };

/** A new, empty database on the server of `DATABASE_URL` or of loopback; undefined (and one line why) where none answers. */
export async function createScratchPostgres(): Promise<ScratchPostgres | undefined> {
  const base = process.env['DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1/postgres';
  const name = `countersign_scratch_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  try {
    await onServer(base, `create database ${name}`);
  } catch {
    process.stderr.write('skipped on PostgreSQL: no server answers at DATABASE_URL or 127.0.0.1:5432\n');
    return undefined;
  }
  const url = new URL(base);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(base, `drop database if exists ${name} with (force)`) };
}

/** A migrated database on the server; `close` also drops it. Undefined where no server answers. */
export async function openScratchPostgres(): Promise<Db | undefined> {
  const scratch = await createScratchPostgres();
  if (!scratch) return undefined;
  const db = await openDatabase({ url: scratch.url });
  await migrate(db);
  return {
    ...db,
    close: async () => {
      await db.close();
      await scratch.drop();
    },
  };
}

async function onServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** One copy for each state of the migrations, kept beside the other caches of the checkout. */
async function migratedCopy(): Promise<string> {
  const sums = (await readMigrations(migrationsFolder)).map((migration) => migration.checksum);
  const digest = createHash('sha256').update(sums.join()).digest('hex').slice(0, 16);
  const folder = fileURLToPath(new URL('../../node_modules/.cache/countersign/', import.meta.url));
  const file = `${folder}migrated-${digest}.tar`;
  const known = await access(file).then(
    () => true,
    () => false,
  );
  if (known) return file;
  await mkdir(folder, { recursive: true });
  const db = await openPglite();
  await migrate(db);
  await db.dump(file);
  await db.close();
  return file;
}

/** The database a suite runs on: embedded, or a fresh one on the server when the run says `TEST_DATABASE=postgres`. */
export async function openScratchDatabase(): Promise<Db> {
  if (process.env['TEST_DATABASE'] !== 'postgres') return openScratchPglite();
  const db = await openScratchPostgres();
  if (!db) throw new Error('TEST_DATABASE=postgres, and no server answers');
  return db;
}
