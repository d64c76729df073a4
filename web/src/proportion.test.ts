import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { proportion } from './proportion.ts';

describe('a share with its interval', () => {
  // Expected limits: Newcombe 1998, Statistics in Medicine 17:857, table I, method 3 (Wilson without correction).
  it.each`
    part  | whole  | low       | high
    ${81} | ${263} | ${0.2553} | ${0.3662}
    ${15} | ${148} | ${0.0624} | ${0.1605}
    ${0}  | ${20}  | ${0}      | ${0.1611}
    ${1}  | ${29}  | ${0.0061} | ${0.1718}
  `('$part of $whole lies between $low and $high', ({ part, whole, low, high }) => {
    const found = proportion(part, whole)!;

    expect(found.low).toBeCloseTo(low, 4);
    expect(found.high).toBeCloseTo(high, 4);
  });

  it('holds the share and stays within 0 and 1; of nothing it says nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.nat(5000), (whole, some) => {
        const part = Math.min(some, whole);
        const { share, low, high } = proportion(part, whole)!;
        expect(0 <= low && low <= share + 1e-12 && share <= high + 1e-12 && high <= 1).toBe(true);
      }),
    );
    expect(proportion(0, 0)).toBeUndefined();
  });
});
