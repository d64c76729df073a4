import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carriedBy, lettersBeside, sameAsDrawn } from './likeness.ts';

const DRAFT = [
  { id: 'potassium', text: 'Potassium was 5.6 mmol/L on 20 Nov 2026.' },
  { id: 'problem', text: 'Active problem: Zorblatt syndrome.' },
  { id: 'allergy', text: 'No allergy to penicillin is recorded.' },
  { id: 'glucose', text: 'Glucose was 540 mg/dL on 21 Nov 2026 (reference 70–99), critically high, the latest on record.' },
  { id: 'dose', text: 'Metoprolol 50 mg is taken twice a day since 3 Mar 2024.' },
];
const [POTASSIUM, , ALLERGY, , DOSE] = DRAFT.map((one) => one.text) as [string, string, string, string, string];

describe('words of the writer', () => {
  it.each`
    way                                      | text                                                                   | whose
    ${'joined, without a full stop between'} | ${`${POTASSIUM} ${ALLERGY}`}                                           | ${['potassium', 'allergy']}
    ${'with an exclamation mark'}            | ${POTASSIUM.replace('2026.', '2026!')}                                 | ${['potassium']}
    ${'with U+0261 and U+0585'}              | ${DOSE.replace('mg', 'mɡ').replace('Metoprolol', 'Metօprօlօl')}        | ${['dose']}
    ${'with letters of no table'}            | ${ALLERGY.replace('l', 'ɬ').replace('p', 'ƥ')}                         | ${['allergy']}
    ${'with other digits'}                   | ${POTASSIUM.replace('2026', '٢٠٢٦').replace('5.6', '5.6')}             | ${['potassium']}
    ${'with letters for digits'}             | ${POTASSIUM.replaceAll('0', 'o')}                                      | ${['potassium']}
    ${'with a word swapped'}                 | ${POTASSIUM.replace('was', 'is')}                                      | ${['potassium']}
    ${'with a typing error'}                 | ${DOSE.replace('taken', 'takn')}                                       | ${['dose']}
    ${'behind a prefix'}                     | ${`Note: ${POTASSIUM}`}                                                | ${['potassium']}
    ${'with a comma moved'}                  | ${POTASSIUM.replace(' on', ', on')}                                    | ${['potassium']}
    ${'in a half'}                           | ${'Potassium was 5.6 mmol/L'}                                          | ${['potassium']}
    ${'in a part that holds the value'}      | ${'Glucose was 540 mg/dL'}                                             | ${['glucose']}
    ${'with the day as ISO writes it'}       | ${POTASSIUM.replace('20 Nov 2026', '2026-11-20')}                      | ${['potassium']}
    ${'with the day as Americans write it'}  | ${POTASSIUM.replace('20 Nov 2026', '11/20/2026')}                      | ${['potassium']}
    ${'with the month in full'}              | ${POTASSIUM.replace('20 Nov 2026', 'November 20, 2026')}               | ${['potassium']}
    ${'in the other half'}                   | ${'is taken twice a day since 3 Mar 2024'}                             | ${['dose']}
    ${'inside a longer sentence'}            | ${`She asked about this: ${POTASSIUM} We will repeat it on Thursday.`} | ${['potassium']}
  `('stay theirs $way', ({ text, whose }) => {
    expect(carriedBy(text, DRAFT).map((one) => one.id)).toEqual(whose);
  });

  it.each([
    'Potassium was 5.7 mmol/L on 20 Nov 2026.',
    'Potassium was <5.6 mmol/L on 20 Nov 2026.',
    'Potassium was -5.6 mmol/L on 20 Nov 2026.',
    'Potassium was 5.6% on 20 Nov 2026.',
    'Potassium was 5.6 mol/L on 20 Nov 2026.',
    'Potassium was not 5.6 mmol/L on 20 Nov 2026.',
    'Potassium was 5.6 mmol/L on 21 Nov 2026.',
    'Potassium was 5.6 mmol/L on 2026-11-21.',
    'Glucose was 540 g/dL',
    'Glucose was high',
    'Sodium was 5.6 mmol/L on 20 Nov 2026.',
    'Potassium is being repeated today.',
    'Hyperkalaemia, to be repeated tomorrow.',
    'Allergy to penicillin is recorded.',
    'No allergy to amoxicillin is recorded.',
    'Metoprolol 50 g is taken twice a day since 3 Mar 2024.',
    'Metoprolol 25 mg is taken twice a day since 3 Mar 2024.',
    'Metoprolol was stopped in March.',
    'Daughter will drive her.',
    'Dochter rijdt haar naar huis.',
    'Дочь отвезёт её домой после визита к врачу.',
    'Potassium.',
  ])('are not "%s": a human wrote that', (text) => {
    expect(carriedBy(text, DRAFT)).toEqual([]);
  });

  it('R98: no cosmetic damage takes them from the writer', () => {
    fc.assert(
      fc.property(damaged(), ({ text, ids }) => {
        const carried = carriedBy(text, DRAFT);

        expect(carried.map((one) => one.id)).toEqual(expect.arrayContaining(ids));
        expect(lettersBeside(text, carried)).toBeLessThanOrEqual(8);
      }),
      { numRuns: 500 },
    );
  });
});

it.each([
  [POTASSIUM.toUpperCase(), true],
  [POTASSIUM.replace('Potassium', 'Роtassium'), true],
  [POTASSIUM.replace('on', 'o\u200bn'), true],
  [POTASSIUM.replace('.', ','), false],
  [POTASSIUM.replace('2026.', '2026?'), false],
  [POTASSIUM.replace('5.6', '56'), false],
  [`${POTASSIUM} ${POTASSIUM}`, false],
  ['***', false],
])('"%s" is the same sentence to the eye: %s', (text, same) => {
  expect(sameAsDrawn(POTASSIUM, text)).toBe(same);
});

/** One or two of the writer's sentences, typed again with what changes nothing of what they say. */
function damaged(): fc.Arbitrary<{ text: string; ids: string[] }> {
  const some = fc.subarray(DRAFT, { minLength: 1, maxLength: 2 });
  const prefix = fc.constantFrom('', '', 'Note: ', '- ', 'FYI ', '• ');
  const between = fc.constantFrom(' ', ' and ', '; ', '\n', '');
  return fc.tuple(some, prefix, between, fc.infiniteStream(fc.nat(999))).map(([sentences, before, join, dice]) => {
    const text = before + sentences.map((one) => one.text).join(join);
    return { text: [...text].map((letter) => disguise(letter, dice.next().value)).join(''), ids: sentences.map((one) => one.id) };
  });
}

const DISGUISES: Record<string, string> = {
  a: 'аáａ',
  c: 'с',
  e: 'еé',
  g: 'ɡɠ',
  i: 'іı',
  l: 'ł',
  n: 'ոñ',
  o: 'оօο',
  p: 'р',
  r: 'ʀ',
  s: 'ѕ',
  t: 'τ',
  u: 'υ',
};

function disguise(letter: string, die: number): string {
  if (letter === ' ') return ['  ', '\u00a0', ', ', ' \u200b', ' … '][die % 12] ?? letter;
  const others = DISGUISES[letter.toLowerCase()];
  if (others && die < 250) return [...others][die % [...others].length]!;
  if (die < 400) return letter.toUpperCase();
  if (die < 500 && /[a-z]/i.test(letter)) return `${letter}\u200d`;
  return letter;
}
