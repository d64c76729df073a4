/** A share with its 95 % Wilson score interval (Wilson 1927), which stays within 0 and 1 and holds for small n. */
export type Proportion = { share: number; low: number; high: number; n: number };

const Z_95 = 1.959963984540054;

/** Undefined where nothing was counted: no share can be said of none. Refuses nothing else; a part larger than its whole is the caller's fault. */
export function proportion(part: number, whole: number): Proportion | undefined {
  if (whole <= 0 || part < 0 || part > whole) return undefined;
  const share = part / whole;
  const z2 = Z_95 ** 2;
  const middle = (share + z2 / (2 * whole)) / (1 + z2 / whole);
  const half = (Z_95 * Math.sqrt((share * (1 - share)) / whole + z2 / (4 * whole ** 2))) / (1 + z2 / whole);
  return { share, low: Math.max(middle - half, 0), high: Math.min(middle + half, 1), n: whole };
}

export function percentText(share: number): string {
  return `${Math.round(share * 100)} %`;
}
