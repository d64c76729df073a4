/** Wires real adapters into flow.ts; beside it only cli.ts, which gives each verb what it needs, reaches into every room. */

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { LoadingView } from './core/api.ts';
import { AppError } from './core/errors.ts';
import type { Pack } from './core/pack.ts';
import type { Acknowledge } from './core/ports.ts';
import { guardAccess } from './delivery/access-guard.ts';
import { cdsHooksRoutes } from './delivery/cds-hooks/cds-hooks.routes.ts';
import { fhirRoutes } from './delivery/fhir-api/fhir.routes.ts';
import { mendingRoutes } from './delivery/operations/mending.routes.ts';
import { operationsRoutes } from './delivery/operations/operations.routes.ts';
import { auditRoutes } from './delivery/review/audit.routes.ts';
import { checkRoutes } from './delivery/review/check.routes.ts';
import { reviewRoutes } from './delivery/review/review.routes.ts';
import { runRoutes } from './delivery/review/runs.routes.ts';
import { worklistRoutes } from './delivery/worklist/worklist.routes.ts';
import { deliveriesRoutes } from './delivery/write-back/deliveries.routes.ts';
import type { WriteBackDesk } from './delivery/write-back/release.ts';
import { Target } from './delivery/write-back/target.ts';
import { BURST_MS, type House, onDecision, onFacts, onHook, onPayload, onReceipt, onSuperseded, onTime } from './flow.ts';
import { AccessLog } from './governance/access-log.ts';
import { type Restored, restoreAcknowledged } from './governance/restore.ts';
import type { ReviewDesk } from './governance/review.ts';
import { type Explain, explainer } from './interop/explain.ts';
import { type AckOptions, acknowledger } from './interop/hl7v2/ack.ts';
import { payloadReader } from './interop/read-payload.ts';
import { kpiRoutes } from './measure/kpi.routes.ts';
import { packs as ownPacks } from './packs/index.ts';
import { openBus } from './platform/bus.ts';
import { detectRollback, faceRollback, type RollbackFinding } from './platform/checkpoint-file.ts';
import { type CheckpointSigner, openCheckpointSigner, requireSameKey } from './platform/checkpoint-signer.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import { type Db, openDatabase } from './platform/database.ts';
import { lockFolder } from './platform/folder-lock.ts';
import { buildServer, listen, serveWeb } from './platform/http.ts';
import { demoIdentities, openPseudonyms, type Pseudonym, Sessions } from './platform/identity.ts';
import { type IntakeSegments, openIntakeSegments } from './platform/intake-segments.ts';
import { createWorker, type Worker } from './platform/jobs.ts';
import { journalRoutes } from './platform/journal.routes.ts';
import { type JournalSequencer, openSequencer } from './platform/journal-sequencer.ts';
import { openJournalWriter } from './platform/journal-writer.ts';
import { killPoint } from './platform/kill-points.ts';
import type { Log } from './platform/log.ts';
import { createMetrics, type Metrics } from './platform/metrics.ts';
import { countedIntake, countedJobs, countedReader, refreshGauges } from './platform/metrics-feed.ts';
import { migrate } from './platform/migrate.ts';
import { bySession, sessionRoutes } from './platform/session.routes.ts';
import { loadSitePacks } from './platform/site-packs.ts';
import { readTls } from './platform/tls.ts';
import { webFolder } from './platform/web-build.ts';
import { adoptAuthorities } from './record/authorities.ts';
import { openIntake, receiptLog, untilRead } from './record/intake.ts';
import { mendingLog } from './record/mendings.ts';
import { rereadPortions } from './record/reread.ts';
import { contentTypeOf } from './sources/content-type.ts';
import { startDemo } from './sources/demo.ts';
import { feedName } from './sources/feed-name.ts';
import { type MllpServer, startMllp, storeThenAnswer } from './sources/mllp.ts';

/** Everything that runs, open and wired; `openDoors` opens doors over it. */
export type App = {
  config: Config;
  log: Log;
  metrics: Metrics;
  clock: Clock;
  db: Db;
  /** Beside the embedded store only. */
  segments: IntakeSegments | undefined;
  now(): string;
  house: House;
  desk: ReviewDesk;
  worker: Worker;
  sequencer: JournalSequencer;
  signer: CheckpointSigner;
  pseudonym: Pseudonym;
  acknowledge: Acknowledge;
  explain: Explain;
  rollback: RollbackFinding;
  restored: Restored;
  /** Where signed notes go; set once the EHR is known (the demo's play hospital starts after us). */
  connectEhr(fhirBase: string): void;
  /** Has no more work taken from the queue, while the doors still answer; `close` waits for what is under way. */
  stopWork(): void;
  /** Runs every waiting job until nothing is due. */
  drain(): Promise<void>;
  close(): Promise<void>;
};

/** `packs` are those of this release unless a site brings its own; `drain-only` runs jobs when asked, for verbs and tests. */
export type AppOptions = { config: Config; log: Log; clock?: Clock; db?: Db; packs?: readonly Pack[]; jobs?: 'run' | 'drain-only' };

/** The packs of this release and those the site brings. */
export async function packsOf({ packs }: Config): Promise<readonly Pack[]> {
  return [...ownPacks, ...(await loadSitePacks(packs, ownPacks))];
}

/** On the embedded store a transaction holds up every door, so receipts are read in small batches there. */
export const BATCHES = { pglite: { receipts: 40, bytes: 96 << 10, readers: 2 }, postgres: { receipts: 200, bytes: 1 << 20, readers: 3 } };

/** Opens the data folder and the store, restores what was acknowledged, and starts the journal's sequencer and the job worker. */
export async function openApp(options: AppOptions): Promise<App> {
  const { config, log } = options;
  const packs = options.packs ?? (await packsOf(config));
  mkdirSync(config.dataFolder, { recursive: true, mode: 0o700 });
  const lock = config.databaseUrl === undefined ? lockFolder(config.dataFolder) : undefined;
  let db = options.db;
  try {
    db ??= await openStore(config, log);
    return await openOver(db, { ...options, packs }, () => lock?.release());
  } catch (error) {
    // An open store would keep the process that gave up alive.
    await db?.close();
    lock?.release();
    throw error;
  }
}

async function openOver(
  db: Db,
  { config, log, clock = systemClock, packs, jobs = 'run' }: AppOptions & { packs: readonly Pack[] },
  unlock: () => void,
): Promise<App> {
  const metrics = createMetrics();
  await migrate(db);
  const signer = await openCheckpointSigner(config.dataFolder);
  const rollback = await detectRollback(db, config.dataFolder, signer.verifierKeys);
  const segments =
    db.kind === 'pglite'
      ? await openIntakeSegments(join(config.dataFolder, 'intake'), {
          onSync: (seconds) => metrics.segmentSync.observe(seconds),
          hooks: { beforeRename: () => killPoint('during-erasure'), afterRename: () => killPoint('during-erasure') },
        })
      : undefined;
  await faceRollback(db, rollback, log, clock.now());
  const kept = segments && (await restoreAcknowledged(db, segments, log, clock.now));
  await adoptNames(db, config, log, clock);
  const works = config.role === 'all' || config.role === 'worker';
  const sequencer = await openSequencer(db, {
    signer,
    signs: works,
    folder: config.dataFolder,
    now: clock.now,
    reached: (point) => {
      if (point === 'before-checkpoint') killPoint('before-checkpoint');
    },
    onError: () => log.error('journal.sequencing-failed'),
  });
  if (config.role !== 'all') requireSameKey(sequencer.head?.note, signer);
  const pseudonym = openPseudonyms(config.dataFolder);

  let worker: Worker | undefined;
  // Ids only, and a hint only: without a bus, or when it is lost, workers find their jobs by looking.
  const bus = config.natsUrl
    ? openBus({
        url: config.natsUrl,
        // One message wakes one process: one without jobs would take it from one that has them.
        ...(jobs === 'run' && works ? { onMessage: () => worker?.wake() } : {}),
        onState: (up, code) => {
          metrics.busUp.set(up ? 1 : 0);
          if (up) log.info('bus.connected', { code });
          else log.warn('bus.lost', { code });
        },
      })
    : undefined;
  if (!bus) metrics.registry.removeSingleMetric('countersign_bus_up');
  const wake = (kind: string): void => {
    worker?.wake();
    bus?.publish({ kind, key: kind });
  };
  const intake = openIntake({
    db,
    now: clock.now,
    log: segments && receiptLog(segments),
    maxBytes: config.receiptMaxBytes,
    onStored: () => wake('receipts'),
  });
  const reading = { feedZones: new Map(Object.entries(config.feedZones)), authorities: new Map(Object.entries(config.authorities)) };
  const ack: AckOptions = {
    application: 'COUNTERSIGN',
    facility: config.siteName,
    now: clock.now,
    sequence: () => crypto.randomUUID().replaceAll('-', '').slice(0, 20),
  };
  const writeBack: WriteBackDesk = {
    db,
    packs,
    target: undefined,
    pseudonym,
    onAltered: (fault) => {
      log.error('delivery.altered', { code: fault });
      metrics.deliveries.inc({ surface: 'DocumentReference', outcome: 'altered' });
    },
    now: clock.now,
    async secured(proposal, journalId) {
      await kept?.acts.keepSignature(db, proposal);
      await sequencer.secure(journalId);
    },
  };
  const house: House = {
    db,
    packs,
    intake: countedIntake(intake, metrics),
    read: countedReader(payloadReader(reading), metrics),
    batch: BATCHES[db.kind],
    desk: writeBack,
    now: clock.now,
    onRun: (pack, { output }, seconds) => {
      metrics.runs.observe({ pack }, seconds);
      for (const { verdict } of output.sentences) metrics.verdicts.inc({ outcome: verdict.outcome });
    },
  };
  worker = startWorker(house, log, metrics);
  if (jobs === 'run') {
    if (works) worker.start();
    sequencer.start();
  }
  const desk: ReviewDesk = {
    db,
    packs,
    now: clock.now,
    pseudonym,
    redraft: (person) => onFacts(house, person),
    acts: kept?.acts,
    afterDecision: async () => wake('decision'),
  };

  const app: App = {
    config,
    log,
    metrics,
    clock,
    db,
    segments,
    now: clock.now,
    house,
    desk,
    worker,
    sequencer,
    signer,
    pseudonym,
    acknowledge: acknowledger(ack),
    explain: explainer(reading, ack, contentTypeOf),
    rollback,
    restored: kept?.restored ?? { receipts: 0, decisions: 0, damaged: 0 },
    connectEhr(fhirBase) {
      const token = config.ehrToken;
      writeBack.target = new Target({ baseUrl: fhirBase, ...(token ? { token: async () => token.reveal() } : {}) });
    },
    stopWork: () => void worker?.stop(),
    async drain() {
      await worker?.drain({ aheadMs: BURST_MS + 100 });
      await sequencer.sequenceNow();
    },
    async close() {
      await intake.idle();
      await worker?.stop();
      await bus?.close();
      await sequencer.stop();
      await segments?.close();
      await db.close();
      unlock();
    },
  };
  if (config.ehrFhirBase) app.connectEhr(config.ehrFhirBase);
  return app;
}

/** What people and machines knock on. */
export type Doors = {
  url: string;
  /** Undefined where this role has no HL7 door. */
  mllpPort: number | undefined;
  greeting: string[];
  server: FastifyInstance;
  loaded: Promise<void>;
  close(): Promise<void>;
};
export type DoorsOptions = { demo?: boolean; patients?: number; onProgress?(line: string): void };

/** Opens the doors of this process's role, and with `demo` the play hospital behind them. Resolves when they answer; demo loading goes on. */
export async function openDoors(app: App, options: DoorsOptions): Promise<Doors> {
  const { config } = app;
  const doors = { loading: { state: 'ready', step: 'Ready', done: 1, total: 1 } as LoadingView };
  const open: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closeOne of open.splice(0)) await closeOne();
  };
  try {
    const server = await openHttp(app, () => doors.loading);
    open.unshift(() => server.close());
    const port = await listen(server, config);
    const mllp = config.role === 'all' || config.role === 'intake' ? await openMllp(app) : undefined;
    open.unshift(async () => mllp?.close());
    const onLoading = (loading: LoadingView) => Object.assign(doors, { loading });
    const demo = options.demo && mllp ? await openDemo(app, options, mllp.port, onLoading) : undefined;
    // Last of all: what is under way in the doors may still ask it.
    open.push(async () => demo?.hospital.stop());
    const url = `${config.tls ? 'https' : 'http'}://${config.host}:${port}`;
    return {
      url,
      mllpPort: mllp?.port,
      server,
      loaded: demo?.loaded ?? Promise.resolve(),
      greeting: greeting(config, url, mllp?.port),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openMllp({ house, acknowledge, config, log, metrics }: App): Promise<MllpServer> {
  const answer = storeThenAnswer((payload) => onPayload(house, payload), acknowledge);
  const tls = readTls(config.tls);
  return startMllp({
    host: config.host,
    port: config.mllpPort,
    onMessage: async (payload) => {
      const answered = metrics.acknowledgement.startTimer({ door: 'mllp' });
      return answer(payload).finally(answered);
    },
    acknowledge,
    source: feedName,
    log,
    maxBytes: config.receiptMaxBytes,
    ...(tls ? { tls } : {}),
  });
}

function greeting(config: Config, url: string, mllpPort: number | undefined): string[] {
  const doors = [
    `Countersign answers at ${url}${config.role === 'all' ? '' : ` as ${config.role}`}`,
    ...(mllpPort === undefined ? [] : [`HL7 v2 over MLLP on ${config.host}:${mllpPort}`]),
  ];
  if (config.role === 'worker') return doors;
  return [
    ...doors,
    config.loopback
      ? `Sign in as ${demoIdentities.map(({ name, role }) => `${name} (${role})`).join(', ')}.`
      : 'Nobody can sign in here: the demo identities exist on loopback only (COUNTERSIGN_HOST=127.0.0.1).',
  ];
}

async function openHttp(app: App, loading: () => LoadingView): Promise<FastifyInstance> {
  const { config, log, db, desk, house, clock, pseudonym } = app;
  const { role } = config;
  const { now } = clock;
  const sessions = new Sessions(clock);
  const site = { name: config.siteName, zone: config.siteZone };
  let refreshing: Promise<void> | undefined;
  const server = await buildServer({
    config,
    log,
    metrics: app.metrics,
    version: VERSION,
    authenticate: bySession(sessions),
    ready: async () => {
      const answers = db.query('select 1');
      app.metrics.databaseUp.set(
        await answers.then(
          () => 1,
          () => 0,
        ),
      );
      await answers;
      return { ready: true, role, database: db.kind, loading: loading(), version: VERSION, site };
    },
    // Many who scrape at once ask the store once.
    refreshMetrics: () => {
      refreshing ??= refreshGauges(app.metrics, db, () => app.sequencer.head?.size ?? 0).finally(() => {
        refreshing = undefined;
      });
      return refreshing;
    },
  });
  if (role === 'worker') return server;
  const writer = openJournalWriter(db);
  server.addHook('onClose', () => writer.idle());
  const access = guardAccess(server, { log: new AccessLog({ writer, now, pseudonym }), now });
  await server.register(sessionRoutes, { sessions, config, site, writer, pseudonym, now });
  await server.register(fhirRoutes, {
    db,
    clock,
    version: VERSION,
    access,
    intake: (payload) => onPayload(house, payload),
    readNow: (receipt) => onReceipt(house, receipt),
  });
  if (role === 'intake') return server;
  await server.register(worklistRoutes, { db, now, access, zone: site.zone });
  const colleagues = config.loopback ? demoIdentities : [];
  await server.register(reviewRoutes, { desk, access, zone: site.zone, ehr: () => (house.desk.target ? site.name : undefined), colleagues });
  await server.register(runRoutes, { db, now, access });
  await server.register(auditRoutes, { db, pseudonym, access });
  await server.register(checkRoutes, { db, now, pseudonym, access });
  await server.register(operationsRoutes, { db, now, access, explain: app.explain });
  await server.register(mendingRoutes, { db, now, pseudonym, keep: mendingLog(app.segments), wake: () => app.worker.wake() });
  await server.register(deliveriesRoutes, { db, now, pseudonym, wake: () => app.worker.wake() });
  await server.register(cdsHooksRoutes, {
    db,
    now,
    publicUrl: config.publicUrl,
    zone: config.siteZone,
    access,
    pseudonym,
    draftFor: (person) => onHook(house, person),
  });
  await server.register(kpiRoutes, { db, packs: house.packs, now });
  await server.register(journalRoutes, { db, sequencer: app.sequencer, verifierKeys: app.signer.verifierKeys });
  if (existsSync(join(webFolder, 'index.html'))) await serveWeb(server, webFolder);
  return server;
}

async function openDemo(
  app: App,
  options: DoorsOptions,
  mllpPort: number,
  onProgress: (loading: LoadingView) => void,
): ReturnType<typeof startDemo> {
  const demo = await startDemo({
    folder: join(app.config.dataFolder, 'hospital'),
    patients: options.patients ?? 60,
    anchor: app.clock.now().slice(0, 10),
    mllp: `${app.config.host}:${mllpPort}`,
    intake: (payload) => onPayload(app.house, payload),
    settled: (onWaiting) => untilRead(app.db, onWaiting),
    onProgress: (loading) => {
      onProgress(loading);
      options.onProgress?.(
        loading.state === 'ready' ? 'The hospital is loaded.\n' : `${loading.step}: ${loading.done} of ${loading.total}`,
      );
    },
    onExit: (code) => app.log.warn('hospital.stopped', { code }),
  });
  demo.loaded.catch((error: unknown) =>
    app.log.error('hospital.loading-failed', { code: error instanceof AppError ? error.code : 'internal' }),
  );
  app.connectEhr(demo.hospital.fhirBase);
  return demo;
}

/** The release, as package.json names it. */
export const VERSION = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

async function openStore(config: Config, log: Log): Promise<Db> {
  return openDatabase({
    url: config.databaseUrl,
    folder: config.databaseUrl === undefined ? join(config.dataFolder, 'pgdata') : undefined,
    applicationName: 'countersign',
    // A dead database can store nothing: whoever supervises this process starts it again, and nothing acknowledged is lost.
    onFatal: () => {
      log.error('database.died');
      process.exit(1);
    },
    onConnectionLost: (code) => log.warn('database.connection-lost', { code }),
  });
}

/** What came before an authority had its name gets it before a door opens: the next message would make a second person. */
async function adoptNames(db: Db, config: Config, log: Log, clock: Clock): Promise<void> {
  const { identifiers, joined, conflicts } = await adoptAuthorities(db, new Map(Object.entries(config.authorities)), clock.now());
  if (identifiers > 0) log.warn('authorities.adopted', { count: identifiers, kind: 'identifiers' });
  if (joined > 0) log.warn('authorities.joined', { count: joined, kind: 'people' });
  if (conflicts > 0) log.error('authorities.in-conflict', { count: conflicts, kind: 'people' });
}

/** The flow's jobs. Write-back is tried for ever: what a clinician signed is not given up. */
function startWorker(house: House, log: Log, metrics: Metrics): Worker {
  const counted = countedJobs(metrics);
  return createWorker({
    db: house.db,
    kinds: {
      receipts: {
        run: async (_job, stopping) => unlessCutShort(await onReceipt(house, undefined, stopping)),
        maxAttempts: Number.POSITIVE_INFINITY,
        longestRetryMs: 30_000,
      },
      facts: async (job) => void (await onFacts(house, (job.payload as { person: string }).person)),
      reread: async (job, stopping) =>
        unlessCutShort(await rereadPortions(house.db, job.payload, () => onReceipt(house, undefined, stopping))),
      superseded: (job) => onSuperseded(house, (job.payload as { fact: string }).fact),
      decision: {
        run: (job) => countedDelivery(house, (job.payload as { proposal: string }).proposal, metrics),
        maxAttempts: Number.POSITIVE_INFINITY,
        longestRetryMs: 60_000,
      },
    },
    concurrency: house.db.kind === 'pglite' ? 2 : 3,
    onTime: async () => {
      while (await onTime(house));
    },
    onDone: counted.onDone,
    onRetry: (job, error) => {
      counted.onRetry(job, error);
      log.warn('job.retried', { kind: job.kind, attempt: job.attempt, code: error });
    },
    onDead: (job, error) => {
      counted.onDead(job, error);
      log.error('job.died', { kind: job.kind, attempt: job.attempt, code: error });
    },
    onTrouble: (error) => log.warn('jobs.trouble', { code: error }),
  });
}

function unlessCutShort(whole: boolean): 'unfinished' | undefined {
  return whole ? undefined : 'unfinished';
}

/** Counts what stands after an attempt, delivered, kept or still waiting; a count that fails does not fail what it counts. */
async function countedDelivery(house: House, proposal: string, metrics: Metrics): Promise<void> {
  try {
    await onDecision(house, proposal);
  } finally {
    const rows = await house.db
      .query<{ surface: string; state: string }>('select surface, state from delivery where proposal = $1', [proposal])
      .catch(() => []);
    for (const { surface, state } of rows) metrics.deliveries.inc({ surface, outcome: state });
  }
}
