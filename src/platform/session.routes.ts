import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { AppError } from '../core/errors.ts';
import type { Config } from './config.ts';
import {
  type Caller,
  demoIdentities,
  type Pseudonym,
  SESSION_MS,
  type Session,
  type Sessions,
  sessionCookie,
  tokenOf,
} from './identity.ts';
import type { JournalRow } from './journal.ts';
import type { JournalWriter } from './journal-writer.ts';

const Identity = z.object({ identity: z.string().max(100) });

export type SessionOptions = {
  sessions: Sessions;
  config: Pick<Config, 'loopback' | 'tls'>;
  site: { name: string; zone: string };
  writer: Pick<JournalWriter, 'write'>;
  pseudonym: Pseudonym;
  now(): string;
};

/**
 * Signing in to a demonstration: anybody on this machine may be anybody of the list. Off loopback these identities do not exist. Who signs in
 * and out is journalled before the answer leaves; where that fails, nobody is signed in.
 */
export async function sessionRoutes(server: FastifyInstance, options: SessionOptions): Promise<void> {
  const { sessions, config, site, writer } = options;
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
      await Promise.all(sessions.takeExpired().map((one) => writer.write(rowOf(options, 'session.closed', one, { why: 'expired' }))));
      // Nobody could sign out of a session whose cookie is overwritten.
      const before = sessions.close(request.cookies[sessionCookie] ?? '');
      if (before) await writer.write(rowOf(options, 'session.closed', before, { why: 'replaced' }));
      const { token, session } = sessions.open(caller);
      try {
        await writer.write(rowOf(options, 'session.opened', session, { means: 'demo' }));
      } catch (error) {
        sessions.close(token);
        throw error;
      }
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

  // Whoever is signed in may ask who they are, and leave.
  const own = { config: { purposes: 'no-record' as const }, schema: { tags } };
  server.get('/api/session', own, async (request) => ({ identity: request.caller, site }));

  server.delete('/api/session', own, async (request, reply) => {
    const session = sessions.close(tokenOf(request) ?? '');
    if (session) await writer.write(rowOf(options, 'session.closed', session, { why: 'signed-out' }));
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

function rowOf(
  { pseudonym, now }: SessionOptions,
  kind: 'session.opened' | 'session.closed',
  { id, caller }: Session,
  how: { means?: string; why?: string },
): JournalRow {
  return { kind, actor: pseudonym(caller.id), subject: id, at: now(), body: { role: caller.role, ...how } };
}
