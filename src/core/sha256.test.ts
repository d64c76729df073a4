import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sha256 } from './sha256.ts';

it.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
])('SHA-256 of %j is the FIPS 180-4 value', (text, digest) => {
  expect(Buffer.from(sha256(new TextEncoder().encode(text))).toString('hex')).toBe(digest);
});

it('agrees with the native hash for every length around the block boundaries, and for any bytes', () => {
  for (let length = 0; length <= 200; length++) same(new Uint8Array(length).fill(length));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 700 }), same));
});

function same(bytes: Uint8Array): void {
  expect(Buffer.from(sha256(bytes)).toString('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
}
