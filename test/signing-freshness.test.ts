/* A signature says what the record says at the click: what was acknowledged before it counts, and so does the time that has passed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProposalView, WorklistItem } from '../src/core/api.ts';
import { onReceipt } from '../src/flow.ts';
import { type Seat, startHouse, type TestHouse } from './house.ts';

const DAY_MS = 86_400_000;

let house: TestHouse;
let clinician: Seat;

beforeAll(async () => {
  house = await startHouse({ ehr: false });
  clinician = await house.signIn('halloran');
});
afterAll(() => house.stop());

describe('what was acknowledged and is not read yet', () => {
  it('R135: refuses the signature about whom it speaks, says why, and leaves the draft signable once it is read', async () => {
    house.app.desk.readWithinMs = 0;
    await house.take('', potassium('5000101', '5.5', '20261120061500-0600'));
    await house.take('north-ehr', visit('5000101', '2026-11-23T10:20:00-06:00'));
    await house.take('', potassium('5000102', '5.4', '20261120061500-0600'));
    await house.take('north-ehr', visit('5000102', '2026-11-23T10:20:00-06:00'));
    await house.settle();
    const [about, another] = [await draftAbout('5000101'), await draftAbout('5000102')];
    expect(await house.send(potassium('5000101', '7.9', '20261121061500-0600'))).toContain('MSA|AA|');

    const refused = await sign(about!);
    const elsewhere = await sign(another!);

    expect([refused.status, refused.body.code]).toEqual([409, 'stale']);
    expect(refused.body['details']).toEqual({
      changes: [{ text: 'Messages that may be about this person have arrived and are not read yet.' }],
      successor: null,
    });
    expect(JSON.stringify(refused.body)).not.toMatch(/5000101|7\.9|OSGOOD/);
    expect(elsewhere.status).toBe(201);
    await onReceipt(house.app.house);
    expect(((await sign(about!)).body['details'] as { changes: { text: string }[] }).changes.map((one) => one.text).join()).toContain(
      '7.9',
    );
  });

  it('is waited for a moment, so that a click right after a result is answered with the difference', async () => {
    await house.take('', potassium('5000201', '5.5', '20261120061500-0600'));
    await house.take('north-ehr', visit('5000201', '2026-11-23T10:20:00-06:00'));
    await house.settle();
    const draft = await draftAbout('5000201');
    await house.send(potassium('5000201', '7.9', '20261121061500-0600'));
    house.app.desk.readWithinMs = 60_000;

    const click = sign(draft!);
    await onReceipt(house.app.house);

    const { changes } = (await click).body['details'] as { changes: { text: string }[] };
    expect(changes.map((one) => one.text).join()).toContain('7.9');
  });

  it.each([
    ['an id in escapes', '{"resourceType":"Observation","subject":{"reference":"Patient/p\\u00350003001"}}'],
    ['more than can be looked through', JSON.stringify({ resourceType: 'Bundle', note: 'x'.repeat(9 << 20) })],
  ])('may speak of anybody: %s', async (how, bytes) => {
    const mrn = how === 'an id in escapes' ? '50003001' : '50003002';
    house.app.desk.readWithinMs = 0;
    await house.take('', potassium(mrn, '5.5', '20261120061500-0600'));
    await house.take('north-ehr', visit(mrn, '2026-11-23T10:20:00-06:00'));
    await house.settle();
    const draft = await draftAbout(mrn);
    await house.take('other', bytes);

    expect((await sign(draft!)).body.code).toBe('stale');
  });
});

describe('time that has passed', () => {
  it('R135: a result that has come due since the draft was written refuses the old words', async () => {
    await house.take('', potassium('5000401', '6.6', '20261122140000+0000'));
    await house.take('', potassium('5000401', '4.2', '20261122150030+0000'));
    await house.take('north-ehr', visit('5000401', '2026-11-23T10:20:00-06:00'));
    await house.settle();
    const draft = await draftAbout('5000401');
    house.clock.advance(34_000);

    const answer = await sign(draft!);

    expect([answer.status, answer.body.code]).toEqual([409, 'stale']);
    expect((answer.body['details'] as { changes: { text: string }[] }).changes.map((one) => one.text).join()).toContain('6.6');
  });

  it('alone is no reason to refuse: a draft of yesterday that would say the same today is signed', async () => {
    await house.take('', potassium('5000501', '5.5', '20261120061500-0600'));
    await house.take('north-ehr', visit('5000501', '2026-11-24T10:20:00-06:00'));
    await house.settle();
    const draft = await draftAbout('5000501');
    expect(draft!.sentences.map((one) => one.text).join()).toContain('o visits are recorded since 23 Nov 2021');
    house.clock.advance(DAY_MS);
    clinician = await house.signIn('halloran');

    expect((await sign(draft!)).status).toBe(201);
  });
});

async function sign(draft: ProposalView) {
  return clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash: draft.contentHash });
}

async function draftAbout(mrn: string): Promise<ProposalView | undefined> {
  const { items } = await clinician.get<{ items: WorklistItem[] }>('/api/worklist');
  const item = items.find((one) => one.person.mrn === mrn);
  return item && clinician.get<ProposalView>(`/api/proposals/${item.id}`);
}

function potassium(mrn: string, value: string, at: string): string {
  return [
    `MSH|^~\\&|NORTHLAB|NORTH|COUNTERSIGN|NORTH|${at}||ORU^R01^ORU_R01|${mrn}${value}${at}|P|2.5.1`,
    `PID|1||${mrn}^^^NORTH&2.999.1.1&ISO^MR||OSGOOD^LENORA^T||19550214|F`,
    `OBR|1||${at}${mrn}^NORTHLAB|24320-4^Basic metabolic panel^LN|||${at}|||||||||||||||${at}|||F`,
    `OBX|1|NM|2823-3^Potassium^LN||${value}|mmol/L|3.5-5.1|H|||F|||${at}`,
  ].join('\r');
}

function visit(mrn: string, start: string, status = 'booked'): string {
  const patient = { resourceType: 'Patient', id: `p${mrn}`, identifier: [{ system: 'urn:oid:2.999.1.1', value: mrn }], gender: 'female' };
  const participant = [{ actor: { reference: `Patient/p${mrn}` }, status: 'accepted' }];
  const appointment = { resourceType: 'Appointment', id: `a${mrn}`, status, start, end: start, participant };
  return JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry: [{ resource: patient }, { resource: appointment }] });
}
