/** Days since 1970-01-01 on the hospital's calendar. */
export type Day = number;
/** Minutes since 1970-01-01T00:00 on the hospital's wall clock, which stands at UTC-06:00 all year: no clock time is ever ambiguous. */
export type Minute = number;

const MINUTES_PER_DAY = 1440;
export const ZONE = '-06:00';
const DAY_MS = 86_400_000;

/** Reads `YYYY-MM-DD`; refuses anything else, impossible dates too. */
export function parseDay(text: string): Day {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (!match) throw new Error(`not a date: ${text}`);
  const day = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])) / DAY_MS;
  if (isoDate(day) !== text) throw new Error(`no such date: ${text}`);
  return day;
}

/** `2026-11-22` */
export function isoDate(day: Day): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** `2026-11-22T09:20:00-06:00` */
export function isoTime(minute: Minute): string {
  return `${new Date(minute * 60_000).toISOString().slice(0, 19)}${ZONE}`;
}

/** `20261122` */
export function hl7Date(day: Day): string {
  return isoDate(day).replaceAll('-', '');
}

/** `20261122092000-0600`, HL7 v2.5.1 §2.A.89 (TS) with the offset that makes it one instant. */
export function hl7Time(minute: Minute): string {
  return `${isoTime(minute).slice(0, 19).replace(/[-:T]/g, '')}${ZONE.replace(':', '')}`;
}

/** `11/22/2026`, as people here write a date in a note. */
export function writtenDate(day: Day): string {
  const [year, month, date] = isoDate(day).split('-');
  return `${month}/${date}/${year}`;
}

/** Whole years lived on a day. */
export function ageOn(birth: Day, day: Day): number {
  const then = isoDate(birth);
  const now = isoDate(day);
  const years = Number(now.slice(0, 4)) - Number(then.slice(0, 4));
  return now.slice(5) < then.slice(5) ? years - 1 : years;
}

/** The day itself, or the Friday before when the clinic is closed for the weekend. */
export function clinicDay(day: Day): Day {
  const weekday = (day + 4) % 7;
  if (weekday === 6) return day - 1;
  return weekday === 0 ? day - 2 : day;
}

/** A clock time on a day. */
export function at(day: Day, hour: number, minute = 0): Minute {
  return day * MINUTES_PER_DAY + hour * 60 + minute;
}

/** The day a moment falls on. */
export function dayOf(minute: Minute): Day {
  return Math.floor(minute / MINUTES_PER_DAY);
}
