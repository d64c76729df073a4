import type { Quantity } from '../../core/claim.ts';
import { sameUnit } from '../../interop/units/units.ts';
import { readUnit, type Unit } from './unit.ts';

/** A quantity as a source wrote it. */
export type Charted = { value: string; unit?: string | undefined; comparator?: string | undefined };

/**
 * `same`, or what keeps a claimed quantity from being the charted one; `unclear` where it cannot be told (units that do not compare, a bound
 * that says less than the claim); `rounded` where the claim is the charted value with fewer digits, which no policy of ours calls the same.
 */
export type Comparison = 'same' | 'value' | 'unit' | 'unclear' | 'rounded';

/**
 * Compares a claimed quantity with a charted one, across units of one dimension ("1.2 g" is "1200 mg").
 * A claim may leave the unit out, and may round correctly within half a percent; it may not leave out a comparator.
 */
export function compareQuantities(claimed: Quantity, charted: Charted): Comparison {
  const [a, b] = [decimal(claimed.value), decimal(charted.value)];
  if (a === undefined || b === undefined) return claimed.value === charted.value && claimed.unit === charted.unit ? 'same' : 'value';
  const sign = sameComparator(claimed.comparator, charted.comparator);
  const number = sameNumber(claimed.value, charted.value);
  const other: Comparison = sign && isRounded(claimed.value, charted.value) ? 'rounded' : 'value';
  if (claimed.unit === undefined) return sign && number ? 'same' : inThousands(a, b, charted.unit) ? 'unclear' : other;
  if (charted.unit === undefined) return number ? 'unclear' : 'value';
  if (claimed.unit === charted.unit) return sign && number ? 'same' : other;
  const across = acrossUnits(claimed, charted, sign, number, [a, b]);
  return across === 'value' &&
    readUnit(claimed.unit)?.factor === readUnit(charted.unit)?.factor &&
    sameDimension(claimed.unit, charted.unit)
    ? other
    : across;
}

/**
 * A claimed bound ("> 5", "below 6") against a charted value or bound, in units of one dimension. A value within half a unit of the bound's last
 * digit is left unclear, for a rounded bound says nothing there; so is a bound without a unit where the charted unit is one of several usual
 * scales ("platelets below 50,000" beside 119 K/µL), unless it is the charted bound itself.
 */
export function compareBounds(claimed: Quantity & { comparator: string }, charted: Charted): Comparison {
  const bound = inBase({ ...claimed, unit: claimed.unit ?? charted.unit });
  const value = inBase(charted);
  if (bound === undefined || value === undefined) return 'value';
  if (bound.dimension !== value.dimension) return 'unclear';
  if (claimed.comparator === charted.comparator && bound.amount === value.amount) return 'same';
  if (claimed.unit === undefined && !hasOneScale(charted.unit)) return 'unclear';
  const above = claimed.comparator.startsWith('>');
  const [far, near] = [above ? value.amount > bound.amount : value.amount < bound.amount, value.amount === bound.amount];
  if (charted.comparator === undefined) {
    if (near) return claimed.comparator.endsWith('=') ? 'same' : 'value';
    const slack = (0.5 * 10 ** -decimals(claimed.value) * Math.abs(bound.amount)) / Math.max(Math.abs(Number(claimed.value)), 1e-12);
    const doubtful =
      decimals(claimed.value) < decimals(charted.value) && decimals(claimed.value) > 0 && Math.abs(value.amount - bound.amount) < slack;
    return doubtful ? 'unclear' : far ? 'same' : 'value';
  }
  // Of "<14" it is known that it is below 20, not that it is below 10; that it is above 14 is false.
  const alike = charted.comparator.startsWith('>') === above;
  if (alike) return far || (near && (claimed.comparator.endsWith('=') || !charted.comparator.endsWith('='))) ? 'same' : 'unclear';
  return far || (near && claimed.comparator.endsWith('=') && charted.comparator.endsWith('=')) ? 'unclear' : 'value';
}

/** Rates of the heart and of breath, scores, pH, body mass index and filtration rate are written in one scale only. */
const ONE_SCALE = new Set(['', '/time', 'score', 'ph', 'mass/area', 'volume/time/bsa']);

function hasOneScale(unit: string | undefined): boolean {
  return unit === undefined || unit === '{INR}' || ONE_SCALE.has(readUnit(unit)?.dimension ?? 'unknown');
}

/** A value in the base unit of its dimension, so that points of a trend can be ordered; undefined where units do not allow it. */
export function inBase(quantity: Charted): { amount: number; dimension: string } | undefined {
  const amount = decimal(quantity.value);
  if (amount === undefined) return undefined;
  if (quantity.unit === undefined) return { amount, dimension: '' };
  const unit = readUnit(quantity.unit);
  if (unit === undefined) return { amount, dimension: `?${quantity.unit}` };
  return { amount: amount * unit.factor + unit.offset, dimension: unit.dimension };
}

/** A quantity for a clinician's eye. */
export function saidQuantity(quantity: Charted): string {
  return `${quantity.comparator ?? ''}${quantity.value}${quantity.unit === undefined ? '' : ` ${quantity.unit}`}`;
}

function acrossUnits(claimed: Quantity, charted: Charted, sign: boolean, number: boolean, [a, b]: [number, number]): Comparison {
  const ours = readUnit(claimed.unit!);
  const theirs = readUnit(charted.unit!);
  if (ours === undefined || theirs === undefined) {
    // Rarer units than those of our table are left to UCUM, which knows equal ones but is slow.
    if (sameUnit(claimed.unit!, charted.unit!)) return sign && number ? 'same' : 'value';
    return number ? 'unclear' : 'value';
  }
  // A clearance per body surface is not one per person, and is near it.
  if (ours.dimension.replace('/bsa', '') === theirs.dimension.replace('/bsa', '') && ours.dimension !== theirs.dimension)
    return number ? 'unclear' : 'value';
  if (ours.dimension !== theirs.dimension) return number ? 'unit' : convertible(ours, theirs) ? 'unclear' : 'value';
  if (ours.factor === theirs.factor && ours.offset === theirs.offset) return sign && number ? 'same' : 'value';
  const [x, y] = [a * ours.factor + ours.offset, b * theirs.factor + theirs.offset];
  // Other units of one dimension: a conversion ends in a rounded number, so half a percent is allowed, as for rounding.
  if (sign && Math.abs(x - y) <= 0.005 * Math.abs(y)) return 'same';
  return number ? 'unit' : 'value';
}

/** Mass and amount of a substance convert by its molar mass, which is not known here; milliequivalents by its charge. */
function convertible(a: Unit, b: Unit): boolean {
  const loose = (unit: Unit) => unit.dimension.replace(/mass|amount|charge/, '*');
  return loose(a) === loose(b);
}

function sameComparator(a: string | undefined, b: string | undefined): boolean {
  return (a ?? '') === (b ?? '');
}

function sameNumber(claimed: string, charted: string): boolean {
  const [a, b] = [Number(claimed), Number(charted)];
  if (a === b) return true;
  const [digits, source] = [decimals(claimed), decimals(charted)];
  if (digits >= source || /e/i.test(claimed + charted)) return false;
  if (Math.abs(a - b) > 0.5 * 10 ** -digits * (1 + 1e-9)) return false;
  // Half a percent keeps "92.4" for 92.4183 and refuses "6" for 5.6 and "1.2" for 1.21. Values with more digits than any instrument
  // gives (13.222679568160471) come from a computation, and two significant digits say what such a one means.
  return Math.abs(a - b) <= 0.005 * Math.abs(b) || (significant(charted) > 6 && significant(claimed) >= 2);
}

/** "Platelets 174,000" beside 174 10*3/uL: a count without its unit is as a rule one in a microlitre. */
function inThousands(claimed: number, charted: number, unit: string | undefined): boolean {
  const read = unit === undefined ? undefined : readUnit(unit);
  return (
    read?.dimension === 'count/volume' && Math.abs(claimed * PER_MICROLITRE - charted * read.factor) <= 1e-9 * claimed * PER_MICROLITRE
  );
}

/** One in a microlitre, in the base of counts in a litre. */
const PER_MICROLITRE = 1e6;

/** Within half a unit of the last digit given, with fewer digits than the source gives. */
function isRounded(claimed: string, charted: string): boolean {
  const digits = decimals(claimed);
  if (digits >= decimals(charted) || /e/i.test(claimed + charted)) return false;
  return Math.abs(Number(claimed) - Number(charted)) <= 0.5 * 10 ** -digits * (1 + 1e-9);
}

function sameDimension(a: string, b: string): boolean {
  return readUnit(a) !== undefined && readUnit(a)?.dimension === readUnit(b)?.dimension;
}

function significant(text: string): number {
  return text.replace(/^[-+]/, '').replace('.', '').replace(/^0+/, '').length;
}

function decimals(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}

function decimal(text: string): number | undefined {
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text) ? Number(text) : undefined;
}
