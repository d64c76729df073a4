import type { Checkpoint } from '../core/signed-note.ts';
import { readCheckpoint } from './checkpoint-signer.ts';
import { sameBytes, toBase64 } from './digest.ts';

/** What can be wrong with a log, one word each; docs/guides/journal.md says what to do about it. */
export type ProblemCode =
  | 'format' //      a line or row that is not formed as it must be, or out of its place
  | 'leaf' //        an entry's clear part or commitment is not what its leaf says
  | 'missing' //     an entry that has a leaf is gone
  | 'unlisted' //    an entry is neither in the log nor waiting for it
  | 'payload' //     a payload is not what its commitment says
  | 'unerased' //    a payload is gone and no erasure says so
  | 'tile' //        a stored tile is not what its leaves give
  | 'root' //        entries do not give the signed root
  | 'signature' //   a checkpoint is not signed by a trusted key
  | 'unsigned' //    entries behind the last checkpoint
  | 'decision' //    a decision, its draft or its signer is not what its entry says
  | 'delivery' //    what became of a signed note is not what its entry says
  | 'receipt' //     a receipt or its bytes are no longer those that were stored
  | 'fact' //        a version of a fact is gone, or no longer what was recorded
  | 'rolled_back' // the log is shorter than a checkpoint known from outside
  | 'forked'; //     the log holds something else than a checkpoint known from outside

export type Problem = { code: ProblemCode; message: string; index?: number };

/** What a verification found. `ok` only when nothing at all is wrong. */
export type JournalReport = {
  ok: boolean;
  origin: string;
  entries: number;
  checkpoints: number;
  /** Root over all entries, base64. */
  root: string;
  /** Whether the caller brought the keys, or the log vouched for itself with its own. */
  keys: 'given' | 'own';
  anchors: number;
  payloads: number;
  erased: number;
  /** What the tables say now, held against the log; not of an exported log. */
  state?: CheckedState;
  problems: Problem[];
  /** Also counts problems behind the first twenty. */
  problemCount: number;
};

/**
 * How many rows of state were held against their entries, and how many of them an erasure took. `contentOnly` are versions of facts whose entry, of
 * before atoms were committed to, binds their content alone.
 */
export type CheckedState = {
  decisions: number;
  deliveries: number;
  receipts: number;
  facts: number;
  contentOnly: number;
  erased: number;
};

/** Collects problems, keeps the first twenty. */
export class Findings {
  readonly problems: Problem[] = [];
  count = 0;

  add(code: ProblemCode, message: string, index?: number): void {
    this.count += 1;
    if (this.problems.length < 20) this.problems.push({ code, message, ...(index === undefined ? {} : { index }) });
  }

  has(code: ProblemCode): boolean {
    return this.problems.some((problem) => problem.code === code);
  }
}

/** Knows which payloads are gone and which ones erasures account for. */
export class ErasureCoverage {
  readonly #gone: { id: number; index: number }[] = [];
  readonly #covered: [from: number, to: number][] = [];

  gone(id: number, index: number): void {
    this.#gone.push({ id, index });
  }

  /** Takes the body of a verified `erasure.done` entry, whose `entries` lists ranges of journal ids, both ends included. */
  account(body: string): void {
    const { entries } = JSON.parse(body) as { entries?: unknown };
    if (!Array.isArray(entries)) return;
    for (const range of entries) {
      if (Array.isArray(range) && range.length === 2) this.#covered.push([Number(range[0]), Number(range[1])]);
    }
  }

  /** Returns how many erasures explain, after reporting those that none does. */
  settle(findings: Findings): number {
    const ranges = this.#covered.sort(([a], [b]) => a - b);
    let erased = 0;
    let reach = 0;
    let furthest = Number.NEGATIVE_INFINITY;
    for (const { id, index } of this.#gone.sort((a, b) => a.id - b.id)) {
      for (; reach < ranges.length && ranges[reach]![0] <= id; reach++) furthest = Math.max(furthest, ranges[reach]![1]);
      if (furthest >= id) erased += 1;
      else findings.add('unerased', `the payload of entry ${id} is gone and no erasure accounts for it`, index);
    }
    return erased;
  }
}

/** Checkpoints known from outside, held against the log as it is read. */
export class Anchors {
  readonly #bySize: Checkpoint[];
  #next = 0;

  /** Notes that no trusted key signed are a problem of their own: an anchor is only worth its signature. */
  constructor(notes: readonly string[], keys: readonly string[], findings: Findings) {
    const opened = notes.map((note) => readCheckpoint(note, keys));
    if (opened.includes(undefined)) findings.add('signature', 'a checkpoint given as anchor is not signed by a trusted key');
    this.#bySize = opened.filter((checkpoint) => checkpoint !== undefined).sort((a, b) => a.size - b.size);
  }

  get count(): number {
    return this.#bySize.length;
  }

  /** To be called at every size in turn; `root` is asked for only where an anchor stands. */
  at(size: number, root: () => Uint8Array, excused: (size: number) => boolean, findings: Findings): void {
    for (; this.#bySize[this.#next]?.size === size; this.#next++) {
      if (!sameBytes(this.#bySize[this.#next]!.root, root()) && !excused(size)) {
        findings.add('forked', `the log at ${size} entries is not what the checkpoint from outside says`, size);
      }
    }
  }

  /** To be called at the end: anchors beyond the log's size mean that it lost its tail. */
  end(size: number, excused: (size: number) => boolean, findings: Findings): void {
    for (const anchor of this.#bySize.slice(this.#next)) {
      if (anchor.size > size && !excused(anchor.size)) {
        findings.add('rolled_back', `the log has ${size} entries, a checkpoint from outside has ${anchor.size}`, size);
      }
    }
  }
}

/** The report over what was found. */
export function reportOf(
  parts: Omit<JournalReport, 'ok' | 'root' | 'problems' | 'problemCount'> & { rootHash: Uint8Array },
  findings: Findings,
): JournalReport {
  const { rootHash, ...rest } = parts;
  return { ok: findings.count === 0, ...rest, root: toBase64(rootHash), problems: findings.problems, problemCount: findings.count };
}
