import type { Chart, Fact } from '../../core/fact.ts';
import { atomsOf, copyFact } from '../../core/fact.ts';
import type { Need, Pack } from '../../core/pack.ts';

const DAY_MS = 86_400_000;
const GRADES = new Set(['A', 'B', 'C', 'D']);

/** What may be used for a pack and why the rest may not (codes and counts, for the journal). */
export type Retrieved = { chart: Chart; refused: { reason: Refusal; count: number }[] };
export type Refusal = 'no-grade' | 'no-origin' | 'not-needed';

/**
 * Cuts a chart to the kinds of facts a pack's allow list names (minimum necessary) and refuses every fact without a trust grade or without the
 * receipt it came from. Of those kinds the whole history and every category stay, because the verifier must find what a claim of absence or
 * of "the latest" denies. Order is by type and id, and recorded times and our own id of the person are blanked, so that the same facts give the same run on any database.
 */
export function retrieve(chart: Chart, pack: Pick<Pack, 'needs'>): Retrieved {
  const counts = new Map<Refusal, number>();
  const admit = (fact: Fact): boolean => {
    const reason = refusal(fact, pack.needs);
    if (reason) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return reason === undefined;
  };
  const facts = chart.facts.filter(admit).sort(byTypeAndId).map(withoutRecordedTime);
  const kept = new Set(facts.map((fact) => fact.id));
  const superseded = chart.superseded.filter((fact) => kept.has(fact.id)).sort(byTypeAndId).map(withoutRecordedTime); // biome-ignore format: short
  return { chart: { person: '', asOf: chart.asOf, facts, superseded }, refused: [...counts].map(([reason, count]) => ({ reason, count })) };
}

/** What the writer sees of it: only the categories the pack names, and nothing older than its look-back. */
export function withinLookBack(chart: Chart, pack: Pick<Pack, 'needs'>): Chart {
  const instant = Date.parse(chart.asOf);
  return {
    ...chart,
    facts: chart.facts.filter((fact) => pack.needs.some((need) => isOfKind(fact, need) && isRecent(fact, need, instant))),
  };
}

function refusal(fact: Fact, needs: readonly Need[]): Refusal | undefined {
  if (!GRADES.has(fact.grade)) return 'no-grade';
  if (fact.origins.length === 0 || !fact.origins[0]?.receipt) return 'no-origin';
  return needs.some((need) => fact.type === need.type) ? undefined : 'not-needed';
}

function isOfKind(fact: Fact, need: Need): boolean {
  if (fact.type !== need.type) return false;
  if (!need.categories) return true;
  const categories = atomsOf(fact, 'category').map((atom) => atom.text);
  return categories.length === 0 || categories.some((category) => need.categories?.includes(category));
}

function isRecent(fact: Fact, need: Need, asOf: number): boolean {
  if (need.lookBackDays === undefined || fact.validFrom === null) return true;
  const since = asOf - need.lookBackDays * DAY_MS;
  return Date.parse(fact.validFrom) >= since || (fact.validTo !== null && Date.parse(fact.validTo) >= since);
}

function byTypeAndId(one: Fact, other: Fact): number {
  if (one.type !== other.type) return one.type < other.type ? -1 : 1;
  if (one.id !== other.id) return one.id < other.id ? -1 : 1;
  return one.version - other.version;
}

function withoutRecordedTime(fact: Fact): Fact {
  return copyFact(fact, { recordedAt: '', supersededAt: fact.supersededAt === null ? null : '' });
}
