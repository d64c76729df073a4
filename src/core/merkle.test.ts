import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendLeaf,
  consistencyNodes,
  consistencyProof,
  emptyFrontier,
  frontierRoot,
  inclusionNodes,
  inclusionProof,
  leafHash,
  merkleRoot,
  type NodeId,
  nodeHash,
  rootAt,
  rootNodes,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts';

const LARGEST = 130;
// The eight leaves and roots of the Certificate Transparency reference trees (transparency-dev/merkle, Apache-2.0).
const REFERENCE_LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const REFERENCE_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('Merkle tree', () => {
  it('R101: hashes leaves and nodes as RFC 6962 does', () => {
    expect(hex(leafHash(sha256, utf8('L123456')))).toBe('395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56');
    expect(hex(leafHash(sha256, utf8('')))).toBe(REFERENCE_ROOTS[1]);
    // The published node vector joins two short texts, so it is checked on the raw hash; nodeHash itself takes 32 bytes only.
    expect(hex(sha256(Buffer.concat([Buffer.from([1]), utf8('N123'), utf8('N456')])))).toBe(
      'aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb',
    );
    const [a, b] = [sha256(utf8('a')), sha256(utf8('b'))];
    expect(hex(nodeHash(sha256, a, b))).toBe(hex(sha256(Buffer.concat([Buffer.from([1]), a, b]))));
    expect(() => nodeHash(sha256, utf8('N123'), b)).toThrow('32 bytes');
  });

  it('R101: gives the roots of the Certificate Transparency reference trees', () => {
    const leaves = REFERENCE_LEAVES.map((text) => leafHash(sha256, Buffer.from(text, 'hex')));

    const roots = REFERENCE_ROOTS.map((_, size) => hex(merkleRoot(sha256, leaves.slice(0, size))));

    expect(roots).toEqual(REFERENCE_ROOTS);
  });

  it('gives the RFC 6962 §2.1.3 example proofs for seven leaves', () => {
    const d = leavesOf(7);
    const [a, b, c, dd, e, f, j] = d as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const join = (left: Uint8Array, right: Uint8Array) => nodeHash(sha256, left, right);
    const [g, h, i] = [join(a, b), join(c, dd), join(e, f)];
    const [k, l] = [join(g, h), join(i, j)];

    expect(prove(0, 7)).toEqual([b, h, l].map(hex));
    expect(prove(3, 7)).toEqual([c, g, l].map(hex));
    expect(prove(4, 7)).toEqual([f, j, k].map(hex));
    expect(prove(6, 7)).toEqual([i, k].map(hex));
    expect(connect(3, 7)).toEqual([c, dd, g, l].map(hex));
    expect(connect(4, 7)).toEqual([l].map(hex));
    expect(connect(6, 7)).toEqual([i, j, k].map(hex));
  });

  it(`agrees with the recursive definition for every size to ${LARGEST}`, () => {
    const frontier = emptyFrontier();
    const leaves = leavesOf(LARGEST);
    const completed = new Map<string, string>();

    for (let size = 0; size <= LARGEST; size++) {
      expect(hex(frontierRoot(sha256, frontier))).toBe(hex(naiveRoot(leaves.slice(0, size))));
      expect(hex(rootAt(sha256, size, readOf(leaves)))).toBe(hex(frontierRoot(sha256, frontier)));
      expect(rootNodes(size).reduce((sum, { level }) => sum + 2 ** level, 0)).toBe(size);
      if (size < LARGEST)
        appendLeaf(sha256, frontier, leaves[size]!, (level, index, hash) => completed.set(`${level}/${index}`, hex(hash)));
    }

    for (const [id, hash] of completed) {
      const [level, index] = id.split('/').map(Number) as [number, number];
      expect(hash).toBe(hex(readOf(leaves)({ level, index })));
    }
  });

  it(`every inclusion proof of every tree to ${LARGEST} equals the recursive one and verifies`, () => {
    const leaves = leavesOf(LARGEST);
    for (let size = 1; size <= LARGEST; size++) {
      const root = naiveRoot(leaves.slice(0, size));
      const read = memo(readOf(leaves));
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(sha256, index, size, read);
        if (size < 40 || index % 7 === 0) expect(proof.map(hex)).toEqual(naivePath(index, leaves.slice(0, size)).map(hex));
        expect(verifyInclusion(sha256, { index, size, leaf: leaves[index]!, root, proof })).toBe(true);
      }
    }
  });

  it(`every consistency proof of every pair of trees to ${LARGEST} verifies, and equals the recursive one`, () => {
    const leaves = leavesOf(LARGEST);
    const roots = Array.from({ length: LARGEST + 1 }, (_, size) => merkleRoot(sha256, leaves.slice(0, size)));
    const read = memo(readOf(leaves));
    for (let to = 0; to <= LARGEST; to++) {
      for (let from = 0; from <= to; from++) {
        const proof = consistencyProof(sha256, from, to, read);
        if (to < 40 && from > 0) expect(proof.map(hex)).toEqual(naiveSubproof(from, leaves.slice(0, to), true).map(hex));
        expect(verifyConsistency(sha256, { from, to, fromRoot: roots[from]!, toRoot: roots[to]!, proof })).toBe(true);
      }
    }
  });

  it('R101: refuses every altered inclusion proof', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: LARGEST }), fc.nat(), fc.nat(), fc.nat(), (size, at, alteration, bit) => {
        const index = at % size;
        const good = includedClaim(index, size);
        expect(verifyInclusion(sha256, good)).toBe(true);
        const bad = alteredInclusion(good, alteration, bit);
        expect(verifyInclusion(sha256, bad)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('R101: refuses every altered consistency proof', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: LARGEST }), fc.nat(), fc.nat(), fc.nat(), (to, at, alteration, bit) => {
        const from = 1 + (at % (to - 1));
        const good = consistentClaim(from, to);
        expect(verifyConsistency(sha256, good)).toBe(true);
        const bad = alteredConsistency(good, alteration, bit);
        expect(verifyConsistency(sha256, bad)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('R101: a proof for one size does not serve a tree that is a level higher, nor one with a step too many any tree', () => {
    const included = includedClaim(3, 4);
    const extra = sha256(utf8('extra'));
    expect(verifyInclusion(sha256, { ...included, size: 16 })).toBe(false);
    expect(verifyInclusion(sha256, { ...included, proof: [...included.proof, extra], root: nodeHash(sha256, extra, included.root) })).toBe(
      false,
    );
    const consistent = consistentClaim(2, 4);
    expect(verifyConsistency(sha256, { ...consistent, to: 16 })).toBe(false);
    expect(verifyConsistency(sha256, { ...consistent, from: 4, fromRoot: consistent.toRoot })).toBe(false);
    expect(verifyConsistency(sha256, { ...consistentClaim(2, 2), proof: [extra] })).toBe(false);
  });

  it('names at most two complete subtrees a level for a proof in a tree of 2^40 + 12345 leaves', () => {
    const size = 2 ** 40 + 12_345;
    expect(inclusionNodes(2 ** 39 + 7, size).length).toBeLessThanOrEqual(82);
    expect(consistencyNodes(2 ** 39 + 7, size).length).toBeLessThanOrEqual(82);
    expect(inclusionNodes(size - 1, size).every(({ index }) => Number.isSafeInteger(index))).toBe(true);
  });

  it.each([
    [5, 5],
    [-1, 5],
    [0.5, 5],
    [0, 0],
  ])('has no proof of leaf %d in a tree of %d', (index, size) => {
    expect(() => inclusionNodes(index, size)).toThrow(RangeError);
    expect(verifyInclusion(sha256, { index, size, leaf: sha256(utf8('')), root: sha256(utf8('')), proof: [] })).toBe(false);
  });

  it.skipIf(!existsSync(vectorsFile()))('agrees with the shared vector file', () => {
    const { vectors } = JSON.parse(readFileSync(vectorsFile(), 'utf8')) as {
      vectors: { id: string; input: { leaves_hex: string[] }; expected: { roots_hex_size0_to_8: string[] } }[];
    };
    const { input, expected } = vectors.find(({ id }) => id === 'merkle.rfc6962.roots')!;
    expect([input.leaves_hex, expected.roots_hex_size0_to_8]).toEqual([REFERENCE_LEAVES, REFERENCE_ROOTS]);
  });
});

type Inclusion = Parameters<typeof verifyInclusion>[1];
type Consistency = Parameters<typeof verifyConsistency>[1];

function alteredInclusion(claim: Inclusion, alteration: number, bit: number): Inclusion {
  const { index, size, proof } = claim;
  const options: Inclusion[] = [
    { ...claim, leaf: flipped(claim.leaf, bit) },
    { ...claim, root: flipped(claim.root, bit) },
    { ...claim, proof: [...proof, claim.leaf] },
    { ...claim, proof: proof.slice(1) },
    { ...claim, proof: proof.slice(0, -1) },
    { ...claim, proof: proof.map((hash, i) => (i === bit % proof.length ? flipped(hash, bit) : hash)) },
    { ...claim, index: (index + 1) % size },
    { ...claim, index: index + size },
    { ...claim, index: -1 },
    { ...claim, size: index },
    { ...claim, proof: proof.map((hash) => hash.slice(0, 31)) },
  ];
  return options[alteration % options.length]!;
}

function alteredConsistency(claim: Consistency, alteration: number, bit: number): Consistency {
  const { from, to, proof } = claim;
  const options: Consistency[] = [
    { ...claim, fromRoot: flipped(claim.fromRoot, bit) },
    { ...claim, toRoot: flipped(claim.toRoot, bit) },
    { ...claim, fromRoot: claim.toRoot, toRoot: claim.fromRoot },
    { ...claim, proof: [...proof, claim.fromRoot] },
    { ...claim, proof: proof.slice(1) },
    { ...claim, proof: proof.slice(0, -1) },
    { ...claim, proof: proof.map((hash, i) => (i === bit % proof.length ? flipped(hash, bit) : hash)) },
    { ...claim, from: to, to: from },
    { ...claim, from: 0 },
    { ...claim, from: to },
    { ...claim, to: from },
  ];
  return options[alteration % options.length]!;
}

function includedClaim(index: number, size: number): Inclusion {
  const leaves = leavesOf(size);
  return {
    index,
    size,
    leaf: leaves[index]!,
    root: merkleRoot(sha256, leaves),
    proof: inclusionProof(sha256, index, size, readOf(leaves)),
  };
}

function consistentClaim(from: number, to: number): Consistency {
  const leaves = leavesOf(to);
  const [fromRoot, toRoot] = [merkleRoot(sha256, leaves.slice(0, from)), merkleRoot(sha256, leaves)];
  return { from, to, fromRoot, toRoot, proof: consistencyProof(sha256, from, to, readOf(leaves)) };
}

function prove(index: number, size: number): string[] {
  return inclusionProof(sha256, index, size, readOf(leavesOf(size))).map(hex);
}

function connect(from: number, to: number): string[] {
  return consistencyProof(sha256, from, to, readOf(leavesOf(to))).map(hex);
}

function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return leaves[0]!;
  const k = split(leaves.length);
  return sha256(Buffer.concat([Buffer.from([1]), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k))]));
}

function naivePath(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}

function naiveSubproof(m: number, leaves: readonly Uint8Array[], known: boolean): Uint8Array[] {
  if (m === leaves.length) return known ? [] : [naiveRoot(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...naiveSubproof(m, leaves.slice(0, k), known), naiveRoot(leaves.slice(k))]
    : [...naiveSubproof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

function split(count: number): number {
  return 2 ** Math.floor(Math.log2(count - 1));
}

function readOf(leaves: readonly Uint8Array[]): (node: NodeId) => Uint8Array {
  return ({ level, index }) => {
    const width = 2 ** level;
    expect((index + 1) * width).toBeLessThanOrEqual(leaves.length);
    return naiveRoot(leaves.slice(index * width, (index + 1) * width));
  };
}

function memo(read: (node: NodeId) => Uint8Array): (node: NodeId) => Uint8Array {
  const known = new Map<string, Uint8Array>();
  return (node) => {
    const key = `${node.level}/${node.index}`;
    const hash = known.get(key) ?? read(node);
    known.set(key, hash);
    return hash;
  };
}

function leavesOf(size: number): Uint8Array[] {
  return Array.from({ length: size }, (_, i) => leafHash(sha256, utf8(`entry ${i}`)));
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[Math.floor(bit / 8) % copy.length]! ^= 1 << (bit % 8);
  return copy;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function vectorsFile(): string {
  const root = process.env['COUNTERSIGN_SAMPLES'] ?? '../shared/data';
  return `${root}/../vectors/governance.json`;
}
