/**
 * The product on one screen, in the order in which a fact travels:
 * receive → normalise → retrieve → generate → verify → review → act → measure.
 * Seven entries, each a door, a job or the clock. Order lives here; clinical and policy conditions live in the rooms.
 */
import { retrieve } from './ai/retrieve/retrieve.ts';
import { type Run, runPack } from './ai/run.ts';
import type { Chart } from './core/fact.ts';
import type { Pack } from './core/pack.ts';
import type { Intake } from './core/ports.ts';
import type { Payload } from './core/receipt.ts';
import type { WriteBackDesk } from './delivery/write-back/release.ts';
import { releaseDecision } from './delivery/write-back/release.ts';
import { systemPermit } from './governance/access.ts';
import { type DueTrigger, dueTriggers, planNextLook, takeDueLooks } from './governance/due.ts';
import { askedByHook, offer, relyingOn } from './governance/proposals.ts';
import type { ReadPayload } from './interop/read-payload.ts';
import type { Db, Queryable } from './platform/database.ts';
import { enqueueAgain, type NewJob } from './platform/jobs.ts';
import { readChart } from './record/chart.ts';
import { freezeEvidence, storedBytes } from './record/lineage.ts';
import { readAhead } from './record/read-ahead.ts';
import { type Batch, type ReceiptRow, readNow, readWaiting, type Waiting } from './record/receipts.ts';
import { recordReadings, setAside } from './record/record-readings.ts';

/** What the flow stands on; app.ts fills it with real adapters. */
export type House = {
  db: Db;
  packs: readonly Pack[];
  intake: Intake;
  read: ReadPayload;
  batch: Batch;
  writeBack: WriteBackDesk;
  now(): string;
  /** Told of every run of a pack and how long it took, for metrics. */
  onRun?(pack: string, run: Run, seconds: number): void;
};

/** Results of one visit come in a burst; drafting waits for its end, at most this long. */
export const BURST_MS = 1500;

/** Door: bytes arrive. Answers once they are on disk. */
export async function onPayload(house: House, payload: Payload): Promise<{ receipt: string; repeat: boolean }> {
  return house.intake(payload);
}

/** Job: receipts that wait become facts, until none waits or it is to stop; or one alone, now, for a door that answers with what became of it. */
export async function onReceipt(house: House, only?: string, stopping?: AbortSignal): Promise<boolean> {
  const { db, now } = house;
  const ahead = readAhead(db, house.batch, house.read);
  const record = async (tx: Queryable, waiting: Waiting[]): Promise<void> => {
    const reads = waiting.map(({ receipt, bytes }) => ({ receipt, reading: ahead.read(receipt, bytes) }));
    const changes = await recordReadings(tx, reads, now());
    await enqueueAgain(tx, changes.persons.map(factsOf), BURST_MS); // biome-ignore format: short
    await enqueueAgain(tx, changes.superseded.map(({ fact }) => ({ key: `superseded:${fact}`, kind: 'superseded', payload: { fact } }))); // biome-ignore format: short
  };
  const refused = (tx: Queryable, receipt: ReceiptRow, code: string) => setAside(tx, receipt, code, now());
  return only ? readNow(db, only, record, refused) : readWaiting(db, house.batch, record, refused, ahead.next, stopping);
}

/** Job: somebody's record changed. Every pack that has a reason to draft about them drafts again, all from one reading of the chart. */
export async function onFacts(house: House, person: string): Promise<string[]> {
  const chart = await chartOf(house, person);
  const offered: string[] = [];
  await planNextLook(house.db, house.packs, chart);
  for (const pack of house.packs) {
    for (const due of await dueTriggers(house.db, pack, chart)) offered.push(await draft(house, pack, chart, due));
  }
  return offered;
}

/** Time passes: whoever a visit or a result has come due for meanwhile is drafted about again. True while more may be due. */
export async function onTime(house: House): Promise<boolean> {
  return house.db.transaction(async (tx) => {
    const persons = await takeDueLooks(tx, house.now());
    await enqueueAgain(tx, persons.map(factsOf)); // biome-ignore format: short
    return persons.length > 0;
  });
}

/** Door: a clinician opens a chart in the EHR. Returns the live draft about this person, written now where there is none. */
export async function onHook(house: House, person: string): Promise<string | undefined> {
  const [pack] = house.packs.filter((one) => one.surfaces.includes('cds-hooks'));
  const asked = pack && (await askedByHook(house.db, pack, person));
  if (!pack || !asked) return undefined;
  return asked.live ?? draft(house, pack, await chartOf(house, person), asked.due);
}

/** Job: a clinician decided. What they signed is written to the EHR, once, after the signature stands under a signed checkpoint. */
export async function onDecision(house: House, proposal: string): Promise<void> {
  await releaseDecision(house.writeBack, proposal);
}

/** Job: a fact was corrected, retracted or moved. Whoever has a draft that relied on it gets a fresh one. */
export async function onSuperseded(house: House, fact: string): Promise<void> {
  await enqueueAgain(house.db, (await relyingOn(house.db, fact)).map(factsOf)); // biome-ignore format: short
}

/** Retrieve → generate → verify → offer for review. */
async function draft(house: House, pack: Pack, chart: Chart, due: DueTrigger): Promise<string> {
  const needed = retrieve(chart, pack).chart;
  const begun = performance.now();
  const run = await runPack(pack, needed, due.fact, (supports, facts) => freezeEvidence(supports, facts, storedBytes(house.db)));
  house.onRun?.(pack.id, run, (performance.now() - begun) / 1000);
  const { id } = await house.db.transaction((tx) => offer(tx, { pack, person: chart.person, trigger: due.trigger, run }, house.now()));
  return id;
}

async function chartOf(house: House, person: string): Promise<Chart> {
  const now = house.now();
  return readChart(house.db, systemPermit('flow', person, 'treatment', now), person, now);
}

function factsOf(person: string): NewJob {
  return { key: `facts:${person}`, kind: 'facts', payload: { person } };
}
