import type { Row } from '../datatypes.ts';

/** PV1 → Encounter (HL7 v2.5.1 §3.4.3). Status and class follow from the event and PV1-2 and are set in read-encounter.ts. */
export const encounterMap: readonly Row[] = [
  { field: 19, to: 'identifier[]', as: 'identifier' },
  { field: 4, to: 'type[]', as: 'concept', option: '0007' },
  { field: 10, to: 'serviceType', as: 'concept', option: '0069' },
  { field: 44, to: 'period.start', as: 'time' },
  { field: 45, to: 'period.end', as: 'time' },
  { field: 14, to: 'hospitalization.admitSource', as: 'concept', option: '0023' },
  { field: 36, to: 'hospitalization.dischargeDisposition', as: 'concept', option: '0112' },
  { field: 3, to: 'location[0].location', as: 'place' },
];

/** Doctors of a visit, each with the FHIR participation type that says what they were. */
export const participants: readonly { field: number; code: string }[] = [
  { field: 7, code: 'ATND' },
  { field: 8, code: 'REF' },
  { field: 9, code: 'CON' },
  { field: 17, code: 'ADM' },
];

/** PV2 → the same Encounter. */
export const encounterReasonMap: readonly Row[] = [{ field: 3, to: 'reasonCode[]', as: 'concept' }];

/** HL7 table 0004 → v3 ActCode, the binding of Encounter.class; what stands in neither keeps its v2 code. */
export const encounterClass: { [code: string]: { code: string; display: string } } = {
  E: { code: 'EMER', display: 'emergency' },
  I: { code: 'IMP', display: 'inpatient encounter' },
  O: { code: 'AMB', display: 'ambulatory' },
  P: { code: 'PRENC', display: 'pre-admission' },
};
