import type { Db, Queryable } from '../platform/database.ts';
import type { IntakeSegments } from '../platform/intake-segments.ts';
import { killPoint } from '../platform/kill-points.ts';
import { type ErasureOrder, keepOrder } from '../platform/segment-erasure.ts';
import { requirePerson } from '../record/people.ts';
import { type Erasure, erase } from './erasure.ts';
import { completeErasure } from './restore.ts';

export type EraseHouse = { db: Db; segments: IntakeSegments | undefined; now(): string };

/** Who decided it and why; `actor` is their pseudonym, `by` what they call themselves. */
export type EraseDecision = { actor: string; by: string; reason: string };

/** How much of a person there is to destroy, by the id under which the record knows them. */
export type Erasable = { person: string; facts: number; receipts: number; drafts: number };

/** What an erasure would reach, for whoever is about to order one. Refuses somebody unknown. */
export async function erasable(db: Queryable, asked: string): Promise<Erasable> {
  const person = await requirePerson(db, asked);
  const [row] = await db.query<{ facts: bigint; receipts: bigint; drafts: bigint }>(
    `select count(*) as facts, count(distinct f.receipt) as receipts, (select count(*) from proposal where person = $1) as drafts
       from fact f where f.source_person in (select source_person from person_link where person = $1 and superseded_at is null and valid_to is null)`,
    [person],
  );
  return { person, facts: Number(row!.facts), receipts: Number(row!.receipts), drafts: Number(row!.drafts) };
}

/**
 * Forgets a person, wherever this deployment keeps them: in the database, in its files, and in the intake segments. Resolves when nothing is
 * left; killed in between, the next start does the rest. Returns what was destroyed.
 */
export async function erasePerson({ db, segments, now }: EraseHouse, person: string, decision: EraseDecision): Promise<Erasure> {
  let order: ErasureOrder | undefined;
  killPoint('during-erasure');
  const erasure = await erase(db, { person, ...decision, at: now() }, async (given) => {
    order = given;
    if (segments) await keepOrder(segments, given);
    killPoint('during-erasure');
  });
  killPoint('during-erasure');
  await completeErasure(db, segments, order!, now());
  return erasure;
}
