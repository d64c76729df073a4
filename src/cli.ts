#!/usr/bin/env node
/** The `countersign` command, verb by verb: name, options, example, and the room whose work it is. The output of a verb is the same through a live server and directly. */
import { existsSync } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { isRunId, replayFile, replayVerb } from './ai/replay/replay.verb.ts';
import { type App, openApp, packsOf, VERSION } from './app.ts';
import { AppError } from './core/errors.ts';
import { doctorVerb } from './delivery/operations/doctor.verb.ts';
import { rebuildVerb } from './delivery/operations/rebuild.verb.ts';
import { rereadVerb } from './delivery/operations/reread.verb.ts';
import { checkVerb } from './delivery/review/check.verb.ts';
import { runVerb } from './delivery/review/run.verb.ts';
import { openDoors } from './doors.ts';
import { onPayload } from './flow.ts';
import { eraseVerb } from './governance/erase.verb.ts';
import { type Config, loadConfig, roles } from './platform/config.ts';
import { type ControlServer, callControl, serveControl } from './platform/control-socket.ts';
import {
  type FileToVerify,
  journalExportVerb,
  journalProveVerb,
  journalVerifyFile,
  journalVerifyVerb,
  verifyWhole,
} from './platform/journal.verbs.ts';
import { createLog } from './platform/log.ts';
import { setAsideIfBroken } from './platform/set-aside.ts';
import { type Closer, closeInOrder, DRAIN_MS, toldToStop } from './platform/shutdown.ts';
import { openTerminal } from './platform/terminal.ts';
import { type Args, explainFailure, performVerb, type Verb } from './platform/verb.ts';
import { absolutePath, readCount, readDay, readPort, readSeveral, standardInput, textOf } from './platform/verb-options.ts';
import { buildWebIfNeeded } from './platform/web-build.ts';
import { untilTheseAreRead } from './record/intake.ts';
import { importTotals } from './record/receipts.ts';
import { importVerb } from './sources/import.verb.ts';
import { synthesizeHospital } from './sources/play-hospital.ts';

/** Verbs that need the store. `migrate` has nothing left to do: opening the store brought the schema forward. */
const verbs: Record<string, Verb<App>> = {
  import: ({ house, db, drain }, args, io) =>
    importVerb(
      {
        intake: (payload) => onPayload(house, payload),
        settle: (receipts) => untilTheseAreRead(db, receipts, drain),
        totals: (ids) => importTotals(db, ids),
      },
      args,
      io,
    ),
  run: ({ house }, args, io) => runVerb(house, args, io),
  replay: ({ house }, args, io) => replayVerb(house, args, io),
  check: ({ house }, args, io) => checkVerb(house, args, io),
  'journal verify': journalVerifyVerb,
  'journal export': journalExportVerb,
  'journal prove': journalProveVerb,
  doctor: ({ config, db, clock, rollback, restored, house }, args, io) =>
    doctorVerb(
      {
        db,
        dataFolder: config.dataFolder,
        now: clock.now,
        rollback,
        restored,
        target: house.writeBack.target,
        authorities: new Map(Object.entries(config.authorities)),
      },
      args,
      io,
    ),
  'doctor --rebuild': (app, args, io) =>
    rebuildVerb(
      {
        db: app.db,
        segments: app.segments,
        read: app.house.read,
        batch: app.house.batch,
        pseudonym: app.pseudonym,
        now: app.now,
        setAside: textOf(args['setAside']),
        settle: app.drain,
        verify: () => verifyWhole(app),
      },
      args,
      io,
    ),
  reread: ({ db, clock, drain }, args, io) => rereadVerb({ db, now: clock.now, settle: drain }, args, io),
  erase: eraseVerb,
  migrate: async (_app, args, io) => {
    io.out(args['json'] ? JSON.stringify({ schema: 'current' }) : 'The schema is current. Serve it with: countersign serve');
    return 0;
  },
};

/** Works on a store that nobody serves, also on one that cannot be opened. */
const REBUILD = 'doctor --rebuild';

/** Verbs that may begin a data folder; the others would answer from an empty one as if it were the one that was meant. */
const BEGINS = new Set(['import', 'migrate']);

const terminal = openTerminal();
const program = new Command('countersign')
  .description('The open, governed AI layer for EHRs: every sentence proven against the chart, and countersigned before it is written.')
  .version(VERSION)
  .showHelpAfterError('Add --help for what this verb takes.')
  .exitOverride();

function verb(name: string, description: string, example: string, parent: Command = program): Command {
  return parent
    .command(name)
    .description(description)
    .addHelpText('after', `\nExample:\n  ${example}`)
    .option('--data <folder>', 'data folder (default .countersign)')
    .option('--json', 'results as JSON, one object a line');
}

verb('serve', 'run it: HTTP, MLLP, jobs', 'countersign serve --demo')
  .option('--port <number>', 'HTTP port (default 8080)', readPort)
  .option('--host <address>', 'where to listen (default 127.0.0.1)')
  .option('--mllp-port <number>', 'HL7 v2 port (default 2575)', readPort)
  .addOption(new Option('--role <role>', 'what this process does of the whole (default all)').choices(roles))
  .option('--demo', 'with the play hospital, loaded on first run')
  .option('--patients <number>', 'people in the demo hospital', readCount, 60)
  .action((options: Args) => end(serve(options)));

verb(
  'import <path>',
  'take in a file or folder of FHIR or HL7 v2; running it again resumes and changes nothing',
  'countersign import charts/ --source north-ehr',
)
  .option('--source <name>', 'who sent it (default: HL7 names its sender, other files are named by their folder)')
  .action(async (path: string, options: Args) => {
    // Before a store is opened: a path that was mistyped begins no data folder.
    await access(resolve(path));
    await end(dispatch('import', { ...options, path: resolve(path) }));
  });

verb(
  'reread <what>',
  "read a feed (by its name) or one receipt (by its id) again with today's maps and settings; where nothing changed nothing changes",
  'countersign reread southlab.south',
).action((what: string, options: Args) => end(dispatch('reread', { ...options, what })));

program
  .command('synthesize')
  .description('write a synthetic hospital; same seed and anchor, same bytes')
  .addHelpText('after', '\nExample:\n  countersign synthesize --patients 20 --seed 7 --anchor 2026-11-22 --out hospital-data')
  .option('--patients <number>', 'how many people', readCount, 60)
  .option('--seed <text>', 'seed', '1')
  .option('--anchor <date>', 'the day everything is relative to (default: today)', readDay)
  .option('--out <folder>', 'where to write', 'hospital-data')
  .option('--json', 'results as JSON')
  .action((options: Args) => end(synthesize(options)));

const PATIENT: [string, string] = ['--patient <id>', "our id, a source's Patient id, an MRN or authority|value"];

verb(
  'run <pack>',
  'one run of a pack over one record; prints the draft with its verdicts',
  'countersign run documentation --patient 4471902 --as-of 2026-11-22T09:00:00Z --export run.json',
)
  .requiredOption(...PATIENT)
  .option('--as-of <time>', 'the record as it was known at this instant')
  .option('--export <file>', 'write what the run was made of, for replay anywhere (holds patient data)')
  .action((pack: string, options: Args) => end(dispatch('run', { ...options, pack, ...absolutePath(options, 'export') })));

verb('replay <run>', 'make a run again, from its id or an exported file; the bytes must be the same', 'countersign replay run.json').action(
  (run: string, options: Args) => end(isRunId(run) ? dispatch('replay', { ...options, run }) : replayExported(resolve(run), options)),
);

verb(
  'check [file]',
  'a verdict for each sentence of any text about a patient (a file, or standard input)',
  "echo 'Potassium was 5.2 mmol/L.' | countersign check --patient 4471902",
)
  .requiredOption(...PATIENT)
  .option('--as-of <time>', 'against the record as it was known at this instant')
  .action(async (file: string | undefined, options: Args) =>
    end(dispatch('check', { ...options, text: file ? await readFile(file, 'utf8') : await standardInput() })),
  );

const journal = program
  .command('journal')
  .description('the transparency log: verify, export, prove')
  .addHelpText('after', '\nExample:\n  countersign journal verify');
verb('verify', 'check every entry, root and signature', 'countersign journal verify --file journal.jsonl --key "$KEY"', journal)
  .option('--file <file>', 'an exported log instead of the database; needs nothing else')
  .option('--key <key>', 'with --file: a verifier key you trust, brought from elsewhere (repeatable)', readSeveral, [])
  .option('--checkpoint <file>', 'with --file: a checkpoint you kept, which the log must lead to (repeatable)', readSeveral, [])
  .action(({ file, key, checkpoint, ...options }: Omit<FileToVerify, 'file'> & { file?: string; data?: string; json?: boolean }) => {
    if (file !== undefined) return end(journalVerifyFile({ file, key, checkpoint }, Boolean(options['json']), terminal));
    if (key.length + checkpoint.length > 0) throw new AppError('request_invalid', '--key and --checkpoint go with --file');
    return end(dispatch('journal verify', options));
  });
verb('export', 'the log as lines of JSON, without patient data', 'countersign journal export --out journal.jsonl', journal)
  .option('--out <file>', 'where to write (default: standard output)')
  .action((options: Args) => end(dispatch('journal export', { ...options, ...absolutePath(options, 'out') })));
verb('prove', 'the proof that an entry stands in the log', 'countersign journal prove --entry 1', journal)
  .requiredOption('--entry <number>', 'journal id', readCount)
  .action((options: Args) => end(dispatch('journal prove', options)));

verb(
  'erase',
  'forget a person: facts, drafts, journal payloads and the bytes they came from; the proofs hold',
  "countersign erase --person 4471902 --reason 'request 2026-118' --yes",
)
  .requiredOption('--person <id>', PATIENT[1])
  .requiredOption('--reason <text>', 'why, never about the person: it stands in the journal for ever')
  .option('--by <name>', 'who decides it (default: the user of this machine)', userInfo().username)
  .option('--yes', 'do it; without, only say how much there is')
  .action((options: Args) => end(dispatch('erase', options)));

verb('doctor', 'health of this deployment, with a next step for each complaint', 'countersign doctor --rebuild')
  .option('--rebuild', 'read again what the database lost or holds wrongly: from the intake segments, or from the receipts of a server')
  .action(({ rebuild, ...options }: Args) => end(dispatch(rebuild ? REBUILD : 'doctor', options)));
verb('migrate', 'bring the schema forward', 'DATABASE_URL=postgres://db/countersign countersign migrate').action((options: Args) =>
  end(dispatch('migrate', options)),
);

program
  .command('bench')
  .description('measure: npm run -s bench -- <name> [--size N] [--full] [--json]')
  .addHelpText('after', '\nExample:\n  npm run -s bench -- receive-hl7 --json')
  .allowUnknownOption()
  .allowExcessArguments()
  .action(() => terminal.out('Benchmarks run from the checkout: npm run -s bench -- <name> [--size N] [--full] [--json]'));

try {
  requireVerb(program, process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  process.exitCode = complain(error);
}

/** Through the control socket of a live server, or directly where none runs. */
async function dispatch(name: string, args: Args): Promise<number> {
  const config = configFor(args);
  const sinks = { stdout: terminal.out, stderr: terminal.err, progress: terminal.progress };
  const answered = await callControl(controlPath(config), { verb: name, args: [JSON.stringify(args)] }, sinks);
  if (answered !== undefined) return answered;
  if (!BEGINS.has(name) && !existsSync(config.dataFolder))
    throw new AppError('not_found', `no data folder at ${config.dataFolder}; start with serve or import`);
  if (name === REBUILD && config.databaseUrl === undefined) {
    terminal.progress('Reading the database to its end …');
    args['setAside'] = await setAsideIfBroken(config.dataFolder, new Date().toISOString());
  }
  const app = await openApp({ config, log: createLog({ level: 'warn' }), jobs: 'drain-only' });
  try {
    return await performVerb(() => verbs[name]!(app, args, terminal), terminal);
  } finally {
    await app.close();
  }
}

/** Runs the server until it is told to stop; then its doors close, what is under way is finished, and the store is closed. */
async function serve(args: Args): Promise<number> {
  const config = configFor(args);
  if (args['demo'] && config.role !== 'all') throw new AppError('request_invalid', '--demo goes with the role all: it needs every door');
  const log = createLog({ level: config.logLevel });
  if (config.role === 'all' || config.role === 'api') await buildWebIfNeeded(() => terminal.err('Building the user interface …'));
  const closers: Closer[] = [];
  try {
    const app = await openApp({ config, log });
    closers.push(() => app.close());
    // Processes of other roles share the folder with each other: a verb then opens the database itself.
    const control = config.role === 'all' ? await answerVerbs(app) : undefined;
    closers.push(async () => control?.close());
    const doors = await openDoors(app, {
      demo: Boolean(args['demo']),
      patients: Number(args['patients'] ?? 60),
      onProgress: terminal.progress,
    });
    closers.push(() => doors.close());
    closers.push(async () => app.stopWork());
    if (args['json']) terminal.out(JSON.stringify({ url: doors.url, mllpPort: doors.mllpPort, role: config.role, pid: process.pid }));
    else for (const line of doors.greeting) terminal.out(line);
    await toldToStop();
    return 0;
  } finally {
    if (!(await closeInOrder(closers.reverse(), DRAIN_MS))) {
      // Nothing acknowledged is lost by it: what was under way is done again at the next start.
      log.warn('server.stopped-undrained');
      process.exit(1);
    }
  }
}

async function answerVerbs(app: App): Promise<ControlServer> {
  return serveControl(controlPath(app.config), (request, { stdout, stderr, progress }, signal) => {
    const io = { out: stdout, err: stderr, progress, gone: () => signal.aborted };
    return performVerb(async () => {
      const work = verbs[request.verb];
      if (!work) throw new AppError('request_invalid', 'there is no such verb');
      if (request.verb === REBUILD)
        throw new AppError('folder_locked', 'a rebuild needs the store to itself: stop this "countersign serve", then run it again');
      return work(app, JSON.parse(request.args[0] ?? '{}') as Args, io);
    }, io);
  });
}

async function replayExported(file: string, options: Args): Promise<number> {
  return replayFile(file, await packsOf(configFor(options)), Boolean(options['json']), terminal);
}

async function synthesize(options: Args): Promise<number> {
  const anchor = textOf(options['anchor']) ?? new Date().toISOString().slice(0, 10);
  const out = resolve(String(options['out']));
  const summary = await synthesizeHospital(
    { patients: Number(options['patients']), seed: String(options['seed']), anchor, out },
    terminal.progress,
  );
  if (options['json']) terminal.out(summary);
  else {
    const { patients, resources, messages } = JSON.parse(summary) as Record<string, number>;
    terminal.out(`${patients} people, ${resources} FHIR resources and ${messages} HL7 messages in ${out}.`);
    terminal.out(`Take them in with: countersign import ${out}`);
  }
  return 0;
}

function controlPath(config: Config): string {
  return join(config.dataFolder, 'control.sock');
}

function configFor(args: Args): Config {
  const given = (name: string): string | undefined => (args[name] === undefined ? undefined : String(args[name]));
  return loadConfig(process.env, {
    COUNTERSIGN_DATA: given('data'),
    COUNTERSIGN_ROLE: given('role'),
    COUNTERSIGN_PORT: given('port'),
    COUNTERSIGN_HOST: given('host'),
    COUNTERSIGN_MLLP_PORT: given('mllpPort'),
  });
}

async function end(work: Promise<number>): Promise<void> {
  process.exitCode = await work;
}

/** 2 for a command that was misused, 1 for one that failed; one line each, never a stack for what we expected. */
/** Asked for the help of a verb there is not, the parser would show the help of all of them as if that were it. */
function requireVerb(of: Command, words: readonly string[]): void {
  const [first, second] = words;
  const word = first === 'help' ? second : first;
  const asksHelp = first === 'help' || words.includes('--help') || words.includes('-h');
  if (!asksHelp || of.commands.length === 0 || word === undefined || word.startsWith('-') || word === 'help') return;
  const found = of.commands.find((command) => command.name() === word);
  if (found) requireVerb(found, words.slice(1));
  else of.error(`error: unknown command '${word}'; there is ${of.commands.map((command) => command.name()).join(', ')}`, { exitCode: 2 });
}

function complain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const { line, exit } = explainFailure(error);
  terminal.err(line);
  return exit;
}
