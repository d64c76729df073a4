import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { Queryable } from '../../platform/database.ts';
import { uuidFromParts } from '../../platform/digest.ts';
import { appendAll, rowOf, type TestDatabase, testDatabases } from '../../platform/journal-fixture.ts';
import { auditOf, findAudited } from './audit.ts';

const AT = '2026-11-22T08:00:00.000Z';
/** Months before, so that no month of the journal is spared by the time alone. */
const RUN_AT = '2026-02-01T08:00:00.000Z';
const PERSON = uuidFromParts('person');
const DRAFT = uuidFromParts('draft');
const SENTENCES = [0, 1].map((n) => uuidFromParts('sentence', String(n)));
const CARD = uuidFromParts('card');
const RECEIPT = uuidFromParts('receipt');
const RUN = 'a'.repeat(64);

describe.each(testDatabases.filter(({ available }) => available))('an audit on $name', ({ open }) => {
  let test: TestDatabase;
  let decided: bigint;

  beforeAll(async () => {
    test = await open();
    const { db } = test;
    await draft(db);
    const subject = (kind: 'proposal.offered' | 'source.opened' | 'cds.shown' | 'run.finished', id: string) =>
      rowOf({ kind, subject: id, person: PERSON, actor: 'p-ines', at: AT, body: {} });
    const read = {
      kind: 'access.read',
      actor: 'p-karin',
      subject: DRAFT,
      person: PERSON,
      body: { purpose: 'governance', door: 'GET /x' },
    } as const;
    const ids = await appendAll(db, [
      subject('run.finished', RUN),
      subject('proposal.offered', DRAFT),
      subject('source.opened', SENTENCES[1]!),
      subject('cds.shown', CARD),
      { ...read, at: '2026-11-22T08:01:00.000Z' },
      { ...read, at: '2026-11-22T08:07:00.000Z' },
      rowOf({ kind: 'decision.signed', subject: DRAFT, person: PERSON, actor: 'p-ines', at: '2026-11-22T08:08:00.000Z', body: {} }),
    ]);
    decided = ids.at(-1)!;
    await db.query(
      `insert into decision (proposal, kind, actor, actor_name, content_hash, decided_at, journal_id) values ($1, 'signed', 'ines', 'Ines', 'h', $2, $3)`,
      [DRAFT, AT, decided],
    );
    await db.query(
      `insert into delivery (proposal, surface, identifier, state, reference, created_at) values ($1::uuid, 'DocumentReference', $1::text, 'delivered', 'DocumentReference/12', $2)`,
      [DRAFT, AT],
    );
    await fill(db, 30_000);
  });
  afterAll(() => test.drop());

  it.each<[string, () => string]>([
    ['proposal', () => DRAFT],
    ['run', () => RUN],
    ['sentence', () => SENTENCES[0]!],
    ['card', () => CARD],
    ['decision', () => String(decided)],
    ['delivery', () => 'DocumentReference/12'],
    ['receipt', () => RECEIPT],
  ])('R11: finds an output by the id of its %s without reading through the journal', async (kind, id) => {
    const asked: [string, readonly unknown[]][] = [];
    const bundle = await audit(watched(test.db, asked), id());

    expect(bundle?.kind).toBe(kind);
    expect(asked.length).toBeGreaterThan(2);
    for (const [sql, params] of asked) expect(await scanned(test.db, sql, params)).toEqual([]);
  });

  it('R11: tells looks from acts, and what was done through a sentence or a card from what was done elsewhere', async () => {
    const bundle = await audit(test.db, DRAFT);

    expect(bundle?.entries.map((entry) => [entry.kind, entry.subject])).toEqual([
      ['run.finished', RUN],
      ['proposal.offered', DRAFT],
      ['source.opened', SENTENCES[1]],
      ['cds.shown', CARD],
      ['decision.signed', DRAFT],
    ]);
    expect(bundle?.reads).toEqual([
      {
        by: 'Karin',
        purpose: 'governance',
        door: 'GET /x',
        subject: DRAFT,
        first: '2026-11-22T08:01:00.000Z',
        last: '2026-11-22T08:07:00.000Z',
        times: 2,
      },
    ]);
  });

  it('knows nothing of an id that is no output', async () => {
    for (const id of [uuidFromParts('nothing'), 'b'.repeat(64), '999999999', 'DocumentReference/13']) {
      expect(await findAudited(test.db, id)).toBeUndefined();
    }
  });
});

async function audit(db: Queryable, id: string) {
  const audited = await findAudited(db, id);
  return audited && (await auditOf(db, id, audited, (actor) => (actor === 'p-karin' ? 'Karin' : actor)))?.bundle;
}

/** Tables with many rows that a plan reads from end to end. */
async function scanned(db: Queryable, sql: string, params: readonly unknown[]): Promise<string[]> {
  const rows = await db.query<Record<string, string>>(`explain ${sql}`, params);
  const plan = rows.map((row) => Object.values(row)[0]).join('\n');
  return [...plan.matchAll(/Seq Scan on (\w+)/g)].map((match) => match[1]!).filter((table) => LARGE.test(table));
}

const LARGE = /^(journal|journal_payload)_2026_(0[2-9]|1[01])$|^(leaf|receipt|run|proposal|sentence|cds_card|decision|delivery)$/;

function watched(db: Queryable, asked: [string, readonly unknown[]][]): Queryable {
  return {
    ...db,
    query: (sql, params = []) => {
      asked.push([sql, params]);
      return db.query(sql, params);
    },
  };
}

async function draft(db: Queryable): Promise<void> {
  const sentences = SENTENCES.map((id) => ({
    id,
    text: 'Potassium was 5.6.',
    section: 'Results',
    selected: true,
    author: { kind: 'writer', id: 'built-in@1' },
    claims: [],
    verdict: { outcome: 'proven', reasons: [] },
    evidence: [],
  }));
  const content = canonicalJson({ title: 'Summary', asOf: AT, sections: [], sentences, omitted: [] });
  await db.query(`insert into run (id, pack, person, as_of, closure, created_at) values ($1, 'documentation', $2, $3, '{}', $4)`, [
    RUN,
    PERSON,
    AT,
    RUN_AT,
  ]);
  await db.query(
    `insert into proposal (id, run, pack, person, trigger_key, title, why, state, role, content, drafted, content_hash, offered_at)
     values ($1, $2, 'documentation', $3, 'Appointment/1', 'Summary', 'Visit', 'signed', 'clinician', $4::json, $4::json, 'h', $5)`,
    [DRAFT, RUN, PERSON, content, AT],
  );
  await db.query('insert into sentence (id, proposal) select id, $2::uuid from unnest($1::uuid[]) as id', [SENTENCES, DRAFT]);
  await db.query('insert into cds_card (id, proposal) values ($1, $2)', [CARD, DRAFT]);
  await db.query(
    `insert into receipt (id, source, door, content_type, sha256, size, received_at, state)
     values ($1, 'north-lab', 'mllp', 'x-application/hl7-v2+er7', $2, 1, $3, 'normalised')`,
    [RECEIPT, Buffer.alloc(32), AT],
  );
}

/** Others' rows over the months, as many as make reading them all dearer than looking one up. */
async function fill(db: TestDatabase['db'], rows: number): Promise<void> {
  for (let month = 2; month <= 10; month++)
    await db.query('select ensure_month_partitions($1)', [`2026-${String(month).padStart(2, '0')}-15T00:00:00Z`]);
  const at = `'${AT}'::timestamptz - make_interval(days => n % 290)`;
  await db.exec(`
    insert into journal (id, at, kind, actor, subject, commitment) overriding system value
      select 1000 + n, ${at}, 'access.read', 'p-other', md5('s' || n), '\\x00' from generate_series(1, ${rows}) n;
    insert into journal_payload (journal_id, at, person, salt, body)
      select 1000 + n, ${at}, null, '\\x00', '{}' from generate_series(1, ${rows}) n;
    insert into leaf (index, journal_id, header, hash) select n, 1000 + n, '', '\\x00' from generate_series(1, ${rows}) n;
    insert into receipt (id, source, door, content_type, sha256, size, received_at, state)
      select md5('r' || n)::uuid, 'x', 'mllp', 'x-application/hl7-v2+er7', decode(md5('r' || n), 'hex'), 1, '${AT}', 'normalised' from generate_series(1, 5000) n;
    insert into run (id, pack, person, as_of, closure, created_at)
      select md5('run' || n), 'documentation', '${PERSON}', '${AT}', '{}', '${AT}' from generate_series(1, 5000) n;
    insert into proposal (id, run, pack, person, trigger_key, title, why, state, role, content, drafted, content_hash, offered_at)
      select md5('p' || n)::uuid, md5('run' || n), 'documentation', '${PERSON}', 'x' || n, '', '', 'stale', 'clinician', '{}', '{}', '', '${AT}'
        from generate_series(1, 5000) n;
    insert into sentence (id, proposal) select md5('se' || n)::uuid, md5('p' || n)::uuid from generate_series(1, 5000) n;
    insert into cds_card (id, proposal) select md5('c' || n)::uuid, md5('p' || n)::uuid from generate_series(1, 5000) n;
    insert into decision (proposal, kind, actor, actor_name, content_hash, decided_at, journal_id)
      select md5('p' || n)::uuid, 'signed', 'x', 'X', '', '${AT}', 1000 + n from generate_series(1, 5000) n;
    insert into delivery (proposal, surface, identifier, state, reference, created_at)
      select md5('p' || n)::uuid, 'DocumentReference', 'x', 'delivered', 'DocumentReference/x' || n, '${AT}' from generate_series(1, 5000) n;
    analyze`);
}
