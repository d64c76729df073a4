import { describe, expect, it } from 'vitest';
import type { ClaimOf } from '../../core/claim.ts';
import type { Fact } from '../../core/fact.ts';
import { indexChart } from './chart-index.ts';
import { checkResult } from './check-result.ts';
import { checkTrend } from './check-trend.ts';
import { chart, fact, result } from './testing/facts.ts';

type Result = ClaimOf<'result'>;
type Trend = ClaimOf<'trend'>;

const knownTerms = ['Magnesium', 'Calcium'];
const on = '2026-11-20';
const claimed: Result = { kind: 'result', concept: { name: 'Potassium' }, value: { value: '5.6', unit: 'mmol/L' }, on };
const potassium = (atoms = {}, over: Partial<Fact> = {}, id = 'k', day = on) => result(id, 'Potassium', '5.6', 'mmol/L', day, atoms, over);
const another = (value: string, day: string, atoms = {}, over: Partial<Fact> = {}) =>
  result(`k${value}`, 'Potassium', value, 'mmol/L', day, atoms, over);
const words = (atoms = {}) => fact('Observation', 't', { status: 'final', display: 'Potassium', effective: on, ...atoms });
const withoutValue = (fact_: Fact): Fact => ({ ...fact_, atoms: fact_.atoms.filter((atom) => atom.name !== 'value') });

function found(claim: Partial<Result>, facts: Fact[], superseded: Fact[] = []): string {
  const finding = checkResult({ ...claimed, ...claim }, indexChart(chart(facts, superseded), { knownTerms }));
  return `${finding.outcome} ${finding.reasons[0]!.code}`;
}

it.each<[outcome: string, code: string, claim: Partial<Result>, facts: Fact[], superseded?: Fact[]]>([
  // which entry
  ['proven', 'supported', {}, [potassium()]],
  ['unproven', 'untrusted-grade', {}, [potassium({}, { grade: 'D' })]],
  ['contradicted', 'entered-in-error', {}, [potassium({}, { retracted: true })]],
  ['contradicted', 'entered-in-error', {}, [potassium({ status: 'entered-in-error' })]],
  ['contradicted', 'entered-in-error', {}, [another('5.1', on), potassium({}, { retracted: true })]],
  ['contradicted', 'value-differs', {}, [another('5.1', on), another('5.2', on, {}, { retracted: true })]],
  ['contradicted', 'value-differs', {}, [another('5.1', on), potassium({}, { retracted: true }, 'k', '2026-11-19')]],
  ['contradicted', 'not-in-chart', {}, [withoutValue(potassium())]],
  ['contradicted', 'not-in-chart', { concept: { name: 'Magnesium' } }, [potassium()]],
  ['contradicted', 'not-in-chart', { concept: { name: 'Magnesium' } }, []],
  ['contradicted', 'not-in-chart', { concept: { name: 'Magnesium' } }, [potassium({}, { retracted: true })]],
  ['unproven', 'term-unknown', { concept: { name: 'Xenobarbin' } }, [potassium()]],
  ['contradicted', 'superseded', {}, [another('5.1', '2026-11-19')], [potassium({}, { version: 0 })]],
  ['contradicted', 'not-in-chart', {}, [another('5.1', '2026-11-19')], [result('n', 'Sodium', '5.6', 'mmol/L', on)]],
  ['contradicted', 'not-in-chart', {}, [another('5.1', '2026-11-19')], [potassium({}, {}, 'k', '2026-11-18')]],
  ['contradicted', 'superseded', {}, [another('5.1', on)], [potassium()]],
  ['contradicted', 'value-differs', {}, [another('5.1', on)], [another('4.0', on)]],
  ['contradicted', 'date-differs', {}, [potassium({}, {}, 'k', '2026-11-19')]],
  ['unproven', 'date-vague', {}, [potassium({ effective: '2026-11' })]],
  ['contradicted', 'not-in-chart', {}, [another('5.1', on, { effective: '2026-11' })]],
  // value, sign and unit
  ['contradicted', 'value-differs', { value: { value: '5.7', unit: 'mmol/L' } }, [potassium()]],
  ['unproven', 'value-differs', { value: { value: '6', unit: 'mmol/L' } }, [potassium()]],
  ['contradicted', 'value-differs', { value: { value: '7', unit: 'mmol/L' } }, [potassium()]],
  ['proven', 'supported', { value: { value: '5.6' } }, [potassium()]],
  ['contradicted', 'unit-differs', { value: { value: '5.6', unit: 'mg/dL' } }, [potassium()]],
  ['contradicted', 'unit-differs', { value: { value: '5.6', unit: 'umol/L' } }, [potassium()]],
  ['proven', 'supported', { value: { value: '5600', unit: 'umol/L' } }, [potassium()]],
  ['unproven', 'unit-differs', { value: { value: '101', unit: 'mg/dL' } }, [potassium()]],
  ['unproven', 'unit-differs', { value: { value: '5.6', unit: 'squirt' } }, [potassium()]],
  ['unproven', 'unit-differs', {}, [words({ value: '5.6' })]],
  ['contradicted', 'value-differs', { value: { value: '5.6', unit: 'mmol/L', comparator: '>' } }, [potassium()]],
  ['contradicted', 'value-differs', {}, [potassium({ comparator: '<' })]],
  ['proven', 'supported', { value: { value: '5.6', unit: 'mmol/L', comparator: '<' } }, [potassium({ comparator: '<' })]],
  ['proven', 'supported', { value: { value: '5.6', comparator: '<' } }, [words({ valueText: ' <5.6 ' })]],
  ['contradicted', 'value-differs', { value: { value: '5.6' } }, [words({ valueText: '<5.6' })]],
  ['contradicted', 'value-differs', {}, [words({ valueText: 'about 5.6' })]],
  ['proven', 'supported', { value: { text: 'trace' } }, [words({ valueText: 'Trace' })]],
  ['proven', 'supported', { value: { text: 'trace' } }, [words({ valueCode: 'Trace' })]],
  ['contradicted', 'value-differs', { value: { text: 'none' } }, [words({ valueText: 'Trace' })]],
  ['contradicted', 'value-differs', { value: { text: '5.6' } }, [potassium()]],
  // two at once
  ['unproven', 'conflicting-facts', {}, [potassium(), another('5.1', on)]],
  ['proven', 'supported', {}, [potassium(), another('5.1', on, { effective: `${on}T18:00:00-06:00` })]],
  ['proven', 'supported', {}, [potassium(), potassium({}, {}, 'copy')]],
  ['proven', 'supported', {}, [potassium(), another('5.1', on, {}, { grade: 'D' })]],
  ['proven', 'supported', {}, [potassium({ code: '2823-3' }), another('5.1', on, { code: '6298-4' })]],
  ['unproven', 'conflicting-facts', {}, [potassium({ code: '2823-3' }), another('5.1', on, { code: ['x', '2823-3'] })]],
  // status
  ['unproven', 'status-differs', {}, [potassium({ status: 'cancelled' })]],
  ['unproven', 'status-differs', {}, [potassium({ status: 'registered' })]],
  ['unproven', 'status-differs', {}, [potassium({}, { status: null, atoms: potassium().atoms.filter((atom) => atom.name !== 'status') })]],
  ['unproven', 'omits', {}, [potassium({ status: 'preliminary' })]],
  ['proven', 'supported', { certainty: 'preliminary' }, [potassium({ status: 'preliminary' })]],
  ['contradicted', 'status-differs', { certainty: 'final' }, [potassium({ status: 'preliminary' })]],
  ['proven', 'supported', { certainty: 'final' }, [potassium()]],
  ['proven', 'supported', { certainty: 'corrected' }, [potassium({ status: 'amended' })]],
  ['contradicted', 'status-differs', { certainty: 'corrected' }, [potassium()]],
  // flag
  ['proven', 'supported', { flag: 'high' }, [potassium({ flag: 'H' })]],
  ['proven', 'supported', { flag: 'high' }, [potassium({ flag: 'hh' })]],
  ['proven', 'supported', { flag: 'abnormal' }, [potassium({ flag: 'L' })]],
  ['proven', 'supported', { flag: 'low' }, [potassium({ flag: 'LU' })]],
  ['proven', 'supported', { flag: 'high' }, [potassium({ flag: '>' })]],
  ['proven', 'supported', { flag: 'low' }, [potassium({ flag: '<' })]],
  ['contradicted', 'flag-differs', { flag: 'critically high' }, [potassium({ flag: 'H' })]],
  ['contradicted', 'flag-differs', { flag: 'abnormal' }, [potassium({ flag: 'N' })]],
  ['contradicted', 'flag-differs', { flag: 'high' }, [potassium({ flag: 'L', low: '3', high: '5' })]],
  ['unproven', 'flag-differs', { flag: 'high' }, [potassium()]],
  ['proven', 'supported', { flag: 'high' }, [potassium({ low: '3.5', high: '5.1' })]],
  ['proven', 'supported', { flag: 'low' }, [potassium({ low: '6' })]],
  ['proven', 'supported', { flag: 'normal' }, [potassium({ low: '5.6', high: '5.6' })]],
  ['contradicted', 'flag-differs', { flag: 'normal' }, [potassium({ low: '5.7', high: '6' })]],
  ['contradicted', 'flag-differs', { flag: 'normal' }, [potassium({ low: '3', high: '5.5' })]],
  ['unproven', 'flag-differs', { flag: 'normal' }, [potassium({ high: '6' })]],
  ['unproven', 'flag-differs', { flag: 'normal' }, [potassium({ low: '3' })]],
  ['unproven', 'flag-differs', { value: { value: '5.6', comparator: '<' }, flag: 'normal' }, [potassium({ comparator: '<', low: '3', high: '6' })]],
  ['unproven', 'flag-differs', { value: { text: 'trace' }, flag: 'normal' }, [words({ valueText: 'trace', low: '3', high: '6' })]],
  // range
  ['proven', 'supported', { range: { low: '3.5', high: '5.10' } }, [potassium({ low: '3.5', high: '5.1' })]],
  ['proven', 'supported', { range: { high: '5.1' } }, [potassium({ low: '3.5', high: '5.1' })]],
  ['contradicted', 'range-differs', { range: { low: '3.4', high: '5.1' } }, [potassium({ low: '3.5', high: '5.1' })]],
  ['contradicted', 'range-differs', { range: { high: '5.2' } }, [potassium({ low: '3.5', high: '5.1' })]],
  ['unproven', 'range-differs', { range: { low: '3.5', high: '5.1' } }, [potassium({ high: '5.1' })]],
  ['unproven', 'range-differs', { range: { high: '5.1' } }, [potassium({ low: '3.5' })]],
  // correction
  ['proven', 'supported', { correctedFrom: { value: '6.5', unit: 'mmol/L' } }, [potassium({ status: 'corrected' }, { version: 2 })], [{ ...another('6.5', on), id: 'k' }]],
  ['contradicted', 'value-differs', { correctedFrom: { value: '6.4', unit: 'mmol/L' } }, [potassium({ status: 'corrected' }, { version: 2 })], [{ ...another('6.5', on), id: 'k' }]],
  ['contradicted', 'not-in-chart', { correctedFrom: { value: '6.5' } }, [potassium({ status: 'corrected' }, { version: 2 })], []],
  ['contradicted', 'not-in-chart', { correctedFrom: { value: '6.5' } }, [potassium({ status: 'corrected' }, { version: 2 })], [another('6.5', on)]],
  ['contradicted', 'not-in-chart', { correctedFrom: { value: '6.5' } }, [potassium({ status: 'corrected' }, { version: 2 })], [{ ...another('6.5', on), id: 'k', version: 3 }]],
  // latest
  ['proven', 'supported', { latest: true }, [potassium()]],
  ['contradicted', 'not-latest', { latest: true }, [potassium(), another('5.1', '2026-11-21')]],
  ['contradicted', 'not-latest', { latest: true }, [potassium(), another('5.1', on, { effective: `${on}T18:00:00-06:00` })]],
  ['proven', 'supported', { latest: true }, [potassium(), another('5.1', '2026-11-19')]],
  ['proven', 'supported', { latest: true }, [potassium(), another('5.1', '2026-11-21', {}, { retracted: true })]],
  ['proven', 'supported', { latest: true }, [potassium(), withoutValue(another('5.1', '2026-11-21'))]],
  ['proven', 'supported', { latest: true }, [potassium(), result('n', 'Sodium', '140', 'mmol/L', '2026-11-21')]],
  ['unproven', 'not-latest', { latest: true }, [potassium(), another('5.1', '2026-11-21', {}, { grade: 'D' })]],
  ['unproven', 'not-latest', { latest: true }, [potassium(), another('5.1', on, { effective: '2026-11' })]],
  ['unproven', 'not-latest', { latest: true }, [potassium(), another('5.1', on, { effective: [] })]],
  ['proven', 'supported', { latest: true }, [potassium(), another('5.1', on, { effective: [] }, { grade: 'D' })]],
])('R98: %s, %s: %j', (outcome, code, claim, facts, superseded) => {
  expect(found(claim, facts, superseded)).toBe(`${outcome} ${code}`);
}); // biome-ignore format: one table, read as a table

it('R98: says which result it means where the value is another one’s', () => {
  const text = (facts: Fact[]) => checkResult({ ...claimed, concept: { name: 'Magnesium' } }, indexChart(chart(facts), { knownTerms })).reasons[0]!.text; // biome-ignore format: short

  expect(text([potassium()])).toContain('with this value is Potassium, not Magnesium');
  expect(text([another('5.1', on)])).toContain('holds no Magnesium result');
});

describe('a trend', () => {
  const trend: Trend = { kind: 'trend', concept: { name: 'Potassium' }, direction: 'rose', from: { value: '4.0', unit: 'mmol/L' }, fromOn: '2026-01-05', to: { value: '6.0', unit: 'mmol/L' }, toOn: '2026-11-05' }; // biome-ignore format: one claim
  const [first, last] = [another('4.0', '2026-01-05'), another('6.0', '2026-11-05')];
  const between = (value: string, atoms = {}, over: Partial<Fact> = {}, day = '2026-06-05') => another(value, day, atoms, over);

  it.each<[outcome: string, code: string, claim: Partial<Trend>, facts: Fact[]]>([
    ['proven', 'supported', {}, [last, first]],
    ['proven', 'supported', {}, [first, between('5.0'), last]],
    ['proven', 'supported', {}, [first, { ...between('4.0'), id: 'flat' }, last]],
    ['unproven', 'direction-differs', {}, [first, between('3.0'), last]],
    ['unproven', 'direction-differs', {}, [first, between('7.0'), last]],
    ['proven', 'supported', {}, [first, between('3.0', {}, { retracted: true }), last]],
    ['proven', 'supported', {}, [first, between('3.0', { status: 'registered' }), last]],
    ['proven', 'supported', {}, [first, between('3.0', {}, {}, '2026-01-04'), last]],
    ['proven', 'supported', {}, [first, last, between('3.0', {}, {}, '2026-11-06')]],
    ['proven', 'supported', {}, [first, withoutValue(between('3.0')), last]],
    ['unproven', 'untrusted-grade', {}, [first, between('5.0', {}, { grade: 'D' }), last]],
    ['unproven', 'unit-differs', {}, [first, between('5.0', { unit: 'mg/dL' }), last]],
    ['unproven', 'unit-differs', {}, [first, between('a few'), last]],
    ['unproven', 'date-vague', {}, [first, between('5.0', { effective: [] }), last]],
    ['unproven', 'date-vague', {}, [first, between('5.0', { effective: '2026' }), last]],
    ['proven', 'supported', {}, [first, between('5.0', { effective: '2026-06' }), last]],
    ['proven', 'supported', {}, [first, between('3.0', { effective: '2025' }), last]],
    ['contradicted', 'direction-differs', { direction: 'fell' }, [first, last]],
    ['contradicted', 'direction-differs', { direction: 'unchanged' }, [first, last]],
    ['contradicted', 'value-differs', { from: { value: '4.1', unit: 'mmol/L' } }, [first, last]],
    ['contradicted', 'value-differs', { to: { value: '6.1', unit: 'mmol/L' } }, [first, last]],
    ['contradicted', 'date-differs', { fromOn: '2026-01-06' }, [first, last]],
    ['contradicted', 'date-differs', { toOn: '2026-11-06' }, [first, last]],
    ['contradicted', 'date-differs', { from: trend.to, fromOn: trend.toOn, to: trend.from, toOn: trend.fromOn }, [first, last]],
    ['unproven', 'omits', {}, [first, { ...last, status: 'preliminary', atoms: last.atoms.map((atom) => (atom.name === 'status' ? { ...atom, text: 'preliminary' } : atom)) }]],
    ['unproven', 'direction-differs', { direction: 'unchanged', to: trend.from, toOn: trend.fromOn }, [first]],
    ['proven', 'supported', { direction: 'unchanged', to: trend.from, toOn: trend.toOn }, [first, { ...another('4.0', '2026-11-05'), id: 'same' }]],
    ['contradicted', 'not-in-chart', { concept: { name: 'Calcium' } }, [first, last]],
    ['unproven', 'term-unknown', { concept: { name: 'Xenobarbin' } }, [first, last]],
  ])('R98: %s, %s: %j', (outcome, code, claim, facts) => {
    const finding = checkTrend({ ...trend, ...claim }, indexChart(chart(facts), { knownTerms }));

    expect(`${finding.outcome} ${finding.reasons[0]!.code}`).toBe(`${outcome} ${code}`);
  }); // biome-ignore format: one table, read as a table
});
