import type { ClaimOf } from '../../core/claim.ts';
import type { AtomName } from '../../core/fact.ts';
import { resembles } from './alike.ts';
import { type ChartIndex, type Event, type EventKind, eventsOfKinds, isKnown } from './chart-index.ts';
import { activeAllergies } from './check-allergy.ts';
import { happened, isFor, mayHaveHappened } from './check-encounter.ts';
import { stateOf } from './check-problem.ts';
import { isOrder } from './check-report.ts';
import { isToCome, orderOf } from './dates.ts';
import { endedBefore } from './drug-course.ts';
import { contradicted, type Finding, proven, said, unproven } from './finding.ts';
import { nameKey } from './names.ts';

type AbsenceClaim = ClaimOf<'absence'>;

const SEARCHED: Record<AbsenceClaim['of'], EventKind[]> = {
  allergies: ['allergy'],
  medications: ['order', 'dispense', 'statement', 'administration'],
  problems: ['problem'],
  results: ['result', 'report'],
  result: ['result', 'report'],
  visits: ['encounter'],
  procedure: ['procedure', 'report'],
  immunization: ['immunization'],
};

/** A search that finds nothing, run again: whatever stands, trusted or not, is a find; a name this site does not know proves nothing. */
export function checkAbsence(claim: AbsenceClaim, index: ChartIndex): Finding {
  if (claim.since !== undefined && isToCome(claim.since, index.asOfDate))
    return unproven('date-vague', `The time since ${said(claim.since)} has not come.`);
  const name = claim.concept?.name;
  const searched = eventsOfKinds(index, SEARCHED[claim.of]).filter(present);
  const named = name === undefined ? searched : searched.filter((event) => isNamed(name, event));
  const placed = named.map((event) => (claim.since === undefined ? 'after' : orderOf(event.on, claim.since)));
  const wholeDay = claim.since?.length === 10;
  const found = named.find((_, i) => placed[i] === 'after' || (placed[i] === 'within' && !wholeDay));
  if (found !== undefined)
    return contradicted('found-where-none-claimed', `The chart holds ${found.display || 'an entry'} of ${said(found.on)}.`);
  const lasting = claim.since === undefined ? undefined : named.find((event, i) => placed[i] === 'before' && goesOn(event, index));
  if (lasting !== undefined)
    return contradicted(
      'found-where-none-claimed',
      `The chart holds ${lasting.display || 'an entry'} of ${said(lasting.on)}, which goes on.`,
    );
  // "None since 3 May" may name the day of the last one, or mean that day as well: only a day without any is sure. "Since 2026" takes in that year.
  const thatDay = named.find((_, i) => placed[i] === 'within');
  if (thatDay !== undefined)
    return unproven('found-where-none-claimed', `The chart holds ${thatDay.display || 'an entry'} of ${said(thatDay.on)} itself.`);
  if (placed.includes(undefined)) return unproven('date-vague', 'The chart holds such an entry with a date too vague to tell.');
  if (name !== undefined) {
    if (!isKnown(index, name))
      return unproven('term-unknown', `“${name}” is not a name that the chart or this site uses, so that its absence means nothing.`);
    const alike = searched.find((event) => !named.includes(event) && mayBeMeant(name, event, claim.since));
    if (alike !== undefined) {
      const held =
        alike.kind === 'encounter'
          ? `a visit of ${said(alike.on)}, which may have been for ${name}.`
          : `${alike.display}, which may be what is meant by ${name}.`;
      return unproven('term-unknown', `The chart holds ${held}`);
    }
    const listed = claim.of === 'allergies' ? activeAllergies(index)[0] : undefined;
    if (listed !== undefined)
      return unproven('term-unknown', `The chart lists an allergy to ${listed.display}; whether it takes in ${name} is not known here.`);
    const order = ORDERED.has(claim.of) ? orderOfIt(name, claim.since, index) : undefined;
    if (order !== undefined) return unproven('omits', `${order.display} was ordered on ${said(order.on)}, which the sentence leaves out.`);
  }
  if (claim.of === 'visits') {
    const doubtful = index.ofKind
      .get('encounter')
      ?.find((event) => mayHaveHappened(event) && (claim.since === undefined || orderOf(event.on, claim.since) !== 'before'));
    if (doubtful !== undefined)
      return unproven('status-differs', `The chart does not say whether the visit of ${said(doubtful.on)} took place.`);
  }
  const query = {
    of: claim.of,
    asOf: index.chart.asOf,
    ...(name === undefined ? {} : { concept: name }),
    ...(claim.since === undefined ? {} : { since: claim.since }),
  };
  return proven([{ kind: 'search', query, searched: searched.length, found: 0 }]);
}

function present(event: Event): boolean {
  if (!event.standing) return false;
  if (event.kind === 'encounter') return happened(event);
  // A panel's head has no value of its own; its members have.
  if (event.kind === 'result') return event.fact.atoms.some((atom) => VALUES.has(atom.name));
  return event.fact.status !== 'not-done' && event.fact.status !== 'cancelled';
}

const VALUES = new Set<AtomName>(['value', 'valueText', 'valueCode']);

function isNamed(name: string, event: Event): boolean {
  const key = nameKey(name);
  if (event.keys.has(key)) return true;
  return event.kind === 'encounter' && isFor(name, event);
}

/** Whatever reason another visit gives ("worse cough"), it may have been for this as well. */
function mayBeMeant(name: string, event: Event, since: string | undefined): boolean {
  if (event.kind !== 'encounter') return resembles(name, event);
  return since === undefined || orderOf(event.on, since) !== 'before';
}

/** What began before the day asked about and goes on is not absent since. */
function goesOn(event: Event, index: ChartIndex): boolean {
  if (event.kind === 'problem') return ['active', 'suspected'].includes(stateOf(event));
  if (event.kind === 'allergy') return activeAllergies(index).includes(event);
  return (event.kind === 'order' || event.kind === 'statement') && event.fact.status === 'active' && !endedBefore(event, index);
}

/** What somebody orders before it is there. */
const ORDERED = new Set<AbsenceClaim['of']>(['result', 'results', 'procedure', 'immunization']);

/**
 * An order that is open, or that says it was carried out: "no mammogram on record" beside it leaves out what matters. The honest words are
 * those of an order without a result.
 */
function orderOfIt(name: string, since: string | undefined, index: ChartIndex): Event | undefined {
  return eventsOfKinds(index, ['request']).find((event) => {
    if (!event.standing || !isOrder(event) || !(isNamed(name, event) || resembles(name, event))) return false;
    if (event.fact.status === 'active' || event.fact.status === 'on-hold') return true;
    return event.fact.status === 'completed' && (since === undefined || orderOf(event.on, since) !== 'before');
  });
}
