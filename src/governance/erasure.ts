import { randomUUID } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import type { Db, Queryable } from '../platform/database.ts';
import { append } from '../platform/journal.ts';
import type { ErasureOrder } from '../platform/segment-erasure.ts';
import { eraseReceipts, eraseRecord, readIdentifiers, readPersons, readSources, refuseTelling } from '../record/erase-record.ts';

export type ErasureRequest = {
  person: string;
  /** Pseudonym of who decided it. */
  actor: string;
  /** What they call themselves: somebody on the staff, or a process. */
  by?: string;
  /** Why; stands in the log for ever, so one that names the person is refused. */
  reason: string;
  at: string;
};

export type Erasure = {
  journalId: bigint;
  payloads: number;
  facts: number;
  proposals: number;
  /** Receipts whose bytes are gone as a whole. */
  destroyed: string[];
  /** Receipts of several people in which this person's ranges are blank now. */
  blanked: string[];
  /** Receipts that still hold one of the person's identifiers outside every known range: for a human to look at. */
  stillNamed: string[];
};

/**
 * Destroys what is known of one person: facts, identifiers, links, journal payloads with their salts, drafts, runs, and the bytes they came
 * from. The log keeps its entries, so every proof still holds; commitments without salt tell nothing. Journalled in the same transaction,
 * which waits for `ordered`: once anything is gone, the order to destroy it is kept. Refuses an unknown person, and a reason that names the
 * person. Measures that read payloads no longer count this person.
 */
export async function erase(db: Db, request: ErasureRequest, ordered?: (order: ErasureOrder) => Promise<void>): Promise<Erasure> {
  return db.transaction(async (tx) => {
    const sources = await readSources(tx, request.person);
    if (sources.length === 0) throw new AppError('not_found', 'no such person');
    const persons = await readPersons(tx, request.person, sources);
    await refuseTelling(tx, sources, request.reason);
    const { person: _, ...decision } = request;
    const order = { id: randomUUID(), ...decision, persons, sources, destroyed: [], blanked: [] };
    const { erasure, order: filled } = await carryOut(tx, order);
    await ordered?.(filled);
    return erasure;
  });
}

/** Carries out an order that this database does not know of, because it was put back to an earlier copy; false where it does. */
export async function eraseAgain(db: Db, order: ErasureOrder): Promise<boolean> {
  return db.transaction(async (tx) => {
    const known = await tx.query(
      `select 1 from journal j join journal_payload p on p.journal_id = j.id and p.at = j.at
        where j.kind = 'erasure.done' and p.body::json ->> 'order' = $1`,
      [order.id],
    );
    if (known.length > 0) return false;
    await carryOut(tx, order);
    return true;
  });
}

async function carryOut(tx: Queryable, order: ErasureOrder): Promise<{ erasure: Erasure; order: ErasureOrder }> {
  const { persons, sources, actor, by, reason, at } = order;
  const identifiers = await readIdentifiers(tx, sources);
  // The triggers on what is never otherwise destroyed ask for this; it ends with the transaction.
  await tx.query(`select set_config('countersign.erasing', $1, true)`, [order.id]);

  const { destroyed, blanked, stillNamed } = await eraseReceipts(tx, { sources, persons, identifiers }, order);
  const facts = await eraseRecord(tx, sources);
  const proposals = await eraseProposals(tx, persons, order);
  const gone = await tx.query<{ journal_id: bigint }>(
    `delete from journal_payload p where p.person = any($1::uuid[]) or (p.journal_id, p.at) in (
       select id, at from journal where kind = 'quarantine.closed' and subject = any($2::text[])) returning journal_id`,
    [[...persons, ...sources], destroyed],
  );
  const entries = rangesOf(gone.map(({ journal_id }) => Number(journal_id)));
  const receipts = { destroyed, blanked: blanked.map((one) => one.receipt) };
  const body = { order: order.id, ...(by === undefined ? {} : { by }), reason, entries, facts, proposals, ...receipts };
  const [journalId] = await append(tx, [{ kind: 'erasure.done', actor, at, body }]);
  return {
    erasure: { journalId: journalId!, payloads: gone.length, facts, proposals, ...receipts, stillNamed },
    order: { ...order, destroyed, blanked },
  };
}

/** Consecutive numbers as ranges, both ends included; how an erasure lists the entries it accounts for. */
export function rangesOf(numbers: readonly number[]): [from: number, to: number][] {
  const ranges: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && number <= last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
}

/**
 * What was drafted and decided stays as a fact of the work, without its words; what was still open is withdrawn. A signed note that waits to be
 * written has no words to write any more.
 */
async function eraseProposals(tx: Queryable, persons: readonly string[], { actor, at }: ErasureOrder): Promise<number> {
  const withdrawn = await tx.query<{ id: string }>(
    `update proposal set state = 'withdrawn' where person = any($1::uuid[]) and state in ('offered', 'opened', 'edited', 'escalated', 'blocked', 'stale')
     returning id`,
    [persons],
  );
  const rows = await tx.query<{ id: string }>(
    `update proposal set title = 'erased', why = 'erased', content = $2::json, drafted = $2::json where person = any($1::uuid[]) returning id`,
    [persons, NO_CONTENT],
  );
  const ids = rows.map(({ id }) => id);
  await tx.query('delete from next_look where person = any($1::uuid[])', [persons]);
  await tx.query(`update run set closure = '{"erased":true}' where person = any($1::uuid[])`, [persons]);
  await tx.query('update decision set reason = null where proposal = any($1::uuid[])', [ids]);
  await tx.query('update delivery set reason = null where proposal = any($1::uuid[])', [ids]);
  const unwritten = await tx.query<{ proposal: string; surface: string }>(
    `update delivery set state = 'failed', reason = 'erased' where proposal = any($1::uuid[]) and state = 'waiting' returning proposal, surface`,
    [ids],
  );
  await tx.query(`delete from job where payload ->> 'person' = any($1::text[]) or payload ->> 'proposal' = any($2::text[])`, [
    persons,
    ids,
  ]);
  await append(tx, [
    ...withdrawn.map(({ id }) => ({ kind: 'proposal.withdrawn' as const, actor, subject: id, at, body: { why: 'erased' } })),
    ...unwritten.map(({ proposal, surface }) => ({
      kind: 'delivery.failed' as const,
      actor,
      subject: proposal,
      at,
      body: { surface, reason: 'erased' },
    })),
  ]);
  return rows.length;
}

const NO_CONTENT = '{"asOf":"","erased":true,"omitted":[],"sections":[],"sentences":[],"title":"erased"}';
