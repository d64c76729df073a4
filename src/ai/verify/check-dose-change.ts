import type { ClaimOf } from '../../core/claim.ts';
import { type ChartIndex, type Event, eventsNamed, isKnown } from './chart-index.ts';
import { judge } from './check-medication.ts';
import { compareDates, isLater } from './dates.ts';
import { componentsOf, dosesOf } from './doses.ts';
import { contradicted, type Finding, proven, said, supportBy, unproven } from './finding.ts';
import { compareQuantities, saidQuantity } from './quantity.ts';

const STATUSES = new Set(['active', 'completed', 'stopped', 'on-hold', 'ended']);

/** A change of dose: an order of the new dose on that date, and the order of the same drug next before it gave the old one. */
export function checkDoseChange(claim: ClaimOf<'dose-change'>, index: ChartIndex): Finding {
  const orders = eventsNamed(index, ['order'], claim.drug.name).filter(
    (event) => event.standing && event.trusted && STATUSES.has(event.fact.status ?? ''),
  );
  if (orders.length === 0) {
    if (eventsNamed(index, ['order'], claim.drug.name).length > 0)
      return unproven('untrusted-grade', `No order of ${claim.drug.name} stands that could prove a change.`);
    const twin = index.ofKind
      .get('order')
      ?.find(
        (event) => event.standing && compareDates(claim.on, event.on) === 'same' && judge({ dose: claim.to }, event).outcome === 'proven',
      );
    if (twin !== undefined)
      return contradicted('drug-differs', `The order of ${said(twin.on)} is for ${twin.display}, not ${claim.drug.name}.`);
    return isKnown(index, claim.drug.name)
      ? contradicted('not-in-chart', `The chart holds no order of ${claim.drug.name}.`)
      : unproven('term-unknown', `“${claim.drug.name}” is not a name that the chart or this site uses.`);
  }
  if (claim.from.value === claim.to.value && claim.from.unit === claim.to.unit)
    return contradicted('dose-differs', 'Both doses are the same, which is no change.');
  const then = orders.filter((event) => compareDates(claim.on, event.on) === 'same');
  if (then.length === 0) {
    const vague = orders.some((event) => compareDates(claim.on, event.on) === 'vague');
    if (vague) return unproven('date-vague', `The chart dates the order of ${claim.drug.name} less exactly.`);
    return contradicted(
      'date-differs',
      `The chart holds no order of ${claim.drug.name} of ${said(claim.on)}; the last one is of ${said(orders.at(-1)!.on)}.`,
    );
  }
  const judged = then.map((event) => ({ event, finding: judge({ dose: claim.to, frequency: claim.frequency }, event) }));
  const after = judged.find(({ finding }) => finding.outcome === 'proven');
  if (after === undefined) return judged.find(({ finding }) => finding.outcome === 'unproven')?.finding ?? judged[0]!.finding;
  return before(claim, after.event, orders);
}

function before(claim: ClaimOf<'dose-change'>, after: Event, orders: Event[]): Finding {
  const earlier = orders.filter((event) => isLater(after, event) === true);
  const previous = earlier.filter((event) => !earlier.some((other) => isLater(other, event) === true));
  const last = previous[0];
  if (last === undefined)
    return contradicted('not-in-chart', `The chart holds no earlier order of ${claim.drug.name} than that of ${said(after.on)}.`);
  const gave = previous.filter((event) =>
    componentsOf(event).some((component) => dosesOf(event, component).some((dose) => compareQuantities(claim.from, dose) === 'same')),
  );
  if (gave.length > 0 && gave.every((event) => event.fact.status === 'completed'))
    return unproven('conflicting-facts', `The order of ${said(last.on)} was completed; that of ${said(after.on)} may be a new course.`);
  if (gave.length > 0)
    return proven(
      [after, gave[0]!].map((event) => supportBy(event, ['display', 'authored', 'status', 'doseValue', 'doseUnit'])),
      gave,
    );
  const shown = componentsOf(last)
    .flatMap((component) => dosesOf(last, component))
    .at(-1);
  if (shown === undefined) return unproven('dose-differs', `The order of ${said(last.on)} gives no dose.`);
  return contradicted(
    'dose-differs',
    `The draft says from ${saidQuantity(claim.from)}; the order of ${said(last.on)} says ${saidQuantity(shown)}.`,
  );
}
