import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Db } from './database.ts';
import { openScratchPglite } from './scratch-database.ts';
import { scrub } from './scrub.ts';

const SECRET = 'Quuxley-7731993';
const STAYS = 'Lenora-5000001';

let folder: string;
let db: Db;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'erased-files-'));
  db = await openScratchPglite(folder);
}, 60_000);
afterAll(async () => {
  await db.close();
  rmSync(folder, { recursive: true });
});

it('R101: segments of the write-ahead log that were recycled hold nothing of what was deleted, nor does any other file', async () => {
  await db.exec(`insert into job (key, kind, payload, run_at, created_at) values ('stays', 'x', '{"who":"${STAYS}"}', now(), now())`);
  // Segments full of the person, which the checkpoint puts ahead of the current one.
  for (let round = 0; round < 4; round++) {
    await db.exec(`insert into job (key, kind, payload, run_at, created_at)
      select 'erased-${round}-' || n, 'x', json_build_object('who', '${SECRET}', 'n', repeat(md5(n::text), 20)), now(), now() from generate_series(1, 20000) as n`);
  }
  await db.exec(`delete from job where key like 'erased-%'`);
  await db.exec('checkpoint');
  expect(filesWith(SECRET).filter((file) => file.startsWith('pg_wal/')).length).toBeGreaterThan(1);

  await scrub(db);

  expect(filesWith(SECRET)).toEqual([]);
  expect(filesWith(STAYS)).not.toEqual([]);
  await db.exec(`update job set kind = 'y' where key = 'stays'`);
  await db.close();
  expect(filesWith(SECRET)).toEqual([]);
}, 60_000);

function filesWith(text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text))
    .map((file) => file.slice(folder.length + 1));
}
