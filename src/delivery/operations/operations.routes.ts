import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { QuarantineItem, ReceiptView } from '../../core/api.ts';
import { AppError } from '../../core/errors.ts';
import { permitFor, purposeOf } from '../../governance/access.ts';
import type { Explain } from '../../interop/explain.ts';
import type { Db } from '../../platform/database.ts';
import type { Caller } from '../../platform/identity.ts';
import { readChart } from '../../record/chart.ts';
import { readFeeds } from '../../record/feeds.ts';
import { listPatients } from '../../record/patients.ts';
import { requirePerson } from '../../record/people.ts';
import { listQuarantine, type Quarantined, replayQuarantined } from '../../record/quarantine.ts';
import { type ReceiptRow, readBytes, readReceipt } from '../../record/receipts.ts';
import { factView } from '../review/fact-view.ts';
import { patientBanners } from '../worklist/banner.ts';

const Id = z.object({ id: z.uuid() });
const State = z.object({ state: z.enum(['open', 'replayed', 'dismissed']).optional() });
const Search = z.object({ q: z.string().max(100).default('') });
const Message = z.object({ message: z.string().max(4_000_000), source: z.string().max(100).optional() });
const LIST = 500;

export type OperationsOptions = {
  db: Db;
  now(): string;
  explain: Explain;
  wake(): void;
};

/** Where an integration engineer works: feeds, receipts by field and byte, quarantine, and a bench that stores nothing. Also the list of people. */
export async function operationsRoutes(server: FastifyInstance, { db, now, explain, wake }: OperationsOptions): Promise<void> {
  const tags = ['operations'];

  server.get('/api/feeds', { schema: { tags } }, async (request) => {
    requireOperations(request.caller);
    return { feeds: await readFeeds(db, now()) };
  });

  server.get('/api/quarantine', { schema: { querystring: State, tags } }, async (request) => {
    requireOperations(request.caller);
    const { state } = State.parse(request.query);
    return { items: (await listQuarantine(db, state ? { state } : {}, LIST)).map(itemOf) };
  });

  server.post('/api/quarantine/:id/replay', { schema: { params: Id, tags } }, async (request, reply) => {
    requireOperations(request.caller);
    const { receipt } = await replayQuarantined(db, Id.parse(request.params).id);
    wake();
    return reply.code(201).send({ receipt });
  });

  server.get('/api/receipts/:id', { schema: { params: Id, tags } }, async (request) => {
    const receipt = await permitted(request.caller, Id.parse(request.params).id);
    return receiptView(receipt, await listOf(receipt.id));
  });

  server.get('/api/receipts/:id/bytes', { schema: { params: Id, tags } }, async (request, reply) => {
    const receipt = await permitted(request.caller, Id.parse(request.params).id);
    const bytes = Buffer.from(await readBytes(db, receipt.id));
    return reply.type('application/octet-stream').header('content-disposition', `attachment; filename="${receipt.id}"`).send(bytes);
  });

  server.get('/api/receipts/:id/coverage', { schema: { params: Id, tags } }, async (request) => {
    const receipt = await permitted(request.caller, Id.parse(request.params).id);
    return explain(await readBytes(db, receipt.id), receipt.source, receipt.contentType).coverage;
  });

  server.get('/api/receipts/:id/explain', { schema: { params: Id, tags } }, async (request) => {
    const receipt = await permitted(request.caller, Id.parse(request.params).id);
    return explain(await readBytes(db, receipt.id), receipt.source, receipt.contentType);
  });

  // In a scope of its own: a message must reach the reader byte for byte, also one that is JSON.
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.post('/api/explain', { schema: { tags } }, async (request) => {
      requireOperations(request.caller);
      const { bytes, source } = messageOf(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
      return explain(bytes, source);
    });
  });

  server.get('/api/patients', { schema: { querystring: Search, tags } }, async (request) => {
    const permit = permitFor(request.caller, 'any', purposeOf(request.caller), now());
    return { items: await listPatients(db, permit, Search.parse(request.query).q, now()) };
  });

  server.get('/api/patients/:id/facts', { schema: { params: z.object({ id: z.string() }), tags } }, async (request) => {
    const person = await requirePerson(db, (request.params as { id: string }).id);
    const chart = await readChart(db, permitFor(request.caller, person, purposeOf(request.caller), now()), person, now());
    return { person: (await patientBanners(db, [person])).get(person), facts: [...chart.facts, ...chart.superseded].map(factView) };
  });

  async function permitted(caller: Caller, id: string): Promise<ReceiptRow> {
    if (caller.role === 'governance') throw new AppError('not_permitted', 'governance does not read messages; ask an integration engineer');
    return readReceipt(db, id);
  }

  async function listOf(receipt: string): Promise<QuarantineItem[]> {
    return (await listQuarantine(db, { receipt }, LIST)).map(itemOf);
  }
}

/** A message as it is, or as `{message, source?}`. */
function messageOf(body: Buffer): { bytes: Uint8Array; source: string } {
  if (body.length === 0) throw new AppError('request_invalid', 'send a message to explain');
  const text = body.toString('utf8').trimStart();
  const wrapped = text.startsWith('{') && /"message"\s*:/.test(text) ? Message.safeParse(parsed(text)) : undefined;
  if (!wrapped?.success) return { bytes: new Uint8Array(body), source: 'explain' };
  return { bytes: new Uint8Array(Buffer.from(wrapped.data.message)), source: wrapped.data.source ?? 'explain' };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function requireOperations(caller: Caller): void {
  if (caller.role !== 'integration') throw new AppError('not_permitted', 'this is for integration engineers');
}

function itemOf(item: Quarantined): QuarantineItem {
  return {
    id: item.id,
    receipt: item.receipt,
    source: item.source,
    item: item.item,
    reason: item.reason,
    at: item.at,
    state: item.state,
    title: item.detail,
  };
}

function receiptView(receipt: ReceiptRow, rejections: QuarantineItem[]): ReceiptView {
  const { id, source, door, contentType, sha256, size, receivedAt, state, flags, stored } = receipt;
  return { id, source, door, contentType, sha256, size, receivedAt, state, flags, facts: stored, rejections };
}
