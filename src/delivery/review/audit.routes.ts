import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { AppError } from '../../core/errors.ts';
import type { Db } from '../../platform/database.ts';
import { demoIdentities } from '../../platform/identity.ts';
import type { Access } from '../access-guard.ts';
import { auditOf, findAudited } from './audit.ts';

/** A uuid, a run's hash, the number of a decision's journal entry, or a reference in the EHR such as `DocumentReference/12`. */
const Id = z.object({ id: z.string().regex(/^[0-9a-f-]{36}$|^[0-9a-f]{64}$|^\d{1,15}$|^[A-Z]\w{0,63}\/[\w.-]{1,64}$/) });

export type AuditOptions = { db: Db; pseudonym(id: string): string; access: Access };

/** `GET /api/audit/:id`: who did what when and why, in one call, for a draft, a run, a sentence, a card, a decision, a delivery or a receipt. */
export async function auditRoutes(server: FastifyInstance, { db, pseudonym, access }: AuditOptions): Promise<void> {
  const config = { purposes: ['treatment', 'operations', 'governance'] as const };
  const names = new Map(demoIdentities.map((identity) => [pseudonym(identity.id), identity.name]));
  const nameOf = (actor: string): string => names.get(actor) ?? actor;

  server.get('/api/audit/:id', { config, schema: { params: Id, tags: ['review'] } }, async (request) => {
    const { id } = Id.parse(request.params);
    const audited = await findAudited(db, id);
    const audit = audited && (await auditOf(db, id, audited, nameOf));
    if (!audit) throw new AppError('not_found', 'nothing has this id');
    const subject = 'receipt' in audited ? audited.receipt : audited.proposal;
    access.shows(request, [{ subject, ...(audit.person === undefined ? {} : { person: audit.person }) }]);
    return audit.bundle;
  });
}
