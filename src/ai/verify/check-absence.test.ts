import { describe, expect, it } from 'vitest';
import type { ClaimOf } from '../../core/claim.ts';
import type { Fact } from '../../core/fact.ts';
import { indexChart } from './chart-index.ts';
import { checkAbsence } from './check-absence.ts';
import { checkAllergy, checkNoKnownAllergy } from './check-allergy.ts';
import { checkPending, checkReport } from './check-report.ts';
import type { Finding } from './finding.ts';
import { chart, fact, order, problem, result } from './testing/facts.ts';

const knownTerms = [
  'Colonoscopy',
  'Chest X-ray',
  'Mammogram',
  'Ferritin',
  'Latex',
  'Sulfa',
  'Metformin',
  'Gout',
  'CT chest',
  'Blood pressure',
  'Troponin',
  'X-ray of left ankle',
];
const said = (finding: Finding) => `${finding.outcome} ${finding.reasons[0]!.code}`;
const index = (facts: Fact[]) => indexChart(chart(facts), { knownTerms });
const on = '2026-10-15';
const request = (display: string, atoms = {}, over: Partial<Fact> = {}) =>
  fact('ServiceRequest', 's', { status: 'active', intent: 'order', display, authored: on, ...atoms }, over);

describe('an absence', () => {
  type Absence = ClaimOf<'absence'>;
  const of = (kind: Absence['of'], name?: string, since?: string): Absence => ({ kind: 'absence', of: kind, ...(name === undefined ? {} : { concept: { name } }), ...(since === undefined ? {} : { since }) }); // biome-ignore format: short
  const done = (display: string, day: string | string[] = on, atoms = {}, over: Partial<Fact> = {}) => fact('Procedure', 'p', { status: 'completed', display, occurrence: day, ...atoms }, over); // biome-ignore format: short
  const report = fact('DiagnosticReport', 'r', { status: 'final', display: 'Chest X-ray, 2 views', effective: on });
  const visit = (atoms = {}) => fact('Encounter', 'e', { status: 'finished', class: 'EMER', start: on, reason: 'Gout', ...atoms });
  const penicillin = (atoms = {}) => fact('AllergyIntolerance', 'a', { display: 'Penicillin', clinicalStatus: 'active', verification: 'confirmed', ...atoms }); // biome-ignore format: short
  const pressure = (withMembers: boolean) => {
    const panel = fact('Observation', 'bp', { status: 'final', display: 'Blood pressure', effective: on });
    if (withMembers) panel.atoms.push({ name: 'display', text: 'Systolic', origin: 0, path: 'd', component: 0 }, { name: 'value', text: '1', origin: 0, path: 'v', component: 0 }); // biome-ignore format: short
    return panel;
  };

  it.each<[outcome: string, code: string, claim: Absence, facts: Fact[]]>([
    ['proven', 'supported', of('procedure', 'Colonoscopy'), []],
    ['contradicted', 'found-where-none-claimed', of('procedure', 'Colonoscopy'), [done('Colonoscopy')]],
    ['contradicted', 'found-where-none-claimed', of('procedure', 'Colonoscopy'), [done('Colonoscopy', on, {}, { grade: 'D' })]],
    ['proven', 'supported', of('procedure', 'Colonoscopy'), [done('Colonoscopy', on, {}, { retracted: true })]],
    ['proven', 'supported', of('procedure', 'Colonoscopy'), [done('Colonoscopy', on, { status: 'not-done' })]],
    ['proven', 'supported', of('procedure', 'Colonoscopy'), [done('Colonoscopy', on, { status: 'cancelled' })]],
    ['proven', 'supported', of('procedure', 'Colonoscopy'), [done('Appendectomy')]],
    ['unproven', 'term-unknown', of('procedure', 'Xenoscopy'), [done('Appendectomy')]],
    ['unproven', 'term-unknown', of('procedure', 'Colonoscopy'), [done('Virtual colonoscopy study')]],
    ['unproven', 'term-unknown', of('procedure', 'CXR'), [report]],
    ['unproven', 'term-unknown', of('procedure', 'Chest X-ray'), [report]],
    ['proven', 'supported', of('procedure', 'X-ray of left ankle'), [done('Excision of left toe')]],
    // since
    ['unproven', 'found-where-none-claimed', of('procedure', 'Colonoscopy', on), [done('Colonoscopy')]],
    ['unproven', 'found-where-none-claimed', of('procedure', 'Colonoscopy', on), [done('Colonoscopy', `${on}T23:59:00-05:00`)]],
    ['unproven', 'found-where-none-claimed', of('visits', undefined, on), [visit()]],
    ['proven', 'supported', of('visits', undefined, '2026-10-16'), [visit()]],
    ['contradicted', 'found-where-none-claimed', of('visits', undefined, '2026-10-14'), [visit()]],
    ['contradicted', 'found-where-none-claimed', of('procedure', 'Colonoscopy', '2026-10-14'), [done('Colonoscopy')]],
    ['proven', 'supported', of('procedure', 'Colonoscopy', '2026-10-16'), [done('Colonoscopy')]],
    ['contradicted', 'found-where-none-claimed', of('procedure', 'Colonoscopy', '2026-10'), [done('Colonoscopy')]],
    ['contradicted', 'found-where-none-claimed', of('procedure', 'Colonoscopy', '2026'), [done('Colonoscopy')]],
    ['unproven', 'date-vague', of('procedure', 'Colonoscopy', '2026-10-01'), [done('Colonoscopy', '2026-10')]],
    ['unproven', 'date-vague', of('procedure', 'Colonoscopy', '2026-10-01'), [done('Colonoscopy', [])]],
    ['contradicted', 'found-where-none-claimed', of('procedure', 'Colonoscopy'), [done('Colonoscopy', [])]],
    // an order of it
    ['unproven', 'omits', of('procedure', 'Colonoscopy'), [request('Colonoscopy')]],
    ['unproven', 'omits', of('procedure', 'Colonoscopy'), [request('Colonoscopy', { status: 'on-hold' })]],
    ['unproven', 'omits', of('procedure', 'Colonoscopy'), [request('Screening colonoscopies')]],
    ['unproven', 'omits', of('procedure', 'Colonoscopy'), [request('Colonoscopy', { status: 'completed' })]],
    ['unproven', 'omits', of('procedure', 'Colonoscopy', '2026-10-01'), [request('Colonoscopy', { status: 'completed' })]],
    ['proven', 'supported', of('procedure', 'Colonoscopy', '2026-11-01'), [request('Colonoscopy', { status: 'completed' })]],
    ['unproven', 'omits', of('procedure', 'Colonoscopy', '2026-11-01'), [request('Colonoscopy')]],
    ['unproven', 'omits', of('result', 'Ferritin'), [request('Ferritin')]],
    ['unproven', 'omits', of('results', 'Ferritin'), [request('Ferritin')]],
    ['unproven', 'omits', of('result', 'LH'), [request('LH')]],
    ['proven', 'supported', of('problems', 'Gout'), [request('Gout')]],
    ['proven', 'supported', of('procedure', 'Colonoscopy'), [request('Colonoscopy', { status: 'revoked' })]],
    ['proven', 'supported', of('procedure', 'Colonoscopy'), [request('Colonoscopy', { intent: 'proposal' })]],
    ['proven', 'supported', of('procedure', 'Colonoscopy'), [request('Colonoscopy', { doNotPerform: 'true' })]],
    ['proven', 'supported', of('procedure', 'Colonoscopy'), [request('Colonoscopy', {}, { retracted: true })]],
    ['proven', 'supported', of('procedure', 'Colonoscopy'), [request('Mammogram')]],
    ['proven', 'supported', of('procedure'), [request('Colonoscopy')]],
    // results, panels and visits
    ['contradicted', 'found-where-none-claimed', of('result', 'Ferritin'), [result('f', 'Ferritin', '30', 'ng/mL', on)]],
    ['proven', 'supported', of('result', 'Ferritin'), [fact('Observation', 'f', { status: 'registered', display: 'Ferritin', effective: on })]],
    ['contradicted', 'found-where-none-claimed', of('result', 'Blood pressure'), [pressure(true)]],
    ['proven', 'supported', of('result', 'Blood pressure'), [pressure(false)]],
    ['contradicted', 'found-where-none-claimed', of('visits'), [visit()]],
    ['proven', 'supported', of('visits'), [visit({ status: 'planned' })]],
    ['contradicted', 'found-where-none-claimed', of('visits', 'Gout'), [visit()]],
    ['unproven', 'term-unknown', of('visits', 'Gout'), [visit({ reason: 'Latex', note: 'Gout' })]],
    ['proven', 'supported', of('visits', 'Gout', '2026-10-16'), [visit({ reason: 'Latex' })]],
    ['proven', 'supported', of('procedure', 'Gout'), [done('Appendectomy', on, { reason: 'Gout' })]],
    ['contradicted', 'found-where-none-claimed', of('medications', 'Metformin'), [order('m', 'metformin 500 mg tablet', '500', 'mg', on)]],
    ['contradicted', 'found-where-none-claimed', of('problems', 'Gout'), [problem('g', 'Gout', '2018')]],
    // allergies
    ['proven', 'supported', of('allergies', 'Latex'), []],
    ['unproven', 'term-unknown', of('allergies', 'Latex'), [penicillin()]],
    ['proven', 'supported', of('allergies', 'Latex'), [penicillin({ clinicalStatus: 'resolved' })]],
    ['proven', 'supported', of('problems', 'Latex'), [penicillin()]],
  ])('R98: %s, %s: %j', (outcome, code, claim, facts) => {
    expect(said(checkAbsence(claim, index(facts)))).toBe(`${outcome} ${code}`);
  }); // biome-ignore format: one table, read as a table

  it('R98: names what it found, or says that it has no name', () => {
    expect(checkAbsence(of('procedure'), index([done('Colonoscopy')])).reasons[0]!.text).toContain('holds Colonoscopy of 15 Oct 2026');
    expect(checkAbsence(of('visits'), index([visit()])).reasons[0]!.text).toContain('holds an entry of');
  });
});

describe('an allergy', () => {
  type Allergy = ClaimOf<'allergy'>;
  const claimed: Allergy = { kind: 'allergy', substance: { name: 'Latex' } };
  const latex = (atoms = {}, over: Partial<Fact> = {}, id = 'a') => fact('AllergyIntolerance', id, { display: 'Latex', clinicalStatus: 'active', verification: 'confirmed', ...atoms }, over); // biome-ignore format: short
  const none = (display = 'No known allergy', atoms = {}, over: Partial<Fact> = {}) => latex({ display, recorded: '2018-05-04', ...atoms }, over, 'n'); // biome-ignore format: short

  it.each<[outcome: string, code: string, claim: Partial<Allergy>, facts: Fact[]]>([
    ['proven', 'supported', {}, [latex()]],
    ['proven', 'supported', {}, [latex({ clinicalStatus: [] })]],
    ['contradicted', 'status-differs', {}, [latex({ clinicalStatus: 'inactive' })]],
    ['contradicted', 'status-differs', {}, [latex({ clinicalStatus: 'resolved' })]],
    ['contradicted', 'negated-in-chart', {}, [latex({ verification: 'refuted' })]],
    ['unproven', 'omits', {}, [latex({ verification: 'unconfirmed' })]],
    ['contradicted', 'entered-in-error', {}, [latex({}, { retracted: true })]],
    ['unproven', 'untrusted-grade', {}, [latex({}, { grade: 'D' })]],
    ['proven', 'supported', {}, [latex({ clinicalStatus: 'resolved' }, {}, 'b'), latex()]],
    ['contradicted', 'not-in-chart', { substance: { name: 'Sulfa' } }, [latex()]],
    ['unproven', 'term-unknown', { substance: { name: 'Xenobarbin' } }, [latex()]],
    ['contradicted', 'not-in-chart', { substance: { name: 'No known allergy' } }, [none()]],
    ['proven', 'supported', { reaction: 'itching' }, [latex({ reaction: ['Rash', 'Itching'] })]],
    ['contradicted', 'reaction-differs', { reaction: 'hives' }, [latex({ reaction: 'Itching', note: 'hives' })]],
    ['unproven', 'reaction-differs', { reaction: 'hives' }, [latex({ note: 'hives' })]],
    ['proven', 'supported', { severity: 'high' }, [latex({ criticality: 'high' })]],
    ['contradicted', 'status-differs', { severity: 'high' }, [latex({ criticality: 'low' })]],
    ['unproven', 'status-differs', { severity: 'high' }, [latex()]],
    ['unproven', 'status-differs', { severity: 'high' }, [latex({ criticality: 'unable-to-assess' })]],
    ['proven', 'supported', { recordedOn: '2018' }, [latex({ recorded: '2018-05-04' })]],
    ['contradicted', 'date-differs', { recordedOn: '2018-05-05' }, [latex({ recorded: '2018-05-04' })]],
    ['unproven', 'date-vague', { recordedOn: '2018-05-05' }, [latex()]],
  ])('R98: %s, %s: %j', (outcome, code, claim, facts) => {
    expect(said(checkAllergy({ ...claimed, ...claim }, index(facts)))).toBe(`${outcome} ${code}`);
  }); // biome-ignore format: one table, read as a table

  it.each<[outcome: string, code: string, about: string, facts: Fact[]]>([
    ['proven', 'supported', 'No known allergies', [none()]],
    ['proven', 'supported', 'drug allergies', [none('No known drug allergy')]],
    ['proven', 'supported', 'NKDA', [none('NKDA')]],
    ['contradicted', 'not-in-chart', 'allergies', []],
    ['unproven', 'not-in-chart', 'food allergies', [none()]],
    ['contradicted', 'not-in-chart', 'allergies', [none('No known allergy', {}, { retracted: true })]],
    ['contradicted', 'found-where-none-claimed', 'allergies', [latex()]],
    ['contradicted', 'found-where-none-claimed', 'drug allergies', [latex()]],
    ['contradicted', 'found-where-none-claimed', 'latex allergies', [latex()]],
    ['contradicted', 'not-in-chart', 'food allergies', [latex()]],
    ['proven', 'supported', 'food allergies', [none('No known food allergy'), latex()]],
    ['unproven', 'conflicting-facts', 'allergies', [none(), latex()]],
    ['unproven', 'conflicting-facts', 'allergies', [none(), latex({ verification: 'unconfirmed' })]],
    ['proven', 'supported', 'allergies', [none(), latex({ clinicalStatus: 'resolved' })]],
    ['proven', 'supported', 'allergies', [none(), latex({}, { retracted: true })]],
    ['unproven', 'untrusted-grade', 'allergies', [none('No known allergy', {}, { grade: 'D' })]],
  ])('R98: none known: %s, %s: %s', (outcome, code, name, facts) => {
    expect(said(checkNoKnownAllergy({ kind: 'no-known-allergy', about: { name } }, index(facts)))).toBe(`${outcome} ${code}`);
  }); // biome-ignore format: one table, read as a table

  it.each<[outcome: string, code: string, recordedOn: string]>([
    ['proven', 'supported', '2018-05-04'],
    ['contradicted', 'date-differs', '2018-05-05'],
  ])('R98: none known, recorded: %s, %s: %s', (outcome, code, recordedOn) => {
    const claim = { kind: 'no-known-allergy', about: { name: 'allergies' }, recordedOn } as const;

    expect(said(checkNoKnownAllergy(claim, index([none()])))).toBe(`${outcome} ${code}`);
  });
});

describe('a report', () => {
  const conclusion = 'No pneumonia. Small effusion; stable. See 10² cells';
  const ct = (atoms = {}, over: Partial<Fact> = {}) => fact('DiagnosticReport', 'r', { status: 'final', display: 'CT chest', effective: on, conclusion, ...atoms }, over); // biome-ignore format: short
  const claimed: ClaimOf<'report'> = { kind: 'report', concept: { name: 'CT chest' }, on, quote: 'No pneumonia.' };

  it.each<[outcome: string, code: string, claim: Partial<typeof claimed>, facts: Fact[]]>([
    ['proven', 'supported', {}, [ct()]],
    ['proven', 'supported', { quote: 'No pneumonia' }, [ct()]],
    ['proven', 'supported', { quote: 'Small  effusion; stable.' }, [ct()]],
    ['unproven', 'quote-not-found', { quote: 'stable' }, [ct()]],
    ['unproven', 'quote-not-found', { quote: 'Pneumonia.' }, [ct({ conclusion: 'Ruled out. Pneumonia.' })]],
    ['proven', 'supported', { quote: conclusion }, [ct()]],
    ['proven', 'supported', { quote: 'See 10² cells' }, [ct()]],
    ['contradicted', 'quote-not-found', { quote: 'See 102 cells' }, [ct()]],
    ['unproven', 'quote-not-found', { quote: 'hemorrhage.' }, [ct({ conclusion: 'No acute infarct vs. hemorrhage.' })]],
    ['unproven', 'quote-not-found', { quote: 'Hemorrhage.' }, [ct({ conclusion: 'No acute infarct approx. Hemorrhage.' })]],
    ['unproven', 'quote-not-found', { quote: 'malignancy.' }, [ct({ conclusion: 'Not consistent with: malignancy. Stable.' })]],
    ['unproven', 'quote-not-found', { quote: 'pneumothorax.' }, [ct({ conclusion: 'Negative for the following: pneumonia; effusion; pneumothorax.' })]],
    ['unproven', 'quote-not-found', { quote: 'Pneumothorax.' }, [ct({ conclusion: 'Negative for the following. Pneumothorax.' })]],
    ['unproven', 'quote-not-found', { quote: 'Mass' }, [ct({ conclusion: 'Mass vs. scar.' })]],
    ['proven', 'supported', { quote: 'Effusion.' }, [ct({ conclusion: 'Heart is normal. Effusion. Stable.' })]],
    ['unproven', 'quote-not-found', { quote: 'pneumonia.' }, [ct()]],
    ['unproven', 'quote-not-found', { quote: 'Small' }, [ct()]],
    ['unproven', 'quote-not-found', { quote: 'No pneumon' }, [ct()]],
    ['contradicted', 'quote-not-found', { quote: 'Pneumonia.' }, [ct()]],
    ['contradicted', 'quote-not-found', { quote: '' }, [ct()]],
    ['contradicted', 'quote-not-found', { quote: 'CT chest' }, [ct()]],
    ['proven', 'supported', { quote: 'Clear.' }, [ct({ conclusion: [], note: 'Clear.' })]],
    ['proven', 'supported', { quote: 'Clear.' }, [ct({ conclusion: [], valueText: 'Clear.' })]],
    ['unproven', 'status-differs', {}, [ct({ status: 'preliminary' })]],
    ['proven', 'supported', {}, [ct({ status: 'amended' })]],
    ['unproven', 'untrusted-grade', {}, [ct({}, { grade: 'D' })]],
    ['contradicted', 'not-in-chart', {}, [ct({}, { retracted: true })]],
    ['contradicted', 'not-in-chart', { concept: { name: 'Mammogram' } }, [ct()]],
    ['unproven', 'term-unknown', { concept: { name: 'Xenogram' } }, [ct()]],
    ['contradicted', 'date-differs', { on: '2026-10-16' }, [ct()]],
    ['unproven', 'date-vague', {}, [ct({ effective: '2026' })]],
  ])('R98: %s, %s: %j', (outcome, code, claim, facts) => {
    expect(said(checkReport({ ...claimed, ...claim }, index(facts)))).toBe(`${outcome} ${code}`);
  }); // biome-ignore format: one table, read as a table
});

describe('an order without a result', () => {
  const asOf = '2026-11-22';
  const claimed: ClaimOf<'pending'> = { kind: 'pending', concept: { name: 'Ferritin' }, orderedOn: on, asOf };
  const ordered = (atoms = {}, over: Partial<Fact> = {}) => request('Ferritin', atoms, over);
  const ferritin = (day: string, atoms = {}, over: Partial<Fact> = {}) => result('f', 'Ferritin', '30', 'ng/mL', day, atoms, over);
  const iron = (atoms = {}, over: Partial<Fact> = {}) => fact('DiagnosticReport', 'r', { status: 'final', display: 'Iron studies', effective: '2026-10-16', ...atoms }, over); // biome-ignore format: short

  it.each<[outcome: string, code: string, claim: Partial<typeof claimed>, facts: Fact[]]>([
    ['proven', 'supported', {}, [ordered()]],
    ['proven', 'supported', {}, [ordered({ status: 'on-hold' })]],
    ['contradicted', 'status-differs', {}, [ordered({ status: 'completed' })]],
    ['contradicted', 'status-differs', {}, [ordered({ status: 'revoked' })]],
    ['contradicted', 'modality-differs', {}, [ordered({ intent: 'plan' })]],
    ['contradicted', 'modality-differs', {}, [ordered({ doNotPerform: 'true' })]],
    ['unproven', 'untrusted-grade', {}, [ordered({}, { grade: 'D' })]],
    ['contradicted', 'not-in-chart', {}, [ordered({}, { retracted: true })]],
    ['contradicted', 'not-in-chart', { concept: { name: 'Troponin' } }, [ordered()]],
    ['unproven', 'term-unknown', { concept: { name: 'Xenogram' } }, [ordered()]],
    ['contradicted', 'date-differs', { orderedOn: '2026-10-16' }, [ordered()]],
    ['contradicted', 'date-differs', { asOf: '2026-10-14' }, [ordered()]],
    ['unproven', 'date-vague', { asOf: '2026-11-24' }, [ordered()]],
    ['unproven', 'date-vague', { asOf: '2026-11-23' }, [ordered()]],
    ['proven', 'supported', { asOf: '2026-11-21' }, [ordered()]],
    ['unproven', 'date-vague', { asOf: '2026-11' }, [ordered()]],
    ['contradicted', 'found-where-none-claimed', {}, [ordered(), ferritin('2026-10-16')]],
    ['contradicted', 'found-where-none-claimed', {}, [ordered(), ferritin(on)]],
    ['proven', 'supported', {}, [ordered(), ferritin('2026-10-14')]],
    ['proven', 'supported', {}, [ordered(), ferritin('2026-10-16', {}, { retracted: true })]],
    ['proven', 'supported', {}, [ordered(), ferritin('2026-10-16', { status: 'registered' })]],
    ['proven', 'supported', {}, [ordered(), ferritin('2026-10-16', { status: 'cancelled' })]],
    ['proven', 'supported', {}, [ordered(), ferritin('2026-10-16', { value: [] })]],
    ['proven', 'supported', {}, [ordered(), problem('x', 'Ferritin', '2026-10-16')]],
    ['proven', 'supported', {}, [ordered(), iron()]],
    ['contradicted', 'found-where-none-claimed', {}, [ordered(), iron({ basedOn: 'ServiceRequest/s' })]],
    ['contradicted', 'found-where-none-claimed', {}, [ordered({ identifier: 'P1' }), iron({ identifier: 'P1' })]],
    ['proven', 'supported', {}, [ordered({ identifier: 'P1', note: 'P2' }), iron({ identifier: 'P2' })]],
    ['proven', 'supported', {}, [ordered(), iron({ basedOn: 'ServiceRequest/s' }, { retracted: true })]],
    ['proven', 'supported', {}, [ordered(), iron({ basedOn: 'ServiceRequest/s', status: 'registered' })]],
  ])('R98: %s, %s: %j', (outcome, code, claim, facts) => {
    expect(said(checkPending({ ...claimed, ...claim }, index(facts)))).toBe(`${outcome} ${code}`);
  }); // biome-ignore format: one table, read as a table
});
