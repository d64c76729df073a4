/** `2026-11-20T07:15` as the site's clocks show it, for a date and time field; seconds are left out. */
export function toSiteLocal(at: string, zone: string): string {
  return localOf(Date.parse(at), zone).slice(0, 16);
}

/**
 * The instant at which the site's clocks show a date and time (`2026-11-20T07:15`), as ISO 8601; undefined where the text is none. An hour that
 * clocks show twice is the first of the two; one they skip is the hour after.
 */
export function fromSiteLocal(local: string, zone: string): string | undefined {
  const wanted = Date.parse(`${local}Z`);
  if (Number.isNaN(wanted)) return undefined;
  const offsets = [wanted - DAY_MS, wanted + DAY_MS].map((at) => Date.parse(`${localOf(at, zone)}Z`) - at);
  const candidates = offsets.map((offset) => wanted - offset);
  const exact = candidates.filter((at) => Date.parse(`${localOf(at, zone)}Z`) === wanted);
  return new Date(Math.min(...(exact.length > 0 ? exact : candidates))).toISOString();
}

const DAY_MS = 86_400_000;

/** The wall clock of a zone, as ISO 8601 without a zone. */
function localOf(at: number, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? '00';
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}:${part('second')}`;
}
