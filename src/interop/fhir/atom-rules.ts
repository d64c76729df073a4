import {
  attachment,
  coded,
  concept,
  focus,
  identifier,
  inside,
  moment,
  note,
  numbered,
  period,
  plain,
  put,
  type QuantityNames,
  quantity,
  type Rules,
  ranges,
  readElements,
  reference,
  type Sink,
  site,
  who,
  words,
} from './atom-emitters.ts';
import { isObject, type Json, primitiveText } from './json.ts';

/* One table of resource types and the elements of each that give atoms, so it stands in one file. */

/** The elements of a resource that give atoms, by its type; what every resource has where the type is none of ours. */
export function rulesOf(type: string): Rules {
  return Object.hasOwn(rules, type) ? rules[type]! : generic;
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
    // The id its source gave it, by which a result says what it answers.
    id: plain('identifier'),
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
