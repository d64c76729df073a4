import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { canonicalJson } from '../core/canonical-json.ts';
import type { Db } from './database.ts';
import { sha256Hex } from './digest.ts';
import { appendAll, rowOf, type TestDatabase, tamper, testDatabases } from './journal-fixture.ts';
import { Findings } from './journal-report.ts';
import { nameHash, verifyState } from './journal-verify-state.ts';

const NOW = '2026-11-22T09:00:00.000Z';
const PERSON = '7d9f2c55-1e5a-5a4e-8f2e-0c7a2b6f1c11';
const DRAFT = '00000000-0000-5000-8000-000000000001';
const [PLAIN, PACKED] = ['00000000-0000-5000-8000-0000000000a1', '00000000-0000-5000-8000-0000000000a2'];
const FACT = '00000000-0000-5000-8000-0000000000f1';
const CONTENT = '{"title":"Note","sentences":[{"text":"Potassium 5.6."}]}';
const SAID = '{"resourceType":"Observation","value":5.6}';

describe.each(testDatabases)('what the tables say now, on $name', ({ available, open }) => {
  describe.skipIf(!available)('', () => {
    let test: TestDatabase;
    let db: Db;

    beforeAll(async () => {
      test = await open();
      db = test.db;
    });
    afterAll(() => test.drop());
    beforeEach(async () => {
      const tables = 'journal, journal_payload, journal_pending, receipt, receipt_bytes, source_person, fact, run, proposal, decision';
      await tamper(db, `truncate ${tables} cascade`);
      await record();
    });

    it('R101: is what the journal committed to', async () => {
      expect(await check()).toEqual({ problems: [], state: { decisions: 1, receipts: 2, facts: 1, erased: 0 } });
    });

    it.each`
      what                                    | code          | sql
      ${'words that were signed'}             | ${'decision'} | ${`update proposal set content = replace(content::text, '5.6', '3.6')::json`}
      ${'words and the hashes beside them'}   | ${'decision'} | ${`update proposal set content = '{}', content_hash = 'x'; update decision set content_hash = 'x'`}
      ${'a signer'}                           | ${'decision'} | ${`update decision set actor = 'other'`}
      ${"a signer's name"}                    | ${'decision'} | ${`update decision set actor_name = 'Dr. Other'`}
      ${'a refusal made of a signature'}      | ${'decision'} | ${`update decision set kind = 'declined'`}
      ${'an entry that is not there'}         | ${'decision'} | ${`update decision set journal_id = 999999`}
      ${'bytes that came'}                    | ${'receipt'}  | ${`update receipt_bytes set bytes = '\\x41' where encoding = 'identity'`}
      ${'packed bytes that came'}             | ${'receipt'}  | ${`update receipt_bytes set bytes = '\\x41' where encoding = 'zstd'`}
      ${'bytes taken away'}                   | ${'receipt'}  | ${`delete from receipt_bytes where encoding = 'zstd'`}
      ${'bytes, called erased by the tables'} | ${'receipt'}  | ${`update receipt_bytes set bytes = '\\x41' where encoding = 'zstd'; update receipt set flags = '{erased}'`}
      ${'the hash of bytes that came'}        | ${'receipt'}  | ${`update receipt set sha256 = '\\x00' where id = '${PLAIN}'`}
      ${'a fact'}                             | ${'fact'}     | ${`update fact set content = '{"resourceType":"Observation","value":3.6}'`}
      ${'the hash of a fact'}                 | ${'fact'}     | ${`update fact set content_hash = repeat('0', 64)`}
      ${'a fact taken away'}                  | ${'fact'}     | ${'delete from fact'}
    `('R101: finds $what changed', async ({ code, sql }) => {
      await tamper(db, sql);

      expect((await check()).problems).toEqual([code]);
    });

    it('R101: passes over and counts what an erasure lists, and believes no list that was put in beside the log', async () => {
      const erased = { destroyed: [PACKED], blanked: [PLAIN] };
      await tamper(db, `delete from receipt_bytes; delete from fact; delete from journal_payload where person = '${PERSON}'`);
      expect((await check()).problems).toEqual(['receipt', 'receipt']);

      await appendAll(db, [rowOf({ kind: 'erasure.done', subject: 'e1', body: erased })]);
      expect(await check()).toEqual({ problems: [], state: { decisions: 0, receipts: 0, facts: 0, erased: 3 } });

      await tamper(db, `update journal_payload set salt = '\\x00' where body like '%destroyed%'`);
      expect((await check()).problems).toEqual(['receipt', 'receipt']);
    });

    async function check() {
      const findings = new Findings();
      const state = await verifyState(db, (id) => `p-${id}`, findings);
      return { problems: findings.problems.map(({ code }) => code), state };
    }

    /** Two receipts, a fact of one of them and a signed draft, each with its entry. */
    async function record(): Promise<void> {
      const bytes = Buffer.from('MSH|^~\\&|LAB');
      const sha256 = sha256Hex(bytes);
      for (const [id, source, encoding, kept] of [
        [PLAIN, 'a', 'identity', bytes],
        [PACKED, 'b', 'zstd', zstdCompressSync(bytes)],
      ] as const) {
        await db.query(
          `insert into receipt (id, source, door, content_type, sha256, size, received_at, state) values ($1, $2, 'mllp', 'x', $3, 12, $4, 'normalised')`,
          [id, source, Buffer.from(sha256, 'hex'), NOW],
        );
        await db.query('insert into receipt_bytes (receipt, received_at, encoding, bytes) values ($1, $2, $3, $4)', [
          id,
          NOW,
          encoding,
          kept,
        ]);
      }
      await db.query(`insert into source_person (id, source, authority, value, created_at) values ($1, 'a', 'x', '1', $2)`, [PERSON, NOW]);
      await db.query(
        `insert into fact (source_person, id, version, type, receipt, span_start, span_end, recorded_at, grade, content_hash, origins, atoms, content)
         values ($1, $2, 1, 'Observation', $3, 0, 1, $4, 'A', $5, '[]', '[]', $6)`,
        [PERSON, FACT, PLAIN, NOW, sha256Hex(SAID), SAID],
      );
      const contentHash = sha256Hex(canonicalJson(JSON.parse(CONTENT)));
      const said = { run: 'run-1', pack: 'documentation', contentHash, name: nameHash('riv', 'Dr. Rivera') };
      const stored = { kind: 'receipt.stored' as const, body: { sha256 } };
      const [, , , journalId] = await appendAll(db, [
        rowOf({ ...stored, subject: PLAIN }),
        rowOf({ ...stored, subject: PACKED }),
        rowOf({ kind: 'facts.recorded', subject: PLAIN, person: PERSON, body: { facts: [[FACT, 1, sha256Hex(SAID)]] } }),
        rowOf({ kind: 'decision.signed', actor: 'p-riv', subject: DRAFT, person: PERSON, at: NOW, body: said }),
      ]);
      await db.query(`insert into run (id, pack, person, as_of, closure, created_at) values ('run-1', 'documentation', $1, $2, '{}', $2)`, [
        PERSON,
        NOW,
      ]);
      await db.query(
        `insert into proposal (id, run, pack, person, trigger_key, title, why, state, role, content, drafted, content_hash, offered_at)
         values ($1, 'run-1', 'documentation', $2, 'k', 'Note', 'asked', 'signed', 'clinician', $3, $3, $4, $5)`,
        [DRAFT, PERSON, CONTENT, contentHash, NOW],
      );
      await db.query(
        `insert into decision (proposal, kind, actor, actor_name, content_hash, decided_at, journal_id) values ($1, 'signed', 'riv', 'Dr. Rivera', $2, $3, $4)`,
        [DRAFT, contentHash, NOW, journalId],
      );
    }
  });
});
