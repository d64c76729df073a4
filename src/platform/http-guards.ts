import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../core/errors.ts';
import { holdsTextOnly } from '../core/text.ts';
import { type Config, isLoopback } from './config.ts';
import type { Caller } from './identity.ts';

type Where = Pick<Config, 'loopback' | 'publicUrl' | 'tls'>;

/**
 * On loopback a page of any site may call this server through the visitor's browser, under a name that it points at 127.0.0.1 (DNS
 * rebinding) or plainly. So the Host must be a loopback name with our port (421 otherwise), and a browser's Origin must be ours (403).
 */
export function guardHostAndOrigin(server: FastifyInstance, config: Where): void {
  server.addHook('onRequest', async (request, reply) => {
    if (config.loopback && !isOwnHost(request, server)) {
      // 421: RFC 9110 §15.5.20. There is no code of ours for it, the answer is the same refusal.
      reply.code(421);
      throw new AppError('origin_refused', 'this server answers to localhost alone');
    }
    const { origin } = request.headers;
    if (origin === undefined || origin === ownOrigin(request, config)) return;
    if (request.routeOptions.config?.crossOrigin !== true) throw new AppError('origin_refused', 'another site may not call this');
    // A page of another site speaks for itself with a token, never for the visitor with the visitor's cookie.
    request.cookies = {};
    void reply.header('access-control-allow-origin', '*').header('access-control-expose-headers', 'location, etag');
  });
}

const callers = new WeakMap<FastifyRequest, Caller>();

/** Refuses every call without a caller (401) but those to public routes. Runs before the body is read. */
export function guardCaller(
  server: FastifyInstance,
  authenticate: (request: FastifyRequest) => Promise<Caller | undefined> | Caller | undefined,
): void {
  server.decorateRequest('caller', {
    getter(this: FastifyRequest) {
      const caller = callers.get(this);
      if (caller === undefined) throw new AppError('not_signed_in', 'sign in first');
      return caller;
    },
  });
  server.addHook('onRequest', async (request, reply) => {
    const caller = await authenticate(request);
    if (caller) callers.set(request, caller);
    else if (request.routeOptions.config?.public !== true) {
      void reply.header('www-authenticate', 'Bearer');
      throw new AppError('not_signed_in', 'sign in first');
    }
  });
}

/**
 * Refuses what is no text, in an address or in a JSON body: U+0000, which PostgreSQL cannot hold (22021, 22P05), and half a surrogate pair, which
 * has no bytes to hash. An address can write the first only as `%00` (RFC 3986 §2.1), the second not at all.
 */
export function guardText(server: FastifyInstance): void {
  server.addHook('onRequest', async (request) => {
    if (request.url.includes('%00')) throw new AppError('request_invalid', 'the address holds the character U+0000, which is no text');
  });
  server.addHook('preValidation', async ({ body }) => {
    if (Buffer.isBuffer(body) || holdsTextOnly(body)) return;
    throw new AppError('request_invalid', 'the body holds the character U+0000 or half a surrogate pair, which is no text');
  });
}

/** The caller of a public route, when there is one. */
export function callerOf(request: FastifyRequest): Caller | undefined {
  return callers.get(request);
}

/** Answers the OPTIONS request a browser sends before a cross-origin call, for the routes that allow one. */
export function answerPreflights(server: FastifyInstance): void {
  const answered = new Map<string, Set<string>>();
  server.addHook('onRoute', function (this: FastifyInstance, route) {
    if (route.config?.crossOrigin !== true || route.method === 'OPTIONS') return;
    const methods = answered.get(route.url);
    if (methods) {
      for (const method of [route.method].flat()) methods.add(method);
      return;
    }
    const all = new Set([route.method].flat());
    answered.set(route.url, all);
    const url = route.url.slice(route.prefix.length);
    this.options(url, { config: { public: true, crossOrigin: true }, schema: { hide: true } as object }, async (_request, reply) =>
      reply
        .code(204)
        .header('access-control-allow-methods', [...all].join(', '))
        .header('access-control-allow-headers', 'authorization, content-type, accept, if-match, if-none-exist, prefer')
        .header('access-control-max-age', '600')
        .send(),
    );
  });
}

function isOwnHost(request: FastifyRequest, server: FastifyInstance): boolean {
  const match = /^(\[[0-9a-f:]+\]|[^:]+)(?::(\d+))?$/i.exec(request.headers.host ?? '');
  if (!match || !isLoopback(match[1]!.toLowerCase())) return false;
  const address = server.server.address();
  // Not listening means the request was injected by a test in this process.
  if (address === null || typeof address === 'string') return true;
  const standard = 'encrypted' in request.socket ? 443 : 80;
  return Number(match[2] ?? standard) === address.port;
}

function ownOrigin(request: FastifyRequest, config: Where): string {
  if (!config.loopback) return new URL(config.publicUrl).origin;
  return `${config.tls ? 'https' : 'http'}://${request.headers.host ?? ''}`;
}
