import type { ExplainView } from '../../core/api.ts';
import { AppError } from '../../core/errors.ts';
import { type AckOptions, acknowledger } from './ack.ts';
import { decodeText } from './escape.ts';
import { fieldName } from './field-names.ts';
import { structureOf } from './locate.ts';
import { type Hl7Message, openMessage, rawText } from './message.ts';
import { readHl7File } from './read-file.ts';
import type { Hl7Options } from './read-message.ts';
import { splitMessages } from './split.ts';

/**
 * What one would see if these bytes came in: segments, fields with names, what each becomes, facts, refusals and the answer. A capture that
 * holds frames is a file, which nobody answers. Stores nothing.
 */
export function explainHl7(bytes: Uint8Array, options: Hl7Options & { ack: AckOptions }): Omit<ExplainView, 'source'> {
  const result = readHl7File(bytes, options);
  const coverage = result.coverage();
  const opened = openAll(bytes);
  const ack = bytes.includes(START_BLOCK) ? undefined : acknowledger(options.ack)(bytes, { ok: true });
  return {
    format: 'hl7v2',
    segments: segmentViews(bytes, opened),
    fields: coverage.lines.map((line) => ({
      path: line.path,
      start: line.start,
      end: line.end,
      text: textAt(bytes, opened, line.start, line.end, line.path),
      name: nameOf(line.path),
      state: line.state,
      becomes: line.becomes ?? null,
    })),
    facts: result.people.flatMap(({ facts }) =>
      facts.map((fact) => ({
        id: fact.id,
        type: fact.type,
        status: fact.status,
        grade: fact.grade,
        flags: fact.flags,
        content: JSON.parse(fact.content) as unknown,
      })),
    ),
    rejections: result.rejections.map(({ item, reason, detail }) => ({ item, reason, detail })),
    coverage,
    ack: ack ? Buffer.from(ack.bytes).toString(opened[0]?.charset === 'iso-8859-1' ? 'latin1' : 'utf8') : null,
    ackCode: ack?.code ?? null,
  };
}

/** Begins a frame of MLLP; inside one it cannot stand. */
const START_BLOCK = 0x0b;

function openAll(bytes: Uint8Array): Hl7Message[] {
  return splitMessages(bytes).messages.flatMap((range) => {
    try {
      return [openMessage(bytes, range.start, range.end)];
    } catch (error) {
      // The rejection says why; the page still shows what there is.
      if (error instanceof AppError) return [];
      throw error;
    }
  });
}

function segmentViews(bytes: Uint8Array, messages: readonly Hl7Message[]): ExplainView['segments'] {
  const segments = messages.flatMap((message) =>
    message.segments.map((segment) => ({ text: rawText(message, segment), start: segment.start })),
  );
  if (segments.length === 0 && bytes.length > 0) segments.push({ text: Buffer.from(bytes).toString('utf8'), start: 0 });
  return segments.map((segment, index) => ({ number: index + 1, ...segment }));
}

function textAt(bytes: Uint8Array, messages: readonly Hl7Message[], start: number, end: number, path: string): string {
  const message = messages.find((one) => one.start <= start && end <= one.end);
  if (!message) return Buffer.from(bytes.subarray(start, end)).toString('utf8');
  const encoding = path.startsWith(`${structureOf(message)}/MSH[1]-1[`) || path.startsWith(`${structureOf(message)}/MSH[1]-2[`);
  return encoding ? rawText(message, { start, end }) : decodeText(message, { start, end }).text;
}

function nameOf(path: string): string | null {
  const match = /\/([A-Z][A-Z0-9]{2})(?:\[\d+\])?-(\d+)/.exec(path);
  return match ? fieldName(match[1]!, Number(match[2])) : null;
}
