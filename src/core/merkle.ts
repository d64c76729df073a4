/** SHA-256 of some bytes. Passed in, so that a server and a web page check the same proof with the same code. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** A complete subtree: level 0 is a leaf hash, `index` counts subtrees of that level from the left. */
export type NodeId = { level: number; index: number };

/** The complete subtrees of a tree of `size` leaves, `nodes[level]` where bit `level` of size is set. All an append needs to know. */
export type Frontier = { size: number; nodes: (Uint8Array | undefined)[] };

/** Half-open range of leaves. */
type Range = { start: number; end: number };

/** RFC 6962 §2.1: the hash of one entry, SHA-256(0x00 || entry). */
export function leafHash(sha256: Sha256, entry: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(entry.length + 1);
  bytes.set(entry, 1);
  return sha256(bytes);
}

/** RFC 6962 §2.1: the hash of two subtrees, SHA-256(0x01 || left || right). Both must be 32 bytes, or the join would be ambiguous. */
export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== 32 || right.length !== 32) throw new TypeError('a Merkle node joins two hashes of 32 bytes');
  pair.set(left, 1);
  pair.set(right, 33);
  return sha256(pair);
}

/** RFC 6962 §2.1: the root over leaf hashes in order; of none, the hash of the empty string. */
export function merkleRoot(sha256: Sha256, leaves: readonly Uint8Array[]): Uint8Array {
  const frontier = emptyFrontier();
  for (const leaf of leaves) appendLeaf(sha256, frontier, leaf);
  return frontierRoot(sha256, frontier);
}

/** The frontier of the empty tree. */
export function emptyFrontier(): Frontier {
  return { size: 0, nodes: [] };
}

/** Adds one leaf hash in place; `onNode` sees the leaf and each subtree it completes, lowest first. */
export function appendLeaf(
  sha256: Sha256,
  frontier: Frontier,
  leaf: Uint8Array,
  onNode?: (level: number, index: number, hash: Uint8Array) => void,
): void {
  let level = 0;
  let index = frontier.size;
  let hash = leaf;
  onNode?.(level, index, hash);
  while (index % 2 === 1) {
    hash = nodeHash(sha256, frontier.nodes[level]!, hash);
    frontier.nodes[level] = undefined;
    level += 1;
    index = (index - 1) / 2;
    onNode?.(level, index, hash);
  }
  frontier.nodes[level] = hash;
  frontier.size += 1;
}

/** The root of the tree a frontier stands for. */
export function frontierRoot(sha256: Sha256, frontier: Frontier): Uint8Array {
  let root: Uint8Array | undefined;
  for (const node of frontier.nodes) {
    if (node !== undefined) root = root === undefined ? node : nodeHash(sha256, node, root);
  }
  return root ?? sha256(new Uint8Array(0));
}

/** Inclusion proof (RFC 6962 §2.1.1) of leaf `index` in the tree of `size`; `read` gives any complete subtree of that tree. */
export function inclusionProof(sha256: Sha256, index: number, size: number, read: (node: NodeId) => Uint8Array): Uint8Array[] {
  return inclusionRanges(index, size).map((range) => rangeHash(sha256, range, read));
}

/** Consistency proof (RFC 6962 §2.1.2) from the tree of `from` leaves to that of `to`; `read` gives any complete subtree of the larger. */
export function consistencyProof(sha256: Sha256, from: number, to: number, read: (node: NodeId) => Uint8Array): Uint8Array[] {
  return consistencyRanges(from, to).map((range) => rangeHash(sha256, range, read));
}

/** The root of the tree of `size` leaves; `read` gives any complete subtree of it. */
export function rootAt(sha256: Sha256, size: number, read: (node: NodeId) => Uint8Array): Uint8Array {
  return size === 0 ? sha256(new Uint8Array(0)) : rangeHash(sha256, { start: 0, end: size }, read);
}

/** The complete subtrees a root is computed from. */
export function rootNodes(size: number): NodeId[] {
  return completeSubtrees({ start: 0, end: size });
}

/** The complete subtrees an inclusion proof reads, so that a store can fetch them at once. */
export function inclusionNodes(index: number, size: number): NodeId[] {
  return inclusionRanges(index, size).flatMap(completeSubtrees);
}

/** The complete subtrees a consistency proof reads. */
export function consistencyNodes(from: number, to: number): NodeId[] {
  return consistencyRanges(from, to).flatMap(completeSubtrees);
}

/** True when `proof` leads from `leaf` at `index` to `root` of a tree of `size`. Refuses proofs too long, too short or out of range. */
export function verifyInclusion(
  sha256: Sha256,
  claim: { index: number; size: number; leaf: Uint8Array; root: Uint8Array; proof: readonly Uint8Array[] },
): boolean {
  const { index, size, leaf, root, proof } = claim;
  if (!isCount(index) || !isCount(size) || index >= size || !areHashes([leaf, root, ...proof])) return false;

  // RFC 9162 §2.1.3.2, with halving instead of shifts so that sizes beyond 2^31 hold.
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sha256, sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(sha256, hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equal(hash, root);
}

/** True when `proof` shows that the tree of `from` leaves under `fromRoot` is a prefix of that of `to` leaves under `toRoot`. */
export function verifyConsistency(
  sha256: Sha256,
  claim: { from: number; to: number; fromRoot: Uint8Array; toRoot: Uint8Array; proof: readonly Uint8Array[] },
): boolean {
  const { from, to, fromRoot, toRoot, proof } = claim;
  if (!isCount(from) || !isCount(to) || from > to || !areHashes([fromRoot, toRoot, ...proof])) return false;
  // Every tree extends the empty one, whose root is known and whose proof is empty.
  if (from === 0) return proof.length === 0 && equal(fromRoot, sha256(new Uint8Array(0)));
  if (from === to) return proof.length === 0 && equal(fromRoot, toRoot);

  // RFC 9162 §2.1.4.2: when the old tree is one complete subtree its root is not repeated in the proof.
  const path = isPowerOfTwo(from) ? [fromRoot, ...proof] : [...proof];
  const first = path.shift();
  if (first === undefined) return false;
  let node = from - 1;
  let last = to - 1;
  while (node % 2 === 1) {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  let older = first;
  let newer = first;
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      older = nodeHash(sha256, sibling, older);
      newer = nodeHash(sha256, sibling, newer);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      newer = nodeHash(sha256, newer, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equal(older, fromRoot) && equal(newer, toRoot);
}

const pair = new Uint8Array(65);
pair[0] = 1;

function inclusionRanges(index: number, size: number): Range[] {
  if (!isCount(index) || !isCount(size) || index >= size) throw new RangeError('no such leaf in a tree of this size');
  const siblings: Range[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const split = start + largestPowerBelow(end - start);
    if (index < split) {
      siblings.push({ start: split, end });
      end = split;
    } else {
      siblings.push({ start, end: split });
      start = split;
    }
  }
  return siblings.reverse();
}

function consistencyRanges(from: number, to: number): Range[] {
  if (!isCount(from) || !isCount(to) || from > to) throw new RangeError('the older tree must not be larger');
  if (from === 0 || from === to) return [];
  const ranges: Range[] = [];
  let start = 0;
  let end = to;
  // RFC 6962 §2.1.2, SUBPROOF: walk down to the subtree whose right edge is the older tree's.
  while (end !== from) {
    const split = start + largestPowerBelow(end - start);
    if (from <= split) {
      ranges.push({ start: split, end });
      end = split;
    } else {
      ranges.push({ start, end: split });
      start = split;
    }
  }
  if (start !== 0) ranges.push({ start, end });
  return ranges.reverse();
}

/** A range that a proof names, as complete subtrees from left to right: their sizes fall, as the bits of its length do. */
function completeSubtrees({ start, end }: Range): NodeId[] {
  const nodes: NodeId[] = [];
  for (let at = start; at < end; ) {
    let width = 1;
    let level = 0;
    while (width * 2 <= end - at) {
      width *= 2;
      level += 1;
    }
    nodes.push({ level, index: at / width });
    at += width;
  }
  return nodes;
}

function rangeHash(sha256: Sha256, range: Range, read: (node: NodeId) => Uint8Array): Uint8Array {
  return completeSubtrees(range)
    .map(read)
    .reduceRight((right, left) => nodeHash(sha256, left, right));
}

function largestPowerBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

function isPowerOfTwo(count: number): boolean {
  let rest = count;
  while (rest % 2 === 0) rest /= 2;
  return rest === 1;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === 32);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, i) => byte === b[i]);
}
