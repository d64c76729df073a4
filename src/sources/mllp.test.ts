import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { Client, Message } from 'node-hl7-client';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../core/errors.ts';
import type { Acknowledge } from '../core/ports.ts';
import type { Payload } from '../core/receipt.ts';
import { silentLog } from '../platform/log.ts';
import { feedName } from './feed-name.ts';
import { type MllpOptions, type MllpServer, startMllp, storeThenAnswer } from './mllp.ts';
import { FrameReader, frame } from './mllp-frames.ts';

const open: { server?: MllpServer; sockets: Socket[] } = { sockets: [] };

afterEach(async () => {
  for (const socket of open.sockets.splice(0)) socket.destroy();
  await open.server?.close();
  delete open.server;
});

describe('FrameReader', () => {
  it('gives back any messages from any split of the stream', () => {
    const body = fc
      .uint8Array({ minLength: 1, maxLength: 60 })
      .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0x0b || byte === 0x1c ? 65 : byte))));
    fc.assert(
      fc.property(fc.array(body), fc.array(fc.nat(400)), (messages, cuts) => {
        const stream = Buffer.concat(messages.map((message) => frame(message)));
        const points = [0, ...cuts.map((cut) => Math.min(cut, stream.length)).sort((a, b) => a - b), stream.length];
        const reader = new FrameReader(1000);

        const frames = points.slice(1).flatMap((end, index) => reader.read(stream.subarray(points[index]!, end)));

        expect(frames.map(({ bytes }) => bytes.toString('hex'))).toEqual(messages.map((message) => message.toString('hex')));
        expect(frames.every(({ fault }) => fault === undefined)).toBe(true);
        expect(reader.half).toBe(false);
      }),
    );
  });

  it.each`
    why                              | stream                             | frames
    ${'text before the start'}       | ${'hello\x0bA\x1c\r'}              | ${['no-start:hello', ':A']}
    ${'a message without start'}     | ${'MSH|\x1c\r\x0bA\x1c\r'}         | ${['no-start:MSH|', ':A']}
    ${'garbage between frames'}      | ${'\x0bA\x1c\rzz\x0bB\x1c\r'}      | ${[':A', 'no-start:zz', ':B']}
    ${'line ends between frames'}    | ${'\r\n\x0bA\x1c\r\n \x0bB\x1c\r'} | ${[':A', ':B']}
    ${'a start before the end'}      | ${'\x0bA\x0bB\x1c\r'}              | ${['no-end:A', ':B']}
    ${'an end without its return'}   | ${'\x0bA\x1c\x0bB\x1c\r'}          | ${['no-end:A', ':B']}
    ${'a separator inside the text'} | ${'\x0bA\x1cB\x1c\r'}              | ${[':A\x1cB']}
    ${'nothing in a frame'}          | ${'\x0b\x1c\r'}                    | ${['empty:']}
    ${'too much'}                    | ${`\x0b${'A'.repeat(101)}\x1c\r`}  | ${[`too-large:${'A'.repeat(101)}`]}
  `('names the fault of $why, byte by byte too', ({ stream, frames }) => {
    const bytes = Buffer.from(stream, 'latin1');
    const whole = new FrameReader(100);
    const slow = new FrameReader(100);
    const name = ({ bytes: text, fault }: { bytes: Buffer; fault?: string }) => `${fault ?? ''}:${text.toString('latin1')}`;

    expect(whole.read(bytes).map(name)).toEqual(frames);
    expect(
      [...bytes]
        .flatMap((byte) => slow.read(Buffer.of(byte)))
        .map(name)
        .slice(0, frames.length),
    ).toEqual(frames);
  });
});

describe('startMllp', () => {
  it('takes a message that comes byte by byte and names its feed', async () => {
    const seen: Payload[] = [];
    const port = await start({
      onMessage: async (payload) => {
        seen.push(payload);
        return acknowledge(payload.bytes, { ok: true });
      },
    });
    const peer = await dial(port);

    for (const byte of frame(message('M1'))) {
      peer.socket.write(Buffer.of(byte));
      await pause(1);
    }

    expect(await peer.answers(1)).toEqual(['AA M1']);
    expect(seen).toEqual([{ source: 'lab.north', door: 'mllp', contentType: 'application/hl7-v2+er7', bytes: message('M1') }]);
  });

  it('answers pipelined messages in the order they came, though the first takes longest', async () => {
    const port = await start({
      onMessage: async ({ bytes }) => {
        await pause(idOf(bytes) === 'M1' ? 60 : 1);
        return acknowledge(bytes, { ok: true });
      },
    });
    const peer = await dial(port);

    peer.socket.write(Buffer.concat([frame(message('M1')), frame(message('M2')), frame(message('M3'))]));

    expect(await peer.answers(3)).toEqual(['AA M1', 'AA M2', 'AA M3']);
  });

  it('sends no answer before the receipt is on disk', async () => {
    let stored: () => void = () => undefined;
    const disk = new Promise<void>((resolve) => (stored = resolve));
    const intake = () => disk.then(() => ({ receipt: 'r', repeat: false }));
    const port = await start({ onMessage: storeThenAnswer(intake, acknowledge) });
    const peer = await dial(port);

    peer.socket.write(frame(message('M1')));
    await pause(60);
    expect(peer.text()).toBe('');
    stored();

    expect(await peer.answers(1)).toEqual(['AA M1']);
  });

  it.each`
    why                   | error                                   | answer
    ${'the disk is full'} | ${new Error('disk full')}               | ${'AE M1'}
    ${'it is too large'}  | ${new AppError('too_large', 'too big')} | ${'AR M1'}
  `('answers $answer when the receipt could not be stored because $why', async ({ error, answer }) => {
    const port = await start({ onMessage: storeThenAnswer(() => Promise.reject(error), acknowledge) });
    const peer = await dial(port);

    peer.socket.write(frame(message('M1')));

    expect(await peer.answers(1)).toEqual([answer]);
  });

  it.each`
    why                        | stream                                                                            | answers
    ${'a missing start block'} | ${Buffer.concat([message('M1'), Buffer.from('\x1c\r'), frame(message('M2'))])}    | ${['AR M1', 'AA M2']}
    ${'garbage between'}       | ${Buffer.concat([frame(message('M1')), Buffer.from('zz'), frame(message('M2'))])} | ${['AA M1', 'AR ', 'AA M2']}
    ${'a missing end block'}   | ${Buffer.concat([Buffer.from('\x0b'), message('M1'), frame(message('M2'))])}      | ${['AR M1', 'AA M2']}
    ${'an empty frame'}        | ${Buffer.concat([frame(Buffer.alloc(0)), frame(message('M2'))])}                  | ${['AR ', 'AA M2']}
  `('refuses $why and goes on', async ({ stream, answers }) => {
    const port = await start();
    const peer = await dial(port);

    peer.socket.write(stream);

    expect(await peer.answers(answers.length)).toEqual(answers);
  });

  it('refuses what is too large and closes', async () => {
    const port = await start({ maxBytes: 300 });
    const peer = await dial(port);

    peer.socket.write(frame(Buffer.concat([message('BIG'), Buffer.alloc(400, 65)])));

    expect(await peer.answers(1)).toEqual(['AR BIG']);
    await peer.closed;
  });

  it('refuses half a message when the line falls silent, or closes', async () => {
    const port = await start({ idleMs: 50 });
    const silent = await dial(port);
    const closing = await dial(port);

    silent.socket.write(Buffer.concat([Buffer.from('\x0b'), message('M1')]));
    closing.socket.end(Buffer.concat([Buffer.from('\x0b'), message('M2')]));

    expect(await silent.answers(1)).toEqual(['AR M1']);
    expect(await closing.answers(1)).toEqual(['AR M2']);
    await silent.closed;
  });

  it('leaves an idle connection open where no message is under way', async () => {
    const port = await start({ idleMs: 30 });
    const peer = await dial(port);

    await pause(100);
    peer.socket.write(frame(message('M1')));

    expect(await peer.answers(1)).toEqual(['AA M1']);
  });

  it('reads no further than it can answer', async () => {
    let working = 0;
    let most = 0;
    const port = await start({
      maxPending: 4,
      onMessage: async ({ bytes }) => {
        most = Math.max(most, ++working);
        await pause(10);
        working--;
        return acknowledge(bytes, { ok: true });
      },
    });
    const peer = await dial(port);
    const large = (i: number) => Buffer.concat([message(`M${i}`), Buffer.alloc(60_000, 65)]);

    for (let i = 0; i < 40; i++) peer.socket.write(frame(large(i)));

    expect(await peer.answers(40)).toEqual(Array.from({ length: 40 }, (_, i) => `AA M${i}`));
    expect(most).toBeLessThan(12);
  });

  it('serves twenty connections at once, each its own answers', async () => {
    const port = await start();
    const peers = await Promise.all(Array.from({ length: 20 }, () => dial(port)));

    for (let round = 0; round < 25; round++)
      for (const [index, peer] of peers.entries()) peer.socket.write(frame(message(`C${index}R${round}`)));

    for (const [index, peer] of peers.entries()) {
      expect(await peer.answers(25)).toEqual(Array.from({ length: 25 }, (_, round) => `AA C${index}R${round}`));
    }
    expect(open.server?.connections()).toBe(20);
  });

  it('finishes what it has taken before it closes', async () => {
    const port = await start({
      onMessage: async ({ bytes }) => {
        await pause(50);
        return acknowledge(bytes, { ok: true });
      },
    });
    const peer = await dial(port);
    peer.socket.write(frame(message('M1')));
    await pause(20);

    await open.server?.close();

    expect(await peer.answers(1)).toEqual(['AA M1']);
    await expect(dial(port)).rejects.toThrow();
  });

  it('keeps serving others when a connection is cut in the middle', async () => {
    const port = await start();
    const cut = await dial(port);
    cut.socket.write(Buffer.concat([Buffer.from('\x0b'), message('M1')]));
    cut.socket.resetAndDestroy();
    const peer = await dial(port);

    peer.socket.write(frame(message('M2')));

    expect(await peer.answers(1)).toEqual(['AA M2']);
  });

  it('is understood by another maker’s client', async () => {
    const port = await start();
    const client = new Client({ host: '127.0.0.1', version: '2.5.1' });

    const answer = await new Promise<string>((resolve, reject) => {
      const connection = client.createConnection({ port, version: '2.5.1' }, (response) => {
        const got = response.getMessage();
        resolve(`${got.get('MSA.1').toString()} ${got.get('MSA.2').toString()}`);
        void connection.close();
      });
      connection.sendMessage(new Message({ text: message('N1').toString('utf8').trimEnd() })).catch(reject);
    });

    expect(answer).toBe('AA N1');
  });
});

/** Answers as the port does; interop's own is tested there, and sources may not import it. */
const acknowledge: Acknowledge = (bytes, outcome) => {
  const code = outcome.ok ? 'AA' : outcome.reason === 'not-stored' ? 'AE' : 'AR';
  const text = `MSH|^~\\&|COUNTERSIGN|CITY|LAB|NORTH|20260305071500||ACK^R01^ACK|A1|P|2.5.1\rMSA|${code}|${idOf(bytes)}\r`;
  return { bytes: Buffer.from(text), code };
};

function message(id: string): Buffer {
  return Buffer.from(`MSH|^~\\&|LAB|NORTH|EHR|CITY|20260305081500||ORU^R01^ORU_R01|${id}|P|2.5.1\rPID|1||77\r`);
}

function idOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1').split('\r')[0]?.split('|')[9] ?? '';
}

async function start(options: Partial<MllpOptions> = {}): Promise<number> {
  open.server = await startMllp({
    host: '127.0.0.1',
    port: 0,
    onMessage: async ({ bytes }) => acknowledge(bytes, { ok: true }),
    acknowledge,
    source: (bytes) => feedName(bytes),
    log: silentLog,
    closeMs: 1000,
    ...options,
  });
  return open.server.port;
}

type Peer = { socket: Socket; text(): string; answers(count: number): Promise<string[]>; closed: Promise<void> };

async function dial(port: number): Promise<Peer> {
  const socket = connect({ host: '127.0.0.1', port });
  open.sockets.push(socket);
  const reader = new FrameReader(1_000_000);
  const got: Buffer[] = [];
  const raw: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => {
    raw.push(chunk);
    got.push(...reader.read(chunk).map(({ bytes }) => bytes));
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  return {
    socket,
    closed,
    text: () => Buffer.concat(raw).toString(),
    async answers(count) {
      const until = Date.now() + 5000;
      while (got.length < count && Date.now() < until) await pause(2);
      return got.map((bytes) => bytes.toString().split('\r')[1]!.split('|').slice(1, 3).join(' '));
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
