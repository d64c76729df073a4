import { expect, it } from 'vitest';
import { fieldPath, refusedField, repeatedSegments } from './field-path.ts';

it.each([
  ['ORU_R01/PID[1]-3[1].1', 'PID-3.1'],
  ['ORU_R01/PID[1]-3[2].4.2', 'PID-3[2].4.2'],
  ['ORU_R01/MSH[1]-10[1]', 'MSH-10'],
  ['ORU_R01/OBX[1]-5[1].1.1', 'OBX[1]-5.1.1'],
  ['ORU_R01/OBX[2]-14', 'OBX[2]-14'],
  ['ADT_A40/PID[1]', 'PID'],
  ['entry[12].resource.code', 'entry[12].resource.code'],
])('%s is said %s', (path, words) => {
  const several = repeatedSegments(['ORU_R01/OBX[1]-5[1]', 'ORU_R01/OBX[2]-5[1]', 'ORU_R01/PID[1]-3[2]']);

  expect(fieldPath(path, several)).toBe(words);
});

it.each`
  item                         | reason                  | field
  ${'ORU_R01/PID[1]-3[1].1'}   | ${'birth-date-differs'} | ${'ORU_R01/PID[1]-7[1]'}
  ${'ORU_R01/PID[1]-3[2]'}     | ${'sex-differs'}        | ${'ORU_R01/PID[1]-8[1]'}
  ${'ORU_R01/PID[1]-3[1].1'}   | ${'no-identifier'}      | ${'ORU_R01/PID[1]-3[1].1'}
  ${'entry[3].resource.birth'} | ${'birth-date-differs'} | ${'entry[3].resource.birth'}
`('what is refused as $reason at $item is lit at $field', ({ item, reason, field }) => {
  expect(refusedField(item, reason)).toBe(field);
});
