import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acknowledgeRollback, detectRollback, readCheckpointLog } from './checkpoint-file.ts';
import { type CheckpointSigner, openCheckpointSigner } from './checkpoint-signer.ts';
import type { Db } from './database.ts';
import { appendAll, emptyJournal, rowOf, type TestDatabase, tamper, testDatabases } from './journal-fixture.ts';
import { openSequencer } from './journal-sequencer.ts';
import { verifyJournal } from './journal-verify-live.ts';

const NOW = '2026-11-22T09:00:00.000Z';
const PERSON = '7d9f2c55-1e5a-5a4e-8f2e-0c7a2b6f1c11';
const OTHER = '00000000-0000-5000-8000-000000000000';

describe.each(testDatabases)('journal in the database on $name', ({ available, open }) => {
  describe.skipIf(!available)('', () => {
    let test: TestDatabase;
    let db: Db;
    let folder: string;
    let signer: CheckpointSigner;

    beforeAll(async () => {
      test = await open();
      db = test.db;
    });
    afterAll(() => test.drop());
    beforeEach(async () => {
      await emptyJournal(db);
      folder = mkdtempSync(join(tmpdir(), 'verify-live-'));
      signer = await openCheckpointSigner(folder);
      await append(520);
      await sequence();
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it('R101: an untouched log verifies, also with entries that still wait', async () => {
      await append(3);

      expect(await verify()).toMatchObject({ ok: true, entries: 520, checkpoints: 3, payloads: 520, erased: 0, anchors: 3, problems: [] });
    });

    it('R101: finds any change to any field of any table, and says what is wrong where', async () => {
      const first = await firstId();
      const changes: [sql: string, code: string, index?: number][] = [
        [`update journal set kind = 'decision.signed' where id = ${first + 7n}`, 'leaf', 7],
        [`update journal set actor = 'someone' where id = ${first + 7n}`, 'leaf', 7],
        [`update journal set subject = 'run-8' where id = ${first + 7n}`, 'leaf', 7],
        [`update journal set subject = null where id = ${first + 7n}`, 'leaf', 7],
        [`update journal set at = at + interval '1 microsecond' where id = ${first + 7n}`, 'leaf', 7],
        [`update journal set at = at + interval '1 month' where id = ${first + 7n}`, 'leaf', 7],
        [`update journal set commitment = set_byte(commitment, 31, 255 - get_byte(commitment, 31)) where id = ${first + 7n}`, 'leaf', 7],
        [
          `insert into journal overriding system value select id + 100000, at, kind, actor, subject, commitment from journal where id = ${first + 7n};
           delete from journal where id = ${first + 7n}`,
          'missing',
          7,
        ],
        [`delete from journal where id = ${first + 7n}`, 'missing', 7],
        [
          `insert into journal overriding system value select id, at + interval '1 hour', kind, actor, subject, commitment from journal where id = ${first + 7n}`,
          'unlisted',
          7,
        ],
        [`insert into journal (at, kind, actor, commitment) values ('${NOW}', 'decision.signed', 'x', '\\x00')`, 'unlisted'],
        [`update journal_payload set body = replace(body, '"i":7', '"i":8') where journal_id = ${first + 7n}`, 'payload', 7],
        [`update journal_payload set salt = set_byte(salt, 0, 255 - get_byte(salt, 0)) where journal_id = ${first + 7n}`, 'payload', 7],
        [`update journal_payload set person = '${OTHER}' where journal_id = ${first + 7n}`, 'payload', 7],
        [`update journal_payload set person = null where journal_id = ${first + 7n}`, 'payload', 7],
        [`update journal_payload set at = at + interval '1 day' where journal_id = ${first + 7n}`, 'payload', 7],
        [`delete from journal_payload where journal_id = ${first + 7n}`, 'unerased', 7],
        [`insert into journal_payload (journal_id, at, salt, body) values (${first + 999_999n}, '${NOW}', '\\x00', '{}')`, 'payload'],
        [`update leaf set header = replace(header, 'worker', 'nobody') where index = 7`, 'leaf', 7],
        [`update leaf set hash = set_byte(hash, 3, 255 - get_byte(hash, 3)) where index = 7`, 'leaf', 7],
        [`update leaf set journal_id = journal_id + 5000 where index = 7`, 'missing', 7],
        [`update leaf set index = 9000 where index = 519`, 'missing', 519],
        [`update leaf set index = -1 where index = 7`, 'missing', 7],
        [`delete from leaf where index = 7`, 'missing', 7],
        [`delete from leaf where index = 519`, 'missing', 519],
        [
          `update leaf a set journal_id = -b.journal_id, header = b.header, hash = b.hash from leaf b where a.index + b.index = 15 and a.index in (7, 8)`,
          'missing',
          7,
        ],
        [`update checkpoint set root = set_byte(root, 0, 255 - get_byte(root, 0)) where size = 400`, 'root', 400],
        [`update checkpoint set note = replace(note, '400', '401') where size = 400`, 'signature', 400],
        [`update checkpoint set size = 401 where size = 400`, 'signature', 401],
        [`update checkpoint c set note = (select note from checkpoint where size = 200) where size = 400`, 'signature', 400],
        [`delete from checkpoint where size = 520`, 'unsigned', 400],
        [`update merkle_tile set hashes = set_byte(hashes, 40, 255 - get_byte(hashes, 40)) where index = 1`, 'tile', 256],
        [`update merkle_tile set root = set_byte(root, 4, 255 - get_byte(root, 4)) where index = 0`, 'tile', 0],
        [`delete from merkle_tile where index = 0`, 'tile', 0],
        [`insert into merkle_tile values (0, 2, '\\x00', '\\x00')`, 'tile'],
        [`insert into journal_pending values (${first + 7n}, '2026-11-22T08:00:00.000Z')`, 'missing'],
        [`insert into journal_pending values (${first + 888_888n}, '2026-11-22T08:00:00.000Z')`, 'missing'],
      ];
      for (const [sql, code, index] of changes) {
        const undo = await remember();
        await tamper(db, sql);

        const report = await verify([]);

        const match = report.problems.find((problem) => problem.code === code);
        expect(match, `${sql} gave ${JSON.stringify(report.problems)}`).toBeDefined();
        if (index !== undefined) expect(match!.index, sql).toBe(index);
        expect(report.ok).toBe(false);
        await undo();
      }
      expect(await verify()).toMatchObject({ ok: true });
    });

    it('R101: a log cut back cleanly is found by a checkpoint from outside', async () => {
      const anchors = (await readCheckpointLog(folder)).checkpoints.map(({ note }) => note);
      await cutTo(400);

      expect(await verify([])).toMatchObject({ ok: true, entries: 400 });
      expect((await verify(anchors)).problems).toEqual([
        { code: 'rolled_back', index: 400, message: 'the log has 400 entries, a checkpoint from outside has 520' },
      ]);

      await append(200);
      await sequence();
      expect((await verify(anchors)).problems.map(({ code }) => code)).toEqual(['forked']);
    });

    it('R101: a rollback that someone acknowledged stands in the log, and old checkpoints no longer contradict it', async () => {
      await cutTo(400);
      const finding = await detectRollback(db, folder, signer.verifierKeys);
      await db.transaction((tx) => acknowledgeRollback(tx, finding, { actor: 'operator-1', at: NOW }));
      await append(200);
      await sequence();

      expect(await verify()).toMatchObject({ ok: true, entries: 601, anchors: 5 });
      await cutTo(600);
      expect((await verify()).problems.map(({ code }) => code)).toEqual(['rolled_back']);
      await expect(acknowledgeRollback(db, { outcome: 'none' }, { actor: 'operator-1', at: NOW })).rejects.toThrow('no rollback');
    });

    it('R101: a log that another key signed is not trusted', async () => {
      const stranger = await openCheckpointSigner(join(folder, 'stranger'), { origin: signer.origin });

      const report = await verifyJournal(db, { keys: stranger.verifierKeys, origin: signer.origin });

      expect(report.problems.map(({ code }) => code)).toEqual(['signature', 'signature', 'signature']);
    });

    async function append(count: number): Promise<void> {
      const rows = Array.from({ length: count }, (_, i) => rowOf({ subject: `run-${i}`, person: PERSON, body: { i } }));
      await appendAll(db, rows);
    }

    async function sequence(): Promise<void> {
      await (await openSequencer(db, { signer, folder, now: () => NOW, batch: 200 })).sequenceNow();
    }

    async function verify(anchors?: readonly string[]) {
      const known = anchors ?? (await readCheckpointLog(folder)).checkpoints.map(({ note }) => note);
      return verifyJournal(db, { keys: signer.verifierKeys, origin: signer.origin, anchors: [...new Set(known)] });
    }

    async function firstId(): Promise<bigint> {
      const [row] = await db.query<{ id: bigint }>('select min(id) as id from journal');
      return row!.id;
    }

    async function cutTo(size: number): Promise<void> {
      await tamper(
        db,
        `delete from journal_payload where journal_id in (select journal_id from leaf where index >= ${size});
         delete from journal where id in (select journal_id from leaf where index >= ${size});
         delete from leaf where index >= ${size}; delete from checkpoint where size > ${size};
         delete from merkle_tile where (index + 1) * 256 ^ (level + 1) > ${size}`,
      );
    }

    /** The tables as they are; what it returns puts them back. */
    async function remember(): Promise<() => Promise<void>> {
      const tables = ['journal', 'journal_payload', 'journal_pending', 'leaf', 'checkpoint', 'merkle_tile'];
      await db.exec(tables.map((table) => `create table kept_${table} as select * from ${table}`).join(';'));
      return async () => {
        const restore = tables.map((table) => {
          const overriding = table === 'journal' ? 'overriding system value' : '';
          return `truncate ${table}; insert into ${table} ${overriding} select * from kept_${table}; drop table kept_${table}`;
        });
        await tamper(db, restore.join(';'));
      };
    }
  });
});
