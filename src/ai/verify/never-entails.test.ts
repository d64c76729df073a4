import { describe, expect, it } from 'vitest';
import type { Fact } from '../../core/fact.ts';
import { chart, fact, order, problem, result } from './testing/facts.ts';
import { verifySentence } from './verify.ts';

type Make = (over?: Partial<Fact>) => Fact;

/** One sentence a kind, with the fact that proves it. */
const PROVEN: [text: string, make: Make, date: string][] = [
  ['Sodium was 138 mmol/L on 20 Nov 2026.', (over) => result('f', 'Sodium', '138', 'mmol/L', '2026-11-20', {}, over), 'effective'],
  [
    'Furosemide 40 mg was prescribed on 15 Oct 2026.',
    (over) => order('f', 'furosemide 40 mg tablet', '40', 'mg', '2026-10-15', {}, over),
    'authored',
  ],
  [
    'Furosemide 40 mg was filled on 15 Oct 2026.',
    (over) => fact('MedicationDispense', 'f', { status: 'completed', display: 'furosemide 40 mg tablet', occurrence: '2026-10-15' }, over),
    'occurrence',
  ],
  [
    'Furosemide 40 mg was administered on 15 Oct 2026.',
    (over) =>
      fact('MedicationAdministration', 'f', { status: 'completed', display: 'furosemide 40 mg tablet', effective: '2026-10-15' }, over),
    'effective',
  ],
  ['Asthma, active since 3 Mar 2015.', (over) => problem('f', 'Asthma', '2015-03-03', {}, over), 'onset'],
  [
    'Latex allergy: itching, recorded on 4 May 2018.',
    (over) =>
      fact(
        'AllergyIntolerance',
        'f',
        { display: 'Latex', clinicalStatus: 'active', verification: 'confirmed', reaction: 'Itching', recorded: '2018-05-04' },
        over,
      ),
    'recorded',
  ],
  [
    'No known allergies, recorded on 4 May 2018.',
    (over) =>
      fact(
        'AllergyIntolerance',
        'f',
        { display: 'No known allergy', clinicalStatus: 'active', verification: 'confirmed', recorded: '2018-05-04' },
        over,
      ),
    'recorded',
  ],
  [
    'Emergency visit for asthma on 15 Oct 2026.',
    (over) => fact('Encounter', 'f', { status: 'finished', class: 'EMER', reason: 'Asthma', start: '2026-10-15T08:00:00-06:00' }, over),
    'start',
  ],
  [
    'Colonoscopy was performed on 9 Apr 2021.',
    (over) => fact('Procedure', 'f', { status: 'completed', display: 'Colonoscopy', occurrence: '2021-04-09' }, over),
    'occurrence',
  ],
  [
    'Immunization with zoster was given on 1 Oct 2026.',
    (over) => fact('Immunization', 'f', { status: 'completed', display: 'Zoster', occurrence: '2026-10-01' }, over),
    'occurrence',
  ],
  [
    'CT chest on 3 May 2026 concluded: “Normal.”.',
    (over) => fact('DiagnosticReport', 'f', { status: 'final', display: 'CT chest', effective: '2026-05-03', conclusion: 'Normal.' }, over),
    'effective',
  ],
  [
    'Ferritin was ordered on 20 Nov 2026; no result by 22 Nov 2026.',
    (over) => fact('ServiceRequest', 'f', { status: 'active', display: 'Ferritin', authored: '2026-11-20' }, over),
    'authored',
  ],
  [
    'Appointment on 23 Nov 2026.',
    (over) => fact('Appointment', 'f', { status: 'booked', start: '2026-11-23T10:20:00-06:00' }, over),
    'start',
  ],
  [
    'Family history: breast cancer in sister.',
    (over) => fact('FamilyMemberHistory', 'f', { status: 'completed', relationship: 'Sister', condition: 'Breast cancer' }, over),
    '',
  ],
  [
    '1 visit since 1 Jan 2026.',
    (over) => fact('Encounter', 'f', { status: 'finished', class: 'AMB', start: '2026-10-15T08:00:00-06:00' }, over),
    'start',
  ],
];

describe.each(PROVEN)('%s', (text, make, date) => {
  it('R98: is proven by its fact', () => {
    expect(verifySentence({ text }, chart([make()])).outcome).toBe('proven');
  });

  it.each([
    ['an empty chart', []],
    ['a fact that its source withdrew', [make({ retracted: true })]],
    ['a fact entered in error', [make({ status: 'entered-in-error' })]],
    [
      'a status nobody knows',
      [
        make({
          status: 'unheard-of',
          atoms: make().atoms.map((atom) => (['status', 'clinicalStatus'].includes(atom.name) ? { ...atom, text: 'unheard-of' } : atom)),
        }),
      ],
    ],
  ])('R98: is not proven by %s', (why, facts) => {
    if (why.startsWith('a status') && /allerg|Family|Appointment/.test(text)) return;
    expect(verifySentence({ text }, chart(facts)).outcome).not.toBe('proven');
  });

  it('R98: is left unproven by a fact of grade D', () => {
    const verdict = verifySentence({ text }, chart([make({ grade: 'D' })]));

    expect(verdict).toMatchObject({ outcome: 'unproven', reasons: [{ code: 'untrusted-grade' }] });
  });

  it('R98: is not proven by a version that was replaced', () => {
    expect(verifySentence({ text }, chart([], [make({ supersededAt: '2026-11-21T00:00:00Z' })])).outcome).not.toBe('proven');
  });

  it.skipIf(date === '' || text.startsWith('1 visit'))('R98: is left unproven where the chart dates it by the year alone', () => {
    const vague = make().atoms.map((atom) => (atom.name === date ? { ...atom, text: atom.text.slice(0, 4) } : atom));

    const verdict = verifySentence({ text }, chart([make({ atoms: vague })]));

    expect(verdict.outcome).not.toBe('proven');
  });
});

describe('silence and its limits', () => {
  it.each`
    why                              | outcome           | text                                         | facts
    ${'nothing of the kind'}         | ${'proven'}       | ${'No allergy information is recorded.'}     | ${[]}
    ${'an entry made in error only'} | ${'proven'}       | ${'No allergy information is recorded.'}     | ${[fact('AllergyIntolerance', 'a', { display: 'Latex', verification: 'entered-in-error' })]}
    ${'an entry of grade D'}         | ${'contradicted'} | ${'No allergy information is recorded.'}     | ${[fact('AllergyIntolerance', 'a', { display: 'Latex' }, { grade: 'D' })]}
    ${'an entry too vague to place'} | ${'unproven'}     | ${'No colonoscopy on record since May 2020'} | ${[fact('Procedure', 'p', { status: 'completed', display: 'Colonoscopy', occurrence: '2020' })]}
    ${'an entry by a like name'}     | ${'unproven'}     | ${'No mammogram on record'}                  | ${[fact('Procedure', 'p', { status: 'completed', display: 'Mammographic screening of breast', occurrence: '2020-01-01' })]}
    ${'what was called off'}         | ${'proven'}       | ${'No colonoscopy on record'}                | ${[fact('Procedure', 'p', { status: 'not-done', display: 'Colonoscopy', occurrence: '2020-01-01' })]}
    ${'a planned visit'}             | ${'proven'}       | ${'No visits are recorded.'}                 | ${[fact('Encounter', 'e', { status: 'planned', class: 'AMB', start: '2026-11-23' })]}
  `('R98: $text with $why is $outcome', ({ outcome, text, facts }) => {
    expect(verifySentence({ text }, chart(facts)).outcome).toBe(outcome);
  });
});

describe('what a fact denies', () => {
  const allergy = (atoms: Record<string, string>) =>
    fact('AllergyIntolerance', 'a', { display: 'Latex', clinicalStatus: 'active', verification: 'confirmed', ...atoms });
  const none = fact('AllergyIntolerance', 'n', {
    display: 'No known allergy',
    clinicalStatus: 'active',
    verification: 'confirmed',
    recorded: '2018-05-04',
  });

  it.each`
    code                          | text                                                                        | facts
    ${'negated-in-chart'}         | ${'Latex allergy.'}                                                         | ${[allergy({ verification: 'refuted' })]}
    ${'status-differs'}           | ${'Latex allergy.'}                                                         | ${[allergy({ clinicalStatus: 'resolved' })]}
    ${'entered-in-error'}         | ${'Latex allergy.'}                                                         | ${[allergy({ verification: 'entered-in-error' })]}
    ${'reaction-differs'}         | ${'Latex allergy: rash.'}                                                   | ${[allergy({ reaction: 'Itching' })]}
    ${'reaction-differs'}         | ${'Latex allergy: rash.'}                                                   | ${[allergy({})]}
    ${'status-differs'}           | ${'Latex allergy (high criticality).'}                                      | ${[allergy({})]}
    ${'term-unknown'}             | ${'Xenobarbin allergy.'}                                                    | ${[allergy({})]}
    ${'conflicting-facts'}        | ${'No known allergies.'}                                                    | ${[none, allergy({})]}
    ${'date-vague'}               | ${'No known allergies, recorded on 5 May 2018.'}                            | ${[fact('AllergyIntolerance', 'n', { display: 'No known allergy', recorded: '2018' })]}
    ${'status-differs'}           | ${'Latex allergy (high criticality).'}                                      | ${[allergy({ criticality: 'unable-to-assess' })]}
    ${'date-vague'}               | ${'Office visit on 15 Oct 2026'}                                            | ${[fact('Encounter', 'e', { status: 'finished', class: 'AMB', start: '2026' })]}
    ${'date-vague'}               | ${'1 visit since 15 Oct 2026.'}                                             | ${[fact('Encounter', 'e', { status: 'finished', class: 'AMB', start: '2026' })]}
    ${'count-differs'}            | ${'1 hospital admission since 1 Jan 2026.'}                                 | ${[fact('Encounter', 'e', { status: 'finished', class: 'AMB', start: '2026-03-04' })]}
    ${'count-differs'}            | ${'1 visit since 4 Mar 2026.'}                                              | ${[fact('Encounter', 'e', { status: 'finished', class: 'AMB', start: '2026-03-04' }), fact('Encounter', 'g', { status: 'finished', class: 'AMB', start: '2026-05-04' })]}
    ${'modality-differs'}         | ${'Office visit on 4 Mar 2026'}                                             | ${[fact('Encounter', 'e', { status: 'finished', start: '2026-03-04' })]}
    ${'dose-differs'}             | ${'Furosemide was changed from 20 mg to 40 mg on 15 Oct 2026.'}             | ${[order('o', 'furosemide 40 mg tablet', '40', 'mg', '2026-10-15'), fact('MedicationRequest', 'p', { status: 'stopped', intent: 'order', display: 'furosemide', authored: '2026-01-15' })]}
    ${'date-differs'}             | ${'No known allergies, recorded on 5 May 2018.'}                            | ${[none]}
    ${'not-in-chart'}             | ${'No known allergies.'}                                                    | ${[]}
    ${'not-in-chart'}             | ${'No known food allergies.'}                                               | ${[none]}
    ${'not-in-chart'}             | ${'Furosemide was changed from 20 mg to 40 mg on 15 Oct 2026.'}             | ${[order('o', 'furosemide 40 mg tablet', '40', 'mg', '2026-10-15')]}
    ${'drug-differs'}             | ${'Bumetanide was changed from 20 mg to 40 mg on 15 Oct 2026.'}             | ${[order('o', 'furosemide 40 mg tablet', '40', 'mg', '2026-10-15')]}
    ${'date-differs'}             | ${'Furosemide was changed from 20 mg to 40 mg on 14 Oct 2026.'}             | ${[order('o', 'furosemide 40 mg tablet', '40', 'mg', '2026-10-15')]}
    ${'dose-differs'}             | ${'Furosemide was changed from 40 mg to 40 mg on 15 Oct 2026.'}             | ${[order('o', 'furosemide 40 mg tablet', '40', 'mg', '2026-10-15'), order('p', 'furosemide 40 mg tablet', '40', 'mg', '2026-01-15')]}
    ${'modality-differs'}         | ${'Furosemide 40 mg was prescribed on 15 Oct 2026.'}                        | ${[order('o', 'furosemide 40 mg tablet', '40', 'mg', '2026-10-15', { doNotPerform: 'true' })]}
    ${'modality-differs'}         | ${'Furosemide 40 mg was prescribed on 15 Oct 2026.'}                        | ${[order('o', 'furosemide 40 mg tablet', '40', 'mg', '2026-10-15', { intent: 'plan' })]}
    ${'direction-differs'}        | ${'Sodium rose from 130 mmol/L on 1 Jan 2026 to 140 mmol/L on 1 Mar 2026.'} | ${[result('a', 'Sodium', '130', 'mmol/L', '2026-01-01'), result('b', 'Sodium', '125', 'mmol/L', '2026-02-01'), result('c', 'Sodium', '140', 'mmol/L', '2026-03-01')]}
    ${'untrusted-grade'}          | ${'Sodium rose from 130 mmol/L on 1 Jan 2026 to 140 mmol/L on 1 Mar 2026.'} | ${[result('a', 'Sodium', '130', 'mmol/L', '2026-01-01'), result('b', 'Sodium', '135', 'mmol/L', '2026-02-01', {}, { grade: 'D' }), result('c', 'Sodium', '140', 'mmol/L', '2026-03-01')]}
    ${'unit-differs'}             | ${'Calcium rose from 8 mg/dL on 1 Jan 2026 to 9 mg/dL on 1 Mar 2026.'}      | ${[result('a', 'Calcium', '8', 'mg/dL', '2026-01-01'), result('b', 'Calcium', '2.1', 'mmol/L', '2026-02-01'), result('c', 'Calcium', '9', 'mg/dL', '2026-03-01')]}
    ${'found-where-none-claimed'} | ${'Ferritin was ordered on 20 Nov 2026; no result by 22 Nov 2026.'}         | ${[fact('ServiceRequest', 'o', { status: 'active', display: 'Ferritin', authored: '2026-11-20', identifier: 'P1' }), fact('DiagnosticReport', 'r', { status: 'final', display: 'Iron studies', effective: '2026-11-21', basedOn: 'ServiceRequest/o' })]}
    ${'status-differs'}           | ${'Ferritin was ordered on 20 Nov 2026; no result by 22 Nov 2026.'}         | ${[fact('ServiceRequest', 'o', { status: 'revoked', display: 'Ferritin', authored: '2026-11-20' })]}
  `('R98: $code: $text', ({ code, text, facts }) => {
    const verdict = verifySentence({ text }, chart(facts));

    expect(verdict.outcome).not.toBe('proven');
    expect(verdict.reasons[0]?.code).toBe(code);
  });

  it('R98: an allergy that was withdrawn does not stand against "no known allergies"', () => {
    expect(verifySentence({ text: 'No known allergies.' }, chart([none, allergy({ verification: 'entered-in-error' })])).outcome).toBe(
      'proven',
    );
  });

  it('R98: a registered result is no answer to an order, a final one of the same name is', () => {
    const ordered = fact('ServiceRequest', 'o', { status: 'active', display: 'Ferritin', authored: '2026-11-20T09:00:00-06:00' });
    const answer = (status: string) => result('r', 'Ferritin', '30', 'ng/mL', '2026-11-21', { status });
    const text = 'Ferritin was ordered on 20 Nov 2026; no result by 22 Nov 2026.';

    expect(verifySentence({ text }, chart([ordered, answer('registered')])).outcome).toBe('proven');
    expect(verifySentence({ text }, chart([ordered, answer('final')])).outcome).toBe('contradicted');
  });
});
