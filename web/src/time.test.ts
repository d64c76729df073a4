import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ageYears, clockText, dateText, dateTimeText, dayDistance, exactText, spanText, withClocks, zoneName } from './time.ts';

const CHICAGO = 'America/Chicago';

describe('times on screen', () => {
  it.each`
    at                        | date             | dateTime
    ${'2026-11-20T12:15:00Z'} | ${'20 Nov 2026'} | ${'20 Nov 2026 06:15'}
    ${'2026-11-21T03:00:00Z'} | ${'20 Nov 2026'} | ${'20 Nov 2026 21:00'}
    ${'2026-07-01T05:00:00Z'} | ${'1 Jul 2026'}  | ${'1 Jul 2026 00:00'}
    ${'2026-11-20'}           | ${'20 Nov 2026'} | ${'20 Nov 2026'}
    ${'2009-03'}              | ${'Mar 2009'}    | ${'Mar 2009'}
    ${'2009'}                 | ${'2009'}        | ${'2009'}
    ${'not a time'}           | ${'not a time'}  | ${'not a time'}
  `('$at is $dateTime in the site’s zone', ({ at, date, dateTime }) => {
    expect(dateText(at, CHICAGO)).toBe(date);
    expect(dateTimeText(at, CHICAGO)).toBe(dateTime);
  });

  it('puts the instants within words on the clock of the site', () => {
    expect(withClocks('Visit 2026-11-23T15:50:00.000Z, internal medicine', CHICAGO)).toBe('Visit 09:50, internal medicine');
    expect(withClocks('Chart opened in the EHR', CHICAGO)).toBe('Chart opened in the EHR');
  });

  it('never shifts a calendar date, whatever the zone', () => {
    const zones = fc.constantFrom('Pacific/Kiritimati', 'Pacific/Pago_Pago', CHICAGO, 'UTC');
    const date = fc
      .date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((one) => one.toISOString().slice(0, 10));
    fc.assert(
      fc.property(
        date,
        zones,
        (day, zone) => dateText(day, zone).startsWith(`${Number(day.slice(8))} `) && dateText(day, zone).endsWith(day.slice(0, 4)),
      ),
    );
  });

  it('names the zone and the second on hover', () => {
    expect(exactText('2026-11-20T13:02:11Z', CHICAGO)).toBe('20 Nov 2026 07:02:11 CST');
    expect(zoneName(CHICAGO, '2026-07-01T12:00:00Z')).toBe('CDT');
    expect(exactText('2009-03', CHICAGO)).toContain('the source gave no time');
  });

  it.each`
    ms             | words
    ${9_000}       | ${'9 s'}
    ${-31 * 60e3}  | ${'31 min'}
    ${192 * 60e3}  | ${'3 h 12 min'}
    ${3600e3}      | ${'1 h'}
    ${26 * 3600e3} | ${'26 h'}
    ${72 * 3600e3} | ${'3 d'}
  `('says $words for a span', ({ ms, words }) => {
    expect(spanText(ms)).toBe(words);
  });

  it('counts days by the site’s calendar, not by 24 hours', () => {
    const lateEvening = Date.parse('2026-11-23T05:30:00Z'); // 22 Nov, 23:30 in Chicago

    expect(dayDistance('2026-11-23T06:30:00Z', lateEvening, CHICAGO)).toBe(1);
    expect(dayDistance('2026-11-23T05:50:00Z', lateEvening, CHICAGO)).toBe(0);
    expect(clockText('2026-11-23T05:50:00Z', CHICAGO)).toBe('23:50');
  });

  it.each`
    birth           | now                       | years
    ${'1955-02-14'} | ${'2026-11-23T15:00:00Z'} | ${71}
    ${'1955-11-23'} | ${'2026-11-23T15:00:00Z'} | ${71}
    ${'1955-11-24'} | ${'2026-11-23T15:00:00Z'} | ${70}
    ${'1955'}       | ${'2026-11-23T15:00:00Z'} | ${undefined}
    ${null}         | ${'2026-11-23T15:00:00Z'} | ${undefined}
  `('somebody born $birth is $years', ({ birth, now, years }) => {
    expect(ageYears(birth, Date.parse(now), CHICAGO)).toBe(years);
  });
});
