/**
 * Turns a JavaScript value into what both drivers send: text, or raw bytes for a single bytea. An array becomes a
 * PostgreSQL array literal, so `unnest($1::uuid[], $2::text[])` takes plain arrays. Refuses objects: JSON is passed as text.
 */
export function encodeParam(value: unknown): string | Uint8Array | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return encodeArray(value);
  return encodeScalar(value);
}

/** The value of one result column, by its type's object id. Types without a rule stay the server's text. */
export function decodeColumn(oid: number): (text: string) => unknown {
  return decoders.get(oid) ?? asText;
}

/** Rows as objects, from the texts of their columns in order. */
export function rowsOf<Row>(
  rows: readonly (readonly (string | null | undefined)[])[],
  fields: readonly { name: string; oid: number }[],
): Row[] {
  const decoders = fields.map((field) => decodeColumn(field.oid));
  return rows.map((values) => {
    const row: Record<string, unknown> = {};
    for (let i = 0; i < fields.length; i += 1) {
      const text = values[i];
      row[fields[i]!.name] = text === null || text === undefined ? null : decoders[i]!(text);
    }
    return row as Row;
  });
}

/**
 * `2026-11-20 12:15:00.123456+00` → `2026-11-20T12:15:00.123456Z`; milliseconds stay three digits, so a value that came from
 * `Date.toISOString()` comes back the same text. Needs a session in UTC, which both drivers set.
 */
export function decodeInstant(text: string): string {
  if (!text.endsWith('+00') || text.charCodeAt(10) !== 32) return text;
  const body = `${text.slice(0, 10)}T${text.slice(11, -3)}`;
  const digits = body.length === 19 ? 0 : body.length - 20;
  if (digits === 0) return `${body}.000Z`;
  return `${digits <= 3 ? body.padEnd(23, '0') : body.padEnd(26, '0')}Z`;
}

const decoders = new Map<number, (text: string) => unknown>([
  [16, (text) => text === 't'],
  [17, decodeBytea],
  [20, BigInt],
  [21, Number],
  [23, Number],
  [26, Number],
  [700, Number],
  [701, Number],
  [1184, decodeInstant],
]);

// Element type of each array type a query of ours may return (pg_type.dat).
const arrays: [array: number, element: number][] = [
  [199, 114],
  [1000, 16],
  [1001, 17],
  [1005, 21],
  [1007, 23],
  [1009, 25],
  [1015, 1043],
  [1016, 20],
  [1022, 701],
  [1182, 1082],
  [1185, 1184],
  [1231, 1700],
  [2951, 2950],
  [3807, 3802],
];
for (const [array, element] of arrays) {
  const decode = decodeColumn(element);
  decoders.set(array, (text) => decodeArray(text, decode));
}

function asText(text: string): string {
  return text;
}

function decodeBytea(text: string): Uint8Array {
  if (!text.startsWith('\\x')) throw new Error('bytea did not come as hex: bytea_output must be hex');
  const bytes = Buffer.from(text.slice(2), 'hex');
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function encodeScalar(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return value.toISOString();
  throw new TypeError(`a ${typeof value} is no SQL parameter: pass JSON as text`);
}

function encodeArray(values: readonly unknown[]): string {
  // A column of plain texts, as most are, in two calls instead of two for each element.
  if (values.length > 0 && values.every((value) => typeof value === 'string') && !needsEscape.test(values.join(''))) {
    return `{"${values.join('","')}"}`;
  }
  let literal = '{';
  for (let i = 0; i < values.length; i += 1) {
    if (i > 0) literal += ',';
    literal += encodeElement(values[i]);
  }
  return `${literal}}`;
}

function encodeElement(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'string') return quoteElement(value);
  if (value instanceof Uint8Array) {
    return `"\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}"`;
  }
  if (Array.isArray(value)) throw new TypeError('an array in an array is no SQL parameter');
  return encodeScalar(value);
}

function quoteElement(text: string): string {
  return needsEscape.test(text) ? `"${text.replace(escaped, '\\$&')}"` : `"${text}"`;
}

const needsEscape = /["\\]/;
const escaped = /["\\]/g;

function decodeArray(text: string, decode: (text: string) => unknown): unknown[] {
  const values: unknown[] = [];
  if (text === '{}') return values;
  let at = 1;
  while (at < text.length) {
    if (text[at] === '"') {
      const [value, end] = readQuoted(text, at + 1);
      values.push(decode(value));
      at = end + 1;
    } else {
      const end = endOfBare(text, at);
      const bare = text.slice(at, end);
      values.push(bare === 'NULL' ? null : decode(bare));
      at = end + 1;
    }
  }
  return values;
}

function readQuoted(text: string, from: number): [value: string, end: number] {
  let value = '';
  let at = from;
  for (;;) {
    const character = text[at];
    if (character === undefined) throw new Error('array text ends inside quotes');
    if (character === '"') return [value, at + 1];
    if (character === '\\') at += 1;
    value += text[at];
    at += 1;
  }
}

function endOfBare(text: string, from: number): number {
  const comma = text.indexOf(',', from);
  return comma === -1 ? text.length - 1 : comma;
}
