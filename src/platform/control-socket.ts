import { chmodSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { AppError } from '../core/errors.ts';
import { errorCode } from './error-code.ts';

/** A verb as it was typed in another process; `stdin` when something was piped in. */
export type ControlRequest = { verb: string; args: string[]; stdin?: string };

export type ControlSinks = {
  stdout(text: string): void;
  stderr(text: string): void;
  /** One line that replaces the last, on a terminal. */
  progress(text: string): void;
};

/** Runs a verb for a caller and returns its exit code. `signal` aborts when the caller goes away. */
export type ControlHandler = (request: ControlRequest, sinks: ControlSinks, signal: AbortSignal) => Promise<number>;

export type ControlServer = { close(): Promise<void> };

/**
 * Lets verbs typed elsewhere work through the process that serves the data folder. A Unix socket of mode 0600: whoever may open the
 * folder's files may call. One that a dead process left is removed; where a live one answers, a second server is refused.
 */
export async function serveControl(path: string, handler: ControlHandler): Promise<ControlServer> {
  const other = await connect(path);
  other?.destroy();
  if (other)
    throw new AppError('folder_locked', 'another "countersign serve" has this data folder: stop it, or give this one its own with --data');
  rmSync(path, { force: true });
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    serveOne(socket, handler);
  });
  // Created with no rights for others, not narrowed afterwards: between the two anybody could connect.
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(mask);
  }
  chmodSync(path, 0o600);
  return {
    async close() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const socket of open) socket.destroy();
      await closed;
      rmSync(path, { force: true });
    },
  };
}

/**
 * Calls the process behind a control socket; resolves with the verb's exit code. Undefined when nobody listens (no socket, or one a
 * dead process left): the caller then works on the folder itself. A server that dies half-way is an error: the verb may have had effects.
 */
export async function callControl(path: string, request: ControlRequest, sinks: ControlSinks): Promise<number | undefined> {
  const socket = await connect(path);
  if (socket === undefined) return undefined;
  return new Promise((resolve, reject) => {
    let exit: number | undefined;
    readLines(socket, (line) => {
      const message = JSON.parse(line) as Message;
      if ('stdout' in message) sinks.stdout(message.stdout);
      else if ('stderr' in message) sinks.stderr(message.stderr);
      else if ('progress' in message) sinks.progress(message.progress);
      else if ('exit' in message) exit = message.exit;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (exit === undefined)
        reject(new AppError('internal', 'the serving process ended before the verb did: look at its log, then try again'));
      else resolve(exit);
    });
    socket.write(`${JSON.stringify(request)}\n`);
  });
}

type Message = { stdout: string } | { stderr: string } | { progress: string } | { exit: number };

function serveOne(socket: Socket, handler: ControlHandler): void {
  const gone = new AbortController();
  const send = (message: Message) => {
    if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
  };
  const sinks: ControlSinks = {
    stdout: (text) => send({ stdout: text }),
    stderr: (text) => send({ stderr: text }),
    progress: (text) => send({ progress: text }),
  };
  let asked = false;
  socket.on('error', () => undefined);
  socket.on('close', () => gone.abort());
  readLines(socket, (line) => {
    if (asked) return;
    asked = true;
    void answer(line, handler, sinks, gone.signal).then((exit) => {
      send({ exit });
      socket.end();
    });
  });
}

async function answer(line: string, handler: ControlHandler, sinks: ControlSinks, signal: AbortSignal): Promise<number> {
  const request = parse(line);
  if (request === undefined) {
    sinks.stderr('the control socket takes one JSON line {verb, args, stdin?}\n');
    return 2;
  }
  try {
    return await handler(request, sinks, signal);
  } catch (error) {
    // An AppError's sentence is written for people; anything else may quote what it choked on.
    sinks.stderr(`${error instanceof AppError ? error.message : `failed (${errorCode(error)})`}\n`);
    return 1;
  }
}

function parse(line: string): ControlRequest | undefined {
  try {
    const given = JSON.parse(line) as Partial<ControlRequest> | null;
    const { verb, args, stdin } = given ?? {};
    if (typeof verb !== 'string' || !Array.isArray(args) || !args.every((arg) => typeof arg === 'string')) return undefined;
    if (stdin !== undefined && typeof stdin !== 'string') return undefined;
    return { verb, args, ...(stdin === undefined ? {} : { stdin }) };
  } catch {
    return undefined;
  }
}

async function connect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(new AppError('internal', `the control socket cannot be opened (${errorCode(error)})`, { cause: error }));
    });
  });
}

function readLines(socket: Socket, take: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let parts: string[] = [];
  socket.on('data', (chunk: Buffer) => {
    const lines = decoder.write(chunk).split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) {
      take(parts.join('') + line);
      parts = [];
    }
    if (rest !== '') parts.push(rest);
  });
}
