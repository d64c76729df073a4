import type { KpiView } from '../core/api.ts';
import type { KpiFormula, Pack } from '../core/pack.ts';
import type { Queryable } from '../platform/database.ts';

/** The period a number is about, half-open, and what it is cut by. */
export type Period = { from: string; to: string };

/** Every KPI the packs declare, over all roles and then a role; each is one query over the journal, so recomputing it gives the same number. */
export async function readKpis(db: Queryable, packs: readonly Pack[], period: Period): Promise<KpiView[]> {
  const formulas = new Map(packs.flatMap((pack) => pack.kpis.map((kpi) => [kpi.id, kpi])));
  const totals = await Promise.all([...formulas.values()].map((kpi) => compute(db, kpi, period, null, null)));
  const cuts = await rolesOf(db, period);
  const byCut = await Promise.all(
    packs.flatMap((pack) =>
      pack.kpis.flatMap((kpi) => cuts.filter((cut) => cut.pack === pack.id).map((cut) => compute(db, kpi, period, cut.pack, cut.role))),
    ),
  );
  return [...totals, ...byCut];
}

/** One KPI for a pack and role, or over all of them. */
async function compute(db: Queryable, kpi: KpiFormula, period: Period, pack: string | null, role: string | null): Promise<KpiView> {
  const measured =
    'count' in kpi ? await countOf(db, kpi, period, pack, role) : await minutesOf(db, kpi.minutesBetween, period, pack, role);
  return {
    id: kpi.id,
    title: kpi.title,
    ...measured,
    unit: 'count' in kpi ? 'proposals' : 'minutes',
    ...period,
    formula: formulaOf(kpi),
    pack,
    role,
  };
}

/**
 * Chains of drafts that have at least one such entry in the period (or first drafts, or redrafts, alone); the denominator is first drafts offered
 * in it. A redraft takes the place of one that went stale before anybody decided: it is no new offer, and what is done to it is done to its chain.
 */
const COUNT = `
  select count(distinct case when $6 = 'again' then p.id else coalesce(p.first_draft, p.id) end)
           filter (where j.kind = any($1::text[]) and ($6 = 'every' or ($6 = 'first') = (p.first_draft is null))) as numerator,
         count(distinct p.id) filter (where j.kind = 'proposal.offered' and p.first_draft is null) as denominator
    from journal j join proposal p on p.id = j.subject::uuid
   where j.kind = any($1::text[] || array['proposal.offered']) and j.at >= $2 and j.at < $3
     and ($4::text is null or p.pack = $4) and ($5::text is null or p.role = $5)`;

/** Minutes from the last offer to the decision, of decisions in the period: median over numerator decisions; the denominator is all decisions signed. */
const MINUTES = `
  with ended as (
    select j.subject, j.at, (select max(o.at) from journal o where o.subject = j.subject and o.kind = any($1::text[]) and o.at <= j.at) as began
      from journal j join proposal p on p.id = j.subject::uuid
     where j.kind = any($2::text[]) and j.at >= $3 and j.at < $4
       and ($5::text is null or p.pack = $5) and ($6::text is null or p.role = $6))
  select percentile_cont(0.5) within group (order by extract(epoch from at - began)::float8 / 60) filter (where began is not null) as value,
         count(*) filter (where began is not null) as numerator, count(*) as denominator
    from ended`;

async function countOf(
  db: Queryable,
  { count: kinds, drafts }: CountFormula,
  period: Period,
  pack: string | null,
  role: string | null,
): Promise<Measured> {
  const [row] = await db.query<{ numerator: bigint; denominator: bigint }>(COUNT, [
    kinds,
    period.from,
    period.to,
    pack,
    role,
    drafts ?? 'every',
  ]);
  const numerator = Number(row?.numerator ?? 0);
  return { value: numerator, numerator, denominator: Number(row?.denominator ?? 0) };
}

async function minutesOf(
  db: Queryable,
  [from, to]: readonly [string[], string[]],
  period: Period,
  pack: string | null,
  role: string | null,
): Promise<Measured> {
  const [row] = await db.query<{ value: number | null; numerator: bigint; denominator: bigint }>(MINUTES, [
    from,
    to,
    period.from,
    period.to,
    pack,
    role,
  ]);
  return { value: row?.value ?? null, numerator: Number(row?.numerator ?? 0), denominator: Number(row?.denominator ?? 0) };
}

async function rolesOf(db: Queryable, period: Period): Promise<{ pack: string; role: string }[]> {
  return db.query(
    `select distinct p.pack, p.role from journal j join proposal p on p.id = j.subject::uuid
      where j.kind = 'proposal.offered' and j.at >= $1 and j.at < $2 order by p.pack, p.role`,
    [period.from, period.to],
  );
}

type CountFormula = Extract<KpiFormula, { count: string[] }>;
type Measured = { value: number | null; numerator: number; denominator: number };

function formulaOf(kpi: KpiFormula): string {
  if ('count' in kpi) {
    const kinds = kpi.count.join(' or ');
    if (kpi.drafts === 'first') return `distinct proposals with ${kinds}, without redrafts of one that went stale undecided`;
    if (kpi.drafts === 'again') return `distinct proposals with ${kinds} that replace one that went stale undecided; of all offered`;
    return `distinct proposals with ${kinds}, one and its redrafts counted once; of all offered`;
  }
  return `median minutes from the last ${kpi.minutesBetween[0].join(' or ')} to ${kpi.minutesBetween[1].join(' or ')}`;
}
