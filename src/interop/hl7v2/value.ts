import { jsonNumber } from '../fhir/json.ts';
import { sameUnit } from '../units/units.ts';
import { codingSystem } from './coding-systems.ts';
import { converters } from './datatypes.ts';
import { fieldRange, type Segment } from './message.ts';
import { type Cell, cell, cells, type Part, part, pathOf, type Reading, readTimeOf, text, use } from './reading.ts';
import { put, type Resource } from './resource.ts';

/** True where OBX-5 holds anything. */
export function rawValue(reading: Reading, obx: Segment): boolean {
  return cells(reading, obx, 5).some((value) => part(value) !== undefined);
}

/**
 * OBX-5 by OBX-2 (HL7 v2.5.1 §7.4.2.5) with OBX-6 as its unit. Numbers keep their text; what is not of its type is kept as words and flagged.
 * Without a value the observation says why it has none.
 */
export function putValue(observation: Resource, obx: Segment): void {
  const { reading } = observation;
  const values = cells(reading, obx, 5);
  const value = values.find((one) => part(one) !== undefined);
  const type = text(reading, obx, 2).toUpperCase();
  const typeCell = cell(reading, obx, 2);
  if (typeCell) use(reading, pathOf(typeCell, 1), 'Observation.value[x]');
  if (!value) {
    putAbsence(observation, obx);
    return;
  }
  if (type === '') observation.flags.add('value-type-missing');
  if (values.length > 1 && type !== 'TX' && type !== 'FT' && type !== 'ST') {
    putRepeats(observation, obx, values);
    return;
  }
  switch (type) {
    case 'NM':
      putNumber(observation, obx, value);
      return;
    case 'SN':
      putStructured(observation, obx, value);
      return;
    case 'CE':
    case 'CWE':
    case 'CNE':
    case 'CF':
      converters.concept(value, observation, 'valueCodeableConcept', undefined);
      return;
    case 'DT':
    case 'DTM':
    case 'TS':
      putTimeValue(observation, value);
      return;
    case 'TM':
      putClock(observation, value);
      return;
    case 'ST':
      putPlainText(observation, obx, values);
      return;
    case 'TX':
    case 'FT':
    case '':
      putText(observation, values);
      return;
    default:
      putOther(observation, value, type);
      return;
  }
}

/** The whole of a text value, lines joined. Senders leave ^ and & unescaped in TX and FT: they are read as text and flagged (row R88). */
export function textValue(reading: Reading, values: readonly Cell[]): (Part & { paths: string[] }) | undefined {
  const lines: Part[] = [];
  const flags: string[] = [];
  for (const value of values) {
    const line = part(value);
    if (!line) continue;
    if (hasSeparator(reading, value)) flags.push('separator-unescaped');
    flags.push(...line.flags);
    lines.push(line);
  }
  const first = lines[0];
  return first && { text: lines.map((line) => line.text).join('\n'), path: first.path, flags, paths: lines.map((line) => line.path) };
}

function putText(observation: Resource, values: readonly Cell[]): void {
  const found = textValue(observation.reading, values);
  if (!found) return;
  for (const flag of found.flags) observation.flags.add(flag);
  put(observation, 'valueString', found.text, found.path);
  for (const path of found.paths.slice(1)) use(observation.reading, path, 'Observation.valueString');
}

/** ST often carries numbers. With a unit beside it and nothing but a number in it, it is read as one, and flagged. */
function putPlainText(observation: Resource, obx: Segment, values: readonly Cell[]): void {
  const only = values.length === 1 ? part(values[0]!, 1) : undefined;
  if (
    only &&
    text(observation.reading, obx, 6) &&
    /^\s*(<=|>=|<|>)?\s*-?(0|[1-9]\d*)(\.\d+)?\s*$/.test(only.text) &&
    !part(values[0]!, 2)
  ) {
    observation.flags.add('number-in-text');
    putNumber(observation, obx, values[0]!);
    return;
  }
  putText(observation, values);
}

function putNumber(observation: Resource, obx: Segment, value: Cell): void {
  const sent = part(value);
  const match = sent && /^\s*(<=|>=|<|>)?\s*([+-]?)(\d*)(\.\d*)?\s*$/.exec(sent.text);
  if (!sent || !match || !/\d/.test(sent.text)) {
    observation.flags.add('number-unreadable');
    if (sent) put(observation, 'valueString', sent.text, sent.path);
    return;
  }
  const [, comparator, sign, whole = '', fraction = ''] = match;
  // NM allows +5, 007 and .5 (§2.A.47), JSON does not; digits that carry precision stay.
  const number = (sign === '-' ? '-' : '') + (whole.replace(/^0+(?=\d)/, '') || '0') + (fraction === '.' ? '' : fraction);
  if (
    number !==
    sent.text
      .trim()
      .slice(comparator?.length ?? 0)
      .trim()
  )
    observation.flags.add('number-rewritten');
  if (comparator && text(observation.reading, obx, 2).toUpperCase() === 'NM') observation.flags.add('comparator-in-number');
  put(observation, 'valueQuantity.value', jsonNumber(number), sent.path);
  if (comparator) put(observation, 'valueQuantity.comparator', comparator, sent.path);
  putUnit(observation, obx);
}

/** SN: comparator, number, separator, number (§2.A.67). A ratio or range is kept as its words: no check may read it as one number. */
function putStructured(observation: Resource, obx: Segment, value: Cell): void {
  const [comparator, first, separator, second] = [1, 2, 3, 4].map((component) => part(value, component));
  const sign = comparator?.text.trim() ?? '';
  const number = first?.text.trim() ?? '';
  const single = !separator && !second && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(number);
  if (single && first && ['', '=', '<', '<=', '>', '>='].includes(sign)) {
    put(observation, 'valueQuantity.value', jsonNumber(number), first.path);
    if (comparator && sign !== '=') put(observation, 'valueQuantity.comparator', sign, comparator.path);
    else if (comparator) use(observation.reading, comparator.path, 'Observation.valueQuantity');
    putUnit(observation, obx);
    return;
  }
  const words = [sign, number, separator?.text.trim() ?? '', second?.text.trim() ?? ''].join('');
  put(
    observation,
    'valueString',
    text(observation.reading, obx, 6) ? `${words} ${text(observation.reading, obx, 6)}` : words,
    pathOf(value),
  );
}

/**
 * OBX-6 as people read it (its text, else its code) and the UCUM code of what is known of it. A number without a known unit, or whose unit's code
 * and text are two units, is never fed to a model (grade D).
 */
function putUnit(observation: Resource, obx: Segment): void {
  const { reading } = observation;
  const units = cell(reading, obx, 6);
  const code = units && part(units, 1);
  const words = units && part(units, 2);
  const shown = words ?? code;
  if (!units || !shown) {
    observation.flags.add('unit-missing');
    return;
  }
  put(observation, 'valueQuantity.unit', shown.text.trim(), shown.path);
  const system = part(units, 3);
  if (system) use(reading, system.path, 'Observation.valueQuantity.system');
  const [sent, known] = knownOf(reading, code) ?? knownOf(reading, words) ?? [];
  if (!sent || !known) {
    observation.flags.add('unit-unknown');
    return;
  }
  put(observation, 'valueQuantity.system', codingSystem('UCUM', reading.source).uri, sent.path);
  put(observation, 'valueQuantity.code', known.ucum, sent.path);
  const said = knownOf(reading, words)?.[1];
  if (said && !sameUnit(said.ucum, known.ucum)) observation.flags.add('unit-conflict');
}

function knownOf(reading: Reading, sent: Part | undefined): [Part, { ucum: string }] | undefined {
  const known = sent && reading.readUnit(sent.text.trim());
  return sent && known && [sent, known];
}

function putTimeValue(observation: Resource, value: Cell): void {
  const sent = part(value, 1);
  if (!sent) return;
  const time = readTimeOf(observation.reading, sent.text);
  if (time.flag) observation.flags.add(time.flag);
  if (time.text) put(observation, 'valueDateTime', time.text, sent.path);
  else put(observation, 'valueString', sent.text, sent.path);
}

function putClock(observation: Resource, value: Cell): void {
  const sent = part(value, 1);
  if (!sent) return;
  const match = /^([01]\d|2[0-3])([0-5]\d)?([0-5]\d)?(\.\d{1,4})?([+-]\d{4})?$/.exec(sent.text.trim());
  if (match) put(observation, 'valueTime', `${match[1]}:${match[2] ?? '00'}:${match[3] ?? '00'}${match[4] ?? ''}`, sent.path);
  else {
    observation.flags.add('time-unreadable');
    put(observation, 'valueString', sent.text, sent.path);
  }
}

/** A number that repeats is several numbers; FHIR has room for one, so all stay as words and none is used. */
function putRepeats(observation: Resource, obx: Segment, values: readonly Cell[]): void {
  observation.flags.add('value-repeats');
  const found = values.flatMap((value) => part(value) ?? []);
  put(observation, 'valueString', found.map((one) => one.text).join(' ~ '), found[0]!.path);
  for (const one of found.slice(1)) use(observation.reading, one.path, 'Observation.valueString');
  const unit = text(observation.reading, obx, 6);
  if (!unit) observation.flags.add('unit-missing');
}

function putOther(observation: Resource, value: Cell, type: string): void {
  const sent = part(value);
  if (!sent) return;
  if (type !== 'IS' && type !== 'ID') observation.flags.add('value-type-unmapped');
  put(observation, 'valueString', sent.text, sent.path);
}

function putAbsence(observation: Resource, obx: Segment): void {
  const status = text(observation.reading, obx, 11).toUpperCase();
  const code =
    status === 'N'
      ? 'not-asked'
      : status === 'X'
        ? 'error'
        : status === 'I' || status === 'O' || status === 'S'
          ? 'temp-unknown'
          : 'unknown';
  const at = cell(observation.reading, obx, 11);
  const value = { system: 'http://terminology.hl7.org/CodeSystem/data-absent-reason', code };
  put(observation, 'dataAbsentReason.coding[0]', value, at ? pathOf(at, 1) : observation.home);
}

function hasSeparator(reading: Reading, value: Cell): boolean {
  const { message } = reading;
  const range = fieldRange(message, value.segment, value.field);
  if (!range) return false;
  const { component, subcomponent } = message.delimiters;
  for (let at = range.start; at < range.end; at++) if (message.bytes[at] === component || message.bytes[at] === subcomponent) return true;
  return false;
}
