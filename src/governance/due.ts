import type { Chart, Fact } from '../core/fact.ts';
import type { Pack, TriggerReason } from '../core/pack.ts';
import type { Db } from '../platform/database.ts';
import { append } from '../platform/journal.ts';
import { ASKED, askedTrigger, triggersOf } from './proposals.ts';

/** A reason to draft now; `fact` is what asked, and is missing where a person asked. */
export type DueTrigger = { fact: Fact | undefined; trigger: TriggerReason };

/**
 * Why this pack should draft about the person of this chart, as of its instant: facts that ask for it, and live drafts a clinician asked for.
 * Live drafts whose reason is gone (the visit was cancelled or is over) are withdrawn.
 */
export async function dueTriggers(db: Db, pack: Pack, chart: Chart): Promise<DueTrigger[]> {
  const { person, asOf: now } = chart;
  const due: DueTrigger[] = triggersOf(pack, chart.facts, now);
  const live = await db.query<{ id: string; trigger_key: string }>(
    `select id, trigger_key from proposal where person = $1 and pack = $2 and state in ('offered', 'opened', 'edited', 'escalated', 'blocked') order by id`,
    [person, pack.id],
  );
  if (live.some((one) => one.trigger_key.startsWith(ASKED))) due.push({ fact: undefined, trigger: askedTrigger(person) });
  const keys = new Set(due.map((one) => one.trigger.key));
  await withdraw(db, live.filter((one) => !keys.has(one.trigger_key)).map((one) => one.id), person, now); // biome-ignore format: short
  return due;
}

async function withdraw(db: Db, ids: readonly string[], person: string, now: string): Promise<void> {
  if (ids.length === 0) return;
  await db.transaction(async (tx) => {
    // A signature may have come in between: what is decided stays decided.
    const withdrawn = await tx.query<{ id: string }>(
      `update proposal set state = 'withdrawn' where id = any($1::uuid[])
          and state in ('offered', 'opened', 'edited', 'escalated', 'blocked') returning id`,
      [ids],
    );
    await append(
      tx,
      withdrawn.map(({ id }) => ({
        kind: 'proposal.withdrawn' as const,
        actor: 'system:flow',
        subject: id,
        at: now,
        person,
        body: { why: 'its reason is gone' },
      })),
    );
  });
}
