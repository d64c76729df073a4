import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { sendMllp, splitFeed } from './mllp-sender.ts';

const servers: { server: Server; sockets: Set<Socket> }[] = [];

afterEach(() => {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

describe('the MLLP sender', () => {
  it('takes a feed apart by message', () => {
    const bytes = Buffer.from(`${message(1)}\n${message(2)}\n`);

    expect(splitFeed(bytes).map(String)).toEqual([message(1), message(2)]);
  });

  it('sends each message once, in order, and counts what was answered', async () => {
    const peer = await listen((control) => ack(control === '2' ? 'AE' : control === '3' ? 'AR' : 'AA', control));

    const report = await sendMllp({ host: '127.0.0.1', port: peer.port, messages: feed(4) });

    expect(peer.received).toEqual(['1', '2', '3', '4']);
    expect(report).toMatchObject({ messages: 4, accepted: 2, failed: 1, rejected: 1, unanswered: 0, resent: 0 });
  });

  it('does not take the answer to another message for its own', async () => {
    let strangers = 0;
    const peer = await listen((control) => (strangers++ === 0 ? ack('AA', 'other') : ack('AA', control)));

    const report = await sendMllp({ host: '127.0.0.1', port: peer.port, messages: feed(1), timeoutMs: 60 });

    expect(report).toMatchObject({ accepted: 1, resent: 1 });
    expect(peer.received).toEqual(['1', '1']);
  });

  it('sends again when nothing comes or the line is cut, and gives up at last', async () => {
    let count = 0;
    const peer = await listen((control) => (++count < 3 ? 'hang up' : ack('AA', control)));
    const silent = await listen(() => undefined);

    const report = await sendMllp({ host: '127.0.0.1', port: peer.port, messages: feed(1), timeoutMs: 200 });
    const lost = await sendMllp({ host: '127.0.0.1', port: silent.port, messages: feed(1), timeoutMs: 20, tries: 2 });

    expect(report).toMatchObject({ accepted: 1, resent: 2 });
    expect(lost).toMatchObject({ accepted: 0, unanswered: 1, resent: 1 });
  });

  it('when hostile, repeats, reorders and breaks frames, the same way each time, and still delivers every message', async () => {
    const first = await listen((control) => ack('AA', control));
    const second = await listen((control) => ack('AA', control));

    const report = await sendMllp({ host: '127.0.0.1', port: first.port, messages: feed(80), hostileSeed: 5 });
    const again = await sendMllp({ host: '127.0.0.1', port: second.port, messages: feed(80), hostileSeed: 5 });

    expect(report).toEqual(again);
    expect(report.duplicated).toBeGreaterThan(0);
    expect(report.reordered).toBeGreaterThan(0);
    expect(report.broken).toBeGreaterThan(0);
    expect(report.accepted).toBe(80 + report.duplicated);
    expect(new Set(first.received).size).toBe(80);
  });
});

function message(control: number): string {
  return `MSH|^~\\&|A|B|C|D|20261122000000-0600||ADT^A04|${control}|P|2.5.1\rPID|1\r`;
}

function feed(count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => Buffer.from(message(index + 1)));
}

function ack(code: string, control: string): string {
  return `MSH|^~\\&|C|D|A|B|20261122000000-0600||ACK|x|P|2.5.1\rMSA|${code}|${control}\r`;
}

/** A receiver that takes whole frames and hangs up on anything else. */
async function listen(answer: (control: string) => string | undefined): Promise<{ port: number; received: string[] }> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let buffer = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk]);
      for (
        let end = buffer.indexOf(0x0d, buffer.indexOf(0x1c));
        buffer.includes(0x1c) && end !== -1;
        end = buffer.indexOf(0x0d, buffer.indexOf(0x1c))
      ) {
        const frame = buffer.subarray(0, end + 1);
        buffer = buffer.subarray(end + 1);
        const control = frame.toString('utf8').split('|')[9];
        if (frame[0] !== 0x0b || frame[1] !== 0x4d || control === undefined) return socket.destroy();
        received.push(control);
        const text = answer(control);
        if (text === 'hang up') return socket.destroy();
        if (text !== undefined) socket.write(`\x0b${text}\x1c\r`);
      }
    });
  });
  servers.push({ server, sockets });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, received };
}
