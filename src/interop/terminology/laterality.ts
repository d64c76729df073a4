/** A side of the body. */
export type Laterality = 'left' | 'right' | 'bilateral';

const SNOMED = 'http://snomed.info/sct';

/** SNOMED CT qualifier values for sides: 7771000 Left, 24028007 Right, 51440002 Right and left. */
const sides: Record<string, Laterality> = { '7771000': 'left', '24028007': 'right', '51440002': 'bilateral' };

/** The side a code stands for; undefined for any other code or code system. */
export function lateralityOf(system: string | undefined, code: string): Laterality | undefined {
  return system === SNOMED && Object.hasOwn(sides, code) ? sides[code] : undefined;
}

/** The side that words say ("Left knee", "both eyes"); undefined when they say none, or left and right apart from each other. */
export function lateralityIn(words: string): Laterality | undefined {
  const left = /\bleft\b/i.test(words);
  const right = /\bright\b/i.test(words);
  if (/\b(bilateral(ly)?|both)\b/i.test(words) || (left && right && /\b(left and right|right and left)\b/i.test(words))) return 'bilateral';
  if (left === right) return undefined;
  return left ? 'left' : 'right';
}
