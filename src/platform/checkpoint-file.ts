import { randomUUID } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
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
 */
export type RollbackFinding =
  | { outcome: 'none' }
  | { outcome: 'unreadable' }
  | { outcome: 'fine' | 'rolled_back' | 'forked'; outside: Checkpoint; insideSize: number };

/** Keeps the latest checkpoint where a restored or rewound database cannot take it back: checkpoint.txt, and a line in checkpoints.log. */
export async function writeCheckpointFile(folder: string, note: string, at: string): Promise<void> {
  const log = await open(join(folder, LOG), 'a', 0o644);
  try {
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

/** Every checkpoint the folder remembers, oldest first; a line that a crash cut short is passed over. */
export async function readCheckpointLog(folder: string): Promise<{ at: string; note: string }[]> {
  const text = await readFile(join(folder, LOG), 'utf8').catch(absent);
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return lines.filter((line) => line !== '').map(parseLine);
}

/** Compares the database with the newest checkpoint outside it. Called at start, before anything is appended. */
export async function detectRollback(db: Queryable, folder: string, verifierKeys: readonly string[]): Promise<RollbackFinding> {
  const notes = [await readFile(join(folder, FILE), 'utf8').catch(absent), (await readCheckpointLog(folder)).at(-1)?.note ?? ''];
  const present = notes.filter((note) => note !== '');
  if (present.length === 0) return { outcome: 'none' };
  const checkpoints = present.map((note) => readCheckpoint(note, verifierKeys));
  if (checkpoints.includes(undefined)) return { outcome: 'unreadable' };

  // The two differ only when a crash came between writing them, or when one was put back: the larger is what was promised.
  const outside = (checkpoints as Checkpoint[]).reduce((a, b) => (b.size > a.size ? b : a));
  const [inside] = await db.query<{ size: bigint }>('select size from checkpoint order by size desc limit 1');
  const insideSize = Number(inside?.size ?? 0);
  if (insideSize < outside.size) return { outcome: 'rolled_back', outside, insideSize };
  const root = await new JournalProver(db).root(outside.size);
  return { outcome: sameBytes(root, outside.root) ? 'fine' : 'forked', outside, insideSize };
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
