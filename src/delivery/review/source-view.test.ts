import { expect, it } from 'vitest';
import type { SpanEvidence } from '../../core/claim.ts';
import type { ReceiptRow } from '../../record/receipts.ts';
import { sourceViews } from './source-view.ts';

const REPORT = 'CT OF HEAD\n\nIMPRESSION: No acute hemorrhage. Nothing else of note was seen on this study, compared with the last one.';
const DATA = Buffer.from(REPORT).toString('base64');
const RESOURCE = `{"resourceType":"DiagnosticReport","status":"final","conclusion":"No acute hemorrhage.","presentedForm":[{"data":"${DATA}"}]}`;
const receipt = {
  id: 'r',
  source: 'north-ehr',
  door: 'files',
  contentType: 'application/fhir+json',
  size: RESOURCE.length,
} as unknown as ReceiptRow;

it('R143: lights the value in the resource, and in the document inside it nothing but what was cited of the document', () => {
  const views = show([spanOf('status', 'final'), spanOf('conclusion', 'No acute hemorrhage.'), document(0, REPORT.length)]);

  expect(views.map((view) => [view.title, view.decoded])).toEqual([
    ['FHIR DiagnosticReport from north-ehr', false],
    ['Text inside the DiagnosticReport from north-ehr', true],
  ]);
  expect(litOf(views[0]!, 'value')).toEqual(['No acute hemorrhage.']);
  expect(litOf(views[0]!, 'near')).toEqual(['final']);
  expect([litOf(views[1]!, 'value'), litOf(views[1]!, 'near').join('\n')]).toEqual([[], REPORT.replace('\n\n', '\n')]);
});

it('R143: words quoted from a document are lit in it, first', () => {
  const at = REPORT.indexOf('No acute');

  const views = show([spanOf('status', 'final'), document(at, at + 20)]);

  expect(views.map((view) => view.decoded)).toEqual([true, false]);
  expect(litOf(views[0]!, 'value')).toEqual(['No acute hemorrhage.']);
});

function show(spans: SpanEvidence[]) {
  const bytes = new Uint8Array(Buffer.from(RESOURCE));
  return sourceViews(receipt, bytes, { receipt: 'r', mapping: 'fhir@1', envelope: [0, bytes.length] }, spans, new Map());
}

function litOf(view: ReturnType<typeof show>[number], strength: 'value' | 'near'): string[] {
  return view.lit.filter((one) => one.strength === strength).map((one) => view.lines[one.line]!.text.slice(one.from, one.to));
}

function spanOf(atom: string, quote: string): SpanEvidence {
  const start = RESOURCE.indexOf(quote);
  return {
    kind: 'span',
    fact: 'f',
    version: 1,
    atom,
    receipt: 'r',
    path: atom,
    start,
    end: start + quote.length,
    steps: [],
    sha256: '',
    quote,
  } as unknown as SpanEvidence;
}

function document(from: number, to: number): SpanEvidence {
  const steps = [
    { decode: 'base64', start: 0, end: REPORT.length },
    { decode: 'charset', start: from, end: to },
  ];
  return { ...spanOf('note', DATA), steps, quote: REPORT.slice(from, to) } as unknown as SpanEvidence;
}
