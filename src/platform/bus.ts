import { AckPolicy, jetstream, jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';

/** What travels: which job waits. Ids only; whoever is woken reads the rest from the database. */
export type BusMessage = { kind: string; key: string };

export type Bus = {
  /** Says that a job waits, after its transaction committed. Never fails and is never waited for: the queue in the database is the truth. */
  publish(message: BusMessage): void;
  connected(): boolean;
  close(): Promise<void>;
};

export type BusOptions = {
  url: string;
  /** One message wakes one process of all that listen. Without it this process only publishes. */
  onMessage?: (message: BusMessage) => void;
  /** Told at each change, with a code: losing the bus is loud but stops nothing, workers then find their jobs by polling. */
  onState?: (up: boolean, reason: string) => void;
  /** Separates deployments on one server; also the stream's name. */
  namespace?: string;
  retryMs?: number;
};

/** Connects to NATS in the background and stays with it through outages; returns at once, also when no server answers. */
export function openBus(options: BusOptions): Bus {
  const { namespace = 'countersign', retryMs = 1000 } = options;
  const subject = `${namespace}.jobs`;
  let connection: NatsConnection | undefined;
  let up = false;
  let closed = false;
  let wake: () => void = () => undefined;

  function tell(next: boolean, reason: string): void {
    if (next === up && !(reason === 'unreachable' && !toldUnreachable)) return;
    toldUnreachable ||= reason === 'unreachable';
    up = next;
    if (!closed) options.onState?.(next, reason);
  }
  let toldUnreachable = false;

  async function session(): Promise<void> {
    connection = await connect({
      servers: options.url,
      name: 'countersign',
      reconnect: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: retryMs,
    });
    void watch(connection, tell);
    await ensureStream(connection, namespace, subject);
    tell(true, 'connected');
    toldUnreachable = false;
    const consuming = options.onMessage ? consume(connection, namespace, options.onMessage) : Promise.resolve();
    await Promise.race([connection.closed(), consuming.then(() => connection?.closed())]);
  }

  const running = (async () => {
    while (!closed) {
      await session().catch(() => tell(false, 'unreachable'));
      await connection?.close().catch(() => undefined);
      connection = undefined;
      if (!closed) await pause(retryMs, (resolve) => (wake = resolve));
    }
  })();

  return {
    publish(message) {
      // Core publish into the stream's subject: fire and forget, and no copy of it is kept for a bus that is away.
      if (up && connection) connection.publish(`${subject}.${message.kind}`, JSON.stringify(message));
    },
    connected: () => up,
    async close() {
      closed = true;
      wake();
      await connection?.close().catch(() => undefined);
      await running;
    },
  };
}

async function ensureStream(connection: NatsConnection, name: string, subject: string): Promise<void> {
  const manager = await jetstreamManager(connection);
  const settings = { name, subjects: [`${subject}.>`], retention: RetentionPolicy.Workqueue, max_age: HOUR_NS, max_msgs: 1_000_000 };
  await manager.streams.info(name).catch(() => manager.streams.add(settings));
  await manager.consumers.add(name, { durable_name: 'workers', ack_policy: AckPolicy.Explicit, ack_wait: 10_000_000_000 });
}

// JetStream counts in nanoseconds. A signal older than an hour says nothing that polling has not found.
const HOUR_NS = 3_600 * 1_000_000_000;

async function consume(connection: NatsConnection, stream: string, take: (message: BusMessage) => void): Promise<void> {
  const consumer = await jetstream(connection).consumers.get(stream, 'workers');
  const messages = await consumer.consume();
  void connection.closed().then(() => messages.stop());
  for await (const message of messages) {
    // Acknowledged at once: it is a signal, and the job's own lease in the database survives this process.
    message.ack();
    const known = parse(message.data);
    if (known) take(known);
  }
}

function parse(data: Uint8Array): BusMessage | undefined {
  try {
    const { kind, key } = JSON.parse(Buffer.from(data).toString('utf8')) as Partial<BusMessage>;
    return typeof kind === 'string' && typeof key === 'string' ? { kind, key } : undefined;
  } catch {
    return undefined;
  }
}

async function watch(connection: NatsConnection, tell: (up: boolean, reason: string) => void): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === 'disconnect') tell(false, 'lost');
    else if (status.type === 'reconnect') tell(true, 'reconnected');
  }
}

async function pause(milliseconds: number, interrupt: (resolve: () => void) => void): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    interrupt(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
