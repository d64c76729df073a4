import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Db, Queryable } from '../platform/database.ts';
import { openScratchDatabase } from '../platform/scratch-database.ts';
import { readFeeds } from './feeds.ts';
import { about, reading, result, stored } from './record-fixture.ts';
import { recordReadings } from './record-readings.ts';

const NOW = '2026-11-22T12:00:00.000Z';
let db: Db;
beforeAll(async () => {
  db = await openScratchDatabase();
  for (let minute = 0; minute < 30; minute += 1) await arrive('north-lab', `lab ${minute}`, minute * 2);
  await arrive('north-lab', 'yesterday', 25 * 60);
  for (let minute = 0; minute < 30; minute += 1) await arrive('loaded', `at once ${minute}`, 40 + minute);
  for (let hour = 6; hour < 32; hour += 1) await arrive('transcription', `note ${hour}`, hour * 60);
  await arrive('rare', 'once', 90, 'birth-date-differs');
});
afterAll(() => db.close());

it('a feed that speaks is on time, one that fell silent for longer than ever this week is said to be silent, one that spoke once cannot be judged', async () => {
  const feeds = new Map((await readFeeds(db, NOW)).map((feed) => [feed.source, feed]));

  expect(feeds.get('north-lab')).toMatchObject({ state: 'on-time', lastHour: 30, quarantine: 0, lagP95Ms: 2000 });
  expect(feeds.get('transcription')).toMatchObject({ state: 'silent', lastHour: 0 });
  expect(feeds.get('loaded'), 'thirty within half an hour have no rhythm').toMatchObject({ state: 'quiet', usualGapMs: null });
  expect(feeds.get('rare')).toMatchObject({ state: 'quarantine', quarantine: 1, usualGapMs: null });
});

it('the strip counts half hours of the last day, newest last, and all of them are in it', async () => {
  const lab = (await readFeeds(db, NOW)).find((feed) => feed.source === 'north-lab')!;

  expect(lab.strip).toHaveLength(48);
  expect(lab.strip.slice(-2)).toEqual([14, 16]);
  expect(lab.strip.reduce((sum, one) => sum + one, 0)).toBe(30);
});

it('what came long ago costs nothing: no look at the feeds reads more receipts than came within a day', async () => {
  await db.exec(`
    insert into receipt (id, source, door, content_type, sha256, size, received_at, state)
      select md5('old' || g)::uuid, 'north-lab', 'mllp', 'application/hl7-v2+er7', decode(md5('old' || g), 'hex'), 10,
             '${NOW}'::timestamptz - interval '30 days' - g * interval '1 minute', case when g % 2 = 0 then 'normalised' else 'quarantined' end
        from generate_series(1, 12000) as g`);
  const asked: [string, readonly unknown[]][] = [];
  const noting: Queryable = {
    query: (sql, params = []) => {
      asked.push([sql, params]);
      return db.query(sql, params);
    },
  };

  await readFeeds(noting, NOW);

  const walks = [];
  for (const [sql, params] of asked) {
    const [row] = await db.query<{ 'QUERY PLAN': string }>(`explain (analyze, format json) ${sql}`, params);
    const [{ Plan }] = JSON.parse(row!['QUERY PLAN']) as [{ Plan: Node }];
    const most = Math.max(0, ...receiptRows(Plan));
    if (most > 200) walks.push({ most, sql });
  }
  expect(asked.length).toBeGreaterThan(4);
  expect(walks).toEqual([]);
});

type Node = { 'Relation Name'?: string; 'Actual Rows': number; 'Rows Removed by Filter'?: number; Plans?: Node[] };

/** Rows of receipts that each scan of a plan looked at, each time it ran. */
function receiptRows(node: Node): number[] {
  const own = node['Relation Name'] === 'receipt' ? [node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)] : [];
  return [...own, ...(node.Plans ?? []).flatMap(receiptRows)];
}

async function arrive(source: string, text: string, minutesAgo: number, rejected?: string): Promise<void> {
  const at = new Date(Date.parse(NOW) - minutesAgo * 60_000).toISOString();
  const read = new Date(Date.parse(at) + 2000).toISOString();
  await db.transaction(async (tx) => {
    const receipt = await stored(tx, text, at, source);
    const people = rejected ? [] : [about('4000001', [result({ key: text })], { source })];
    const rejections = rejected
      ? [{ item: '', start: 0, end: 4, reason: rejected, detail: 'A known identifier arrived with another birth date.' }]
      : [];
    await recordReadings(tx, [{ receipt, reading: reading(people, { rejections }) }], read);
  });
}
