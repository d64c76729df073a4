import type { ClaimOf } from '../../core/claim.ts';
import { type ChartIndex, type Event, eventsNamed, eventsOfKinds, isKnown } from './chart-index.ts';
import { compareDates, isLater } from './dates.ts';
import { contradicted, type Finding, proven, said, supportBy, unproven } from './finding.ts';
import { nameKey } from './names.ts';

/** HL7 v3-RoleCode family members, by the words people use. */
const RELATIVES: Record<string, string> = {
  mth: 'mother', nmth: 'mother', fth: 'father', nfth: 'father', sis: 'sister', nsis: 'sister', bro: 'brother', nbro: 'brother', son: 'son', dau: 'daughter', nsib: 'sibling', sib: 'sibling',
  mgrmth: 'maternal grandmother', pgrmth: 'paternal grandmother', mgrfth: 'maternal grandfather', pgrfth: 'paternal grandfather', grmth: 'grandmother', grfth: 'grandfather',
  aunt: 'aunt', maunt: 'maternal aunt', paunt: 'paternal aunt', uncle: 'uncle', muncle: 'maternal uncle', puncle: 'paternal uncle', cousn: 'cousin', child: 'child', mom: 'mother', dad: 'father',
  'natural mother': 'mother', 'natural father': 'father', 'natural sister': 'sister', 'natural brother': 'brother',
}; // biome-ignore format: one table, read as a table

/** A relative's condition, as a family history says it. The patient's own problems never stand for a relative's. */
export function checkFamily(claim: ClaimOf<'family'>, index: ChartIndex): Finding {
  const named = eventsNamed(index, ['relative'], claim.condition.name).filter((event) => event.standing);
  const relative = relativeOf(claim.relative);
  const right = named.filter((event) => relativesOf(event).includes(relative));
  const trusted = right.filter((event) => event.trusted);
  if (trusted.length > 0) return proven([supportBy(trusted[0]!, ['relationship', 'condition', 'display'])], trusted);
  if (right.length > 0) return unproven('untrusted-grade', 'This family history is not trusted.');
  if (named.length > 0)
    return contradicted(
      'relative-not-patient',
      `The chart gives this of the ${relativesOf(named[0]!)[0] ?? 'another relative'}, not of the ${claim.relative}.`,
    );
  const own = eventsNamed(index, ['problem'], claim.condition.name).find((event) => event.standing);
  if (own !== undefined)
    return contradicted('relative-not-patient', `The chart gives “${own.display}” as the patient's own, not as the ${claim.relative}'s.`);
  if (!isKnown(index, claim.condition.name))
    return unproven('term-unknown', `“${claim.condition.name}” is not a name that the chart or this site uses.`);
  return contradicted('not-in-chart', `The chart holds no family history of ${claim.condition.name}.`);
}

/** A visit that is booked. */
export function checkAppointment(claim: ClaimOf<'appointment'>, index: ChartIndex): Finding {
  const booked = eventsOfKinds(index, ['appointment']).filter(
    (event) => event.standing && event.fact.status !== 'cancelled' && event.fact.status !== 'noshow',
  );
  const dated = booked.filter((event) => compareDates(claim.on, event.on) === 'same');
  if (dated.length === 0)
    return contradicted(booked.length === 0 ? 'not-in-chart' : 'date-differs', `The chart holds no appointment of ${said(claim.on)}.`);
  const timed = claim.time === undefined ? dated : dated.filter((event) => timeOf(event) === claim.time);
  if (timed.length === 0)
    return contradicted(
      'date-differs',
      `The draft says ${claim.time}; the appointment of ${said(claim.on)} is at ${timeOf(dated[0]!) ?? 'no stated time'}.`,
    );
  const why = claim.reason === undefined ? timed : timed.filter((event) => reasonsOf(event).includes(nameKey(claim.reason!)));
  if (why.length === 0) return contradicted('not-in-chart', `The appointment of ${said(claim.on)} is not for ${claim.reason}.`);
  const trusted = why.filter((event) => event.trusted);
  if (trusted.length === 0) return unproven('untrusted-grade', 'This appointment is not trusted.');
  if (trusted.every(isTentative)) return unproven('status-differs', `The appointment of ${said(claim.on)} is ${trusted[0]!.fact.status}.`);
  return proven([supportBy(trusted[0]!, ['start', 'status', 'reason', 'title', 'serviceType'])], trusted);
}

/** FHIR R4 AppointmentStatus of what is asked for and not booked. */
function isTentative(event: Event): boolean {
  return event.fact.status === 'proposed' || event.fact.status === 'pending' || event.fact.status === 'waitlist';
}

/** "Upcoming": after the chart's instant. "Next": nothing before it either, booked or perhaps booked. */
export function checkComing(claim: ClaimOf<'appointment'>, next: boolean, index: ChartIndex): Finding | undefined {
  const asOf = Date.parse(index.chart.asOf);
  const told = (event: Event) =>
    event.instant !== undefined ? event.instant > asOf : event.on === index.asOfDate ? undefined : (event.on ?? '') > index.asOfDate;
  const open = eventsOfKinds(index, ['appointment']).filter((event) => event.standing && !CLOSED.has(event.fact.status ?? ''));
  const meant = open.filter(
    (event) => compareDates(claim.on, event.on) === 'same' && (claim.time === undefined || timeOf(event) === claim.time),
  );
  if (!meant.some((event) => told(event) === true)) {
    const text = `The appointment of ${said(claim.on)} is not after ${said(index.asOfDate)}.`;
    return meant.some((event) => told(event) === undefined) ? unproven('date-vague', text) : contradicted('date-differs', text);
  }
  if (!next) return undefined;
  const earlier = open.find(
    (event) => told(event) !== false && !meant.includes(event) && meant.every((one) => isLater(event, one) !== true),
  );
  if (earlier === undefined) return undefined;
  const text = `Another appointment is ${isTentative(earlier) ? earlier.fact.status : 'booked'} for ${said(earlier.on)}${timeOf(earlier) === undefined ? '' : ` at ${timeOf(earlier)}`}.`;
  return told(earlier) === true && !isTentative(earlier) && meant.every((one) => isLater(one, earlier) === true)
    ? contradicted('date-differs', text)
    : unproven('date-vague', text);
}

/** FHIR R4 AppointmentStatus of what will not take place, or took place. */
const CLOSED = new Set(['cancelled', 'noshow', 'fulfilled']);

function timeOf(event: Event): string | undefined {
  return /T(\d{2}:\d{2})/.exec(event.at ?? '')?.[1];
}

function reasonsOf(event: Event): string[] {
  return event.fact.atoms
    .filter((atom) => ['reason', 'title', 'serviceType', 'class'].includes(atom.name))
    .map((atom) => nameKey(atom.text));
}

function relativesOf(event: Event): string[] {
  return event.fact.atoms.filter((atom) => atom.name === 'relationship').map((atom) => relativeOf(atom.text));
}

/** One word for a relative, from a code or from what people say. */
function relativeOf(text: string): string {
  const key = nameKey(text);
  return RELATIVES[key] ?? key;
}
