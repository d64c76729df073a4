import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readAtoms } from './atoms.ts';
import { isObject, type Json, parseJson, primitiveText } from './json.ts';
import { decodeLocation, locateInDecoded, locateJson, locateText } from './json-locate.ts';
import { scanBundle } from './scan.ts';
import { hasData, jsonFiles, jsonFilesOfArchive, needsData } from './testing/samples.ts';

it.each`
  why                    | json                                   | path              | slice                          | decoded
  ${'a number'}          | ${'{"a":{"value":1.10}}'}              | ${'a.value'}      | ${'1.10'}                      | ${'1.10'}
  ${'a plain string'}    | ${'{"a":[{"b":"x"},{"b":"Grüße"}]}'}   | ${'a[1].b'}       | ${'Grüße'}                     | ${'Grüße'}
  ${'an escaped string'} | ${'{"a":"x\\n\\u00e9\\ud83d\\ude00"}'} | ${'a'}            | ${'x\\n\\u00e9\\ud83d\\ude00'} | ${'x\né😀'}
  ${'after a BOM'}       | ${'\uFEFF {"a" : true}'}               | ${'a'}            | ${'true'}                      | ${'true'}
  ${'an NDJSON line'}    | ${'{"a":1}\n\n{"a":2}\n'}              | ${'line[2].a'}    | ${'2'}                         | ${'2'}
  ${'a list root'}       | ${'[{"a":1},{"a":[null, 7 ]}]'}        | ${'[1].a[1]'}     | ${'7'}                         | ${'7'}
  ${'an odd name'}       | ${'{"a.b":{"[":3}}'}                   | ${'["a.b"]["["]'} | ${'3'}                         | ${'3'}
  ${'an escaped name'}   | ${'{"\\u0061":4}'}                     | ${'a'}            | ${'4'}                         | ${'4'}
  ${'a look-alike'}      | ${'{"x":"\\"a\\":5","a":6}'}           | ${'a'}            | ${'6'}                         | ${'6'}
`('R143: finds $why', ({ json, path, slice, decoded }) => {
  const bytes = new Uint8Array(Buffer.from(json));

  const location = locateJson(bytes, path);

  expect(Buffer.from(bytes.subarray(location.start, location.end)).toString()).toBe(slice);
  expect(decodeLocation(bytes, location)).toBe(decoded);
});

it.each(['b', 'a[2]', 'a.c', 'a[0].x', 'line[3]'])('refuses %s where nothing stands', (path) => {
  expect(() => locateJson(new Uint8Array(Buffer.from('{"a":[1,{"c":2}]}')), path)).toThrow('nothing stands');
});

it('R143: leads from a quote of a note to the base64 groups that hold it', () => {
  const note = '\n# Plan\nGrüße an Frau Ö — PSA 1.10 ng/mL\n';
  const data = Buffer.from(note).toString('base64');
  const bytes = new Uint8Array(
    Buffer.from(`{"resourceType":"DocumentReference","content":[{"attachment":{"contentType":"text/plain","data":"${data}"}}]}`),
  );
  const path = 'content[0].attachment.data';
  const from = note.indexOf('PSA');

  const whole = locateText(bytes, path);
  const part = locateInDecoded(bytes, whole, from, from + 'PSA 1.10'.length);

  expect(decodeLocation(bytes, whole)).toBe(note);
  expect(decodeLocation(bytes, part)).toBe('PSA 1.10');
  expect(part.end - part.start).toBeLessThanOrEqual(16);
  expect(part.steps.map((step) => step.decode)).toEqual(['base64', 'charset']);
});

it('R143: any part of any text is found again, however it was written', () => {
  const charset = fc.constantFrom<BufferEncoding>('utf8', 'latin1');
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.nat(),
      fc.nat(),
      charset,
      fc.boolean(),
      (text, a, b, encoding, attached) => {
        const stored = attached ? Buffer.from(text, encoding).toString('base64') : text;
        const bytes = new Uint8Array(Buffer.from(JSON.stringify({ contentType: 'text/plain', data: stored })));
        const whole = attached ? locateText(bytes, 'data') : locateJson(bytes, 'data');
        const decoded = decodeLocation(bytes, whole);
        // Cut between whole characters: half a surrogate pair has no bytes of its own.
        const cuts = [0, ...Array.from(decoded).map((_, index, all) => all.slice(0, index + 1).join('').length)];
        const [from, to] = [cuts[a % cuts.length]!, cuts[b % cuts.length]!].sort((x, y) => x - y) as [number, number];

        expect(decodeLocation(bytes, locateInDecoded(bytes, whole, from, to))).toBe(decoded.slice(from, to));
      },
    ),
    { numRuns: 500 },
  );
});

it('R143: decode(locate(path)) is the parsed value for every leaf of any JSON', () => {
  const json = fc.json({ maxDepth: 5, stringUnit: 'binary' });
  const shape = fc.tuple(fc.oneof(json, nastyJson()), fc.constantFrom(undefined, 1, '\t'), fc.boolean());
  fc.assert(
    fc.property(shape, ([text, indent, bom]) => {
      const written = (bom ? '\uFEFF' : '') + JSON.stringify(JSON.parse(text), null, indent);
      if (/"(__proto__|line)"/.test(written)) return;
      expectEveryLeaf(new Uint8Array(Buffer.from(written)), parseJson(written));
    }),
    { numRuns: 300 },
  );
});

it(`R143: decode(locate(path)) is the parsed value for every leaf of real charts${needsData}`, { skip: !hasData }, () => {
  for (const { bytes } of jsonFiles('synthea/small-10')) {
    for (const entry of scanBundle(bytes).entries) expectEveryLeaf(bytes, entry.resource, entry.path, [entry.start, entry.end]);
  }
});

it(`R143: decode(locate(path)) is the parsed value for every leaf of the official examples${needsData}`, { skip: !hasData }, () => {
  const all = jsonFilesOfArchive('fhir-r4/r4-examples.tar.xz');
  const definitions = /^examples\/(StructureDefinition|SearchParameter|ValueSet|CodeSystem|NamingSystem)-/;
  // Every leaf walks its whole file: the largest would take minutes and hold nothing new.
  const some = all.filter(({ name, bytes }, index) => bytes.length < 60_000 && (!definitions.test(name) || index % 40 === 0));

  for (const { bytes } of some) expectEveryLeaf(bytes, parseJson(Buffer.from(bytes).toString()));

  expect(some.length).toBeGreaterThan(1000);
});

it(`R143: every atom of real charts is found at its path${needsData}`, { skip: !hasData }, () => {
  let notes = 0;
  for (const { bytes } of jsonFiles('synthea/small-10')) {
    for (const { resource, path, start, end } of scanBundle(bytes).entries) {
      for (const atom of readAtoms(resource)) {
        const location = locateText(bytes, `${path}.${atom.path}`, [start, end]);
        if (decodeLocation(bytes, location) !== atom.text) expect(decodeLocation(bytes, location)).toBe(atom.text);
        if (atom.path.endsWith('.data')) notes++;
      }
    }
  }
  expect(notes).toBeGreaterThan(200);
});

function expectEveryLeaf(bytes: Uint8Array, root: Json, base = '', envelope?: [number, number]): void {
  for (const [path, value] of leaves(root, base)) {
    const decoded = decodeLocation(bytes, locateJson(bytes, path, envelope));
    const parsed = value === null ? 'null' : primitiveText(value)!;
    if (decoded !== parsed) expect([path, decoded]).toEqual([path, parsed]);
  }
}

function* leaves(value: Json, path: string): Generator<[string, Json]> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* leaves(item, `${path}[${index}]`);
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) yield* leaves(item, member(path, key));
  } else yield [path, value];
}

function member(path: string, key: string): string {
  if (key === '' || /[.[\]"]/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** Escapes, lone surrogates, astral characters, control characters and quotes, in names and values. */
function nastyJson(): fc.Arbitrary<string> {
  const piece = fc.constantFrom(
    '\u0000',
    '\u001f',
    '"',
    '\\',
    '\\"',
    '\ud83d',
    '\ude00',
    '😀',
    'é',
    '\u2028',
    '{',
    ']',
    ',',
    'a',
    '\uFEFF',
    '.',
  );
  const text = fc.array(piece, { maxLength: 6 }).map((parts) => parts.join(''));
  return fc.dictionary(text, fc.oneof(text, fc.array(text), fc.double().map(String))).map((value) => JSON.stringify(value));
}
