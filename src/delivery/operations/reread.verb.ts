import type { Db } from '../../platform/database.ts';
import type { Args, Io } from '../../platform/verb.ts';
import { flaggedFacts } from '../../record/feeds.ts';
import { readReceipt } from '../../record/receipts.ts';
import { rereadFeed, rereadProgress, rereadReceipt } from '../../record/reread.ts';

type RereadHouse = {
  db: Db;
  now(): string;
  /** Resolves when what waits has been read and drafted from. */
  settle(): Promise<void>;
};

const ACTOR = 'system:reread';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `reread`: a feed or one receipt with today's maps and settings; says what is still kept from use, and why. */
export async function rereadVerb({ db, now, settle }: RereadHouse, args: Args, io: Io): Promise<number> {
  const what = String(args['what']);
  const asked = { actor: ACTOR, at: now() };
  const { source, receipts } = UUID.test(what) ? await one(db, what, asked) : await rereadFeed(db, what, asked);
  io.progress(`${receipts} receipts to read again`);
  await settle();
  const versionsMade = await versionsSince(db, source, asked.at);
  const flagged = (await flaggedFacts(db, source)).get(source) ?? [];
  const { state } = UUID.test(what) ? { state: 'done' } : await rereadProgress(db, source);
  if (args['json']) io.out(JSON.stringify({ source, receipts, versions: versionsMade, flagged, state }));
  else {
    io.out(`${source}: ${receipts} receipts read again, ${versionsMade} new versions of facts.`);
    for (const { flag, facts } of flagged) io.out(`  nothing is claimed from ${facts} facts with ${flag}`);
    if (state !== 'done') io.out('It goes on in the background; see Feeds.');
  }
  return 0;
}

async function one(db: Db, id: string, asked: { actor: string; at: string }): Promise<{ source: string; receipts: number }> {
  const { source } = await readReceipt(db, id);
  await rereadReceipt(db, id, asked);
  return { source, receipts: 1 };
}

async function versionsSince(db: Db, source: string, at: string): Promise<number> {
  const [row] = await db.query<{ count: bigint }>(
    'select count(*) as count from fact f join receipt r on r.id = f.receipt where r.source = $1 and r.reread_at >= $2 and f.recorded_at >= $2',
    [source, at],
  );
  return Number(row?.count ?? 0);
}
