import type { Row } from '../datatypes.ts';

/** Where RXO (§4.14.1), RXE (§4.14.4) and RXD (§4.14.6) keep the same things; 0 where a segment has none. */
export const drugFields = {
  RXO: { drug: 1, least: 2, most: 3, unit: 4, instruction: 7, amount: 11, amountUnit: 12, refills: 13, prescriber: 14, at: 0, number: 0 },
  RXE: { drug: 2, least: 3, most: 4, unit: 5, instruction: 7, amount: 10, amountUnit: 11, refills: 12, prescriber: 13, at: 0, number: 15 },
  RXD: { drug: 2, least: 0, most: 0, unit: 0, instruction: 15, amount: 4, amountUnit: 5, refills: 0, prescriber: 10, at: 3, number: 7 },
} as const;

/** RXA → Immunization (§4A.4.7). */
export const vaccineMap: readonly Row[] = [
  { field: 5, to: 'vaccineCode', as: 'main-concept' },
  { field: 3, to: 'occurrenceDateTime', as: 'time' },
  { field: 15, to: 'lotNumber', as: 'text' },
  { field: 16, to: 'expirationDate', as: 'date' },
  { field: 17, to: 'manufacturer', as: 'organisation' },
  { field: 10, to: 'performer[].actor', as: 'person' },
  { field: 18, to: 'statusReason', as: 'concept' },
  { field: 19, to: 'reasonCode[]', as: 'concept' },
];

/** RXR → route and site. */
export const routeMap: readonly Row[] = [
  { field: 1, to: 'route', as: 'concept', option: '0162' },
  { field: 2, to: 'site', as: 'concept', option: '0163' },
];

/** HL7 table 0322 (RXA-20) → Immunization.status. */
export const vaccineStatus: { [code: string]: string } = { CP: 'completed', PA: 'completed', RE: 'not-done', NA: 'not-done' };
