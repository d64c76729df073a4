import { expect, it } from 'vitest';
import { holdsTextOnly, isText } from './text.ts';

it.each([
  ['', true],
  ['Adé 👩‍⚕️ \u0001 \ufffd', true],
  ['a\u0000b', false],
  ['\ud800', false],
  ['a\udc00b', false],
  ['\ud83d\ude00', true],
])('%j is text: %s', (value, text) => {
  expect(isText(value)).toBe(text);
});

it.each([
  [{ a: [{ b: 'c' }], d: 1, e: null }, true],
  [{ a: [{ b: '\u0000' }] }, false],
  [{ a: { '\ud800': 1 } }, false],
  ['x\udfff', false],
])('%j holds text only: %s', (value, text) => {
  expect(holdsTextOnly(value)).toBe(text);
});
