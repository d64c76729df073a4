import { isUtf8 } from 'node:buffer';
import type { DecodeStep } from '../../core/fact.ts';
import type { Delimiters, Hl7Message, Range } from './message.ts';

/** Text of a leaf for people, and what had to be tolerated to read it. */
export type Decoded = { text: string; flags: string[] };

const LINE_FEED = 10;
const SPACE = 32;

/** Text of a range: escape sequences first, over bytes (so that `\XC3A9\` is a character of the message's own set), then the character set. */
export function decodeText(message: Hl7Message, range: Range): Decoded {
  if (!hasEscape(message, range)) return { text: plainText(message, range), flags: [] };
  const flags: string[] = [];
  const plain = unescapeBytes(message.bytes.subarray(range.start, range.end), message.delimiters, flags);
  if (message.charset === 'iso-8859-1') return { text: plain.toString('latin1'), flags };
  if (!isUtf8(plain)) flags.push('escape-not-in-charset');
  return { text: plain.toString('utf8'), flags };
}

/**
 * The steps from the bytes of a range to its text; each step's start and end count in what that step leaves (a charset step leaves UTF-8).
 * None are needed for plain UTF-8. A `charset` step always means ISO-8859-1, the only other set we read.
 */
export function decodeSteps(message: Hl7Message, range: Range): DecodeStep[] {
  const steps: DecodeStep[] = [];
  let bytes = message.bytes.subarray(range.start, range.end);
  if (hasEscape(message, range)) {
    bytes = unescapeBytes(bytes, message.delimiters, []);
    steps.push({ decode: 'hl7-escape', start: 0, end: bytes.length });
  }
  if (message.charset === 'iso-8859-1' && bytes.some((byte) => byte > 127)) {
    steps.push({ decode: 'charset', start: 0, end: Buffer.byteLength(bytes.toString('latin1')) });
  }
  return steps;
}

/**
 * Resolves escape sequences (HL7 v2.5.1 §2.7). Formatting becomes line breaks and spaces, highlighting goes, `\X..\` becomes its bytes.
 * What cannot be resolved (`\Z..\`, `\C..\`, `\M..\`, `\X00\`, which is no text, a lone escape character) stays as it was sent and is flagged, never dropped.
 */
export function unescapeBytes(bytes: Uint8Array, delimiters: Delimiters, flags: string[]): Buffer {
  const { escape: mark } = delimiters;
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    const close = byte === mark && mark !== -1 ? bytes.indexOf(mark, at + 1) : -1;
    const resolved = close > at + 1 ? resolve(latin1(bytes, at + 1, close), delimiters, flags) : undefined;
    if (resolved === undefined) {
      if (byte === mark) flag(flags, 'escape-unreadable');
      out.push(byte);
      continue;
    }
    if (resolved === 'keep') for (let i = at; i <= close; i++) out.push(bytes[i]!);
    else for (const value of resolved) out.push(value);
    at = close;
  }
  return Buffer.from(out);
}

/** Writes text for a field of a message with these delimiters; line breaks become `\.br\`, other control characters `\Xhh\`. */
export function escapeText(text: string, delimiters: Delimiters): string {
  const mark = delimiters.escape === -1 ? '' : String.fromCharCode(delimiters.escape);
  const letters = new Map<number, string>([
    [delimiters.field, 'F'],
    [delimiters.component, 'S'],
    [delimiters.subcomponent, 'T'],
    [delimiters.repetition, 'R'],
    [delimiters.escape, 'E'],
    [delimiters.truncation, 'P'],
  ]);
  let out = '';
  for (const character of text.replaceAll('\r\n', '\n')) {
    const code = character.codePointAt(0)!;
    const letter = letters.get(code);
    const sequence =
      letter ??
      (code === LINE_FEED || code === 13 ? '.br' : code < SPACE ? `X${code.toString(16).padStart(2, '0').toUpperCase()}` : undefined);
    // Without an escape character a delimiter cannot be written; a space keeps the structure.
    if (sequence === undefined) out += character;
    else out += mark === '' ? ' ' : `${mark}${sequence}${mark}`;
  }
  return out;
}

function resolve(sequence: string, delimiters: Delimiters, flags: string[]): readonly number[] | 'keep' | undefined {
  switch (sequence) {
    case 'F':
      return [delimiters.field];
    case 'S':
      return one(delimiters.component);
    case 'T':
      return one(delimiters.subcomponent);
    case 'R':
      return one(delimiters.repetition);
    case 'E':
      return [delimiters.escape];
    case 'P':
      return one(delimiters.truncation);
    case 'H':
    case 'N':
      return [];
    default:
      return resolveLonger(sequence, flags);
  }
}

function resolveLonger(sequence: string, flags: string[]): readonly number[] | 'keep' | undefined {
  if (/^X([0-9A-Fa-f]{2})+$/.test(sequence)) {
    const bytes = Buffer.from(sequence.slice(1), 'hex');
    return bytes.includes(0) ? undefined : [...bytes];
  }
  const command = /^\.(br|sp|in|ti|fi|nf|ce|sk)\s*([+-]?\d{0,3})$/.exec(sequence);
  if (command) return format(command[1]!, command[2]!);
  if (/^(Z[^\s]{0,40}|C[0-9A-Fa-f]{4}|M[0-9A-Fa-f]{4,6})$/.test(sequence)) {
    flag(flags, 'escape-local');
    return 'keep';
  }
  return undefined;
}

/** Formatting commands of FT (HL7 v2.5.1 §2.7.6): only those that part words leave a trace. */
function format(command: string, count: string): readonly number[] {
  const times = Math.max(1, Math.abs(Number(count || '1')));
  if (command === 'br' || command === 'ce') return [LINE_FEED];
  if (command === 'sp') return new Array<number>(times).fill(LINE_FEED);
  if (command === 'sk') return new Array<number>(times).fill(SPACE);
  return [];
}

function one(byte: number): readonly number[] | undefined {
  return byte === -1 ? undefined : [byte];
}

/** A value is a slice of the message's text where bytes are characters: a hundred values of a message, and one call out of the engine. */
function plainText(message: Hl7Message, { start, end }: Range): string {
  if (message.plain === null) return message.bytes.toString('utf8', start, end);
  message.plain ??= message.bytes.toString('latin1', message.start, message.end);
  return message.plain.slice(start - message.start, end - message.start);
}

function hasEscape(message: Hl7Message, range: Range): boolean {
  const { escape: mark } = message.delimiters;
  if (mark === -1) return false;
  for (let at = range.start; at < range.end; at++) if (message.bytes[at] === mark) return true;
  return false;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

function flag(flags: string[], name: string): void {
  if (!flags.includes(name)) flags.push(name);
}
