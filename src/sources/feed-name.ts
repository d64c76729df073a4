const CR = 13;
const LF = 10;

/**
 * The source a message belongs to: its sending application and facility in lower case, as `northlab.north`. Both, because identifiers
 * without an authority are local to a source, and one application runs at many facilities. A message that names nobody is from `hl7`.
 */
export function feedName(bytes: Uint8Array): string {
  const [application, facility] = senderOf(bytes);
  return [slug(application), slug(facility)].filter(Boolean).join('.') || 'hl7';
}

/** MSH-3.1 and MSH-4.1, read without a parser: interop stands to the right of sources and is not asked. */
function senderOf(bytes: Uint8Array): [application: string, facility: string] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = text.indexOf('MSH');
  if (start === -1 || start + 5 > text.length) return ['', ''];
  let end = start;
  while (end < text.length && text[end] !== CR && text[end] !== LF && end - start < 500) end++;
  const header = text.toString('latin1', start, end);
  const fields = header.slice(4).split(header[3]!);
  const component = fields[0]?.[0] ?? '^';
  const first = (field: string | undefined): string => field?.split(component)[0]?.trim() ?? '';
  return [first(fields[1]), first(fields[2])];
}

function slug(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 60);
}
