const VT = 0x0b;
const FS = 0x1c;
const CR = 0x0d;

/** Why a frame was refused. */
export type FrameFault = 'no-start' | 'no-end' | 'too-large' | 'half-message' | 'empty';

/** What came out of a stream: a whole message, or a broken one with what there is of it (to find whom to answer). */
export type Frame = { bytes: Buffer; fault?: FrameFault };

/**
 * Cuts a stream into MLLP frames (HL7 v2.5.1 Appendix C §C.4.3): VT, the message, FS CR. Chunks may end anywhere.
 * Line ends and blanks between frames are skipped; anything else there is a fault, as is a start before the end of the one before.
 */
export class FrameReader {
  readonly maxBytes: number;
  #held: Buffer[] = [];
  #size = 0;
  #inside = false;
  /** The last byte was FS inside a frame: whether it ended it depends on the next. */
  #ending = false;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** True while part of a message is held. */
  get half(): boolean {
    return this.#inside || this.#size > 0;
  }

  /** The frames that this chunk completes. After a `too-large` the stream cannot be trusted and nothing more is read. */
  read(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    while (at < chunk.length) {
      at = this.#inside ? this.#readInside(chunk, at, frames) : this.#readBetween(chunk, at, frames);
      if (this.#size > this.maxBytes) {
        frames.push(this.#take('too-large'));
        return frames;
      }
    }
    return frames;
  }

  /** What is held when the line falls silent or closes. */
  rest(): Frame | undefined {
    return this.half ? this.#take(this.#inside ? 'half-message' : 'no-start') : undefined;
  }

  #readBetween(chunk: Buffer, at: number, frames: Frame[]): number {
    let end = at;
    while (end < chunk.length && chunk[end] !== VT && chunk[end] !== FS) end++;
    const blank = this.#size === 0 && isBlank(chunk, at, end);
    if (!blank) this.#hold(chunk, at, end);
    if (end === chunk.length) return end;
    if (chunk[end] === FS || this.#size > 0) {
      // Text that ends like a frame without having begun like one, or runs into the next one.
      frames.push(this.#take('no-start'));
    }
    if (chunk[end] === VT) this.#inside = true;
    return end + 1;
  }

  #readInside(chunk: Buffer, at: number, frames: Frame[]): number {
    if (this.#ending) {
      this.#ending = false;
      if (chunk[at] === CR) {
        frames.push(this.#size === 0 ? this.#take('empty') : this.#take());
        return at + 1;
      }
      if (chunk[at] === VT) return this.#restart(at, frames);
      // FS inside a text is not ours to judge; it stays in the message.
      this.#hold(Buffer.of(FS), 0, 1);
    }
    let end = at;
    while (end < chunk.length && chunk[end] !== FS && chunk[end] !== VT) end++;
    this.#hold(chunk, at, end);
    if (end === chunk.length) return end;
    if (chunk[end] === VT) return this.#restart(end, frames);
    this.#ending = true;
    return end + 1;
  }

  /** A start inside a message: the one before never ended. */
  #restart(at: number, frames: Frame[]): number {
    frames.push(this.#take('no-end'));
    this.#inside = true;
    return at + 1;
  }

  #hold(chunk: Buffer, start: number, end: number): void {
    if (end <= start) return;
    this.#held.push(chunk.subarray(start, end));
    this.#size += end - start;
  }

  #take(fault?: FrameFault): Frame {
    // A copy: the chunk's memory belongs to the socket.
    const bytes = Buffer.concat(this.#held, this.#size);
    this.#held = [];
    this.#size = 0;
    this.#inside = false;
    this.#ending = false;
    return fault ? { bytes, fault } : { bytes };
  }
}

/** Puts a message into a frame. */
export function frame(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(VT), bytes, Buffer.of(FS, CR)]);
}

function isBlank(chunk: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (chunk[at] !== CR && chunk[at] !== 10 && chunk[at] !== 32 && chunk[at] !== 9) return false;
  return true;
}
