/* Reading again: what a receipt says with today's maps takes the place of what it said, no version is rewritten, and nothing changes twice. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NewFact, PersonFacts } from '../core/fact.ts';
import type { Reading } from '../core/receipt.ts';
import type { Db } from '../platform/database.ts';
import { openScratchDatabase } from '../platform/scratch-database.ts';
import { readHistory } from './chart.ts';
import { flaggedFacts } from './feeds.ts';
import { dismissQuarantined, listQuarantine } from './quarantine.ts';
import { forWaiting, readReceipt, receiptOf, storeReceipts } from './receipts.ts';
import { about, reading, result, stored } from './record-fixture.ts';
import { type Changes, recordReadings } from './record-readings.ts';
import { rereadFeed, rereadPortions, rereadProgress, rereadReceipt } from './reread.ts';

let db: Db;
let minute = 0;
let mrn = '';
/** What the reader makes of each receipt today. */
const today = new Map<string, Partial<Reading>>();
beforeAll(async () => {
  db = await openScratchDatabase();
});
afterAll(() => db.close());
beforeEach(() => {
  mrn = `5${String(minute).padStart(6, '0')}`;
});

describe('a time whose zone was configured later', () => {
  const unzoned = { grade: 'D', flags: ['zone-missing'], content: '{"effectiveDateTime":"2026-11-20"}' } as const;
  const zoned = { content: '{"effectiveDateTime":"2026-11-20T10:00:00+02:00"}', resultAt: '2026-11-20T08:00:00Z' } as const;

  it('becomes a new version that stands, although it is earlier than what it was taken for; the old one is kept', async () => {
    const receipt = await arrive([fact({ ...unzoned, flags: ['zone-missing'], resultAt: '2026-11-20T10:00:00Z' })]);
    expect(await flagged()).toContainEqual({ flag: 'zone-missing', facts: 1 });

    const { outcomes, persons, superseded } = await readAgain(receipt, [fact(zoned)]);

    expect(outcomes.map(({ version, effect }) => [version, effect])).toEqual([[2, 'replaced']]);
    expect(persons).toHaveLength(1);
    expect(superseded).toHaveLength(1);
    expect(await versions()).toEqual([
      { version: 1, grade: 'D', stands: false },
      { version: 2, grade: 'A', stands: true },
    ]);
    expect(await flagged()).toEqual([]);
    expect(await kinds(receipt)).toEqual(['receipt.stored', 'facts.recorded', 'receipt.reread', 'facts.recorded']);
  });

  it('changes nothing when it is read again and nothing changed', async () => {
    const receipt = await arrive([fact({ ...unzoned, flags: ['zone-missing'] })]);
    const rows = await factRows();

    const { outcomes, persons } = await readAgain(receipt, [fact({ ...unzoned, flags: ['zone-missing'] })]);

    expect(outcomes.map(({ effect }) => effect)).toEqual(['same']);
    expect(persons).toEqual([]);
    expect(await factRows()).toEqual(rows);
    expect(await kinds(receipt)).toEqual(['receipt.stored', 'facts.recorded', 'receipt.reread']);
  });

  it('R30: gives way to a correction that had lost only to the time it was taken for', async () => {
    const first = await arrive([fact({ ...unzoned, flags: ['zone-missing'], resultAt: '2026-11-20T10:00:00Z' })]);
    await arrive([fact({ content: '{"corrected":1}', resultAt: '2026-11-20T09:00:00Z' })]);
    expect((await versions()).map(({ stands }) => stands)).toEqual([true, false]);

    await readAgain(first, [fact(zoned)]);

    expect(await standing()).toBe('{"corrected":1}');
    expect((await versions()).map(({ stands }) => stands)).toEqual([false, false, false, true]);
  });

  it('R30: never puts a version back that another receipt has corrected since', async () => {
    const first = await arrive([fact({ ...unzoned, flags: ['zone-missing'], resultAt: '2026-11-20T10:00:00Z' })]);
    await arrive([fact({ content: '{"corrected":2}', rank: 3, resultAt: '2026-11-20T10:30:00Z' })]);

    await readAgain(first, [fact({ content: '{"effectiveDateTime":"2026-11-20T10:00:00-06:00"}', resultAt: '2026-11-20T16:00:00Z' })]);

    expect(await standing()).toBe('{"corrected":2}');
  });
});

it('a unit that is known now mends the grade, although the resource reads the same', async () => {
  const content = '{"valueQuantity":{"unit":"furlongs"}}';
  const receipt = await arrive([fact({ content, grade: 'D', flags: ['unit-unknown'] })]);

  await readAgain(receipt, [fact({ content })]);

  expect((await versions()).map(({ grade, stands }) => [grade, stands])).toEqual([
    ['D', false],
    ['A', true],
  ]);
});

it('a fact that its receipt no longer gives stops standing, is kept, and what another receipt says of it stands again', async () => {
  const first = await arrive([fact({ content: '{"first":1}', resultAt: '2026-11-20T08:00:00Z' })]);
  const second = await arrive([fact({ content: '{"second":1}', resultAt: '2026-11-20T09:00:00Z' })]);

  await readAgain(second, []);
  expect(await standing()).toBe('{"first":1}');
  await readAgain(first, []);

  expect(await standing()).toBeUndefined();
  expect((await versions()).every(({ stands }) => !stands)).toBe(true);
  await readAgain(first, [fact({ content: '{"first":1}', resultAt: '2026-11-20T08:00:00Z' })]);
  expect(await standing()).toBe('{"first":1}');
});

it('what is held back now leaves what it said before as it was', async () => {
  const receipt = await arrive([fact({ content: '{"kept":1}' })]);

  await readAgain(receipt, [], { rejections: [{ item: 'x', start: 0, end: 99, reason: 'resource-invalid', detail: 'no' }] });

  expect(await standing()).toBe('{"kept":1}');
  expect((await readReceipt(db, receipt)).state).toBe('quarantined');
});

describe('quarantine', () => {
  const rejections = [{ item: 'OBX[1]', start: 0, end: 9, reason: 'nothing-named', detail: 'the segment names nothing' }];

  it('an item that is mended is closed in the name of whoever had it read again', async () => {
    const receipt = await arrive([], { rejections });

    await readAgain(receipt, [fact({})]);

    expect(await journalled(receipt)).toContainEqual({ kind: 'quarantine.closed', actor: 'engineer' });
    expect((await listQuarantine(db, { receipt }, 9)).map(({ state }) => state)).toEqual(['replayed']);
  });

  it('one that fails again as it did stays open, and is journalled once', async () => {
    const receipt = await arrive([], { rejections });

    await readAgain(receipt, [], { rejections });

    expect((await listQuarantine(db, { receipt }, 9)).map(({ state }) => state)).toEqual(['open']);
    expect((await kinds(receipt)).filter((kind) => kind === 'item.quarantined')).toHaveLength(1);
  });

  it('a dismissed one stays dismissed while it fails as it did, and opens when it fails otherwise', async () => {
    const receipt = await arrive([], { rejections });
    const [item] = await listQuarantine(db, { receipt }, 9);

    await dismissQuarantined(db, item!.id, { actor: 'engineer', reason: 'a test message' }, later());
    await readAgain(receipt, [], { rejections });

    expect((await listQuarantine(db, { receipt }, 9))[0]).toMatchObject({ state: 'dismissed', closedReason: 'a test message' });
    expect(await journalled(receipt)).toContainEqual({ kind: 'quarantine.closed', actor: 'engineer' });
    await expect(dismissQuarantined(db, item!.id, { actor: 'engineer', reason: 'again' }, later())).rejects.toMatchObject({
      code: 'not_found',
    });

    await readAgain(receipt, [], { rejections: [{ ...rejections[0]!, reason: 'status-without-value' }] });
    expect((await listQuarantine(db, { receipt }, 9))[0]).toMatchObject({ state: 'open', closedReason: null });
  });
});

it('a feed is read again portion by portion, everything once, and says how far it is', async () => {
  const source = `feed-${mrn}`;
  const receipts = Array.from({ length: 700 }, (_, n) => {
    const payload = {
      source,
      door: 'files' as const,
      contentType: 'application/octet-stream' as const,
      bytes: new Uint8Array(Buffer.from(`${mrn} ${n}`)),
    };
    return { receipt: receiptOf(payload, at()), bytes: payload.bytes };
  });
  await db.transaction((tx) => storeReceipts(tx, receipts));
  await db.query(`update receipt set state = 'normalised', read_at = received_at where source = $1`, [source]);
  const asked = { actor: 'engineer', at: later() };
  const portions: number[] = [];

  expect(await rereadFeed(db, source, asked)).toMatchObject({ state: 'running', receipts: 700, done: 0 });
  await rereadPortions(db, { source, ...asked }, async () => {
    const read = await db.query(`update receipt set state = 'normalised' where state = 'received' and source = $1 returning 1`, [source]);
    portions.push(read.length);
    return true;
  });

  expect(portions).toEqual([0, 500, 200]);
  expect(await rereadProgress(db, source)).toMatchObject({ receipts: receipts.length, done: 700 });

  const again = { actor: 'engineer', at: later() };
  await rereadFeed(db, source, again);
  expect(await rereadPortions(db, { source, ...again }, async () => false)).toBe(false);
  expect(await rereadProgress(db, source)).toMatchObject({ state: 'running', done: 0 });
  await expect(rereadFeed(db, 'nobody', asked)).rejects.toMatchObject({ code: 'not_found' });
  await expect(rereadReceipt(db, crypto.randomUUID(), asked)).rejects.toMatchObject({ code: 'not_found' });
});

function fact(change: Partial<NewFact>): NewFact {
  return result({ key: mrn, ...change });
}

async function arrive(facts: NewFact[], change: Partial<Reading> = {}): Promise<string> {
  const receipt = await db.transaction((tx) => stored(tx, `${mrn} message ${minute}`, later(), `lab-${mrn}`));
  await readAs(receipt.id, facts, change);
  return receipt.id;
}

async function readAgain(receipt: string, facts: NewFact[], change: Partial<Reading> = {}): Promise<Changes> {
  await rereadReceipt(db, receipt, { actor: 'engineer', at: later() });
  return readAs(receipt, facts, change);
}

async function readAs(receipt: string, facts: NewFact[], change: Partial<Reading>): Promise<Changes> {
  today.set(receipt, { people: facts.length > 0 ? [theirs(facts)] : [], ...change });
  let changes: Changes | undefined;
  const now = later();
  await forWaiting(
    db,
    { receipts: 10, bytes: 1 << 20, readers: 1 },
    async (tx, waiting) => {
      const reads = waiting.map((one) => ({ receipt: one.receipt, reading: withOrigin(one.receipt.id) }));
      changes = await recordReadings(tx, reads, now);
    },
    async () => undefined,
  );
  return changes!;
}

function withOrigin(receipt: string): Reading {
  const given = reading([], today.get(receipt));
  const origins: NewFact['origins'] = [{ receipt, mapping: 'hl7v2@1', envelope: [0, 10] }];
  return { ...given, people: given.people.map((one) => ({ ...one, facts: one.facts.map((each) => ({ ...each, origins })) })) };
}

function theirs(facts: NewFact[]): PersonFacts {
  return about(mrn, facts, { source: `lab-${mrn}` });
}

async function versions(): Promise<{ version: number; grade: string; stands: boolean }[]> {
  const [row] = await db.query<{ id: string; person: string }>(
    'select f.id, l.person from fact f join person_link l on l.source_person = f.source_person where f.id = $1 limit 1',
    [fact({}).id],
  );
  const permit = { actor: 'test', purpose: 'treatment' as const, person: row!.person, labels: [], expiresAt: '2099-01-01T00:00:00Z' };
  const history = await readHistory(db, permit, row!.id, later());
  return history.map(({ version, grade, supersededAt }) => ({ version, grade, stands: supersededAt === null }));
}

async function standing(): Promise<string | undefined> {
  const [row] = await db.query<{ content: string }>('select content::text as content from fact where id = $1 and superseded_at is null', [
    fact({}).id,
  ]);
  return row?.content;
}

async function flagged(): Promise<{ flag: string; facts: number }[]> {
  return (await flaggedFacts(db, `lab-${mrn}`)).get(`lab-${mrn}`) ?? [];
}

async function kinds(receipt: string): Promise<string[]> {
  return (await journalled(receipt)).map(({ kind }) => kind);
}

async function journalled(receipt: string): Promise<{ kind: string; actor: string }[]> {
  return db.query('select kind, actor from journal where subject = $1 order by id', [receipt]);
}

async function factRows(): Promise<unknown[]> {
  return db.query('select id, version, superseded_at, content_hash from fact where id = $1 order by version', [fact({}).id]);
}

function at(): string {
  return new Date(Date.UTC(2026, 10, 20, 15, minute)).toISOString();
}

function later(): string {
  minute += 1;
  return at();
}
