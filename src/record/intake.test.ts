import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Payload, Receipt } from '../core/receipt.ts';
import type { Db } from '../platform/database.ts';
import { openScratchDatabase } from '../platform/scratch-database.ts';
import { openIntake, restoreReceipts, untilTheseAreRead } from './intake.ts';
import { importTotals, readBytes, readReceipt } from './receipts.ts';

let db: Db;
let synced: Receipt[] = [];
beforeAll(async () => {
  db = await openScratchDatabase();
});
afterAll(() => db.close());
beforeEach(() => {
  synced = [];
});

it('one after the other, each is on disk when its promise resolves', async () => {
  const intake = open();

  for (let n = 0; n < 5; n += 1) {
    const { receipt, repeat } = await intake(payload(`sequential ${n}`));

    expect(repeat).toBe(false);
    expect(synced.map((one) => one.id)).toContain(receipt);
    expect(Buffer.from(await readBytes(db, receipt)).toString()).toBe(`sequential ${n}`);
  }
});

it('what waits together is stored together, and the same bytes from the same source are the same receipt', async () => {
  const intake = open();
  const twins = [payload('twin'), payload('twin'), payload('twin', 'other-lab')];

  const [first, second, elsewhere] = await Promise.all(twins.map((one) => intake(one)));
  const again = await intake(payload('twin'));

  expect([first!.repeat, second!.repeat, elsewhere!.repeat, again.repeat]).toEqual([false, true, false, true]);
  expect(second!.receipt).toBe(first!.receipt);
  expect(elsewhere!.receipt).not.toBe(first!.receipt);
});

it('bytes large and small come back as they came', async () => {
  const large = Buffer.alloc(300_000, 'MSH|^~\\&|\u00e9');

  const { receipt } = await open()({ ...payload(''), bytes: new Uint8Array(large) });

  expect(Buffer.from(await readBytes(db, receipt)).equals(large)).toBe(true);
  expect((await readReceipt(db, receipt)).size).toBe(large.length);
});

it.each`
  why           | text               | code
  ${'nothing'}  | ${''}              | ${'request_invalid'}
  ${'too much'} | ${'x'.repeat(2e6)} | ${'too_large'}
`('$why is refused and stored nowhere', async ({ text, code }) => {
  await expect(open()(payload(text))).rejects.toMatchObject({ code });

  expect(synced).toEqual([]);
});

it('where the log cannot be written nothing is acknowledged and nothing is stored', async () => {
  const intake = openIntake({ ...options(), log: { append: () => Promise.reject(new Error('disk full')) } });

  const before = await db.query('select count(*) from receipt');

  await expect(intake(payload('lost'))).rejects.toThrow('disk full');

  expect(await db.query('select count(*) from receipt')).toEqual(before);
});

it('R22: receipts the database lost are put back from what was synced, and those it has are left alone', async () => {
  const intake = open();
  const kept = payload('kept by both');
  await intake(kept);
  const lost = { receipt: { ...synced[0]!, id: crypto.randomUUID(), sha256: 'ab'.repeat(32) }, bytes: kept.bytes };

  expect(await restoreReceipts(db, [{ receipt: synced[0]!, bytes: kept.bytes }, lost])).toBe(1);
  expect(await restoreReceipts(db, [lost])).toBe(0);
  expect((await readReceipt(db, lost.receipt.id)).state).toBe('received');
});

function open(): ReturnType<typeof openIntake> {
  return openIntake(options());
}

function options(): Parameters<typeof openIntake>[0] {
  return {
    db,
    now: () => '2026-11-22T12:00:00.000Z',
    log: {
      async append(receipt) {
        synced.push(receipt);
      },
    },
    maxBytes: 1_000_000,
    onStored: () => undefined,
  };
}

function payload(text: string, source = 'north-lab'): Payload {
  return { source, door: 'mllp', contentType: 'application/hl7-v2+er7', bytes: new Uint8Array(Buffer.from(text)) };
}

it('waits for what a worker elsewhere reads, not only for what it does itself; where nothing would read it any more, it does not', async () => {
  const { receipt } = await open()(payload('read elsewhere'));
  const job = `receipts/${receipt}`;
  await db.query(`insert into job (key, kind, payload, run_at, created_at) values ($1, 'receipts', '{}', now(), now())`, [job]);
  const rounds: string[] = [];

  await untilTheseAreRead(db, [receipt], async () => {
    rounds.push((await readReceipt(db, receipt)).state);
    // The other worker is done after we have looked once.
    if (rounds.length === 2) await db.query(`update receipt set state = 'normalised' where id = $1`, [receipt]);
  });
  const unread = await open()(payload('read by nobody'));
  await db.query(`update job set state = 'dead'`);
  await untilTheseAreRead(db, [unread.receipt], async () => {});

  expect(rounds).toEqual(['received', 'received']);
  expect((await readReceipt(db, unread.receipt)).state).toBe('received');
});

it('tells of how many receipts bytes were erased, so that a resend that is not kept is not taken for one that is', async () => {
  const kept = await open()(payload('kept'));
  const gone = await open()(payload('gone'));
  await db.query(`update receipt set flags = array_append(flags, 'erased') where id = $1`, [gone.receipt]);

  expect(await importTotals(db, [kept.receipt, gone.receipt])).toMatchObject({ erased: 1 });
});
