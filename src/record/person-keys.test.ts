import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readHl7File } from '../interop/hl7v2/read-file.ts';
import type { Db } from '../platform/database.ts';
import { openScratchDatabase } from '../platform/scratch-database.ts';
import { stored } from './record-fixture.ts';
import { recordReadings } from './record-readings.ts';

let db: Db;
let mrn = 0;
beforeAll(async () => {
  db = await openScratchDatabase();
});
afterAll(() => db.close());
beforeEach(() => {
  mrn++;
});

const east = () => `E${mrn}^^^EASTMRN^MR`;
const west = () => `W${mrn}^^^WESTMRN^MR`;

describe.each([
  ['without an order number', ''],
  ['with an order number', 'F77'],
])('one result sent again %s', (_, filler) => {
  it.each`
    how                                     | first                     | then
    ${'its identifiers in another order'}   | ${() => [east(), west()]} | ${() => [west(), east()]}
    ${'an identifier more, which is first'} | ${() => [east()]}         | ${() => [west(), east()]}
    ${'an identifier less'}                 | ${() => [east(), west()]} | ${() => [west()]}
  `('R30: with $how, is the same result of the same patient', async ({ first, then }) => {
    await record(oru(first(), filler, '20261119100000'));
    await record(oru(then(), filler, '20261119103000'));
    await record(oru(then(), filler, '20261119110000', 'C', '6.1'));

    expect(await standing()).toEqual([
      ['DiagnosticReport', 'A', null],
      ['Observation', 'A', '6.1'],
      ['Patient', 'A', null],
    ]);
    // Report, result and subject still name each other.
    const [report] = await contents('DiagnosticReport');
    const [result] = await contents('Observation');
    const [patient] = await contents('Patient');
    expect(report.result[0].reference).toBe(`Observation/${result.id}`);
    expect([report.subject.reference, result.subject.reference]).toEqual([`Patient/${patient.id}`, `Patient/${patient.id}`]);
  });
});

it.each([1, 2, 3, 4, 5, 6])(
  'R30: a result repeated after a merge replaces none of the registration that was merged away (%i)',
  async () => {
    await record(oru([east()], '', '20261119100000', 'F', '1.0'));
    await record(oru([west()], '', '20261119100000', 'F', '2.0'));
    await record(a40(west(), east()));

    await record(oru([west(), east()], '', '20261119110000', 'F', '2.0'));

    const values = (await standing()).filter((row) => (row as string[])[0] === 'Observation');
    expect(values).toEqual(expect.arrayContaining([['Observation', 'A', '1.0'], ['Observation', 'A', '2.0']])); // biome-ignore format: short
    expect(values).toHaveLength(2);
  },
);

it('R30: a message that only repeats its identifiers in another order is no other version', async () => {
  const before = await count();
  await record(oru([east(), west()], '', '20261119100000'));
  const once = await count();
  await record(oru([west(), east()], '', '20261119100000'));

  expect([once - before, await count()]).toEqual([3, once]);
});

async function record(message: string): Promise<void> {
  await db.transaction(async (tx) => {
    const receipt = await stored(tx, message, '2026-11-22T08:00:00.000Z');
    const read = readHl7File(Buffer.from(message), { source: receipt.source, receipt: receipt.id, authorities: new Map() });
    await recordReadings(tx, [{ receipt, reading: read }], '2026-11-22T08:00:00.000Z');
  });
}

let controls = 0;

function a40(into: string, from: string): string {
  return [
    `MSH|^~\\&|LAB|NORTH|||20261119103000+0000||ADT^A40^ADT_A39|C${++controls}|P|2.5.1`,
    'EVN||20261119103000+0000',
    `PID|1||${into}||DOE^ANNA||19600102|F`,
    `MRG|${from}`,
    '',
  ].join('\r');
}

function oru(pid: string[], filler: string, sent: string, status = 'F', value = '5.6'): string {
  return [
    `MSH|^~\\&|LAB|NORTH|||${sent}+0000||ORU^R01^ORU_R01|C${++controls}|P|2.5.1`,
    `PID|1||${pid.join('~')}||DOE^ANNA||19600102|F`,
    `OBR|1||${filler && `${filler}-${mrn}`}|24323-8^CMP^LN|||20261119070000+0000|||||||||||||||${sent}+0000||CH|${status}`,
    `OBX|1|NM|2823-3^Potassium^LN||${value}|mmol/L|3.5-5.1||||${status}`,
    '',
  ].join('\r');
}

async function standing(): Promise<unknown[]> {
  const rows = await db.query<{ type: string; grade: string; value: string | null }>(
    `select type, grade, value from fact where superseded_at is null and source_person in (${MINE}) order by type`,
    [`E${mrn}`, `W${mrn}`],
  );
  return rows.map((row) => [row.type, row.grade, row.value]);
}

// biome-ignore lint/suspicious/noExplicitAny: FHIR JSON of a test
async function contents(type: string): Promise<any[]> {
  const rows = await db.query<{ content: string }>(
    `select content::text as content from fact where superseded_at is null and type = $3 and source_person in (${MINE})`,
    [`E${mrn}`, `W${mrn}`, type],
  );
  return rows.map((row) => JSON.parse(row.content));
}

async function count(): Promise<number> {
  const [row] = await db.query<{ n: number }>('select count(*)::int as n from fact');
  return row!.n;
}

const MINE = 'select source_person from ident where value in ($1, $2)';
