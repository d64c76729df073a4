import { afterAll, beforeAll, expect, it } from 'vitest';
import { readHl7 } from '../interop/hl7v2/read-message.ts';
import type { Db } from '../platform/database.ts';
import { openScratchDatabase } from '../platform/scratch-database.ts';
import { resolvePeople } from './people.ts';

let db: Db;
beforeAll(async () => {
  db = await openScratchDatabase();
});
afterAll(() => db.close());

it.each(['MB', 'SS', 'AN', 'MC'])('R125: twins born one day, with one number of type %s between them, stay two people', async (type) => {
  const pid = (mrn: string, name: string) =>
    `PID|1||F5^^^PLAN&9.9&ISO^${type}~${mrn}${type}^^^NORTH&1.2.3&ISO^MR||DOE^${name}||20200101|F||||||||||ACC1|999-99-9999`;

  const [anna, bella] = [await resolve(pid('1', 'ANNA')), await resolve(pid('2', 'BELLA'))];

  expect(anna).not.toBe(bella);
  expect(await resolve(pid('1', 'ANNA'))).toBe(anna);
});

async function resolve(pid: string): Promise<string | undefined> {
  const bytes = Buffer.from(['MSH|^~\\&|LAB|NORTH|||20260301120000+0000||ADT^A08|1|P|2.5.1', pid, ''].join('\r'));
  const { people } = readHl7(bytes, { source: 'lab', receipt: '11111111-1111-4111-8111-111111111111', authorities: new Map() });
  const [resolved] = await db.transaction((tx) => resolvePeople(tx, [people[0]!.person], '2026-11-22T08:00:00.000Z'));
  return resolved && 'person' in resolved ? resolved.person : undefined;
}
