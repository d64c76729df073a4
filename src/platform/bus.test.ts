import { randomUUID } from 'node:crypto';
import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { type Bus, type BusMessage, openBus } from './bus.ts';

const url = process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222';
const answers = await connect({ servers: url, timeout: 1000, reconnect: false }).then(
  (connection) => connection.close().then(() => true),
  () => false,
);
if (!answers) process.stderr.write('skipped on NATS: no server answers at NATS_URL or 127.0.0.1:4222\n');

const open: Bus[] = [];
const namespaces: string[] = [];
afterEach(async () => {
  for (const bus of open.splice(0)) await bus.close();
  if (!answers) return;
  const connection = await connect({ servers: url });
  const manager = await jetstreamManager(connection);
  for (const name of namespaces.splice(0)) await manager.streams.delete(name).catch(() => undefined);
  await connection.close();
});

it('without a server: says so once, drops signals, and closes', async () => {
  const told: unknown[] = [];
  const bus = start({ url: 'nats://127.0.0.1:1', onState: (up, reason) => told.push([up, reason]), retryMs: 20 });
  bus.publish({ kind: 'note', key: 'a' });
  await until(() => told.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 200));

  expect(bus.connected()).toBe(false);
  expect(told).toEqual([[false, 'unreachable']]);
});

describe.runIf(answers)('with NATS', () => {
  it('wakes one process of several for each job, and carries ids only', async () => {
    const namespace = fresh();
    const seen: [string, BusMessage][] = [];
    const [one, other] = ['one', 'other'].map((name) => start({ url, namespace, onMessage: (message) => seen.push([name, message]) }));
    const publisher = start({ url, namespace });
    await until(() => [one, other, publisher].every((bus) => bus!.connected()));

    for (let i = 0; i < 50; i += 1) publisher.publish({ kind: 'note', key: `job ${i}` });
    await until(() => seen.length >= 50);
    await new Promise((resolve) => setTimeout(resolve, 100));

    expect(seen.map(([, message]) => message.key).sort()).toEqual(Array.from({ length: 50 }, (_, i) => `job ${i}`).sort());
    expect(Object.keys(seen[0]![1]).sort()).toEqual(['key', 'kind']);
  });

  it('keeps a signal for a worker that starts later', async () => {
    const namespace = fresh();
    const publisher = start({ url, namespace });
    await until(() => publisher.connected());
    publisher.publish({ kind: 'note', key: 'early' });
    const seen: string[] = [];
    start({ url, namespace, onMessage: (message) => seen.push(message.key) });

    await until(() => seen.length === 1);
    expect(seen).toEqual(['early']);
  });

  it('says when it is lost and when it is back, and works again', async () => {
    const namespace = fresh();
    const relay = await startRelay();
    const told: string[] = [];
    const seen: string[] = [];
    const bus = start({
      url: `nats://127.0.0.1:${relay.port}`,
      namespace,
      retryMs: 50,
      onMessage: (message) => seen.push(message.key),
      onState: (_up, reason) => told.push(reason),
    });
    await until(() => bus.connected());

    relay.cut();
    await until(() => !bus.connected());
    bus.publish({ kind: 'note', key: 'while away' });
    relay.mend();
    await until(() => bus.connected());
    bus.publish({ kind: 'note', key: 'back' });
    await until(() => seen.includes('back'));

    expect(told.slice(0, 2)).toEqual(['connected', 'lost']);
    expect(seen).toEqual(['back']);
    await bus.close();
    relay.close();
  });
});

function fresh(): string {
  const namespace = `countersign-test-${randomUUID()}`;
  namespaces.push(namespace);
  return namespace;
}

function start(options: Parameters<typeof openBus>[0]): Bus {
  const bus = openBus(options);
  open.push(bus);
  return bus;
}

/** A cable to the server that can be cut. */
async function startRelay() {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) {
      near.destroy();
      return;
    }
    const far = connectTcp(Number(target.port || 4222), target.hostname);
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
  const drop = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    port: (server.address() as { port: number }).port,
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

async function until(reached: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!reached()) {
    if (Date.now() > deadline) throw new Error('waited 15 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
