import type { NewFact } from '../../core/fact.ts';
import { jsonNumber } from '../fhir/json.ts';
import { v2Table } from './coding-systems.ts';
import { applyMap, converters } from './datatypes.ts';
import type { OrderGroup, ResultGroup } from './groups.ts';
import { interpretations, laboratorySections, resultMap, resultStatus, vitalSigns } from './maps/result.ts';
import type { Segment } from './message.ts';
import { type Subject, segmentPath } from './read-patient.ts';
import { cell, cells, header, part, pathOf, type Reading, sendingFacility, text, timeAt } from './reading.ts';
import { derive, factId, finish, nextIndex, put, type Resource, startResource } from './resource.ts';
import { putValue, rawValue } from './value.ts';

/** Counts results that would have the same key within one message: the ordinal among equals of a natural key. */
export type Ordinals = Map<string, number>;

/** A result before it is built, so that a report can refer to it. */
export type ResultKey = { naturalKey: string; id: string };

/**
 * What makes a result this result: sending facility, filler order (else placer), OBX-3, OBX-4 and the ordinal among equals; without an
 * order number specimen or observation time of this person. OBX-1 never: senders renumber.
 */
export function resultKey(subject: Subject, order: OrderGroup | undefined, obx: Segment, ordinals: Ordinals): ResultKey {
  const { reading } = subject;
  const code = cell(reading, obx, 3);
  const words = code && [1, 2, 3].map((component) => part(code, component)?.text.trim() ?? '');
  // LOINC renames its display words between versions; where there is a code they are no part of the key.
  const concept = words ? (words[0] ? `${words[0]}^${words[2]}` : `^${words[1]}`) : '';
  const anchor = orderAnchor(reading, order) ?? personAnchor(subject, order, obx);
  const home = segmentPath(reading, obx);
  if (!anchor || !concept) return { naturalKey: '', id: factId(reading, 'Observation', '', home) };
  const equal = [sendingFacility(reading), anchor, concept, text(reading, obx, 4)].join('|');
  const ordinal = (ordinals.get(equal) ?? 0) + 1;
  ordinals.set(equal, ordinal);
  const naturalKey = `${equal}|${ordinal}`;
  return { naturalKey, id: factId(reading, 'Observation', naturalKey, home) };
}

/** The order a result answers, by the filler's number, else the placer's, from OBR or ORC. */
export function orderAnchor(reading: Reading, order: OrderGroup | undefined): string | undefined {
  for (const [letter, field] of [
    ['filler', 3],
    ['placer', 2],
  ] as const) {
    const found = cell(reading, order?.obr, field) ?? cell(reading, order?.orc, field);
    const number = found && part(found, 1)?.text.trim();
    if (found && number) return `${letter}|${number}^${part(found, 2)?.text.trim() ?? ''}`;
  }
  return undefined;
}

/** Reads one OBX as an Observation; undefined where it is a status line that carries no result of its own. */
export function readResult(
  subject: Subject,
  order: OrderGroup | undefined,
  result: ResultGroup,
  key: ResultKey,
): NewFact | 'status-without-value' {
  const { reading } = subject;
  const { obx } = result;
  const status = resultStatus[text(reading, obx, 11).toUpperCase()];
  // U closes results sent before without repeating them (table 0085): taken as a version it would erase the value.
  if (text(reading, obx, 11).toUpperCase() === 'U' && !rawValue(reading, obx)) return 'status-without-value';
  const observation = startResource(reading, 'Observation', segmentPath(reading, obx));
  putStatus(observation, obx, status?.status);
  putCategory(subject, observation, order, obx);
  const code = cell(reading, obx, 3);
  if (code) converters['main-concept'](code, observation, 'code', undefined);
  else observation.flags.add('code-missing');
  putContext(subject, observation);
  putOrder(subject, observation, order);
  const taken = effectiveTime(reading, order, obx);
  if (taken?.flag) observation.flags.add(taken.flag);
  if (taken?.text) put(observation, 'effectiveDateTime', taken.text, taken.path);
  else if (!taken?.flag) observation.flags.add('time-missing');
  const issued = timeAt(reading, order?.obr, 22);
  if (issued?.text?.includes('T')) put(observation, 'issued', issued.text, issued.path);
  putValue(observation, obx);
  putInterpretation(observation, obx);
  putRange(observation, obx);
  putSpecimen(observation, order);
  applyMap((field) => cells(reading, obx, field), observation, resultMap);
  putNotes(observation, result.notes);
  return finish(observation, {
    ...key,
    rank: status?.rank ?? 1,
    resultAt: versionTime(reading, order, obx),
    retracted: status?.retracts ?? false,
  });
}

/** Subject and encounter, by the ids their own facts have. */
export function putContext(subject: Subject, resource: Resource): void {
  const { reading, group, encounter } = subject;
  derive(resource, 'subject.reference', `Patient/${subject.patientId}`, segmentPath(reading, group.pid!));
  if (encounter) derive(resource, 'encounter.reference', `Encounter/${encounter.id}`, encounter.path);
}

/** The notes of a segment, one line each as they stand. */
export function putNotes(resource: Resource, notes: readonly Segment[]): void {
  for (const note of notes) {
    for (const line of cells(resource.reading, note, 3)) {
      const words = part(line);
      if (words) put(resource, `note[${nextIndex(resource, 'note')}].text`, words.text, words.path);
    }
  }
}

/** SPM-2 and SPM-4, else OBR-15, as a reference in words: the specimen is no fact of its own here. */
export function putSpecimen(resource: Resource, order: OrderGroup | undefined): void {
  const { reading } = resource;
  const specimen = order?.specimens[0];
  const kind = cell(reading, specimen, 4) ?? cell(reading, order?.obr, 15);
  const words = kind && (part(kind, 2) ?? part(kind, 1));
  const list = resource.type === 'DiagnosticReport' ? 'specimen[0]' : 'specimen';
  if (words) put(resource, `${list}.display`, words.text.trim(), words.path);
  const number = cell(reading, specimen, 2);
  const value = number && (part(number, 2, 1) ?? part(number, 1, 1));
  if (value) put(resource, `${list}.identifier.value`, value.text.trim(), value.path);
}

/** The placer's order, as an identifier: the order itself may live in another system. */
export function putOrder(subject: Subject, resource: Resource, order: OrderGroup | undefined): void {
  const { reading } = subject;
  const placer = cell(reading, order?.obr, 2) ?? cell(reading, order?.orc, 2);
  const number = placer && part(placer, 1);
  if (!placer || !number) return;
  put(resource, 'basedOn[0].identifier.value', number.text.trim(), number.path);
  put(resource, 'basedOn[0].display', number.text.trim(), number.path);
}

/**
 * When this version was made, for ordering corrections: the latest of OBR-22 (results changed), OBX-19 (analysed), OBX-14 and OBR-7; MSH-7
 * where none is sent. The observation time alone would tie: every correction of one sample has the same.
 */
export function versionTime(reading: Reading, order: OrderGroup | undefined, obx: Segment | undefined): string | undefined {
  const times = [timeAt(reading, order?.obr, 22), timeAt(reading, obx, 19), timeAt(reading, obx, 14), timeAt(reading, order?.obr, 7)];
  const known = times.flatMap((time) => (time?.orderAt ? [time.orderAt] : [])).sort();
  return known.at(-1) ?? timeAt(reading, header(reading), 7)?.orderAt;
}

function personAnchor(subject: Subject, order: OrderGroup | undefined, obx: Segment): string | undefined {
  const { reading, key } = subject;
  const specimen = cell(reading, order?.specimens[0], 2);
  const number = specimen && part(specimen)?.text.trim();
  if (number) return `specimen|${key}|${number}`;
  const taken = effectiveTime(reading, order, obx);
  return taken?.text ? `at|${key}|${taken.text}` : undefined;
}

/** OBX-14, else OBR-7, else the specimen's collection: when it was true, never when it was reported. */
function effectiveTime(reading: Reading, order: OrderGroup | undefined, obx: Segment): ReturnType<typeof timeAt> {
  return timeAt(reading, obx, 14) ?? timeAt(reading, order?.obr, 7) ?? timeAt(reading, order?.specimens[0], 17);
}

function putStatus(observation: Resource, obx: Segment, status: string | undefined): void {
  const sent = cell(observation.reading, obx, 11);
  if (sent && status) {
    put(observation, 'status', status, pathOf(sent, 1));
    return;
  }
  // OBX-11 is required (§7.4.2.11); without it nobody knows whether the value is final.
  observation.flags.add(sent ? 'status-unreadable' : 'status-missing');
  derive(observation, 'status', 'unknown');
}

function putCategory(subject: Subject, observation: Resource, order: OrderGroup | undefined, obx: Segment): void {
  const { reading } = subject;
  const code = text(reading, obx, 3);
  const section = cell(reading, order?.obr, 24);
  const name = section && part(section, 1)?.text.trim().toUpperCase();
  const category = (value: string, path: string) =>
    derive(
      observation,
      'category[0].coding[0]',
      { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: value },
      path,
    );
  const codeCell = cell(reading, obx, 3);
  if (vitalSigns.has(code) && codeCell) category('vital-signs', pathOf(codeCell, 1));
  else if (section && name && laboratorySections.has(name)) category('laboratory', pathOf(section, 1));
  else if (!name && order?.specimens.length) category('laboratory', segmentPath(reading, order.specimens[0]!));
  else if (!name && order?.obr && text(reading, obx, 3, 3).toUpperCase() === 'LN' && !isText(reading, obx)) {
    // No section sent: a coded LOINC result under an order of a result message is laboratory work unless it is a vital sign.
    category('laboratory', pathOf(cell(reading, header(reading), 9)!, 1));
  }
}

function isText(reading: Reading, obx: Segment): boolean {
  return ['TX', 'FT', 'ED', 'RP'].includes(text(reading, obx, 2).toUpperCase());
}

function putInterpretation(observation: Resource, obx: Segment): void {
  for (const flag of cells(observation.reading, obx, 8)) {
    const code = part(flag, 1);
    if (!code) continue;
    const known = interpretations.has(code.text.trim().toUpperCase());
    const at = `interpretation[${nextIndex(observation, 'interpretation')}].coding[0]`;
    const value = code.text.trim();
    put(
      observation,
      `${at}.system`,
      known ? 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation' : v2Table('0078'),
      code.path,
    );
    put(observation, `${at}.code`, known ? value.toUpperCase() : value, code.path);
  }
}

/** OBX-7 as sent, and its bounds where it is plainly `a-b`, `<b` or `>a` (HL7 v2.5.1 §7.4.2.7). */
function putRange(observation: Resource, obx: Segment): void {
  const range = cell(observation.reading, obx, 7);
  const sent = range && part(range);
  if (!sent) return;
  const between = /^\s*(-?\d+(?:\.\d+)?)\s*-\s*(-?\d+(?:\.\d+)?)\s*$/.exec(sent.text);
  const bound = /^\s*([<>])=?\s*(-?\d+(?:\.\d+)?)\s*$/.exec(sent.text);
  const low = between?.[1] ?? (bound?.[1] === '>' ? bound[2] : undefined);
  const high = between?.[2] ?? (bound?.[1] === '<' ? bound[2] : undefined);
  if (low !== undefined) putBound(observation, 'low', low, sent.path);
  if (high !== undefined) putBound(observation, 'high', high, sent.path);
  put(observation, 'referenceRange[0].text', sent.text.trim(), sent.path);
}

function putBound(observation: Resource, name: 'low' | 'high', value: string, path: string): void {
  if (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(value)) put(observation, `referenceRange[0].${name}.value`, jsonNumber(value), path);
}
