import type { Row } from '../datatypes.ts';

/** OBR → ServiceRequest in order messages (HL7 v2.5.1 §4.5.3). */
export const orderMap: readonly Row[] = [
  { field: 4, to: 'code', as: 'main-concept' },
  { field: 24, to: 'category[]', as: 'concept', option: '0074' },
  { field: 16, to: 'requester', as: 'person' },
  { field: 31, to: 'reasonCode[]', as: 'concept' },
  { field: 36, to: 'occurrenceDateTime', as: 'time' },
];

/** HL7 table 0119 (ORC-1) → request status; SC and RE tell of an order without saying how it stands, and what stands in no list is unknown: never active. */
export const orderControl: { [code: string]: string } = {
  NW: 'active', SN: 'active', XO: 'active', XR: 'active', OK: 'active', PA: 'active', CH: 'active', RO: 'active', AF: 'active', RL: 'active', OE: 'active', OR: 'active',
  CA: 'revoked', OC: 'revoked', CR: 'revoked', DC: 'revoked', OD: 'revoked', DR: 'revoked', RP: 'revoked', RU: 'revoked', RQ: 'revoked',
  HD: 'on-hold', OH: 'on-hold', HR: 'on-hold',
}; // biome-ignore format: one table, read as a table

/** HL7 table 0038 (ORC-5), which says more than the control code where it is sent. */
export const orderState: { [code: string]: string } = {
  A: 'active', IP: 'active', SC: 'active', CM: 'completed', CA: 'revoked', DC: 'revoked', RP: 'revoked', HD: 'on-hold', ER: 'entered-in-error',
}; // biome-ignore format: one table, read as a table

/** Priorities of OBR-5, ORC-7.6 and TQ1-9 (tables 0027, 0485). */
export const orderPriority: { [code: string]: string } = { S: 'stat', A: 'asap', R: 'routine', U: 'urgent', T: 'urgent' };
