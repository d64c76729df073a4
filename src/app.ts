/** Opens the house: real adapters for flow.ts, in the order in which they need each other. `doors.ts` opens its doors over it. */

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pack } from './core/pack.ts';
import type { Acknowledge } from './core/ports.ts';
import { Target } from './delivery/write-back/target.ts';
import { BURST_MS, type House, onDecision, onFacts, onReceipt, onSuperseded, onTime } from './flow.ts';
import { type Restored, restoreAcknowledged } from './governance/restore.ts';
import type { ReviewDesk } from './governance/review.ts';
import { type Explain, explainer } from './interop/explain.ts';
import { type AckOptions, acknowledger } from './interop/hl7v2/ack.ts';
import { payloadReader } from './interop/read-payload.ts';
import { packs as ownPacks } from './packs/index.ts';
import { type Bus, openBus } from './platform/bus.ts';
import { detectRollback, faceRollback, type RollbackFinding } from './platform/checkpoint-file.ts';
import { type CheckpointSigner, openCheckpointSigner, requireSameKey } from './platform/checkpoint-signer.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import { type Db, openDatabase } from './platform/database.ts';
import { lockFolder } from './platform/folder-lock.ts';
import { openPseudonyms, type Pseudonym } from './platform/identity.ts';
import { type IntakeSegments, openIntakeSegments } from './platform/intake-segments.ts';
import { createWorker, type Worker } from './platform/jobs.ts';
import { type JournalSequencer, openSequencer } from './platform/journal-sequencer.ts';
import { killPoint } from './platform/kill-points.ts';
import type { Log } from './platform/log.ts';
import { createMetrics, type Metrics } from './platform/metrics.ts';
import { countedIntake, countedJobs, countedReader } from './platform/metrics-feed.ts';
import { migrate } from './platform/migrate.ts';
import { loadSitePacks } from './platform/site-packs.ts';
import { adoptAuthorities } from './record/authorities.ts';
import { openIntake, receiptLog } from './record/intake.ts';
import { rereadPortions } from './record/reread.ts';
import { contentTypeOf } from './sources/content-type.ts';

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

/** Without `packs` it has those of `packsOf`. `drain-only`: jobs run, and checkpoints are signed, when `drain` is asked for it, as verbs and tests do. */
export type AppOptions = { config: Config; log: Log; clock?: Clock; db?: Db; packs?: readonly Pack[]; jobs?: 'run' | 'drain-only' };

/** The release, as package.json names it. */
export const VERSION = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

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

/** What every part of the house is opened with. */
type Ground = { config: Config; log: Log; clock: Clock; metrics: Metrics; db: Db };

async function openOver(
  db: Db,
  { config, log, clock = systemClock, packs, jobs = 'run' }: AppOptions & { packs: readonly Pack[] },
  unlock: () => void,
): Promise<App> {
  const metrics = createMetrics();
  const ground: Ground = { config, log, clock, metrics, db };
  const works = config.role === 'all' || config.role === 'worker';
  const { signer, rollback, segments, kept, sequencer } = await openRecord(ground, works);
  const pseudonym = openPseudonyms(config.dataFolder);

  let worker: Worker | undefined;
  // One message wakes one process: one without jobs would take it from one that has them.
  const bus = openBusOf(ground, jobs === 'run' && works ? () => worker?.wake() : undefined);
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
  const house: House = {
    db,
    packs,
    intake: countedIntake(intake, metrics),
    read: countedReader(payloadReader(reading), metrics),
    batch: BATCHES[db.kind],
    writeBack: {
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
    },
    now: clock.now,
    onRun: (pack, { output }, seconds) => {
      metrics.runs.observe({ pack }, seconds);
      for (const { verdict } of output.sentences) metrics.verdicts.inc({ outcome: verdict.outcome });
    },
  };
  const desk: ReviewDesk = {
    db,
    packs,
    now: clock.now,
    pseudonym,
    redraft: (person) => onFacts(house, person),
    acts: kept?.acts,
    afterDecision: async () => wake('decision'),
  };
  worker = openWorker(house, log, metrics);
  if (jobs === 'run') {
    if (works) worker.start();
    sequencer.start();
  }

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
      house.writeBack.target = new Target({ baseUrl: fhirBase, ...(token ? { token: async () => token.reveal() } : {}) });
    },
    stopWork: () => void worker.stop(),
    async drain() {
      await worker.drain({ aheadMs: BURST_MS + 100 });
      await sequencer.sequenceNow();
    },
    async close() {
      await intake.idle();
      await worker.stop();
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

type OpenRecord = {
  signer: CheckpointSigner;
  rollback: RollbackFinding;
  /** Both beside the embedded store only. */
  segments: IntakeSegments | undefined;
  kept: Awaited<ReturnType<typeof restoreAcknowledged>> | undefined;
  sequencer: JournalSequencer;
};

/** The record and its log as they were acknowledged, before anything reads or writes them: put back, forgotten again, under the site's names. */
async function openRecord({ config, log, clock, metrics, db }: Ground, signs: boolean): Promise<OpenRecord> {
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
  const sequencer = await openSequencer(db, {
    signer,
    signs,
    folder: config.dataFolder,
    now: clock.now,
    reached: (point) => {
      if (point === 'before-checkpoint') killPoint('before-checkpoint');
    },
    onError: () => log.error('journal.sequencing-failed'),
  });
  if (config.role !== 'all') requireSameKey(sequencer.head?.note, signer);
  return { signer, rollback, segments, kept, sequencer };
}

/** Ids only, and a hint only: without a bus, or when it is lost, workers find their jobs by looking. */
function openBusOf({ config, log, metrics }: Ground, onMessage: (() => void) | undefined): Bus | undefined {
  if (!config.natsUrl) {
    metrics.registry.removeSingleMetric('countersign_bus_up');
    return undefined;
  }
  return openBus({
    url: config.natsUrl,
    ...(onMessage ? { onMessage } : {}),
    onState: (up, code) => {
      metrics.busUp.set(up ? 1 : 0);
      if (up) log.info('bus.connected', { code });
      else log.warn('bus.lost', { code });
    },
  });
}

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
function openWorker(house: House, log: Log, metrics: Metrics): Worker {
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
