import type { ClaimOf } from '../../core/claim.ts';
import { kinOf } from './alike.ts';
import { type ChartIndex, type Event, eventsNamed, eventsOfKinds, isKnown } from './chart-index.ts';
import { compareDates, isLater, orderOf } from './dates.ts';
import { contradicted, type Finding, proven, said, supportBy, unproven } from './finding.ts';

const ANSWERS = new Set<Event['kind']>(['result', 'report', 'procedure']);
const ORDERS = new Set(['order', 'original-order', 'reflex-order', 'filler-order', 'instance-order']);
const UNANSWERED = new Set(['registered', 'cancelled', 'preparation']);
const ISSUED = new Set(['final', 'amended', 'corrected', 'appended', 'current']);

/** A report's own conclusion: the quote must stand in that report, from the start of one of its sentences to the end of one. */
export function checkReport(claim: ClaimOf<'report'>, index: ChartIndex): Finding {
  const named = eventsNamed(index, ['report', 'note'], claim.concept.name).filter((event) => event.standing);
  if (named.length === 0) {
    if (!isKnown(index, claim.concept.name))
      return unproven('term-unknown', `“${claim.concept.name}” is not a name that the chart or this site uses.`);
    const kin = kinOf(claim.concept.name, 'procedure', index, ['report', 'note']);
    if (kin !== undefined)
      return unproven(
        'term-unknown',
        `The chart holds a report of ${kin.display}; whether that is ${claim.concept.name} is not known here.`,
      );
    return contradicted('not-in-chart', `The chart holds no report of ${claim.concept.name}.`);
  }
  const dated = named.filter((event) => compareDates(claim.on, event.on) === 'same');
  if (dated.length === 0) {
    if (named.some((event) => compareDates(claim.on, event.on) === 'vague'))
      return unproven('date-vague', 'The chart does not date this report so exactly.');
    return contradicted(
      'date-differs',
      `The draft says ${said(claim.on)}; the chart holds ${claim.concept.name} of ${said(named.at(-1)!.on)}.`,
    );
  }
  const issued = dated.filter((event) => ISSUED.has(event.fact.status ?? ''));
  if (issued.length === 0)
    return unproven('status-differs', `The report of ${said(dated[0]!.on)} is ${dated[0]!.fact.status ?? 'without status'}.`);
  const trusted = issued.filter((event) => event.trusted);
  if (trusted.length === 0) return unproven('untrusted-grade', 'This report is not trusted.');
  const found = trusted.map((event) => ({ event, stands: quoteStands(claim.quote, event) }));
  const whole = found.filter(({ stands }) => stands === 'whole').map(({ event }) => event);
  if (whole.length > 0) return proven([supportBy(whole[0]!, ['display', 'effective', 'conclusion', 'note', 'status'])], whole);
  if (found.some(({ stands }) => stands === 'part'))
    return unproven('quote-not-found', 'The report has these words only as part of a sentence.');
  return contradicted('quote-not-found', `The report of ${said(trusted[0]!.on)} does not say this.`);
}

/** An order that nothing answers: no result or report that names it or that came for the same thing since. */
export function checkPending(claim: ClaimOf<'pending'>, index: ChartIndex): Finding {
  const named = eventsNamed(index, ['request'], claim.concept.name).filter((event) => event.standing);
  if (named.length === 0) {
    if (!isKnown(index, claim.concept.name))
      return unproven('term-unknown', `“${claim.concept.name}” is not a name that the chart or this site uses.`);
    return contradicted('not-in-chart', `The chart holds no order of ${claim.concept.name}.`);
  }
  const dated = named.filter((event) => compareDates(claim.orderedOn, event.on) === 'same');
  if (dated.length === 0)
    return contradicted('date-differs', `The draft says ordered ${said(claim.orderedOn)}; the chart says ${said(named.at(-1)!.on)}.`);
  if (orderOf(claim.asOf, claim.orderedOn) === 'before')
    return contradicted('date-differs', 'The draft looks for a result before the order.');
  if (!withinADay(claim.asOf, index.asOfDate))
    return unproven('date-vague', `This chart was read as of ${said(index.asOfDate)}, not ${said(claim.asOf)}.`);
  const asked = dated.filter(isOrder);
  if (asked.length === 0)
    return contradicted('modality-differs', `The entry of ${said(dated[0]!.on)} proposes, plans or forbids this; it does not order it.`);
  const open = asked.filter((event) => event.fact.status === 'active' || event.fact.status === 'on-hold');
  const order = open.find((event) => event.trusted);
  if (order === undefined) {
    return open.length > 0
      ? unproven('untrusted-grade', 'This order is not trusted.')
      : contradicted('status-differs', `The order of ${said(asked[0]!.on)} is ${asked[0]!.fact.status ?? 'without status'}.`);
  }
  const answer = answerTo(order, index);
  if (answer !== undefined) return contradicted('found-where-none-claimed', `${answer.display} of ${said(answer.on)} answers this order.`);
  const query = { of: 'results', concept: claim.concept.name, since: claim.orderedOn, asOf: index.chart.asOf };
  const searched = eventsOfKinds(index, ['result', 'report', 'procedure']).length;
  return proven([supportBy(order, ['display', 'status', 'authored']), { kind: 'search', query, searched, found: 0 }], [order]);
}

/** FHIR R4 RequestIntent: a proposal or a plan asks nobody for anything, and doNotPerform asks that it not be done. */
export function isOrder(event: Event): boolean {
  const atom = (name: 'intent' | 'doNotPerform') => event.fact.atoms.find((one) => one.name === name)?.text;
  return atom('doNotPerform') !== 'true' && ORDERS.has(atom('intent') ?? 'order');
}

function answerTo(order: Event, index: ChartIndex): Event | undefined {
  const numbers = order.fact.atoms.flatMap((atom) => (atom.name === 'identifier' ? [atom.text] : []));
  const naming = [order.fact.id, ...numbers].flatMap((reference) => index.byReference.get(reference) ?? []);
  const alike = [...order.keys]
    .flatMap((key) => index.byName.get(key) ?? [])
    .filter((event) => isLater(event, order) === true || event.on === order.on);
  return [...naming, ...alike].find(answers);
}

/** Anything reported or done; what is only registered, planned or called off is no answer. */
function answers(event: Event): boolean {
  if (!ANSWERS.has(event.kind) || !event.standing || UNANSWERED.has(event.fact.status ?? '')) return false;
  return event.kind !== 'result' || event.reports;
}

/** A document says the day of the site, the chart that of UTC, which may be the next; a day to come is neither. */
function withinADay(date: string, other: string): boolean {
  const days = (Date.parse(other) - Date.parse(date)) / 86_400_000;
  return date.length === 10 && days >= 0 && days <= 1;
}

function quoteStands(quote: string, event: Event): 'whole' | 'part' | 'not' {
  const wanted = plain(quote);
  let stands: 'part' | 'not' = 'not';
  for (const atom of event.fact.atoms) {
    if (atom.name !== 'conclusion' && atom.name !== 'note' && atom.name !== 'valueText') continue;
    const text = plain(atom.text);
    for (let at = text.indexOf(wanted); at >= 0 && wanted !== ''; at = text.indexOf(wanted, at + 1)) {
      const before = text.slice(0, at);
      const after = text.slice(at + wanted.length);
      if (begins(before, wanted) && ends(wanted, after)) return 'whole';
      stands = 'part';
    }
  }
  return stands;
}

/** The last sentence before a quote announces what follows it, or says nothing but how to take it. */
const ANNOUNCES =
  /(?:\b(?:following|follows|below|listed)\b[^.!?]*|(?:^|[.!?] )(?:(?:negative|ruled out|excluded|unlikely|denied|no|none|not|history|family history|differential|possible|versus|vs)\b ?(?:for|of|diagnosis|findings?)?))[.!?] $/i;
/** A word whose dot ends no sentence. */
const ABBREVIATION = /(?:^|[\s(])(?:\p{L}{1,3}|approx|incl|resp|prob|poss|\p{L}\.\p{L})\. $/iu;

/**
 * A cut sentence can turn a meaning round ("no evidence of …", "negative for: …", "infarct vs. …"), so a quote begins with the report or with a
 * sentence of it, after one that does not announce it, and ends with a sentence.
 */
function begins(before: string, wanted: string): boolean {
  if (before === '') return true;
  return /[.!?] $/.test(before) && /^[\p{Lu}\d]/u.test(wanted) && !ABBREVIATION.test(before) && !ANNOUNCES.test(before);
}

function ends(wanted: string, after: string): boolean {
  if (after === '') return true;
  const sentenceEnds = /[.!?]$/.test(wanted) ? /^ \p{Lu}/u.test(after) : /^[.!?](?:$| \p{Lu})/u.test(after);
  return sentenceEnds && !ABBREVIATION.test(`${wanted.replace(/\.$/, '')}. `);
}

/** Typography is levelled, but for raised and lowered digits and fractions: 10² is not 102. */
function plain(text: string): string {
  return text
    .replace(/\p{No}/gu, '^$&')
    .normalize('NFKC')
    .replace(/\s+/g, ' ')
    .trim();
}
