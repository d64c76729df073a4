import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NewFact, PersonFacts } from '../core/fact.ts';
import type { Permit } from '../core/ports.ts';
import type { Db } from '../platform/database.ts';
import { openScratchDatabase } from '../platform/scratch-database.ts';
import { readChart, readHistory } from './chart.ts';
import { recordFacts, wins } from './facts.ts';
import { currentPerson, personByIdentifier, resolvePeople } from './people.ts';
import { listQuarantine } from './quarantine.ts';
import { readReceipt } from './receipts.ts';
import { about, MRN, reading, result, stored } from './record-fixture.ts';
import { type Changes, recordReadings } from './record-readings.ts';

let db: Db;
let minute = 0;
let patient = 0;
let mrn = '';
beforeAll(async () => {
  db = await openScratchDatabase();
});
afterAll(() => db.close());
beforeEach(() => {
  patient += 1;
  mrn = `4${String(patient).padStart(6, '0')}`;
});

describe('which version stands', () => {
  it.each`
    why                                     | arriving                                                         | standing                                                         | stands
    ${'final over preliminary'}             | ${{ rank: 2, resultAt: '2026-11-20T12:00:00.000Z' }}             | ${{ rank: 1, resultAt: '2026-11-20T12:00:00.000Z' }}             | ${true}
    ${'late preliminary under final'}       | ${{ rank: 1, resultAt: '2026-11-20T13:00:00.000Z' }}             | ${{ rank: 2, resultAt: '2026-11-20T12:00:00.000Z' }}             | ${false}
    ${'correction over final'}              | ${{ rank: 3, resultAt: '2026-11-20T13:00:00.000Z' }}             | ${{ rank: 2, resultAt: '2026-11-20T12:00:00.000Z' }}             | ${true}
    ${'older correction under newer'}       | ${{ rank: 3, resultAt: '2026-11-20T12:30:00.000Z' }}             | ${{ rank: 3, resultAt: '2026-11-20T13:00:00.000Z' }}             | ${false}
    ${'newer correction over older'}        | ${{ rank: 3, resultAt: '2026-11-20T14:00:00.000Z' }}             | ${{ rank: 3, resultAt: '2026-11-20T13:00:00.000Z' }}             | ${true}
    ${'final under correction'}             | ${{ rank: 2, resultAt: '2026-11-20T15:00:00.000Z' }}             | ${{ rank: 3, resultAt: '2026-11-20T13:00:00.000Z' }}             | ${false}
    ${'withdrawal over final'}              | ${{ rank: 0, resultAt: '2026-11-20T13:00:00.000Z', gone: true }} | ${{ rank: 2, resultAt: '2026-11-20T12:00:00.000Z' }}             | ${true}
    ${'older withdrawal under newer final'} | ${{ rank: 0, resultAt: '2026-11-20T11:00:00.000Z', gone: true }} | ${{ rank: 2, resultAt: '2026-11-20T12:00:00.000Z' }}             | ${false}
    ${'late final under withdrawal'}        | ${{ rank: 2, resultAt: '2026-11-20T12:00:00.000Z' }}             | ${{ rank: 0, resultAt: '2026-11-20T13:00:00.000Z', gone: true }} | ${false}
    ${'without times the later arrival'}    | ${{ rank: 0, resultAt: null }}                                   | ${{ rank: 0, resultAt: null }}                                   | ${true}
    ${'with a time over without'}           | ${{ rank: 2, resultAt: '2026-11-20T12:00:00.000Z' }}             | ${{ rank: 2, resultAt: null }}                                   | ${true}
    ${'without a time under with'}          | ${{ rank: 2, resultAt: null }}                                   | ${{ rank: 2, resultAt: '2026-11-20T12:00:00.000Z' }}             | ${false}
    ${'undated withdrawal over final'}      | ${{ rank: 0, resultAt: null, gone: true }}                       | ${{ rank: 2, resultAt: '2026-11-20T12:00:00.000Z' }}             | ${true}
    ${'final under undated withdrawal'}     | ${{ rank: 2, resultAt: '2026-11-20T12:00:00.000Z' }}             | ${{ rank: 0, resultAt: null, gone: true }}                       | ${false}
    ${'the greater hash where all is same'} | ${{ rank: 2, resultAt: '2026-11-20T12:00:00.000Z', hash: 'b' }}  | ${{ rank: 2, resultAt: '2026-11-20T12:00:00.000Z', hash: 'a' }}  | ${true}
    ${'the lesser hash where all is same'}  | ${{ rank: 2, resultAt: '2026-11-20T12:00:00.000Z', hash: 'a' }}  | ${{ rank: 2, resultAt: '2026-11-20T12:00:00.000Z', hash: 'b' }}  | ${false}
  `('R30: $why -> $stands', ({ arriving, standing, stands }) => {
    const of = ({ rank, resultAt, gone, hash = '' }: { rank: number; resultAt: string | null; gone?: boolean; hash?: string }) => {
      return { rank, resultAt, retracted: gone === true, contentHash: hash, sourcePerson: '' };
    };
    expect(wins(of(arriving), of(standing))).toBe(stands);
  });

  it('R30: in whatever order versions of a result arrive, the same one stands and all are kept', async () => {
    const versions: NewFact[] = [
      result({ key: 'order', status: 'preliminary', rank: 1, value: '6.4', resultAt: '2026-11-20T12:10:00Z' }),
      result({ key: 'order', status: 'final', rank: 2, value: '6.5', resultAt: '2026-11-20T12:20:00Z' }),
      result({ key: 'order', status: 'corrected', rank: 3, value: '5.7', resultAt: '2026-11-20T13:00:00Z' }),
      result({ key: 'order', status: 'corrected', rank: 3, value: '5.6', resultAt: '2026-11-20T13:30:00Z' }),
    ];
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), async (order) => {
        patient += 1;
        const id = crypto.randomUUID();
        for (const at of order) await record([about(`8${patient}`, [{ ...versions[at]!, id }])]);

        const [person] = await personByIdentifier(db, { authority: MRN, value: `8${patient}` });
        const chart = await readChart(db, permit(person!), person!, later());
        expect(chart.facts.map((fact) => fact.atoms.find((atom) => atom.name === 'value')?.text)).toEqual(['5.6']);
        expect(chart.superseded.length).toBe(3);
      }),
      { numRuns: 12 },
    );
  });

  it('R30: of a correction, its withdrawal and a final made after that, the final stands in every order', async () => {
    const versions: NewFact[] = [
      result({ status: 'final', rank: 2, value: '6.5', resultAt: '2026-11-20T12:00:00Z' }),
      result({ status: 'corrected', rank: 3, value: '5.7', resultAt: '2026-11-20T13:00:00Z' }),
      result({ status: 'cancelled', rank: 0, value: '5.7', resultAt: '2026-11-20T14:00:00Z', retracted: true }),
      result({ status: 'final', rank: 2, value: '5.6', resultAt: '2026-11-20T15:00:00Z' }),
    ];
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), fc.boolean(), async (order, together) => {
        patient += 1;
        const id = crypto.randomUUID();
        const people = order.map((at) => about(`8${patient}`, [{ ...versions[at]!, id, origins: origin(at) }]));
        if (together) await record(people);
        else for (const one of people) await record([one]);

        const [person] = await personByIdentifier(db, { authority: MRN, value: `8${patient}` });
        const { facts } = await readChart(db, permit(person!), person!, later());
        expect(valuesOf(facts)).toEqual(['5.6']);
      }),
      { numRuns: 24 },
    );
  });

  it('R30: of versions that rank and time cannot tell apart the same one stands in every order, tied and never claimed from', async () => {
    const at = '2026-11-20T13:00:00Z';
    const versions: NewFact[] = [
      result({ status: 'preliminary', rank: 1, value: '6.4', resultAt: at }),
      ...['5.5', '5.6', '5.7'].map((value) => result({ value, resultAt: at })),
      result({ value: '5.8', resultAt: null }),
    ];
    const stood = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), fc.boolean(), async (order, together) => {
        patient += 1;
        const id = crypto.randomUUID();
        const people = order.map((at) => about(`8${patient}`, [{ ...versions[at]!, id, origins: origin(at) }]));
        if (together) await record(people);
        else for (const one of people) await record([one]);

        const [person] = await personByIdentifier(db, { authority: MRN, value: `8${patient}` });
        const { facts } = await readChart(db, permit(person!), person!, later());
        expect(facts.map(({ grade, flags }) => ({ grade, flags }))).toEqual([{ grade: 'D', flags: ['tied'] }]);
        stood.add(valuesOf(facts).join());
        expect(stood.size).toBe(1);
      }),
      { numRuns: 16 },
    );
  });

  it('R30: what comes after a tie stands untied, and sending either again changes nothing', async () => {
    const at = '2026-11-20T13:00:00Z';
    for (const value of ['5.5', '5.6']) await record([about(mrn, [result({ key: mrn, value, resultAt: at })])]);
    for (const value of ['5.5', '5.6']) {
      const again = await record([about(mrn, [result({ key: mrn, value, resultAt: at })])]);
      expect(again.outcomes.map((outcome) => outcome.effect)).toEqual(['same']);
    }
    const { persons } = await record([about(mrn, [result({ key: mrn, value: '5.7', resultAt: '2026-11-20T14:00:00Z' })])]);

    const { facts } = await readChart(db, permit(persons[0]!), persons[0]!, later());
    expect(facts.map(({ grade, flags }) => ({ grade, flags }))).toEqual([{ grade: 'A', flags: [] }]);
    expect(valuesOf(facts)).toEqual(['5.7']);
  });
});

it('sending anything again changes nothing', async () => {
  const first = await record([about(mrn, [result({ key: mrn })])]);
  const again = await record([about(mrn, [result({ key: mrn })])]);

  expect(first.outcomes.map((outcome) => outcome.effect)).toEqual(['new']);
  expect(again.outcomes.map((outcome) => outcome.effect)).toEqual(['same']);
  expect(again.persons).toEqual([]);
});

it('R30: a withdrawn result (OBX-11 D or W) no longer stands, and its history says so', async () => {
  await record([about(mrn, [result({ key: mrn })])]);
  const gone = await record([
    about(mrn, [result({ key: mrn, status: 'entered-in-error', retracted: true, rank: 0, resultAt: '2026-11-20T14:00:00Z' })]),
  ]);

  const history = await readHistory(db, permit(gone.persons[0]!), gone.outcomes[0]!.id, later());
  expect(history.map((version) => [version.retracted, version.supersededAt === null])).toEqual([
    [false, false],
    [true, true],
  ]);
});

it('a chart as of an instant shows what was known then, and a correction keeps the old version', async () => {
  await record([about(mrn, [result({ key: mrn, value: '6.5' })])]);
  const between = later();
  const { persons } = await record([about(mrn, [result({ key: mrn, value: '5.6', status: 'corrected', rank: 3 })])]);

  const before = await readChart(db, permit(persons[0]!), persons[0]!, between);
  const after = await readChart(db, permit(persons[0]!), persons[0]!, later());

  expect(valuesOf(before.facts)).toEqual(['6.5']);
  expect(valuesOf(after.facts)).toEqual(['5.6']);
  expect(valuesOf(after.superseded)).toEqual(['6.5']);
});

it('a result that the source moves to another patient leaves the first one', async () => {
  const { persons: first } = await record([about(mrn, [result({ key: mrn })])]);
  const moved = await record([about(`${mrn}9`, [result({ key: mrn, status: 'corrected', rank: 3, value: '5.5' })])]);

  expect(moved.outcomes[0]!.effect).toBe('moved');
  expect((await readChart(db, permit(first[0]!), first[0]!, later())).facts).toEqual([]);
  expect(moved.superseded).toHaveLength(1);
});

describe('who is who', () => {
  it('the same authority and identifier from two sources is one person; the same name and birth date alone is not', async () => {
    const person = { birthDate: '1955-02-14', name: 'Osgood, Lenora' };
    const lab = await record([about(mrn, [result({ key: `${mrn}a` })], person)]);
    const ehr = await record([about(mrn, [result({ key: `${mrn}b` })], { ...person, source: 'north-ehr' })]);
    const stranger = await record([about(`${mrn}7`, [result({ key: `${mrn}c` })], { ...person, source: 'other' })]);

    expect(ehr.persons).toEqual(lab.persons);
    expect(stranger.persons).not.toEqual(lab.persons);
  });

  it.each`
    detail          | first                          | second                         | reason
    ${'birth date'} | ${{ birthDate: '1966-09-12' }} | ${{ birthDate: '1966-09-21' }} | ${'birth-date-differs'}
    ${'sex'}        | ${{ sex: 'female' }}           | ${{ sex: 'male' }}             | ${'sex-differs'}
  `('a known identifier with another $detail is quarantined and nothing is used', async ({ first, second, reason }) => {
    await record([about(mrn, [result({ key: `${mrn}a` })], first)]);
    const { outcomes, receipt } = await record([about(mrn, [result({ key: `${mrn}b` })], second)]);

    expect(outcomes).toEqual([]);
    expect((await readReceipt(db, receipt)).state).toBe('quarantined');
    expect((await listQuarantine(db, { state: 'open', receipt }, 100))[0]?.reason).toBe(reason);
  });

  it('a merge (A40) joins two people by a dated link and rewrites no fact', async () => {
    const { persons: kept } = await record([about(mrn, [result({ key: `${mrn}a` })])]);
    const { persons: gone } = await record([about(`${mrn}8`, [result({ key: `${mrn}b` })])]);
    const before = later();
    const rows = await factRows();

    await record([], { merges: [{ into: about(mrn, []).person, from: about(`${mrn}8`, []).person, at: later() }] });

    const now = later();
    expect((await readChart(db, permit(kept[0]!), kept[0]!, now)).facts).toHaveLength(2);
    expect((await readChart(db, permit(gone[0]!), gone[0]!, now)).facts).toHaveLength(0);
    expect((await readChart(db, permit(gone[0]!), gone[0]!, before)).facts).toHaveLength(1);
    expect(await currentPerson(db, gone[0]!)).toBe(kept[0]);
    expect(await factRows()).toEqual(rows);
  });
});

it('the database refuses to rewrite a fact version', async () => {
  await record([about(mrn, [result({ key: mrn })])]);

  await expect(db.query(`update fact set content = '{}'::json`)).rejects.toThrow(/never rewritten/);
  await expect(db.query('delete from fact')).rejects.toThrow(/never rewritten/);
});

it('R1: a read without a permit for this person is refused', async () => {
  const { persons } = await record([about(mrn, [result({ key: mrn })])]);
  const now = later();

  await expect(readChart(db, { ...permit(persons[0]!), person: crypto.randomUUID() }, persons[0]!, now)).rejects.toMatchObject({
    code: 'not_permitted',
  });
  await expect(readChart(db, { ...permit(persons[0]!), expiresAt: '2020-01-01T00:00:00Z' }, persons[0]!, now)).rejects.toMatchObject({
    code: 'not_permitted',
  });
  await expect(readChart(db, { ...permit(persons[0]!), actor: '' }, persons[0]!, now)).rejects.toMatchObject({ code: 'not_permitted' });
});

it('a person erased between being found and being written about is nobody: the reading is tried again, and no fact is left without one', async () => {
  const before = await factRows();

  const racing = db.transaction(async (tx) => {
    const receipt = await stored(tx, `message ${mrn}`, later());
    const [whom] = await resolvePeople(tx, [about(mrn, []).person], later());
    if (!whom || 'conflict' in whom) throw new Error('this person is somebody new');
    await tx.query('delete from ident where source_person = $1', [whom.sourcePerson]);
    await tx.query('delete from person_link where source_person = $1', [whom.sourcePerson]);
    await tx.query('delete from source_person where id = $1', [whom.sourcePerson]);
    await recordFacts(tx, [{ receipt: receipt.id, about: whom, fact: result({ key: mrn }) }], later());
  });

  await expect(racing).rejects.toMatchObject({ code: '40001' });
  expect(await factRows()).toEqual(before);
});

it('the same MSH-10 with other content is a new message, and flagged', async () => {
  const first = await record([about(mrn, [result({ key: `${mrn}a` })])], { controlId: `C${mrn}` });
  const second = await record([about(mrn, [result({ key: `${mrn}b` })])], { controlId: `C${mrn}` });

  expect((await readReceipt(db, first.receipt)).flags).toEqual([]);
  expect((await readReceipt(db, second.receipt)).flags).toEqual(['control-id-reused']);
});

async function record(people: PersonFacts[], change: Parameters<typeof reading>[1] = {}): Promise<Changes & { receipt: string }> {
  const now = later();
  return db.transaction(async (tx) => {
    const receipt = await stored(tx, `message ${minute}`, now);
    return { ...(await recordReadings(tx, [{ receipt, reading: reading(people, change) }], now)), receipt: receipt.id };
  });
}

function later(): string {
  minute += 1;
  return new Date(Date.UTC(2026, 10, 20, 15, minute)).toISOString();
}

function permit(person: string): Permit {
  return { actor: 'test', purpose: 'treatment', person, labels: [], expiresAt: '2099-01-01T00:00:00Z' };
}

/** Each in a place of its own, as items of one payload are. */
function origin(at: number): NewFact['origins'] {
  return [{ receipt: '00000000-0000-0000-0000-000000000000', mapping: 'hl7v2@1', envelope: [at * 10, at * 10 + 10] }];
}

function valuesOf(facts: { atoms: { name: string; text: string }[] }[]): (string | undefined)[] {
  return facts.map((fact) => fact.atoms.find((atom) => atom.name === 'value')?.text);
}

async function factRows(): Promise<unknown[]> {
  return db.query('select id, version, source_person, superseded_at, content_hash from fact order by id, version');
}
