import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { openDatabase } from './database.ts';
import { openPostgres } from './postgres.ts';
import { createScratchPostgres } from './scratch-database.ts';

const scratch = await createScratchPostgres();
afterAll(() => scratch?.drop());

it('fails at once and in words when no server answers', async () => {
  const failed = await openDatabase({ url: 'postgres://postgres:hunter2@127.0.0.1:1/x' }).catch((error: unknown) => error);

  expect(failed).toMatchObject({ code: '08006', message: expect.stringContaining('ECONNREFUSED') });
  expect(JSON.stringify(failed) + String(failed)).not.toContain('hunter2');
});

describe.runIf(scratch)('a server', () => {
  it('fails loudly while the connection is lost, and works again by itself', async () => {
    const relay = await startRelay(scratch!.url);
    const lost: string[] = [];
    const db = await openPostgres({ url: relay.url, onConnectionLost: (code) => lost.push(code) });
    await Promise.all([db.query('select 1'), db.query('select 1')]);

    relay.cut();
    await expect(db.query('select 1')).rejects.toMatchObject({ code: '08006' });
    await expect(db.transaction((tx) => tx.query('select 1'))).rejects.toMatchObject({ code: '08006' });
    relay.mend();

    expect(await db.query('select 1 as one')).toEqual([{ one: 1 }]);
    expect(lost.length).toBeGreaterThan(0);
    await db.close();
    relay.close();
  });

  it('rolls back and reports when the server ends a transaction half-way', async () => {
    const db = await openPostgres({ url: scratch!.url });
    await db.exec('create table half (a integer)');

    const work = db.transaction(async (tx) => {
      await tx.query('insert into half values (1)');
      await tx.query('select pg_terminate_backend(pg_backend_pid())');
    });

    await expect(work).rejects.toMatchObject({ code: '57P01' });
    expect(await db.query('select * from half')).toEqual([]);
    await db.close();
  });

  it('keeps to its size, its name and its time', async () => {
    const db = await openPostgres({ url: scratch!.url, applicationName: 'countersign-test', maxConnections: 2, statementTimeoutMs: 100 });

    await Promise.all(Array.from({ length: 10 }, () => db.query('select pg_sleep(0.01)')));
    const rows = await db.query(`select 1 from pg_stat_activity where application_name = 'countersign-test'`);

    expect(rows).toHaveLength(2);
    await expect(db.query('select pg_sleep(1)')).rejects.toMatchObject({ code: '57014' });
    expect(await db.query('select 1 as one')).toEqual([{ one: 1 }]);
    await db.close();
  });

  it('prepares each text once a connection, by name', async () => {
    const db = await openPostgres({ url: scratch!.url, maxConnections: 1 });
    for (let i = 0; i < 3; i += 1) await db.query('select $1::int as i', [i]);

    expect(await db.query(`select count(*)::int as n from pg_prepared_statements where statement = 'select $1::int as i'`)).toEqual([
      { n: 1 },
    ]);
    await db.close();
  });
});

/** A cable to the server that can be cut. */
async function startRelay(target: string) {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) {
      near.destroy();
      return;
    }
    const far = connectTcp(Number(port || 5432), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as { port: number }).port);
  const drop = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    url: url.href,
    cut: () => {
      whole = false;
      drop();
    },
    mend: () => {
      whole = true;
    },
    close: () => {
      drop();
      server.close();
    },
  };
}
