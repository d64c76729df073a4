import { expect, it } from 'vitest';
import { feedName } from './feed-name.ts';

it.each`
  header                              | name
  ${'MSH|^~\\&|NORTHLAB|NORTH|EHR'}   | ${'northlab.north'}
  ${'MSH|^~\\&|GHH LAB|ELAB-3'}       | ${'ghh-lab.elab-3'}
  ${'MSH#*+?!#Lab*1.2.3*ISO#North*x'} | ${'lab.north'}
  ${'MSH|^~\\&|LAB||'}                | ${'lab'}
  ${'MSH|^~\\&|||'}                   | ${'hl7'}
  ${'MSH'}                            | ${'hl7'}
  ${'hello'}                          | ${'hl7'}
  ${'\ufeffMSH|^~\\&|MARKED|X'}       | ${'marked.x'}
  ${'MSH|^~\\&|A|B\rMSH|^~\\&|C|D'}   | ${'a.b'}
`('$header is from $name', ({ header, name }) => {
  expect(feedName(Buffer.from(header))).toBe(name);
});
