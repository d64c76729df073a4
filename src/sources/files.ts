import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Payload } from '../core/receipt.ts';
import { contentTypeOf } from './content-type.ts';
import { feedName } from './feed-name.ts';

/** A file becomes receipts of at most this much, cut between messages or lines, so that a long file never holds the store in one transaction. */
const PART_ITEMS = 100;
const PART_BYTES = 512 << 10;

/** The files of a path, sorted so that the same folder is read in the same order; hidden files and manifests are passed over. */
export async function filesOf(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const lists = await Promise.all(
    entries
      .filter((entry) => !entry.name.startsWith('.') && entry.name !== 'manifest.json')
      .sort((one, other) => (one.name < other.name ? -1 : 1))
      .map((entry) => (entry.isDirectory() ? filesOf(join(path, entry.name)) : Promise.resolve([join(path, entry.name)]))),
  );
  return lists.flat();
}

/** The payloads of one file, in order, from `source`; without it HL7 names its sender itself and other files are named by their folder. The same file gives the same payloads, so an interrupted import is resumed by running it again. */
export async function* payloadsOf(file: string, source?: string): AsyncGenerator<Payload> {
  const bytes = new Uint8Array(await readFile(file));
  const contentType = contentTypeOf(bytes, basename(file));
  const starts =
    contentType === 'application/hl7-v2+er7' ? messageStarts(bytes) : contentType === 'application/fhir+ndjson' ? lineStarts(bytes) : [];
  const isHl7 = contentType === 'application/hl7-v2+er7';
  const nameOf = (from: number): string => source ?? (isHl7 ? feedName(bytes.subarray(from)) : sourceOf(file));
  for (const [from, to] of partsOf(starts, bytes.length, isHl7 && source === undefined ? nameOf : undefined)) {
    yield { source: nameOf(from), door: 'files', contentType, bytes: bytes.subarray(from, to) };
  }
}

/** Ranges that together are the whole file; the first begins at 0, whatever stands before the first item. Items of two senders are never in one. */
export function partsOf(starts: readonly number[], length: number, senderAt?: (start: number) => string): [from: number, to: number][] {
  const parts: [number, number][] = [];
  let from = 0;
  let items = 0;
  let before: string | undefined;
  for (const start of starts) {
    const sender = senderAt?.(start);
    if (items > 0 && start > from && (items >= PART_ITEMS || start - from >= PART_BYTES || sender !== before)) {
      parts.push([from, start]);
      from = start;
      items = 0;
    }
    items += 1;
    before = sender;
  }
  parts.push([from, length]);
  return parts;
}

/** Offsets of `MSH` at the beginning of a line, or after the framing byte of a captured MLLP stream. */
function messageStarts(bytes: Uint8Array): number[] {
  const starts: number[] = [];
  for (let at = bytes.indexOf(0x4d); at >= 0; at = bytes.indexOf(0x4d, at + 1)) {
    if (bytes[at + 1] !== 0x53 || bytes[at + 2] !== 0x48) continue;
    const before = at === 0 ? 0x0a : bytes[at - 1];
    if (before === 0x0a || before === 0x0d || before === 0x0b) starts.push(before === 0x0b ? at - 1 : at);
  }
  return starts;
}

function lineStarts(bytes: Uint8Array): number[] {
  const starts = [0];
  for (let at = bytes.indexOf(0x0a); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(0x0a, at + 1)) starts.push(at + 1);
  return starts;
}

/** `fhir/north-ehr/123.json` comes from north-ehr; a file that lies in no named folder is named by itself. */
function sourceOf(file: string): string {
  const folder = basename(dirname(file));
  const name = /^(hl7|fhir|\.|)$/.test(folder) ? basename(file).replace(/\.[^.]+$/, '') : folder;
  return name.toLowerCase().replace(/[^a-z0-9.-]+/g, '-') || 'files';
}
