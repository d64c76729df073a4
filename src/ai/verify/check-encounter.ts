import type { ClaimOf } from '../../core/claim.ts';
import { type ChartIndex, type Event, eventsOfKinds, isKnown, textsAt } from './chart-index.ts';
import { compareDates, orderOf } from './dates.ts';
import { contradicted, type Finding, proven, said, supportBy, unproven, worst } from './finding.ts';
import { nameKey, nameKeys } from './names.ts';

type EncounterClaim = ClaimOf<'encounter'>;

/** HL7 ActCode encounter classes (v3-ActCode), by setting. */
const SETTINGS: Record<string, EncounterClaim['setting']> = {
  EMER: 'emergency', E: 'emergency', IMP: 'inpatient', ACUTE: 'inpatient', NONAC: 'inpatient', OBSENC: 'inpatient', SS: 'inpatient', I: 'inpatient',
  AMB: 'outpatient', O: 'outpatient', FLD: 'outpatient', VR: 'virtual', HH: 'home',
}; // biome-ignore format: one table, read as a table
/** FHIR R4 ObservationStatus of what may be counted as a result; a cancelled or registered one is none. */
const REPORTED = new Set(['final', 'amended', 'corrected', 'preliminary']);
const HAPPENED = new Set(['finished', 'in-progress', 'arrived', 'triaged', 'onleave']);

/** A visit: its setting, dates, kind and reason, all of one encounter. */
export function checkEncounter(claim: EncounterClaim, index: ChartIndex): Finding {
  const visits = eventsOfKinds(index, ['encounter']).filter(happened);
  const dated = visits.filter((event) => compareDates(claim.on, event.on) === 'same');
  if (dated.length === 0) {
    if (visits.some((event) => compareDates(claim.on, event.on) === 'vague'))
      return unproven('date-vague', 'The chart does not date this visit so exactly.');
    const gone = eventsOfKinds(index, ['encounter']).find((event) => compareDates(claim.on, event.on) === 'same');
    if (gone !== undefined)
      return contradicted('status-differs', `The visit of ${said(gone.on)} is ${gone.standing ? gone.fact.status : 'withdrawn'}.`);
    const other = visits.find((event) => settingOf(event) === claim.setting && reason(claim, event) === undefined);
    if (other !== undefined)
      return contradicted('date-differs', `The draft says ${said(claim.on)}; the chart holds such a visit of ${said(other.on)}.`);
    return contradicted('not-in-chart', `The chart holds no visit of ${said(claim.on)}.`);
  }
  const trusted = dated.filter((event) => event.trusted);
  if (trusted.length === 0) return unproven('untrusted-grade', `The entry of the visit of ${said(dated[0]!.on)} is not trusted.`);
  const findings = trusted.map((event) =>
    worst([setting(claim, event), what(claim, event), reason(claim, event, index), until(claim, event)]),
  );
  const good = trusted.filter((_, i) => findings[i] === undefined);
  if (good.length > 0) return proven([supportBy(good[0]!, ['class', 'display', 'serviceType', 'reason', 'start', 'end', 'status'])], good);
  return findings.find((finding) => finding?.outcome === 'unproven') ?? findings[0]!;
}

/** A number of visits, admissions, emergency visits or results since a date, counted again. */
export function checkCount(claim: ClaimOf<'count'>, index: ChartIndex): Finding {
  const kind = claim.of === 'results' ? 'result' : 'encounter';
  if (claim.concept !== undefined && !isKnown(index, claim.concept.name)) {
    return unproven('term-unknown', `“${claim.concept.name}” is not a name that the chart or this site uses.`);
  }
  const counted = eventsOfKinds(index, [kind]).filter((event) => counts(claim, event));
  const placed = counted.map((event) => orderOf(event.on, claim.since));
  if (placed.includes(undefined)) return unproven('date-vague', 'Some entries are dated too vaguely to be counted.');
  const within = counted.filter((_, i) => placed[i] !== 'before');
  const after = counted.filter((_, i) => placed[i] === 'after');
  if (within.some((event) => !event.trusted)) return unproven('untrusted-grade', 'Some of the entries to be counted are not trusted.');
  const facts = new Set(within.map((event) => event.fact.id)).size;
  if (facts !== claim.number) {
    // "Since" a day on which one of them happened may or may not mean that one too.
    if (claim.since.length === 10 && new Set(after.map((event) => event.fact.id)).size === claim.number)
      return unproven('count-differs', `${facts} with the one of ${said(claim.since)} itself, ${claim.number} without it.`);
    return contradicted('count-differs', `The draft says ${claim.number}; the chart holds ${facts}.`);
  }
  if (facts === 0) {
    const query = { of: claim.of, since: claim.since, asOf: index.chart.asOf, ...(claim.concept ? { concept: claim.concept.name } : {}) };
    return proven([{ kind: 'search', query, searched: eventsOfKinds(index, [kind]).length, found: 0 }]);
  }
  return proven(
    within.map((event) => supportBy(event, ['class', 'display', 'start', 'effective', 'status'])),
    within,
  );
}

/** The setting of a visit by its class. */
function settingOf(event: Event): EncounterClaim['setting'] | undefined {
  return textsAt(event, 'class')
    .map((code) => SETTINGS[code])
    .find((setting) => setting !== undefined);
}

/** Whether a visit took place, or is taking place. */
export function happened(event: Event): boolean {
  return event.standing && HAPPENED.has(event.fact.status ?? '');
}

function counts(claim: ClaimOf<'count'>, event: Event): boolean {
  if (claim.of === 'results')
    return (
      event.standing &&
      REPORTED.has(event.fact.status ?? '') &&
      (claim.concept === undefined || event.keys.has(nameKey(claim.concept.name)))
    );
  if (!happened(event)) return false;
  if (claim.of === 'emergency visits' && settingOf(event) !== 'emergency') return false;
  if (claim.of === 'admissions' && settingOf(event) !== 'inpatient') return false;
  return claim.concept === undefined || isReason(claim.concept.name, event);
}

function setting(claim: EncounterClaim, event: Event): Finding | undefined {
  const charted = settingOf(event);
  if (charted === claim.setting) return undefined;
  if (charted === undefined)
    return unproven('modality-differs', `The chart does not say what sort of visit that of ${said(event.on)} was.`);
  return contradicted('modality-differs', `The draft says ${claim.setting}; the visit of ${said(event.on)} was ${charted}.`);
}

function what(claim: EncounterClaim, event: Event): Finding | undefined {
  if (claim.what === undefined) return undefined;
  const key = nameKey(claim.what);
  if (event.keys.has(key)) return undefined;
  if (event.display === '') return unproven('not-in-chart', `The chart does not name the kind of the visit of ${said(event.on)}.`);
  return contradicted('not-in-chart', `The draft says ${claim.what}; the chart calls the visit of ${said(event.on)} “${event.display}”.`);
}

function reason(claim: EncounterClaim, event: Event, index?: ChartIndex): Finding | undefined {
  if (claim.reason === undefined || isReason(claim.reason.name, event)) return undefined;
  const charted = textsAt(event, 'reason').filter((text) => !/^(?:urn:|\w+\/)/.test(text));
  if (charted.length === 0) {
    const known = index !== undefined && isKnown(index, claim.reason.name);
    const text = `The chart gives no reason for the visit of ${said(event.on)}.`;
    return known ? contradicted('not-in-chart', text) : unproven('not-in-chart', text);
  }
  return contradicted(
    'not-in-chart',
    `The draft says for ${claim.reason.name}; the visit of ${said(event.on)} was for ${charted.join(', ')}.`,
  );
}

function isReason(name: string, event: Event): boolean {
  const key = nameKey(name);
  return textsAt(event, 'reason').some((text) => nameKeys(text, 'problem').has(key));
}

function until(claim: EncounterClaim, event: Event): Finding | undefined {
  if (claim.until === undefined) return undefined;
  const compared = compareDates(claim.until, event.until);
  if (compared === 'same') return undefined;
  if (compared === 'vague') return unproven('date-vague', `The chart does not say when the visit of ${said(event.on)} ended.`);
  return contradicted('date-differs', `The draft says until ${said(claim.until)}; the chart says ${said(event.until)}.`);
}
