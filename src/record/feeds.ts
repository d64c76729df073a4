import type { FeedView } from '../core/api.ts';
import type { Door } from '../core/receipt.ts';
import { distrusted as fhirDistrusted } from '../interop/fhir/trust.ts';
import { distrusted as hl7Distrusted } from '../interop/hl7v2/resource.ts';
import type { Queryable } from '../platform/database.ts';
import { TIED } from './readings-again.ts';
import { feedsBeingReread } from './reread.ts';

const HALF_HOUR_MS = 1_800_000;
const STRIP = 48;
/** Fewer receipts than this in a week say nothing about how often a feed speaks. */
const ENOUGH = 20;
/** And so do receipts that all came within less than a day: what was loaded at once has no rhythm. */
const LONG_ENOUGH_MS = 86_400_000;
/** Silence is said when a gap is this many times longer than the longest of the week. */
const LONGER = 2;

/** Gaps shorter than this are not told apart: two receipts further from each other are never in one such slot. */
const SLOT_MS = 900_000;
const WEEK_MS = 7 * 86_400_000;
/** The lag is that of the newest receipts of the last day, at most so many. */
const LAGGED = 1000;

/**
 * Health of every source that ever sent something: when it was last heard, how much, what was refused, what waits. Nothing here grows with what was
 * ever received: newest and oldest of a span are looked up in the index of each feed, and what is counted is of the last hour or day.
 */
export async function readFeeds(db: Queryable, now: string): Promise<FeedView[]> {
  const weekAgo = new Date(Date.parse(now) - WEEK_MS).toISOString();
  const dayAgo = new Date(Date.parse(now) - STRIP * HALF_HOUR_MS).toISOString();
  const [feeds, strips, waiting, flagged] = await Promise.all([
    db.query<FeedRow>(FEEDS, [now, weekAgo]),
    db.query<{ source: string; slot: number; number: bigint }>(STRIPS, [dayAgo]),
    db.query<{ source: string; number: bigint }>(`select source, count(*) as number from quarantine where state = 'open' group by source`),
    flaggedFacts(db, null),
  ]);
  const [usual, rereads] = await Promise.all([
    usualGaps(db, feeds.filter((feed) => hasRhythm(feed) && unheardForMs(feed, now) > HALF_HOUR_MS).map((feed) => feed.source), weekAgo), // biome-ignore format: short
    feedsBeingReread(db, feeds.map((feed) => feed.source)), // biome-ignore format: short
  ]);
  const quarantined = new Map(waiting.map((row) => [row.source, Number(row.number)]));
  return feeds.map((feed) => {
    const strip = new Array<number>(STRIP).fill(0);
    for (const { source, slot, number } of strips) {
      // What came in this very instant belongs to the last half hour, not to one that has not begun.
      if (source === feed.source && slot >= 0) strip[Math.min(slot, STRIP - 1)]! += Number(number);
    }
    const usualGapMs = usual.get(feed.source) ?? null;
    const quarantine = quarantined.get(feed.source) ?? 0;
    return {
      source: feed.source,
      door: feed.door,
      lastAt: feed.last_at,
      lastHour: Number(feed.hour),
      strip,
      refusedToday: Number(feed.refused),
      quarantine,
      flagged: flagged.get(feed.source) ?? [],
      lagP95Ms: feed.lag === null ? null : Math.round(feed.lag * 1000),
      usualGapMs,
      state: stateOf(feed, now, usualGapMs, quarantine),
      rereadSince: rereads.get(feed.source) ?? null,
    };
  });
}

/** Enough came, over long enough, to say how often this feed speaks. */
function hasRhythm(feed: FeedRow): boolean {
  const spokenForMs = feed.first_at === null ? 0 : Date.parse(feed.last_at) - Date.parse(feed.first_at);
  return Number(feed.week) >= ENOUGH && spokenForMs >= LONG_ENOUGH_MS;
}

function unheardForMs(feed: FeedRow, now: string): number {
  return Date.parse(now) - Date.parse(feed.last_at);
}

/** The longest gap in the week of each of these feeds. */
async function usualGaps(db: Queryable, sources: readonly string[], weekAgo: string): Promise<Map<string, number>> {
  if (sources.length === 0) return new Map();
  const rows = await db.query<{ source: string; gap: number | null }>(GAPS, [weekAgo, sources]);
  return new Map(rows.map((row) => [row.source, Math.max((row.gap ?? 0) * 1000, SLOT_MS)]));
}

/** Facts that stand and that nothing is claimed from, by feed and by what is wrong with them; one fact may have several faults. */
export async function flaggedFacts(db: Queryable, source: string | null): Promise<Map<string, FeedView['flagged']>> {
  const rows = await db.query<{ source: string; flag: string; facts: bigint }>(
    `select p.source, flag, count(*) as facts from fact f join source_person p on p.id = f.source_person cross join unnest(f.flags) as flag
      where f.superseded_at is null and f.grade = 'D' and ($1::text is null or p.source = $1) and flag = any($2::text[])
      group by 1, 2 order by 1, 3 desc, 2`,
    [source, DISTRUSTED],
  );
  return new Map([...Map.groupBy(rows, (row) => row.source)].map(([name, flags]) => [name, flags.map(({ flag, facts }) => ({ flag, facts: Number(facts) }))])); // biome-ignore format: short
}

const DISTRUSTED = [...new Set([...hl7Distrusted, ...fhirDistrusted, TIED])];

function stateOf(feed: FeedRow, now: string, usualGapMs: number | null, quarantine: number): FeedView['state'] {
  if (usualGapMs !== null && unheardForMs(feed, now) > usualGapMs * LONGER) return 'silent';
  if (quarantine > 0) return 'quarantine';
  return hasRhythm(feed) ? 'on-time' : 'quiet';
}

/** Every source by name: one look into the index for each, whatever it sent. */
const NAMED = `
  with recursive named as (
    (select source from receipt order by source limit 1)
    union all
    select (select r.source from receipt r where r.source > n.source order by r.source limit 1) from named n where n.source is not null
  )`;

const FEEDS = `${NAMED}
  select n.source, newest.door, newest.received_at as last_at, oldest.first_at, week.number as week, hour.number as hour, lag.p95 as lag,
         refused.number as refused
    from named n
   cross join lateral (select door, received_at from receipt r where r.source = n.source order by r.received_at desc limit 1) as newest
    left join lateral (select r.received_at as first_at from receipt r where r.source = n.source and r.received_at >= $2::timestamptz
                        order by r.received_at limit 1) as oldest on true
   cross join lateral (select count(*) as number
                         from (select from receipt r where r.source = n.source and r.received_at >= $2::timestamptz order by r.received_at limit ${ENOUGH}) as first_few) as week
   cross join lateral (select count(*) as number from receipt r
                        where r.source = n.source and r.received_at >= $1::timestamptz - interval '1 hour') as hour
   cross join lateral (select percentile_disc(0.95) within group (order by extract(epoch from read_at - received_at)::float8) as p95
                         from (select read_at, received_at from receipt r
                                where r.source = n.source and r.received_at >= $1::timestamptz - interval '1 day'
                                order by r.received_at desc limit ${LAGGED}) as latest
                        where read_at is not null) as lag
   cross join lateral (select count(*) as number from receipt r
                        where r.source = n.source and r.state = 'quarantined' and r.received_at >= date_trunc('day', $1::timestamptz)) as refused
   where n.source is not null order by n.source`;

const STRIPS = `${NAMED}
  select n.source, s.slot, s.number from named n
   cross join lateral (select floor(extract(epoch from r.received_at - $1::timestamptz) / 1800)::int as slot, count(*) as number
                         from receipt r where r.source = n.source and r.received_at >= $1::timestamptz group by 1) as s
   where n.source is not null`;

/** The longest gap of a feed's week: between the last receipt of a slot and the first of the next slot that has one. */
const GAPS = `
  select n.source, extract(epoch from max(g.gap))::float8 as gap from unnest($2::text[]) as n (source)
   cross join lateral (
     select first.at - lag(last.at) over (order by slot) as gap from generate_series(0, ${WEEK_MS / SLOT_MS}) as slot
      cross join lateral (select r.received_at as at from receipt r
                           where r.source = n.source and r.received_at >= $1::timestamptz + slot * interval '${SLOT_MS} milliseconds'
                             and r.received_at < $1::timestamptz + (slot + 1) * interval '${SLOT_MS} milliseconds'
                           order by r.received_at limit 1) as first
      cross join lateral (select r.received_at as at from receipt r
                           where r.source = n.source and r.received_at >= first.at
                             and r.received_at < $1::timestamptz + (slot + 1) * interval '${SLOT_MS} milliseconds'
                           order by r.received_at desc limit 1) as last) as g
   group by n.source`;

type FeedRow = {
  source: string;
  door: Door;
  last_at: string;
  first_at: string | null;
  week: bigint;
  hour: bigint;
  refused: bigint;
  lag: number | null;
};
