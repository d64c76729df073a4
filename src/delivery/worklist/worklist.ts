import type { WorklistItem } from '../../core/api.ts';
import { onSiteClock } from '../../core/instant-words.ts';
import { openStates, type ProposalState } from '../../core/proposal.ts';
import { leaseViews } from '../../governance/lease.ts';
import type { Queryable } from '../../platform/database.ts';
import { changedSinceSigned } from '../review/changed-since.ts';
import { patientBanners } from './banner.ts';

/** `reader` is who asks, so that their own drafts can be told from a colleague's; leases are read as of `now`, times told in `zone`. */
export type WorklistQuery = { reader: string; now: string; zone: string; role?: string; state?: ProposalState; limit?: number };

/** More than anybody works through in a day; the longest waiting stand first. */
const LIMIT = 500;

/** Drafts that wait for a decision (or those in one state), the next due first, each with its patient, the count of its verdicts and who is working on it. */
export async function worklist(db: Queryable, query: WorklistQuery): Promise<WorklistItem[]> {
  const rows = await db.query<Row>(
    `select p.id, p.pack, p.person, p.title, p.why, p.state, p.offered_at, p.due_at, tally.*,
            (select count(*)::int from proposal_fact c where c.proposal = p.id) as facts,
            (select count(distinct s.source)::int from proposal_fact c join fact f on f.id = c.fact and f.version = c.version
               join source_person s on s.id = f.source_person where c.proposal = p.id) as sources
       from proposal p cross join lateral (
        select count(*) filter (where outcome = 'proven')::int as proven, count(*) filter (where outcome = 'unproven')::int as unproven,
               count(*) filter (where outcome = 'contradicted')::int as contradicted, count(*) filter (where selected)::int as selected,
               count(*) filter (where outcome = 'contradicted' and not selected)::int as withheld
          from (select s -> 'verdict' ->> 'outcome' as outcome, (s ->> 'selected')::boolean as selected
                  from json_array_elements(p.content -> 'sentences') as s) as sentence
      ) as tally
      where p.state = any($1::text[]) and ($2::text is null or p.role = $2)
      order by p.due_at nulls last, p.offered_at, p.id limit $3`,
    [query.state === undefined ? openStates : [query.state], query.role ?? null, query.limit ?? LIMIT],
  );
  const leases = await leaseViews(db, rows.map((row) => row.id), query.reader, query.now); // biome-ignore format: short
  const banners = await patientBanners(db, rows.map((row) => row.person)); // biome-ignore format: short
  const signed = rows.filter((row) => row.state === 'signed').map((row) => row.id);
  const changed = await changedSinceSigned(db, signed);
  return rows.map((row) => ({
    id: row.id,
    pack: row.pack,
    patient: row.person,
    title: row.title,
    why: onSiteClock(row.why, query.zone),
    whyUtc: row.why,
    state: row.state,
    changedSince: changed.get(row.id)?.length ?? 0,
    withheld: row.withheld,
    offeredAt: row.offered_at,
    dueAt: row.due_at,
    person: banners.get(row.person)!,
    tally: { proven: row.proven, unproven: row.unproven, contradicted: row.contradicted, selected: row.selected },
    restsOn: { facts: row.facts, sources: row.sources },
    with: leases.get(row.id) ?? null,
  }));
}

type Row = {
  id: string;
  pack: string;
  person: string;
  title: string;
  why: string;
  state: ProposalState;
  offered_at: string;
  due_at: string | null;
  proven: number;
  unproven: number;
  contradicted: number;
  selected: number;
  withheld: number;
  facts: number;
  sources: number;
};
