import cookie from '@fastify/cookie';
import Fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { beforeEach, expect, it } from 'vitest';
import { fixedClock } from './clock.ts';
import { guardCaller } from './http-guards.ts';
import { SESSION_MS, Sessions, sessionCookie } from './identity.ts';
import type { JournalRow } from './journal.ts';
import { bySession, sessionRoutes } from './session.routes.ts';

const clock = fixedClock('2026-11-22T08:00:00.000Z');
let sessions: Sessions;
let rows: JournalRow[];
let failing: boolean;
let server: FastifyInstance;

beforeEach(async () => {
  sessions = new Sessions(clock);
  rows = [];
  failing = false;
  server = await open(undefined);
});

it('journals who signed in and out, by pseudonym, before it answers', async () => {
  const { token } = await signIn('halloran');
  await server.inject({ method: 'DELETE', url: '/api/session', headers: bearer(token) });

  expect(rows.map(({ kind, actor, body }) => [kind, actor, body])).toEqual([
    ['session.opened', 'p-halloran', { role: 'clinician', means: 'demo' }],
    ['session.closed', 'p-halloran', { role: 'clinician', why: 'signed-out' }],
  ]);
  expect(rows[0]!.subject).toBe(rows[1]!.subject);
  expect(JSON.stringify(rows)).not.toContain(token);
});

it('opens nothing to a token after sign-out, whichever way it is shown', async () => {
  const { token } = await signIn('halloran');
  await server.inject({ method: 'DELETE', url: '/api/session', headers: { cookie: `${sessionCookie}=${token}` } });

  for (const headers of [bearer(token), { cookie: `${sessionCookie}=${token}` }]) {
    expect((await server.inject({ url: '/api/session', headers })).statusCode).toBe(401);
  }
});

it('ends every session after a shift, however busy it was, and journals that at the next sign-in', async () => {
  const { token } = await signIn('halloran');
  for (let hour = 1; hour < 12; hour++) {
    clock.advance(SESSION_MS / 12);
    expect((await server.inject({ url: '/api/session', headers: bearer(token) })).statusCode).toBe(200);
  }
  clock.advance(SESSION_MS / 12);

  expect((await server.inject({ url: '/api/session', headers: bearer(token) })).statusCode).toBe(401);
  await signIn('marsh');
  expect(rows.map(({ kind, actor, body }) => [kind, actor, body['why']])).toEqual([
    ['session.opened', 'p-halloran', undefined],
    ['session.closed', 'p-halloran', 'expired'],
    ['session.opened', 'p-marsh', undefined],
  ]);
});

it('ends the session whose cookie a new sign-in overwrites', async () => {
  const { token } = await signIn('halloran');

  await server.inject({
    method: 'POST',
    url: '/api/session',
    payload: { identity: 'marsh' },
    headers: { cookie: `${sessionCookie}=${token}` },
  });

  expect((await server.inject({ url: '/api/session', headers: bearer(token) })).statusCode).toBe(401);
  expect(rows.map(({ kind, actor }) => [kind, actor])).toEqual([
    ['session.opened', 'p-halloran'],
    ['session.closed', 'p-halloran'],
    ['session.opened', 'p-marsh'],
  ]);
});

it('signs nobody in whom it cannot journal, and signs out all the same', async () => {
  const { token } = await signIn('halloran');
  failing = true;

  const refused = await server.inject({ method: 'POST', url: '/api/session', payload: { identity: 'marsh' } });
  const left = await server.inject({ method: 'DELETE', url: '/api/session', headers: bearer(token) });

  expect([refused.statusCode, refused.headers['set-cookie'], left.statusCode]).toEqual([500, undefined, 500]);
  expect((await server.inject({ url: '/api/session', headers: bearer(token) })).statusCode).toBe(401);
});

it.each([
  ['over plaintext on loopback', undefined, false],
  ['over TLS', { certFile: 'cert.pem', keyFile: 'key.pem' }, true],
])('gives a cookie that scripts, other sites and, where it can be said, plaintext do not get: %s', async (_where, tls, secure) => {
  server = await open(tls);
  const { token, cookies } = await signIn('halloran');
  const { token: other } = await signIn('halloran');

  expect(cookies[0]).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/', maxAge: SESSION_MS / 1000, value: token });
  expect([cookies[0]?.secure ?? false, cookies[0]?.domain]).toEqual([secure, undefined]);
  // 256 bits of the system's randomness, which nobody guesses (OWASP asks for 64 at least).
  expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  expect(other).not.toBe(token);
});

async function signIn(identity: string) {
  const answer = await server.inject({ method: 'POST', url: '/api/session', payload: { identity } });
  return { token: answer.json().token as string, cookies: answer.cookies as (Record<string, unknown> & { secure?: boolean })[] };
}

function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}

async function open(tls: { certFile: string; keyFile: string } | undefined): Promise<FastifyInstance> {
  const one = Fastify() as unknown as FastifyInstance;
  one.setValidatorCompiler(validatorCompiler);
  one.setSerializerCompiler(serializerCompiler);
  await one.register(cookie);
  guardCaller(one, bySession(sessions));
  one.setErrorHandler((error, _request, reply) => reply.code((error as { status?: number }).status ?? 500).send({}));
  await one.register(sessionRoutes, {
    sessions,
    config: { loopback: true, tls },
    site: { name: 'North Hospital', zone: 'UTC' },
    now: clock.now,
    pseudonym: (id) => `p-${id}`,
    writer: {
      async write(row) {
        if (failing) throw new Error('the store is away');
        rows.push(row);
        return BigInt(rows.length);
      },
    },
  });
  return one;
}
