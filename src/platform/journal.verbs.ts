import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { AppError } from '../core/errors.ts';
import { type RollbackFinding, readCheckpointLog } from './checkpoint-file.ts';
import { type CheckpointSigner, readCheckpoint } from './checkpoint-signer.ts';
import type { Config } from './config.ts';
import type { Db } from './database.ts';
import type { Pseudonym } from './identity.ts';
import { exportJournal } from './journal-export.ts';
import { JournalProver } from './journal-prover.ts';
import type { JournalReport } from './journal-report.ts';
import type { JournalSequencer } from './journal-sequencer.ts';
import { verifyJournalFile } from './journal-verify.ts';
import { verifyJournal } from './journal-verify-live.ts';
import type { Args, Io } from './verb.ts';

type JournalHouse = {
  db: Db;
  config: Config;
  signer: CheckpointSigner;
  sequencer: JournalSequencer;
  rollback: RollbackFinding;
  pseudonym: Pseudonym;
};
export type FileToVerify = { file: string; key: string[]; checkpoint: string[] };

/**
 * `journal verify`: every entry, root and signature of the database, that it leads to what was kept outside it, and that decisions, bytes and
 * facts in the tables are still those the entries committed to.
 */
export async function journalVerifyVerb(house: JournalHouse, args: Args, io: Io): Promise<number> {
  const { rollback } = house;
  const report = await verifyWhole(house, (entries) => io.progress(`${entries} entries`));
  if (rollback.torn && !args['json'])
    io.out('The last line of checkpoints.log was cut short by a crash, and passed over: it promised nothing yet.');
  return printReport(report, Boolean(args['json']), io);
}

/** Everything that can be checked of a deployment's log: the database against itself, against the files outside, and the tables against the log. */
export async function verifyWhole(
  { db, config, signer, sequencer, pseudonym }: Omit<JournalHouse, 'rollback'>,
  onProgress?: (entries: number) => void,
): Promise<JournalReport> {
  // What was signed and kept outside the database: a log that was rewound or rewritten inside does not lead to it.
  const anchors = [...new Set((await readCheckpointLog(config.dataFolder)).checkpoints.map((checkpoint) => checkpoint.note))];
  await sequencer.sequenceNow();
  const { verifierKeys: keys, origin } = signer;
  return verifyJournal(db, { keys, origin, anchors, pseudonym, ...(onProgress ? { onProgress } : {}) });
}

/** `journal verify --file`: an exported log, with keys and checkpoints that were brought along; needs no store. */
export async function journalVerifyFile({ file, key, checkpoint }: FileToVerify, json: boolean, io: Io): Promise<number> {
  refuseMalformed(key);
  const report = await verifyJournalFile(createReadStream(file), {
    ...(key.length > 0 ? { keys: key } : {}),
    anchors: await Promise.all(checkpoint.map((kept) => readFile(kept, 'utf8'))),
    onProgress: (entries) => io.progress(`${entries} entries`),
  });
  return printReport(report, json, io);
}

/** `journal export`: the log as lines of JSON, without patient data. */
export async function journalExportVerb({ db, signer, sequencer }: JournalHouse, args: Args, io: Io): Promise<number> {
  await sequencer.sequenceNow();
  const pieces: string[] = [];
  for await (const piece of exportJournal(db, { origin: signer.origin, verifierKeys: signer.verifierKeys })) {
    if (io.gone?.()) break;
    if (args['out']) pieces.push(piece);
    else io.out(piece.replace(/\n$/, ''));
  }
  const out = args['out'] === undefined ? undefined : String(args['out']);
  if (out === undefined) return 0;
  await writeFile(out, pieces.join(''));
  if (args['json']) io.out(JSON.stringify({ file: out }));
  else io.out(`Written to ${out}. It holds no patient data; check it anywhere with: countersign journal verify --file ${out}`);
  return 0;
}

/** `journal prove`: the RFC 6962 proof that one entry stands in the log under its signed checkpoint. */
export async function journalProveVerb({ db, sequencer }: JournalHouse, args: Args, io: Io): Promise<number> {
  await sequencer.sequenceNow();
  const proof = await new JournalProver(db).prove(BigInt(Number(args['entry'])));
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const { index, size, journalId, header } = proof;
  const shown = {
    index,
    size,
    journalId: Number(journalId),
    header,
    leaf: hex(proof.leaf),
    root: hex(proof.root),
    proof: proof.proof.map(hex),
  };
  io.out(JSON.stringify({ ...shown, checkpoint: sequencer.head?.note }, null, args['json'] ? 0 : 2));
  return 0;
}

function refuseMalformed(keys: readonly string[]): void {
  try {
    readCheckpoint('', keys);
  } catch {
    throw new AppError(
      'request_invalid',
      'a verifier key is one line such as name+1a2b3c4d+AX…; see /api/journal/checkpoint or checkpoint-keys.txt',
    );
  }
}

function printReport(report: JournalReport, json: boolean, io: Io): number {
  if (json) io.out(JSON.stringify(report));
  else {
    io.out(
      report.ok
        ? `The log is whole: ${report.entries} entries under ${report.checkpoints} signed checkpoints, root ${report.root}.`
        : `The log is broken: ${report.problemCount} problems.`,
    );
    if (report.keys === 'own')
      io.out('The log vouched for itself with its own key: bring a key from elsewhere with --key to know whose log it is.');
    if (report.ok && report.anchors > 0)
      io.out(`It leads to ${report.anchors} ${report.anchors === 1 ? 'checkpoint' : 'checkpoints'} kept outside it.`);
    if (report.ok && report.state)
      io.out(
        `As they were recorded: ${report.state.decisions} decisions, ${report.state.deliveries} deliveries, the bytes of ${report.state.receipts} receipts, ${report.state.facts} versions of facts.`,
      );
    if (report.ok && report.state && report.state.contentOnly > 0)
      io.out(`Of ${report.state.contentOnly} of these versions, recorded by an earlier release, only the content is committed to.`);
    if (report.erased > 0) io.out(`${report.erased} entries were erased with their reason on record; the proofs hold.`);
    for (const problem of report.problems) io.err(`  ${problem.code}: ${problem.message}`);
    if (!report.ok) io.err('Stop signing and read docs/guides/journal.md: what a broken log means, and what to do.');
  }
  return report.ok ? 0 : 1;
}
