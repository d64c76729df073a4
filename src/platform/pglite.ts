import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { OneAtATime } from './one-at-a-time.ts';
import { type Field, frontend, type Reply, readReply } from './postgres-wire.ts';
import { DatabaseError, type Db, type Queryable } from './queryable.ts';
import { encodeParam, rowsOf } from './sql-values.ts';
import { TransactionScope } from './transaction-scope.ts';

export type PgliteOptions = {
  /** Where the database lives; in memory when absent. The caller holds the folder lock: a second opener destroys the folder. */
  folder?: string;
  /** A dump to start from; the folder must be new. */
  copyOf?: string;
  /** Called once when the worker dies: nothing can be stored any more, so the process must end loudly. */
  onFatal?: (error: Error) => void;
};

/** The embedded database and what only it needs: with fsync off, a dump on a schedule is its second leg beside the intake segments. */
export type PgliteDb = Db & { dump(file: string): Promise<void> };

/** Opens the embedded database in a worker thread. One connection: statements take turns, a transaction holds it alone. */
export async function openPglite(options: PgliteOptions = {}): Promise<PgliteDb> {
  const connection = await connect(options);
  const turns = new OneAtATime();
  const scope = new TransactionScope();
  let closing: Promise<void> | undefined;

  return {
    kind: 'pglite',
    async query<Row>(sql: string, params?: readonly unknown[]) {
      scope.refuseInside();
      return turns.run(() => connection.query<Row>(sql, params));
    },
    async transaction(work) {
      scope.refuseInside();
      return turns.run(() => inTransaction(connection, scope, work));
    },
    async exec(sql) {
      scope.refuseInside();
      return turns.run(() => connection.exec(sql));
    },
    dump(file) {
      return turns.run(() => connection.dump(file));
    },
    close() {
      closing ??= turns.run(() => connection.close());
      return closing;
    },
  };
}

type Connection = Queryable & {
  command(sql: string): Promise<string | undefined>;
  exec(sql: string): Promise<void>;
  dump(file: string): Promise<void>;
  close(): Promise<void>;
};

async function inTransaction<T>(connection: Connection, scope: TransactionScope, work: (tx: Queryable) => Promise<T>): Promise<T> {
  await connection.command('begin');
  let result: T;
  try {
    result = await scope.run(connection, work);
  } catch (error) {
    await connection.command('rollback');
    throw error;
  }
  // After a failed statement COMMIT answers ROLLBACK: work that swallowed the error must not believe it was stored.
  if ((await connection.command('commit')) === 'ROLLBACK') {
    throw new DatabaseError('25P02', 'the transaction was rolled back: one of its statements had failed');
  }
  return result;
}

/** Statements kept prepared; more distinct texts than this come from built SQL and are planned each time. */
const PREPARED_LIMIT = 500;

type Prepared = { name: string; fields: Field[] | undefined };

async function connect(options: PgliteOptions): Promise<Connection> {
  const send = await startWorker(options);
  const prepared = new Map<string, Prepared>();

  async function roundTrip(...messages: Uint8Array[]): Promise<Reply> {
    const reply = readReply(await send({ bytes: Buffer.concat(messages) }));
    if (reply.status === undefined) {
      // The server skips to the next Sync after an error; without its "ready" the next statement would be skipped too.
      const ready = readReply(await send({ bytes: frontend.sync() }));
      if (ready.status === undefined) throw new Error('the embedded database lost step with its protocol');
    }
    return reply;
  }

  async function run(sql: string, params: readonly unknown[] = []): Promise<{ reply: Reply; fields: Field[] }> {
    const values = params.map(encodeParam);
    const known = prepared.get(sql);
    if (known?.fields) {
      const reply = await roundTrip(frontend.bind(known.name, values), frontend.execute(), frontend.sync());
      return { reply, fields: known.fields };
    }
    const name = prepared.size < PREPARED_LIMIT ? `s${prepared.size}` : '';
    const reply = await roundTrip(
      frontend.parse(name, sql),
      frontend.describeStatement(name),
      frontend.bind(name, values),
      frontend.execute(),
      frontend.sync(),
    );
    if (name !== '' && reply.parsed) prepared.set(sql, { name, fields: reply.fields });
    return { reply, fields: reply.fields ?? [] };
  }

  async function forgetPrepared(): Promise<void> {
    prepared.clear();
    await roundTrip(frontend.simpleQuery('deallocate all'));
  }

  // A plan made while a table was empty would be kept for its later millions: each execution is planned for the table as it is now. A page
  // anywhere costs what the next one does: all are in memory.
  await roundTrip(
    frontend.simpleQuery(
      `set timezone = 'UTC'; set datestyle = 'ISO'; set bytea_output = 'hex'; set plan_cache_mode = 'force_custom_plan'; set random_page_cost = 1.1`,
    ),
  );
  return {
    async query<Row>(sql: string, params?: readonly unknown[]) {
      let answer = await run(sql, params);
      // A statement planned before a schema change ("cached plan must not change result type") is planned anew, once.
      if (answer.reply.error?.code === '0A000' && prepared.has(sql) && answer.reply.status === 'I') {
        await forgetPrepared();
        answer = await run(sql, params);
      }
      if (answer.reply.error) throw answer.reply.error;
      return rowsOf<Row>(answer.reply.rows, answer.fields);
    },
    async command(sql) {
      const { reply } = await run(sql);
      if (reply.error) throw reply.error;
      return reply.command;
    },
    async exec(sql) {
      const reply = await roundTrip(frontend.simpleQuery(sql));
      if (reply.error && reply.status !== 'I') await roundTrip(frontend.simpleQuery('rollback'));
      await forgetPrepared();
      if (reply.error) throw reply.error;
    },
    async dump(file) {
      await send({ dump: file });
    },
    async close() {
      await send({ close: true });
    },
  };
}

type Request = { bytes: Uint8Array } | { dump: string } | { close: true };
type Answer = { reply: Uint8Array } | { refused: string } | { failed: string } | { dumped: true } | { closed: true };
type Send = (request: Request) => Promise<Uint8Array>;

/** Starts the worker and returns its one-request-at-a-time door. After its death every request fails and `onFatal` has been told. */
async function startWorker(options: PgliteOptions): Promise<Send> {
  // This file runs as .ts from the checkout and as .js from dist; the worker stands beside it with the same ending.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./pglite-worker.${extension}`, import.meta.url), {
    workerData: { folder: options.folder, copyOf: options.copyOf },
  });
  let waiting: { resolve: (bytes: Uint8Array) => void; reject: (error: Error) => void } | undefined;
  let dead: Error | undefined;
  let closing = false;

  function die(error: Error): void {
    if (dead) return;
    dead = error;
    waiting?.reject(error);
    waiting = undefined;
    if (!closing) options.onFatal?.(error);
  }

  const ready = once(worker, 'message');
  worker.once('error', (error) => die(new Error('the embedded database died', { cause: error })));
  worker.once('exit', (code) => die(new Error(closing ? 'the database is closed' : `the embedded database ended (exit code ${code})`)));
  await ready;
  worker.on('message', (answer: Answer) => {
    if ('failed' in answer) {
      // PGlite throws only when its engine is broken (out of memory, a trap): its memory can no longer be trusted.
      die(new Error(`the embedded database failed: ${answer.failed}`));
      void worker.terminate();
      return;
    }
    const asked = waiting;
    waiting = undefined;
    if ('refused' in answer) asked?.reject(new Error(`the dump was not written: ${answer.refused}`));
    else asked?.resolve('reply' in answer ? answer.reply : new Uint8Array(0));
  });

  return (request) =>
    new Promise((resolve, reject) => {
      if (dead) {
        reject(dead);
        return;
      }
      waiting = { resolve, reject };
      closing ||= 'close' in request;
      worker.postMessage(request, 'bytes' in request ? handOver(request.bytes) : []);
    });
}

/** Large buffers change hands instead of being copied; small ones often share Node's pool and must stay. */
function handOver(bytes: Uint8Array): ArrayBuffer[] {
  const whole = bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.byteLength;
  return whole && bytes.byteLength > 65_536 ? [bytes.buffer as ArrayBuffer] : [];
}
