import { describe, expect, it } from 'vitest';
import type { ClaimOf } from '../../core/claim.ts';
import type { Fact } from '../../core/fact.ts';
import { indexChart } from './chart-index.ts';
import { checkFamily } from './check-family.ts';
import { checkProblem } from './check-problem.ts';
import { checkImmunization, checkProcedure } from './check-procedure.ts';
import type { Finding } from './finding.ts';
import { chart, fact, problem } from './testing/facts.ts';

type Problem = ClaimOf<'problem'>;
type Procedure = ClaimOf<'procedure'>;

const knownTerms = ['Gout', 'Colonoscopy', 'Zoster', 'Cataract surgery', 'Mammogram'];
const said = (finding: Finding) => `${finding.outcome} ${finding.reasons[0]!.code}`;
const index = (facts: Fact[], superseded: Fact[] = []) => indexChart(chart(facts, superseded), { knownTerms });

describe('a problem', () => {
  const asthma = (atoms = {}, over: Partial<Fact> = {}, id = 'a') => problem(id, 'Asthma', '2015-03-03', atoms, over);
  const claimed: Problem = { kind: 'problem', concept: { name: 'Asthma' }, state: 'active' };
  const named = (name: string) => ({ concept: { name } });
  const stage = (id: string, n: string, onset: string, atoms = {}) => problem(id, `Chronic kidney disease stage ${n}`, onset, atoms);
  const stages = [stage('x', '3', '2023-05-02', { clinicalStatus: 'resolved', abatement: '2026-08-14' }), stage('y', '4', '2026-08-14')];
  const resolved = { clinicalStatus: 'resolved', abatement: '2024-02-01' };
  const knee = (bodySite: string, id = 'k') => problem(id, 'Osteoarthritis of knee', '2019', { bodySite });

  it.each<[outcome: string, code: string, claim: Partial<Problem>, facts: Fact[], superseded?: Fact[]]>([
    ['proven', 'supported', {}, [asthma()]],
    ['proven', 'supported', {}, [asthma({ clinicalStatus: 'recurrence' })]],
    ['proven', 'supported', {}, [asthma({ clinicalStatus: 'relapse' })]],
    ['contradicted', 'status-differs', {}, [asthma({ clinicalStatus: 'inactive' })]],
    ['contradicted', 'status-differs', {}, [asthma({ clinicalStatus: 'remission' })]],
    ['unproven', 'status-differs', {}, [fact('Condition', 'a', { display: 'Asthma', verification: 'confirmed' })]],
    ['contradicted', 'negated-in-chart', {}, [asthma({ verification: 'refuted' })]],
    ['contradicted', 'status-differs', {}, [asthma({ verification: 'unconfirmed' })]],
    ['contradicted', 'status-differs', {}, [asthma({ verification: 'differential' })]],
    ['proven', 'supported', { state: 'suspected' }, [asthma({ verification: 'unconfirmed' })]],
    ['proven', 'supported', { state: 'suspected' }, [asthma({ verification: 'provisional' })]],
    ['proven', 'supported', { state: 'suspected' }, [asthma({ verification: 'differential' })]],
    ['proven', 'supported', { state: 'ruled out' }, [asthma({ verification: 'refuted' })]],
    ['contradicted', 'status-differs', { state: 'ruled out' }, [asthma()]],
    ['contradicted', 'entered-in-error', {}, [asthma({ verification: 'entered-in-error' })]],
    ['contradicted', 'entered-in-error', {}, [asthma({}, { retracted: true })]],
    ['unproven', 'untrusted-grade', {}, [asthma({}, { grade: 'D' })]],
    ['contradicted', 'not-in-chart', named('Gout'), [asthma()]],
    ['unproven', 'term-unknown', named('Xenosis'), [asthma()]],
    ['contradicted', 'superseded', named('Gout'), [], [problem('g', 'Gout', '2018')]],
    ['contradicted', 'not-in-chart', named('Gout'), [], [problem('g', 'Asthma', '2018')]],
    ['contradicted', 'not-in-chart', named('Gout'), [], [{ ...problem('g', 'Gout', '2018'), type: 'Procedure' }]],
    ['contradicted', 'relative-not-patient', named('Gout'), [fact('FamilyMemberHistory', 'f', { status: 'completed', relationship: 'Father', condition: 'Gout' })]],
    ['contradicted', 'not-in-chart', named('Gout'), [fact('FamilyMemberHistory', 'f', { status: 'completed', relationship: 'Father', condition: 'Gout' }, { retracted: true })]],
    // onset and end
    ['proven', 'supported', { since: '2015-03-03' }, [asthma()]],
    ['proven', 'supported', { since: '2015' }, [asthma()]],
    ['contradicted', 'onset-differs', { since: '2015-03-04' }, [asthma()]],
    ['unproven', 'onset-differs', { since: '2015-03-03' }, [asthma({ onset: '2015' })]],
    ['unproven', 'onset-differs', { since: '2015' }, [asthma({ onset: [] })]],
    ['proven', 'supported', { state: 'resolved', until: '2024-02-01' }, [asthma(resolved)]],
    ['contradicted', 'date-differs', { state: 'resolved', until: '2024-02-02' }, [asthma(resolved)]],
    ['unproven', 'date-vague', { state: 'resolved', until: '2024-02-01' }, [asthma({ clinicalStatus: 'resolved' })]],
    ['unproven', 'date-vague', { state: 'resolved', until: '2024-02-01' }, [asthma({ clinicalStatus: 'resolved', abatement: '2024' })]],
    // entries that disagree
    ['unproven', 'conflicting-facts', {}, [asthma(), asthma({ clinicalStatus: 'resolved' }, {}, 'b')]],
    ['unproven', 'conflicting-facts', {}, [asthma(), asthma({ verification: 'refuted', onset: '2020' }, {}, 'b')]],
    ['unproven', 'conflicting-facts', { state: 'ruled out' }, [asthma({ verification: 'refuted' }), asthma({ onset: '2020' }, {}, 'b')]],
    ['proven', 'supported', {}, [asthma(), asthma({ ...resolved, onset: '2010-01-01' }, {}, 'b')]],
    ['proven', 'supported', {}, [asthma({ onset: [] }), asthma({ ...resolved, onset: [] }, {}, 'b')]],
    ['proven', 'supported', {}, [asthma(), asthma({ clinicalStatus: 'resolved' }, { grade: 'D' }, 'b')]],
    ['unproven', 'conflicting-facts', { state: 'resolved' }, [asthma({ ...resolved, onset: '2010-01-01' }), asthma({}, {}, 'b')]],
    ['proven', 'supported', { state: 'resolved', since: '2010-01-01' }, [asthma({ ...resolved, onset: '2010-01-01' }), asthma({}, {}, 'b')]],
    ['proven', 'supported', { state: 'resolved', until: '2024-02-01' }, [asthma({ ...resolved, onset: '2010-01-01' }), asthma({}, {}, 'b')]],
    ['proven', 'supported', { state: 'suspected' }, [asthma({ verification: 'provisional', onset: '2010-01-01' }), asthma({}, {}, 'b')]],
    // a general name
    ['proven', 'supported', named('CKD'), stages],
    ['unproven', 'conflicting-facts', { ...named('CKD'), state: 'resolved', until: '2026-08-14' }, stages],
    ['unproven', 'onset-differs', { ...named('CKD'), since: '2026-08-14' }, stages],
    ['unproven', 'onset-differs', { ...named('CKD'), since: '2023-05-02' }, stages],
    ['contradicted', 'onset-differs', { ...named('CKD'), since: '2020' }, stages.slice(1)],
    ['contradicted', 'status-differs', { ...named('CKD'), since: '2023-05-02' }, stages.slice(0, 1)],
    ['proven', 'supported', { ...named('CKD stage 4'), since: '2026-08-14' }, stages],
    ['unproven', 'conflicting-facts', { ...named('CKD'), since: '2026-08-14' }, [stages[1]!, stage('z', '3', '2020', { verification: 'refuted' })]],
    ['proven', 'supported', { ...named('CKD'), since: '2026-08-14' }, [stages[1]!, stage('z', '3', '2020', { verification: 'provisional' })]],
    ['proven', 'supported', { ...named('CKD'), since: '2026-08-14' }, [stages[1]!, stage('z', '3', '2026-09-01')]],
    ['proven', 'supported', { ...named('Chronic kidney disease stage 3'), state: 'resolved', until: '2026-08-14' }, stages],
    // sides
    ['proven', 'supported', { ...named('Osteoarthritis of knee'), laterality: 'left' }, [knee('Left knee')]],
    ['contradicted', 'laterality-differs', { ...named('Osteoarthritis of knee'), laterality: 'right' }, [knee('Left knee')]],
    ['contradicted', 'laterality-differs', { ...named('Osteoarthritis of knee'), laterality: 'bilateral' }, [knee('Left knee')]],
    ['unproven', 'laterality-differs', { ...named('Osteoarthritis of knee'), laterality: 'left' }, [knee('Knee')]],
    ['proven', 'supported', named('Osteoarthritis of knee'), [knee('Left knee')]],
    ['proven', 'supported', named('Osteoarthritis of left knee'), [knee('Left knee')]],
    ['contradicted', 'laterality-differs', named('Osteoarthritis of right knee'), [knee('Left knee')]],
    ['proven', 'supported', { ...named('Osteoarthritis of left knee'), laterality: 'left' }, [knee('Left knee')]],
    ['contradicted', 'laterality-differs', { ...named('Osteoarthritis of left knee'), laterality: 'right' }, [knee('Left knee'), knee('Right knee', 'r')]],
    ['contradicted', 'laterality-differs', { ...named('Bilateral osteoarthritis of knee'), laterality: 'left' }, [knee('Left knee')]],
    ['contradicted', 'not-in-chart', named('Osteoarthritis of left knee'), [fact('Procedure', 'k', { status: 'completed', display: 'Osteoarthritis of knee' })]],
    ['proven', 'supported', { ...named('Fracture of wrist'), laterality: 'right' }, [problem('w', 'Fracture of wrist', '2019', { laterality: 'right wrist' })]],
  ])('R98: %s, %s: %j', (outcome, code, claim, facts, superseded) => {
    expect(said(checkProblem({ ...claimed, ...claim }, index(facts, superseded)))).toBe(`${outcome} ${code}`);
  }); // biome-ignore format: one table, read as a table

  it('R98: says of an onset how exactly the chart knows it', () => {
    const text = (onset: string | string[]) =>
      checkProblem({ ...claimed, since: '2015-03-03' }, index([asthma({ onset })])).reasons[0]!.text;

    expect(text('2015')).toContain('only as 2015');
    expect(text([])).toContain('not at all');
  });
});

describe('a relative', () => {
  const father = (atoms = {}, over: Partial<Fact> = {}) =>
    fact('FamilyMemberHistory', 'f', { status: 'completed', relationship: 'FTH', condition: 'Gout', ...atoms }, over);
  const claimed: ClaimOf<'family'> = { kind: 'family', relative: 'father', condition: { name: 'Gout' } };

  it.each<[outcome: string, code: string, claim: Partial<typeof claimed>, facts: Fact[]]>([
    ['proven', 'supported', {}, [father()]],
    ['proven', 'supported', { relative: 'Dad' }, [father()]],
    ['contradicted', 'relative-not-patient', { relative: 'mother' }, [father()]],
    ['contradicted', 'relative-not-patient', {}, [father({ relationship: [], note: 'father' })]],
    ['unproven', 'untrusted-grade', {}, [father({}, { grade: 'D' })]],
    ['contradicted', 'not-in-chart', {}, [father({}, { retracted: true })]],
    ['contradicted', 'relative-not-patient', {}, [problem('g', 'Gout', '2018')]],
    ['contradicted', 'not-in-chart', {}, [problem('g', 'Gout', '2018', {}, { retracted: true })]],
    ['unproven', 'term-unknown', { condition: { name: 'Xenosis' } }, [father()]],
  ])('R98: %s, %s: %j', (outcome, code, claim, facts) => {
    expect(said(checkFamily({ ...claimed, ...claim }, index(facts)))).toBe(`${outcome} ${code}`);
  }); // biome-ignore format: one table, read as a table
});

describe('a procedure', () => {
  const on = '2021-04-09';
  const claimed: Procedure = { kind: 'procedure', concept: { name: 'Colonoscopy' }, modality: 'performed' };
  const done = (atoms = {}, over: Partial<Fact> = {}, id = 'p') => fact('Procedure', id, { status: 'completed', display: 'Colonoscopy', occurrence: on, ...atoms }, over); // biome-ignore format: short
  const report = (status: string) => fact('DiagnosticReport', 'r', { status, display: 'Colonoscopy', effective: on });
  const ordered = (atoms = {}) => fact('ServiceRequest', 's', { status: 'active', display: 'Colonoscopy', authored: on, ...atoms });
  const eye = (bodySite: string) => fact('Procedure', 'e', { status: 'completed', display: 'Cataract surgery', occurrence: on, bodySite });

  it.each<[outcome: string, code: string, claim: Partial<Procedure>, facts: Fact[]]>([
    ['proven', 'supported', {}, [done()]],
    ['proven', 'supported', { on }, [done()]],
    ['contradicted', 'date-differs', { on: '2021-04-10' }, [done()]],
    ['unproven', 'date-vague', { on }, [done({ occurrence: '2021' })]],
    ['unproven', 'date-vague', { on }, [done({}, {}, 'q'), done({ occurrence: '2021' })].slice(1)],
    ['unproven', 'untrusted-grade', {}, [done({}, { grade: 'D' })]],
    ['contradicted', 'entered-in-error', {}, [done({}, { retracted: true })]],
    ['contradicted', 'modality-differs', {}, [done({ status: 'not-done' })]],
    ['contradicted', 'modality-differs', {}, [done({ status: 'preparation' })]],
    ['unproven', 'status-differs', {}, [done({ status: 'unknown' })]],
    ['unproven', 'status-differs', {}, [done({ status: 'stopped' })]],
    ['proven', 'supported', { modality: 'not done' }, [done({ status: 'not-done' })]],
    ['proven', 'supported', { modality: 'planned' }, [done({ status: 'preparation' })]],
    ['contradicted', 'modality-differs', { modality: 'planned' }, [done()]],
    ['contradicted', 'modality-differs', { modality: 'not done' }, [done()]],
    ['contradicted', 'modality-differs', { on }, [done({ status: 'unknown', occurrence: '2020-01-01' }), done({ status: 'not-done' }, {}, 'q')]],
    ['unproven', 'status-differs', { on: '2020-01-01' }, [done({ status: 'unknown', occurrence: '2020-01-01' }), done({ status: 'not-done' }, {}, 'q')]],
    ['proven', 'supported', {}, [report('final')]],
    ['proven', 'supported', {}, [report('amended')]],
    ['proven', 'supported', {}, [report('corrected')]],
    ['proven', 'supported', {}, [report('appended')]],
    ['unproven', 'status-differs', {}, [report('registered')]],
    ['unproven', 'status-differs', {}, [report('partial')]],
    ['proven', 'supported', {}, [done({ status: 'available', start: on }, { type: 'ImagingStudy' })]],
    ['unproven', 'status-differs', {}, [done({ status: 'completed', start: on }, { type: 'ImagingStudy' })]],
    ['contradicted', 'modality-differs', {}, [ordered()]],
    ['proven', 'supported', { modality: 'planned' }, [ordered()]],
    ['proven', 'supported', { modality: 'planned' }, [ordered({ status: 'on-hold' })]],
    ['proven', 'supported', { modality: 'planned' }, [ordered({ doNotPerform: 'false' })]],
    ['unproven', 'status-differs', { modality: 'planned' }, [ordered({ doNotPerform: 'true' })]],
    ['unproven', 'status-differs', { modality: 'planned' }, [ordered({ status: 'revoked' })]],
    ['unproven', 'status-differs', { modality: 'planned' }, [ordered({ status: 'completed' })]],
    ['proven', 'supported', { modality: 'planned', on: '2021-05-01' }, [ordered({ occurrence: '2021-05-01' })]],
    ['contradicted', 'date-differs', { modality: 'planned', on }, [ordered({ occurrence: '2021-05-01' })]],
    ['unproven', 'date-vague', { modality: 'planned', on }, [ordered()]],
    ['contradicted', 'date-differs', { modality: 'planned', on: '2021-06-01' }, [ordered({ occurrence: '2021-05-01' })]],
    ['contradicted', 'date-differs', { on: '2021-05-01' }, [done({ occurrence: on, start: '2021-05-01' })]],
    ['proven', 'supported', { concept: { name: 'Cataract surgery' }, laterality: 'left' }, [eye('Left eye')]],
    ['proven', 'supported', { concept: { name: 'Left cataract surgery' } }, [eye('Left eye')]],
    ['contradicted', 'laterality-differs', { concept: { name: 'Right cataract surgery' } }, [eye('Left eye')]],
    ['contradicted', 'laterality-differs', { concept: { name: 'Bilateral cataract surgery' }, laterality: 'left' }, [eye('Left eye')]],
    ['unproven', 'laterality-differs', { concept: { name: 'Cataract surgery' }, laterality: 'left' }, [eye('Eye')]],
    ['contradicted', 'not-in-chart', { concept: { name: 'Mammogram' } }, [done()]],
    ['contradicted', 'not-in-chart', { concept: { name: 'Left mammogram' } }, [done()]],
    ['unproven', 'term-unknown', { concept: { name: 'Xenoscopy' } }, [done()]],
  ])('R98: %s, %s: %j', (outcome, code, claim, facts) => {
    expect(said(checkProcedure({ ...claimed, ...claim }, index(facts)))).toBe(`${outcome} ${code}`);
  }); // biome-ignore format: one table, read as a table
});

describe('a vaccine', () => {
  const claimed: ClaimOf<'immunization'> = { kind: 'immunization', vaccine: { name: 'Tdap' }, on: '2022-05-17' };
  const given = (atoms = {}, over: Partial<Fact> = {}, id = 'v') => fact('Immunization', id, { status: 'completed', display: 'Tdap', occurrence: '2022-05-17', ...atoms }, over); // biome-ignore format: short

  it.each<[outcome: string, code: string, claim: Partial<typeof claimed>, facts: Fact[], text?: string]>([
    ['proven', 'supported', {}, [given()]],
    ['contradicted', 'date-differs', { on: '2022-05-18' }, [given()]],
    ['unproven', 'date-vague', {}, [given({ occurrence: '2022' })]],
    ['unproven', 'untrusted-grade', {}, [given({}, { grade: 'D' })]],
    ['contradicted', 'status-differs', {}, [given({ status: 'not-done' })], 'not-done'],
    ['contradicted', 'status-differs', {}, [given({}, { retracted: true })], 'withdrawn'],
    ['contradicted', 'status-differs', {}, [given({ status: 'not-done', occurrence: '2020-01-01' })], 'was given'],
    ['contradicted', 'date-differs', {}, [given({ occurrence: '2021-01-01' }), given({ status: 'not-done', occurrence: '2020-01-01' }, {}, 'w')]],
    ['contradicted', 'not-in-chart', { vaccine: { name: 'Zoster' } }, [given()]],
    ['unproven', 'term-unknown', { vaccine: { name: 'Xenovax' } }, [given()]],
  ])('R98: %s, %s: %j', (outcome, code, claim, facts, text) => {
    const finding = checkImmunization({ ...claimed, ...claim }, index(facts));

    expect(said(finding)).toBe(`${outcome} ${code}`);
    expect(finding.reasons[0]!.text).toContain(text ?? '');
  }); // biome-ignore format: one table, read as a table
});
