import { type Db, openDatabase } from './database.ts';
import { append, type JournalRow } from './journal.ts';
import { migrate } from './migrate.ts';
import { createScratchPostgres, openScratchPglite } from './scratch-database.ts';

/** For tests: a migrated database of its own, and how to be rid of it. */
export type TestDatabase = { db: Db; url: string | undefined; drop: () => Promise<void> };

/** The databases a test runs on; a server only where one answers. */
export const testDatabases: { name: string; available: boolean; open: () => Promise<TestDatabase> }[] = [
  { name: 'PGlite', available: true, open: openEmbedded },
  { name: 'PostgreSQL', available: await serverAnswers(), open: openOnServer },
];

/** For tests: appends rows in a transaction of their own. */
export async function appendAll(db: Db, rows: readonly JournalRow[]): Promise<bigint[]> {
  return db.transaction((tx) => append(tx, rows));
}

/** For tests: a plausible row. */
export function rowOf(change: Partial<JournalRow> = {}): JournalRow {
  return {
    kind: 'run.finished',
    actor: 'worker',
    subject: 'run-1',
    body: { pack: 'documentation' },
    at: '2026-11-22T08:00:00.000Z',
    ...change,
  };
}

/** For tests: changes what triggers protect, as someone with the database's superuser could. */
export async function tamper(db: Db, sql: string): Promise<void> {
  await db.exec(`begin; set local session_replication_role = replica; ${sql}; commit`);
}

/** For tests: an empty log again; opening a fresh embedded database takes seconds. */
export async function emptyJournal(db: Db): Promise<void> {
  const tables = ['leaf', 'checkpoint', 'merkle_tile', 'journal_pending', 'journal', 'journal_payload', 'receipt_bytes', 'fact'];
  await tamper(db, `truncate ${tables.join(', ')}`);
}

async function openEmbedded(): Promise<TestDatabase> {
  const db = await openScratchPglite();
  return { db, url: undefined, drop: () => db.close() };
}

async function openOnServer(): Promise<TestDatabase> {
  const scratch = (await createScratchPostgres())!;
  const db = await openDatabase({ url: scratch.url });
  await migrate(db);
  return {
    db,
    url: scratch.url,
    drop: async () => {
      await db.close();
      await scratch.drop();
    },
  };
}

/** Whether a server is there to test on; asked once a file, before its tests are listed. */
async function serverAnswers(): Promise<boolean> {
  const scratch = await createScratchPostgres();
  await scratch?.drop();
  return scratch !== undefined;
}
