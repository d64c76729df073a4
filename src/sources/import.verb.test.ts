import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Io } from '../platform/verb.ts';
import { importVerb } from './import.verb.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-import-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('counts once its receipts are read, and says by how many findings the items were held back', async () => {
  const path = join(folder, 'one.json');
  writeFileSync(path, '{"resourceType":"Patient","id":"p"}');
  const lines: string[] = [];
  const settled: string[][] = [];
  const io = { out: (line: string) => lines.push(line), progress: () => {} } as unknown as Io;

  await importVerb(
    {
      intake: async () => ({ receipt: 'r1', repeat: false }),
      settle: async (receipts) => void settled.push([...receipts]),
      totals: async () => ({ received: 14, stored: 2, rejected: 12, erased: 1, reasons: [{ reason: 'birth-date-differs', count: 1 }] }),
    },
    { path },
    io,
  );

  expect(settled).toEqual([['r1']]);
  expect(lines.slice(1, 5)).toEqual([
    '1 of them erased since in whole or part: what was erased is not kept again.',
    'received 14 = stored 2 + rejected 12',
    '  held back by 1 finding:',
    '  1 × birth-date-differs',
  ]);
});
