import { readFile } from 'node:fs/promises';
import type { Pack } from '../../core/pack.ts';
import type { Queryable } from '../../platform/database.ts';
import type { Args, Io } from '../../platform/verb.ts';
import { exportRun, parseRunFile, type Replayed, replayRun } from './replay.ts';

/** True for the id of a stored run; anything else names an exported file. */
export function isRunId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** `replay <run id>`: a stored run made again from the record. */
export async function replayVerb(house: { db: Queryable; packs: readonly Pack[] }, args: Args, io: Io): Promise<number> {
  return printReplay(await replayRun(await exportRun(house.db, String(args['run'])), house.packs), Boolean(args['json']), io);
}

/** `replay FILE`: an exported run made again on an empty machine; needs no store. */
export async function replayFile(file: string, packs: readonly Pack[], json: boolean, io: Io): Promise<number> {
  return printReplay(await replayRun(parseRunFile(await readFile(file, 'utf8')), packs), json, io);
}

function printReplay({ id, same, outputSha256, expectedSha256 }: Replayed, json: boolean, io: Io): number {
  if (json) io.out(JSON.stringify({ id, same, outputSha256, expectedSha256 }));
  else if (same) io.out(`The same bytes again: run ${id}, output sha256 ${outputSha256}`);
  else io.out(`Not the same: output sha256 ${outputSha256}, expected ${expectedSha256}`);
  return same ? 0 : 1;
}
