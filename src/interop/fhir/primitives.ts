import { isNumber, type Json, NumberText } from './json.ts';

/** What is wrong with a primitive: `error` is not FHIR; `zone-missing` is a time nobody can place, kept and flagged (design part 7). */
export type PrimitiveFault = 'error' | 'zone-missing' | 'narrative-empty' | undefined;
export type PrimitiveCheck = (value: Json) => PrimitiveFault;

/** The format of each FHIR R4 primitive (datatypes.html#primitive); dates are also checked against the calendar. */
export const primitiveChecks: { [type: string]: PrimitiveCheck } = {
  boolean: (value) => (typeof value === 'boolean' ? undefined : 'error'),
  decimal: (value) => (isNumber(value) ? undefined : 'error'),
  integer: whole(-2147483648),
  unsignedInt: whole(0),
  positiveInt: whole(1),
  string: free,
  markdown: free,
  xhtml,
  code: matching(/^\S+( \S+)*$/),
  id: matching(/^[A-Za-z0-9\-.]{1,64}$/),
  uri: matching(/^\S+$/),
  url: matching(/^\S+$/),
  canonical: matching(/^\S+$/),
  oid: matching(/^urn:oid:[0-2](\.(0|[1-9]\d*))+$/),
  uuid: matching(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i),
  base64Binary,
  date: (value) => (typeof value === 'string' && DATE.test(value) && onCalendar(value) ? undefined : 'error'),
  dateTime: (value) => (typeof value === 'string' && DATE.test(value) && onCalendar(value) ? undefined : time(value)),
  instant: time,
  time: matching(/^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?$/),
};

const DATE = /^(?!0000)\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/;
const DATE_TIME =
  /^(?!0000)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))?$/;
const MEGABYTE = 1024 * 1024;

function matching(pattern: RegExp): PrimitiveCheck {
  return (value) => (typeof value === 'string' && pattern.test(value) ? undefined : 'error');
}

function whole(least: number): PrimitiveCheck {
  return (value) => {
    // `1.0` and `1e3` are no integers in FHIR JSON, whatever they equal.
    if (value instanceof NumberText) return value.text === '-0' && least < 1 ? undefined : 'error';
    return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= 2147483647 ? undefined : 'error';
  };
}

/** Text of at most 1 MB with no control characters but tab, line feed and carriage return. Attachments are no strings. */
function free(value: Json): PrimitiveFault {
  if (typeof value !== 'string' || value === '' || value.length > MEGABYTE) return 'error';
  return /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(value) ? 'error' : undefined;
}

/** txt-1: one div and nothing that runs. An empty one (txt-2) is only worth a warning: narrative is kept, never read. */
function xhtml(value: Json): PrimitiveFault {
  if (typeof value !== 'string' || !/^\s*(<\?xml[^>]*>\s*)?<(\w+:)?div[\s>]/.test(value) || !/<\/(\w+:)?div>\s*$/.test(value))
    return 'error';
  if (
    /<(script|iframe|object|embed|form|input|link|style|base|body|head)[\s/>]|<[^>]+\son\w+\s*=|(href|src)\s*=\s*["']?\s*javascript:/i.test(
      value,
    )
  ) {
    return 'error';
  }
  return /<img[\s/>]/i.test(value) || /[^\s]/.test(value.replace(/<[^>]*>/g, '')) ? undefined : 'narrative-empty';
}

/** Groups of four characters of the base64 alphabet, padded; white space allowed between. */
function base64Binary(value: Json): PrimitiveFault {
  if (typeof value !== 'string' || value === '') return 'error';
  const plain = /\s/.test(value) ? value.replace(/\s/g, '') : value;
  return plain.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(plain) ? undefined : 'error';
}

function time(value: Json): PrimitiveFault {
  const found = typeof value === 'string' ? DATE_TIME.exec(value) : null;
  if (!found || !onCalendar(value as string)) return 'error';
  return found[6] ? undefined : 'zone-missing';
}

/** 30 February and 29 February 2023 are no days. */
function onCalendar(text: string): boolean {
  const day = Number(text.slice(8, 10));
  if (day < 29) return true;
  const year = Number(text.slice(0, 4));
  const month = Number(text.slice(5, 7));
  if (month === 2) return day === 29 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day < 31 || ![4, 6, 9, 11].includes(month);
}
