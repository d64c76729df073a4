import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { proposalStates } from '../../core/proposal.ts';
import { permitFor, purposeOf } from '../../governance/access.ts';
import type { Db } from '../../platform/database.ts';
import { requirePermit } from '../../record/permit.ts';
import { worklist } from './worklist.ts';

const Query = z.object({ role: z.string().max(40).optional(), state: z.enum(proposalStates).optional() });

export type WorklistRoutesOptions = { db: Db; now(): string };

/** The work queue: what waits for a decision, whose it is and when it is due. */
export async function worklistRoutes(server: FastifyInstance, { db, now }: WorklistRoutesOptions): Promise<void> {
  server.get('/api/worklist', { schema: { querystring: Query, tags: ['review'] } }, async (request) => {
    const { role, state } = Query.parse(request.query);
    requirePermit(permitFor(request.caller, 'any', purposeOf(request.caller), now()), 'any', now());
    const about = { ...(role === undefined ? {} : { role }), ...(state === undefined ? {} : { state }) };
    return { items: await worklist(db, { reader: request.caller.id, now: now(), ...about }) };
  });
}
