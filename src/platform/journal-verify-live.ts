import { readCheckpoint } from './checkpoint-signer.ts';
import type { Queryable } from './database.ts';
import { sameBytes } from './digest.ts';
import type { Pseudonym } from './identity.ts';
import { commitmentOf, entryHash, headerOf } from './journal.ts';
import { Anchors, ErasureCoverage, Findings, type JournalReport, reportOf } from './journal-report.ts';
import { type PayloadPart, readStoredEntries, type StoredEntry } from './journal-rows.ts';
import { edgeRoot, emptyEdge, extendEdge, type Tile } from './journal-tiles.ts';
import type { VerifyOptions } from './journal-verify.ts';
import { verifyState } from './journal-verify-state.ts';

export type LiveOptions = VerifyOptions & { keys: readonly string[]; origin: string; pseudonym?: Pseudonym };

/**
 * Checks the journal in the database against itself and what is known from outside: each leaf against its journal row and payload,
 * each tile and checkpoint against the leaves, and that no row stands beside the log. Given the pseudonyms, also what the tables say now
 * against what the entries committed to: decisions, bytes of receipts, contents of facts. May run while the journal grows.
 */
export async function verifyJournal(db: Queryable, options: LiveOptions): Promise<JournalReport> {
  const check = new LiveCheck(db, options);
  return check.run();
}

type StoredCheckpoint = { size: bigint; root: Uint8Array; note: string };

class LiveCheck {
  readonly #db: Queryable;
  readonly #options: LiveOptions;
  readonly #findings = new Findings();
  readonly #coverage = new ErasureCoverage();
  readonly #anchors: Anchors;
  readonly #edge = emptyEdge();
  readonly #rollbacks: { from: number; to: number }[] = [];
  #checkpoints: StoredCheckpoint[] = [];
  #next = 0;
  #tiles = 0;
  #payloads = 0;

  constructor(db: Queryable, options: LiveOptions) {
    this.#db = db;
    this.#options = options;
    this.#anchors = new Anchors(options.anchors ?? [], options.keys, this.#findings);
  }

  async run(): Promise<JournalReport> {
    this.#checkpoints = await this.#db.query<StoredCheckpoint>('select size, root, note from checkpoint order by size');
    const to = Number(this.#checkpoints.at(-1)?.size ?? 0);
    await this.#readRollbacks();
    this.#atSize(0);
    for await (const page of readStoredEntries(this.#db, { from: 0, to, payloads: true })) {
      const tiles = page.flatMap((entry) => this.#entry(entry));
      await this.#compareTiles(tiles);
      this.#options.onProgress?.(this.#edge.frontier.size);
    }
    await this.#findStrays(to);
    await this.#readLateErasures();
    const { pseudonym } = this.#options;
    const state = pseudonym && (await verifyState(this.#db, pseudonym, this.#findings));
    return { ...this.#report(to), ...(state === undefined ? {} : { state }) };
  }

  #report(to: number): JournalReport {
    const findings = this.#findings;
    const size = this.#edge.frontier.size;
    if (size < to) findings.add('missing', `${to - size} leaves are gone from the log`, size);
    this.#anchors.end(size, (at) => this.#isAcknowledged(at), findings);
    return reportOf(
      {
        origin: this.#options.origin,
        entries: size,
        checkpoints: this.#checkpoints.length,
        rootHash: edgeRoot(this.#edge),
        keys: 'given',
        anchors: this.#anchors.count,
        payloads: this.#payloads,
        erased: this.#coverage.settle(findings),
      },
      findings,
    );
  }

  #entry(entry: StoredEntry): Tile[] {
    const { index, header, hash, journal } = entry;
    const findings = this.#findings;
    if (index !== this.#edge.frontier.size) findings.add('missing', `a leaf before ${index} is gone`, this.#edge.frontier.size);
    if (entry.repeated) findings.add('unlisted', `entry ${index} has more than one row`, index);
    if (journal === undefined) findings.add('missing', `the entry of leaf ${index} is gone`, index);
    else if (headerOf(journal) !== header) findings.add('leaf', `entry ${index} is not what its leaf says`, index);
    else if (!sameBytes(entryHash(header, journal.commitment), hash))
      findings.add('leaf', `entry ${index} is not what its leaf hashes`, index);
    if (journal !== undefined) this.#payload(index, journal, entry.payload);
    const tiles = extendEdge(this.#edge, hash);
    this.#atSize(this.#edge.frontier.size);
    return tiles;
  }

  #payload(index: number, journal: NonNullable<StoredEntry['journal']>, payload: PayloadPart | undefined): void {
    if (payload === undefined) {
      this.#coverage.gone(Number(journal.id), index);
      return;
    }
    this.#payloads += 1;
    if (!isCommitted(journal.commitment, payload) || payload.at !== journal.at) {
      this.#findings.add('payload', `the payload of entry ${index} is not what was committed to`, index);
    } else if (journal.kind === 'erasure.done') {
      this.#coverage.account(payload.body);
    }
  }

  #atSize(size: number): void {
    const root = () => edgeRoot(this.#edge);
    this.#anchors.at(size, root, (at) => this.#isAcknowledged(at), this.#findings);
    const stored = this.#checkpoints[this.#next];
    if (stored === undefined || Number(stored.size) !== size) return;
    this.#next += 1;
    const signed = readCheckpoint(stored.note, this.#options.keys);
    if (signed === undefined || signed.origin !== this.#options.origin) {
      this.#findings.add('signature', `the checkpoint at ${size} entries is not signed by this log's key`, size);
    } else if (signed.size !== size || !sameBytes(signed.root, stored.root)) {
      this.#findings.add('signature', `the checkpoint at ${size} entries is not what its note says`, size);
    }
    if (!sameBytes(stored.root, root()) && !this.#findings.has('root')) {
      this.#findings.add('root', `the leaves do not give the signed root at ${size} entries`, size);
    }
  }

  async #compareTiles(tiles: readonly Tile[]): Promise<void> {
    if (tiles.length === 0) return;
    this.#tiles += tiles.length;
    const rows = await this.#db.query<{ level: number; index: bigint; hashes: Uint8Array; root: Uint8Array }>(
      `select t.level, t.index, t.hashes, t.root from unnest($1::smallint[], $2::bigint[]) as w (level, index)
       join merkle_tile t on t.level = w.level and t.index = w.index`,
      [tiles.map(({ level }) => level), tiles.map(({ index }) => index)],
    );
    const stored = new Map(rows.map((row) => [`${row.level}/${row.index}`, row]));
    for (const { level, index, hashes, root } of tiles) {
      const row = stored.get(`${level}/${index}`);
      if (row && sameBytes(row.hashes, hashes) && sameBytes(row.root, root)) continue;
      this.#findings.add('tile', `tile ${index} of level ${level} is not what its leaves give`, index * 256 ** (level + 1));
    }
  }

  /** Rows that the log does not account for. Counted in one statement each, so that a growing journal gives no false alarm. */
  async #findStrays(to: number): Promise<void> {
    const findings = this.#findings;
    for (const { id } of await this.#db.query<{ id: bigint }>(UNLISTED))
      findings.add('unlisted', `entry ${id} is neither in the log nor waiting`);
    for (const { id } of await this.#db.query<{ id: bigint }>(GONE_WAITING))
      findings.add('missing', `entry ${id} is gone while waiting for the log`);
    for (const { id } of await this.#db.query<{ id: bigint }>(STRAY_PAYLOADS))
      findings.add('payload', `a payload belongs to no entry ${id}`);
    for (const { index } of await this.#db.query<{ index: bigint }>(UNSIGNED))
      findings.add('unsigned', `leaf ${index} has no checkpoint`, Number(index));
    for (const { index } of await this.#db.query<{ index: bigint }>(STRAY_TILES))
      findings.add('tile', `tile ${index} stands for leaves that are not there`);
    const [tiles] = await this.#db.query<{ n: bigint }>(
      'select count(*) as n from merkle_tile where (index + 1) * 256 ^ (level + 1) <= $1',
      [to],
    );
    if (Number(tiles?.n) !== this.#tiles) findings.add('tile', `there are ${tiles?.n} complete tiles where the leaves give ${this.#tiles}`);
  }

  /** An erasure that is not sequenced yet accounts for payloads as well, when its own payload is the committed one. */
  async #readLateErasures(): Promise<void> {
    const rows = await this.#db.query<PayloadPart & { commitment: Uint8Array }>(
      `select p.journal_id, p.at, p.person, p.salt, p.body, j.commitment from journal j
       join journal_payload p on p.journal_id = j.id and p.at = j.at
       where j.kind = 'erasure.done' and not exists (select 1 from leaf l where l.journal_id = j.id and l.index < $1)`,
      [this.#edge.frontier.size],
    );
    for (const row of rows) if (isCommitted(row.commitment, row)) this.#coverage.account(row.body);
  }

  /** What was lost in rollbacks that someone acknowledged, in the log itself: checkpoints from then may contradict it. */
  async #readRollbacks(): Promise<void> {
    const rows = await this.#db.query<PayloadPart & { commitment: Uint8Array }>(
      `select p.journal_id, p.at, p.person, p.salt, p.body, j.commitment from journal j
       join journal_payload p on p.journal_id = j.id and p.at = j.at where j.kind = 'journal.rolledback'`,
    );
    for (const row of rows) {
      const { foundSize, lostSize } = JSON.parse(row.body) as { foundSize: number; lostSize: number };
      if (isCommitted(row.commitment, row)) this.#rollbacks.push({ from: foundSize, to: lostSize });
    }
  }

  #isAcknowledged(size: number): boolean {
    return this.#rollbacks.some(({ from, to }) => size > from && size <= to);
  }
}

const UNLISTED = `
  select j.id from journal j where not exists (select 1 from leaf l where l.journal_id = j.id)
  and not exists (select 1 from journal_pending p where p.journal_id = j.id) order by j.id limit 20`;
const GONE_WAITING = `
  select p.journal_id as id from journal_pending p where not exists (select 1 from journal j where j.id = p.journal_id and j.at = p.at)
  or exists (select 1 from leaf l where l.journal_id = p.journal_id) order by 1 limit 20`;
const STRAY_PAYLOADS = `
  select p.journal_id as id from journal_payload p where not exists (select 1 from journal j where j.id = p.journal_id and j.at = p.at)
  order by 1 limit 20`;
const STRAY_TILES = `
  select index from merkle_tile where index < 0 or level < 0
  or (index + 1) * 256 ^ (level + 1) > (select coalesce(max(size), 0) from checkpoint) order by level, index limit 20`;
const UNSIGNED = `
  select index from leaf where index < 0 or index >= (select coalesce(max(size), 0) from checkpoint) order by index limit 20`;

/** The stored payload is the committed one, and the column that erasure goes by names the person that the hashed bytes name. */
function isCommitted(commitment: Uint8Array, { salt, body, person }: PayloadPart): boolean {
  if (!sameBytes(commitmentOf(salt, body), commitment)) return false;
  const named = (JSON.parse(body) as { person?: string }).person ?? null;
  return named === person;
}
