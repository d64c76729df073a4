import type { Fact } from '../../core/fact.ts';
import { textOf } from '../../core/fact.ts';
import type { Draft, DraftSentence, Omission, Pack, PackContext, TriggerReason } from '../../core/pack.ts';
import { dateWords } from '../../core/phrase.ts';
import { activeProblems, allergies, pendingOrders, recordedAllergies, recordedProblems, unconfirmedAllergies } from './background.ts';
import { dateOf, timeOf } from './facts.ts';
import { medicationChanges, ordersOnHold, stopsOfOneStrength, undatedStops } from './medications.ts';
import { abnormalResults, positiveResults, resultsAhead, seriesOf, trends } from './results.ts';
import { eventsSince, reportsToRead } from './since-last-visit.ts';
import { lastVisit, recordedVisits, visitsOf } from './visits.ts';

const DAY_MS = 86_400_000;

/* The numbers of this pack are our own choice, from no guideline. README.md lists them under *Evidence*, each with its reason, for the owner's review. */

/** Where no visit is on record, changes of the last half year are new to the reader. */
const WITHOUT_VISIT_DAYS = 183;
/** Abnormal results older than this say little about today's visit; the chart still shows them. */
const RESULTS_DAYS = 365;
/** A visit is prepared from three days before; a missed one stays in the queue for half a day. */
const AHEAD_DAYS = 3;
const AFTER_MS = DAY_MS / 2;
/** What happened is looked for five years back, visits too; what is under way or taken, two. */
const PAST_DAYS = 1825;
const CURRENT_DAYS = 730;

/** Sections in the order of the page, with the most sentences each may take so that the whole fits one page (about 45 lines). */
const LIMITS = { events: 6, results: 8, positive: 3, trends: 4, medications: 8, problems: 10, pending: 5, allergies: 5 };

/** The pre-visit summary: what changed since the last visit, what is active, abnormal, pending and unknown. Written without a model. */
export const documentation: Pack = {
  id: 'documentation',
  version: '1.5.5',
  title: 'Pre-visit summary',
  purpose: 'Shows a clinician on one page what changed before a booked visit, each sentence proven against the chart.',
  owner: 'Chief medical information officer',
  surfaces: ['cds-hooks', 'worklist', 'write-back'],
  needs: [
    { type: 'Patient' },
    { type: 'Appointment', lookBackDays: 30 },
    { type: 'Encounter', lookBackDays: PAST_DAYS },
    { type: 'Condition' },
    { type: 'AllergyIntolerance' },
    { type: 'MedicationRequest', lookBackDays: PAST_DAYS },
    { type: 'MedicationStatement', lookBackDays: CURRENT_DAYS },
    { type: 'MedicationDispense', lookBackDays: CURRENT_DAYS },
    { type: 'Observation', lookBackDays: PAST_DAYS },
    { type: 'DiagnosticReport', lookBackDays: PAST_DAYS },
    { type: 'Procedure', lookBackDays: PAST_DAYS },
    { type: 'Immunization', lookBackDays: PAST_DAYS },
    { type: 'ServiceRequest', lookBackDays: CURRENT_DAYS },
  ],
  triggers: [{ type: 'Appointment', when: visitAhead, wakeAt: visitTurn }],
  kpis: [
    { id: 'proposals.offered', title: 'Offered', count: ['proposal.offered'], drafts: 'first' },
    { id: 'proposals.redrafted', title: 'Redrafted', count: ['proposal.offered'], drafts: 'again' },
    { id: 'proposals.opened', title: 'Opened', count: ['proposal.opened'] },
    { id: 'proposals.signed', title: 'Signed', count: ['decision.signed'] },
    { id: 'proposals.edited', title: 'Edited', count: ['proposal.edited'] },
    { id: 'proposals.declined', title: 'Declined', count: ['decision.declined'] },
    { id: 'deliveries.confirmed', title: 'Written to the EHR', count: ['delivery.confirmed'] },
    { id: 'deliveries.kept', title: 'Kept here, or not as signed in the EHR', count: ['delivery.kept', 'delivery.failed'] },
    { id: 'deliveries.withdrawn', title: 'Withdrawn in the EHR', count: ['delivery.withdrawn'] },
    {
      id: 'minutes.offer_to_signature',
      title: 'Minutes from offer to signature',
      minutesBetween: [['proposal.offered'], ['decision.signed']],
    },
  ],
  // LOINC 34133-9, Summary of episode note: the nearest we know of; LOINC names no summary written before a visit.
  document: { loinc: '34133-9', title: 'Pre-visit summary' },
  write,
};

function write({ chart }: PackContext): Draft {
  const visits = visitsOf(chart.facts, chart.asOf);
  const last = lastVisit(visits);
  const since = last?.on ?? daysBefore(chart.asOf, WITHOUT_VISIT_DAYS);
  const sinceTitle = last ? `Since the last visit, ${dateWords(last.on)}` : 'In the last six months';
  const series = seriesOf(chart);
  const omitted: Omission[] = [];
  const leave = (section: string, number: number, what: string) =>
    number > 0 && omitted.push({ section, number, what: inNumber(number, what) });
  const take = (sentences: DraftSentence[], limit: number, what: string): DraftSentence[] => {
    const vital = sentences.filter(isVital);
    const room = Math.max(limit, vital.length);
    leave(sentences[0]?.section ?? '', sentences.length - room, what);
    return [...vital, ...sentences.filter((sentence) => !isVital(sentence))].slice(0, room);
  };

  const known = { visits: recordedVisits(chart), problems: recordedProblems(chart), allergies: recordedAllergies(chart) };
  const sentences = [
    ...(known.visits > 0 ? [] : [absent('Visits', 'visits', daysBefore(chart.asOf, PAST_DAYS))]),
    ...take(eventsSince(chart, visits, sinceTitle, since), LIMITS.events, 'older {event|events} since then'),
    ...take(
      abnormalResults(series, chart, 'Abnormal results', daysBefore(chart.asOf, RESULTS_DAYS)),
      LIMITS.results,
      'further abnormal {result|results}',
    ),
    ...take(
      positiveResults(series, chart, 'Positive results', daysBefore(chart.asOf, RESULTS_DAYS)),
      LIMITS.positive,
      'further positive {result|results}',
    ),
    ...take(trends(series, chart, 'Trends'), LIMITS.trends, 'further {trend|trends}'),
    ...take(medicationChanges(chart, 'Medication changes', since), LIMITS.medications, 'earlier medication {entry|entries}'),
    ...take(activeProblems(chart, 'Active problems'), LIMITS.problems, 'further active {problem|problems}'),
    ...(known.problems > 0 ? [] : [absent('Active problems', 'problems')]),
    ...take(pendingOrders(chart, 'Pending'), LIMITS.pending, 'further pending {order|orders}'),
    ...take(allergies(chart, 'Allergies'), LIMITS.allergies, 'further {allergy|allergies}'),
    ...(known.allergies.all > 0 ? [] : [absent('Allergies', 'allergies')]),
  ];
  const isEmpty = (title: string) => !sentences.some(({ section }) => section === title);
  leave('Allergies', unconfirmedAllergies(chart), 'unconfirmed {allergy|allergies}');
  leave(
    'Allergies',
    isEmpty('Allergies') ? known.allergies.past : 0,
    '{allergy that is not active, or was|allergies that are not active, or were} ruled out',
  );
  leave('Abnormal results', resultsAhead(series), '{result|results} dated in the future');
  leave('Medication changes', undatedStops(chart, since), 'older {order|orders}, stopped on an unknown day');
  leave('Active problems', isEmpty('Active problems') ? known.problems : 0, '{problem that is|problems that are} not active');
  leave(sinceTitle, visits.length > 0 ? 0 : known.visits, '{visit|visits} of an unknown kind or day, or dated in the future');
  leave('Medication changes', stopsOfOneStrength(chart, since), '{stop|stops} of one strength of a drug that goes on');
  leave('Medication changes', ordersOnHold(chart), '{order|orders} on hold');
  leave(sinceTitle, reportsToRead(chart, since), '{report|reports} to be read in full');
  return { title: 'Pre-visit summary', sections: [...new Set(sentences.map((sentence) => sentence.section))], sentences, omitted };
}

/** What is first in its section and never left out for want of room: critical results, and allergies that may kill. */
function isVital({ claims }: DraftSentence): boolean {
  return claims.some(
    (claim) =>
      (claim.kind === 'result' && (claim.flag === 'critically high' || claim.flag === 'critically low')) ||
      (claim.kind === 'allergy' && (claim.severity === 'high' || /\banaphyla/i.test(claim.reaction ?? ''))),
  );
}

/** Words for so many, where they hold both forms: "further {trend|trends}". */
function inNumber(number: number, words: string): string {
  return words.replace(/\{(.+?)\|(.+?)\}/g, (_, one: string, many: string) => (number === 1 ? one : many));
}

function absent(section: string, of: 'visits' | 'problems' | 'allergies', since?: string): DraftSentence {
  return { section, claims: [{ kind: 'absence', of, ...(since === undefined ? {} : { since }) }], cites: [] };
}

/** A booked visit asks for a summary from three days before until half a day after it began, unless the patient died. */
function visitAhead(fact: Fact, now: string, facts: readonly Fact[]): TriggerReason | undefined {
  const start = expectedStart(fact);
  if (!start || facts.some(isOfTheDead)) return undefined;
  const ahead = Date.parse(start) - Date.parse(now);
  if (ahead > AHEAD_DAYS * DAY_MS || ahead < -AFTER_MS) return undefined;
  const reason =
    textOf(fact, 'reason') ?? textOf(fact, 'serviceType') ?? textOf(fact, 'display') ?? textOf(fact, 'title') ?? textOf(fact, 'note');
  // A source's clock need not be the hospital's: an instant is given as one, and whoever shows it does so in the zone of the site.
  const instant = /T.*(?:Z|[+-]\d{2}:\d{2})$/.test(start) ? new Date(start).toISOString() : undefined;
  const when = `Visit ${instant ?? `${dateWords(dateOf(start) ?? '') ?? ''} ${timeOf(start) ?? ''}`}`.trim();
  return {
    key: `Appointment/${fact.id}`,
    why: reason ? `${when}, ${reason}` : when,
    role: 'clinician',
    dueAt: new Date(start).toISOString(),
  };
}

/** A record that says, by a date or a plain yes, that its person died. */
function isOfTheDead(fact: Fact): boolean {
  const deceased = fact.type === 'Patient' && !fact.retracted ? textOf(fact, 'deceased') : undefined;
  return deceased !== undefined && deceased !== 'false';
}

/** When a visit comes into its three days, and when its half day is over: the first of the two that is ahead. */
function visitTurn(fact: Fact, now: string): string | undefined {
  const start = Date.parse(expectedStart(fact) ?? '');
  const turn = [start - AHEAD_DAYS * DAY_MS, start + AFTER_MS + 1].find((instant) => instant > Date.parse(now));
  return turn === undefined ? undefined : new Date(turn).toISOString();
}

function expectedStart(fact: Fact): string | undefined {
  if (fact.retracted || !['booked', 'pending', 'arrived', 'checked-in'].includes(fact.status ?? '')) return undefined;
  return textOf(fact, 'start');
}

function daysBefore(instant: string, days: number): string {
  return new Date(Date.parse(instant) - days * DAY_MS).toISOString().slice(0, 10);
}
