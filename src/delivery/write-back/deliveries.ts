import { AppError } from '../../core/errors.ts';
import type { Db, Queryable } from '../../platform/database.ts';
import { enqueueAgain } from '../../platform/jobs.ts';
import { append } from '../../platform/journal.ts';

/** One part of a signed note on its way, or one that a person has to see to. Codes and references only: no words of the note. */
export type DeliveryItem = {
  proposal: string;
  surface: string;
  state: 'waiting' | 'delivered' | 'kept' | 'failed';
  reason: string | null;
  reference: string | null;
  attempts: number;
  signedAt: string;
};
export type Deliveries = { items: DeliveryItem[]; waiting: number; waitingSince: string | null };
/** Who sees to a delivery, by pseudonym, and when. */
export type Seen = { proposal: string; surface: string; actor: string; at: string };

const LIST = 500;
/** Told by a reason and not closed yet. What an erasure ended needs nobody, and a Provenance without its document is that document's matter. */
const OPEN = `d.state <> 'waiting' and d.reason <> all(array['erased', 'document-not-delivered']) and d.closed_at is null`;

/** What waits for the EHR, or is open for integration staff, oldest first; and how much waits, since when. */
export async function listDeliveries(db: Db, which: 'waiting' | 'open'): Promise<Deliveries> {
  const items = await db.query<DeliveryItem>(
    `select d.proposal, d.surface, d.state, d.reason, d.reference, d.attempts, d.created_at as "signedAt"
       from delivery d where ${which === 'waiting' ? `d.state = 'waiting'` : OPEN} order by d.created_at, d.proposal, d.surface limit $1`,
    [LIST],
  );
  const [waits] = await db.query<{ waiting: number; since: string | null }>(
    `select count(distinct proposal)::int as waiting, min(created_at) as since from delivery where state = 'waiting'`,
  );
  return { items, waiting: waits!.waiting, waitingSince: waits!.since };
}

/** A person saw to it, in the EHR or by deciding that it stays so. */
export async function closeDelivery(db: Db, { proposal, surface, actor, at }: Seen, reason: string): Promise<void> {
  await db.transaction(async (tx) => {
    const row = await openRow(tx, proposal, surface);
    await tx.query('update delivery set closed_at = $3 where proposal = $1 and surface = $2', [proposal, surface, at]);
    await append(tx, [
      { kind: 'delivery.closed', actor, subject: proposal, at, person: row.person, body: { surface, was: row.reason, reason } },
    ]);
  });
}

/**
 * What the EHR did not take is sent again, because somebody mended what kept it. Refuses what stands there already or was withdrawn there: the
 * first would be a second copy, and the second is found by its identifier and never written anew.
 */
export async function sendAgain(db: Db, { proposal, surface, actor, at }: Seen): Promise<void> {
  await db.transaction(async (tx) => {
    const { person, reason } = await openRow(tx, proposal, surface);
    // A Provenance is about a document: where that was kept, both go again.
    const again = await tx.query<{ surface: string }>(
      `update delivery d set state = 'waiting', reason = null, confirmed_at = null
        where d.proposal = $1 and d.state = 'kept' and d.reference is null
          and (d.surface = $2 or d.reason = 'document-not-delivered') returning d.surface`,
      [proposal, surface],
    );
    if (again.every((one) => one.surface !== surface)) throw new AppError('decided', 'this stands in the EHR, or was withdrawn there');
    const surfaces = again.map((one) => one.surface).sort();
    await append(tx, [{ kind: 'delivery.reopened', actor, subject: proposal, at, person, body: { surfaces, was: reason } }]);
    await enqueueAgain(tx, [{ key: `decision:${proposal}`, kind: 'decision', payload: { proposal } }]);
  });
}

async function openRow(tx: Queryable, proposal: string, surface: string): Promise<{ person: string; reason: string }> {
  const [row] = await tx.query<{ person: string; reason: string }>(
    `select p.person, d.reason from delivery d join proposal p on p.id = d.proposal
      where d.proposal = $1 and d.surface = $2 and ${OPEN} for update of d`,
    [proposal, surface],
  );
  if (!row) throw new AppError('not_found', 'nothing of this waits for a person');
  return row;
}
