import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Db, openDatabase } from './database.ts';
import { migrate, migrationsFolder, readMigrations } from './migrate.ts';
import { openPglite } from './pglite.ts';
import { createScratchPostgres, openScratchPglite, type ScratchPostgres } from './scratch-database.ts';

const server = await createScratchPostgres();
const folder = await mkdtemp(join(tmpdir(), 'countersign-migrate-'));
afterAll(async () => {
  await server?.drop();
  await rm(folder, { recursive: true, force: true });
});

describe('the files', () => {
  it('are numbered once each and named NNNN_verb_noun.sql', async () => {
    expect((await readMigrations(migrationsFolder)).map((one) => one.number)).toContain(1);

    await expect(readMigrations(await folderWith({ 'first.sql': '' }))).rejects.toThrow('is not named');
    await expect(readMigrations(await folderWith({ '0001_a.sql': '', '0001_b.sql': '' }))).rejects.toThrow('number 1');
  });
});

describe.each(server ? (['pglite', 'postgres'] as const) : (['pglite'] as const))('migrate on %s', (kind) => {
  let db: Db;
  let scratch: ScratchPostgres | undefined;

  beforeAll(async () => {
    scratch = kind === 'postgres' ? await createScratchPostgres() : undefined;
    db = scratch ? await openDatabase({ url: scratch.url }) : await openPglite();
  });
  afterAll(async () => {
    await db.close();
    await scratch?.drop();
  });

  it('runs each file once, and makes the months of the journal', async () => {
    const names = (await readMigrations(migrationsFolder)).map((one) => one.name);

    expect(await migrate(db)).toEqual(names);
    expect(await migrate(db)).toEqual([]);
    const months = await db.query(`select relname from pg_class where relname ~ '^journal_[0-9]{4}_[0-9]{2}$'`);
    expect(months).toHaveLength(4);
  });

  it('applies a new file, whole or not at all', async () => {
    const broken = await shippedWith({ '9001_add_two.sql': 'create table two (a integer); create table two (a integer);' });
    await expect(migrate(db, broken)).rejects.toMatchObject({ code: '42P07' });
    expect(await db.query(`select to_regclass('two')::text as it`)).toEqual([{ it: null }]);

    const mended = await shippedWith({ '9001_add_two.sql': 'create table two (a integer);' });
    expect(await migrate(db, mended)).toEqual(['9001_add_two.sql']);
  });

  it('refuses a file that was changed after it ran, and a database newer than the release', async () => {
    const changed = await shippedWith({ '9001_add_two.sql': 'create table two (a bigint);' });

    await expect(migrate(db, changed)).rejects.toThrow('9001_add_two.sql was changed after it ran');
    await expect(migrate(db)).rejects.toThrow('use a newer release');
  });

  it('lets two processes start at once', async () => {
    const next = await shippedWith({
      '9001_add_two.sql': 'create table two (a integer);',
      '9002_add_three.sql': 'create table three (a integer); select pg_sleep(0.05);',
    });
    const other = scratch ? await openDatabase({ url: scratch.url }) : db;

    const ran = await Promise.all([migrate(db, next), migrate(other, next)]);

    expect(ran.flat()).toEqual(['9002_add_three.sql']);
    if (other !== db) await other.close();
  });
});

it('finds the scratch copy already migrated', async () => {
  const db = await openScratchPglite();

  expect(await migrate(db)).toEqual([]);
  await db.close();
});

async function folderWith(files: Record<string, string>): Promise<string> {
  const target = await mkdtemp(join(folder, 'set-'));
  for (const [name, sql] of Object.entries(files)) await writeFile(join(target, name), sql);
  return target;
}

async function shippedWith(files: Record<string, string>): Promise<string> {
  const target = await folderWith(files);
  await cp(migrationsFolder, target, { recursive: true });
  return target;
}
