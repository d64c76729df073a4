import { isAscii, isUtf8 } from 'node:buffer';
import { AppError } from '../../core/errors.ts';

/** A half-open range of the stored bytes. */
export type Range = { start: number; end: number };

/** The encoding characters of one message as byte values; -1 where the message declares none (HL7 v2.5.1 §2.5.4, truncation: v2.7 §2.5.5.2). */
export type Delimiters = {
  field: number;
  component: number;
  repetition: number;
  escape: number;
  subcomponent: number;
  truncation: number;
};

export type Charset = 'utf-8' | 'iso-8859-1';

/** A segment without its terminator. `ordinal` counts within the message per segment name from 1. `cuts` is filled on first use. */
export type Segment = { name: string; ordinal: number; start: number; end: number; cuts: number[] | null };

/** One message over the stored bytes: nothing is copied or decoded until a field is asked for. */
export type Hl7Message = {
  bytes: Buffer;
  start: number;
  end: number;
  delimiters: Delimiters;
  charset: Charset;
  /** The message as a text in which every byte is one character, where that is so; made when the first value is read. */
  plain: string | null | undefined;
  segments: Segment[];
  flags: string[];
};

const CR = 13;
const LF = 10;
/** Headers whose first field is the field separator itself (HL7 v2.5.1 §2.5.4, §2.10.3). */
const headers: ReadonlySet<string> = new Set(['MSH', 'FHS', 'BHS']);
const names = new Map<number, string>();

/**
 * Opens the message that begins at `start`: its delimiters, character set and segments.
 * Refuses (`message_unreadable`) what has no MSH, no encoding characters, or a character set we cannot decode; `details.reason` says which.
 */
export function openMessage(bytes: Uint8Array, start = 0, end = bytes.length): Hl7Message {
  const buffer = asBuffer(bytes);
  const from = afterByteOrderMark(buffer, start, end);
  if (!isHeaderAt(buffer, from, end)) throw unreadable('no-msh', 'the payload does not begin with an MSH segment');
  const flags: string[] = [];
  const delimiters = readDelimiters(buffer, from, end, flags);
  const message: Hl7Message = { bytes: buffer, start: from, end, delimiters, charset: 'utf-8', plain: undefined, segments: [], flags };
  message.segments = splitSegments(message);
  message.charset = readCharset(message);
  return message;
}

/** The segments of one name in the order they stand. */
export function segmentsNamed(message: Hl7Message, name: string): Segment[] {
  return message.segments.filter((segment) => segment.name === name);
}

/** The segment of a name with an ordinal counted from 1, where there is one. */
export function segmentAt(message: Hl7Message, name: string, ordinal = 1): Segment | undefined {
  for (const segment of message.segments) if (segment.name === name && segment.ordinal === ordinal) return segment;
  return undefined;
}

/** How many fields the segment has, empty ones and MSH-1 counted. */
export function fieldCount(message: Hl7Message, segment: Segment): number {
  return cutsOf(message, segment).length - (headers.has(segment.name) ? 0 : 1);
}

/** Range of a field counted from 1 as HL7 counts (MSH-1 is the separator itself); undefined when the segment ends before it. */
export function fieldRange(message: Hl7Message, segment: Segment, field: number): Range | undefined {
  const cuts = cutsOf(message, segment);
  let at = field;
  if (headers.has(segment.name)) {
    if (field === 1) return { start: segment.start + 3, end: segment.start + 4 };
    at = field - 1;
  }
  if (at < 1 || at >= cuts.length) return undefined;
  return { start: cuts[at - 1]! + 1, end: cuts[at]! };
}

/** The repetitions of a field; one empty range for an empty field, and MSH-2 (which holds the separators) never splits. */
export function repetitions(message: Hl7Message, segment: Segment, field: number): Range[] {
  const range = fieldRange(message, segment, field);
  if (!range) return [];
  if (isEncodingField(segment, field)) return [range];
  return split(message, range, message.delimiters.repetition);
}

/** The components of a repetition. */
export function components(message: Hl7Message, range: Range): Range[] {
  return split(message, range, message.delimiters.component);
}

/** The subcomponents of a component. */
export function subcomponents(message: Hl7Message, range: Range): Range[] {
  return split(message, range, message.delimiters.subcomponent);
}

/** One component of a range counted from 1, without building the others; undefined when there are fewer. */
export function componentAt(message: Hl7Message, range: Range, component: number): Range | undefined {
  return pieceAt(message, range, message.delimiters.component, component);
}

/** One subcomponent of a component counted from 1; undefined when there are fewer. */
export function subcomponentAt(message: Hl7Message, range: Range, subcomponent: number): Range | undefined {
  return pieceAt(message, range, message.delimiters.subcomponent, subcomponent);
}

/** One repetition of a field counted from 1; undefined when there are fewer. */
export function repetitionAt(message: Hl7Message, segment: Segment, field: number, repetition: number): Range | undefined {
  const range = fieldRange(message, segment, field);
  if (!range) return undefined;
  if (isEncodingField(segment, field)) return repetition === 1 ? range : undefined;
  return pieceAt(message, range, message.delimiters.repetition, repetition);
}

/** Characters of a range as they stand, escapes not resolved. */
export function rawText(message: Hl7Message, range: Range): string {
  return message.charset === 'utf-8'
    ? message.bytes.toString('utf8', range.start, range.end)
    : message.bytes.toString('latin1', range.start, range.end);
}

/** MSH-1 and MSH-2 (and those of FHS, BHS) define the separators and are never split or unescaped. */
export function isEncodingField(segment: Segment, field: number): boolean {
  return field <= 2 && headers.has(segment.name);
}

/** True where `MSH` and a possible field separator stand at the offset. */
export function isHeaderAt(bytes: Buffer, at: number, end: number): boolean {
  return at + 4 < end && bytes[at] === 77 && bytes[at + 1] === 83 && bytes[at + 2] === 72 && isSeparator(bytes[at + 3]!);
}

/** Skips a UTF-8 byte order mark. */
export function afterByteOrderMark(bytes: Uint8Array, start: number, end: number): number {
  return end - start >= 3 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf ? start + 3 : start;
}

/** Same memory as a Buffer, for its fast slices. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The refusal of a message or a part of it; `reason` is a code for quarantine and carries nothing from the message. */
export function unreadable(reason: string, text: string): AppError {
  return new AppError('message_unreadable', text, { details: { reason } });
}

function readDelimiters(bytes: Buffer, start: number, end: number, flags: string[]): Delimiters {
  const field = bytes[start + 3]!;
  if (isUsual(bytes, start, end)) return usual;
  let stop = start + 4;
  while (stop < end && bytes[stop] !== field && bytes[stop] !== CR && bytes[stop] !== LF) stop++;
  let encoding = [...bytes.subarray(start + 4, stop)];
  if (encoding.length === 0 || encoding.some((byte) => !isSeparator(byte))) {
    throw unreadable('no-delimiters', 'MSH-2 does not name the encoding characters');
  }
  // `^~\\&`: a sender that escaped its own backslash. Read by position, every & would stay in the text unnoticed.
  if (encoding.length === 5 && encoding[2] === encoding[3]) {
    encoding = [encoding[0]!, encoding[1]!, encoding[2]!, encoding[4]!];
    flags.push('delimiters-doubled');
  }
  // `^~&`: position 3 is the escape character (§2.5.4), but a lone & there is a sender without one.
  if (encoding.length === 3 && encoding[2] === 38) {
    encoding = [encoding[0]!, encoding[1]!, -1, 38];
    flags.push('escape-missing');
  }
  const [component = -1, repetition = -1, mark = -1, subcomponent = -1, truncation = -1] = encoding;
  const used = [field, ...encoding].filter((byte) => byte !== -1);
  if (new Set(used).size !== used.length) throw unreadable('delimiters-ambiguous', 'MSH-1 and MSH-2 use one character twice');
  return { field, component, repetition, escape: mark, subcomponent, truncation };
}

/** `|^~\\&`, which nearly every sender uses. */
const usual: Delimiters = Object.freeze({ field: 124, component: 94, repetition: 126, escape: 92, subcomponent: 38, truncation: -1 });

function isUsual(bytes: Buffer, start: number, end: number): boolean {
  const at = start + 3;
  if (at + 5 >= end || bytes[at] !== 124 || bytes[at + 5] !== 124) return false;
  return bytes[at + 1] === 94 && bytes[at + 2] === 126 && bytes[at + 3] === 92 && bytes[at + 4] === 38;
}

function isSeparator(byte: number): boolean {
  const alphanumeric = (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
  return byte > 32 && byte < 127 && !alphanumeric;
}

function splitSegments(message: Hl7Message): Segment[] {
  const { bytes, start, end } = message;
  const segments: Segment[] = [];
  const counts = new Map<number, number>();
  const hasReturn = inside(bytes.indexOf(CR, start), end);
  const hasFeed = inside(bytes.indexOf(LF, start), end);
  const terminator = hasReturn ? CR : LF;
  let at = start;
  while (at < end) {
    let stop = bytes.indexOf(terminator, at);
    if (stop === -1 || stop > end) stop = end;
    if (hasReturn && hasFeed) stop = feedThatEnds(message, at, stop);
    if (stop > at) segments.push(segmentOf(message, at, stop, counts));
    at = stop + 1;
  }
  return segments;
}

/** In a message whose segments end in CR, a bare LF ends one only where the next line reads like a segment; elsewhere it is text (and flagged). */
function feedThatEnds(message: Hl7Message, at: number, stop: number): number {
  const { bytes, end, flags } = message;
  for (let feed = bytes.indexOf(LF, at); feed !== -1 && feed < stop; feed = bytes.indexOf(LF, feed + 1)) {
    if (feed === at || looksLikeSegment(message, feed + 1, end)) return feed;
    if (!flags.includes('line-feed-in-segment')) flags.push('line-feed-in-segment');
  }
  return stop;
}

function looksLikeSegment(message: Hl7Message, at: number, end: number): boolean {
  if (at + 3 > end) return false;
  const next = at + 3 === end ? CR : message.bytes[at + 3]!;
  return isName(message.bytes, at) && (next === message.delimiters.field || next === CR || next === LF);
}

function isName(bytes: Buffer, at: number): boolean {
  for (let i = at; i < at + 3; i++) {
    const byte = bytes[i]!;
    if (!((byte >= 65 && byte <= 90) || (i > at && byte >= 48 && byte <= 57))) return false;
  }
  return true;
}

/** A line that is no segment keeps its bytes under the name `?`, so that coverage lists it and nothing is lost. */
function segmentOf(message: Hl7Message, start: number, end: number, counts: Map<number, number>): Segment {
  const { bytes } = message;
  const good = end - start >= 3 && isName(bytes, start) && (end - start === 3 || bytes[start + 3] === message.delimiters.field);
  const key = good ? (bytes[start]! << 16) | (bytes[start + 1]! << 8) | bytes[start + 2]! : 0;
  const name = names.get(key) ?? intern(key, good ? bytes.toString('latin1', start, start + 3) : '?');
  if (!good && !message.flags.includes('segment-unreadable')) message.flags.push('segment-unreadable');
  const ordinal = (counts.get(key) ?? 0) + 1;
  counts.set(key, ordinal);
  return { name, ordinal, start, end, cuts: null };
}

function intern(key: number, name: string): string {
  names.set(key, name);
  return name;
}

/** Positions of the field separators, with the segment's end as the last; field n stands between two of them. */
function cutsOf(message: Hl7Message, segment: Segment): number[] {
  if (segment.cuts) return segment.cuts;
  const { bytes } = message;
  const { field } = message.delimiters;
  const cuts: number[] = [];
  // A line without a name is one field from its first byte.
  if (segment.name === '?') cuts.push(segment.start - 1);
  else for (let at = segment.start + 3; at < segment.end; at++) if (bytes[at] === field) cuts.push(at);
  cuts.push(segment.end);
  segment.cuts = cuts;
  return cuts;
}

function split(message: Hl7Message, range: Range, separator: number): Range[] {
  const pieces: Range[] = [];
  let start = range.start;
  for (let at = start; at < range.end; at++) {
    if (message.bytes[at] !== separator) continue;
    pieces.push({ start, end: at });
    start = at + 1;
  }
  pieces.push({ start, end: range.end });
  return pieces;
}

function pieceAt(message: Hl7Message, range: Range, separator: number, wanted: number): Range | undefined {
  const { bytes } = message;
  let start = range.start;
  let piece = 1;
  for (let at = start; at < range.end; at++) {
    if (bytes[at] !== separator) continue;
    if (piece === wanted) return { start, end: at };
    piece++;
    start = at + 1;
  }
  return piece === wanted ? { start, end: range.end } : undefined;
}

/** MSH-18 by HL7 table 0211. What is not declared must read as ASCII or UTF-8: no set is ever guessed from the bytes. */
function readCharset(message: Hl7Message): Charset {
  const { bytes, start, end, flags } = message;
  const nowhere = bytes.indexOf(0, start);
  if (nowhere >= start && nowhere < end) throw unreadable('null-character', 'a message with the character U+0000 in it is no text');
  const declared = repetitionAt(message, message.segments[0]!, 18, 1);
  const name = declared && declared.end > declared.start ? bytes.toString('latin1', declared.start, declared.end).trim().toUpperCase() : '';
  if (latin.has(name)) return 'iso-8859-1';
  if (!unicode.has(name)) throw unreadable('charset-unsupported', 'MSH-18 names a character set that is not supported');
  const body = bytes.subarray(start, end);
  if (isAscii(body)) return 'utf-8';
  message.plain = null;
  if (!isUtf8(body)) throw unreadable('charset-mismatch', 'the bytes are not in the character set that MSH-18 declares or leaves open');
  if (!name.includes('U')) flags.push('charset-assumed');
  return 'utf-8';
}

const latin: ReadonlySet<string> = new Set(['8859/1', 'ISO-8859-1', 'ISO_8859-1', 'ISO8859-1', 'ISO IR100', 'ISO IR-100', 'LATIN1']);
const unicode: ReadonlySet<string> = new Set([
  '',
  'ASCII',
  '7-BIT ASCII',
  'US-ASCII',
  'ISO IR6',
  'UNICODE',
  'UNICODE UTF-8',
  'UTF-8',
  'UTF8',
]);

function inside(at: number, end: number): boolean {
  return at !== -1 && at < end;
}
