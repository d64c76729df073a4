import type { NewFact } from '../../core/fact.ts';
import { jsonNumber } from '../fhir/json.ts';
import { applyMap } from './datatypes.ts';
import type { OrderGroup } from './groups.ts';
import { routeMap, vaccineMap, vaccineStatus } from './maps/medication.ts';
import { orderTime } from './read-order.ts';
import { type Subject, segmentPath } from './read-patient.ts';
import { orderAnchor } from './read-result.ts';
import { cell, cells, part, pathOf, text, timeAt, use } from './reading.ts';
import { derive, finish, put, type Resource, startResource } from './resource.ts';

/** CVX code for "no vaccine administered": the segment carries a refusal or a history remark, no vaccination. */
const NO_VACCINE = '998';
/** RXA-6 where the amount is not known (CDC immunization guide 1.5, RXA-6). */
const UNKNOWN_AMOUNT = '999';

/** RXA as an Immunization; undefined where it says that no vaccine was given. Somebody else's record of one is grade C. */
export function readVaccine(subject: Subject, order: OrderGroup): NewFact | undefined {
  const { reading } = subject;
  const rxa = order.rxa!;
  const code = text(reading, rxa, 5);
  if (code === NO_VACCINE || !cell(reading, rxa, 5)) return undefined;
  const vaccine = startResource(reading, 'Immunization', segmentPath(reading, rxa));
  const deleted = text(reading, rxa, 21).toUpperCase() === 'D';
  putStatus(vaccine, order, deleted);
  applyMap((field) => cells(reading, rxa, field), vaccine, vaccineMap);
  derive(vaccine, 'patient.reference', `Patient/${subject.patientId}`, segmentPath(reading, subject.group.pid!));
  if (subject.encounter) derive(vaccine, 'encounter.reference', `Encounter/${subject.encounter.id}`, subject.encounter.path);
  const historical = putOrigin(vaccine, order);
  putAmount(vaccine, order);
  if (order.rxr) applyMap((field) => cells(reading, order.rxr, field), vaccine, routeMap);
  const at = timeAt(reading, rxa, 3);
  const anchor = orderAnchor(reading, order) ?? (at?.text ? `at|${at.text}` : '');
  return finish(vaccine, {
    naturalKey: anchor ? `${subject.key}|${anchor}|${code}^${text(reading, rxa, 5, 3)}` : '',
    rank: 1,
    resultAt: timeAt(reading, rxa, 22)?.orderAt ?? orderTime(reading, order),
    retracted: deleted,
    grade: historical ? 'C' : 'A',
  });
}

function putStatus(vaccine: Resource, order: OrderGroup, deleted: boolean): void {
  const { reading } = vaccine;
  const action = cell(reading, order.rxa, 21);
  if (action) use(reading, pathOf(action, 1), 'Immunization.status');
  const completion = cell(reading, order.rxa, 20);
  const status = completion && vaccineStatus[part(completion, 1)?.text.trim().toUpperCase() ?? ''];
  if (deleted && action) put(vaccine, 'status', 'entered-in-error', pathOf(action, 1));
  else if (status && completion) put(vaccine, 'status', status, pathOf(completion, 1));
  // RXA records what was given; without RXA-20 nothing says otherwise (§4A.4.7.20, default CP).
  else derive(vaccine, 'status', 'completed');
}

/** RXA-9, NIP001: 00 is a new record by who gave it, 01 to 08 come from somebody's history. */
function putOrigin(vaccine: Resource, order: OrderGroup): boolean {
  const { reading } = vaccine;
  const note = cell(reading, order.rxa, 9);
  const code = note && part(note, 1)?.text.trim();
  if (!note || !code || !/^0[0-8]$/.test(code)) return false;
  put(vaccine, 'primarySource', code === '00', pathOf(note, 1));
  return code !== '00';
}

function putAmount(vaccine: Resource, order: OrderGroup): void {
  const { reading } = vaccine;
  const amount = cell(reading, order.rxa, 6);
  const sent = amount && part(amount, 1);
  const value = sent?.text.trim() ?? '';
  if (!sent || value === UNKNOWN_AMOUNT || !/^(0|[1-9]\d*)(\.\d+)?$/.test(value)) return;
  put(vaccine, 'doseQuantity.value', jsonNumber(value), sent.path);
  const unit = cell(reading, order.rxa, 7);
  const words = unit && (part(unit, 1) ?? part(unit, 2));
  if (words) put(vaccine, 'doseQuantity.unit', words.text.trim(), words.path);
}
