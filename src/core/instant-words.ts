/** An instant as this product writes it wherever words hold one. */
const INSTANT = /\d{4}-\d{2}-\d{2}T[\d:.]+Z/g;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Words with each instant in them put by `write`; all else stays as it is. */
export function withInstants(words: string, write: (at: string) => string): string {
  return words.replace(INSTANT, write);
}

/** Words with the instants in them on the clock of a site: `Visit 23 Nov 2026 10:20, internal medicine`. `zone` is an IANA name. */
export function onSiteClock(words: string, zone: string): string {
  return withInstants(words, (at) => {
    const of = clockParts(at, zone);
    return of ? `${of.day} ${MONTHS[of.month - 1]} ${of.year} ${of.hour}:${of.minute}` : at;
  });
}

/** A moment as the clock of a zone shows it: numbers of the calendar, two digits of the clock, the English short name of the weekday. */
export type ClockParts = { year: number; month: number; day: number; hour: string; minute: string; second: string; weekday: string };

/** The parts of an instant in an IANA zone; undefined for what is no instant. Never part of a run, whose words hold instants. */
export function clockParts(at: string, zone: string): ClockParts | undefined {
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) return undefined;
  const found: Record<string, string> = {};
  for (const part of formatIn(zone).formatToParts(moment)) found[part.type] = part.value;
  return {
    year: Number(found['year']),
    month: Number(found['month']),
    day: Number(found['day']),
    hour: found['hour'] ?? '',
    minute: found['minute'] ?? '',
    second: found['second'] ?? '',
    weekday: found['weekday'] ?? '',
  };
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    weekday: 'short',
    hourCycle: 'h23',
  });
  formats.set(zone, made);
  return made;
}
