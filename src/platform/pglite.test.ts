import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, expect, it } from 'vitest';
import { openPglite } from './pglite.ts';
import { openScratchPglite } from './scratch-database.ts';

const folder = await mkdtemp(join(tmpdir(), 'countersign-pglite-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

it('keeps what was written across a close, in a folder and in a dump', async () => {
  const first = await openScratchPglite(join(folder, 'database'));
  await first.exec(`create table kept (a text); insert into kept values ('here')`);
  await first.close();

  const second = await openPglite({ folder: join(folder, 'database') });
  const rows = await second.query('select a from kept');
  await second.dump(join(folder, 'dump.tar'));
  await second.close();
  const third = await openPglite({ copyOf: join(folder, 'dump.tar') });
  const copied = await third.query('select a from kept');
  await third.close();

  expect([rows, copied]).toEqual([[{ a: 'here' }], [{ a: 'here' }]]);
});

it.each(['', '42\n/half'])('R22: opens a folder whose last start was killed as it wrote postmaster.pid: %j', async (left) => {
  await writeFile(join(folder, 'database', 'postmaster.pid'), left);

  const db = await openPglite({ folder: join(folder, 'database') });
  const rows = await db.query('select a from kept');
  await db.close();

  expect(rows).toEqual([{ a: 'here' }]);
});

it('keeps nothing of what was read', async () => {
  let worker: Worker | undefined;
  process.once('worker', (started) => {
    worker = started;
  });
  const db = await openPglite({ copyOf: join(folder, 'dump.tar') });
  const heap = async () => (await worker!.getHeapStatistics()).used_heap_size;
  const read = () => db.query(`select repeat('x', 1000) as a from generate_series(1, 1000)`);
  await read();

  const before = await heap();
  for (let i = 0; i < 50; i++) await read();
  const kept = (await heap()) - before;
  await db.close();

  // Fifty million characters were read.
  expect(kept).toBeLessThan(10_000_000);
});

it('says so once when its worker dies, and fails every waiting and later query', async () => {
  const told: string[] = [];
  let worker: Worker | undefined;
  process.once('worker', (started) => {
    worker = started;
  });
  const db = await openPglite({ copyOf: join(folder, 'dump.tar'), onFatal: (error) => told.push(error.message) });

  const waiting = [db.query('select pg_sleep(0.2)'), db.query('select 2')];
  await worker!.terminate();
  const after = await Promise.allSettled([...waiting, db.query('select 3')]);

  expect(after.map((one) => one.status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(told).toEqual([expect.stringContaining('the embedded database ended')]);
});

it('fails at the start when the folder is no folder', async () => {
  await writeFile(join(folder, 'file'), 'x');

  await expect(openPglite({ folder: join(folder, 'file') })).rejects.toThrow();
});

it('tells nobody of a death when it is closed, and refuses queries then', async () => {
  const told: string[] = [];
  const db = await openPglite({ copyOf: join(folder, 'dump.tar'), onFatal: (error) => told.push(error.message) });

  await db.close();
  await db.close();

  await expect(db.query('select 1')).rejects.toThrow('closed');
  expect(told).toEqual([]);
});
