/** An instant in UTC, or why a text gives none. */
export type Instant = { at: string } | { flag: 'zone-missing' | 'time-unreadable' };

const DATE = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::(\d{2})(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/;

/** The instant a FHIR date, dateTime or instant starts at. A date needs no zone and starts at midnight UTC; a time without a zone is refused. */
export function instantOf(text: string): Instant {
  const date = DATE.exec(text);
  if (date) return utc(Number(date[1]), Number(date[2] ?? 1) - 1, Number(date[3] ?? 1), date);
  const time = TIME.exec(text);
  if (!time) return { flag: 'time-unreadable' };
  if (!time[2]) return { flag: 'zone-missing' };
  // A leap second is legal (FHIR R4 dateTime) and unknown to Date: the last millisecond before it stands for it.
  const at = Date.parse(
    time[1] && time[1] !== '60' ? text : text.replace(/:60(\.\d+)?(?=Z|[+-])/, ':59.999').replace(/^(.{16})(?=Z|[+-])/, '$1:00'),
  );
  return Number.isNaN(at) ? { flag: 'time-unreadable' } : { at: new Date(at).toISOString() };
}

/** The instant just after what a text names: `2012-02` ends where March starts; a full time ends where it stands. */
export function instantAfter(text: string): Instant {
  const date = DATE.exec(text);
  if (!date || 'flag' in instantOf(text)) return instantOf(text);
  const [year, month, day] = [Number(date[1]), date[2], date[3]];
  if (day) return utc(year, Number(month) - 1, Number(day) + 1);
  return month ? utc(year, Number(month), 1) : utc(year + 1, 0, 1);
}

/** `written` is checked against the calendar: 30 February is no date. */
function utc(year: number, month: number, day: number, written?: RegExpExecArray): Instant {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  const rolled = written && (date.getUTCMonth() !== month || date.getUTCDate() !== day);
  return rolled ? { flag: 'time-unreadable' } : { at: date.toISOString() };
}
