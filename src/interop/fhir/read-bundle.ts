import { AppError } from '../../core/errors.ts';
import type { Atom, NewFact, PersonFacts } from '../../core/fact.ts';
import type { ContentType, Reading, Rejection } from '../../core/receipt.ts';
import { uuidFromParts } from '../../platform/digest.ts';
import { conceptAtoms, readAtoms } from './atoms.ts';
import { orderEntries } from './entries.ts';
import { sharedOwner } from './identity.ts';
import { isObject, type JsonObject, primitiveText } from './json.ts';
import { hasUnresolved, indexPayload, type Payload, resolve, sourceId, subjectOf } from './references.ts';
import { type ScannedEntry, scanBundle, scanLine } from './scan.ts';
import { searchColumns } from './search-columns.ts';
import { instantOf } from './time.ts';
import { trustOf } from './trust.ts';
import { validateResource } from './validate.ts';

/** The map that reads FHIR R4 into facts; a fact's origin names it, so that a later map can be told from this one. */
export const MAPPING = 'fhir-r4@2';

export type FhirOptions = { source: string; receipt: string; contentType: ContentType };

/** What a FHIR payload says. `received` = `stored` + `rejected`, each entry counted once. */
export type FhirReading = Reading & { counts: { received: number; stored: number; rejected: number } };

/**
 * Reads a Bundle, one resource, a list of resources or NDJSON into facts by person. Each resource is validated first: a faulty one is
 * rejected with the paths that are wrong, and its neighbours stand. What belongs to no patient goes to the source's shared owner.
 * Refuses (throws `message_unreadable`) only a payload that is no JSON at all; a bad line of NDJSON is a rejection.
 */
export function readFhir(bytes: Uint8Array, options: FhirOptions): FhirReading {
  if (options.contentType === 'application/fhir+ndjson') return readNdjson(bytes, options);
  const scanned = scanBundle(bytes);
  return readEntries(scanned.entries, options, [], primitiveText(scanned.head['type']));
}

/** One resource a line; a bad line spoils only itself. References between lines resolve as those of a Bundle do. */
function readNdjson(bytes: Uint8Array, options: FhirOptions): FhirReading {
  const entries: ScannedEntry[] = [];
  const rejections: Rejection[] = [];
  let line = 0;
  for (let start = startOfText(bytes); start < bytes.length; line++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    try {
      const entry = scanLine(bytes.subarray(start, end), line, start);
      if (entry) entries.push(entry);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      rejections.push({ item: `line[${line}]`, start, end, reason: 'unreadable', detail: error.message });
    }
    start = end + 1;
  }
  return readEntries(entries, options, rejections);
}

/** Behind a byte order mark, where one stands. */
function startOfText(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

function readEntries(entries: readonly ScannedEntry[], options: FhirOptions, rejections: Rejection[], bundleType?: string): FhirReading {
  const { ordered, refused: refusedBeside } = orderEntries(entries, bundleType);
  const payload = indexPayload(options.source, ordered.filter((entry) => !refusedBeside.has(entry))); // biome-ignore format: short
  const people = new Map<string, PersonFacts>();
  let stored = 0;
  for (const entry of ordered) {
    const refused = refusedBeside.get(entry) ?? refusal(payload, entry);
    if (refused) {
      rejections.push({ item: entry.path, start: entry.start, end: entry.end, ...refused });
      continue;
    }
    const subject = subjectOf(payload, entry);
    const person = subject.kind === 'person' ? subject.person : sharedOwner(options.source);
    const key = JSON.stringify(person.identifiers);
    const about = people.get(key) ?? { person, facts: [] };
    people.set(key, about);
    about.facts.push(readFact(payload, entry, options));
    stored++;
  }
  const counts = { received: stored + rejections.length, stored, rejected: rejections.length };
  return { people: [...people.values()], merges: [], rejections, controlId: null, flags: [], counts };
}

/** Answers and envelopes, which are about a payload and not about anybody. */
const notFacts: ReadonlySet<string> = new Set(['OperationOutcome', 'Parameters', 'Bundle']);

function refusal(payload: Payload, entry: ScannedEntry): { reason: string; detail: string } | undefined {
  if (entry.problem !== undefined) return { reason: 'unreadable', detail: entry.problem };
  const { resource } = entry;
  if (!isObject(resource)) {
    return entry.request?.['method'] === 'DELETE'
      ? { reason: 'deletion-unsupported', detail: 'A deletion says nothing of a patient; a fact is withdrawn by entered-in-error.' }
      : { reason: 'resource-invalid', detail: 'No resource stands here.' };
  }
  const type = primitiveText(resource['resourceType']) ?? '';
  if (notFacts.has(type)) return { reason: 'not-a-fact', detail: `A ${type} is an answer or an envelope, not a fact.` };
  const faults = validateResource(resource, { typeOf: (reference) => typeOf(payload, reference) }).filter(
    (issue) => issue.severity === 'error',
  );
  if (faults.length > 0) {
    // The first part of an expression is the type; inside a payload its place there says more.
    const at = (expression: string): string => (entry.path === '' ? expression : expression.replace(/^\w+|^$/, entry.path));
    return {
      reason: 'resource-invalid',
      detail: faults.map((fault) => `${at(fault.expression)} [${fault.code}] ${fault.diagnostics}`).join('\n'),
    };
  }
  if (subjectOf(payload, entry).kind === 'missing') return { reason: 'no-patient', detail: 'Nothing says which patient this is about.' };
  return undefined;
}

function typeOf(payload: Payload, reference: string): string | undefined {
  const target = resolve(payload, reference)?.resource;
  return isObject(target) ? primitiveText(target['resourceType']) : undefined;
}

function readFact(payload: Payload, entry: ScannedEntry, options: FhirOptions): NewFact {
  const resource = entry.resource as JsonObject;
  const type = primitiveText(resource['resourceType'])!;
  const read = readAtoms(resource);
  const prefix = entry.path === '' ? '' : `${entry.path}.`;
  const atoms: Atom[] = read.map((atom) => ({ ...atom, origin: 0, path: prefix + atom.path }));
  const origins: NewFact['origins'] = [{ receipt: options.receipt, mapping: MAPPING, envelope: [entry.start, entry.end] }];
  const drug = medicationOf(payload, resource);
  if (drug && isObject(drug.resource) && drug.resource['code'] !== undefined) {
    // The drug's name stands in another resource: its atoms lead there, and come first as they would in a CodeableConcept.
    origins.push({ receipt: options.receipt, mapping: MAPPING, envelope: [drug.start, drug.end] });
    const path = drug.path === '' ? 'code' : `${drug.path}.code`;
    const named = conceptAtoms(drug.resource['code'], path);
    atoms.unshift(...named.map((atom) => ({ ...atom, origin: 1 })));
    read.unshift(...named);
  }
  const columns = searchColumns(read);
  const trust = trustOf(resource, read, columns.flags);
  const naturalKey = keyOf(entry);
  const flags = new Set(trust.flags);
  if (naturalKey === '') flags.add('no-natural-key');
  if (hasUnresolved(payload, resource) || (resource['medicationReference'] !== undefined && !read.some((atom) => atom.name === 'code'))) {
    flags.add('reference-unresolved');
  }
  const standing = standingOf(resource, type);
  return {
    id: factId(options, type, naturalKey, entry),
    type,
    naturalKey,
    status: columns.status,
    grade: trust.grade,
    flags: [...flags].sort(),
    ...standing,
    validFrom: columns.validFrom,
    validTo: columns.validTo,
    content: entry.text,
    origins,
    atoms,
  };
}

function medicationOf(payload: Payload, resource: JsonObject): ScannedEntry | undefined {
  const reference = isObject(resource['medicationReference']) ? primitiveText(resource['medicationReference']['reference']) : undefined;
  return reference === undefined || reference.startsWith('#') ? undefined : resolve(payload, reference);
}

/** What makes a resource this one within its source: its id, else the UUID it is posted under, else its first business identifier. */
function keyOf(entry: ScannedEntry): string {
  const id = sourceId(entry);
  if (id !== undefined) return id;
  const { identifier } = entry.resource as JsonObject;
  const first = Array.isArray(identifier) ? identifier[0] : identifier;
  if (!isObject(first)) return '';
  const [system, value] = [primitiveText(first['system']), primitiveText(first['value'])];
  return system !== undefined && value !== undefined ? `${system}|${value}` : '';
}

/** The fact id a resource of this source has, for references to it; the source named `home` keeps its own UUIDs. */
export function factIdOf(source: string, type: string, naturalKey: string): string {
  return source === 'home' && UUID.test(naturalKey) ? naturalKey.toLowerCase() : uuidFromParts('fact', source, type, naturalKey);
}

function factId(options: FhirOptions, type: string, naturalKey: string, entry: ScannedEntry): string {
  if (naturalKey !== '') return factIdOf(options.source, type, naturalKey);
  return uuidFromParts('fact', options.source, type, '', options.receipt, String(entry.start), entry.path);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** FHIR R4 observation-status and diagnostic-report-status in the order in which results replace each other. */
const resultRanks: Record<string, number> = { registered: 1, partial: 1, preliminary: 1, final: 2, amended: 3, corrected: 3, appended: 3 };
/** A retraction stands above whatever it retracts. */
const RETRACTED_RANK = 4;

/**
 * Which version stands when two disagree: results by status, then by when they were issued; everything else by when its source last
 * changed it (meta.lastUpdated), else by when it was recorded or authored. Without any of these nothing is known and `resultAt` is null.
 */
function standingOf(resource: JsonObject, type: string): { retracted: boolean; rank: number; resultAt: string | null } {
  const isResult = type === 'Observation' || type === 'DiagnosticReport';
  const status = primitiveText(resource['status']) ?? '';
  const retracted = status === 'entered-in-error' || (isResult && status === 'cancelled') || saysError(resource['verificationStatus']);
  const meta = isObject(resource['meta']) ? primitiveText(resource['meta']['lastUpdated']) : undefined;
  const times = isResult
    ? [resource['issued'], meta, resource['effectiveDateTime']]
    : [meta, resource['recordedDate'], resource['dateAsserted'], resource['recorded'], resource['authoredOn'], resource['date']];
  let resultAt: string | null = null;
  for (const time of times) {
    const instant = typeof time === 'string' ? instantOf(time) : undefined;
    if (instant && 'at' in instant) {
      resultAt = instant.at;
      break;
    }
  }
  const rank = retracted ? RETRACTED_RANK : isResult ? (resultRanks[status] ?? 0) : 0;
  return { retracted, rank, resultAt };
}

function saysError(concept: JsonObject[string] | undefined): boolean {
  return (
    isObject(concept) &&
    Array.isArray(concept['coding']) &&
    concept['coding'].some((coding) => isObject(coding) && coding['code'] === 'entered-in-error')
  );
}
