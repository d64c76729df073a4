/** How a claimed date relates to one of the chart: the same as far as it goes, more exact than the chart knows, or another. */
export function compareDates(claimed: string, charted: string | undefined): 'same' | 'vague' | 'differs' {
  if (charted === undefined) return 'vague';
  if (charted.startsWith(claimed)) return 'same';
  return claimed.startsWith(charted) ? 'vague' : 'differs';
}

/** Whether a charted date lies after, within or before a claimed one; undefined where the chart's date is too vague to tell. */
export function orderOf(charted: string | undefined, claimed: string): 'before' | 'within' | 'after' | undefined {
  if (charted === undefined) return undefined;
  const length = Math.min(charted.length, claimed.length);
  const [a, b] = [charted.slice(0, length), claimed.slice(0, length)];
  if (a !== b) return a < b ? 'before' : 'after';
  return charted.length >= claimed.length ? 'within' : undefined;
}

type Dated = { instant: number | undefined; on: string | undefined };

/** Whether a claimed date lies after the chart's day: nobody knows yet what a time that has not come holds. */
export function isToCome(claimed: string, asOfDate: string): boolean {
  return claimed > asOfDate.slice(0, claimed.length);
}

/** Whether one event is later than another: by instant where both have one, else by date; undefined where it cannot be told. */
export function isLater(a: Dated, b: Dated): boolean | undefined {
  if (a.on === undefined || b.on === undefined) return undefined;
  if (a.instant !== undefined && b.instant !== undefined) return a.instant > b.instant;
  const length = Math.min(a.on.length, b.on.length);
  const [x, y] = [a.on.slice(0, length), b.on.slice(0, length)];
  if (x !== y) return x > y;
  return a.on.length === 10 && b.on.length === 10 ? false : undefined;
}

/** Milliseconds of a date-time with a zone (FHIR or HL7 v2); undefined for less. */
export function instant(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const hl7 = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})?(\d{2})?(?:\.\d+)?([-+]\d{2})(\d{2})$/.exec(text);
  const iso = hl7 === null ? text : `${hl7[1]}-${hl7[2]}-${hl7[3]}T${hl7[4]}:${hl7[5] ?? '00'}:${hl7[6] ?? '00'}${hl7[7]}:${hl7[8]}`;
  if (!/T.*(?:Z|[-+]\d{2}:\d{2})$/.test(iso)) return undefined;
  const milliseconds = Date.parse(iso);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}
