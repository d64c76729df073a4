import type { Allergy, Chart, Condition, Immunization, Medication, Order, Procedure } from './chart.ts';
import { allergens, familyProblems, procedures, reactions, relatives, SYSTEM, sites, vaccines } from './codes.ts';
import { dayOf, isoDate, isoTime, type Minute } from './dates.ts';
import { counting, frequencies, routes, supplied } from './drugs.ts';
import {
  concept,
  hospitalReference,
  identifier,
  patientReference,
  practitionerReference,
  quantity,
  type Resource,
  reference,
  snomed,
  status,
} from './fhir-parts.ts';
import { doseText, doseUnit, instruction } from './notes.ts';

/** Problems, medicines, allergies, vaccines, procedures, family and orders of a chart as FHIR R4. */
export function clinicalResources(chart: Chart): Resource[] {
  return [
    ...chart.conditions.map((entry, index) => condition(chart, entry, index)),
    ...chart.medications.map((entry) => medicationRequest(chart, entry)),
    ...statements(chart),
    ...chart.allergies.map((entry, index) => allergy(chart, entry, index)),
    ...chart.immunizations.map((entry, index) => immunization(chart, entry, index)),
    ...chart.procedures.map((entry, index) => procedure(chart, entry, index)),
    ...family(chart),
    ...chart.orders.map((entry) => serviceRequest(chart, entry)),
  ];
}

/** The encounter of the same patient that a moment falls into or whose day it shares. */
export function encounterAt(chart: Chart, moment: Minute): { encounter?: { reference: string } } {
  const day = dayOf(moment);
  const found = chart.encounters.find((entry) => dayOf(entry.start) <= day && day <= dayOf(entry.end));
  return found ? { encounter: reference('Encounter', `enc-${chart.person.mrn}-${found.number}`) } : {};
}

/** The dosage of a prescription in words and as data; `bounds` are the days it holds for. */
export function dosage(medication: Medication): Record<string, unknown> {
  const { drug, frequency, asNeeded } = medication;
  const times = frequencies[frequency];
  const bounds = {
    start: isoDate(dayOf(medication.start)),
    ...(medication.end === undefined ? {} : { end: isoDate(dayOf(medication.end)) }),
  };
  return {
    text: instruction(medication),
    timing: { repeat: { boundsPeriod: bounds, frequency: times.frequency, period: times.period, periodUnit: times.periodUnit } },
    ...(asNeeded === undefined ? {} : { asNeededCodeableConcept: { text: asNeeded } }),
    route: concept(SYSTEM.snomed, routes[drug.route].snomed, routes[drug.route].display),
    doseAndRate: [{ doseQuantity: quantity(doseText(medication), doseUnit(medication), drug.ucum) }],
  };
}

/** The number under which the pharmacy and the EHR know one prescription. */
export function prescriptionNumber(chart: Chart, medication: Medication): string {
  return `RX${chart.person.mrn}${String(medication.number).padStart(3, '0')}`;
}

function conditionId(chart: Chart, index: number): string {
  return `cond-${chart.person.mrn}-${index + 1}`;
}

function condition(chart: Chart, entry: Condition, index: number): Resource {
  const { problem, site } = entry;
  const wrong = entry.certainty === 'entered-in-error';
  return {
    resourceType: 'Condition',
    id: conditionId(chart, index),
    // con-5: an entry made in error has no clinical status.
    ...(wrong ? {} : { clinicalStatus: status('condition-clinical', entry.status) }),
    verificationStatus: status('condition-ver-status', entry.certainty),
    category: [status('condition-category', entry.category)],
    code: {
      coding: [
        { system: SYSTEM.snomed, code: problem.snomed, display: problem.display },
        { system: SYSTEM.icd10, code: problem.icd10 },
      ],
      text: problem.display,
    },
    ...(site === undefined ? {} : { bodySite: [snomed(sites[site])] }),
    subject: patientReference(chart),
    ...encounterAt(chart, entry.recorded),
    onsetDateTime: isoDate(entry.onset),
    ...(entry.abated === undefined ? {} : { abatementDateTime: isoDate(entry.abated) }),
    recordedDate: isoTime(entry.recorded),
    recorder: practitionerReference(entry.who),
    ...(entry.note === undefined ? {} : { note: [{ text: entry.note }] }),
  };
}

function reason(chart: Chart, key: Condition['key'] | undefined): { reasonReference?: { reference: string }[] } {
  const index = chart.conditions.findIndex((entry) => entry.key === key && entry.certainty !== 'entered-in-error');
  return index === -1 ? {} : { reasonReference: [reference('Condition', conditionId(chart, index))] };
}

function medicationRequest(chart: Chart, entry: Medication): Resource {
  const { drug } = entry;
  return {
    resourceType: 'MedicationRequest',
    id: `med-${chart.person.mrn}-${entry.number}`,
    identifier: [{ system: SYSTEM.prescription, value: prescriptionNumber(chart, entry) }],
    status: entry.ending ?? 'active',
    ...(entry.endReason === undefined ? {} : { statusReason: { text: entry.endReason } }),
    intent: 'order',
    category: [status('medicationrequest-category', entry.administered ? 'outpatient' : 'community')],
    medicationCodeableConcept: concept(SYSTEM.rxnorm, drug.rxnorm, drug.display),
    subject: patientReference(chart),
    ...encounterAt(chart, entry.start),
    authoredOn: isoTime(entry.start),
    requester: practitionerReference(entry.who),
    ...reason(chart, entry.reason),
    dosageInstruction: [dosage(entry)],
    ...(entry.administered
      ? {}
      : {
          dispenseRequest: {
            numberOfRepeatsAllowed: entry.refills,
            quantity: { value: supplied(entry), unit: counting(drug.form, supplied(entry)) },
            expectedSupplyDuration: quantity(String(entry.supplyDays), 'days', 'd'),
          },
        }),
    ...(entry.replaces === undefined
      ? {}
      : { priorPrescription: reference('MedicationRequest', `med-${chart.person.mrn}-${entry.replaces.number}`) }),
  };
}

function statements(chart: Chart): Resource[] {
  return chart.statements.map((entry, index) => ({
    resourceType: 'MedicationStatement',
    id: `mst-${chart.person.mrn}-${index + 1}`,
    status: entry.status,
    medicationCodeableConcept: concept(SYSTEM.rxnorm, entry.drug.rxnorm, entry.drug.display),
    subject: patientReference(chart),
    effectiveDateTime: isoDate(entry.since ?? dayOf(entry.asserted)),
    dateAsserted: isoTime(entry.asserted),
    informationSource: patientReference(chart),
    dosage: [{ text: entry.text }],
    ...(entry.note === undefined ? {} : { note: [{ text: entry.note }] }),
  }));
}

function allergy(chart: Chart, entry: Allergy, index: number): Resource {
  const known = entry.allergen === undefined ? undefined : allergens[entry.allergen];
  return {
    resourceType: 'AllergyIntolerance',
    id: `alg-${chart.person.mrn}-${index + 1}`,
    clinicalStatus: status('allergyintolerance-clinical', entry.certainty === 'refuted' ? 'inactive' : 'active'),
    verificationStatus: status('allergyintolerance-verification', entry.certainty),
    ...(known
      ? {
          // Nausea from an opioid is its effect, not an allergy to it.
          type: entry.reaction === 'nausea' ? 'intolerance' : 'allergy',
          category: [known.category],
          criticality: entry.severity === 'severe' ? 'high' : 'low',
        }
      : {}),
    code: known ? concept(known.system, known.code, known.display) : concept(SYSTEM.snomed, '716186003', 'No known allergy'),
    patient: patientReference(chart),
    recordedDate: isoTime(entry.recorded),
    ...(entry.reaction === undefined
      ? {}
      : { reaction: [{ manifestation: [snomed(reactions[entry.reaction])], ...(entry.severity ? { severity: entry.severity } : {}) }] }),
  };
}

const injected = {
  leftArm: { code: 'LA', display: 'Left arm' },
  rightArm: { code: 'RA', display: 'Right arm' },
  leftThigh: { code: 'LT', display: 'Left thigh' },
  rightThigh: { code: 'RT', display: 'Right thigh' },
};
const given = { IM: 'Injection, intramuscular', SQ: 'Injection, subcutaneous', PO: 'Swallow, oral' };

function immunization(chart: Chart, entry: Immunization, index: number): Resource {
  const vaccine = vaccines[entry.kind];
  return {
    resourceType: 'Immunization',
    id: `imm-${chart.person.mrn}-${index + 1}`,
    status: entry.refused ? 'not-done' : 'completed',
    ...(entry.refused ? { statusReason: concept(`${SYSTEM.v3}ActReason`, 'PATOBJ', 'Patient objection') } : {}),
    vaccineCode: concept(SYSTEM.cvx, vaccine.cvx, vaccine.display),
    patient: patientReference(chart),
    occurrenceDateTime: isoTime(entry.at),
    primarySource: true,
    ...(entry.refused
      ? {}
      : {
          lotNumber: entry.lot,
          ...(vaccine.route === 'PO'
            ? {}
            : { site: concept(`${SYSTEM.v3}ActSite`, injected[entry.site].code, injected[entry.site].display) }),
          route: concept(`${SYSTEM.v3}RouteOfAdministration`, vaccine.route, given[vaccine.route]),
        }),
    performer: [{ actor: hospitalReference }],
  };
}

function procedure(chart: Chart, entry: Procedure, index: number): Resource {
  return {
    resourceType: 'Procedure',
    id: `proc-${chart.person.mrn}-${index + 1}`,
    status: entry.status,
    code: snomed(procedures[entry.kind]),
    subject: patientReference(chart),
    ...(entry.encounter
      ? { encounter: reference('Encounter', `enc-${chart.person.mrn}-${entry.encounter.number}`) }
      : encounterAt(chart, entry.start)),
    performedPeriod: { start: isoTime(entry.start), end: isoTime(entry.end) },
    performer: [{ actor: practitionerReference(entry.who) }],
    ...reason(chart, entry.reason),
    ...(entry.site === undefined ? {} : { bodySite: [snomed(sites[entry.site])] }),
    ...(entry.outcome === undefined ? {} : { note: [{ text: entry.outcome }] }),
  };
}

function family(chart: Chart): Resource[] {
  return chart.relatives.map((entry, index) => ({
    resourceType: 'FamilyMemberHistory',
    id: `fam-${chart.person.mrn}-${index + 1}`,
    status: 'completed',
    patient: patientReference(chart),
    relationship: concept(`${SYSTEM.v3}RoleCode`, relatives[entry.who].code, relatives[entry.who].display),
    ...(entry.deceasedAt === undefined ? {} : { deceasedAge: quantity(String(entry.deceasedAt), 'years', 'a') }),
    condition: [{ code: snomed(familyProblems[entry.problem]), onsetAge: quantity(String(entry.age), 'years', 'a') }],
  }));
}

function serviceRequest(chart: Chart, entry: Order): Resource {
  const categories = {
    laboratory: ['108252007', 'Laboratory procedure'],
    imaging: ['363679005', 'Imaging'],
    referral: ['3457005', 'Referral'],
    procedure: ['71388002', 'Procedure'],
  } as const;
  const [code, display] = categories[entry.category];
  return {
    resourceType: 'ServiceRequest',
    id: `ord-${chart.person.mrn}-${entry.number}`,
    identifier: [identifier(SYSTEM.placer, placerNumber(chart, entry.number), 'PLAC')],
    status: entry.status,
    intent: 'order',
    category: [concept(SYSTEM.snomed, code, display)],
    priority: 'routine',
    code: { ...concept(entry.code.system, entry.code.code, entry.code.display), text: entry.code.text ?? entry.code.display },
    subject: patientReference(chart),
    ...encounterAt(chart, entry.at),
    ...(entry.due === undefined ? {} : { occurrenceDateTime: isoDate(entry.due) }),
    authoredOn: isoTime(entry.at),
    requester: practitionerReference(entry.who),
    ...(entry.reason === undefined ? {} : { reasonCode: [{ text: entry.reason }] }),
    ...(entry.site === undefined ? {} : { bodySite: [snomed(sites[entry.site])] }),
  };
}

/** The order number of the ordering side, the same in the EHR and in ORC-2. */
export function placerNumber(chart: Chart, number: number): string {
  return `P${chart.person.mrn}${String(number).padStart(3, '0')}`;
}
