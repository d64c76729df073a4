import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  COUNTERSIGN_NAMESPACE,
  fromBase64,
  fromHex,
  sameBytes,
  sha256,
  sha256Hex,
  sha256Of,
  toBase64,
  toBase64Url,
  toHex,
  uuidFromParts,
  uuidV5,
} from './digest.ts';

const DNS = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
const URL_NAMESPACE = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';

describe('digest', () => {
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ])('SHA-256 of %j is the FIPS 180-4 value', (text, hex) => {
    expect(sha256Hex(text)).toBe(hex);
    expect(toHex(sha256(new TextEncoder().encode(text)))).toBe(hex);
    expect(toHex(sha256Of(text.slice(0, 1), text.slice(1)))).toBe(hex);
  });

  it('name-based ids agree with other implementations', () => {
    expect(uuidV5(DNS, 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
    expect(uuidV5(URL_NAMESPACE, 'urn:countersign')).toBe(COUNTERSIGN_NAMESPACE);
  });

  it('two different lists of parts never share an id', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (a, b) => {
        expect(uuidFromParts(...a) === uuidFromParts(...b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
    expect(uuidFromParts('ab', 'c')).not.toBe(uuidFromParts('a', 'bc'));
    expect(uuidFromParts('a', '')).not.toBe(uuidFromParts('a'));
  });

  it('hexadecimal and base64 come back as the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(sameBytes(fromHex(toHex(bytes)), bytes)).toBe(true);
        expect(sameBytes(fromBase64(toBase64(bytes)), bytes)).toBe(true);
        expect(toBase64Url(bytes)).toMatch(/^[\w-]*$/);
      }),
    );
  });

  it.each(['0', 'zz', '0g'])('refuses %j as hexadecimal', (text) => {
    expect(() => fromHex(text)).toThrow('not hexadecimal');
  });

  it.each(['a', 'YQ', 'YR==', 'Y Q='])('refuses %j as base64', (text) => {
    expect(() => fromBase64(text)).toThrow('not base64');
  });
});
