import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from './database.ts';
import { rowOf, type TestDatabase, testDatabases } from './journal-fixture.ts';
import { openJournalWriter } from './journal-writer.ts';

describe.each(testDatabases)('journal writer on $name', ({ available, open }) => {
  describe.skipIf(!available)('', () => {
    let test: TestDatabase;
    beforeAll(async () => {
      test = await open();
    });
    afterAll(() => test.drop());

    it('gives every caller the id of its own row', async () => {
      const writer = openJournalWriter(test.db, { group: 7 });

      const ids = await Promise.all(Array.from({ length: 50 }, (_, i) => writer.write(rowOf({ actor: `actor-${i}` }))));

      const rows = await test.db.query<{ id: bigint; actor: string }>('select id, actor from journal where id = any($1::bigint[])', [ids]);
      const actors = new Map(rows.map(({ id, actor }) => [id, actor]));
      expect(ids.map((id) => actors.get(id))).toEqual(ids.map((_, i) => `actor-${i}`));
      await writer.idle();
    });

    it('rows that arrive together are one statement and no transaction beside it', async () => {
      let statements = 0;
      const counted: Db = {
        ...test.db,
        query: (sql, params) => {
          statements += 1;
          return test.db.query(sql, params);
        },
        transaction: () => Promise.reject(new Error('a transaction of its own')),
      };
      const writer = openJournalWriter(counted);

      await Promise.all(Array.from({ length: 50 }, () => writer.write(rowOf())));

      expect(statements).toBe(1);
    });

    it.each([0, 1, 2, 3, 4, 5, 6, 8])(
      'a row that comes %i steps after the one before was stored does not wait for a third',
      async (steps) => {
        const writer = openJournalWriter(test.db);

        await writer.write(rowOf());
        for (let step = 0; step < steps; step += 1) await Promise.resolve();

        await expect(writer.write(rowOf())).resolves.toBeTypeOf('bigint');
      },
    );

    it('a refused row fails alone', async () => {
      const writer = openJournalWriter(test.db);

      const outcomes = await Promise.allSettled([
        writer.write(rowOf()),
        writer.write(rowOf({ actor: 'Ada Lovelace' })),
        writer.write(rowOf()),
      ]);

      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    });
  });
});
