import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { AppError } from '../core/errors.ts';
import type { Config } from './config.ts';
import { type Caller, demoIdentities, SESSION_MS, type Sessions, sessionCookie, tokenOf } from './identity.ts';

const Identity = z.object({ identity: z.string().max(100) });

export type SessionOptions = { sessions: Sessions; config: Pick<Config, 'loopback' | 'tls'>; site: { name: string; zone: string } };

/** Signing in to a demonstration: anybody on this machine may be anybody of the list. Off loopback these identities do not exist. */
export async function sessionRoutes(server: FastifyInstance, { sessions, config, site }: SessionOptions): Promise<void> {
  const tags = ['session'];
  const offered = config.loopback ? demoIdentities : [];

  server.get('/api/demo/identities', { config: { public: true }, schema: { tags } }, async () => ({ identities: offered }));

  server.post(
    '/api/session',
    { config: { public: true, rateLimit: { max: 600, timeWindow: '1 minute' } }, schema: { body: Identity, tags } },
    async (request, reply) => {
      const { identity } = Identity.parse(request.body);
      const caller = offered.find((one) => one.id === identity);
      if (!caller) throw new AppError('not_permitted', 'nobody of that name may sign in here');
      const token = sessions.open(caller);
      // Strict: no other site's link or form acts for who is signed in here (RFC 6265bis §5.6.7).
      reply.setCookie(sessionCookie, token, {
        httpOnly: true,
        sameSite: 'strict',
        path: '/',
        secure: config.tls !== undefined,
        maxAge: SESSION_MS / 1000,
      });
      return reply.code(201).send({ token, identity: caller, site });
    },
  );

  server.get('/api/session', { schema: { tags } }, async (request) => ({ identity: request.caller, site }));

  server.delete('/api/session', { schema: { tags } }, async (request, reply) => {
    const token = tokenOf(request);
    if (token !== undefined) sessions.close(token);
    return reply.clearCookie(sessionCookie, { path: '/' }).code(204).send();
  });
}

/** `authenticate` for the server: the session behind the bearer token or cookie. */
export function bySession(sessions: Sessions): (request: Parameters<typeof tokenOf>[0]) => Caller | undefined {
  return (request) => {
    const token = tokenOf(request);
    return token === undefined ? undefined : sessions.find(token);
  };
}
