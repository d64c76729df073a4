/** A surrogate without its other half, or U+0000. */
const NO_TEXT = /[\u0000]|\p{Surrogate}/u;

/** True for what is text: well-formed Unicode without U+0000. Anything else has no UTF-8 bytes to hash, or no place in a database. */
export function isText(value: string): boolean {
  return !NO_TEXT.test(value);
}

/** True where every text of a JSON value is text, names of members included. */
export function holdsTextOnly(value: unknown): boolean {
  if (typeof value === 'string') return isText(value);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(holdsTextOnly);
  return Object.entries(value).every(([name, member]) => isText(name) && holdsTextOnly(member));
}
