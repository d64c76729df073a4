import type { Claim, ClaimOf } from '../../core/claim.ts';
import { surelyFalse } from './falsity.ts';
import type { Random } from './random.ts';
import { type ChartTruth, mayBeSame, plainName, type Truth } from './truth.ts';

/** The ways in which a draft goes wrong, each seeded on its own. */
export const faultKinds = [
  'value', 'decimal-shift', 'unit', 'date', 'negation', 'drug', 'dose', 'route', 'frequency', 'laterality', 'modality', 'wrong-patient', 'stale-value', 'relative-history', 'list-item-swap', 'status',
  'trend-direction', 'flag', 'range', 'absence', 'superseded', 'entered-in-error', 'ordered-as-performed', 'concept', 'reaction', 'setting', 'reason', 'count', 'evidence',
  'heading-context', 'mixed-pair', 'planned-on-order-day', 'change-as-stop', 'visit-counted-twice',
] as const; // biome-ignore format: one list, read as a list
export type FaultKind = (typeof faultKinds)[number];

export type Donors = {
  drugs: string[];
  problems: string[];
  results: { name: string; unit: string | undefined }[];
  procedures: string[];
  vaccines: string[];
  others: Truth[];
};

const UNITS = ['mmol/L', 'mg/dL', 'g/dL', '%', 'kg', 'cm', 'ng/mL', 'U/L', 'pg/mL', 'mm[Hg]', 'g/L', 'umol/L'];
const FREQUENCIES = ['once daily', 'twice daily', 'three times daily', 'four times daily'];

/** A false claim made of a true one by one kind of mistake; undefined where this claim has no room for it or the outcome might be true. */
export function mutate(truth: Truth, kind: FaultKind, chart: ChartTruth, donors: Donors, random: Random): Claim | undefined {
  for (let attempt = 0; attempt < 4; attempt++) {
    const claim = MUTATIONS[kind]?.(truth.claim, truth, chart, donors, random);
    if (claim === undefined || JSON.stringify(claim) === JSON.stringify(truth.claim)) continue;
    // An older order of the drug that was stopped does not make its change a stop.
    if (kind === 'change-as-stop' || surelyFalse(claim, chart)) return claim;
  }
  return undefined;
}

type Mutation = (claim: Claim, truth: Truth, chart: ChartTruth, donors: Donors, random: Random) => Claim | undefined;

const MUTATIONS: Partial<Record<FaultKind, Mutation>> = {
  value: (claim, _truth, _chart, _donors, random) => inNumber(claim, random, (value) => otherDigit(value, random)),
  'decimal-shift': (claim, _truth, _chart, _donors, random) =>
    inNumber(claim, random, (value) => (Number(value) === 0 ? undefined : shifted(value, random.chance(0.5) ? 10 : 0.1))),
  unit: (claim, _truth, _chart, _donors, random) => {
    if (claim.kind === 'result' && !('text' in claim.value) && claim.value.unit !== undefined)
      return { ...claim, value: { ...claim.value, unit: otherUnit(claim.value.unit, random) } };
    if (claim.kind === 'trend' && claim.from.unit !== undefined) {
      const unit = otherUnit(claim.from.unit, random);
      return { ...claim, from: { ...claim.from, unit }, to: { ...claim.to, unit } };
    }
    if (claim.kind === 'medication' && claim.dose !== undefined && claim.dose.unit === 'mg')
      return { ...claim, dose: { ...claim.dose, unit: random.pick(['mcg', 'g']) } };
    return undefined;
  },
  date: (claim, _truth, _chart, _donors, random) => inDate(claim, (date) => otherDate(date, random)),
  drug: (claim, _truth, chart, donors, random) => {
    const pool = [
      ...donors.drugs,
      ...chart.orders.map((order) => order.names[0]!.replace(/^(?:\d+ (?:HR|ML) )?([A-Za-z]+)(?= \d).*/, '$1')),
    ];
    if (claim.kind !== 'medication' && claim.kind !== 'dose-change') return undefined;
    const name = random.pick(pool);
    return mayBeSame(name, claim.drug.name) ? undefined : { ...claim, drug: { name } };
  },
  dose: (claim, _truth, _chart, _donors, random) => {
    if (claim.kind === 'medication' && claim.dose !== undefined)
      return { ...claim, dose: { ...claim.dose, value: otherDose(claim.dose.value, random) } };
    if (claim.kind === 'dose-change')
      return random.chance(0.5)
        ? { ...claim, from: claim.to, to: claim.from }
        : { ...claim, from: { ...claim.from, value: otherDose(claim.from.value, random) } };
    return undefined;
  },
  route: (claim, _truth, _chart, _donors, random) =>
    claim.kind === 'medication' && claim.route !== undefined
      ? { ...claim, route: random.pick(['intravenously', 'topically', 'rectally', 'subcutaneously']) }
      : undefined,
  frequency: (claim, _truth, _chart, _donors, random) =>
    claim.kind === 'medication' && claim.frequency !== undefined
      ? { ...claim, frequency: random.pick(FREQUENCIES.filter((one) => one !== claim.frequency)) }
      : undefined,
  laterality: (claim) =>
    (claim.kind === 'problem' || claim.kind === 'procedure') && claim.laterality !== undefined
      ? { ...claim, laterality: claim.laterality === 'left' ? 'right' : 'left' }
      : undefined,
  modality: (claim, _truth, _chart, _donors, random) => {
    if (claim.kind === 'medication') {
      const modality = random.pick((['prescribed', 'filled', 'taking', 'administered'] as const).filter((one) => one !== claim.modality));
      // People say that a drug is taken without saying since when.
      const { on, ...rest } = claim;
      return { ...rest, modality, ...(modality === 'taking' || on === undefined ? {} : { on }) };
    }
    if (claim.kind === 'procedure')
      return { ...claim, modality: random.pick((['performed', 'planned', 'not done'] as const).filter((one) => one !== claim.modality)) };
    return undefined;
  },
  'wrong-patient': (_claim, _truth, _chart, donors, random) => (donors.others.length === 0 ? undefined : random.pick(donors.others).claim),
  'stale-value': (claim, _truth, chart) => {
    if (claim.kind === 'result' && !('text' in claim.value)) {
      const like = chart.results.filter(
        (one) =>
          one.names.some((name) => mayBeSame(name, claim.concept.name)) && one.status !== 'entered-in-error' && one.value !== undefined,
      );
      const own = chart.results.filter(
        (one) => one.names.some((name) => plainName(name) === claim.concept.name) && one.status !== 'entered-in-error',
      );
      const last =
        own
          .map((one) => one.on)
          .sort()
          .at(-1) ?? '';
      const value = Number(claim.value.value);
      const later = last > claim.on && like.every((one) => one.on !== last || Math.abs(one.value! - value) > 0.05 * Math.abs(value) + 0.01);
      return later ? { ...claim, latest: true } : undefined;
    }
    return undefined;
  },
  'relative-history': (claim, _truth, _chart, _donors, random) => {
    if (claim.kind === 'family') return { kind: 'problem', concept: claim.condition, state: 'active' };
    if (claim.kind === 'problem' && claim.state === 'active' && claim.laterality === undefined)
      return { kind: 'family', relative: random.pick(['mother', 'father', 'sister']), condition: claim.concept };
    return undefined;
  },
  'list-item-swap': swapWithNeighbour,
  status: (claim, _truth, _chart, _donors, random) => {
    if (claim.kind === 'problem') {
      const { until: _until, ...rest } = claim;
      return { ...rest, state: random.pick((['active', 'resolved', 'ruled out'] as const).filter((one) => one !== claim.state)) };
    }
    if (claim.kind === 'medication' && claim.modality === 'prescribed') return { ...claim, modality: 'stopped' };
    return undefined;
  },
  'trend-direction': (claim) =>
    claim.kind === 'trend' ? { ...claim, direction: claim.direction === 'rose' ? 'fell' : 'rose' } : undefined,
  flag: (claim, _truth, _chart, _donors, random) =>
    claim.kind === 'result' && claim.flag !== undefined
      ? {
          ...claim,
          flag: random.pick(
            claim.flag === 'normal'
              ? (['high', 'low', 'abnormal'] as const)
              : (['low', 'normal', 'critically low'] as const).filter((one) => one !== claim.flag),
          ),
        }
      : undefined,
  range: (claim) =>
    claim.kind === 'result' && claim.range?.low !== undefined && claim.range.high !== undefined
      ? { ...claim, range: { low: claim.range.low, high: String(Number((Number(claim.range.high) * 1.5).toPrecision(3))) } }
      : undefined,
  absence: (claim) => {
    switch (claim.kind) {
      case 'allergy':
        return { kind: 'no-known-allergy', about: { name: 'allergies' } };
      case 'result':
        return { kind: 'absence', of: 'result', concept: claim.concept };
      case 'immunization':
        return { kind: 'absence', of: 'immunization', concept: claim.vaccine };
      case 'procedure':
        return { kind: 'absence', of: 'procedure', concept: claim.concept };
      case 'problem':
        return claim.state === 'ruled out' ? undefined : { kind: 'absence', of: 'problems', concept: claim.concept };
      case 'medication':
        return { kind: 'absence', of: 'medications', concept: claim.drug };
      default:
        return undefined;
    }
  },
  'ordered-as-performed': (claim) =>
    claim.kind === 'pending' ? { kind: 'procedure', concept: claim.concept, modality: 'performed', on: claim.orderedOn } : undefined,
  'planned-on-order-day': (claim) =>
    claim.kind === 'pending' ? { kind: 'procedure', concept: claim.concept, modality: 'planned', on: claim.orderedOn } : undefined,
  'change-as-stop': (claim, truth, chart) =>
    claim.kind === 'dose-change' && chart.orders.some((one) => one.id === truth.fact && one.status === 'active')
      ? { kind: 'medication', drug: claim.drug, modality: 'stopped', on: claim.on }
      : undefined,
  'visit-counted-twice': (claim) => (claim.kind === 'count' ? { ...claim, number: claim.number + 1 } : undefined),
  concept: (claim, _truth, chart, donors, random) => inName(claim, chart, donors, random),
  reaction: (claim, _truth, _chart, _donors, random) =>
    claim.kind === 'allergy' && claim.reaction !== undefined
      ? { ...claim, reaction: random.pick(['Vomiting', 'Hypotension', 'Headache']) }
      : undefined,
  setting: (claim, _truth, _chart, _donors, random) =>
    claim.kind === 'encounter'
      ? { ...claim, setting: random.pick((['emergency', 'inpatient', 'outpatient'] as const).filter((one) => one !== claim.setting)) }
      : undefined,
  reason: (claim, _truth, _chart, donors, random) =>
    claim.kind === 'encounter' && claim.reason !== undefined ? { ...claim, reason: { name: random.pick(donors.problems) } } : undefined,
  count: (claim, _truth, _chart, _donors, random) =>
    claim.kind === 'count' ? { ...claim, number: claim.number + 1 + random.below(3) } : undefined,
};

/** Another item's value, date or dose beside this item's name, as when two lines of a list are mixed up. */
function swapWithNeighbour(claim: Claim, _truth: Truth, chart: ChartTruth, _donors: Donors, random: Random): Claim | undefined {
  const others = chart.truths.filter((one) => one.claim.kind === claim.kind && JSON.stringify(one.claim) !== JSON.stringify(claim));
  if (others.length === 0) return undefined;
  const other = random.pick(others).claim;
  if (claim.kind === 'result' && other.kind === 'result')
    return 'text' in claim.value !== 'text' in other.value ? undefined : { ...plainResult(claim), value: other.value };
  if (claim.kind === 'problem' && other.kind === 'problem')
    return claim.since === undefined || other.since === undefined || claim.state !== other.state
      ? undefined
      : { ...claim, since: other.since };
  if (claim.kind === 'medication' && other.kind === 'medication')
    return claim.dose === undefined || other.dose === undefined || claim.modality !== other.modality
      ? undefined
      : { ...claim, drug: other.drug };
  if (claim.kind === 'immunization' && other.kind === 'immunization') return { ...claim, vaccine: other.vaccine };
  if (claim.kind === 'procedure' && other.kind === 'procedure')
    return { kind: 'procedure', concept: other.concept, modality: claim.modality, ...(claim.on === undefined ? {} : { on: claim.on }) };
  return undefined;
}

function inName(claim: Claim, chart: ChartTruth, donors: Donors, random: Random): Claim | undefined {
  switch (claim.kind) {
    case 'result': {
      const unit = 'text' in claim.value ? undefined : claim.value.unit;
      const pool = [
        ...chart.results.filter((one) => one.unit === unit && one.value !== undefined).map((one) => one.names[0]!),
        ...donors.results.filter((one) => one.unit === unit).map((one) => one.name),
      ];
      const name = pool.length === 0 ? undefined : random.pick(pool).replace(/[\u200b-\u200d]/g, '');
      return name === undefined || 'text' in claim.value || mayBeSame(name, claim.concept.name)
        ? undefined
        : { ...plainResult(claim), concept: { name } };
    }
    case 'problem': {
      const name = random.pick(donors.problems);
      return { ...claim, concept: { name } };
    }
    case 'procedure':
      return donors.procedures.length === 0 ? undefined : { ...claim, concept: { name: random.pick(donors.procedures) } };
    case 'immunization':
      return donors.vaccines.length === 0 ? undefined : { ...claim, vaccine: { name: random.pick(donors.vaccines) } };
    case 'allergy':
      return { kind: 'allergy', substance: { name: random.pick(['Shellfish', 'Codeine', 'Latex', 'Penicillin', 'Peanut']) } };
    default:
      return undefined;
  }
}

function plainResult(claim: ClaimOf<'result'>): ClaimOf<'result'> {
  return { kind: 'result', concept: claim.concept, value: claim.value, on: claim.on };
}

function inNumber(claim: Claim, random: Random, change: (value: string) => string | undefined): Claim | undefined {
  const set = <T extends { value: string }>(quantity: T): T | undefined => {
    const value = change(quantity.value);
    return value === undefined ? undefined : { ...quantity, value };
  };
  if (claim.kind === 'result' && !('text' in claim.value)) {
    const value = set(claim.value);
    return value === undefined ? undefined : { ...claim, value };
  }
  if (claim.kind === 'trend') {
    const to = random.chance(0.5);
    const value = set(to ? claim.to : claim.from);
    return value === undefined ? undefined : to ? { ...claim, to: value } : { ...claim, from: value };
  }
  if (claim.kind === 'medication' && claim.dose !== undefined) {
    const value = set(claim.dose);
    return value === undefined ? undefined : { ...claim, dose: value };
  }
  return undefined;
}

function inDate(claim: Claim, change: (date: string) => string): Claim | undefined {
  switch (claim.kind) {
    case 'result':
    case 'immunization':
    case 'encounter':
    case 'dose-change':
      return claim.kind === 'encounter' && claim.until !== undefined
        ? { ...claim, until: change(claim.until) }
        : { ...claim, on: change(claim.on) };
    case 'medication':
    case 'procedure':
      return claim.on === undefined ? undefined : { ...claim, on: change(claim.on) };
    case 'trend':
      return { ...claim, toOn: change(claim.toOn) };
    case 'problem':
      return claim.since === undefined ? undefined : { ...claim, since: change(claim.since) };
    case 'allergy':
      return claim.recordedOn === undefined ? undefined : { ...claim, recordedOn: change(claim.recordedOn) };
    default:
      return undefined;
  }
}

function otherDigit(value: string, random: Random): string {
  const places = [...value].flatMap((character, i) => (/\d/.test(character) ? [i] : [])).slice(0, 3);
  const place = random.pick(places);
  const digit = Number(value[place]);
  const other = (digit + 1 + random.below(9)) % 10;
  const changed = value.slice(0, place) + String(other) + value.slice(place + 1);
  return /^0\d/.test(changed) ? changed.replace(/^0+(?=\d)/, '') : changed;
}

function shifted(value: string, by: number): string {
  return String(Number((Number(value) * by).toPrecision(15)));
}

function otherUnit(unit: string, random: Random): string {
  return random.pick(UNITS.filter((one) => one.replace(/[[\]]/g, '') !== unit.replace(/[[\]]/g, '')));
}

function otherDose(value: string, random: Random): string {
  return String(Number((Number(value) * random.pick([0.5, 2, 4, 1.5, 10])).toPrecision(6)));
}

function otherDate(date: string, random: Random): string {
  if (date.length < 10) return String(Number(date.slice(0, 4)) + (random.chance(0.5) ? 1 : -2)) + date.slice(4);
  const days = random.pick([-400, -365, -31, -7, -1, 1, 2, 10, 30, 366]);
  return new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10);
}
