import { AppError } from '../core/errors.ts';
import { writeCheckpointFile } from './checkpoint-file.ts';
import type { CheckpointSigner } from './checkpoint-signer.ts';
import type { Db, Queryable } from './database.ts';
import { sameBytes } from './digest.ts';
import { entryHash, headerOf } from './journal.ts';
import { JournalProver } from './journal-prover.ts';
import { copyEdge, type Edge, edgeRoot, emptyEdge, extendEdge, readEdge, type Tile, writeTiles } from './journal-tiles.ts';
import { killPoint } from './kill-points.ts';

/** The log as last signed. */
export type LogHead = { size: number; root: Uint8Array; note: string };

/** Where a test may kill the process: within the transaction, and between its commit and the file outside the database. */
export type SequencerPoint = 'before-leaves' | 'before-checkpoint' | 'before-commit' | 'before-checkpoint-file';

export type SequencerOptions = {
  signer: CheckpointSigner;
  /** Data folder for the checkpoint outside the database; none in tests of the database alone. */
  folder?: string;
  /** The present as ISO 8601. */
  now: () => string;
  /** False where another process signs (roles without the sequencer): the log is then read as far as it is signed. */
  signs?: boolean;
  /** Entries a transaction; 20,000 on a server, 1,000 embedded, where a transaction holds up every door. */
  batch?: number;
  /** Rest between rounds of the loop. */
  delayMs?: number;
  /** A round of the loop failed; it is tried again. Told the error, which holds no patient data. */
  onError?: (error: unknown) => void;
  reached?: (point: SequencerPoint) => void;
};

/**
 * Gives every committed journal entry its place in the Merkle log, in the order of ids it can see, and signs the root. Nothing is
 * skipped: an entry that commits late, out of order of its id, still waits in journal_pending and is taken in a later round.
 */
export class JournalSequencer {
  readonly #db: Db;
  readonly #options: SequencerOptions;
  readonly #batch: number;
  readonly #signs: boolean;
  #edge: Edge = emptyEdge();
  #head: LogHead | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #running = false;

  /** Use `openSequencer`, which reads the log's present state first. */
  constructor(db: Db, options: SequencerOptions) {
    this.#db = db;
    this.#options = options;
    this.#signs = options.signs ?? true;
    this.#batch = options.batch ?? (db.kind === 'postgres' ? 20_000 : 1_000);
  }

  /** The log as last signed; undefined while it is empty. */
  get head(): LogHead | undefined {
    return this.#head;
  }

  /** Reads the log's right edge. Refuses a log whose leaves do not give the root it signed. */
  async open(): Promise<void> {
    await this.#inTurn(() => this.#catchUp(this.#db));
    if (this.#signs) await this.#keepOutside();
  }

  /** Returns once everything committed before the call is under a signed checkpoint. A write-back waits for this. */
  async sequenceNow(): Promise<LogHead | undefined> {
    while (await this.#inTurn(() => this.#round(true))) {
      // another full batch may be waiting
    }
    return this.#head;
  }

  /** Returns once this entry is under a signed checkpoint; refuses where it cannot be put there. */
  async secure(journalId: bigint): Promise<void> {
    if (await this.isCheckpointed(journalId)) return;
    await this.sequenceNow();
    if (!(await this.isCheckpointed(journalId))) throw new AppError('journal_broken', 'the signature is not yet under a signed checkpoint');
  }

  /** True when this entry is under a signed checkpoint. Leaf and checkpoint commit together, so the leaf is enough. */
  async isCheckpointed(journalId: bigint): Promise<boolean> {
    return (await this.#db.query('select 1 from leaf where journal_id = $1', [journalId])).length > 0;
  }

  /** Sequences in the background until `stop`. Any number of processes may run it: one at a time does the work. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#next(0);
  }

  /** Ends the loop after the round in progress. */
  async stop(): Promise<void> {
    this.#running = false;
    clearTimeout(this.#timer);
    await this.#turn.catch(() => undefined);
  }

  #next(delayMs: number): void {
    if (!this.#running) return;
    this.#timer = setTimeout(async () => {
      let more = false;
      let failed = false;
      try {
        more = await this.#inTurn(() => this.#round(false));
      } catch (error) {
        failed = true;
        this.#options.onError?.(error);
      }
      const rest = this.#options.delayMs ?? 100;
      this.#next(more ? 0 : failed ? rest * 10 : rest);
    }, delayMs);
    this.#timer.unref();
  }

  // Rounds of one process take turns; the lock inside the transaction keeps other processes out.
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** One batch. True when it was full, so that more may be waiting. */
  async #round(wait: boolean): Promise<boolean> {
    if (!this.#signs) {
      await this.#catchUp(this.#db);
      return false;
    }
    const done = await this.#db.transaction((tx) => this.#sequence(tx, wait));
    if (done === undefined) return false;
    this.#edge = done.edge;
    this.#head = done.head;
    this.#options.reached?.('before-checkpoint-file');
    await this.#keepOutside();
    return done.full;
  }

  async #sequence(tx: Queryable, wait: boolean): Promise<{ edge: Edge; head: LogHead; full: boolean } | undefined> {
    if (!(await lock(tx, wait))) return undefined;
    await this.#catchUp(tx);
    const entries = await readPending(tx, this.#batch);
    if (entries.length === 0) return undefined;

    const edge = copyEdge(this.#edge);
    const first = edge.frontier.size;
    const leaves = entries.map(toLeaf);
    const tiles: Tile[] = leaves.flatMap(({ hash }) => extendEdge(edge, hash));
    const root = edgeRoot(edge);
    const size = edge.frontier.size;
    const head = { size, root, note: this.#options.signer.sign(size, root) };

    this.#options.reached?.('before-leaves');
    await writeLeaves(tx, first, leaves);
    await writeTiles(tx, tiles);
    await tx.query('delete from journal_pending where journal_id = any($1::bigint[])', [entries.map(({ id }) => id)]);
    this.#options.reached?.('before-checkpoint');
    killPoint('before-checkpoint');
    await tx.query('insert into checkpoint (size, root, note, at) values ($1, $2, $3, $4)', [size, root, head.note, this.#options.now()]);
    this.#options.reached?.('before-commit');
    return { edge, head, full: entries.length === this.#batch };
  }

  /** Takes over what another process signed since; cheap when that is nothing. */
  async #catchUp(db: Queryable): Promise<void> {
    const [row] = await db.query<{ size: bigint; root: Uint8Array; note: string }>(
      'select size, root, note from checkpoint order by size desc limit 1',
    );
    const size = Number(row?.size ?? 0);
    const known = this.#edge.frontier.size;
    if (size === known && (row === undefined || (this.#head && sameBytes(this.#head.root, row.root)))) return;
    await this.#refuseOtherPast(db, size);
    const edge = await readEdge(db, size).catch((cause) => {
      throw new AppError('journal_broken', 'the stored tree of the journal has a gap; run journal verify', { cause });
    });
    if (row !== undefined && !sameBytes(edgeRoot(edge), row.root)) {
      throw new AppError('journal_broken', 'the stored leaves do not give the signed root; run journal verify');
    }
    this.#edge = edge;
    this.#head = row && { size, root: row.root, note: row.note };
  }

  // A database put back under a running process must not make it sign a second past.
  async #refuseOtherPast(db: Queryable, size: number): Promise<void> {
    const head = this.#head;
    if (head === undefined) return;
    if (size >= head.size && sameBytes(await new JournalProver(db).root(head.size), head.root)) return;
    throw new AppError('journal_broken', 'the database no longer holds what this process signed; run journal verify');
  }

  async #keepOutside(): Promise<void> {
    const { folder, now } = this.#options;
    if (folder !== undefined && this.#head !== undefined) await writeCheckpointFile(folder, this.#head.note, now());
  }
}

/** A sequencer that knows the log's present state. Compare with `detectRollback` first: opening renews the checkpoint outside. */
export async function openSequencer(db: Db, options: SequencerOptions): Promise<JournalSequencer> {
  const sequencer = new JournalSequencer(db, options);
  await sequencer.open();
  return sequencer;
}

// Any constant will do; all processes must use the same one. Held by the transaction, so that it cannot outlive a lost connection
// and holds through a pooler that hands out connections by transaction.
const LOCK = 4_021_126;

type Entry = { id: bigint; at: string | null; kind: string; actor: string; subject: string | null; commitment: Uint8Array };
type Leaf = { id: bigint; header: string; hash: Uint8Array };

async function lock(tx: Queryable, wait: boolean): Promise<boolean> {
  if (wait) {
    await tx.query('select pg_advisory_xact_lock($1)', [LOCK]);
    return true;
  }
  const [row] = await tx.query<{ locked: boolean }>('select pg_try_advisory_xact_lock($1) as locked', [LOCK]);
  return row?.locked === true;
}

// LIMIT keeps the planner from joining by reading the whole journal: each entry is one look into the index of its own month.
async function readPending(tx: Queryable, limit: number): Promise<Entry[]> {
  return tx.query<Entry>(
    `select p.journal_id as id, j.at, j.kind, j.actor, j.subject, j.commitment
     from (select journal_id, at from journal_pending order by journal_id limit $1) p
     left join lateral (select * from journal j where j.id = p.journal_id and j.at = p.at limit 1) j on true order by p.journal_id`,
    [limit],
  );
}

function toLeaf(entry: Entry): Leaf {
  // An entry that waits but is not there was taken away around the append-only trigger: never sign past it.
  if (entry.at === null) throw new AppError('journal_broken', `journal entry ${entry.id} is gone before it was sequenced`);
  const header = headerOf({ ...entry, at: entry.at });
  return { id: entry.id, header, hash: entryHash(header, entry.commitment) };
}

async function writeLeaves(tx: Queryable, first: number, leaves: readonly Leaf[]): Promise<void> {
  await tx.query(
    `insert into leaf (index, journal_id, header, hash)
     select $1::bigint + ord - 1, journal_id, header, substr($4::bytea, (ord::int - 1) * 32 + 1, 32)
     from unnest($2::bigint[], $3::text[]) with ordinality as l (journal_id, header, ord)`,
    [first, leaves.map(({ id }) => id), leaves.map(({ header }) => header), Buffer.concat(leaves.map(({ hash }) => hash))],
  );
}
