import type { ExplainView } from '../../core/api.ts';
import { AppError } from '../../core/errors.ts';
import type { Coverage } from '../../core/receipt.ts';
import { answerOf, type Flagged } from './answer.ts';
import { coverageOf, leavesOf } from './coverage.ts';
import { parseJson } from './json.ts';
import { type FhirOptions, type FhirReading, readFhir } from './read-bundle.ts';

/**
 * What one would see if these bytes came in as FHIR: lines, every element with what it becomes, facts, refusals and the answer
 * (the OperationOutcome of a post). Stores nothing.
 */
export function explainFhir(bytes: Uint8Array, options: FhirOptions): Omit<ExplainView, 'source'> {
  const segments = linesOf(bytes);
  const read = readOr(bytes, options);
  if ('refused' in read) {
    const lines: Coverage['lines'] = bytes.length > 0 ? [{ path: '', start: 0, end: bytes.length, state: 'held' }] : [];
    const coverage: Coverage = { lines, mapped: 0, keptUnmapped: 0, held: lines.length, conflicts: 0, bytes: bytes.length };
    const rejection = { item: '', start: 0, end: bytes.length, reason: 'unreadable', detail: read.refused };
    return {
      ...empty,
      segments,
      rejections: [rejection],
      coverage,
      ack: answer(answerOf({ stored: 0, rejections: [rejection], flagged: [] })),
    };
  }
  const { reading } = read;
  const leaves = leavesOr(bytes, options);
  const coverage = coverageOf(leaves, reading, bytes.length);
  return {
    format: 'fhir',
    segments,
    fields: coverage.lines.map((line, index) => ({
      path: line.path,
      start: line.start,
      end: line.end,
      text: leaves[index]!.text,
      name: elementName(line.path),
      state: line.state,
      becomes: line.becomes ?? null,
    })),
    facts: reading.people.flatMap(({ facts }) =>
      facts.map(({ id, type, status, grade, flags, content }) => ({
        id,
        type,
        status,
        grade,
        flags,
        content: parseJson(content),
      })),
    ),
    rejections: reading.rejections.map(({ item, reason, detail }) => ({ item, reason, detail })),
    coverage,
    ack: answer(answerOf({ stored: reading.counts.stored, rejections: reading.rejections, flagged: flaggedIn(reading) })),
    ackCode: null,
  };
}

const empty: Omit<ExplainView, 'coverage' | 'source'> = {
  format: 'fhir',
  segments: [],
  fields: [],
  facts: [],
  rejections: [],
  ack: null,
  ackCode: null,
};

/** The facts of a reading that carry flags. */
function flaggedIn({ people }: FhirReading): Flagged[] {
  return people.flatMap(({ facts }) =>
    facts
      .filter(({ flags }) => flags.length > 0)
      .map(({ type, grade, flags, atoms }) => ({ path: itemOf(atoms[0]?.path ?? ''), type, flags, used: grade !== 'D' })),
  );
}

/** The item of a payload that a path leads into: `entry[3].resource`, `line[41]`, `[2]`, or '' for a payload that is one resource. */
export function itemOf(path: string): string {
  return /^(entry\[\d+\]\.resource|line\[\d+\]|\[\d+\])/.exec(path)?.[0] ?? '';
}

/** The elements of a payload; one for all of it where it nests deeper than anybody would read. */
function leavesOr(bytes: Uint8Array, options: FhirOptions): ReturnType<typeof leavesOf> {
  try {
    return leavesOf(bytes, options);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [{ path: '', start: 0, end: bytes.length, text: '' }];
  }
}

function readOr(bytes: Uint8Array, options: FhirOptions): { reading: FhirReading } | { refused: string } {
  try {
    return { reading: readFhir(bytes, options) };
  } catch (error) {
    if (error instanceof AppError) return { refused: error.message };
    throw error;
  }
}

function answer(outcome: object): string {
  return JSON.stringify(outcome, null, 2);
}

/** The element a path ends in, without where its resource stands: `valueQuantity.value`. */
function elementName(path: string): string {
  return path.replace(/^(entry\[\d+\]\.resource|line\[\d+\]|\[\d+\])\.?/, '').replaceAll(/\[\d+\]/g, '');
}

/** The text by lines, each with its byte offset. */
function linesOf(bytes: Uint8Array): ExplainView['segments'] {
  const lines: ExplainView['segments'] = [];
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    lines.push({ number: lines.length + 1, text: Buffer.from(bytes.subarray(start, end)).toString('utf8'), start });
    start = end + 1;
  }
  return lines;
}
