import type { Claim, ClaimOf } from '../../core/claim.ts';
import type { Chart, Fact } from '../../core/fact.ts';
import { atomsOf, textOf } from '../../core/fact.ts';
import { conceptOf, dateOf, newestFirst } from './facts.ts';

export type Visit = { fact: Fact; at: string; on: string; until: string | undefined; setting: ClaimOf<'encounter'>['setting'] };

// HL7 v3-ActCode, the value set of Encounter.class.
const SETTINGS: Record<string, Visit['setting']> = {
  AMB: 'outpatient', EMER: 'emergency', IMP: 'inpatient', ACUTE: 'inpatient', NONAC: 'inpatient', OBSENC: 'inpatient', SS: 'inpatient', VR: 'virtual', HH: 'home',
}; // biome-ignore format: one table

/** FHIR R4 EncounterStatus of what took place or is taking place. */
const TOOK_PLACE = new Set(['arrived', 'triaged', 'in-progress', 'onleave', 'finished']);

/** How many visits the chart holds, also of a kind or day that nobody can tell: with any, that none is written is not that none is recorded. */
export function recordedVisits({ facts }: Chart): number {
  return facts.filter((fact) => fact.type === 'Encounter' && !fact.retracted && TOOK_PLACE.has(fact.status ?? '')).length;
}

/** Visits that took place (in progress or finished) before `asOf`, newest first; one that several feeds sent under one number is one. */
export function visitsOf(facts: readonly Fact[], asOf: string): Visit[] {
  return facts
    .filter((fact) => fact.type === 'Encounter' && !fact.retracted && ['finished', 'in-progress'].includes(fact.status ?? ''))
    .flatMap((fact) => {
      const at = textOf(fact, 'start');
      const on = dateOf(at);
      const setting = SETTINGS[textOf(fact, 'class') ?? ''];
      if (!at || !on || on.length < 10 || !setting || Date.parse(at) >= Date.parse(asOf)) return [];
      const until = dateOf(textOf(fact, 'end'));
      return [{ fact, at, on, until: until === on ? undefined : until, setting }];
    })
    .sort(newestFirst)
    .filter((visit, index, all) => all.findIndex((other) => isSameVisit(visit, other)) === index);
}

/** Two entries of one visit: they share its number or its beginning, and are of one setting and day. */
function isSameVisit(one: Visit, other: Visit): boolean {
  if (one === other) return true;
  if (one.setting !== other.setting || one.on !== other.on) return false;
  const numbers = new Set(atomsOf(other.fact, 'identifier').map((atom) => atom.text));
  return Date.parse(one.at) === Date.parse(other.at) || atomsOf(one.fact, 'identifier').some((atom) => numbers.has(atom.text));
}

/**
 * The visit to which "since the last visit" refers: the latest finished outpatient or virtual one that the chart can be trusted with. A call is
 * none: whoever reads on may not have been told what came before it.
 */
export function lastVisit(visits: readonly Visit[]): Visit | undefined {
  return visits.find(
    ({ fact, setting }) =>
      fact.status === 'finished' && fact.grade !== 'D' && (setting === 'outpatient' || setting === 'virtual') && !isCall(fact),
  );
}

/**
 * Telephone encounters by Encounter.type, for the class cannot tell: v3-ActCode VR takes in calls and video, and calls are filed as AMB as well.
 * SNOMED CT 185317003 |Telephone encounter|; CPT 99441–99443 and 98966–98968, telephone services; else the name the source gave.
 */
const CALLS = new Set(['185317003', '99441', '99442', '99443', '98966', '98967', '98968']);

function isCall(fact: Fact): boolean {
  return fact.atoms.some(
    ({ name, text }) =>
      (name === 'code' && CALLS.has(text)) || ((name === 'display' || name === 'serviceType') && /\b(?:tele)?phone\b/i.test(text)),
  );
}

/** What a visit was, in a claim; its reason where the source named one. */
export function visitClaim(visit: Visit): Claim {
  const reason = textOf(visit.fact, 'reason');
  const what = conceptOf(visit.fact)?.name;
  return {
    kind: 'encounter',
    setting: visit.setting,
    on: visit.on,
    ...(visit.until ? { until: visit.until } : {}),
    ...(reason ? { reason: { name: reason } } : what ? { what } : {}),
  };
}
