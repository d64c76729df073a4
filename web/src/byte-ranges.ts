export type ByteLine = { number: number; text: string; start: number };
export type ByteRange = { start: number; end: number; strength: 'value' | 'near' };

const ASCII = /^[\p{ASCII}]*$/u;
const encoder = new TextEncoder();

/** Where stored bytes stand in a line's characters: offsets on the wire are bytes, a screen counts UTF-16 units. Undefined where they do not meet. */
export function charRange(line: ByteLine, start: number, end: number): { from: number; to: number } | undefined {
  const size = ASCII.test(line.text) ? line.text.length : encoder.encode(line.text).length;
  const from = Math.max(start - line.start, 0);
  const to = Math.min(end - line.start, size);
  if (from >= to) return undefined;
  if (size === line.text.length) return { from, to };
  return { from: unitsBefore(line.text, from), to: unitsBefore(line.text, to) };
}

function unitsBefore(text: string, bytes: number): number {
  let seen = 0;
  let units = 0;
  for (const character of text) {
    if (seen >= bytes) break;
    seen += encoder.encode(character).length;
    units += character.length;
  }
  return units;
}
