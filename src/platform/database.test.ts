import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from './database.ts';
import { createScratchPostgres, openScratchPglite, openScratchPostgres } from './scratch-database.ts';

const server = await createScratchPostgres();
await server?.drop();

describe.each(server ? (['pglite', 'postgres'] as const) : (['pglite'] as const))('the store on %s', (kind) => {
  let db: Db;

  beforeAll(async () => {
    db = kind === 'pglite' ? await openScratchPglite() : (await openScratchPostgres())!;
    await db.exec('create table note (id integer primary key, body text)');
  });
  afterAll(() => db.close());

  it.each`
    expression                                            | value
    ${"'9007199254740993'::int8"}                         | ${9007199254740993n}
    ${'42::int4'}                                         | ${42}
    ${'1.5::float8'}                                      | ${1.5}
    ${'true'}                                             | ${true}
    ${'null::text'}                                       | ${null}
    ${"''::text"}                                         | ${''}
    ${"'\\x00ff'::bytea"}                                 | ${new Uint8Array([0, 255])}
    ${`'{"a": 1.10}'::json`}                              | ${'{"a": 1.10}'}
    ${`'{"a": 1.10}'::jsonb`}                             | ${'{"a": 1.10}'}
    ${"'1.10'::numeric"}                                  | ${'1.10'}
    ${"date '2026-11-20'"}                                | ${'2026-11-20'}
    ${"timestamptz '2026-11-20 12:15:00Z'"}               | ${'2026-11-20T12:15:00.000Z'}
    ${"timestamptz '2026-11-20 14:15:00.1+02'"}           | ${'2026-11-20T12:15:00.100Z'}
    ${"timestamptz '2026-11-20 12:15:00.123456Z'"}        | ${'2026-11-20T12:15:00.123456Z'}
    ${"timestamptz '0001-01-01 00:00:00Z'"}               | ${'0001-01-01T00:00:00.000Z'}
    ${"timestamptz 'infinity'"}                           | ${'infinity'}
    ${`array['a', 'b "c" \\', null, 'NULL', '']::text[]`} | ${['a', 'b "c" \\', null, 'NULL', '']}
    ${'array[]::text[]'}                                  | ${[]}
    ${'array[1, null, 3]::int8[]'}                        | ${[1n, null, 3n]}
    ${"array['\\x01', '\\x']::bytea[]"}                   | ${[new Uint8Array([1]), new Uint8Array([])]}
    ${"array[timestamptz '2026-11-20 12:15:00Z']"}        | ${['2026-11-20T12:15:00.000Z']}
  `('reads $expression', async ({ expression, value }) => {
    const [row] = await db.query(`select ${expression} as it`);

    expect(row!['it']).toStrictEqual(value);
  });

  it('asks again what failed the first time it was asked, after it had been prepared', async () => {
    const ask = (divisor: number) => db.query('select 6 / $1::int as share', [divisor]);

    await expect(ask(0)).rejects.toMatchObject({ code: '22012' });
    expect(await ask(3)).toEqual([{ share: 2 }]);
    await expect(ask(0)).rejects.toMatchObject({ code: '22012' });
    expect(await ask(2)).toEqual([{ share: 3 }]);
  });

  it('takes arrays of text, json, bytes, numbers and instants for unnest and gives the same values back', async () => {
    const text = fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\0', '').toWellFormed());
    const nothing = { nil: null };
    const row = fc.record({
      text: fc.option(text, nothing),
      json: fc.json().map((value) => value.toWellFormed()),
      bytes: fc.uint8Array(),
      whole: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), nothing),
      at: fc.date({ min: new Date('1800-01-01'), max: new Date('9999-01-01'), noInvalidDate: true }).map((date) => date.toISOString()),
      id: fc.uuid(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
        const columns = (['id', 'text', 'json', 'bytes', 'whole', 'at'] as const).map((name) => rows.map((one) => one[name]));

        const stored = await db.query(
          `select * from unnest($1::uuid[], $2::text[], $3::json[], $4::bytea[], $5::int8[], $6::timestamptz[])
           as given (id, text, json, bytes, whole, at)`,
          columns,
        );

        expect(stored).toEqual(rows.map(({ id, text, json, bytes, whole, at }) => ({ id, text, json, bytes, whole, at })));
      }),
      { numRuns: 40 },
    );
  });

  it('takes one bytea as it is and refuses an object', async () => {
    const bytes = new Uint8Array(Array.from({ length: 256 }, (_, i) => i));

    expect(await db.query('select $1::bytea as it, $2::text as missing', [bytes, undefined])).toEqual([{ it: bytes, missing: null }]);
    await expect(db.query('select $1::json', [{ a: 1 }])).rejects.toThrow('pass JSON as text');
  });

  it.each`
    sql                            | code
    ${'select * from nowhere'}     | ${'42P01'}
    ${'selec'}                     | ${'42601'}
    ${'select 1/0'}                | ${'22012'}
    ${'delete from journal'}       | ${undefined}
    ${"select 'Jane Doe'::uuid"}   | ${'22P02'}
    ${"select 'a''b\"c'::integer"} | ${'22P02'}
  `('keeps the SQLSTATE of $sql and goes on', async ({ sql, code }) => {
    const failed = await db.query(sql).catch((error: unknown) => error);

    expect((failed as { code?: string }).code).toBe(code);
    expect(JSON.stringify(failed) + String(failed)).not.toContain('Jane');
    expect(await db.query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('names the constraint and never the values', async () => {
    await db.query(`insert into note values (900, 'Jane Doe')`);

    const failed = await db.query(`insert into note values (900, 'Jane Doe')`).catch((error: unknown) => error);

    expect(failed).toMatchObject({ code: '23505', constraint: 'note_pkey' });
    expect(JSON.stringify(failed) + String(failed)).not.toContain('Jane');
  });

  it('keeps a transaction whole: all of it, or nothing after an error', async () => {
    await db.transaction(async (tx) => {
      await tx.query('insert into note values (1, $1)', ['a']);
      await tx.query('insert into note values (2, $1)', ['b']);
    });
    await expect(
      db.transaction(async (tx) => {
        await tx.query('insert into note values (3, $1)', ['c']);
        throw new Error('stop');
      }),
    ).rejects.toThrow('stop');

    expect(await db.query('select id from note where id < 10 order by id')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('tells the work that swallowed an error that nothing was stored', async () => {
    const work = db.transaction(async (tx) => {
      await tx.query('insert into note values (20, $1)', ['x']);
      await tx.query('select 1/0').catch(() => undefined);
    });

    await expect(work).rejects.toMatchObject({ code: '25P02' });
    expect(await db.query('select 1 from note where id = 20')).toEqual([]);
  });

  it('lets nobody into an open transaction and refuses going round it', async () => {
    const seen: string[] = [];
    const inside = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const first = db.transaction(async (tx) => {
      await tx.query('insert into note values (30, $1)', ['first']);
      seen.push('in');
      inside.resolve();
      // The single connection would answer the outsider only after this transaction: it gets a moment in which it must not.
      await (kind === 'pglite' ? new Promise((resolve) => setTimeout(resolve, 30)) : answered.promise);
      await expect(db.query('select 1')).rejects.toThrow('went round');
      await expect(db.transaction(async () => undefined)).rejects.toThrow('went round');
      seen.push('out');
    });
    await inside.promise;
    const rows = await db.query('select body from note where id = 30');
    seen.push(`outside ${rows.length}`);
    answered.resolve();
    await first;

    // A server answers the outsider at once and shows nothing of the open transaction; the single connection makes it wait.
    expect(seen).toEqual(kind === 'pglite' ? ['in', 'out', 'outside 1'] : ['in', 'outside 0', 'out']);
  });

  it('refuses a tx after its transaction', async () => {
    let kept: { query(sql: string): Promise<unknown> } | undefined;
    await db.transaction(async (tx) => {
      kept = tx;
    });

    await expect(kept!.query('select 1')).rejects.toThrow('has ended');
  });

  it('runs several statements together or not at all', async () => {
    await expect(db.exec(`insert into note values (40, 'x'); select 1/0`)).rejects.toMatchObject({ code: '22012' });
    await expect(db.exec(`begin; insert into note values (41, 'x'); select 1/0`)).rejects.toMatchObject({ code: '22012' });

    expect(await db.query('select 1 from note where id in (40, 41)')).toEqual([]);
  });

  it('plans a statement anew after the schema changed under it', async () => {
    await db.query('create table shifting (a integer)');
    await db.query('insert into shifting values (1)');
    await db.query('select * from shifting');
    await db.query('alter table shifting add column b text');

    expect(await db.query('select * from shifting')).toEqual([{ a: 1, b: null }]);
  });

  it('serves many at once, each its own answer', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => db.query('select $1::int as i', [i])));

    expect(answers.map((rows) => rows[0]!['i'])).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });

  it('carries more than a megabyte both ways', async () => {
    const bytes = new Uint8Array(3_000_000).map((_, i) => i * 7);

    const [row] = await db.query<{ it: Uint8Array }>('select $1::bytea as it', [bytes]);

    expect(Buffer.compare(row!.it, bytes)).toBe(0);
  });
});
