/** Days since 1970-01-01 on the hospital's calendar. */
export type Day = number;
/** Minutes since 1970-01-01T00:00 on the hospital's wall clock, which is US Central time: UTC-06:00, in summer UTC-05:00. */
export type Minute = number;

const MINUTES_PER_DAY = 1440;
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

/** `2026-11-22T09:20:00-06:00`, with the offset of that day and hour */
export function isoTime(minute: Minute): string {
  return `${new Date(minute * 60_000).toISOString().slice(0, 19)}${offset(minute)}`;
}

/**
 * The offset that the wall clock stands at. Summer time runs from the second Sunday of March, 02:00, to the first Sunday of November, 02:00
 * (Energy Policy Act of 2005, section 110; 15 U.S.C. 260a), here in every year. The hour that November repeats is taken as its first passing;
 * a time in the hour that March skips keeps the winter offset.
 */
export function offset(minute: Minute): '-05:00' | '-06:00' {
  const year = new Date(minute * 60_000).getUTCFullYear();
  const summer = minute >= at(sunday(year, 2, 8), 3) && minute < at(sunday(year, 10, 1), 2);
  return summer ? '-05:00' : '-06:00';
}

/** The first Sunday on or after a date; months count from 0. */
function sunday(year: number, month: number, date: number): Day {
  const day = Date.UTC(year, month, date) / DAY_MS;
  return day + ((7 - weekday(day)) % 7);
}

/** 0 on Sundays. */
function weekday(day: Day): number {
  return (day + 4) % 7;
}

/** `20261122` */
export function hl7Date(day: Day): string {
  return isoDate(day).replaceAll('-', '');
}

/** `20261122092000-0600`, HL7 v2.5.1 §2.A.89 (TS) with the offset that makes it one instant. */
export function hl7Time(minute: Minute): string {
  return `${isoTime(minute).slice(0, 19).replace(/[-:T]/g, '')}${offset(minute).replace(':', '')}`;
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

/** The day itself, or the last day before on which the clinic was open: it closes at weekends and on the holidays that every US clinic keeps. */
export function clinicDay(day: Day): Day {
  let open = day;
  while (weekday(open) === 6 || weekday(open) === 0 || isHoliday(open)) open--;
  return open;
}

/** New Year, Independence Day, Labor Day, Thanksgiving and Christmas (5 U.S.C. 6103). */
function isHoliday(day: Day): boolean {
  const [month = 0, date = 0] = isoDate(day).slice(5).split('-').map(Number);
  if ((month === 1 && date === 1) || (month === 7 && date === 4) || (month === 12 && date === 25)) return true;
  // Labor Day is the first Monday of September, Thanksgiving the fourth Thursday of November.
  return (month === 9 && weekday(day) === 1 && date <= 7) || (month === 11 && weekday(day) === 4 && date > 21 && date <= 28);
}

/** A clock time on a day. */
export function at(day: Day, hour: number, minute = 0): Minute {
  return day * MINUTES_PER_DAY + hour * 60 + minute;
}

/** The day a moment falls on. */
export function dayOf(minute: Minute): Day {
  return Math.floor(minute / MINUTES_PER_DAY);
}
