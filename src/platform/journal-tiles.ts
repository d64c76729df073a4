import { appendLeaf, emptyFrontier, type Frontier, frontierRoot } from '../core/merkle.ts';
import type { Queryable } from './database.ts';
import { sha256 } from './digest.ts';

/** Hashes in a tile, as in C2SP tlog-tiles. */
export const TILE_WIDTH = 256;
/** Levels of the tree that one tile spans. */
export const TILE_HEIGHT = 8;

/** A complete tile: 256 hashes side by side, and the one hash over them. */
export type Tile = { level: number; index: number; hashes: Uint8Array; root: Uint8Array };

/** The right edge of the tree: what appending needs, and the tiles that are not full yet, lowest level first. */
export type Edge = { frontier: Frontier; open: Uint8Array[][] };

/** The edge of the empty tree. */
export function emptyEdge(): Edge {
  return { frontier: emptyFrontier(), open: [] };
}

/** An independent copy, so that a transaction that fails leaves the old edge standing. */
export function copyEdge({ frontier, open }: Edge): Edge {
  return { frontier: { size: frontier.size, nodes: [...frontier.nodes] }, open: open.map((hashes) => [...hashes]) };
}

/** Appends one leaf hash in place and returns the tiles it completed, lowest first. */
export function extendEdge(edge: Edge, leaf: Uint8Array): Tile[] {
  const tiles: Tile[] = [];
  appendLeaf(sha256, edge.frontier, leaf, (height, index, hash) => {
    if (height % TILE_HEIGHT !== 0) return;
    const level = height / TILE_HEIGHT;
    if (level > 0) {
      tiles.push({ level: level - 1, index, hashes: joined(edge.open[level - 1]!), root: hash });
      edge.open[level - 1] = [];
    }
    (edge.open[level] ??= []).push(hash);
  });
  return tiles;
}

/** The root over everything up to the edge. */
export function edgeRoot(edge: Edge): Uint8Array {
  return frontierRoot(sha256, edge.frontier);
}

/** Rebuilds the edge of a tree of `size` from what is stored: at most 255 rows a level, whatever the size. */
export async function readEdge(db: Queryable, size: number): Promise<Edge> {
  const edge: Edge = { frontier: { size, nodes: [] }, open: [] };
  for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / TILE_WIDTH)) {
    const start = count - (count % TILE_WIDTH);
    const hashes = start === count ? [] : await readEntries(db, level, start, count);
    if (hashes.length !== count - start) throw new RangeError(`level ${level} of the stored tree has a gap`);
    edge.open[level] = hashes;
    const part = emptyFrontier();
    for (const hash of hashes) appendLeaf(sha256, part, hash);
    part.nodes.forEach((node, i) => {
      if (node !== undefined) edge.frontier.nodes[level * TILE_HEIGHT + i] = node;
    });
  }
  return edge;
}

/** Hashes `start` to `end` of one tile level: leaves at level 0, roots of complete tiles above. */
export async function readEntries(db: Queryable, level: number, start: number, end: number): Promise<Uint8Array[]> {
  const rows =
    level === 0
      ? await db.query<{ hash: Uint8Array }>('select hash from leaf where index >= $1 and index < $2 order by index', [start, end])
      : await db.query<{ hash: Uint8Array }>(
          'select root as hash from merkle_tile where level = $1 and index >= $2 and index < $3 order by index',
          [level - 1, start, end],
        );
  return rows.map(({ hash }) => hash);
}

/** Stores complete tiles. */
export async function writeTiles(tx: Queryable, tiles: readonly Tile[]): Promise<void> {
  if (tiles.length === 0) return;
  await tx.query(
    `insert into merkle_tile (level, index, hashes, root)
     select * from unnest($1::smallint[], $2::bigint[], $3::bytea[], $4::bytea[])`,
    [tiles.map(({ level }) => level), tiles.map(({ index }) => index), tiles.map(({ hashes }) => hashes), tiles.map(({ root }) => root)],
  );
}

function joined(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * 32);
  for (const [i, hash] of hashes.entries()) bytes.set(hash, i * 32);
  return bytes;
}
