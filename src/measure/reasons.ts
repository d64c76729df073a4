import type { ReasonCountView } from '../core/api.ts';
import { decisionReasons, type ReasonedDecision, reasonsFor } from '../core/decision-reason.ts';
import type { Queryable } from '../platform/database.ts';
import type { Period } from './kpi.ts';

/** Which journal entry carries the reason of which decision. */
const KINDS: Record<ReasonedDecision, string> = { decline: 'decision.declined', escalate: 'decision.escalated' };

/**
 * How often each reason was given in a period, of all such decisions in it; one query over the journal. The rest, up to the whole, are
 * decisions whose payload was erased. A draft that was escalated twice counts twice: these are decisions, not drafts.
 */
export async function countReasons(db: Queryable, period: Period): Promise<ReasonCountView[]> {
  const rows = await db.query<{ kind: string; code: string | null; number: bigint }>(
    `select j.kind, coalesce(p.body::json ->> 'code', case when p.body is not null then 'other' end) as code, count(*) as number
       from journal j left join journal_payload p on p.journal_id = j.id and p.at = j.at
      where j.kind = any($1::text[]) and j.at >= $2 and j.at < $3 group by 1, 2`,
    [Object.values(KINDS), period.from, period.to],
  );
  return (Object.keys(KINDS) as ReasonedDecision[]).flatMap((decision) => {
    const given = rows.filter((row) => row.kind === KINDS[decision]);
    const denominator = given.reduce((sum, row) => sum + Number(row.number), 0);
    return reasonsFor(decision).map((code) => ({
      decision,
      code,
      word: decisionReasons[code].word,
      means: decisionReasons[code].means,
      numerator: Number(given.find((row) => row.code === code)?.number ?? 0),
      denominator,
      formula: `${KINDS[decision]} entries with code ${code}; of all ${KINDS[decision]}`,
    }));
  });
}
