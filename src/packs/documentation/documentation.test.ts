import { describe, expect, it } from 'vitest';
import { draftAndVerify } from '../../ai/run.ts';
import { chart, fact, order, result } from '../../ai/verify/testing/facts.ts';
import type { Fact } from '../../core/fact.ts';
import { documentation } from './index.ts';

const draftOf = (facts: Fact[]) => documentation.write({ chart: chart(facts), asOf: '2026-11-22T15:38:00Z', trigger: undefined });
const linesOf = (facts: Fact[]) =>
  draftAndVerify(documentation, chart(facts), undefined).sentences.map(({ text, verdict }) => `${verdict.outcome}: ${text}`);
const claimsOf = (facts: Fact[]) => draftOf(facts).sentences.flatMap((sentence) => sentence.claims);

describe('what the summary leaves out', () => {
  const ordered = (atoms: Record<string, string>) =>
    fact('ServiceRequest', 's', { status: 'active', display: 'Ferritin', authored: '2026-11-01', ...atoms });

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
    const allergy = fact('AllergyIntolerance', 'a', {
      display: 'Latex',
      clinicalStatus: 'active',
      verification: 'unconfirmed',
      recorded: '2018-05-04',
    });

    const draft = draftOf([allergy]);

    expect(draft.sentences.filter((sentence) => sentence.section === 'Allergies')).toEqual([]);
    expect(draft.omitted).toContainEqual({ section: 'Allergies', number: 1, what: 'unconfirmed allergy' });
  });

  it.each`
    focus              | results
    ${undefined}       | ${1}
    ${'Patient/donor'} | ${0}
  `('R98: a result observed of $focus is written $results times', ({ focus, results }) => {
    const value = { status: 'final', display: 'Potassium', value: '5.6', unit: 'mmol/L', flag: 'H', effective: '2026-11-20' };

    const claims = claimsOf([fact('Observation', 'k', focus === undefined ? value : { ...value, focus })]);

    expect(claims.filter((claim) => claim.kind === 'result')).toHaveLength(results);
  });

  it('R98: a result of several categories is read by any of them', () => {
    const value = { status: 'final', display: 'Potassium', value: '5.6', unit: 'mmol/L', flag: 'H', effective: '2026-11-20' };

    const claims = claimsOf([fact('Observation', 'k', { ...value, category: ['exam', 'laboratory'] })]);

    expect(claims.filter((claim) => claim.kind === 'result')).toHaveLength(1);
  });
});

it('R98: a result of grade D is not written', () => {
  const value = { status: 'final', display: 'Potassium', value: '5.6', unit: 'mmol/L', flag: 'H', effective: '2026-11-20' };
  const results = (over: Partial<Fact>) => claimsOf([fact('Observation', 'k', value, over)]).filter((claim) => claim.kind === 'result');

  expect(results({})).toHaveLength(1);
  expect(results({ grade: 'D' })).toEqual([]);
});

describe('what is not written is called absent only where nothing of it is on record', () => {
  const problem = { display: 'Gout', clinicalStatus: 'active', verification: 'confirmed', onset: '2019-01-01' };
  const allergy = { display: 'Latex', clinicalStatus: 'active', verification: 'confirmed', recorded: '2018-05-04' };
  const visit = { status: 'finished', class: 'AMB', start: '2026-10-15T09:00:00-05:00', display: 'Check up' };
  const PROBLEMS = 'problem that is not active';
  const ALLERGIES = 'allergy that is not active, or was ruled out';
  const VISITS = 'visit of an unknown kind or day, or dated in the future';
  const absences = (facts: Fact[]) => linesOf(facts).filter((line) => /No (?:problems|allergy|visits)/.test(line));
  const NONE = [
    'proven: No visits are recorded since 23 Nov 2021.',
    'proven: No problems are recorded.',
    'proven: No allergy information is recorded.',
  ];

  it.each`
    why                              | beside
    ${'nothing'}                     | ${[]}
    ${'a problem entered in error'}  | ${[fact('Condition', 'x', { ...problem, verification: 'entered-in-error' }, { retracted: true })]}
    ${'an allergy entered in error'} | ${[fact('AllergyIntolerance', 'x', { ...allergy, verification: 'entered-in-error' }, { retracted: true })]}
    ${'a visit that is planned'}     | ${[fact('Encounter', 'x', { ...visit, status: 'planned' })]}
    ${'a visit that was cancelled'}  | ${[fact('Encounter', 'x', { ...visit, status: 'cancelled' })]}
  `('R98: beside $why, all three are', ({ beside }) => {
    expect(absences(beside)).toEqual(NONE);
  });

  it.each`
    why                                   | beside                                                                         | of           | what
    ${'a resolved problem'}               | ${fact('Condition', 'x', { ...problem, clinicalStatus: 'resolved' })}          | ${'problem'} | ${PROBLEMS}
    ${'a problem that was ruled out'}     | ${fact('Condition', 'x', { ...problem, verification: 'refuted' })}             | ${'problem'} | ${PROBLEMS}
    ${'an inactive allergy'}              | ${fact('AllergyIntolerance', 'x', { ...allergy, clinicalStatus: 'inactive' })} | ${'allergy'} | ${ALLERGIES}
    ${'an allergy that was ruled out'}    | ${fact('AllergyIntolerance', 'x', { ...allergy, verification: 'refuted' })}    | ${'allergy'} | ${ALLERGIES}
    ${'a visit of a class we do not map'} | ${fact('Encounter', 'x', { ...visit, class: 'FLD' })}                          | ${'visits'}  | ${VISITS}
    ${'a visit of some day in a month'}   | ${fact('Encounter', 'x', { ...visit, start: '2026-10' })}                      | ${'visits'}  | ${VISITS}
    ${'a visit that has just begun'}      | ${fact('Encounter', 'x', { ...visit, status: 'arrived' })}                     | ${'visits'}  | ${VISITS}
    ${'a visit dated in the future'}      | ${fact('Encounter', 'x', { ...visit, start: '2027-10-15T09:00:00Z' })}         | ${'visits'}  | ${VISITS}
  `('R98: beside $why nothing of the sort is, and it is counted', ({ beside, of, what }) => {
    expect(absences([beside])).toEqual(NONE.filter((line) => !line.includes(of)));
    expect(draftOf([beside]).omitted.filter((one) => one.what === what)).toMatchObject([{ number: 1 }]);
  });
});

it.each`
  said                         | written
  ${'No known allergies'}      | ${'No known allergies, recorded on 4 May 2018.'}
  ${'No Known Drug Allergies'} | ${'No known Drug allergies, recorded on 4 May 2018.'}
  ${'NKDA'}                    | ${'No known drug allergies, recorded on 4 May 2018.'}
  ${'NKA'}                     | ${'No known allergies, recorded on 4 May 2018.'}
`('R98: a source that says “$said” without a code says that none is known', ({ said, written }) => {
  const entry = fact('AllergyIntolerance', 'a', {
    display: said,
    clinicalStatus: 'active',
    verification: 'confirmed',
    recorded: '2018-05-04',
  });

  expect(linesOf([entry]).filter((line) => /llerg/.test(line))).toEqual([`proven: ${written}`]);
});

describe('the latest that is written is the latest that is checked', () => {
  const potassium = (id: string, value: string, on: string, atoms = {}) =>
    result(id, 'Potassium', value, 'mmol/L', on, { category: 'laboratory', flag: 'H', ...atoms });

  it.each`
    why                                                     | later
    ${'another category'}                                   | ${potassium('b', '5.9', '2026-11-21', { category: 'exam' })}
    ${'another category and another code of the same name'} | ${potassium('b', '5.9', '2026-11-21', { category: 'survey', code: '6298-4' })}
    ${'no category'}                                        | ${potassium('b', '5.9', '2026-11-21', { category: [] })}
  `('R98: a later result of $why is the one written, and is proven', ({ later }) => {
    const facts = [potassium('a', '5.6', '2026-11-20', { code: '2823-3' }), later];

    expect(linesOf(facts).filter((line) => line.includes('Potassium'))).toEqual([
      'proven: Potassium was 5.9 mmol/L on 21 Nov 2026, high, the latest on record.',
    ]);
  });

  it('R98: what only a survey answers makes no series', () => {
    expect(claimsOf([potassium('a', '5.6', '2026-11-20', { category: 'survey' })]).filter((claim) => claim.kind === 'result')).toEqual([]);
  });

  it('R98: a trend counts the results of every category', () => {
    const facts = [
      potassium('a', '4.0', '2026-06-01'),
      potassium('b', '5.0', '2026-08-01'),
      potassium('x', '3.1', '2026-09-01', { category: 'exam' }),
      potassium('c', '6.0', '2026-11-01'),
    ];

    expect(claimsOf(facts).filter((claim) => claim.kind === 'trend')).toEqual([]);
    expect(claimsOf(facts.filter((one) => one.id !== 'x')).filter((claim) => claim.kind === 'trend')).toHaveLength(1);
  });

  it('R98: a result dated in the future is counted as left out, and the one before it is not called the latest', () => {
    const facts = [potassium('a', '5.6', '2026-11-20'), potassium('b', '4.0', '2027-01-20')];

    expect(linesOf(facts).filter((line) => line.includes('Potassium'))).toEqual(['proven: Potassium was 5.6 mmol/L on 20 Nov 2026, high.']);
    expect(draftOf(facts).omitted).toContainEqual({ section: 'Abnormal results', number: 1, what: 'result dated in the future' });
    expect(draftOf(facts.slice(0, 1)).omitted).toEqual([]);
  });
});

describe('orders that were stopped, nobody knows when', () => {
  const stopped = (id: string, on: string, atoms = {}) =>
    order(id, 'lisinopril 10 mg tablet', '10', 'mg', on, { status: 'stopped', ...atoms });
  const changes = (facts: Fact[]) => linesOf(facts).filter((line) => line.includes('isinopril'));

  it('R98: one written since the last visit is said to be stopped, without a day', () => {
    expect(changes([stopped('a', '2026-10-15')])).toEqual(['proven: Lisinopril 10 mg tablet by mouth once daily was stopped.']);
    expect(changes([stopped('a', '2026-10-15', { end: '2026-10-20' })])).toEqual([
      'proven: Lisinopril 10 mg tablet by mouth once daily was stopped on 20 Oct 2026.',
    ]);
  });

  it('R98: one written before is counted, not said', () => {
    const facts = [stopped('a', '2024-10-15')];

    expect(changes(facts)).toEqual([]);
    expect(draftOf(facts).omitted).toEqual([{ section: 'Medication changes', number: 1, what: 'older order, stopped on an unknown day' }]);
  });

  it.each(['2026-10-01', '2026-11-01'])('R98: nothing of the sort where another order of %s goes on', (on) => {
    const facts = [stopped('a', '2026-10-15'), order('b', 'lisinopril 10 mg tablet', '10', 'mg', on)];

    expect(changes(facts).filter((line) => line.includes('stopped'))).toEqual([]);
    expect(draftOf([stopped('c', '2024-01-01'), ...facts]).omitted).toEqual([]);
  });
});

describe('which visit is the last one', () => {
  const AMB = { class: 'AMB', start: '2026-10-15T09:00:00-05:00', display: 'Encounter for check up' };
  it.each`
    what                                | atoms                                              | over              | since
    ${'an ambulatory visit'}            | ${AMB}                                             | ${{}}             | ${'15 Oct 2026'}
    ${'a video visit'}                  | ${{ ...AMB, class: 'VR', display: 'Video visit' }} | ${{}}             | ${'15 Oct 2026'}
    ${'a call by its name, filed AMB'}  | ${{ ...AMB, display: 'Telephone encounter' }}      | ${{}}             | ${'24 Aug 2026'}
    ${'a call by its name, filed VR'}   | ${{ ...AMB, class: 'VR', display: 'Phone call' }}  | ${{}}             | ${'24 Aug 2026'}
    ${'a call by its code'}             | ${{ ...AMB, display: 'Consult', code: '99442' }}   | ${{}}             | ${'24 Aug 2026'}
    ${'a visit not to be claimed from'} | ${AMB}                                             | ${{ grade: 'D' }} | ${'24 Aug 2026'}
    ${'a stay'}                         | ${{ ...AMB, class: 'IMP' }}                        | ${{}}             | ${'24 Aug 2026'}
  `('R98: beside a visit of August, with $what in October it is that of $since', ({ atoms, over, since }) => {
    const august = fact('Encounter', 'a', { status: 'finished', class: 'AMB', start: '2026-08-24T09:00:00-05:00', display: 'Check up' });
    const stop = fact('Procedure', 'p', { status: 'completed', display: 'Colonoscopy', occurrence: '2026-11-01' });

    const { sections } = draftOf([august, fact('Encounter', 'o', { status: 'finished', ...atoms }, over), stop]);

    expect(sections[0]).toBe(`Since the last visit, ${since}`);
  });
});

it.each`
  start                          | why
  ${'2026-11-23T15:50:00+00:00'} | ${'Visit 2026-11-23T15:50:00.000Z, internal medicine'}
  ${'2026-11-23T09:50:00-06:00'} | ${'Visit 2026-11-23T15:50:00.000Z, internal medicine'}
  ${'2026-11-23'}                | ${'Visit 23 Nov 2026, internal medicine'}
`('a visit booked for $start is due at an instant, whatever clock its source keeps: $why', ({ start, why }) => {
  const booked = fact('Appointment', 'b', { status: 'booked', start, reason: 'internal medicine' });

  expect(documentation.triggers[0]!.when(booked, '2026-11-22T15:38:00Z', [booked])?.why).toBe(why);
});
