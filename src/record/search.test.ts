import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Atom, NewFact } from '../core/fact.ts';
import type { Permit } from '../core/ports.ts';
import type { Db } from '../platform/database.ts';
import { uuidFromParts } from '../platform/digest.ts';
import { testDatabases } from '../platform/journal-fixture.ts';
import { recordFacts } from './facts.ts';
import { mergePeople, resolvePeople } from './people.ts';
import { type FactSearch, searchFacts } from './search.ts';
import { readPatientVersions, searchPeople } from './search-people.ts';

const LOINC = 'http://loinc.org';
const HBA1C = { system: LOINC, code: '4548-4' };
const ANY: Permit = { actor: 'clinician-1', purpose: 'treatment', person: 'any', labels: [], expiresAt: '2027-01-01T00:00:00.000Z' };
const NOW = '2026-11-22T12:00:00.000Z';
const AUTHORITY = 'urn:oid:2.16.840.1.113883.3.9999.1';

describe.each(testDatabases.filter((database) => database.available))('search on $name', ({ open }) => {
  let db: Db;
  let drop: () => Promise<void>;
  let ann: string;
  let bea: string;

  beforeAll(async () => {
    ({ db, drop } = await open());
    ann = await arrive('north', 'A1', 'Ängström', 'Ann Mary', '1957-03-14', [
      observation('a1c-1', '4548-4', '2026-01-10T08:00:00.000Z'),
      observation('a1c-2', '4548-4', '2026-03-10T08:00:00.000Z'),
      observation('a1c-3', '4548-4', '2026-06-10T08:00:00.000Z'),
      observation('k-1', '2823-3', '2026-06-10T08:00:00.000Z'),
      observation('undated', '4548-4', null),
    ]);
    bea = await arrive('north', 'B1', "O'Brien", 'Bea', '1990-05-01', [observation('b-a1c', '4548-4', '2026-05-05T08:00:00.000Z')]);
  });
  afterAll(() => drop());

  it('R11: finds one patient by code and date and nobody else', async () => {
    const found = await ids({ persons: [ann], codes: [HBA1C], dates: [{ prefix: 'ge', from: '2026-03-01', to: '2026-03-02' }] });

    expect(found).toEqual(['a1c-3', 'a1c-2']);
  });

  it.each([
    ['eq', '2026-03-10', '2026-03-11', ['a1c-2']],
    ['ne', '2026-03-10', '2026-03-11', ['a1c-3', 'a1c-1']],
    ['gt', '2026-03-10', '2026-03-11', ['a1c-3']],
    ['lt', '2026-03-10', '2026-03-11', ['a1c-1']],
    ['ge', '2026-03-10', '2026-03-11', ['a1c-3', 'a1c-2']],
    ['le', '2026-03-10', '2026-03-11', ['a1c-2', 'a1c-1']],
    ['sa', '2026-03-10', '2026-03-11', ['a1c-3']],
    ['eb', '2026-03-10', '2026-03-11', ['a1c-1']],
    ['eq', '2026-01-01', '2027-01-01', ['a1c-3', 'a1c-2', 'a1c-1']],
  ] as const)('date prefix %s %s', async (prefix, from, to, expected) => {
    expect(await ids({ persons: [ann], codes: [HBA1C], dates: [{ prefix, from, to }] })).toEqual(expected);
  });

  it.each([
    ['a code without system', [{ code: '2823-3' }], ['k-1']],
    ['a code of another system', [{ system: 'urn:other', code: '2823-3' }], []],
    ['two codes', [{ code: '2823-3' }, HBA1C], ['a1c-3', 'k-1', 'a1c-2', 'a1c-1', 'undated']],
  ])('%s', async (_why, codes, expected) => {
    expect((await ids({ persons: [ann], codes })).sort()).toEqual([...expected].sort());
  });

  it('asks the standing version for code and date, not what a corrected one said', async () => {
    await arrive('north', 'A1', 'Ängström', 'Ann Mary', '1957-03-14', [
      observation('moved', '718-7', '2026-02-01T08:00:00.000Z', { rank: 1 }),
    ]);
    await arrive('north', 'A1', 'Ängström', 'Ann Mary', '1957-03-14', [
      observation('moved', '2823-3', '2026-02-02T08:00:00.000Z', { rank: 2 }),
    ]);

    expect(await ids({ persons: [ann], codes: [{ code: '718-7' }] })).toEqual([]);
    expect(
      await ids({ persons: [ann], codes: [{ code: '2823-3' }], dates: [{ prefix: 'lt', from: '2026-02-02', to: '2026-02-03' }] }),
    ).toEqual([]);
    expect(
      await ids({ persons: [ann], codes: [{ code: '2823-3' }], dates: [{ prefix: 'eq', from: '2026-02-02', to: '2026-02-03' }] }),
    ).toEqual(['moved']);
  });

  it('shows what was entered in error only to those who ask for a status', async () => {
    await arrive('north', 'A1', 'Ängström', 'Ann Mary', '1957-03-14', [
      observation('wrong', '30000-0', '2026-02-01T08:00:00.000Z', { status: 'entered-in-error', retracted: true }),
    ]);

    expect(await ids({ persons: [ann], codes: [{ code: '30000-0' }] })).toEqual([]);
    expect(await ids({ persons: [ann], codes: [{ code: '30000-0' }], status: ['entered-in-error'] })).toEqual(['wrong']);
  });

  it.each(['date', '-date', '_lastUpdated', '-_lastUpdated'] as const)('pages by %s without gap or repeat', async (sort) => {
    const whole = await ids({ persons: [ann], sort, count: 100 });

    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await searchFacts(db, ANY, { type: 'Observation', persons: [ann], sort, count: 2, ...(cursor ? { cursor } : {}) }, NOW);
      seen.push(...page.rows.map(keyOf));
      cursor = page.next;
    } while (cursor);

    expect(seen).toEqual(whole);
    expect(seen.length).toBeGreaterThan(5);
  });

  it('searches the population by type and category in recorded order', async () => {
    const page = await searchFacts(
      db,
      ANY,
      { type: 'Observation', tokens: [{ atom: 'category', any: [{ code: 'laboratory' }] }], count: 200 },
      NOW,
    );

    expect(page.rows.map((row) => row.person)).toEqual(expect.arrayContaining([ann, bea]));
    expect(page.total).toBe(page.rows.length);
  });

  it('keeps numbers as they were written', async () => {
    const page = await searchFacts(db, ANY, { type: 'Observation', persons: [bea], count: 1 }, NOW);

    expect(page.rows[0]?.content).toContain('"value":1.10');
  });

  it.each([
    ['another person', { ...ANY, person: '00000000-0000-5000-8000-000000000000' }],
    ['an expired permit', { ...ANY, expiresAt: NOW }],
  ])('R101: refuses %s', async (_why, permit) => {
    await expect(searchFacts(db, permit, { type: 'Observation', persons: [ann], count: 1 }, NOW)).rejects.toMatchObject({
      code: 'not_permitted',
    });
  });

  it('refuses a list across people to a permit for one', async () => {
    const permit = { ...ANY, person: ann };

    await expect(searchFacts(db, permit, { type: 'Observation', count: 1 }, NOW)).rejects.toMatchObject({ code: 'not_permitted' });
    await expect(searchPeople(db, permit, { count: 1 }, NOW)).rejects.toMatchObject({ code: 'not_permitted' });
  });

  it.each(['', 'x', Buffer.from('["date","now()","x"]').toString('base64url')])(
    'refuses a page link that is not ours: %s',
    async (cursor) => {
      const search: FactSearch = { type: 'Observation', persons: [ann], sort: 'date', count: 1, cursor };

      await expect(searchFacts(db, ANY, search, NOW)).rejects.toMatchObject({ code: 'request_invalid' });
    },
  );

  it.each([
    ['family, folded', { names: [['angs']] }, 'ann'],
    ['given, any part', { names: [['mary']] }, 'ann'],
    ['both parts', { names: [['ann'], ['ÄNGSTRÖM']] }, 'ann'],
    ['an apostrophe', { names: [["o'br"]] }, 'bea'],
    ['alternatives', { names: [['zzz', 'bea']] }, 'bea'],
    ['syntax of a query', { names: [["ang' | 'n"]] }, undefined],
    ['a backslash', { names: [['\\']] }, undefined],
    ['identifier with system', { identifiers: [[{ system: AUTHORITY, value: 'A1' }]] }, 'ann'],
    ['identifier without system', { identifiers: [[{ value: 'B1' }]] }, 'bea'],
    ['identifier of another system', { identifiers: [[{ system: 'urn:other', value: 'A1' }]] }, undefined],
    ['an identifier that joins nobody', { identifiers: [[{ system: 'urn:licence', value: 'L-A1' }]] }, 'ann'],
    ['birth date', { birthDates: [{ prefix: 'eq', from: '1957-03-14', to: '1957-03-15' }] }, 'ann'],
    ['birth year', { birthDates: [{ prefix: 'eq', from: '1957', to: '1958' }] }, 'ann'],
    ['born after', { birthDates: [{ prefix: 'gt', from: '1980', to: '1981' }] }, 'bea'],
    ['name and another birth date', { names: [['ann']], birthDates: [{ prefix: 'eq', from: '1990', to: '1991' }] }, undefined],
  ] as const)('finds people by %s', async (_why, search, expected) => {
    const found = await searchPeople(db, ANY, { ...search, count: 10 } as Parameters<typeof searchPeople>[2], NOW);

    expect(found.persons).toEqual(expected === undefined ? [] : [expected === 'ann' ? ann : bea]);
  });

  it('R91: a merge is a state of the patient view, and the merged id ends without sources', async () => {
    const one = await arrive('south', 'S1', 'Carr', 'Cleo', '1970-01-01', []);
    const two = await arrive('east', 'E1', 'Carr', 'Cleo', '1970-01-01', []);

    const merge = { from: reference('south', 'S1'), into: reference('east', 'E1'), at: '2026-11-22T11:00:00.000Z' };
    await db.transaction((tx) => mergePeople(tx, merge, '2026-11-22T11:30:00.000Z'));

    const versions = await readPatientVersions(db, ANY, [one, two], NOW);
    expect(versions.get(two)?.map((version) => version.parts.length)).toEqual([1, 2]);
    expect(versions.get(two)?.at(-1)).toMatchObject({ versionId: 2, at: '2026-11-22T11:30:00.000Z' });
    expect(versions.get(one)?.at(-1)?.sourcePersons).toEqual([]);
    expect((await searchPeople(db, ANY, { names: [['carr']], count: 10 }, NOW)).persons).toEqual([two]);
  });

  async function ids(search: Omit<FactSearch, 'type' | 'count'> & { count?: number }): Promise<string[]> {
    return (await searchFacts(db, ANY, { type: 'Observation', count: 100, ...search }, NOW)).rows.map(keyOf);
  }

  async function arrive(source: string, mrn: string, family: string, given: string, birthDate: string, facts: NewFact[]): Promise<string> {
    const at = `2026-11-22T09:00:${String(arrivals++).padStart(2, '0')}.000Z`;
    return db.transaction(async (tx) => {
      const [about] = await resolvePeople(tx, [{ ...reference(source, mrn), birthDate }], at);
      if (!about || 'conflict' in about) throw new Error('not resolved');
      const patient = patientFact(source, mrn, family, given, birthDate);
      await recordFacts(
        tx,
        [patient, ...facts].map((fact) => ({ receipt: uuidFromParts('receipt', source), about, fact })),
        at,
      );
      return about.person;
    });
  }
});

let arrivals = 0;

function reference(source: string, mrn: string) {
  return { source, identifiers: [{ authority: AUTHORITY, value: mrn }] };
}

function keyOf(row: { content: string }): string {
  return (JSON.parse(row.content) as { id: string }).id;
}

function observation(key: string, code: string, at: string | null, change: Partial<NewFact> = {}): NewFact {
  const atoms: Atom[] = [
    { name: 'code', text: code, system: LOINC, origin: 0, path: 'code.coding[0].code' },
    { name: 'category', text: 'laboratory', system: 'urn:category', origin: 0, path: 'category[0].coding[0].code' },
    { name: 'value', text: '1.10', origin: 0, path: 'valueQuantity.value' },
  ];
  const content = `{"resourceType":"Observation","id":"${key}","status":"final","valueQuantity":{"value":1.10},"code":{"text":"${code} ${at}"}}`;
  return { ...bareFact('Observation', key), status: 'final', validFrom: at, content, atoms, ...change };
}

function patientFact(source: string, mrn: string, family: string, given: string, birthDate: string): NewFact {
  const atoms: Atom[] = [
    { name: 'name', text: family, origin: 0, path: 'name[0].family' },
    { name: 'name', text: given, origin: 0, path: 'name[0].given[0]' },
    { name: 'birthDate', text: birthDate, origin: 0, path: 'birthDate' },
    { name: 'identifier', text: mrn, system: AUTHORITY, origin: 0, path: 'identifier[0].value' },
    { name: 'identifier', text: `L-${mrn}`, system: 'urn:licence', origin: 0, path: 'identifier[1].value' },
  ];
  return { ...bareFact('Patient', `${source}/${mrn}`), content: `{"resourceType":"Patient","id":"${mrn}"}`, atoms };
}

function bareFact(type: string, key: string): NewFact {
  return {
    id: uuidFromParts('fact', 'test', type, key),
    type,
    naturalKey: key,
    status: null,
    grade: 'A',
    flags: [],
    retracted: false,
    rank: 0,
    resultAt: null,
    validFrom: null,
    validTo: null,
    content: '{}',
    origins: [{ receipt: '', mapping: 'test@1', envelope: [0, 0] }],
    atoms: [],
  };
}
