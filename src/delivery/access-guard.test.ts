import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AccessLog, type Look } from '../governance/access-log.ts';
import { fixedClock } from '../platform/clock.ts';
import { buildServer } from '../platform/http.ts';
import type { Role } from '../platform/identity.ts';
import type { JournalRow } from '../platform/journal.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { guardAccess } from './access-guard.ts';

const IDA = '00000000-0000-4000-8000-00000000001d';
const BEA = '00000000-0000-4000-8000-0000000000be';
const READ = 'GET /api/charts/:id';

const clock = fixedClock('2026-11-22T08:00:00.000Z');
let server: FastifyInstance;
let rows: JournalRow[];
/** What the writer waits for before a row counts as committed. */
let commit: Promise<void>;

beforeEach(async () => {
  rows = [];
  commit = Promise.resolve();
  server = await open();
});
afterEach(() => server.close());

it('a route that states no purpose is closed to everybody, whoever signs in', async () => {
  for (const role of ['clinician', 'integration', 'governance']) expect((await get('/api/unstated', role)).statusCode).toBe(403);
});

it('a role that comes for none of the purposes of a route is refused before its body is read', async () => {
  const answer = await server.inject({
    method: 'POST',
    url: '/api/decisions',
    headers: { 'x-role': 'governance', 'content-type': 'application/json' },
    payload: '{',
  });

  expect([answer.statusCode, answer.json().code]).toEqual([403, 'not_permitted']);
});

it('a read is journalled with pseudonym, purpose and door; whose record it was is in the payload alone', async () => {
  await get(`/api/charts/${IDA}`, 'clinician');

  expect(rows).toEqual([
    {
      kind: 'access.read',
      actor: 'p-one',
      at: clock.now(),
      person: IDA,
      body: { purpose: 'treatment', role: 'clinician', door: READ },
    },
  ]);
});

it('nothing is shown until the journal has it', async () => {
  let committed = (): void => undefined;
  commit = new Promise((resolve) => {
    committed = resolve;
  });
  let answered = 0;
  const reads = [0, 1].map(() => get(`/api/charts/${IDA}`, 'clinician').then(() => (answered += 1)));
  await until(() => rows.length > 0);
  // As long as an answer takes that waits for nothing.
  await server.inject({ url: '/health/live' });
  const before = answered;
  committed();
  await Promise.all(reads);

  expect([before, answered, rows.length]).toEqual([0, 2, 1]);
});

it('where the journal cannot be written nothing is shown, and the next read tries again', async () => {
  commit = Promise.reject(new Error('the store is away'));
  commit.catch(() => undefined);
  const refused = await get(`/api/charts/${IDA}`, 'clinician');
  commit = Promise.resolve();
  const read = await get(`/api/charts/${IDA}`, 'clinician');

  expect([refused.statusCode, refused.json().code, read.statusCode, rows.length]).toEqual([500, 'internal', 200, 2]);
  expect(refused.body).not.toContain('penicillin');
});

it('journals a reader of a person at a door once in the life of a permit', async () => {
  const read = async (): Promise<number> => {
    await get(`/api/charts/${IDA}`, 'clinician');
    return rows.length;
  };
  const counts = [await read(), await read()];
  clock.advance(5 * 60_000 - 1);
  counts.push(await read());
  clock.advance(1);
  counts.push(await read());

  expect(counts).toEqual([1, 1, 1, 2]);
});

it.each([
  ['another person', `/api/charts/${BEA}`, 'clinician', 'one'],
  ['another door', `/api/notes/${IDA}`, 'clinician', 'one'],
  ['another caller', `/api/charts/${IDA}`, 'clinician', 'two'],
  ['another purpose', `/api/charts/${IDA}`, 'integration', 'one'],
])('journals %s by itself', async (_what, url, role, id) => {
  await get(`/api/charts/${IDA}`, 'clinician');
  await get(url, role, id);

  expect(rows).toHaveLength(2);
});

it('journals everybody a list names, and a draft by its own id with whom it is about', async () => {
  await get('/api/lists', 'clinician');

  expect(rows.map(({ person, subject }) => [person, subject])).toEqual([
    [IDA, undefined],
    [BEA, 'draft-1'],
  ]);
});

it('what an answer does is journalled with what it shows, before either is committed and before it is answered', async () => {
  let committed = (): void => undefined;
  commit = new Promise((resolve) => {
    committed = resolve;
  });
  let answered = false;
  const card = get(`/api/cards/${IDA}`, 'clinician').then(() => {
    answered = true;
  });
  await until(() => rows.length === 2);
  await server.inject({ url: '/health/live' });
  const before = answered;
  committed();
  await card;

  expect([before, rows.map(({ kind }) => kind)]).toEqual([false, ['access.read', 'cds.shown']]);
});

it('what an answer would have done is not journalled where it failed', async () => {
  expect((await get('/api/cards/nobody', 'clinician')).statusCode).toBe(404);
  expect(rows).toEqual([]);
});

it('journals nothing where nothing was found, so that guessed ids do not fill the log', async () => {
  expect((await get('/api/charts/nobody', 'clinician')).statusCode).toBe(404);
  expect(rows).toEqual([]);
});

it('journals a refusal once and counts a flood of them', async () => {
  for (let call = 0; call < 50; call++) await get('/api/unstated', 'clinician');
  clock.advance(5 * 60_000);
  await get('/api/unstated', 'clinician');

  expect(rows.map(({ kind, actor, body }) => [kind, actor, body])).toEqual([
    ['access.refused', 'p-one', { door: 'GET /api/unstated', role: 'clinician' }],
    ['access.refused', 'p-one', { door: 'GET /api/unstated', role: 'clinician', repeated: 49 }],
  ]);
});

it('journals a refused call of nobody as anonymous, and no call without a caller', async () => {
  const foreign = { host: 'localhost', origin: 'https://evil.example' };
  expect((await server.inject({ url: `/api/charts/${IDA}`, headers: foreign })).statusCode).toBe(403);
  expect((await server.inject({ url: `/api/charts/${IDA}` })).statusCode).toBe(401);

  expect(rows.map(({ kind, actor, body }) => [kind, actor, body])).toEqual([['access.refused', 'anonymous', { door: READ }]]);
});

async function open(): Promise<FastifyInstance> {
  const one = await buildServer({
    config: { host: '127.0.0.1', port: 0, loopback: true, tls: undefined, publicUrl: 'http://127.0.0.1' },
    log: silentLog,
    metrics: createMetrics(),
    version: '0',
    authenticate: ({ headers }) =>
      headers['x-role'] ? { id: String(headers['x-id'] ?? 'one'), name: 'One', role: headers['x-role'] as Role } : undefined,
    ready: async () => ({ ready: true }),
  });
  const log = new AccessLog({
    now: clock.now,
    pseudonym: (id) => `p-${id}`,
    writer: {
      async write(row) {
        rows.push(row);
        await commit;
        return 1n;
      },
      idle: async () => undefined,
    },
  });
  const access = guardAccess(one, { log, now: clock.now });
  const config = { purposes: ['treatment', 'operations'] as const };
  const chart = async (id: string): Promise<unknown> => ({ id, allergies: ['penicillin'] });
  for (const url of ['/api/charts/:id', '/api/notes/:id']) {
    one.get<{ Params: { id: string } }>(url, { config }, async (request, reply) => {
      const { id } = request.params;
      access.permitFor(request, id);
      return id === 'nobody' ? reply.code(404).send({}) : chart(id);
    });
  }
  one.get<{ Params: { id: string } }>('/api/cards/:id', { config }, async (request, reply) => {
    const { id } = request.params;
    access.permitFor(request, id);
    access.acts(request, { kind: 'cds.shown', actor: 'p-one', subject: 'card-1', at: clock.now(), person: id, body: {} });
    return id === 'nobody' ? reply.code(404).send({}) : {};
  });
  one.get('/api/lists', { config }, async (request) => {
    access.permitFor(request, 'any');
    access.shows(request, [{ person: IDA }, { person: BEA, subject: 'draft-1' }, { person: IDA }] satisfies Look[]);
    return [];
  });
  one.post('/api/decisions', { config: { purposes: ['write-back'] } }, async () => ({}));
  one.get('/api/unstated', async () => ({}));
  return one;
}

async function get(url: string, role: string, id = 'one') {
  return server.inject({ url, headers: { 'x-role': role, 'x-id': id } });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
