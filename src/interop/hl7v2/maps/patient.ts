import type { Row } from '../datatypes.ts';

/** PID → Patient (HL7 v2.5.1 §3.4.2). PID-3 alone identifies people; the other numbers are kept for reading. */
export const patientMap: readonly Row[] = [
  { field: 3, to: 'identifier[]', as: 'identifier' },
  { field: 2, to: 'identifier[]', as: 'identifier' },
  { field: 4, to: 'identifier[]', as: 'identifier' },
  { field: 19, to: 'identifier[]', as: 'identifier', option: 'http://hl7.org/fhir/sid/us-ssn' },
  { field: 20, to: 'identifier[]', as: 'identifier' },
  { field: 5, to: 'name[]', as: 'human-name' },
  { field: 9, to: 'name[]', as: 'human-name' },
  { field: 13, to: 'telecom[]', as: 'telecom', option: 'home' },
  { field: 14, to: 'telecom[]', as: 'telecom', option: 'work' },
  { field: 8, to: 'gender', as: 'sex' },
  { field: 7, to: 'birthDate', as: 'date' },
  { field: 11, to: 'address[]', as: 'address' },
  { field: 16, to: 'maritalStatus', as: 'concept', option: '0002' },
  { field: 15, to: 'communication[0].language', as: 'concept' },
];
