/** A seeded source of chance. The same seed gives the same stream on every machine: integer arithmetic only, no transcendental functions. */
export type Random = {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer, both ends included. */
  int(low: number, high: number): number;
  /** Roughly normal (sum of twelve uniforms), so never further than 6 sd from the mean. */
  normal(mean: number, sd: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
};

/** Opens the stream that belongs to a seed text; different texts give unrelated streams. Generator: sfc32 seeded by splitmix32. */
export function randomFrom(seedText: string): Random {
  const seed = splitmix(hash(seedText));
  let a = seed();
  let b = seed();
  let c = seed();
  let counter = 1;
  function next(): number {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 4294967296;
  }
  for (let warm = 0; warm < 12; warm++) next();
  return {
    next,
    int: (low, high) => low + Math.floor(next() * (high - low + 1)),
    normal: (mean, sd) => {
      let sum = -6;
      for (let draw = 0; draw < 12; draw++) sum += next();
      return mean + sum * sd;
    },
    chance: (probability) => next() < probability,
    pick: (list) => {
      const item = list[Math.floor(next() * list.length)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
  };
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value ^= text.charCodeAt(index);
    value = Math.imul(value, 0x01000193);
  }
  return value >>> 0;
}

function splitmix(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) | 0;
  };
}
