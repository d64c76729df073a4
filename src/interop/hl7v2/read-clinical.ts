import type { NewFact } from '../../core/fact.ts';
import { applyMap, converters } from './datatypes.ts';
import { allergyCategory, allergyFields, allergySeverity } from './maps/allergy.ts';
import { diagnosisMap, problemMap } from './maps/condition.ts';
import type { Segment } from './message.ts';
import { eventTime, type Subject, segmentPath } from './read-patient.ts';
import { putContext } from './read-result.ts';
import { cell, cells, part, pathOf, text, timeAt, use } from './reading.ts';
import { derive, finish, nextIndex, put, type Resource, startResource } from './resource.ts';

/** AL1 or IAM as an AllergyIntolerance; undefined where neither code nor words name a substance. */
export function readAllergy(subject: Subject, segment: Segment): NewFact | undefined {
  const { reading } = subject;
  const fields = segment.name === 'IAM' ? allergyFields.IAM : allergyFields.AL1;
  const code = cell(reading, segment, fields.code);
  if (!code || !(part(code, 1) ?? part(code, 2))) return undefined;
  const allergy = startResource(reading, 'AllergyIntolerance', segmentPath(reading, segment));
  // IAM-6 (table 0323): D takes the entry back, so the list no longer holds it.
  const deleted = segment.name === 'IAM' && text(reading, segment, 6).toUpperCase() === 'D';
  if (deleted) use(reading, pathOf(cell(reading, segment, 6)!, 1), 'retraction');
  // Invariant ait-2: an entry in error has no clinical status.
  if (deleted) derive(allergy, 'verificationStatus.coding[0]', { system: verification('allergyintolerance'), code: 'entered-in-error' });
  else derive(allergy, 'clinicalStatus.coding[0]', { system: clinical('allergyintolerance'), code: 'active' });
  converters['main-concept'](code, allergy, 'code', undefined);
  putCategory(allergy, segment, fields.type);
  putSeverity(allergy, segment, fields.severity, fields.reaction);
  const at = timeAt(reading, segment, fields.at);
  if (at?.flag) allergy.flags.add(at.flag);
  if (at?.text) put(allergy, 'onsetDateTime', at.text, at.path);
  derive(allergy, 'patient.reference', `Patient/${subject.patientId}`, segmentPath(reading, subject.group.pid!));
  if (subject.encounter) derive(allergy, 'encounter.reference', `Encounter/${subject.encounter.id}`, subject.encounter.path);
  return finish(allergy, {
    naturalKey: `${subject.key}|${conceptKey(subject, segment, fields.code)}`,
    rank: 1,
    resultAt: eventTime(reading),
    retracted: deleted,
  });
}

/** DG1 as a Condition of the encounter. DG1-21 D (table 0206) takes it back. */
export function readDiagnosis(subject: Subject, dg1: Segment): NewFact | undefined {
  const { reading } = subject;
  const condition = startResource(reading, 'Condition', segmentPath(reading, dg1));
  const code = cell(reading, dg1, 3);
  const words = cell(reading, dg1, 4);
  if (!(code && (part(code, 1) ?? part(code, 2))) && !words) return undefined;
  const deleted = text(reading, dg1, 21).toUpperCase() === 'D';
  if (deleted) use(reading, pathOf(cell(reading, dg1, 21)!, 1), 'Condition.verificationStatus');
  putVerification(condition, deleted ? 'entered-in-error' : diagnosisCertainty(text(reading, dg1, 6)), cell(reading, dg1, 6));
  derive(condition, 'category[0].coding[0]', {
    system: 'http://terminology.hl7.org/CodeSystem/condition-category',
    code: 'encounter-diagnosis',
  });
  applyMap((field) => cells(reading, dg1, field), condition, diagnosisMap);
  const described = words && part(words);
  if (described && !(code && (part(code, 2) ?? part(code, 9)))) put(condition, 'code.text', described.text, described.path);
  else if (described && described.text.trim() === (code && part(code, 2))?.text.trim()) use(reading, described.path, 'Condition.code');
  putContext(subject, condition);
  const visit = subject.encounter?.id ?? '';
  const key = conceptKey(subject, dg1, 3) || text(reading, dg1, 4);
  return finish(condition, {
    naturalKey: key ? `diagnosis|${subject.key}|${visit}|${key}` : '',
    rank: 1,
    resultAt: eventTime(reading),
    retracted: deleted,
  });
}

/** PRB as a problem-list Condition. PRB-1 DE (table 0287) takes it back. */
export function readProblem(subject: Subject, prb: Segment): NewFact | undefined {
  const { reading } = subject;
  const code = cell(reading, prb, 3);
  if (!code || !(part(code, 1) ?? part(code, 2))) return undefined;
  const condition = startResource(reading, 'Condition', segmentPath(reading, prb));
  const action = cell(reading, prb, 1);
  const deleted = text(reading, prb, 1).toUpperCase() === 'DE';
  if (action) use(reading, pathOf(action, 1), 'Condition.verificationStatus');
  putVerification(condition, deleted ? 'entered-in-error' : 'confirmed', undefined);
  derive(condition, 'category[0].coding[0]', {
    system: 'http://terminology.hl7.org/CodeSystem/condition-category',
    code: 'problem-list-item',
  });
  applyMap((field) => cells(reading, prb, field), condition, problemMap);
  if (condition.content['abatementDateTime'] && !deleted)
    derive(condition, 'clinicalStatus.coding[0]', { system: clinical('condition'), code: 'resolved' });
  putContext(subject, condition);
  const instance = cell(reading, prb, 4);
  const number = instance && part(instance, 1)?.text.trim();
  return finish(condition, {
    naturalKey: `problem|${subject.key}|${number ? `id|${number}` : conceptKey(subject, prb, 3)}`,
    rank: 1,
    resultAt: timeAt(reading, prb, 2)?.orderAt ?? eventTime(reading),
    retracted: deleted,
  });
}

function putCategory(allergy: Resource, segment: Segment, field: number): void {
  const type = cell(allergy.reading, segment, field);
  const code = type && part(type, 1);
  const category = code && allergyCategory[code.text.trim().toUpperCase()];
  if (code && category) put(allergy, `category[${nextIndex(allergy, 'category')}]`, category, code.path);
}

function putSeverity(allergy: Resource, segment: Segment, severityField: number, reactionField: number): void {
  const { reading } = allergy;
  const reactions = cells(reading, segment, reactionField);
  for (const reaction of reactions)
    converters.concept(reaction, allergy, `reaction[0].manifestation[${nextIndex(allergy, 'reaction[0].manifestation')}]`, undefined);
  // AL1-5 is ST in older versions: its word then stands where a code would.
  const sent = cell(reading, segment, severityField);
  const code = sent && part(sent, 1);
  const known = code && allergySeverity[code.text.trim().toUpperCase()];
  if (!code || !known) return;
  put(allergy, 'criticality', known.criticality, code.path);
  if (known.severity && reactions.length > 0) put(allergy, 'reaction[0].severity', known.severity, code.path);
}

function putVerification(condition: Resource, code: string | undefined, from: ReturnType<typeof cell>): void {
  if (!code) return;
  const path = from ? pathOf(from, 1) : condition.home;
  derive(condition, 'verificationStatus.coding[0]', { system: verification('condition-ver-status'), code }, path);
}

/** HL7 table 0052: working diagnoses are not yet confirmed, and admitting ones are why somebody came. */
function diagnosisCertainty(type: string): string | undefined {
  return { F: 'confirmed', W: 'provisional', A: 'provisional' }[type.trim().toUpperCase()];
}

function conceptKey(subject: Subject, segment: Segment, field: number): string {
  const code = cell(subject.reading, segment, field);
  if (!code) return '';
  const [value, words, system] = [1, 2, 3].map((component) => part(code, component)?.text.trim() ?? '');
  return value ? `${value}^${system}` : `^${words!.toLowerCase()}`;
}

function clinical(kind: string): string {
  return `http://terminology.hl7.org/CodeSystem/${kind}-clinical`;
}

function verification(kind: string): string {
  return kind === 'condition-ver-status'
    ? 'http://terminology.hl7.org/CodeSystem/condition-ver-status'
    : `http://terminology.hl7.org/CodeSystem/${kind}-verification`;
}
