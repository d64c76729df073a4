import { describe, expect, it } from 'vitest';
import type { Claim } from '../../core/claim.ts';
import type { Fact } from '../../core/fact.ts';
import { phrase } from '../../core/phrase.ts';
import { medicationChanges } from '../../packs/documentation/medications.ts';
import { retrieve, withinLookBack } from '../retrieve/retrieve.ts';
import { chart, fact, order, problem } from './testing/facts.ts';
import { verifySentence } from './verify.ts';

const outcomeOf = (text: string, facts: Fact[]) => verifySentence({ text }, chart(facts)).outcome;

describe('a negator before a list', () => {
  const refuted = (id: string, display: string) =>
    problem(id, display, '2015-03-03', { clinicalStatus: 'inactive', verification: 'refuted' });
  const facts = [
    refuted('a', 'Asthma'),
    refuted('m', 'Migraine'),
    problem('h', 'Hypertension', '2015-03-03'),
    order('l', 'lisinopril 10 mg tablet', '10', 'mg', '2026-10-15'),
    fact('AllergyIntolerance', 'metformin', { display: 'Sulfa', verification: 'confirmed', clinicalStatus: 'active' }),
  ];

  it.each([
    'Denies asthma, hypertension.',
    'No evidence of asthma and hypertension.',
    'Free of asthma, hypertension and migraine.',
    'Denies asthma or hypertension.',
    'No metformin, lisinopril recorded.',
    'No diabetes and hypertension recorded.',
    'No asthma, hypertension active.',
    'Hypertension active, no migraine, hypertension.',
    'Hypertension, asthma denied.',
    'Hypertension and asthma ruled out.',
  ])('R98: reaches every member: %s', (text) => {
    const verdict = verifySentence({ text }, chart(facts), { knownTerms: ['diabetes', 'metformin 500 mg tablet'] });

    expect(verdict.outcome).not.toBe('proven');
  });

  it.each(['Denies asthma and migraine.', 'Denies asthma but has hypertension.', 'Has hypertension, denies asthma.'])(
    'R98: is read: %s',
    (text) => {
      expect(outcomeOf(text, facts)).toBe('proven');
    },
  );
});

describe('what must not be left out', () => {
  const value = (id: string, atoms: Record<string, string | string[]>) =>
    fact('Observation', id, { status: 'final', display: 'Potassium', unit: 'mmol/L', ...atoms });
  const patient = fact('Patient', 'lenora', { name: ['Lenora', 'Osgood'], gender: 'female' });

  it.each([{ category: 'exam' }, { category: ['exam', 'laboratory'] }])(
    'R98: a later result of category $category stands against "the latest on record"',
    ({ category }) => {
      const facts = [
        value('a', { category: 'laboratory', value: '5.6', effective: '2026-11-20T06:15:00Z' }),
        value('b', { category, value: '4.0', effective: '2026-11-22T06:15:00Z' }),
      ];
      const seen = retrieve(chart(facts), { needs: [{ type: 'Observation', categories: ['laboratory'] }] }).chart;

      expect(verifySentence({ text: 'Potassium was 5.6 mmol/L on 20 Nov 2026, the latest on record.' }, seen).outcome).toBe('contradicted');
      expect(withinLookBack(seen, { needs: [{ type: 'Observation', categories: ['laboratory'] }] }).facts).toHaveLength(
        category.includes('laboratory') ? 2 : 1,
      );
    },
  );

  it.each`
    focus               | outcome
    ${'Patient/donor'}  | ${'contradicted'}
    ${'Group/fetus'}    | ${'contradicted'}
    ${'Patient/lenora'} | ${'proven'}
  `('R98: a result with the focus $focus leaves the sentence $outcome', ({ focus, outcome }) => {
    const facts = [
      patient,
      value('a', { focus, value: '5.6', effective: '2026-11-20' }),
      value('b', { value: '4.0', effective: '2026-11-01' }),
    ];

    expect(outcomeOf('Potassium was 5.6 mmol/L on 20 Nov 2026.', facts)).toBe(outcome);
  });

  const visit = fact('Encounter', 'e', { status: 'finished', class: 'EMER', start: '2026-08-01T08:00:00Z' });
  const ordered = (atoms: Record<string, string>) =>
    fact('ServiceRequest', 's', { status: 'active', display: 'Ferritin', authored: '2026-11-20', ...atoms });
  const pending = 'Ferritin was ordered on 20 Nov 2026; no result by 22 Nov 2026.';
  const allergy = (verification: string) =>
    fact('AllergyIntolerance', 'a', { display: 'Latex', clinicalStatus: 'active', verification, recorded: '2018-05-04' });

  it.each`
    outcome           | text                                        | facts
    ${'contradicted'} | ${'No visits since 2026.'}                  | ${[visit]}
    ${'contradicted'} | ${'No visits since Aug 2026.'}              | ${[visit]}
    ${'contradicted'} | ${'No visits are recorded since Aug 2026.'} | ${[visit]}
    ${'contradicted'} | ${'No emergency visits since 2026.'}        | ${[visit]}
    ${'proven'}       | ${'No visits since Sep 2026.'}              | ${[visit]}
    ${'unproven'}     | ${'No visits since 1 Aug 2026.'}            | ${[visit]}
    ${'proven'}       | ${'No visits since 2 Aug 2026.'}            | ${[visit]}
    ${'proven'}       | ${pending}                                  | ${[ordered({ intent: 'order' })]}
    ${'contradicted'} | ${pending}                                  | ${[ordered({ intent: 'plan' })]}
    ${'contradicted'} | ${pending}                                  | ${[ordered({ intent: 'proposal' })]}
    ${'contradicted'} | ${pending}                                  | ${[ordered({ intent: 'order', doNotPerform: 'true' })]}
    ${'unproven'}     | ${'Latex allergy, recorded on 4 May 2018.'} | ${[allergy('unconfirmed')]}
    ${'proven'}       | ${'Latex allergy, recorded on 4 May 2018.'} | ${[allergy('confirmed')]}
    ${'contradicted'} | ${'No known allergies.'}                    | ${[allergy('unconfirmed')]}
  `('R98: $text is $outcome', ({ outcome, text, facts }) => {
    expect(outcomeOf(text, facts)).toBe(outcome);
  });

  it('R98: typed, an absence since a year finds what happened in it', () => {
    const claim: Claim = { kind: 'absence', of: 'visits', since: '2026' };

    expect(verifySentence({ text: phrase([claim])!, claims: [claim] }, chart([visit]))).toMatchObject({
      lane: 'typed',
      outcome: 'contradicted',
    });
  });

  it('R98: typed, an unconfirmed allergy is not simply an allergy', () => {
    const claim: Claim = { kind: 'allergy', substance: { name: 'Latex' } };

    expect(verifySentence({ text: phrase([claim])!, claims: [claim] }, chart([allergy('unconfirmed')]))).toMatchObject({
      outcome: 'unproven',
      reasons: [{ code: 'omits' }],
    });
  });
});

describe('what holds now, and what ended when', () => {
  const lisinopril = (id: string, atoms: Record<string, string> = {}, on = '2026-10-15') =>
    order(id, 'lisinopril 10 mg tablet', '10', 'mg', on, atoms);
  const says = (atoms: Record<string, string>) =>
    fact('MedicationStatement', 's', { status: 'active', display: 'aspirin 81 mg tablet', effective: '2026-01-10', ...atoms });

  it.each`
    outcome           | text                                           | facts
    ${'contradicted'} | ${'Active medications: lisinopril.'}           | ${[lisinopril('l', { status: 'stopped' })]}
    ${'contradicted'} | ${'Current medications: lisinopril.'}          | ${[lisinopril('l', { status: 'completed' })]}
    ${'contradicted'} | ${'Current medications: aspirin.'}             | ${[says({ effectiveEnd: '2026-03-01' })]}
    ${'proven'}       | ${'Active medications: lisinopril.'}           | ${[lisinopril('l')]}
    ${'proven'}       | ${'Current medications: aspirin.'}             | ${[says({})]}
    ${'contradicted'} | ${'Current medications: lisinopril, aspirin.'} | ${[lisinopril('l'), says({ status: 'completed' })]}
    ${'contradicted'} | ${'Lisinopril stopped.'}                       | ${[lisinopril('l', { status: 'stopped' }, '2026-01-05'), lisinopril('m')]}
    ${'contradicted'} | ${'Lisinopril stopped.'}                       | ${[lisinopril('l', { status: 'stopped' }), lisinopril('m', {}, '2026-01-05')]}
    ${'proven'}       | ${'Lisinopril stopped.'}                       | ${[lisinopril('l', { status: 'stopped' })]}
    ${'unproven'}     | ${'Lisinopril was stopped on 15 Oct 2026.'}    | ${[lisinopril('l', { status: 'stopped' })]}
    ${'proven'}       | ${'Lisinopril was stopped on 20 Oct 2026.'}    | ${[lisinopril('l', { status: 'stopped', end: '2026-10-20' })]}
    ${'unproven'}     | ${'Lisinopril was stopped on 20 Dec 2026.'}    | ${[lisinopril('l', { status: 'stopped', end: '2026-12-20' })]}
    ${'proven'}       | ${'Aspirin was stopped on 1 Mar 2026.'}        | ${[says({ status: 'stopped', effectiveEnd: '2026-03-01' })]}
    ${'unproven'}     | ${'Aspirin was stopped on 10 Jan 2026.'}       | ${[says({ status: 'stopped' })]}
    ${'unproven'}     | ${'Aspirin was stopped on 1 Dec 2026.'}        | ${[says({ status: 'stopped', effectiveEnd: '2026-12-01' })]}
    ${'contradicted'} | ${'Taking aspirin.'}                           | ${[says({ effectiveEnd: '2026-03-01' })]}
    ${'contradicted'} | ${'Taking aspirin.'}                           | ${[says({ effectiveEnd: '2026' })]}
    ${'proven'}       | ${'Taking aspirin.'}                           | ${[says({ effectiveEnd: '2026-12-01' })]}
    ${'contradicted'} | ${'Taking aspirin.'}                           | ${[says({ status: 'intended' })]}
  `('R98: $text is $outcome', ({ outcome, text, facts }) => {
    expect(outcomeOf(text, facts)).toBe(outcome);
  });

  it('R98: the writer says that a drug was stopped, the day only where the chart gives it, and never that it is taken after its period', () => {
    const undated = lisinopril('undated', { status: 'stopped' });
    const dated = lisinopril('dated', { status: 'stopped', end: '2026-10-20' }, '2026-10-01');
    const taken = says({ effective: '2026-10-10', effectiveEnd: '2026-10-20' });
    const written = (facts: Fact[]) =>
      medicationChanges(chart(facts), 'Medication changes', '2026-01-01').map(({ claims, cites }) => [cites[0]!.fact, claims[0]]);

    expect(written([undated, dated, taken])).toEqual([['dated', expect.objectContaining({ modality: 'stopped', on: '2026-10-20' })]]);
    expect(written([undated, taken])).toEqual([['undated', expect.objectContaining({ modality: 'stopped' })]]);
    expect(written([undated])[0]![1]).not.toHaveProperty('on');
  });
});

describe('absence of the right kind', () => {
  const known = ['Mammogram', 'Metformin 500 mg tablet', 'Penicillin V 250 mg tablet'];
  const mammogram = fact('ServiceRequest', 's', { status: 'active', intent: 'order', display: 'Mammogram', authored: '2026-11-01' });
  const penicillin = fact('AllergyIntolerance', 'a', { display: 'Penicillin V', clinicalStatus: 'active', verification: 'confirmed' });

  it.each`
    text                                   | facts
    ${'No order for mammogram on record.'} | ${[mammogram]}
    ${'No hypertension meds on file.'}     | ${[problem('h', 'Hypertension', '2015'), order('l', 'lisinopril 10 mg tablet', '10', 'mg', '2026-10-15')]}
    ${'No penicillin on file.'}            | ${[penicillin]}
    ${'No penicillin V on file.'}          | ${[penicillin]}
  `('R98: $text proves nothing', ({ text, facts }) => {
    expect(verifySentence({ text }, chart(facts), { knownTerms: known }).outcome).not.toBe('proven');
  });
});

it.each`
  outcome       | text
  ${'unproven'} | ${'No gout on record.'}
  ${'proven'}   | ${'No problem named gout is recorded.'}
  ${'unproven'} | ${'No metformin on record.'}
  ${'proven'}   | ${'No medication named metformin is recorded.'}
`('R98: what a name denies, a thing may not: $text is $outcome', ({ outcome, text }) => {
  expect(outcomeOf(text, [problem('a', 'Asthma', '2015')])).toBe(outcome);
});

describe('names and titles', () => {
  const named = (name: string[], gender?: string) => fact('Patient', 'p', { name, ...(gender === undefined ? {} : { gender }) });
  const asthma = problem('a', 'Asthma', '2015-03-03');

  it.each`
    outcome       | text                        | name                    | gender
    ${'unproven'} | ${'Prior asthma.'}          | ${['Max', 'Prior']}     | ${'male'}
    ${'unproven'} | ${'Max asthma.'}            | ${['Max', 'Prior']}     | ${'male'}
    ${'unproven'} | ${'Max prior asthma.'}      | ${['Max', 'Prior']}     | ${'male'}
    ${'proven'}   | ${'Max Prior has asthma.'}  | ${['Max', 'Prior']}     | ${'male'}
    ${'proven'}   | ${'Mr. Prior has asthma.'}  | ${['Max', 'Prior']}     | ${'male'}
    ${'unproven'} | ${'Mr Osgood has asthma.'}  | ${['Lenora', 'Osgood']} | ${'female'}
    ${'proven'}   | ${'Mrs Osgood has asthma.'} | ${['Lenora', 'Osgood']} | ${'female'}
    ${'proven'}   | ${'Mrs Osgood has asthma.'} | ${['Lenora', 'Osgood']} | ${undefined}
    ${'unproven'} | ${'Mrs Miller has asthma.'} | ${['Lenora', 'Osgood']} | ${'female'}
    ${'unproven'} | ${'Mrs has asthma.'}        | ${['Lenora', 'Osgood']} | ${'female'}
    ${'unproven'} | ${'He has asthma.'}         | ${['Lenora', 'Osgood']} | ${'female'}
    ${'proven'}   | ${'She has asthma.'}        | ${['Lenora', 'Osgood']} | ${'female'}
    ${'proven'}   | ${'He has asthma.'}         | ${['Lenora', 'Osgood']} | ${'other'}
  `('R98: $text of $name is $outcome', ({ outcome, text, name, gender }) => {
    expect(outcomeOf(text, [named(name, gender), asthma])).toBe(outcome);
  });
});

describe('raised digits', () => {
  it.each([
    'Potassium was 10² mmol/L on 20 Nov 2026.',
    'Potassium was 1₀2 mmol/L on 20 Nov 2026.',
    'Potassium was ¹⁰² mmol/L on 20 Nov 2026.',
  ])('R98: %s is not 102', (text) => {
    expect(
      outcomeOf(text, [
        fact('Observation', 'k', { status: 'final', display: 'Potassium', value: '102', unit: 'mmol/L', effective: '2026-11-20' }),
      ]),
    ).toBe('unproven');
  });

  it('R98: typed, a quote with a raised digit is not one without', () => {
    const claim: Claim = { kind: 'report', concept: { name: 'CT chest' }, on: '2026-05-03', quote: 'Count 10².' };
    const report = fact('DiagnosticReport', 'r', {
      status: 'final',
      display: 'CT chest',
      effective: '2026-05-03',
      conclusion: 'Count 102.',
    });

    expect(verifySentence({ text: phrase([claim])!, claims: [claim] }, chart([report])).outcome).not.toBe('proven');
  });
});
