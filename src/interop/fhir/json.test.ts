import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NumberText, parseJson } from './json.ts';
import { scanBundle, scanLine } from './scan.ts';

it('parses what JSON.parse parses, to the same value', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary' }), (text) => {
      if (text.includes('__proto__')) return;
      expect(JSON.parse(JSON.stringify(parseJson(text)))).toEqual(JSON.parse(text));
    }),
    { numRuns: 200 },
  );
});

it.each(['1.10', '0.0', '1e3', '-0', '12345678901234567890', '0.1', '-17', '1E-7'])('keeps the number %s as written', (number) => {
  expect(JSON.stringify(parseJson(`{"a":[${number}]}`))).toBe(`{"a":[${number}]}`);
});

it.each`
  why                      | text
  ${'nothing'}             | ${''}
  ${'text after the end'}  | ${'{} x'}
  ${'a repeated member'}   | ${'{"a":1,"a":2}'}
  ${'a prototype member'}  | ${'{"__proto__":{}}'}
  ${'a trailing comma'}    | ${'[1,]'}
  ${'a leading zero'}      | ${'[01]'}
  ${'a bare word'}         | ${'[nul]'}
  ${'a single quote'}      | ${"{'a':1}"}
  ${'a control character'} | ${'["a\u0001"]'}
  ${'a bad escape'}        | ${'["\\x"]'}
  ${'no end of string'}    | ${'["a'}
  ${'no end of list'}      | ${'[1'}
  ${'endless depth'}       | ${'['.repeat(200) + ']'.repeat(200)}
`('refuses $why without repeating it', ({ text }) => {
  expect(() => parseJson(text)).toThrow(/^JSON not readable at character \d+: /);
});

it.each(['1.', '.5', '0x10', 'NaN', ''])('%s is no JSON number', (text) => {
  expect(() => new NumberText(text)).toThrow('not a JSON number');
});

it('gives each entry of a Bundle its range, its fullUrl and its request in one pass', () => {
  const text =
    '{"entry":[{"fullUrl":"urn:uuid:é","resource": {"resourceType":"Patient","id":"ü"} ,"request":{"method":"PUT"}},{"request":{"method":"DELETE"}}],"type":"batch","resourceType":"Bundle"}';
  const bytes = new Uint8Array(Buffer.from(text));

  const { kind, head, entries } = scanBundle(bytes);

  expect([kind, head]).toEqual(['bundle', { type: 'batch', resourceType: 'Bundle' }]);
  expect(entries[0]).toMatchObject({ path: 'entry[0].resource', fullUrl: 'urn:uuid:é', request: { method: 'PUT' } });
  expect(Buffer.from(bytes.subarray(entries[0]!.start, entries[0]!.end)).toString()).toBe('{"resourceType":"Patient","id":"ü"}');
  expect(entries[1]).toMatchObject({ path: 'entry[1]', resource: null, request: { method: 'DELETE' } });
});

it('a resource with a repeated member spoils only itself', () => {
  const { entries } = scanBundle(
    new Uint8Array(Buffer.from('{"resourceType":"Bundle","entry":[{"resource":{"id":"1","id":"2"}},{"resource":{"id":"3"}}]}')),
  );

  expect(entries.map((entry) => entry.problem !== undefined)).toEqual([true, false]);
  expect(entries[1]!.resource).toEqual({ id: '3' });
});

it('refuses bytes that are not UTF-8, where every range would shift', () => {
  expect(() => scanBundle(new Uint8Array([0x7b, 0x22, 0xe9, 0x22, 0x3a, 0x31, 0x7d]))).toThrow('UTF-8');
});

it('gives a line of NDJSON its place in the whole file', () => {
  expect(scanLine(new Uint8Array(Buffer.from(' {"id":"é"} ')), 7, 100)).toMatchObject({ path: 'line[7]', start: 101, end: 112 });
  expect(scanLine(new Uint8Array(Buffer.from('  ')), 8, 120)).toBeUndefined();
});
