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
    const moment = new Date(at);
    if (Number.isNaN(moment.getTime())) return at;
    const of = Object.fromEntries(
      formatIn(zone)
        .formatToParts(moment)
        .map(({ type, value }) => [type, value]),
    );
    return `${of['day']} ${MONTHS[Number(of['month']) - 1]} ${of['year']} ${of['hour']}:${of['minute']}`;
  });
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
    hourCycle: 'h23',
  });
  formats.set(zone, made);
  return made;
}
