import type { FeedView } from '../core/api.ts';
import type { Door } from '../core/receipt.ts';
import { distrusted as fhirDistrusted } from '../interop/fhir/trust.ts';
import { distrusted as hl7Distrusted } from '../interop/hl7v2/resource.ts';
import type { Queryable } from '../platform/database.ts';
import { TIED } from './readings-again.ts';

const HALF_HOUR_MS = 1_800_000;
const STRIP = 48;
/** Fewer receipts than this in a week say nothing about how often a feed speaks. */
const ENOUGH = 20;
/** And so do receipts that all came within less than a day: what was loaded at once has no rhythm. */
const LONG_ENOUGH_MS = 86_400_000;
/** Silence is said when a gap is this many times longer than the longest of the week. */
const LONGER = 2;

/** Health of every source that ever sent something: when it was last heard, how much, what was refused, what waits. Reads one week of receipts by index. */
export async function readFeeds(db: Queryable, now: string): Promise<FeedView[]> {
  const weekAgo = new Date(Date.parse(now) - 7 * 86_400_000).toISOString();
  const dayAgo = new Date(Date.parse(now) - STRIP * HALF_HOUR_MS).toISOString();
  const [feeds, strips, waiting, gaps, flagged] = await Promise.all([
    db.query<FeedRow>(FEEDS, [now, weekAgo]),
    db.query<{ source: string; slot: number; number: bigint }>(
      `select source, floor(extract(epoch from received_at - $1::timestamptz) / 1800)::int as slot, count(*) as number
         from receipt where received_at >= $1::timestamptz group by 1, 2`,
      [dayAgo],
    ),
    db.query<{ source: string; number: bigint }>(`select source, count(*) as number from quarantine where state = 'open' group by source`),
    db.query<{ source: string; gap: number | null }>(
      `select source, extract(epoch from max(gap))::float8 as gap from (
         select source, received_at - lag(received_at) over (partition by source order by received_at) as gap
           from receipt where received_at >= $1) g group by source`,
      [weekAgo],
    ),
    flaggedFacts(db, null),
  ]);
  const quarantined = new Map(waiting.map((row) => [row.source, Number(row.number)]));
  const usual = new Map(gaps.map((row) => [row.source, row.gap === null ? null : row.gap * 1000]));
  return feeds.map((feed) => {
    const strip = new Array<number>(STRIP).fill(0);
    for (const { source, slot, number } of strips) {
      // What came in this very instant belongs to the last half hour, not to one that has not begun.
      if (source === feed.source && slot >= 0) strip[Math.min(slot, STRIP - 1)]! += Number(number);
    }
    const spokenForMs = feed.first_at === null ? 0 : Date.parse(feed.last_at) - Date.parse(feed.first_at);
    const usualGapMs = Number(feed.week) >= ENOUGH && spokenForMs >= LONG_ENOUGH_MS ? (usual.get(feed.source) ?? null) : null;
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
      state: stateOf(now, feed.last_at, usualGapMs, quarantine),
    };
  });
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

function stateOf(now: string, lastAt: string, usualGapMs: number | null, quarantine: number): FeedView['state'] {
  if (usualGapMs !== null && Date.parse(now) - Date.parse(lastAt) > Math.max(usualGapMs * LONGER, HALF_HOUR_MS)) return 'silent';
  if (quarantine > 0) return 'quarantine';
  return usualGapMs === null ? 'quiet' : 'on-time';
}

const FEEDS = `
  select source, (array_agg(door order by received_at desc))[1] as door, max(received_at) as last_at, count(*) filter (where received_at >= $2) as week,
         min(received_at) filter (where received_at >= $2) as first_at,
         count(*) filter (where received_at >= $1::timestamptz - interval '1 hour') as hour,
         percentile_disc(0.95) within group (order by extract(epoch from read_at - received_at)::float8)
           filter (where read_at is not null and received_at >= $1::timestamptz - interval '1 day') as lag,
         count(*) filter (where state = 'quarantined' and received_at >= date_trunc('day', $1::timestamptz)) as refused
    from receipt group by source order by source`;
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
