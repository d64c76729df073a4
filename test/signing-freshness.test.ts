/* A signature says what the record says at the click: what was acknowledged before it counts, and so does the time that has passed. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProposalView, WorklistItem } from '../src/core/api.ts';
import type { Fact } from '../src/core/fact.ts';
import { onReceipt } from '../src/flow.ts';
import { planNextLook } from '../src/governance/due.ts';
import { erase } from '../src/governance/erasure.ts';
import { requirePerson } from '../src/record/people.ts';
import { type Seat, startHouse, type TestHouse } from './house.ts';
import { potassium, visit } from './payloads.ts';

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
    await house.take('', potassiumAt('5000101', '5.5', '20261120061500-0600'));
    await house.take('north-ehr', visit('5000101'));
    await house.take('', potassiumAt('5000102', '5.4', '20261120061500-0600'));
    await house.take('north-ehr', visit('5000102'));
    await house.settle();
    const [about, another] = [await draftAbout('5000101'), await draftAbout('5000102')];
    const arrivedAt = house.clock.now();
    expect(await house.send(potassiumAt('5000101', '7.9', '20261121061500-0600'))).toContain('MSA|AA|');

    const refused = await sign(about!);
    const elsewhere = await sign(another!);

    expect([refused.status, refused.body.code]).toEqual([409, 'stale']);
    expect(refused.body['details']).toEqual({
      kind: 'unread',
      unreadSince: arrivedAt,
      changes: [{ text: 'Messages that may be about this person have arrived and are not read yet.' }],
      successor: null,
    });
    expect(JSON.stringify(refused.body)).not.toMatch(/5000101|7\.9|OSGOOD/);
    expect(elsewhere.status).toBe(201);
    await onReceipt(house.app.house);
    const moved = (await sign(about!)).body['details'] as { kind: string; changes: { text: string }[] };
    expect(moved.kind).toBe('changed');
    expect(moved.changes.map((one) => one.text).join()).toContain('7.9');
  });

  it('is waited for a moment, so that a click right after a result is answered with the difference', async () => {
    await house.take('', potassiumAt('5000201', '5.5', '20261120061500-0600'));
    await house.take('north-ehr', visit('5000201'));
    await house.settle();
    const draft = await draftAbout('5000201');
    await house.send(potassiumAt('5000201', '7.9', '20261121061500-0600'));
    house.app.desk.readWithinMs = 60_000;

    const click = sign(draft!);
    await onReceipt(house.app.house);

    const { changes } = (await click).body['details'] as { changes: { text: string }[] };
    expect(changes.map((one) => one.text).join()).toContain('7.9');
  });

  it('R135: once a fresher draft has taken its place, the refusal still tells the difference', async () => {
    await house.take('', potassiumAt('5000202', '5.5', '20261120061500-0600'));
    await house.take('north-ehr', visit('5000202'));
    await house.settle();
    const seen = await draftAbout('5000202');
    await house.send(potassiumAt('5000202', '7.9', '20261121061500-0600'));
    await house.settle();

    const answer = await sign(seen!);

    const { kind, changes, successor } = answer.body['details'] as { kind: string; changes: { text: string }[]; successor: string };
    expect([answer.status, answer.body.code, kind, successor]).toEqual([409, 'stale', 'changed', (await draftAbout('5000202'))!.id]);
    const said = changes.map((one) => one.text);
    expect(said.some((text) => text.startsWith('New: ') && text.includes('7.9'))).toBe(true);
    expect(said.some((text) => text.startsWith('No longer: ') && text.includes('5.5'))).toBe(true);
  });

  it.each([
    ['an id in escapes', '{"resourceType":"Observation","subject":{"reference":"Patient/p\\u00350003001"}}'],
    ['more than can be looked through', JSON.stringify({ resourceType: 'Bundle', note: 'x'.repeat(9 << 20) })],
  ])('may speak of anybody: %s', async (how, bytes) => {
    const mrn = how === 'an id in escapes' ? '50003001' : '50003002';
    house.app.desk.readWithinMs = 0;
    await house.take('', potassiumAt(mrn, '5.5', '20261120061500-0600'));
    await house.take('north-ehr', visit(mrn));
    await house.settle();
    const draft = await draftAbout(mrn);
    await house.take('other', bytes);

    expect((await sign(draft!)).body.code).toBe('stale');
  });
});

describe('time that has passed', () => {
  it('R135: a result that has come due since the draft was written refuses the old words', async () => {
    await house.take('', potassiumAt('5000401', '6.6', '20261122140000+0000'));
    await house.take('', potassiumAt('5000401', '4.2', '20261122150030+0000'));
    await house.take('north-ehr', visit('5000401'));
    await house.settle();
    const draft = await draftAbout('5000401');
    house.clock.advance(34_000);

    const answer = await sign(draft!);

    expect([answer.status, answer.body.code]).toEqual([409, 'stale']);
    expect((answer.body['details'] as { changes: { text: string }[] }).changes.map((one) => one.text).join()).toContain('6.6');
  });

  it('alone is no reason to refuse: a draft of yesterday that would say the same today is signed', async () => {
    await house.take('', potassiumAt('5000501', '5.5', '20261120061500-0600'));
    await house.take('north-ehr', visit('5000501', { start: '2026-11-24T10:20:00-06:00' }));
    await house.settle();
    const draft = await draftAbout('5000501');
    expect(draft!.sentences.map((one) => one.text).join()).toContain('o visits are recorded since 23 Nov 2021');
    house.clock.advance(DAY_MS);
    clinician = await house.signIn('halloran');

    expect((await sign(draft!)).status).toBe(201);
  });
});

describe('time alone', () => {
  it('brings the draft of a visit three days before it, and takes it away when the visit is over', async () => {
    const start = Date.parse(house.clock.now()) + 20 * DAY_MS;
    await house.take('', potassiumAt('5000601', '5.5', '20261120061500-0600'));
    await house.take('north-ehr', visit('5000601', { start: new Date(start).toISOString() }));
    await house.settle();
    const early = await draftAbout('5000601');
    await passTo(start - 3 * DAY_MS - 1);
    const almost = await draftAbout('5000601');
    await passTo(start - 3 * DAY_MS);
    const inTime = await draftAbout('5000601');
    await passTo(start + DAY_MS / 2);
    const during = await draftAbout('5000601');
    await passTo(start + DAY_MS / 2 + 1);

    expect([early, almost]).toEqual([undefined, undefined]);
    expect(inTime?.dueAt).toBe(new Date(start).toISOString());
    expect(during?.id).toBe(inTime?.id);
    expect(await draftAbout('5000601')).toBeUndefined();
    expect((await clinician.get<ProposalView>(`/api/proposals/${inTime!.id}`)).state).toBe('withdrawn');
    expect(await house.app.db.query('select 1 from next_look where at <= $1', [house.clock.now()])).toEqual([]);
  });

  it('loses no nearer visit where one further off was planned first, and none where the nearer is cancelled', async () => {
    const now = Date.parse(house.clock.now());
    const [near, far] = [now + 10 * DAY_MS, now + 30 * DAY_MS];
    await house.take('', potassiumAt('5000701', '5.5', '20261120061500-0600'));
    await house.take('north-ehr', visit('5000701', { start: new Date(far).toISOString(), name: 'far' }));
    await house.settle();
    await house.take('north-ehr', visit('5000701', { start: new Date(near).toISOString(), name: 'near' }));
    await house.settle();
    await passTo(near - 3 * DAY_MS);
    const first = await draftAbout('5000701');
    await house.take('north-ehr', visit('5000701', { start: new Date(near).toISOString(), status: 'cancelled', name: 'near' }));
    await house.settle();
    const between = await draftAbout('5000701');
    await passTo(far - 3 * DAY_MS);

    expect(first?.dueAt).toBe(new Date(near).toISOString());
    expect(between).toBeUndefined();
    expect((await draftAbout('5000701'))?.dueAt).toBe(new Date(far).toISOString());
  });

  it('brings a fresh draft when a result that was dated ahead comes due', async () => {
    const now = Date.parse(house.clock.now());
    await house.take('', potassiumAt('5000801', '6.6', hl7Time(now - 3_600_000)));
    await house.take('', potassiumAt('5000801', '4.2', hl7Time(now + 3_600_000)));
    await house.take('north-ehr', visit('5000801', { start: new Date(now + DAY_MS).toISOString() }));
    await house.settle();
    const before = await draftAbout('5000801');
    await passTo(now + 3_600_000);

    expect(before!.sentences.map((one) => one.text).join()).toContain('6.6');
    expect((await draftAbout('5000801'))!.sentences.map((one) => one.text).join()).not.toContain('6.6');
  });
});

describe('a planned look', () => {
  it('is not put off by somebody who read the chart before the nearer visit came', async () => {
    const [near, far] = [Date.parse(house.clock.now()) + 10 * DAY_MS, Date.parse(house.clock.now()) + 30 * DAY_MS];
    await house.take('north-ehr', visit('5000901', { start: new Date(near).toISOString() }));
    await house.settle();
    const person = await personOf('5000901');

    const older = { type: 'Appointment', retracted: false, validFrom: new Date(far).toISOString(), atoms: [] } as unknown as Fact;
    await planNextLook(house.app.db, [], { person, asOf: house.clock.now(), facts: [older], superseded: [] });

    expect(await lookAt(person)).toBe(new Date(near - 3 * DAY_MS).toISOString());
  });

  it('is planned for whoever had a visit ahead before looks were planned', async () => {
    await house.take('north-ehr', visit('5001001', { start: '2099-03-01T10:00:00Z' }));
    await house.settle();
    const person = await personOf('5001001');
    const migration = readFileSync(new URL('../migrations/0012_plan_next_look.sql', import.meta.url), 'utf8');
    await house.app.db.query('delete from next_look');

    await house.app.db.exec(migration.slice(migration.indexOf('insert into next_look')));

    expect(Date.parse((await lookAt(person))!)).toBeLessThan(Date.parse('2099-01-01'));
  });

  it('is forgotten with the person', async () => {
    await house.take('north-ehr', visit('5001101', { start: '2099-03-01T10:00:00Z' }));
    await house.settle();
    const person = await personOf('5001101');
    expect(await lookAt(person)).toBeDefined();

    await erase(house.app.db, { person, actor: 'a', reason: 'asked for', at: house.clock.now() });

    expect(await lookAt(person)).toBeUndefined();
  });
});

async function personOf(mrn: string): Promise<string> {
  return requirePerson(house.app.db, `urn:oid:2.999.1.1|${mrn}`);
}

async function lookAt(person: string): Promise<string | undefined> {
  const [row] = await house.app.db.query<{ at: string }>('select at from next_look where person = $1', [person]);
  return row?.at;
}

/** Nothing arrives but the time. */
async function passTo(instant: number): Promise<void> {
  house.clock.set(new Date(instant).toISOString());
  await house.settle();
  clinician = await house.signIn('halloran');
}

function hl7Time(instant: number): string {
  return `${new Date(instant).toISOString().replace(/\D/g, '').slice(0, 14)}+0000`;
}

async function sign(draft: ProposalView) {
  return clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash: draft.contentHash });
}

async function draftAbout(mrn: string): Promise<ProposalView | undefined> {
  const { items } = await clinician.get<{ items: WorklistItem[] }>('/api/worklist');
  const item = items.find((one) => one.person.mrn === mrn);
  return item && clinician.get<ProposalView>(`/api/proposals/${item.id}`);
}

/** Each taken and reported at one instant, and each a result of its own. */
function potassiumAt(mrn: string, value: string, at: string): string {
  return potassium({ mrn, value, taken: at, reported: at, filler: at });
}
