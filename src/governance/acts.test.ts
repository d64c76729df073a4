import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Db } from '../platform/database.ts';
import { uuidFromParts } from '../platform/digest.ts';
import { append } from '../platform/journal.ts';
import { tamper } from '../platform/journal-fixture.ts';
import { openScratchPglite } from '../platform/scratch-database.ts';
import { type Act, act, restoreActs } from './acts.ts';

const PERSON = uuidFromParts('person');
const DRAFT = uuidFromParts('proposal', 'of noon');
const RIVAL = uuidFromParts('proposal', 'another');
const NOON = '2026-11-22T12:00:00.000Z';

let db: Db;
beforeAll(async () => {
  db = await openScratchPglite();
});
afterAll(() => db.close());
beforeEach(() =>
  tamper(db, 'truncate journal, journal_payload, journal_pending, proposal, run, decision, sentence, proposal_fact, delivery, job cascade'),
);

it('R22: an edit comes back with its draft to a database that has neither, once, and says which entry it stands for', async () => {
  const [edited] = await actsOf('proposal.edited');

  expect([await restoreActs(db, [edited!]), await restoreActs(db, [edited!])]).toEqual([1, 0]);
  expect(await states()).toEqual([{ id: DRAFT, state: 'edited', content_hash: 'after' }]);
  expect(
    await db.query(`select j.at, p.body::json ->> 'restored' as restored from journal j join journal_payload p on p.journal_id = j.id`),
  ).toEqual([{ at: NOON, restored: edited!.id }]);
});

it('a database that knows the act is left as it is', async () => {
  const [edited] = await actsOf('proposal.edited', { keep: true });

  expect(await restoreActs(db, [edited!])).toBe(0);
});

it('R22: an older live draft of the same trigger makes room, a fresher one stays and what came back is stale', async () => {
  const [edited] = await actsOf('proposal.edited');
  await insertProposal(RIVAL, 'offered', '2026-11-22T11:00:00Z');
  await restoreActs(db, [edited!]);
  const older = await states();
  await tamper(db, 'truncate journal, journal_payload, journal_pending, proposal, run, sentence cascade');
  await insertProposal(RIVAL, 'offered', '2026-11-22T13:00:00Z');
  await restoreActs(db, [edited!]);

  expect(older).toMatchObject([{ state: 'stale' }, { id: DRAFT, state: 'edited' }]);
  expect(await states()).toMatchObject([
    { id: DRAFT, state: 'stale', content_hash: 'after' },
    { id: RIVAL, state: 'offered' },
  ]);
});

it('R22: a refusal closes the draft it was about; an earlier act that comes after it changes no decision and is in the journal all the same', async () => {
  const [edited, declined] = await actsOf('proposal.edited', 'decision.declined');

  await restoreActs(db, [declined!]);
  await restoreActs(db, [edited!]);

  expect(await states()).toMatchObject([{ id: DRAFT, state: 'declined' }]);
  expect(await db.query('select kind, reason from decision')).toEqual([{ kind: 'declined', reason: 'no' }]);
  expect(await db.query('select kind from journal order by id')).toEqual([{ kind: 'decision.declined' }, { kind: 'proposal.edited' }]);
});

it('R22: nobody is told before their act was kept, nor where it could not be', async () => {
  const kept: string[] = [];
  await insertProposal(DRAFT, 'opened', NOON);
  const signed = await act({ db, acts: { keep: async ({ kind }) => void kept.push(kind) } }, 'decision.signed', DRAFT, (tx) =>
    decide(tx, 'signed'),
  ).then(() => [...kept]);

  expect(signed).toEqual(['decision.signed']);
  await expect(
    act({ db, acts: { keep: () => Promise.reject(new Error('disk full')) } }, 'proposal.edited', DRAFT, (tx) => decideNothing(tx)),
  ).rejects.toThrow('disk full');
});

it('a transaction that did nothing keeps nothing', async () => {
  await insertProposal(DRAFT, 'opened', NOON);
  const kept: Act[] = [];

  await act({ db, acts: { keep: async (one) => void kept.push(one) } }, 'decision.signed', DRAFT, async () => 'stale');

  expect(kept).toEqual([]);
});

type Kind = 'proposal.edited' | 'decision.declined';

/** These acts, one after the other, as they were kept; what the database holds of them is gone again unless it is to stay. */
async function actsOf(...given: (Kind | { keep: true })[]): Promise<Act[]> {
  const kept: Act[] = [];
  const desk = { db, acts: { keep: async (one: Act) => void kept.push(one) } };
  await insertProposal(DRAFT, 'opened', NOON);
  for (const kind of given.filter((one) => typeof one === 'string')) {
    await act(desk, kind, DRAFT, (tx) => (kind === 'decision.declined' ? decide(tx, 'declined') : decideNothing(tx)));
  }
  if (given.every((one) => typeof one === 'string'))
    await tamper(db, 'truncate journal, journal_payload, journal_pending, proposal, run, decision, sentence cascade');
  return kept;
}

type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];

async function decideNothing(tx: Tx): Promise<void> {
  await tx.query(`update proposal set state = 'edited', content_hash = 'after' where id = $1`, [DRAFT]);
  await append(tx, [{ kind: 'proposal.edited', actor: 'dr-1', subject: DRAFT, at: NOON, person: PERSON, body: { after: 'after' } }]);
}

async function decide(tx: Tx, kind: 'signed' | 'declined'): Promise<void> {
  await tx.query('update proposal set state = $2 where id = $1', [DRAFT, kind]);
  const entry = { kind: `decision.${kind}` as const, actor: 'dr-1', subject: DRAFT, at: NOON, person: PERSON, body: {} };
  const [journalId] = await append(tx, [entry]);
  await tx.query(
    `insert into decision (proposal, kind, actor, actor_name, reason, content_hash, decided_at, journal_id) values ($1, $2, 'd', 'Dr. D', 'no', 'h', $3, $4)`,
    [DRAFT, kind, NOON, journalId],
  );
}

async function insertProposal(id: string, state: string, offeredAt: string): Promise<void> {
  await db.query(`insert into run (id, pack, person, as_of, closure, created_at) values ($1, 'p', $2, $3, '{}', $3)`, [id, PERSON, NOON]);
  await db.query(
    `insert into proposal (id, run, pack, person, trigger_key, title, why, state, role, content, drafted, content_hash, offered_at)
     values ($1::uuid, $1::text, 'p', $2, 'visit', 't', 'w', $3, 'clinician', $4, $4, 'before', $5)`,
    [id, PERSON, state, '{"title":"t","asOf":"","sections":[],"sentences":[],"omitted":[]}', offeredAt],
  );
}

async function states(): Promise<unknown[]> {
  return db.query('select id, state, content_hash from proposal order by state = $1 desc, state', ['stale']);
}
