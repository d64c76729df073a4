import { expect, it } from 'vitest';
import { parseDay } from './dates.ts';
import { type AnalyteKey, creatinineFor, egfr, measure, type Value } from './labs.ts';
import { inventPerson, type Person } from './people.ts';
import { randomFrom } from './random.ts';

it.each<[string, AnalyteKey, Value, 'female' | 'male', number, string, string]>([
  ['keeps trailing zeros', 'potassium', 4, 'female', 50, '4.0', 'N'],
  ['flags above the range', 'potassium', 5.3, 'female', 50, '5.3', 'H'],
  ['flags what a laboratory telephones', 'potassium', 6.6, 'female', 50, '6.6', 'HH'],
  ['flags critically low', 'hemoglobin', 6.8, 'male', 70, '6.8', 'LL'],
  ['has ranges by sex', 'hemoglobin', 13, 'male', 50, '13.0', 'L'],
  ['has ranges by sex', 'hemoglobin', 13, 'female', 50, '13.0', 'N'],
  ['has ranges for children', 'hemoglobin', 11.4, 'male', 5, '11.4', 'N'],
  ['flags after rounding, as printed', 'potassium', 5.14, 'female', 50, '5.1', 'N'],
  ['does not call an undetectable marker abnormal', 'psa', { below: 0.1 }, 'male', 66, '0.10', 'N'],
  ['calls a value below a bound under the range low', 'testosterone', { below: 10 }, 'male', 70, '10', 'L'],
  ['flags a positive word', 'fit', 'Positive', 'male', 60, 'Positive', 'A'],
])('%s: %s %o', (_why, key, value, sex, age, text, flag) => {
  expect(measure(key, value, person(sex, age))).toMatchObject({ text, flag });
});

it('computes eGFR as published and back again', () => {
  // National Kidney Foundation calculator: creatinine 1.2 mg/dL, man of 55: 71 mL/min/1.73 m².
  expect(Math.round(egfr(1.2, 55, 'male'))).toBe(71);
  for (const rate of [23, 41, 54]) expect(egfr(creatinineFor(rate, 67, 'female'), 67, 'female')).toBeCloseTo(rate, 6);
});

function person(sex: 'female' | 'male', age: number): Person {
  return inventPerson({ mrn: '1234567', sex, age, anchor: parseDay('2026-11-22'), random: randomFrom('somebody') });
}
