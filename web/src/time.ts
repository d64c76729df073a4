import { type ClockParts, clockParts, withInstants } from '../../src/core/instant-words.ts';

/** A moment or a calendar date: `2009`, `2009-03` and `2009-03-05` are dates in the source's own zone and are never shifted. */
const DATE_TEXT = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `20 Nov 2026` in the site's zone; a date of lesser precision keeps it (`Nov 2026`, `2009`). */
export function dateText(at: string, zone: string): string {
  const date = DATE_TEXT.exec(at);
  if (date) return calendarText(date[1]!, date[2], date[3]);
  const parts = clockParts(at, zone);
  return parts ? `${parts.day} ${MONTHS[parts.month - 1]} ${parts.year}` : at;
}

/** `20 Nov 2026 06:15` in the site's zone; a calendar date has no time and gets none. */
export function dateTimeText(at: string, zone: string): string {
  if (DATE_TEXT.test(at)) return dateText(at, zone);
  const parts = clockParts(at, zone);
  return parts ? `${dateText(at, zone)} ${parts.hour}:${parts.minute}` : at;
}

/** Words with the instants in them as clock times of the site, where the day stands beside them. */
export function withClocks(words: string, zone: string): string {
  return withInstants(words, (at) => clockText(at, zone));
}

/** `06:15` in the site's zone. */
export function clockText(at: string, zone: string, seconds = false): string {
  const parts = clockParts(at, zone);
  if (!parts) return at;
  return seconds ? `${parts.hour}:${parts.minute}:${parts.second}` : `${parts.hour}:${parts.minute}`;
}

/** With seconds and the zone's short name, for hovering: `20 Nov 2026 06:15:00 CST`. */
export function exactText(at: string, zone: string): string {
  if (DATE_TEXT.test(at)) return `${dateText(at, zone)} (the source gave no time)`;
  return `${dateText(at, zone)} ${clockText(at, zone, true)} ${zoneName(zone, at)}`;
}

/** The short name people use for the site's zone at that moment, such as CST; the IANA name where there is none. */
export function zoneName(zone: string, at: string = new Date().toISOString()): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'short' }).formatToParts(new Date(at));
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? zone;
}

/** How far away in words: `in 39 min`, `31 min late` is left to the caller. Whole units, never rounded up past a limit. */
export function spanText(ms: number): string {
  const size = Math.abs(ms);
  if (size < MINUTE_MS) return `${Math.floor(size / 1000)} s`;
  if (size < HOUR_MS) return `${Math.floor(size / MINUTE_MS)} min`;
  if (size < 6 * HOUR_MS) return hoursText(size);
  if (size < 2 * DAY_MS) return `${Math.floor(size / HOUR_MS)} h`;
  return `${Math.floor(size / DAY_MS)} d`;
}

/** Whole days between the calendar dates of two moments in the site's zone: 0 today, 1 tomorrow, −1 yesterday. */
export function dayDistance(at: string, now: number, zone: string): number {
  const day = dayNumber(clockParts(at, zone));
  const today = dayNumber(clockParts(new Date(now).toISOString(), zone));
  return day - today;
}

/** `Tue 24` within this and the next week, for a due column. */
export function weekdayText(at: string, zone: string): string {
  const parts = clockParts(at, zone);
  return parts ? `${parts.weekday} ${parts.day}` : at;
}

/** Completed years on the day of `now`; undefined where the birth date is not whole. */
export function ageYears(birthDate: string | null, now: number, zone: string): number | undefined {
  const date = birthDate ? DATE_TEXT.exec(birthDate) : null;
  if (!date?.[2] || !date[3]) return undefined;
  const today = clockParts(new Date(now).toISOString(), zone);
  if (!today) return undefined;
  const had = today.month > Number(date[2]) || (today.month === Number(date[2]) && today.day >= Number(date[3]));
  return today.year - Number(date[1]) - (had ? 0 : 1);
}

/** Months and years for an axis: `Nov 2025`. */
export function monthText(at: string, zone: string): string {
  const date = DATE_TEXT.exec(at);
  if (date) return calendarText(date[1]!, date[2], undefined);
  const parts = clockParts(at, zone);
  return parts ? `${MONTHS[parts.month - 1]} ${parts.year}` : at;
}

function hoursText(ms: number): string {
  const hours = Math.floor(ms / HOUR_MS);
  const minutes = Math.floor((ms % HOUR_MS) / MINUTE_MS);
  return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
}

function calendarText(year: string, month: string | undefined, day: string | undefined): string {
  if (!month) return year;
  const name = MONTHS[Number(month) - 1] ?? month;
  return day ? `${Number(day)} ${name} ${year}` : `${name} ${year}`;
}

function dayNumber(parts: ClockParts | undefined): number {
  return parts ? Date.UTC(parts.year, parts.month - 1, parts.day) / DAY_MS : Number.NaN;
}
