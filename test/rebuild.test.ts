/* The record is read again in a store beside and put right, on whichever store the suite runs: on a server from the receipts that are stored there. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rebuild } from '../src/governance/rebuild.ts';
import { tamper } from '../src/platform/journal-fixture.ts';
import { startHouse, type TestHouse } from './house.ts';

let house: TestHouse;

beforeAll(async () => {
  house = await startHouse({ ehr: false });
  for (const [id, status, value, reported] of [
    ['R1', 'F', '5.6', '20261120101500'],
    ['R2', 'C', '5.2', '20261120111500'],
    ['R3', 'P', '5.9', '20261120091500'],
  ])
    await house.send(
      [
        `MSH|^~\\&|NORTHLAB|NORTH|COUNTERSIGN|NORTH|${reported}+0000||ORU^R01^ORU_R01|${id}|P|2.5.1`,
        'PID|1||4471902^^^NORTH&2.999.1.1&ISO^MR||OSGOOD^LENORA^T||19550214|F',
        `OBR|1||NL1^NORTHLAB|24320-4^Basic metabolic panel^LN|||20261119080000+0000|||||||||||||||${reported}+0000|||${status}`,
        `OBX|1|NM|2823-3^Potassium^LN||${value}|mmol/L|3.5-5.1|H|||${status}|||20261119080000+0000`,
      ].join('\r'),
    );
  await house.settle();
}, 120_000);
afterAll(() => house.stop());

it.each`
  what                         | sql
  ${'facts and their codes'}   | ${'truncate fact, fact_code'}
  ${'people as well'}          | ${'truncate fact, fact_code, person_link, ident, source_person'}
  ${'atoms that were altered'} | ${`update fact set atoms = replace(atoms::text, '5.2', '3.2')::json`}
`(
  'R22: $what come back with their versions, times and closings, and the log proves them',
  async ({ sql }) => {
    const { db, segments, now, pseudonym, house: wired } = house.app;
    const facts = async (): Promise<unknown> => db.query('select row_to_json(f)::text as row from fact f order by id, version');
    const before = await facts();
    await tamper(db, sql);
    expect(await facts()).not.toEqual(before);

    const rebuilt = await rebuild({ db, segments, now, pseudonym, read: wired.read, batch: wired.batch }, () => undefined);

    expect(rebuilt).toMatchObject({ lost: 0, read: 0 });
    expect(await facts()).toEqual(before);
    expect((await house.verifyJournal()).problems).toEqual([]);
  },
  60_000,
);

it('R22: what was recorded by a reading that nobody has any more is counted as lost, and nothing else is put in its place', async () => {
  const { db, segments, now, pseudonym, house: wired } = house.app;
  const read: typeof wired.read = (receipt, bytes) => {
    const reading = wired.read(receipt, bytes);
    return {
      ...reading,
      people: reading.people.map((about) => ({ ...about, facts: about.facts.map((fact) => ({ ...fact, grade: 'B' as const })) })),
    };
  };
  await tamper(db, 'truncate fact, fact_code');

  const rebuilt = await rebuild({ db, segments, now, pseudonym, read, batch: wired.batch }, () => undefined);

  expect(rebuilt.facts).toBe(0);
  expect(rebuilt.lost).toBeGreaterThan(3);
  expect(await db.query('select 1 from fact')).toEqual([]);
}, 60_000);
