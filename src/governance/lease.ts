import type { LeaseView } from '../core/api.ts';
import { AppError } from '../core/errors.ts';
import type { Queryable } from '../platform/database.ts';
import type { Caller } from '../platform/identity.ts';
import { append } from '../platform/journal.ts';

/**
 * How long a draft stays with whoever claimed it or works on it: longer than a review takes, shorter than anybody would wait for a colleague
 * who was called away. Our own choice; see docs/decisions/2026-11-22-a-lease-is-no-lock.md.
 */
const LEASE_MS = 15 * 60_000;
/** How long a draft stays with whom it was handed to: half a shift, since they may be with a patient. */
const HANDED_MS = 4 * 3_600_000;
/** Work under way renews a lease once a third of it is used, so that the journal has a few entries for a review and not one a keystroke. */
const RENEW_BELOW_MS = (LEASE_MS * 2) / 3;

export type Lease = { holder: string; holderName: string; until: string };
/** What a lease is about and who acts; `pseudonym` is what the journal calls somebody. */
export type LeaseAct = { proposal: string; person: string; pack: string; caller: Caller; now: string; pseudonym(id: string): string };

/** Who has a draft at an instant; undefined where nobody does or the lease has run out. */
export async function leaseOf(db: Queryable, proposal: string, now: string): Promise<Lease | undefined> {
  const [row] = await db.query<{ holder: string; holder_name: string; until: string }>(
    'select holder, holder_name, until from work_lease where proposal = $1 and until > $2',
    [proposal, now],
  );
  return row && { holder: row.holder, holderName: row.holder_name, until: row.until };
}

/** Who has which of these drafts, as a reader sees it. The reason of a hand-off is read from the journal, where erasure reaches it. */
export async function leaseViews(
  db: Queryable,
  proposals: readonly string[],
  reader: string,
  now: string,
): Promise<Map<string, LeaseView>> {
  const rows = await db.query<{
    proposal: string;
    holder: string;
    holder_name: string;
    until: string;
    handed_by: string | null;
    body: string | null;
  }>(
    `select w.proposal, w.holder, w.holder_name, w.until, w.handed_by, p.body
       from work_lease w left join journal_payload p on p.journal_id = w.handed_in where w.proposal = any($1::uuid[]) and w.until > $2`,
    [proposals, now],
  );
  return new Map(
    rows.map((row) => [
      row.proposal,
      {
        name: row.holder_name,
        you: row.holder === reader,
        until: row.until,
        handedBy: row.handed_by,
        reason: row.body === null ? null : (JSON.parse(row.body) as { reason: string }).reason,
      },
    ]),
  );
}

/** Gives the draft to the caller, or renews what they have; refuses with the name where a colleague has it. The draft's row must be locked. */
export async function takeLease(tx: Queryable, act: LeaseAct): Promise<Lease> {
  const held = await leaseOf(tx, act.proposal, act.now);
  if (held && held.holder !== act.caller.id) throw taken(held);
  return held && isFresh(held, act.now) ? held : grant(tx, act, held);
}

/** What working on a draft does: nobody's becomes the caller's, their own is renewed, a colleague's stays the colleague's. */
export async function keepLease(tx: Queryable, act: LeaseAct): Promise<void> {
  const held = await leaseOf(tx, act.proposal, act.now);
  if (held && (held.holder !== act.caller.id || isFresh(held, act.now))) return;
  await grant(tx, act, held);
}

/** Hands a draft that is the caller's, or nobody's, to a colleague. The draft's row must be locked. */
export async function handLease(tx: Queryable, act: LeaseAct, to: Caller, reason: string): Promise<Lease> {
  const held = await leaseOf(tx, act.proposal, act.now);
  if (held && held.holder !== act.caller.id) throw taken(held);
  const until = later(act.now, HANDED_MS);
  const body = { pack: act.pack, role: act.caller.role, to: act.pseudonym(to.id), reason, until };
  const [entry] = await append(tx, [
    { kind: 'work.handed', actor: act.pseudonym(act.caller.id), subject: act.proposal, at: act.now, person: act.person, body },
  ]);
  await write(tx, act.proposal, { holder: to.id, holderName: to.name, until }, { by: act.caller.name, entry: entry! });
  return { holder: to.id, holderName: to.name, until };
}

/** Gives a draft back to everybody; nothing where nobody has it. */
export async function dropLease(tx: Queryable, act: LeaseAct): Promise<void> {
  const held = await leaseOf(tx, act.proposal, act.now);
  if (!held) return;
  if (held.holder !== act.caller.id) throw taken(held);
  await endLease(tx, act.proposal);
  const body = { pack: act.pack, role: act.caller.role };
  await append(tx, [
    { kind: 'work.released', actor: act.pseudonym(act.caller.id), subject: act.proposal, at: act.now, person: act.person, body },
  ]);
}

/** Ends what a decision ends; the decision's own journal row says so. */
export async function endLease(tx: Queryable, proposal: string): Promise<void> {
  await tx.query('delete from work_lease where proposal = $1', [proposal]);
}

/** A redraft is with whom the draft before it was with: a hand-off must not be lost because a result arrived. */
export async function moveLease(tx: Queryable, from: string, to: string): Promise<void> {
  await tx.query('delete from work_lease where proposal = $1 and exists (select 1 from work_lease where proposal = $2)', [to, from]);
  await tx.query('update work_lease set proposal = $2 where proposal = $1', [from, to]);
}

async function grant(tx: Queryable, act: LeaseAct, held: Lease | undefined): Promise<Lease> {
  const lease = { holder: act.caller.id, holderName: act.caller.name, until: later(act.now, LEASE_MS) };
  const body = { pack: act.pack, role: act.caller.role, until: lease.until, renewed: held !== undefined };
  await append(tx, [
    { kind: 'work.claimed', actor: act.pseudonym(act.caller.id), subject: act.proposal, at: act.now, person: act.person, body },
  ]);
  await write(tx, act.proposal, lease);
  return lease;
}

async function write(tx: Queryable, proposal: string, lease: Lease, handed?: { by: string; entry: bigint }): Promise<void> {
  await tx.query(
    `insert into work_lease (proposal, holder, holder_name, until, handed_by, handed_in) values ($1, $2, $3, $4, $5, $6)
     on conflict (proposal) do update set holder = excluded.holder, holder_name = excluded.holder_name, until = excluded.until,
       handed_by = excluded.handed_by, handed_in = excluded.handed_in`,
    [proposal, lease.holder, lease.holderName, lease.until, handed?.by ?? null, handed?.entry ?? null],
  );
}

function isFresh(lease: Lease, now: string): boolean {
  return Date.parse(lease.until) - Date.parse(now) >= RENEW_BELOW_MS;
}

function later(now: string, ms: number): string {
  return new Date(Date.parse(now) + ms).toISOString();
}

function taken({ holderName, until }: Lease): AppError {
  return new AppError('taken', `${holderName} has this draft`, { details: { name: holderName, until } });
}
