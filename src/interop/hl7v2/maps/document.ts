import type { Row } from '../datatypes.ts';

/** TXA → DocumentReference (HL7 v2.5.1 §9.6.1). Status and text are read in read-document.ts. */
export const documentMap: readonly Row[] = [
  { field: 12, to: 'identifier[]', as: 'order-number' },
  { field: 2, to: 'type', as: 'concept', option: '0270' },
  { field: 9, to: 'author[]', as: 'person' },
  { field: 22, to: 'authenticator', as: 'person' },
  { field: 4, to: 'context.period.start', as: 'time' },
];

/** HL7 table 0271 (TXA-17) → docStatus: authenticated and legally authenticated are final, the rest is on the way. */
export const completion: { [code: string]: string } = {
  AU: 'final', LA: 'final', DI: 'preliminary', DO: 'preliminary', IN: 'preliminary', IP: 'preliminary', PA: 'preliminary',
}; // biome-ignore format: one table, read as a table
