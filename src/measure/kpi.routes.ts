import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Pack } from '../core/pack.ts';
import type { Db } from '../platform/database.ts';
import { readKpis } from './kpi.ts';
import { countReasons } from './reasons.ts';

const Query = z.object({ from: z.iso.datetime({ offset: true }).optional(), to: z.iso.datetime({ offset: true }).optional() });
const THIRTY_DAYS_MS = 30 * 86_400_000;

/** `GET /api/kpis?from=&to=`: the last thirty days where no period is asked for. */
export async function kpiRoutes(server: FastifyInstance, options: { db: Db; packs: readonly Pack[]; now(): string }): Promise<void> {
  server.get('/api/kpis', { config: { purposes: 'no-record' }, schema: { querystring: Query, tags: ['measure'] } }, async (request) => {
    const asked = Query.parse(request.query);
    const now = Date.parse(options.now());
    const period = { from: asked.from ?? new Date(now - THIRTY_DAYS_MS).toISOString(), to: asked.to ?? new Date(now + 1).toISOString() };
    const [kpis, reasons] = await Promise.all([readKpis(options.db, options.packs, period), countReasons(options.db, period)]);
    return { kpis, reasons };
  });
}
