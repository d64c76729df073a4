/** Numbers that look random and are the same for the same seed on every machine. */
export type Random = { next(): number; below(limit: number): number; pick<T>(items: readonly T[]): T; chance(share: number): boolean };

/** A generator seeded by a text (FNV-1a into mulberry32, both in the public domain). */
export function randomFrom(seed: string): Random {
  let hash = 0x811c9dc5;
  for (const unit of seed) hash = Math.imul(hash ^ unit.codePointAt(0)!, 0x01000193);
  let state = hash >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    next,
    below,
    pick(items) {
      if (items.length === 0) throw new Error('nothing to pick from');
      return items[below(items.length)]!;
    },
    chance: (share) => next() < share,
  };
}
