import { AppError } from '../../core/errors.ts';
import { isObject, type Json, type JsonObject, JsonReader } from './json.ts';

/** One resource of a payload: its range in the stored bytes, its text as written and what its Bundle entry says of it. */
export type ScannedEntry = {
  /** Where it stands: `entry[12].resource`, `line[41]`, `[3]`, or '' for a payload that is one resource. */
  path: string;
  start: number;
  end: number;
  text: string;
  resource: Json;
  fullUrl?: string;
  request?: JsonObject;
  /** Readable as JSON by its brackets, but not by what stands between them. */
  problem?: string;
};

export type Scanned = { kind: 'bundle' | 'resource' | 'list'; head: JsonObject; entries: ScannedEntry[] };

/**
 * One pass over a FHIR JSON payload (Bundle, one resource or a list of resources): every resource with its byte range.
 * Refuses what is not UTF-8 or not JSON; a resource with a repeated member or the like spoils only itself.
 */
export function scanBundle(bytes: Uint8Array): Scanned {
  const text = decodeUtf8(bytes);
  const reader = new JsonReader(text);
  const offsets = new ByteOffsets(text, bytes.length, 0);
  reader.space();
  const scanned = text.charCodeAt(reader.at) === 0x5b ? scanList(reader, offsets) : scanObject(reader, offsets);
  reader.end();
  return scanned;
}

/** One line of NDJSON as an entry, `start` being where the line starts in the stored bytes. Undefined for a blank line. */
export function scanLine(bytes: Uint8Array, index: number, start: number): ScannedEntry | undefined {
  const text = decodeUtf8(bytes);
  const reader = new JsonReader(text);
  reader.space();
  if (reader.at >= text.length) return undefined;
  const offsets = new ByteOffsets(text, bytes.length, start);
  const entry = scanResource(reader, offsets, `line[${index}]`);
  reader.end();
  return entry;
}

function scanObject(reader: JsonReader, offsets: ByteOffsets): Scanned {
  const from = reader.at;
  const head: JsonObject = {};
  const entries: ScannedEntry[] = [];
  const bundle = /^\{\s*"resourceType"\s*:\s*"Bundle"/.test(reader.text.slice(from, from + 200)) || saysBundle(reader, from);
  if (!bundle) return { kind: 'resource', head, entries: [scanResource(reader, offsets, '')] };
  reader.members(0, (key) => {
    if (key === 'entry' && reader.text.charCodeAt(reader.at) === 0x5b) {
      reader.items(1, (index) => scanEntry(reader, offsets, index, entries));
    } else head[key] = reader.value(1);
  });
  return { kind: 'bundle', head, entries };
}

/** resourceType need not come first: look at the root's members without keeping them. */
function saysBundle(reader: JsonReader, from: number): boolean {
  let type: Json = null;
  const probe = new JsonReader(reader.text, from);
  probe.members(0, (key) => {
    if (key === 'resourceType') type = probe.value(1);
    else probe.skip();
  });
  return type === 'Bundle';
}

function scanList(reader: JsonReader, offsets: ByteOffsets): Scanned {
  const entries: ScannedEntry[] = [];
  reader.items(0, (index) => entries.push(scanResource(reader, offsets, `[${index}]`)));
  return { kind: 'list', head: {}, entries };
}

function scanEntry(reader: JsonReader, offsets: ByteOffsets, index: number, entries: ScannedEntry[]): void {
  let found: ScannedEntry | undefined;
  let fullUrl: Json | undefined;
  let request: Json | undefined;
  reader.members(2, (key) => {
    if (key === 'resource') found = scanResource(reader, offsets, `entry[${index}].resource`);
    else if (key === 'fullUrl') fullUrl = reader.value(3);
    else if (key === 'request') request = reader.value(3);
    else reader.value(3);
  });
  // An entry without a resource (a DELETE, a response) is kept, so that it is answered and counted.
  found ??= { path: `entry[${index}]`, start: 0, end: 0, text: '', resource: null };
  if (typeof fullUrl === 'string') found.fullUrl = fullUrl;
  if (isObject(request)) found.request = request;
  entries.push(found);
}

function scanResource(reader: JsonReader, offsets: ByteOffsets, path: string): ScannedEntry {
  const from = reader.at;
  let resource: Json = null;
  let problem: string | undefined;
  try {
    resource = reader.value(0);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    problem = error.message;
    reader.at = from;
    reader.skip();
  }
  const text = reader.text.slice(from, reader.at);
  const entry: ScannedEntry = { path, start: offsets.of(from), end: offsets.of(reader.at), text, resource };
  if (problem !== undefined) entry.problem = problem;
  return entry;
}

/** Text positions as byte positions, asked for in rising order. */
export class ByteOffsets {
  private readonly text: string;
  private readonly ascii: boolean;
  private char = 0;
  private byte: number;

  constructor(text: string, byteLength: number, base: number) {
    this.text = text;
    this.ascii = text.length === byteLength;
    this.byte = base;
  }

  of(position: number): number {
    this.byte += this.ascii ? position - this.char : Buffer.byteLength(this.text.slice(this.char, position));
    this.char = position;
    return this.byte;
  }
}

/** RFC 8259 §8.1: JSON between systems is UTF-8. Anything else is refused, because guessing would shift every byte range. */
function decodeUtf8(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch (cause) {
    throw new AppError('message_unreadable', 'JSON must be UTF-8 (RFC 8259 §8.1)', { cause });
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
