import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Permit } from '../core/ports.ts';
import type { Db } from '../platform/database.ts';
import { openScratchDatabase } from '../platform/scratch-database.ts';
import { listPatients } from './patients.ts';
import { resolvePeople } from './people.ts';
import { MRN } from './record-fixture.ts';

const NOW = '2026-11-22T12:00:00.000Z';
const ANY: Permit = { actor: 'clinician-1', purpose: 'treatment', person: 'any', labels: [], expiresAt: '2027-01-01T00:00:00.000Z' };

let db: Db;
beforeAll(async () => {
  db = await openScratchDatabase();
  await db.transaction((tx) =>
    resolvePeople(tx, [person('4471902', 'Lenora T Osgood'), person('4471903', 'Odell Lenhart'), person('4471904', 'Ana 100% Sure')], NOW),
  );
});
afterAll(() => db.close());

it.each`
  q            | found
  ${''}        | ${['100% Sure', 'Lenhart', 'Osgood']}
  ${'osg'}     | ${['Osgood']}
  ${'OSGOOD '} | ${['Osgood']}
  ${'leno'}    | ${['Osgood']}
  ${'len'}     | ${['Lenhart', 'Osgood']}
  ${'sgood'}   | ${[]}
  ${'%'}       | ${[]}
  ${'100%'}    | ${['100% Sure']}
  ${'4471903'} | ${['Lenhart']}
  ${'447190'}  | ${[]}
`('"$q" finds $found', async ({ q, found }) => {
  const names = (await listPatients(db, ANY, q, NOW)).map(({ name }) => (found as string[]).find((one) => name?.includes(one)) ?? name);

  expect(names.sort()).toEqual(found);
});

function person(mrn: string, name: string): Parameters<typeof resolvePeople>[1][number] {
  return { source: 'north-lab', identifiers: [{ authority: MRN, value: mrn }], name };
}
