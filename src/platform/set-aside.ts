import { existsSync, readdirSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFolder } from './folder-lock.ts';
import { openPglite } from './pglite.ts';

const NAME = 'pgdata';

/**
 * Puts the embedded database of a data folder under another name where it cannot be opened or not be read to its end, so that a new one is begun
 * in its place; undefined where it can be read. Nothing is deleted: what the old one holds, only its owner can judge.
 */
export async function setAsideIfBroken(folder: string, now: string): Promise<string | undefined> {
  const lock = lockFolder(folder);
  try {
    const database = join(folder, NAME);
    if (!existsSync(database) || (await isReadable(database))) return undefined;
    const aside = `${NAME}.broken-${now.replaceAll(/[^0-9]/g, '').slice(0, 14)}`;
    await rename(database, join(folder, aside));
    return aside;
  } finally {
    lock.release();
  }
}

/** Databases that were set aside and are still there: they hold patient data that no erasure reaches. */
export function setAsides(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith(`${NAME}.broken-`));
}

/** Opens it and reads every row of every table: a file that is gone or torn shows no earlier. */
async function isReadable(folder: string): Promise<boolean> {
  let db: Awaited<ReturnType<typeof openPglite>> | undefined;
  try {
    db = await openPglite({ folder });
    const tables = await db.query<{ name: string }>(
      `select quote_ident(relname) as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
    );
    for (const { name } of tables) await db.query(`select sum(length(t::text)) from ${name} t`);
    return true;
  } catch {
    return false;
  } finally {
    await db?.close().catch(() => undefined);
  }
}
