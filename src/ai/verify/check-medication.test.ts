import { describe, expect, it } from 'vitest';
import type { ClaimOf } from '../../core/claim.ts';
import type { Fact } from '../../core/fact.ts';
import { indexChart } from './chart-index.ts';
import { checkDoseChange } from './check-dose-change.ts';
import { checkMedication } from './check-medication.ts';
import { chart, fact, order } from './testing/facts.ts';

type Medication = ClaimOf<'medication'>;
type Row = [outcome: string, why: string, claim: Partial<Medication>, facts: Fact[]];

const knownTerms = ['Torsemide 20 MG Oral Tablet'];
const prescribed: Medication = { kind: 'medication', drug: { name: 'furosemide' }, modality: 'prescribed' };
const on = '2026-10-15';
const furosemide = (id: string, atoms = {}, over: Partial<Fact> = {}, day = on) =>
  order(id, 'furosemide 40 mg tablet', '40', 'mg', day, atoms, over);
const bare = (atoms = {}) =>
  fact('MedicationRequest', 'o', { status: 'active', intent: 'order', display: 'furosemide', authored: on, ...atoms });
const dispense = (atoms = {}) =>
  fact('MedicationDispense', 'd', { status: 'completed', display: 'furosemide 40 mg tablet', occurrence: on, ...atoms });
const given = (atoms = {}) =>
  fact('MedicationAdministration', 'g', { status: 'completed', display: 'furosemide', effective: on, ...atoms });
const statement = (atoms = {}) => fact('MedicationStatement', 's', { status: 'active', display: 'furosemide', effective: on, ...atoms });

function found(claim: Partial<Medication>, facts: Fact[], superseded: Fact[] = [], now = false): string {
  const finding = checkMedication({ ...prescribed, ...claim }, indexChart(chart(facts, superseded), { knownTerms }), now);
  return `${finding.outcome} ${finding.reasons[0]!.code}`;
}

describe('what may speak for a modality', () => {
  it.each<Row>([
    ['proven', 'supported', {}, [furosemide('o')]],
    ['proven', 'supported', {}, [furosemide('o', { status: 'completed' })]],
    ['proven', 'supported', {}, [furosemide('o', { status: 'stopped' })]],
    ['proven', 'supported', {}, [furosemide('o', { status: 'on-hold' })]],
    ['proven', 'supported', {}, [furosemide('o', { intent: 'reflex-order' })]],
    ['contradicted', 'modality-differs', {}, [furosemide('o', { status: 'draft' })]],
    ['contradicted', 'modality-differs', {}, [furosemide('o', { status: 'cancelled' })]],
    ['contradicted', 'modality-differs', {}, [furosemide('o', { intent: 'proposal' })]],
    ['contradicted', 'modality-differs', {}, [furosemide('o', { doNotPerform: 'true' })]],
    ['proven', 'supported', {}, [furosemide('o', { doNotPerform: 'false' })]],
    ['contradicted', 'modality-differs', {}, [dispense()]],
    ['contradicted', 'modality-differs', {}, [statement()]],
    ['contradicted', 'entered-in-error', {}, [furosemide('o', {}, { retracted: true })]],
    ['contradicted', 'modality-differs', {}, [furosemide('o', {}, { retracted: true }), dispense()]],
    ['unproven', 'untrusted-grade', {}, [furosemide('o', {}, { grade: 'D' })]],
    ['proven', 'supported', { modality: 'filled' }, [dispense()]],
    ['contradicted', 'modality-differs', { modality: 'filled' }, [dispense({ status: 'in-progress' })]],
    ['contradicted', 'modality-differs', { modality: 'filled' }, [furosemide('o')]],
    ['contradicted', 'not-in-chart', { modality: 'filled' }, [furosemide('o', {}, { retracted: true })]],
    ['proven', 'supported', { modality: 'administered' }, [given()]],
    ['proven', 'supported', { modality: 'administered' }, [given({ status: 'in-progress' })]],
    ['contradicted', 'modality-differs', { modality: 'administered' }, [given({ status: 'not-done' })]],
    ['proven', 'supported', { modality: 'taking' }, [statement()]],
    ['proven', 'supported', { modality: 'taking' }, [statement({ effectiveEnd: '2026-11-22' })]],
    ['contradicted', 'modality-differs', { modality: 'taking' }, [statement({ effectiveEnd: '2026-11-21' })]],
    ['contradicted', 'modality-differs', { modality: 'taking' }, [statement({ status: 'completed' })]],
    ['contradicted', 'modality-differs', { modality: 'taking' }, [furosemide('o')]],
    ['proven', 'supported', { modality: 'stopped' }, [furosemide('o', { status: 'stopped' })]],
    ['proven', 'supported', { modality: 'stopped' }, [furosemide('o', { status: 'cancelled' })]],
    ['contradicted', 'modality-differs', { modality: 'stopped' }, [furosemide('o')]],
    ['contradicted', 'status-differs', { modality: 'stopped' }, [furosemide('o', { status: 'stopped' }), furosemide('p')]],
    ['contradicted', 'status-differs', { modality: 'stopped' }, [furosemide('o', { status: 'stopped' }), statement()]],
    ['proven', 'supported', { modality: 'stopped' }, [furosemide('o', { status: 'stopped' }), dispense({ status: 'active' })]],
    ['proven', 'supported', { modality: 'stopped' }, [furosemide('o', { status: 'stopped' }), furosemide('p', {}, { retracted: true })]],
    ['proven', 'supported', { modality: 'stopped' }, [furosemide('o', { status: 'stopped' }), furosemide('p', { intent: 'plan' })]],
    ['unproven', 'omits', { modality: 'stopped', dose: { value: '40', unit: 'mg' } }, [furosemide('o', { status: 'stopped' }), order('p', 'furosemide 20 mg tablet', '20', 'mg', on)]],
    ['contradicted', 'drug-differs', { drug: { name: 'torsemide' } }, [furosemide('o')]],
    ['contradicted', 'drug-differs', { drug: { name: 'xenobarbin' }, on, dose: { value: '40', unit: 'mg' } }, [furosemide('o')]],
    ['unproven', 'term-unknown', { drug: { name: 'xenobarbin' }, dose: { value: '40', unit: 'mg' } }, [furosemide('o')]],
    ['unproven', 'term-unknown', { drug: { name: 'xenobarbin' }, on }, [furosemide('o')]],
    ['contradicted', 'not-in-chart', { drug: { name: 'torsemide' }, on: '2026-10-16' }, [furosemide('o')]],
    ['contradicted', 'not-in-chart', { drug: { name: 'torsemide' } }, [furosemide('o', {}, { retracted: true })]],
    ['contradicted', 'not-in-chart', { drug: { name: 'torsemide' }, dose: { value: '20', unit: 'mg' } }, [furosemide('o')]],
  ])('R98: %s, %s: %j', (outcome, code, claim, facts) => {
    expect(found(claim, facts)).toBe(`${outcome} ${code}`);
  }); // biome-ignore format: one table, read as a table

  it('R98: only an entry that is active speaks for now', () => {
    expect(found({}, [furosemide('o', { status: 'completed' })], [], true)).toBe('contradicted modality-differs');
    expect(found({}, [furosemide('o')], [], true)).toBe('proven supported');
  });

  it('R98: a drug that only a replaced version ordered is said to be superseded', () => {
    const old = fact('MedicationRequest', 'o', { status: 'active', display: 'bumetanide', authored: on });

    expect(found({ drug: { name: 'Bumetanide' } }, [furosemide('x')], [old])).toBe('contradicted drug-differs');
    expect(found({ drug: { name: 'Bumetanide' }, on: '2020' }, [furosemide('x')], [old])).toBe('contradicted superseded');
    expect(found({ drug: { name: 'Bumetanide' }, on: '2020' }, [], [{ ...old, type: 'Condition' }])).toBe('contradicted not-in-chart');
  });
});

describe('when', () => {
  const ended = (end: string | string[]) => [furosemide('o', { status: 'stopped', end })];
  const supply = furosemide('o', { status: 'stopped' });
  supply.atoms.push({ name: 'end', text: '2026-10-20', origin: 0, path: 'dispenseRequest.validityPeriod.end' });

  it.each<Row>([
    ['proven', 'supported', { on }, [furosemide('o')]],
    ['proven', 'supported', { on: '2026-10' }, [furosemide('o')]],
    ['contradicted', 'date-differs', { on: '2026-10-16' }, [furosemide('o')]],
    ['unproven', 'date-vague', { on }, [bare({ authored: '2026' })]],
    ['unproven', 'date-vague', { on: '2026-10-16' }, [bare({ authored: '2026-10' }), furosemide('p')]],
    ['contradicted', 'modality-differs', { on }, [furosemide('o', {}, {}, '2026-03-02'), dispense()]],
    ['contradicted', 'date-differs', { on }, [furosemide('o', {}, {}, '2026-03-02'), { ...dispense(), retracted: true }]],
    ['contradicted', 'date-differs', { on: '2026-10-17' }, [furosemide('o', {}, {}, '2026-03-02'), dispense()]],
    ['proven', 'supported', { modality: 'stopped', on: '2026-10-20' }, ended('2026-10-20')],
    ['contradicted', 'date-differs', { modality: 'stopped', on: '2026-10-21' }, ended('2026-10-20')],
    ['unproven', 'date-vague', { modality: 'stopped', on }, [furosemide('o', { status: 'stopped' })]],
    ['unproven', 'date-vague', { modality: 'stopped', on: '2026-10-20' }, ended(['2026-10-20', '2026-10-21'])],
    ['unproven', 'date-vague', { modality: 'stopped', on: '2026-12-01' }, ended('2026-12-01')],
    ['unproven', 'date-vague', { modality: 'stopped', on: '2026-10-20' }, [supply]],
  ])('R98: %s, %s: %j', (outcome, code, claim, facts) => {
    expect(found(claim, facts)).toBe(`${outcome} ${code}`);
  }); // biome-ignore format: one table, read as a table

  it('R98: says that the chart does not know when a drug was stopped, rather than that it dates it vaguely', () => {
    const text = (facts: Fact[]) => checkMedication({ ...prescribed, modality: 'stopped', on }, indexChart(chart(facts))).reasons[0]!.text;

    expect(text([furosemide('o', { status: 'stopped' })])).toContain('does not say when');
    expect(text([furosemide('o', { status: 'stopped', end: '2026-10' })])).toContain('only as Oct 2026');
  });

  it('R98: without a date a claim is about the latest entries and those still active', () => {
    const old = order('a', 'furosemide 20 mg tablet', '20', 'mg', '2026-03-02', { status: 'completed' });
    const twenty = { dose: { value: '20', unit: 'mg' } };

    expect(found(twenty, [old, furosemide('b')])).toBe('contradicted dose-differs');
    expect(found(twenty, [{ ...old, status: 'active' }, furosemide('b')])).toBe('proven supported');
    expect(found(twenty, [old])).toBe('proven supported');
  });
});

describe('how much, which way and how often', () => {
  const lines = fact('MedicationRequest', 'o', { status: 'active', display: 'furosemide', authored: on });
  for (const [component, value, often] of [[0, '40', '1'], [1, '20', '2']] as const) // biome-ignore format: two dosage lines
    for (const [
      name,
      text,
    ] of [['doseValue', value], ['doseUnit', 'mg'], ['timesPerPeriod', often], ['period', '1'], ['periodUnit', 'd']] as const) // biome-ignore format: one list
      lines.atoms.push({ name, text, origin: 0, path: name, component });
  const product = {
    ...lines,
    atoms: lines.atoms.map((atom) => (atom.name === 'display' ? { ...atom, text: 'furosemide 60 mg tablet' } : atom)),
  };
  const dose = (value: string, unit: string) => ({ dose: { value, unit } });

  it.each<Row>([
    ['proven', 'supported', dose('40', 'mg'), [furosemide('o')]],
    ['proven', 'supported', dose('0.04', 'g'), [furosemide('o')]],
    ['contradicted', 'dose-differs', dose('41', 'mg'), [furosemide('o')]],
    ['contradicted', 'dose-differs', dose('40', 'mcg'), [furosemide('o')]],
    ['unproven', 'dose-differs', dose('40', 'squirt'), [bare({ doseValue: '40', doseUnit: 'mg' })]],
    ['unproven', 'dose-differs', dose('40', 'mg'), [bare()]],
    ['proven', 'supported', dose('40', 'mg'), [bare({ display: 'furosemide 40 mg tablet' })]],
    ['proven', 'supported', dose('80', 'mg'), [bare({ display: 'furosemide 40 mg tablet', doseValue: '2', doseUnit: 'tablet' })]],
    ['proven', 'supported', dose('80', 'mg'), [bare({ display: 'furosemide 40 mg tablet', doseValue: '2' })]],
    ['contradicted', 'dose-differs', dose('40', 'mg'), [bare({ display: 'furosemide 40 mg tablet', doseValue: '2', doseUnit: 'tablet' })]],
    ['contradicted', 'dose-differs', dose('80', 'mg'), [bare({ display: 'furosemide 40 mg tablet', doseValue: '2', doseUnit: 'mL' })]],
    ['unproven', 'omits', { ...dose('40', 'mg'), frequency: 'once daily' }, [lines]],
    ['unproven', 'omits', { ...dose('20', 'mg'), frequency: 'twice daily' }, [lines]],
    ['contradicted', 'frequency-differs', { ...dose('40', 'mg'), frequency: 'twice daily' }, [lines]],
    ['contradicted', 'dose-differs', dose('60', 'mg'), [product]],
    ['proven', 'supported', { route: 'by mouth' }, [furosemide('o')]],
    ['contradicted', 'route-differs', { route: 'intravenously' }, [furosemide('o')]],
    ['unproven', 'route-differs', { route: 'by mouth' }, [bare()]],
    ['proven', 'supported', { route: 'by mouth' }, [bare({ display: 'furosemide 40 mg tablet' })]],
    ['contradicted', 'route-differs', { route: 'by mouth' }, [furosemide('o', { route: 'Sublingual' })]],
    ['proven', 'supported', { frequency: 'once daily' }, [furosemide('o')]],
    ['contradicted', 'frequency-differs', { frequency: 'twice daily' }, [furosemide('o')]],
    ['unproven', 'frequency-differs', { frequency: 'once daily' }, [bare()]],
    ['unproven', 'frequency-differs', { frequency: 'every blue moon' }, [furosemide('o')]],
    ['proven', 'supported', { frequency: 'Before Each Dive' }, [bare({ instruction: 'before each dive' })]],
    ['contradicted', 'frequency-differs', { frequency: 'once daily as needed' }, [furosemide('o')]],
    ['unproven', 'omits', { frequency: 'once daily' }, [furosemide('o', { asNeeded: 'true' })]],
    ['proven', 'supported', { frequency: 'once daily as needed' }, [furosemide('o', { asNeeded: 'true' })]],
    ['proven', 'supported', { frequency: 'as needed' }, [furosemide('o', { asNeeded: 'true' })]],
    ['proven', 'supported', { frequency: 'as needed' }, [bare({ asNeeded: 'true' })]],
    ['unproven', 'frequency-differs', { frequency: 'twice daily as needed' }, [bare({ asNeeded: 'true' })]],
    ['contradicted', 'dose-differs', { ...dose('20', 'mg'), frequency: 'every blue moon' }, [furosemide('o')]],
    ['unproven', 'dose-differs', dose('40', 'mg'), [furosemide('o', {}, { grade: 'D' }), bare()]],
  ])('R98: %s, %s: %j', (outcome, code, claim, facts) => {
    expect(found({ on, ...claim }, facts)).toBe(`${outcome} ${code}`);
  }); // biome-ignore format: one table, read as a table

  it.each<[frequency: string, timing: Record<string, string>, said: string]>([
    ['once daily', { timesPerPeriod: '2' }, 'says 2 times a day.'],
    ['twice daily', {}, 'says once daily.'],
    ['once daily', { period: '2' }, 'says every 2 days.'],
    ['twice daily', { asNeeded: 'true' }, 'says once daily as needed.'],
  ])('R98: says what the order says beside %s', (frequency, timing, said) => {
    const finding = checkMedication({ ...prescribed, frequency }, indexChart(chart([furosemide('o', timing)])));

    expect(finding.reasons[0]!.text).toContain(said);
  });

  it('R143: rests on the atoms of what was claimed and of nothing else', () => {
    const claim: Medication = { ...prescribed, dose: { value: '40', unit: 'mg' }, route: 'by mouth', frequency: 'once daily' };
    const atoms = (one: Medication) => {
      const [support] = checkMedication(one, indexChart(chart([furosemide('o')]))).support;
      return support?.kind === 'atoms' ? support.atoms.map((i) => furosemide('o').atoms[i]!.name) : [];
    };

    expect(atoms(prescribed)).toEqual(['status', 'intent', 'display', 'authored']);
    expect(atoms(claim)).toEqual(furosemide('o').atoms.map((atom) => atom.name));
  });
});

describe('a change of dose', () => {
  const change: ClaimOf<'dose-change'> = { kind: 'dose-change', drug: { name: 'furosemide' }, from: { value: '20', unit: 'mg' }, to: { value: '40', unit: 'mg' }, on }; // biome-ignore format: one claim
  const earlier = (atoms = {}, over: Partial<Fact> = {}, day = '2026-03-02') =>
    order('a', 'furosemide 20 mg tablet', '20', 'mg', day, atoms, over);

  it.each<[outcome: string, code: string, claim: Partial<typeof change>, facts: Fact[]]>([
    ['proven', 'supported', {}, [earlier(), furosemide('b')]],
    ['unproven', 'untrusted-grade', {}, [furosemide('b', {}, { grade: 'D' })]],
    ['unproven', 'untrusted-grade', {}, [furosemide('b', {}, { retracted: true })]],
    ['unproven', 'untrusted-grade', {}, [furosemide('b', { status: 'draft' })]],
    ['contradicted', 'not-in-chart', {}, [earlier({}, { retracted: true }), furosemide('b')]],
    ['contradicted', 'not-in-chart', {}, [earlier({}, { grade: 'D' }), furosemide('b')]],
    ['contradicted', 'not-in-chart', {}, [earlier({ status: 'cancelled' }), furosemide('b')]],
    ['contradicted', 'not-in-chart', {}, [earlier({}, {}, '2026-11-02'), furosemide('b')]],
    ['contradicted', 'dose-differs', {}, [earlier(), order('m', 'furosemide 30 mg tablet', '30', 'mg', '2026-06-02'), furosemide('b')]],
    ['contradicted', 'dose-differs', { from: { value: '40', unit: 'mg' } }, [earlier(), furosemide('b')]],
    ['contradicted', 'dose-differs', { to: { value: '80', unit: 'mg' } }, [earlier(), furosemide('b')]],
    ['contradicted', 'dose-differs', { from: { value: '40', unit: 'mg' } }, [order('a', 'furosemide 40 mg tablet', '40', 'mg', '2026-03-02'), furosemide('b')]],
    ['proven', 'supported', { from: { value: '40', unit: 'mcg' } }, [order('a', 'furosemide 40 mcg tablet', '40', 'mcg', '2026-03-02'), furosemide('b')]],
    ['contradicted', 'frequency-differs', { frequency: 'twice daily' }, [earlier(), furosemide('b')]],
    ['unproven', 'dose-differs', {}, [earlier(), bare()]],
    ['unproven', 'dose-differs', {}, [bare({ authored: '2026-03-02' }), furosemide('b')]],
    ['unproven', 'date-vague', {}, [earlier(), bare({ authored: '2026' })]],
    ['contradicted', 'date-differs', { on: '2026-10-16' }, [earlier(), furosemide('b')]],
    ['contradicted', 'drug-differs', { drug: { name: 'torsemide' } }, [furosemide('b')]],
    ['contradicted', 'not-in-chart', { drug: { name: 'torsemide' } }, [furosemide('b', {}, { retracted: true })]],
    ['contradicted', 'not-in-chart', { drug: { name: 'torsemide' }, on: '2026-10-16' }, [furosemide('b')]],
    ['contradicted', 'not-in-chart', { drug: { name: 'torsemide' }, to: { value: '80', unit: 'mg' } }, [furosemide('b')]],
    ['unproven', 'term-unknown', { drug: { name: 'xenobarbin' } }, []],
  ])('R98: %s, %s: %j', (outcome, code, claim, facts) => {
    const finding = checkDoseChange({ ...change, ...claim }, indexChart(chart(facts), { knownTerms }));

    expect(`${finding.outcome} ${finding.reasons[0]!.code}`).toBe(`${outcome} ${code}`);
  }); // biome-ignore format: one table, read as a table
});
