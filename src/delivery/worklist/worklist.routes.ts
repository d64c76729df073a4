import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { proposalStates } from '../../core/proposal.ts';
import type { Db } from '../../platform/database.ts';
import { requirePermit } from '../../record/permit.ts';
import type { Access } from '../access-guard.ts';
import { WHY } from '../review/review.routes.ts';
import { worklist } from './worklist.ts';

const Query = z.object({ role: z.string().max(40).optional(), state: z.enum(proposalStates).optional() });

export type WorklistRoutesOptions = { db: Db; now(): string; access: Access; zone: string };

/** The work queue: what waits for a decision, whose it is and when it is due. */
export async function worklistRoutes(server: FastifyInstance, { db, now, access, zone }: WorklistRoutesOptions): Promise<void> {
  const config = { purposes: ['treatment', 'operations', 'governance'] as const };
  const description = `Drafts that wait, or those in one state, the next due first; \`zone\` is the site's IANA time zone. ${WHY} \`changedSince\` counts the facts a signed note relied on that say something else today.`;
  server.get('/api/worklist', { config, schema: { querystring: Query, tags: ['review'], description } }, async (request) => {
    const { role, state } = Query.parse(request.query);
    requirePermit(access.permitFor(request, 'any'), 'any', now());
    // One row for the list, not one a draft: which drafts stood in it at that time is in the journal already.
    access.shows(request, [{}]);
    const about = { ...(role === undefined ? {} : { role }), ...(state === undefined ? {} : { state }) };
    return { zone, items: await worklist(db, { reader: request.caller.id, now: now(), zone, ...about }) };
  });
}
