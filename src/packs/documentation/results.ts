import type { Claim } from '../../core/claim.ts';
import type { Chart, Fact } from '../../core/fact.ts';
import { atomsOf, textOf } from '../../core/fact.ts';
import type { DraftSentence } from '../../core/pack.ts';
import { compare, conceptKey, newestFirst } from './facts.ts';
import { type Measurement, measurementsOf } from './measurements.ts';

const ABNORMAL = new Set(['high', 'low', 'critically high', 'critically low', 'abnormal']);
/** FHIR R4 v3-ObservationInterpretation, which takes in HL7 v2 table 0078: positive, detected, reactive, weakly reactive. */
const POSITIVE = new Set(['POS', 'DET', 'RR', 'WR']);
/** A trend is named from three results on, since two points are a difference, and within two years. Our own choice: README.md, *Evidence*. */
const TREND_POINTS = 3;
const TREND_WINDOW_DAYS = 730;
const DAY_MS = 86_400_000;

/** Results of one concept up to now, newest first, and those that the chart dates after now. */
export type ResultSeries = { measurements: Measurement[]; ahead: Measurement[] };

/**
 * Numeric and coded results of each concept that a laboratory or a vital sign reports. A series holds every result of its code or name, whatever its
 * category, because "the latest on record" is a claim about all of them; what is only a survey answer makes no series.
 */
export function seriesOf(chart: Chart): ResultSeries[] {
  const series = new Map<string, Measurement[]>();
  for (const measurement of chart.facts.flatMap((fact) => measurementsOf(fact))) {
    const names = namesOf(measurement);
    const [list = [], ...others] = new Set(names.flatMap((name) => (series.has(name) ? [series.get(name)!] : [])));
    list.push(measurement, ...others.flat());
    for (const name of [...names, ...others.flat().flatMap(namesOf)]) series.set(name, list);
  }
  return [...new Set(series.values())]
    .filter((list) => list.some((measurement) => isMeasured(measurement.fact)))
    .map((list) => {
      const ahead = list.filter((measurement) => Date.parse(measurement.at) > Date.parse(chart.asOf));
      return { measurements: list.filter((measurement) => !ahead.includes(measurement)).sort(newestFirst), ahead };
    });
}

/** Results that the chart dates after now: a mistake of somebody's, shown by number and claimed from by nobody. */
export function resultsAhead(series: readonly ResultSeries[]): number {
  return new Set(series.flatMap((one) => one.ahead.map((measurement) => measurement.fact.id))).size;
}

/** The latest result of each concept where the source's flag or range calls it abnormal, most recent first. */
export function abnormalResults(series: readonly ResultSeries[], chart: Chart, section: string, sinceDate: string): DraftSentence[] {
  return latestOf(series, sinceDate)
    .filter(({ measurement }) => isAbnormal(measurement))
    .sort((one, other) => newestFirst(one.measurement, other.measurement))
    .map(({ measurement, alone }) => ({ section, claims: [resultClaim(measurement, chart, alone)], cites: [cite(measurement)] }));
}

/** The latest result of each concept that its source calls positive, detected or reactive without calling it abnormal: a culture, a virus. */
export function positiveResults(series: readonly ResultSeries[], chart: Chart, section: string, sinceDate: string): DraftSentence[] {
  return latestOf(series, sinceDate)
    .filter(
      ({ measurement }) => measurement.flag === undefined && POSITIVE.has(textOf(measurement.fact, 'flag', measurement.component) ?? ''),
    )
    .sort((one, other) => newestFirst(one.measurement, other.measurement))
    .map(({ measurement, alone }) => ({ section, claims: [resultClaim(measurement, chart, alone)], cites: [cite(measurement)] }));
}

function isAbnormal(measurement: Measurement): boolean {
  return ABNORMAL.has(measurement.flag ?? '');
}

/** What stands at the latest instant of each series; where results that differ stand there, none of them is alone the latest. */
function latestOf(series: readonly ResultSeries[], sinceDate: string): { measurement: Measurement; alone: boolean }[] {
  return series.flatMap(({ measurements, ahead }) => {
    const newest = measurements.filter(({ at }) => Date.parse(at) === Date.parse(measurements[0]!.at));
    const differing = newest.filter((measurement, index) => newest.findIndex((other) => sameValue(measurement, other)) === index);
    return differing
      .filter((measurement) => measurement.on >= sinceDate)
      .map((measurement) => ({ measurement, alone: differing.length === 1 && ahead.length === 0 }));
  });
}

function sameValue(one: Measurement, other: Measurement): boolean {
  return one.text === other.text && one.quantity?.value === other.quantity?.value && one.quantity?.unit === other.quantity?.unit;
}

/** Concepts whose results moved one way over the last two years, with no step back: those that are abnormal now first. */
export function trends(series: readonly ResultSeries[], chart: Chart, section: string): DraftSentence[] {
  const since = Date.parse(chart.asOf) - TREND_WINDOW_DAYS * DAY_MS;
  return series
    .filter((one) => one.measurements[0] !== undefined && isLaboratory(one.measurements[0].fact))
    .flatMap((one) => trendOf(one.measurements.filter((measurement) => Date.parse(measurement.at) >= since)) ?? [])
    .sort(
      (one, other) =>
        Number(isAbnormal(other.to)) - Number(isAbnormal(one.to)) ||
        compare(other.to.at, one.to.at) ||
        compare(conceptKey(one.to.concept), conceptKey(other.to.concept)),
    )
    .map((trend) => ({ section, claims: [trend.claim], cites: trend.all.map(cite) }));
}

/** A result as a claim; `latest` says that nothing later of the concept stands. */
function resultClaim(measurement: Measurement, chart: Chart, latest: boolean): Claim {
  const replaced = measurement.certainty === 'corrected' ? replacedValue(measurement, chart) : undefined;
  return {
    kind: 'result',
    concept: measurement.concept,
    value: measurement.quantity ?? { text: measurement.text! },
    on: measurement.on,
    ...(measurement.flag && measurement.flag !== 'normal' ? { flag: measurement.flag } : {}),
    ...(measurement.range ? { range: measurement.range } : {}),
    ...(measurement.certainty && measurement.certainty !== 'final' ? { certainty: measurement.certainty } : {}),
    ...(replaced ? { correctedFrom: replaced } : {}),
    ...(latest ? { latest: true } : {}),
  };
}

/** What a reader takes for one concept: a code, or a name. */
function namesOf(measurement: Measurement): string[] {
  return [conceptKey(measurement.concept), measurement.concept.name.toLowerCase()];
}

function isMeasured(fact: Fact): boolean {
  return fact.type === 'Observation' && isOf(fact, ['laboratory', 'vital-signs']);
}

function isLaboratory(fact: Fact): boolean {
  return isOf(fact, ['laboratory']);
}

/** A fact may stand in several categories, in any order; one without any is not left out. */
function isOf(fact: Fact, wanted: readonly string[]): boolean {
  const categories = atomsOf(fact, 'category').map((atom) => atom.text);
  return categories.length === 0 || categories.some((category) => wanted.includes(category));
}

function replacedValue(measurement: Measurement, chart: Chart): { value: string; unit?: string } | undefined {
  const before = chart.superseded
    .filter((fact) => fact.id === measurement.fact.id && fact.version < measurement.fact.version)
    .sort((one, other) => other.version - one.version);
  const value = before[0] && textOf(before[0], 'value', measurement.component);
  const unit = before[0] && textOf(before[0], 'unit', measurement.component);
  return value === undefined || value === measurement.quantity?.value ? undefined : { value, ...(unit ? { unit } : {}) };
}

type Trend = { claim: Claim; to: Measurement; all: Measurement[] };

function trendOf(newest: readonly Measurement[]): Trend | undefined {
  const numeric = newest.filter((measurement) => measurement.quantity && !measurement.quantity.comparator);
  const days = numeric.filter((measurement, index) => index === 0 || measurement.on !== numeric[index - 1]!.on);
  if (days.length !== numeric.length || days.length < TREND_POINTS || numeric.length !== newest.length) return undefined;
  if (new Set(days.map((measurement) => measurement.quantity?.unit)).size !== 1) return undefined;
  const values = days.map((measurement) => Number(measurement.quantity?.value)).reverse();
  const steps = values.slice(1).map((value, index) => Math.sign(value - values[index]!));
  const direction = steps.every((step) => step > 0) ? 'rose' : steps.every((step) => step < 0) ? 'fell' : undefined;
  if (!direction) return undefined;
  const to = days[0]!;
  const from = days.at(-1)!;
  return {
    to,
    all: [...days],
    claim: { kind: 'trend', concept: to.concept, direction, from: from.quantity!, fromOn: from.on, to: to.quantity!, toOn: to.on },
  };
}

function cite(measurement: Measurement): { fact: string; version: number } {
  return { fact: measurement.fact.id, version: measurement.fact.version };
}
