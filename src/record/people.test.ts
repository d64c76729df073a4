import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Merge, SourcePersonRef } from '../core/fact.ts';
import { readHl7 } from '../interop/hl7v2/read-message.ts';
import type { Db } from '../platform/database.ts';
import { openScratchDatabase } from '../platform/scratch-database.ts';
import { currentPerson, resolvePeople } from './people.ts';
import { listQuarantine } from './quarantine.ts';
import { about, reading, stored } from './record-fixture.ts';
import { recordReadings } from './record-readings.ts';

let db: Db;
beforeAll(async () => {
  db = await openScratchDatabase();
});
afterAll(() => db.close());

it.each(['MB', 'SS', 'AN', 'MC'])('R125: twins born one day, with one number of type %s between them, stay two people', async (type) => {
  const pid = (mrn: string, name: string) =>
    `PID|1||F5^^^PLAN&9.9&ISO^${type}~${mrn}${type}^^^NORTH&1.2.3&ISO^MR||DOE^${name}||20200101|F||||||||||ACC1|999-99-9999`;

  const [anna, bella] = [await resolve(pid('1', 'ANNA')), await resolve(pid('2', 'BELLA'))];

  expect(anna).not.toBe(bella);
  expect(await resolve(pid('1', 'ANNA'))).toBe(anna);
});

const NOW = '2026-11-22T08:00:00.000Z';
const BEFORE = '2026-11-20T08:00:00.000Z';

it.each`
  what                               | kept                           | gone                           | reason
  ${'birth date'}                    | ${{ birthDate: '1960-01-02' }} | ${{ birthDate: '1970-01-02' }} | ${'birth-date-differs'}
  ${'sex'}                           | ${{ sex: 'F' }}                | ${{ sex: 'male' }}             | ${'sex-differs'}
  ${'birth date said by the merged'} | ${{}}                          | ${{ birthDate: '1970-01-02' }} | ${'birth-date-differs'}
`('R91: a merge of two registrations that differ in $what joins nobody: it is quarantined', async ({ kept, gone, reason }) => {
  const [into, from] = [person('A', kept), person('B', gone)];
  const before = await people([into, from]);
  // The birth date that a merge itself says counts as one of the registration that stays.
  const merge = { into: Object.keys(kept).length === 0 ? { ...into, birthDate: '1960-01-02' } : into, from: { ...from }, at: BEFORE };

  const receipt = await merged(merge);

  expect((await listQuarantine(db, { state: 'open', receipt }, 9)).map((item) => item.reason)).toEqual([reason]);
  expect(await Promise.all(before.map((one) => currentPerson(db, one)))).toEqual(before);
});

it('R91: a person already joined counts with every registration they have', async () => {
  const [into, from, third] = [person('A', {}), person('B', {}), person('C', { birthDate: '1970-01-02', sex: 'F' })];
  const before = await people([into, { ...from, birthDate: '1960-01-02' }, third]);
  await merged({ into, from, at: BEFORE });

  const receipt = await merged({ into: third, from: into, at: BEFORE });

  expect((await listQuarantine(db, { state: 'open', receipt }, 9)).map((item) => item.reason)).toEqual(['birth-date-differs']);
  expect(await currentPerson(db, before[2]!)).toBe(before[2]);
});

it('R91: a merge dated in the future joins nobody before its time; one whose clock is minutes ahead holds from now', async () => {
  const [into, from] = [person('A', {}), person('B', {})];
  const before = await people([into, from]);

  const receipt = await merged({ into, from, at: '2026-11-24T08:00:00.000Z' });

  expect((await listQuarantine(db, { state: 'open', receipt }, 9)).map((item) => item.reason)).toEqual(['merge-in-future']);
  expect(await Promise.all(before.map((one) => currentPerson(db, one)))).toEqual(before);
  expect(await listQuarantine(db, { state: 'open', receipt: await merged({ into, from, at: '2026-11-22T08:04:00.000Z' }) }, 9)).toEqual([]);
  expect(await currentPerson(db, before[1]!)).toBe(before[0]);
});

it('of two merges in one payload each is set aside on its own', async () => {
  const some = [person('A', { sex: 'F' }), person('B', { sex: 'M' }), person('C', { sex: 'M' })] as const;
  await people(some);

  const receipt = await merged({ into: some[0], from: some[1], at: BEFORE }, { into: some[0], from: some[2], at: BEFORE });

  expect((await listQuarantine(db, { state: 'open', receipt }, 9)).map((item) => item.item).sort()).toEqual(['merge[1]', 'merge[2]']);
});

let mrns = 0;

function person(name: string, details: Partial<SourcePersonRef>): SourcePersonRef {
  return about(`${name}${++mrns}`, [], details).person;
}

async function people(refs: readonly SourcePersonRef[]): Promise<string[]> {
  const resolved = await db.transaction((tx) => resolvePeople(tx, refs, BEFORE));
  return resolved.map((one) => ('person' in one ? one.person : one.conflict));
}

/** The id of the receipt that said so. */
async function merged(...merges: Merge[]): Promise<string> {
  return db.transaction(async (tx) => {
    const receipt = await stored(tx, `A40 ${++mrns}`, NOW);
    await recordReadings(tx, [{ receipt, reading: reading([], { merges }) }], NOW);
    return receipt.id;
  });
}

async function resolve(pid: string): Promise<string | undefined> {
  const bytes = Buffer.from(['MSH|^~\\&|LAB|NORTH|||20260301120000+0000||ADT^A08|1|P|2.5.1', pid, ''].join('\r'));
  const { people } = readHl7(bytes, { source: 'lab', receipt: '11111111-1111-4111-8111-111111111111', authorities: new Map() });
  const [resolved] = await db.transaction((tx) => resolvePeople(tx, [people[0]!.person], '2026-11-22T08:00:00.000Z'));
  return resolved && 'person' in resolved ? resolved.person : undefined;
}
