/* One chart through the doors: each fact down to its bytes, what its versions changed, and the chart as it was known at an instant. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FactLineageView, FactView, PatientBanner } from '../src/core/api.ts';
import { type Seat, startHouse, type TestHouse } from './house.ts';

type ChartView = { person: PatientBanner; knownAt: string; facts: FactView[] };

let house: TestHouse;
let clinician: Seat;
let person: string;
let beforeCorrection: string;
const first = oru('5.6', 'H', 'F', '20261120070000-0600');
const second = oru('4.9', 'N', 'C', '20261120090000-0600');

beforeAll(async () => {
  house = await startHouse({ ehr: false });
  clinician = await house.signIn('halloran');
  await house.take('', first);
  await house.settle();
  beforeCorrection = house.clock.now();
  house.clock.advance(60_000);
  await house.take('', second);
  await house.settle();
  const { items } = await clinician.get<{ items: { id: string; mrn: string }[] }>('/api/patients?q=7000001');
  person = items[0]!.id;
});
afterAll(() => house.stop());

describe('one chart', () => {
  it('every fact leads to the bytes it came from, and those bytes say what it says', async () => {
    const { facts } = await chart();
    expect(facts.length).toBeGreaterThan(2);

    for (const fact of facts) {
      const lineage = await open(fact);
      expect(lineage.fact).toMatchObject({ id: fact.id, version: fact.version });
      const spans = lineage.sources.flatMap((source) => source.spans.map((span) => ({ ...span, receipt: source.receipt })));
      expect(spans).toHaveLength(lineage.atoms.length);
      for (const span of spans) {
        const slice = (await clinician.bytes(`/api/receipts/${span.receipt}/bytes`)).subarray(span.start, span.end);
        expect(house.sha256(slice)).toBe(span.sha256);
        expect(slice.toString('utf8')).toBe(span.quote);
      }
    }
  });

  it('says what a correction changed, newest version first, and shows the bytes of each version', async () => {
    const now = await potassium();

    const { versions, sources } = await open(now);

    expect(versions.map((one) => [one.version, one.value, one.status])).toEqual([[2, '4.9', 'corrected'], [1, '5.6', 'final']]); // biome-ignore format: short
    expect(versions[0]!.changes).toContainEqual({ name: 'value', from: '5.6', to: '4.9' });
    expect(versions[0]!.changes).toContainEqual({ name: 'flag', from: 'H', to: 'N' });
    expect(versions[0]!.changes.map((one) => one.name)).not.toContain('unit');
    expect(versions[1]!.changes).toEqual([]);
    expect(sources[0]!.lines.map((line) => line.text).join('\n')).toContain('|4.9|');
    const old = await open({ ...now, version: 1 });
    expect(old.sources[0]!.lines.map((line) => line.text).join('\n')).toContain('|5.6|');
  });

  it('as known before the correction, the first value stands and the second is not there', async () => {
    const then = await chart(beforeCorrection);

    expect(then.knownAt).toBe(beforeCorrection);
    expect(valuesOf(then)).toEqual([['5.6', null]]);
    expect(valuesOf(await chart())).toEqual([['4.9', null], ['5.6', house.clock.now()]]); // biome-ignore format: short
  });

  it('an instant that has not come is now', async () => {
    expect((await chart('2030-01-01T00:00:00.000Z')).knownAt).toBe(house.clock.now());
  });

  it("nobody reaches another person's fact through this one's chart", async () => {
    await house.take('', first.replaceAll('7000001', '7000002'));
    await house.settle();
    const { items } = await clinician.get<{ items: { id: string }[] }>('/api/patients?q=7000002');
    const fact = await potassium();

    await expect(clinician.get(`/api/patients/${items[0]!.id}/facts/${fact.id}/${fact.version}`)).rejects.toThrow(/answered 40[34]/);
  });
});

function chart(knownAt?: string): Promise<ChartView> {
  return clinician.get<ChartView>(`/api/patients/${person}/facts${knownAt ? `?knownAt=${encodeURIComponent(knownAt)}` : ''}`);
}

function open(fact: { id: string; version: number }): Promise<FactLineageView> {
  return clinician.get<FactLineageView>(`/api/patients/${person}/facts/${fact.id}/${fact.version}`);
}

async function potassium(): Promise<FactView> {
  return (await chart()).facts.find((one) => one.display === 'Potassium' && one.supersededAt === null)!;
}

function valuesOf({ facts }: ChartView): [string | null, string | null][] {
  return facts.filter((one) => one.display === 'Potassium').map((one) => [one.value, one.supersededAt]);
}

function oru(value: string, flag: string, status: string, reported: string): string {
  const at = '20261120061500-0600';
  return [
    `MSH|^~\\&|NORTHLAB|NORTH|COUNTERSIGN|NORTH|${reported}||ORU^R01^ORU_R01|K${status}|P|2.5.1`,
    'PID|1||7000001^^^NORTH&2.999.1.1&ISO^MR||ROWAN^EDDA||19550214|F',
    `OBR|1||NL7000001^NORTHLAB|24320-4^Basic metabolic panel^LN|||${at}|||||||||||||||${reported}|||${status}`,
    `OBX|1|NM|2823-3^Potassium^LN||${value}|mmol/L|3.5-5.1|${flag}|||${status}|||${at}`,
  ].join('\r');
}
