import type { Identifier, Origin } from '../../core/fact.ts';
import { type Decoded, decodeText } from './escape.ts';
import {
  componentAt,
  fieldRange,
  type Hl7Message,
  isEncodingField,
  type Range,
  repetitionAt,
  repetitions,
  type Segment,
  segmentAt,
  subcomponentAt,
} from './message.ts';
import { type ReadTime, readTime, type ZoneSource } from './time.ts';

/** What a unit of measure reads as; undefined where it is unknown. Filled by interop/units. */
export type ReadUnit = (text: string) => { ucum: string } | undefined;

/** One message on its way to facts: what it says, what the site knows about the feed, and which fields became what. */
export type Reading = {
  message: Hl7Message;
  structure: string;
  source: string;
  receipt: string;
  origin: Origin;
  zones: ZoneSource;
  authorities: ReadonlyMap<string, string>;
  readUnit: ReadUnit;
  /** Path of a field, repetition or component, then the element it became, in pairs. The coverage report is made from this and nothing else. */
  used: string[];
  /** Times of a message repeat from line to line. */
  times: Map<string, ReadTime>;
  /** Those of an order are asked for by each of its results. */
  fieldTimes: Map<Segment, Map<number, TimeAt | undefined>>;
  /** Segments of a group that could not be used; their fields are reported as held. */
  held: Set<Segment>;
};

export type TimeAt = Readonly<ReadTime & { path: string }>;

/** A decoded part of a message with its path. */
export type Part = { text: string; path: string; flags: string[] };

/** A repetition of a field, from which components are read. */
export type Cell = { reading: Reading; segment: Segment; field: number; repetition: number };

/** HL7 v2.5.1 §2.5.3.1: two double quotes say "delete what you have", which is a statement about no value. */
const NULL_VALUE = '""';
const QUOTE = 34;

/** The text of a component (or subcomponent) of a cell, where it holds one. */
export function part(cell: Cell, component?: number, subcomponent?: number): Part | undefined {
  const found = decoded(cell, component, subcomponent);
  return found && { text: found.text, path: pathOf(cell, component, subcomponent), flags: found.flags };
}

/** A part without its path, which costs as much as reading it. */
function decoded({ reading, segment, field, repetition }: Cell, component?: number, subcomponent?: number): Decoded | undefined {
  const { message } = reading;
  let range = repetitionAt(message, segment, field, repetition);
  if (range && component !== undefined && !isEncodingField(segment, field)) range = componentAt(message, range, component);
  if (range && subcomponent !== undefined) range = subcomponentAt(message, range, subcomponent);
  if (!range || range.start === range.end) return undefined;
  const found = decodeText(message, range);
  return found.text === NULL_VALUE || found.text.trim() === '' ? undefined : found;
}

/** The path of a cell or a part of it. */
export function pathOf(cell: Cell, component?: number, subcomponent?: number): string {
  const head = `${cell.reading.structure}/${cell.segment.name}[${cell.segment.ordinal}]-${cell.field}[${cell.repetition}]`;
  if (component === undefined) return head;
  return subcomponent === undefined ? `${head}.${component}` : `${head}.${component}.${subcomponent}`;
}

/** The non-empty repetitions of a field. */
export function cells(reading: Reading, segment: Segment | undefined, field: number): Cell[] {
  const range = segment && fieldRange(reading.message, segment, field);
  if (!range || range.start === range.end) return none;
  const found: Cell[] = [];
  for (const [index, one] of repetitions(reading.message, segment, field).entries()) {
    if (one.start < one.end && !isNull(reading.message, one)) found.push({ reading, segment, field, repetition: index + 1 });
  }
  return found;
}

// Most fields of most segments are empty; asking for one costs nothing.
const none = Object.freeze<Cell[]>([]) as Cell[];

/** The first repetition of a field that holds something. */
export function cell(reading: Reading, segment: Segment | undefined, field: number): Cell | undefined {
  const range = segment && fieldRange(reading.message, segment, field);
  if (!range || range.start === range.end) return undefined;
  const { bytes, delimiters } = reading.message;
  const first = bytes[range.start];
  // Nearly always the field begins with its first repetition, and that holds something.
  if (first !== delimiters.repetition && first !== QUOTE) return { reading, segment, field, repetition: 1 };
  return cells(reading, segment, field)[0];
}

/** The first component of the first repetition of a field; '' where there is none. Reading it alone maps nothing. */
export function text(reading: Reading, segment: Segment | undefined, field: number, component = 1): string {
  const found = cell(reading, segment, field);
  return (found && decoded(found, component)?.text.trim()) ?? '';
}

/** Says that a field became something, for coverage. */
export function use(reading: Reading, path: string, becomes: string): void {
  reading.used.push(path, becomes);
}

/** Reads a v2 time in the zones of this message. */
export function readTimeOf(reading: Reading, sent: string): ReadTime {
  const known = reading.times.get(sent);
  if (known) return known;
  const time = readTime(sent, reading.zones);
  reading.times.set(sent, time);
  return time;
}

/** A v2 time in a field, with the path it stands at. */
export function timeAt(reading: Reading, segment: Segment | undefined, field: number): TimeAt | undefined {
  if (!segment) return undefined;
  let known = reading.fieldTimes.get(segment);
  if (!known) reading.fieldTimes.set(segment, (known = new Map()));
  if (known.has(field)) return known.get(field);
  const found = cell(reading, segment, field);
  const first = found && (part(found, 1, 1) ?? part(found, 1));
  const time = first && { ...readTimeOf(reading, first.text), path: first.path };
  known.set(field, time);
  return time;
}

/** The header segment; every opened message has one. */
export function header(reading: Reading): Segment {
  return segmentAt(reading.message, 'MSH')!;
}

/** Who sends: MSH-4, else MSH-3, by which a result's order number is unique. */
export function sendingFacility(reading: Reading): string {
  return text(reading, header(reading), 4) || text(reading, header(reading), 3);
}

/**
 * The authority of a CX or EI by its HD: an ISO universal id is a urn:oid; else the site's name for the namespace; else the namespace
 * within this source alone. Without any, the identifier is local to the source and can join nobody elsewhere.
 */
export function authorityOf(cx: Cell, component: number): string {
  const { source, authorities } = cx.reading;
  const namespace = part(cx, component, 1)?.text.trim() ?? '';
  const universal = part(cx, component, 2)?.text.trim() ?? '';
  const kind = part(cx, component, 3)?.text.trim().toUpperCase() ?? '';
  if (universal && kind === 'ISO' && /^[0-2](\.\d+)+$/.test(universal)) return `urn:oid:${universal}`;
  if (universal && kind === 'URI' && /^[a-z][a-z0-9+.-]*:/i.test(universal)) return universal;
  if (universal && (kind === 'UUID' || kind === 'GUID')) return `urn:uuid:${universal.toLowerCase()}`;
  const mapped = authorities.get(namespace) ?? authorities.get(universal);
  if (mapped) return mapped;
  const name = namespace || universal;
  return name ? `urn:countersign:authority:${source}:${name}` : `urn:countersign:source:${source}`;
}

/** The identifier in a CX cell, authority-qualified; undefined where CX-1 is empty. */
export function identifierOf(cx: Cell): Identifier | undefined {
  const value = part(cx, 1)?.text.trim();
  return value ? { authority: authorityOf(cx, 4), value } : undefined;
}

function isNull(message: Hl7Message, range: Range): boolean {
  return range.end - range.start === 2 && message.bytes[range.start] === QUOTE && message.bytes[range.start + 1] === QUOTE;
}
