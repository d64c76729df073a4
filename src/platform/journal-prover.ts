import { AppError } from '../core/errors.ts';
import {
  consistencyNodes,
  consistencyProof,
  inclusionNodes,
  inclusionProof,
  type NodeId,
  nodeHash,
  rootAt,
  rootNodes,
} from '../core/merkle.ts';
import type { Queryable } from './database.ts';
import { sha256 } from './digest.ts';
import { readEntries, TILE_HEIGHT, TILE_WIDTH } from './journal-tiles.ts';

/** What someone who holds one entry needs to see that the log holds it too. */
export type Inclusion = {
  index: number;
  size: number;
  journalId: bigint;
  header: string;
  leaf: Uint8Array;
  root: Uint8Array;
  proof: Uint8Array[];
};

/** Answers proofs from stored tiles. Keeps the tiles it read last: what is in the log never changes. */
export class JournalProver {
  readonly #db: Queryable;
  readonly #tiles = new Map<string, TileNodes>();
  readonly #maxTiles: number;

  constructor(db: Queryable, options: { maxTiles?: number } = {}) {
    this.#db = db;
    this.#maxTiles = options.maxTiles ?? 1_024;
  }

  /** The proof (RFC 6962 §2.1.1) that entry `index` stands in the tree of `size`. Refuses an index or size the log does not have. */
  async inclusion(index: number, size: number): Promise<Uint8Array[]> {
    refuseUnless(isCount(index) && isCount(size) && index < size, 'no such entry in a log of this size');
    return inclusionProof(sha256, index, size, await this.#reader(inclusionNodes(index, size)));
  }

  /** The proof (RFC 6962 §2.1.2) that the log of `from` entries is a prefix of that of `to`. */
  async consistency(from: number, to: number): Promise<Uint8Array[]> {
    refuseUnless(isCount(from) && isCount(to) && from <= to, 'the older log must not be larger than the newer');
    return consistencyProof(sha256, from, to, await this.#reader(consistencyNodes(from, to)));
  }

  /** The root the log had at `size`. */
  async root(size: number): Promise<Uint8Array> {
    refuseUnless(isCount(size), 'no such size');
    return rootAt(sha256, size, await this.#reader(rootNodes(size)));
  }

  /** One journal entry with its proof under the latest checkpoint. Refuses an entry that is not sequenced yet. */
  async prove(journalId: bigint): Promise<Inclusion> {
    const [row] = await this.#db.query<{ index: bigint; header: string; hash: Uint8Array; size: bigint; root: Uint8Array }>(
      `select l.index, l.header, l.hash, c.size, c.root
       from leaf l cross join (select size, root from checkpoint order by size desc limit 1) c where l.journal_id = $1`,
      [journalId],
    );
    if (row === undefined) throw new AppError('not_found', 'this entry is not under a checkpoint');
    const [index, size] = [Number(row.index), Number(row.size)];
    return { index, size, journalId, header: row.header, leaf: row.hash, root: row.root, proof: await this.inclusion(index, size) };
  }

  async #reader(nodes: readonly NodeId[]): Promise<(node: NodeId) => Uint8Array> {
    const places = nodes.map(placeOf);
    const widths = new Map<string, Place>();
    for (const place of places) {
      const known = widths.get(place.key);
      if (known === undefined || known.end < place.end) widths.set(place.key, place);
    }
    const held = new Map<string, TileNodes>();
    const missing: Place[] = [];
    for (const [key, place] of widths) {
      const tile = this.#tiles.get(key);
      if (tile === undefined || tile.width < place.end) missing.push(place);
      else held.set(key, tile);
    }
    for (const tile of await this.#load(missing)) held.set(tile.key, tile);
    for (const tile of held.values()) this.#keep(tile);
    return (node) => {
      const { key, start, height } = placeOf(node);
      return held.get(key)!.node(height, start / 2 ** height);
    };
  }

  async #load(places: readonly Place[]): Promise<TileNodes[]> {
    if (places.length === 0) return [];
    const full = await this.#db.query<{ level: number; index: bigint; hashes: Uint8Array }>(
      `select t.level, t.index, t.hashes from unnest($1::smallint[], $2::bigint[]) as w (level, index)
       join merkle_tile t on t.level = w.level and t.index = w.index`,
      [places.map(({ level }) => level), places.map(({ index }) => index)],
    );
    const loaded = full.map(({ level, index, hashes }) => new TileNodes(keyOf(level, Number(index)), pieces(hashes)));
    const found = new Set(loaded.map(({ key }) => key));
    for (const { key, level, index, end } of places.filter(({ key }) => !found.has(key))) {
      const hashes = await readEntries(this.#db, level, index * TILE_WIDTH, (index + 1) * TILE_WIDTH);
      refuseUnless(hashes.length >= end, 'the log is not that large');
      loaded.push(new TileNodes(key, hashes));
    }
    return loaded;
  }

  // A Map keeps insertion order: the first key is the one unused longest.
  #keep(tile: TileNodes): void {
    this.#tiles.delete(tile.key);
    this.#tiles.set(tile.key, tile);
    if (this.#tiles.size > this.#maxTiles) this.#tiles.delete(this.#tiles.keys().next().value!);
  }
}

type Place = { key: string; level: number; index: number; height: number; start: number; end: number };

/** The subtrees within one tile, each computed once and when first asked for. */
class TileNodes {
  readonly key: string;
  readonly #levels: (Uint8Array | undefined)[][];

  constructor(key: string, hashes: Uint8Array[]) {
    this.key = key;
    this.#levels = [hashes];
  }

  get width(): number {
    return this.#levels[0]!.length;
  }

  node(height: number, index: number): Uint8Array {
    const level = (this.#levels[height] ??= []);
    return (level[index] ??= nodeHash(sha256, this.node(height - 1, index * 2), this.node(height - 1, index * 2 + 1)));
  }
}

function placeOf(node: NodeId): Place {
  const level = Math.floor(node.level / TILE_HEIGHT);
  const height = node.level % TILE_HEIGHT;
  const first = node.index * 2 ** height;
  const index = Math.floor(first / TILE_WIDTH);
  const start = first % TILE_WIDTH;
  return { key: keyOf(level, index), level, index, height, start, end: start + 2 ** height };
}

function keyOf(level: number, index: number): string {
  return `${level}/${index}`;
}

function pieces(hashes: Uint8Array): Uint8Array[] {
  return Array.from({ length: hashes.length / 32 }, (_, i) => hashes.subarray(i * 32, (i + 1) * 32));
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function refuseUnless(holds: boolean, message: string): void {
  if (!holds) throw new AppError('request_invalid', message);
}
