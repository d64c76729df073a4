#!/usr/bin/env node
/** The `countersign` command. A verb works through the live server on its data folder, or opens the folder itself; the output is the same. */
import { createReadStream, existsSync } from 'node:fs';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { exportRun, parseRunFile, replayRun } from './ai/replay/replay.ts';
import { retrieve } from './ai/retrieve/retrieve.ts';
import { runPack } from './ai/run.ts';
import { type App, openApp, openDoors, packs } from './app.ts';
import { AppError } from './core/errors.ts';
import { check } from './delivery/review/check.routes.ts';
import { onPayload } from './flow.ts';
import { systemPermit } from './governance/access.ts';
import { storeRun } from './governance/proposals.ts';
import { readCheckpointLog } from './platform/checkpoint-file.ts';
import { readCheckpoint } from './platform/checkpoint-signer.ts';
import { type Config, loadConfig } from './platform/config.ts';
import { callControl, serveControl } from './platform/control-socket.ts';
import { DatabaseError } from './platform/database.ts';
import { failureFields } from './platform/error-code.ts';
import { jobCounts } from './platform/jobs.ts';
import { exportJournal } from './platform/journal-export.ts';
import { JournalProver } from './platform/journal-prover.ts';
import { verifyJournalFile } from './platform/journal-verify.ts';
import { verifyJournal } from './platform/journal-verify-live.ts';
import { createLog } from './platform/log.ts';
import { buildWebIfNeeded } from './platform/web-build.ts';
import { readChart } from './record/chart.ts';
import { freezeEvidence, storedBytes } from './record/lineage.ts';
import { requirePerson } from './record/people.ts';
import { importTotals } from './record/receipts.ts';
import { importPath } from './sources/import.ts';
import { synthesizeHospital } from './sources/play-hospital.ts';

/** Where a verb writes: results, complaints, progress; `gone` is true when nobody reads any more. */
export type Io = { out(text: string): void; err(text: string): void; progress(text: string): void; gone?(): boolean };
export type Args = { [name: string]: string | number | boolean | undefined };
type Verb = (app: App, args: Args, io: Io) => Promise<number>;

/** Verbs that need the store, each run by a live server or directly. Exit codes: 0 fine, 1 failed. */
export const verbs: Record<string, Verb> = {
  import: async (app, args, io) => {
    const done = await importPath(
      String(args['path']),
      text(args['source']),
      (payload) => onPayload(app.house, payload),
      (progress) => {
        io.progress(`${progress.filesDone} of ${progress.files} files on disk, ${progress.receipts} receipts`);
      },
    );
    await app.drain();
    const totals = await importTotals(app.db, done.receiptIds);
    if (args['json']) io.out(JSON.stringify({ files: done.files, receipts: done.receipts, repeats: done.repeats, ...totals }));
    else {
      io.out(`${done.files} files, ${done.receipts} receipts, ${done.repeats} of them here before.`);
      io.out(`received ${totals.received} = stored ${totals.stored} + rejected ${totals.rejected}`);
      for (const { reason, count } of totals.reasons) io.out(`  ${count} × ${reason}`);
      if (totals.rejected > 0) io.out('What was rejected is kept whole: see it under Feeds, and replay it after a fix.');
    }
    return 0;
  },

  run: async (app, args, io) => {
    const pack = packs.find((one) => one.id === args['pack']);
    if (!pack) throw new AppError('not_found', `no pack has this id; there are: ${packs.map((one) => one.id).join(', ')}`);
    const now = app.clock.now();
    const person = await requirePerson(app.db, String(args['patient']));
    const chart = await readChart(app.db, systemPermit('run', person, 'treatment', now), person, instant(args['asOf']) ?? now, now);
    const run = await runPack(pack, retrieve(chart, pack).chart, undefined, (supports, facts) =>
      freezeEvidence(supports, facts, storedBytes(app.db)),
    );
    await app.db.transaction((tx) => storeRun(tx, run, pack.id, person, now));
    const file = text(args['export']);
    if (file) await writeFile(file, JSON.stringify(await exportRun(app.db, run.id)));
    if (args['json']) io.out(JSON.stringify({ id: run.id, inputs: { ...run.inputs, facts: run.inputs.facts.length }, output: run.output }));
    else printRun(run.id, run.output, io);
    if (file && !args['json']) io.out(`\nWritten to ${file}; replay it anywhere with: countersign replay ${file}`);
    return 0;
  },

  replay: async (app, args, io) => {
    const what = String(args['run']);
    const file = /^[0-9a-f]{64}$/.test(what) ? await exportRun(app.db, what) : parseRunFile(await readFile(what, 'utf8'));
    return printReplay(await replayRun(file, packs), Boolean(args['json']), io);
  },

  check: async (app, args, io) => {
    const now = app.clock.now();
    const asOf = instant(args['asOf']);
    const permit = (person: string) => systemPermit('check', person, 'treatment', now);
    const { results } = await check(
      app.db,
      permit,
      { patient: String(args['patient']), text: String(args['text']), ...(asOf ? { asOf } : {}) },
      now,
      'system:check',
    );
    for (const result of results) {
      if (args['json']) io.out(JSON.stringify(result));
      else
        io.out(
          `${result.outcome.padEnd(12)} ${result.text}${result.outcome === 'proven' ? '' : `\n             ${result.reasons.map((reason) => reason.text).join(' ')}`}`,
        );
    }
    return results.some((result) => result.outcome === 'contradicted') ? 1 : 0;
  },

  'journal verify': async (app, args, io) => {
    // What was signed and kept outside the database: a log that was rewound or rewritten inside does not lead to it.
    const anchors = [...new Set((await readCheckpointLog(app.config.dataFolder)).map((checkpoint) => checkpoint.note))];
    await app.sequencer.sequenceNow();
    const report = await verifyJournal(app.db, {
      keys: app.signer.verifierKeys,
      origin: app.signer.origin,
      anchors,
      onProgress: (entries) => io.progress(`${entries} entries`),
    });
    return printReport(report, Boolean(args['json']), io);
  },

  'journal export': async (app, args, io) => {
    await app.sequencer.sequenceNow();
    const pieces: string[] = [];
    for await (const piece of exportJournal(app.db, { origin: app.signer.origin, verifierKeys: app.signer.verifierKeys })) {
      if (io.gone?.()) break;
      if (args['out']) pieces.push(piece);
      else io.out(piece.replace(/\n$/, ''));
    }
    if (args['out']) await writeFile(String(args['out']), pieces.join(''));
    if (args['out'])
      io.out(
        `Written to ${args['out']}. It holds no patient data; check it anywhere with: countersign journal verify --file ${args['out']}`,
      );
    return 0;
  },

  'journal prove': async (app, args, io) => {
    await app.sequencer.sequenceNow();
    const proof = await new JournalProver(app.db).prove(BigInt(Number(args['entry'])));
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    io.out(
      JSON.stringify(
        {
          index: proof.index,
          size: proof.size,
          journalId: Number(proof.journalId),
          header: proof.header,
          leaf: hex(proof.leaf),
          root: hex(proof.root),
          proof: proof.proof.map(hex),
          checkpoint: app.sequencer.head?.note,
        },
        null,
        args['json'] ? 0 : 2,
      ),
    );
    return 0;
  },

  doctor: async (app, args, io) => {
    const [server] = await app.db.query<{ server_version: string }>('show server_version');
    const jobs = await jobCounts(app.db);
    const [waiting] = await app.db.query<{ count: bigint }>(`select count(*) as count from receipt where state = 'received'`);
    const [quarantined] = await app.db.query<{ count: bigint }>(`select count(*) as count from quarantine where state = 'open'`);
    const health = {
      database: `${app.db.kind} ${server?.server_version}`,
      journal: app.rollback.outcome,
      checkpoint: app.sequencer.head?.size ?? 0,
      restoredReceipts: app.restored.receipts,
      restoredDecisions: app.restored.decisions,
      receiptsWaiting: Number(waiting?.count ?? 0),
      quarantined: Number(quarantined?.count ?? 0),
      jobsReady: jobs.ready,
      jobsRunning: jobs.running,
      jobsDead: jobs.dead,
    };
    if (args['json']) io.out(JSON.stringify(health));
    else for (const [name, value] of Object.entries(health)) io.out(`${name.padEnd(18)} ${value}`);
    const ill = jobs.dead > 0 || app.rollback.outcome === 'forked' || app.rollback.outcome === 'unreadable';
    if (ill && !args['json'])
      io.err('Something needs a person: dead jobs or a journal that does not match its checkpoint (docs/guides/journal.md).');
    return ill ? 1 : 0;
  },

  migrate: async (_app, args, io) => {
    io.out(args['json'] ? JSON.stringify({ schema: 'current' }) : 'The schema is current.');
    return 0;
  },
};

/** Runs one verb in this process; what went wrong as it may is one line and exit 1, or 2 where the command was misused. */
export async function runVerb(app: App, verb: string, args: Args, io: Io): Promise<number> {
  try {
    const work = verbs[verb];
    if (!work) throw new AppError('request_invalid', 'there is no such verb');
    return await work(app, args, io);
  } catch (error) {
    const { line, exit } = explained(error);
    io.err(line);
    return exit;
  }
}

const FILE_TROUBLES: { [code: string]: string } = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'this may not be opened',
  EISDIR: 'this is a folder, not a file',
  ENOTDIR: 'a part of this path is no folder',
  ENOSPC: 'the disk is full',
  EROFS: 'this disk is read-only',
};
const DOOR_TROUBLES: { [code: string]: string } = {
  EADDRINUSE: 'something else listens here already: stop it, or choose another with --port or --mllp-port',
  EACCES: 'this user may not listen here: choose a port above 1023 with --port or --mllp-port',
  EADDRNOTAVAIL: 'this is no address of this machine',
};
/** SQLSTATE classes about reaching the server: its sentence names the server, a user or a database, never what is stored. */
const UNREACHABLE = /^(08|28|3D|53|57P)/;

/** The line and exit code of an error, the same through a live server and directly; never a message that may quote a record. */
function explained(error: unknown): { line: string; exit: number } {
  if (error instanceof AppError) {
    return { line: error.message, exit: error.code === 'config_invalid' || error.code === 'request_invalid' ? 2 : 1 };
  }
  if (error instanceof DatabaseError && UNREACHABLE.test(error.code)) return { line: error.message, exit: 1 };
  const { code = '', path, address, port } = (error ?? {}) as NodeJS.ErrnoException & { address?: string; port?: number };
  if (path !== undefined && FILE_TROUBLES[code]) return { line: `${path}: ${FILE_TROUBLES[code]}`, exit: 1 };
  if (port !== undefined && DOOR_TROUBLES[code]) return { line: `${address}:${port}: ${DOOR_TROUBLES[code]}`, exit: 1 };
  const failure = failureFields(error);
  return { line: `this failed for a reason of ours (${failure.error}${failure.at ? ` at ${failure.at}` : ''})`, exit: 1 };
}

/** Whoever read our output may leave early, as `head` does: no failure, and what is open is still closed in order. */
let readerGone = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    readerGone ||= stream === process.stdout;
  });
}

const terminal: Io = {
  out: (line) => {
    if (!readerGone) process.stdout.write(`${line}\n`);
  },
  err: (line) => process.stderr.write(`${line}\n`),
  progress: (line) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
  },
  gone: () => readerGone,
};

/** Verbs that may begin a data folder; the others would answer from an empty one as if it were the one that was meant. */
const BEGINS = new Set(['import', 'migrate']);

/** Through the control socket of a live server, or directly where none runs. */
async function dispatch(name: string, args: Args): Promise<number> {
  const config = configFor(args);
  const sinks = { stdout: terminal.out, stderr: terminal.err, progress: terminal.progress };
  const answered = await callControl(controlPath(config), { verb: name, args: [JSON.stringify(args)] }, sinks);
  if (answered !== undefined) return answered;
  if (!BEGINS.has(name) && !existsSync(config.dataFolder))
    throw new AppError('not_found', `no data folder at ${config.dataFolder}; start with serve or import`);
  const app = await openApp({ config, log: createLog({ level: 'warn' }), jobs: 'drain-only' });
  try {
    return await runVerb(app, name, args, terminal);
  } finally {
    await app.close();
  }
}

/** Runs the server until it is told to stop. */
async function serve(args: Args): Promise<number> {
  const config = configFor(args);
  const log = createLog({ level: config.logLevel });
  await buildWebIfNeeded(() => terminal.err('Building the user interface …'));
  const closers: (() => Promise<void>)[] = [];
  try {
    const app = await openApp({ config, log });
    closers.push(() => app.close());
    const doors = await openDoors(app, {
      demo: Boolean(args['demo']),
      patients: Number(args['patients'] ?? 60),
      onProgress: terminal.progress,
    });
    closers.push(() => doors.close());
    const control = await serveControl(controlPath(config), (request, sinks, signal) =>
      runVerb(app, request.verb, JSON.parse(request.args[0] ?? '{}') as Args, {
        out: sinks.stdout,
        err: sinks.stderr,
        progress: sinks.progress,
        gone: () => signal.aborted,
      }),
    );
    closers.push(() => control.close());
    if (args['json']) terminal.out(JSON.stringify({ url: doors.url, mllpPort: doors.mllpPort, pid: process.pid }));
    else for (const line of doors.greeting) terminal.out(line);
    await new Promise<void>((resolveStop) => {
      process.once('SIGINT', () => resolveStop());
      process.once('SIGTERM', () => resolveStop());
    });
    return 0;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

function controlPath(config: Config): string {
  return join(config.dataFolder, 'control.sock');
}

function configFor(args: Args): Config {
  const given = (name: string): string | undefined => (args[name] === undefined ? undefined : String(args[name]));
  return loadConfig(process.env, {
    COUNTERSIGN_DATA: given('data'),
    COUNTERSIGN_PORT: given('port'),
    COUNTERSIGN_HOST: given('host'),
    COUNTERSIGN_MLLP_PORT: given('mllpPort'),
  });
}

const program = new Command('countersign')
  .description('The open, governed AI layer for EHRs: every sentence proven against the chart, and countersigned before it is written.')
  .showHelpAfterError('Add --help for what this verb takes.')
  .exitOverride();

function verb(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--data <folder>', 'data folder (default .countersign)')
    .option('--json', 'results as JSON, one object a line');
}

verb('serve', 'run it: HTTP, MLLP, jobs')
  .option('--port <number>', 'HTTP port (default 8080)', port)
  .option('--host <address>', 'where to listen (default 127.0.0.1)')
  .option('--mllp-port <number>', 'HL7 v2 port (default 2575)', port)
  .option('--demo', 'with the play hospital, loaded on first run')
  .option('--patients <number>', 'people in the demo hospital', count, 60)
  .action(async (options: Args) => {
    process.exitCode = await serve(options);
  });

verb('import <path>', 'take in a file or folder of FHIR or HL7 v2; running it again resumes and changes nothing')
  .option('--source <name>', 'who sent it (default: the name of the folder)')
  .action(async (path: string, options: Args) => {
    // Before a store is opened: a path that was mistyped begins no data folder.
    await access(resolve(path));
    await end(dispatch('import', { ...options, path: resolve(path) }));
  });

program
  .command('synthesize')
  .description('write a synthetic hospital; same seed and anchor, same bytes')
  .option('--patients <number>', 'how many people', count, 60)
  .option('--seed <text>', 'seed', '1')
  .option('--anchor <date>', 'the day everything is relative to (default: today)')
  .option('--out <folder>', 'where to write', 'hospital-data')
  .action(async (options: Args) => {
    const anchor = text(options['anchor']) ?? new Date().toISOString().slice(0, 10);
    const summary = await synthesizeHospital(
      { patients: Number(options['patients']), seed: String(options['seed']), anchor, out: resolve(String(options['out'])) },
      terminal.progress,
    );
    terminal.out(summary);
  });

verb('run <pack>', 'one run of a pack over one record; prints the draft with its verdicts')
  .requiredOption('--patient <id>', "our id, a source's Patient id, an MRN or authority|value")
  .option('--as-of <time>', 'the record as it was known at this instant')
  .option('--export <file>', 'write what the run was made of, for replay anywhere (holds patient data)')
  .action((pack: string, options: Args) => end(dispatch('run', { ...options, pack, ...absolute(options, 'export') })));

verb('replay <run>', 'make a run again, from its id or an exported file; the bytes must be the same').action((run: string, options: Args) =>
  end(/^[0-9a-f]{64}$/.test(run) ? dispatch('replay', { ...options, run }) : replayFile(resolve(run), Boolean(options['json']))),
);

verb('check [file]', 'a verdict for each sentence of any text about a patient (a file, or standard input)')
  .requiredOption('--patient <id>', "our id, a source's Patient id, an MRN or authority|value")
  .option('--as-of <time>', 'against the record as it was known at this instant')
  .action(async (file: string | undefined, options: Args) =>
    end(dispatch('check', { ...options, text: file ? await readFile(file, 'utf8') : await standardInput() })),
  );

const journal = program.command('journal').description('the transparency log: verify, export, prove');
journalVerb('verify', 'check every entry, root and signature')
  .option('--file <file>', 'an exported log instead of the database; needs nothing else')
  .option('--key <key>', 'with --file: a verifier key you trust, brought from elsewhere (repeatable)', several, [])
  .option('--checkpoint <file>', 'with --file: a checkpoint you kept, which the log must lead to (repeatable)', several, [])
  .action(({ file, key, checkpoint, ...options }: VerifyOptions) => {
    if (file !== undefined) return end(verifyFile({ file, key, checkpoint }, Boolean(options['json'])));
    if (key.length + checkpoint.length > 0) throw new AppError('request_invalid', '--key and --checkpoint go with --file');
    return end(dispatch('journal verify', options));
  });
journalVerb('export', 'the log as lines of JSON, without patient data')
  .option('--out <file>', 'where to write (default: standard output)')
  .action((options: Args) => end(dispatch('journal export', { ...options, ...absolute(options, 'out') })));
journalVerb('prove', 'the proof that an entry stands in the log')
  .requiredOption('--entry <number>', 'journal id', count)
  .action((options: Args) => end(dispatch('journal prove', options)));

verb('doctor', 'health of this deployment').action((options: Args) => end(dispatch('doctor', options)));
verb('migrate', 'bring the schema forward').action((options: Args) => end(dispatch('migrate', options)));

program
  .command('bench')
  .description('measure: npm run -s bench -- <name> [--size N] [--full] [--json]')
  .allowUnknownOption()
  .allowExcessArguments()
  .action(() => {
    terminal.out('Benchmarks run from the checkout: npm run -s bench -- <name> [--size N] [--full] [--json]');
  });

function journalVerb(name: string, description: string): Command {
  return journal
    .command(name)
    .description(description)
    .option('--data <folder>', 'data folder (default .countersign)')
    .option('--json', 'results as JSON');
}

/** An exported run needs no store. */
async function replayFile(file: string, json: boolean): Promise<number> {
  return printReplay(await replayRun(parseRunFile(await readFile(file, 'utf8')), packs), json, terminal);
}

type FileToVerify = { file: string; key: string[]; checkpoint: string[] };
type VerifyOptions = Omit<FileToVerify, 'file'> & { file?: string; data?: string; json?: boolean };

async function verifyFile({ file, key, checkpoint }: FileToVerify, json: boolean): Promise<number> {
  refuseMalformed(key);
  const report = await verifyJournalFile(createReadStream(file), {
    ...(key.length > 0 ? { keys: key } : {}),
    anchors: await Promise.all(checkpoint.map((kept) => readFile(kept, 'utf8'))),
    onProgress: (entries) => terminal.progress(`${entries} entries`),
  });
  return printReport(report, json, terminal);
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

function printRun(id: string, output: Awaited<ReturnType<typeof runPack>>['output'], io: Io): void {
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

function printReplay(replayed: Awaited<ReturnType<typeof replayRun>>, json: boolean, io: Io): number {
  const { id, same, outputSha256, expectedSha256 } = replayed;
  if (json) io.out(JSON.stringify({ id, same, outputSha256, expectedSha256 }));
  else
    io.out(
      same
        ? `The same bytes again: run ${id}, output sha256 ${outputSha256}`
        : `Not the same: output sha256 ${outputSha256}, expected ${expectedSha256}`,
    );
  return same ? 0 : 1;
}

function printReport(report: Awaited<ReturnType<typeof verifyJournalFile>>, json: boolean, io: Io): number {
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
    if (report.erased > 0) io.out(`${report.erased} entries were erased with their reason on record; the proofs hold.`);
    for (const problem of report.problems) io.err(`  ${problem.code}: ${problem.message}`);
  }
  return report.ok ? 0 : 1;
}

function text(value: Args[string]): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function instant(value: Args[string]): string | undefined {
  const given = text(value);
  if (given === undefined) return undefined;
  if (!/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d\d:\d\d)$/.test(given) || Number.isNaN(Date.parse(given)))
    throw new AppError('request_invalid', 'a time is ISO 8601 with a zone, such as 2026-11-22T09:00:00Z');
  return new Date(given).toISOString();
}

function absolute(options: Args, name: string): Args {
  const path = text(options[name]);
  return path ? { [name]: resolve(path) } : {};
}

function port(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > 65_535) throw new InvalidArgumentError('a port is a number from 0 to 65535');
  return number;
}

function several(value: string, before: string[]): string[] {
  return [...before, value];
}

function count(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0) throw new InvalidArgumentError('give a whole number');
  return number;
}

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function end(work: Promise<number>): Promise<void> {
  process.exitCode = await work;
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = complain(error);
}

/** 2 for a command that was misused, 1 for one that failed; one line each, never a stack for what we expected. */
function complain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const { line, exit } = explained(error);
  terminal.err(line);
  return exit;
}
