import { AppError } from '../../core/errors.ts';
import type { Location } from '../../core/fact.ts';
import { decodeSteps, unescapeBytes } from './escape.ts';
import {
  asBuffer,
  componentAt,
  components,
  type Delimiters,
  fieldCount,
  fieldRange,
  type Hl7Message,
  isEncodingField,
  isHeaderAt,
  openMessage,
  type Range,
  repetitionAt,
  repetitions,
  type Segment,
  segmentAt,
  subcomponentAt,
  subcomponents,
} from './message.ts';

/** A path taken apart: `ORU_R01/OBX[3]-5[1].1.1`. Ordinals count from 1; what is left out of the end means the whole. */
export type Hl7Path = {
  structure: string;
  segment: string;
  ordinal: number;
  field?: number;
  repetition?: number;
  component?: number;
  subcomponent?: number;
};

const grammar = /^([^/]*)\/([A-Z][A-Z0-9]{2}|\?)(?:\[(\d+)\])?(?:-(\d+)(?:\[(\d+)\])?(?:\.(\d+)(?:\.(\d+))?)?)?$/;

/** Reads a path; refuses (`request_invalid`) what is none. */
export function readPath(path: string): Hl7Path {
  const match = grammar.exec(path);
  if (!match) throw new AppError('request_invalid', 'not a path into an HL7 v2 message');
  const [, structure, segment, ordinal, field, repetition, component, subcomponent] = match;
  return {
    structure: structure!,
    segment: segment!,
    ordinal: Number(ordinal ?? '1'),
    ...(field === undefined ? {} : { field: Number(field) }),
    ...(repetition === undefined ? {} : { repetition: Number(repetition) }),
    ...(component === undefined ? {} : { component: Number(component) }),
    ...(subcomponent === undefined ? {} : { subcomponent: Number(subcomponent) }),
  };
}

/** MSH-9.3, or MSH-9.1 and 9.2 joined where a sender leaves the structure out: the head of every path into the message. */
export function structureOf(message: Hl7Message): string {
  const range = repetitionAt(message, message.segments[0]!, 9, 1);
  if (!range) return 'HL7';
  const [code = '', event = '', structure = ''] = components(message, range).map((part) =>
    message.bytes.toString('latin1', part.start, part.end),
  );
  const name = structure || (event ? `${code}_${event}` : code) || 'HL7';
  return name.replaceAll(/[^A-Za-z0-9_]/g, '_');
}

/**
 * Where a path stands in the stored bytes. `envelope` is the message's range when the bytes hold several (Origin.envelope); offsets stay absolute.
 * Refuses (`not_found`) a path that the message does not have.
 */
export function locateHl7(bytes: Uint8Array, path: string, envelope?: readonly [start: number, end: number]): Location {
  return locateIn(openMessage(bytes, envelope?.[0], envelope?.[1]), path);
}

/** The same for a message that is open already. */
export function locateIn(message: Hl7Message, path: string): Location {
  const wanted = readPath(path);
  const segment = segmentAt(message, wanted.segment, wanted.ordinal);
  const range = segment && rangeOf(message, segment, wanted);
  if (!range) throw new AppError('not_found', 'the message has no such path');
  const encoding = wanted.field !== undefined && isEncodingField(segment, wanted.field);
  return { ...range, steps: encoding ? [] : decodeSteps(message, range) };
}

/** Text for people of a located range. Delimiters come from the MSH that stands nearest before it in the same bytes. */
export function decodeLocation(bytes: Uint8Array, location: Location): string {
  const buffer = asBuffer(bytes);
  let slice: Buffer = buffer.subarray(location.start, location.end);
  for (const step of location.steps) {
    if (step.decode === 'hl7-escape') slice = unescapeBytes(slice, delimitersBefore(buffer, location.start), []);
    else if (step.decode === 'charset') slice = Buffer.from(slice.toString('latin1'), 'utf8');
    else throw new AppError('format_unsupported', `a ${step.decode} step does not belong to HL7 v2`);
    slice = slice.subarray(step.start, step.end);
  }
  return slice.toString('utf8');
}

/** A leaf of a message: the smallest range that the delimiters cut, with its path. */
export type Leaf = {
  path: string;
  segment: Segment;
  field: number;
  repetition: number;
  component: number;
  subcomponent: number;
  range: Range;
};

/** Every non-empty leaf in the order of the bytes. */
export function* leavesOf(message: Hl7Message, structure = structureOf(message)): Generator<Leaf> {
  for (const segment of message.segments) {
    for (let field = 1; field <= fieldCount(message, segment); field++) yield* leavesOfField(message, structure, segment, field);
  }
}

/** Every non-empty leaf of one field. */
export function* leavesOfField(message: Hl7Message, structure: string, segment: Segment, field: number): Generator<Leaf> {
  const head = `${structure}/${segment.name}[${segment.ordinal}]-${field}`;
  for (const [r, repetition] of repetitions(message, segment, field).entries()) {
    if (repetition.start === repetition.end) continue;
    const place = { segment, field, repetition: r + 1 };
    if (isEncodingField(segment, field)) {
      yield { path: `${head}[1].1.1`, ...place, component: 1, subcomponent: 1, range: repetition };
      continue;
    }
    for (const [c, component] of components(message, repetition).entries()) {
      for (const [s, range] of subcomponents(message, component).entries()) {
        if (range.start === range.end) continue;
        yield { path: `${head}[${r + 1}].${c + 1}.${s + 1}`, ...place, component: c + 1, subcomponent: s + 1, range };
      }
    }
  }
}

function rangeOf(message: Hl7Message, segment: Segment, path: Hl7Path): Range | undefined {
  if (path.field === undefined) return { start: segment.start, end: segment.end };
  if (path.repetition === undefined && path.component === undefined) return fieldRange(message, segment, path.field);
  const repetition = repetitionAt(message, segment, path.field, path.repetition ?? 1);
  if (!repetition || path.component === undefined) return repetition;
  if (isEncodingField(segment, path.field)) return path.component === 1 && (path.subcomponent ?? 1) === 1 ? repetition : undefined;
  const component = componentAt(message, repetition, path.component);
  if (!component || path.subcomponent === undefined) return component;
  return subcomponentAt(message, component, path.subcomponent);
}

function delimitersBefore(bytes: Buffer, at: number): Delimiters {
  for (let start = bytes.lastIndexOf('MSH', at); start !== -1; start = start === 0 ? -1 : bytes.lastIndexOf('MSH', start - 1)) {
    const before = bytes[start - 1];
    const begins = start === 0 || before === 13 || before === 10 || before === 11 || before === 0xbf;
    if (begins && isHeaderAt(bytes, start, bytes.length)) return headerDelimiters(bytes, start);
  }
  throw new AppError('not_found', 'no MSH stands before this range');
}

/** Opens the header line alone, so that a message cut off after it still decodes. */
function headerDelimiters(bytes: Buffer, start: number): Delimiters {
  let end = start;
  while (end < bytes.length && bytes[end] !== 13 && bytes[end] !== 10) end++;
  return openMessage(bytes.subarray(start, end)).delimiters;
}
