import type { CoverageLine, Rejection } from '../../core/receipt.ts';
import { tally } from './coverage.ts';
import { type Hl7Options, type Hl7Result, readHl7 } from './read-message.ts';
import { type MessageFile, splitMessages } from './split.ts';

/**
 * Reads a whole payload: one message, several, a batch or MLLP frames. Never throws for what the bytes say: what cannot be read or is not
 * supported comes back as a rejection with its range, and its fields as held.
 */
export function readHl7File(bytes: Uint8Array, options: Hl7Options): Hl7Result {
  const file = splitMessages(bytes);
  const results = file.messages.map((range, index) => {
    const result = readHl7(bytes, { ...options, envelope: [range.start, range.end] });
    // Items of one receipt are told apart by their message where there are several.
    const prefix = file.messages.length > 1 ? `message[${index + 1}]` : '';
    const rejections = result.rejections.map((one) => ({ ...one, item: [prefix, one.item].filter(Boolean).join('/') }));
    return { ...result, rejections };
  });
  const stray = file.rest.filter((range) => range.kind === 'stray');
  const rejections = stray.map(
    (range): Rejection => ({
      item: results.length > 0 ? `byte[${range.start}]` : '',
      start: range.start,
      end: range.end,
      reason: 'no-msh',
      detail: 'text outside any message',
    }),
  );
  // Also of blanks alone: nothing that came is taken for read.
  if (results.length + stray.length === 0)
    rejections.push({ item: '', start: 0, end: bytes.length, reason: 'no-msh', detail: 'no message' });
  return {
    people: results.flatMap((result) => result.people),
    merges: results.flatMap((result) => result.merges),
    coverage: () => tally(linesOf(file, results), bytes.length),
    rejections: [...results.flatMap((result) => result.rejections), ...rejections],
    controlId: results[0]?.controlId ?? null,
    type: results[0]?.type ?? null,
    flags: [...new Set(results.flatMap((result) => result.flags))],
  };
}

function linesOf(file: MessageFile, results: readonly Hl7Result[]): CoverageLine[] {
  const lines: CoverageLine[] = [
    ...results.flatMap((result) => result.coverage().lines),
    ...file.batch.map((line) => ({ path: `batch/${line.name}`, start: line.start, end: line.end, state: 'kept-unmapped' as const })),
    ...file.rest
      .filter((range) => range.kind === 'stray')
      .map((range) => ({ path: `byte[${range.start}]`, start: range.start, end: range.end, state: 'held' as const })),
  ];
  return lines.sort((one, other) => one.start - other.start);
}
