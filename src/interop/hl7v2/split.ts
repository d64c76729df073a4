import { afterByteOrderMark, asBuffer, isHeaderAt, type Range } from './message.ts';

/** A file or stream of HL7 v2 taken apart. Together the ranges cover every byte once: `rest` is framing, blank space and what is no message. */
export type MessageFile = {
  messages: Range[];
  /** FHS, BHS, BTS and FTS lines of a batch (HL7 v2.5.1 §2.10.3). */
  batch: (Range & { name: string })[];
  rest: (Range & { kind: 'framing' | 'stray' })[];
};

const CR = 13;
const LF = 10;
/** MLLP frames (HL7 v2.5.1 Appendix C §C.4.3): VT message FS CR. */
const VT = 0x0b;
const FS = 0x1c;

/** Finds the messages of a payload: one, several in a row, an FHS/BHS batch, or MLLP frames. A message ends where the next begins. */
export function splitMessages(payload: Uint8Array): MessageFile {
  const bytes = asBuffer(payload);
  const file: MessageFile = { messages: [], batch: [], rest: [] };
  const end = bytes.length;
  let at = 0;
  while (at < end) {
    const begin = afterByteOrderMark(bytes, at, end);
    if (begin > at || isFraming(bytes[at]!)) at = framing(file, bytes, at, begin);
    else if (isHeaderAt(bytes, at, end)) at = message(file, bytes, at);
    else at = line(file, bytes, at);
  }
  return file;
}

function framing(file: MessageFile, bytes: Buffer, at: number, afterMark: number): number {
  let stop = Math.max(at, afterMark);
  while (stop < bytes.length && isFraming(bytes[stop]!)) stop++;
  const last = file.rest.at(-1);
  if (last?.kind === 'framing' && last.end === at) last.end = stop;
  else file.rest.push({ start: at, end: stop, kind: 'framing' });
  return stop;
}

function message(file: MessageFile, bytes: Buffer, start: number): number {
  const end = bytes.length;
  let at = start + 4;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === FS || byte === VT) break;
    if ((byte === CR || byte === LF) && startsNext(bytes, at + 1, end)) {
      at++;
      break;
    }
  }
  file.messages.push({ start, end: at });
  return at;
}

function startsNext(bytes: Buffer, at: number, end: number): boolean {
  return isHeaderAt(bytes, afterByteOrderMark(bytes, at, end), end) || batchName(bytes, at) !== undefined;
}

function line(file: MessageFile, bytes: Buffer, start: number): number {
  let stop = start;
  while (stop < bytes.length && bytes[stop] !== CR && bytes[stop] !== LF && bytes[stop] !== VT && bytes[stop] !== FS) stop++;
  const name = batchName(bytes, start);
  if (name) file.batch.push({ start, end: stop, name });
  else file.rest.push({ start, end: stop, kind: 'stray' });
  return stop;
}

function batchName(bytes: Buffer, at: number): string | undefined {
  if (at + 3 > bytes.length) return undefined;
  const name = bytes.toString('latin1', at, at + 3);
  if (name !== 'FHS' && name !== 'BHS' && name !== 'BTS' && name !== 'FTS') return undefined;
  const next = bytes[at + 3];
  return next === undefined || !/[0-9A-Za-z]/.test(String.fromCharCode(next)) ? name : undefined;
}

function isFraming(byte: number): boolean {
  return byte === VT || byte === FS || byte === CR || byte === LF || byte === 32 || byte === 9;
}
