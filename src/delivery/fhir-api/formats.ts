import { AppError } from '../../core/errors.ts';

/** What JSON is asked by: `json` in `_format` (FHIR R4 §3.1.1.11), and the media types of it that callers send. */
const JSON_TYPES = new Set(['json', 'application/json', 'application/fhir+json', 'application/json+fhir', 'text/json']);
const ANY = new Set(['*/*', 'application/*']);

/** Refuses a caller who takes no JSON, the one format there is. `_format` goes before Accept; a list names alternatives (RFC 9110 §12.5.1). */
export function requireJson(accept: string | undefined, format: string | null): void {
  // A plus in an address is a space.
  const asked = format ? format.replaceAll(' ', '+') : accept;
  if (asked === undefined || asked.trim() === '' || asked.split(',').some(takesJson)) return;
  throw new AppError('not_acceptable', 'FHIR is answered here as application/fhir+json only');
}

function takesJson(range: string): boolean {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const unwanted = parameters.some((one) => /^q=0(\.0*)?$/.test(one));
  return !unwanted && (JSON_TYPES.has(type) || ANY.has(type));
}
