import { statfs } from 'node:fs/promises';
import type { RollbackFinding } from '../../platform/checkpoint-file.ts';
import type { Db } from '../../platform/database.ts';
import { errorCode } from '../../platform/error-code.ts';
import { jobCounts } from '../../platform/jobs.ts';
import { setAsides } from '../../platform/set-aside.ts';
import { unjoinedIdentifiers } from '../../record/authorities.ts';
import { flaggedFacts, readFeeds } from '../../record/feeds.ts';
import { listDeliveries } from '../write-back/deliveries.ts';
import type { Target } from '../write-back/target.ts';

/** One thing looked at. `ill` needs a person now and makes the verb fail; `notice` can wait. `next` is what to do about it. */
export type Finding = { check: string; state: 'fine' | 'notice' | 'ill'; says: string; next?: string };

export type Patient = {
  db: Db;
  dataFolder: string;
  now(): string;
  rollback: RollbackFinding;
  /** What the start found in the intake segments and put back. */
  restored: { receipts: number; decisions: number; damaged: number };
  target: Target | undefined;
  authorities: ReadonlyMap<string, string>;
};

export type Health = { findings: Finding[]; counts: Record<string, string | number> };

/** Looks at a whole deployment: store, disk, journal, segments, clock, EHR, feeds, quarantine and jobs. Changes nothing. */
export async function examine(patient: Patient): Promise<Health> {
  const { db, rollback, restored } = patient;
  const [server] = await db.query<{ server_version: string }>('show server_version');
  const jobs = await jobCounts(db);
  const [waits] = await db.query<Waits>(WAITS);
  const waiting = { receipts: Number(waits!.receipts), quarantined: Number(waits!.quarantined), pending: Number(waits!.pending) };
  const findings: Finding[] = [
    { check: 'store', state: 'fine', says: `${db.kind} ${server?.server_version} answers, schema current` },
    await diskOf(patient.dataFolder),
    journalOf(rollback),
    checkpointsOf(waiting.pending, waits!.pending_seconds),
    segmentsOf(db, restored),
    ...setAsidesOf(patient.dataFolder),
    await clockOf(db),
    await ehrOf(patient.target),
    await signaturesOf(db),
    await deliveriesOf(db),
    ...(await feedsOf(db, patient.now())),
    ...(await flaggedOf(db)),
    await identifiersOf(db, patient.authorities),
    receiptsOf(waiting.receipts, waits!.receipts_seconds),
    quarantineOf(waiting.quarantined),
    jobsOf(jobs),
  ];
  const counts = {
    database: `${db.kind} ${server?.server_version}`,
    journal: rollback.outcome,
    checkpoint: Number(waits!.checkpoint ?? 0),
    restoredReceipts: restored.receipts,
    restoredDecisions: restored.decisions,
    receiptsWaiting: waiting.receipts,
    quarantined: waiting.quarantined,
    jobsReady: jobs.ready,
    jobsRunning: jobs.running,
    jobsDead: jobs.dead,
  };
  return { findings, counts };
}

type Waits = {
  receipts: bigint;
  receipts_seconds: number;
  quarantined: bigint;
  pending: bigint;
  pending_seconds: number;
  checkpoint: bigint | null;
};
const WAITS = `
  select (select count(*) from receipt where state = 'received') as receipts,
         (select coalesce(extract(epoch from clock_timestamp() - min(received_at)), 0)::float8 from receipt where state = 'received') as receipts_seconds,
         (select count(*) from quarantine where state = 'open') as quarantined,
         (select count(*) from journal_pending) as pending,
         (select coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::float8 from journal_pending) as pending_seconds,
         (select max(size) from checkpoint) as checkpoint`;

/** Below this a database cannot be backed up beside itself, and a burst of scanned documents can fill what is left. */
const LOW_DISK_BYTES = 1 << 30;
const FULL_DISK_BYTES = 100 << 20;
/** What has waited so long is not being worked on: workers look every quarter of a second, the sequencer ten times a second. */
const STUCK_SECONDS = 60;
/** FHIR and HL7 times are whole seconds; HTTP signatures and tokens usually allow a minute. */
const SKEW_SECONDS = 5;

async function diskOf(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const next = 'make room on the disk of the data folder: intake refuses what it cannot sync';
  if (free < FULL_DISK_BYTES) return { check: 'disk', state: 'ill', says: 'less than 100 MB are free', next };
  if (free < LOW_DISK_BYTES) return { check: 'disk', state: 'notice', says: 'less than 1 GB is free', next };
  return { check: 'disk', state: 'fine', says: 'more than 1 GB is free' };
}

function journalOf({ outcome }: RollbackFinding): Finding {
  const next = 'read docs/guides/journal.md, then: countersign journal verify';
  if (outcome === 'fine') return { check: 'journal', state: 'fine', says: 'extends the checkpoint kept outside the database' };
  if (outcome === 'none') return { check: 'journal', state: 'fine', says: 'nothing is kept outside the database yet' };
  if (outcome === 'rolled_back')
    return {
      check: 'journal',
      state: 'notice',
      says: 'this start found the database older than its checkpoint, and said so in the log',
      next,
    };
  return { check: 'journal', state: 'ill', says: `the database does not match the checkpoint kept outside it (${outcome})`, next };
}

function checkpointsOf(pending: number, seconds: number): Finding {
  if (seconds < STUCK_SECONDS) return { check: 'checkpoints', state: 'fine', says: 'no entry has waited a minute for its checkpoint' };
  const says = `${pending} entries wait for a checkpoint, the oldest for ${minutes(seconds)}: nothing signed since is written to the EHR`;
  return { check: 'checkpoints', state: 'ill', says, next: 'start one process with the sequencer: countersign serve (or --role worker)' };
}

function segmentsOf(db: Db, { receipts, decisions, damaged }: Patient['restored']): Finding {
  if (db.kind === 'postgres') return { check: 'segments', state: 'fine', says: 'none: PostgreSQL syncs what it acknowledges' };
  if (damaged > 0) {
    const next = 'keep a copy of the folder intake/, and look for a failing disk';
    return { check: 'segments', state: 'ill', says: `${damaged} damaged places were passed over at this start`, next };
  }
  if (receipts + decisions === 0) return { check: 'segments', state: 'fine', says: 'whole, and the database lacked nothing of them' };
  const says = `this start put back ${receipts} receipts and ${decisions} signatures that the database had lost`;
  return {
    check: 'segments',
    state: 'notice',
    says,
    next: 'nothing is lost; if it happens again without a power loss, look for a failing disk',
  };
}

function setAsidesOf(folder: string): Finding[] {
  return setAsides(folder).map((name) => ({
    check: 'set aside',
    state: 'notice',
    says: `${name} holds patient data that no erasure reaches`,
    next: 'delete it once nobody needs it for what the rebuild could not bring back',
  }));
}

async function clockOf(db: Db): Promise<Finding> {
  const [row] = await db.query<{ seconds: number }>('select extract(epoch from clock_timestamp())::float8 as seconds');
  const skew = Math.abs((row?.seconds ?? 0) - Date.now() / 1000);
  if (skew <= SKEW_SECONDS) return { check: 'clock', state: 'fine', says: `within ${SKEW_SECONDS} seconds of the database's` };
  const next = 'run a time service (NTP) on this machine and on the database server';
  return { check: 'clock', state: 'ill', says: `${Math.round(skew)} seconds from the database's`, next };
}

async function ehrOf(target: Target | undefined): Promise<Finding> {
  if (!target) {
    const next = 'set COUNTERSIGN_EHR_FHIR_BASE: until then signed notes wait';
    return { check: 'ehr', state: 'notice', says: 'no EHR is configured', next };
  }
  try {
    const { creates } = await target.abilities();
    if (creates('DocumentReference') !== false) return { check: 'ehr', state: 'fine', says: 'answers' };
    const next = 'ask the EHR for permission to create DocumentReference';
    return { check: 'ehr', state: 'ill', says: 'answers, and says it takes no DocumentReference', next };
  } catch (error) {
    const next = 'check COUNTERSIGN_EHR_FHIR_BASE and the network: signed notes wait and are written when it answers';
    return { check: 'ehr', state: 'ill', says: `does not answer (${errorCode(error)})`, next };
  }
}

async function signaturesOf(db: Db): Promise<Finding> {
  const [row] = await db.query<{ altered: bigint }>(
    `select count(distinct proposal) as altered from delivery where state = 'waiting' and reason = 'journal_broken'`,
  );
  const altered = Number(row!.altered);
  if (altered === 0) return { check: 'signatures', state: 'fine', says: 'no signed note that waits was altered' };
  const says = `${altered} signed notes are not what was signed any more, and are not written to the EHR`;
  return { check: 'signatures', state: 'ill', says, next: 'stop signing, read docs/guides/journal.md, then: countersign journal verify' };
}

async function deliveriesOf(db: Db): Promise<Finding> {
  const { items, waiting, waitingSince } = await listDeliveries(db, 'open');
  const waits =
    waiting === 0 ? 'no signed note waits for the EHR' : `${waiting} signed notes wait for the EHR, the first since ${waitingSince}`;
  if (items.length === 0) return { check: 'deliveries', state: 'fine', says: `${waits}; none needs a hand` };
  const wrong = items.filter((item) => item.state === 'failed').length;
  const next = 'see GET /api/deliveries, and docs/guides/integration.md for what each reason asks for';
  const says = `${waits}; ${items.length} need a hand${wrong > 0 ? `, ${wrong} of which stand in the EHR as they were not signed` : ''}`;
  return { check: 'deliveries', state: wrong > 0 ? 'ill' : 'notice', says, next };
}

async function feedsOf(db: Db, now: string): Promise<Finding[]> {
  const silent = (await readFeeds(db, now)).filter((feed) => feed.state === 'silent');
  if (silent.length === 0) return [{ check: 'feeds', state: 'fine', says: 'none is silent for longer than it usually is' }];
  return silent.map(({ source, lastAt }) => ({
    check: 'feeds',
    state: 'notice' as const,
    says: `${source} is silent since ${lastAt}, longer than it usually is`,
    next: 'ask its sender, or look at the interface engine between',
  }));
}

/** What a person does about facts of one fault that nothing is claimed from; then the feed is read again. */
const MENDS: Record<string, string> = {
  'zone-missing': 'name its zone in COUNTERSIGN_FEED_ZONES',
  'unit-conflict': 'ask the sender which of the two units it means, the code or the text',
  'unit-unknown': 'ask the sender for a UCUM unit, or for the unit to be mapped here',
};

async function flaggedOf(db: Db): Promise<Finding[]> {
  const feeds = await flaggedFacts(db, null);
  if (feeds.size === 0) return [{ check: 'trust', state: 'fine', says: 'no fact is kept from use by a fault' }];
  return [...feeds].map(([source, flags]) => ({
    check: 'trust',
    state: 'notice' as const,
    says: `${source}: nothing is claimed from ${flags.map(({ flag, facts }) => `${facts} facts with ${flag}`).join(', ')}`,
    next: `${flags.map(({ flag }) => MENDS[flag]).find(Boolean) ?? 'mend it at the sender'}, then: countersign reread ${source}`,
  }));
}

async function identifiersOf(db: Db, authorities: ReadonlyMap<string, string>): Promise<Finding> {
  const unjoined = await unjoinedIdentifiers(db, authorities);
  if (unjoined === 0) return { check: 'identifiers', state: 'fine', says: 'each stands under the name that the site gives its authority' };
  return {
    check: 'identifiers',
    state: 'ill',
    says: `${unjoined} belong to two people each, by COUNTERSIGN_AUTHORITIES, whose birth dates or sexes differ: nobody was joined`,
    next: 'compare the registrations under Feeds, correct them at the source, and start again',
  };
}

function receiptsOf(waiting: number, seconds: number): Finding {
  if (seconds < STUCK_SECONDS) return { check: 'receipts', state: 'fine', says: 'none has waited a minute to be read' };
  const says = `${waiting} receipts wait to be read, the oldest for ${minutes(seconds)}`;
  return { check: 'receipts', state: 'ill', says, next: 'start a worker: countersign serve (or --role worker)' };
}

function quarantineOf(open: number): Finding {
  if (open === 0) return { check: 'quarantine', state: 'fine', says: 'empty' };
  return {
    check: 'quarantine',
    state: 'notice',
    says: `${open} items wait for a person`,
    next: 'see them under Feeds, and replay after a fix',
  };
}

function jobsOf({ dead }: { dead: number }): Finding {
  if (dead === 0) return { check: 'jobs', state: 'fine', says: 'none has given up' };
  const next = 'look for job.died in the log, mend the cause, then replay under Feeds';
  return { check: 'jobs', state: 'ill', says: `${dead} gave up after their last attempt`, next };
}

function minutes(seconds: number): string {
  return `${Math.round(seconds / 60)} minutes`;
}
