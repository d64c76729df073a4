import { expect, it } from 'vitest';
import type { Queryable } from '../../platform/database.ts';
import type { HookRequest } from './hook-request.ts';
import { patientOfHook } from './patient-of-hook.ts';

const IDA = '00000000-0000-4000-8000-00000000001d';
const BEA = '00000000-0000-4000-8000-0000000000be';

it.each([
  ['one person', [IDA], { person: IDA }],
  ['nobody', [], { unresolved: 'unknown' }],
  ['two people', [IDA, BEA], { unresolved: 'ambiguous' }],
])('five identifiers that name %s are asked for in one statement', async (_whom, persons, answer) => {
  const asked: unknown[][] = [];
  const db: Queryable = {
    query: async <Row>(_sql: string, params: readonly unknown[] = []) => {
      asked.push([...params]);
      return persons.map((person) => ({ person })) as Row[];
    },
  };

  expect(await patientOfHook(db, hook(['1', '2', '3', '4', '5']))).toEqual(answer);
  expect(asked).toEqual([[Array.from({ length: 5 }, () => 'urn:oid:2.999.1'), ['1', '2', '3', '4', '5']]]);
});

function hook(values: readonly string[]): HookRequest {
  const identifier = values.map((value) => ({ system: 'urn:oid:2.999.1', value }));
  return {
    hook: 'patient-view',
    hookInstance: '00000000-0000-4000-8000-000000000001',
    context: { patientId: 'pat-77' },
    prefetch: { patient: { resourceType: 'Patient', identifier } },
  };
}
