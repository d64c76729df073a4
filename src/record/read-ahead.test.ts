import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Reading } from '../core/receipt.ts';
import type { Db, Queryable } from '../platform/database.ts';
import { openScratchDatabase } from '../platform/scratch-database.ts';
import { readAhead } from './read-ahead.ts';
import { type ReceiptRow, readReceipt, readWaiting } from './receipts.ts';
import { about, reading, result, stored } from './record-fixture.ts';
import { recordReadings, setAside } from './record-readings.ts';

const NOW = '2026-11-20T15:00:00.000Z';
let db: Db;
let inTransaction = 0;
let read: { id: string; text: string; inTransaction: boolean }[];
beforeEach(async () => {
  db = await openScratchDatabase();
  read = [];
});
afterEach(() => db.close());

it('what waits is read once, before the transaction that records it', async () => {
  const ids = await store(['one', 'two', 'three', 'four', 'five', 'six', 'seven']);

  await readAll();

  expect(read.map((one) => one.id).sort()).toEqual(ids.sort());
  expect(read.filter((one) => one.inTransaction)).toEqual([]);
});

it('what is read ahead says by what its facts are keyed, as what is read later does', async () => {
  const [id] = await store(['one']);
  const ahead = readAhead(db, { receipts: 3, bytes: 1 << 20, readers: 1 }, reader);

  await ahead.next();
  const { people } = ahead.read(await readReceipt(db, id!), Buffer.from('one'));

  expect(read).toHaveLength(1);
  expect(people.map((one) => one.key)).toEqual([`key of ${id}`]);
});

it('several readers leave nothing behind', async () => {
  const ids = await store(Array.from({ length: 20 }, (_, i) => `message ${i}`));

  await readAll({ readers: 3 });

  for (const id of ids) expect((await readReceipt(db, id)).state).toBe('normalised');
  expect(await db.query('select id from fact')).toHaveLength(ids.length);
});

it('bytes that were blanked after they were read ahead are read as they are then', async () => {
  const [id] = await store(['Jane Doe']);

  await readAll({ beforeRecording: () => blank(id!) });

  expect(read.map((one) => one.text)).toEqual(['Jane Doe', '        ']);
  const facts = await db.query<{ content: string }>('select content from fact');
  expect(facts.map((fact) => fact.content).join()).not.toContain('Jane');
});

it('one that cannot be read ahead holds up no other and is set aside', async () => {
  const [good, bad, other] = await store(['one', 'broken', 'two']);

  await readAll();

  expect((await readReceipt(db, bad!)).state).toBe('quarantined');
  for (const id of [good, other]) expect((await readReceipt(db, id!)).state).toBe('normalised');
});

async function readAll(options: { readers?: number; beforeRecording?: () => Promise<void> } = {}): Promise<void> {
  const { readers = 1, beforeRecording = async () => undefined } = options;
  const batch = { receipts: 3, bytes: 1 << 20, readers };
  const ahead = readAhead(db, batch, reader);
  const noted: Db = {
    ...db,
    transaction: async (work) => {
      return db.transaction(async (tx) => {
        inTransaction += 1;
        return work(tx).finally(() => {
          inTransaction -= 1;
        });
      });
    },
  };
  await readWaiting(
    noted,
    batch,
    async (tx: Queryable, waiting) => {
      const reads = waiting.map(({ receipt, bytes }) => ({ receipt, reading: ahead.read(receipt, bytes) }));
      await recordReadings(tx, reads, NOW);
    },
    (tx, receipt, code) => setAside(tx, receipt, code, NOW),
    async () => {
      await ahead.next();
      await beforeRecording();
    },
  );
}

function reader(receipt: ReceiptRow, bytes: Uint8Array): Reading {
  const text = Buffer.from(bytes).toString();
  read.push({ id: receipt.id, text, inTransaction: inTransaction > 0 });
  if (text === 'broken') throw new Error('no reader for this');
  const facts = [result({ key: receipt.id, content: JSON.stringify({ resourceType: 'Observation', note: text }) })];
  return reading([{ ...about(receipt.id, facts), key: `key of ${receipt.id}` }]);
}

async function store(texts: string[]): Promise<string[]> {
  return db.transaction(async (tx) => {
    const ids = [];
    for (const text of texts) ids.push((await stored(tx, text, NOW)).id);
    return ids;
  });
}

/** As an erasure leaves a receipt of several people. */
async function blank(id: string): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query(`select set_config('countersign.erasing', 'test', true)`);
    await tx.query(`update receipt_bytes set bytes = convert_to(repeat(' ', length(bytes)), 'UTF8') where receipt = $1`, [id]);
  });
}
