import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { ProposalContent } from '../src/core/proposal.ts';
import { guardAccess } from '../src/delivery/access-guard.ts';
import { cdsHooksRoutes } from '../src/delivery/cds-hooks/cds-hooks.routes.ts';
import { AccessLog } from '../src/governance/access-log.ts';
import type { Db } from '../src/platform/database.ts';
import { uuidFromParts } from '../src/platform/digest.ts';
import { buildServer, listen } from '../src/platform/http.ts';
import { openJournalWriter } from '../src/platform/journal-writer.ts';
import { silentLog } from '../src/platform/log.ts';
import { createMetrics } from '../src/platform/metrics.ts';
import { type Bench, type BenchOptions, type BenchRow, notMeasured, percentile, rounded, scratchDatabases } from './bench.ts';
import { growPopulation, personSql } from './population/fill.ts';

const NAME = 'cds-hooks';
const PER_SECOND = 100;
const SENTENCES = 30;
const NOW = '2026-11-22T08:00:00.000Z';

/**
 * patient-view over HTTP at 100 requests a second, each for another patient by prefetched identifier, each answered with a card from a draft of
 * 30 sentences and journalled. Requests start on time whether or not earlier ones were answered. The floor is discovery, which reads nothing.
 */
export const bench: Bench = { name: NAME, run };

async function* run(options: BenchOptions): AsyncIterable<BenchRow> {
  const size = options.size ?? (options.full ? 64_000 : 2_000);
  const seconds = options.full ? 60 : 10;
  for await (const db of scratchDatabases(options)) {
    if (db) yield await onDatabase(db, size, seconds);
    else yield notMeasured(NAME, 'p99_ms', 'ms');
  }
}

async function onDatabase(db: Db, size: number, seconds: number): Promise<BenchRow> {
  const server = await openServer(db);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  try {
    await growPopulation(db, { people: size, factsEach: 8 });
    await addDrafts(db, size);
    const port = await listen(server, { host: '127.0.0.1', port: 0 });
    await load(2, (i) => ask(agent, port, i % size));
    const floor = await load(2, () => discover(agent, port));
    const times = await load(seconds, (i) => ask(agent, port, (i * 7919) % size));
    return {
      name: NAME,
      metric: 'p99_ms',
      value: rounded(percentile(times, 0.99)),
      unit: 'ms',
      floor: rounded(percentile(floor, 0.99)),
      ratio: rounded(percentile(times, 0.99) / percentile(floor, 0.99)),
      n: times.length,
      size,
      database: db.kind,
      budget: 50,
      p50_ms: rounded(percentile(times, 0.5)),
      requests_per_s: PER_SECOND,
      rules: 0,
      note: 'the sender shares the process; no rules are installed yet',
    };
  } finally {
    agent.destroy();
    await server.close();
    await db.close();
  }
}

async function openServer(db: Db): Promise<FastifyInstance> {
  const server = await buildServer({
    config: { host: '127.0.0.1', port: 0, loopback: true, tls: undefined, publicUrl: 'http://127.0.0.1' },
    log: silentLog,
    metrics: createMetrics(),
    version: '0',
    authenticate: () => ({ id: 'bench', name: 'Bench', role: 'clinician' }),
    ready: async () => ({ ready: true }),
  });
  const pseudonym = (id: string): string => `p-${id}`;
  const log = new AccessLog({ writer: openJournalWriter(db), now: () => NOW, pseudonym });
  const access = guardAccess(server, { log, now: () => NOW });
  await server.register(cdsHooksRoutes, {
    db,
    now: () => NOW,
    publicUrl: 'http://127.0.0.1',
    zone: 'America/Chicago',
    access,
    pseudonym,
    draftFor: async () => undefined,
  });
  return server;
}

async function addDrafts(db: Db, size: number): Promise<void> {
  const content = JSON.stringify(draft());
  await db.query(
    `insert into run (id, pack, person, as_of, closure, created_at)
     select 'run ' || n, 'documentation', ${personSql('n')}, $2::timestamptz, '{}', $2::timestamptz from generate_series(0, $1::int - 1) n`,
    [size, NOW],
  );
  for (let start = 0; start < size; start += 500) {
    await db.query(
      `insert into proposal (id, run, pack, person, trigger_key, title, why, state, role, content, drafted, content_hash, offered_at)
       select md5('proposal ' || n)::uuid, 'run ' || n, 'documentation', ${personSql('n')}, 'Appointment/' || n, 'Pre-visit summary', 'Visit',
              'offered', 'clinician', $3::json, '{}', '', $4::timestamptz from generate_series($1::int, $2::int - 1) n`,
      [start, Math.min(start + 500, size), content, NOW],
    );
  }
  await db.exec('analyze');
}

/** As large as a pre-visit summary with two pieces of evidence a sentence. */
function draft(): ProposalContent {
  const evidence = [1, 2].map((n) => ({
    kind: 'span' as const,
    fact: uuidFromParts('fact', String(n)),
    version: 1,
    atom: 'value',
    receipt: uuidFromParts('receipt', String(n)),
    path: 'entry[12].resource.valueQuantity.value',
    start: 10_000,
    end: 10_004,
    steps: [],
    sha256: 'a'.repeat(64),
    quote: '8.10',
  }));
  const sentences = Array.from({ length: SENTENCES }, (_, i) => ({
    id: uuidFromParts('sentence', String(i)),
    section: 'Abnormal results',
    text: `Hemoglobin A1c/Hemoglobin.total in Blood was 8.10 % on 2 Sep 2026 (reference 4.0–5.6), high, number ${i}.`,
    author: { kind: 'writer' as const, id: 'built-in@1' },
    selected: true,
    claims: [],
    verdict: { outcome: 'proven' as const, reasons: [] },
    evidence,
  }));
  return { title: 'Pre-visit summary', asOf: NOW, sections: ['Abnormal results'], sentences, omitted: [] };
}

/** Starts a request every tenth of a second's tenth, whatever became of the others; a late answer counts from when its request was due. */
async function load(seconds: number, send: (i: number) => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  const started = performance.now();
  const all: Promise<void>[] = [];
  for (let i = 0; i < seconds * PER_SECOND; i++) {
    const due = started + (i * 1000) / PER_SECOND;
    const ahead = due - performance.now();
    if (ahead > 0) await wait(ahead);
    all.push(send(i).then(() => void times.push(performance.now() - due)));
  }
  await Promise.all(all);
  return times;
}

async function ask(agent: Agent, port: number, patient: number): Promise<void> {
  const body = JSON.stringify({
    hook: 'patient-view',
    hookInstance: crypto.randomUUID(),
    context: { userId: 'Practitioner/1', patientId: `ehr-${patient}` },
    prefetch: { patient: { resourceType: 'Patient', identifier: [{ system: 'urn:oid:2.999.1', value: String(patient) }] } },
  });
  const answer = await call(agent, port, '/cds-services/countersign-patient-view', body);
  if (!answer.includes('"summary"')) throw new Error('no card was answered');
}

async function discover(agent: Agent, port: number): Promise<void> {
  await call(agent, port, '/cds-services');
}

async function call(agent: Agent, port: number, path: string, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const sent = request({ agent, port, host: '127.0.0.1', path, method, headers: { 'content-type': 'application/json' } }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(`answered ${response.statusCode}`))));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
