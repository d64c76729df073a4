import type { Row } from '../datatypes.ts';

/** SCH → Appointment (HL7 v2.5.1 §10.6.1). Times and status are read in read-appointment.ts. */
export const appointmentMap: readonly Row[] = [
  { field: 1, to: 'identifier[]', as: 'order-number', option: 'PLAC' },
  { field: 2, to: 'identifier[]', as: 'order-number', option: 'FILL' },
  { field: 8, to: 'appointmentType', as: 'concept', option: '0277' },
  { field: 7, to: 'reasonCode[]', as: 'concept', option: '0276' },
];

/** HL7 table 0278 (SCH-25) → Appointment.status. */
export const appointmentStatus: { [code: string]: string } = {
  BOOKED: 'booked', PENDING: 'pending', WAITLIST: 'waitlist', CANCELLED: 'cancelled', DC: 'cancelled', DELETED: 'entered-in-error', NOSHOW: 'noshow',
  COMPLETE: 'fulfilled', STARTED: 'arrived', BLOCKED: 'booked', OVERBOOK: 'booked',
}; // biome-ignore format: one table, read as a table

/** What the event itself says, where SCH-25 says nothing (§10.3). */
export const appointmentEvent: { [event: string]: string } = {
  S12: 'booked', S13: 'booked', S14: 'booked', S15: 'cancelled', S16: 'cancelled', S17: 'entered-in-error', S18: 'booked', S19: 'booked', S20: 'cancelled', S26: 'noshow',
}; // biome-ignore format: one table, read as a table
