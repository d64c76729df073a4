/** RFC 8785 (JCS) text of a value: one spelling for one value, so that its hash means something. Refuses whatever JSON cannot say exactly. */
export function canonicalJson(value: unknown): string {
  if (value === null || value === true || value === false) return String(value);
  if (typeof value === 'string') return canonicalString(value);
  if (typeof value === 'number') return canonicalNumber(value);
  if (Array.isArray(value)) return canonicalArray(value);
  if (typeof value === 'object') return canonicalObject(value);
  throw new TypeError(`canonical JSON has no ${typeof value}`);
}

// RFC 8785 §3.2.2.2 takes ECMAScript's own escapes; a lone surrogate has no UTF-8 bytes, so it is refused rather than escaped.
function canonicalString(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('canonical JSON has no lone surrogate');
  return JSON.stringify(text);
}

// RFC 8785 §3.2.2.3: ECMAScript number to string; minus zero is written 0.
function canonicalNumber(number: number): string {
  if (!Number.isFinite(number)) throw new TypeError('canonical JSON has no NaN or infinity');
  return number === 0 ? '0' : String(number);
}

function canonicalArray(items: readonly unknown[]): string {
  let text = '';
  for (let i = 0; i < items.length; i++) text += (i === 0 ? '' : ',') + canonicalJson(items[i]);
  return `[${text}]`;
}

// RFC 8785 §3.2.3: members by the UTF-16 code units of their names, which is what sort() without a comparator does.
function canonicalObject(object: object): string {
  const prototype = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError('canonical JSON takes plain objects only');
  const members = object as Record<string, unknown>;
  let text = '';
  for (const name of Object.keys(members).sort()) {
    text += `${text === '' ? '' : ','}${canonicalString(name)}:${canonicalJson(members[name])}`;
  }
  return `{${text}}`;
}
