/** A decimal text as digits and exponent: 1.10 is 110 × 10^-2. Exact; never through a float. */
type Decimal = { digits: bigint; exponent: number };

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

/** -1, 0 or 1 as the first decimal text is below, equal to or above the second (1.10 equals 1.1); undefined where one is no number. */
export function compareDecimals(a: string, b: string): -1 | 0 | 1 | undefined {
  const [one, other] = [parse(a), parse(b)];
  if (!one || !other) return undefined;
  const shift = Math.min(one.exponent, other.exponent);
  const left = one.digits * 10n ** BigInt(one.exponent - shift);
  const right = other.digits * 10n ** BigInt(other.exponent - shift);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** True where both are the same number, however many zeros were written. */
export function sameDecimal(a: string, b: string): boolean {
  return compareDecimals(a, b) === 0;
}

/** A decimal text times ten to a power, exact and without an exponent: shiftDecimal('1.10', 3) is 1100. Undefined where it is no number. */
export function shiftDecimal(text: string, power: number): string | undefined {
  const value = parse(text);
  if (!value) return undefined;
  const exponent = value.exponent + power;
  const digits = (value.digits < 0n ? -value.digits : value.digits).toString();
  const sign = value.digits < 0n ? '-' : '';
  if (exponent >= 0) return sign + digits + (digits === '0' ? '' : '0'.repeat(exponent));
  const padded = digits.padStart(1 - exponent, '0');
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}

/** Significant digits as written: 1.10 has three, 0.05 one, 1200 four. */
export function significantDigits(text: string): number {
  const found = DECIMAL.exec(text.trim());
  if (!found) return 0;
  return Math.max(`${found[2]}${found[3] ?? ''}`.replace(/^0+/, '').length, 1);
}

function parse(text: string): Decimal | undefined {
  const found = DECIMAL.exec(text.trim());
  if (!found) return undefined;
  const fraction = found[3] ?? '';
  const digits = BigInt(found[2]! + fraction);
  return { digits: found[1] === '-' ? -digits : digits, exponent: Number(found[4] ?? 0) - fraction.length };
}
