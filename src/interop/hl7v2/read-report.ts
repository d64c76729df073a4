import type { NewFact } from '../../core/fact.ts';
import { applyMap, converters } from './datatypes.ts';
import type { OrderGroup, ResultGroup } from './groups.ts';
import { imagingSections, laboratorySections, reportMap, reportStatus } from './maps/result.ts';
import type { Segment } from './message.ts';
import { type Subject, segmentPath } from './read-patient.ts';
import { type Ordinals, orderAnchor, putContext, putOrder, putSpecimen, type ResultKey, versionTime } from './read-result.ts';
import { cell, cells, part, pathOf, type Reading, sendingFacility, text, timeAt, use } from './reading.ts';
import { derive, finish, nextIndex, put, type Resource, startResource } from './resource.ts';
import { textValue } from './value.ts';

/** Lines above this length read as a report even where there is only one; a culture's "No growth" stays a result. */
const REPORT_LINE_CHARACTERS = 200;

/**
 * True where an order's results are the lines of one written report: all TX, FT, ED or RP, and several of them, or one long one, or a document.
 * Such lines become the report's conclusion, not results of their own.
 */
export function isWrittenReport(reading: Reading, order: OrderGroup): boolean {
  const valued = order.results.filter(({ obx }) => cells(reading, obx, 5).length > 0);
  const types = valued.map(({ obx }) => text(reading, obx, 2).toUpperCase());
  if (valued.length === 0 || !types.every((type) => type === 'TX' || type === 'FT' || type === 'ED' || type === 'RP')) return false;
  if (types.some((type) => type === 'ED' || type === 'RP')) return true;
  const lines = valued.flatMap(({ obx }) => textValue(reading, cells(reading, obx, 5)) ?? []);
  const onCode = new Set(valued.map(({ obx }) => text(reading, obx, 3)));
  return (
    lines.some((line) => line.text.length > REPORT_LINE_CHARACTERS || line.text.includes('\n')) ||
    (valued.length > 1 && onCode.size < valued.length) ||
    onCode.has('')
  );
}

/** True for an OBX that holds words or a file: text (TX, FT, ST, or no type) or an attachment. */
export function isWritten(reading: Reading, obx: Segment): boolean {
  return ['TX', 'FT', 'ST', 'ED', 'RP', ''].includes(text(reading, obx, 2).toUpperCase());
}

/** True for an OBX that carries a file (ED) or points to one (RP). */
export function isAttachment(reading: Reading, obx: Segment): boolean {
  const type = text(reading, obx, 2).toUpperCase();
  return (type === 'ED' || type === 'RP') && cells(reading, obx, 5).length > 0;
}

/** The DiagnosticReport of an OBR. `results` are the facts of its OBX lines, where they are facts. */
export function readReport(
  subject: Subject,
  order: OrderGroup,
  ordinals: Ordinals,
  results: readonly (ResultKey & { path: string })[],
): NewFact {
  const { reading } = subject;
  const obr = order.obr!;
  const report = startResource(reading, 'DiagnosticReport', segmentPath(reading, obr));
  const sent = reportStatus[text(reading, obr, 25).toUpperCase()] ?? inferredStatus(reading, order);
  const status = cell(reading, obr, 25);
  if (!status) report.flags.add('status-missing');
  derive(report, 'status', sent?.status ?? 'unknown', status ? pathOf(status, 1) : report.home);
  applyMap((field) => cells(reading, obr, field), report, reportMap);
  if (!report.content['code']) report.flags.add('code-missing');
  putSection(report, obr);
  putNumbers(report, order);
  putContext(subject, report);
  putOrder(subject, report, order);
  putTimes(report, obr);
  putSpecimen(report, order);
  for (const { id, path } of results) derive(report, `result[${nextIndex(report, 'result')}].reference`, `Observation/${id}`, path);
  if (isWrittenReport(reading, order)) putLines(report, order.results);
  else
    for (const { obx } of order.results.filter((result) => isAttachment(reading, result.obx)))
      putAttachment(report, obx, text(reading, obx, 2).toUpperCase());
  // DiagnosticReport has no note in R4; the notes of the order are part of what the report says.
  putNoteLines(report, order.notes);
  return finish(report, {
    naturalKey: reportKey(subject, order, ordinals),
    rank: sent?.rank ?? 1,
    resultAt: versionTime(reading, order, undefined),
    retracted: sent?.retracts ?? false,
  });
}

/** The result lines of a written report joined; each line is also an atom with its own bytes. */
export function putLines(resource: Resource, results: readonly ResultGroup[], element = 'conclusion'): void {
  const { reading } = resource;
  const lines: { text: string; path: string }[] = [];
  for (const { obx, notes } of results) {
    const type = text(reading, obx, 2).toUpperCase();
    if (type === 'ED' || type === 'RP') putAttachment(resource, obx, type);
    else {
      const line = textValue(reading, cells(reading, obx, 5));
      for (const flag of line?.flags ?? []) resource.flags.add(flag);
      if (line) lines.push(line);
      for (const path of line?.paths ?? []) use(reading, path, `${resource.type}.${element}`);
    }
    markRead(resource, obx);
    lines.push(...noteLines(resource, notes));
  }
  const first = lines[0];
  if (!first) return;
  put(resource, element, lines.map((line) => line.text).join('\n'), first.path);
  if (lines.length > 1) for (const line of lines) resource.extra.push({ name: 'conclusion', text: line.text, path: line.path });
}

/** ED: inline data with its type (§2.A.24). RP: a pointer to data kept elsewhere (§2.A.63). Base64 stays as it was sent. */
export function putAttachment(resource: Resource, obx: Segment, type: string): void {
  const { reading } = resource;
  for (const value of cells(reading, obx, 5)) {
    const list = resource.type === 'DocumentReference' ? 'content' : 'presentedForm';
    const at = `${list}[${nextIndex(resource, list)}]${list === 'content' ? '.attachment' : ''}`;
    const kind = part(value, type === 'ED' ? 2 : 3);
    const subtype = part(value, type === 'ED' ? 3 : 4);
    const contentType = mimeType(kind?.text ?? '', subtype?.text ?? '');
    const typePath = subtype?.path ?? kind?.path ?? pathOf(value);
    if (contentType) put(resource, `${at}.contentType`, contentType, typePath);
    const label = cell(reading, obx, 3);
    const title = label && (part(label, 2) ?? part(label, 1));
    if (title) put(resource, `${at}.title`, title.text.trim(), title.path);
    const typeCell = cell(reading, obx, 2);
    if (typeCell) use(reading, pathOf(typeCell, 1), `${resource.type}.${list}`);
    if (type === 'RP') {
      const pointer = part(value, 1);
      if (pointer) put(resource, `${at}.url`, pointer.text.trim(), pointer.path);
      continue;
    }
    // A sender that leaves the components out sends the data alone.
    const data = part(value, 5) ?? (part(value, 2) || part(value, 3) || part(value, 4) ? undefined : part(value));
    const base64 = part(value, 4)?.text.trim().toUpperCase() === 'BASE64';
    if (!data) {
      resource.flags.add('data-missing');
      continue;
    }
    const clean = data.text.replaceAll(/\s+/g, '');
    if (base64 && !/^[A-Za-z0-9+/]*={0,2}$/.test(clean)) {
      resource.flags.add('data-unreadable');
      put(resource, `${at}.title`, 'data that is not base64', data.path);
      continue;
    }
    put(resource, `${at}.data`, base64 ? clean : Buffer.from(data.text, 'utf8').toString('base64'), data.path);
    const encoding = part(value, 4);
    if (encoding) use(reading, encoding.path, `${resource.type}.${list}`);
  }
}

/** OBX fields that say which line of a report it is; their meaning is in the report's code, status and order. */
function markRead(resource: Resource, obx: Segment): void {
  const { reading } = resource;
  for (const field of [2, 3, 4, 11]) {
    for (const one of cells(reading, obx, field)) {
      if (field === 3) {
        const label = part(one, 2) ?? part(one, 1);
        if (label) use(reading, pathOf(one), `${resource.type}.${resource.type === 'DocumentReference' ? 'content' : 'conclusion'}`);
      } else use(reading, pathOf(one), `${resource.type} (line)`);
    }
  }
}

function putNumbers(report: Resource, order: OrderGroup): void {
  const { reading } = report;
  for (const [field, kind] of [
    [3, 'FILL'],
    [2, 'PLAC'],
  ] as const) {
    const number = cell(reading, order.obr, field) ?? cell(reading, order.orc, field);
    if (number && part(number, 1)) converters['order-number'](number, report, `identifier[${nextIndex(report, 'identifier')}]`, kind);
  }
}

/** OBR-24 as the FHIR category beside the section as sent, so that a search for laboratory or imaging finds it. */
function putSection(report: Resource, obr: Segment): void {
  const section = cell(report.reading, obr, 24);
  const name = section && part(section, 1)?.text.trim().toUpperCase();
  if (!section || !name) return;
  const code = laboratorySections.has(name) ? 'LAB' : imagingSections.has(name) ? 'RAD' : undefined;
  if (!code || code === name) return;
  const at = `category[${nextIndex(report, 'category')}].coding[0]`;
  derive(report, at, { system: 'http://terminology.hl7.org/CodeSystem/v2-0074', code }, pathOf(section, 1));
}

function putTimes(report: Resource, obr: Segment): void {
  const { reading } = report;
  const from = timeAt(reading, obr, 7);
  const to = timeAt(reading, obr, 8);
  for (const time of [from, to]) if (time?.flag) report.flags.add(time.flag);
  if (from?.text && to?.text) {
    put(report, 'effectivePeriod.start', from.text, from.path);
    put(report, 'effectivePeriod.end', to.text, to.path);
  } else if (from?.text) put(report, 'effectiveDateTime', from.text, from.path);
  const issued = timeAt(reading, obr, 22);
  if (issued?.flag) report.flags.add(issued.flag);
  if (issued?.text?.includes('T')) put(report, 'issued', issued.text, issued.path);
}

function putNoteLines(report: Resource, notes: readonly Segment[]): void {
  const lines = noteLines(report, notes);
  const first = lines[0];
  if (!first) return;
  const before = report.content['conclusion'];
  const words = lines.map((line) => line.text).join('\n');
  put(
    report,
    'conclusion',
    typeof before === 'string' ? `${before}\n${words}` : words,
    typeof before === 'string' ? report.paths.get('conclusion')! : first.path,
  );
  if (typeof before === 'string' || lines.length > 1) {
    for (const line of lines) report.extra.push({ name: 'note', text: line.text, path: line.path });
  }
}

function noteLines(resource: Resource, notes: readonly Segment[]): { text: string; path: string }[] {
  const found: { text: string; path: string }[] = [];
  for (const note of notes) {
    for (const one of cells(resource.reading, note, 3)) {
      const line = part(one);
      if (!line) continue;
      use(resource.reading, line.path, `${resource.type}.conclusion`);
      found.push(line);
    }
  }
  return found;
}

function reportKey(subject: Subject, order: OrderGroup, ordinals: Ordinals): string {
  const { reading, key } = subject;
  const code = `${text(reading, order.obr, 4) || text(reading, order.obr, 4, 2)}^${text(reading, order.obr, 4, 3)}`;
  const taken = timeAt(reading, order.obr, 7);
  const anchor = orderAnchor(reading, order) ?? (taken?.text ? `at|${key}|${taken.text}` : undefined);
  if (!anchor) return '';
  const equal = [sendingFacility(reading), anchor, code].join('|');
  const ordinal = (ordinals.get(`report|${equal}`) ?? 0) + 1;
  ordinals.set(`report|${equal}`, ordinal);
  return `${equal}|${ordinal}`;
}

/** Without OBR-25 a report is as far as its least finished line; nothing is said about one without lines. */
function inferredStatus(reading: Reading, order: OrderGroup): { status: string; rank: number; retracts?: true } | undefined {
  const sent = order.results.map(({ obx }) => text(reading, obx, 11).toUpperCase());
  if (sent.length > 0 && sent.every((status) => status === 'C' || status === 'F')) return reportStatus[sent.includes('C') ? 'C' : 'F'];
  return undefined;
}

function mimeType(kind: string, subtype: string): string | undefined {
  const [type, sub] = [kind.trim().toLowerCase(), subtype.trim().toLowerCase()];
  if (sub.includes('/')) return sub;
  if (type.includes('/')) return type;
  if (sub === 'pdf') return 'application/pdf';
  if (['image', 'audio', 'video', 'text'].includes(type) && sub) return `${type}/${sub === 'jpg' ? 'jpeg' : sub}`;
  if (['jpeg', 'jpg', 'png', 'gif', 'tiff'].includes(sub)) return `image/${sub === 'jpg' ? 'jpeg' : sub}`;
  if (type === 'text' || type === 'tx' || type === 'ft') return 'text/plain';
  return type === 'ap' || type === 'application' ? 'application/octet-stream' : undefined;
}
