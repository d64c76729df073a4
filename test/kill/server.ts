/* The real server as a process of its own, to be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ServeRole } from '../../src/platform/config.ts';
import { callControl } from '../../src/platform/control-socket.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLI = join(ROOT, 'src', 'cli.ts');
/** Nothing here waits longer on a busy machine than on a broken product. */
export const PATIENCE_MS = 120_000;

export type Place = {
  folder: string;
  databaseUrl?: string | undefined;
  ehrBase?: string | undefined;
  natsUrl?: string | undefined;
  role?: ServeRole;
};
export type Exit = { code: number | null; signal: NodeJS.Signals | null };

export type Server = {
  url: string;
  mllpPort: number;
  folder: string;
  /** How long it took from spawn until its doors answered. */
  startMs: number;
  exit: Promise<Exit>;
  isAlive(): boolean;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** The end of what it said on standard error. */
  stderr(): string;
  /** SIGTERM, as a supervisor stops it. */
  stop(): Promise<Exit>;
};

/** A process that ended before its doors answered. */
export type EndedEarly = Exit & { endedEarly: true; stderr: string };

const children = new Set<ChildProcess>();
process.once('exit', killLeftovers);

/** Ends whatever is left of a test that failed half-way. */
export function killLeftovers(): void {
  for (const child of children) child.kill('SIGKILL');
}

/** `killAt` is COUNTERSIGN_KILL_AT; `killAfterMs` kills it that long after the spawn, ready or not. */
export async function startServer(place: Place, options: { killAt?: string; killAfterMs?: number } = {}): Promise<Server | EndedEarly> {
  const begun = performance.now();
  const child = run(['serve', '--json', '--port', '0', '--mllp-port', '0'], place, options.killAt);
  let stderr = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-4000);
  });
  const exit = new Promise<Exit>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  const timer = options.killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), options.killAfterMs);
  const ready = new Promise<{ url: string; mllpPort: number }>((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (line.startsWith('{"url"')) resolve(JSON.parse(line) as { url: string; mllpPort: number });
    });
  });
  const answered = await within(PATIENCE_MS, 'the server neither answered nor ended', Promise.race([ready, exit]));
  clearTimeout(timer);
  if (!('url' in answered)) return { ...answered, endedEarly: true, stderr };
  return {
    ...answered,
    folder: place.folder,
    startMs: performance.now() - begun,
    exit,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    stderr: () => stderr,
    async kill() {
      child.kill('SIGKILL');
      await exit;
    },
    async stop() {
      child.kill('SIGTERM');
      return within(PATIENCE_MS, 'the server did not stop', exit);
    },
  };
}

/** A server that must come up. */
export async function startCalmly(place: Place): Promise<Server> {
  const server = await startServer(place);
  if ('endedEarly' in server) throw new Error(`the server did not come up (${server.code ?? server.signal}): ${server.stderr}`);
  return server;
}

export type Ran = { code: number | null; stdout: string; stderr: string };

/** One verb in a process of its own, as it is typed in `cwd`. */
export async function countersign(
  args: readonly string[],
  place?: Place,
  { input = '', cwd, killAfterMs }: { input?: string; cwd?: string; killAfterMs?: number } = {},
): Promise<Ran> {
  const child = run(args, place, undefined, cwd);
  let stdout = '';
  let stderr = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
  });
  child.stderr!.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  child.stdin!.end(input);
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const code = await within(PATIENCE_MS, `countersign ${args[0]} did not end`, closed);
  clearTimeout(timer);
  return { code, stdout, stderr };
}

/** What `doctor` says of a running server, asked through its control socket. */
export async function health(server: Server): Promise<Record<string, string | number>> {
  let line = '{}';
  const note = (text: string): void => {
    line = text;
  };
  const ignore = (): void => undefined;
  const request = { verb: 'doctor', args: [JSON.stringify({ json: true })] };
  await callControl(join(server.folder, 'control.sock'), request, { stdout: note, stderr: ignore, progress: ignore });
  return JSON.parse(line) as Record<string, string | number>;
}

/** Resolves with what `look` gives as soon as it gives something. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS * 1.5;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function run(args: readonly string[], place: Place | undefined, killAt?: string, cwd = tmpdir()): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [CLI, ...args, ...(place ? ['--data', place.folder] : [])], {
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
    // Only what is named: a developer's own settings must not reach a server under test.
    env: {
      PATH,
      HOME,
      LOG_LEVEL: 'error',
      NODE_COMPILE_CACHE: join(ROOT, 'node_modules', '.cache', 'countersign', 'compiled'),
      ...(place?.databaseUrl ? { DATABASE_URL: place.databaseUrl } : {}),
      ...(place?.natsUrl ? { NATS_URL: place.natsUrl } : {}),
      ...(place?.role ? { COUNTERSIGN_ROLE: place.role } : {}),
      ...(place?.ehrBase ? { COUNTERSIGN_EHR_FHIR_BASE: place.ehrBase } : {}),
      ...(killAt ? { COUNTERSIGN_KILL_AT: killAt } : {}),
    },
  });
  child.stdin!.on('error', () => undefined);
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

async function within<T>(milliseconds: number, complaint: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
