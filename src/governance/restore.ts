import type { ProposalContent } from '../core/proposal.ts';
import type { Queryable } from '../platform/database.ts';
import { enqueue } from '../platform/jobs.ts';
import { append } from '../platform/journal.ts';
import { indexCitations, indexSentences } from './proposals.ts';

/** A signature with all it stands on, as it is synced beside the embedded database before the clinician is told. */
export type DecisionRecord = {
  decision: {
    proposal: string;
    actor: string;
    actor_name: string;
    reason: string | null;
    content_hash: string;
    decided_at: string;
    pseudonym: string;
  };
  proposal: {
    id: string;
    run: string;
    pack: string;
    person: string;
    trigger_key: string;
    title: string;
    why: string;
    role: string;
    content: string;
    drafted: string;
    content_hash: string;
    offered_at: string;
    opened_at: string | null;
    due_at: string | null;
  };
  run: { id: string; pack: string; person: string; as_of: string; closure: string; created_at: string };
};

/** Reads what a signature stands on; undefined where the draft was not signed. */
export async function readDecisionRecord(db: Queryable, proposal: string): Promise<DecisionRecord | undefined> {
  const [decision] = await db.query<DecisionRecord['decision']>(
    `select d.proposal, d.actor, d.actor_name, d.reason, d.content_hash, d.decided_at, j.actor as pseudonym
       from decision d join journal j on j.id = d.journal_id where d.proposal = $1 and d.kind = 'signed'`,
    [proposal],
  );
  if (!decision) return undefined;
  const [row] = await db.query<DecisionRecord['proposal']>(
    `select id, run, pack, person, trigger_key, title, why, role, content, drafted, content_hash, offered_at, opened_at, due_at from proposal where id = $1`,
    [proposal],
  );
  const [run] = await db.query<DecisionRecord['run']>('select id, pack, person, as_of, closure, created_at from run where id = $1', [
    row!.run,
  ]);
  return { decision, proposal: row!, run: run! };
}

/** Puts back a signature that the database lost, with its draft, its run and its release. True when it was missing. */
export async function restoreDecision(tx: Queryable, record: DecisionRecord): Promise<boolean> {
  const { decision, proposal, run } = record;
  const known = await tx.query('select 1 from decision where proposal = $1', [proposal.id]);
  if (known.length > 0) return false;

  await tx.query(
    'insert into run (id, pack, person, as_of, closure, created_at) values ($1, $2, $3, $4, $5::json, $6) on conflict do nothing',
    [run.id, run.pack, run.person, run.as_of, run.closure, run.created_at],
  );
  await tx.query(
    `insert into proposal (id, run, pack, person, trigger_key, title, why, state, role, content, drafted, content_hash, offered_at, opened_at, due_at)
     values ($1, $2, $3, $4, $5, $6, $7, 'signed', $8, $9::json, $10::json, $11, $12, $13, $14)
     on conflict (id) do update set state = 'signed', content = excluded.content, content_hash = excluded.content_hash`,
    [
      proposal.id,
      proposal.run,
      proposal.pack,
      proposal.person,
      proposal.trigger_key,
      proposal.title,
      proposal.why,
      proposal.role,
      proposal.content,
      proposal.drafted,
      proposal.content_hash,
      proposal.offered_at,
      proposal.opened_at,
      proposal.due_at,
    ],
  );
  const content = JSON.parse(proposal.content) as ProposalContent;
  await indexCitations(tx, proposal.id, content);
  await indexSentences(tx, proposal.id, content);
  const [journalId] = await append(tx, [
    {
      kind: 'decision.signed',
      actor: decision.pseudonym,
      subject: proposal.id,
      at: decision.decided_at,
      person: proposal.person,
      body: { pack: proposal.pack, role: proposal.role, run: proposal.run, contentHash: decision.content_hash, restored: true },
    },
  ]);
  await tx.query(
    `insert into decision (proposal, kind, actor, actor_name, reason, content_hash, decided_at, journal_id)
     values ($1, 'signed', $2, $3, $4, $5, $6, $7)`,
    [proposal.id, decision.actor, decision.actor_name, decision.reason, decision.content_hash, decision.decided_at, journalId],
  );
  await releaseForDelivery(tx, proposal.id, decision.decided_at);
  return true;
}

/** The surfaces a signature releases to, and the job that writes there. */
export async function releaseForDelivery(tx: Queryable, proposal: string, at: string): Promise<void> {
  await tx.query(
    `insert into delivery (proposal, surface, identifier, state, created_at)
     select $1::uuid, surface, $1::text, 'waiting', $3::timestamptz from unnest($2::text[]) as surface on conflict do nothing`,
    [proposal, ['DocumentReference', 'Provenance'], at],
  );
  await enqueue(tx, { key: `decision:${proposal}`, kind: 'decision', payload: { proposal } });
}
