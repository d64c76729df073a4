/* Two registrations of one person, merged: the note goes to the chart that stands, also where the EHR still keeps the other. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ProposalView, WorklistItem } from '../src/core/api.ts';
import { type Seat, startHouse, type TestHouse } from './house.ts';

const KEPT = '4471902';
const GONE = '4471955';
let house: TestHouse;
let clinician: Seat;
beforeAll(async () => {
  house = await startHouse({ mrns: [KEPT, GONE] });
  clinician = await house.signIn('halloran');
});
afterAll(() => house.stop());

it('R91: a note about a merged person is written to the surviving registration, once, although the EHR knows both', async () => {
  await house.send(adt('A04', pid(KEPT)));
  await house.send(adt('A04', pid(GONE)));
  await house.take('north-ehr', visit(GONE));
  await house.send(adt('A40', pid(KEPT), `MRG|${GONE}^^^NORTH&2.999.1.1&ISO^MR`));
  await house.settle();

  await sign();

  expect(await subjects()).toEqual([`Patient/pat-${KEPT}`]);
});

it('R91: one signed before the merge is written to the surviving registration too', async () => {
  const [kept, gone] = ['4471960', '4471961'];
  await house.send(adt('A04', pid(gone)));
  await house.take('north-ehr', visit(gone));
  await house.settle();
  await sign();
  expect(await waiting()).toEqual(['patient-not-found']);

  await house.send(adt('A04', pid(kept)));
  await house.send(adt('A40', pid(kept), `MRG|${gone}^^^NORTH&2.999.1.1&ISO^MR`));
  await house.play('/fhir/Patient', patient(kept));
  await house.settle();
  house.clock.advance(120_000);
  await house.app.db.query(`update job set run_at = now() where kind = 'decision' and state = 'ready'`);
  await house.settle();

  expect(await subjects()).toHaveLength(2);
  expect((await subjects()).at(-1)).not.toBe(`Patient/pat-${KEPT}`);
  expect(await waiting()).toEqual([]);
});

async function sign(): Promise<void> {
  const { items } = await clinician.get<{ items: WorklistItem[] }>('/api/worklist?role=clinician');
  const draft = await clinician.get<ProposalView>(`/api/proposals/${items[0]!.id}`);
  const signed = await clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash: draft.contentHash });
  expect(signed.status).toBe(201);
  await house.settle();
  await house.settle();
}

async function subjects(): Promise<string[]> {
  const documents = (await house.writtenTo('DocumentReference')) as { subject: { reference: string } }[];
  return documents.map(({ subject }) => subject.reference);
}

async function waiting(): Promise<string[]> {
  const rows = await house.app.db.query<{ reason: string }>(
    `select reason from delivery where state = 'waiting' and surface = 'DocumentReference'`,
  );
  return rows.map(({ reason }) => reason);
}

let control = 0;
function adt(event: string, ...segments: string[]): string {
  control += 1;
  const at = `202611220${String(900 + control)}00-0600`;
  return [`MSH|^~\\&|ADT|NORTH|COUNTERSIGN|NORTH|${at}||ADT^${event}|A${control}|P|2.5.1`, `EVN|${event}|${at}`, ...segments].join('\r');
}

function pid(mrn: string): string {
  return `PID|1||${mrn}^^^NORTH&2.999.1.1&ISO^MR||OSGOOD^LENORA||19550214|F`;
}

function patient(mrn: string): Record<string, unknown> {
  const identifier = [{ type: { coding: [{ code: 'MR' }] }, system: 'urn:oid:2.999.1.1', value: mrn }];
  return { resourceType: 'Patient', id: `p${mrn}`, identifier, name: [{ family: 'Osgood' }], birthDate: '1955-02-14', gender: 'female' };
}

function visit(mrn: string): string {
  const appointment = {
    resourceType: 'Appointment',
    id: `a${mrn}`,
    status: 'booked',
    start: '2026-11-23T15:00:00Z',
    end: '2026-11-23T15:30:00Z',
    participant: [{ actor: { reference: `Patient/p${mrn}` }, status: 'accepted' }],
  };
  const entry = [patient(mrn), appointment].map((resource) => ({ resource }));
  return JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry });
}
