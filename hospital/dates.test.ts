import { expect, it } from 'vitest';
import { at, hl7Time, isoTime, parseDay } from './dates.ts';

it.each([
  ['2026-03-07', 23, '-06:00'],
  ['2026-03-08', 1, '-06:00'],
  ['2026-03-08', 2, '-06:00'],
  ['2026-03-08', 3, '-05:00'],
  ['2026-07-04', 12, '-05:00'],
  ['2026-10-31', 23, '-05:00'],
  ['2026-11-01', 1, '-05:00'],
  ['2026-11-01', 2, '-06:00'],
  ['2026-11-22', 9, '-06:00'],
  ['2025-03-09', 3, '-05:00'],
  ['2025-11-02', 2, '-06:00'],
  ['2024-03-10', 3, '-05:00'],
  ['2024-11-03', 1, '-05:00'],
  ['2015-03-08', 3, '-05:00'],
  ['2015-11-01', 2, '-06:00'],
])('on %s at %i:00 the wall clock stands at UTC%s', (day, hour, offset) => {
  const minute = at(parseDay(day), hour);

  expect(isoTime(minute)).toBe(`${day}T${String(hour).padStart(2, '0')}:00:00${offset}`);
  expect(hl7Time(minute).slice(14)).toBe(offset.replace(':', ''));
});

it('agrees with the zone database at noon and at night, every day from 2007 to 2030', () => {
  const chicago = new Intl.DateTimeFormat('en-US', { timeZone: 'America/Chicago', timeZoneName: 'longOffset' });
  const told = (iso: string): string => chicago.formatToParts(new Date(iso)).find((part) => part.type === 'timeZoneName')?.value ?? '';
  const wrong: string[] = [];
  for (let day = parseDay('2007-01-01'); day < parseDay('2030-12-31'); day++) {
    for (const hour of [1, 3, 12]) {
      const iso = isoTime(at(day, hour));
      if (told(iso) !== `GMT${iso.slice(19)}`) wrong.push(iso);
    }
  }

  expect(wrong).toEqual([]);
});
