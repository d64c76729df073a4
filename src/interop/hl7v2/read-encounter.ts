import type { NewFact } from '../../core/fact.ts';
import { v2Table } from './coding-systems.ts';
import { applyMap, converters, personWords } from './datatypes.ts';
import { encounterClass, encounterMap, encounterReasonMap, participants } from './maps/encounter.ts';
import { eventTime, isRegistration, type Subject, segmentPath } from './read-patient.ts';
import { authorityOf, cell, cells, header, part, pathOf, type Reading, text, timeAt } from './reading.ts';
import { derive, factId, finish, nextIndex, put, type Resource, startResource } from './resource.ts';

/**
 * The Encounter of PV1. Outside registration messages it is read only where the visit has a number or an admission time:
 * a laboratory's bare patient class is no visit. Sets `subject.encounter` for what was found during it.
 */
export function readEncounter(subject: Subject): NewFact | undefined {
  const { reading, group } = subject;
  const { pv1 } = group;
  if (!pv1) return undefined;
  const key = encounterKey(subject);
  if (!key && !isRegistration(reading)) return undefined;
  // A registration event without visit number, time or patient class says nothing about a visit (A28, A31).
  if (!key && !text(reading, pv1, 2)) return undefined;
  const encounter = startResource(reading, 'Encounter', segmentPath(reading, pv1));
  putClassAndStatus(subject, encounter);
  derive(encounter, 'subject.reference', `Patient/${subject.patientId}`, segmentPath(reading, group.pid!));
  applyMap((field) => cells(reading, pv1, field), encounter, encounterMap);
  putParticipants(subject, encounter);
  if (group.pv2) applyMap((field) => cells(reading, group.pv2, field), encounter, encounterReasonMap);
  const number = cell(reading, pv1, 19);
  const home = segmentPath(reading, pv1);
  subject.encounter = { id: factId(reading, 'Encounter', key, home), path: number ? pathOf(number, 1) : home };
  return finish(encounter, { naturalKey: key, rank: isRegistration(reading) ? 2 : 1, resultAt: eventTime(reading) });
}

function encounterKey(subject: Subject): string {
  const { reading, group, key } = subject;
  const number = cell(reading, group.pv1, 19);
  const value = number && part(number, 1)?.text.trim();
  if (number && value) return `visit|${authorityOf(number, 4)}|${value}`;
  const admitted = timeAt(reading, group.pv1, 44);
  return admitted?.text ? `admitted|${key}|${admitted.text}` : '';
}

function putClassAndStatus(subject: Subject, encounter: Resource): void {
  const { reading, group } = subject;
  const patientClass = cell(reading, group.pv1, 2);
  const sent = patientClass && part(patientClass, 1);
  const status = statusOf(reading, subject);
  derive(encounter, 'status', status.code, status.path);
  if (!sent) {
    // Encounter.class is required in FHIR R4; "unknown" is what was said.
    derive(encounter, 'class', { system: 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor', code: 'UNK' });
    encounter.flags.add('class-missing');
    return;
  }
  const known = encounterClass[sent.text.trim().toUpperCase()];
  put(encounter, 'class.system', known ? 'http://terminology.hl7.org/CodeSystem/v3-ActCode' : v2Table('0004'), sent.path);
  put(encounter, 'class.code', known?.code ?? sent.text.trim(), sent.path);
  if (known) put(encounter, 'class.display', known.display, sent.path);
}

/** The official v2-to-FHIR event map, with PV1-45 (discharged) before it; outside registration the state of a visit is not known. */
function statusOf(reading: Reading, subject: Subject): { code: string; path: string } {
  const type = cell(reading, header(reading), 9)!;
  const event = part(type, 2)?.text.trim() ?? '';
  const path = pathOf(type, 2);
  if (event === 'A11' || event === 'A27' || event === 'A38') return { code: 'cancelled', path };
  if (event === 'A13') return { code: 'in-progress', path };
  const left = timeAt(reading, subject.group.pv1, 45);
  if (left?.text) return { code: 'finished', path: left.path };
  if (event === 'A03') return { code: 'finished', path };
  if (!isRegistration(reading)) return { code: 'unknown', path };
  if (event === 'A05' || event === 'A14') return { code: 'planned', path };
  if (underWay.has(event)) return { code: 'in-progress', path };
  const patientClass = cell(reading, subject.group.pv1, 2);
  if (!patientClass) return { code: 'unknown', path };
  return { code: text(reading, subject.group.pv1, 2) === 'P' ? 'planned' : 'in-progress', path: pathOf(patientClass, 1) };
}

/** Admitted, moved, or about to be: the patient is there, whatever class PV1-2 still carries. */
const underWay: ReadonlySet<string> = new Set(['A01', 'A02', 'A06', 'A07', 'A09', 'A10', 'A12', 'A15', 'A16', 'A25', 'A26']);

function putParticipants(subject: Subject, encounter: Resource): void {
  for (const { field, code } of participants) {
    for (const doctor of cells(subject.reading, subject.group.pv1, field)) {
      const words = personWords(doctor);
      if (!words) continue;
      const element = `participant[${nextIndex(encounter, 'participant')}]`;
      converters.person(doctor, encounter, `${element}.individual`);
      derive(
        encounter,
        `${element}.type[0].coding[0]`,
        { system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code },
        words.path,
      );
    }
  }
}
