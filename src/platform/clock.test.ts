import { expect, it } from 'vitest';
import { fixedClock, systemClock } from './clock.ts';

it('stands still until moved', () => {
  const clock = fixedClock('2026-11-22T10:00:00+02:00');
  const before = clock.now();
  clock.advance(1500);
  const after = clock.now();
  clock.set('2027-01-01T00:00:00Z');

  expect([before, after, clock.now()]).toEqual(['2026-11-22T08:00:00.000Z', '2026-11-22T08:00:01.500Z', '2027-01-01T00:00:00.000Z']);
});

it.each(['2026-11-22T10:00:00', 'yesterday', ''])('refuses %j, which names no instant', (text) => {
  expect(() => fixedClock(text)).toThrow(RangeError);
});

it('gives the system time as an ISO instant', () => {
  expect(systemClock.now()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});
