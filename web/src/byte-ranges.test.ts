import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { charRange } from './byte-ranges.ts';

describe('bytes to characters', () => {
  it('lights a name with accents by its bytes', () => {
    const text = 'PID|1||44^^^N^MR||QUIROGA^INÉS^😀|19660921';
    const start = Buffer.byteLength('PID|1||44^^^N^MR||QUIROGA^INÉS^😀|');

    const place = charRange({ number: 2, text, start: 100 }, 100 + start, 100 + start + 8)!;

    expect(text.slice(place.from, place.to)).toBe('19660921');
  });

  it('finds any substring of any line again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.nat(30), fc.nat(30), (text, a, b) => {
        const points = [...text];
        const [from, to] = [Math.min(a, b, points.length), Math.min(Math.max(a, b), points.length)];
        const wanted = points.slice(from, to).join('');
        const start = Buffer.byteLength(points.slice(0, from).join(''));
        const place = charRange({ number: 1, text, start: 7 }, 7 + start, 7 + start + Buffer.byteLength(wanted));
        expect(place ? text.slice(place.from, place.to) : '').toBe(wanted);
      }),
    );
  });

  it('says nothing of a range on another line', () => {
    expect(charRange({ number: 1, text: 'abc', start: 10 }, 0, 10)).toBeUndefined();
    expect(charRange({ number: 1, text: 'abc', start: 10 }, 13, 20)).toBeUndefined();
  });
});
