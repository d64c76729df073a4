import type { Outcome } from './verdict.ts';

/** Part of a run's identity: any change of what a verdict leads to is a new version. */
export const policyVersion = 'release-1';

/** Proven sentences are offered for signature; unproven ones wait until a human opened the source and accepted; contradicted ones are left out. */
export function selectedByDefault(outcome: Outcome): boolean {
  return outcome === 'proven';
}

/** A draft of which nothing at all is proven is blocked: there is nothing a clinician could sign. */
export function isBlocked(outcomes: readonly Outcome[]): boolean {
  return !outcomes.includes('proven');
}
