import { writeFile } from 'node:fs/promises';
import { exportRun } from '../../ai/replay/replay.ts';
import { retrieve } from '../../ai/retrieve/retrieve.ts';
import { type RunOutput, runPack } from '../../ai/run.ts';
import { AppError } from '../../core/errors.ts';
import type { Pack } from '../../core/pack.ts';
import { systemPermit } from '../../governance/access.ts';
import { storeRun } from '../../governance/proposals.ts';
import type { Db } from '../../platform/database.ts';
import type { Args, Io } from '../../platform/verb.ts';
import { instantOf, textOf } from '../../platform/verb-options.ts';
import { readChart } from '../../record/chart.ts';
import { freezeEvidence, storedBytes } from '../../record/lineage.ts';
import { requirePerson } from '../../record/people.ts';

type RunHouse = { db: Db; packs: readonly Pack[]; now(): string };

/** `run <pack> --patient ID`: one run over one record as it was known then, stored, and with `--export` written out whole. */
export async function runVerb({ db, packs, now }: RunHouse, args: Args, io: Io): Promise<number> {
  const pack = packs.find((one) => one.id === args['pack']);
  if (!pack) throw new AppError('not_found', `no pack has this id; there are: ${packs.map((one) => one.id).join(', ')}`);
  const at = now();
  const person = await requirePerson(db, String(args['patient']));
  const chart = await readChart(db, systemPermit('run', person, 'treatment', at), person, instantOf(args['asOf']) ?? at, at);
  const run = await runPack(pack, retrieve(chart, pack).chart, undefined, (supports, facts) =>
    freezeEvidence(supports, facts, storedBytes(db)),
  );
  await db.transaction((tx) => storeRun(tx, run, pack.id, person, at));
  const file = textOf(args['export']);
  if (file) await writeFile(file, JSON.stringify(await exportRun(db, run.id)), { mode: 0o600 });
  if (args['json']) {
    io.out(JSON.stringify({ id: run.id, inputs: { ...run.inputs, facts: run.inputs.facts.length }, output: run.output }));
    return 0;
  }
  printRun(run.id, run.output, io);
  if (file) io.out(`\nWritten to ${file}; replay it anywhere with: countersign replay ${file}`);
  else io.out(`\nMake the same bytes again with: countersign replay ${run.id}`);
  return 0;
}

function printRun(id: string, output: RunOutput, io: Io): void {
  io.out(output.title);
  for (const section of output.sections) {
    io.out(`\n${section}`);
    for (const sentence of output.sentences.filter((one) => one.section === section)) {
      io.out(`  ${sentence.verdict.outcome.padEnd(12)} ${sentence.text}`);
      if (sentence.verdict.outcome !== 'proven')
        io.out(`               ${sentence.verdict.reasons.map((reason) => reason.text).join(' ')}`);
    }
  }
  for (const left of output.omitted) io.out(`\nNot shown: ${left.number} ${left.what}.`);
  io.out(`\nrun ${id}`);
}
