import { AppError } from '../core/errors.ts';
import type { Permit, Purpose } from '../core/ports.ts';
import type { Caller } from '../platform/identity.ts';

/** How long a permit stands; who reads on for longer is looked at again. */
export const PERMIT_MS = 5 * 60_000;

/** The whole policy: what each role may come for. A route says what it serves; where the two do not meet, the answer is no. */
const PURPOSES: Record<Caller['role'], readonly Purpose[]> = {
  clinician: ['treatment', 'write-back'],
  integration: ['operations'],
  governance: ['governance'],
};

/**
 * A permit for a caller to read one person's facts (or any, for lists), for the first of the purposes a route serves that their role covers;
 * for five minutes. Refuses a role that comes for none of them, and everybody where a route serves none.
 */
export function permitFor(caller: Caller, person: string | 'any', served: readonly Purpose[], now: string): Permit {
  const purpose = served.find((one) => PURPOSES[caller.role].includes(one));
  if (purpose === undefined) throw new AppError('not_permitted', `not for the ${caller.role} role`);
  return { actor: caller.id, purpose, person, labels: [], expiresAt: new Date(Date.parse(now) + PERMIT_MS).toISOString() };
}

/** A permit for the product's own work on one person: drafting, checking freshness, writing back. */
export function systemPermit(work: string, person: string, purpose: Purpose, now: string): Permit {
  return { actor: `system:${work}`, purpose, person, labels: [], expiresAt: new Date(Date.parse(now) + PERMIT_MS).toISOString() };
}

/** Refuses a caller whose role may not decide about drafts. */
export function requireReviewer(caller: Caller): void {
  if (caller.role !== 'clinician') throw new AppError('not_permitted', 'only a clinician decides about a draft');
}
