import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { AppError } from '../core/errors.ts';
import { systemClock } from './clock.ts';
import { loadConfig } from './config.ts';
import { buildServer, listen, listRoutes, type ServerOptions, serveWeb } from './http.ts';
import { demoIdentities, Sessions } from './identity.ts';
import { createLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import { bySession, sessionRoutes } from './session.routes.ts';

const root = mkdtempSync(join(tmpdir(), 'countersign-http-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const open: FastifyInstance[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const sessions = new Sessions(systemClock);
const { token } = sessions.open(demoIdentities[0]!);
const bearer = { authorization: `Bearer ${token}` };
const lines: string[] = [];
let ready: () => Promise<{ ready: boolean }> = async () => ({ ready: true });

it('answers 401 to every route without a caller but the public ones', async () => {
  const server = await start();
  const routes = listRoutes(server).filter((route) => route.method !== 'HEAD' && route.method !== 'OPTIONS');

  const answers = await Promise.all(
    routes.map(async ({ method, url }) => [
      method,
      url,
      (await server.inject({ method: method as 'GET', url: url.replaceAll(/:\w+/g, 'x') })).statusCode,
    ]),
  );

  expect(routes.map((route) => route.url)).toContain('/api/things/:id');
  const open = answers.filter(([, , status]) => status !== 401).map(([method, url]) => `${method} ${url}`);
  expect(open.sort()).toEqual(
    ['GET /api/demo/identities', 'GET /api/openapi.json', 'GET /cds-services', 'GET /health/live', 'GET /health/ready', 'GET /metrics', 'POST /api/session'], // biome-ignore format: short
  );
});

it('answers 401 before it reads a body, and to unknown paths too', async () => {
  const server = await start();

  const answer = await server.inject({
    method: 'POST',
    url: '/api/things/1',
    headers: { 'content-type': 'application/json' },
    payload: '{',
  });
  const unknown = await server.inject({ url: '/api/nothing' });

  expect([answer.statusCode, unknown.statusCode]).toEqual([401, 401]);
  expect(answer.headers['www-authenticate']).toBe('Bearer');
  expect(answer.json()).toMatchObject({ resourceType: 'OperationOutcome', code: 'not_signed_in', issue: [{ code: 'login' }] });
});

it.each(['{"reason":"a\\u0000b"}', '{"reason":"a\\ud800"}', '{"sentences":[{"text":"\\u0000"}]}', '{"a\\u0000":1}', '"\\udc00"'])(
  'refuses the body %s, which no store could hold and nobody could read again',
  async (payload) => {
    const server = await start();

    const answer = await server.inject({
      method: 'POST',
      url: '/api/things/1',
      headers: { ...bearer, 'content-type': 'application/json' },
      payload,
    });

    expect([answer.statusCode, answer.json().code]).toEqual([400, 'request_invalid']);
  },
);

it('signs a demo identity in by cookie and by token, and out again', async () => {
  const server = await start();
  const { identities } = (await server.inject('/api/demo/identities')).json();

  const signedIn = await server.inject({ method: 'POST', url: '/api/session', payload: { identity: identities[0].id } });
  const cookie = String(signedIn.headers['set-cookie']);
  const byCookie = await server.inject({ url: '/api/who', headers: { cookie: cookie.split(';')[0]! } });
  const byToken = await server.inject({ url: '/api/who', headers: { authorization: `Bearer ${signedIn.json().token}` } });
  await server.inject({ method: 'DELETE', url: '/api/session', headers: { cookie: cookie.split(';')[0]! } });
  const after = await server.inject({ url: '/api/who', headers: { cookie: cookie.split(';')[0]! } });
  const nobody = await server.inject({ method: 'POST', url: '/api/session', payload: { identity: 'nobody' } });

  expect(cookie).toMatch(/^countersign_session=[\w-]{43};.*HttpOnly.*SameSite=Strict/);
  expect([signedIn.statusCode, byCookie.json(), byToken.json(), after.statusCode, nobody.statusCode]).toEqual([
    201,
    identities[0],
    identities[0],
    401,
    403,
  ]);
});

it('knows no demo identities off loopback', async () => {
  const server = await start({
    config: { host: '0.0.0.0', port: 0, loopback: false, tls: selfSigned(), publicUrl: 'https://countersign.example.org' },
  });

  expect((await server.inject('/api/demo/identities')).json()).toEqual({ identities: [] });
  expect((await server.inject({ method: 'POST', url: '/api/session', payload: { identity: 'halloran' } })).statusCode).toBe(403);
});

it('refuses plaintext off loopback', async () => {
  await expect(
    start({ config: { host: '0.0.0.0', port: 0, loopback: false, tls: undefined, publicUrl: 'http://x' } }),
  ).rejects.toMatchObject({
    code: 'config_invalid',
  });
});

it.each`
  host                             | status
  ${'localhost:PORT'}              | ${200}
  ${'127.0.0.1:PORT'}              | ${200}
  ${'[::1]:PORT'}                  | ${200}
  ${'LOCALHOST:PORT'}              | ${200}
  ${'localhost'}                   | ${421}
  ${'localhost:1'}                 | ${421}
  ${'evil.example:PORT'}           | ${421}
  ${'localhost.evil.example'}      | ${421}
  ${'127.0.0.1.evil.example:PORT'} | ${421}
  ${''}                            | ${421}
`('answers Host $host with $status', async ({ host, status }) => {
  const server = await start();
  const port = await listen(server, { host: '127.0.0.1', port: 0 });

  expect(await statusOf(port, { host: host.replace('PORT', String(port)) })).toBe(status);
});

it.each`
  method    | path               | origin                      | status
  ${'GET'}  | ${'/api/who'}      | ${'http://localhost:PORT'}  | ${200}
  ${'POST'} | ${'/api/things/1'} | ${'http://localhost:PORT'}  | ${200}
  ${'POST'} | ${'/api/things/1'} | ${undefined}                | ${200}
  ${'GET'}  | ${'/api/who'}      | ${'http://evil.example'}    | ${403}
  ${'POST'} | ${'/api/things/1'} | ${'http://evil.example'}    | ${403}
  ${'POST'} | ${'/api/things/1'} | ${'null'}                   | ${403}
  ${'POST'} | ${'/api/things/1'} | ${'https://localhost:PORT'} | ${403}
  ${'POST'} | ${'/api/things/1'} | ${'http://localhost:1'}     | ${403}
  ${'POST'} | ${'/api/session'}  | ${'http://evil.example'}    | ${403}
`('answers $method $path from origin $origin with $status', async ({ method, path, origin, status }) => {
  const server = await start();
  const port = await listen(server, { host: '127.0.0.1', port: 0 });
  const headers = { host: `localhost:${port}`, ...bearer, ...(origin ? { origin: origin.replace('PORT', String(port)) } : {}) };

  expect(await statusOf(port, headers, method, path)).toBe(status);
});

it('lets other origins call where a route says so, with a token and never with a cookie', async () => {
  const server = await start();
  const origin = 'http://sandbox.example';

  const preflight = await server.inject({
    method: 'OPTIONS',
    url: '/cds-services',
    headers: { origin, 'access-control-request-method': 'POST' },
  });
  const byToken = await server.inject({ method: 'POST', url: '/cds-services', headers: { origin, ...bearer } });
  const byCookie = await server.inject({
    method: 'POST',
    url: '/cds-services',
    headers: { origin, cookie: `countersign_session=${token}` },
  });

  expect(preflight.statusCode).toBe(204);
  expect(preflight.headers['access-control-allow-methods']).toContain('POST');
  expect([byToken.statusCode, byToken.headers['access-control-allow-origin'], byCookie.statusCode]).toEqual([200, '*', 401]);
  expect(byToken.headers['access-control-allow-credentials']).toBeUndefined();
});

it('turns each failure into an OperationOutcome with its code', async () => {
  const server = await start();
  const post = (url: string, payload: string, type = 'application/json') =>
    server.inject({ method: 'POST', url, headers: { ...bearer, 'content-type': type }, payload });

  const stale = await post('/api/fail/stale', '{}');
  const path = await post('/api/checked', '{"sentences":[{"text":1}]}');
  const thrown = await post('/api/fail/zod', '{}');
  const broken = await post('/api/checked', '{"sentences":');
  const large = await post('/api/checked', JSON.stringify('x'.repeat(5_000_000)));
  const type = await post('/api/checked', 'x', 'application/zip');
  const missing = await server.inject({ url: '/api/nothing', headers: bearer });

  expect([stale.statusCode, stale.json().code, stale.json().details]).toEqual([409, 'stale', { changed: ['f1'] }]);
  expect([path.statusCode, path.json().issue[0].expression]).toEqual([400, ['body.sentences[0].text']]);
  expect([thrown.statusCode, thrown.json().code, thrown.json().issue[0].expression]).toEqual([400, 'request_invalid', ['contentHash']]);
  expect([broken, large, type, missing].map((answer) => [answer.statusCode, answer.json().code, answer.json().resourceType])).toEqual([
    [400, 'request_invalid', 'OperationOutcome'],
    [413, 'too_large', 'OperationOutcome'],
    [415, 'format_unsupported', 'OperationOutcome'],
    [404, 'not_found', 'OperationOutcome'],
  ]);
});

it('never says or logs what an unforeseen failure said, nor any URL', async () => {
  const server = await start();
  lines.length = 0;

  const answer = await server.inject({ url: '/api/fail/internal?name=Jane', headers: bearer });
  const fhir = await server.inject({ url: '/fhir/R4/Patient?name=Jane', headers: bearer });

  expect([answer.statusCode, answer.json().code]).toEqual([500, 'internal']);
  expect(answer.body + lines.join()).not.toContain('Jane');
  expect(lines.join()).toContain('http.failed');
  expect(fhir.headers['content-type']).toContain('application/fhir+json');
});

it('tells health, metrics and its own description to anybody', async () => {
  const server = await start();
  ready = async () => ({ ready: true });
  const well = await server.inject('/health/ready');
  ready = async () => ({ ready: false });
  const unwell = await server.inject('/health/ready');
  ready = () => Promise.reject(new Error('Jane'));
  const failed = await server.inject('/health/ready');
  ready = async () => ({ ready: true });

  expect([well, unwell, failed].map((answer) => answer.statusCode)).toEqual([200, 503, 503]);
  expect((await server.inject('/metrics')).body).toContain(
    'countersign_http_request_seconds_count{route="/health/ready",method="GET",status="503"} 2',
  );
  const document = (await server.inject('/api/openapi.json')).json();
  expect(document).toMatchObject({ openapi: '3.1.0', paths: { '/api/checked': { post: { requestBody: expect.anything() } } } });
  expect(Object.keys(document.paths)).toContain('/api/things/{id}');
});

it('sends headers that keep foreign scripts out', async () => {
  const { headers } = await (await start()).inject('/health/live');

  expect(headers['content-security-policy']).toContain("script-src 'self';");
  expect(headers['x-content-type-options']).toBe('nosniff');
});

it('slows one address down', async () => {
  const server = await start({ requestsPerMinute: 3 });
  const statuses = [];
  for (let i = 0; i < 5; i += 1) statuses.push((await server.inject({ url: '/api/who', headers: bearer })).statusCode);
  const last = await server.inject({ url: '/api/who', headers: bearer });

  expect(statuses).toEqual([200, 200, 200, 429, 429]);
  expect(last.json()).toMatchObject({ resourceType: 'OperationOutcome', code: 'too_many' });
});

it('serves the built pages and gives a browser its first page on unknown paths, but nothing under the doors', async () => {
  const folder = mkdtempSync(join(root, 'web-'));
  writeFileSync(join(folder, 'index.html'), '<title>Countersign</title>');
  writeFileSync(join(folder, 'app.js'), 'let a;');
  const server = await start();
  await serveWeb(server, folder);
  const html = { accept: 'text/html' };

  const answers = await Promise.all(
    ['/', '/app.js', '/review/123', '/api/nothing', '/fhir/R4/Patient', '/../secret'].map((url) => server.inject({ url, headers: html })),
  );

  expect(answers.map((answer) => [answer.statusCode, answer.body.includes('<title>')])).toEqual([
    [200, true],
    [200, false],
    [200, true],
    [404, false],
    [401, false],
    [200, true],
  ]);
});

it('speaks TLS when it has a certificate', async () => {
  const server = await start({ config: { host: '127.0.0.1', port: 0, loopback: true, tls: selfSigned(), publicUrl: 'https://localhost' } });
  const port = await listen(server, { host: '127.0.0.1', port: 0 });

  const status = await new Promise((resolve, reject) => {
    httpsRequest(
      { port, host: '127.0.0.1', path: '/health/live', rejectUnauthorized: false, headers: { host: `localhost:${port}` } },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    )
      .on('error', reject)
      .end();
  });
  expect(status).toBe(200);
});

async function start(more: Partial<ServerOptions> = {}): Promise<FastifyInstance> {
  const config = more.config ?? loadConfig({});
  const server = await buildServer({
    config,
    log: createLog({ write: (line) => lines.push(line), level: 'debug' }),
    metrics: createMetrics(),
    version: '0.1.0',
    authenticate: bySession(sessions),
    ready: () => ready(),
    ...more,
  });
  open.push(server);
  await server.register(sessionRoutes, {
    sessions,
    config,
    site: { name: 'North Hospital', zone: 'America/Chicago' },
    writer: { write: async () => 1n },
    pseudonym: (id) => `p-${id}`,
    now: systemClock.now,
  });
  server.get('/api/who', async (request) => request.caller);
  server.post('/api/things/:id', async () => ({}));
  server.get('/api/fail/internal', async () => {
    throw new Error('Jane Doe has no chart');
  });
  server.post('/api/fail/stale', async () => {
    throw new AppError('stale', 'the draft is stale', { details: { changed: ['f1'] } });
  });
  server.post('/api/fail/zod', async (request) => z.object({ contentHash: z.string() }).parse(request.body));
  const body = z.object({ sentences: z.array(z.object({ text: z.string() })) });
  server.post('/api/checked', { schema: { body } }, async () => ({}));
  server.get('/cds-services', { config: { public: true, crossOrigin: true } }, async () => ({ services: [] }));
  server.post('/cds-services', { config: { crossOrigin: true } }, async () => ({ cards: [] }));
  server.get('/fhir/R4/Patient', async () => {
    throw new AppError('not_found', 'no such patient');
  });
  return server;
}

function statusOf(port: number, headers: Record<string, string>, method = 'GET', path = '/health/live'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    httpRequest({ port, host: '127.0.0.1', path, method, headers, setHost: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

function selfSigned(): { certFile: string; keyFile: string } {
  const [certFile, keyFile] = [join(root, 'cert.pem'), join(root, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile, '-out', certFile, '-days', '1', '-subj', '/CN=localhost'], { stdio: 'ignore' }); // biome-ignore format: one command
  return { certFile, keyFile };
}
