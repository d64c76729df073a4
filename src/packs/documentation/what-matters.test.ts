import { describe, expect, it } from 'vitest';
import { draftAndVerify } from '../../ai/run.ts';
import { chart, fact, order, problem, result } from '../../ai/verify/testing/facts.ts';
import { verifySentence } from '../../ai/verify/verify.ts';
import type { Fact } from '../../core/fact.ts';
import { documentation } from './index.ts';

const draftOf = (facts: Fact[]) => documentation.write({ chart: chart(facts), asOf: '2026-11-22T15:38:00Z', trigger: undefined });
const linesOf = (facts: Fact[], section?: string) =>
  draftAndVerify(documentation, chart(facts), undefined)
    .sentences.filter((sentence) => section === undefined || sentence.section === section)
    .map(({ text, verdict }) => `${verdict.outcome}: ${text}`);
const leftOut = (facts: Fact[], section: string) =>
  draftOf(facts)
    .omitted.filter((one) => one.section === section)
    .map(({ number, what }) => `${number} ${what}`);

describe('the page keeps what matters most', () => {
  const minor = (number: number) =>
    Array.from({ length: number }, (_, index) =>
      result(`m${index}`, `Analyte ${String.fromCharCode(65 + index)}`, '101', 'mg/dL', '2026-11-21', {
        flag: 'H',
        category: 'laboratory',
      }),
    );
  const critical = (id: string, display: string, on: string) =>
    result(id, display, '6.9', 'mmol/L', on, { flag: 'HH', category: 'laboratory' });

  it('R130: a critical result comes before any number of newer ones that are merely high', () => {
    const lines = linesOf([...minor(9), critical('k', 'Potassium', '2026-11-19')], 'Abnormal results');

    expect(lines[0]).toBe('proven: Potassium was 6.9 mmol/L on 19 Nov 2026, critically high, the latest on record.');
  });

  it('R130: no critical result is ever left out for want of room', () => {
    const facts = Array.from({ length: 10 }, (_, index) =>
      critical(`k${index}`, `Potassium ${String.fromCharCode(65 + index)}`, '2026-11-19'),
    );

    expect(linesOf(facts, 'Abnormal results')).toHaveLength(10);
    expect(leftOut([...facts, ...minor(2)], 'Abnormal results')).toEqual(['2 further abnormal results']);
  });

  it('R130: an allergy of high criticality comes first, however old its entry', () => {
    const mild = Array.from({ length: 9 }, (_, index) =>
      fact('AllergyIntolerance', `a${index}`, {
        display: `Pollen ${String.fromCharCode(65 + index)}`,
        clinicalStatus: 'active',
        recorded: '2025-03-04',
      }),
    );
    const penicillin = fact('AllergyIntolerance', 'p', {
      display: 'Penicillin',
      clinicalStatus: 'active',
      criticality: 'high',
      reaction: 'Anaphylaxis',
      recorded: '1995-02-01',
    });

    expect(linesOf([...mild, penicillin], 'Allergies')[0]).toMatch(/^proven: .*Penicillin.*Anaphylaxis/);
  });

  it('R130: a stop, a change and a new drug come before refills, and one drug is said to be filled once', () => {
    const refill = (id: string, on: string) =>
      fact('MedicationDispense', id, { status: 'completed', display: 'Metformin 500 mg tablet', occurrence: `${on}T10:00:00-06:00` });
    const stopped = order('s', 'Hydrochlorothiazide 25 mg tablet', '25', 'mg', '2026-09-01', { status: 'stopped', end: '2026-10-14' });

    const lines = linesOf([refill('a', '2026-11-20'), refill('b', '2026-10-20'), refill('c', '2026-09-20'), stopped], 'Medication changes');

    expect(lines).toEqual([
      expect.stringMatching(/^proven: Hydrochlorothiazide 25 mg tablet .*was stopped on 14 Oct 2026\.$/),
      'proven: Metformin 500 mg tablet was filled on 20 Nov 2026.',
    ]);
  });
});

describe('two results of one instant that differ', () => {
  const potassium = (id: string, value: string, atoms = {}) =>
    result(id, 'Potassium', value, 'mmol/L', '2026-11-20', { category: 'laboratory', code: '2823-3', ...atoms });

  it.each([
    ['a', 'b'],
    ['b', 'a'],
  ])('R130: the abnormal one is written, and not as the latest, whichever id comes first (%s, %s)', (high, normal) => {
    expect(linesOf([potassium(high, '5.6', { flag: 'H' }), potassium(normal, '4.1', { flag: 'N' })], 'Abnormal results')).toEqual([
      expect.stringMatching(/: Potassium was 5\.6 mmol\/L on 20 Nov 2026, high\.$/),
    ]);
  });

  it('R130: two that say the same are one', () => {
    expect(linesOf([potassium('a', '5.6', { flag: 'H' }), potassium('b', '5.6', { flag: 'H' })], 'Abnormal results')).toEqual([
      'proven: Potassium was 5.6 mmol/L on 20 Nov 2026, high, the latest on record.',
    ]);
  });
});

describe('what was silently left out', () => {
  it('R130: a culture that its laboratory calls positive is written', () => {
    const culture = fact('Observation', 'c', {
      status: 'final',
      display: 'Blood culture',
      valueText: 'Staphylococcus aureus',
      flag: 'POS',
      category: 'laboratory',
      effective: '2026-11-20T06:15:00-06:00',
    });

    expect(linesOf([culture], 'Positive results')).toEqual([
      'proven: Blood culture was “Staphylococcus aureus” on 20 Nov 2026, the latest on record.',
    ]);
  });

  const report = (conclusion: string, atoms = {}) =>
    fact('DiagnosticReport', 'r', { status: 'final', display: 'Pathology report', effective: '2026-11-20', conclusion, ...atoms });

  it('R130: a conclusion on several lines is quoted', () => {
    expect(linesOf([report('Adenocarcinoma.\nMargins positive.')])).toContain(
      'proven: Pathology report on 20 Nov 2026 concluded: “Adenocarcinoma. Margins positive.”.',
    );
  });

  it.each`
    why                | conclusion                        | atoms
    ${'is long'}       | ${'A mass is there. '.repeat(40)} | ${{}}
    ${'holds a quote'} | ${'Said to be “clear”.'}          | ${{}}
    ${'is not final'}  | ${'Adenocarcinoma.'}              | ${{ status: 'preliminary' }}
  `('R130: a report whose conclusion $why is counted', ({ conclusion, atoms }) => {
    const [section] = draftOf([report(conclusion, atoms)]).omitted.map((one) => one.section);

    expect(leftOut([report(conclusion, atoms)], section!)).toEqual(['1 report to be read in full']);
  });

  it('R130: an order on hold is counted', () => {
    expect(leftOut([order('w', 'Warfarin 5 mg tablet', '5', 'mg', '2025-01-10', { status: 'on-hold' })], 'Medication changes')).toEqual([
      '1 order on hold',
    ]);
  });
});

describe('directions are said whole or not at all', () => {
  it.each`
    instruction                                                             | words
    ${'Take 2000 mg by mouth twice daily for 14 days of each 21-day cycle'} | ${'as “Take 2000 mg by mouth twice daily for 14 days of each 21-day cycle”'}
    ${'Take 2000 mg by mouth twice daily'}                                  | ${'2000 mg by mouth twice daily'}
    ${'Take 4 tablets twice daily with food'}                               | ${'2000 mg by mouth twice daily'}
  `('R98: “$instruction” is written as $words', ({ instruction, words }) => {
    const capecitabine = order('c', 'Capecitabine 500 mg tablet', '2000', 'mg', '2026-11-10', {
      instruction,
      timesPerPeriod: '2',
    });

    expect(linesOf([capecitabine], 'Medication changes')).toEqual([
      `proven: Capecitabine 500 mg tablet ${words} was prescribed on 10 Nov 2026.`,
    ]);
  });
});

it('R98: an order after a course that was completed is a new order, not a change of dose', () => {
  const course = (id: string, dose: string, on: string, status: string) =>
    order(id, 'Azithromycin 200 mg/5 mL suspension', dose, 'mg', on, { status });
  const said = (status: string) =>
    linesOf([course('a', '120', '2026-09-01', status), course('b', '160', '2026-10-18', 'active')], 'Medication changes');

  expect(said('completed').filter((line) => line.includes('changed'))).toEqual([]);
  expect(said('stopped').filter((line) => line.includes('changed'))).toHaveLength(1);
});

it('R98: a drug that was stopped is said to be stopped, though somebody says that they still take it', () => {
  const facts = [
    order('h', 'Hydrochlorothiazide 25 mg tablet', '25', 'mg', '2026-01-05', { status: 'stopped', end: '2026-10-14' }),
    fact('MedicationStatement', 'm', { status: 'active', display: 'Hydrochlorothiazide 25 mg tablet', effective: '2026-11-16' }),
  ];

  expect(linesOf(facts, 'Medication changes')).toEqual([
    'proven: Hydrochlorothiazide 25 mg tablet by mouth once daily was stopped on 14 Oct 2026.',
    'unproven: Hydrochlorothiazide 25 mg tablet is being taken, stated on 16 Nov 2026.',
  ]);
});

it('R98: a statement that doubts itself is quoted with its doubt, and then proven', () => {
  const says = (instruction: string, atoms = {}) =>
    fact('MedicationStatement', 'm', {
      status: 'active',
      display: 'Metformin 1000 mg tablet',
      effective: '2026-10-01',
      instruction,
      ...atoms,
    });

  expect(linesOf([says('Sometimes skips the evening dose')], 'Medication changes')).toEqual([
    'proven: Metformin 1000 mg tablet as “Sometimes skips the evening dose” is being taken, stated on 1 Oct 2026.',
  ]);
  expect(linesOf([says('Take with food', { note: 'Not sure he takes it' })], 'Medication changes')).toEqual([
    expect.stringMatching(/^unproven: /),
  ]);
});

it('R98: a strength that was stopped while the drug goes on in another is counted, not said to be a stop', () => {
  const facts = [
    order('a', 'Carvedilol 12.5 mg tablet', '12.5', 'mg', '2026-09-01', { status: 'stopped', end: '2026-10-12' }),
    order('b', 'Carvedilol 25 mg tablet', '25', 'mg', '2026-10-12'),
  ];

  expect(linesOf(facts, 'Medication changes')).toEqual([
    'proven: Carvedilol 25 mg tablet by mouth once daily was prescribed on 12 Oct 2026.',
  ]);
  expect(leftOut(facts, 'Medication changes')).toEqual(['1 stop of one strength of a drug that goes on']);
});

it.each([
  ['a range', 'Take 1-2 tablets twice daily', 'as “Take 1-2 tablets twice daily” '],
  ['more than there is room for', `Take twice daily, ${'then as the clinic says by telephone, '.repeat(4)}`, ''],
  ['a quote', 'Take “the big ones” until finished', ''],
])('R98: directions with %s are quoted whole or left out whole', (_, instruction, words) => {
  expect(linesOf([order('c', 'Tramadol 50 mg tablet', '50', 'mg', '2026-11-10', { instruction })], 'Medication changes')).toEqual([
    `proven: Tramadol 50 mg tablet ${words}was prescribed on 10 Nov 2026.`,
  ]);
});

it('R130: a report that was called off is not counted', () => {
  const cancelled = fact('DiagnosticReport', 'r', { status: 'cancelled', display: 'CT', effective: '2026-11-20', conclusion: 'Not done.' });

  expect(draftOf([cancelled]).omitted).toEqual([]);
});

describe('problems', () => {
  it.each([
    ['Both knees', 'proven'],
    ['Bilateral knees', 'proven'],
    // The verifier takes no two sides in words for one word: somebody looks.
    ['Left knee and right knee', 'unproven'],
  ])('R98: %s is both sides, and %s', (bodySite, outcome) => {
    expect(linesOf([problem('k', 'Osteoarthritis of knee', '2019', { bodySite })], 'Active problems')).toEqual([
      `${outcome}: Osteoarthritis of knee (bilateral), active since 2019.`,
    ]);
  });

  it('R98: a side that stands in the body site is said, and each side is a problem of its own', () => {
    const hip = (id: string, onset: string, bodySite: string) => problem(id, 'Osteoarthritis of hip', onset, { bodySite });

    expect(linesOf([hip('l', '2023-02-01', 'Left hip'), hip('r', '2025-02-20', 'Right hip')], 'Active problems')).toEqual([
      'proven: Osteoarthritis of hip (right), active since 20 Feb 2025.',
      'proven: Osteoarthritis of hip (left), active since 1 Feb 2023.',
    ]);
  });

  it('R98: a problem entered twice is active since the first of them', () => {
    expect(linesOf([problem('a', 'Hypertension', '2021-03-03'), problem('b', 'Hypertension', '2005')], 'Active problems')).toEqual([
      'proven: Hypertension, active since 2005.',
    ]);
  });
});

describe('no active problem', () => {
  it('R98: is said to be none only where none is recorded; others are counted', () => {
    const resolved = problem('a', 'Pneumonia', '2021-03-03', { clinicalStatus: 'resolved' });

    expect(linesOf([], 'Active problems')).toEqual(['proven: No problems are recorded.']);
    expect(linesOf([resolved], 'Active problems')).toEqual([]);
    expect(leftOut([resolved], 'Active problems')).toEqual(['1 problem that is not active']);
  });
});

it('R130: a trend that is abnormal now comes before newer ones that are not', () => {
  const series = (display: string, flag: string, day: number) =>
    ['06', '08', '10'].map((month, index) =>
      result(`${display}${month}`, display, `${index + 1}`, 'mg/dL', `2026-${month}-${day}`, { category: 'laboratory', flag }),
    );

  expect(linesOf([...series('Protein', 'N', 20), ...series('Creatinine', 'H', 11)], 'Trends')[0]).toMatch(/Creatinine rose/);
});

describe('one visit that two feeds sent', () => {
  const visit = (id: string, atoms = {}) =>
    fact('Encounter', id, {
      status: 'finished',
      class: 'EMER',
      reason: 'Worse cough',
      identifier: 'V1020',
      start: '2026-10-12T03:10:00-06:00',
      end: '2026-10-12T09:10:00-06:00',
      ...atoms,
    });

  it.each([
    ['under one number, begun at other minutes', { start: '2026-10-12T03:40:00-06:00' }],
    ['begun at one instant, one of them without a number', { identifier: [] }],
  ])('R98: %s, is one visit', (_, atoms) => {
    expect(linesOf([visit('a'), visit('b', atoms)]).filter((line) => line.includes('Emergency'))).toHaveLength(1);
  });

  it('R98: is one visit', () => {
    expect(linesOf([visit('a'), visit('b')]).filter((line) => line.includes('Emergency'))).toHaveLength(1);
    expect(linesOf([visit('a'), visit('b', { identifier: 'V1021', start: '2026-10-14T03:10:00-06:00', end: '2026-10-14T04:00:00-06:00' })]).filter((line) => line.includes('Emergency'))).toHaveLength(2); // biome-ignore format: one call
  });
});

describe('orders that something answers', () => {
  it.each([
    'cbc-1',
    'ServiceRequest/cbc-1',
    'urn:uuid:cbc-1',
    'https://ehr.example/fhir/ServiceRequest/cbc-1',
    'ServiceRequest/cbc-1/_history/2',
  ])('R98: an answer by reference %s', (basedOn) => {
    const asked = fact('ServiceRequest', 's', {
      status: 'active',
      intent: 'order',
      display: 'CBC panel',
      authored: '2026-10-12',
      identifier: 'cbc-1',
    });
    const answer = result('h', 'Hemoglobin', '13', 'g/dL', '2026-10-13', { basedOn, category: 'laboratory' });

    expect(linesOf([asked], 'Pending')).toHaveLength(1);
    expect(linesOf([asked, answer], 'Pending')).toEqual([]);
  });
});

it('R98: an order whose number holds a slash is answered by that number', () => {
  const asked = fact('ServiceRequest', 's', {
    status: 'active',
    intent: 'order',
    display: 'CBC panel',
    authored: '2026-10-12',
    identifier: 'P/77',
  });
  const answer = result('h', 'Hemoglobin', '13', 'g/dL', '2026-10-13', { basedOn: 'P/77', category: 'laboratory' });
  const claimed = 'CBC panel was ordered on 12 Oct 2026; no result by 22 Nov 2026.';

  expect(linesOf([asked, answer], 'Pending')).toEqual([]);
  expect(verifySentence({ text: claimed }, chart([asked])).outcome).toBe('proven');
  expect(verifySentence({ text: claimed }, chart([asked, answer])).outcome).toBe('contradicted');
});

describe('a person who died', () => {
  const booked = fact('Appointment', 'b', { status: 'booked', start: '2026-11-23T15:50:00+00:00' });
  const asks = (deceased?: string) => {
    const patient = fact('Patient', 'p', { name: 'Trap', ...(deceased === undefined ? {} : { deceased }) });
    return documentation.triggers.flatMap((trigger) => trigger.when(booked, '2026-11-22T15:38:00Z', [patient, booked]) ?? []).length;
  };

  it.each`
    deceased                       | number
    ${undefined}                   | ${1}
    ${'false'}                     | ${1}
    ${'true'}                      | ${0}
    ${'2026-10-30T04:00:00-06:00'} | ${0}
  `('R130: deceased $deceased: a booked visit asks for $number summaries', ({ deceased, number }) => {
    expect(asks(deceased)).toBe(number);
  });
});
