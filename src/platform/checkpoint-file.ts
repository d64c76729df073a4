import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { Checkpoint } from '../core/signed-note.ts';
import { readCheckpoint } from './checkpoint-signer.ts';
import type { Db, Queryable } from './database.ts';
import { sameBytes, toBase64 } from './digest.ts';
import { append } from './journal.ts';
import { JournalProver } from './journal-prover.ts';
import type { Log } from './log.ts';

/**
 * What the checkpoint kept outside the database says about the database inside: `none` nothing to compare with, `fine` the log
 * inside extends it, `rolled_back` the log inside is shorter, `forked` it holds something else, `unreadable` no key of ours signed it.
 * `torn` where a crash cut the last line of checkpoints.log short: it promised nothing yet, and is passed over.
 */
export type RollbackFinding = { torn?: true | undefined } & (
  | { outcome: 'none' }
  | { outcome: 'unreadable' }
  | { outcome: 'fine' | 'rolled_back' | 'forked'; outside: Checkpoint; insideSize: number }
);

/** Keeps the latest checkpoint where a restored or rewound database cannot take it back: checkpoint.txt, and a line in checkpoints.log. */
export async function writeCheckpointFile(folder: string, note: string, at: string): Promise<void> {
  const log = await open(join(folder, LOG), 'a+', 0o644);
  try {
    // What follows a torn line in the same line would be torn with it.
    await cutTornLine(log);
    await log.writeFile(`${JSON.stringify({ at, note })}\n`);
    await log.sync();
  } finally {
    await log.close();
  }
  // Written whole under another name, then renamed: a crash leaves the old file or the new one, never half of one.
  const temporary = join(folder, `${FILE}.${randomUUID()}.new`);
  const file = await open(temporary, 'w', 0o644);
  try {
    await file.writeFile(note);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, FILE));
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** A line without its end was being written when a crash came; one that has it was whole, and is what it was unless somebody changed it. */
export type CheckpointLog = { checkpoints: { at: string; note: string }[]; torn: boolean };

/** Every checkpoint the folder remembers, oldest first. */
export async function readCheckpointLog(folder: string): Promise<CheckpointLog> {
  const text = await readFile(join(folder, LOG), 'utf8').catch(absent);
  const end = text.lastIndexOf('\n') + 1;
  const lines = text.slice(0, end).split('\n');
  return { checkpoints: lines.filter((line) => line !== '').map(parseLine), torn: end < text.length };
}

/** Compares the database with the newest checkpoint outside it. Called at start, before anything is appended. */
export async function detectRollback(db: Queryable, folder: string, verifierKeys: readonly string[]): Promise<RollbackFinding> {
  const { checkpoints: logged, ...log } = await readCheckpointLog(folder);
  const torn = log.torn || undefined;
  const notes = [await readFile(join(folder, FILE), 'utf8').catch(absent), logged.at(-1)?.note ?? ''];
  const present = notes.filter((note) => note !== '');
  if (present.length === 0) return { outcome: 'none', torn };
  const checkpoints = present.map((note) => readCheckpoint(note, verifierKeys));
  if (checkpoints.includes(undefined)) return { outcome: 'unreadable', torn };

  // The two differ only when a crash came between writing them, or when one was put back: the larger is what was promised.
  const outside = (checkpoints as Checkpoint[]).reduce((a, b) => (b.size > a.size ? b : a));
  const [inside] = await db.query<{ size: bigint }>('select size from checkpoint order by size desc limit 1');
  const insideSize = Number(inside?.size ?? 0);
  if (insideSize < outside.size) {
    // Acknowledgements of earlier losses may be lost with the rest: everything that was ever promised is, now.
    const promised = logged.flatMap(({ note }) => readCheckpoint(note, verifierKeys) ?? []);
    return { outcome: 'rolled_back', torn, outside: promised.reduce((a, b) => (b.size > a.size ? b : a), outside), insideSize };
  }
  const root = await new JournalProver(db).root(outside.size);
  return { outcome: sameBytes(root, outside.root) ? 'fine' : 'forked', torn, outside, insideSize };
}

/**
 * Goes on with a database that was put back on purpose: writes into the log itself what was lost, so that verification against the
 * old checkpoints says so instead of failing. Never called without a person's word, or a restart after a power loss that names itself.
 */
export async function acknowledgeRollback(tx: Queryable, finding: RollbackFinding, by: { actor: string; at: string }): Promise<void> {
  if (finding.outcome !== 'rolled_back') throw new AppError('request_invalid', 'there is no rollback to acknowledge');
  const { outside, insideSize } = finding;
  const body = { foundSize: insideSize, lostSize: outside.size, lostRoot: toBase64(outside.root) };
  await append(tx, [{ kind: 'journal.rolledback', ...by, body }]);
}

/**
 * A store older than the checkpoint outside it. The embedded one runs without fsync, so a power loss does that: it goes on, says so in the log
 * and in the journal itself. A server that lost entries was put back by somebody: that needs a person's word.
 */
export async function faceRollback(db: Db, finding: RollbackFinding, log: Log, now: string): Promise<void> {
  if (finding.torn) log.warn('journal.torn-checkpoint');
  if (finding.outcome === 'none' || finding.outcome === 'fine') return;
  log.error('journal.rollback-found', { code: finding.outcome });
  if (finding.outcome !== 'rolled_back' || db.kind === 'postgres') {
    throw new AppError(
      'journal_broken',
      `the database does not hold what its last checkpoint promised (${finding.outcome}); see docs/guides/journal.md`,
    );
  }
  await db.transaction((tx) => acknowledgeRollback(tx, finding, { actor: 'system:start', at: now }));
}

const FILE = 'checkpoint.txt';
const LOG = 'checkpoints.log';

async function cutTornLine(log: FileHandle): Promise<void> {
  const { size } = await log.stat();
  if (size === 0) return;
  const { buffer: last } = await log.read(Buffer.alloc(1), 0, 1, size - 1);
  if (last[0] === LINE_FEED) return;
  const text = Buffer.alloc(size);
  await log.read(text, 0, size, 0);
  await log.truncate(text.lastIndexOf(LINE_FEED) + 1);
}

const LINE_FEED = 0x0a;

// A line that was tampered with is no checkpoint, and is found to be none when its note is opened.
function parseLine(line: string): { at: string; note: string } {
  try {
    const { at, note } = JSON.parse(line) as Record<string, unknown>;
    return { at: String(at), note: String(note) };
  } catch {
    return { at: '', note: line };
  }
}

function absent(error: NodeJS.ErrnoException): string {
  if (error.code !== 'ENOENT') throw error;
  return '';
}
