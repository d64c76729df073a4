import type { ClaimOf } from '../../core/claim.ts';
import { lateralityIn } from '../../interop/terminology/laterality.ts';
import { kinOf } from './alike.ts';
import { type ChartIndex, dayOf, type Event, type EventKind, eventsNamed, isKnown } from './chart-index.ts';
import { checkSide, sideless, sidesQuarrel } from './check-problem.ts';
import { compareDates } from './dates.ts';
import { contradicted, type Finding, proven, said, supportBy, unproven, worst } from './finding.ts';

type ProcedureClaim = ClaimOf<'procedure'>;
const KINDS: EventKind[] = ['procedure', 'report', 'request'];

/** A procedure with its modality: done, planned or not done. An order proves that something was planned, never that it was done. */
export function checkProcedure(claim: ProcedureClaim, index: ChartIndex): Finding {
  const quarrel = sidesQuarrel(claim.laterality, claim.concept.name);
  if (quarrel !== undefined) return quarrel;
  const side = claim.laterality ?? lateralityIn(claim.concept.name);
  const whole = eventsNamed(index, KINDS, claim.concept.name);
  const named = whole.length > 0 || side === undefined ? whole : sideless(claim.concept.name, index, 'procedure');
  if (named.length === 0) {
    if (!isKnown(index, claim.concept.name))
      return unproven('term-unknown', `“${claim.concept.name}” is not a name that the chart or this site uses.`);
    const kin = kinOf(claim.concept.name, 'procedure', index, KINDS);
    if (kin !== undefined)
      return unproven('term-unknown', `The chart holds ${kin.display}; whether that is ${claim.concept.name} is not known here.`);
    return contradicted('not-in-chart', `The chart holds no entry of ${claim.concept.name}.`);
  }
  const standing = named.filter((event) => event.standing);
  if (standing.length === 0) return contradicted('entered-in-error', `The entry of ${claim.concept.name} was withdrawn by its source.`);
  const speaking = standing.filter((event) => modalityOf(event) === claim.modality);
  if (speaking.length === 0) {
    const other = standing.find((event) => claim.on !== undefined && compareDates(claim.on, event.on) === 'same') ?? standing[0]!;
    const charted = modalityOf(other);
    if (charted === undefined)
      return unproven('status-differs', `The entry of ${claim.concept.name} has the status “${other.fact.status ?? 'none'}”.`);
    return contradicted('modality-differs', `The draft says ${claim.modality}; the chart says ${charted}.`);
  }
  const trusted = speaking.filter((event) => event.trusted);
  if (trusted.length === 0) return unproven('untrusted-grade', `The entry of ${claim.concept.name} is not trusted.`);
  const findings = trusted.map((event) => worst([date(claim, event), checkSide(side, event)]));
  const good = trusted.filter((_, i) => findings[i] === undefined);
  if (good.length > 0)
    return proven(
      [supportBy(good.at(-1)!, ['display', 'status', 'occurrence', 'start', 'effective', 'authored', 'laterality', 'bodySite'])],
      good,
    );
  return findings.find((finding) => finding?.outcome === 'unproven') ?? findings[0]!;
}

/** A vaccine given on a date. */
export function checkImmunization(claim: ClaimOf<'immunization'>, index: ChartIndex): Finding {
  const named = eventsNamed(index, ['immunization'], claim.vaccine.name);
  if (named.length === 0) {
    if (!isKnown(index, claim.vaccine.name))
      return unproven('term-unknown', `“${claim.vaccine.name}” is not a name that the chart or this site uses.`);
    return contradicted('not-in-chart', `The chart holds no immunization with ${claim.vaccine.name}.`);
  }
  const given = named.filter((event) => event.standing && event.fact.status === 'completed');
  const dated = given.filter((event) => compareDates(claim.on, event.on) === 'same');
  const trusted = dated.filter((event) => event.trusted);
  if (trusted.length > 0) return proven([supportBy(trusted[0]!, ['display', 'status', 'occurrence'])], trusted);
  if (dated.length > 0) return unproven('untrusted-grade', 'The entry of this immunization is not trusted.');
  const refused = named.find((event) => !given.includes(event) && compareDates(claim.on, event.on) === 'same');
  if (refused !== undefined)
    return contradicted(
      'status-differs',
      `The chart says of ${said(refused.on)}: ${refused.standing ? refused.fact.status : 'withdrawn'}.`,
    );
  if (given.some((event) => compareDates(claim.on, event.on) === 'vague'))
    return unproven('date-vague', 'The chart does not date this immunization so exactly.');
  const other = given.at(-1);
  if (other === undefined) return contradicted('status-differs', `The chart does not say that ${claim.vaccine.name} was given.`);
  return contradicted('date-differs', `The draft says ${said(claim.on)}; the chart says ${said(other.on)}.`);
}

/** FHIR R4 EventStatus of a procedure, RequestStatus of an order, by modality; undefined where the status settles nothing. */
function modalityOf(event: Event): ProcedureClaim['modality'] | undefined {
  const status = event.fact.status ?? '';
  if (event.kind === 'request') {
    const prohibited = event.fact.atoms.some((atom) => atom.name === 'doNotPerform' && atom.text === 'true');
    return prohibited ? undefined : status === 'active' || status === 'on-hold' ? 'planned' : undefined;
  }
  if (event.kind === 'report')
    return status === 'final' || status === 'amended' || status === 'corrected' || status === 'appended' ? 'performed' : undefined;
  if (event.fact.type === 'ImagingStudy') return status === 'available' ? 'performed' : undefined;
  if (status === 'completed') return 'performed';
  return status === 'not-done' ? 'not done' : status === 'preparation' ? 'planned' : undefined;
}

/** When it happened or is to happen; the day on which it was ordered is neither. */
function date(claim: ProcedureClaim, event: Event): Finding | undefined {
  if (claim.on === undefined) return undefined;
  const due = event.kind === 'request' ? dayOf(event, 'occurrence') : event.on;
  const compared = compareDates(claim.on, due);
  if (compared === 'same') return undefined;
  if (due === undefined) return unproven('date-vague', `The chart does not say for when ${event.display} is ${claim.modality}.`);
  if (compared === 'vague') return unproven('date-vague', `The chart does not date this ${event.display} so exactly.`);
  return contradicted('date-differs', `The draft says ${said(claim.on)}; the chart holds ${event.display} of ${said(due)}.`);
}
