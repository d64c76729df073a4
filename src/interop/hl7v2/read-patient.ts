import type { Identifier, NewFact, SourcePersonRef } from '../../core/fact.ts';
import { isMedicalRecord, joinsPeople } from '../joining-identifiers.ts';
import { applyMap, personWords } from './datatypes.ts';
import type { PatientGroup } from './groups.ts';
import { patientMap } from './maps/patient.ts';
import type { Segment } from './message.ts';
import { authorityOf, type Cell, cell, cells, header, identifierOf, part, type Reading, text, timeAt, use } from './reading.ts';
import { factId, finish, put, startResource } from './resource.ts';

/** A patient of a message: who they are, and what every fact about them needs. */
export type Subject = {
  reading: Reading;
  group: PatientGroup;
  ref: SourcePersonRef;
  /** The identifier that stands first, as part of natural keys that name a person. */
  key: string;
  patientId: string;
  encounter?: { id: string; path: string };
};

/**
 * Who PID speaks of: PID-3, and PID-2 where a sender fills only that. Undefined where neither identifies anybody. Account and social
 * security numbers (PID-18, PID-19, or a PID-3 that says so in CX-5) identify nobody: families and twins share them.
 */
export function subjectOf(reading: Reading, group: PatientGroup): Subject | undefined {
  const { pid } = group;
  if (!pid) return undefined;
  const identifiers = personIdentifiers(reading, pid);
  const primary = identifiers[0];
  if (!primary) return undefined;
  const key = `${primary.authority}|${primary.value}`;
  return {
    reading,
    group,
    key,
    ref: personRef(reading, pid, identifiers),
    patientId: factId(reading, 'Patient', key, segmentPath(reading, pid)),
  };
}

/** Who a registration merge replaces: MRG-1, in the same authorities as PID-3. */
export function mergedPerson(reading: Reading, mrg: Segment): SourcePersonRef | undefined {
  const identifiers = identifiersIn(reading, mrg, 1);
  return identifiers.length > 0 ? { source: reading.source, identifiers } : undefined;
}

/** The Patient fact. Registration (ADT) outranks what a laboratory repeats of it. */
export function readPatient(subject: Subject): NewFact {
  const { reading } = subject;
  const pid = subject.group.pid!;
  const patient = startResource(reading, 'Patient', segmentPath(reading, pid));
  applyMap((field) => (field === 3 ? inOneOrder(cells(reading, pid, 3)) : cells(reading, pid, field)), patient, patientMap);
  const diedAt = timeAt(reading, pid, 29);
  const died = text(reading, pid, 30).toUpperCase();
  if (diedAt?.text) put(patient, 'deceasedDateTime', diedAt.text, diedAt.path);
  else if (died === 'Y' || died === 'N') put(patient, 'deceasedBoolean', died === 'Y', part(cell(reading, pid, 30)!, 1)!.path);
  return finish(patient, {
    naturalKey: subject.key,
    id: subject.patientId,
    rank: isRegistration(reading) ? 2 : 1,
    resultAt: eventTime(reading),
  });
}

/** True for ADT, the registration system's own messages. */
export function isRegistration(reading: Reading): boolean {
  return text(reading, header(reading), 9) === 'ADT';
}

/** When a registration event was recorded: EVN-2, else MSH-7. */
export function eventTime(reading: Reading): string | undefined {
  const evn = reading.message.segments.find((segment) => segment.name === 'EVN');
  return timeAt(reading, evn, 2)?.orderAt ?? timeAt(reading, header(reading), 7)?.orderAt;
}

/** The path of a whole segment. */
export function segmentPath(reading: Reading, segment: Segment): string {
  return `${reading.structure}/${segment.name}[${segment.ordinal}]`;
}

/** Words of a name field for a person reference. */
export function displayName(names: Cell): string | undefined {
  const family = part(names, 1, 1) ?? part(names, 1);
  const words = [part(names, 2), part(names, 3), family].flatMap((word) => (word ? [word.text.trim()] : []));
  return words.length > 0 ? words.join(' ') : personWords(names)?.text;
}

function personIdentifiers(reading: Reading, pid: Segment): Identifier[] {
  const listed = identifiersIn(reading, pid, 3);
  return listed.length > 0 ? listed : identifiersIn(reading, pid, 2);
}

/** The identifiers of a field that name one human, medical record numbers first. The others stay in the Patient, where the map puts them. */
function identifiersIn(reading: Reading, segment: Segment, field: number): Identifier[] {
  const joining = cells(reading, segment, field).filter((cx) => typeOf(cx) === '' || joinsPeople(typeOf(cx)));
  const found: Identifier[] = [];
  for (const cx of joining.toSorted((a, b) => Number(isMedicalRecord(typeOf(b))) - Number(isMedicalRecord(typeOf(a))))) {
    const identifier = identifierOf(cx);
    if (!identifier || found.some((other) => other.authority === identifier.authority && other.value === identifier.value)) continue;
    found.push(identifier);
    for (const component of [1, 4]) {
      const used = part(cx, component);
      if (used) use(reading, used.path, 'person.identifier');
    }
  }
  return found;
}

/** Senders list a person's identifiers now in this order, now in that: which says nothing, and makes no other version of the Patient. */
function inOneOrder(listed: Cell[]): Cell[] {
  if (listed.length < 2) return listed;
  const keyed = listed.map((cx) => ({
    cx,
    key: `${isMedicalRecord(typeOf(cx)) ? 0 : 1}|${authorityOf(cx, 4)}|${part(cx, 1)?.text ?? ''}`,
  }));
  return keyed.sort((one, other) => (one.key < other.key ? -1 : 1)).map(({ cx }) => cx);
}

/** CX-5, the type of an identifier (table 0203); '' where the sender names none, as feeds older than v2.3 do. */
function typeOf(cx: Cell): string {
  return part(cx, 5)?.text.trim() ?? '';
}

function personRef(reading: Reading, pid: Segment, identifiers: Identifier[]): SourcePersonRef {
  const ref: SourcePersonRef = { source: reading.source, identifiers };
  const birth = timeAt(reading, pid, 7);
  if (birth?.text) ref.birthDate = birth.text.slice(0, 10);
  const sex = text(reading, pid, 8);
  if (sex) ref.sex = sex;
  const names = cell(reading, pid, 5);
  const name = names && displayName(names);
  if (name) ref.name = name;
  return ref;
}
