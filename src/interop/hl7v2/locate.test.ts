import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText } from './escape.ts';
import { decodeLocation, leavesOf, locateHl7, locateIn, readPath, structureOf } from './locate.ts';
import { asBuffer, isEncodingField, openMessage, rawText } from './message.ts';
import { splitMessages } from './split.ts';

const data = join(process.env['COUNTERSIGN_SAMPLES'] ?? join(import.meta.dirname, '../../../../shared/data'), 'hl7v2');
const folders = ['messages/messages', 'ms-converter/SampleData/Hl7v2'].map((folder) => join(data, folder));

describe('locateHl7', () => {
  const bytes = Buffer.from(
    '\ufeffMSH|^~\\&|LAB|NORTH|||20260102||ORU^R01^ORU_R01|1|P|2.5.1\rPID|1||7^^^A&1.2&ISO~8\rOBX|1\rOBX|2|NM|||1.10\r',
  );

  it.each`
    path                         | text
    ${'ORU_R01/MSH[1]-1'}        | ${'|'}
    ${'ORU_R01/MSH-2'}           | ${'^~\\&'}
    ${'ORU_R01/MSH[1]-9[1].3'}   | ${'ORU_R01'}
    ${'ORU_R01/PID[1]-3'}        | ${'7^^^A&1.2&ISO~8'}
    ${'ORU_R01/PID[1]-3[2]'}     | ${'8'}
    ${'ORU_R01/PID[1]-3[1].4'}   | ${'A&1.2&ISO'}
    ${'ORU_R01/PID[1]-3[1].4.2'} | ${'1.2'}
    ${'ORU_R01/OBX[2]-5[1].1.1'} | ${'1.10'}
    ${'ORU_R01/OBX[1]'}          | ${'OBX|1'}
  `('R143: $path is $text in the stored bytes', ({ path, text }: { path: string; text: string }) => {
    const location = locateHl7(bytes, path);

    expect(decodeLocation(bytes, location)).toBe(text);
    expect(bytes.subarray(location.start, location.end).toString()).toBe(text);
  });

  it.each([
    'ORU_R01/OBX[3]-5',
    'ORU_R01/OBX[2]-9',
    'ORU_R01/PID[1]-3[3]',
    'ORU_R01/PID[1]-3[1].5',
    'ORU_R01/PID[1]-3[1].4.4',
    'ORU_R01/ZZZ',
  ])('refuses %s, which the message does not have', (path) => {
    expect(() => locateHl7(bytes, path)).toThrow('no such path');
  });

  it.each(['OBX[3]-5', 'ORU_R01/OBX-', 'ORU_R01/obx[1]-5', 'ORU_R01/OBX[1]-5[1].1.1.1', ''])('refuses %j, which is no path', (path) => {
    expect(() => readPath(path)).toThrow('not a path');
  });

  it('R143: finds a message inside a file by its envelope and keeps offsets absolute', () => {
    const file = Buffer.concat([bytes, Buffer.from('MSH|$~\\&|X\rOBX|1|ST|||a$b\\S\\c\r')]);
    const second = splitMessages(file).messages[1]!;

    const location = locateHl7(file, 'HL7/OBX[1]-5[1].2', [second.start, second.end]);

    expect(location.start).toBeGreaterThan(second.start);
    expect(decodeLocation(file, location)).toBe('b$c');
  });
});

describe('every leaf', () => {
  const there = folders.every((folder) => existsSync(folder));

  it.skipIf(!there)('R143: decode(locate(path)) is the parsed value for every leaf of every sample message', () => {
    let leaves = 0;
    for (const file of folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))) {
      leaves += provesEveryLeaf(readFileSync(file));
    }
    expect(leaves).toBeGreaterThan(30_000);
  });

  it('R143: decode(locate(path)) is the parsed value for every leaf of any message, and the segments give back every byte', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab1|^~\\&#FSTERX.br0Z é\n') });
    const segment = fc.tuple(fc.constantFrom('PID', 'OBX', 'NTE', 'ZZ1'), text).map(([name, rest]) => `${name}|${rest}`);
    const ends = fc.constantFrom('\r', '\n', '\r\n');
    fc.assert(
      fc.property(fc.array(segment), ends, fc.boolean(), (segments, end, latin) => {
        const head = `MSH|^~\\&#|LAB|NORTH|||20260102||ORU^R01|1|P|2.5.1|||||${latin ? '|8859/1' : '|UNICODE UTF-8'}`;
        const bytes = Buffer.from([head, ...segments, ''].join(end), latin ? 'latin1' : 'utf8');

        provesEveryLeaf(bytes);
      }),
    );
  });

  if (!there) it('says that the sample messages are absent', () => console.info(`skipped: no sample messages at ${data}`));
});

function provesEveryLeaf(bytes: Buffer): number {
  let count = 0;
  for (const range of splitMessages(bytes).messages) {
    const message = openMessage(bytes, range.start, range.end);
    const structure = structureOf(message);
    for (const leaf of leavesOf(message, structure)) {
      const expected = isEncodingField(leaf.segment, leaf.field) ? rawText(message, leaf.range) : decodeText(message, leaf.range).text;
      const location = locateIn(message, leaf.path);
      expect(decodeLocation(bytes, location), leaf.path).toBe(expected);
      expect([location.start, location.end], leaf.path).toEqual([leaf.range.start, leaf.range.end]);
      count++;
    }
    expectBytesBack(message.bytes.subarray(message.start, message.end), message.segments, message.start);
  }
  return count;
}

/** What lies between the segments is terminators and nothing else, so segments and gaps together are the bytes that came. */
function expectBytesBack(body: Uint8Array, segments: { start: number; end: number }[], base: number): void {
  let at = 0;
  for (const segment of [...segments, { start: base + body.length, end: base + body.length }]) {
    const gap = asBuffer(body)
      .subarray(at, segment.start - base)
      .toString('latin1');
    expect(gap).toMatch(/^[\r\n]*$/);
    at = segment.end - base;
  }
  expect(at).toBe(body.length);
}
