import { AppError } from '../../core/errors.ts';
import type { DecodeStep, Location } from '../../core/fact.ts';
import { decodeCharset } from './attachment-text.ts';

/**
 * Where the value at a path stands in stored JSON bytes (design 4b): `entry[12].resource.valueQuantity.value`, NDJSON
 * `line[41].…` (physical lines from 0), a list at the root `[3].…`, and `["odd.name"]` for a member whose name holds `.`, `[` or `"`.
 * Strings give the range inside their quotes, with a `json-string` step only where something is escaped; numbers and the rest
 * give their text. `envelope` is the byte range of the resource that the first part of the path names: it saves the walk.
 */
export function locateJson(bytes: Uint8Array, path: string, envelope?: readonly [start: number, end: number]): Location {
  return leaf(bytes, walk(bytes, path, envelope));
}

/** As `locateJson`, and on through base64 and charset where the path is the data of a text Attachment: what a `note` atom quotes. */
export function locateText(bytes: Uint8Array, path: string, envelope?: readonly [start: number, end: number]): Location {
  const location = locateJson(bytes, path, envelope);
  if (!path.endsWith('.data')) return location;
  const type = find(bytes, `${path.slice(0, -'data'.length)}contentType`, envelope);
  if (!type || !/^text\//i.test(decodeLocation(bytes, leaf(bytes, type)))) return location;
  const data = Buffer.from(decodeLocation(bytes, location), 'base64');
  const steps: DecodeStep[] = [
    ...location.steps,
    { decode: 'base64', start: 0, end: data.length },
    { decode: 'charset', start: 0, end: Buffer.byteLength(decodeCharset(data)) },
  ];
  return { ...location, steps };
}

/**
 * Narrows a location to a part of its decoded text, `from` and `to` in characters (UTF-16 units), half-open.
 * Where the way is plain (no escapes, unbroken base64, UTF-8) the range of stored bytes narrows too.
 */
export function locateInDecoded(bytes: Uint8Array, location: Location, from: number, to: number): Location {
  const text = decodeLocation(bytes, location);
  if (from < 0 || to > text.length || from > to) throw new AppError('not_found', 'that part stands outside the decoded text');
  const start = Buffer.byteLength(text.slice(0, from));
  const end = start + Buffer.byteLength(text.slice(from, to));
  const last = location.steps.at(-1);
  if (!last) return { start: location.start + start, end: location.start + end, steps: [] };
  const narrowed = narrowBase64(bytes, location, start, end);
  if (narrowed) return narrowed;
  const steps = [...location.steps.slice(0, -1), { ...last, start: last.start + start, end: last.start + end }];
  return { ...location, steps };
}

/** The text a location leads to. Refuses steps of other formats and ranges outside the bytes. */
export function decodeLocation(bytes: Uint8Array, location: Location): string {
  if (location.start < 0 || location.end > bytes.length || location.start > location.end) {
    throw new AppError('not_found', 'the location stands outside the stored bytes');
  }
  let state: Uint8Array | string = bytes.subarray(location.start, location.end);
  for (const step of location.steps) state = cut(apply(step, state), step);
  return typeof state === 'string' ? state : utf8(state);
}

function apply(step: DecodeStep, state: Uint8Array | string): Uint8Array | string {
  switch (step.decode) {
    case 'json-string':
      return JSON.parse(`"${textOfState(state)}"`) as string;
    case 'base64':
      return Buffer.from(textOfState(state), 'base64');
    case 'charset':
      return decodeCharset(typeof state === 'string' ? Buffer.from(state) : state);
    default:
      throw new AppError('format_unsupported', `a ${step.decode} step does not belong to FHIR JSON`);
  }
}

/** The step's own range. Text counts in UTF-8 bytes; a lone surrogate counts the 3 bytes it would take. */
function cut(state: Uint8Array | string, step: DecodeStep): Uint8Array | string {
  if (typeof state !== 'string') return state.subarray(step.start, step.end);
  if (step.start === 0 && step.end === Buffer.byteLength(state)) return state;
  return utf8(Buffer.from(state).subarray(step.start, step.end));
}

function textOfState(state: Uint8Array | string): string {
  return typeof state === 'string' ? state : utf8(state);
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Three bytes stand in four base64 characters: the smallest run of groups that holds the part. */
function narrowBase64(bytes: Uint8Array, location: Location, start: number, end: number): Location | undefined {
  const [first, second] = location.steps;
  if (location.steps.length !== 2 || first?.decode !== 'base64' || second?.decode !== 'charset' || end === start) return undefined;
  const stored = bytes.subarray(location.start, location.end);
  const data = Buffer.from(utf8(stored), 'base64');
  const plain = first.start === 0 && second.start === 0 && data.toString('base64') === utf8(stored) && isUtf8(data);
  if (!plain) return undefined;
  const from = Math.floor(start / 3);
  const to = Math.ceil(end / 3);
  const within = { start: start - from * 3, end: end - from * 3 };
  return {
    start: location.start + from * 4,
    end: Math.min(location.start + to * 4, location.end),
    steps: [
      { decode: 'base64', ...within },
      { decode: 'charset', start: 0, end: end - start },
    ],
  };
}

function isUtf8(bytes: Uint8Array): boolean {
  return Buffer.from(decodeCharset(bytes)).equals(bytes);
}

type Range = { start: number; end: number };

function walk(bytes: Uint8Array, path: string, envelope?: readonly [start: number, end: number]): Range {
  const range = find(bytes, path, envelope);
  if (!range) throw new AppError('not_found', 'nothing stands at this path');
  return range;
}

function find(bytes: Uint8Array, path: string, envelope?: readonly [start: number, end: number]): Range | undefined {
  const segments = parsePath(path);
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  let taken = 0;
  if (envelope) {
    at = envelope[0];
    taken = envelopeSegments(segments);
  } else if (segments[0] === 'line' && typeof segments[1] === 'number') {
    for (let line = 0; line < segments[1]; line++) {
      const next = bytes.indexOf(0x0a, at);
      if (next < 0) return undefined;
      at = next + 1;
    }
    taken = 2;
  }
  let start = space(bytes, at);
  for (const segment of segments.slice(taken)) {
    const next = typeof segment === 'number' ? item(bytes, start, segment) : member(bytes, start, segment);
    if (next === undefined) return undefined;
    start = next;
  }
  return { start, end: skip(bytes, start) };
}

/** How many leading segments the envelope already answers: `entry[n].resource`, `line[n]` or `[n]`. */
function envelopeSegments(segments: (string | number)[]): number {
  if (segments[0] === 'entry' && typeof segments[1] === 'number' && segments[2] === 'resource') return 3;
  if (segments[0] === 'line' && typeof segments[1] === 'number') return 2;
  return typeof segments[0] === 'number' ? 1 : 0;
}

/** `a.b[3].c` as ['a', 'b', 3, 'c']. */
function parsePath(path: string): (string | number)[] {
  const segments: (string | number)[] = [];
  SEGMENT.lastIndex = 0;
  let at = 0;
  while (at < path.length) {
    SEGMENT.lastIndex = at;
    const found = SEGMENT.exec(path);
    if (!found || (found[1] !== undefined && (at === 0) !== !found[0].startsWith('.'))) throw new AppError('request_invalid', 'not a path');
    if (found[1] !== undefined) segments.push(found[1]);
    else if (found[2] !== undefined) segments.push(Number(found[2]));
    else segments.push(JSON.parse(found[3]!) as string);
    at = SEGMENT.lastIndex;
  }
  return segments;
}

const SEGMENT = /\.?([^.[\]"]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;

function leaf(bytes: Uint8Array, range: Range): Location {
  if (bytes[range.start] !== 0x22) return { ...range, steps: [] };
  const inside = { start: range.start + 1, end: range.end - 1 };
  if (!bytes.subarray(inside.start, inside.end).includes(0x5c)) return { ...inside, steps: [] };
  const text = JSON.parse(utf8(bytes.subarray(range.start, range.end))) as string;
  return { ...inside, steps: [{ decode: 'json-string', start: 0, end: Buffer.byteLength(text) }] };
}

function space(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
  return at;
}

/** The start of item `index` of the list at `start`. */
function item(bytes: Uint8Array, start: number, index: number): number | undefined {
  if (bytes[start] !== 0x5b) return undefined;
  let at = space(bytes, start + 1);
  if (bytes[at] === 0x5d) return undefined;
  for (let count = 0; ; count++) {
    if (count === index) return at;
    at = space(bytes, skip(bytes, at));
    if (bytes[at] !== 0x2c) return undefined;
    at = space(bytes, at + 1);
  }
}

/** The start of the value of member `name` of the object at `start`. */
function member(bytes: Uint8Array, start: number, name: string): number | undefined {
  if (bytes[start] !== 0x7b) return undefined;
  let at = space(bytes, start + 1);
  while (bytes[at] === 0x22) {
    const end = skip(bytes, at);
    const found = keyIs(bytes, at, end, name);
    at = space(bytes, end);
    if (bytes[at] !== 0x3a) return broken();
    at = space(bytes, at + 1);
    if (found) return at;
    at = space(bytes, skip(bytes, at));
    if (bytes[at] !== 0x2c) return undefined;
    at = space(bytes, at + 1);
  }
  return undefined;
}

function keyIs(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  const raw = bytes.subarray(start + 1, end - 1);
  if (raw.includes(0x5c)) return JSON.parse(utf8(bytes.subarray(start, end))) === name;
  return raw.length === Buffer.byteLength(name) && utf8(raw) === name;
}

/** The end of the value that starts at `start`. */
function skip(bytes: Uint8Array, start: number): number {
  const first = bytes[start];
  if (first === 0x22) return skipString(bytes, start);
  if (first === 0x7b || first === 0x5b) return skipNested(bytes, start);
  let at = start;
  while (at < bytes.length && !isEnd(bytes[at]!)) at++;
  return at === start ? broken() : at;
}

function skipString(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 0x5c) at++;
    else if (byte === 0x22) return at + 1;
  }
  return broken();
}

function skipNested(bytes: Uint8Array, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 0x22) at = skipString(bytes, at) - 1;
    else if (byte === 0x7b || byte === 0x5b) depth++;
    else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) return at + 1;
  }
  return broken();
}

function isEnd(byte: number): boolean {
  return byte === 0x2c || byte === 0x7d || byte === 0x5d || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function broken(): never {
  throw new AppError('message_unreadable', 'the stored bytes are not JSON where the path leads');
}
