import type { ContentType } from '../core/receipt.ts';

/** What bytes look like: HL7 v2 (also framed or in a batch), FHIR JSON, NDJSON of resources, or none of these. */
export function contentTypeOf(bytes: Uint8Array, fileName = ''): ContentType {
  const head = textOf(bytes.subarray(0, 512)).replace(/^\uFEFF/, '').trimStart(); // biome-ignore format: one line
  if (/^\u000b?(MSH|FHS|BHS)[^A-Za-z0-9\s]/.test(head)) return 'application/hl7-v2+er7';
  if (!head.startsWith('{') && !head.startsWith('[')) return 'application/octet-stream';
  return /\.ndjson$/i.test(fileName) || isLineJson(bytes) ? 'application/fhir+ndjson' : 'application/fhir+json';
}

/** One JSON object a line: the first line ends an object and the next begins one. */
function isLineJson(bytes: Uint8Array): boolean {
  const feed = bytes.indexOf(0x0a);
  if (feed < 0) return false;
  const first = textOf(bytes.subarray(0, feed)).trim();
  const next = textOf(bytes.subarray(feed + 1, feed + 65)).trimStart();
  return first.startsWith('{') && first.endsWith('}') && next.startsWith('{');
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}
