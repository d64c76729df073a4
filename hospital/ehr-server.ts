import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { type Answer, type Behaviour, type Ehr, openEhr, outcome } from './ehr.ts';

export type RunningEhr = { port: number; fhirBase: string; ehr: Ehr; close(): Promise<void> };

const LARGEST_BODY = 32 * 1024 * 1024;

/** Serves the play EHR on loopback only: FHIR under `/fhir`, the knobs that tests turn under `/play`. Port 0 takes a free one. */
export async function serveEhr(options: { data: string; port: number }): Promise<RunningEhr> {
  const ehr = openEhr(options.data);
  const server = createServer((request, response) => {
    answer(ehr, request, response).catch(() => {
      if (!response.headersSent) send(request, response, outcome(500, 'exception', 'the play EHR failed'));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { port, fhirBase: `http://127.0.0.1:${port}/fhir`, ehr, close: () => stop(server, ehr) };
}

async function answer(ehr: Ehr, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const path = url.pathname.split('/').filter((part) => part !== '');
  const body = await readBody(request);
  if (body === 'too large') return send(request, response, outcome(413, 'too-long', 'the body is too large'));
  if (path[0] === 'play') return send(request, response, play(ehr, request, url, path, body));
  if (path[0] !== 'fhir') return send(request, response, outcome(404, 'not-found', 'FHIR stands below /fhir'));

  const { behaviour } = ehr;
  if (behaviour.latencyMs > 0) await wait(behaviour.latencyMs);
  if (behaviour.outage)
    return send(request, response, { ...outcome(503, 'transient', 'the EHR is down'), headers: { 'retry-after': '1' } });
  if (behaviour.tooMany > 0) {
    behaviour.tooMany--;
    return send(request, response, { ...outcome(429, 'throttled', 'too many requests'), headers: { 'retry-after': '1' } });
  }
  const writing = request.method === 'PUT' || (request.method === 'POST' && path[2] !== '_search');
  if (writing && behaviour.failFirst > 0) {
    behaviour.failFirst--;
    return send(request, response, outcome(500, 'transient', 'the EHR failed before writing'));
  }
  const result = fhir(ehr, request, url, path.slice(1), body);
  if (writing && result.status < 300 && behaviour.dropResponseAfterCommit > 0) {
    behaviour.dropResponseAfterCommit--;
    request.socket.destroy();
    return;
  }
  send(request, response, result);
}

function fhir(ehr: Ehr, request: IncomingMessage, url: URL, path: string[], body: string): Answer {
  const [type, id] = path;
  const header = (name: string): string | undefined => [request.headers[name]].flat()[0];
  const strict = /handling=strict/.test(header('prefer') ?? '');
  if (request.method === 'GET' && type === 'metadata') return ehr.capability();
  if (request.method === 'GET' && type !== undefined)
    return id === undefined ? ehr.search(type, url.searchParams, strict) : ehr.read(type, id);
  if (request.method === 'POST' && type !== undefined && id === '_search') return ehr.search(type, new URLSearchParams(body), strict);
  if (request.method !== 'POST' && request.method !== 'PUT') return outcome(405, 'not-supported', 'this method is not supported');
  const resource = parsed(body);
  if (resource === undefined) return outcome(400, 'structure', 'the body is not JSON');
  if (request.method === 'PUT')
    return type !== undefined && id !== undefined
      ? ehr.update(type, id, resource, header('if-match'))
      : outcome(400, 'invalid', 'PUT needs type and id');
  return type === undefined ? ehr.transaction(resource) : ehr.create(type, resource, header('if-none-exist'));
}

/** `GET /play/behaviour`, `POST /play/behaviour` with some of its keys, `GET /play/written?type=`. */
function play(ehr: Ehr, request: IncomingMessage, url: URL, path: string[], body: string): Answer {
  if (path[1] === 'written' && request.method === 'GET') {
    const resources = ehr.written(url.searchParams.get('type') ?? undefined);
    return { status: 200, body: { count: resources.length, resources } };
  }
  if (path[1] !== 'behaviour') return outcome(404, 'not-found', 'there is behaviour and written');
  if (request.method === 'GET') return { status: 200, body: ehr.behaviour };
  const wanted = parsed(body);
  if (typeof wanted !== 'object' || wanted === null) return outcome(400, 'structure', 'the body is no JSON object');
  for (const [key, value] of Object.entries(wanted))
    if (!accepts(ehr.behaviour, key, value)) return outcome(400, 'value', `behaviour ${key} is unknown or has the wrong kind of value`);
  Object.assign(ehr.behaviour, wanted);
  return { status: 200, body: ehr.behaviour };
}

function accepts(behaviour: Behaviour, key: string, value: unknown): boolean {
  const present = (behaviour as Record<string, unknown>)[key];
  if (Array.isArray(present)) return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
  return present !== undefined && typeof value === typeof present && (typeof value !== 'number' || value >= 0);
}

function send(request: IncomingMessage, response: ServerResponse, result: Answer): void {
  const type = request.url?.startsWith('/play') ? 'application/json' : 'application/fhir+json';
  response.writeHead(result.status, { 'content-type': `${type}; charset=utf-8`, ...absolute(request, result.headers ?? {}) });
  response.end(JSON.stringify(result.body));
}

function absolute(request: IncomingMessage, headers: Record<string, string>): Record<string, string> {
  const { location } = headers;
  return location === undefined ? headers : { ...headers, location: `http://${request.headers.host ?? '127.0.0.1'}/fhir/${location}` };
}

async function readBody(request: IncomingMessage): Promise<string | 'too large'> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) return 'too large';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

async function stop(server: Server, ehr: Ehr): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
  ehr.close();
}
