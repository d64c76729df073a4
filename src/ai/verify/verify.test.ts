import { describe, expect, it } from 'vitest';
import type { Claim } from '../../core/claim.ts';
import { phrase } from '../../core/phrase.ts';
import { indexChart } from './chart-index.ts';
import { chart, fact, order, problem, result } from './testing/facts.ts';
import { verifySentence, verifyText } from './verify.ts';

const POTASSIUM = 'Potassium [Moles/volume] in Serum or Plasma';
const lenora = indexChart(
  chart(
    [
      fact('Patient', 'lenora', { name: ['Lenora', 'Osgood'], birthDate: '1955-02-14' }),
      result('k2', POTASSIUM, '5.6', 'mmol/L', '2026-11-20', { flag: 'H', low: '3.5', high: '5.1', status: 'corrected' }, { version: 2 }),
      result('k1', POTASSIUM, '4.4', 'mmol/L', '2026-08-11', { flag: 'N', low: '3.5', high: '5.1' }),
      result('k0', POTASSIUM, '4.9', 'mmol/L', '2026-05-02', {}, { retracted: true }),
      result('cr3', 'Creatinine', '1.52', 'mg/dL', '2026-11-20', { flag: 'H' }),
      result('cr2', 'Creatinine', '1.30', 'mg/dL', '2026-09-20'),
      result('cr1', 'Creatinine', '1.21', 'mg/dL', '2026-08-11'),
      result('na1', 'Sodium', '138', 'mmol/L', '2026-11-20'),
      result('tsh1', 'TSH', '2.1', 'mIU/L', '2026-03-01', {}, { grade: 'D' }),
      result('crp1', 'C-reactive protein', '12', 'mg/L', '2026-03-01', { comparator: '<' }),
      result('hb1', 'Hemoglobin', '11.2', 'g/dL', '2026-07-01', { status: 'preliminary' }),
      result('ferritin1', 'Ferritin', '30', 'ng/mL', '2026-06-01'),
      result('ferritin2', 'Ferritin', '45', 'ng/mL', '2026-06-01', {}, { source: 'other-lab' }),
      fact(
        'Observation',
        'bp1',
        { status: 'final', display: 'Blood pressure', effective: '2026-10-15T10:00:00-06:00' },
        {
          atoms: [
            { name: 'status', text: 'final', origin: 0, path: 'status' },
            { name: 'display', text: 'Blood pressure', origin: 0, path: 'code' },
            { name: 'effective', text: '2026-10-15T10:00:00-06:00', origin: 0, path: 'effective' },
            { name: 'display', text: 'Systolic blood pressure', origin: 0, path: 'c0', component: 0 },
            { name: 'value', text: '132', origin: 0, path: 'c0.value', component: 0 },
            { name: 'unit', text: 'mmHg', origin: 0, path: 'c0.unit', component: 0 },
            { name: 'display', text: 'Diastolic blood pressure', origin: 0, path: 'c1', component: 1 },
            { name: 'value', text: '78', origin: 0, path: 'c1.value', component: 1 },
            { name: 'unit', text: 'mmHg', origin: 0, path: 'c1.unit', component: 1 },
          ],
        },
      ),
      order('furo1', 'furosemide 20 mg tablet', '20', 'mg', '2026-03-02', { status: 'stopped' }),
      order('furo2', 'furosemide 40 mg tablet', '40', 'mg', '2026-10-15'),
      order('spiro', 'spironolactone 25 mg tablet', '1', 'tablet', '2026-09-02'),
      order('ibu', 'ibuprofen 200 mg tablet', '200', 'mg', '2026-02-01', { asNeeded: 'true', timesPerPeriod: '3' }),
      order('draft', 'Apixaban 5 mg tablet', '5', 'mg', '2026-10-01', { status: 'draft' }),
      fact('MedicationDispense', 'spiro-fill', {
        status: 'completed',
        display: 'spironolactone 25 mg tablet',
        occurrence: '2026-09-04T12:00:00-06:00',
      }),
      fact('MedicationStatement', 'aspirin-says', {
        status: 'active',
        display: 'aspirin 81 mg tablet',
        effective: '2026-08-11',
        doseValue: '81',
        doseUnit: 'mg',
      }),
      problem('t2', 'Type 2 diabetes mellitus (disorder)', '2009'),
      problem('knee', 'Osteoarthritis of knee', '2019-05-04', { bodySite: 'Left knee' }),
      problem('pneumonia', 'Pneumonia', '2024-01-10', { clinicalStatus: 'resolved', abatement: '2024-02-01' }),
      problem('pe', 'Pulmonary embolism', '2025-06-01', { clinicalStatus: 'inactive', verification: 'refuted' }),
      problem('lupus', 'Lupus', '2020', { verification: 'entered-in-error' }),
      problem('apnea', 'Sleep apnea', '2026-01-05', { verification: 'provisional' }),
      problem('gout-a', 'Gout', '2018-03-01'),
      problem('gout-b', 'Gout', '2018-03-01', { clinicalStatus: 'resolved' }, { source: 'claims' }),
      fact('AllergyIntolerance', 'pen', {
        display: 'Penicillin',
        clinicalStatus: 'active',
        verification: 'confirmed',
        reaction: 'Rash',
        criticality: 'high',
        recorded: '2011',
      }),
      fact('FamilyMemberHistory', 'sis', { status: 'completed', relationship: 'Sister', condition: 'Breast cancer' }),
      fact('Encounter', 'ed', {
        status: 'finished',
        class: 'EMER',
        display: 'Emergency department visit',
        reason: 'Dyspnea',
        start: '2026-10-15T08:00:00-06:00',
        end: '2026-10-15T14:00:00-06:00',
      }),
      fact('Encounter', 'office', { status: 'finished', class: 'AMB', display: 'Office visit', start: '2026-08-11T08:00:00-06:00' }),
      fact('Encounter', 'next', { status: 'planned', class: 'AMB', start: '2026-11-23T10:20:00-06:00' }),
      fact('Appointment', 'booked', { status: 'booked', start: '2026-11-23T10:20:00-06:00', reason: 'Follow-up' }),
      fact('Procedure', 'colon', { status: 'completed', display: 'Colonoscopy', occurrence: '2021-04-09' }),
      fact(
        'Procedure',
        'hip',
        { status: 'completed', display: 'Hip replacement', occurrence: '2017-02-03', laterality: '7771000' },
        {
          atoms: [
            { name: 'status', text: 'completed', origin: 0, path: 'status' },
            { name: 'display', text: 'Hip replacement', origin: 0, path: 'code' },
            { name: 'occurrence', text: '2017-02-03', origin: 0, path: 'performed' },
            { name: 'laterality', text: '7771000', system: 'http://snomed.info/sct', origin: 0, path: 'bodySite' },
          ],
        },
      ),
      fact('Immunization', 'flu', { status: 'completed', display: 'Influenza, seasonal', occurrence: '2026-10-01' }),
      fact('Immunization', 'zoster', { status: 'not-done', display: 'Zoster', occurrence: '2026-10-01' }),
      fact('ServiceRequest', 'uacr', {
        status: 'active',
        intent: 'order',
        display: 'Urine albumin/creatinine ratio',
        authored: '2026-11-20T09:00:00-06:00',
      }),
      fact('ServiceRequest', 'na-order', { status: 'active', intent: 'order', display: 'Sodium', authored: '2026-11-19T09:00:00-06:00' }),
      fact('DiagnosticReport', 'ct', {
        status: 'final',
        display: 'CT chest',
        effective: '2026-05-03',
        conclusion: 'There is no evidence of pulmonary embolism. A 4 mm nodule stands in the right upper lobe.',
      }),
    ],
    [result('k2', POTASSIUM, '6.5', 'mmol/L', '2026-11-20', { flag: 'HH' })],
  ),
);

describe('one rule a line', () => {
  it.each`
    outcome           | code                          | text
    ${'proven'}       | ${'supported'}                | ${'Potassium was 5.6 mmol/L on 20 Nov 2026 (reference 3.5–5.1), high, corrected from 6.5 mmol/L.'}
    ${'proven'}       | ${'supported'}                | ${'K 5.6 (H) on 11/20/2026'}
    ${'proven'}       | ${'supported'}                | ${'Potassium was 5.6 mmol/l on 20 Nov 2026.'}
    ${'proven'}       | ${'supported'}                | ${'Potassium was 5600 umol/L on 20 Nov 2026.'}
    ${'contradicted'} | ${'value-differs'}            | ${'Potassium was 5.5 mmol/L on 20 Nov 2026.'}
    ${'contradicted'} | ${'superseded'}               | ${'Potassium was 6.5 mmol/L on 20 Nov 2026.'}
    ${'contradicted'} | ${'value-differs'}            | ${'Potassium was 5.6 mmol/L on 20 Nov 2026, corrected from 6.4 mmol/L.'}
    ${'contradicted'} | ${'status-differs'}           | ${'Sodium was 138 mmol/L on 20 Nov 2026, corrected from 130 mmol/L.'}
    ${'contradicted'} | ${'unit-differs'}             | ${'Potassium was 5.6 mg/dL on 20 Nov 2026.'}
    ${'contradicted'} | ${'date-differs'}             | ${'Potassium was 5.6 mmol/L on 19 Nov 2026.'}
    ${'contradicted'} | ${'flag-differs'}             | ${'Potassium was 5.6 mmol/L on 20 Nov 2026, low.'}
    ${'unproven'}     | ${'flag-differs'}             | ${'Sodium was 138 mmol/L on 20 Nov 2026, normal.'}
    ${'contradicted'} | ${'range-differs'}            | ${'Potassium was 5.6 mmol/L on 20 Nov 2026 (reference 3.5–5.9).'}
    ${'contradicted'} | ${'entered-in-error'}         | ${'Potassium was 4.9 mmol/L on 2 May 2026.'}
    ${'contradicted'} | ${'not-latest'}               | ${'Potassium was 4.4 mmol/L on 11 Aug 2026, the latest on record.'}
    ${'proven'}       | ${'supported'}                | ${'Most recent potassium 5.6 mmol/L on 20 Nov 2026'}
    ${'unproven'}     | ${'not-latest'}               | ${'K 4.4'}
    ${'unproven'}     | ${'untrusted-grade'}          | ${'TSH was 2.1 mIU/L on 1 Mar 2026.'}
    ${'contradicted'} | ${'value-differs'}            | ${'CRP was 12 mg/L on 1 Mar 2026.'}
    ${'proven'}       | ${'supported'}                | ${'CRP was <12 mg/L on 1 Mar 2026.'}
    ${'unproven'}     | ${'omits'}                    | ${'Hemoglobin was 11.2 g/dL on 1 Jul 2026.'}
    ${'proven'}       | ${'supported'}                | ${'Hemoglobin was 11.2 g/dL on 1 Jul 2026, preliminary.'}
    ${'contradicted'} | ${'status-differs'}           | ${'Hemoglobin was 11.2 g/dL on 1 Jul 2026, final.'}
    ${'unproven'}     | ${'conflicting-facts'}        | ${'Ferritin was 30 ng/mL on 1 Jun 2026.'}
    ${'contradicted'} | ${'not-in-chart'}             | ${'Magnesium was 2.0 mg/dL on 20 Nov 2026.'}
    ${'unproven'}     | ${'term-unknown'}             | ${'Xenobarbin was 2.0 mg/dL on 20 Nov 2026.'}
    ${'proven'}       | ${'supported'}                | ${'BP 132/78 on 15 Oct 2026'}
    ${'contradicted'} | ${'value-differs'}            | ${'BP 142/78 on 15 Oct 2026'}
    ${'proven'}       | ${'supported'}                | ${'Creatinine rose from 1.21 mg/dL on 11 Aug 2026 to 1.52 mg/dL on 20 Nov 2026.'}
    ${'proven'}       | ${'supported'}                | ${'Creatinine rose from 1.21 to 1.52 mg/dL from 11 Aug to 20 Nov 2026.'}
    ${'contradicted'} | ${'direction-differs'}        | ${'Creatinine fell from 1.21 mg/dL on 11 Aug 2026 to 1.52 mg/dL on 20 Nov 2026.'}
    ${'contradicted'} | ${'value-differs'}            | ${'Creatinine rose from 1.12 mg/dL on 11 Aug 2026 to 1.52 mg/dL on 20 Nov 2026.'}
    ${'proven'}       | ${'supported'}                | ${'Na 138 and Cr 1.52 on 11/20/2026'}
    ${'contradicted'} | ${'value-differs'}            | ${'Na 138, K 6.1, and Cr 1.52 on 11/20/2026'}
    ${'contradicted'} | ${'found-where-none-claimed'} | ${'Potassium was not 5.6 mmol/L on 20 Nov 2026.'}
    ${'proven'}       | ${'supported'}                | ${'Furosemide 40 mg by mouth once daily was prescribed on 15 Oct 2026.'}
    ${'proven'}       | ${'supported'}                | ${'Lasix 40 mg PO QD prescribed 10/15/2026'}
    ${'contradicted'} | ${'dose-differs'}             | ${'Furosemide 20 mg by mouth once daily was prescribed on 15 Oct 2026.'}
    ${'contradicted'} | ${'route-differs'}            | ${'Furosemide 40 mg intravenously once daily was prescribed on 15 Oct 2026.'}
    ${'contradicted'} | ${'frequency-differs'}        | ${'Furosemide 40 mg by mouth twice daily was prescribed on 15 Oct 2026.'}
    ${'contradicted'} | ${'drug-differs'}             | ${'Torsemide 40 mg by mouth once daily was prescribed on 15 Oct 2026.'}
    ${'contradicted'} | ${'date-differs'}             | ${'Furosemide 40 mg was prescribed on 16 Oct 2026.'}
    ${'contradicted'} | ${'modality-differs'}         | ${'Furosemide 40 mg was filled on 15 Oct 2026.'}
    ${'contradicted'} | ${'modality-differs'}         | ${'Patient is taking furosemide 40 mg daily.'}
    ${'unproven'}     | ${'modality-differs'}         | ${'On furosemide 40 mg daily'}
    ${'proven'}       | ${'supported'}                | ${'Patient is taking aspirin 81 mg.'}
    ${'contradicted'} | ${'dose-differs'}             | ${'Furosemide 20 mg was prescribed.'}
    ${'contradicted'} | ${'modality-differs'}         | ${'Apixaban 5 mg was prescribed on 1 Oct 2026.'}
    ${'unproven'}     | ${'omits'}                    | ${'Ibuprofen 200 mg three times daily was prescribed on 1 Feb 2026.'}
    ${'proven'}       | ${'supported'}                | ${'Ibuprofen 200 mg three times daily as needed was prescribed on 1 Feb 2026.'}
    ${'proven'}       | ${'supported'}                | ${'Spironolactone 25 mg was prescribed on 2 Sep 2026.'}
    ${'proven'}       | ${'supported'}                | ${'Spironolactone 25 mg was filled on 4 Sep 2026.'}
    ${'proven'}       | ${'supported'}                | ${'Furosemide was changed from 20 mg to 40 mg once daily on 15 Oct 2026.'}
    ${'contradicted'} | ${'dose-differs'}             | ${'Furosemide was changed from 40 mg to 20 mg once daily on 15 Oct 2026.'}
    ${'contradicted'} | ${'dose-differs'}             | ${'Furosemide was changed from 10 mg to 40 mg once daily on 15 Oct 2026.'}
    ${'proven'}       | ${'supported'}                | ${'Type 2 diabetes, active since 2009.'}
    ${'proven'}       | ${'supported'}                | ${'Pt has T2DM'}
    ${'contradicted'} | ${'onset-differs'}            | ${'Type 2 diabetes, active since 2010.'}
    ${'unproven'}     | ${'onset-differs'}            | ${'Type 2 diabetes, active since 3 Mar 2009.'}
    ${'contradicted'} | ${'status-differs'}           | ${'Type 2 diabetes, resolved.'}
    ${'contradicted'} | ${'negated-in-chart'}         | ${'Patient has pulmonary embolism.'}
    ${'proven'}       | ${'supported'}                | ${'Pulmonary embolism was ruled out.'}
    ${'contradicted'} | ${'status-differs'}           | ${'Pneumonia, active since 10 Jan 2024.'}
    ${'proven'}       | ${'supported'}                | ${'History of pneumonia'}
    ${'contradicted'} | ${'entered-in-error'}         | ${'Patient has lupus.'}
    ${'contradicted'} | ${'status-differs'}           | ${'Patient has sleep apnea.'}
    ${'proven'}       | ${'supported'}                | ${'Suspected sleep apnea'}
    ${'unproven'}     | ${'conflicting-facts'}        | ${'Gout, active since 1 Mar 2018.'}
    ${'proven'}       | ${'supported'}                | ${'Osteoarthritis of knee (left), active since 4 May 2019.'}
    ${'contradicted'} | ${'laterality-differs'}       | ${'Osteoarthritis of right knee since 4 May 2019'}
    ${'contradicted'} | ${'laterality-differs'}       | ${'Hip replacement (right) was performed on 3 Feb 2017.'}
    ${'contradicted'} | ${'relative-not-patient'}     | ${'Diagnosed with breast cancer.'}
    ${'proven'}       | ${'supported'}                | ${'Sister had breast cancer'}
    ${'contradicted'} | ${'relative-not-patient'}     | ${'Mother had breast cancer'}
    ${'contradicted'} | ${'relative-not-patient'}     | ${"Patient's mother has type 2 diabetes."}
    ${'contradicted'} | ${'found-where-none-claimed'} | ${'Patient does not have type 2 diabetes.'}
    ${'unproven'}     | ${'claim-unread'}             | ${'Patient denies asthma.'}
    ${'contradicted'} | ${'not-in-chart'}             | ${'Patient has asthma.'}
    ${'proven'}       | ${'supported'}                | ${'Penicillin allergy: rash, recorded in 2011.'}
    ${'contradicted'} | ${'reaction-differs'}         | ${'Penicillin allergy: hives, recorded in 2011.'}
    ${'contradicted'} | ${'found-where-none-claimed'} | ${'NKDA'}
    ${'contradicted'} | ${'found-where-none-claimed'} | ${'No allergy information is recorded.'}
    ${'contradicted'} | ${'not-in-chart'}             | ${'Patient is allergic to latex.'}
    ${'proven'}       | ${'supported'}                | ${'Emergency visit for dyspnea on 15 Oct 2026.'}
    ${'contradicted'} | ${'modality-differs'}         | ${'Hospital admission for dyspnea on 15 Oct 2026.'}
    ${'contradicted'} | ${'not-in-chart'}             | ${'Emergency visit for pneumonia on 15 Oct 2026.'}
    ${'contradicted'} | ${'status-differs'}           | ${'Outpatient visit on 23 Nov 2026.'}
    ${'proven'}       | ${'supported'}                | ${'2 visits since 1 Aug 2026.'}
    ${'contradicted'} | ${'count-differs'}            | ${'3 visits since 1 Aug 2026.'}
    ${'proven'}       | ${'supported'}                | ${'1 ED visit since 1 Jan 2026'}
    ${'proven'}       | ${'supported'}                | ${'Appointment on 23 Nov 2026 at 10:20.'}
    ${'contradicted'} | ${'date-differs'}             | ${'Appointment on 23 Nov 2026 at 11:20.'}
    ${'proven'}       | ${'supported'}                | ${'Colonoscopy was performed on 9 Apr 2021.'}
    ${'contradicted'} | ${'modality-differs'}         | ${'Colonoscopy is planned on 9 Apr 2021.'}
    ${'contradicted'} | ${'modality-differs'}         | ${'Urine albumin/creatinine ratio was performed on 20 Nov 2026.'}
    ${'contradicted'} | ${'status-differs'}           | ${'Immunization with zoster was given on 1 Oct 2026.'}
    ${'proven'}       | ${'supported'}                | ${'Flu shot given 10/1/2026'}
    ${'proven'}       | ${'supported'}                | ${'Urine albumin/creatinine ratio was ordered on 20 Nov 2026; no result by 22 Nov 2026.'}
    ${'contradicted'} | ${'found-where-none-claimed'} | ${'Sodium was ordered on 19 Nov 2026; no result by 22 Nov 2026.'}
    ${'proven'}       | ${'supported'}                | ${'CT chest on 3 May 2026 concluded: “There is no evidence of pulmonary embolism.”.'}
    ${'unproven'}     | ${'quote-not-found'}          | ${'CT chest on 3 May 2026 concluded: “evidence of pulmonary embolism.”.'}
    ${'contradicted'} | ${'quote-not-found'}          | ${'CT chest on 3 May 2026 concluded: “There is a pulmonary embolism.”.'}
    ${'proven'}       | ${'supported'}                | ${'No colonoscopy on record since 10 Apr 2021'}
    ${'unproven'}     | ${'found-where-none-claimed'} | ${'No colonoscopy on record since 9 Apr 2021'}
    ${'contradicted'} | ${'found-where-none-claimed'} | ${'No colonoscopy on record since 2020'}
    ${'unproven'}     | ${'term-unknown'}             | ${'No procedure named xenoscopy is recorded.'}
    ${'unproven'}     | ${'word-unread'}              | ${'Potassium was 5.6 mmol/L on 20 Nov 2026 because of hemolysis.'}
    ${'unproven'}     | ${'word-unread'}              | ${'Potassium was 5.6 mmol/L on 20 Nov 2026, in her brother.'}
    ${'unproven'}     | ${'date-vague'}               | ${'Potassium was 5.6 mmol/L yesterday.'}
    ${'unproven'}     | ${'term-unknown'}             | ${'Rosa potassium was 5.6 mmol/L on 20 Nov 2026.'}
    ${'proven'}       | ${'supported'}                | ${'Lenora Osgood has type 2 diabetes.'}
    ${'proven'}       | ${'supported'}                | ${'PMH: T2DM, pneumonia'}
    ${'contradicted'} | ${'frequency-differs'}        | ${'Furosemide 40 mg by mouth once daily as needed was prescribed on 15 Oct 2026.'}
    ${'unproven'}     | ${'frequency-differs'}        | ${'Spironolactone 25 mg twice daily was filled on 4 Sep 2026.'}
    ${'unproven'}     | ${'word-unread'}              | ${'Patient and sister had breast cancer.'}
    ${'contradicted'} | ${'date-differs'}             | ${'Creatinine fell from 1.52 mg/dL on 20 Nov 2026 to 1.21 mg/dL on 11 Aug 2026.'}
    ${'proven'}       | ${'supported'}                | ${'Creatinine was 1.21 mg/dL on 11 Aug 2026 and 1.52 mg/dL on 20 Nov 2026.'}
    ${'contradicted'} | ${'value-differs'}            | ${'Creatinine was 1.21 mg/dL on 20 Nov 2026 and 1.52 mg/dL on 11 Aug 2026.'}
    ${'proven'}       | ${'supported'}                | ${'Labs on 11/20/2026: Na 138, K 5.6, Cr 1.52.'}
    ${'contradicted'} | ${'value-differs'}            | ${'Labs on 11/20/2026: Na 138, K 5.6, Cr 1.25.'}
    ${'proven'}       | ${'supported'}                | ${'No ED visits since 1 Nov 2026.'}
    ${'contradicted'} | ${'count-differs'}            | ${'No ED visits since 1 Oct 2026.'}
    ${'contradicted'} | ${'not-in-chart'}             | ${'Penicillin and latex allergy.'}
    ${'proven'}       | ${'supported'}                | ${'Left hip replacement on 3 Feb 2017'}
    ${'contradicted'} | ${'laterality-differs'}       | ${'Osteoarthritis of the right knee.'}
    ${'unproven'}     | ${'claim-unread'}             | ${'Potassium'}
    ${'unproven'}     | ${'word-unread'}              | ${'Potassium was about 5.6 mmol/L on 20 Nov 2026.'}
    ${'unproven'}     | ${'word-unread'}              | ${'Potassium was 5.6 mmol/L before 20 Nov 2026.'}
    ${'unproven'}     | ${'word-unread'}              | ${'Severe type 2 diabetes.'}
    ${'contradicted'} | ${'not-in-chart'}             | ${'Potassium was 5.6 mmol/L on 20 Nov 2026 and she has type 1 diabetes.'}
    ${'contradicted'} | ${'not-in-chart'}             | ${'Family history: asthma in sister.'}
    ${'contradicted'} | ${'date-differs'}             | ${'Urine albumin/creatinine ratio was ordered on 18 Nov 2026; no result by 22 Nov 2026.'}
    ${'unproven'}     | ${'date-vague'}               | ${'Urine albumin/creatinine ratio was ordered on 20 Nov 2026; no result by 30 Nov 2026.'}
    ${'contradicted'} | ${'date-differs'}             | ${'CT chest on 4 May 2026 concluded: “There is no evidence of pulmonary embolism.”.'}
    ${'contradicted'} | ${'date-differs'}             | ${'Immunization with influenza was given on 2 Oct 2026.'}
    ${'contradicted'} | ${'date-differs'}             | ${'Colonoscopy was performed on 9 Apr 2020.'}
    ${'contradicted'} | ${'date-differs'}             | ${'Penicillin allergy: rash, recorded in 2012.'}
    ${'contradicted'} | ${'status-differs'}           | ${'Penicillin allergy (low criticality): rash.'}
    ${'contradicted'} | ${'date-differs'}             | ${'Emergency visit for dyspnea on 16 Oct 2026.'}
    ${'contradicted'} | ${'not-in-chart'}             | ${'Emergency visit (Office visit) for dyspnea on 15 Oct 2026.'}
    ${'contradicted'} | ${'date-differs'}             | ${'Emergency visit for dyspnea from 15 Oct 2026 to 17 Oct 2026.'}
    ${'contradicted'} | ${'not-in-chart'}             | ${'Appointment on 23 Nov 2026 at 10:20 for colonoscopy.'}
    ${'proven'}       | ${'supported'}                | ${'Appointment on 23 Nov 2026 at 10:20 for follow-up.'}
    ${'contradicted'} | ${'date-differs'}             | ${'Pneumonia, resolved on 3 Mar 2024.'}
  `('R98: $outcome, $code: $text', ({ outcome, code, text }) => {
    const verdict = verifySentence({ text }, lenora);

    expect({ outcome: verdict.outcome, code: verdict.reasons[0]?.code, reasons: verdict.reasons }).toMatchObject({ outcome, code });
  });
});

describe('hints of a writer', () => {
  const potassium: Claim = { kind: 'result', concept: { name: 'Potassium' }, value: { value: '5.6', unit: 'mmol/L' }, on: '2026-11-20' };
  const sodium: Claim = { kind: 'result', concept: { name: 'Sodium' }, value: { value: '138', unit: 'mmol/L' }, on: '2026-11-20' };
  const text = phrase([potassium])!;

  it('R98: judges the claims where the text is exactly their phrase, and says so', () => {
    const verdict = verifySentence({ text, claims: [potassium], cites: [{ fact: 'k2', version: 2 }] }, lenora);

    expect(verdict).toMatchObject({ outcome: 'proven', lane: 'typed' });
  });

  it.each`
    why                                 | cites
    ${'another fact of the chart'}      | ${[{ fact: 'na1', version: 1 }]}
    ${'the version that was replaced'}  | ${[{ fact: 'k2', version: 1 }]}
    ${'a fact of nobody in this chart'} | ${[{ fact: 'elsewhere', version: 1 }]}
    ${'one stray beside the right one'} | ${[{ fact: 'k2', version: 2 }, { fact: 'na1', version: 1 }]}
  `('R98: a citation of $why is contradicted', ({ cites }) => {
    const verdict = verifySentence({ text, claims: [potassium], cites }, lenora);

    expect(verdict).toMatchObject({ outcome: 'contradicted', reasons: [{ code: 'evidence-differs' }] });
  });

  it.each`
    why                                                 | claims
    ${'claims of something else, true as they are'}     | ${[sodium]}
    ${'claims with another value'}                      | ${[{ ...potassium, value: { value: '6.5', unit: 'mmol/L' } }]}
    ${'claims with one too many'}                       | ${[potassium, sodium]}
    ${'claims with a false detail the text leaves out'} | ${[{ ...potassium, flag: 'low' }]}
  `('R98: $why are contradicted', ({ claims }) => {
    expect(verifySentence({ text, claims }, lenora).outcome).toBe('contradicted');
  });

  it('R98: reads the words where they are not the phrase of the claims, and lets both stand when they agree', () => {
    const verdict = verifySentence({ text: 'K 5.6 on 11/20/2026', claims: [potassium] }, lenora);

    expect(verdict).toMatchObject({ outcome: 'proven', lane: 'free' });
    expect(verdict.claims).toHaveLength(1);
  });

  it('R98: a citation beside a sentence that is not proven says nothing more against it', () => {
    const verdict = verifySentence({ text: 'Hemoglobin was 11.2 g/dL on 1 Jul 2026.', cites: [{ fact: 'na1', version: 1 }] }, lenora);

    expect(verdict).toMatchObject({ outcome: 'unproven', reasons: [{ code: 'omits' }] });
  });

  it('R98: a name in quotes is read by the patterns of our own phrases, without claims beside it', () => {
    const claim: Claim = { kind: 'problem', concept: { name: 'Fall on 5 Mar' }, state: 'active' };
    const text = phrase([claim])!;

    expect(verifySentence({ text }, chart([problem('fall', 'Fall on 5 Mar', '2019')]))).toMatchObject({ outcome: 'proven', lane: 'free' });
  });

  it('R98: an order makes it likely that a drug is taken only where the order says the same', () => {
    const read = (text: string) => verifySentence({ text }, lenora);

    expect(read('On furosemide 40 mg daily')).toMatchObject({ outcome: 'unproven', reasons: [{ code: 'modality-differs' }] });
    expect(read('On furosemide 80 mg daily').outcome).toBe('contradicted');
  });

  it('R98: gives each reason once', () => {
    expect(verifySentence({ text: 'Na 138 and Cr 1.52 on 11/20/2026' }, lenora).reasons).toHaveLength(1);
  });

  it('R98: a false claim under words nobody can read is contradicted all the same', () => {
    const claims: Claim[] = [{ ...potassium, value: { value: '9.9', unit: 'mmol/L' } }];

    expect(verifySentence({ text: 'The potassium keeps worrying us.', claims }, lenora).outcome).toBe('contradicted');
  });
});

describe('R143: what a verdict rests on', () => {
  it('R143: names the fact version and the atoms that carry the claim', () => {
    const verdict = verifySentence({ text: 'K 5.6 (H) on 11/20/2026' }, lenora);

    const [support] = verdict.claims[0]!.support;
    const atoms =
      support?.kind === 'atoms' ? support.atoms.map((i) => lenora.chart.facts.find((one) => one.id === 'k2')!.atoms[i]!.name) : [];
    expect(support).toMatchObject({ kind: 'atoms', fact: 'k2', version: 2 });
    expect(atoms).toEqual(expect.arrayContaining(['display', 'value', 'unit', 'effective', 'flag']));
  });

  it('R143: a correction also rests on the version it replaced, a trend on every point of its window', () => {
    const corrected = verifySentence({ text: 'Potassium was 5.6 mmol/L on 20 Nov 2026, corrected from 6.5 mmol/L.' }, lenora);
    const trend = verifySentence({ text: 'Creatinine rose from 1.21 mg/dL on 11 Aug 2026 to 1.52 mg/dL on 20 Nov 2026.' }, lenora);

    const facts = (verdict: typeof trend) =>
      verdict.claims.flatMap(({ support }) => support.map((one) => (one.kind === 'atoms' ? `${one.fact}#${one.version}` : 'search')));
    expect(facts(corrected)).toEqual(['k2#2', 'k2#1']);
    expect(facts(trend)).toEqual(['cr1#1', 'cr2#1', 'cr3#1']);
  });

  it('R143: an absence rests on the search that was run again', () => {
    const verdict = verifySentence({ text: 'No colonoscopy on record since 10 Apr 2021' }, lenora);

    expect(verdict.claims[0]!.support).toEqual([
      {
        kind: 'search',
        query: { of: 'procedure', concept: 'colonoscopy', since: '2021-04-10', asOf: '2026-11-22T15:38:00Z' },
        searched: 3,
        found: 0,
      },
    ]);
  });
});

describe('terms of the site', () => {
  it('R98: a name the site uses and the chart lacks is false, a name nobody knows is merely unknown', () => {
    const text = 'Xenobarbin 5 mg was prescribed.';
    const own = chart([order('furo', 'furosemide 40 mg tablet', '40', 'mg', '2026-10-15')]);

    expect(verifySentence({ text }, own).reasons[0]?.code).toBe('term-unknown');
    expect(verifySentence({ text }, own, { knownTerms: ['Xenobarbin 5 MG Oral Tablet'] })).toMatchObject({
      outcome: 'contradicted',
      reasons: [{ code: 'not-in-chart' }],
    });
  });
});

describe('whole texts', () => {
  it('R98: judges each sentence, whatever lines and abbreviations it stands among', () => {
    const text = 'Pt has T2DM. K 5.6 on 11/20/2026.\n- Furosemide 20 mg p.o. daily prescribed on 10/15/2026\n\nSeen by Dr. Aldous.';

    expect(verifyText(text, lenora).map(({ text, verdict }) => [text, verdict.outcome])).toEqual([
      ['Pt has T2DM.', 'proven'],
      ['K 5.6 on 11/20/2026.', 'proven'],
      ['Furosemide 20 mg p.o. daily prescribed on 10/15/2026', 'contradicted'],
      ['Seen by Dr. Aldous.', 'unproven'],
    ]);
  });
});
