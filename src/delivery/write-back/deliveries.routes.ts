import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Db } from '../../platform/database.ts';
import { closeDelivery, type Deliveries, listDeliveries, sendAgain } from './deliveries.ts';

const Which = z.object({ state: z.enum(['waiting', 'open']).default('open') });
const One = z.object({ proposal: z.uuid(), surface: z.enum(['DocumentReference', 'Provenance']) });
const Closing = z.object({ reason: z.string().trim().min(3).max(500) });

export type DeliveriesOptions = { db: Db; now(): string; pseudonym(id: string): string; wake(): void };

/** Where integration staff see which signed notes wait for the EHR and which need a hand, and say what they did about them. */
export async function deliveriesRoutes(server: FastifyInstance, { db, now, pseudonym, wake }: DeliveriesOptions): Promise<void> {
  const tags = ['operations'];
  const config = { purposes: ['operations'] as const };

  server.get('/api/deliveries', { config, schema: { querystring: Which, tags } }, async (request): Promise<Deliveries> => {
    return listDeliveries(db, Which.parse(request.query).state);
  });

  const closing = { params: One, body: Closing, tags };
  server.post('/api/deliveries/:proposal/:surface/close', { config, schema: closing }, async (request, reply) => {
    const one = One.parse(request.params);
    await closeDelivery(db, { ...one, actor: pseudonym(request.caller.id), at: now() }, Closing.parse(request.body).reason);
    return reply.code(201).send(one);
  });

  server.post('/api/deliveries/:proposal/:surface/again', { config, schema: { params: One, tags } }, async (request, reply) => {
    const one = One.parse(request.params);
    await sendAgain(db, { ...one, actor: pseudonym(request.caller.id), at: now() });
    wake();
    return reply.code(202).send(one);
  });
}
