import { describe, expect, it } from 'vitest';
import { fromSiteLocal, toSiteLocal } from './site-instant.ts';

describe('an instant by the clocks of the site', () => {
  it.each([
    ['2026-11-20T07:15', 'America/Chicago', '2026-11-20T13:15:00.000Z'],
    ['2026-07-01T00:00', 'America/Chicago', '2026-07-01T05:00:00.000Z'],
    ['2026-11-20T07:15', 'Asia/Kathmandu', '2026-11-20T01:30:00.000Z'],
    ['2026-11-20T07:15', 'UTC', '2026-11-20T07:15:00.000Z'],
  ])('%s in %s', (local, zone, at) => {
    expect(fromSiteLocal(local, zone)).toBe(at);
    expect(toSiteLocal(at, zone)).toBe(local);
  });

  it('takes the first of an hour that comes twice, and the hour after one that is skipped', () => {
    expect(fromSiteLocal('2026-11-01T01:30', 'America/Chicago')).toBe('2026-11-01T06:30:00.000Z');
    expect(toSiteLocal(fromSiteLocal('2026-03-08T02:30', 'America/Chicago')!, 'America/Chicago')).toMatch(/T0[13]:30$/);
  });

  it('is nothing where nothing was typed', () => {
    expect(fromSiteLocal('', 'UTC')).toBeUndefined();
  });
});
