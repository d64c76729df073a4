import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import { errorCode } from './error-code.ts';
import { decodeRecord, encodeRecord, findRecord, type SegmentRecord } from './segment-format.ts';

export type { SegmentHeader, SegmentRecord } from './segment-format.ts';

/** Where a record starts. */
export type Position = { segment: number; offset: number };

/** A place whose bytes are no record: `torn` was cut off by a crash before anybody was told it is stored; `corrupt` has records after it. */
export type Damage = Position & { kind: 'torn' | 'corrupt'; bytes: number };

export type StoredRecord = SegmentRecord & { position: Position };

export type IntakeSegments = {
  /** Resolves once the record is on disk. All that wait share one fdatasync. */
  append(record: SegmentRecord): Promise<Position>;
  /** Every record from a position on, in order, as far as it was synced when asked. Damaged places are told and passed over. */
  read(from?: Position, onDamage?: (damage: Damage) => void): AsyncGenerator<StoredRecord>;
  /** Where the next record will start: kept beside a snapshot of the database, reading from it finds what the snapshot lacks. */
  end(): Position;
  /**
   * Writes segments anew with what `change` makes of each record; undefined drops it. Appends wait meanwhile. Only segments with a change are
   * touched, each as a whole or not at all. Bytes that are no record are nobody's to keep or to forget, and go: damaged places of every
   * segment, and tails that were kept aside.
   */
  rewrite(change: (record: SegmentRecord) => SegmentRecord | undefined): Promise<void>;
  /** Receipts that were erased: their bytes are not kept again. Filled by whoever reads the orders. */
  readonly erased: Set<string>;
  /** What opening found damaged in the last segment; a torn tail has been cut off. */
  readonly damage: readonly Damage[];
  close(): Promise<void>;
};

export type SegmentOptions = {
  /** Bytes after which the next segment begins. */
  rollAt?: number;
  /** Named moments for kill tests. */
  hooks?: { beforeSync?(): void; afterSync?(): void; beforeRename?(): void; afterRename?(): void };
  /** Seconds each sync took, for metrics. */
  onSync?: (seconds: number) => void;
};

const ROLL_AT = 64 * 1024 * 1024;
// More than this in one write only makes the first of the group wait for the last.
const GROUP_BYTES = 8 * 1024 * 1024;

/**
 * Opens the append-only log that makes an acknowledgement true on the embedded database, which runs without fsync. Cuts off a torn
 * tail: its records were acknowledged to nobody. The caller holds the folder lock.
 */
export async function openIntakeSegments(folder: string, options: SegmentOptions = {}): Promise<IntakeSegments> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeAll(folder, UNFINISHED);
  const last = (await listSegments(folder)).at(-1) ?? 1;
  const opened = await openLast(folder, last);
  const writer = new SegmentWriter(folder, options, { segment: last, offset: opened.size }, opened.handle);
  return {
    append: (record) => writer.append(record),
    read: (from, onDamage) => readSegments(folder, from, writer.end(), onDamage),
    end: () => writer.end(),
    rewrite: (change) => writer.rewrite(change),
    erased: new Set(),
    damage: opened.damage,
    close: () => writer.close(),
  };
}

type Waiting = { bytes: Buffer; resolve: (position: Position) => void; reject: (error: unknown) => void };

class SegmentWriter {
  readonly #folder: string;
  readonly #options: SegmentOptions;
  #handle: FileHandle;
  #end: Position;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #failed: AppError | undefined;
  #closed = false;

  constructor(folder: string, options: SegmentOptions, end: Position, handle: FileHandle) {
    this.#folder = folder;
    this.#options = options;
    this.#end = end;
    this.#handle = handle;
  }

  end(): Position {
    return { ...this.#end };
  }

  append(record: SegmentRecord): Promise<Position> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new AppError('internal', 'the intake segments are closed');
      this.#waiting.push({ bytes: encodeRecord(record), resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  async rewrite(change: (record: SegmentRecord) => SegmentRecord | undefined): Promise<void> {
    while (this.#writing) await this.#writing;
    if (this.#closed) throw new AppError('internal', 'the intake segments are closed');
    const rewriting = this.#rewriteAll(change);
    // Whoever appends meanwhile finds somebody at work, and is served next.
    this.#writing = rewriting.then(
      () => this.#writeAll(),
      () => this.#writeAll(),
    );
    await rewriting;
  }

  async close(): Promise<void> {
    this.#closed = true;
    while (this.#writing) await this.#writing;
    await this.#handle.close();
  }

  async #rewriteAll(change: (record: SegmentRecord) => SegmentRecord | undefined): Promise<void> {
    if (this.#failed) throw this.#failed;
    for (const segment of await listSegments(this.#folder)) {
      const data = await readFile(segmentFile(this.#folder, segment));
      const changed = rewritten(data, segment, change);
      if (changed === undefined) continue;
      await this.#replace(segment, changed);
    }
    await removeAll(this.#folder, TAIL);
  }

  /** The new file under another name, then in the old one's place: a crash leaves the one or the other. */
  async #replace(segment: number, bytes: Buffer): Promise<void> {
    const file = segmentFile(this.#folder, segment);
    const handle = await open(`${file}.new`, 'w', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    this.#options.hooks?.beforeRename?.();
    await rename(`${file}.new`, file);
    await syncFolder(this.#folder);
    this.#options.hooks?.afterRename?.();
    if (segment !== this.#end.segment) return;
    const next = await open(file, 'r+');
    await this.#handle.close();
    this.#handle = next;
    this.#end = { segment, offset: bytes.length };
  }

  async #writeAll(): Promise<void> {
    // One turn of the loop lets what arrived together be synced together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      try {
        const positions = await this.#store(group);
        for (const [i, one] of group.entries()) one.resolve(positions[i]!);
      } catch (error) {
        for (const one of group) one.reject(error);
      }
    }
    // In the same turn as the last look at what waits: an append between the two would wait for ever.
    this.#writing = undefined;
  }

  #takeGroup(): Waiting[] {
    const room = (this.#options.rollAt ?? ROLL_AT) - this.#end.offset;
    let bytes = 0;
    let count = 0;
    for (const one of this.#waiting) {
      if (count > 0 && (bytes + one.bytes.length > GROUP_BYTES || bytes + one.bytes.length > room)) break;
      bytes += one.bytes.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #store(group: Waiting[]): Promise<Position[]> {
    if (this.#failed) throw this.#failed;
    const bytes = Buffer.concat(group.map((one) => one.bytes));
    if (this.#end.offset > 0 && this.#end.offset + bytes.length > (this.#options.rollAt ?? ROLL_AT)) await this.#roll();
    await this.#write(bytes);
    await this.#sync();
    const { segment, offset } = this.#end;
    let at = offset;
    const positions = group.map((one) => {
      const position = { segment, offset: at };
      at += one.bytes.length;
      return position;
    });
    this.#end = { segment, offset: at };
    return positions;
  }

  async #roll(): Promise<void> {
    const segment = this.#end.segment + 1;
    const next = await createSegment(this.#folder, segment);
    await this.#handle.close();
    this.#handle = next;
    this.#end = { segment, offset: 0 };
  }

  /** A full disk refuses the group and nothing more: what was written of it is cut off again, and the next group is tried anew. */
  async #write(bytes: Buffer): Promise<void> {
    try {
      let written = 0;
      while (written < bytes.length) {
        const step = await this.#handle.write(bytes, written, bytes.length - written, this.#end.offset + written);
        written += step.bytesWritten;
      }
    } catch (error) {
      await this.#handle.truncate(this.#end.offset).catch((again: unknown) => this.#fail(again));
      throw new AppError('internal', `the intake segment could not be written (${errorCode(error)})`, { cause: error });
    }
  }

  async #sync(): Promise<void> {
    const begun = performance.now();
    this.#options.hooks?.beforeSync?.();
    try {
      await this.#handle.datasync();
    } catch (error) {
      throw this.#fail(error);
    }
    this.#options.hooks?.afterSync?.();
    this.#options.onSync?.((performance.now() - begun) / 1000);
  }

  /** After a failed sync the kernel may drop the pages and report the next sync as fine: nothing is promised until a restart. */
  #fail(error: unknown): AppError {
    this.#failed = new AppError('internal', `the intake segments failed (${errorCode(error)}): restart after the disk is mended`, {
      cause: error,
    });
    return this.#failed;
  }
}

async function* readSegments(
  folder: string,
  from: Position | undefined,
  until: Position,
  onDamage?: (damage: Damage) => void,
): AsyncGenerator<StoredRecord> {
  for (const segment of await listSegments(folder)) {
    if (segment > until.segment || (from !== undefined && segment < from.segment)) continue;
    const file = await readFile(segmentFile(folder, segment));
    const data = segment === until.segment ? file.subarray(0, until.offset) : file;
    yield* readRecords(data, segment, from?.segment === segment ? from.offset : 0, onDamage);
  }
}

function* readRecords(data: Buffer, segment: number, start: number, onDamage?: (damage: Damage) => void): Generator<StoredRecord> {
  let offset = start;
  while (offset < data.length) {
    const decoded = decodeRecord(data, offset);
    if (decoded) {
      yield { ...decoded.record, position: { segment, offset } };
      offset = decoded.end;
      continue;
    }
    const next = findRecord(data, offset);
    onDamage?.({ kind: next === undefined ? 'torn' : 'corrupt', segment, offset, bytes: (next ?? data.length) - offset });
    if (next === undefined) return;
    offset = next;
  }
}

async function openLast(folder: string, segment: number): Promise<{ handle: FileHandle; size: number; damage: Damage[] }> {
  const data = await readFile(segmentFile(folder, segment)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (data === undefined) return { handle: await createSegment(folder, segment), size: 0, damage: [] };
  const damage: Damage[] = [];
  for (const _ of readRecords(data, segment, 0, (found) => damage.push(found)));
  const torn = damage.find((one) => one.kind === 'torn');
  if (torn) await keepTail(folder, torn, data.subarray(torn.offset));
  const handle = await open(segmentFile(folder, segment), 'r+');
  if (torn) await readied(handle, () => cutAt(handle, torn.offset));
  return { handle, size: torn?.offset ?? data.length, damage };
}

/** What is cut off is kept beside the segment: if it was not torn but overwritten by something else, a person may still need it. */
async function keepTail(folder: string, { segment, offset }: Damage, bytes: Buffer): Promise<void> {
  const handle = await open(join(folder, `${nameOf(segment)}.torn-at-${offset}`), 'w', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function cutAt(handle: FileHandle, size: number): Promise<void> {
  await handle.truncate(size);
  await handle.datasync();
}

/** What is done to an open file before it is handed out; where that fails, nobody is left to close it. */
async function readied(handle: FileHandle, work: () => Promise<void>): Promise<FileHandle> {
  try {
    await work();
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The bytes of a segment after a change; undefined where nothing changes. */
function rewritten(data: Buffer, segment: number, change: (record: SegmentRecord) => SegmentRecord | undefined): Buffer | undefined {
  let differs = false;
  const kept: Buffer[] = [];
  const onDamage = (): void => {
    differs = true;
  };
  for (const { header, bytes } of readRecords(data, segment, 0, onDamage)) {
    const before = { header, bytes };
    const after = change(before);
    differs ||= after !== before;
    if (after) kept.push(encodeRecord(after));
  }
  return differs ? Buffer.concat(kept) : undefined;
}

const UNFINISHED = /\.seg\.new$/;
const TAIL = /\.torn-at-\d+$/;

async function removeAll(folder: string, pattern: RegExp): Promise<void> {
  const names = (await readdir(folder)).filter((name) => pattern.test(name));
  for (const name of names) await rm(join(folder, name));
  if (names.length > 0) await syncFolder(folder);
}

async function createSegment(folder: string, segment: number): Promise<FileHandle> {
  const handle = await open(segmentFile(folder, segment), 'wx+', 0o600);
  // The file's own sync does not cover its name in the folder.
  return readied(handle, () => syncFolder(folder));
}

async function syncFolder(folder: string): Promise<void> {
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function listSegments(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => /^(\d{3,})\.seg$/.exec(name)?.[1] ?? []).map(Number).sort((a, b) => a - b); // biome-ignore format: short
}

function segmentFile(folder: string, segment: number): string {
  return join(folder, `${nameOf(segment)}.seg`);
}

function nameOf(segment: number): string {
  return String(segment).padStart(3, '0');
}
