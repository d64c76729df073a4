import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { canonicalJson } from '../core/canonical-json.ts';
import type { Db } from './database.ts';
import { sha256Hex } from './digest.ts';
import { statementHash } from './fact-statement.ts';
import { appendAll, rowOf, type TestDatabase, tamper, testDatabases } from './journal-fixture.ts';
import { Findings } from './journal-report.ts';
import { nameHash, verifyState } from './journal-verify-state.ts';

const NOW = '2026-11-22T09:00:00.000Z';
const PERSON = '7d9f2c55-1e5a-5a4e-8f2e-0c7a2b6f1c11';
const DRAFT = '00000000-0000-5000-8000-000000000001';
const [PLAIN, PACKED] = ['00000000-0000-5000-8000-0000000000a1', '00000000-0000-5000-8000-0000000000a2'] as const;
const FACT = '00000000-0000-5000-8000-0000000000f1';
const OLD_FACT = '00000000-0000-5000-8000-0000000000f2';
const [ORIGINS, ATOMS] = ['[{"mapping":"hl7v2@1"}]', '[["value","5.6","OBX[1]-5"]]'] as const;
const OBSERVATION = {
  ...{
    source_person: PERSON,
    type: 'Observation',
    receipt: PLAIN,
    span_start: 0,
    span_end: 1,
    valid_from: NOW,
    valid_to: null,
    code: null,
  },
  ...{
    value: '5.6',
    unit: null,
    status: null,
    grade: 'A',
    flags: [],
    retracted: false,
    rank: 0,
    result_at: null,
    origins: ORIGINS,
    atoms: ATOMS,
  },
};
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
      const tables =
        'journal, journal_payload, journal_pending, receipt, receipt_bytes, source_person, fact, run, proposal, decision, delivery';
      await tamper(db, `truncate ${tables} cascade`);
      await record();
    });

    it('R101: is what the journal committed to', async () => {
      expect(await check()).toEqual({
        problems: [],
        state: { decisions: 1, deliveries: 2, receipts: 2, facts: 3, contentOnly: 1, erased: 0 },
      });
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
      ${'a version taken away'}               | ${'fact'}     | ${'delete from fact where version = 1'}
      ${'a version that says: no longer'}     | ${'fact'}     | ${'delete from fact where version = 2'}
      ${'an atom'}                            | ${'fact'}     | ${`update fact set atoms = replace(atoms::text, '5.6', '3.6')::json where version = 1`}
      ${'a value'}                            | ${'fact'}     | ${`update fact set value = '3.6' where version = 1`}
      ${'whose fact it is'}                   | ${'fact'}     | ${`update fact set source_person = '${DRAFT}' where version = 1`}
      ${'a grade'}                            | ${'fact'}     | ${`update fact set grade = 'D' where version = 1`}
      ${'when a result was'}                  | ${'fact'}     | ${`update fact set valid_from = valid_from + interval '1 day' where version = 1`}
      ${'where it stands in the bytes'}       | ${'fact'}     | ${`update fact set origins = '[]' where version = 1`}
      ${'when it was recorded'}               | ${'fact'}     | ${`update fact set recorded_at = recorded_at - interval '1 day' where version = 1`}
      ${'a second row of a version'}          | ${'fact'}     | ${`create temp table twin as select * from fact where version = 1; update twin set source_person = '${DRAFT}', superseded_at = now(); insert into fact select * from twin; drop table twin`}
      ${'a decision taken away'}              | ${'decision'} | ${'delete from decision'}
      ${'a receipt taken away'}               | ${'receipt'}  | ${`delete from receipt where id = '${PLAIN}'`}
      ${'where a note stands'}                | ${'delivery'} | ${`update delivery set reference = 'DocumentReference/2' where surface = 'DocumentReference'`}
      ${'when it was confirmed'}              | ${'delivery'} | ${`update delivery set confirmed_at = now() where surface = 'DocumentReference'`}
      ${'a confirmed note that waits again'}  | ${'delivery'} | ${`update delivery set state = 'waiting' where surface = 'DocumentReference'`}
      ${'a delivery taken away'}              | ${'delivery'} | ${`delete from delivery where surface = 'DocumentReference'`}
      ${'a delivery nobody confirmed'}        | ${'delivery'} | ${`update delivery set state = 'delivered', reference = 'x' where surface = 'Provenance'`}
    `('R101: finds $what changed', async ({ code, sql }) => {
      await tamper(db, sql);

      expect([...new Set((await check()).problems)]).toEqual([code]);
    });

    it('R101: passes over and counts what an erasure lists, and believes no list that was put in beside the log', async () => {
      const erased = { destroyed: [PACKED], blanked: [PLAIN] };
      await tamper(db, `delete from receipt_bytes; delete from fact; delete from journal_payload where person = '${PERSON}'`);
      expect((await check()).problems).toEqual(['receipt', 'receipt', 'fact']);

      await appendAll(db, [rowOf({ kind: 'erasure.done', subject: 'e1', body: erased })]);
      expect(await check()).toEqual({
        problems: [],
        state: { decisions: 0, deliveries: 0, receipts: 0, facts: 0, contentOnly: 0, erased: 6 },
      });

      await tamper(db, `delete from receipt where id = '${PLAIN}'`);
      expect((await check()).problems).toEqual(['receipt']);

      await tamper(db, `update journal_payload set salt = '\\x00' where body like '%destroyed%'`);
      expect((await check()).problems).toEqual(['receipt', 'receipt', 'fact']);
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
      for (const [version, supersededAt] of [
        [1, NOW],
        [2, NOW],
      ] as const)
        await db.query(
          `insert into fact (source_person, id, version, type, receipt, span_start, span_end, recorded_at, superseded_at, valid_from, value, grade, content_hash, origins, atoms, content)
           values ($1, $2, $3, 'Observation', $4, 0, 1, $5, $6, $5, '5.6', 'A', $7, $8, $9, $10)`,
          [PERSON, FACT, version, PLAIN, NOW, supersededAt, sha256Hex(SAID), ORIGINS, ATOMS, SAID],
        );
      await db.query(
        `insert into fact (source_person, id, version, type, receipt, span_start, span_end, recorded_at, grade, content_hash, origins, atoms, content)
         values ($1, $2, 1, 'Observation', $3, 0, 1, $4, 'A', $5, '[]', '[]', $6)`,
        [PERSON, OLD_FACT, PACKED, NOW, sha256Hex(SAID), SAID],
      );
      const contentHash = sha256Hex(canonicalJson(JSON.parse(CONTENT)));
      const decided = { run: 'run-1', pack: 'documentation', contentHash, name: nameHash('riv', 'Dr. Rivera') };
      const stored = { kind: 'receipt.stored' as const, body: { sha256 } };
      const said = statementHash(OBSERVATION);
      const entries = await appendAll(db, [
        rowOf({ ...stored, subject: PLAIN }),
        rowOf({ ...stored, subject: PACKED }),
        rowOf({ kind: 'facts.recorded', subject: PLAIN, person: PERSON, at: NOW, body: { facts: [[FACT, 1, sha256Hex(SAID), said]] } }),
        rowOf({ kind: 'facts.superseded', subject: PLAIN, person: PERSON, at: NOW, body: { facts: [[FACT, 2, sha256Hex(SAID), said]] } }),
        // As an earlier release wrote it.
        rowOf({ kind: 'facts.recorded', subject: PACKED, at: NOW, body: { facts: [[OLD_FACT, 1, sha256Hex(SAID)]] } }),
        rowOf({ kind: 'decision.signed', actor: 'p-riv', subject: DRAFT, person: PERSON, at: NOW, body: decided }),
        rowOf({
          kind: 'delivery.kept',
          subject: DRAFT,
          person: PERSON,
          at: NOW,
          body: { surface: 'DocumentReference', reference: null, reason: 'x' },
        }),
        rowOf({
          kind: 'delivery.reopened',
          subject: DRAFT,
          person: PERSON,
          at: NOW,
          body: { surfaces: ['DocumentReference', 'Provenance'], was: 'x' },
        }),
        rowOf({
          kind: 'delivery.confirmed',
          subject: DRAFT,
          person: PERSON,
          at: NOW,
          body: { surface: 'DocumentReference', reference: 'DocumentReference/1', reason: null },
        }),
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
        [DRAFT, contentHash, NOW, entries[5]],
      );
      await db.query(
        `insert into delivery (proposal, surface, identifier, state, reference, created_at, confirmed_at)
         values ($1, 'DocumentReference', 'n', 'delivered', 'DocumentReference/1', $2, $2), ($1, 'Provenance', 'n', 'waiting', null, $2, null)`,
        [DRAFT, NOW],
      );
    }
  });
});
