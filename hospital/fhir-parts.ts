import type { Chart } from './chart.ts';
import { type Site, SYSTEM } from './codes.ts';
import { type Clinician, type ClinicianKey, clinicians } from './people.ts';

/** A FHIR resource while it is being written. */
export type Resource = { resourceType: string; id: string; [element: string]: unknown };
export type Coding = { system: string; code: string; display?: string };
export type Concept = { coding: Coding[]; text?: string };

const DECIMAL = '@n:';
const quoted = new RegExp(`"${DECIMAL}(-?[0-9.]+)"`, 'g');

/** A decimal with its trailing zeros: FHIR counts them as precision (R4 datatypes, decimal), JSON.stringify would drop them. */
export function decimal(text: string): string {
  return DECIMAL + text;
}

/** Writes JSON in which the decimals made by `decimal` stand as numbers. */
export function json(value: unknown): string {
  return JSON.stringify(value).replace(quoted, '$1');
}

export function concept(system: string, code: string, display: string): Concept {
  return { coding: [{ system, code, display }], text: display };
}

/** A status code of one of the small required value sets, without text of its own. */
export function status(codeSystem: string, code: string): Concept {
  return { coding: [{ system: SYSTEM.hl7 + codeSystem, code }] };
}

export function snomed(site: Site): Concept {
  return concept(SYSTEM.snomed, site.snomed, site.display);
}

export function quantity(text: string, unit: string, code = unit): Record<string, string> {
  return { value: decimal(text), unit, system: SYSTEM.ucum, code };
}

export function reference(type: string, id: string): { reference: string } {
  return { reference: `${type}/${id}` };
}

export function patientId(mrn: string): string {
  return `pat-${mrn}`;
}

export function patientReference(chart: Chart): { reference: string } {
  return reference('Patient', patientId(chart.person.mrn));
}

export function practitionerReference(who: ClinicianKey): { reference: string; display: string } {
  const person: Clinician = clinicians[who];
  return { reference: `Practitioner/staff-${person.id}`, display: `${person.given} ${person.family}` };
}

/** The hospital and its laboratory; the same two resources stand in every patient's Bundle. */
export const hospitalReference = { reference: 'Organization/north-hospital', display: 'North Hospital and Clinics' };
export const laboratoryReference = { reference: 'Organization/north-laboratory', display: 'North Laboratory' };

export function identifier(system: string, value: string, typeCode: string): Record<string, unknown> {
  return { type: status('v2-0203', typeCode), system, value };
}

export function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
