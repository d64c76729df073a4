import { AppError } from '../core/errors.ts';
import type { Permit, Purpose } from '../core/ports.ts';
import type { Caller } from '../platform/identity.ts';

const PERMIT_MS = 5 * 60_000;

/** What each role may read records for; nothing else is granted (R1, issue 2: one policy for the demo roles, deny by default). */
const PURPOSES: Record<Caller['role'], readonly Purpose[]> = {
  clinician: ['treatment', 'write-back'],
  integration: ['operations'],
  governance: ['governance'],
};

/** A permit for a caller to read one person's facts (or any, for lists) for a purpose, for five minutes; refuses what the role does not cover. */
export function permitFor(caller: Caller, person: string | 'any', purpose: Purpose, now: string): Permit {
  if (!PURPOSES[caller.role].includes(purpose))
    throw new AppError('not_permitted', `a ${caller.role} does not read records for ${purpose}`);
  return { actor: caller.id, purpose, person, labels: [], expiresAt: new Date(Date.parse(now) + PERMIT_MS).toISOString() };
}

/** The purpose a caller's role reads records for. */
export function purposeOf(caller: Caller): Purpose {
  return PURPOSES[caller.role][0]!;
}

/** A permit for the product's own work on one person: drafting, checking freshness, writing back. */
export function systemPermit(work: string, person: string, purpose: Purpose, now: string): Permit {
  return { actor: `system:${work}`, purpose, person, labels: [], expiresAt: new Date(Date.parse(now) + PERMIT_MS).toISOString() };
}

/** Refuses a caller whose role may not decide about drafts. */
export function requireReviewer(caller: Caller): void {
  if (caller.role !== 'clinician') throw new AppError('not_permitted', 'only a clinician decides about a draft');
}
