import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { type Random, randomFrom } from './random.ts';

const VT = 0x0b;
const FS = 0x1c;
const CR = 0x0d;

export type SendOptions = {
  host: string;
  port: number;
  messages: readonly Buffer[];
  /** Messages a minute; as fast as they are answered when absent. */
  perMinute?: number;
  /** How long an answer may take before the message is sent again. */
  timeoutMs?: number;
  /** Sendings of one message before it is given up. */
  tries?: number;
  /** Seed of a sender that repeats, reorders and breaks frames; about one message in five. */
  hostileSeed?: number;
  signal?: AbortSignal;
};
export type SendReport = {
  messages: number;
  accepted: number;
  failed: number;
  rejected: number;
  unanswered: number;
  resent: number;
  duplicated: number;
  reordered: number;
  broken: number;
};

/** Takes a feed file apart: messages end with CR, a line feed stands between two of them. */
export function splitFeed(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(0x0a, start);
    const stop = end === -1 ? bytes.length : end;
    if (stop > start) messages.push(bytes.subarray(start, stop));
    start = stop + 1;
  }
  return messages;
}

/**
 * Sends messages over MLLP one after the other and waits for the answer to each, as an interface engine does. An answer counts only when
 * its MSA-2 is the control id that was sent; silence or a closed line means the same bytes again; AE and AR are counted, not repeated.
 */
export async function sendMllp(options: SendOptions): Promise<SendReport> {
  const { timeoutMs = 10_000, tries = 8, signal } = options;
  const report: SendReport = {
    messages: options.messages.length,
    accepted: 0,
    failed: 0,
    rejected: 0,
    unanswered: 0,
    resent: 0,
    duplicated: 0,
    reordered: 0,
    broken: 0,
  };
  const random = options.hostileSeed === undefined ? undefined : randomFrom(`mllp/${options.hostileSeed}`);
  const line = new Line(options.host, options.port);
  try {
    for (const message of order(options.messages, random, report)) {
      if (signal?.aborted) break;
      if (random?.chance(0.06)) await breakFrame(line, message, random, report);
      const code = await sendOnce(line, message, { timeoutMs, tries, report });
      if (code === undefined) report.unanswered++;
      else if (code === 'AA' || code === 'CA') report.accepted++;
      else if (code === 'AE' || code === 'CE') report.failed++;
      else report.rejected++;
      if (options.perMinute !== undefined)
        await wait(60_000 / options.perMinute, undefined, signal ? { signal } : {}).catch(() => undefined);
    }
  } finally {
    line.close();
  }
  return report;
}

async function sendOnce(
  line: Line,
  message: Buffer,
  options: { timeoutMs: number; tries: number; report: SendReport },
): Promise<string | undefined> {
  const control = controlId(message);
  for (let attempt = 0; attempt < options.tries; attempt++) {
    if (attempt > 0) {
      options.report.resent++;
      await wait(Math.min(2_000, 25 * 2 ** attempt));
    }
    try {
      await line.write(Buffer.concat([Buffer.from([VT]), message, Buffer.from([FS, CR])]));
      const code = await line.answerTo(control, options.timeoutMs);
      if (code !== undefined) return code;
    } catch {
      // The line is gone; the next attempt opens another one.
    }
    line.close();
  }
  return undefined;
}

/** A hostile sender repeats some messages and swaps some neighbours; every message is still sent at least once. */
function order(messages: readonly Buffer[], random: Random | undefined, report: SendReport): Buffer[] {
  if (!random) return [...messages];
  const out: Buffer[] = [];
  for (const message of messages) {
    out.push(message);
    if (random.chance(0.08)) {
      out.push(message);
      report.duplicated++;
    }
    const before = out.at(-2);
    if (before && random.chance(0.08)) {
      out.splice(-2, 2, out.at(-1) ?? message, before);
      report.reordered++;
    }
  }
  return out;
}

/** Sends something that is no frame and hangs up; the message itself follows properly on a new line. */
async function breakFrame(line: Line, message: Buffer, random: Random, report: SendReport): Promise<void> {
  report.broken++;
  const bad = random.pick([
    Buffer.concat([message, Buffer.from([FS, CR])]),
    Buffer.concat([Buffer.from([VT]), message.subarray(0, Math.floor(message.length / 2))]),
    Buffer.concat([Buffer.from([VT, VT]), message.subarray(0, 40), Buffer.from([FS])]),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  ]);
  try {
    await line.write(bad);
    await wait(5);
  } catch {
    // A receiver may hang up on such bytes.
  }
  line.close();
}

function controlId(message: Buffer): string {
  const header = message.subarray(0, Math.max(0, message.indexOf(CR))).toString('utf8');
  return header.split(header.charAt(3))[9] ?? '';
}

/** One TCP connection that is opened when needed. */
class Line {
  private readonly host: string;
  private readonly port: number;
  private socket: Socket | undefined;
  private received = Buffer.alloc(0);
  private wake: (() => void) | undefined;

  constructor(host: string, port: number) {
    this.host = host;
    this.port = port;
  }

  async write(bytes: Buffer): Promise<void> {
    const socket = this.socket ?? (await this.open());
    await new Promise<void>((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve())));
  }

  /** MSA-1 of the answer whose MSA-2 is this control id; others are passed over. Undefined after the time or when the line closes. */
  async answerTo(control: string, timeoutMs: number): Promise<string | undefined> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      for (let frame = this.frame(); frame !== undefined; frame = this.frame()) {
        const answer = acknowledgement(frame);
        if (answer?.control === control) return answer.code;
      }
      const left = until - Date.now();
      if (left <= 0 || !this.socket) return undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    this.socket?.destroy();
    this.socket = undefined;
    this.received = Buffer.alloc(0);
    this.wake?.();
  }

  private async open(): Promise<Socket> {
    const socket = connect({ host: this.host, port: this.port });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.on('data', (chunk: Buffer) => {
      if (this.socket !== socket) return;
      this.received = Buffer.concat([this.received, chunk]);
      this.wake?.();
    });
    const gone = (): void => {
      if (this.socket !== socket) return;
      this.socket = undefined;
      this.wake?.();
    };
    socket.on('error', gone);
    socket.on('close', gone);
    this.socket = socket;
    this.received = Buffer.alloc(0);
    return socket;
  }

  private frame(): string | undefined {
    const start = this.received.indexOf(VT);
    const end = start === -1 ? -1 : this.received.indexOf(FS, start);
    if (end === -1) return undefined;
    const text = this.received.subarray(start + 1, end).toString('utf8');
    this.received = this.received.subarray(end + 1);
    return text;
  }
}

function acknowledgement(text: string): { code: string; control: string } | undefined {
  const separator = text.charAt(3);
  const fields = text
    .split(/[\r\n]+/)
    .find((line) => line.startsWith(`MSA${separator}`))
    ?.split(separator);
  return fields?.[1] === undefined ? undefined : { code: fields[1], control: fields[2] ?? '' };
}
