/* Several clinicians over one queue: who has a draft, handing it on, saying why it is declined, and what of that the numbers count. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KpiView, LeaseView, ProposalView, ReasonCountView, WorklistItem } from '../src/core/api.ts';
import { type Seat, startHouse, type TestHouse } from './house.ts';
import { potassium, visit } from './payloads.ts';

const MINUTE = 60_000;

let house: TestHouse;
let halloran: Seat;
let adeyemi: Seat;
let patients = 0;

beforeAll(async () => {
  house = await startHouse({ ehr: false });
  halloran = await house.signIn('halloran');
  adeyemi = await house.signIn('adeyemi');
});
afterAll(() => house.stop());

describe('who has a draft', () => {
  let draft: ProposalView;

  beforeEach(async () => {
    draft = await newDraft();
  });

  it('R107: reading claims nothing; claiming says who has it, to both, for fifteen minutes', async () => {
    expect(await withWhom(adeyemi, draft)).toBeNull();

    const answer = await halloran.post(`/api/proposals/${draft.id}/claim`);

    const until = minutesOn(15);
    expect([answer.status, answer.body['with']]).toEqual([201, { name: 'Dr. Ines Halloran', you: true, until }]);
    expect(await withWhom(halloran, draft)).toEqual({ name: 'Dr. Ines Halloran', you: true, until, handedBy: null, reason: null });
    expect(await withWhom(adeyemi, draft)).toMatchObject({ name: 'Dr. Ines Halloran', you: false });
    expect((await adeyemi.get<ProposalView>(`/api/proposals/${draft.id}`)).with).toMatchObject({ name: 'Dr. Ines Halloran', you: false });
  });

  it('R107: of two who claim at once one has it, and the other is told who', async () => {
    const answers = await Promise.all([halloran, adeyemi].map((seat) => seat.post(`/api/proposals/${draft.id}/claim`)));

    expect(answers.map((one) => one.status).sort()).toEqual([201, 409]);
    const refused = answers.find((one) => one.status === 409)!;
    const holder = (await withWhom(halloran, draft))!.name;
    expect(refused.body).toMatchObject({ code: 'taken', details: { name: holder, until: minutesOn(15) } });
    expect((await house.journalKinds(draft.id)).filter((kind) => kind === 'work.claimed')).toHaveLength(1);
  });

  it('R107: a lease runs out by itself, and then anybody may claim', async () => {
    await halloran.post(`/api/proposals/${draft.id}/claim`);
    house.clock.advance(15 * MINUTE);

    expect(await withWhom(adeyemi, draft)).toBeNull();
    expect((await adeyemi.post(`/api/proposals/${draft.id}/claim`)).status).toBe(201);
    expect((await halloran.post(`/api/proposals/${draft.id}/claim`)).status).toBe(409);
  });

  it('R107: working on a draft claims it and renews the lease, without an entry a keystroke', async () => {
    await halloran.post(`/api/lineage/${draft.sentences[0]!.id}/opened`);
    expect(await withWhom(adeyemi, draft)).toMatchObject({ name: 'Dr. Ines Halloran', until: minutesOn(15) });

    house.clock.advance(1 * MINUTE);
    await edit(halloran, draft);
    expect(await withWhom(adeyemi, draft)).toMatchObject({ until: minutesOn(14) });
    house.clock.advance(9 * MINUTE);
    await edit(halloran, draft);

    expect(await withWhom(adeyemi, draft)).toMatchObject({ until: minutesOn(15) });
    expect((await house.journalKinds(draft.id)).filter((kind) => kind === 'work.claimed')).toHaveLength(2);
  });

  it('R107: a draft is handed to a colleague with a reason, which both read and the journal keeps', async () => {
    await halloran.post(`/api/proposals/${draft.id}/claim`);
    const colleagues = await halloran.get<{ items: { id: string; name: string }[] }>('/api/colleagues');
    expect(colleagues.items).toEqual([{ id: 'adeyemi', name: 'Dr. Tunde Adeyemi' }]);

    const answer = await halloran.post(`/api/proposals/${draft.id}/hand-off`, { to: 'adeyemi', reason: 'Knows the family' });

    expect(answer.status).toBe(201);
    expect(await withWhom(adeyemi, draft)).toEqual({
      name: 'Dr. Tunde Adeyemi',
      you: true,
      until: minutesOn(240),
      handedBy: 'Dr. Ines Halloran',
      reason: 'Knows the family',
    });
    const { entries } = await adeyemi.get<{ entries: { kind: string; body: unknown }[] }>(`/api/audit/${draft.id}`);
    expect(entries.find((one) => one.kind === 'work.handed')?.body).toMatchObject({ reason: 'Knows the family' });
    expect(JSON.stringify(entries)).not.toContain('"adeyemi"');
  });

  it.each([
    ['to nobody known', { to: 'nobody', reason: 'x' }],
    ['to oneself', { to: 'halloran', reason: 'x' }],
    ['to somebody who may not decide', { to: 'marsh', reason: 'x' }],
    ['without a reason', { to: 'adeyemi', reason: ' ' }],
  ])('R107: a draft is not handed on %s', async (_, body) => {
    expect((await halloran.post(`/api/proposals/${draft.id}/hand-off`, body)).status).toBe(400);
    expect(await withWhom(halloran, draft)).toBeNull();
  });

  it('R107: what a colleague has is neither claimed, handed on nor given back by another', async () => {
    await adeyemi.post(`/api/proposals/${draft.id}/claim`);

    for (const [act, body] of [['claim', {}], ['release', {}], ['hand-off', { to: 'adeyemi', reason: 'x' }]] as const) // biome-ignore format: one list
      expect([act, (await halloran.post(`/api/proposals/${draft.id}/${act}`, body)).body.code]).toEqual([act, 'taken']);

    expect((await adeyemi.post(`/api/proposals/${draft.id}/release`)).status).toBe(201);
    expect(await withWhom(halloran, draft)).toBeNull();
  });

  it('R107: only a clinician claims', async () => {
    const marsh = await house.signIn('marsh');

    expect((await marsh.post(`/api/proposals/${draft.id}/claim`)).status).toBe(403);
  });

  it('R107: a lease is no lock: a colleague may sign, and the journal says that they did', async () => {
    await halloran.post(`/api/proposals/${draft.id}/claim`);

    const answer = await adeyemi.post(`/api/proposals/${draft.id}/signature`, { contentHash: draft.contentHash });

    expect(answer.status).toBe(201);
    const { entries } = await adeyemi.get<{ entries: { kind: string; body: { whileWith?: string } }[] }>(`/api/audit/${draft.id}`);
    const claimed = await house.app.db.query<{ actor: string }>(`select actor from journal where subject = $1 and kind = 'work.claimed'`, [draft.id]); // biome-ignore format: short
    expect(entries.find((one) => one.kind === 'decision.signed')?.body.whileWith).toBe(claimed[0]!.actor);
    expect(await leases(draft)).toBe(0);
    expect((await halloran.post(`/api/proposals/${draft.id}/claim`)).body.code).toBe('decided');
  });

  it('R107: a redraft stays with whom the draft was handed to', async () => {
    await halloran.post(`/api/proposals/${draft.id}/hand-off`, { to: 'adeyemi', reason: 'Knows the family' });

    const fresh = await correct(draft);

    expect(fresh.id).not.toBe(draft.id);
    expect(await withWhom(adeyemi, fresh)).toMatchObject({ you: true, reason: 'Knows the family', until: minutesOn(240) });
  });
});

describe('why a draft was declined or passed on', () => {
  it('R135: a code says it for counting, words say it for people, and both are kept', async () => {
    const draft = await newDraft();

    const answer = await halloran.post(`/api/proposals/${draft.id}/decline`, { code: 'out-of-date', reason: 'Seen on Friday' });

    expect(answer.status).toBe(201);
    const { decision } = await halloran.get<ProposalView>(`/api/proposals/${draft.id}`);
    expect(decision).toMatchObject({ kind: 'declined', reasonCode: 'out-of-date', reason: 'Seen on Friday' });
  });

  it.each([
    ['a code alone', 'decline', { code: 'duplicate' }, 201],
    ['words alone', 'decline', { reason: 'It is for her brother' }, 201],
    ['a code alone, passing on', 'escalate', { code: 'urgent' }, 201],
    ['nothing', 'decline', {}, 400],
    ['spaces', 'escalate', { reason: '  ' }, 400],
    ['other, without words', 'decline', { code: 'other' }, 400],
    ['a code that is not on the list', 'decline', { code: 'because' }, 400],
    ['a code for another decision', 'decline', { code: 'urgent' }, 400],
  ] as const)('R135: %s', async (_, act, body, status) => {
    const draft = await newDraft();

    expect((await halloran.post(`/api/proposals/${draft.id}/${act}`, body)).status).toBe(status);
    expect((await house.journalKinds(draft.id)).some((kind) => kind === 'decision.declined' || kind === 'decision.escalated')).toBe(status === 201); // biome-ignore format: short
  });

  it('R135: each reason is counted over the journal, of all such decisions', async () => {
    const before = await reason('decline', 'wording');
    const draft = await newDraft();

    await halloran.post(`/api/proposals/${draft.id}/decline`, { code: 'wording' });

    const now = await reason('decline', 'wording');
    expect([now.numerator, now.denominator]).toEqual([before.numerator + 1, before.denominator + 1]);
    expect(now).toMatchObject({ word: 'Wording', formula: 'decision.declined entries with code wording; of all decision.declined' });
  });
});

describe('what is counted as offered', () => {
  it('a redraft of one that went stale undecided is no new offer, and has a number of its own', async () => {
    const before = await counts();
    const draft = await newDraft();
    const fresh = await correct(draft);
    await halloran.post(`/api/proposals/${fresh.id}/decline`, { code: 'duplicate' });

    const now = await counts();

    expect(now['proposals.offered']! - before['proposals.offered']!).toBe(1);
    expect(now['proposals.redrafted']! - before['proposals.redrafted']!).toBe(1);
    expect(now['proposals.declined']! - before['proposals.declined']!).toBe(1);
  });

  it('what is drafted after a decision is a new offer', async () => {
    const draft = await newDraft();
    await halloran.post(`/api/proposals/${draft.id}/decline`, { code: 'duplicate' });
    const before = await counts();

    const fresh = await correct(draft);

    const now = await counts();
    expect(fresh.id).not.toBe(draft.id);
    expect(now['proposals.offered']! - before['proposals.offered']!).toBe(1);
    expect(now['proposals.redrafted']! - before['proposals.redrafted']!).toBe(0);
  });

  it('opening the first draft and its redraft is one opened draft', async () => {
    const before = await counts();
    const draft = await newDraft();
    const fresh = await correct(draft);
    await halloran.get(`/api/proposals/${fresh.id}`);

    expect((await counts())['proposals.opened']! - before['proposals.opened']!).toBe(1);
  });
});

it('what signing would do says that nothing leaves while no EHR is connected', async () => {
  const draft = await newDraft();

  expect(draft.signingWrites).toMatch(
    /^Signing keeps Pre-visit summary here until an EHR is connected, signed by Dr. Ines Halloran, with /,
  );
});

async function withWhom(seat: Seat, draft: { id: string }): Promise<LeaseView | null> {
  const { items } = await seat.get<{ items: WorklistItem[] }>('/api/worklist');
  return items.find((one) => one.id === draft.id)!.with;
}

async function edit(seat: Seat, draft: ProposalView): Promise<void> {
  const sentences = draft.sentences.map(({ id, text, selected }) => ({ id, text, selected }));
  const answer = await seat.post(`/api/proposals/${draft.id}/edit`, { sentences });
  expect(answer.status).toBe(201);
}

async function leases(draft: { id: string }): Promise<number> {
  return (await house.app.db.query('select 1 from work_lease where proposal = $1', [draft.id])).length;
}

async function counts(): Promise<Record<string, number>> {
  const { kpis } = await halloran.get<{ kpis: KpiView[] }>(`/api/kpis?from=2026-11-01T00:00:00Z&to=2026-12-31T00:00:00Z`);
  return Object.fromEntries(kpis.filter((one) => one.pack === null).map((one) => [one.id, one.value ?? 0]));
}

async function reason(decision: string, code: string): Promise<ReasonCountView> {
  const { reasons } = await halloran.get<{ reasons: ReasonCountView[] }>(`/api/kpis?from=2026-11-01T00:00:00Z&to=2026-12-31T00:00:00Z`);
  return reasons.find((one) => one.decision === decision && one.code === code)!;
}

function minutesOn(minutes: number): string {
  return new Date(Date.parse(house.clock.now()) + minutes * MINUTE).toISOString();
}

/** A new patient with a potassium and a visit, and the draft about them, opened by Dr. Halloran. */
async function newDraft(): Promise<ProposalView> {
  patients += 1;
  const mrn = `6${String(patients).padStart(6, '0')}`;
  await house.take('', potassium({ mrn, value: '5.6' }));
  await house.take('north-ehr', visit(mrn));
  await house.settle();
  return draftOf(mrn);
}

/** The draft that is written once the laboratory has corrected the potassium. */
async function correct(draft: ProposalView): Promise<ProposalView> {
  await house.take('', potassium({ mrn: draft.person.mrn!, value: '4.9', status: 'C', flag: 'N', reported: '20261120090000-0600' }));
  await house.settle();
  return draftOf(draft.person.mrn!);
}

async function draftOf(mrn: string): Promise<ProposalView> {
  const { items } = await halloran.get<{ items: WorklistItem[] }>('/api/worklist');
  const item = items.find((one) => one.person.mrn === mrn);
  if (!item) throw new Error('no draft was offered');
  return halloran.get<ProposalView>(`/api/proposals/${item.id}`);
}
