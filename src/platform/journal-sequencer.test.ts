import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { merkleRoot, verifyConsistency, verifyInclusion } from '../core/merkle.ts';
import { detectRollback, readCheckpointLog } from './checkpoint-file.ts';
import { type CheckpointSigner, openCheckpointSigner, readCheckpoint } from './checkpoint-signer.ts';
import { type Db, openDatabase, type Queryable } from './database.ts';
import { sha256, toHex } from './digest.ts';
import { append } from './journal.ts';
import { appendAll, emptyJournal, rowOf, type TestDatabase, tamper, testDatabases } from './journal-fixture.ts';
import { JournalProver } from './journal-prover.ts';
import { type JournalSequencer, openSequencer, type SequencerPoint } from './journal-sequencer.ts';

const NOW = '2026-11-22T09:00:00.000Z';

describe.each(testDatabases)('journal sequencer on $name', ({ available, open }) => {
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
      folder = mkdtempSync(join(tmpdir(), 'sequencer-'));
      signer = await openCheckpointSigner(folder);
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it('R101: every entry gets a leaf under a signed checkpoint, in order, and a proof that holds', async () => {
      const sequencer = await start({ batch: 300 });
      const ids = await appendMany(700);

      const head = (await sequencer.sequenceNow())!;

      expect(head.size).toBe(700);
      expect(readCheckpoint(head.note, signer.verifierKeys)).toEqual({ origin: signer.origin, size: 700, root: head.root });
      const leaves = await db.query<{ journal_id: bigint; hash: Uint8Array }>('select journal_id, hash from leaf order by index');
      expect(leaves.map(({ journal_id }) => journal_id)).toEqual(ids);
      expect(
        toHex(
          merkleRoot(
            sha256,
            leaves.map(({ hash }) => hash),
          ),
        ),
      ).toBe(toHex(head.root));
      expect(await db.query('select size from checkpoint order by size')).toEqual([{ size: 300n }, { size: 600n }, { size: 700n }]);
      expect(await sequencer.isCheckpointed(ids[699]!)).toBe(true);
      for (const id of [ids[0]!, ids[255]!, ids[256]!, ids[511]!, ids[699]!]) {
        const { index, size, leaf, root, proof } = await new JournalProver(db).prove(id);
        expect(verifyInclusion(sha256, { index, size, leaf, root, proof })).toBe(true);
      }
    });

    it('R101: an entry that is not sequenced yet is not checkpointed and has no proof', async () => {
      const sequencer = await start();
      const [id] = await appendMany(1);

      expect(await sequencer.isCheckpointed(id!)).toBe(false);
      await expect(new JournalProver(db).prove(id!)).rejects.toMatchObject({ code: 'not_found' });
    });

    it('R101: proofs of any index and pair of sizes hold across tiles of two levels', async () => {
      const size = 66_000;
      await fillLeaves(db, size);
      const sequencer = await start({ batch: 20_000 });
      await appendMany(1);
      const head = (await sequencer.sequenceNow())!;
      const prover = new JournalProver(db, { maxTiles: 3 });

      expect(head.size).toBe(size + 1);
      for (const index of [0, 255, 256, 65_535, 65_536, 65_999, size]) {
        const [row] = await db.query<{ hash: Uint8Array }>('select hash from leaf where index = $1', [index]);
        const proof = await prover.inclusion(index, head.size);
        expect(verifyInclusion(sha256, { index, size: head.size, leaf: row!.hash, root: head.root, proof })).toBe(true);
      }
      for (const [from, to] of [
        [1, 300],
        [255, 65_536],
        [256, 65_537],
        [65_535, size],
        [300, size + 1],
        [size, size + 1],
      ] as const) {
        const [fromRoot, toRoot] = [await prover.root(from), await prover.root(to)];
        expect(verifyConsistency(sha256, { from, to, fromRoot, toRoot, proof: await prover.consistency(from, to) })).toBe(true);
      }
      await expect(prover.inclusion(0, size + 2)).rejects.toMatchObject({ code: 'request_invalid' });
      await expect(prover.inclusion(size + 1, size + 1)).rejects.toMatchObject({ code: 'request_invalid' });
      await expect(prover.consistency(5, 4)).rejects.toMatchObject({ code: 'request_invalid' });
    });

    it.each([1, 255, 256, 257, 700])('R101: a restart at %d entries goes on with the same tree', async (count) => {
      await appendMany(count);
      const before = (await (await start({ batch: 300 })).sequenceNow())!;

      const after = await start({ batch: 300 });
      expect(after.head).toMatchObject({ size: count });
      await appendMany(300);
      const head = (await after.sequenceNow())!;

      const prover = new JournalProver(db);
      const proof = await prover.consistency(count, count + 300);
      expect(verifyConsistency(sha256, { from: count, to: count + 300, fromRoot: before.root, toRoot: head.root, proof })).toBe(true);
    });

    it.each(['before-leaves', 'before-checkpoint', 'before-commit', 'before-checkpoint-file'] as const)(
      'R101: killed %s it loses nothing, repeats nothing and keeps its past',
      async (point: SequencerPoint) => {
        await appendMany(300);
        const first = (await (await start()).sequenceNow())!;
        await appendMany(300);
        const dying = await start({
          reached: (at) => {
            if (at === point) throw new Error('killed');
          },
        });
        await expect(dying.sequenceNow()).rejects.toThrow('killed');

        const reborn = await start();
        const head = (await reborn.sequenceNow())!;

        expect(head.size).toBe(600);
        expect(await db.query('select count(*) as n from journal_pending')).toEqual([{ n: 0n }]);
        expect(await db.query('select count(distinct journal_id) as n from leaf')).toEqual([{ n: 600n }]);
        const proof = await new JournalProver(db).consistency(first.size, head.size);
        expect(verifyConsistency(sha256, { from: first.size, to: head.size, fromRoot: first.root, toRoot: head.root, proof })).toBe(true);
        expect(readFileSync(join(folder, 'checkpoint.txt'), 'utf8')).toBe(head.note);
        expect(await detectRollback(db, folder, signer.verifierKeys)).toMatchObject({ outcome: 'fine' });
      },
    );

    it('R101: two sequencers at once place every entry once', async () => {
      const [a, b] = [await start({ batch: 7 }), await start({ batch: 11 })];

      for (let round = 0; round < 5; round++) {
        await appendMany(40);
        await Promise.all([a.sequenceNow(), b.sequenceNow()]);
      }

      expect(await db.query('select count(*) as n, count(distinct journal_id) as d, max(index) as m from leaf')).toEqual([
        { n: 200n, d: 200n, m: 199n },
      ]);
      const [last] = await db.query<{ hash: Uint8Array; root: Uint8Array }>('select root from checkpoint order by size desc limit 1');
      expect(toHex(await new JournalProver(db).root(200))).toBe(toHex(last!.root));
    });

    it('R101: the background loop sequences what arrives, and survives a failing round', async () => {
      const errors: unknown[] = [];
      let failing = true;
      const sequencer = await start({
        delayMs: 2,
        onError: (error) => errors.push(error),
        reached: () => {
          if (failing) throw new Error('disk full');
        },
      });
      sequencer.start();
      const [id] = await appendMany(1);
      await eventually(() => errors.length > 0);

      failing = false;
      await eventually(() => sequencer.isCheckpointed(id!));
      await sequencer.stop();

      const [later] = await appendMany(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await sequencer.isCheckpointed(later!)).toBe(false);
    });

    it('R101: a rolled-back database is found by the checkpoint outside it', async () => {
      const sequencer = await start({ batch: 10 });
      expect(await detectRollback(db, folder, signer.verifierKeys)).toEqual({ outcome: 'none' });
      await appendMany(30);
      await sequencer.sequenceNow();
      expect(await detectRollback(db, folder, signer.verifierKeys)).toMatchObject({ outcome: 'fine', insideSize: 30 });

      await tamper(db, 'delete from checkpoint where size > 20; delete from leaf where index >= 20');
      expect(await detectRollback(db, folder, signer.verifierKeys)).toMatchObject({ outcome: 'rolled_back', insideSize: 20 });
      await appendMany(1);
      await expect(sequencer.sequenceNow()).rejects.toMatchObject({ code: 'journal_broken' });

      await appendMany(30);
      const other = await openSequencer(db, { signer, now: () => NOW });
      await other.sequenceNow();
      expect(await detectRollback(db, folder, signer.verifierKeys)).toMatchObject({ outcome: 'forked' });
    });

    it('R101: a checkpoint file that was altered, or put back to an older one, does not hide a rollback', async () => {
      const sequencer = await start();
      await appendMany(10);
      const old = (await sequencer.sequenceNow())!;
      await appendMany(10);
      await sequencer.sequenceNow();
      await tamper(db, 'delete from checkpoint where size > 10; delete from leaf where index >= 10');

      writeFileSync(join(folder, 'checkpoint.txt'), old.note);
      expect(await detectRollback(db, folder, signer.verifierKeys)).toMatchObject({ outcome: 'rolled_back' });
      writeFileSync(join(folder, 'checkpoint.txt'), old.note.replace('\n10\n', '\n09\n'));
      expect(await detectRollback(db, folder, signer.verifierKeys)).toEqual({ outcome: 'unreadable' });
      writeFileSync(join(folder, 'checkpoint.txt'), old.note);
      writeFileSync(join(folder, 'checkpoints.log'), '{"at":"","note":\n');
      expect(await detectRollback(db, folder, signer.verifierKeys)).toEqual({ outcome: 'unreadable' });
    });

    it('remembers every checkpoint outside, also past a line that a crash cut short', async () => {
      const sequencer = await start();
      await appendMany(1);
      const head = (await sequencer.sequenceNow())!;
      writeFileSync(join(folder, 'checkpoints.log'), '{"at":"2026', { flag: 'a' });

      expect((await readCheckpointLog(folder)).checkpoints.map(({ note }) => note)).toEqual([head.note]);
      expect(await detectRollback(db, folder, signer.verifierKeys)).toMatchObject({ outcome: 'fine' });
    });

    it('R101: refuses to sign on a tree that does not give its signed root, and past an entry that was taken away', async () => {
      const sequencer = await start();
      await appendMany(5);
      await sequencer.sequenceNow();
      const [taken] = await appendMany(1);
      await tamper(db, `delete from journal where id = ${taken}`);
      await expect(sequencer.sequenceNow()).rejects.toMatchObject({ code: 'journal_broken' });

      await tamper(db, `update leaf set hash = decode(repeat('00', 32), 'hex') where index = 2`);
      await expect(start()).rejects.toMatchObject({ code: 'journal_broken' });
      await tamper(db, 'delete from leaf where index = 2');
      await expect(start()).rejects.toMatchObject({ code: 'journal_broken' });
    });

    it('R101: no patient data reaches a leaf, a header or a checkpoint', async () => {
      const sequencer = await start();
      const person = '7d9f2c55-1e5a-5a4e-8f2e-0c7a2b6f1c11';
      const secret = 'Wilhelmina Quux, MRN 4711, PSA 9.4 ng/mL';
      await appendAll(db, [rowOf({ person, body: { text: secret } })]);
      const head = await sequencer.sequenceNow();

      const rows = await db.query(
        'select l.header, l.hash, j.kind, j.actor, j.subject, j.commitment from leaf l join journal j on j.id = l.journal_id',
      );
      const everything = JSON.stringify([rows, head], (_, value) => (typeof value === 'bigint' ? String(value) : value));

      for (const part of ['Wilhelmina', '4711', '9.4', person]) expect(everything).not.toContain(part);
    });

    async function start(options: Partial<Parameters<typeof openSequencer>[1]> = {}): Promise<JournalSequencer> {
      return openSequencer(db, { signer, folder, now: () => NOW, ...options });
    }

    async function appendMany(count: number): Promise<bigint[]> {
      return appendAll(
        db,
        Array.from({ length: count }, (_, i) => rowOf({ subject: `run-${i}` })),
      );
    }
  });
});

const server = testDatabases[1]!;
describe.skipIf(!server.available)('journal sequencer with several connections', () => {
  it('R101: appenders that commit out of the order of their ids lose nothing', async () => {
    const test = await server.open();
    const folder = mkdtempSync(join(tmpdir(), 'sequencer-'));
    const signer = await openCheckpointSigner(folder);
    const sequencer = await openSequencer(test.db, { signer, now: () => NOW, batch: 50 });
    const other = await openDatabase({ url: test.url });
    try {
      const late = gate();
      const begun = gate();
      let lateIds: bigint[] = [];
      const slow = other.transaction(async (tx: Queryable) => {
        lateIds = await append(tx, [rowOf({ actor: 'late' })]);
        begun.open();
        await late.opened;
      });
      await begun.opened;
      const early = await appendAll(test.db, [rowOf(), rowOf()]);
      await sequencer.sequenceNow();
      expect(await sequencer.isCheckpointed(early[1]!)).toBe(true);
      expect(await sequencer.isCheckpointed(lateIds[0]!)).toBe(false);
      late.open();
      await slow;

      await sequencer.sequenceNow();

      expect(lateIds[0]!).toBeLessThan(early[0]!);
      expect(await test.db.query('select journal_id from leaf order by index')).toEqual(
        [...early, ...lateIds].map((journal_id) => ({ journal_id })),
      );
    } finally {
      await other.close();
      await test.drop();
      rmSync(folder, { recursive: true });
    }
  });

  it('R101: many appenders against a running sequencer: every committed entry is placed once, no rolled-back one ever', async () => {
    const test = await server.open();
    const folder = mkdtempSync(join(tmpdir(), 'sequencer-'));
    const signer = await openCheckpointSigner(folder);
    const sequencer = await openSequencer(test.db, { signer, now: () => NOW, batch: 30, delayMs: 1 });
    try {
      sequencer.start();
      const committed: bigint[] = [];
      await Promise.all(
        Array.from({ length: 3 }, async (_, worker) => {
          for (let i = 0; i < 40; i++) {
            const work = test.db.transaction(async (tx) => {
              const ids = await append(
                tx,
                Array.from({ length: 1 + (i % 5) }, () => rowOf({ actor: `worker-${worker}` })),
              );
              if (i % 7 === worker) throw new Error('rolled back');
              return ids;
            });
            committed.push(...(await work.catch(() => [])));
          }
        }),
      );
      await sequencer.stop();
      await sequencer.sequenceNow();

      const placed = (await test.db.query<{ journal_id: bigint }>('select journal_id from leaf')).map(({ journal_id }) => journal_id);
      expect(placed.toSorted(ascending)).toEqual(committed.toSorted(ascending));
    } finally {
      await test.drop();
      rmSync(folder, { recursive: true });
    }
  });
});

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : 1;
}

function gate(): { open: () => void; opened: Promise<void> } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 5_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it never came true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Journal entries by the thousand without going through the journal: only leaves matter to a proof. */
async function fillLeaves(db: Db, count: number): Promise<void> {
  await db.query(
    `with entry as (
       insert into journal (at, kind, actor, commitment)
       select '2026-11-01', 'run.finished', 'filler', sha256(int4send(i)) from generate_series(1, $1::integer) i returning id, at
     ) insert into journal_pending (journal_id, at) select id, at from entry`,
    [count],
  );
}
