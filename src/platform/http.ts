import type { AddressInfo } from 'node:net';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import fastifyStatic from '@fastify/static';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { AppError } from '../core/errors.ts';
import type { Purpose } from '../core/ports.ts';
import { type Config, isLoopback } from './config.ts';
import { answerError } from './http-errors.ts';
import { answerPreflights, guardCaller, guardHostAndOrigin, guardText } from './http-guards.ts';
import type { Caller } from './identity.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { readTls } from './tls.ts';

export type Readiness = { ready: boolean; [check: string]: unknown };

export type ServerOptions = {
  config: Pick<Config, 'host' | 'port' | 'loopback' | 'tls' | 'publicUrl'>;
  log: Log;
  metrics: Metrics;
  version: string;
  /** Who is calling, or undefined; asked for every route that is not public. */
  authenticate(request: FastifyRequest): Promise<Caller | undefined> | Caller | undefined;
  /** Whether the doors answer. What else it returns is shown: no patient data. */
  ready(): Promise<Readiness>;
  /** Brings gauges up to date before `/metrics` shows them. */
  refreshMetrics?(): Promise<void>;
  /** Bytes; a route that takes more says so with its own `bodyLimit`. */
  bodyLimit?: number;
  /** For one address. The budget of CDS Hooks alone is 6,000 a minute. */
  requestsPerMinute?: number;
};

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is calling. Throws `not_signed_in` where nobody is, which only a public route can meet. */
    readonly caller: Caller;
  }
  interface FastifyContextConfig {
    /** Answers without a caller: health, metrics, discovery, metadata, demo sign-in. Everything else answers 401. */
    public?: boolean;
    /** What a caller may come here for; a role that comes for none of it is refused, as is everybody where nothing is said. */
    purposes?: readonly Purpose[] | 'no-record';
    /** Browsers of other origins may call (CDS Hooks, FHIR): no cookie counts then, and CORS headers are sent. */
    crossOrigin?: boolean;
  }
}

/**
 * The HTTP door: closed unless a route says otherwise. Refuses plaintext off loopback, foreign Host and Origin headers on loopback,
 * and calls without a caller; every failure becomes an OperationOutcome; no URL, body or header is ever logged.
 */
export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const { config, log, metrics } = options;
  refusePlaintext(config);
  const tls = readTls(config.tls);
  const server = Fastify({
    logger: false,
    bodyLimit: options.bodyLimit ?? 4 * 1024 * 1024,
    routerOptions: { maxParamLength: 500 },
    ...(tls ? { https: tls } : {}),
  }) as unknown as FastifyInstance;
  collectRoutes(server);
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  server.addContentTypeParser('application/fhir+json', { parseAs: 'string' }, server.getDefaultJsonParser('error', 'error'));
  server.setErrorHandler((error, request, reply) => answerError(error, request, reply, log));
  server.setNotFoundHandler((request, reply) => answerError(new AppError('not_found', 'nothing is here'), request, reply, log));

  await server.register(cookie);
  guardHostAndOrigin(server, config);
  guardCaller(server, options.authenticate);
  guardText(server);
  answerPreflights(server);
  await server.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: contentPolicy },
    hsts: config.tls !== undefined,
    crossOriginResourcePolicy: false,
  });
  await server.register(rateLimit, {
    max: options.requestsPerMinute ?? 30_000,
    timeWindow: '1 minute',
    errorResponseBuilder: () => new AppError('too_many', 'too many requests from this address: wait a minute'),
  });
  await server.register(swagger, { openapi: describeApi(options), transform: jsonSchemaTransform });
  observe(server, log, metrics);
  registerHealth(server, options);
  return server;
}

/** Opens the door; returns the port it got (the configured one may be 0). */
export async function listen(server: FastifyInstance, config: Pick<Config, 'host' | 'port'>): Promise<number> {
  await server.listen({ host: config.host, port: config.port });
  return (server.server.address() as AddressInfo).port;
}

export type RouteEntry = { method: string; url: string; public: boolean; purposes: readonly Purpose[] | 'no-record' };

/** Every route of the server, so that a test can try each without a caller. */
export function listRoutes(server: FastifyInstance): RouteEntry[] {
  return [...(routesOf.get(server) ?? [])];
}

/** Serves the built user interface at `/`: its files are public, they hold no data; unknown paths of a browser get its first page. */
export async function serveWeb(server: FastifyInstance, folder: string): Promise<void> {
  await server.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, public: true };
    });
    await scope.register(fastifyStatic, { root: folder, wildcard: false, cacheControl: true, maxAge: '1h', immutable: false });
    scope.get('/*', { schema: { hide: true } as object }, async (request, reply) => {
      const page =
        !/^\/(api|fhir|cds-services|smart|mcp|health|metrics)(\/|$)/.test(request.url) && request.headers.accept?.includes('text/html');
      if (!page) throw new AppError('not_found', 'nothing is here');
      return reply.header('cache-control', 'no-cache').sendFile('index.html', { maxAge: 0 });
    });
  });
}

const routesOf = new WeakMap<FastifyInstance, RouteEntry[]>();

function collectRoutes(server: FastifyInstance): void {
  const routes: RouteEntry[] = [];
  routesOf.set(server, routes);
  server.addHook('onRoute', (route) => {
    const { public: open = false, purposes = [] } = route.config ?? {};
    for (const method of [route.method].flat()) routes.push({ method, url: route.url, public: open, purposes });
  });
}

function refusePlaintext(config: ServerOptions['config']): void {
  if (!isLoopback(config.host) && config.tls === undefined) {
    throw new AppError('config_invalid', 'COUNTERSIGN_HOST is not loopback: set COUNTERSIGN_TLS_CERT and COUNTERSIGN_TLS_KEY');
  }
}

// Scripts only as files of our own; Mantine writes style elements, hence 'unsafe-inline' for styles alone.
const contentPolicy = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'self'"],
};

function describeApi({ version, config }: ServerOptions) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Countersign',
      version,
      description: 'The open, governed AI layer for EHRs. Errors are FHIR OperationOutcomes with a `code`.',
    },
    servers: [{ url: config.publicUrl }],
    components: { securitySchemes: { bearer: { type: 'http' as const, scheme: 'bearer' } } },
    security: [{ bearer: [] }],
  };
}

function registerHealth(server: FastifyInstance, options: ServerOptions): void {
  const open = { config: { public: true, rateLimit: false }, schema: { tags: ['health'] } };
  server.get('/health/live', open, async () => ({ live: true }));
  server.get('/health/ready', open, async (_request, reply) => {
    const answer = await options.ready().catch(() => ({ ready: false }));
    return reply.code(answer.ready ? 200 : 503).send(answer);
  });
  server.get('/metrics', open, async (_request, reply) => {
    await options.refreshMetrics?.();
    reply.type(options.metrics.registry.contentType);
    return options.metrics.registry.metrics();
  });
  server.get('/api/openapi.json', { config: { public: true }, schema: { tags: ['health'] } }, async () => server.swagger());
}

/** Route templates, never URLs: a search URL may hold a name. */
function observe(server: FastifyInstance, log: Log, metrics: Metrics): void {
  server.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    metrics.requests.observe({ route, method: request.method, status: String(reply.statusCode) }, reply.elapsedTime / 1000);
    log.debug('http.answered', {
      method: request.method,
      route,
      status: reply.statusCode,
      milliseconds: reply.elapsedTime,
      requestId: request.id,
    });
  });
}
