import type { ProposalContent } from '../core/proposal.ts';
import type { Db, Queryable } from '../platform/database.ts';
import type { Pseudonym } from '../platform/identity.ts';
import { enqueueAgain } from '../platform/jobs.ts';
import { decisionFault, isAsSettled, readDecision, settledDeliveries } from '../platform/journal-verify-state.ts';
import { type Act, insertRow, releaseForDelivery } from './acts.ts';
import { indexCitations, indexSentences } from './proposals.ts';

/**
 * Puts a decision back with its draft where they are gone or are not what their entry says, from the act as it was synced before the person was
 * told. True where it was mended; false where it stands, or no entry of this log tells of it.
 */
export async function mendDecision(db: Db, { id, kind, subject, at, rows }: Act, pseudonym: Pseudonym): Promise<boolean> {
  if (!rows?.decision) return false;
  const standing = await readDecision(db, subject);
  if (standing && (standing.body === null || decisionFault(standing, pseudonym) === undefined)) return false;
  return db.transaction(async (tx) => {
    const [entry] = await tx.query<{ id: bigint }>(
      `select j.id from journal j join journal_payload p on p.journal_id = j.id and p.at = j.at
        where j.subject = $1 and j.kind = $2 and (encode(j.commitment, 'hex') = $3 or p.body::json ->> 'restored' = $3) order by j.id limit 1`,
      [subject, kind, id],
    );
    if (!entry) return false;
    const { content } = JSON.parse(rows.proposal) as { content: ProposalContent };
    await insertRow(tx, 'run', rows.run, 'on conflict do nothing');
    await insertRow(tx, 'proposal', rows.proposal, `on conflict (id) do update set ${replacing(rows.proposal)}`);
    await indexCitations(tx, subject, content);
    await indexSentences(tx, subject, content);
    const decision = JSON.stringify({ ...JSON.parse(rows.decision!), journal_id: Number(entry.id) });
    await insertRow(tx, 'decision', decision, `on conflict (proposal) do update set ${replacing(decision)}`);
    if (kind === 'decision.signed') await releaseForDelivery(tx, subject, at);
    return true;
  });
}

/**
 * Puts deliveries back to what their last entry says became of them; one that no entry tells of waits again, and is looked for in the EHR before
 * anything is written. Returns how many were mended.
 */
export async function mendDeliveries(db: Db): Promise<number> {
  const { settled, erased } = await settledDeliveries(db);
  const rows = await db.query<Delivery>(
    `select d.proposal, s.surface, v.state, v.reference, v.confirmed_at from decision d
      cross join (values ('DocumentReference'), ('Provenance')) as s (surface)
      left join delivery v on v.proposal = d.proposal and v.surface = s.surface where d.kind = 'signed'`,
  );
  let mended = 0;
  for (const { proposal, surface, ...row } of rows) {
    const said = settled.get(`${proposal}|${surface}`);
    const kept = row.state === null ? undefined : { proposal, surface, ...row, state: row.state };
    if (erased.has(proposal) || isAsSettled(kept, said)) continue;
    await db.transaction((tx) => settleAs(tx, proposal, surface, said));
    mended += 1;
  }
  return mended;
}

type Delivery = { proposal: string; surface: string; state: string | null; reference: string | null; confirmed_at: string | null };
type Said = { state: string; at: string; reference: string | null | undefined; reason: string | null } | undefined;

async function settleAs(tx: Queryable, proposal: string, surface: string, said: Said): Promise<void> {
  const waits = said === undefined || said.state === 'waiting';
  await tx.query(
    `insert into delivery (proposal, surface, identifier, state, reference, reason, created_at, confirmed_at)
     select $1::uuid, $2, d.proposal::text, $3, $4, $5, d.decided_at, $6::timestamptz from decision d where d.proposal = $1::uuid
     on conflict (proposal, surface) do update set state = excluded.state, reference = excluded.reference, reason = excluded.reason,
            confirmed_at = excluded.confirmed_at`,
    [
      proposal,
      surface,
      waits ? 'waiting' : said.state,
      waits ? null : (said.reference ?? null),
      waits ? null : said.reason,
      waits ? null : said.at,
    ],
  );
  if (waits) await enqueueAgain(tx, [{ key: `decision:${proposal}`, kind: 'decision', payload: { proposal } }]);
}

/** Every column that the record has, as it was. */
function replacing(row: string): string {
  const columns = Object.keys(JSON.parse(row) as object).filter((name) => /^[a-z_]+$/.test(name));
  return columns.map((name) => `${name} = excluded.${name}`).join(', ');
}
