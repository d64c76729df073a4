import { UcumLhcUtils } from '@lhncbc/ucum-lhc';
import { compareDecimals, sameDecimal, shiftDecimal, significantDigits } from './decimal.ts';
import { ambiguous, synonyms } from './synonyms.ts';

const ucum = UcumLhcUtils.getInstance();
const read = new Map<string, { ucum: string } | undefined>();
const factors = new Map<string, number | undefined>();
/** A feed of nonsense units must not fill the memory. */
const MAX_CACHED = 10_000;

/** The UCUM unit a written unit means: a synonym that laboratories use, else UCUM itself. Undefined for unknown and ambiguous ones: never guessed. */
export function readUnit(text: string): { ucum: string } | undefined {
  const known = read.get(text);
  if (known || read.has(text)) return known;
  const unit = readFresh(text);
  if (read.size < MAX_CACHED) read.set(text, unit);
  return unit;
}

/**
 * A value in another UCUM unit, as decimal text. Between mass and substance it needs the molar mass in g/mol.
 * Powers of ten are exact; other factors keep the written number of significant digits, at least three. Refuses (undefined) what does not fit.
 */
export function convert(valueText: string, fromUcum: string, toUcum: string, molarMass?: number): string | undefined {
  if (compareDecimals(valueText, '0') === undefined) return undefined;
  if (fromUcum === toUcum) return valueText;
  const power = molarMass === undefined ? powerOfTen(fromUcum, toUcum) : undefined;
  if (power !== undefined) return shiftDecimal(valueText, power);
  const result = ucum.convertUnitTo(fromUcum, Number(valueText), toUcum, { molecularWeight: molarMass ?? null });
  if (result.status !== 'succeeded' || result.toVal === null || !Number.isFinite(result.toVal)) return undefined;
  const digits = Math.min(Math.max(significantDigits(valueText), 3), 15);
  return plain(Number(result.toVal.toPrecision(digits)));
}

/** A number and its unit as written. */
export type WrittenQuantity = { value: string; unit?: string | undefined; comparator?: string | undefined };

/**
 * True where both say the same: 1.10 mg/dl is 1.1 mg/dL, 5 ng/mL is 5 ug/L, 1 g is 1000 mg. Compared as decimals, never as floats.
 * One with a unit and one without are never the same; nor are < 5 and 5.
 */
export function sameQuantity(a: WrittenQuantity, b: WrittenQuantity): boolean {
  if ((a.comparator ?? '') !== (b.comparator ?? '')) return false;
  if (a.unit === b.unit) return sameDecimal(a.value, b.value);
  if (a.unit === undefined || b.unit === undefined) return false;
  const [one, other] = [readUnit(a.unit), readUnit(b.unit)];
  if (!one || !other) return false;
  if (one.ucum === other.ucum) return sameDecimal(a.value, b.value);
  const power = powerOfTen(one.ucum, other.ucum);
  const shifted = power === undefined ? undefined : shiftDecimal(a.value, power);
  return shifted !== undefined && sameDecimal(shifted, b.value);
}

/** True where two written units are one unit: mg/dl and mg/dL, K/uL and 10*3/uL; also ng/mL and ug/L, which are the same size. */
export function sameUnit(a: string, b: string): boolean {
  return sameQuantity({ value: '1', unit: a }, { value: '1', unit: b });
}

function readFresh(text: string): { ucum: string } | undefined {
  const plain = text.trim().replaceAll(/[µμ]/g, 'u');
  const written = plain.replaceAll(/\s+/g, '_');
  if (written === '' || ambiguous.has(written)) return undefined;
  const synonym = synonyms.get(written) ?? synonyms.get(written.replaceAll('_', ''));
  if (synonym !== undefined) return { ucum: synonym };
  // The library forgives blanks and some misspellings with a message, UCUM does not; on a bar inside braces it prints and fails.
  if (plain.length > 64 || /[^\x21-\x7b\x7d\x7e]/.test(plain)) return undefined;
  const answer = ucum.validateUnitString(plain);
  return answer.status === 'valid' && answer.ucumCode === plain ? { ucum: plain } : undefined;
}

/** n where one unit is 10^n of the other; undefined for any other factor, other dimensions and scales with an offset. */
function powerOfTen(from: string, to: string): number | undefined {
  const key = `${from} ${to}`;
  if (factors.has(key)) return factors.get(key);
  const power = powerFresh(from, to);
  if (factors.size < MAX_CACHED) factors.set(key, power);
  return power;
}

function powerFresh(from: string, to: string): number | undefined {
  if (!comparable(from, to)) return undefined;
  // The library converts no arbitrary unit at all; where both have the same one, grams in its place give the same factor.
  const [source, target] = [from.replace(ARBITRARY, 'g'), to.replace(ARBITRARY, 'g')];
  const [zero, one] = [ucum.convertUnitTo(source, 0, target), ucum.convertUnitTo(source, 1, target)];
  if (zero.status !== 'succeeded' || one.status !== 'succeeded' || zero.toVal !== 0 || !one.toVal) return undefined;
  const power = Math.round(Math.log10(one.toVal));
  return Math.abs(one.toVal / 10 ** power - 1) < 1e-9 ? power : undefined;
}

/**
 * UCUM counts whatever stands in braces, and most arbitrary units, as the number 1: by its arithmetic two tablets are two capsules.
 * Here a thing counted is only itself, and an arbitrary unit (UCUM §24: never commensurable with another) only the same one.
 */
function comparable(from: string, to: string): boolean {
  const [one, other] = [counted(from), counted(to)];
  const bare = (unit: string): boolean => /^(\{[^}]*\}|1)$/.test(unit);
  if ((bare(from) || bare(to)) && from !== to) return false;
  if (one.things !== '' && other.things !== '' && one.things !== other.things) return false;
  return one.arbitrary === other.arbitrary;
}

function counted(unit: string): { things: string; arbitrary: string } {
  return { things: (unit.match(/\{[^}]*\}/g) ?? []).join(''), arbitrary: (unit.match(ARBITRARY) ?? []).join('').toLowerCase() };
}

/** Units in brackets that are no customary measure of length, mass, volume, heat or pressure; and osmoles and equivalents, which UCUM sets to moles. */
const ARBITRARY = /\[(?!(?:in|ft|lb|oz|yd|mi|pt|qt|gal|cup|foz|tsp|tbs)_|deg|H2O\]|Hg\]|gr\])[^\]]*\]|osm|eq/g;

/** A float without an exponent. */
function plain(value: number): string {
  const text = String(value);
  return /e/i.test(text) ? (shiftDecimal(text, 0) ?? text) : text;
}
