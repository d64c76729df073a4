import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Claim } from '../../../core/claim.ts';
import { phrase } from '../../../core/phrase.ts';
import { sameClaim } from '../same-claim.ts';
import { readPhrase } from './read-phrase.ts';

const NAMES = [
  'Potassium', 'potassium', 'pH of Urine by Test strip', 'Hemoglobin A1c/Hemoglobin.total in Blood', 'Erythrocytes [#/\u200bvolume] in Blood by Automated count',
  'Pain severity - 0-10 verbal numeric rating [Score] - Reported', 'Type 2 diabetes', "Encounter for 'check-up'", 'Body mass index 30+ - obesity (finding)', 'Chronic kidney disease, stage 3b',
  'Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet', 'lisinopril 10 MG Oral Tablet', '24hr nicotine transdermal patch', 'Aspirin 81 MG', 'Camila 28 Day Pack', 'Vitamin B 12', 'Fall on stairs',
  'Fall on 5 Mar', 'What was', 'was', 'on', 'Injury since 2009', 'No evidence of disease', 'not known', 'X (left)', 'A, active since 2009', 'A, high', 'B (since 2009)', 'Active problems', 'Active problems: x', 'C; D', 'E: F', 'St. John wort. Dried',
  'Allergy to nut', 'Dander (animal) allergy', 'Latex allergy: rash', 'Hepatitis, resolved', '5', '5 mg', 'Insulin by mouth once daily', 'x as needed', 'Immunization with x', 'Family history: x in mother', 'cancer in situ in remission',
  'rose from 5', 'was ordered on 5 Mar 2020', 'a in 2009', 'Reference (reference 3–5)', 'Carcinoma in situ of prostate (disorder)', 'Influenza, seasonal, injectable, preservative free', 'in', 'for', 'x in', 'x for', 'Emergency visit for x', '3 visits since 2009',
  'Triglycerides', 'Platelets [#/volume] in Blood by Automated count', 'Platelet mean volume in Blood', 'Basophils/100 leukocytes in Blood', 'Blood cultures', 'What were', 'were', 'are planned',
  'K', 'É', 'β-blocker', '2-methyl', '(R)-warfarin', '"quoted"', "O'Neil's sign", 'a–b', 'DTaP', 'Pneumococcal conjugate PCV 13', 'SARS-CoV-2 RNA Pnl Resp NAA+probe', 'Glomerular filtration rate/1.73 sq M.predicted', 'x was “y” on 2009', 'corrected from 5', 'is being taken', 'Appointment on 5 Mar 2020', 'Hospital admission from 2009 to 2010', 'X was changed from 5 mg to 10 mg', 'via', 'taken',
]; // biome-ignore format: one list, read as a list

const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NAMES) },
  fc.array(fc.constantFrom(...NAMES.flatMap((text) => text.split(' '))), { minLength: 1, maxLength: 6 }).map((words) => words.join(' ')),
  fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
);
const concept = name.map((text) => ({ name: text }));
const year = fc.integer({ min: 1900, max: 2099 }).map(String);
const month = fc.integer({ min: 1, max: 12 }).map((n) => String(n).padStart(2, '0'));
const day = fc.integer({ min: 1, max: 28 }).map((n) => String(n).padStart(2, '0'));
const date = fc.oneof(
  fc.tuple(year, month, day).map((parts) => parts.join('-')),
  fc.tuple(year, month).map((parts) => parts.join('-')),
  year,
);
const number = fc.oneof(fc.constantFrom('1.10', '0', '-3', '5.6', '1e-3', '1000'), fc.integer({ min: 0, max: 9999 }).map(String));
const unit = fc.constantFrom(
  'mmol/L',
  'mg/dL',
  '%',
  '10*3/uL',
  '{score}',
  '(score)',
  'mL/min/{1.73_m2}',
  '/min',
  'mm[Hg]',
  'Cel',
  'mm Hg',
  'to',
  'on',
  'L',
  'H',
);
const quantity = fc.record(
  { value: number, unit, comparator: fc.constantFrom('<' as const, '<=' as const, '>=' as const, '>' as const) },
  { requiredKeys: ['value'] },
);
const doseUnit = fc.constantFrom('mg', 'MG', 'mcg', 'tablet', '[iU]', 'mL');
const dose = fc.record({ value: number, unit: doseUnit });
const frequency = fc.oneof(
  fc.constantFrom('once daily', 'twice daily', 'every 8 hours', 'every 6 hours as needed', 'at bedtime', 'as needed', 'three times daily'),
  name,
);
const route = fc.oneof(fc.constantFrom('by mouth', 'intravenously', 'into both eyes'), name);
const side = fc.constantFrom('left' as const, 'right' as const, 'bilateral' as const);

const claim: fc.Arbitrary<Claim> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('result' as const),
      concept,
      value: fc.oneof(
        quantity,
        name.map((text) => ({ text })),
      ),
      on: date,
      flag: fc.constantFrom('high' as const, 'low' as const, 'critically high' as const, 'abnormal' as const, 'normal' as const),
      range: fc.record({ low: number, high: number }, { requiredKeys: [] }),
      certainty: fc.constantFrom('preliminary' as const, 'final' as const, 'corrected' as const),
      correctedFrom: quantity,
      latest: fc.boolean(),
    },
    { requiredKeys: ['kind', 'concept', 'value', 'on'] },
  ),
  fc.record({
    kind: fc.constant('trend' as const),
    concept,
    direction: fc.constantFrom('rose' as const, 'fell' as const, 'unchanged' as const),
    from: quantity,
    fromOn: date,
    to: quantity,
    toOn: date,
  }),
  fc.record(
    {
      kind: fc.constant('problem' as const),
      concept,
      state: fc.constantFrom('active' as const, 'resolved' as const, 'ruled out' as const, 'suspected' as const),
      since: date,
      until: date,
      laterality: side,
    },
    { requiredKeys: ['kind', 'concept', 'state'] },
  ),
  fc.record(
    {
      kind: fc.constant('medication' as const),
      drug: concept,
      dose,
      route,
      frequency,
      modality: fc.constantFrom('prescribed' as const, 'filled' as const, 'taking' as const, 'stopped' as const, 'administered' as const),
      on: date,
    },
    { requiredKeys: ['kind', 'drug', 'modality'] },
  ),
  fc.record(
    { kind: fc.constant('dose-change' as const), drug: concept, from: dose, to: dose, frequency, on: date },
    { requiredKeys: ['kind', 'drug', 'from', 'to', 'on'] },
  ),
  fc.record(
    {
      kind: fc.constant('allergy' as const),
      substance: concept,
      reaction: name,
      severity: fc.constantFrom('high' as const, 'low' as const),
      recordedOn: date,
    },
    { requiredKeys: ['kind', 'substance'] },
  ),
  fc.record(
    {
      kind: fc.constant('no-known-allergy' as const),
      about: fc.constantFrom({ name: 'No known allergy' }, { name: 'No known drug allergies' }, { name: 'allergies' }),
      recordedOn: date,
    },
    { requiredKeys: ['kind', 'about'] },
  ),
  fc.record(
    {
      kind: fc.constant('encounter' as const),
      setting: fc.constantFrom('emergency' as const, 'inpatient' as const, 'outpatient' as const, 'virtual' as const, 'home' as const),
      what: name,
      reason: concept,
      on: date,
      until: date,
    },
    { requiredKeys: ['kind', 'setting', 'on'] },
  ),
  fc.record(
    {
      kind: fc.constant('procedure' as const),
      concept,
      modality: fc.constantFrom('performed' as const, 'planned' as const, 'not done' as const),
      laterality: side,
      on: date,
    },
    { requiredKeys: ['kind', 'concept', 'modality'] },
  ),
  fc.record({ kind: fc.constant('immunization' as const), vaccine: concept, on: date }),
  fc.record({ kind: fc.constant('report' as const), concept, on: date, quote: name }),
  fc.record({ kind: fc.constant('pending' as const), concept, orderedOn: date, asOf: date }),
  fc.record(
    { kind: fc.constant('appointment' as const), on: date, time: fc.constantFrom('09:05', '23:59'), reason: name },
    { requiredKeys: ['kind', 'on'] },
  ),
  fc.record({
    kind: fc.constant('family' as const),
    relative: fc.oneof(fc.constantFrom('mother', 'maternal aunt'), name),
    condition: concept,
  }),
  fc.record(
    {
      kind: fc.constant('absence' as const),
      of: fc.constantFrom(
        'allergies' as const,
        'medications' as const,
        'problems' as const,
        'results' as const,
        'result' as const,
        'visits' as const,
        'procedure' as const,
        'immunization' as const,
      ),
      concept,
      since: date,
    },
    { requiredKeys: ['kind', 'of'] },
  ),
  fc.record(
    {
      kind: fc.constant('count' as const),
      of: fc.constantFrom('visits' as const, 'results' as const, 'emergency visits' as const, 'admissions' as const),
      concept,
      number: fc.nat(40),
      since: date,
    },
    { requiredKeys: ['kind', 'of', 'number', 'since'] },
  ),
);

it('R98: whatever phrase prints is read back as exactly the claims it was printed from, and in no other way', () => {
  let printed = 0;
  fc.assert(
    fc.property(fc.array(claim, { minLength: 1, maxLength: 3 }), (claims) => {
      const text = phrase(claims);
      if (text === undefined) return;
      printed++;
      const readings = readPhrase(text);
      const shown = JSON.stringify({ text, claims, readings });
      expect(readings.length, shown).toBe(1);
      expect(readings[0]!.length, shown).toBe(claims.length);
      claims.forEach((one, i) => {
        expect(sameClaim(one, readings[0]![i]!), shown).toBe(true);
      });
    }),
    { numRuns: 6000 },
  );

  expect(printed).toBeGreaterThan(3000);
});
