import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewFact } from '../../core/fact.ts';
import type { Sentence } from '../../core/proposal.ts';
import type { Db } from '../../platform/database.ts';
import { uuidFromParts } from '../../platform/digest.ts';
import { openScratchPglite } from '../../platform/scratch-database.ts';
import { recordFacts } from '../../record/facts.ts';
import { mergePeople, resolvePeople } from '../../record/people.ts';
import { atoms, MRN, result } from '../../record/record-fixture.ts';
import { patientBanners } from './banner.ts';
import { worklist } from './worklist.ts';

const asks = { reader: 'halloran', zone: 'America/Chicago', now: '2026-11-22T08:00:00.000Z' };
const NKA = { name: 'code' as const, text: '716186003', system: 'http://snomed.info/sct', origin: 0, path: 'code.coding[0].code' };

describe('the work list', () => {
  let db: Db;
  let number = 0;

  beforeAll(async () => {
    db = await openScratchPglite();
  });
  afterAll(() => db.close());

  it('R107: lists open drafts, the next due first, with patient, verdicts and what they rest on', async () => {
    const person = await arrive('1001', [patient('1001'), result()]);
    const late = await propose(person, { dueAt: '2026-11-23T10:00:00.000Z', facts: [result().id] });
    const soon = await propose(person, { dueAt: '2026-11-22T10:00:00.000Z' });
    await propose(person, { state: 'signed' });
    await propose(person, { state: 'stale' });
    await propose(person, { role: 'governance' });

    const items = await worklist(db, { ...asks, role: 'clinician' });

    expect(items.map((item) => item.id)).toEqual([soon, late]);
    expect(items[1]).toMatchObject({
      pack: 'documentation',
      patient: person,
      withheld: 1,
      tally: { proven: 2, unproven: 1, contradicted: 1, selected: 2 },
      restsOn: { facts: 1, sources: 1 },
      person: { id: person, name: 'Halvorsen, Ida Marie', birthDate: '1957-03-14', sex: 'female', mrn: '1001' },
    });
    expect((await worklist(db, { ...asks, state: 'signed' })).length).toBe(1);
    expect((await worklist(db, asks)).length).toBe(3);
  });

  it.each([
    ['nothing said', [], { state: 'not-recorded', items: [] }],
    ['allergies', [allergy('Penicillin', '91936005')], { state: 'listed', items: ['Penicillin'] }],
    ['none known', [allergy('No known allergy', '716186003')], { state: 'stated-none', items: [] }],
    [
      'none known and one recorded',
      [allergy('No known allergy', '716186003'), allergy('Penicillin', '91936005')],
      { state: 'conflict', items: ['Penicillin'] },
    ],
    [
      'no known drug allergy says nothing of food',
      [allergy('No known drug allergy', '409137002')],
      { state: 'listed', items: ['No known drug allergy'] },
    ],
    [
      'no known drug allergy beside nuts',
      [allergy('No known drug allergy', '409137002'), allergy('Nuts', '91935009', { category: 'food' })],
      { state: 'listed', items: ['Nuts'] },
    ],
    [
      'no known drug allergy beside penicillin',
      [allergy('No known drug allergy', '409137002'), allergy('Penicillin', '91936005', { category: 'medication' })],
      { state: 'conflict', items: ['Penicillin'] },
    ],
    [
      'a dangerous one first, however many came later',
      [
        allergy('Penicillin', '91936005', { reaction: 'Anaphylaxis' }),
        allergy('Latex', '111088007', { criticality: 'high' }),
        allergy('Pollen', '300910009'),
        allergy('Cat dander', '232346004'),
      ],
      { state: 'listed', items: [expect.stringMatching(/Penicillin|Latex/), expect.stringMatching(/Penicillin|Latex/), expect.any(String), expect.any(String)] }, // biome-ignore format: one row
    ],
    ['a resolved one', [allergy('Egg', '91930004', { clinicalStatus: 'resolved' })], { state: 'not-recorded', items: [] }],
    ['a refuted one', [allergy('Egg', '91930004', { verification: 'refuted' })], { state: 'not-recorded', items: [] }],
    ['one entered in error', [allergy('Egg', '91930004', {}, { retracted: true })], { state: 'not-recorded', items: [] }],
  ])('allergies: %s', async (_why, facts, expected) => {
    const mrn = `2${String(++number).padStart(3, '0')}`;
    const person = await arrive(mrn, facts.map((fact) => ({ ...fact, id: uuidFromParts(fact.id, mrn) }))); // biome-ignore format: short

    expect((await patientBanners(db, [person])).get(person)?.allergies).toEqual(expected);
  });

  it('says what a source said of somebody who has no Patient resource, and nothing of somebody unknown', async () => {
    const person = await arrive('3001', []);
    const nobody = uuidFromParts('nobody');

    const banners = await patientBanners(db, [person, nobody]);

    expect(banners.get(person)).toMatchObject({ name: 'Ida Halvorsen', birthDate: '1957-03-14', mrn: '3001' });
    expect(banners.get(nobody)).toMatchObject({ id: nobody, name: null, mrn: null, allergies: { state: 'not-recorded' } });
  });

  it.each([
    [{}, null],
    [{ deceasedBoolean: false }, null],
    [{ deceasedBoolean: true }, 'yes'],
    [{ deceasedDateTime: '2026-10-30T04:00:00-06:00' }, '2026-10-30T04:00:00-06:00'],
  ])('of a Patient with %j says that they died: %s', async (more, deceased) => {
    const mrn = `5${String(++number).padStart(3, '0')}`;
    const person = await arrive(mrn, [patient(mrn, more)]);

    expect((await patientBanners(db, [person])).get(person)?.deceased).toBe(deceased);
  });

  it('joins what linked sources say of one human', async () => {
    const one = await arrive('4001', [patient('4001')]);
    const other = await arrive('4002', [{ ...allergy('Latex', '111088007'), id: uuidFromParts('latex') }]);

    await db.transaction((tx) => mergePeople(tx, { from: ref('4002'), into: ref('4001'), at: at() }, at()));

    const banners = await patientBanners(db, [one, other]);
    expect(banners.get(one)).toMatchObject({ mrn: '4001', allergies: { state: 'listed', items: ['Latex'] } });
    expect(banners.get(other)).toMatchObject({ name: null });
  });

  it('shows the number of the registration that stays, though the one merged away was heard of last', async () => {
    const stays = await arrive('4101', [{ ...patient('4101'), id: uuidFromParts('stays') }]);
    await arrive('4102', [{ ...patient('4102'), id: uuidFromParts('goes') }]);

    await db.transaction((tx) => mergePeople(tx, { from: ref('4102'), into: ref('4101'), at: at() }, at()));

    expect((await patientBanners(db, [stays])).get(stays)?.mrn).toBe('4101');
  });

  async function arrive(mrn: string, facts: NewFact[]): Promise<string> {
    return db.transaction(async (tx) => {
      const [about] = await resolvePeople(tx, [{ ...ref(mrn), birthDate: '1957-03-14', name: 'Ida Halvorsen' }], at());
      if (!about || 'conflict' in about) throw new Error('not resolved');
      await recordFacts(tx, facts.map((fact) => ({ receipt: uuidFromParts('receipt'), about, fact })), at()); // biome-ignore format: short
      return about.person;
    });
  }

  async function propose(
    person: string,
    change: { state?: string; role?: string; dueAt?: string; facts?: string[] } = {},
  ): Promise<string> {
    const id = uuidFromParts('proposal', String(++number));
    await db.query(`insert into run (id, pack, person, as_of, closure, created_at) values ($1, 'documentation', $2, $3, '{}', $3)`, [
      id,
      person,
      at(),
    ]);
    const sentences = [sentence('proven', true), sentence('proven', true), sentence('unproven', false), sentence('contradicted', false)];
    const content = JSON.stringify({ title: 'Pre-visit summary', asOf: at(), sections: [], sentences, omitted: [] });
    await db.query(
      `insert into proposal (id, run, pack, person, trigger_key, title, why, state, role, content, drafted, content_hash, offered_at, due_at)
       values ($1, $2, 'documentation', $3, $9, 'Pre-visit summary', 'Visit', $4, $5, $6::json, $6::json, '', $7, $8)`,
      [id, id, person, change.state ?? 'offered', change.role ?? 'clinician', content, at(), change.dueAt ?? null, id],
    );
    for (const fact of change.facts ?? []) await db.query('insert into proposal_fact values ($1, $2, 1)', [id, fact]);
    return id;
  }
});

let clock = 0;
function at(): string {
  return new Date(Date.parse('2026-11-22T08:00:00.000Z') + clock++).toISOString();
}

function ref(mrn: string) {
  return { source: 'north-lab', identifiers: [{ authority: MRN, value: mrn }] };
}

function sentence(outcome: Sentence['verdict']['outcome'], selected: boolean): Partial<Sentence> {
  return { selected, verdict: { outcome, reasons: [] } };
}

function patient(mrn: string, more: Record<string, unknown> = {}): NewFact {
  const content = {
    resourceType: 'Patient',
    name: [
      { use: 'maiden', family: 'Berg', given: ['Ida'] },
      { use: 'official', family: 'Halvorsen', given: ['Ida', 'Marie'] },
    ],
    birthDate: '1957-03-14',
    gender: 'female',
    identifier: [{ value: 'SSN' }, { value: mrn, type: { coding: [{ code: 'MR' }] } }],
    ...more,
  };
  return { ...result({ atoms: [] }), id: uuidFromParts('patient', mrn), type: 'Patient', content: JSON.stringify(content) };
}

function allergy(words: string, code: string, texts: Parameters<typeof atoms>[0] = {}, change: Partial<NewFact> = {}): NewFact {
  const own = atoms({ display: words, ...texts }, [{ ...NKA, text: code }]);
  return { ...result({ atoms: own }), id: uuidFromParts('allergy', code), type: 'AllergyIntolerance', content: '{}', ...change };
}
