import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '../core/errors.ts';

export type FolderLock = { release(): void };

/** Who holds a folder. A pid alone proves nothing: it is given to another process after the holder died, and survives it as a zombie. */
type Holder = { pid: number; startedAt: string | null; bootId: string | null; nonce: string };

/**
 * Makes this process the only one on a data folder: a second opener of the embedded database would destroy it. A holder that is
 * dead (no such pid, another start time, another boot, a zombie) counts for nothing; a live one is refused with `folder_locked`.
 *
 * Each process puts up a claim under a name of its own, and only then looks at the others': of two that come at once at least one
 * sees the other and withdraws. One shared lock file would have to be taken from a dead holder, and whoever takes it may take it
 * from a live one that came in between.
 */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const own: Holder = { pid: process.pid, startedAt: processStart(process.pid)?.startedAt ?? null, bootId: bootId(), nonce: randomUUID() };
  const file = join(folder, `lock.${own.nonce}`);
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    putUp(file, own);
    const other = liveHolders(folder).find((holder) => holder.nonce !== own.nonce);
    if (other === undefined) return { release: () => rmSync(file, { force: true }) };
    rmSync(file, { force: true });
    // The other may be a claim like ours that withdraws too: tries apart by chance tell it from one that stays.
    if (performance.now() > deadline) throw new AppError('folder_locked', refusal(other));
    sleep(1 + Math.random() * 20);
  }
}

/** True when a live process holds the folder: a verb then works through that process's control socket. */
export function isFolderLocked(folder: string): boolean {
  return liveHolders(folder).length > 0;
}

/** Milliseconds: long enough for a killed process with much memory to be gone, short enough for a person who typed a second `serve`. */
const PATIENCE_MS = 300;

function refusal({ pid }: Holder): string {
  return `process ${pid} serves this data folder: run the verb while it serves (it then works through its control socket), or stop that "countersign serve"`;
}

/** Written whole and synced under another name first, so that nobody reads half a claim and takes it for a dead one. */
function putUp(file: string, holder: Holder): void {
  const draft = join(dirname(file), `claim.${holder.nonce}`);
  writeFileSync(draft, JSON.stringify(holder), { flag: 'wx', mode: 0o600, flush: true });
  renameSync(draft, file);
}

/** The claims of live processes; those of dead ones are cleared away, which harms nobody: a dead claim never comes alive. */
function liveHolders(folder: string): Holder[] {
  const live: Holder[] = [];
  for (const name of listIfThere(folder)) {
    if (!name.startsWith('lock.')) continue;
    const text = readIfThere(join(folder, name));
    const holder = text === undefined ? undefined : parse(text);
    if (holder !== undefined && isAlive(holder)) live.push(holder);
    else rmSync(join(folder, name), { force: true });
  }
  return live;
}

/** A lock that cannot be read was cut off by a power loss before it was whole: its writer is gone. */
function parse(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Holder;
    return typeof holder.pid === 'number' ? holder : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(holder: Holder): boolean {
  if (holder.bootId !== bootId()) return false;
  const start = processStart(holder.pid);
  if (start !== undefined) return start.state !== 'Z' && start.state !== 'X' && start.startedAt === holder.startedAt;
  return process.platform !== 'linux' && answersSignal(holder.pid);
}

/** State and start time (clock ticks after boot) of a process: fields 3 and 22 of /proc/PID/stat, proc(5). Undefined off Linux or when gone. */
function processStart(pid: number): { state: string; startedAt: string } | undefined {
  const text = readIfThere(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The second field is the command in brackets and may hold spaces and brackets itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startedAt: fields[19] ?? '' };
}

function bootId(): string | null {
  return readIfThere('/proc/sys/kernel/random/boot_id')?.trim() ?? null;
}

function answersSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function listIfThere(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Waits without turns of the event loop: a lock is taken before anything else starts. */
function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
