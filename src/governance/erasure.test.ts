import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyInclusion } from '../core/merkle.ts';
import { type CheckpointSigner, openCheckpointSigner } from '../platform/checkpoint-signer.ts';
import type { Db } from '../platform/database.ts';
import { sha256, toHex, uuidFromParts } from '../platform/digest.ts';
import { exportJournal } from '../platform/journal-export.ts';
import { appendAll, rowOf, type TestDatabase, tamper, testDatabases } from '../platform/journal-fixture.ts';
import { JournalProver } from '../platform/journal-prover.ts';
import { openSequencer } from '../platform/journal-sequencer.ts';
import { verifyJournalFile } from '../platform/journal-verify.ts';
import { verifyJournal } from '../platform/journal-verify-live.ts';
import { HOLDS_PEOPLE } from '../platform/scrub.ts';
import { blankRanges } from '../platform/segment-erasure.ts';
import { erase, rangesOf } from './erasure.ts';

const NOW = '2026-11-22T09:00:00.000Z';
const ANA = person('ana');
const ANA_BEFORE_MERGE = person('ana-before');
const BEN = person('ben');
// Everything in the fixture that tells of Ana; after erasure none of it may stand anywhere in the database.
const SECRETS = ['Quuxley', 'MRN-ANA-1', 'MRN-ANA-2', 'PSA 9.4', '1951-02-03', 'ana refused'];

describe.each(testDatabases)('erasure on $name', ({ available, open }) => {
  describe.skipIf(!available)('', () => {
    let test: TestDatabase;
    let db: Db;
    let folder: string;
    let signer: CheckpointSigner;
    let done: Awaited<ReturnType<typeof erase>>;
    let before: { journalId: bigint; proof: Awaited<ReturnType<JournalProver['prove']>> };

    beforeAll(async () => {
      test = await open();
      db = test.db;
      folder = mkdtempSync(join(tmpdir(), 'erasure-'));
      signer = await openCheckpointSigner(folder);
      await fill(db);
      await sequence();
      const [entry] = await db.query<{ journal_id: bigint }>('select journal_id from journal_payload where person = $1 limit 1', [ANA]);
      before = { journalId: entry!.journal_id, proof: await new JournalProver(db).prove(entry!.journal_id) };
      for (const secret of SECRETS) expect(await holds(db, secret), secret).toBe(true);
      done = await erase(db, { person: ANA, actor: 'officer-1', reason: 'gdpr-17', at: NOW });
    });
    afterAll(async () => {
      await test.drop();
      rmSync(folder, { recursive: true });
    });

    it('R101: destroys every word of the person, in every table and in the stored bytes', async () => {
      for (const secret of SECRETS) expect(await holds(db, secret), secret).toBe(false);
      expect(done).toMatchObject({
        payloads: 4,
        facts: 3,
        proposals: 2,
        destroyed: [receipt('own')],
        blanked: [receipt('shared'), receipt('packed')].sort(),
      });
    });

    it('R101: leaves everybody else as they were', async () => {
      expect(await holds(db, 'Bennet')).toBe(true);
      expect(await db.query('select count(*) as n from fact where source_person = $1', [source('ben')])).toEqual([{ n: 2n }]);
      expect(await db.query('select count(*) as n from journal_payload where person = $1', [BEN])).toEqual([{ n: 2n }]);
      expect(await db.query('select title, state from proposal where person = $1', [BEN])).toEqual([
        { title: 'Summary for Bennet', state: 'offered' },
      ]);
    });

    it('blanks the ranges of the person alone, in place, and keeps the first SHA-256', async () => {
      const bytes = await bytesOf('shared');

      expect(bytes).toBe(
        SHARED.replace(ANA_LINE, `{${' '.repeat(ANA_LINE.length - 2)}}`).replace(
          REJECTED_LINE,
          `{${' '.repeat(REJECTED_LINE.length - 2)}}`,
        ),
      );
      expect(bytes.length).toBe(SHARED.length);
      expect(bytes.slice(SHARED.indexOf(BEN_LINE), SHARED.indexOf(BEN_LINE) + BEN_LINE.length)).toBe(BEN_LINE);
      const [row] = await db.query<{ sha256: Uint8Array; flags: string[] }>('select sha256, flags from receipt where id = $1', [
        receipt('shared'),
      ]);
      expect(toHex(row!.sha256)).toBe(toHex(sha256(SHARED)));
      expect(row!.flags).toContain('erased');
    });

    it("names receipts in which somebody else's part still holds an identifier", async () => {
      expect(done.stillNamed).toEqual([]);
      await insertPeople(db, [['cleo', person('cleo'), 'MRN-CLEO-1', 'Cleo Quill']]);
      await insertReceipt(db, 'loose', '{"a":"Cleo"} {"b":"Bennet, sent with MRN-CLEO-1"} for MRN-CLEO-1', false);
      await insertFact(db, 'loose', 'cleo', 0, 12);
      await insertFact(db, 'loose', 'ben', 13, 49);

      const { blanked, stillNamed } = await erase(db, { person: person('cleo'), actor: 'officer-1', reason: 'gdpr-17', at: NOW });

      expect([blanked, stillNamed]).toEqual([[receipt('loose')], [receipt('loose')]]);
      // What is nobody's is blanked; what somebody else's part says is theirs.
      expect(await bytesOf('loose')).toBe(`{          } {"b":"Bennet, sent with MRN-CLEO-1"} for ${' '.repeat(10)}`);
      await tamper(db, `delete from fact where receipt = '${receipt('loose')}'`);
    });

    it('withdraws what was open and keeps what was decided, without its words', async () => {
      const rows = await db.query('select title, why, state from proposal where person = $1 order by state', [ANA]);
      expect(rows).toEqual([
        { title: 'erased', why: 'erased', state: 'signed' },
        { title: 'erased', why: 'erased', state: 'withdrawn' },
      ]);
    });

    it('R101: the log still verifies, says how much was erased, and old proofs still hold', async () => {
      await sequence();

      const report = await verifyJournal(db, { keys: signer.verifierKeys, origin: signer.origin });
      const { index, size, leaf, root, proof } = await new JournalProver(db).prove(before.journalId);

      expect(report).toMatchObject({ ok: true, erased: 4 });
      expect(verifyInclusion(sha256, { index, size, leaf, root, proof })).toBe(true);
      expect(toHex(leaf)).toBe(toHex(before.proof.leaf));
      const pieces = exportJournal(db, { origin: signer.origin, verifierKeys: signer.verifierKeys, payloads: true });
      expect(await verifyJournalFile(encoded(pieces), { keys: signer.verifierKeys })).toMatchObject({ ok: true, erased: 4 });
    });

    it('R101: a payload that goes without an erasure, or more than the erasure lists, is found', async () => {
      await tamper(db, `delete from journal_payload where person = '${BEN}'`);

      const report = await verifyJournal(db, { keys: signer.verifierKeys, origin: signer.origin });

      expect(report).toMatchObject({ ok: false, erased: 4, problemCount: 2 });
      expect(report.problems.map(({ code }) => code)).toEqual(['unerased', 'unerased']);
    });

    it('journals who erased and why, and never whom', async () => {
      const [row] = await db.query<{ actor: string; subject: null; body: string; person: null }>(
        'select j.actor, j.subject, p.person, p.body from journal j join journal_payload p on p.journal_id = j.id where j.id = $1',
        [done.journalId],
      );

      expect(row).toMatchObject({ actor: 'officer-1', subject: null, person: null });
      expect(row!.body).toContain('gdpr-17');
      expect(row!.body).not.toContain(ANA);
    });

    it('the same person may come again and a new record begins', async () => {
      await insertPeople(db, [['ana', ANA, 'MRN-ANA-1', 'Ana Quuxley']]);

      expect(await db.query('select count(*) as n from fact where source_person = $1', [source('ana')])).toEqual([{ n: 0n }]);
    });

    it('refuses an unknown person and leaves no trace', async () => {
      const count = await db.query('select count(*) as n from journal');

      await expect(erase(db, { person: person('nobody'), actor: 'officer-1', reason: 'gdpr-17', at: NOW })).rejects.toMatchObject({
        code: 'not_found',
      });

      expect(await db.query('select count(*) as n from journal')).toEqual(count);
    });

    it('R101: nothing is destroyed outside an erasure, nor after one in the same connection', async () => {
      await expect(db.query('delete from receipt_bytes')).rejects.toMatchObject({ code: '42501' });
      await expect(db.query(`update receipt_bytes set bytes = ''`)).rejects.toMatchObject({ code: '42501' });
      await expect(db.query('delete from journal_payload')).rejects.toMatchObject({ code: '42501' });
      await expect(db.query('delete from fact')).rejects.toMatchObject({ code: '42501' });
    });

    it('every table is known to hold patient data that erasure destroys, or none; a new one must be thought about here', async () => {
      const rows = await db.query<{ name: string }>(
        `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
      );
      expect(rows.map(({ name }) => name)).toEqual([...HOLDS_PEOPLE, ...FREE_OF_PATIENT_DATA].sort());
    });

    async function sequence(): Promise<void> {
      await (await openSequencer(db, { signer, now: () => NOW })).sequenceNow();
    }

    async function bytesOf(name: string): Promise<string> {
      const [row] = await db.query<{ bytes: Uint8Array; encoding: string }>(
        'select bytes, encoding from receipt_bytes where receipt = $1',
        [receipt(name)],
      );
      return Buffer.from(row!.encoding === 'zstd' ? zstdDecompressSync(row!.bytes) : row!.bytes).toString('utf8');
    }
  });
});

describe('erasing bytes', () => {
  it('keeps length, line breaks and what stands outside the ranges', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), fc.nat(60), (bytes, a, b) => {
        const [start, end] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
        const blank = blankRanges(bytes, [{ start, end }]);
        expect(blank.length).toBe(bytes.length);
        blank.forEach((byte, i) => {
          if (i < start || i >= end || bytes[i] === 0x0a || bytes[i] === 0x0d) expect(byte).toBe(bytes[i]);
          else expect(byte === 0x20 || byte === 0x7b || byte === 0x7d).toBe(true);
        });
      }),
    );
  });

  it('a blanked resource leaves the Bundle around it readable', () => {
    const resource = '{"resourceType":"Patient","name":[{"family":"Quuxley"}]}';
    const bundle = `{"entry":[{"resource":${resource}},{"resource":{"id":"b"}}]}`;
    const start = bundle.indexOf(resource);

    const blank = Buffer.from(blankRanges(Buffer.from(bundle), [{ start, end: start + resource.length }])).toString();

    expect(JSON.parse(blank)).toEqual({ entry: [{ resource: {} }, { resource: { id: 'b' } }] });
  });

  it('lists numbers as ranges that hold exactly them', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(50)), (numbers) => {
        const listed = rangesOf(numbers).flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
        expect(listed).toEqual([...numbers].sort((a, b) => a - b));
      }),
    );
  });
});

const FREE_OF_PATIENT_DATA = [
  'authority_name',
  'cds_card',
  'checkpoint',
  'concept',
  'journal',
  'journal_pending',
  'leaf',
  'merkle_tile',
  'migration',
  'proposal_fact',
  'sentence',
  'work_lease',
];

const ANA_LINE = '{"resourceType":"Observation","subject":"MRN-ANA-1","note":"PSA 9.4"}';
const BEN_LINE = '{"resourceType":"Patient","name":"Bennet"}';
const REJECTED_LINE = '{"resourceType":"Observation","subject":"MRN-ANA-2","status":"bogus"}';
const SHARED = `${ANA_LINE}\n${BEN_LINE}\r\n${REJECTED_LINE}\n`;

/** Ana, known to two sources since a merge, and Ben; receipts of one and of both; drafts, a signed one, runs and journal entries. */
async function fill(db: Db): Promise<void> {
  await insertPeople(db, [
    ['ana', ANA, 'MRN-ANA-1', 'Ana Quuxley'],
    ['ana-2', ANA, 'MRN-ANA-2', 'Ana Quuxley'],
    ['ben', BEN, 'MRN-BEN-1', 'Ben Bennet'],
  ]);
  await db.query(
    `insert into person_link (source_person, person, valid_from, valid_to, recorded_at, reason) values ($1, $2, '2020-01-01', '2026-01-01', '2026-01-01', 'merged')`,
    [source('ana-2'), ANA_BEFORE_MERGE],
  );
  // Once joined to Ben by mistake: what was journalled of Ben is not Ana's.
  await db.query(
    `insert into person_link (source_person, person, valid_from, recorded_at, superseded_at, reason) values ($1, $2, '2020-01-01', '2020-01-01', '2020-02-01', 'merged')`,
    [source('ana'), BEN],
  );
  await insertReceipt(db, 'own', `MSH|^~\\&|\rPID|||MRN-ANA-1||Quuxley^Ana||1951-02-03\r`, false);
  await insertReceipt(db, 'shared', SHARED, false);
  await insertReceipt(db, 'packed', SHARED.repeat(40), true);
  await insertFact(db, 'own', 'ana', 0, 60);
  for (const name of ['shared', 'packed']) {
    await insertFact(db, name, 'ana-2', 0, name === 'shared' ? ANA_LINE.length : SHARED.length * 40);
    await insertFact(db, name, 'ben', SHARED.indexOf(BEN_LINE), SHARED.indexOf(BEN_LINE) + BEN_LINE.length);
  }
  const rejected = { start: SHARED.indexOf(REJECTED_LINE), end: SHARED.indexOf(REJECTED_LINE) + REJECTED_LINE.length, text: 'MRN-ANA-2' };
  await db.query(
    `insert into quarantine (id, receipt, source, item, reason, detail, at, state) values ($1, $2, 'lab', 'line[2]', 'invalid', $3, $4, 'open')`,
    [uuidFromParts('quarantine'), receipt('shared'), JSON.stringify(rejected), NOW],
  );
  await insertProposal(db, 'open', ANA, 'Summary for Quuxley', 'opened');
  await insertProposal(db, 'signed', ANA, 'Summary for Quuxley', 'signed');
  await insertProposal(db, 'ben', BEN, 'Summary for Bennet', 'offered');
  await db.query(
    `insert into decision (proposal, kind, actor, actor_name, reason, content_hash, decided_at, journal_id) values ($1, 'signed', 'a', 'Dr. A', 'ana refused', 'h', $2, 1)`,
    [uuidFromParts('proposal', 'signed'), NOW],
  );
  await appendAll(db, [
    rowOf({ person: ANA, body: { text: 'PSA 9.4' } }),
    rowOf({ person: BEN, body: { text: 'Bennet' } }),
    rowOf({ person: ANA_BEFORE_MERGE, body: { text: 'Quuxley' } }),
    rowOf({ kind: 'facts.recorded', subject: receipt('own'), person: ANA, body: { facts: [] } }),
    rowOf({ body: { about: 'nobody' } }),
    rowOf({ person: ANA, body: { text: 'MRN-ANA-1' } }),
    rowOf({ person: BEN, body: { text: 'Bennet again' } }),
  ]);
}

async function insertPeople(db: Db, people: [name: string, person: string, mrn: string, display: string][]): Promise<void> {
  for (const [name, of, mrn, display] of people) {
    await db.query(
      `insert into source_person (id, source, authority, value, birth_date, sex, name, created_at) values ($1, 'lab', 'mrn', $2, '1951-02-03', 'F', $3, $4)`,
      [source(name), mrn, display, NOW],
    );
    await db.query('insert into ident (authority, value, source_person) values ($1, $2, $3)', ['mrn', mrn, source(name)]);
    await db.query(
      `insert into person_link (source_person, person, valid_from, recorded_at, reason) values ($1, $2, '2026-01-01', $3, 'first-seen')`,
      [source(name), of, NOW],
    );
  }
  // Ben was born on another day.
  await db.query(`update source_person set birth_date = '1960-05-05' where id = $1`, [source('ben')]);
}

async function insertReceipt(db: Db, name: string, text: string, packed: boolean): Promise<void> {
  const bytes = Buffer.from(text);
  await db.query(
    `insert into receipt (id, source, door, content_type, sha256, size, received_at, state) values ($1, 'lab', 'files', 'x', $2, $3, $4, 'partial')`,
    [receipt(name), sha256(bytes), bytes.length, NOW],
  );
  await db.query('insert into receipt_bytes (receipt, received_at, encoding, bytes) values ($1, $2, $3, $4)', [
    receipt(name),
    NOW,
    packed ? 'zstd' : 'identity',
    packed ? zstdCompressSync(bytes) : bytes,
  ]);
}

async function insertFact(db: Db, of: string, who: string, start: number, end: number): Promise<void> {
  await db.query(
    `insert into fact (source_person, id, version, type, receipt, span_start, span_end, recorded_at, value, grade, content_hash, origins, atoms, content)
     values ($1, $2, 1, 'Observation', $3, $4, $5, $6, $7, 'A', 'h', '[]', '[]', '{}')`,
    [source(who), uuidFromParts('fact', of, who), receipt(of), start, end, NOW, who === 'ben' ? 'Bennet' : 'PSA 9.4'],
  );
}

async function insertProposal(db: Db, name: string, of: string, title: string, state: string): Promise<void> {
  await db.query(`insert into run (id, pack, person, as_of, closure, created_at) values ($1, 'p', $2, $3, $4, $3)`, [
    name,
    of,
    NOW,
    JSON.stringify({ title }),
  ]);
  await db.query(
    `insert into proposal (id, run, pack, person, trigger_key, title, why, state, role, content, drafted, content_hash, offered_at)
     values ($1, $2, 'p', $3, $2, $4, $4, $5, 'clinician', $6, $6, 'h', $7)`,
    [uuidFromParts('proposal', name), name, of, title, state, JSON.stringify({ title }), NOW],
  );
}

/** True when the text stands anywhere in the database, packed bytes included. */
async function holds(db: Db, text: string): Promise<boolean> {
  const tables = await db.query<{ name: string }>(
    `select relname as name from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace`,
  );
  for (const { name } of tables) {
    for (const row of await db.query(`select * from ${name}`))
      if (Object.values(row).some((value) => textOf(value).includes(text))) return true;
  }
  return false;
}

function textOf(value: unknown): string {
  if (!(value instanceof Uint8Array)) return String(value);
  const bytes = Buffer.from(value);
  return bytes.length > 4 && bytes.readUInt32LE(0) === 0xfd2fb528 ? zstdDecompressSync(bytes).toString('latin1') : bytes.toString('latin1');
}

async function* encoded(pieces: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield Buffer.from(piece);
}

function person(name: string): string {
  return uuidFromParts('person', name);
}

function source(name: string): string {
  return uuidFromParts('source', name);
}

function receipt(name: string): string {
  return uuidFromParts('receipt', name);
}
