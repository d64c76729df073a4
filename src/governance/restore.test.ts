import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Db } from '../platform/database.ts';
import { type IntakeSegments, openIntakeSegments } from '../platform/intake-segments.ts';
import { silentLog } from '../platform/log.ts';
import { openScratchPglite } from '../platform/scratch-database.ts';
import { openIntake, receiptLog } from '../record/intake.ts';
import { mendingLog, readDismissal } from '../record/mendings.ts';
import { dismissQuarantined, quarantine } from '../record/quarantine.ts';
import { rereadFeed, rereadReceipt } from '../record/reread.ts';
import { restoreAcknowledged } from './restore.ts';

const AT = '2026-11-22T09:00:00.000Z';
const LATER = '2026-11-22T10:00:00.000Z';
const folder = mkdtempSync(join(tmpdir(), 'countersign-restore-'));
const asked = { actor: 'engineer-1', at: LATER };
let lived: Db;
let empty: Db;
let segments: IntakeSegments;
let receipts: string[];

/** A day on one database: two receipts, of which one was set aside, dismissed, and both read again. */
beforeAll(async () => {
  [lived, empty] = [await openScratchPglite(), await openScratchPglite()];
  segments = await openIntakeSegments(folder);
  const take = openIntake({ db: lived, now: () => AT, log: receiptLog(segments), maxBytes: 1000, onStored: () => undefined });
  const payload = (text: string) => ({
    source: 'north-lab',
    door: 'mllp' as const,
    contentType: 'application/hl7-v2+er7' as const,
    bytes: new Uint8Array(Buffer.from(text)),
  });
  receipts = [(await take(payload('MSH|one'))).receipt, (await take(payload('MSH|two'))).receipt];
  const [first, second] = receipts as [string, string];
  const rejection = { item: 'PID[1]', reason: 'unreadable', detail: 'No identifier.', start: 0, end: 7 };
  await lived.transaction((tx) => quarantine(tx, [{ receipt: first, source: 'north-lab', rejection }], AT));
  const keep = mendingLog(segments);
  const [item] = await lived.query<{ id: string }>('select id from quarantine');
  await dismissQuarantined(lived, item!.id, { actor: asked.actor, reason: 'a test message' }, LATER);
  await keep(await readDismissal(lived, item!.id, asked, 'a test message'));
  await rereadReceipt(lived, second, asked);
  await keep({ what: 'receipt', receipt: second, asked });
  await rereadFeed(lived, 'north-lab', asked);
  await keep({ what: 'feed', source: 'north-lab', asked });
});
afterAll(async () => {
  await segments.close();
  await Promise.all([lived.close(), empty.close()]);
  rmSync(folder, { recursive: true });
});

it('R22: what an engineer mended comes back to a database that never saw it: what was dismissed and what was asked to be read again', async () => {
  const { restored } = await restoreAcknowledged(empty, segments, silentLog, () => LATER);

  expect(restored).toEqual({ receipts: 2, decisions: 3, damaged: 0 });
  expect(await empty.query('select receipt, item, state, closed_by, closed_reason from quarantine')).toEqual([
    { receipt: receipts[0], item: 'PID[1]', state: 'dismissed', closed_by: 'engineer-1', closed_reason: 'a test message' },
  ]);
  expect(await empty.query('select reread_by, reread_at from receipt where id = $1', [receipts[1]])).toEqual([
    { reread_by: 'engineer-1', reread_at: LATER },
  ]);
  expect(await mended(empty)).toEqual(await mended(lived));
});

it('R22: and nothing is done twice: not at the next start, nor where the database knew', async () => {
  for (const db of [empty, lived]) {
    const before = await mended(db);
    const { restored } = await restoreAcknowledged(db, segments, silentLog, () => LATER);

    expect(restored).toEqual({ receipts: 0, decisions: 0, damaged: 0 });
    expect(await mended(db)).toEqual(before);
  }
});

async function mended(db: Db): Promise<unknown> {
  return db.query(
    `select kind, actor, subject, at from journal where kind in ('receipt.reread', 'quarantine.closed') order by kind, subject nulls last`,
  );
}
