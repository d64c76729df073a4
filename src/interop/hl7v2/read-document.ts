import type { NewFact } from '../../core/fact.ts';
import { applyMap, converters } from './datatypes.ts';
import type { ResultGroup } from './groups.ts';
import { completion, documentMap } from './maps/document.ts';
import type { Segment } from './message.ts';
import { eventTime, type Subject, segmentPath } from './read-patient.ts';
import { putAttachment } from './read-report.ts';
import { cell, cells, header, part, pathOf, text, timeAt, use } from './reading.ts';
import { derive, finish, put, type Resource, startResource } from './resource.ts';
import { textValue } from './value.ts';

/** A document of TXA with the OBX lines that follow it as its text and attachments. Event T11 takes it back (§9.5). */
export function readDocument(subject: Subject, txa: Segment, results: readonly ResultGroup[]): NewFact {
  const { reading } = subject;
  const document = startResource(reading, 'DocumentReference', segmentPath(reading, txa));
  const cancelled = text(reading, header(reading), 9, 2) === 'T11';
  const obsolete = text(reading, txa, 19).toUpperCase() === 'OB';
  const availability = cell(reading, txa, 19);
  const status = cancelled ? 'entered-in-error' : obsolete ? 'superseded' : 'current';
  derive(document, 'status', status, availability && !cancelled ? pathOf(availability, 1) : pathOf(cell(reading, header(reading), 9)!, 2));
  const done = cell(reading, txa, 17);
  const docStatus = done && completion[part(done, 1)?.text.trim().toUpperCase() ?? ''];
  if (done && docStatus) put(document, 'docStatus', docStatus, pathOf(done, 1));
  applyMap((field) => cells(reading, txa, field), document, documentMap);
  putSubject(subject, document);
  const dated = timeAt(reading, txa, 7) ?? timeAt(reading, txa, 6) ?? timeAt(reading, txa, 4);
  if (dated?.flag) document.flags.add(dated.flag);
  if (dated?.text) put(document, 'date', dated.text, dated.path);
  putContent(document, results);
  const number = cell(reading, txa, 12);
  const key = number && [part(number, 1), part(number, 2), part(number, 3)].map((one) => one?.text.trim() ?? '').join('^');
  return finish(document, {
    naturalKey: key && key !== '^^' ? `document|${key}` : '',
    rank: docStatus === 'final' ? 2 : 1,
    resultAt: timeAt(reading, txa, 8)?.orderAt ?? dated?.orderAt ?? eventTime(reading),
    retracted: cancelled,
  });
}

/** An attachment that no report holds: an OBX of type ED or RP beside a registration. */
export function readLooseAttachment(subject: Subject, result: ResultGroup): NewFact {
  const { reading } = subject;
  const document = startResource(reading, 'DocumentReference', segmentPath(reading, result.obx));
  derive(document, 'status', 'current');
  const code = cell(reading, result.obx, 3);
  if (code) converters.concept(code, document, 'type', undefined);
  putSubject(subject, document);
  const at = timeAt(reading, result.obx, 14);
  if (at?.text) put(document, 'date', at.text, at.path);
  putContent(document, [result]);
  const name = code && part(code, 1)?.text.trim();
  return finish(document, {
    naturalKey: name && at?.text ? `attachment|${subject.key}|${name}|${at.text}` : '',
    rank: 1,
    resultAt: at?.orderAt ?? eventTime(reading),
  });
}

function putSubject(subject: Subject, document: Resource): void {
  derive(document, 'subject.reference', `Patient/${subject.patientId}`, segmentPath(subject.reading, subject.group.pid!));
  if (subject.encounter) derive(document, 'context.encounter[0].reference', `Encounter/${subject.encounter.id}`, subject.encounter.path);
}

/** Text lines become one plain text attachment; each line is also an atom with its own bytes. */
function putContent(document: Resource, results: readonly ResultGroup[]): void {
  const { reading } = document;
  const lines: { text: string; path: string }[] = [];
  for (const { obx, notes } of results) {
    const type = text(reading, obx, 2).toUpperCase();
    const typeCell = cell(reading, obx, 2);
    if (typeCell) use(reading, pathOf(typeCell, 1), 'DocumentReference.content.attachment');
    if (type === 'ED' || type === 'RP') putAttachment(document, obx, type);
    else {
      const line = textValue(reading, cells(reading, obx, 5));
      for (const flag of line?.flags ?? []) document.flags.add(flag);
      for (const path of line?.paths ?? []) use(reading, path, 'DocumentReference.content.attachment.data');
      if (line) lines.push(line);
    }
    for (const note of notes) {
      const line = textValue(reading, cells(reading, note, 3));
      for (const path of line?.paths ?? []) use(reading, path, 'DocumentReference.content.attachment.data');
      if (line) lines.push(line);
    }
  }
  putText(document, lines);
}

function putText(document: Resource, lines: readonly { text: string; path: string }[]): void {
  const content = document.content['content'];
  const index = Array.isArray(content) ? content.length : 0;
  const first = lines[0];
  // DocumentReference.content is required: a notification without text (T01, T03) says so by a title.
  if (!first && index === 0) derive(document, 'content[0].attachment.title', 'document not included in the message');
  if (!first) return;
  const whole = lines.map((line) => line.text).join('\n');
  derive(document, `content[${index}].attachment.contentType`, 'text/plain; charset=utf-8', first.path);
  put(document, `content[${index}].attachment.data`, Buffer.from(whole, 'utf8').toString('base64'), first.path);
  if (lines.length > 1) for (const line of lines) document.extra.push({ name: 'note', text: line.text, path: line.path });
}
