import type { IntakeSegments, SegmentRecord } from './intake-segments.ts';

/**
 * An erasure by ids alone, as it is kept beside the database: what a copy of the database, or bytes outside it, must lose as well. Holds no
 * name and no identifier of the person.
 */
export type ErasureOrder = {
  id: string;
  actor: string;
  by?: string;
  reason: string;
  at: string;
  persons: string[];
  sources: string[];
  destroyed: string[];
  blanked: { receipt: string; ranges: Range[] }[];
};
/** Half-open, in stored bytes. */
export type Range = { start: number; end: number };

/** Keeps an order beside the database before it takes effect inside: from here on the segments hand nothing of it out again. */
export async function keepOrder(segments: IntakeSegments, order: ErasureOrder): Promise<void> {
  await segments.append({
    header: { kind: 'erasure', id: order.id, receivedAt: order.at },
    bytes: new Uint8Array(Buffer.from(JSON.stringify(order))),
  });
  refuseFromNowOn(segments, order);
}

/** An order from its record. */
export function orderFrom(bytes: Uint8Array): ErasureOrder {
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as ErasureOrder;
}

/** Receipts of this order are not kept again, should the same bytes come again. */
export function refuseFromNowOn(segments: IntakeSegments, { destroyed, blanked }: ErasureOrder): void {
  for (const id of destroyed) segments.erased.add(id);
  for (const { receipt } of blanked) segments.erased.add(receipt);
}

/**
 * Destroys in the segments what an order destroyed in the database: a receipt keeps its header, with its first SHA-256, and loses its bytes or
 * this person's ranges; what people did to this person's drafts is dropped. Done again it changes nothing.
 */
export async function eraseSegments(segments: IntakeSegments, order: ErasureOrder): Promise<void> {
  const persons = new Set(order.persons);
  const destroyed = new Set(order.destroyed);
  const blanked = new Map(order.blanked.map(({ receipt, ranges }) => [receipt, ranges]));
  // What came after the order is of a new record.
  let before = true;
  await segments.rewrite((record) => {
    const { header, bytes } = record;
    if (header.kind === 'erasure' && header.id === order.id) before = false;
    if (!before) return record;
    if (header.kind === 'act') return persons.has(String(header['person'])) ? undefined : record;
    const ranges = blanked.get(header.id);
    // An item that was dismissed is told in words of a person.
    if (header.kind === 'mending' && header['what'] === 'dismissal') return destroyed.has(header.id) || ranges ? undefined : record;
    if (header.kind !== 'receipt') return record;
    if (!destroyed.has(header.id) && !ranges) return record;
    if (header['erased'] === true && destroyed.has(header.id)) return record;
    const left = ranges ? blankRanges(bytes, ranges) : new Uint8Array(0);
    const known: SegmentRecord['header'] = { ...header, size: Number(header['size'] ?? bytes.length), erased: true };
    return { header: known, bytes: left };
  });
}

/** Notes that nothing of an order is left to do. */
export async function closeOrder(segments: IntakeSegments, order: ErasureOrder, at: string): Promise<void> {
  await segments.append({ header: { kind: 'erased', id: order.id, receivedAt: at }, bytes: new Uint8Array(0) });
}

/**
 * The same bytes with these half-open ranges blank. Line breaks stay, and so do the braces of a JSON object, so that what stands around
 * a blank range keeps its place and can still be read.
 */
export function blankRanges(bytes: Uint8Array, ranges: readonly { start: number; end: number }[]): Uint8Array {
  const blank = Uint8Array.from(bytes);
  for (const { start, end } of ranges) {
    const isObject = bytes[start] === OPEN_BRACE && bytes[end - 1] === CLOSE_BRACE;
    for (let i = isObject ? start + 1 : start; i < (isObject ? end - 1 : end); i++) {
      if (blank[i] !== LINE_FEED && blank[i] !== CARRIAGE_RETURN) blank[i] = SPACE;
    }
  }
  return blank;
}

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
