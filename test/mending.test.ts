/* Bad input is loud, loses nothing and can be mended: the way of an integration engineer from a flagged feed to a proven sentence. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeedView, ProposalView, QuarantineItem, ReceiptList, RereadView, WorklistItem } from '../src/core/api.ts';
import { payloadReader } from '../src/interop/read-payload.ts';
import { type Seat, startHouse, type TestHouse } from './house.ts';

const FEED = 'southlab.south';
let house: TestHouse;
let engineer: Seat;
let clinician: Seat;
beforeAll(async () => {
  house = await startHouse({ ehr: false });
  [engineer, clinician] = [await house.signIn('marsh'), await house.signIn('halloran')];
});
afterAll(() => house.stop());

describe('a feed whose times carry no zone', () => {
  it('is kept, flagged and said to need doing; nothing is claimed from it', async () => {
    expect(await house.send(potassium())).toMatch(/MSA\|AA/);
    await house.take('north-ehr', visit());
    await house.settle();

    expect((await feed()).flagged).toContainEqual({ flag: 'zone-missing', facts: expect.any(Number) });
    expect((await sentences()).filter((text) => text.startsWith('Potassium'))).toEqual([]);
  });

  it('is read again once its zone is configured: the draft then says the result, once and not as a correction', async () => {
    house.app.house.read = payloadReader({ feedZones: new Map([[FEED, 'America/Chicago']]), authorities: new Map() });
    house.clock.advance(60_000);

    const asked = await engineer.post(`/api/feeds/${FEED}/reread`, { reason: 'its zone is configured' });
    const underWay = await feed();
    await house.settle();

    expect(asked).toMatchObject({ status: 202, body: { source: FEED, receipts: 1 } });
    expect([underWay.rereadSince, (await feed()).rereadSince]).toEqual([house.clock.now(), null]);
    const [noted] = await house.app.db.query<{ actor: string; body: string }>(
      `select j.actor, p.body from journal j join journal_payload p on p.journal_id = j.id where j.kind = 'receipt.reread' and j.subject is null`,
    );
    expect([noted!.actor, JSON.parse(noted!.body)]).toEqual([
      house.app.pseudonym('marsh'),
      expect.objectContaining({ source: FEED, reason: 'its zone is configured' }),
    ]);
    expect(JSON.stringify(await house.app.db.query(`select payload from job where kind = 'reread'`))).not.toContain('its zone');
    expect((await clinician.post(`/api/feeds/${FEED}/reread`, { reason: 'not theirs to ask' })).status).toBe(403);
    expect(await engineer.get<RereadView>(`/api/feeds/${FEED}/reread`)).toMatchObject({ state: 'done', receipts: 1, done: 1 });
    expect((await feed()).flagged).toEqual([]);
    const said = (await sentences()).filter((text) => text.startsWith('Potassium'));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/5\.6 mmol\/L on 20 Nov 2026/);
    expect(said[0]).not.toMatch(/corrected/);
  });

  it('changes nothing when it is read again and nothing changed', async () => {
    const before = await factRows();
    house.clock.advance(60_000);

    await engineer.post(`/api/feeds/${FEED}/reread`);
    await house.settle();

    expect(await factRows()).toEqual(before);
  });
});

describe('quarantine', () => {
  it('an item is dismissed by a named engineer with a reason, which the journal keeps', async () => {
    await house.send(unknownType('X1'));
    await house.settle();
    const [item] = await open();

    expect((await engineer.post(`/api/quarantine/${item!.id}/dismiss`, {})).status).toBe(400);
    expect((await clinician.post(`/api/quarantine/${item!.id}/dismiss`, { reason: 'a test message' })).status).toBe(403);
    const answer = await engineer.post(`/api/quarantine/${item!.id}/dismiss`, { reason: 'a test message' });

    expect(answer.status).toBe(201);
    expect(await open()).toEqual([]);
    const { items } = await engineer.get<{ items: QuarantineItem[] }>('/api/quarantine?state=dismissed');
    expect(items).toMatchObject([{ id: item!.id, closedReason: 'a test message' }]);
    const rows = await actors(item!.receipt);
    expect(rows.at(-1)).toEqual({ kind: 'quarantine.closed', actor: house.app.pseudonym('marsh') });
  });

  it('a replay is journalled as the act of whoever replayed', async () => {
    await house.send(unknownType('X2'));
    await house.settle();
    const [item] = await open();
    house.clock.advance(60_000);

    expect((await engineer.post(`/api/quarantine/${item!.id}/replay`)).status).toBe(201);
    await house.settle();

    expect(await actors(item!.receipt)).toContainEqual({ kind: 'receipt.reread', actor: house.app.pseudonym('marsh') });
    expect((await open()).map(({ id }) => id)).toEqual([item!.id]);
  });
});

it('receipts are listed by feed, state and time, page by page, newest first', async () => {
  for (const control of ['P1', 'P2', 'P3', 'P4', 'P5']) {
    house.clock.advance(1000);
    await house.send(unknownType(control, 'PAGES'));
  }
  await house.settle();

  const seen: string[] = [];
  let next: string | null = null;
  do {
    const before: string = next === null ? '' : `&before=${encodeURIComponent(next)}`;
    const page: ReceiptList = await engineer.get<ReceiptList>(`/api/receipts?source=pages.south&state=quarantined&count=2${before}`);
    seen.push(...page.items.map(({ receivedAt }) => receivedAt));
    next = page.next;
  } while (next !== null);

  expect(seen).toHaveLength(5);
  expect(seen).toEqual(seen.toSorted().reverse());
  const { items } = await engineer.get<ReceiptList>(`/api/receipts?source=pages.south&from=${seen[1]}&to=${seen[0]}`);
  expect(items.map(({ receivedAt }) => receivedAt)).toEqual([seen[1]]);
  await expect(clinician.get('/api/receipts')).rejects.toThrow(/403/);
  await expect(engineer.get('/api/receipts?state=lost')).rejects.toThrow(/400/);
});

async function feed(): Promise<FeedView> {
  const { feeds } = await engineer.get<{ feeds: FeedView[] }>('/api/feeds');
  return feeds.find(({ source }) => source === FEED)!;
}

async function open(): Promise<QuarantineItem[]> {
  return (await engineer.get<{ items: QuarantineItem[] }>('/api/quarantine?state=open')).items;
}

async function sentences(): Promise<string[]> {
  const { items } = await clinician.get<{ items: WorklistItem[] }>('/api/worklist?role=clinician');
  return (await clinician.get<ProposalView>(`/api/proposals/${items[0]!.id}`)).sentences.map(({ text }) => text);
}

async function actors(receipt: string): Promise<{ kind: string; actor: string }[]> {
  return house.app.db.query('select kind, actor from journal where subject = $1 order by id', [receipt]);
}

async function factRows(): Promise<unknown[]> {
  return house.app.db.query('select id, version, superseded_at from fact order by id, version');
}

function potassium(): string {
  return [
    'MSH|^~\\&|SOUTHLAB|SOUTH|COUNTERSIGN|NORTH|20261120070000||ORU^R01^ORU_R01|SL1|P|2.5.1',
    'PID|1||4471902^^^NORTH&2.999.1.1&ISO^MR||OSGOOD^LENORA||19550214|F',
    'OBR|1|||24323-8^Comprehensive metabolic panel^LN|||20261120061500|||||||||||||||20261120065500|||F',
    'OBX|1|NM|2823-3^Potassium^LN||5.6|mmol/L|3.5-5.1|H|||F|||20261120061500',
  ].join('\r');
}

function visit(): string {
  const patient = { reference: 'Patient/p1' };
  return JSON.stringify({
    resourceType: 'Bundle',
    type: 'collection',
    entry: [
      {
        resource: {
          resourceType: 'Patient',
          id: 'p1',
          identifier: [{ type: { coding: [{ code: 'MR' }] }, system: 'urn:oid:2.999.1.1', value: '4471902' }],
          name: [{ family: 'Osgood', given: ['Lenora'] }],
          birthDate: '1955-02-14',
          gender: 'female',
        },
      },
      {
        resource: {
          resourceType: 'Appointment',
          id: 'a1',
          status: 'booked',
          start: '2026-11-23T15:00:00Z',
          end: '2026-11-23T15:30:00Z',
          participant: [{ actor: patient, status: 'accepted' }],
        },
      },
    ],
  });
}

function unknownType(control: string, sender = 'ADT'): string {
  return [
    `MSH|^~\\&|${sender}|SOUTH|COUNTERSIGN|NORTH|20261122090000-0600||ZZZ^Z01|${control}|P|2.5.1`,
    'PID|1||4471902^^^NORTH&2.999.1.1&ISO^MR||OSGOOD^LENORA||19550214|F',
  ].join('\r');
}
