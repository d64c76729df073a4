import type { ClaimOf } from '../../core/claim.ts';
import type { AtomName } from '../../core/fact.ts';
import { lateralityIn, lateralityOf } from '../../interop/terminology/laterality.ts';
import { kinOf } from './alike.ts';
import { type ChartIndex, type Event, eventsNamed, isKnown, textAt } from './chart-index.ts';
import { compareDates, orderOf } from './dates.ts';
import { contradicted, type Finding, proven, said, supportBy, unproven, worst } from './finding.ts';
import { isBroader, nameKey, withoutSide } from './names.ts';

type ProblemClaim = ClaimOf<'problem'>;
export type Side = 'left' | 'right' | 'bilateral';
const ATOMS: AtomName[] = ['display', 'clinicalStatus', 'verification', 'onset'];

/** A problem of the patient: its state as the chart has it now, when it began, when it ended, and on which side. */
export function checkProblem(claim: ProblemClaim, index: ChartIndex): Finding {
  const quarrel = sidesQuarrel(claim.laterality, claim.concept.name);
  if (quarrel !== undefined) return quarrel;
  const side = claim.laterality ?? lateralityIn(claim.concept.name);
  const events = eventsNamed(index, ['problem'], claim.concept.name);
  const named = events.length > 0 || side === undefined ? events : sideless(claim.concept.name, index);
  if (named.length === 0) return noneNamed(claim, index);
  const standing = named.filter((event) => event.standing);
  if (standing.length === 0) return contradicted('entered-in-error', `The entry “${named[0]!.display}” was withdrawn by its source.`);
  const trusted = standing.filter((event) => event.trusted);
  if (trusted.length === 0)
    return unproven('untrusted-grade', `The entry “${standing[0]!.display}” lacks something it needs, or conflicts with itself.`);
  const findings = trusted.map((event) => judge(claim, side, event));
  const good = trusted.filter((_, i) => findings[i]!.outcome === 'proven');
  if (good.length === 0 && isSpread(claim, trusted))
    return unproven('onset-differs', `The chart holds ${claim.concept.name} as several entries, none of which says all of this.`);
  if (good.length === 0) return findings.find((finding) => finding.outcome === 'unproven') ?? findings.at(-1)!;
  const rival = conflicting(claim, good, trusted);
  if (rival !== undefined)
    return unproven('conflicting-facts', `The chart holds “${rival.display}” both as ${claim.state} and as ${stateOf(rival)}.`);
  const earlier = begunEarlier(
    claim,
    good,
    trusted.filter((event) => side === undefined || [side, undefined].includes(sideOf(event))),
  );
  if (earlier !== undefined)
    return unproven(
      'onset-differs',
      `The chart holds “${earlier.display}” since ${said(earlier.on)}, which ${claim.concept.name} takes in.`,
    );
  return proven([supportBy(good.at(-1)!, [...ATOMS, 'abatement', 'end', 'laterality', 'bodySite'])], good);
}

/** The state a Condition is in, by verification before clinical status; a clinical status of none of ours is given back as it stands. */
export function stateOf(event: Event): string {
  const verification = textAt(event, 'verification');
  if (verification === 'refuted') return 'ruled out';
  if (verification === 'unconfirmed' || verification === 'provisional' || verification === 'differential') return 'suspected';
  const status = textAt(event, 'clinicalStatus');
  if (status === 'active' || status === 'recurrence' || status === 'relapse') return 'active';
  return status ?? 'unknown';
}

/** The side an event is on, from its coded laterality, its body site or its name. */
export function sideOf(event: Event): Side | undefined {
  const coded = event.fact.atoms.find((atom) => atom.name === 'laterality');
  const side = coded === undefined ? undefined : (lateralityOf(coded.system, coded.text) ?? lateralityIn(coded.text));
  return side ?? lateralityIn(textAt(event, 'bodySite') ?? '') ?? lateralityIn(event.display);
}

/** What a claimed side meets in an event. */
export function checkSide(side: Side | undefined, event: Event): Finding | undefined {
  if (side === undefined) return undefined;
  const charted = sideOf(event);
  if (charted === side) return undefined;
  if (charted === undefined) return unproven('laterality-differs', `The chart gives no side for “${event.display}”.`);
  return contradicted('laterality-differs', `The draft says ${side}; the chart says ${charted}.`);
}

/** A name with a side of its own beside another side ("bilateral cataract (left)"). */
export function sidesQuarrel(side: Side | undefined, name: string): Finding | undefined {
  if (side === undefined || withoutSide(nameKey(name)) === nameKey(name) || lateralityIn(name) === side) return undefined;
  return contradicted('laterality-differs', `The draft says ${side} of “${name}”.`);
}

/** Events whose name is the claimed one but for the side. */
export function sideless(name: string, index: ChartIndex, kind: Event['kind'] = 'problem'): Event[] {
  return (index.bySidelessName.get(withoutSide(nameKey(name))) ?? []).filter((event) => event.kind === kind);
}

function judge(claim: ProblemClaim, side: Side | undefined, event: Event): Finding {
  const problem = worst([state(claim, event), since(claim, event), until(claim, event), checkSide(side, event)]);
  return problem ?? proven([supportBy(event, ATOMS)]);
}

function state(claim: ProblemClaim, event: Event): Finding | undefined {
  const charted = stateOf(event);
  if (charted === claim.state) return undefined;
  if (charted === 'ruled out') return contradicted('negated-in-chart', `The chart says that “${event.display}” was ruled out.`);
  if (charted === 'unknown') return unproven('status-differs', `The chart gives no status for “${event.display}”.`);
  return contradicted('status-differs', `The draft says ${claim.state}; the chart says ${charted}.`);
}

function since(claim: ProblemClaim, event: Event): Finding | undefined {
  if (claim.since === undefined) return undefined;
  const compared = compareDates(claim.since, event.on);
  if (compared === 'same') return undefined;
  if (compared === 'vague')
    return unproven(
      'onset-differs',
      `The chart dates the onset of “${event.display}” ${event.on === undefined ? 'not at all' : `only as ${said(event.on)}`}.`,
    );
  return contradicted('onset-differs', `The draft says since ${said(claim.since)}; the chart says ${said(event.on)}.`);
}

function until(claim: ProblemClaim, event: Event): Finding | undefined {
  if (claim.until === undefined) return undefined;
  const compared = compareDates(claim.until, event.until);
  if (compared === 'same') return undefined;
  if (compared === 'vague') return unproven('date-vague', `The chart does not date the end of “${event.display}” so exactly.`);
  return contradicted('date-differs', `The draft says until ${said(claim.until)}; the chart says ${said(event.until)}.`);
}

/** Another standing entry of the same problem that denies what the claim says, and is not merely another episode of it. */
function conflicting(claim: ProblemClaim, good: Event[], trusted: Event[]): Event | undefined {
  return trusted.find((event) => {
    const charted = stateOf(event);
    const denies = (charted === 'ruled out') !== (claim.state === 'ruled out');
    const sameEpisode = good.some((one) => one.on !== undefined && one.on === event.on && one.display === event.display);
    return (
      denies ||
      (sameEpisode && charted !== claim.state) ||
      (claim.state === 'resolved' && charted === 'active' && (isUndated(claim) || isGeneral(claim, good)))
    );
  });
}

function isUndated(claim: ProblemClaim): boolean {
  return claim.since === undefined && claim.until === undefined;
}

/** A general name is said of all it takes in: kidney disease is not resolved when its stage 3 became stage 4, and did not begin then. */
function isGeneral(claim: ProblemClaim, good: Event[]): boolean {
  return good.every((event) => isBroader(claim.concept.name, event.display, 'problem'));
}

/** Its onset stands in one entry and its state in another. */
function isSpread(claim: ProblemClaim, trusted: Event[]): boolean {
  const { since } = claim;
  if (since === undefined || !isGeneral(claim, trusted)) return false;
  return trusted.some((event) => compareDates(since, event.on) === 'same') && trusted.some((event) => stateOf(event) === claim.state);
}

function begunEarlier(claim: ProblemClaim, good: Event[], trusted: Event[]): Event | undefined {
  const { since } = claim;
  if (since === undefined) return undefined;
  const general = isGeneral(claim, good);
  // Of one and the same problem an earlier entry that still stands is the same illness; one that ended may be another episode.
  return trusted.find((event) => {
    const state = stateOf(event);
    return orderOf(event.on, since) === 'before' && (state === 'active' || (general && (state === 'resolved' || state === 'inactive')));
  });
}

function noneNamed(claim: ProblemClaim, index: ChartIndex): Finding {
  const name = claim.concept.name;
  const relative = eventsNamed(index, ['relative'], name).find((event) => event.standing);
  if (relative !== undefined) {
    const who = relative.fact.atoms.find((atom) => atom.name === 'relationship')?.text ?? 'a relative';
    return contradicted('relative-not-patient', `The chart gives “${relative.display}” as family history (${who}), not as the patient's.`);
  }
  const old = index.replaced.find((event) => event.kind === 'problem' && event.keys.has(nameKey(name)));
  if (old !== undefined) return contradicted('superseded', `The entry “${old.display}” was replaced by a later version.`);
  if (!isKnown(index, name)) return unproven('term-unknown', `“${name}” is not a name that the chart or this site uses.`);
  const kin = kinOf(name, 'problem', index, ['problem']);
  if (kin !== undefined)
    return unproven('term-unknown', `The chart holds “${kin.display}”; whether that is what is meant by ${name} is not known here.`);
  return contradicted('not-in-chart', `The chart holds no problem “${name}”.`);
}
