import type { PersonFacts } from '../core/fact.ts';
import type { Reading, Rejection } from '../core/receipt.ts';
import type { Queryable } from '../platform/database.ts';
import { type Arrival, type Outcome, recordFacts } from './facts.ts';
import { type IdentityConflict, type MergeConflict, mergePeople, resolvePeople } from './people.ts';
import { keyedByPerson } from './person-keys.ts';
import { closeMended, quarantine } from './quarantine.ts';
import type { ReadAgain } from './readings-again.ts';
import { markReceipts, type ReceiptRow, reusedControlIds } from './receipts.ts';

export type ReadReceipt = { receipt: ReceiptRow; reading: Reading };
/** Whose record changed, and which facts that others may have relied on did. */
export type Changes = { persons: string[]; superseded: { fact: string; person: string }[]; outcomes: Outcome[] };

/**
 * Records what was read from receipts, in their order, in the caller's transaction: people, merges, facts, quarantine, coverage state and
 * journal stand or fall together. A person whose details conflict is quarantined with all the payload says of them; nothing is guessed.
 */
export async function recordReadings(tx: Queryable, reads: readonly ReadReceipt[], now: string): Promise<Changes> {
  const rejected: Rejected[] = [];
  const arrivals: Arrival[] = [];
  const outcomes: Outcome[] = [];
  const merged: Merged[] = [];
  for (const run of untilMerges(reads)) {
    const found = await arrivalsOf(tx, run, rejected, now);
    outcomes.push(...(await recordFacts(tx, found, now, readAgain(run, rejected))));
    arrivals.push(...found);
    merged.push(...(await applyMerges(tx, run, rejected, now)));
  }

  for (const { receipt, reading } of reads)
    rejected.push(...reading.rejections.map((rejection) => ({ receipt: receipt.id, source: receipt.source, rejection })));
  await closeMended(tx, reads.map((read) => read.receipt), rejected, now); // biome-ignore format: short
  await quarantine(tx, rejected, now);
  const used = [...arrivals, ...merged].map((one) => one.receipt);
  await markRead(tx, reads, rejected, used, now);
  const changed = outcomes.filter((outcome) => outcome.effect !== 'same' && outcome.effect !== 'late');
  return {
    persons: [...new Set([...changed.map((outcome) => outcome.person), ...merged.flatMap((one) => one.persons)])],
    superseded: changed.filter((outcome) => outcome.effect !== 'new').map((outcome) => ({ fact: outcome.id, person: outcome.person })),
    outcomes,
  };
}

/** `items` is how many items of the payload this holds back; a person in conflict holds back all that is said of them. */
type Rejected = { receipt: string; source: string; rejection: Rejection; items?: number };

/** Reads in their order, cut after each that merges people: what comes later is about the people as they are from then on. */
function untilMerges(reads: readonly ReadReceipt[]): ReadReceipt[][] {
  const runs: ReadReceipt[][] = [];
  let start = 0;
  for (const [index, { reading }] of reads.entries()) {
    if (reading.merges.length === 0 && index < reads.length - 1) continue;
    runs.push(reads.slice(start, index + 1));
    start = index + 1;
  }
  return runs;
}

/** The facts of these reads, each with the person it is about; those of a person in conflict go to `rejected`. */
async function arrivalsOf(tx: Queryable, reads: readonly ReadReceipt[], rejected: Rejected[], now: string): Promise<Arrival[]> {
  const mentions = reads.flatMap(({ receipt, reading }) => reading.people.map((about) => ({ receipt, about })));
  const resolved = await resolvePeople(tx, mentions.map((mention) => mention.about.person), now); // biome-ignore format: short
  const arrivals: Arrival[] = [];
  for (const [index, { receipt, about }] of mentions.entries()) {
    const person = resolved[index]!;
    if ('conflict' in person)
      rejected.push({
        receipt: receipt.id,
        source: receipt.source,
        rejection: identityRejection(person, about),
        items: about.facts.length,
      });
    else for (const fact of keyedByPerson(about, person.key)) arrivals.push({ receipt: receipt.id, about: person, fact });
  }
  return arrivals;
}

/** What the store refuses for what a payload holds, by SQLSTATE; any other code is a failure of ours. */
const unstorable: Record<string, { reason: string; detail: string }> = {
  sql_22021: { reason: 'null-character', detail: 'A value holds the character U+0000, which is no text. The payload is kept whole.' },
  sql_22P05: { reason: 'null-character', detail: 'A value holds the character U+0000, which is no text. The payload is kept whole.' },
  sql_54000: { reason: 'value-too-long', detail: 'A code or an identifier is longer than any is. The payload is kept whole.' },
};

/** Keeps a receipt that could not be recorded, with a reason or the code of a failure of ours; it can be replayed after a fix. */
export async function setAside(tx: Queryable, receipt: ReceiptRow, failure: string, now: string): Promise<void> {
  const { reason: code, detail } = unstorable[failure] ?? {
    reason: failure,
    detail: 'This payload could not be recorded. It is kept whole and can be replayed.',
  };
  await quarantine(
    tx,
    [{ receipt: receipt.id, source: receipt.source, rejection: { ...rejection('', code, detail), end: receipt.size } }],
    now,
  );
  await markReceipts(
    tx,
    [{ id: receipt.id, state: 'quarantined', controlId: receipt.controlId, flags: receipt.flags, stored: 0, rejected: 1 }],
    now,
  );
}

/** Receipts that were read before, with the ranges that are held back now: all of a payload that speaks of a person in conflict. */
function readAgain(reads: readonly ReadReceipt[], conflicts: readonly Rejected[]): ReadAgain[] {
  const inConflict = new Set(conflicts.map((one) => one.receipt));
  return reads
    .filter(({ receipt }) => receipt.readAt !== null)
    .map(({ receipt, reading }) => ({
      receipt: receipt.id,
      held: inConflict.has(receipt.id) ? [[0, receipt.size]] : reading.rejections.map(({ start, end }) => [start, end] as const),
    }));
}

const mergeTexts: Record<MergeConflict['conflict'], string> = {
  'birth-date-differs': 'The two registrations of this merge have different birth dates: nobody was joined.',
  'sex-differs': 'The two registrations of this merge have different sexes: nobody was joined.',
  'identifiers-of-two-people': 'One side of this merge names two different people: nobody was joined.',
  'no-identifier': 'One side of this merge names nobody: nobody was joined.',
  'merge-in-future': 'This merge is dated in the future: nobody was joined. Read it again once its time has come.',
};

/** A merge that took effect: an item of its receipt that was used, as a fact is. */
type Merged = { receipt: string; persons: string[] };

async function applyMerges(tx: Queryable, reads: readonly ReadReceipt[], rejected: Rejected[], now: string): Promise<Merged[]> {
  const touched: Merged[] = [];
  for (const { receipt, reading } of reads) {
    for (const [index, merge] of reading.merges.entries()) {
      const outcome = await mergePeople(tx, merge, now);
      if ('conflict' in outcome)
        rejected.push({
          receipt: receipt.id,
          source: receipt.source,
          // Items of one receipt are told apart where there are several.
          rejection: rejection(reading.merges.length > 1 ? `merge[${index + 1}]` : '', outcome.conflict, mergeTexts[outcome.conflict]),
        });
      else touched.push({ receipt: receipt.id, persons: [outcome.into, outcome.from] });
    }
  }
  return touched;
}

async function markRead(
  tx: Queryable,
  reads: readonly ReadReceipt[],
  rejected: readonly Rejected[],
  usedItems: readonly string[],
  now: string,
): Promise<void> {
  const messages = reads.flatMap(({ receipt, reading }) =>
    reading.controlId ? [{ id: receipt.id, source: receipt.source, controlId: reading.controlId }] : [],
  );
  const reused = messages.length > 0 ? await reusedControlIds(tx, messages) : new Set<string>();
  const used = new Set(usedItems);
  const failed = new Set(rejected.map((one) => one.receipt));
  const storedBy = new Map<string, number>();
  for (const receipt of usedItems) storedBy.set(receipt, (storedBy.get(receipt) ?? 0) + 1);
  await markReceipts(
    tx,
    reads.map(({ receipt, reading }) => ({
      id: receipt.id,
      state: !failed.has(receipt.id) ? ('normalised' as const) : used.has(receipt.id) ? ('partial' as const) : ('quarantined' as const),
      controlId: reading.controlId,
      flags: [...new Set([...reading.flags, ...(reused.has(receipt.id) ? ['control-id-reused'] : [])])],
      stored: storedBy.get(receipt.id) ?? 0,
      rejected: rejected.filter((one) => one.receipt === receipt.id).reduce((sum, one) => sum + (one.items ?? 1), 0),
    })),
    now,
  );
}

function identityRejection(conflict: IdentityConflict, about: PersonFacts): Rejection {
  const texts: Record<IdentityConflict['conflict'], string> = {
    'birth-date-differs': 'A known identifier arrived with another birth date.',
    'sex-differs': 'A known identifier arrived with another sex.',
    'identifiers-of-two-people': 'Identifiers of two different people arrived as one.',
    'no-identifier': 'Nothing says which person this is about.',
  };
  const [start, end] = about.facts[0]?.origins[0]?.envelope ?? [0, 0];
  return {
    ...rejection(about.facts[0]?.atoms[0]?.path.split('.resource')[0] ?? '', conflict.conflict, texts[conflict.conflict]),
    start,
    end,
  };
}

function rejection(item: string, reason: string, detail: string): Rejection {
  return { item, start: 0, end: 0, reason, detail };
}
