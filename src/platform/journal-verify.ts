import { hash } from 'node:crypto';
import { appendLeaf, emptyFrontier, frontierRoot } from '../core/merkle.ts';
import { readCheckpoint } from './checkpoint-signer.ts';
import { sameBytes } from './digest.ts';
import { EXPORT_FORMAT } from './journal-export.ts';
import { Anchors, ErasureCoverage, Findings, type JournalReport, reportOf } from './journal-report.ts';

export type VerifyOptions = {
  /** Verifier keys the caller trusts. Without them the log's own are used, and the report says so. */
  keys?: readonly string[];
  /** Checkpoint notes known from elsewhere; a log that lost its tail or was rewritten with a stolen key contradicts them. */
  anchors?: readonly string[];
  onProgress?: (entries: number) => void;
};

/**
 * Checks an exported journal without a database: every leaf from its entry, the root at every checkpoint, every signature, payloads
 * where present. Since one tree grows through all checkpoints, each is a prefix of the next. Reads a stream; memory stays flat.
 */
export async function verifyJournalFile(chunks: AsyncIterable<Uint8Array>, options: VerifyOptions = {}): Promise<JournalReport> {
  const check = new FileCheck(options);
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([rest, chunk]);
    const used = checkLines(check, bytes);
    if (used === undefined) return check.end();
    rest = bytes.subarray(used);
  }
  if (rest.length > 0) check.cutShort();
  return check.end();
}

/** Hands over every whole line; returns where the unfinished one begins, or undefined when checking cannot go on. */
function checkLines(check: FileCheck, bytes: Buffer): number | undefined {
  let start = 0;
  for (let end = bytes.indexOf(10, start); end !== -1; end = bytes.indexOf(10, start)) {
    if (!check.line(bytes.subarray(start, end))) return undefined;
    start = end + 1;
  }
  return start;
}

/** What the first line says. */
type Head = { format: string; origin: string; keys: string[]; payloads: boolean; checkpoints: number; checkpoint: string };

class FileCheck {
  readonly #options: VerifyOptions;
  readonly #findings = new Findings();
  readonly #coverage = new ErasureCoverage();
  readonly #frontier = emptyFrontier();
  #head: Head | undefined;
  #keys: readonly string[] = [];
  #anchors: Anchors | undefined;
  #checkpoints = 0;
  #signedSize = 0;
  #lastNote = '';
  #payloads = 0;
  #broken = false;

  constructor(options: VerifyOptions) {
    this.#options = options;
  }

  /** False when what follows can no longer be judged. */
  line(bytes: Buffer): boolean {
    const text = bytes.toString('latin1');
    if (this.#head === undefined) return this.#readHead(bytes.toString('utf8'));
    if (text.startsWith('{"checkpoint":')) return this.#checkpoint(bytes.toString('utf8'));
    return this.#entry(text, bytes);
  }

  cutShort(): void {
    this.#stop('the last line is cut short', this.#frontier.size);
  }

  end(): JournalReport {
    const findings = this.#findings;
    const size = this.#frontier.size;
    if (this.#head === undefined && !this.#broken) findings.add('format', 'there is no header line');
    if (this.#head !== undefined && !this.#broken) {
      if (size > this.#signedSize)
        findings.add('unsigned', `${size - this.#signedSize} entries stand behind the last checkpoint`, this.#signedSize);
      if (this.#head.checkpoints !== this.#checkpoints) {
        findings.add('format', `there are ${this.#checkpoints} checkpoints where the header counts ${this.#head.checkpoints}`);
      }
      if (this.#head.checkpoint !== this.#lastNote)
        findings.add('format', 'the header names another last checkpoint: lines are missing at the end');
      this.#anchors?.end(size, nothing, findings);
    }
    return reportOf(
      {
        origin: this.#head?.origin ?? '',
        entries: size,
        checkpoints: this.#checkpoints,
        rootHash: this.#root(),
        keys: this.#options.keys === undefined ? 'own' : 'given',
        anchors: this.#anchors?.count ?? 0,
        payloads: this.#payloads,
        erased: this.#coverage.settle(findings),
      },
      findings,
    );
  }

  #readHead(text: string): boolean {
    const head = parseExactly<Head>(text);
    const keys = head?.keys;
    if (head?.format !== EXPORT_FORMAT || !Array.isArray(keys) || typeof head.payloads !== 'boolean')
      return this.#stop('this is no exported journal');
    this.#head = head;
    this.#keys = this.#options.keys ?? keys;
    // A header that lists other keys than those that verify is a changed header, even when nothing rests on it.
    if (this.#options.keys !== undefined && !this.#options.keys.some((key) => keys.includes(key))) {
      this.#findings.add('signature', 'the file names none of the trusted keys');
    }
    try {
      this.#anchors = new Anchors(this.#options.anchors ?? [], this.#keys, this.#findings);
      readCheckpoint('', keys);
    } catch {
      return this.#stop('the header holds a malformed verifier key');
    }
    this.#anchors.at(0, () => this.#root(), nothing, this.#findings);
    return true;
  }

  #entry(text: string, bytes: Buffer): boolean {
    const index = this.#frontier.size;
    const place = placesOf(text, index);
    if (place === undefined) return this.#stop(`entry ${index} is not where or what it must be`, index);
    const { headerStart, headerEnd, commitment, leaf, salt, bodyStart } = place;

    // SHA-256(0x00 || header || commitment), built in one buffer: two thirds of a verification's time is spent in hashing.
    let input = scratch;
    const length = 1 + headerEnd - headerStart + 32;
    if (length > input.length) input = Buffer.alloc(length);
    bytes.copy(input, 1, headerStart, headerEnd);
    input.write(commitment, length - 32, 'hex');
    input[0] = 0;
    const computed = hash('sha256', input.subarray(0, length), 'hex');
    if (computed !== leaf) this.#findings.add('leaf', `entry ${index} is not what its leaf says`, index);
    appendLeaf(rawSha256, this.#frontier, Buffer.from(computed, 'hex'));

    if (bodyStart !== undefined) this.#payload(index, bytes, { headerStart, headerEnd, commitment, salt, bodyStart });
    else if (this.#head!.payloads) this.#coverage.gone(idOf(bytes, headerStart, headerEnd), index);
    this.#anchors!.at(index + 1, () => this.#root(), nothing, this.#findings);
    if (index % 65_536 === 65_535) this.#options.onProgress?.(index + 1);
    return true;
  }

  #payload(
    index: number,
    bytes: Buffer,
    place: { headerStart: number; headerEnd: number; commitment: string; salt: string; bodyStart: number },
  ): void {
    const body = bytes.subarray(place.bodyStart, bytes.length - 1);
    const computed = hash('sha256', Buffer.concat([Buffer.from(place.salt, 'hex'), body]), 'hex');
    this.#payloads += 1;
    if (computed !== place.commitment) this.#findings.add('payload', `the payload of entry ${index} is not what was committed to`, index);
    else if (bytes.toString('utf8', place.headerStart, place.headerEnd).includes('"kind":"erasure.done"'))
      this.#coverage.account(body.toString('utf8'));
  }

  #checkpoint(text: string): boolean {
    const line = parseExactly<{ checkpoint: string }>(text);
    const size = this.#frontier.size;
    if (typeof line?.checkpoint !== 'string') return this.#stop(`the checkpoint behind entry ${size - 1} cannot be read`, size);
    this.#checkpoints += 1;
    this.#lastNote = line.checkpoint;
    const checkpoint = readCheckpoint(line.checkpoint, this.#keys);
    if (checkpoint === undefined || checkpoint.origin !== this.#head!.origin) {
      this.#findings.add('signature', `the checkpoint at ${size} entries is not signed by this log's key`, size);
      return true;
    }
    if (checkpoint.size !== size || size <= this.#signedSize)
      return this.#stop(`a checkpoint over ${checkpoint.size} entries stands at ${size}`, size);
    // After one root is wrong all later ones are; the first names the place.
    if (!sameBytes(checkpoint.root, this.#root()) && !this.#findings.has('root')) {
      this.#findings.add('root', `entries ${this.#signedSize} to ${size - 1} do not give the signed root`, this.#signedSize);
    }
    this.#signedSize = size;
    return true;
  }

  #root(): Uint8Array {
    return frontierRoot(rawSha256, this.#frontier);
  }

  #stop(message: string, index?: number): false {
    this.#broken = true;
    this.#findings.add('format', message, index);
    return false;
  }
}

type Places = { headerStart: number; headerEnd: number; leaf: string; commitment: string; salt: string; bodyStart: number | undefined };

/** Where the parts of an entry's line stand. The line is written one way only, so nothing needs to be parsed to be hashed. */
function placesOf(text: string, index: number): Places | undefined {
  const start = `{"index":${index},"leaf":"`;
  const leafEnd = start.length + 64;
  const headerStart = leafEnd + BEFORE_HEADER.length;
  if (!text.startsWith(start) || !text.startsWith(BEFORE_HEADER, leafEnd)) return undefined;
  const headerEnd = text.indexOf(BEFORE_COMMITMENT, headerStart) + 1;
  if (headerEnd === 0) return undefined;
  const commitmentStart = headerEnd + BEFORE_COMMITMENT.length - 1;
  const commitmentEnd = commitmentStart + 64;
  const commitment = text.slice(commitmentStart, commitmentEnd);
  if (!isHash(commitment)) return undefined;
  const leaf = text.slice(start.length, leafEnd);
  const parts = { headerStart, headerEnd, leaf, commitment };
  if (text.length === commitmentEnd + 2) return text.endsWith('"}') ? { ...parts, salt: '', bodyStart: undefined } : undefined;

  const saltStart = commitmentEnd + BEFORE_SALT.length;
  const salt = text.slice(saltStart, saltStart + 64);
  const bodyStart = saltStart + 64 + BEFORE_BODY.length;
  const formed =
    text.startsWith(BEFORE_SALT, commitmentEnd) && isHash(salt) && text.startsWith(BEFORE_BODY, saltStart + 64) && text.endsWith('}}');
  return formed ? { ...parts, salt, bodyStart } : undefined;
}

const BEFORE_HEADER = '","header":';
const BEFORE_COMMITMENT = '},"commitment":"';
const BEFORE_SALT = '","salt":"';
const BEFORE_BODY = '","body":';
const scratch = Buffer.alloc(1_024);

// Upper-case digits would decode to the same bytes and so change a line without changing its hash.
function isHash(text: string): boolean {
  return text.length === 64 && /^[0-9a-f]+$/.test(text);
}

// By way of a text, which comes back faster than a Buffer does.
function rawSha256(bytes: Uint8Array): Buffer {
  return Buffer.from(hash('sha256', bytes, 'binary'), 'latin1');
}

function idOf(bytes: Buffer, start: number, end: number): number {
  return Number(/"id":(\d+)/.exec(bytes.toString('utf8', start, end))?.[1] ?? Number.NaN);
}

/** A JSON line that says the same in no other way; undefined otherwise. */
function parseExactly<T>(text: string): T | undefined {
  try {
    const value = JSON.parse(text) as T;
    return JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

function nothing(): boolean {
  return false;
}
