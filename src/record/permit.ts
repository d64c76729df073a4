import { AppError } from '../core/errors.ts';
import type { Permit } from '../core/ports.ts';

/** Refuses a read of one person's facts (or, with 'any', of a list of people) that the shown permit does not cover at this moment. */
export function requirePermit(permit: Permit, person: string, now: string): void {
  if (permit.person !== 'any' && permit.person !== person) throw new AppError('not_permitted', 'this permit is for another record');
  if (Date.parse(permit.expiresAt) <= Date.parse(now)) throw new AppError('not_permitted', 'this permit has expired');
  if (permit.actor === '') throw new AppError('not_permitted', 'a permit names who reads');
}
