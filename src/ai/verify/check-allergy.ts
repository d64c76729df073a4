import type { ClaimOf } from '../../core/claim.ts';
import { substanceName } from '../../core/phrase.ts';
import { type ChartIndex, type Event, eventsNamed, eventsOfKinds, isKnown, textAt, textsAt } from './chart-index.ts';
import { compareDates } from './dates.ts';
import { contradicted, type Finding, proven, said, supportBy, unproven, worst } from './finding.ts';
import { nameKey } from './names.ts';

type AllergyClaim = ClaimOf<'allergy'>;

/** SNOMED CT and common words by which a source says that there is no allergy ("No known drug allergy"). */
const NONE_KNOWN = /^(?:no known|nkda\b|nka\b|no (?:drug |food |environmental )?allerg)/;
const GONE = new Set(['inactive', 'resolved']);

/** An allergy with its reaction, criticality and date of record. */
export function checkAllergy(claim: AllergyClaim, index: ChartIndex): Finding {
  const name = substanceName(claim.substance.name);
  const named = eventsNamed(index, ['allergy'], name).filter((event) => !saysNone(event));
  if (named.length === 0) {
    if (!isKnown(index, name)) return unproven('term-unknown', `“${name}” is not a name that the chart or this site uses.`);
    return contradicted('not-in-chart', `The chart holds no allergy to ${name}.`);
  }
  const standing = named.filter((event) => event.standing);
  if (standing.length === 0) return contradicted('entered-in-error', `The allergy entry for ${name} was withdrawn by its source.`);
  const trusted = standing.filter((event) => event.trusted);
  if (trusted.length === 0)
    return unproven('untrusted-grade', `The allergy entry for ${name} lacks something it needs, or conflicts with itself.`);
  const findings = trusted.map((event) =>
    worst([holds(event), reaction(claim, event), severity(claim, event), recorded(claim.recordedOn, event)]),
  );
  const good = trusted.filter((_, i) => findings[i] === undefined);
  if (good.length > 0)
    return proven([supportBy(good.at(-1)!, ['display', 'clinicalStatus', 'verification', 'reaction', 'criticality', 'recorded'])], good);
  return findings.find((finding) => finding?.outcome === 'unproven') ?? findings[0]!;
}

/** "No known allergies": a fact must say so, and no allergy may stand beside it. */
export function checkNoKnownAllergy(claim: ClaimOf<'no-known-allergy'>, index: ChartIndex): Finding {
  const about = aboutOf(claim.about.name);
  const says = eventsOfKinds(index, ['allergy']).filter((event) => event.standing && saysNone(event));
  const matching = says.filter((event) =>
    [event.display, ...textsAt(event, 'display')].some((text) => aboutOf(text) === about || (about === 'drug' && aboutOf(text) === '')),
  );
  const listed = activeAllergies(index).filter((event) => about === '' || about === 'drug' || event.keys.has(about));
  if (matching.length === 0) {
    // SNOMED CT 716186003 "No known allergy" says so of drugs too (409137002); one of drugs alone says nothing of the rest.
    if (says.length > 0 && listed.length === 0) return unproven('not-in-chart', `The chart says only “${says[0]!.display}”.`);
    if (listed.length > 0) return contradicted('found-where-none-claimed', `The chart lists an allergy: ${listed[0]!.display}.`);
    return contradicted('not-in-chart', 'Nothing in the chart says that no allergy is known.');
  }
  const trusted = matching.filter((event) => event.trusted);
  if (trusted.length === 0) return unproven('untrusted-grade', 'The entry that no allergy is known conflicts with itself.');
  const dated = trusted.filter((event) => recorded(claim.recordedOn, event) === undefined);
  if (dated.length === 0) return recorded(claim.recordedOn, trusted[0]!)!;
  if (listed.length > 0)
    return unproven('conflicting-facts', `One entry says that no allergy is known, another lists ${listed[0]!.display}.`);
  return proven([supportBy(dated.at(-1)!, ['display', 'clinicalStatus', 'verification', 'recorded'])], dated);
}

/** Allergies that stand now. */
export function activeAllergies(index: ChartIndex): Event[] {
  return eventsOfKinds(index, ['allergy']).filter(
    (event) => event.standing && !saysNone(event) && holds(event)?.outcome !== 'contradicted',
  );
}

function holds(event: Event): Finding | undefined {
  const verification = textAt(event, 'verification');
  if (verification === 'refuted')
    return contradicted('negated-in-chart', `The chart says that the allergy to ${event.display} was refuted.`);
  const status = textAt(event, 'clinicalStatus');
  if (status !== undefined && GONE.has(status))
    return contradicted('status-differs', `The chart says that the allergy to ${event.display} is ${status}.`);
  if (verification === 'unconfirmed')
    return unproven('omits', `The allergy to ${event.display} is unconfirmed, which the sentence leaves out.`);
  return undefined;
}

/** Whether an entry says that there is no allergy. */
export function saysNone(event: Event): boolean {
  return textsAt(event, 'display').some((text) => NONE_KNOWN.test(nameKey(text)));
}

function aboutOf(text: string): string {
  return nameKey(text)
    .replace(/\b(?:no|known|allergy|allergies|allergic|history|of|to|nka|situation)\b|[()]/g, ' ')
    .replace(/\bnkda\b/, 'drug')
    .replace(/\bdrugs\b|\bmedications?\b/, 'drug')
    .replace(/\s+/g, ' ')
    .trim();
}

function reaction(claim: AllergyClaim, event: Event): Finding | undefined {
  if (claim.reaction === undefined) return undefined;
  const charted = event.fact.atoms.filter((atom) => atom.name === 'reaction').map((atom) => atom.text);
  if (charted.some((text) => nameKey(text) === nameKey(claim.reaction!))) return undefined;
  if (charted.length === 0) return unproven('reaction-differs', `The chart gives no reaction for ${event.display}.`);
  return contradicted('reaction-differs', `The draft says ${claim.reaction}; the chart says ${charted.join(', ')}.`);
}

function severity(claim: AllergyClaim, event: Event): Finding | undefined {
  if (claim.severity === undefined) return undefined;
  const charted = textAt(event, 'criticality');
  if (charted === claim.severity) return undefined;
  if (charted === undefined || charted === 'unable-to-assess')
    return unproven('status-differs', `The chart gives no criticality for ${event.display}.`);
  return contradicted('status-differs', `The draft says ${claim.severity} criticality; the chart says ${charted}.`);
}

function recorded(on: string | undefined, event: Event): Finding | undefined {
  if (on === undefined) return undefined;
  const compared = compareDates(on, event.on);
  if (compared === 'same') return undefined;
  if (compared === 'vague') return unproven('date-vague', `The chart does not date the entry for ${event.display} so exactly.`);
  return contradicted('date-differs', `The draft says recorded ${said(on)}; the chart says ${said(event.on)}.`);
}
