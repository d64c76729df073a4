import { describe, expect, it } from 'vitest';
import type { AtomName, Chart, Fact } from '../../core/fact.ts';
import { documentation } from './index.ts';

type Atoms = Partial<Record<AtomName, string | string[]>>;

const chart = (facts: Fact[]): Chart => ({ person: 'p', asOf: '2026-11-22T15:38:00Z', facts, superseded: [] });
const draftOf = (facts: Fact[]) => documentation.write({ chart: chart(facts), asOf: '2026-11-22T15:38:00Z', trigger: undefined });
const claimsOf = (facts: Fact[]) => draftOf(facts).sentences.flatMap((sentence) => sentence.claims);

describe('what the summary leaves out', () => {
  const ordered = (atoms: Atoms) => fact('ServiceRequest', { status: 'active', display: 'Ferritin', authored: '2026-11-01', ...atoms });

  it.each`
    atoms                                        | pending
    ${{}}                                        | ${1}
    ${{ intent: 'order' }}                       | ${1}
    ${{ intent: 'plan' }}                        | ${0}
    ${{ intent: 'proposal' }}                    | ${0}
    ${{ intent: 'order', doNotPerform: 'true' }} | ${0}
  `('R98: an order with $atoms is pending $pending times', ({ atoms, pending }) => {
    expect(claimsOf([ordered(atoms)]).filter((claim) => claim.kind === 'pending')).toHaveLength(pending);
  });

  it('R98: an unconfirmed allergy is counted, never written, and never said to be absent', () => {
    const allergy = fact('AllergyIntolerance', {
      display: 'Latex',
      clinicalStatus: 'active',
      verification: 'unconfirmed',
      recorded: '2018-05-04',
    });

    const draft = draftOf([allergy]);

    expect(draft.sentences.filter((sentence) => sentence.section === 'Allergies')).toEqual([]);
    expect(draft.omitted).toContainEqual({ section: 'Allergies', number: 1, what: 'unconfirmed allergies' });
  });

  it.each`
    focus              | results
    ${undefined}       | ${1}
    ${'Patient/donor'} | ${0}
  `('R98: a result observed of $focus is written $results times', ({ focus, results }) => {
    const value = { status: 'final', display: 'Potassium', value: '5.6', unit: 'mmol/L', flag: 'H', effective: '2026-11-20' };

    const claims = claimsOf([fact('Observation', focus === undefined ? value : { ...value, focus })]);

    expect(claims.filter((claim) => claim.kind === 'result')).toHaveLength(results);
  });

  it('R98: a result of several categories is read by any of them', () => {
    const value = { status: 'final', display: 'Potassium', value: '5.6', unit: 'mmol/L', flag: 'H', effective: '2026-11-20' };

    const claims = claimsOf([fact('Observation', { ...value, category: ['exam', 'laboratory'] })]);

    expect(claims.filter((claim) => claim.kind === 'result')).toHaveLength(1);
  });
});

function fact(type: string, atoms: Atoms): Fact {
  return {
    id: `${type}-1`,
    version: 1,
    sourcePerson: 'north|1',
    source: 'north',
    type,
    status: typeof atoms.status === 'string' ? atoms.status : null,
    grade: 'A',
    flags: [],
    retracted: false,
    recordedAt: '2026-11-20T13:00:00Z',
    supersededAt: null,
    validFrom: null,
    validTo: null,
    contentHash: 'hash',
    origins: [{ receipt: 'r1', mapping: 'm@1', envelope: [0, 1] }],
    atoms: Object.entries(atoms).flatMap(([name, texts]) =>
      [texts].flat().map((text) => ({ name: name as AtomName, text, origin: 0, path: name })),
    ),
  };
}
