import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openScratchDatabase } from '../platform/scratch-database.ts';
import { resolvePeople } from '../record/people.ts';
import { eraseVerb } from './erase.verb.ts';

const NOW = '2026-11-22T09:00:00.000Z';

it('R101: says what an erasure does not reach, the files of the play hospital in the data folder among it', async () => {
  const db = await openScratchDatabase();
  const dataFolder = mkdtempSync(join(tmpdir(), 'erase-verb-'));
  mkdirSync(join(dataFolder, 'hospital'));
  const house = { db, segments: undefined, now: () => NOW, pseudonym: () => 'officer-1', config: { dataFolder } };
  const register = (value: string) =>
    db.transaction((tx) => resolvePeople(tx, [{ source: 'north', identifiers: [{ authority: 'urn:a', value }] }], NOW));
  const said: string[] = [];
  const io = { out: (line: string) => said.push(line), err: () => undefined, progress: () => undefined };
  const erase = (person: string) => eraseVerb(house, { person, reason: 'request 118', by: 'K. Lind', yes: true }, io);

  await register('7731993');
  await erase('7731993');
  rmSync(join(dataFolder, 'hospital'), { recursive: true });
  await register('7731994');
  await erase('7731994');

  expect(said.filter((line) => line.startsWith('Not reached'))).toEqual([
    `Not reached: backups, exported runs, what was written to the EHR, and the play hospital's own files in ${join(dataFolder, 'hospital')}, another system's, which may still name the person.`,
    'Not reached: backups, exported runs, and what was written to the EHR.',
  ]);
  await db.close();
  rmSync(dataFolder, { recursive: true });
}, 60_000);
