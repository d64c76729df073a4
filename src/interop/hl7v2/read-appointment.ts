import type { NewFact } from '../../core/fact.ts';
import { applyMap, converters } from './datatypes.ts';
import { appointmentEvent, appointmentMap, appointmentStatus } from './maps/appointment.ts';
import type { Segment } from './message.ts';
import { eventTime, type Subject, segmentPath } from './read-patient.ts';
import { type Cell, cell, cells, header, part, pathOf, type Reading, readTimeOf, text, use } from './reading.ts';
import { derive, finish, nextIndex, put, type Resource, startResource } from './resource.ts';
import type { ReadTime } from './time.ts';

/** SCH with its AIS, AIP, AIL, AIG lines as an Appointment. Event S17 takes it back. */
export function readAppointment(subject: Subject, sch: Segment): NewFact {
  const { reading, group } = subject;
  const appointment = startResource(reading, 'Appointment', segmentPath(reading, sch));
  const status = putStatus(appointment, sch);
  applyMap((field) => cells(reading, sch, field), appointment, appointmentMap);
  putTimes(
    appointment,
    sch,
    group.appointment.map((line) => line.segment),
  );
  derive(appointment, 'participant[0].actor.reference', `Patient/${subject.patientId}`, segmentPath(reading, group.pid!));
  derive(appointment, 'participant[0].status', 'accepted');
  for (const { segment } of group.appointment) putLine(appointment, segment);
  const number = cell(reading, sch, 2) ?? cell(reading, sch, 1);
  const value = number && part(number, 1)?.text.trim();
  return finish(appointment, {
    naturalKey: number && value ? `appointment|${number.field}|${value}^${part(number, 2)?.text.trim() ?? ''}` : '',
    rank: 1,
    resultAt: eventTime(reading),
    retracted: status === 'entered-in-error',
  });
}

function putStatus(appointment: Resource, sch: Segment): string {
  const { reading } = appointment;
  const sent = cell(reading, sch, 25);
  const known = sent && appointmentStatus[part(sent, 1)?.text.trim().toUpperCase() ?? ''];
  const type = cell(reading, header(reading), 9)!;
  const event = appointmentEvent[text(reading, header(reading), 9, 2)];
  // A cancelling event wins over a state that was not updated with it.
  const status = event && event !== 'booked' ? event : (known ?? event ?? 'proposed');
  if (!known && !event) appointment.flags.add('status-missing');
  derive(appointment, 'status', status, known === status && sent ? pathOf(sent, 1) : pathOf(type, 2));
  return status;
}

/** SCH-11 (components 4 and 5), else the first resource that says when; the end by duration where it is not sent. */
function putTimes(appointment: Resource, sch: Segment, lines: readonly Segment[]): void {
  const { reading } = appointment;
  const timing = cell(reading, sch, 11);
  const start = timeOf(timing, 4) ?? firstTime(reading, lines);
  const end = timeOf(timing, 5);
  for (const time of [start, end]) if (time?.flag) appointment.flags.add(time.flag);
  // Appointment.start is an instant: without a zone there is none, and the day alone goes to the words.
  if (start?.text?.includes('T')) put(appointment, 'start', start.text, start.path);
  else if (start?.text) put(appointment, 'comment', `on ${start.text}`, start.path);
  if (end?.text?.includes('T')) put(appointment, 'end', end.text, end.path);
  else putEnd(appointment, sch, start);
}

function putEnd(appointment: Resource, sch: Segment, start: (ReadTime & { path: string }) | undefined): void {
  const { reading } = appointment;
  const length = cell(reading, sch, 9);
  const minutes = length && part(length, 1)?.text.trim();
  if (!length || !minutes || !/^[1-9]\d{0,3}$/.test(minutes)) return;
  const unit = text(reading, sch, 10).toLowerCase();
  if (unit !== '' && !unit.startsWith('m')) return;
  put(appointment, 'minutesDuration', Number(minutes), pathOf(length, 1));
  const unitCell = cell(reading, sch, 10);
  if (unitCell) use(reading, pathOf(unitCell, 1), 'Appointment.minutesDuration');
  if (!start?.text?.includes('T') || !start.orderAt) return;
  const end = new Date(Date.parse(start.orderAt) + Number(minutes) * 60_000).toISOString();
  derive(appointment, 'end', end, pathOf(length, 1));
}

/** AIS-4, AIG-8, AIL-6, AIP-6: when this resource is wanted (§10.6.4 to §10.6.7). */
const startField: { [segment: string]: number } = { AIS: 4, AIG: 8, AIL: 6, AIP: 6 };

function firstTime(reading: Reading, lines: readonly Segment[]): (ReadTime & { path: string }) | undefined {
  for (const line of lines) {
    const time = timeOf(cell(reading, line, startField[line.name]!), 1);
    if (time) return time;
  }
  return undefined;
}

function timeOf(found: Cell | undefined, component: number): (ReadTime & { path: string }) | undefined {
  const sent = found && part(found, component);
  return sent && { ...readTimeOf(found.reading, sent.text), path: sent.path };
}

function putLine(appointment: Resource, line: Segment): void {
  const who = cell(appointment.reading, line, 3);
  if (!who) return;
  if (line.name === 'AIS') {
    converters.concept(who, appointment, `serviceType[${nextIndex(appointment, 'serviceType')}]`, undefined);
    return;
  }
  const at = `participant[${nextIndex(appointment, 'participant')}]`;
  if (line.name === 'AIP') converters.person(who, appointment, `${at}.actor`);
  else converters.organisation(who, appointment, `${at}.actor`);
  if (appointment.paths.has(`${at}.actor.display`)) derive(appointment, `${at}.status`, 'accepted');
}
