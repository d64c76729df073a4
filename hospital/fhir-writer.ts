import type { Chart, Encounter } from './chart.ts';
import { encounterTypes, SYSTEM } from './codes.ts';
import { isoDate, isoTime } from './dates.ts';
import { clinicalResources } from './fhir-clinical.ts';
import { diagnosticResources } from './fhir-diagnostics.ts';
import {
  concept,
  hospitalReference,
  identifier,
  json,
  patientId,
  patientReference,
  practitionerReference,
  type Resource,
  reference,
} from './fhir-parts.ts';
import { type Clinician, type ClinicianKey, clinicians } from './people.ts';

const BASE = 'https://north-ehr.example/fhir';

/** One patient's chart as the hospital's EHR would export it: a FHIR R4 transaction Bundle in which every reference resolves. */
export function bundleText(chart: Chart): { text: string; types: Record<string, number> } {
  const own = [patient(chart), ...encounters(chart), ...clinicalResources(chart), ...diagnosticResources(chart), ...appointments(chart)];
  const resources = [...own.slice(0, 1), ...organizations(), ...practitioners(own), ...own.slice(1)];
  const types: Record<string, number> = {};
  for (const resource of resources) types[resource.resourceType] = (types[resource.resourceType] ?? 0) + 1;
  const entry = resources.map((resource) => {
    const url = `${resource.resourceType}/${resource.id}`;
    return { fullUrl: `${BASE}/${url}`, resource, request: { method: 'PUT', url } };
  });
  return { text: `${json({ resourceType: 'Bundle', type: 'transaction', entry })}\n`, types };
}

function patient(chart: Chart): Resource {
  const { person } = chart;
  return {
    resourceType: 'Patient',
    id: patientId(person.mrn),
    identifier: [{ use: 'usual', ...identifier(SYSTEM.mrn, person.mrn, 'MR'), assigner: { display: hospitalReference.display } }],
    active: true,
    name: [{ use: 'official', family: person.family, given: [person.given, person.middle] }],
    telecom: [{ system: 'phone', value: person.phone, use: 'home' }],
    gender: person.sex,
    birthDate: isoDate(person.birth),
    address: [{ use: 'home', line: [person.street], city: person.city, postalCode: person.postalCode, country: 'US' }],
    maritalStatus: concept(
      `${SYSTEM.v3}MaritalStatus`,
      person.maritalStatus,
      { M: 'Married', S: 'Never married', W: 'Widowed', D: 'Divorced' }[person.maritalStatus],
    ),
    communication: [{ language: concept('urn:ietf:bcp:47', person.language.code, person.language.display), preferred: true }],
    managingOrganization: hospitalReference,
  };
}

function organizations(): Resource[] {
  return [
    { resourceType: 'Organization', id: 'north-hospital', active: true, name: 'North Hospital and Clinics' },
    { resourceType: 'Organization', id: 'north-laboratory', active: true, name: 'North Laboratory', partOf: hospitalReference },
  ];
}

/** Only the clinicians whom this chart names. */
function practitioners(resources: Resource[]): Resource[] {
  const text = JSON.stringify(resources);
  return (Object.keys(clinicians) as ClinicianKey[])
    .filter((key) => text.includes(`"Practitioner/staff-${clinicians[key].id}"`))
    .map((key) => {
      const person: Clinician = clinicians[key];
      return {
        resourceType: 'Practitioner',
        id: `staff-${person.id}`,
        identifier: [{ system: SYSTEM.staff, value: person.number }],
        active: true,
        name: [{ use: 'official', family: person.family, given: [person.given] }],
        qualification: [{ code: { text: person.role } }],
      };
    });
}

function encounters(chart: Chart): Resource[] {
  return chart.encounters.map((encounter) => ({
    resourceType: 'Encounter',
    id: `enc-${chart.person.mrn}-${encounter.number}`,
    identifier: [identifier(SYSTEM.visit, visitNumber(chart, encounter), 'VN')],
    status: 'finished',
    class: { system: `${SYSTEM.v3}ActCode`, code: encounterTypes[encounter.kind].class },
    type: [concept(SYSTEM.snomed, encounterTypes[encounter.kind].snomed, encounterTypes[encounter.kind].display)],
    subject: patientReference(chart),
    participant: [{ individual: practitionerReference(encounter.who) }],
    period: { start: isoTime(encounter.start), end: isoTime(encounter.end) },
    reasonCode: [{ text: encounter.reason }],
    ...(encounter.disposition === undefined
      ? {}
      : { hospitalization: { dischargeDisposition: concept(`${SYSTEM.hl7}discharge-disposition`, encounter.disposition, 'Home') } }),
    serviceProvider: hospitalReference,
  }));
}

/** The visit number that FHIR and HL7 messages share. */
export function visitNumber(chart: Chart, encounter: Encounter): string {
  return `V${chart.person.mrn}${String(encounter.number).padStart(3, '0')}`;
}

function appointments(chart: Chart): Resource[] {
  return chart.appointments.map((appointment, index) => ({
    resourceType: 'Appointment',
    id: `apt-${chart.person.mrn}-${index + 1}`,
    status: 'booked',
    serviceType: [{ text: clinicians[appointment.who].role }],
    appointmentType: concept(`${SYSTEM.v2}0276`, 'FOLLOWUP', 'Follow-up'),
    reasonCode: [{ text: appointment.reason }],
    description: appointment.reason,
    start: isoTime(appointment.start),
    end: isoTime(appointment.end),
    minutesDuration: appointment.end - appointment.start,
    created: isoTime(appointment.start - 14 * 1440),
    participant: [
      { actor: reference('Patient', patientId(chart.person.mrn)), required: 'required', status: 'accepted' },
      { actor: practitionerReference(appointment.who), required: 'required', status: 'accepted' },
    ],
  }));
}
