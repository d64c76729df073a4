import type { Db } from './database.ts';

/**
 * Deleted rows stay in the files of a database until they are written anew. The embedded one is: tables, planner statistics and write-ahead
 * log; it stands still meanwhile. On a server rows are freed and statistics renewed; its log, copies and backups are its operator's.
 */
export async function scrub(db: Db): Promise<void> {
  const full = db.kind === 'pglite';
  // The planner keeps frequent values of columns, names among them.
  if (full)
    await db.exec(`delete from pg_statistic where starelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)`);
  for (const table of full ? [...HOLDS_PEOPLE, 'pg_statistic'] : HOLDS_PEOPLE)
    await db.exec(`vacuum (${full ? 'full, ' : ''}analyze) ${table}`);
  if (!full) return;
  await renewLog(db);
}

/**
 * A segment of the write-ahead log that was recycled keeps what it held until it is written over, also ahead of the current one: the log moves
 * on past every one there is, and none of them is kept.
 */
async function renewLog(db: Db): Promise<void> {
  const [old] = await db.query<{ segments: number }>(
    `select count(*)::int as segments from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$' and name >= pg_walfile_name(pg_current_wal_insert_lsn())`,
  );
  await db.exec('set wal_recycle = off');
  // The record a checkpoint writes begins the new segment; without one the next switch would do nothing.
  for (let moved = 0; moved <= old!.segments; moved++) for (const step of ['select pg_switch_wal()', 'checkpoint']) await db.exec(step);
  await db.exec('reset wal_recycle');
}

/** Tables whose rows tell of people; a test holds this list against the schema. */
export const HOLDS_PEOPLE = [
  'decision',
  'delivery',
  'fact',
  'fact_code',
  'ident',
  'job',
  'journal_payload',
  'next_look',
  'person_link',
  'proposal',
  'quarantine',
  'receipt',
  'receipt_bytes',
  'run',
  'source_person',
];
