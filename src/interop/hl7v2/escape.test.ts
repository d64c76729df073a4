import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeText, escapeText } from './escape.ts';
import { decodeLocation, locateHl7 } from './locate.ts';
import { openMessage, repetitionAt, segmentAt } from './message.ts';

it.each`
  sent                                  | read                   | flags
  ${'a\\F\\b'}                          | ${'a|b'}               | ${[]}
  ${'\\S\\\\T\\\\R\\\\E\\'}             | ${'^&~\\'}             | ${[]}
  ${'one\\.br\\two\\.br\\\\.br\\three'} | ${'one\ntwo\n\nthree'} | ${[]}
  ${'a\\.sp2\\b\\.sk3\\c\\.in+4\\d'}    | ${'a\n\nb   cd'}       | ${[]}
  ${'\\H\\high\\N\\ low'}               | ${'high low'}          | ${[]}
  ${'\\X41\\\\X0D0A\\'}                 | ${'A\r\n'}             | ${[]}
  ${'\\XC3A9\\t\\XC3A9\\'}              | ${'été'}               | ${[]}
  ${'\\XE9\\'}                          | ${'\ufffd'}            | ${['escape-not-in-charset']}
  ${'\\Zlocal\\'}                       | ${'\\Zlocal\\'}        | ${['escape-local']}
  ${'\\C2842\\'}                        | ${'\\C2842\\'}         | ${['escape-local']}
  ${'C:\\temp\\F\\x'}                   | ${'C:\\temp|x'}        | ${['escape-unreadable']}
  ${'open \\ end'}                      | ${'open \\ end'}       | ${['escape-unreadable']}
  ${'\\X4\\'}                           | ${'\\X4\\'}            | ${['escape-unreadable']}
  ${'a\\X4100\\b'}                      | ${'a\\X4100\\b'}       | ${['escape-unreadable']}
`('R88: $sent reads $read', ({ sent, read, flags }: { sent: string; read: string; flags: string[] }) => {
  const message = openMessage(Buffer.from(`MSH|^~\\&|LAB\rOBX|1|FT|x||${sent}|\r`));

  const decoded = decodeText(message, repetitionAt(message, segmentAt(message, 'OBX')!, 5, 1)!);

  expect(decoded).toEqual({ text: read, flags });
});

it('R88: escapes of the message character set resolve in ISO-8859-1 too, in the text and through the location', () => {
  const bytes = Buffer.from(`MSH|^~\\&${'|'.repeat(16)}8859/1\rOBX|1|FT|x||\\XE9\\t\xe9|\r`, 'latin1');
  const location = locateHl7(bytes, 'ORU_R01/OBX[1]-5[1]');

  expect(location.steps.map((step) => step.decode)).toEqual(['hl7-escape', 'charset']);
  expect(decodeLocation(bytes, location)).toBe('été');
});

it('R88: any text comes back the same through any delimiters', () => {
  const delimiters = fc.shuffledSubarray(['|', '^', '~', '\\', '&', '#', '!', '*', '+', '?', '@', '%'], { minLength: 5, maxLength: 6 });
  fc.assert(
    fc.property(delimiters, fc.string({ unit: 'grapheme', minLength: 1 }), (chosen, text) => {
      const [field, ...encoding] = chosen;
      fc.pre(!(encoding.length === 3 && encoding[2] === '&'));
      const head = `MSH${field}${encoding.join('')}${field}LAB`;
      const empty = openMessage(Buffer.from(head));
      const message = openMessage(Buffer.from(`${head}\rOBX${field}${escapeText(text, empty.delimiters)}\r`));

      const decoded = decodeText(message, repetitionAt(message, segmentAt(message, 'OBX')!, 1, 1)!);

      expect(decoded).toEqual({ text: text.replaceAll(/\r\n?/g, '\n'), flags: [] });
      expect(message.segments).toHaveLength(2);
    }),
  );
});
