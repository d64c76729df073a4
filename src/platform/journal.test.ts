import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JournalKind } from '../core/journal-kind.ts';
import type { Db } from './database.ts';
import { toHex } from './digest.ts';
import { append, commitmentOf, entryHash, headerOf } from './journal.ts';
import { appendAll, rowOf, type TestDatabase, testDatabases } from './journal-fixture.ts';

const PERSON = '7d9f2c55-1e5a-5a4e-8f2e-0c7a2b6f1c11';

describe.each(testDatabases)('journal on $name', ({ available, open }) => {
  describe.skipIf(!available)('', () => {
    let test: TestDatabase;
    let db: Db;
    beforeAll(async () => {
      test = await open();
      db = test.db;
    });
    afterAll(() => test.drop());

    it('R101: writes header, payload and place in the queue with the business change, or none of them', async () => {
      const before = await counts(db);

      const failing = db.transaction(async (tx) => {
        await append(tx, [rowOf()]);
        throw new Error('the business change failed');
      });
      await expect(failing).rejects.toThrow('business change');

      expect(await counts(db)).toEqual(before);
      await appendAll(db, [rowOf(), rowOf()]);
      expect(await counts(db)).toEqual(before.map((count) => count + 2n));
    });

    it('R101: the commitment binds salt and canonical body, and each row has a salt of its own', async () => {
      const ids = await appendAll(db, [
        rowOf({ person: PERSON, body: { b: 1, a: 'x' } }),
        rowOf({ person: PERSON, body: { b: 1, a: 'x' } }),
      ]);

      const rows = await read(db, ids);

      expect(rows.map(({ body }) => body)).toEqual(Array(2).fill(`{"a":"x","b":1,"person":"${PERSON}"}`));
      for (const row of rows) expect(toHex(row.commitment)).toBe(toHex(commitmentOf(row.salt, row.body)));
      expect(rows[0]!.salt).toHaveLength(32);
      expect(toHex(rows[0]!.salt)).not.toBe(toHex(rows[1]!.salt));
    });

    it('keeps row order in ids, also for many rows with every kind of text', async () => {
      const texts = Array.from({ length: 300 }, (_, i) => ({ i, text: `"{}\\,'\n é 😀 ${i}` }));

      const ids = await appendAll(
        db,
        texts.map((body) => rowOf({ body })),
      );

      expect(ids).toEqual([...ids].sort((a, b) => Number(a - b)));
      expect((await read(db, ids)).map(({ body }) => JSON.parse(body))).toEqual(texts);
    });

    it('gives the same rows for the same random source', async () => {
      const random = (count: number) => new Uint8Array(count).fill(7);

      const [id] = await db.transaction((tx) => append(tx, [rowOf()], { random }));

      const [row] = await read(db, [id!]);
      expect(toHex(row!.salt)).toBe('07'.repeat(32));
    });

    it.each(['journal', 'journal_payload'])(
      'R101: the database refuses update, delete and truncate of %s and its partitions',
      async (parent) => {
        await appendAll(db, [rowOf({ at: '2026-11-22T08:00:00.000Z' }), rowOf({ at: '1999-01-01T00:00:00.000Z' })]);
        await db.query(`select ensure_month_partitions('2031-05-05')`);
        const partitions = await db.query<{ name: string }>(
          'select inhrelid::regclass::text as name from pg_inherits where inhparent = $1::regclass',
          [parent],
        );

        expect(partitions.length).toBeGreaterThan(8);
        for (const { name } of partitions) await expect(db.query(`truncate ${name}`)).rejects.toMatchObject({ code: '42501' });
        await expect(db.query(`delete from ${parent}`)).rejects.toMatchObject({ code: '42501' });
        await expect(db.query(`update ${parent} set at = now()`)).rejects.toMatchObject({ code: '42501' });
        await expect(db.query(`truncate ${parent}`)).rejects.toMatchObject({ code: '42501' });
      },
    );

    it.each(['leaf', 'checkpoint', 'merkle_tile', 'receipt_bytes', 'fact'])('R101: the database refuses truncate of %s', async (table) => {
      await expect(db.query(`truncate ${table}`)).rejects.toMatchObject({ code: '42501' });
    });

    it.each([
      ['an unknown kind', { kind: 'note.eaten' as JournalKind }],
      ['a name as actor', { actor: 'Ada Lovelace' }],
      ['an empty subject', { subject: '' }],
      ['a person as subject', { subject: PERSON, person: PERSON }],
      ['another person in the body', { person: PERSON, body: { person: 'someone-else' } }],
      ['a person in the body alone', { body: { person: PERSON } }],
      ['the character U+0000 in the body', { body: { reason: 'a\u0000b' } }],
      ['half a surrogate pair in the body', { body: { reason: 'a\ud800' } }],
      ['a body that has no canonical form', { body: { at: undefined } }],
    ])('refuses %s and writes nothing', async (_why, change) => {
      const before = await counts(db);

      await expect(appendAll(db, [rowOf(), rowOf(change)])).rejects.toThrow();

      expect(await counts(db)).toEqual(before);
    });

    it('appending nothing is no statement at all', async () => {
      expect(await append({ query: () => Promise.reject(new Error('asked')) }, [])).toEqual([]);
    });
  });
});

it('R101: header and leaf hash of a known entry never change', () => {
  const header = headerOf({ id: 42n, at: '2026-11-22T08:00:00.000Z', kind: 'decision.signed', actor: 'clinician-1', subject: null });

  expect(header).toBe('{"actor":"clinician-1","at":"2026-11-22T08:00:00.000Z","id":42,"kind":"decision.signed","subject":null}');
  expect(toHex(entryHash(header, commitmentOf(new Uint8Array(32), '{}')))).toBe(
    '6ec92d754ade9b9530b0a206a824d7899c1fe5a26bf128d71a3e5db54ddaa440',
  );
});

type Stored = { commitment: Uint8Array; salt: Uint8Array; body: string };

async function read(db: Db, ids: readonly bigint[]): Promise<Stored[]> {
  return db.query<Stored>(
    `select j.commitment, p.salt, p.body from journal j join journal_payload p on p.journal_id = j.id
     where j.id = any($1::bigint[]) order by j.id`,
    [ids],
  );
}

async function counts(db: Db): Promise<bigint[]> {
  const rows = await db.query<{ n: bigint }>(
    `select count(*) as n from journal union all select count(*) from journal_payload union all select count(*) from journal_pending`,
  );
  return rows.map(({ n }) => n);
}
