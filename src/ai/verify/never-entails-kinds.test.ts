import { describe, expect, it } from 'vitest';
import type { Fact } from '../../core/fact.ts';
import type { Outcome } from '../../core/verdict.ts';
import { indexChart } from './chart-index.ts';
import { chart, fact, order, problem, result } from './testing/facts.ts';
import { verifySentence, verifyText } from './verify.ts';

/*
 * Kinds of false sentences that were once called proven, and of plain truths that were once called false, each kind by several of its cases.
 * Tables of sentences, so they stand in one file.
 */
const knownTerms = ['Gout', 'Asthma', 'COPD', 'Heart failure', 'Pneumonia', 'CHF', 'Chest X-ray', 'Penicillin', 'Calcium', 'Migraine'];
const verdict = (text: string, facts: Fact[]) => verifySentence({ text }, chart(facts), { knownTerms });

type Row = [outcome: Outcome, text: string, facts: Fact[]];
const judged = (outcome: Outcome, text: string, facts: Fact[]) => {
  const found = verdict(text, facts);
  expect(`${found.outcome}: ${text}`, JSON.stringify([found.reasons, found.claims.map(({ claim }) => claim)])).toBe(`${outcome}: ${text}`);
};

const visit = (id: string, on: string, atoms = {}, over: Partial<Fact> = {}) =>
  fact('Encounter', id, { status: 'finished', class: 'EMER', start: `${on}T10:00:00-06:00`, ...atoms }, over);
const fed = { source: 'adt' };

describe('a visit counts once, however many feeds tell of it', () => {
  const twice = [
    visit('f', '2026-10-12', { identifier: 'V1', reason: 'COPD' }),
    visit('h', '2026-10-12', { identifier: 'V1', reason: 'COPD', start: '202610121000-0600' }, fed),
  ];
  const unnumbered = [visit('f', '2026-10-12'), visit('h', '2026-10-12', {}, fed)];
  const sameFeed = [visit('f', '2026-10-12'), visit('g', '2026-10-12')];
  const unknown = [visit('f', '2026-10-12', { identifier: 'V1' }), visit('u', '2026-10-12', { identifier: 'V1', status: 'unknown' }, fed)];
  const mixed = [
    visit('i', '2026-10-02', { class: 'IMP' }),
    visit('c', '2026-10-14', { class: 'AMB' }),
    visit('t', '2026-10-20', { class: 'VR', display: 'Telephone call' }),
  ];
  const part = [visit('i', '2026-10-02', { class: 'IMP' }), visit('p', '2026-10-03', { class: 'IMP', encounter: 'Encounter/i' })];
  const twin = (id: string, over = {}) => result(id, 'Potassium', '4.6', 'mmol/L', '2026-10-17', {}, over);

  it.each<Row>([
    ['proven', '1 emergency visit since 1 Jan 2026.', twice],
    ['contradicted', '2 emergency visits since 1 Jan 2026.', twice],
    ['contradicted', 'Two ED visits since 2026.', twice],
    ['contradicted', '2 visits since 1 Jan 2026.', twice],
    ['proven', '1 emergency visit since 1 Jan 2026.', unnumbered],
    ['contradicted', '2 emergency visits since 1 Jan 2026.', unnumbered],
    ['unproven', '1 emergency visit since 1 Jan 2026.', sameFeed],
    ['unproven', '2 emergency visits since 1 Jan 2026.', sameFeed],
    ['contradicted', '3 emergency visits since 1 Jan 2026.', sameFeed],
    ['proven', '1 emergency visit since 1 Jan 2026.', unknown],
    ['unproven', '0 emergency visits since 1 Jan 2026.', [visit('u', '2026-10-12', { status: 'unknown' })]],
    ['unproven', 'No emergency visits since 1 Jan 2026.', [visit('u', '2026-10-12', { status: 'unknown' })]],
    ['unproven', '0 emergency visits since 1 Jan 2026.', [visit('u', '2026-10-12', { class: [] })]],
    ['proven', '2 emergency visits since 1 Jan 2026.', [visit('f', '2026-10-12'), visit('g', '2026-10-13', {}, fed)]],
    ['contradicted', '1 emergency visit since 1 Jan 2026.', [visit('f', '2026-10-12'), visit('g', '2026-10-13', {}, fed)]],
    ['proven', '1 hospital admission since 1 Oct 2026.', mixed],
    ['unproven', '3 visits since 1 Oct 2026.', mixed],
    ['unproven', '2 visits since 1 Oct 2026.', mixed],
    ['contradicted', '5 visits since 1 Oct 2026.', mixed],
    ['unproven', '2 hospital admissions since 1 Oct 2026.', part],
    ['unproven', '2 results of potassium since 1 Jan 2026.', [twin('a'), twin('b')]],
    ['contradicted', '2 results of potassium since 1 Jan 2026.', [twin('a'), twin('b', fed)]],
    ['proven', '1 result of potassium since 1 Jan 2026.', [twin('a'), twin('b', fed)]],
  ])('R98: %s: %s', judged);
});

describe('a visit is counted for a reason only where its words settle that', () => {
  const ed = (reason: string | string[]) => [visit('e', '2026-08-21', { reason })];

  it.each<Row>([
    ['contradicted', '0 emergency visits for asthma since 1 Jan 2026.', ed('Asthma attack')],
    ['unproven', '0 emergency visits for COPD since 1 Jan 2026.', ed('Worse cough and shortness of breath')],
    ['unproven', '0 emergency visits for asthma since 1 Jan 2026.', ed([])],
    ['unproven', '0 emergency visits for asthma since 1 Jan 2026.', ed('Condition/c1')],
    ['contradicted', '0 visits for COPD since 2024-01-01.', ed('Chronic obstructive pulmonary disease follow-up')],
    ['contradicted', '0 hospital admissions for heart failure since 1 Jan 2026.', [visit('i', '2026-10-02', { class: 'IMP', reason: 'Acute decompensated heart failure' })]],
    ['contradicted', '0 emergency visits for asthma since 1 Jan 2026.', ed('Asthma')],
    ['proven', '0 emergency visits for asthma since 1 Sep 2026.', ed('Asthma')],
    ['proven', '0 hospital admissions for asthma since 1 Jan 2026.', ed('Asthma')],
    ['proven', '1 emergency visit for asthma since 1 Jan 2026.', ed('Asthma')],
    ['unproven', '1 emergency visit for asthma since 1 Jan 2026.', [...ed('Asthma'), visit('o', '2026-09-02', { reason: 'Shortness of breath' })]],
    ['contradicted', '3 emergency visits for asthma since 1 Jan 2026.', ed('Asthma')],
    ['contradicted', 'No visit for asthma is recorded.', ed('Asthma attack')],
    ['unproven', 'No visit for asthma is recorded.', ed([])],
    ['unproven', 'No visit for asthma is recorded.', ed('Shortness of breath')],
    ['proven', 'No visit for asthma is recorded since 1 Sep 2026.', ed('Asthma')],
    ['proven', 'Emergency visit for asthma on 21 Aug 2026.', ed('Asthma attack')],
    ['unproven', 'Emergency visit for asthma on 21 Aug 2026.', ed('Condition/c1')],
    ['contradicted', 'Emergency visit for gout on 21 Aug 2026.', ed('Asthma attack')],
  ])('R98: %s: %s', judged); // biome-ignore format: one table, read as a table
});

describe('a date stands for what the verb says, never for when it was written down', () => {
  const ct = (atoms = {}) =>
    fact('ServiceRequest', 's', {
      status: 'active',
      intent: 'order',
      display: 'CT of chest',
      authored: '2026-11-02',
      occurrence: '2026-12-17',
      ...atoms,
    });
  const penicillin = fact('AllergyIntolerance', 'a', {
    display: 'Penicillin',
    clinicalStatus: 'active',
    verification: 'confirmed',
    reaction: 'Anaphylaxis',
    recorded: '2022-11-23',
  });
  const nka = fact('AllergyIntolerance', 'n', {
    display: 'No known allergy',
    clinicalStatus: 'active',
    verification: 'confirmed',
    recorded: '2022-11-23',
  });
  const issued = fact('Observation', 'o', {
    status: 'final',
    display: 'Potassium',
    value: '4.6',
    unit: 'mmol/L',
    issued: '2026-10-17T09:00:00-06:00',
  });
  const lasting = problem('p', 'Gout', '2015-03-03');

  it.each<Row>([
    ['proven', 'CT of chest is planned on 17 Dec 2026.', [ct()]],
    ['contradicted', 'CT of chest is planned on 2 Nov 2026.', [ct()]],
    ['contradicted', 'CT of chest scheduled for 2 Nov 2026.', [ct()]],
    ['unproven', 'CT of chest is planned on 2 Nov 2026.', [ct({ occurrence: [] })]],
    ['proven', 'CT of chest is planned.', [ct()]],
    ['unproven', 'Allergic to penicillin with anaphylaxis on 23 Nov 2022.', [penicillin]],
    ['unproven', 'Penicillin allergy on 23 Nov 2022', [penicillin]],
    ['unproven', 'Allergic to penicillin in 2022', [penicillin]],
    ['proven', 'Penicillin allergy: anaphylaxis, recorded on 23 Nov 2022.', [penicillin]],
    ['proven', 'Penicillin allergy documented 11/23/2022', [penicillin]],
    ['unproven', 'NKDA on 23 Nov 2022', [nka]],
    ['proven', 'No known allergies, recorded on 23 Nov 2022.', [nka]],
    ['unproven', 'Potassium was 4.6 mmol/L on 17 Oct 2026.', [issued]],
    ['contradicted', 'No gout on record since 2020', [lasting]],
    ['contradicted', 'No problem named gout is recorded since 2020.', [lasting]],
    ['contradicted', 'No medication named furosemide is recorded since 1 Nov 2026.', [order('o', 'furosemide 40 mg tablet', '40', 'mg', '2026-10-15')]],
    ['contradicted', 'No allergies on record since 2024', [penicillin]],
  ])('R98: %s: %s', judged); // biome-ignore format: one table, read as a table
});

describe('values that are read as one were measured as one', () => {
  const pressure = (id: string, at: string, high: string, low: string): Fact[] => {
    const panel = fact('Observation', id, { status: 'final', display: 'Blood pressure', effective: at });
    for (const [component, name, value] of [
      [0, 'Systolic blood pressure', high],
      [1, 'Diastolic blood pressure', low],
    ] as const)
      panel.atoms.push(
        { name: 'display', text: name, origin: 0, path: 'd', component },
        { name: 'value', text: value, origin: 0, path: 'v', component },
        { name: 'unit', text: 'mmHg', origin: 0, path: 'u', component },
      );
    return [panel];
  };
  const apart = (id: string, at: string, high: string, low: string) => [
    fact('Observation', `${id}s`, { status: 'final', display: 'Systolic blood pressure', value: high, unit: 'mmHg', effective: at }),
    fact('Observation', `${id}d`, { status: 'final', display: 'Diastolic blood pressure', value: low, unit: 'mmHg', effective: at }),
  ];
  const year = [...pressure('a', '2023-03-01T09:00:00Z', '118', '82'), ...pressure('b', '2023-09-01T09:00:00Z', '125', '79')];
  const day = [...apart('a', '2023-03-01T09:00:00Z', '118', '82'), ...apart('b', '2023-03-01T15:00:00Z', '125', '79')];

  it.each<Row>([
    ['contradicted', 'Blood pressure was 125/82 mmHg in 2023.', year],
    ['proven', 'Blood pressure was 125/79 mmHg in 2023.', year],
    ['proven', 'Blood pressure was 118/82 mmHg in 2023.', year],
    ['contradicted', 'BP 125/82 on 3/1/2023', day],
    ['contradicted', 'BP 118/79 on 3/1/2023', day],
    ['proven', 'BP 118/82 on 3/1/2023', day],
    ['proven', 'BP 125/79', day],
    ['contradicted', 'BP 118/79', [...apart('a', '2023-03-01T09:00:00Z', '118', '82'), ...apart('b', '2023-03-01T15:00:00Z', '125', '79').slice(1)]],
    ['unproven', 'BP 118/82 on 3/1/2023', [...apart('a', '2023-03-01', '118', '82').slice(0, 1), ...apart('b', '2023-03-01', '118', '82').slice(1), ...apart('c', '2023-03-01', '140', '90')]],
  ])('R98: %s: %s', judged); // biome-ignore format: one table, read as a table
});

describe('the next appointment is the earliest to come', () => {
  const booked = (id: string, start: string, atoms = {}) => fact('Appointment', id, { status: 'booked', start, ...atoms });
  const two = [booked('a', '2026-11-22T13:00:00-06:00'), booked('b', '2026-11-23T09:00:00-06:00')];

  it.each<Row>([
    ['contradicted', 'Next appointment is on 23 Nov 2026.', two],
    ['proven', 'Next appointment is on 22 Nov 2026.', two],
    ['proven', 'Upcoming appointment on 23 Nov 2026.', two],
    ['proven', 'Appointment on 23 Nov 2026.', two],
    ['proven', 'Next appointment is on 23 Nov 2026.', [booked('b', '2026-11-23T09:00:00-06:00'), booked('c', '2026-11-22T09:00:00-06:00', { status: 'cancelled' })]],
    ['contradicted', 'Next appointment is on 3 Nov 2026.', [booked('b', '2026-11-03T09:00:00-06:00')]],
    ['contradicted', 'Upcoming appointment on 3 Nov 2026.', [booked('b', '2026-11-03T09:00:00-06:00')]],
    ['unproven', 'Next appointment is on 22 Nov 2026.', [booked('b', '2026-11-22')]],
    ['unproven', 'Appointment on 23 Nov 2026.', [booked('b', '2026-11-23T09:00:00-06:00', { status: 'proposed' })]],
    ['unproven', 'Next appointment is on 23 Nov 2026.', [booked('b', '2026-11-23T09:00:00-06:00'), booked('c', '2026-11-22T18:00:00-06:00', { status: 'pending' })]],
  ])('R98: %s: %s', judged); // biome-ignore format: one table, read as a table
});

describe('a drug was stopped where nothing of it went on', () => {
  const drug = (id: string, dose: string, on: string, atoms = {}) => order(id, `carvedilol ${dose} mg tablet`, dose, 'mg', on, atoms);
  const old = drug('a', '12.5', '2026-01-05', { status: 'stopped', end: '2026-10-16' });
  const raised = [old, drug('b', '25', '2026-10-16')];
  const statement = (on: string, atoms = {}) =>
    fact('MedicationStatement', 't', { status: 'active', display: 'carvedilol', effective: on, ...atoms });

  it.each<Row>([
    ['proven', 'Carvedilol was stopped on 16 Oct 2026.', [old]],
    ['contradicted', 'Carvedilol was stopped on 16 Oct 2026.', raised],
    ['contradicted', 'Carvedilol was stopped.', raised],
    ['contradicted', 'Carvedilol discontinued 10/16/2026', raised],
    ['unproven', 'Carvedilol 12.5 mg was stopped on 16 Oct 2026.', raised],
    ['unproven', 'Carvedilol 12.5 mg tablet was stopped on 16 Oct 2026.', raised],
    ['contradicted', 'Carvedilol was stopped on 16 Oct 2026.', [old, drug('b', '25', '2026-10-16', { status: 'completed' })]],
    ['contradicted', 'Carvedilol was stopped on 16 Oct 2026.', [old, drug('b', '25', '2026-10-10')]],
    ['unproven', 'Carvedilol was stopped on 16 Oct 2026.', [old, drug('b', '25', '2026-11-10')]],
    ['proven', 'Carvedilol was stopped on 16 Oct 2026.', [old, statement('2026-11-10')]],
    ['unproven', 'Carvedilol was stopped on 16 Oct 2026.', [old, fact('MedicationDispense', 'd', { status: 'completed', display: 'carvedilol', occurrence: '2026-11-01' })]],
    ['proven', 'Carvedilol was stopped on 16 Oct 2026.', [old, drug('b', '25', '2025-10-10', { status: 'completed' })]],
    ['proven', 'Carvedilol was stopped on 16 Oct 2026.', [old, drug('b', '25', '2026-10-16', { status: 'cancelled' })]],
    ['proven', 'Carvedilol was stopped on 16 Oct 2026.', [old, order('w', 'warfarin 5 mg tablet', '5', 'mg', '2026-10-16')]],
  ])('R98: %s: %s', judged); // biome-ignore format: one table, read as a table
});

describe('taken is what a statement says without doubt, and no stop speaks against', () => {
  const hctz = (atoms = {}) => order('o', 'hydrochlorothiazide 25 mg tablet', '25', 'mg', '2025-01-05', atoms);
  const stopped = hctz({ status: 'stopped', end: '2026-10-14' });
  const says = (note: string | string[] = [], atoms = {}) =>
    fact('MedicationStatement', 's', { status: 'active', display: 'hydrochlorothiazide', effective: '2026-11-16', note, ...atoms });

  it.each<Row>([
    ['proven', 'On hydrochlorothiazide.', [says()]],
    ['proven', 'On hydrochlorothiazide.', [says('Takes it every morning'), hctz()]],
    ['unproven', 'On hydrochlorothiazide.', [says(), stopped]],
    ['unproven', 'Hydrochlorothiazide is being taken, stated on 16 Nov 2026.', [says(), stopped]],
    ['unproven', 'On hydrochlorothiazide.', [says('Daughter thinks one bottle is still in the pillbox')]],
    ['unproven', 'On hydrochlorothiazide.', [says('Not sure whether still taking')]],
    ['unproven', 'Takes hydrochlorothiazide', [says('Ran out two weeks ago')]],
    ['unproven', 'Takes hydrochlorothiazide', [says([], { instruction: 'not taking' })]],
    ['unproven', 'Hydrochlorothiazide', [says('May have been stopped')]],
    ['proven', 'On hydrochlorothiazide.', [says(), stopped, order('n', 'hydrochlorothiazide 12.5 mg tablet', '12.5', 'mg', '2026-10-14')]],
  ])('R98: %s: %s', judged); // biome-ignore format: one table, read as a table
});

describe('what orders, asks or supposes claims nothing', () => {
  const facts = [
    order('o', 'furosemide 40 mg tablet', '40', 'mg', '2026-10-15', { timesPerPeriod: '2' }),
    fact('MedicationDispense', 'd', { status: 'completed', display: 'furosemide 40 mg tablet', occurrence: '2026-10-16' }),
    fact('Immunization', 'i', { status: 'completed', display: 'Zoster', occurrence: '2026-10-01' }),
    fact('Procedure', 'c', { status: 'completed', display: 'Colonoscopy', occurrence: '2021-04-09' }),
    problem('p', 'Hypertension', '2015-03-03'),
    problem('q', 'Gout', '2015-03-03', { verification: 'provisional' }),
    result('k', 'Potassium', '4.6', 'mmol/L', '2026-10-17'),
  ];

  it.each([
    'Order furosemide 40 mg twice daily.', 'Also order furosemide 40 mg twice daily.', 'Then order furosemide 40 mg', 'Do order furosemide 40 mg', 'Hypertension and order furosemide 40 mg', 'Please order furosemide 40 mg', 'Fill furosemide 40 mg', 'Receive zoster vaccine on 1 Oct 2026', 'Undergo colonoscopy on 9 Apr 2021',
    'Is hypertension active?', 'Is hypertension active', 'Was potassium 4.6 mmol/L on 17 Oct 2026', 'Was the potassium 4.6 mmol/L on 17 Oct 2026', 'Has the patient hypertension', 'Does patient have hypertension', 'Did the patient receive zoster vaccine on 1 Oct 2026', 'Does she have hypertension?', 'Hypertension?', 'Gout?', 'Is gout suspected?', 'Which patient has hypertension', 'Potassium was 4.6 mmol/L on 17 Oct 2026?',
    'Potassium was (?) 4.6 mmol/L on 17 Oct 2026', 'If hypertension is active', 'Had the patient hypertension', 'Unless hypertension', 'Should hypertension be active', 'Let potassium be 4.6 mmol/L', 'Furosemide 40 mg to be filled on 16 Oct 2026', 'To order furosemide 40 mg',
  ])('R98: is never proven: %s', (text) => {
    expect(verdict(text, facts).outcome).toBe('unproven');
  }); // biome-ignore format: one table, read as a table

  it.each([
    'Furosemide 40 mg twice daily', 'Furosemide 40 mg was ordered', 'Order for furosemide 40 mg', 'Received zoster vaccine on 1 Oct 2026', 'Did receive zoster vaccine on 1 Oct 2026', 'Has hypertension', 'Patient did undergo colonoscopy on 9 Apr 2021', '? gout', 'Was prescribed furosemide 40 mg', 'Patient has hypertension and was prescribed furosemide 40 mg',
  ])('R98: a statement beside them stays proven: %s', (text) => {
    expect(verdict(text, facts).outcome).toBe('proven');
  }); // biome-ignore format: one table, read as a table
});

describe('what governs a line is read with it', () => {
  const index = indexChart(
    chart([
      problem('p', 'Hypertension', '2015-03-03'),
      problem('c', 'COPD', '2016-03-03'),
      problem('g', 'Gout', '2015-03-03', { clinicalStatus: 'resolved', abatement: '2020-01-01' }),
      problem('m', 'Migraine', '2015-03-03', { verification: 'refuted' }),
      order('o', 'furosemide 40 mg tablet', '40', 'mg', '2026-10-15'),
      fact('AllergyIntolerance', 'a', { display: 'Penicillin', clinicalStatus: 'active', verification: 'confirmed', reaction: 'Hives' }),
      result('k', 'Potassium', '4.6', 'mmol/L', '2026-10-17'),
    ]),
  );
  const outcomes = (text: string) => verifyText(text, index).map((one) => `${one.text} ${one.verdict.outcome}`);

  it.each([
    'Denies:\n- Hypertension\n- COPD', 'Patient denies chest pain, shortness of breath,\nhypertension, and COPD.', 'Family history:\n  Hypertension', 'Resolved problems:\n1. Hypertension', 'Stopped at last visit:\n- furosemide 40 mg', 'No evidence of the following. Hypertension.', 'FAMILY HISTORY\nHypertension\nCOPD', '# Denies\n\nHypertension',
    '**Ruled out**\n* Hypertension\n* COPD', 'Family history\n- Hypertension', 'Denies:\n\nHypertension', 'Denies\n\n- Hypertension', 'Family history: gout. Hypertension.', 'Family history: gout\nHypertension', 'Patient has no\nhypertension', 'There is no evidence of\nHypertension', 'Mother:\nHypertension. COPD.', 'The following were ruled out.\nHypertension.\nCOPD.',
    'None of these is present: \nHypertension', 'Hypertension. None of the above.', 'Hypertension.\nCOPD.\nAll of the above were ruled out.', 'Hypertension. Ruled out.', 'Hypertension\n- denied', 'Hypertension. No.', 'Hypertension: no', 'She said: “I was told of\nHypertension.\nand more”', 'If any of these:\n- Hypertension', 'Plan:\n- furosemide 40 mg was prescribed on 15 Oct 2026', 'To do:\nFurosemide 40 mg',
    'No asthma,\nno hypertension,\nCOPD', 'Not present (any of\nHypertension\nCOPD)', 'Negative for:\n• Hypertension\n• COPD', 'Hypertension –\nruled out', 'ROS negative for\nHypertension', 'Wife:\n- Hypertension', 'Screening for:\n- Hypertension', 'Discontinued:\n1) furosemide 40 mg', 'Rule out\n- Hypertension', 'Denies:\r\n\t- Hypertension', 'Denies:\u2028- Hypertension', 'Denies:\n1. Gout\n   a. Hypertension',
    'Denies - \nHypertension', 'Differential:\nHypertension', 'Risk of:\nHypertension', 'Past:\nHypertension', 'Denies:\n[1] Hypertension', 'Denies;\nHypertension', 'Disregard what follows.\nHypertension.', 'Patient does not have any of:\nHypertension', 'Former problems\nHypertension', 'Hypertension.\nThis was a mistake.', 'Hypertension. That is not so.', 'Hypertension. Resolved.', 'In error:\nHypertension', 'Her father had\n\nHypertension', 'Denies...\nHypertension', 'Hypertension\n  - resolved 2019', 'Not:\n\nHypertension\n\nCOPD',
  ])('R98: not one line is proven: %j', (text) => {
    expect(verifyText(text, index).filter(({ verdict: { outcome } }) => outcome === 'proven').map((one) => one.text)).toEqual([]);
  }); // biome-ignore format: one table, read as a table

  it('R98: an item left unproven by what stands over it says so', () => {
    const [, item] = verifyText('Screening for:\n- Hypertension', index);

    expect(item!.verdict.reasons[0]).toEqual({
      code: 'claim-unread',
      text: 'It stands under “Screening for”, which could not be read with it.',
    });
  });

  it.each<[text: string, expected: string[]]>([
    ['Hypertension\nCOPD', ['Hypertension proven', 'COPD proven']],
    ['- Hypertension\n- COPD', ['Hypertension proven', 'COPD proven']],
    ['Active problems:\n- Hypertension\n- COPD\n- Gout', ['Active problems: unproven', 'Hypertension proven', 'COPD proven', 'Gout contradicted']],
    ['Resolved problems:\n- Gout\n- COPD', ['Resolved problems: unproven', 'Gout proven', 'COPD contradicted']],
    ['Ruled out:\n1. Migraine\n2. COPD', ['Ruled out: unproven', 'Migraine proven', 'COPD contradicted']],
    ['Labs:\n- Potassium 4.6 mmol/L on 10/17/2026', ['Labs: unproven', 'Potassium 4.6 mmol/L on 10/17/2026 proven']],
    ['Allergies:\n- Penicillin', ['Allergies: unproven', 'Penicillin proven']],
    ['Medications:\nFurosemide 40 mg', ['Medications: unproven', 'Furosemide 40 mg proven']],
    ['Denies:\n- Gout\n\nLabs:\nPotassium 4.6 on 10/17/2026', ['Denies: unproven', 'Gout unproven', 'Labs: unproven', 'Potassium 4.6 on 10/17/2026 proven']],
    ['No migraine.\nHypertension.', ['No migraine. proven', 'Hypertension. proven']],
    ['Patient has hypertension\nand COPD.', ['Patient has hypertension and COPD. proven']],
    [
      'Allergies: penicillin\nLabs: potassium 4.6 on 10/17/2026\nHypertension',
      ['Allergies: penicillin proven', 'Labs: potassium 4.6 on 10/17/2026 proven', 'Hypertension proven'],
    ],
    ['- No migraine\n- Hypertension', ['No migraine proven', 'Hypertension proven']],
    ['Potassium was 4.6 mmol/L on 17 Oct 2026. Hypertension.', ['Potassium was 4.6 mmol/L on 17 Oct 2026. proven', 'Hypertension. proven']],
    ['Denies:\n- Migraine\n- COPD', ['Denies: unproven', 'Migraine proven', 'COPD contradicted']],
  ])('R98: %j', (text, expected) => {
    expect(outcomes(text)).toEqual(expected);
  }); // biome-ignore format: one table, read as a table
});

describe('an order is answered by what names it, whatever its source calls it', () => {
  const request = (id: string) =>
    fact('ServiceRequest', id, { status: 'active', intent: 'order', display: 'CBC panel', authored: '2026-10-12' });
  const answer = (basedOn: string, over: Partial<Fact> = {}) => result('r', 'Hemoglobin', '11', 'g/dL', '2026-10-13', { basedOn }, over);
  const text = 'CBC panel was ordered on 12 Oct 2026; no result by 22 Nov 2026.';
  const stored = 'fact-of-source';

  it.each<Row>([
    ['contradicted', text, [request('o'), answer('ServiceRequest/o')]],
    ['contradicted', text, [request(stored), answer(`urn:uuid:${stored}`)]],
    ['contradicted', text, [request(stored), answer(`https://ehr/ServiceRequest/${stored}/_history/2`)]],
    ['proven', text, [request('o'), answer('ServiceRequest/other')]],
  ])('R98: %s: %s', judged); // biome-ignore format: one table, read as a table
});

describe('a plain truth is not called false', () => {
  const nka = fact('AllergyIntolerance', 'n', {
    display: 'No known allergy',
    clinicalStatus: 'active',
    verification: 'confirmed',
    recorded: '2022-11-23',
  });
  const nkda = fact('AllergyIntolerance', 'n', { display: 'No known drug allergy', clinicalStatus: 'active', verification: 'confirmed' });
  const k = [result('k', 'Potassium', '5.4', 'mmol/L', '2026-11-15')];
  const cr = [result('c', 'Creatinine', '1.43', 'mg/dL', '2026-11-15')];
  const gfr = [result('g', 'eGFR', '40', 'mL/min/{1.73_m2}', '2026-11-15')];
  const below = [result('t', 'Troponin T', '14', 'ng/L', '2026-11-15', { comparator: '<' })];
  const calcium = [result('m', 'Calcium', '2.4', 'mmol/L', '2026-11-15')];
  const hfref = [problem('h', 'Heart failure with reduced ejection fraction', '2024-02-20')];
  const xray = [
    fact('DiagnosticReport', 'x', {
      status: 'final',
      display: 'Chest X-ray, 2 views',
      effective: '2026-11-15',
      conclusion: 'Clear lungs.',
    }),
  ];
  const penicillin = fact('AllergyIntolerance', 'p', { display: 'Penicillin', clinicalStatus: 'active', verification: 'confirmed' });

  it.each<Row>([
    ['proven', 'NKDA.', [nka]],
    ['proven', 'No known drug allergies.', [nka]],
    ['proven', 'Allergies: NKDA', [nka]],
    ['proven', 'No allergies on file', [nka]],
    ['proven', 'No allergies on file', []],
    ['contradicted', 'No allergies on file', [penicillin]],
    ['unproven', 'No allergies on file', [nkda]],
    ['unproven', 'No known allergies.', [nkda]],
    ['proven', 'NKDA', [nkda]],
    ['unproven', 'No known food allergies.', [nka]],
    ['contradicted', 'NKDA', [penicillin]],
    ['unproven', 'NKDA', [nka, penicillin]],
    ['contradicted', 'No allergy information is recorded.', [nka]],
    ['proven', 'Potassium 5.4 mEq/L on 11/15/2026', k],
    ['contradicted', 'Potassium 5.5 mEq/L on 11/15/2026', k],
    ['contradicted', 'Calcium 2.4 mEq/L on 11/15/2026', calcium],
    ['proven', 'Potassium >5 mmol/L on 11/15/2026', k],
    ['proven', 'Potassium <6 mmol/L on 11/15/2026', k],
    ['proven', 'Potassium above 5 mmol/L on 11/15/2026', k],
    ['proven', 'Potassium was over 5 mmol/L on 15 Nov 2026.', k],
    ['proven', 'Potassium below 6 mmol/L on 11/15/2026', k],
    ['proven', 'Potassium >= 5.4 mmol/L on 11/15/2026', k],
    ['proven', 'Potassium <= 5.4 mmol/L on 11/15/2026', k],
    ['proven', 'Potassium > 5 mEq/L on 11/15/2026', k],
    ['contradicted', 'Potassium > 5.4 mmol/L on 11/15/2026', k],
    ['contradicted', 'Potassium <5 mmol/L on 11/15/2026', k],
    ['contradicted', 'Potassium above 6 mmol/L on 11/15/2026', k],
    ['contradicted', 'Potassium below 5 mmol/L on 11/15/2026', k],
    ['unproven', 'Potassium > 5 mg/dL on 11/15/2026', k],
    ['proven', 'Troponin T <14 ng/L on 11/15/2026', below],
    ['proven', 'Troponin T <20 ng/L on 11/15/2026', below],
    ['unproven', 'Troponin T <10 ng/L on 11/15/2026', below],
    ['contradicted', 'Troponin T >14 ng/L on 11/15/2026', below],
    ['unproven', 'Troponin T >10 ng/L on 11/15/2026', below],
    ['unproven', 'eGFR 40 mL/min on 11/15/2026', gfr],
    ['contradicted', 'eGFR 80 mL/min on 11/15/2026', gfr],
    ['proven', 'eGFR 40 mL/min/1.73m2 on 11/15/2026', gfr],
    ['unproven', 'Creatinine 1.4 mg/dL on 11/15/2026', cr],
    ['unproven', 'Creatinine 1 mg/dL on 11/15/2026', cr],
    ['contradicted', 'Creatinine 1.5 mg/dL on 11/15/2026', cr],
    ['proven', 'Heart failure.', hfref],
    ['unproven', 'CHF.', hfref],
    ['unproven', 'Heart failure in 2025', hfref],
    ['contradicted', 'Heart failure since 2025', hfref],
    ['contradicted', 'Heart failure in 2023', hfref],
    ['unproven', 'Type 2 diabetes.', [problem('d', 'Diabetes mellitus', '2020-01-01')]],
    ['contradicted', 'CKD stage 3', [problem('d', 'Chronic kidney disease stage 4', '2020-01-01')]],
    ['contradicted', 'Asthma.', hfref],
    ['unproven', 'Chest X-ray on 15 Nov 2026 concluded: “Clear lungs.”.', xray],
    ['contradicted', 'No gout; asthma.', [problem('g', 'Gout', '2020-01-01')]],
  ])('R98: %s: %s', judged); // biome-ignore format: one table, read as a table
});

describe('a number is read whole', () => {
  const facts = [
    order('o', 'apixaban 5 mg tablet', '5', 'mg', '2026-10-15', { timesPerPeriod: '2' }),
    order('t', 'tamsulosin 0.4 mg capsule', '0.4', 'mg', '2026-10-15'),
    result('h', 'Hematocrit', '34.0', '%', '2026-11-15'),
    result('s', 'Sodium', '136', 'mmol/L', '2026-11-15'),
  ];

  it.each<[Outcome, string]>([
    ['contradicted', 'Apixaban .5 mg BID was prescribed.'],
    ['contradicted', 'Apixaban .5 mg BID'],
    ['contradicted', 'Sodium .136.'],
    ['contradicted', 'Hematocrit .34 %.'],
    ['contradicted', 'Hematocrit was -.34 %'],
    ['unproven', 'Apixaban ,5 mg BID was prescribed.'],
    ['unproven', 'Sodium /136'],
    ['unproven', 'Sodium 1.136.0'],
    ['unproven', 'Sodium ·136'],
    ['contradicted', 'Sodium .  .136'],
    ['proven', 'Tamsulosin .4 mg daily was prescribed.'],
    ['proven', 'Apixaban 5 mg BID was prescribed.'],
    ['proven', 'Hematocrit 34.0 %.'],
  ])('R98: %s: %s', (outcome, text) => judged(outcome, text, facts));

  it('R98: "their" is not said of a woman or a man', () => {
    const her = fact('Patient', 'p', { gender: 'female', name: 'Ann Bell' });

    expect(verdict('Their sodium was 136 mmol/L on 15 Nov 2026.', [...facts, her]).outcome).toBe('unproven');
    expect(verdict('Her sodium was 136 mmol/L on 15 Nov 2026.', [...facts, her]).outcome).toBe('proven');
  });
});

describe('one name, several entries', () => {
  const both = [problem('a', 'Hypertension', '2005-01-01'), problem('b', 'Hypertension', '2021-03-03')];
  const ended = [problem('a', 'Pneumonia', '2005-01-01', { clinicalStatus: 'resolved' }), problem('b', 'Pneumonia', '2026-03-03')];

  it.each<Row>([
    ['unproven', 'Hypertension, active since 3 Mar 2021.', both],
    ['proven', 'Hypertension, active since 1 Jan 2005.', both],
    ['proven', 'Pneumonia, active since 3 Mar 2026.', ended],
    [
      'proven',
      'Cataract (right), active since 3 Mar 2021.',
      [problem('l', 'Cataract', '2005-01-01', { bodySite: 'Left eye' }), problem('r', 'Cataract', '2021-03-03', { bodySite: 'Right eye' })],
    ],
    [
      'unproven',
      'Cataract, active since 3 Mar 2021.',
      [problem('l', 'Cataract', '2005-01-01', { bodySite: 'Left eye' }), problem('r', 'Cataract', '2021-03-03', { bodySite: 'Right eye' })],
    ],
  ])('R98: %s: %s', judged);
});

describe('a dose is what is taken at a time, and a course what still runs', () => {
  const tylenol = (instruction: string) =>
    fact('MedicationStatement', 's', { status: 'active', display: 'acetaminophen 500 mg tablet', effective: '2026-11-01', instruction });
  const prednisone = order('p', 'Prednisone 20 mg tablet', '40', 'mg', '2026-10-12');
  const over = order('z', 'Prednisone 40 mg tablet', '40', 'mg', '2026-09-03', { end: '2026-09-08' });
  const cycles = order('c', 'Capecitabine 500 mg tablet', '2000', 'mg', '2026-09-04', {
    timesPerPeriod: '2',
    instruction: '2000 mg twice daily for 14 days of each 21-day cycle',
  });

  it.each<Row>([
    ['contradicted', 'Acetaminophen 500 mg three times daily is being taken.', [tylenol('Two tablets three times a day')]],
    ['proven', 'Acetaminophen 1000 mg three times daily is being taken.', [tylenol('Two tablets three times a day')]],
    ['unproven', 'Acetaminophen 500 mg three times daily is being taken.', [tylenol('One or two tablets three times a day')]],
    ['unproven', 'Acetaminophen 500 mg three times daily is being taken.', [tylenol('Three times daily')]],
    ['proven', 'Acetaminophen 500 mg three times daily is being taken.', [tylenol('One tablet three times a day')]],
    ['proven', 'Acetaminophen is being taken.', [tylenol('Two tablets three times a day')]],
    ['unproven', 'Acetaminophen 500 mg tablet three times daily is being taken.', [tylenol('Two tablets three times a day')]],
    ['unproven', 'Prednisone 20 mg tablet by mouth once daily was prescribed on 12 Oct 2026.', [prednisone]],
    ['proven', 'Prednisone 20 mg tablet 40 mg by mouth once daily was prescribed on 12 Oct 2026.', [prednisone]],
    ['proven', 'Prednisone 20 mg tablet was prescribed on 12 Oct 2026.', [prednisone]],
    ['contradicted', 'Current medications: prednisone', [over]],
    ['contradicted', 'Prednisone 40 mg daily.', [over]],
    ['proven', 'Prednisone 40 mg once daily was prescribed on 3 Sep 2026.', [over]],
    ['unproven', 'Capecitabine 2000 mg by mouth twice daily was prescribed on 4 Sep 2026.', [cycles]],
    ['proven', 'Capecitabine 2000 mg was prescribed on 4 Sep 2026.', [cycles]],
    ['proven', 'Capecitabine 2000 mg as “2000 mg twice daily for 14 days of each 21-day cycle” was prescribed on 4 Sep 2026.', [cycles]],
  ])('R98: %s: %s', judged); // biome-ignore format: one table, read as a table
});

describe('a time that has not come holds nothing yet', () => {
  const asked = fact('ServiceRequest', 'o', { status: 'active', intent: 'order', display: 'Ferritin', authored: '2026-11-20' });

  it.each<Row>([
    ['unproven', 'No visits are recorded since 23 Nov 2031.', []],
    ['unproven', 'No visits are recorded since 23 Nov 2026.', []],
    ['unproven', '0 visits since 1 Jan 2030.', []],
    ['unproven', 'No ED visits since 2027.', []],
    ['unproven', 'No results are recorded since Dec 2026.', []],
    ['proven', 'No visits are recorded since 22 Nov 2026.', []],
    ['proven', '0 visits since 2026.', []],
    ['unproven', 'Ferritin was ordered on 20 Nov 2026; no result by 23 Nov 2026.', [asked]],
    ['proven', 'Ferritin was ordered on 20 Nov 2026; no result by 22 Nov 2026.', [asked]],
    ['proven', 'Ferritin was ordered on 20 Nov 2026; no result by 21 Nov 2026.', [asked]],
  ])('R98: %s: %s', judged);
});

describe('a word that means something beside one thing is not left out beside another', () => {
  const facts = [
    order('o', 'lisinopril 20 mg tablet', '20', 'mg', '2026-10-15'),
    problem('p', 'Hypertension', '2015-03-03'),
    result('k', 'Potassium', '4.6', 'mmol/L', '2026-10-17'),
    visit('e', '2026-10-12'),
  ];

  it.each<[Outcome, string]>([
    ['unproven', 'The patient reported lisinopril 20 mg.'],
    ['unproven', 'Lisinopril was tested.'],
    ['unproven', 'Lisinopril was measured on 15 Oct 2026.'],
    ['contradicted', 'Lisinopril level 20 mg'],
    ['unproven', 'Patient reported hypertension.'],
    ['unproven', 'Patient was tested for hypertension'],
    ['unproven', 'Evaluated for hypertension'],
    ['unproven', 'Hypertension test'],
    ['unproven', 'Potassium dose 4.6 on 10/17/2026'],
    ['unproven', 'Lisinopril collected on 15 Oct 2026'],
    ['proven', 'Potassium level was reported as 4.6 mmol/L on 17 Oct 2026.'],
    ['proven', 'Lisinopril 20 mg tablet was prescribed on 15 Oct 2026.'],
    ['proven', 'Seen in the ED on 12 Oct 2026.'],
    ['proven', 'Patient was found to have hypertension.'],
  ])('R98: %s: %s', (outcome, text) => judged(outcome, text, facts));
});

describe('a word that nobody understands hides no contradiction', () => {
  const facts = [
    order('l', 'losartan 50 mg tablet', '50', 'mg', '2026-10-15'),
    problem('p', 'Hyperkalemia', '2026-08-14'),
    result('k', 'Potassium', '5.8', 'mmol/L', '2026-11-13'),
  ];

  it.each<[Outcome, string]>([
    ['contradicted', 'Potassium was 3.8 mmol/L on 13 Nov 2026, reassuring.'],
    ['contradicted', 'Reassuring potassium of 3.8 mmol/L on 13 Nov 2026.'],
    ['contradicted', 'Potassium was a reassuring, satisfactory 3.8 mmol/L on 13 Nov 2026.'],
    ['contradicted', 'Happily, losartan 100 mg was prescribed on 15 Oct 2026.'],
    ['unproven', 'Potassium was 5.8 mmol/L on 13 Nov 2026, reassuring.'],
    ['contradicted', 'No hyperkalemia at present.'],
    ['contradicted', 'Losartan was stopped last week because of hyperkalemia.'],
    ['unproven', 'Goal potassium 3.8 mmol/L'],
    ['unproven', 'Potassium should be 3.8 mmol/L'],
    ['unproven', 'If potassium is 3.8 mmol/L'],
    ['unproven', 'Start losartan 100 mg daily'],
    ['unproven', 'Consider losartan 100 mg'],
    ['unproven', 'Potassium was 3.8 mmol/L before 13 Nov 2026'],
    ['unproven', 'Previous potassium 3.8 mmol/L'],
    ['unproven', 'Neighbour has gout'],
    ['unproven', 'Losartan will be stopped'],
    ['unproven', 'Potassium nearly 3.8 mmol/L on 13 Nov 2026'],
    ['unproven', 'Denies hypokalemia, hyperkalemia possibly'],
    ['unproven', 'Is potassium 3.8 reassuring?'],
  ])('R98: %s: %s', (outcome, text) => judged(outcome, text, facts));
});

describe('other names and notations of what the chart holds', () => {
  const at = '2026-11-15';
  const pth = result('h', 'Parathyroid hormone', '92', 'pg/mL', at);
  const ldl = result('l', 'LDL cholesterol (calculated)', '148', 'mg/dL', at);
  const platelets = result('p', 'Platelets', '174', '10*3/uL', at);
  const sodium = result('s', 'Sodium', '138', 'mmol/L', at, { display: ['Sodium', 'Sodium [Moles/volume] in Serum or Plasma'] });
  const psa = [result('a', 'PSA', '6.74', 'ng/mL', '2026-06-25'), result('b', 'PSA', '7.9', 'ng/mL', at)];
  const screening = fact('Procedure', 'm', { status: 'completed', display: 'Screening mammogram', occurrence: '2025-10-23' });
  const scan = fact('ServiceRequest', 'b', { status: 'active', intent: 'order', display: 'Bone scan', authored: '2026-11-06' });

  it.each<Row>([
    ['contradicted', '0 results of PTH since 2020.', [pth]],
    ['contradicted', 'No PTH on record', [pth]],
    ['unproven', 'No NSE on record', [result('n', 'Neuron specific enolase', '9', 'ng/mL', at)]],
    ['proven', 'LDL 148.', [ldl]],
    ['proven', 'LDL cholesterol was 148 mg/dL on 15 Nov 2026.', [ldl]],
    ['unproven', 'Platelets 174,000.', [platelets]],
    ['contradicted', 'Platelets 17,400.', [platelets]],
    ['proven', 'No ferritin on record.', [sodium]],
    ['unproven', 'Mammogram in 2025.', [screening]],
    ['proven', 'Dementia.', [problem('d', "Alzheimer's disease", '2024-01-01')]],
    ['unproven', 'Otitis media resolved', [problem('o', 'Acute otitis media', '2024-01-01', { clinicalStatus: 'resolved' })]],
    ['unproven', 'COVID-19 in 2020.', [problem('c', 'COVID-19', '2020-03-01', { clinicalStatus: 'resolved', abatement: '2020-03-20' })]],
    ['unproven', 'Bone scan ordered.', [scan, order('o', 'amlodipine 5 mg tablet', '5', 'mg', at)]],
    ['unproven', 'PSA 6.74.', psa],
    ['contradicted', 'Latest PSA 6.74.', psa],
    ['contradicted', 'PSA 5.1.', psa],
    ['proven', 'PSA 7.9.', psa],
    ['unproven', 'TSH 7.4', [result('t', 'TSH', '7.35', 'mIU/L', at)]],
    ['unproven', 'Weight 20 kg', [result('w', 'Weight', '19.9', 'kg', at)]],
  ])('R98: %s: %s', judged);
});

describe('a number has the scale and the time that the sentence gives it', () => {
  const at = '2026-11-18';
  const platelets = result('p', 'Platelets', '119', 'K/uL', at);
  const white = result('w', 'WBC', '13.5', 'K/uL', at);
  const glucose = result('g', 'Glucose', '5.4', 'mmol/L', at);
  const haemoglobin = result('h', 'Hemoglobin', '11.5', 'g/dL', at);
  const potassium = result('k', 'Potassium', '5.4', 'mmol/L', at);
  const height = result('t', 'Height', '113', 'cm', at);
  const twice = [
    result('a', 'Potassium', '5.1', 'mmol/L', '2026-11-10', { effective: '2026-11-10T08:00:00-06:00' }),
    result('b', 'Potassium', '6.4', 'mmol/L', '2026-11-10', { effective: '2026-11-10T20:00:00-06:00' }),
  ];
  const untimed = twice.map((one) => ({
    ...one,
    atoms: one.atoms.map((atom) => (atom.name === 'effective' ? { ...atom, text: '2026-11-10' } : atom)),
  }));

  it.each<Row>([
    ['unproven', 'Platelets less than 20,000 on 18 Nov 2026.', [platelets]],
    ['unproven', 'Platelets below 50,000.', [platelets]],
    ['unproven', 'Platelets < 100.', [result('p', 'Platelets', '0.15', '10*6/uL', at)]],
    ['unproven', 'WBC < 2000.', [white]],
    ['unproven', 'WBC > 10,000.', [white]],
    ['unproven', 'Glucose < 70.', [glucose]],
    ['unproven', 'Hemoglobin under 70 on 18 Nov 2026.', [haemoglobin]],
    ['unproven', 'Weight < 150', [result('m', 'Weight', '80', 'kg', at)]],
    ['unproven', 'A1c < 20', [result('c', 'A1c', '8.5', '%', at)]],
    ['unproven', 'pCO2 < 10', [result('o', 'pCO2', '5.5', 'kPa', at)]],
    ['proven', 'Glucose < 7 mmol/L', [glucose]],
    ['proven', 'Hemoglobin < 12 g/dL on 18 Nov 2026.', [haemoglobin]],
    ['proven', 'Potassium >5', [potassium]],
    ['contradicted', 'Potassium <5', [potassium]],
    ['proven', 'Potassium >5', [result('k', 'Potassium', '5.4', 'mEq/L', at)]],
    ['unproven', 'Potassium >5', [result('k', 'Potassium', '21', 'mg/dL', at)]],
    ['proven', 'eGFR < 60', [result('e', 'eGFR', '45', 'mL/min/{1.73_m2}', at)]],
    ['proven', 'BMI > 30', [result('b', 'BMI', '31.2', 'kg/m2', at)]],
    ['proven', 'Heart rate > 100', [result('r', 'Heart rate', '112', '/min', at)]],
    ['proven', 'INR > 3', [result('i', 'INR', '3.4', '{INR}', at)]],
    ['proven', 'Troponin T <14', [result('n', 'Troponin T', '14', 'ng/L', at, { comparator: '<' })]],
    ['unproven', 'Troponin T <20', [result('n', 'Troponin T', '14', 'ng/L', at, { comparator: '<' })]],
    ['proven', 'WBC 13,500/µL on 18 Nov 2026.', [white]],
    ['proven', 'WBC 13,500 cells/mm3', [white]],
    ['proven', 'WBC > 10,000/µL', [white]],
    ['contradicted', 'WBC < 2000/µL', [white]],
    ['contradicted', 'WBC 1,350/µL', [white]],
    ['contradicted', 'Height 113 in.', [height]],
    ['contradicted', 'Height 113 in', [height]],
    ['contradicted', 'Height was 113 in on 18 Nov 2026.', [height]],
    ['contradicted', 'Height was 113 in. on 18 Nov 2026.', [height]],
    ['contradicted', 'Height 113 inches', [height]],
    ['contradicted', 'Height 113 inch', [height]],
    ['contradicted', 'Height 113″', [height]],
    ['contradicted', 'Height 113"', [height]],
    ['contradicted', 'Weight 80 in.', [result('m', 'Weight', '80', 'kg', at)]],
    ['proven', 'Height 44.5 in', [height]],
    ['proven', 'Height was 113 cm in Nov 2026.', [height]],
    ['proven', 'Potassium was 5.4 in Nov 2026', [potassium]],
    ['proven', 'Potassium 5.4 in 2026', [potassium]],
    ['contradicted', 'Height 113 in 18 Nov 2026', [height]],
    ['unproven', 'Potassium ≤ 5.5 mmol/L on 10 Nov 2026.', twice],
    ['unproven', 'Potassium < 6 on 10 Nov 2026.', twice],
    ['unproven', 'Potassium > 6 on 10 Nov 2026.', twice],
    ['proven', 'Potassium > 5 on 10 Nov 2026.', twice],
    ['proven', 'Potassium was 5.1 mmol/L on 10 Nov 2026.', twice],
    ['proven', 'Potassium > 6', twice],
    ['contradicted', 'Potassium < 6', twice],
    ['unproven', 'Potassium < 6', untimed],
    ['unproven', 'Potassium > 6', untimed],
    ['contradicted', 'Potassium fell from 6.4 mmol/L on 10 Nov 2026 to 5.1 mmol/L on 10 Nov 2026.', twice],
    ['proven', 'Potassium rose from 5.1 mmol/L on 10 Nov 2026 to 6.4 mmol/L on 10 Nov 2026.', twice],
    ['unproven', 'Potassium fell from 6.4 mmol/L on 10 Nov 2026 to 5.1 mmol/L on 10 Nov 2026.', untimed],
    ['unproven', 'Potassium rose from 5.1 mmol/L on 10 Nov 2026 to 6.4 mmol/L on 10 Nov 2026.', untimed],
  ])('R98: %s: %s', judged);
});

describe('a bare name is proven only where what stands before it was read', () => {
  const index = indexChart(
    chart([
      problem('p', 'Hypertension', '2015-03-03'),
      problem('c', 'COPD', '2016-03-03'),
      problem('m', 'Migraine', '2015-03-03', { verification: 'refuted' }),
      order('o', 'hydrochlorothiazide 25 mg tablet', '25', 'mg', '2026-10-15'),
      result('k', 'Potassium', '4.6', 'mmol/L', '2026-10-17'),
    ]),
  );
  const provenIn = (text: string) =>
    verifyText(text, index).filter(({ verdict: { outcome } }) => outcome === 'proven').map((one) => one.text); // biome-ignore format: one line

  it.each([
    'FHx\nCOPD', 'FHx\n\nCOPD', 'FH\nCOPD\nHypertension', 'Fam hx\nCOPD', 'DDx\nCOPD', 'Pertinent negatives\nCOPD', 'Patient education\nCOPD', 'START\nHydrochlorothiazide 25 mg daily',
    'Family Hx -\nCOPD\nHypertension', 'Screening for\nCOPD\nHypertension', 'He does not have COPD\nHypertension', 'Family history. COPD.', 'Wrong chart. COPD. Hypertension.', 'Wrong chart. Patient has COPD.', 'Wrong patient.\nHypertension',
    'Brother has lung cancer. Also COPD. Also hypertension.', 'Brother has lung cancer. He also has COPD.', 'Brother has lung cancer. COPD as well.', 'COPD. Entered in error.', 'COPD. Disregard.', 'COPD. Wrong chart.', 'COPD. Wrong patient.', 'COPD. Correction: no.', 'COPD\nHypertension\nEntered in error.', '- Wrong chart. COPD.', '- FHx\n- COPD', '1. DDx\n2. COPD', 'COPD. Never mind.', 'COPD. My mistake.', 'COPD. Sorry, wrong patient.', 'COPD. Please disregard.',
  ])('R98: not one line is proven: %j', (text) => {
    expect(provenIn(text)).toEqual([]);
  }); // biome-ignore format: one table, read as a table

  it('R98: a proven denial does not vouch for the bare line under it', () => {
    expect(provenIn('He does not have migraine\nHypertension')).toEqual(['He does not have migraine']);
  });

  it('R98: the reason names what was not read', () => {
    expect(verifyText('Pertinent negatives\nCOPD', index)[1]!.verdict.reasons[0]).toEqual({
      code: 'claim-unread',
      text: '“Pertinent negatives” before it is not proven and may say of whom or how this is meant.',
    });
  });

  it.each<[text: string, expected: string[]]>([
    ['Active problems\nHypertension\nCOPD', ['Hypertension', 'COPD']],
    ['PMH\nCOPD', ['COPD']],
    ['Current medications\nHydrochlorothiazide 25 mg', ['Hydrochlorothiazide 25 mg']],
    ['Labs\nPotassium 4.6 mmol/L on 10/17/2026', ['Potassium 4.6 mmol/L on 10/17/2026']],
    ['Feels well today. Patient has COPD. Potassium was 4.6 mmol/L on 17 Oct 2026.', ['Patient has COPD.', 'Potassium was 4.6 mmol/L on 17 Oct 2026.']],
    ['Asthma\nHypertension', ['Hypertension']],
    ['- Fibromyalgia\n- Hypertension', ['Hypertension']],
    ['Feels well today.\nPMH: COPD', ['PMH: COPD']],
  ])('R98: %j', (text, expected) => {
    expect(provenIn(text)).toEqual(expected);
  }); // biome-ignore format: one table, read as a table
});

describe('an end or a bound in the words of an order', () => {
  const prednisone = (instruction: string, on = '2026-09-12') => order('p', 'Prednisone 20 mg tablet', '20', 'mg', on, { instruction });
  const taken = (instruction: string) =>
    fact('MedicationStatement', 's', { status: 'active', display: 'Prednisone 20 mg tablet', effective: '2026-10-01', instruction });
  const oxycodone = (instruction: string) =>
    order('x', 'Oxycodone 5 mg tablet', '5', 'mg', '2026-11-12', { instruction, period: '8', periodUnit: 'h', asNeeded: 'true' });
  const current = 'Current medications: prednisone.';

  it.each<Row>([
    ['contradicted', current, [prednisone('Take 20 mg once daily until 1 Oct 2026')]],
    ['proven', current, [prednisone('Take 20 mg once daily until 1 Dec 2026')]],
    ['proven', current, [prednisone('Take 20 mg once daily until 1 Oct 2026'), order('q', 'Prednisone 5 mg tablet', '5', 'mg', '2026-10-02')]],
    ['unproven', current, [prednisone('Take 20 mg once daily for 5 days')]],
    ['unproven', current, [prednisone('20 mg daily x 7 days')]],
    ['proven', current, [prednisone('20 mg daily x 7 days', '2026-11-20')]],
    ['unproven', current, [prednisone('20 mg daily until rash clears')]],
    ['unproven', current, [prednisone('20 mg daily for two weeks')]],
    ['unproven', 'Prednisone is being taken.', [taken('20 mg daily until 10/15/2026')]],
    ['unproven', 'Prednisone is being taken.', [taken('20 mg daily until rash clears')]],
    ['proven', 'Prednisone is being taken.', [taken('20 mg daily')]],
    ['proven', 'Prednisone 20 mg tablet was prescribed on 12 Sep 2026.', [prednisone('20 mg daily x 7 days')]],
    ['unproven', 'Oxycodone 5 mg every 8 hours as needed.', [oxycodone('1 tablet every 8 hours as needed, max 2 per day')]],
    ['unproven', 'Oxycodone 5 mg every 8 hours as needed.', [oxycodone('1 tablet every 8 hours as needed, no more than 2 a day')]],
    ['proven', 'Oxycodone 5 mg every 8 hours as needed.', [oxycodone('1 tablet every 8 hours as needed')]],
  ])('R98: %s: %s', judged); // biome-ignore format: one table, read as a table
});
