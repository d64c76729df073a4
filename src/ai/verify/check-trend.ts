import type { ClaimOf, Quantity } from '../../core/claim.ts';
import { type ChartIndex, type Event, eventsNamed, isKnown } from './chart-index.ts';
import { chartedQuantity, checkResult, compareValue, saidValue } from './check-result.ts';
import { isLater, orderOf } from './dates.ts';
import { contradicted, type Finding, proven, said, supportBy, unproven } from './finding.ts';
import { inBase } from './quantity.ts';

type TrendClaim = ClaimOf<'trend'>;
const REPORTED = new Set(['final', 'amended', 'corrected']);

/** First and last of a window as two results, the direction between them, and every point of the window going that way. */
export function checkTrend(claim: TrendClaim, index: ChartIndex): Finding {
  if (!isKnown(index, claim.concept.name))
    return unproven('term-unknown', `“${claim.concept.name}” is not a name that the chart or this site uses.`);
  for (const [value, on] of [
    [claim.from, claim.fromOn],
    [claim.to, claim.toOn],
  ] as const) {
    const finding = checkResult({ kind: 'result', concept: claim.concept, value, on }, index);
    if (finding.outcome !== 'proven') return finding;
  }
  if (orderOf(claim.toOn, claim.fromOn) === 'before') return contradicted('date-differs', 'The draft names the later result first.');
  const points = pointsOf(claim, index);
  const vague = points.find((event) => orderOf(event.on, claim.fromOn) === undefined || orderOf(event.on, claim.toOn) === undefined);
  if (vague !== undefined)
    return unproven('date-vague', `A result of ${claim.concept.name} dated ${said(vague.on)} may belong to this window.`);
  const first = points.find((event) => matches(event, claim.from, claim.fromOn));
  const last = points.findLast((event) => matches(event, claim.to, claim.toOn));
  if (first === undefined || last === undefined || first === last)
    return unproven('direction-differs', `The results of ${claim.concept.name} could not be put in order.`);
  if (isLater(last, first) !== true)
    return isLater(first, last) === true
      ? contradicted('direction-differs', `The chart goes from ${saidValue(last)} to ${saidValue(first)}, not the other way.`)
      : unproven('direction-differs', `The chart does not say which of the results of ${said(first.on)} came first.`);
  return along(claim, points.slice(points.indexOf(first), points.indexOf(last) + 1));
}

function along(claim: TrendClaim, window: Event[]): Finding {
  const amounts = window.map((event) => inBase(chartedQuantity(event) ?? { value: '' }));
  const dimension = amounts[0]?.dimension;
  if (amounts.some((amount) => amount === undefined || amount.dimension !== dimension)) {
    return unproven('unit-differs', `The results of ${claim.concept.name} in this window are not in comparable units.`);
  }
  const numbers = amounts.map((amount) => amount!.amount);
  const overall = directionOf(numbers[0]!, numbers.at(-1)!);
  if (overall !== claim.direction) {
    return contradicted(
      'direction-differs',
      `The draft says ${claim.direction}; the chart goes from ${saidValue(window[0]!)} to ${saidValue(window.at(-1)!)}.`,
    );
  }
  const odd = numbers.findIndex((number, i) => i > 0 && ![claim.direction, 'unchanged'].includes(directionOf(numbers[i - 1]!, number)));
  if (odd > 0)
    return unproven(
      'direction-differs',
      `Between the two, the result of ${said(window[odd]!.on)} (${saidValue(window[odd]!)}) goes the other way.`,
    );
  const doubtful = window.find((event) => !event.trusted);
  if (doubtful !== undefined) return unproven('untrusted-grade', `The result of ${said(doubtful.on)} in this window is not trusted.`);
  return proven(
    window.map((event) => supportBy(event, ['display', 'value', 'comparator', 'unit', 'effective'])),
    window,
  );
}

/** All results of the concept in the order of time. */
function pointsOf(claim: TrendClaim, index: ChartIndex): Event[] {
  return eventsNamed(index, ['result'], claim.concept.name)
    .filter((event) => event.standing && chartedQuantity(event) !== undefined && REPORTED.has(event.fact.status ?? ''))
    .sort((a, b) => (a.instant ?? Date.parse(a.on ?? '')) - (b.instant ?? Date.parse(b.on ?? '')));
}

function matches(event: Event, value: Quantity, on: string): boolean {
  return event.on?.startsWith(on) === true && compareValue(value, event) === 'same';
}

function directionOf(from: number, to: number): TrendClaim['direction'] {
  if (Math.abs(to - from) <= 1e-9 * Math.abs(from)) return 'unchanged';
  return to > from ? 'rose' : 'fell';
}
