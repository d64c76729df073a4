import type { AtomName } from '../../core/fact.ts';
import { lateralityOf } from '../terminology/laterality.ts';
import { isObject, type Json, type JsonObject, primitiveText } from './json.ts';

/** An atom as read from one resource: `path` is the FHIR element path inside that resource, `text` the source's own. */
export type ReadAtom = { name: AtomName; text: string; path: string; system?: string; component?: number };

/**
 * The atoms of a FHIR R4 resource, in the order the source wrote them; texts as written, numbers included.
 *
 * A CodeableConcept gives its words first (`text`, then each coding's display) and then each code with its system.
 * `component` numbers Observation.component, dosageInstruction where there is more than one (so that no dose of one is ever
 * read with the frequency of another), FamilyMemberHistory.condition and CarePlan.activity.
 * The decoded text of a text attachment is a `note` atom whose path ends in `.data`.
 * Elements without a name in `atomNames` stay in the content and are reported as kept but unmapped.
 */
export function readAtoms(resource: Json): ReadAtom[] {
  if (!isObject(resource)) return [];
  const type = primitiveText(resource['resourceType']) ?? '';
  const atoms: ReadAtom[] = [];
  readElements(resource, '', Object.hasOwn(rules, type) ? rules[type]! : generic, { atoms, component: undefined, resource });
  return atoms;
}

/** The atoms of a CodeableConcept standing at `path`: used for a medication that stands in another resource. */
export function conceptAtoms(concept: Json, path: string): ReadAtom[] {
  const atoms: ReadAtom[] = [];
  coded(concept, path, { atoms, component: undefined, resource: {} });
  return atoms;
}

type Sink = { atoms: ReadAtom[]; component: number | undefined; resource: JsonObject };
type Emit = (value: Json, path: string, sink: Sink) => void;
type Rules = { [element: string]: Emit };

function readElements(object: JsonObject, prefix: string, table: Rules, sink: Sink): void {
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

function put(sink: Sink, name: AtomName, value: Json | undefined, path: string, system?: Json): void {
  const text = primitiveText(value);
  if (text === undefined || text === '') return;
  const atom: ReadAtom = { name, text, path };
  if (typeof system === 'string' && system !== '') atom.system = system;
  if (sink.component !== undefined) atom.component = sink.component;
  sink.atoms.push(atom);
}

/** A primitive as it stands. */
function plain(name: AtomName): Emit {
  return (value, path, sink) => put(sink, name, value, path);
}

/** A CodeableConcept or Coding: words under one name, codes under another. */
function concept(codes: AtomName, words?: AtomName): Emit {
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

const coded = concept('code', 'display');

/** The words of a concept: its text, else the first display, else the bare code. */
function words(name: AtomName): Emit {
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
function site(value: Json, path: string, sink: Sink): void {
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

type QuantityNames = { value: AtomName; unit?: AtomName; unitCode?: AtomName; comparator?: AtomName };

function quantity(names: QuantityNames): Emit {
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

function period(start: AtomName, end: AtomName): Emit {
  return (value, path, sink) => {
    if (!isObject(value)) return;
    put(sink, start, value['start'], `${path}.start`);
    put(sink, end, value['end'], `${path}.end`);
  };
}

/** Where a reference points: its literal, else its identifier. */
function reference(name: AtomName): Emit {
  return (value, path, sink) => {
    if (!isObject(value)) return;
    if (primitiveText(value['reference'])) return put(sink, name, value['reference'], `${path}.reference`);
    const identifier = value['identifier'];
    if (isObject(identifier)) put(sink, name, identifier['value'], `${path}.identifier.value`, identifier['system']);
  };
}

/** Who a reference names: the display a person reads, else where it points. */
function who(name: AtomName): Emit {
  return (value, path, sink) => {
    if (!isObject(value)) return;
    if (primitiveText(value['display'])) return put(sink, name, value['display'], `${path}.display`);
    reference(name)(value, path, sink);
  };
}

/** What an observation is about when that is not the patient (R4 Observation.focus): whatever the source says of it, because saying nothing makes it theirs. */
function focus(value: Json, path: string, sink: Sink): void {
  const before = sink.atoms.length;
  reference('focus')(value, path, sink);
  if (sink.atoms.length === before && isObject(value)) put(sink, 'focus', value['display'], `${path}.display`);
}

/** Goes into a BackboneElement with its own rules. */
function inside(table: Rules): Emit {
  return (value, path, sink) => {
    if (isObject(value)) readElements(value, `${path}.`, table, sink);
  };
}

/** Goes into a repeating BackboneElement whose members must not be mixed: each gets its index as `component`. */
function numbered(table: Rules, onlyWhenSeveral = false): Emit {
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

function identifier(value: Json, path: string, sink: Sink): void {
  if (isObject(value)) put(sink, 'identifier', value['value'], `${path}.value`, value['system']);
}

/** A text attachment's decoded words; anything that is not text stays in the content. */
function attachment(value: Json, path: string, sink: Sink): void {
  if (!isObject(value)) return;
  put(sink, 'title', value['title'], `${path}.title`);
  const text = attachmentText(value);
  if (text !== undefined) put(sink, 'note', text, `${path}.data`);
}

/** The words of an Attachment with inline text data; undefined for other content types and for data that is not base64. */
export function attachmentText(value: JsonObject): string | undefined {
  const data = primitiveText(value['data']);
  const type = primitiveText(value['contentType']) ?? '';
  if (data === undefined || !/^text\//i.test(type)) return undefined;
  return decodeCharset(Buffer.from(data, 'base64'));
}

/** Bytes as text: UTF-8 where they are valid UTF-8, else windows-1252, the one other charset that text attachments come in. */
export function decodeCharset(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return windows1252.decode(bytes);
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const windows1252 = new TextDecoder('windows-1252');

/** The reference range, where there is exactly one that speaks of normal in the value's own unit: among several none may be guessed. */
function ranges(path: string, value: Json, sink: Sink, quantity: Json | undefined): void {
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

const note: Emit = (value, path, sink) => {
  if (isObject(value)) put(sink, 'note', value['text'], `${path}.text`);
};

/** dateTime, instant, Period and the first event of a Timing of one choice element. */
function moment(element: string, start: AtomName, end: AtomName): Rules {
  return {
    [`${element}DateTime`]: plain(start),
    [`${element}Date`]: plain(start),
    [`${element}Instant`]: plain(start),
    [`${element}String`]: plain(start),
    [`${element}Period`]: period(start, end),
  };
}

const measured: QuantityNames = { value: 'value', unit: 'unit', unitCode: 'unitCode', comparator: 'comparator' };

/** value[x], dataAbsentReason and interpretation, which Observation and its components share. */
const result: Rules = {
  code: coded,
  valueQuantity: quantity(measured),
  valueCodeableConcept: concept('valueCode', 'valueText'),
  valueString: plain('valueText'),
  valueBoolean: plain('valueText'),
  valueDateTime: plain('valueText'),
  valueTime: plain('valueText'),
  valueInteger: plain('value'),
  dataAbsentReason: concept('absentReason'),
  interpretation: concept('flag'),
};

function component(value: Json, path: string, sink: Sink): void {
  if (!isObject(value)) return;
  const own = { ...sink, component: Number(/\[(\d+)\]$/.exec(path)?.[1] ?? 0) };
  readElements(value, `${path}.`, result, own);
  if (value['referenceRange'] !== undefined) ranges(`${path}.referenceRange`, value['referenceRange'], own, value['valueQuantity']);
}

const repeat: Rules = {
  frequency: plain('timesPerPeriod'),
  period: plain('period'),
  periodUnit: plain('periodUnit'),
  boundsPeriod: period('start', 'end'),
};

const dosage: Rules = {
  text: plain('instruction'),
  timing: inside({ code: concept('instruction'), repeat: inside(repeat) }),
  asNeededBoolean: plain('asNeeded'),
  asNeededCodeableConcept: words('asNeeded'),
  site,
  route: words('route'),
  doseAndRate: inside({ doseQuantity: quantity({ value: 'doseValue', unit: 'doseUnit' }) }),
};

/** A contained Medication is read where it stands; one in another resource is resolved by whoever holds that resource. */
function medicationReference(value: Json, path: string, sink: Sink): void {
  if (!isObject(value)) return;
  const target = primitiveText(value['reference']) ?? '';
  const contained = sink.resource['contained'];
  if (target.startsWith('#') && Array.isArray(contained)) {
    const index = contained.findIndex((item) => isObject(item) && item['id'] === target.slice(1));
    const medication = contained[index];
    if (isObject(medication) && medication['code'] !== undefined) coded(medication['code'], `contained[${index}].code`, sink);
  }
  put(sink, 'display', value['display'], `${path}.display`);
}

const medication: Rules = { medicationCodeableConcept: coded, medicationReference };
const encounter = reference('encounter');
const reasons: Rules = { reasonCode: words('reason'), reasonReference: who('reason') };
const person = inside({ actor: who('performer') });

const generic: Rules = {
  identifier,
  status: plain('status'),
  code: coded,
  type: coded,
  category: concept('category'),
  encounter,
  note,
  ...moment('effective', 'effective', 'effectiveEnd'),
  ...moment('occurrence', 'occurrence', 'end'),
  period: period('start', 'end'),
  date: plain('authored'),
  created: plain('authored'),
  authoredOn: plain('authored'),
  issued: plain('issued'),
  recorded: plain('recorded'),
};

const rules: { [type: string]: Rules } = {
  Patient: {
    identifier,
    name: inside({ text: plain('name'), given: plain('name'), family: plain('name') }),
    birthDate: plain('birthDate'),
    gender: plain('gender'),
    deceasedBoolean: plain('deceased'),
    deceasedDateTime: plain('deceased'),
  },
  Observation: {
    ...result,
    identifier,
    basedOn: reference('basedOn'),
    status: plain('status'),
    category: concept('category'),
    focus,
    encounter,
    ...moment('effective', 'effective', 'effectiveEnd'),
    issued: plain('issued'),
    performer: who('performer'),
    note,
    bodySite: site,
    // Once for the whole list: whether one range may be used depends on the others.
    referenceRange: (_value, path, sink) => {
      const { referenceRange, valueQuantity } = sink.resource;
      if (path === 'referenceRange[0]' && referenceRange !== undefined) ranges('referenceRange', referenceRange, sink, valueQuantity);
    },
    component,
  },
  DiagnosticReport: {
    identifier,
    basedOn: reference('basedOn'),
    status: plain('status'),
    category: concept('category'),
    code: coded,
    encounter,
    ...moment('effective', 'effective', 'effectiveEnd'),
    issued: plain('issued'),
    performer: who('performer'),
    result: reference('target'),
    conclusion: plain('conclusion'),
    conclusionCode: concept('valueCode', 'valueText'),
    presentedForm: attachment,
  },
  Condition: {
    clinicalStatus: concept('clinicalStatus'),
    verificationStatus: concept('verification'),
    category: concept('category'),
    code: coded,
    bodySite: site,
    encounter,
    ...moment('onset', 'onset', 'end'),
    ...moment('abatement', 'abatement', 'end'),
    recordedDate: plain('recorded'),
    recorder: who('author'),
    asserter: who('performer'),
    note,
  },
  AllergyIntolerance: {
    clinicalStatus: concept('clinicalStatus'),
    verificationStatus: concept('verification'),
    type: plain('class'),
    category: plain('category'),
    criticality: plain('criticality'),
    code: coded,
    encounter,
    ...moment('onset', 'onset', 'end'),
    recordedDate: plain('recorded'),
    recorder: who('author'),
    asserter: who('performer'),
    lastOccurrence: plain('occurrence'),
    note,
    reaction: inside({ manifestation: words('reaction') }),
  },
  MedicationRequest: {
    ...medication,
    ...reasons,
    identifier,
    status: plain('status'),
    intent: plain('intent'),
    category: concept('category'),
    doNotPerform: plain('doNotPerform'),
    encounter,
    authoredOn: plain('authored'),
    requester: who('author'),
    basedOn: reference('basedOn'),
    note,
    dosageInstruction: numbered(dosage, true),
    dispenseRequest: inside({ validityPeriod: period('start', 'end'), quantity: quantity({ value: 'quantity', unit: 'quantityUnit' }) }),
    priorPrescription: reference('replaces'),
  },
  MedicationStatement: {
    ...medication,
    ...reasons,
    basedOn: reference('basedOn'),
    status: plain('status'),
    category: concept('category'),
    context: encounter,
    ...moment('effective', 'effective', 'effectiveEnd'),
    dateAsserted: plain('recorded'),
    informationSource: who('author'),
    note,
    dosage: numbered(dosage, true),
  },
  MedicationDispense: {
    ...medication,
    status: plain('status'),
    category: concept('category'),
    context: encounter,
    performer: person,
    authorizingPrescription: reference('basedOn'),
    quantity: quantity({ value: 'quantity', unit: 'quantityUnit' }),
    whenPrepared: plain('start'),
    whenHandedOver: plain('occurrence'),
    note,
    dosageInstruction: numbered(dosage, true),
  },
  MedicationAdministration: {
    ...medication,
    ...reasons,
    status: plain('status'),
    category: concept('category'),
    context: encounter,
    ...moment('effective', 'effective', 'effectiveEnd'),
    performer: person,
    request: reference('basedOn'),
    note,
    dosage: inside({ text: plain('instruction'), site, route: words('route'), dose: quantity({ value: 'doseValue', unit: 'doseUnit' }) }),
  },
  Medication: { identifier, code: coded, status: plain('status') },
  Procedure: {
    ...reasons,
    identifier,
    basedOn: reference('basedOn'),
    status: plain('status'),
    category: concept('category'),
    code: coded,
    encounter,
    ...moment('performed', 'occurrence', 'end'),
    performer: person,
    bodySite: site,
    note,
  },
  Encounter: {
    ...reasons,
    identifier,
    status: plain('status'),
    class: concept('class'),
    type: coded,
    serviceType: words('serviceType'),
    participant: inside({ individual: who('performer') }),
    period: period('start', 'end'),
    partOf: encounter,
  },
  Immunization: {
    ...reasons,
    status: plain('status'),
    vaccineCode: coded,
    encounter,
    ...moment('occurrence', 'occurrence', 'end'),
    recorded: plain('recorded'),
    site,
    route: words('route'),
    doseQuantity: quantity({ value: 'doseValue', unit: 'doseUnit' }),
    performer: person,
    note,
  },
  ServiceRequest: {
    ...reasons,
    identifier,
    basedOn: reference('basedOn'),
    replaces: reference('replaces'),
    status: plain('status'),
    intent: plain('intent'),
    category: concept('category'),
    doNotPerform: plain('doNotPerform'),
    code: coded,
    encounter,
    ...moment('occurrence', 'occurrence', 'end'),
    asNeededBoolean: plain('asNeeded'),
    asNeededCodeableConcept: words('asNeeded'),
    authoredOn: plain('authored'),
    requester: who('author'),
    bodySite: site,
    note,
    patientInstruction: plain('instruction'),
  },
  Appointment: {
    ...reasons,
    identifier,
    status: plain('status'),
    serviceType: words('serviceType'),
    appointmentType: words('class'),
    description: plain('title'),
    start: plain('start'),
    end: plain('end'),
    created: plain('authored'),
    comment: plain('note'),
    patientInstruction: plain('instruction'),
    basedOn: reference('basedOn'),
    participant: inside({
      actor: (value, path, sink) => {
        const target = isObject(value) ? (primitiveText(value['reference']) ?? '') : '';
        if (!/(^|\/)Patient[/?]/.test(target)) who('performer')(value, path, sink);
      },
    }),
  },
  DocumentReference: {
    identifier,
    status: plain('status'),
    docStatus: plain('verification'),
    type: coded,
    category: concept('category'),
    date: plain('authored'),
    author: who('author'),
    description: plain('title'),
    relatesTo: (value, path, sink) => {
      if (isObject(value) && value['code'] === 'replaces') inside({ target: reference('replaces') })(value, path, sink);
    },
    content: inside({ attachment }),
    context: inside({ encounter, period: period('start', 'end') }),
  },
  FamilyMemberHistory: {
    status: plain('status'),
    date: plain('recorded'),
    relationship: concept('relationship', 'relationship'),
    sex: words('gender'),
    deceasedBoolean: plain('deceased'),
    deceasedDate: plain('deceased'),
    deceasedString: plain('deceased'),
    condition: numbered({
      code: (value, path, sink) => {
        words('condition')(value, path, sink);
        coded(value, path, sink);
      },
      onsetString: plain('onset'),
      note,
    }),
    ...reasons,
    note,
  },
  CarePlan: {
    identifier,
    status: plain('status'),
    intent: plain('intent'),
    category: coded,
    title: plain('title'),
    description: plain('note'),
    encounter,
    period: period('start', 'end'),
    created: plain('authored'),
    author: who('author'),
    addresses: who('reason'),
    goal: reference('target'),
    activity: numbered({
      detail: inside({ code: coded, status: plain('status'), description: plain('note'), ...reasons }),
      reference: reference('target'),
    }),
    note,
  },
  Goal: {
    lifecycleStatus: plain('status'),
    achievementStatus: concept('clinicalStatus'),
    category: concept('category'),
    description: coded,
    startDate: plain('start'),
    statusDate: plain('recorded'),
    target: numbered({
      measure: words('target'),
      detailQuantity: quantity({ value: 'value', unit: 'unit', unitCode: 'unitCode', comparator: 'comparator' }),
      detailString: plain('valueText'),
      dueDate: plain('end'),
    }),
    expressedBy: who('author'),
    addresses: who('reason'),
    note,
  },
  ImagingStudy: {
    ...reasons,
    identifier,
    status: plain('status'),
    modality: concept('class'),
    encounter,
    started: plain('start'),
    basedOn: reference('basedOn'),
    description: plain('title'),
    procedureCode: coded,
    series: numbered({ modality: concept('class'), bodySite: siteOfSeries, description: plain('title'), started: plain('start') }),
    note,
  },
  Communication: {
    ...reasons,
    identifier,
    basedOn: reference('basedOn'),
    status: plain('status'),
    category: concept('category'),
    topic: coded,
    encounter,
    sent: plain('occurrence'),
    received: plain('end'),
    sender: who('author'),
    recipient: who('performer'),
    payload: inside({ contentString: plain('note'), contentAttachment: attachment }),
    note,
  },
};

/** ImagingStudy.series.bodySite is a bare Coding; words first, and its side where the code says it. */
function siteOfSeries(value: Json, path: string, sink: Sink): void {
  if (!isObject(value)) return;
  put(sink, 'bodySite', value['display'] ?? value['code'], value['display'] === undefined ? `${path}.code` : `${path}.display`);
}
