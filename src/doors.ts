/** Opens the doors of a house that is open: what each role answers, over HTTP and MLLP, and the play hospital of the demo behind them. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { type App, VERSION } from './app.ts';
import type { LoadingView } from './core/api.ts';
import { AppError } from './core/errors.ts';
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
import { onHook, onPayload, onReceipt } from './flow.ts';
import { AccessLog } from './governance/access-log.ts';
import { kpiRoutes } from './measure/kpi.routes.ts';
import type { Config } from './platform/config.ts';
import { buildServer, listen, serveWeb } from './platform/http.ts';
import { demoIdentities, Sessions } from './platform/identity.ts';
import { journalRoutes } from './platform/journal.routes.ts';
import { openJournalWriter } from './platform/journal-writer.ts';
import { refreshGauges } from './platform/metrics-feed.ts';
import { bySession, sessionRoutes } from './platform/session.routes.ts';
import { readTls } from './platform/tls.ts';
import { webFolder } from './platform/web-build.ts';
import { untilRead } from './record/intake.ts';
import { mendingLog } from './record/mendings.ts';
import { startDemo } from './sources/demo.ts';
import { feedName } from './sources/feed-name.ts';
import { type MllpServer, startMllp, storeThenAnswer } from './sources/mllp.ts';

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
  await server.register(reviewRoutes, {
    desk,
    access,
    zone: site.zone,
    ehr: () => (house.writeBack.target ? site.name : undefined),
    colleagues,
  });
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
