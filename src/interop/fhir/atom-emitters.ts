import type { AtomName } from '../../core/fact.ts';
import { lateralityOf } from '../terminology/laterality.ts';
import { attachmentText } from './attachment-text.ts';
import { isObject, type Json, type JsonObject, primitiveText } from './json.ts';

/** An atom as read from one resource: `path` is the FHIR element path inside that resource, `text` the source's own. */
export type ReadAtom = { name: AtomName; text: string; path: string; system?: string; component?: number };

/** Where atoms go, the component they belong to, and the resource they stand in. */
export type Sink = { atoms: ReadAtom[]; component: number | undefined; resource: JsonObject };
/** What an element of one datatype gives. */
type Emit = (value: Json, path: string, sink: Sink) => void;
/** Which elements give atoms, by their name. */
export type Rules = { [element: string]: Emit };

/** The atoms of an object's elements, in the order the source wrote them. */
export function readElements(object: JsonObject, prefix: string, table: Rules, sink: Sink): void {
  for (const key of Object.keys(object)) {
    // A member may be called like something every object has: `constructor`.
    const emit = Object.hasOwn(table, key) ? table[key] : undefined;
    if (emit) each(object[key]!, prefix + key, sink, emit);
  }
}

function each(value: Json, path: string, sink: Sink, emit: Emit): void {
  if (!Array.isArray(value)) emit(value, path, sink);
  else for (let index = 0; index < value.length; index++) emit(value[index]!, `${path}[${index}]`, sink);
}

/** One atom, where the source says anything. */
export function put(sink: Sink, name: AtomName, value: Json | undefined, path: string, system?: Json): void {
  const text = primitiveText(value);
  if (text === undefined || text === '') return;
  const atom: ReadAtom = { name, text, path };
  if (typeof system === 'string' && system !== '') atom.system = system;
  if (sink.component !== undefined) atom.component = sink.component;
  sink.atoms.push(atom);
}

/** A primitive as it stands. */
export function plain(name: AtomName): Emit {
  return (value, path, sink) => put(sink, name, value, path);
}

/** A CodeableConcept or Coding: words under one name, codes under another. */
export function concept(codes: AtomName, words?: AtomName): Emit {
  return (value, path, sink) => {
    if (!isObject(value)) return;
    const codings: [Json, string][] = Array.isArray(value['coding'])
      ? value['coding'].map((coding, index) => [coding, `${path}.coding[${index}]`])
      : [[value, path]];
    const name = words ?? codes;
    if (words) {
      put(sink, words, value['text'], `${path}.text`);
      for (const [coding, at] of codings) if (isObject(coding)) put(sink, words, coding['display'], `${at}.display`);
    }
    let coded = false;
    for (const [coding, at] of codings) {
      if (!isObject(coding) || primitiveText(coding['code']) === undefined) continue;
      put(sink, codes, coding['code'], `${at}.code`, coding['system']);
      coded = true;
    }
    // Local words without any code still say something; they stand under the same name.
    if (!words && !coded) put(sink, name, value['text'], `${path}.text`);
  };
}

/** A coded element that says what the resource is about. */
export const coded = concept('code', 'display');

/** The words of a concept: its text, else the first display, else the bare code. */
export function words(name: AtomName): Emit {
  return (value, path, sink) => {
    if (typeof value === 'string') return put(sink, name, value, path);
    if (!isObject(value)) return;
    if (primitiveText(value['text'])) return put(sink, name, value['text'], `${path}.text`);
    const codings = Array.isArray(value['coding']) ? value['coding'] : [];
    for (const key of ['display', 'code']) {
      const index = codings.findIndex((coding) => isObject(coding) && primitiveText(coding[key]));
      const coding = codings[index];
      if (isObject(coding))
        return put(sink, name, coding[key], `${path}.coding[${index}].${key}`, key === 'code' ? coding['system'] : undefined);
    }
  };
}

/** Body site words, and the side where the coding itself says it (SNOMED CT laterality). */
export function site(value: Json, path: string, sink: Sink): void {
  words('bodySite')(value, path, sink);
  if (!isObject(value) || !Array.isArray(value['coding'])) return;
  value['coding'].forEach((coding, index) => {
    if (!isObject(coding)) return;
    const code = primitiveText(coding['code']);
    if (code !== undefined && lateralityOf(primitiveText(coding['system']), code)) {
      put(sink, 'laterality', coding['code'], `${path}.coding[${index}].code`, coding['system']);
    }
  });
}

/** The names under which the parts of a Quantity are kept. */
export type QuantityNames = { value: AtomName; unit?: AtomName; unitCode?: AtomName; comparator?: AtomName };

/** A Quantity, part by part. */
export function quantity(names: QuantityNames): Emit {
  return (value, path, sink) => {
    if (!isObject(value)) return;
    put(sink, names.value, value['value'], `${path}.value`);
    if (names.comparator) put(sink, names.comparator, value['comparator'], `${path}.comparator`);
    // Where no unit is printed, the unit code is what a person reads.
    const unit = primitiveText(value['unit']) === undefined ? 'code' : 'unit';
    if (names.unit) put(sink, names.unit, value[unit], `${path}.${unit}`);
    if (names.unitCode) put(sink, names.unitCode, value['code'], `${path}.code`, value['system']);
  };
}

/** A Period, start and end. */
export function period(start: AtomName, end: AtomName): Emit {
  return (value, path, sink) => {
    if (!isObject(value)) return;
    put(sink, start, value['start'], `${path}.start`);
    put(sink, end, value['end'], `${path}.end`);
  };
}

/** Where a reference points: its literal, else its identifier. */
export function reference(name: AtomName): Emit {
  return (value, path, sink) => {
    if (!isObject(value)) return;
    if (primitiveText(value['reference'])) return put(sink, name, value['reference'], `${path}.reference`);
    const identifier = value['identifier'];
    if (isObject(identifier)) put(sink, name, identifier['value'], `${path}.identifier.value`, identifier['system']);
  };
}

/** Who a reference names: the display a person reads, else where it points. */
export function who(name: AtomName): Emit {
  return (value, path, sink) => {
    if (!isObject(value)) return;
    if (primitiveText(value['display'])) return put(sink, name, value['display'], `${path}.display`);
    reference(name)(value, path, sink);
  };
}

/** What an observation is about when that is not the patient (R4 Observation.focus): whatever the source says of it, because saying nothing makes it theirs. */
export function focus(value: Json, path: string, sink: Sink): void {
  const before = sink.atoms.length;
  reference('focus')(value, path, sink);
  if (sink.atoms.length === before && isObject(value)) put(sink, 'focus', value['display'], `${path}.display`);
}

/** Goes into a BackboneElement with its own rules. */
export function inside(table: Rules): Emit {
  return (value, path, sink) => {
    if (isObject(value)) readElements(value, `${path}.`, table, sink);
  };
}

/** Goes into a repeating BackboneElement whose members must not be mixed: each gets its index as `component`. */
export function numbered(table: Rules, onlyWhenSeveral = false): Emit {
  return (value, path, sink) => {
    const index = Number(/\[(\d+)\]$/.exec(path)?.[1] ?? 0);
    const alone = onlyWhenSeveral && index === 0 && !severalAt(sink.resource, path);
    inside(table)(value, path, { ...sink, component: alone ? undefined : index });
  };
}

function severalAt(resource: JsonObject, path: string): boolean {
  const list = resource[path.replace(/\[\d+\]$/, '')];
  return Array.isArray(list) && list.length > 1;
}

/** An Identifier with its system. */
export function identifier(value: Json, path: string, sink: Sink): void {
  if (isObject(value)) put(sink, 'identifier', value['value'], `${path}.value`, value['system']);
}

/** A text attachment's decoded words; anything that is not text stays in the content. */
export function attachment(value: Json, path: string, sink: Sink): void {
  if (!isObject(value)) return;
  put(sink, 'title', value['title'], `${path}.title`);
  const text = attachmentText(value);
  if (text !== undefined) put(sink, 'note', text, `${path}.data`);
}

/** The reference range, where there is exactly one that speaks of normal in the value's own unit: among several none may be guessed. */
export function ranges(path: string, value: Json, sink: Sink, quantity: Json | undefined): void {
  if (!Array.isArray(value)) return;
  const normal = value.flatMap((range, index) => (isObject(range) && speaksOfNormal(range) ? [{ range, index }] : []));
  const only = normal[0];
  if (normal.length !== 1 || !only) return;
  const at = `${path}[${only.index}]`;
  for (const name of ['low', 'high'] as const) {
    const bound = only.range[name];
    if (isObject(bound) && sameUnit(bound, quantity)) put(sink, name, bound['value'], `${at}.${name}.value`);
  }
  put(sink, 'rangeText', only.range['text'], `${at}.text`);
}

function speaksOfNormal(range: JsonObject): boolean {
  const type = range['type'];
  if (!isObject(type) || !Array.isArray(type['coding'])) return true;
  return type['coding'].some((coding) => isObject(coding) && coding['code'] === 'normal');
}

function sameUnit(bound: JsonObject, value: Json | undefined): boolean {
  if (!isObject(value)) return true;
  for (const key of ['code', 'unit']) {
    const ours = primitiveText(value[key]);
    const theirs = primitiveText(bound[key]);
    if (ours !== undefined && theirs !== undefined) return ours === theirs;
  }
  return true;
}

/** An Annotation's words. */
export const note: Emit = (value, path, sink) => {
  if (isObject(value)) put(sink, 'note', value['text'], `${path}.text`);
};

/** dateTime, instant, Period and the first event of a Timing of one choice element. */
export function moment(element: string, start: AtomName, end: AtomName): Rules {
  return {
    [`${element}DateTime`]: plain(start),
    [`${element}Date`]: plain(start),
    [`${element}Instant`]: plain(start),
    [`${element}String`]: plain(start),
    [`${element}Period`]: period(start, end),
  };
}
