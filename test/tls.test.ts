/* Both doors with a certificate: a real TLS client is answered, a plaintext one is not, and what cannot be a certificate stops the start. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type App, openApp } from '../src/app.ts';
import { type Doors, openDoors } from '../src/doors.ts';
import { loadConfig } from '../src/platform/config.ts';
import { silentLog } from '../src/platform/log.ts';
import { openScratchDatabase } from '../src/platform/scratch-database.ts';
import { readTls } from '../src/platform/tls.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-tls-'));
const [ours, stranger] = [certificate('ours'), certificate('stranger')];
const MESSAGE =
  'MSH|^~\\&|LAB|NORTH|CS|NORTH|20261122090000+0000||ORU^R01^ORU_R01|T1|P|2.5.1\rPID|1||1^^^NORTH&2.999.1.1&ISO^MR||OSGOOD^LENORA\r';
const FRAMED = `\u000b${MESSAGE}\u001c\r`;
let app: App;
let doors: Doors;

beforeAll(async () => {
  const config = loadConfig({
    COUNTERSIGN_DATA: join(folder, 'data'),
    COUNTERSIGN_PORT: '0',
    COUNTERSIGN_MLLP_PORT: '0',
    COUNTERSIGN_TLS_CERT: ours.certFile,
    COUNTERSIGN_TLS_KEY: ours.keyFile,
  });
  app = await openApp({ config, log: silentLog, db: await openScratchDatabase(), jobs: 'drain-only' });
  doors = await openDoors(app, {});
});
afterAll(async () => {
  await doors?.close();
  await app?.close();
  rmSync(folder, { recursive: true, force: true });
});

it('HL7 over TLS: a client that trusts the certificate is answered, and the receipt is there', async () => {
  const socket = connectTls({ port: doors.mllpPort!, host: '127.0.0.1', ca: readFileSync(ours.certFile), servername: 'localhost' });
  socket.write(FRAMED);

  expect(await untilClosed(socket, '\u001c\r')).toMatch(/MSA\|AA\|T1/);
  expect(await app.db.query('select 1 from receipt')).toHaveLength(1);
});

it('HL7 in plaintext is answered nothing, and nothing of it is kept', async () => {
  const socket = connect(doors.mllpPort!, '127.0.0.1');
  socket.write(FRAMED.replace('|T1|', '|T2|'));

  expect(await untilClosed(socket)).not.toContain('MSH');
  expect(await app.db.query('select 1 from receipt')).toHaveLength(1);
});

it('HTTPS is answered, HTTP on the same port is not', async () => {
  expect(doors.url).toMatch(/^https:/);
  const { port } = new URL(doors.url);
  const status = await new Promise((resolve, reject) => {
    const options = {
      port,
      host: '127.0.0.1',
      path: '/health/live',
      ca: readFileSync(ours.certFile),
      servername: 'localhost',
      headers: { host: `localhost:${port}` },
    };
    httpsRequest(options, (answer) => resolve(answer.resume().statusCode))
      .on('error', reject)
      .end();
  });

  expect(status).toBe(200);
  await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow();
});

it.each`
  what                         | files                                                     | complaint
  ${'a text that is no PEM'}   | ${{ certFile: text('hello'), keyFile: ours.keyFile }}     | ${'COUNTERSIGN_TLS_CERT is no certificate in PEM'}
  ${'a certificate for a key'} | ${{ certFile: ours.certFile, keyFile: ours.certFile }}    | ${'COUNTERSIGN_TLS_KEY is no private key in PEM without a passphrase'}
  ${"somebody else's key"}     | ${{ certFile: ours.certFile, keyFile: stranger.keyFile }} | ${'COUNTERSIGN_TLS_KEY is not the key of the first certificate in COUNTERSIGN_TLS_CERT'}
`('$what stops the start with one line', ({ files, complaint }) => {
  expect(() => readTls(files)).toThrow(expect.objectContaining({ code: 'config_invalid', message: complaint }));
});

/** What came until the other side closed, or said this. */
async function untilClosed(socket: Socket, said?: string): Promise<string> {
  let answer = '';
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (said !== undefined && answer.includes(said)) socket.end();
    });
    socket.on('close', () => resolve(answer));
  });
}

function certificate(name: string): { certFile: string; keyFile: string } {
  const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const asked = ['-nodes', '-days', '1', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-keyout', keyFile, '-out', certFile, ...asked],
    { stdio: 'ignore' },
  );
  return { certFile, keyFile };
}

function text(content: string): string {
  const file = join(folder, 'text.pem');
  writeFileSync(file, content);
  return file;
}
