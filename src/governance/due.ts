import type { Chart, Fact } from '../core/fact.ts';
import type { Pack, TriggerReason } from '../core/pack.ts';
import type { Db, Queryable } from '../platform/database.ts';
import { append } from '../platform/journal.ts';
import { ASKED, askedTrigger, LIVE, triggersOf } from './proposals.ts';

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
    `select id, trigger_key from proposal where person = $1 and pack = $2 and state in (${LIVE}) order by id`,
    [person, pack.id],
  );
  if (live.some((one) => one.trigger_key.startsWith(ASKED))) due.push({ fact: undefined, trigger: askedTrigger(person) });
  const keys = new Set(due.map((one) => one.trigger.key));
  await withdraw(db, live.filter((one) => !keys.has(one.trigger_key)).map((one) => one.id), person, now); // biome-ignore format: short
  return due;
}

/**
 * Plans the next look at a person whom time alone makes ready: when a trigger says so, or when a fact dated ahead comes due. An earlier look that is
 * planned already stands: it may come of facts this chart does not have yet, and a look too many changes nothing.
 */
export async function planNextLook(db: Queryable, packs: readonly Pack[], { person, asOf, facts }: Chart): Promise<void> {
  const instants = facts.flatMap((fact) => [
    ...(fact.validFrom && !fact.retracted ? [fact.validFrom] : []),
    ...packs.flatMap((pack) => pack.triggers.flatMap((one) => (one.type === fact.type && one.wakeAt?.(fact, asOf)) || [])),
  ]);
  const ahead = instants.map((instant) => Date.parse(instant)).filter((instant) => instant > Date.parse(asOf) && instant <= FURTHEST);
  if (ahead.length === 0) return;
  const next = ahead.reduce((first, instant) => Math.min(first, instant));
  await db.query(
    `insert into next_look (person, at) select $1::uuid, $2::timestamptz
      where exists (select 1 from person_link where person = $1::uuid) on conflict (person) do update set at = least(next_look.at, excluded.at)`,
    [person, new Date(next).toISOString()],
  );
}

/** The last instant of year 9999: what is dated later is a mistake that a database may not even hold. */
const FURTHEST = Date.parse('9999-12-31T23:59:59.999Z');

/** Takes the people whose planned look is due, at most `limit`, out of the plan; whoever takes them has them drafted about, which plans the next. */
export async function takeDueLooks(tx: Queryable, now: string, limit = 500): Promise<string[]> {
  const due = await tx.query<{ person: string }>(
    `delete from next_look where person in (select person from next_look where at <= $1 order by at limit $2 for update skip locked) returning person`,
    [now, limit],
  );
  return due.map((row) => row.person);
}

async function withdraw(db: Db, ids: readonly string[], person: string, now: string): Promise<void> {
  if (ids.length === 0) return;
  await db.transaction(async (tx) => {
    // A signature may have come in between: what is decided stays decided.
    const withdrawn = await tx.query<{ id: string }>(
      `update proposal set state = 'withdrawn' where id = any($1::uuid[])
          and state in (${LIVE}) returning id`,
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
