import { expect, it } from 'vitest';
import type { Claim } from './claim.ts';
import { phrase } from './phrase.ts';

const on = '2026-11-20';

it.each<[name: string, be: string]>([
  ['Triglycerides', 'were'],
  ['Platelets [#/volume] in Blood by Automated count', 'were'],
  ['Basophils/100 leukocytes in Blood', 'were'],
  ['Ketones in Urine by Test strip', 'were'],
  ['Platelet mean volume [Entitic volume] in Blood', 'was'],
  ['Phosphorus', 'was'],
  ['Urinalysis', 'was'],
  ['Tobacco smoking status', 'was'],
  ['Chest X-ray, 2 views', 'was'],
  ['Number of platelets', 'was'],
])('a result of %s %s', (name, be) => {
  const claim: Claim = { kind: 'result', concept: { name }, value: { value: '5', unit: 'mg/dL' }, on };

  expect(phrase([claim])).toContain(`${name} ${be} 5 mg/dL`);
});

it('agrees in number wherever a thing is measured, ordered or done', () => {
  const concept = { name: 'Blood cultures' };
  const unit = { value: '5', unit: 'mg/dL' };

  expect([
    phrase([{ kind: 'pending', concept, orderedOn: on, asOf: on }]),
    phrase([{ kind: 'procedure', concept, modality: 'planned' }]),
    phrase([{ kind: 'procedure', concept, modality: 'performed' }]),
    phrase([{ kind: 'procedure', concept, modality: 'not done' }]),
    phrase([{ kind: 'procedure', concept: { name: 'Colonoscopy' }, modality: 'planned' }]),
    phrase([{ kind: 'trend', concept: { name: 'Platelets' }, direction: 'unchanged', from: unit, fromOn: '2026', to: unit, toOn: on }]),
  ]).toEqual([
    'Blood cultures were ordered on 20 Nov 2026; no result by 20 Nov 2026.',
    'Blood cultures are planned.',
    'Blood cultures were performed.',
    'Blood cultures were not done.',
    'Colonoscopy is planned.',
    'Platelets were unchanged from 5 mg/dL in 2026 to 5 mg/dL on 20 Nov 2026.',
  ]);
});
