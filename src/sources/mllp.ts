import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { AppError } from '../core/errors.ts';
import type { Acknowledge, Acknowledgement, Intake } from '../core/ports.ts';
import type { Payload } from '../core/receipt.ts';
import type { Log } from '../platform/log.ts';
import { type FrameFault, FrameReader, frame } from './mllp-frames.ts';

/** How a listener is set up. Times in milliseconds. */
export type MllpOptions = {
  host: string;
  port: number;
  /** Takes a message and resolves once its receipt is on disk (or could not be stored) with what to answer. */
  onMessage(payload: Payload): Promise<Acknowledgement>;
  /** Makes the refusal of a broken frame. */
  acknowledge: Acknowledge;
  /** Names the feed a message belongs to. */
  source(bytes: Uint8Array): string;
  log: Log;
  tls?: TlsOptions;
  /** A message above this is refused and the connection closed. Default 10 MiB: scanned documents travel in OBX-5. */
  maxBytes?: number;
  /** Silence in the middle of a message after which it is refused and the connection closed. Default 30 s. */
  idleMs?: number;
  /** Messages of one connection in work at once; more stay unread until answers leave. Default 64. */
  maxPending?: number;
  /** How long `close` waits for answers to leave. Default 10 s. */
  closeMs?: number;
};

/** A running listener. */
export type MllpServer = { port: number; connections(): number; close(): Promise<void> };

type Settings = Required<Omit<MllpOptions, 'tls'>>;
type Connection = { socket: Socket; finish(): Promise<void> };

const defaults = { maxBytes: 10 * 1024 * 1024, idleMs: 30_000, maxPending: 64, closeMs: 10_000 };

/**
 * Listens for HL7 v2 over MLLP. Any number of connections; on each, pipelined messages are taken at once and answered in the order they
 * came. No answer leaves before the receipt is on disk. Broken frames are refused (AR) with the control id where one can be read.
 */
export async function startMllp(options: MllpOptions): Promise<MllpServer> {
  const settings: Settings = { ...defaults, ...options };
  const open = new Set<Connection>();
  let count = 0;
  const accept = (socket: Socket): void => {
    const connection = serve(socket, settings, ++count);
    open.add(connection);
    socket.once('close', () => open.delete(connection));
  };
  // Half open: a sender may close its side after its last message and still wait for the answers.
  const server = options.tls
    ? createTlsServer({ ...options.tls, allowHalfOpen: true }, accept)
    : createServer({ noDelay: true, allowHalfOpen: true }, accept);
  server.on('tlsClientError', () => settings.log.warn('mllp.tls_refused', {}));
  const port = await listen(server, options.host, options.port);
  return {
    port,
    connections: () => open.size,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...open].map((connection) => connection.finish()));
      await closed;
    },
  };
}

/** The usual `onMessage`: store, then say so; a failed store is AE, which asks the sender to try again, unless no try could succeed (AR). */
export function storeThenAnswer(intake: Intake, acknowledge: Acknowledge): MllpOptions['onMessage'] {
  return async (payload) => {
    try {
      await intake(payload);
    } catch (error) {
      // What is too large or empty will not be stored the next time either.
      const final = error instanceof AppError && (error.code === 'too_large' || error.code === 'request_invalid');
      return acknowledge(payload.bytes, {
        ok: false,
        reason: final ? 'unreadable' : 'not-stored',
        text: 'The message could not be stored.',
      });
    }
    return acknowledge(payload.bytes, { ok: true });
  };
}

function serve(socket: Socket, settings: Settings, id: number): Connection {
  const { log, maxPending, idleMs, closeMs } = settings;
  const reader = new FrameReader(settings.maxBytes);
  let pending = 0;
  let stopped = false;
  /** The end of the chain of answers; each waits for the one before. */
  let answers: Promise<void> = Promise.resolve();
  const answer = (work: Promise<Acknowledgement>): void => {
    pending++;
    // A rejection is handled in order, not when it happens.
    work.catch(() => undefined);
    answers = answers.then(async () => {
      try {
        await send(socket, frame((await work).bytes));
      } catch (error) {
        log.error('mllp.answer_failed', { connection: id, code: codeOf(error) });
        socket.destroy();
      } finally {
        pending--;
        if (!stopped && pending < maxPending) socket.resume();
      }
    });
  };
  const refuse = (bytes: Buffer, fault: FrameFault): void => {
    log.warn('mllp.frame_refused', { connection: id, reason: fault, size: bytes.length });
    answer(Promise.resolve().then(() => settings.acknowledge(bytes, { ok: false, reason: 'unreadable', text: faultText[fault] })));
  };
  const stop = async (): Promise<void> => {
    stopped = true;
    socket.pause();
    socket.setTimeout(0);
    await answers;
    socket.end();
    // What still comes is read and dropped, unanswered, so that the peer's close is seen.
    socket.resume();
    // A peer that never closes its side must not hold the listener.
    setTimeout(() => socket.destroy(), closeMs).unref();
  };
  socket.setTimeout(idleMs, () => {
    const rest = stopped ? undefined : reader.rest();
    if (!rest) return;
    refuse(rest.bytes, rest.fault!);
    void stop();
  });
  socket.on('data', (chunk: Buffer) => {
    if (stopped) return;
    for (const one of reader.read(chunk)) {
      if (one.fault) refuse(one.bytes, one.fault);
      else answer(take(one.bytes, settings));
      if (one.fault === 'too-large') return void stop();
    }
    if (pending >= maxPending) socket.pause();
  });
  socket.on('end', () => {
    const rest = reader.rest();
    if (rest) refuse(rest.bytes, rest.fault!);
    void stop();
  });
  // A reset by the peer is no fault of ours; the receipt is on disk or the sender will repeat.
  socket.on('error', (error) => log.info('mllp.connection_lost', { connection: id, code: codeOf(error) }));
  return {
    socket,
    async finish() {
      const late = new Promise<void>((resolve) => setTimeout(resolve, closeMs).unref());
      await Promise.race([stop(), late]);
      if (!socket.destroyed) await Promise.race([new Promise<void>((resolve) => socket.once('close', () => resolve())), shortly(250)]);
      socket.destroy();
    },
  };
}

async function take(bytes: Buffer, settings: Settings): Promise<Acknowledgement> {
  const payload: Payload = { source: settings.source(bytes), door: 'mllp', contentType: 'application/hl7-v2+er7', bytes };
  return settings.onMessage(payload);
}

/** Resolves when the bytes are handed to the system; a slow reader holds up its own answers and nobody else. */
function send(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed || !socket.writable) return reject(new Error('closed'));
    const lost = (): void => reject(new Error('closed'));
    socket.once('close', lost);
    socket.write(bytes, (error) => {
      socket.off('close', lost);
      if (error) reject(error);
      else resolve();
    });
  });
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

function shortly(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'closed';
}

const faultText: { [fault in FrameFault]: string } = {
  'no-start': 'The message does not begin with a start block.',
  'no-end': 'A new message began before the end block of this one.',
  'too-large': 'The message is larger than this listener takes.',
  'half-message': 'The message was not completed.',
  empty: 'The frame holds no message.',
};
