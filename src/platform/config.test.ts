import { readFile, writeFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { configurationMarkdown, isLoopback, loadConfig } from './config.ts';

it('needs nothing set', () => {
  const config = loadConfig({ PATH: '/bin', DATABASE_URL: '' });

  expect(config).toMatchObject({
    host: '127.0.0.1',
    port: 8080,
    mllpPort: 2575,
    siteZone: 'America/Chicago',
    loopback: true,
    logLevel: 'info',
  });
  expect(config).toMatchObject({ databaseUrl: undefined, publicUrl: 'http://localhost:8080', receiptMaxBytes: 67_108_864, tls: undefined });
  expect(config.dataFolder).toBe(`${process.cwd()}/.countersign`);
});

it('is frozen, lists included', () => {
  const config = loadConfig({ COUNTERSIGN_FEED_ZONES: 'LAB=-06:00' });

  expect(() => Object.assign(config, { port: 1 })).toThrow();
  expect(() => Object.assign(config.feedZones, { LAB: 'Z' })).toThrow();
});

it('lets flags win over the environment', () => {
  const config = loadConfig(
    { COUNTERSIGN_PORT: '9000', COUNTERSIGN_HOST: '127.0.0.1' },
    { COUNTERSIGN_PORT: '9001', COUNTERSIGN_HOST: undefined },
  );

  expect(config.port).toBe(9001);
});

it('reads zones of feeds and systems of authorities', () => {
  const config = loadConfig({
    COUNTERSIGN_FEED_ZONES: 'LAB=-06:00, RIS = America/Chicago,',
    COUNTERSIGN_AUTHORITIES: 'MRN=urn:oid:1.2.3,__proto__=urn:x:y',
  });

  expect({ ...config.feedZones }).toEqual({ LAB: '-06:00', RIS: 'America/Chicago' });
  expect(Object.entries(config.authorities)).toEqual([
    ['MRN', 'urn:oid:1.2.3'],
    ['__proto__', 'urn:x:y'],
  ]);
});

it.each`
  name                               | value                      | says
  ${'COUNTERSIGN_PORT'}              | ${'80a'}                   | ${'must be a port number'}
  ${'COUNTERSIGN_PORT'}              | ${'65536'}                 | ${'must be a port number'}
  ${'COUNTERSIGN_MLLP_PORT'}         | ${'-1'}                    | ${'must be a port number'}
  ${'DATABASE_URL'}                  | ${'mysql://x:hunter2@y/z'} | ${'must be a URL starting with postgres://'}
  ${'NATS_URL'}                      | ${'http://x'}              | ${'must be a URL starting with nats://'}
  ${'COUNTERSIGN_EHR_FHIR_BASE'}     | ${'ftp://x'}               | ${'must be a URL'}
  ${'COUNTERSIGN_EHR_TOKEN'}         | ${'hunter2 x'}             | ${'must be one word'}
  ${'COUNTERSIGN_SITE_ZONE'}         | ${'Chicago'}               | ${'must be an IANA time zone'}
  ${'COUNTERSIGN_SITE_ZONE'}         | ${'+02:00'}                | ${'must be an IANA time zone'}
  ${'COUNTERSIGN_FEED_ZONES'}        | ${'LAB=6'}                 | ${'must be a list such as'}
  ${'COUNTERSIGN_FEED_ZONES'}        | ${'LAB=-06:00,LAB=Z'}      | ${'must be a list such as'}
  ${'COUNTERSIGN_AUTHORITIES'}       | ${'MRN'}                   | ${'must be a list such as'}
  ${'COUNTERSIGN_RECEIPT_MAX_BYTES'} | ${'10'}                    | ${'must be at least 1024'}
  ${'LOG_LEVEL'}                     | ${'loud'}                  | ${'must be one of'}
  ${'COUNTERSIGN_TLS_CERT'}          | ${'/x.pem'}                | ${'go together'}
  ${'COUNTERSIGN_PROT'}              | ${'hunter2'}               | ${'is not known'}
`('refuses $name=$value with one line that does not repeat it', ({ name, value, says }) => {
  const text = messageOf(() => loadConfig({ [name]: value }));

  expect(text.split('\n')).toHaveLength(1);
  expect(text).toContain(name);
  expect(text).toContain(says);
  expect(text).not.toContain('hunter2');
});

it('says every problem, one line each', () => {
  const text = messageOf(() => loadConfig({ COUNTERSIGN_PORT: 'x', COUNTERSIGN_PROT: '1', LOG_LEVEL: 'loud' }));

  expect(text.split('\n')).toHaveLength(3);
});

it.each(['0.0.0.0', '192.168.1.2', 'countersign.example.org', '::', '128.0.0.1', '127.evil.example'])('refuses plaintext on %s', (host) => {
  expect(messageOf(() => loadConfig({ COUNTERSIGN_HOST: host }))).toContain('plaintext');
  expect(loadConfig({ COUNTERSIGN_HOST: host, COUNTERSIGN_TLS_CERT: 'a', COUNTERSIGN_TLS_KEY: 'b' }).loopback).toBe(false);
});

it.each(['127.0.0.1', '127.8.8.8', 'localhost', '::1'])('knows %s as loopback', (host) => {
  expect(isLoopback(host)).toBe(true);
});

it('never prints the token', () => {
  const config = loadConfig({ COUNTERSIGN_EHR_TOKEN: 'hunter2' });

  expect(config.ehrToken?.reveal()).toBe('hunter2');
  expect(`${JSON.stringify(config)}${inspect(config, { depth: 9, showHidden: true })}${String(config.ehrToken)}`).not.toContain('hunter2');
});

it('is documented by generation (UPDATE_DOCS=1 writes the page)', async () => {
  const page = new URL('../../docs/configuration.md', import.meta.url);
  if (process.env['UPDATE_DOCS']) await writeFile(page, configurationMarkdown());

  expect(await readFile(page, 'utf8')).toBe(configurationMarkdown());
});

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('was not refused');
}
