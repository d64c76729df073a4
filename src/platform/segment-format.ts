import { createHash } from 'node:crypto';
import { canonicalJson } from '../core/canonical-json.ts';

/**
 * What a record says of its bytes, and no more than is needed to do it again: a receipt, what a person did to a draft or about
 * what went wrong, an erasure that was ordered, and that it is complete.
 */
export type SegmentHeader = {
  kind: 'receipt' | 'act' | 'mending' | 'erasure' | 'erased';
  id: string;
  /** ISO instant. */
  receivedAt: string;
  source?: string;
  door?: string;
  contentType?: string;
  [more: string]: string | number | boolean | null | undefined;
};

export type SegmentRecord = { header: SegmentHeader; bytes: Uint8Array };

/** 4 bytes length of the body, 4 bytes length of the header in it (both little-endian), 32 bytes SHA-256 of the body. */
export const PREFIX_BYTES = 40;

/** A record as it lies in a segment: prefix, canonical JSON header, bytes. Members that are undefined are left out. */
export function encodeRecord({ header, bytes }: SegmentRecord): Buffer {
  const present = Object.fromEntries(Object.entries(header).filter(([, value]) => value !== undefined));
  const text = Buffer.from(canonicalJson(present), 'utf8');
  const record = Buffer.allocUnsafe(PREFIX_BYTES + text.length + bytes.length);
  record.writeUInt32LE(text.length + bytes.length, 0);
  record.writeUInt32LE(text.length, 4);
  text.copy(record, PREFIX_BYTES);
  record.set(bytes, PREFIX_BYTES + text.length);
  createHash('sha256').update(record.subarray(PREFIX_BYTES)).digest().copy(record, 8);
  return record;
}

export type Decoded = { record: SegmentRecord; end: number };

/** The record at `offset`, or undefined when what stands there is no whole record with the hash it claims. */
export function decodeRecord(data: Buffer, offset: number): Decoded | undefined {
  if (offset + PREFIX_BYTES > data.length) return undefined;
  const bodyLength = data.readUInt32LE(offset);
  const headerLength = data.readUInt32LE(offset + 4);
  const start = offset + PREFIX_BYTES;
  const end = start + bodyLength;
  if (headerLength < 2 || headerLength > bodyLength || end > data.length) return undefined;
  const body = data.subarray(start, end);
  if (
    createHash('sha256')
      .update(body)
      .digest()
      .compare(data, offset + 8, offset + PREFIX_BYTES) !== 0
  )
    return undefined;
  const header = JSON.parse(body.toString('utf8', 0, headerLength)) as SegmentHeader;
  return { record: { header, bytes: new Uint8Array(body.subarray(headerLength)) }, end };
}

/** Where the next whole record starts after a damaged place; undefined when nothing follows. Cheap checks come before the hash. */
export function findRecord(data: Buffer, from: number): number | undefined {
  const headerStart = Buffer.from('{"');
  for (let at = data.indexOf(headerStart, from + PREFIX_BYTES); at !== -1; at = data.indexOf(headerStart, at + 1)) {
    if (decodeRecord(data, at - PREFIX_BYTES) !== undefined) return at - PREFIX_BYTES;
  }
  return undefined;
}
