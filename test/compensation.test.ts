/* What becomes of a signed note that an EHR does not keep as it was signed: through the doors, from the signature to whoever mends it. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ProposalView, WorklistItem } from '../src/core/api.ts';
import type { Deliveries } from '../src/delivery/write-back/deliveries.ts';
import { type Seat, startHouse, type TestHouse } from './house.ts';
import { potassium, visit } from './payloads.ts';

const MRNS = Array.from({ length: 9 }, (_, index) => `61000${String(index).padStart(2, '0')}`);
const CALM = { outage: false, conditionalCreate: true, rejectTypes: [], alter: [], createTwice: 0, refuseUpdates: false, lagReads: 0 };

let house: TestHouse;
let clinician: Seat;
let engineer: Seat;
let used = 0;

beforeAll(async () => {
  house = await startHouse({ mrns: [...MRNS, '0000001'] });
  clinician = await house.signIn('halloran');
  engineer = await house.signIn('marsh');
});
afterEach(() => house.play('/play/behaviour', CALM));
afterAll(() => house.stop());

it('R137: a note that the EHR files under somebody else is withdrawn there, shown, journalled and counted; the signature stands', async () => {
  await house.play('/play/behaviour', { alter: ['subject'] });
  const id = await signedNote();

  const view = await clinician.get<ProposalView>(`/api/proposals/${id}`);
  const [document, provenance] = view.delivery;

  expect(document).toMatchObject({ state: 'kept', reason: 'withdrawn-subject', reference: expect.stringMatching(/^DocumentReference\//) });
  expect(provenance).toMatchObject({ state: 'kept', reason: 'document-not-delivered' });
  expect([view.state, view.decision?.kind, view.decision?.by]).toEqual(['signed', 'signed', 'Dr. Ines Halloran']);
  expect(await there(id)).toEqual(['entered-in-error']);
  expect(await journal(id)).toEqual(['decision.signed', 'delivery.withdrawn', 'delivery.kept', 'delivery.kept']);
  expect(await house.verifyJournal()).toMatchObject({ ok: true, problems: [] });
  expect(await kpi('deliveries.withdrawn')).toBe(1);
  expect(await open(id)).toEqual([['DocumentReference', 'kept', 'withdrawn-subject']]);
});

it('R137: a Provenance that the EHR refuses for good leaves the note standing and is an open item until somebody sees to it', async () => {
  await house.play('/play/behaviour', { rejectTypes: ['Provenance'] });
  const id = await signedNote();

  expect(await open(id)).toEqual([['Provenance', 'kept', expect.stringMatching(/^(type-not-accepted|refused-404)/)]]);
  expect(await there(id)).toEqual(['current']);
  const path = `/api/deliveries/${id}/Provenance`;
  expect((await clinician.post(`${path}/close`, { reason: 'entered by hand' })).status).toBe(403);
  expect((await engineer.post(`${path}/close`, { reason: 'x' })).status).toBe(400);
  expect((await engineer.post(`${path}/close`, { reason: 'the EHR takes no Provenance' })).status).toBe(201);
  expect((await engineer.post(`${path}/close`, { reason: 'once more' })).status).toBe(404);
  expect(await open(id)).toEqual([]);
  expect((await journal(id)).at(-1)).toBe('delivery.closed');
});

it('R137: what the EHR did not take is sent again once somebody mended it, and once only', async () => {
  await house.play('/play/behaviour', { rejectTypes: ['DocumentReference'] });
  const id = await signedNote();
  expect((await open(id))[0]).toEqual(['DocumentReference', 'kept', expect.stringMatching(/^(type-not-accepted|refused-404)/)]);

  await house.play('/play/behaviour', CALM);
  expect((await engineer.post(`/api/deliveries/${id}/DocumentReference/again`)).status).toBe(202);
  await house.settle();

  expect(await there(id)).toEqual(['current']);
  expect(await journal(id)).toEqual([
    ...['decision.signed', 'delivery.kept', 'delivery.kept', 'delivery.reopened'],
    ...['delivery.confirmed', 'delivery.confirmed'],
  ]);
  expect((await engineer.post(`/api/deliveries/${id}/DocumentReference/again`)).status).toBe(404);
});

it('R137: what stands there wrong, or was withdrawn there, is not sent again', async () => {
  await house.play('/play/behaviour', { alter: ['content'], refuseUpdates: true });
  const stands = await signedNote();
  await house.play('/play/behaviour', { alter: ['content'], refuseUpdates: false });
  const withdrawn = await signedNote();

  for (const id of [stands, withdrawn]) {
    const answer = await engineer.post(`/api/deliveries/${id}/DocumentReference/again`);
    expect([answer.status, answer.body.code]).toEqual([409, 'decided']);
  }
  expect([await there(stands), await there(withdrawn)]).toEqual([['current'], ['entered-in-error']]);
  expect((await open(stands))[0]).toEqual(['DocumentReference', 'failed', 'stands-content']);
});

it('R137: how many notes wait, and since when, is told while the EHR is down', async () => {
  await house.play('/play/behaviour', { outage: true });
  const id = await signedNote();

  const { items, waiting, waitingSince } = await engineer.get<Deliveries>('/api/deliveries?state=waiting');
  expect(items.filter((item) => item.proposal === id).map((item) => [item.surface, item.reason])).toEqual([
    ['DocumentReference', 'ehr_unavailable'],
    ['Provenance', 'ehr_unavailable'],
  ]);
  expect([waiting, waitingSince]).toEqual([1, '2026-11-22T15:00:00.000Z']);
  const metrics = await (await fetch(`${house.doors.url}/metrics`)).text();
  expect(metrics).toContain('countersign_deliveries_waiting 1');
  expect(metrics).toMatch(/countersign_deliveries_oldest_waiting_seconds \d/);
  expect(metrics).toMatch(/countersign_deliveries_open\{state="failed"\} 1/);
});

it('R137: in an outage of hours tries come at most a minute apart, and neither the journal nor the queue grows with them', async () => {
  await house.play('/play/behaviour', { outage: true });
  const id = await signedNote();
  const before = await counts();

  for (let tries = 0; tries < 15; tries++) {
    await house.app.db.query(`update job set run_at = now() where kind = 'decision' and state = 'ready'`);
    await house.app.worker.drain();
  }

  const [job] = await house.app.db.query<{ attempts: number; seconds: number; state: string }>(
    `select attempts, state, extract(epoch from run_at - now())::float8 as seconds from job where key = $1`,
    [`decision:${id}`],
  );
  expect(job).toMatchObject({ state: 'ready', attempts: 16 });
  expect(job!.seconds).toBeGreaterThan(25);
  expect(job!.seconds).toBeLessThanOrEqual(60);
  expect(await counts()).toEqual(before);
  expect((await clinician.get<ProposalView>(`/api/proposals/${id}`)).delivery[0]).toMatchObject({ state: 'waiting', attempts: 16 });
});

async function counts(): Promise<unknown> {
  const [row] = await house.app.db.query(
    'select (select count(*)::int from journal) as journal, (select count(*)::int from job) as jobs, (select count(*)::int from delivery) as deliveries',
  );
  return row;
}

/** A signed note about somebody new, and one try to write it. */
async function signedNote(): Promise<string> {
  const mrn = MRNS[used++]!;
  await house.take('', potassium({ mrn, value: '5.6' }));
  await house.take('north-ehr', visit(mrn));
  await house.settle();
  const { items } = await clinician.get<{ items: WorklistItem[] }>('/api/worklist');
  const { id } = items.find((item) => item.person.mrn === mrn)!;
  const { contentHash } = await clinician.get<ProposalView>(`/api/proposals/${id}`);
  expect((await clinician.post(`/api/proposals/${id}/signature`, { contentHash })).status).toBe(201);
  await house.app.worker.drain();
  return id;
}

async function there(proposal: string): Promise<unknown[]> {
  const documents = await house.writtenTo('DocumentReference');
  return documents.filter((one) => JSON.stringify(one['identifier']).includes(proposal)).map((one) => one['status']);
}

async function open(proposal: string): Promise<unknown[]> {
  const { items } = await engineer.get<Deliveries>('/api/deliveries');
  return items.filter((item) => item.proposal === proposal).map(({ surface, state, reason }) => [surface, state, reason]);
}

async function journal(proposal: string): Promise<string[]> {
  return (await house.journalKinds(proposal)).filter((kind) => /^(decision|delivery)\./.test(kind));
}

async function kpi(id: string): Promise<number | undefined> {
  const { kpis } = await clinician.get<{ kpis: { id: string; role: string | null; value: number }[] }>('/api/kpis');
  return kpis.find((one) => one.id === id && one.role === null)?.value;
}
