import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { detectRollback, readCheckpointLog, writeCheckpointFile } from './checkpoint-file.ts';
import { type CheckpointSigner, openCheckpointSigner, readCheckpoint } from './checkpoint-signer.ts';
import type { Db } from './database.ts';
import { appendAll, rowOf } from './journal-fixture.ts';
import { openSequencer } from './journal-sequencer.ts';
import { openScratchPglite } from './scratch-database.ts';

const NOW = '2026-11-22T09:00:00.000Z';
let whole: string;
let folder: string;
let db: Db;
let signer: CheckpointSigner;

beforeAll(async () => {
  whole = mkdtempSync(join(tmpdir(), 'checkpoints-'));
  folder = mkdtempSync(join(tmpdir(), 'checkpoints-'));
  db = await openScratchPglite();
  signer = await openCheckpointSigner(whole);
  const sequencer = await openSequencer(db, { signer, folder: whole, now: () => NOW });
  for (let n = 0; n < 3; n += 1) {
    await appendAll(db, [rowOf()]);
    await sequencer.sequenceNow();
  }
});
beforeEach(() => {
  for (const name of ['checkpoint.txt', 'checkpoints.log']) copyFileSync(join(whole, name), join(folder, name));
});
afterAll(async () => {
  await db.close();
  for (const one of [whole, folder]) rmSync(one, { recursive: true });
});

it('R101: a last line that was cut short at any byte is a torn line and no attack, and the next checkpoint stands on a line of its own', async () => {
  const log = join(folder, 'checkpoints.log');
  const bytes = readFileSync(log);
  const begin = bytes.lastIndexOf(0x0a, bytes.length - 2) + 1;
  const lines = (await readCheckpointLog(folder)).checkpoints.length;
  const note = readFileSync(join(folder, 'checkpoint.txt'), 'utf8');

  for (let length = begin; length < bytes.length; length += 1) {
    writeFileSync(log, bytes);
    truncateSync(log, length);
    expect(await detectRollback(db, folder, signer.verifierKeys)).toMatchObject({ outcome: 'fine', torn: length > begin || undefined });

    await writeCheckpointFile(folder, note, NOW);
    const after = await readCheckpointLog(folder);
    expect([after.torn, after.checkpoints.length]).toEqual([false, lines]);
    expect(after.checkpoints.map((one) => readCheckpoint(one.note, signer.verifierKeys)?.size)).toEqual([1, 2, 3]);
  }
});

it('R101: a last line in which any byte of the note was changed is told as an attack, not as torn', async () => {
  const log = join(folder, 'checkpoints.log');
  const bytes = readFileSync(log);
  const begin = bytes.indexOf('"note":"', bytes.lastIndexOf(0x0a, bytes.length - 2)) + '"note":"'.length;

  for (let at = begin; at < bytes.length - 3; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 0x04;
    writeFileSync(log, changed);
    expect(await detectRollback(db, folder, signer.verifierKeys), `byte ${at}`).toEqual({ outcome: 'unreadable' });
  }
});

it('a folder without checkpoints has nothing to say', async () => {
  for (const name of ['checkpoint.txt', 'checkpoints.log']) rmSync(join(folder, name));

  expect(await detectRollback(db, folder, signer.verifierKeys)).toEqual({ outcome: 'none' });
});
