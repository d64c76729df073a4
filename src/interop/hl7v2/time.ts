/** A v2 time as FHIR writes it, the instant it stands for where the zone is known, and why a part could not be read. */
export type ReadTime = {
  /** ISO text at the precision sent: 2026, 2026-03, 2026-03-05 or 2026-03-05T08:15:00+01:00. Without a zone only its calendar date. */
  text?: string;
  /** For ordering versions of one fact from one source only: UTC, and a zoneless time as if it were UTC. */
  orderAt?: string;
  flag?: 'zone-missing' | 'zone-ambiguous' | 'time-unreadable';
};

/** Where a time without an offset gets its zone from: MSH-7's offset first (HL7 v2.5.1 §2.A.22), else what the site configured for the feed. */
export type ZoneSource = { messageOffset?: string | undefined; feedZone?: string | undefined };

const form = /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(\.\d{1,6})?)?)?)?)?)?([+-]\d{4})?$/;

/**
 * Reads DT, DTM and TS (HL7 v2.5.1 §2.A.20, §2.A.22). Impossible dates, 24:00 and anything else are flagged `time-unreadable`, never repaired.
 * Missing minutes or seconds become zero, which FHIR R4 dateTime allows; a date needs no zone.
 */
export function readTime(sent: string, zones: ZoneSource): ReadTime {
  const match = form.exec(sent.trim());
  if (!match) return { flag: 'time-unreadable' };
  const [, year, month, day, hour, minute = '00', second = '00', fraction = '', offset] = match;
  const date = [year, month, day].filter((part) => part !== undefined).join('-');
  if (!isCalendarDate(Number(year), Number(month ?? '1'), Number(day ?? '1'))) return { flag: 'time-unreadable' };
  const midnight = `${year}-${month ?? '01'}-${day ?? '01'}T00:00:00.000Z`;
  if (hour === undefined) return { text: date, orderAt: midnight };
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return { flag: 'time-unreadable' };
  const local = `${date}T${hour}:${minute}:${second}${fraction}`;
  const zone = zoneOf(offset ?? zones.messageOffset, zones.feedZone, local);
  if ('flag' in zone) return { ...(zone.flag === 'time-unreadable' ? {} : { text: date, orderAt: utc(`${local}Z`) }), flag: zone.flag };
  return { text: local + zone.offset, orderAt: utc(local + zone.offset) };
}

/** The offset at the end of a v2 time (`+0100`), where it has one. */
export function offsetOf(sent: string): string | undefined {
  return /^\d{4,14}(?:\.\d+)?([+-]\d{4})$/.exec(sent.trim())?.[1];
}

type Zone = { offset: string } | { flag: 'zone-missing' | 'zone-ambiguous' | 'time-unreadable' };

function zoneOf(offset: string | undefined, feedZone: string | undefined, local: string): Zone {
  if (offset !== undefined) return fixed(offset.slice(0, 3), offset.slice(3));
  if (feedZone === undefined) return { flag: 'zone-missing' };
  const named = /^([+-]\d{2}):(\d{2})$/.exec(feedZone);
  return named ? fixed(named[1]!, named[2]!) : zoneAt(feedZone, local);
}

function fixed(hours: string, minutes: string): Zone {
  // Offsets in use run from -12:00 to +14:00; another one says that the time itself is not to be trusted.
  if (Math.abs(Number(hours)) > 14 || Number(minutes) > 59) return { flag: 'time-unreadable' };
  return { offset: `${hours}:${minutes}` };
}

/** The offset of an IANA zone at a local time. An hour that the clock skips is unreadable, one that it repeats is ambiguous: neither is guessed. */
function zoneAt(zone: string, local: string): Zone {
  const asUtc = Date.parse(`${local.slice(0, 19)}Z`);
  const day = 86_400_000;
  const candidates = new Set([offsetMinutes(zone, asUtc - day), offsetMinutes(zone, asUtc + day)]);
  const fits = [...candidates].filter((minutes) => offsetMinutes(zone, asUtc - minutes * 60_000) === minutes);
  if (fits.length === 0) return { flag: 'time-unreadable' };
  if (fits.length > 1) return { flag: 'zone-ambiguous' };
  const minutes = fits[0]!;
  const sign = minutes < 0 ? '-' : '+';
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return { offset: `${sign}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}` };
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Intl with an explicit zone is used here alone, at normalisation; it is not in the path of a run, whose inputs are facts (design 4c). */
function offsetMinutes(zone: string, at: number): number {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset', hourCycle: 'h23' });
    formats.set(zone, format);
  }
  const name = format.formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  const match = /([+-])(\d{2}):(\d{2})/.exec(name);
  return match ? (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) : 0;
}

function isCalendarDate(year: number, month: number, day: number): boolean {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return year >= 1800 && date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function utc(text: string): string {
  return new Date(Date.parse(text)).toISOString();
}
