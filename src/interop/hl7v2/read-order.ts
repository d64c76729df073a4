import type { NewFact } from '../../core/fact.ts';
import { jsonNumber } from '../fhir/json.ts';
import { applyMap, converters } from './datatypes.ts';
import type { OrderGroup } from './groups.ts';
import { drugFields } from './maps/medication.ts';
import { orderControl, orderMap, orderPriority, orderState } from './maps/order.ts';
import type { Segment } from './message.ts';
import { type Subject, segmentPath } from './read-patient.ts';
import { putContext, putNotes } from './read-result.ts';
import { type Cell, cell, cells, header, part, pathOf, type Reading, sendingFacility, text, timeAt, use } from './reading.ts';
import { derive, finish, nextIndex, put, type Resource, startResource } from './resource.ts';

/** An order of OBR as a ServiceRequest: somebody asked for it; whether it was done is said by results. */
export function readServiceRequest(subject: Subject, order: OrderGroup): NewFact {
  const { reading } = subject;
  const obr = order.obr!;
  const request = startResource(reading, 'ServiceRequest', segmentPath(reading, obr));
  const status = putStatus(request, order);
  derive(request, 'intent', 'order');
  applyMap((field) => cells(reading, obr, field), request, orderMap);
  if (!request.content['code']) request.flags.add('code-missing');
  putNumbers(request, order);
  putAuthor(request, order, 'requester');
  putPriority(request, order);
  const reason = cell(reading, order.orc, 16);
  if (reason) converters.concept(reason, request, `reasonCode[${nextIndex(request, 'reasonCode')}]`, undefined);
  putContext(subject, request);
  putNotes(request, order.notes);
  return finish(request, {
    naturalKey: orderKey(subject, order, cell(reading, obr, 4)),
    rank: 1,
    resultAt: orderTime(reading, order),
    retracted: status === 'entered-in-error',
  });
}

/** A prescription of RXO or RXE as a MedicationRequest: prescribed, which is neither filled nor taken. */
export function readPrescription(subject: Subject, order: OrderGroup): NewFact | undefined {
  const { reading } = subject;
  const drug = order.drug!;
  const fields = drug.name === 'RXO' ? drugFields.RXO : drugFields.RXE;
  const code = cell(reading, drug, fields.drug);
  if (!code || !(part(code, 1) ?? part(code, 2))) return undefined;
  const request = startResource(reading, 'MedicationRequest', segmentPath(reading, drug));
  const status = putStatus(request, order);
  derive(request, 'intent', 'order');
  converters['main-concept'](code, request, 'medicationCodeableConcept', undefined);
  putContext(subject, request);
  putNumbers(request, order);
  const prescriber = cell(reading, drug, fields.prescriber);
  if (prescriber) converters.person(prescriber, request, 'requester');
  putAuthor(request, order, 'requester');
  putDosage(request, order, drug, fields);
  putQuantity(request, drug, fields, 'dispenseRequest.quantity');
  const refills = cell(reading, drug, fields.refills);
  if (refills) converters.integer(refills, request, 'dispenseRequest.numberOfRepeatsAllowed');
  putNotes(request, order.notes);
  return finish(request, {
    naturalKey: orderKey(subject, order, code),
    rank: 1,
    resultAt: orderTime(reading, order),
    retracted: status === 'entered-in-error',
  });
}

/** RXD as a MedicationDispense: filled, which is not taken. */
export function readDispense(subject: Subject, order: OrderGroup): NewFact | undefined {
  const { reading } = subject;
  const rxd = order.drug!;
  const fields = drugFields.RXD;
  const code = cell(reading, rxd, fields.drug);
  if (!code || !(part(code, 1) ?? part(code, 2))) return undefined;
  const dispense = startResource(reading, 'MedicationDispense', segmentPath(reading, rxd));
  derive(dispense, 'status', 'completed');
  converters['main-concept'](code, dispense, 'medicationCodeableConcept', undefined);
  derive(dispense, 'subject.reference', `Patient/${subject.patientId}`, segmentPath(reading, subject.group.pid!));
  if (subject.encounter) derive(dispense, 'context.reference', `Encounter/${subject.encounter.id}`, subject.encounter.path);
  const at = timeAt(reading, rxd, fields.at);
  if (at?.flag) dispense.flags.add(at.flag);
  if (at?.text) put(dispense, 'whenHandedOver', at.text, at.path);
  putQuantity(dispense, rxd, fields, 'quantity');
  const number = cell(reading, rxd, fields.number);
  if (number) converters.identifier(number, dispense, 'identifier[0]', undefined);
  putRoute(dispense, order);
  putNotes(dispense, order.notes);
  const prescription = text(reading, rxd, fields.number);
  const key = prescription
    ? `${sendingFacility(reading)}|rx|${prescription}|${text(reading, rxd, 1)}|${at?.text ?? ''}`
    : orderKey(subject, order, code);
  return finish(dispense, { naturalKey: key, rank: 1, resultAt: at?.orderAt ?? orderTime(reading, order) });
}

/** ORC-9 (when it was asked or changed), else the message's own time. */
export function orderTime(reading: Reading, order: OrderGroup): string | undefined {
  return timeAt(reading, order.orc, 9)?.orderAt ?? timeAt(reading, header(reading), 7)?.orderAt;
}

/** Placer's number before the filler's: an order is its placer's. The service is part of it, for orders of several lines. */
export function orderKey(subject: Subject, order: OrderGroup, code: Cell | undefined): string {
  const { reading } = subject;
  const what = code ? [1, 2, 3].map((component) => part(code, component)?.text.trim() ?? '') : [];
  const concept = what[0] ? `${what[0]}^${what[2]}` : `^${what[1] ?? ''}`;
  for (const [letter, field] of [
    ['placer', 2],
    ['filler', 3],
  ] as const) {
    const found = cell(reading, order.orc, field) ?? cell(reading, order.obr, field);
    const number = found && part(found, 1)?.text.trim();
    if (found && number) return [sendingFacility(reading), letter, `${number}^${part(found, 2)?.text.trim() ?? ''}`, concept].join('|');
  }
  const at = timeAt(reading, order.orc, 9);
  return at?.text ? ['at', subject.key, at.text, concept].join('|') : '';
}

function putStatus(request: Resource, order: OrderGroup): string {
  const { reading } = request;
  const state = cell(reading, order.orc, 5);
  const control = cell(reading, order.orc, 1);
  const byState = state && orderState[part(state, 1)?.text.trim().toUpperCase() ?? ''];
  const byControl = control && orderControl[part(control, 1)?.text.trim().toUpperCase() ?? ''];
  const status = byState ?? byControl ?? 'unknown';
  if (status === 'unknown') request.flags.add('status-missing');
  const from = byState ? state : byControl ? control : undefined;
  // "cancelled" is how R4 calls a revoked prescription (MedicationRequest.status).
  const word = request.type === 'MedicationRequest' && status === 'revoked' ? 'cancelled' : status;
  derive(request, 'status', word, from ? pathOf(from, 1) : request.home);
  if (control) use(reading, pathOf(control, 1), `${request.type}.status`);
  return status;
}

function putNumbers(request: Resource, order: OrderGroup): void {
  for (const [field, kind] of [
    [2, 'PLAC'],
    [3, 'FILL'],
  ] as const) {
    const number = cell(request.reading, order.orc, field) ?? cell(request.reading, order.obr, field);
    if (number && part(number, 1)) converters['order-number'](number, request, `identifier[${nextIndex(request, 'identifier')}]`, kind);
  }
}

function putAuthor(request: Resource, order: OrderGroup, element: string): void {
  const { reading } = request;
  const by = cell(reading, order.orc, 12);
  if (by && !request.content[element]) converters.person(by, request, element);
  const at = timeAt(reading, order.orc, 9) ?? timeAt(reading, order.obr, 6);
  if (at?.flag) request.flags.add(at.flag);
  if (at?.text) put(request, 'authoredOn', at.text, at.path);
}

function putPriority(request: Resource, order: OrderGroup): void {
  const { reading } = request;
  for (const found of [cell(reading, order.timing, 9), cell(reading, order.obr, 5)]) {
    const code = found && part(found, 1);
    const priority = code && orderPriority[code.text.trim().toUpperCase()];
    if (!code || !priority) continue;
    put(request, 'priority', priority, code.path);
    return;
  }
}

type Fields = (typeof drugFields)[keyof typeof drugFields];

function putDosage(request: Resource, order: OrderGroup, drug: Segment, fields: Fields): void {
  const { reading } = request;
  const at = 'dosageInstruction[0]';
  const words = cells(reading, drug, fields.instruction).flatMap((one) => part(one, 2) ?? part(one, 1) ?? []);
  if (words[0]) put(request, `${at}.text`, words.map((word) => word.text.trim()).join('; '), words[0].path);
  const pattern = cell(reading, order.timing, 3);
  const code = pattern && part(pattern, 1, 1);
  if (code) put(request, `${at}.timing.code.text`, code.text.trim(), code.path);
  putRoute(request, order);
  const least = amountOf(cell(reading, drug, fields.least));
  const most = amountOf(cell(reading, drug, fields.most));
  const unit = cell(reading, drug, fields.unit);
  const unitWords = unit && (part(unit, 1) ?? part(unit, 2));
  // Two different amounts are a range ("1 to 2 tablets"), which is no dose anybody may be checked against.
  const range = least && most && least.text !== most.text;
  if (range) {
    put(request, `${at}.doseAndRate[0].doseRange.low.value`, jsonNumber(least.text), least.path);
    put(request, `${at}.doseAndRate[0].doseRange.high.value`, jsonNumber(most.text), most.path);
  } else if (least) put(request, `${at}.doseAndRate[0].doseQuantity.value`, jsonNumber(least.text), least.path);
  if (most && least && !range) use(reading, most.path, 'MedicationRequest.dosageInstruction.doseAndRate');
  if (least && unitWords && !range) put(request, `${at}.doseAndRate[0].doseQuantity.unit`, unitWords.text.trim(), unitWords.path);
  else if (least && !range) request.flags.add('unit-missing');
}

function putRoute(resource: Resource, order: OrderGroup): void {
  const route = cell(resource.reading, order.rxr, 1);
  if (route) converters.concept(route, resource, 'dosageInstruction[0].route', '0162');
}

function putQuantity(resource: Resource, drug: Segment, fields: Fields, element: string): void {
  const { reading } = resource;
  const amount = amountOf(cell(reading, drug, fields.amount));
  if (!amount) return;
  put(resource, `${element}.value`, jsonNumber(amount.text), amount.path);
  const unit = cell(reading, drug, fields.amountUnit);
  const words = unit && (part(unit, 2) ?? part(unit, 1));
  if (words) put(resource, `${element}.unit`, words.text.trim(), words.path);
}

/** A number that JSON can hold as it was sent; anything else stays unmapped. */
function amountOf(found: Cell | undefined): { text: string; path: string } | undefined {
  const sent = found && part(found, 1);
  return sent && /^(0|[1-9]\d*)(\.\d+)?$/.test(sent.text.trim()) ? { text: sent.text.trim(), path: sent.path } : undefined;
}
