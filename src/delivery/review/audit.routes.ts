import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { AppError } from '../../core/errors.ts';
import { readProposal } from '../../governance/proposals.ts';
import type { Db, Queryable } from '../../platform/database.ts';
import { demoIdentities } from '../../platform/identity.ts';
import { requirePermit } from '../../record/permit.ts';
import type { Access } from '../access-guard.ts';

const Id = z.object({ id: z.string().regex(/^[0-9a-f-]{36}$|^[0-9a-f]{64}$/) });

/** One thing that happened to an output: when, what, by whom, why, and where it stands in the log (null until the next checkpoint). */
export type AuditEntry = { at: string; kind: string; by: string; body: unknown; journalId: number; logIndex: number | null };

export type AuditOptions = { db: Db; now(): string; pseudonym(id: string): string; access: Access };

/** `GET /api/audit/:id`: who did what when and why, for a proposal, a run or a receipt, in one call. */
export async function auditRoutes(server: FastifyInstance, { db, now, pseudonym, access }: AuditOptions): Promise<void> {
  const config = { purposes: ['treatment', 'operations', 'governance'] as const };
  const names = new Map(demoIdentities.map((identity) => [pseudonym(identity.id), identity.name]));

  server.get('/api/audit/:id', { config, schema: { params: Id, tags: ['review'] } }, async (request) => {
    const { id } = Id.parse(request.params);
    const proposal = id.length === 36 ? await readProposal(db, id) : undefined;
    const person = proposal?.person ?? 'any';
    requirePermit(access.permitFor(request, person, id), person, now());
    const subjects = proposal ? [id, proposal.runId] : [id];
    const entries = await readEntries(db, subjects, names);
    if (entries.length === 0) throw new AppError('not_found', 'the journal has nothing about this id');
    if (!proposal) return { id, entries };
    const receipts = [
      ...new Set(proposal.content.sentences.flatMap((one) => one.evidence.flatMap((item) => (item.kind === 'span' ? [item.receipt] : [])))),
    ];
    return {
      id,
      what: { title: proposal.title, state: proposal.state, contentHash: proposal.contentHash, run: proposal.runId, pack: proposal.pack },
      why: proposal.why,
      restsOn: { receipts },
      entries,
    };
  });
}

/** Journal rows of some subjects in the order they were written. An erased payload is null; that the thing happened stays. */
async function readEntries(db: Queryable, subjects: readonly string[], names: ReadonlyMap<string, string>): Promise<AuditEntry[]> {
  const rows = await db.query<{ id: bigint; at: string; kind: string; actor: string; body: string | null; index: bigint | null }>(
    `select j.id, j.at, j.kind, j.actor, p.body, l.index from journal j
       left join journal_payload p on p.journal_id = j.id and p.at = j.at left join leaf l on l.journal_id = j.id
      where j.subject = any($1::text[]) order by j.id`,
    [subjects],
  );
  return rows.map((row) => ({
    at: row.at,
    kind: row.kind,
    by: names.get(row.actor) ?? row.actor,
    body: row.body === null ? null : JSON.parse(row.body),
    journalId: Number(row.id),
    logIndex: row.index === null ? null : Number(row.index),
  }));
}
