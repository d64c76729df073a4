import type { Claim, ClaimOf, Concept } from '../../core/claim.ts';
import type { Chart, Fact } from '../../core/fact.ts';
import { atomsOf, textOf } from '../../core/fact.ts';
import type { DraftSentence } from '../../core/pack.ts';
import { compare, conceptOf, dateOf, newestFirst, sideOf } from './facts.ts';

/** SNOMED CT statements that nothing is known to be allergic to (716186003 and the substance-specific ones below it). */
const NO_KNOWN_ALLERGY = new Set(['716186003', '409137002', '428607008', '429625007']);

/** After every date there is. */
const UNKNOWN_ONSET = '~';

const ORDERS = new Set(['order', 'original-order', 'reflex-order', 'filler-order', 'instance-order']);

/**
 * Problems that are active and not refuted, most recent onset first; what is only suspected says so. One that was entered several times is one,
 * since the first of its onsets.
 */
export function activeProblems(chart: Chart, section: string): DraftSentence[] {
  return chart.facts
    .filter((fact) => fact.type === 'Condition' && !fact.retracted && fact.grade !== 'D')
    .filter((fact) => ['active', 'recurrence', 'relapse'].includes(textOf(fact, 'clinicalStatus') ?? ''))
    .flatMap((fact) => {
      const verification = textOf(fact, 'verification') ?? 'confirmed';
      const concept = conceptOf(fact);
      if (!concept || !['confirmed', 'provisional', 'differential', 'unconfirmed'].includes(verification)) return [];
      const since = dateOf(textOf(fact, 'onset'));
      const laterality = sideOf(fact);
      const claim: ClaimOf<'problem'> = {
        kind: 'problem',
        concept,
        state: verification === 'confirmed' ? 'active' : 'suspected',
        ...(since ? { since } : {}),
        ...(laterality ? { laterality } : {}),
      };
      return [{ claim, fact, since: since ?? '' }];
    })
    .sort((one, other) => compare(one.since || UNKNOWN_ONSET, other.since || UNKNOWN_ONSET) || compare(one.fact.id, other.fact.id))
    .filter((one, index, all) => all.findIndex((other) => sameProblem(one, other)) === index)
    .sort((one, other) => compare(other.since, one.since) || compare(one.fact.id, other.fact.id))
    .map(({ claim, fact }) => ({ section, claims: [claim], cites: [{ fact: fact.id, version: fact.version }] }));
}

/** How many problems of any state the chart holds: with any, that none is active is not that none is recorded. */
export function recordedProblems(chart: Chart): number {
  return chart.facts.filter((fact) => fact.type === 'Condition' && !fact.retracted).length;
}

/** Allergies as recorded; "no known allergies" only where a fact says so. Both are kept where they conflict. */
export function allergies(chart: Chart, section: string): DraftSentence[] {
  return allergiesOf(chart)
    .filter((fact) => isCurrent(fact) && !isUnconfirmed(fact))
    .map((fact) => ({ fact, at: textOf(fact, 'recorded') ?? textOf(fact, 'onset') ?? '0001' }))
    .sort(newestFirst)
    .flatMap(({ fact }) => {
      const claim = allergyClaim(fact);
      return claim ? [{ section, claims: [claim], cites: [{ fact: fact.id, version: fact.version }] }] : [];
    })
    .filter((one, index, all) => all.findIndex((other) => saysTheSame(one.claims[0]!, other.claims[0]!)) === index);
}

/** How many allergies of any state the chart holds, and how many of them are over or were ruled out. */
export function recordedAllergies(chart: Chart): { all: number; past: number } {
  const recorded = allergiesOf(chart);
  return { all: recorded.length, past: recorded.filter((fact) => !isCurrent(fact)).length };
}

/** Orders with no result or report by `asOf`, and appointments of the record that are still to come are not this pack's. Newest first. */
export function pendingOrders(chart: Chart, section: string): DraftSentence[] {
  const asOf = chart.asOf.slice(0, 10);
  return chart.facts
    .filter((fact) => fact.type === 'ServiceRequest' && fact.status === 'active' && !fact.retracted && isOrder(fact))
    .flatMap((fact) => {
      const at = textOf(fact, 'authored');
      const orderedOn = dateOf(at);
      const concept = conceptOf(fact);
      if (!at || !orderedOn || orderedOn.length < 10 || !concept || orderedOn > asOf || isAnswered(fact, orderedOn, chart)) return [];
      return [{ fact, at, claim: { kind: 'pending' as const, concept, orderedOn, asOf } }];
    })
    .sort(newestFirst)
    .map(({ fact, claim }) => ({ section, claims: [claim], cites: [{ fact: fact.id, version: fact.version }] }));
}

/** FHIR R4 RequestIntent: proposals, plans, options and directives ask nobody for anything, and doNotPerform asks that it not be done. */
function isOrder(fact: Fact): boolean {
  return ORDERS.has(textOf(fact, 'intent') ?? 'order') && textOf(fact, 'doNotPerform') !== 'true';
}

/** Allergies that the section leaves out because nobody confirmed them, which its sentences could not say. */
export function unconfirmedAllergies(chart: Chart): number {
  return allergiesOf(chart).filter((fact) => isCurrent(fact) && isUnconfirmed(fact)).length;
}

function allergiesOf({ facts }: Chart): Fact[] {
  return facts.filter(
    (fact) => fact.type === 'AllergyIntolerance' && !fact.retracted && textOf(fact, 'verification') !== 'entered-in-error',
  );
}

/** An answer names the order, by the id it has at its source or by its number, or is of the same code since. */
function isAnswered(order: Fact, orderedOn: string, chart: Chart): boolean {
  const numbers = new Set([order.id, ...atomsOf(order, 'identifier').map((atom) => atom.text)]);
  const codes = new Set(order.atoms.filter((atom) => atom.name === 'code').map((atom) => `${atom.system ?? ''}|${atom.text}`));
  return chart.facts.some((fact) => {
    if (!['Observation', 'DiagnosticReport', 'Procedure', 'ImagingStudy'].includes(fact.type) || fact.retracted) return false;
    const on = dateOf(textOf(fact, 'effective') ?? textOf(fact, 'start') ?? textOf(fact, 'occurrence') ?? textOf(fact, 'issued')) ?? '';
    if (
      atomsOf(fact, 'basedOn').some(
        (atom) =>
          numbers.has(atom.text) ||
          numbers.has(
            atom.text
              .replace(/\/_history\/[^/]+$/, '')
              .split(/[/:]/)
              .at(-1)!,
          ),
      )
    )
      return true;
    return on >= orderedOn && fact.atoms.some((atom) => atom.name === 'code' && codes.has(`${atom.system ?? ''}|${atom.text}`));
  });
}

function allergyClaim(fact: Fact): Claim | undefined {
  const substance = conceptOf(fact);
  if (!substance) return undefined;
  const recordedOn = dateOf(textOf(fact, 'recorded') ?? textOf(fact, 'onset'));
  const recorded = recordedOn ? { recordedOn } : {};
  const none = noneKnown(substance);
  if (none) return { kind: 'no-known-allergy', about: none, ...recorded };
  const reaction = textOf(fact, 'reaction');
  const criticality = textOf(fact, 'criticality');
  return {
    kind: 'allergy',
    substance,
    ...(reaction ? { reaction } : {}),
    ...(criticality === 'high' || criticality === 'low' ? { severity: criticality } : {}),
    ...recorded,
  };
}

/** That no allergy is known, by its code, or in the words of a source that has none; the abbreviations NKDA and NKA are spelled out. */
function noneKnown(substance: Concept): Concept | undefined {
  if (substance.codes?.some((code) => NO_KNOWN_ALLERGY.has(code.code))) return substance;
  if (/^nkda\b/i.test(substance.name)) return { ...substance, name: 'No known drug allergy' };
  if (/^nka\b/i.test(substance.name)) return { ...substance, name: 'No known allergy' };
  return /^no known\b.*\ballerg/i.test(substance.name) ? substance : undefined;
}

/** Several sources that record one allergy, or that none is known, say one thing; the newest of them is written. */
function saysTheSame(one: Claim, other: Claim): boolean {
  if (one.kind === 'no-known-allergy' && other.kind === 'no-known-allergy') return true;
  return (
    one.kind === 'allergy' &&
    other.kind === 'allergy' &&
    one.substance.name.toLowerCase() === other.substance.name.toLowerCase() &&
    one.reaction === other.reaction
  );
}

function isCurrent(fact: Fact): boolean {
  const clinical = textOf(fact, 'clinicalStatus') ?? 'active';
  const verification = textOf(fact, 'verification') ?? 'confirmed';
  return clinical === 'active' && verification !== 'refuted';
}

function isUnconfirmed(fact: Fact): boolean {
  return textOf(fact, 'verification') === 'unconfirmed';
}

/** The same name, side and state: what is confirmed and what is suspected are two things to say. */
function sameProblem({ claim: one }: { claim: ClaimOf<'problem'> }, { claim: other }: { claim: ClaimOf<'problem'> }): boolean {
  return one.concept.name === other.concept.name && one.laterality === other.laterality && one.state === other.state;
}
