import type { SourceView } from '../../core/api.ts';
import type { SpanEvidence } from '../../core/claim.ts';
import type { Origin } from '../../core/fact.ts';
import type { ReceiptRow } from '../../record/receipts.ts';

/** A line is at most this long on the screen; longer ones are wrapped after a comma without changing a byte. */
const LINE_BYTES = 120;
/** Lines of a long document shown before and after a lit one. */
const AROUND = 2;
/** Below this a document is shown whole. */
const WHOLE_LINES = 14;

type Lit = { start: number; end: number; strength: 'value' | 'near' };
type Line = { number: number; text: string; start: number; bytes: Uint8Array };

/** Atoms that are the claim's own value; the others are lit more softly. */
const VALUE_ATOMS = new Set(['value', 'valueText', 'valueCode', 'doseValue', 'conclusion']);
/** What stands for the value of a claim that has none of these. */
const NAMING_ATOMS = new Set(['display', 'start', 'reaction']);

/**
 * One receipt as it is shown beside a sentence: the message or resource around the cited bytes, and the document inside it where its text is
 * cited, each with exactly those bytes lit; the one that holds the claim's value first. Offsets of the two count in different bytes.
 */
export function sourceViews(
  receipt: ReceiptRow,
  bytes: Uint8Array,
  origin: Origin,
  spans: readonly SpanEvidence[],
  facts: ReadonlyMap<string, Origin>,
): SourceView[] {
  const [inside, stored] = [spans.filter(isDecoded), spans.filter((span) => !isDecoded(span))];
  const views = [stored, inside].filter((part) => part.length > 0).map((part) => sourceView(receipt, bytes, origin, part, facts));
  const hasValue = (view: SourceView): boolean => view.lit.some((lit) => lit.strength === 'value');
  return views.sort((one, other) => Number(hasValue(other)) - Number(hasValue(one)) || Number(other.decoded) - Number(one.decoded));
}

function isDecoded(span: SpanEvidence): boolean {
  return span.steps.some((step) => step.decode === 'base64');
}

function sourceView(
  receipt: ReceiptRow,
  bytes: Uint8Array,
  origin: Origin,
  spans: readonly SpanEvidence[],
  facts: ReadonlyMap<string, Origin>,
): SourceView {
  const [from, to] = envelopeOf(spans, facts, origin, bytes.length);
  const decoded = spans.find(isDecoded);
  const shown = decoded ? decodedDocument(bytes, decoded) : { bytes: bytes.subarray(from, to), offset: from };
  const values = spans.some((span) => VALUE_ATOMS.has(span.atom)) ? VALUE_ATOMS : NAMING_ATOMS;
  const lit = spans.map((span) => litRange(span, values, shown.bytes.length));
  const lines = around(linesOf(shown.bytes, shown.offset, receipt.contentType === 'application/hl7-v2+er7'), lit);
  return {
    receipt: receipt.id,
    source: receipt.source,
    door: receipt.door,
    contentType: receipt.contentType,
    receivedAt: receipt.receivedAt,
    size: receipt.size,
    sha256: receipt.sha256,
    title: titleOf(receipt, spans[0]?.path ?? '', bytes.subarray(from, to), decoded !== undefined),
    lines: lines.map(({ number, text, start }) => ({ number, text, start })),
    decoded: decoded !== undefined,
    lit: lines.flatMap((line, index) => lit.flatMap((range) => charactersOf(line, index, range))),
    spans: spans.map(({ path, start, end, sha256, quote, fact }) => ({ path, start, end, sha256, quote, fact })),
  };
}

function envelopeOf(spans: readonly SpanEvidence[], facts: ReadonlyMap<string, Origin>, origin: Origin, size: number): [number, number] {
  const envelopes = spans.map((span) => facts.get(`${span.fact}/${span.version}`)?.envelope ?? origin.envelope);
  const from = Math.max(0, Math.min(...envelopes.map((envelope) => envelope[0])));
  const to = Math.min(size, Math.max(...envelopes.map((envelope) => envelope[1])));
  return [from, to];
}

function decodedDocument(bytes: Uint8Array, span: SpanEvidence): { bytes: Uint8Array; offset: number } {
  const text = Buffer.from(bytes.subarray(span.start, span.end)).toString('latin1');
  return { bytes: new Uint8Array(Buffer.from(text, 'base64')), offset: 0 };
}

/** `size` is of the document where the span is inside one: words quoted from it are the value, all of it is where they come from. */
function litRange(span: SpanEvidence, values: ReadonlySet<string>, size: number): Lit {
  const base64 = span.steps.findIndex((step) => step.decode === 'base64');
  if (base64 < 0) return { start: span.start, end: span.end, strength: values.has(span.atom) ? 'value' : 'near' };
  const { start, end } = span.steps[base64 + 1] ?? { start: 0, end: 0 };
  return { start, end, strength: end - start < size ? 'value' : 'near' };
}

/** Lines of a message by segment, of JSON by line feed; what is still too long is wrapped at commas. */
function linesOf(bytes: Uint8Array, offset: number, segments: boolean): Line[] {
  const lines: Line[] = [];
  let number = 0;
  for (const [from, to] of split(bytes)) {
    number += 1;
    for (const [start, end] of segments ? [[from, to] as const] : wrap(bytes, from, to)) {
      const part = bytes.subarray(start, end);
      lines.push({ number, text: Buffer.from(part).toString('utf8'), start: offset + start, bytes: part });
    }
  }
  return lines.filter((line) => line.text !== '');
}

function* split(bytes: Uint8Array): Generator<[number, number]> {
  let from = 0;
  for (let at = 0; at <= bytes.length; at += 1) {
    if (at < bytes.length && bytes[at] !== 0x0a && bytes[at] !== 0x0d) continue;
    yield [from, at];
    from = at + 1;
  }
}

function* wrap(bytes: Uint8Array, from: number, to: number): Generator<readonly [number, number]> {
  let start = from;
  while (to - start > LINE_BYTES) {
    let cut = start + LINE_BYTES;
    while (cut > start && bytes[cut - 1] !== 0x2c) cut -= 1;
    if (cut === start) cut = nextCharacter(bytes, start + LINE_BYTES);
    yield [start, cut];
    start = cut;
  }
  yield [start, to];
}

/** Never cuts inside a UTF-8 character. */
function nextCharacter(bytes: Uint8Array, at: number): number {
  let cut = at;
  while (cut < bytes.length && (bytes[cut]! & 0xc0) === 0x80) cut += 1;
  return cut;
}

function around(lines: Line[], lit: readonly Lit[]): Line[] {
  if (lines.length <= WHOLE_LINES) return lines;
  const near = new Set<number>();
  lines.forEach((line, index) => {
    if (!lit.some((range) => range.start < line.start + line.bytes.length && range.end > line.start)) return;
    for (let at = index - AROUND; at <= index + AROUND; at += 1) near.add(at);
  });
  return lines.filter((_, index) => near.has(index));
}

/** Where a lit range falls in one line, in characters. Both count in the same bytes: stored ones, or those of the decoded document. */
function charactersOf(line: Line, index: number, range: Lit): SourceView['lit'] {
  const start = Math.max(range.start - line.start, 0);
  const end = Math.min(range.end - line.start, line.bytes.length);
  if (end <= start) return [];
  const from = textLength(line.bytes.subarray(0, start));
  return [{ line: index, from, to: from + textLength(line.bytes.subarray(start, end)), strength: range.strength }];
}

function textLength(bytes: Uint8Array): number {
  return Buffer.from(bytes).toString('utf8').length;
}

function titleOf(receipt: ReceiptRow, path: string, bytes: Uint8Array, decoded: boolean): string {
  if (receipt.contentType === 'application/hl7-v2+er7')
    return `HL7 v2 ${path.split('/')[0]?.replace('_', '^') ?? 'message'} from ${receipt.source}`;
  const type = /"resourceType"\s*:\s*"([A-Za-z]+)"/.exec(Buffer.from(bytes.subarray(0, 4096)).toString('utf8'))?.[1];
  return decoded ? `Text inside the ${type ?? 'resource'} from ${receipt.source}` : `FHIR ${type ?? 'resource'} from ${receipt.source}`;
}
