import { AppError } from '../core/errors.ts';
import type { Queryable } from '../platform/database.ts';
import type { Caller } from '../platform/identity.ts';
import { requireReviewer } from './access.ts';
import { dropLease, handLease, type Lease, type LeaseAct, takeLease } from './lease.ts';
import { findDecidable, type ReviewDesk } from './review.ts';

/** Says that the caller works on a draft. Of two at once one has it and the other is told who; refuses what is no longer open. */
export async function claim(desk: ReviewDesk, caller: Caller, id: string): Promise<Lease> {
  return onDraft(desk, caller, id, takeLease);
}

/** Gives a draft back to everybody before its lease runs out. */
export async function giveBack(desk: ReviewDesk, caller: Caller, id: string): Promise<void> {
  await onDraft(desk, caller, id, dropLease);
}

/** Hands a draft to a colleague who may decide about it, with a reason. Refuses oneself, somebody unknown, and what a colleague has. */
export async function handOff(
  desk: ReviewDesk,
  caller: Caller,
  id: string,
  to: { colleague: string; reason: string },
  colleagues: readonly Caller[],
): Promise<Lease> {
  const colleague = colleagues.find((one) => one.id === to.colleague && one.role === 'clinician');
  if (!colleague || colleague.id === caller.id) throw new AppError('request_invalid', 'name a colleague who may decide about this draft');
  if (to.reason.trim() === '') throw new AppError('request_invalid', 'say why this draft is handed on');
  return onDraft(desk, caller, id, (tx, act) => handLease(tx, act, colleague, to.reason));
}

async function onDraft<T>(desk: ReviewDesk, caller: Caller, id: string, act: (tx: Queryable, on: LeaseAct) => Promise<T>): Promise<T> {
  requireReviewer(caller);
  return desk.db.transaction(async (tx) => {
    const { person, pack } = await findDecidable(tx, id);
    return act(tx, { proposal: id, person, pack, caller, now: desk.now(), pseudonym: desk.pseudonym });
  });
}
