import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Payload } from '../core/receipt.ts';
import { contentTypeOf } from './content-type.ts';
import { partsOf, payloadsOf } from './files.ts';

it.each`
  text                                 | name          | type
  ${'MSH|^~\\&|A'}                     | ${'a.hl7'}    | ${'application/hl7-v2+er7'}
  ${'\u000bMSH|^~\\&|A'}               | ${'a.bin'}    | ${'application/hl7-v2+er7'}
  ${'\uFEFFMSH#*~\\&#A'}               | ${'a.txt'}    | ${'application/hl7-v2+er7'}
  ${'{"resourceType":"Patient"}'}      | ${'a.json'}   | ${'application/fhir+json'}
  ${'{"resourceType":"Patient"}'}      | ${'a.ndjson'} | ${'application/fhir+ndjson'}
  ${'{"a":1}\n{"a":2}\n'}              | ${'a.txt'}    | ${'application/fhir+ndjson'}
  ${'{\n "resourceType":"Patient"\n}'} | ${'a.txt'}    | ${'application/fhir+json'}
  ${'MSHELL is not a message'}         | ${'a.txt'}    | ${'application/octet-stream'}
  ${'%PDF-1.7'}                        | ${'a.pdf'}    | ${'application/octet-stream'}
`('$name that begins $text is $type', ({ text, name, type }) => {
  expect(contentTypeOf(Buffer.from(text), name)).toBe(type);
});

it('parts are the whole file, in order, cut only where an item begins', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 400 }), (lengths) => {
      const starts = lengths.map((_, index) => lengths.slice(0, index).reduce((sum, one) => sum + one, 0));
      const length = lengths.reduce((sum, one) => sum + one, 0);

      const parts = partsOf(starts, length);

      expect(parts[0]![0]).toBe(0);
      expect(parts.at(-1)![1]).toBe(length);
      parts.slice(1).forEach(([from], index) => {
        expect(from).toBe(parts[index]![1]);
        expect(starts).toContain(from);
      });
    }),
  );
});

it('messages of two senders never come in one part, and each names its sender', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-files-'));
  const message = (sender: string): string => `MSH|^~\\&|${sender}|NORTH|||20260101||ORU^R01|1|P|2.5.1\rPID|1||1\r\n`;
  await writeFile(join(folder, 'mixed.hl7'), [message('LAB'), message('LAB'), message('RAD'), message('LAB')].join(''));

  const parts: Payload[] = [];
  for await (const payload of payloadsOf(join(folder, 'mixed.hl7'))) parts.push(payload);

  expect(parts.map((part) => part.source)).toEqual(['lab.north', 'rad.north', 'lab.north']);
  await rm(folder, { recursive: true });
});

it('a file of many messages comes in parts whose bytes together are the file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-files-'));
  const text = Array.from({ length: 250 }, (_, index) => `MSH|^~\\&|LAB|N|||20260101||ORU^R01|${index}|P|2.5.1\rPID|1||${index}\r\n`).join(
    '',
  );
  await writeFile(join(folder, 'lab.hl7'), text);

  const parts: Payload[] = [];
  for await (const payload of payloadsOf(join(folder, 'lab.hl7'), 'lab')) parts.push(payload);

  expect(parts.length).toBe(3);
  expect(Buffer.concat(parts.map((part) => part.bytes)).toString()).toBe(text);
  await rm(folder, { recursive: true });
});
