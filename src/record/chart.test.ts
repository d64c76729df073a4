import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyFact } from '../core/fact.ts';
import type { Permit } from '../core/ports.ts';
import type { Db, Queryable } from '../platform/database.ts';
import { openScratchDatabase } from '../platform/scratch-database.ts';
import { readChart } from './chart.ts';
import { about, MRN, reading, result, stored } from './record-fixture.ts';
import { recordReadings } from './record-readings.ts';

const NOW = '2026-11-22T08:00:00.000Z';
const AFTER = '2026-11-22T09:00:00.000Z';
let db: Db;
beforeAll(async () => {
  db = await openScratchDatabase();
});
afterAll(() => db.close());

it('a chart of several source persons is one statement, each fact with its own source', async () => {
  const person = await record('north-lab', '700001', 'a');
  expect(await record('north-ehr', '700001', 'b')).toBe(person);
  const { counted, statements } = counting(db);

  const chart = await readChart(counted, permit(person), person, AFTER);

  expect(chart.facts.map((fact) => fact.source).sort()).toEqual(['north-ehr', 'north-lab']);
  expect(statements()).toBe(1);
});

it('R98: a chart as of an instant that has not come is refused', async () => {
  const person = await record('north-lab', '700003', 'd');
  const asked = (asOf: string) => readChart(db, permit(person), person, asOf, AFTER);

  await expect(asked('2026-11-22T09:00:00.001Z')).rejects.toMatchObject({ code: 'request_invalid' });
  expect((await asked(AFTER)).facts).toHaveLength(1);
});

it('a fact of a chart keeps its origins and atoms when it is copied or written as JSON', async () => {
  const person = await record('north-lab', '700002', 'c');
  const [fact] = (await readChart(db, permit(person), person, AFTER)).facts;

  const copied = copyFact(fact!, { recordedAt: '', supersededAt: '' });
  const written = JSON.parse(JSON.stringify(fact)) as typeof fact;

  expect(copied).toMatchObject({ recordedAt: '', supersededAt: '', origins: fact!.origins, atoms: fact!.atoms });
  expect(written).toEqual(copyFact(fact!));
  expect(copied.atoms.map((atom) => atom.name)).toContain('value');
  expect(copied.origins).toHaveLength(1);
});

async function record(source: string, mrn: string, key: string): Promise<string> {
  return db.transaction(async (tx) => {
    const receipt = await stored(tx, `${source} ${mrn} ${key}`, NOW, source);
    const facts = about(mrn, [result({ key, id: crypto.randomUUID() })], { source, identifiers: [{ authority: MRN, value: mrn }] });
    return (await recordReadings(tx, [{ receipt, reading: reading([facts]) }], NOW)).persons[0]!;
  });
}

function counting(queryable: Queryable): { counted: Queryable; statements(): number } {
  let statements = 0;
  const counted: Queryable = {
    query: (sql, params) => {
      statements += 1;
      return queryable.query(sql, params);
    },
  };
  return { counted, statements: () => statements };
}

function permit(person: string): Permit {
  return { actor: 'test', purpose: 'treatment', person, labels: [], expiresAt: '2027-01-01T00:00:00.000Z' };
}
