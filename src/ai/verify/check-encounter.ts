import type { ClaimOf } from '../../core/claim.ts';
import { resembles } from './alike.ts';
import { type ChartIndex, type Event, eventsOfKinds, isKnown, textsAt } from './chart-index.ts';
import { saidValue } from './check-result.ts';
import { compareDates, isToCome, orderOf } from './dates.ts';
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
  const findings = trusted.map((event) => worst([setting(claim, event), what(claim, event), reason(claim, event), until(claim, event)]));
  const good = trusted.filter((_, i) => findings[i] === undefined);
  if (good.length > 0) return proven([supportBy(good[0]!, ['class', 'display', 'serviceType', 'reason', 'start', 'end', 'status'])], good);
  return findings.find((finding) => finding?.outcome === 'unproven') ?? findings[0]!;
}

/**
 * A number of visits, admissions, emergency visits or results since a date, counted again: a visit or result that two feeds tell of counts
 * once. Where entries may or may not be one, or may or may not belong, no number within that doubt is proven or false.
 */
export function checkCount(claim: ClaimOf<'count'>, index: ChartIndex): Finding {
  if (isToCome(claim.since, index.asOfDate)) return unproven('date-vague', `The time since ${said(claim.since)} has not come.`);
  const kind = claim.of === 'results' ? 'result' : 'encounter';
  if (claim.concept !== undefined && !isKnown(index, claim.concept.name)) {
    return unproven('term-unknown', `“${claim.concept.name}” is not a name that the chart or this site uses.`);
  }
  const eligible = eventsOfKinds(index, [kind]).flatMap((event) => {
    const belongs = counts(claim, event);
    return belongs === 'no' ? [] : [{ event, sure: belongs === 'yes' }];
  });
  const placed = eligible.map(({ event }) => orderOf(event.on, claim.since));
  if (placed.includes(undefined)) return unproven('date-vague', 'Some entries are dated too vaguely to be counted.');
  const within = eligible.filter((_, i) => placed[i] !== 'before');
  const after = eligible.filter((_, i) => placed[i] === 'after');
  if (within.some(({ event }) => !event.trusted)) return unproven('untrusted-grade', 'Some of the entries to be counted are not trusted.');
  const [least, most] = distinct(within);
  if (least <= claim.number && claim.number <= most && least < most)
    return unproven(
      'count-differs',
      `By the chart it may be ${least} to ${most}: not every entry says for itself whether it belongs or is another's twin.`,
    );
  if (claim.number !== least) {
    const [fewest, top] = distinct(after);
    // "Since" a day on which one of them happened may or may not mean that one too.
    if (claim.since.length === 10 && fewest <= claim.number && claim.number <= top)
      return unproven('count-differs', `${most} with the one of ${said(claim.since)} itself, ${top} without it.`);
    return contradicted(
      'count-differs',
      `The draft says ${claim.number}; the chart holds ${least === most ? least : `${least} to ${most}`}.`,
    );
  }
  if (least === 0) {
    const query = { of: claim.of, since: claim.since, asOf: index.chart.asOf, ...(claim.concept ? { concept: claim.concept.name } : {}) };
    return proven([{ kind: 'search', query, searched: eventsOfKinds(index, [kind]).length, found: 0 }]);
  }
  const events = within.map(({ event }) => event);
  return proven(
    events.map((event) => supportBy(event, ['class', 'display', 'start', 'effective', 'status', 'identifier'])),
    events,
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

/** Whether an entry belongs to what is counted; `maybe` where its status, class or reason does not settle it. */
function counts(claim: ClaimOf<'count'>, event: Event): 'yes' | 'maybe' | 'no' {
  if (claim.of === 'results') {
    if (!event.standing || !REPORTED.has(event.fact.status ?? '')) return 'no';
    if (claim.concept === undefined || event.keys.has(nameKey(claim.concept.name))) return 'yes';
    return claim.number === 0 && resembles(claim.concept.name, event) ? 'maybe' : 'no';
  }
  if (!happened(event) && !mayHaveHappened(event)) return 'no';
  const setting = settingOf(event);
  const wanted = claim.of === 'emergency visits' ? 'emergency' : claim.of === 'admissions' ? 'inpatient' : undefined;
  if (wanted !== undefined && setting !== undefined && setting !== wanted) return 'no';
  // A call is a visit to some and not to others; a stay on another ward is part of one.
  const plain = wanted === undefined ? setting !== 'virtual' : setting !== undefined;
  const part = event.fact.atoms.some((atom) => atom.name === 'encounter');
  const about = claim.concept === undefined || isFor(claim.concept.name, event);
  return plain && !part && about && happened(event) ? 'yes' : 'maybe';
}

/** A visit of which the source does not say whether it took place. */
export function mayHaveHappened(event: Event): boolean {
  return event.standing && (event.fact.status === null || event.fact.status === '' || event.fact.status === 'unknown');
}

type Counted = { event: Event; sure: boolean };

/** The fewest and the most different things that some entries may tell of. */
function distinct(entries: Counted[]): [least: number, most: number] {
  const sure = groups(entries, (a, b) => sameThing(a.event, b.event) === 'same');
  const certain = sure.filter((group) => group.some((one) => one.sure));
  const merged = groups(certain, (a, b) => a.some((one) => b.some((other) => sameThing(one.event, other.event) !== 'other')));
  return [merged.length, sure.length];
}

function groups<T>(items: T[], alike: (a: T, b: T) => boolean): T[][] {
  let found: T[][] = [];
  for (const item of items) {
    const near = found.filter((group) => group.some((other) => alike(item, other)));
    found = [...found.filter((group) => !near.includes(group)), [...near.flat(), item]];
  }
  return found;
}

/** Whether two entries tell of one visit or result: the same number, or the same instant and sort told by two feeds. */
function sameThing(a: Event, b: Event): 'same' | 'maybe' | 'other' {
  if (a.fact.id === b.fact.id) return 'same';
  const otherDay = orderOf(a.on, b.on ?? '') !== 'within' && orderOf(b.on, a.on ?? '') !== 'within';
  const [own, theirs] = [numbersOf(a), numbersOf(b)];
  const shared = own.filter((number) => theirs.some((other) => other.text === number.text));
  if (a.kind === 'encounter' && shared.length > 0) {
    const sameSystem = shared.some(
      (number) => number.system !== undefined && theirs.some((other) => other.text === number.text && other.system === number.system),
    );
    return sameSystem || !otherDay ? 'same' : 'maybe';
  }
  const sameSort =
    a.kind === 'result' ? saidValue(a) === saidValue(b) && [...a.keys].some((key) => b.keys.has(key)) : settingOf(a) === settingOf(b);
  if (otherDay || !sameSort) return 'other';
  const sameInstant = a.instant !== undefined && a.instant === b.instant;
  if (a.fact.source !== b.fact.source)
    return sameInstant ? 'same' : own.length > 0 && theirs.length > 0 && a.kind === 'encounter' ? 'other' : 'maybe';
  return sameInstant && !(own.length > 0 && theirs.length > 0) ? 'maybe' : 'other';
}

function numbersOf(event: Event): { text: string; system?: string | undefined }[] {
  return event.fact.atoms.filter((atom) => atom.name === 'identifier');
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

function reason(claim: EncounterClaim, event: Event): Finding | undefined {
  if (claim.reason === undefined || isFor(claim.reason.name, event)) return undefined;
  const charted = reasonsOf(event);
  if (charted.length === 0) return unproven('not-in-chart', `The chart gives no reason for the visit of ${said(event.on)}.`);
  const text = `The draft says for ${claim.reason.name}; the visit of ${said(event.on)} was for ${charted.join(', ')}.`;
  return resembles(claim.reason.name, event, charted) ? unproven('not-in-chart', text) : contradicted('not-in-chart', text);
}

/** The reasons of a visit in words; a reference to a diagnosis has none. */
export function reasonsOf(event: Event): string[] {
  return textsAt(event, 'reason').filter((text) => !/^(?:urn:|\w+\/)/.test(text));
}

/** Whether a visit was for what is named: by that name, or by it with words that only say how it goes ("COPD follow-up"). */
export function isFor(name: string, event: Event): boolean {
  const key = nameKey(name);
  return reasonsOf(event).some((text) => withoutCourse(text).some((bare) => nameKeys(bare, 'problem').has(key)));
}

const COURSE_AFTER = /[ ,]+(?:attack|exacerbation|flare(?:-up)?|follow-?up|follow up|recheck|review|check|visit|at home)$/;
const COURSE_BEFORE =
  /^(?:acute(?: on chronic)?|chronic|worse|worsening|severe|mild|recurrent|decompensated|exacerbation of|follow-?up (?:of|for)|flare of) /;

/** A reason, and what is left of it as words of course are taken off one by one. */
function withoutCourse(reason: string): string[] {
  const names = [nameKey(reason)];
  const bare = names[0]!.replace(COURSE_AFTER, '');
  for (let name = bare; !names.includes(name); name = name.replace(COURSE_BEFORE, '')) names.push(name);
  for (let name = bare.replace(COURSE_BEFORE, ''); !names.includes(name); name = name.replace(COURSE_BEFORE, '')) names.push(name);
  return names;
}

function until(claim: EncounterClaim, event: Event): Finding | undefined {
  if (claim.until === undefined) return undefined;
  const compared = compareDates(claim.until, event.until);
  if (compared === 'same') return undefined;
  if (compared === 'vague') return unproven('date-vague', `The chart does not say when the visit of ${said(event.on)} ended.`);
  return contradicted('date-differs', `The draft says until ${said(claim.until)}; the chart says ${said(event.until)}.`);
}
