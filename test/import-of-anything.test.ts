/* A folder of whatever a site may drop: each file is read, or kept with its reason, and received = stored + rejected to the last one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ReceiptList } from '../src/core/api.ts';
import { onPayload } from '../src/flow.ts';
import { importTotals } from '../src/record/receipts.ts';
import { importVerb } from '../src/sources/import.verb.ts';
import { startHouse, type TestHouse } from './house.ts';

type Totals = { files: number; receipts: number; repeats: number; received: number; stored: number; rejected: number; reasons: unknown };
let house: TestHouse;
let folder: string;
let number = 0;
beforeAll(async () => {
  house = await startHouse({ ehr: false });
  folder = mkdtempSync(join(tmpdir(), 'countersign-drop-'));
});
afterAll(async () => {
  await house.stop();
  rmSync(folder, { recursive: true, force: true });
});

const adt = (charset = '', name = 'DOE'): string =>
  `MSH|^~\\&|DROP|NORTH|C|N|20261120070000-0600||ADT^A08|D${++number}|P|2.5.1||||||${charset}\rPID|1||${number}^^^N&2.999.1.1&ISO^MR||${name}^ADA||19600203|F\r`;
const patient = (id: string): string => JSON.stringify({ resourceType: 'Patient', id, birthDate: '1960-02-03' });

it.each([
  ['latin.hl7', () => Buffer.from(adt('8859/1', 'DÖE'), 'latin1'), 1, {}],
  ['latin-undeclared.hl7', () => Buffer.from(adt('', 'DÖE'), 'latin1'), 0, { 'charset-mismatch': 1 }],
  ['utf8.hl7', () => adt('UNICODE UTF-8', 'DÖE'), 1, {}],
  ['bom.hl7', () => `\ufeff${adt()}`, 1, {}],
  ['line-feeds.hl7', () => adt().replaceAll('\r', '\n'), 1, {}],
  ['both-ends.hl7', () => adt().replaceAll('\r', '\r\n'), 1, {}],
  ['no-last-end.hl7', () => adt().trimEnd(), 1, {}],
  ['utf16.hl7', () => Buffer.from(`\ufeff${adt()}`, 'utf16le'), 0, { 'charset-unsupported': 1 }],
  ['utf16-unmarked.hl7', () => Buffer.from(adt(), 'utf16le'), 0, { 'charset-unsupported': 1 }],
  ['packed.hl7.gz', () => gzipSync(adt()), 0, { compressed: 1 }],
  ['half-a-header.hl7', () => 'MSH|^~\\&|DR', 0, { 'type-missing': 1 }],
  ['empty.hl7', () => '', 0, { 'empty-file': 1 }],
  ['blank.json', () => '\n\n', 0, { 'format-unsupported': 1 }],
  ['bom.json', () => `\ufeff${patient('bom')}`, 1, {}],
  ['utf16.json', () => Buffer.from(`\ufeff${patient('wide')}`, 'utf16le'), 0, { 'charset-unsupported': 1 }],
  ['half.json', () => patient('half').slice(0, -5), 0, { unreadable: 1 }],
  ['half.ndjson', () => `${patient('n1')}\n${patient('n2')}\n${patient('n3').slice(0, 20)}`, 2, { unreadable: 1 }],
  ['crlf.ndjson', () => `${patient('c1')}\r\n${patient('c2')}\r\n`, 2, {}],
  ['page.html', () => '<html>404</html>', 0, { 'format-unsupported': 1 }],
] as [string, () => string | Buffer, number, Record<string, number>][])('%s', async (name, content, stored, reasons) => {
  const path = join(folder, name);
  writeFileSync(path, content());

  const totals = await imported(path);

  const rejected = Object.values(reasons).reduce((sum, one) => sum + one, 0);
  expect(totals).toMatchObject({ received: stored + rejected, stored, rejected });
  expect(totals.reasons).toEqual(Object.entries(reasons).map(([reason, count]) => ({ reason, count })));
});

it('all of them together, in one folder, and again: the sum is exact, nothing is stored twice', async () => {
  const first = await imported(folder);
  const again = await imported(folder);

  expect(first).toMatchObject({ files: 19, received: 22, stored: 11, rejected: 11 });
  expect(first.received).toBe(first.stored + first.rejected);
  expect(again).toEqual({ ...first, repeats: again.receipts });
  const engineer = await house.signIn('marsh');
  const { items } = await engineer.get<ReceiptList>('/api/receipts?count=500');
  expect(items.every(({ state }) => state !== 'received')).toBe(true);
  const [twice] = await house.app.db.query<{ count: bigint }>('select count(*) as count from fact where version > 1');
  expect(Number(twice!.count)).toBe(0);
});

async function imported(path: string): Promise<Totals> {
  const out: string[] = [];
  await importVerb(
    {
      intake: (payload) => onPayload(house.app.house, payload),
      settle: () => house.settle(),
      totals: (ids) => importTotals(house.app.db, ids),
    },
    { path, json: true },
    { out: (text) => out.push(text), err: () => undefined, progress: () => undefined },
  );
  return JSON.parse(out.at(-1)!) as Totals;
}
