import { describe, expect, it } from 'vitest';
import type { ClaimOf } from '../../core/claim.ts';
import type { Fact } from '../../core/fact.ts';
import { indexChart } from './chart-index.ts';
import { checkCount, checkEncounter } from './check-encounter.ts';
import { checkAppointment } from './check-family.ts';
import type { Finding } from './finding.ts';
import { chart, fact, result } from './testing/facts.ts';

const knownTerms = ['Pneumonia', 'Sodium', 'Magnesium'];
const said = (finding: Finding) => `${finding.outcome} ${finding.reasons[0]!.code}`;
const index = (facts: Fact[]) => indexChart(chart(facts), { knownTerms });
const on = '2026-10-15';
const visit = (atoms = {}, over: Partial<Fact> = {}, id = 'e') =>
  fact('Encounter', id, { status: 'finished', class: 'EMER', reason: 'Dyspnea', start: on, end: '2026-10-16', ...atoms }, over);

describe('a visit', () => {
  const claimed: ClaimOf<'encounter'> = { kind: 'encounter', setting: 'emergency', on };
  const dyspnea = { reason: { name: 'dyspnea' } };

  it.each<[outcome: string, code: string, claim: Partial<typeof claimed>, facts: Fact[], text?: string]>([
    ['proven', 'supported', {}, [visit()]],
    ['proven', 'supported', {}, [visit({ status: 'in-progress' })]],
    ['contradicted', 'status-differs', {}, [visit({ status: 'planned' })], 'is planned'],
    ['contradicted', 'status-differs', {}, [visit({ status: 'cancelled' })], 'is cancelled'],
    ['contradicted', 'status-differs', {}, [visit({}, { retracted: true })], 'withdrawn'],
    ['unproven', 'untrusted-grade', {}, [visit({}, { grade: 'D' })]],
    ['contradicted', 'modality-differs', { setting: 'inpatient' }, [visit()]],
    ['unproven', 'modality-differs', {}, [visit({ class: [] })]],
    ['unproven', 'modality-differs', {}, [visit({ class: 'XX' })]],
    ['proven', 'supported', { setting: 'inpatient' }, [visit({ class: ['XX', 'IMP'] })]],
    ['contradicted', 'date-differs', { on: '2026-10-16' }, [visit()], 'such a visit'],
    ['contradicted', 'date-differs', { on: '2026-10-16', ...dyspnea }, [visit()], 'such a visit'],
    ['contradicted', 'not-in-chart', { on: '2026-10-16', reason: { name: 'pneumonia' } }, [visit()], 'no visit of'],
    ['contradicted', 'not-in-chart', { on: '2026-10-16', setting: 'home' }, [visit()], 'no visit of'],
    ['contradicted', 'not-in-chart', {}, []],
    ['unproven', 'date-vague', {}, [visit({ start: '2026' })]],
    ['proven', 'supported', dyspnea, [visit()]],
    ['contradicted', 'not-in-chart', { reason: { name: 'pneumonia' } }, [visit()], 'was for Dyspnea'],
    ['unproven', 'not-in-chart', { reason: { name: 'pneumonia' } }, [visit({ reason: [] })], 'gives no reason'],
    ['unproven', 'not-in-chart', { reason: { name: 'pneumonia' } }, [visit({ reason: 'Condition/c1' })], 'gives no reason'],
    ['unproven', 'not-in-chart', { reason: { name: 'xenosis' } }, [visit({ reason: [] })], 'gives no reason'],
    ['contradicted', 'not-in-chart', { reason: { name: 'xenosis' } }, [visit()]],
    ['proven', 'supported', { what: 'Office visit' }, [visit({ display: 'Office visit' })]],
    ['proven', 'supported', { what: 'Cardiology' }, [visit({ display: 'Office visit', serviceType: 'Cardiology' })]],
    ['contradicted', 'not-in-chart', { what: 'Telephone call' }, [visit({ display: 'Office visit' })]],
    ['unproven', 'not-in-chart', { what: 'Telephone call' }, [visit()]],
    ['proven', 'supported', { until: '2026-10-16' }, [visit()]],
    ['contradicted', 'date-differs', { until: '2026-10-17' }, [visit()]],
    ['unproven', 'date-vague', { until: '2026-10-16' }, [visit({ end: [] })]],
    ['proven', 'supported', { setting: 'inpatient' }, [visit(), visit({ class: 'IMP' }, {}, 'f')]],
    ['contradicted', 'modality-differs', { setting: 'inpatient', ...dyspnea }, [visit(), visit({ class: 'AMB' }, {}, 'f')]],
  ])('R98: %s, %s: %j', (outcome, code, claim, facts, text) => {
    const finding = checkEncounter({ ...claimed, ...claim }, index(facts));

    expect(said(finding)).toBe(`${outcome} ${code}`);
    expect(finding.reasons[0]!.text).toContain(text ?? '');
  }); // biome-ignore format: one table, read as a table
});

describe('a count', () => {
  const claimed: ClaimOf<'count'> = { kind: 'count', of: 'visits', number: 1, since: '2026-01-01' };
  const sodium = (id: string, atoms = {}, over: Partial<Fact> = {}) => result(id, 'Sodium', '138', 'mmol/L', on, atoms, over);
  const pressure = fact('Observation', 'bp', { status: 'final', display: 'Blood pressure', effective: on });
  pressure.atoms.push(
    { name: 'display', text: 'Sodium', origin: 0, path: 'c', component: 0 },
    { name: 'value', text: '1', origin: 0, path: 'v', component: 0 },
  );
  const counted = { of: 'results', concept: { name: 'Sodium' } } as const;

  it.each<[outcome: string, code: string, claim: Partial<typeof claimed>, facts: Fact[]]>([
    ['proven', 'supported', {}, [visit()]],
    ['contradicted', 'count-differs', { number: 2 }, [visit()]],
    ['contradicted', 'count-differs', { number: 0 }, [visit()]],
    ['proven', 'supported', { number: 0 }, []],
    ['proven', 'supported', {}, [visit(), visit({ start: '2025-12-31' }, {}, 'f')]],
    ['proven', 'supported', {}, [visit(), visit({ status: 'planned' }, {}, 'f')]],
    ['proven', 'supported', {}, [visit(), visit({}, { retracted: true }, 'f')]],
    ['unproven', 'date-vague', {}, [visit(), visit({ start: '2026' }, {}, 'f')]],
    ['unproven', 'date-vague', {}, [visit(), visit({ start: [] }, {}, 'f')]],
    ['unproven', 'untrusted-grade', {}, [visit({}, { grade: 'D' })]],
    ['proven', 'supported', { since: on }, [visit()]],
    ['unproven', 'count-differs', { number: 0, since: on }, [visit()]],
    ['unproven', 'count-differs', { since: on }, [visit(), visit({ start: '2026-11-01' }, {}, 'f')]],
    ['contradicted', 'count-differs', { number: 0, since: '2026-10' }, [visit()]],
    ['proven', 'supported', { of: 'emergency visits' }, [visit(), visit({ class: 'AMB' }, {}, 'f')]],
    ['proven', 'supported', { of: 'admissions' }, [visit(), visit({ class: 'IMP' }, {}, 'f')]],
    ['proven', 'supported', { number: 2 }, [visit(), visit({ class: 'IMP' }, {}, 'f')]],
    ['proven', 'supported', { concept: { name: 'Dyspnea' } }, [visit(), visit({ reason: 'Pneumonia', start: '2025-10-01' }, {}, 'f')]],
    ['unproven', 'count-differs', { concept: { name: 'Dyspnea' } }, [visit(), visit({ reason: 'Pneumonia' }, {}, 'f')]],
    ['contradicted', 'count-differs', { number: 3, concept: { name: 'Dyspnea' } }, [visit(), visit({ reason: 'Pneumonia' }, {}, 'f')]],
    ['unproven', 'count-differs', { number: 2, concept: { name: 'Dyspnea' } }, [visit(), visit({ reason: 'Pneumonia' }, {}, 'f')]],
    ['unproven', 'term-unknown', { number: 0, concept: { name: 'Xenosis' } }, [visit()]],
    ['unproven', 'count-differs', { number: 0, concept: { name: 'Pneumonia' } }, [visit()]],
    ['proven', 'supported', counted, [sodium('a')]],
    ['contradicted', 'count-differs', { ...counted, number: 0 }, [sodium('a')]],
    ['proven', 'supported', { ...counted, number: 2 }, [sodium('a'), sodium('b', { effective: '2026-10-16' })]],
    ['proven', 'supported', counted, [sodium('a'), sodium('b', {}, { retracted: true })]],
    ['proven', 'supported', counted, [sodium('a'), sodium('b', { status: 'cancelled' })]],
    ['proven', 'supported', counted, [sodium('a'), result('k', 'Potassium', '4', 'mmol/L', on)]],
    ['proven', 'supported', { of: 'results', number: 2 }, [sodium('a'), result('k', 'Potassium', '4', 'mmol/L', on), visit()]],
    ['contradicted', 'count-differs', { ...counted, number: 0 }, [pressure]],
    ['proven', 'supported', counted, [pressure]],
    ['proven', 'supported', { of: 'results', number: 1 }, [pressure]],
  ])('R98: %s, %s: %j', (outcome, code, claim, facts) => {
    expect(said(checkCount({ ...claimed, ...claim }, index(facts)))).toBe(`${outcome} ${code}`);
  }); // biome-ignore format: one table, read as a table

  it('R143: rests on every entry it counted, or on the search that found none', () => {
    const rests = (claim: Partial<typeof claimed>, facts: Fact[]) => checkCount({ ...claimed, ...claim }, index(facts)).support;

    expect(rests({ number: 2 }, [visit(), visit({}, {}, 'f')]).map((one) => (one.kind === 'atoms' ? one.fact : one.kind))).toEqual([
      'e',
      'f',
    ]);
    expect(rests({ number: 0, concept: { name: 'Pneumonia' } }, [visit({ start: '2025-10-01' })])).toEqual([
      {
        kind: 'search',
        query: { of: 'visits', concept: 'Pneumonia', since: '2026-01-01', asOf: '2026-11-22T15:38:00Z' },
        searched: 1,
        found: 0,
      },
    ]);
    expect(rests({ number: 0 }, [])).toMatchObject([{ query: { of: 'visits', since: '2026-01-01' } }]);
  });
});

describe('an appointment', () => {
  const claimed: ClaimOf<'appointment'> = { kind: 'appointment', on: '2026-11-23' };
  const booked = (atoms = {}, over: Partial<Fact> = {}) =>
    fact(
      'Appointment',
      'b',
      { status: 'booked', start: '2026-11-23T10:20:00-06:00', reason: 'Follow-up', note: 'Bring tablets', ...atoms },
      over,
    );

  it.each<[outcome: string, code: string, claim: Partial<typeof claimed>, facts: Fact[], text?: string]>([
    ['proven', 'supported', {}, [booked()]],
    ['proven', 'supported', { time: '10:20', reason: 'follow-up' }, [booked()]],
    ['proven', 'supported', { reason: 'Cardiology' }, [booked({ serviceType: 'Cardiology' })]],
    ['contradicted', 'date-differs', { time: '11:20' }, [booked()], 'is at 10:20'],
    ['contradicted', 'date-differs', { time: '11:20' }, [booked({ start: '2026-11-23' })], 'at no stated time'],
    ['contradicted', 'not-in-chart', { reason: 'surgery' }, [booked()]],
    ['contradicted', 'not-in-chart', { reason: 'Bring tablets' }, [booked()]],
    ['contradicted', 'date-differs', { on: '2026-11-24' }, [booked()]],
    ['contradicted', 'not-in-chart', {}, [booked({ status: 'cancelled' })]],
    ['contradicted', 'not-in-chart', {}, [booked({ status: 'noshow' })]],
    ['contradicted', 'not-in-chart', {}, [booked({}, { retracted: true })]],
    ['unproven', 'untrusted-grade', {}, [booked({}, { grade: 'D' })]],
  ])('R98: %s, %s: %j', (outcome, code, claim, facts, text) => {
    const finding = checkAppointment({ ...claimed, ...claim }, index(facts));

    expect(said(finding)).toBe(`${outcome} ${code}`);
    expect(finding.reasons[0]!.text).toContain(text ?? '');
  }); // biome-ignore format: one table, read as a table
});
