import type { Claim } from '../../core/claim.ts';
import type { Chart, Fact } from '../../core/fact.ts';
import { atomsOf, textOf } from '../../core/fact.ts';
import type { DraftSentence } from '../../core/pack.ts';
import { compare, conceptKey, newestFirst, type Reading, readingsOf } from './readings.ts';

const ABNORMAL = new Set(['high', 'low', 'critically high', 'critically low', 'abnormal']);
/** FHIR R4 v3-ObservationInterpretation, which takes in HL7 v2 table 0078: positive, detected, reactive, weakly reactive. */
const POSITIVE = new Set(['POS', 'DET', 'RR', 'WR']);
/** A trend is named from three results on, since two points are a difference, and within two years. Our own choice: README.md, *Evidence*. */
const TREND_POINTS = 3;
const TREND_WINDOW_DAYS = 730;
const DAY_MS = 86_400_000;

/** Results of one concept up to now, newest first, and those that the chart dates after now. */
export type ResultSeries = { readings: Reading[]; ahead: Reading[] };

/**
 * Numeric and coded results of each concept that a laboratory or a vital sign reports. A series holds every result of its code or name, whatever its
 * category, because "the latest on record" is a claim about all of them; what is only a survey answer makes no series.
 */
export function seriesOf(chart: Chart): ResultSeries[] {
  const series = new Map<string, Reading[]>();
  for (const reading of chart.facts.flatMap((fact) => readingsOf(fact))) {
    const names = namesOf(reading);
    const [list = [], ...others] = new Set(names.flatMap((name) => (series.has(name) ? [series.get(name)!] : [])));
    list.push(reading, ...others.flat());
    for (const name of [...names, ...others.flat().flatMap(namesOf)]) series.set(name, list);
  }
  return [...new Set(series.values())]
    .filter((list) => list.some((reading) => isMeasured(reading.fact)))
    .map((list) => {
      const ahead = list.filter((reading) => Date.parse(reading.at) > Date.parse(chart.asOf));
      return { readings: list.filter((reading) => !ahead.includes(reading)).sort(newestFirst), ahead };
    });
}

/** Results that the chart dates after now: a mistake of somebody's, shown by number and claimed from by nobody. */
export function resultsAhead(series: readonly ResultSeries[]): number {
  return new Set(series.flatMap((one) => one.ahead.map((reading) => reading.fact.id))).size;
}

/** The latest result of each concept where the source's flag or range calls it abnormal, most recent first. */
export function abnormalResults(series: readonly ResultSeries[], chart: Chart, section: string, sinceDate: string): DraftSentence[] {
  return latestOf(series, sinceDate)
    .filter(({ reading }) => isAbnormal(reading))
    .sort((one, other) => newestFirst(one.reading, other.reading))
    .map(({ reading, alone }) => ({ section, claims: [resultClaim(reading, chart, alone)], cites: [cite(reading)] }));
}

/** The latest result of each concept that its source calls positive, detected or reactive without calling it abnormal: a culture, a virus. */
export function positiveResults(series: readonly ResultSeries[], chart: Chart, section: string, sinceDate: string): DraftSentence[] {
  return latestOf(series, sinceDate)
    .filter(({ reading }) => reading.flag === undefined && POSITIVE.has(textOf(reading.fact, 'flag', reading.component) ?? ''))
    .sort((one, other) => newestFirst(one.reading, other.reading))
    .map(({ reading, alone }) => ({ section, claims: [resultClaim(reading, chart, alone)], cites: [cite(reading)] }));
}

function isAbnormal(reading: Reading): boolean {
  return ABNORMAL.has(reading.flag ?? '');
}

/** What stands at the latest instant of each series; where results that differ stand there, none of them is alone the latest. */
function latestOf(series: readonly ResultSeries[], sinceDate: string): { reading: Reading; alone: boolean }[] {
  return series.flatMap(({ readings, ahead }) => {
    const newest = readings.filter(({ at }) => Date.parse(at) === Date.parse(readings[0]!.at));
    const differing = newest.filter((reading, index) => newest.findIndex((other) => sameValue(reading, other)) === index);
    return differing
      .filter((reading) => reading.on >= sinceDate)
      .map((reading) => ({ reading, alone: differing.length === 1 && ahead.length === 0 }));
  });
}

function sameValue(one: Reading, other: Reading): boolean {
  return one.text === other.text && one.quantity?.value === other.quantity?.value && one.quantity?.unit === other.quantity?.unit;
}

/** Concepts whose results moved one way over the last two years, with no step back: those that are abnormal now first. */
export function trends(series: readonly ResultSeries[], chart: Chart, section: string): DraftSentence[] {
  const since = Date.parse(chart.asOf) - TREND_WINDOW_DAYS * DAY_MS;
  return series
    .filter((one) => one.readings[0] !== undefined && isLaboratory(one.readings[0].fact))
    .flatMap((one) => trendOf(one.readings.filter((reading) => Date.parse(reading.at) >= since)) ?? [])
    .sort(
      (one, other) =>
        Number(isAbnormal(other.to)) - Number(isAbnormal(one.to)) ||
        compare(other.to.at, one.to.at) ||
        compare(conceptKey(one.to.concept), conceptKey(other.to.concept)),
    )
    .map((trend) => ({ section, claims: [trend.claim], cites: trend.all.map(cite) }));
}

/** A result as a claim; `latest` says that nothing later of the concept stands. */
export function resultClaim(reading: Reading, chart: Chart, latest: boolean): Claim {
  const replaced = reading.certainty === 'corrected' ? replacedValue(reading, chart) : undefined;
  return {
    kind: 'result',
    concept: reading.concept,
    value: reading.quantity ?? { text: reading.text! },
    on: reading.on,
    ...(reading.flag && reading.flag !== 'normal' ? { flag: reading.flag } : {}),
    ...(reading.range ? { range: reading.range } : {}),
    ...(reading.certainty && reading.certainty !== 'final' ? { certainty: reading.certainty } : {}),
    ...(replaced ? { correctedFrom: replaced } : {}),
    ...(latest ? { latest: true } : {}),
  };
}

/** What a reader takes for one concept: a code, or a name. */
function namesOf(reading: Reading): string[] {
  return [conceptKey(reading.concept), reading.concept.name.toLowerCase()];
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

function replacedValue(reading: Reading, chart: Chart): { value: string; unit?: string } | undefined {
  const before = chart.superseded
    .filter((fact) => fact.id === reading.fact.id && fact.version < reading.fact.version)
    .sort((one, other) => other.version - one.version);
  const value = before[0] && textOf(before[0], 'value', reading.component);
  const unit = before[0] && textOf(before[0], 'unit', reading.component);
  return value === undefined || value === reading.quantity?.value ? undefined : { value, ...(unit ? { unit } : {}) };
}

type Trend = { claim: Claim; to: Reading; all: Reading[] };

function trendOf(newest: readonly Reading[]): Trend | undefined {
  const numeric = newest.filter((reading) => reading.quantity && !reading.quantity.comparator);
  const days = numeric.filter((reading, index) => index === 0 || reading.on !== numeric[index - 1]!.on);
  if (days.length !== numeric.length || days.length < TREND_POINTS || numeric.length !== newest.length) return undefined;
  if (new Set(days.map((reading) => reading.quantity?.unit)).size !== 1) return undefined;
  const values = days.map((reading) => Number(reading.quantity?.value)).reverse();
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

function cite(reading: Reading): { fact: string; version: number } {
  return { fact: reading.fact.id, version: reading.fact.version };
}
