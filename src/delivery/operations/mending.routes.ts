import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { QuarantineItem, ReceiptList, ReceiptView, RereadView } from '../../core/api.ts';
import { AppError } from '../../core/errors.ts';
import type { Db } from '../../platform/database.ts';
import { type KeepMending, readDismissal } from '../../record/mendings.ts';
import { dismissQuarantined, listQuarantine, type Quarantined, receiptOfQuarantined } from '../../record/quarantine.ts';
import { listReceipts, type ReceiptRow } from '../../record/receipts.ts';
import { rereadFeed, rereadProgress, rereadReceipt } from '../../record/reread.ts';

const Id = z.object({ id: z.uuid() });
const Feed = z.object({ name: z.string().min(1).max(200) });
const State = z.object({ state: z.enum(['open', 'replayed', 'dismissed']).optional() });
const Dismissal = z.object({ reason: z.string().trim().min(3).max(500) });
/** Why a feed is read again; what came before reasons were asked for sends none. */
const Reread = z.object({ reason: z.string().trim().max(500).optional() }).nullish();
const Instant = z.iso.datetime({ offset: true });
const Receipts = z.object({
  source: z.string().max(200).optional(),
  state: z.enum(['received', 'normalised', 'quarantined', 'partial']).optional(),
  from: Instant.optional(),
  to: Instant.optional(),
  before: z.string().regex(/^[0-9T:.Z-]{20,30}\|[0-9a-f-]{36}$/).optional(), // biome-ignore format: one line
  count: z.coerce.number().int().min(1).max(500).default(100),
});
const LIST = 500;

export type MendingOptions = { db: Db; now(): string; pseudonym(id: string): string; keep: KeepMending; wake(): void };

/** Where what went wrong is seen and mended: every receipt, what was set aside, and reading again with today's maps and settings. */
export async function mendingRoutes(server: FastifyInstance, { db, now, pseudonym, keep, wake }: MendingOptions): Promise<void> {
  const tags = ['operations'];
  const config = { purposes: ['operations'] as const };

  server.get('/api/receipts', { config, schema: { querystring: Receipts, tags } }, async (request): Promise<ReceiptList> => {
    const { count, ...only } = Receipts.parse(request.query);
    const { receipts, next } = await listReceipts(db, withoutUndefined(only), count);
    return { items: receipts.map(receiptHead), next };
  });

  server.post('/api/receipts/:id/reread', { config, schema: { params: Id, tags } }, async (request, reply) => {
    const { id } = Id.parse(request.params);
    const asked = { actor: pseudonym(request.caller.id), at: now() };
    await rereadReceipt(db, id, asked);
    await keep({ what: 'receipt', receipt: id, asked });
    wake();
    return reply.code(202).send({ receipt: id });
  });

  server.post('/api/feeds/:name/reread', { config, schema: { params: Feed, body: Reread, tags } }, async (request, reply) => {
    const { name } = Feed.parse(request.params);
    const reason = Reread.parse(request.body)?.reason;
    const asked = { actor: pseudonym(request.caller.id), at: now(), ...(reason ? { reason } : {}) };
    const progress: RereadView = await rereadFeed(db, name, asked);
    await keep({ what: 'feed', source: name, asked });
    wake();
    return reply.code(202).send(progress);
  });

  server.get('/api/feeds/:name/reread', { config, schema: { params: Feed, tags } }, async (request): Promise<RereadView> => {
    return rereadProgress(db, Feed.parse(request.params).name);
  });

  server.get('/api/quarantine', { config, schema: { querystring: State, tags } }, async (request) => {
    const { state } = State.parse(request.query);
    return { items: (await listQuarantine(db, state ? { state } : {}, LIST)).map(itemOf) };
  });

  server.post('/api/quarantine/:id/replay', { config, schema: { params: Id, tags } }, async (request, reply) => {
    const receipt = await receiptOfQuarantined(db, Id.parse(request.params).id);
    const asked = { actor: pseudonym(request.caller.id), at: now() };
    await rereadReceipt(db, receipt, asked);
    await keep({ what: 'receipt', receipt, asked });
    wake();
    return reply.code(201).send({ receipt });
  });

  server.post('/api/quarantine/:id/dismiss', { config, schema: { params: Id, body: Dismissal, tags } }, async (request, reply) => {
    const given = Dismissal.safeParse(request.body);
    if (!given.success) throw new AppError('request_invalid', 'say why, in 3 to 500 characters');
    const { id } = Id.parse(request.params);
    const { reason } = given.data;
    const asked = { actor: pseudonym(request.caller.id), at: now() };
    const dismissed = await dismissQuarantined(db, id, { actor: asked.actor, reason }, asked.at);
    await keep(await readDismissal(db, id, asked, reason));
    return reply.code(201).send(dismissed);
  });
}

/** An item of quarantine as the API shows it. */
export function itemOf(item: Quarantined): QuarantineItem {
  const { id, receipt, source, item: path, reason, at, state, detail, closedReason } = item;
  return { id, receipt, source, item: path, reason, at, state, title: detail, closedReason };
}

/** A receipt as the API shows it, without what was set aside of it. */
export function receiptHead(receipt: ReceiptRow): Omit<ReceiptView, 'rejections'> {
  const { id, source, door, contentType, sha256, size, receivedAt, state, flags, stored } = receipt;
  return { id, source, door, contentType, sha256, size, receivedAt, state, flags, facts: stored };
}

function withoutUndefined<T extends object>(given: T): { [name in keyof T]: Exclude<T[name], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as { [name in keyof T]: Exclude<T[name], undefined> }; // biome-ignore format: one line
}
