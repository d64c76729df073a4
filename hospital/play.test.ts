import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { splitFeed } from './mllp-sender.ts';
import { sendFeeds } from './play.ts';
import { synthesize } from './synthesize.ts';

it('sends both feeds of a hospital whole, byte for byte, and counts them', async () => {
  const data = mkdtempSync(join(tmpdir(), 'feeds-'));
  const sockets = new Set<Socket>();
  const received: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\x1c\r'); end !== -1; end = text.indexOf('\x1c\r')) {
        const message = text.slice(1, end);
        text = text.slice(end + 2);
        received.push(message);
        socket.write(`\x0bMSH|^~\\&|A|B|C|D|20261122000000-0600||ACK|1|P|2.5.1\rMSA|AA|${message.split('|')[9]}\r\x1c\r`);
      }
    });
  });
  try {
    synthesize({ patients: 3, seed: 7, anchor: '2026-11-22', out: data });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');

    const reports = await sendFeeds({ data, mllp: { host: '127.0.0.1', port: (server.address() as AddressInfo).port } });

    const feeds = ['north-adt', 'north-lab'].flatMap((name) =>
      splitFeed(readFileSync(join(data, `hl7/${name}.hl7`))).map((bytes) => bytes.toString('latin1')),
    );
    expect(received.toSorted()).toEqual(feeds.toSorted());
    expect((reports['north-adt']?.accepted ?? 0) + (reports['north-lab']?.accepted ?? 0)).toBe(feeds.length);
    expect(feeds.length).toBeGreaterThan(10);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(data, { recursive: true, force: true });
  }
});
