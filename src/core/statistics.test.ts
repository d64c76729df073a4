import { expect, it } from 'vitest';
import { clopperPearson, logGamma, regularizedBeta } from './statistics.ts';

it.each`
  successes | trials   | confidence | lower      | upper
  ${0}      | ${10}    | ${0.95}    | ${0}       | ${0.3085}
  ${5}      | ${10}    | ${0.95}    | ${0.18709} | ${0.81291}
  ${10}     | ${10}    | ${0.95}    | ${0.6915}  | ${1}
  ${1}      | ${100}   | ${0.95}    | ${0.00025} | ${0.05446}
  ${0}      | ${10000} | ${0.9}     | ${0}       | ${0.0003}
  ${0}      | ${0}     | ${0.95}    | ${0}       | ${1}
`('gives the exact interval of $successes in $trials', ({ successes, trials, confidence, lower, upper }) => {
  const interval = clopperPearson(successes, trials, confidence);

  expect(interval.lower).toBeCloseTo(lower, 5);
  expect(interval.upper).toBeCloseTo(upper, 5);
});

it('agrees with the closed form when nothing was seen: 1 − (α/2)^(1/n)', () => {
  for (const trials of [1, 7, 250, 12_345, 1_000_000]) {
    expect(clopperPearson(0, trials, 0.9).upper).toBeCloseTo(1 - 0.05 ** (1 / trials), 10);
  }
});

it('knows factorials and the uniform distribution', () => {
  expect(Math.exp(logGamma(6))).toBeCloseTo(120, 8);
  expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 10);
  expect(regularizedBeta(0.3, 1, 1)).toBeCloseTo(0.3, 12);
});

it.each([
  [-1, 5],
  [6, 5],
  [0.5, 5],
])('refuses %s of %s', (successes, trials) => {
  expect(() => clopperPearson(successes, trials)).toThrow(RangeError);
});
