import type { Identifier, SourcePersonRef } from '../../core/fact.ts';
import { personOfId, personOfIdentifier, personOfPatient, type Subject } from './identity.ts';
import { isObject, type Json, type JsonObject, primitiveText } from './json.ts';
import type { ScannedEntry } from './scan.ts';

/** The resources of one payload by what may point at them. */
export type Payload = {
  source: string;
  byReference: Map<string, ScannedEntry>;
  people: Map<ScannedEntry, SourcePersonRef>;
  subjects: Map<ScannedEntry, Subject>;
};

/** Indexes a payload's resources by fullUrl and by Type/id. */
export function indexPayload(source: string, entries: readonly ScannedEntry[]): Payload {
  const payload: Payload = { source, byReference: new Map(), people: new Map(), subjects: new Map() };
  for (const entry of entries) {
    if (!isObject(entry.resource)) continue;
    const type = primitiveText(entry.resource['resourceType']);
    const id = primitiveText(entry.resource['id']);
    if (entry.fullUrl !== undefined) payload.byReference.set(entry.fullUrl, entry);
    if (type !== undefined && id !== undefined && !payload.byReference.has(`${type}/${id}`))
      payload.byReference.set(`${type}/${id}`, entry);
  }
  return payload;
}

/** The resource of this payload that a literal reference leads to, absolute, relative or urn:uuid, whatever version it names. */
export function resolve(payload: Payload, reference: string): ScannedEntry | undefined {
  const found = payload.byReference.get(reference);
  if (found) return found;
  const literal = LITERAL.exec(reference);
  return literal ? payload.byReference.get(`${literal[1]}/${literal[2]}`) : undefined;
}

/** The id a source gives a resource: its own, or the UUID it is posted under. */
export function sourceId(entry: ScannedEntry): string | undefined {
  const id = isObject(entry.resource) ? primitiveText(entry.resource['id']) : undefined;
  return id ?? /^urn:uuid:(.+)$/.exec(entry.fullUrl ?? '')?.[1];
}

/** The person a Patient entry is. */
export function personOf(payload: Payload, entry: ScannedEntry): SourcePersonRef {
  let person = payload.people.get(entry);
  if (!person) {
    person = personOfPatient(payload.source, entry.resource as JsonObject, sourceId(entry));
    payload.people.set(entry, person);
  }
  return person;
}

/** Elements that say whose a resource is, in the order in which they are believed. */
const owners = ['subject', 'patient', 'beneficiary', 'for', 'individual'] as const;
/** Elements through which a resource belongs to whoever another one is about. */
const through = ['encounter', 'context', 'target', 'focus', 'report', 'claim'] as const;

/**
 * Whose a resource is: itself for a Patient, its subject, a Patient among its participants, or the patient of what it is about
 * (a Provenance of its target). `shared` where it speaks of no patient, `missing` where it should and does not say which.
 */
export function subjectOf(payload: Payload, entry: ScannedEntry, depth = 0): Subject {
  const known = payload.subjects.get(entry);
  if (known) return known;
  const subject = findSubject(payload, entry, depth);
  if (depth === 0) payload.subjects.set(entry, subject);
  return subject;
}

function findSubject(payload: Payload, entry: ScannedEntry, depth: number): Subject {
  const { resource } = entry;
  if (!isObject(resource)) return { kind: 'missing' };
  if (resource['resourceType'] === 'Patient') return { kind: 'person', person: personOf(payload, entry) };
  for (const name of owners) {
    for (const reference of listed(resource[name])) {
      const subject = subjectBehind(payload, reference, resource);
      if (subject) return subject;
    }
  }
  for (const participant of listed(resource['participant'])) {
    const subject = isObject(participant) ? subjectBehind(payload, participant['actor'] ?? null, resource) : undefined;
    if (subject?.kind === 'person') return subject;
  }
  if (depth < 3) {
    for (const name of through) {
      for (const reference of listed(resource[name])) {
        const target = isObject(reference) ? resolve(payload, primitiveText(reference['reference']) ?? '') : undefined;
        const subject = target && target !== entry ? subjectOf(payload, target, depth + 1) : undefined;
        if (subject?.kind === 'person') return subject;
        const direct = subjectBehind(payload, reference, resource);
        if (direct?.kind === 'person') return direct;
      }
    }
  }
  return { kind: patientTypes.has(primitiveText(resource['resourceType']) ?? '') ? 'missing' : 'shared' };
}

/** Types that say something about one patient: without one they are held, never filed under nobody. */
const patientTypes: ReadonlySet<string> = new Set([
  'Observation',
  'DiagnosticReport',
  'Condition',
  'AllergyIntolerance',
  'MedicationRequest',
  'MedicationStatement',
  'MedicationDispense',
  'MedicationAdministration',
  'Procedure',
  'Encounter',
  'Immunization',
  'ServiceRequest',
  'FamilyMemberHistory',
  'CarePlan',
  'CareTeam',
  'Goal',
  'ImagingStudy',
  'ClinicalImpression',
  'RiskAssessment',
  'DetectedIssue',
  'Flag',
  'EpisodeOfCare',
  'Coverage',
  'Claim',
  'ClaimResponse',
  'ExplanationOfBenefit',
  'NutritionOrder',
  'VisionPrescription',
  'ImmunizationRecommendation',
  'ImmunizationEvaluation',
  'Appointment',
  'RelatedPerson',
]);

/** The subject a reference names; undefined where it does not say who (a display alone, or something that is no patient's). */
function subjectBehind(payload: Payload, value: Json, resource: JsonObject): Subject | undefined {
  if (!isObject(value)) return undefined;
  const reference = primitiveText(value['reference']);
  if (reference !== undefined) return subjectOfLiteral(payload, reference, resource, value);
  return subjectOfLogical(payload, value);
}

function subjectOfLiteral(payload: Payload, reference: string, resource: JsonObject, value: JsonObject): Subject | undefined {
  const { source } = payload;
  if (reference.startsWith('#')) {
    const contained = listed(resource['contained']).find((item) => isObject(item) && item['id'] === reference.slice(1));
    if (!isObject(contained)) return undefined;
    if (contained['resourceType'] !== 'Patient') return { kind: 'shared' };
    // A contained patient has no id outside its container: only real identifiers say who it is.
    const person = personOfPatient(source, contained, undefined);
    return person.identifiers.length > 0 ? { kind: 'person', person } : { kind: 'missing' };
  }
  const target = resolve(payload, reference);
  if (target && isObject(target.resource)) {
    return target.resource['resourceType'] === 'Patient' ? { kind: 'person', person: personOf(payload, target) } : { kind: 'shared' };
  }
  const conditional = conditionalPatient(reference);
  if (conditional) return { kind: 'person', person: personOfIdentifier(source, conditional.authority, conditional.value) };
  const literal = LITERAL.exec(reference);
  if (literal?.[1] === 'Patient') return { kind: 'person', person: personOfId(source, literal[2]!) };
  if (literal) return { kind: 'shared' };
  return subjectOfLogical(payload, value) ?? { kind: 'missing' };
}

/** The identifier by which a conditional reference names a patient (`Patient?identifier=system|value`, FHIR R4 §3.1.0.11.1). */
export function conditionalPatient(reference: string): Identifier | undefined {
  const [, authority, value] = /^Patient\?(?:.*&)?identifier=([^|&]+?)(?:\||%7C)([^&]+)/i.exec(reference) ?? [];
  return authority !== undefined && value !== undefined ? { authority: decoded(authority), value: decoded(value) } : undefined;
}

function subjectOfLogical(payload: Payload, value: JsonObject): Subject | undefined {
  const { identifier, type } = value;
  if (!isObject(identifier) || (type !== undefined && type !== 'Patient')) return undefined;
  const [system, id] = [primitiveText(identifier['system']), primitiveText(identifier['value'])];
  if (!system || !id || system.startsWith('urn:countersign:')) return undefined;
  return { kind: 'person', person: personOfIdentifier(payload.source, system, id) };
}

/**
 * References of a resource that lead nowhere in its payload and could lead nowhere else: `urn:uuid:` and `urn:oid:` hold only within one
 * Bundle. A relative one (Patient/7) may be answered by another payload of its source.
 */
export function hasUnresolved(payload: Payload, value: Json): boolean {
  if (Array.isArray(value)) return value.some((item) => hasUnresolved(payload, item));
  if (!isObject(value)) return false;
  for (const key of Object.keys(value)) {
    const member = value[key]!;
    if (key === 'reference' && typeof member === 'string') {
      if (member.startsWith('urn:') && !resolve(payload, member)) return true;
    } else if (typeof member === 'object' && hasUnresolved(payload, member)) return true;
  }
  return false;
}

function listed(value: Json | undefined): Json[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const LITERAL = /(?:^|\/)([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;
