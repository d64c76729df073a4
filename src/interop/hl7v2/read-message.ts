import { AppError } from '../../core/errors.ts';
import type { Merge, NewFact, Origin, PersonFacts } from '../../core/fact.ts';
import type { Coverage, Rejection } from '../../core/receipt.ts';
import { readUnit as readUcum } from '../units/units.ts';
import { coverageOf, heldCoverage, tally } from './coverage.ts';
import { groupSegments, type OrderGroup, type PatientGroup } from './groups.ts';
import { structureOf } from './locate.ts';
import { type Hl7Message, openMessage, type Segment } from './message.ts';
import { readAppointment } from './read-appointment.ts';
import { readAllergy, readDiagnosis, readProblem } from './read-clinical.ts';
import { readDocument, readLooseAttachment } from './read-document.ts';
import { readEncounter } from './read-encounter.ts';
import { readDispense, readPrescription, readServiceRequest } from './read-order.ts';
import { eventTime, mergedPerson, readPatient, type Subject, segmentPath, subjectOf } from './read-patient.ts';
import { isAttachment, isWritten, isWrittenReport, readReport } from './read-report.ts';
import { type Ordinals, type ResultKey, readResult, resultKey } from './read-result.ts';
import { readVaccine } from './read-vaccine.ts';
import { cell, header, part, pathOf, type Reading, type ReadUnit, text, timeAt, use } from './reading.ts';
import { MAPPING } from './resource.ts';
import { offsetOf } from './time.ts';

/** What a site knows about a feed. */
export type Hl7Options = {
  source: string;
  receipt: string;
  /** `+HH:MM` or an IANA zone for times that carry no offset, in a message whose MSH-7 carries none. */
  feedZone?: string | undefined;
  /** Namespace (CX-4.1) → authority URI, as the site configured it. */
  authorities: ReadonlyMap<string, string>;
  /** Another reader of units than interop/units, for tests. */
  readUnit?: ReadUnit | undefined;
};

/** Everything a payload of HL7 v2 says, what of it could not be used, and what became of every field. */
export type Hl7Result = {
  people: PersonFacts[];
  merges: Merge[];
  /** Made when asked for: storing facts does not need it. */
  coverage(): Coverage;
  rejections: Rejection[];
  /** MSH-10 of the first message. */
  controlId: string | null;
  /** MSH-9 of the first message, as ORU^R01. */
  type: string | null;
  flags: string[];
};

/** Reads the one message in `envelope` (the whole payload without it). */
export function readHl7(
  bytes: Uint8Array,
  options: Hl7Options & { envelope?: readonly [start: number, end: number] | undefined },
): Hl7Result {
  const [start, end] = options.envelope ?? [0, bytes.length];
  let message: Hl7Message;
  try {
    message = openMessage(bytes, start, end);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const reason = (error.details as { reason?: string } | undefined)?.reason ?? error.code;
    const coverage = () => tally([{ path: '', start, end, state: 'held' }], end - start);
    return { ...nothing(coverage), rejections: [{ item: '', start, end, reason, detail: error.message }] };
  }
  const reading = startReading(message, options);
  const type = typeOf(reading);
  const result = supported.has(type.code) ? readSupported(reading, type.event) : unsupported(reading);
  return {
    ...result,
    controlId: text(reading, header(reading), 10) || null,
    type: type.event ? `${type.code}^${type.event}` : type.code || null,
  };
}

/** Message codes whose PID and clinical segments we read. Another one is kept whole and quarantined. */
const supported: ReadonlySet<string> = new Set(['ORU', 'OUL', 'ADT', 'PPR', 'MDM', 'VXU', 'SIU', 'ORM', 'OML', 'OMG', 'OMP', 'RDE', 'RDS']);
/** Messages in which an OBR reports. In the others it asks. */
const reporting: ReadonlySet<string> = new Set(['ORU', 'OUL', 'ADT', 'PPR']);
/** ADT events that merge people (§3.3.40: A40; A18, A34 its predecessors; A47 changes the identifier itself). */
const mergeEvents: ReadonlySet<string> = new Set(['A18', 'A34', 'A40', 'A47']);
/** ADT events that move accounts or visits between people, which the record has no words for yet. */
const unsupportedEvents: ReadonlySet<string> = new Set([
  'A17',
  'A24',
  'A35',
  'A36',
  'A37',
  'A39',
  'A41',
  'A42',
  'A43',
  'A44',
  'A45',
  'A50',
  'A51',
]);

function startReading(message: Hl7Message, options: Hl7Options): Reading {
  const origin: Origin = { receipt: options.receipt, mapping: MAPPING, envelope: [message.start, message.end] };
  const { source, receipt, authorities, readUnit = readUcum } = options;
  const structure = structureOf(message);
  const reading: Reading = {
    message,
    structure,
    source,
    receipt,
    origin,
    zones: {},
    authorities,
    readUnit,
    used: [],
    times: new Map(),
    fieldTimes: new Map(),
    held: new Set(),
  };
  const sentAt = cell(reading, header(reading), 7);
  reading.zones = { messageOffset: sentAt && offsetOf(part(sentAt, 1)?.text ?? ''), feedZone: options.feedZone };
  for (const [field, becomes] of headerUse) {
    const found = cell(reading, header(reading), field);
    if (found) use(reading, pathOf(found), becomes);
  }
  return reading;
}

/** What the header decides. */
const headerUse: readonly [number, string][] = [
  [3, 'source'],
  [4, 'source'],
  [7, 'time zone and order of versions'],
  [9, 'message type'],
  [10, 'control id'],
  [18, 'character set'],
];

function typeOf(reading: Reading): { code: string; event: string } {
  const type = cell(reading, header(reading), 9);
  const code = type && part(type, 1)?.text.trim().toUpperCase();
  return { code: code ?? '', event: (type && part(type, 2)?.text.trim().toUpperCase()) ?? '' };
}

function readSupported(reading: Reading, event: string): Omit<Hl7Result, 'controlId' | 'type'> {
  if (unsupportedEvents.has(event) && text(reading, header(reading), 9) === 'ADT') return unsupported(reading);
  const people: PersonFacts[] = [];
  const merges: Merge[] = [];
  const rejections: Rejection[] = [];
  const groups = groupSegments(reading.message);
  if (groups.length === 0) rejections.push(wholeMessage(reading, 'patient-missing', 'the message has no PID segment'));
  for (const group of groups) {
    const merging = group.mrg && mergeEvents.has(event);
    const subject = subjectOf(reading, group);
    if (!subject) rejectGroup(reading, group, rejections);
    else if (merging) mergeGroup(subject, group, merges, rejections);
    else people.push({ person: subject.ref, facts: readGroup(subject, rejections), key: subject.key });
  }
  if (groups.length === 0) for (const segment of reading.message.segments) reading.held.add(segment);
  return { people, merges, coverage: () => coverageOf(reading), rejections, flags: [...reading.message.flags] };
}

function readGroup(subject: Subject, rejections: Rejection[]): NewFact[] {
  const { reading, group } = subject;
  const facts: NewFact[] = [readPatient(subject)];
  const encounter = readEncounter(subject);
  if (encounter) facts.push(encounter);
  const ordinals: Ordinals = new Map();
  for (const order of group.orders) facts.push(...readOrder(subject, order, ordinals, rejections));
  // A number among the lines of a document is a result, not a word of the text.
  const [lines, measured] = [
    group.lines.filter(({ obx }) => isWritten(reading, obx)),
    group.lines.filter(({ obx }) => !isWritten(reading, obx)),
  ];
  if (group.txa) facts.push(readDocument(subject, group.txa, lines));
  facts.push(...readLines(subject, undefined, [...group.results, ...measured], ordinals, rejections).facts);
  if (group.sch) facts.push(readAppointment(subject, group.sch));
  const single: [readonly Segment[], (subject: Subject, segment: Segment) => NewFact | undefined][] = [
    [group.allergies, readAllergy],
    [group.diagnoses, readDiagnosis],
    [group.problems, readProblem],
  ];
  for (const [segments, read] of single) {
    for (const segment of segments) {
      const fact = read(subject, segment);
      if (fact) facts.push(fact);
      else rejections.push(rejected(reading, segment, 'nothing-named', 'the segment names no substance or condition'));
    }
  }
  return facts;
}

function readOrder(subject: Subject, order: OrderGroup, ordinals: Ordinals, rejections: Rejection[]): NewFact[] {
  const { reading } = subject;
  const main = readMain(subject, order, rejections);
  // What stands under a vaccination is about funding and leaflets, which no fact of ours has a place for: it stays unmapped.
  if (order.rxa) return main;
  if (!order.obr || !reporting.has(text(reading, header(reading), 9))) {
    return [...main, ...readLines(subject, order, order.results, ordinals, rejections).facts];
  }
  if (isWrittenReport(reading, order)) return [...main, readReport(subject, order, ordinals, [])];
  const { facts, keys } = readLines(subject, order, order.results, ordinals, rejections);
  return [...main, readReport(subject, order, ordinals, keys), ...facts];
}

/** The order itself: a vaccination, a prescription, a dispense, or a request for a service. */
function readMain(subject: Subject, order: OrderGroup, rejections: Rejection[]): NewFact[] {
  const { reading } = subject;
  const facts: NewFact[] = [];
  if (order.obr && !reporting.has(text(reading, header(reading), 9))) facts.push(readServiceRequest(subject, order));
  if (order.rxa) {
    const vaccine = readVaccine(subject, order);
    if (vaccine) facts.push(vaccine);
  }
  if (order.drug) {
    const drug = order.drug.name === 'RXD' ? readDispense(subject, order) : readPrescription(subject, order);
    if (drug) facts.push(drug);
    else rejections.push(rejected(reading, order.drug, 'nothing-named', 'the segment names no drug'));
  }
  return facts;
}

type Lines = { facts: NewFact[]; keys: (ResultKey & { path: string })[] };

function readLines(
  subject: Subject,
  order: OrderGroup | undefined,
  results: OrderGroup['results'],
  ordinals: Ordinals,
  rejections: Rejection[],
): Lines {
  const lines: Lines = { facts: [], keys: [] };
  for (const result of results) {
    const { obx } = result;
    if (isAttachment(subject.reading, obx)) {
      // A report holds its own attachments.
      if (!order?.obr || !reporting.has(text(subject.reading, header(subject.reading), 9)))
        lines.facts.push(readLooseAttachment(subject, result));
      continue;
    }
    const key = resultKey(subject, order, obx, ordinals);
    const fact = readResult(subject, order, result, key);
    if (fact === 'status-without-value') {
      subject.reading.held.add(obx);
      rejections.push(rejected(subject.reading, obx, fact, 'OBX-11 U changes a status and repeats no value'));
      continue;
    }
    lines.facts.push(fact);
    lines.keys.push({ ...key, path: segmentPath(subject.reading, obx) });
  }
  return lines;
}

function mergeGroup(subject: Subject, group: PatientGroup, merges: Merge[], rejections: Rejection[]): void {
  const { reading } = subject;
  const from = mergedPerson(reading, group.mrg!);
  // When it happened (EVN-6), else when it was recorded.
  const evn = reading.message.segments.find((segment) => segment.name === 'EVN');
  const at = timeAt(reading, evn, 6)?.orderAt ?? eventTime(reading);
  if (from && at) merges.push({ from, into: subject.ref, at });
  else {
    reading.held.add(group.mrg!);
    rejections.push(
      rejected(reading, group.mrg!, from ? 'merge-undated' : 'merge-unidentified', 'the merge names nobody to merge, or no time'),
    );
  }
}

function rejectGroup(reading: Reading, group: PatientGroup, rejections: Rejection[]): void {
  // The header is no part of the patient: it was read.
  for (const segment of group.segments) if (segment.name !== 'MSH') reading.held.add(segment);
  const pid = group.pid ?? group.mrg!;
  rejections.push({
    ...rejected(reading, pid, 'patient-unidentified', 'neither PID-3 nor PID-2 holds an identifier that names one person'),
    end: group.segments.at(-1)?.end ?? pid.end,
  });
}

function unsupported(reading: Reading): Omit<Hl7Result, 'controlId' | 'type'> {
  const coverage = () => heldCoverage(reading.message, reading.structure);
  const rejection =
    typeOf(reading).code === ''
      ? wholeMessage(reading, 'type-missing', 'MSH-9 is empty')
      : wholeMessage(reading, 'message-type-unsupported', `no map for ${reading.structure}`);
  return { people: [], merges: [], coverage, rejections: [rejection], flags: [...reading.message.flags] };
}

function wholeMessage(reading: Reading, reason: string, detail: string): Rejection {
  return { item: '', start: reading.message.start, end: reading.message.end, reason, detail };
}

function rejected(reading: Reading, segment: Segment, reason: string, detail: string): Rejection {
  return { item: segmentPath(reading, segment), start: segment.start, end: segment.end, reason, detail };
}

function nothing(coverage: () => Coverage): Hl7Result {
  return { people: [], merges: [], coverage, rejections: [], controlId: null, type: null, flags: [] };
}
