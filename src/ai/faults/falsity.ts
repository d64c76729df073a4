import type { Claim, ClaimOf, Quantity } from '../../core/claim.ts';
import { at, text } from './raw.ts';
import { type ChartTruth, isPlanted, mayBeSame } from './truth.ts';

/**
 * Whether a claim is surely false of the raw chart. Careful on purpose: a mutation that might happen to be true elsewhere in the chart
 * (the same value of something of a like name that day, another order of that dose) is no fault and is thrown away.
 */
export function surelyFalse(claim: Claim, truth: ChartTruth): boolean {
  switch (claim.kind) {
    case 'result':
      return resultFalse(claim, truth);
    case 'trend':
      return trendFalse(claim, truth);
    case 'medication':
      return !truth.orders.some(
        (order) => TYPES[claim.modality].includes(order.type) && named(claim.drug.name, order.names) && fits(claim, order),
      );
    case 'dose-change':
      return !truth.truths.some(
        (one) =>
          one.claim.kind === 'dose-change' &&
          named(claim.drug.name, one.names) &&
          one.claim.on === claim.on &&
          one.claim.from.value === claim.from.value &&
          one.claim.to.value === claim.to.value,
      );
    case 'problem':
      return problemFalse(claim, truth);
    case 'family':
      return !truth.truths.some(
        (one) => one.claim.kind === 'family' && named(claim.condition.name, one.names) && one.claim.relative === claim.relative,
      );
    case 'allergy':
      return !truth.raw.resources.some(
        (raw) =>
          raw['resourceType'] === 'AllergyIntolerance' &&
          named(claim.substance.name, allNames(raw['code'])) &&
          (claim.reaction === undefined || reactionOf(raw) === claim.reaction) &&
          dateFits(claim.recordedOn, text(raw, 'recordedDate')),
      );
    case 'no-known-allergy':
      return !truth.raw.resources.some(
        (raw) => raw['resourceType'] === 'AllergyIntolerance' && allNames(raw['code']).some((name) => /^no known/i.test(name)),
      );
    case 'encounter':
      return !truth.truths.some(
        (one) =>
          one.claim.kind === 'encounter' &&
          one.claim.on === claim.on &&
          one.claim.setting === claim.setting &&
          (claim.reason === undefined || named(claim.reason.name, one.names)) &&
          (claim.until === undefined || one.claim.until === claim.until),
      );
    case 'procedure':
      return (
        !truth.truths.some(
          (one) =>
            one.claim.kind === 'procedure' &&
            named(claim.concept.name, one.names) &&
            one.claim.modality === claim.modality &&
            (claim.on === undefined || one.claim.on === claim.on) &&
            (claim.laterality === undefined || one.claim.laterality === claim.laterality),
        ) && reportFalse(claim, truth)
      );
    case 'immunization':
      return !truth.truths.some(
        (one) => one.claim.kind === 'immunization' && named(claim.vaccine.name, one.names) && one.claim.on === claim.on,
      );
    case 'pending':
      return !truth.truths.some(
        (one) => one.claim.kind === 'pending' && named(claim.concept.name, one.names) && one.claim.orderedOn === claim.orderedOn,
      );
    case 'absence':
      return absenceFalse(claim, truth);
    case 'count':
      return countFalse(claim, truth);
    default:
      return false;
  }
}

const TYPES: Record<ClaimOf<'medication'>['modality'], string[]> = {
  prescribed: ['MedicationRequest'],
  filled: ['MedicationDispense'],
  taking: ['MedicationStatement'],
  stopped: ['MedicationRequest', 'MedicationStatement'],
  administered: ['MedicationAdministration'],
};

function fits(claim: ClaimOf<'medication'>, order: ChartTruth['orders'][number]): boolean {
  if (claim.modality === 'stopped' && order.status !== 'stopped') return false;
  if (claim.on !== undefined && claim.modality !== 'stopped' && claim.on !== order.on) return false;
  if (
    claim.dose !== undefined &&
    order.dose !== undefined &&
    (Number(claim.dose.value) !== Number(order.dose.value) || claim.dose.unit !== order.dose.unit)
  )
    return false;
  if (claim.frequency !== undefined && order.frequency !== undefined && claim.frequency !== order.frequency) return false;
  return claim.route === undefined || order.route === undefined || claim.route === order.route;
}

function resultFalse(claim: ClaimOf<'result'>, truth: ChartTruth): boolean {
  const like = truth.results.filter((one) => named(claim.concept.name, one.names) && one.status !== 'entered-in-error');
  if (claim.correctedFrom !== undefined) return true;
  if (claim.latest === true) return like.some((one) => one.on > claim.on);
  return !like.some((one) => {
    if (one.on !== claim.on || (claim.flag !== undefined && one.flag !== undefined && FLAGS[claim.flag] !== one.flag)) return false;
    if (
      claim.range !== undefined &&
      one.low !== undefined &&
      (Number(claim.range.low) !== Number(one.low) || Number(claim.range.high) !== Number(one.high))
    )
      return false;
    if ('text' in claim.value) return mayBeSame(claim.value.text, one.textValue ?? '');
    return one.value !== undefined && (claim.value.unit === undefined || claim.value.unit === one.unit) && near(claim.value, one.value);
  });
}

/** "Latest potassium 4.2" names no day: it may be true of whatever is last in this chart. */
export function mayBeLatest(claim: Claim, truth: ChartTruth): boolean {
  if (claim.kind !== 'result' || claim.latest !== true) return false;
  const like = truth.results.filter((one) => named(claim.concept.name, one.names) && one.status !== 'entered-in-error');
  const last = like
    .map((one) => one.on)
    .sort()
    .at(-1);
  return like.some((one) => one.on === last && ('text' in claim.value || one.value === undefined || near(claim.value, one.value)));
}

const FLAGS: Record<string, string> = { high: 'H', low: 'L', 'critically high': 'HH', 'critically low': 'LL', normal: 'N', abnormal: 'A' };

function trendFalse(claim: ClaimOf<'trend'>, truth: ChartTruth): boolean {
  const like = truth.results.filter((one) => named(claim.concept.name, one.names));
  const first = like.find((one) => one.on === claim.fromOn && one.value !== undefined && near(claim.from, one.value));
  const last = like.find((one) => one.on === claim.toOn && one.value !== undefined && near(claim.to, one.value));
  if (first === undefined || last === undefined) return true;
  const direction = last.value! > first.value! ? 'rose' : last.value! < first.value! ? 'fell' : 'unchanged';
  return direction !== claim.direction;
}

function problemFalse(claim: ClaimOf<'problem'>, truth: ChartTruth): boolean {
  return !truth.truths.some(
    (one) =>
      one.claim.kind === 'problem' &&
      named(claim.concept.name, one.names) &&
      one.claim.state === claim.state &&
      dateFits(claim.since, one.claim.since) &&
      dateFits(claim.until, one.claim.until) &&
      (claim.laterality === undefined || one.claim.laterality === undefined || one.claim.laterality === claim.laterality),
  );
}

/** A report of the same name that day would make "performed" arguable. */
function reportFalse(claim: ClaimOf<'procedure'>, truth: ChartTruth): boolean {
  return !truth.raw.resources.some(
    (raw) => ['DiagnosticReport', 'ImagingStudy'].includes(String(raw['resourceType'])) && named(claim.concept.name, allNames(raw['code'])),
  );
}

function absenceFalse(claim: ClaimOf<'absence'>, truth: ChartTruth): boolean {
  const kinds: Partial<Record<ClaimOf<'absence'>['of'], Claim['kind'][]>> = {
    allergies: ['allergy'],
    medications: ['medication'],
    problems: ['problem'],
    results: ['result'],
    result: ['result'],
    visits: ['encounter'],
    procedure: ['procedure'],
    immunization: ['immunization'],
  };
  return truth.truths.some((one) => {
    if (!kinds[claim.of]?.includes(one.claim.kind)) return false;
    const exact = claim.concept === undefined || one.names.some((name) => name.toLowerCase().includes(claim.concept!.name.toLowerCase()));
    const on = 'on' in one.claim ? one.claim.on : 'since' in one.claim ? one.claim.since : undefined;
    return exact && (claim.since === undefined || (on !== undefined && on > claim.since));
  });
}

/** Counted again over the raw visits; one on the very day may count or not, so both numbers are spared. */
function countFalse(claim: ClaimOf<'count'>, truth: ChartTruth): boolean {
  const wanted = { visits: /./, results: /$^/, 'emergency visits': /^EMER$/, admissions: /^IMP$/ }[claim.of];
  const starts = truth.raw.resources.flatMap((raw) =>
    raw['resourceType'] === 'Encounter' && raw['status'] === 'finished' && !isPlanted(raw) && wanted.test(text(raw, 'class', 'code') ?? '')
      ? [text(raw, 'period', 'start')?.slice(0, 10) ?? '']
      : [],
  );
  const [from, after] = [starts.filter((day) => day >= claim.since).length, starts.filter((day) => day > claim.since).length];
  return claim.of !== 'results' && claim.number !== from && claim.number !== after;
}

/** Within what rounding could explain, and a little more. */
function near(claimed: Quantity, value: number): boolean {
  const number = Number(claimed.value);
  const places = claimed.value.split('.')[1]?.length ?? 0;
  return Math.abs(number - value) <= Math.max(0.6 * 10 ** -places, 0.006 * Math.abs(value));
}

function named(name: string, names: string[]): boolean {
  return names.some((other) => mayBeSame(name, other));
}

function dateFits(claimed: string | undefined, charted: string | undefined): boolean {
  return claimed === undefined || charted === undefined || charted.startsWith(claimed) || claimed.startsWith(charted);
}

function allNames(concept: unknown): string[] {
  const names = [text(concept, 'text')];
  for (let i = 0; text(concept, 'coding', i, 'code') !== undefined || text(concept, 'coding', i, 'display') !== undefined; i++)
    names.push(text(concept, 'coding', i, 'display'));
  return names.filter((name) => name !== undefined) as string[];
}

function reactionOf(raw: unknown): string | undefined {
  const manifestation = at(raw, 'reaction', 0, 'manifestation', 0);
  return text(manifestation, 'text') ?? text(manifestation, 'coding', 0, 'display');
}
