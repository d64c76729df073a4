/* Seeded damage: the same seed does the same to the same bytes. */

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** One to three kinds of damage done to a payload. */
export function mutate(bytes: Buffer, random: () => number): Buffer {
  let damaged = bytes;
  for (let times = 1 + Math.floor(random() * 3); times > 0; times -= 1) damaged = pick(DAMAGE, random)(damaged, random);
  return damaged;
}

export function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)]!;
}

type Damage = (bytes: Buffer, random: () => number) => Buffer;
const MEGABYTE = 1 << 20;
const SEPARATORS = Buffer.from('|^~\\&#*+?!\r\n"{}[],:');

const DAMAGE: readonly Damage[] = [
  function truncate(bytes, random) {
    return bytes.subarray(0, at(bytes, random));
  },
  function flip(bytes, random) {
    const copy = Buffer.from(bytes);
    for (let times = 1 + Math.floor(random() * 8); times > 0 && copy.length > 0; times -= 1)
      copy[at(copy, random)]! ^= 1 << Math.floor(random() * 8);
    return copy;
  },
  function nulls(bytes, random) {
    return splice(bytes, at(bytes, random), 0, Buffer.alloc(1 + Math.floor(random() * 20)));
  },
  function separators(bytes, random) {
    const noise = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 30) }, () => pick([...SEPARATORS], random)));
    return splice(bytes, at(bytes, random), 0, noise);
  },
  function delimitersMidway(bytes, random) {
    const half = at(bytes, random);
    const rest = bytes.subarray(half).toString('latin1').replaceAll('|', '#').replaceAll('^', '*');
    return Buffer.concat([bytes.subarray(0, half), Buffer.from(rest, 'latin1')]);
  },
  function giantField(bytes, random) {
    return splice(bytes, at(bytes, random), 0, Buffer.alloc(random() < 0.05 ? MEGABYTE : 20_000, 0x41));
  },
  function repeatPart(bytes, random) {
    const [one, other] = [at(bytes, random), at(bytes, random)].sort((a, b) => a - b) as [number, number];
    return Buffer.concat([bytes.subarray(0, other), bytes.subarray(one, other), bytes.subarray(one)]);
  },
  function dropPart(bytes, random) {
    return splice(bytes, at(bytes, random), Math.floor(random() * 60), Buffer.alloc(0));
  },
  function swapLines(bytes, random) {
    const lines = bytes.toString('latin1').split('\r');
    const [one, other] = [Math.floor(random() * lines.length), Math.floor(random() * lines.length)];
    [lines[one], lines[other]] = [lines[other]!, lines[one]!];
    return Buffer.from(lines.join('\r'), 'latin1');
  },
  function framing(bytes, random) {
    return splice(bytes, at(bytes, random), 0, Buffer.from(pick([[0x0b], [0x1c], [0x1c, 0x0d], [0x1c, 0x0d, 0x0b]], random)));
  },
  function charset(bytes, random) {
    return splice(
      bytes,
      at(bytes, random),
      0,
      Buffer.from(pick([[0xff], [0xc3], [0xef, 0xbb, 0xbf], [0xff, 0xfe], [0xf0, 0x9f, 0x98, 0x80]], random)),
    );
  },
  function nested(bytes, random) {
    const depth = Math.floor(random() * 3000);
    return Buffer.concat([
      Buffer.from('{"resourceType":"Bundle","type":"collection","entry":[{"resource":'.repeat(depth)),
      bytes,
      Buffer.from('}]}'.repeat(depth)),
    ]);
  },
];

function at(bytes: Buffer, random: () => number): number {
  return Math.floor(random() * bytes.length);
}

function splice(bytes: Buffer, start: number, drop: number, insert: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start + drop)]);
}
