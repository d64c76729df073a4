import { retrieve } from '../ai/retrieve/retrieve.ts';
import { draftAndVerify } from '../ai/run.ts';
import { indexChart } from '../ai/verify/chart-index.ts';
import type { Claim } from '../core/claim.ts';
import { type DecisionReason, decisionReasons, type ReasonedDecision } from '../core/decision-reason.ts';
import { AppError } from '../core/errors.ts';
import type { Chart } from '../core/fact.ts';
import type { Pack } from '../core/pack.ts';
import { openStates, type Proposal, type ProposalContent, type Sentence } from '../core/proposal.ts';
import type { Db, Queryable } from '../platform/database.ts';
import type { Caller } from '../platform/identity.ts';
import { enqueueAgain } from '../platform/jobs.ts';
import { append } from '../platform/journal.ts';
import { nameHash } from '../platform/journal-verify-state.ts';
import { readChart } from '../record/chart.ts';
import { knownTerms } from '../record/concepts.ts';
import { currentPerson, lockSourcePersons, sourcePersonsOf } from '../record/people.ts';
import { unreadAbout } from '../record/unread.ts';
import { requireReviewer, systemPermit } from './access.ts';
import { type ActLog, act, releaseForDelivery } from './acts.ts';
import { endLease, keepLease, leaseOf } from './lease.ts';
import { judge } from './own-words.ts';
import { contentHash, OPEN, readProposal, setStale, tallyOf, withoutAsOf } from './proposals.ts';

/** Everything a review needs; `pseudonym` is what the journal calls a caller. */
export type ReviewDesk = {
  db: Db;
  packs: readonly Pack[];
  now(): string;
  pseudonym(callerId: string): string;
  /** Where an act is kept before the person is told, where the database alone is no promise. */
  acts?: ActLog | undefined;
  afterDecision?(proposal: string): Promise<void>;
  /** Drafts again about a person whose record moved on, so that the fresh draft can be offered with the refusal. */
  redraft?(person: string): Promise<unknown>;
  /** How long a signature waits for what arrived about the person before the click to be read; two seconds when absent. */
  readWithinMs?: number;
};
type Reviewed = Proposal & { triggerKey: string; role: string };

/** Opens a draft for a reviewer: the first look is journalled and changes `offered` to `opened`. */
export async function openProposal(desk: ReviewDesk, caller: Caller, id: string): Promise<Reviewed> {
  return desk.db.transaction(async (tx) => {
    const proposal = await find(tx, id, true);
    if (caller.role !== 'clinician' || proposal.openedAt !== null || !openStates.includes(proposal.state)) return proposal;
    const now = desk.now();
    const state = proposal.state === 'offered' ? 'opened' : proposal.state;
    await tx.query('update proposal set state = $2, opened_at = $3 where id = $1', [id, state, now]);
    await append(tx, [
      {
        kind: 'proposal.opened',
        actor: desk.pseudonym(caller.id),
        subject: id,
        at: now,
        person: proposal.person,
        body: { pack: proposal.pack, role: caller.role },
      },
    ]);
    return { ...proposal, state, openedAt: now };
  });
}

/** Notes that a caller looked at the source of a sentence, which accepting an unproven one asks for. */
export async function openSource(desk: ReviewDesk, caller: Caller, proposal: string, sentence: string): Promise<void> {
  requireReviewer(caller);
  await act(desk, 'source.opened', sentence, async (tx) => {
    const { person, pack, state } = await find(tx, proposal, true);
    const now = desk.now();
    await append(tx, [{ kind: 'source.opened', actor: desk.pseudonym(caller.id), subject: sentence, at: now, person, body: { proposal } }]);
    if (openStates.includes(state)) await keepLease(tx, { proposal, person, pack, caller, now, pseudonym: desk.pseudonym });
  });
}

/** Of these sentences, those whose source this caller opened. */
export async function openedSources(db: Queryable, actor: string, sentences: readonly string[]): Promise<Set<string>> {
  const rows = await db.query<{ subject: string }>(
    `select distinct subject from journal where kind = 'source.opened' and actor = $1 and subject = any($2::text[])`,
    [actor, sentences],
  );
  return new Set(rows.map((row) => row.subject));
}

/**
 * Signs what is selected, exactly as the caller saw it (`hash`), against the chart as it is in this transaction; releases it for write-back.
 * What arrived about the person and is not read yet is waited for a moment; while it is not read, nobody signs.
 */
export async function sign(desk: ReviewDesk, caller: Caller, id: string, hash: string): Promise<Reviewed> {
  requireReviewer(caller);
  await untilReadAbout(desk, (await find(desk.db, id, false)).person);
  const outcome = await act(desk, 'decision.signed', id, async (tx) => {
    const proposal = await findDecidable(tx, id);
    if (proposal.contentHash !== hash)
      throw new AppError('hash', 'this draft has changed since it was shown', { details: { contentHash: proposal.contentHash } });
    await lockSourcePersons(tx, await sourcePersonsOf(tx, proposal.person, desk.now()));
    await requireAllRead(tx, proposal.person);
    // Only now: what was recorded while this waited for its turn is known by then.
    const now = desk.now();
    const changes = await staleness(tx, desk, proposal, now);
    if (changes.length > 0) return { changes, proposal };
    await requireSignable(tx, desk, caller, proposal, now);
    await release(tx, desk, caller, proposal, now);
    return { changes, proposal };
  });
  if (outcome.changes.length > 0) throw await becomeStale(desk, outcome.proposal, outcome.changes);
  await desk.afterDecision?.(id);
  return { ...outcome.proposal, state: 'signed' };
}

/** Why, as a code for counting and in words; `other` needs words, and words alone are `other`. */
export type GivenReason = { code?: DecisionReason | undefined; reason?: string | undefined };

/** Declines a draft with a reason; nobody can sign it afterwards. */
export async function decline(desk: ReviewDesk, caller: Caller, id: string, given: GivenReason): Promise<void> {
  requireReviewer(caller);
  const reason = reasonOf('decline', given);
  await act(desk, 'decision.declined', id, async (tx) => {
    const proposal = await findDecidable(tx, id);
    await decide(tx, desk, caller, proposal, 'declined', reason, desk.now());
  });
}

/** Passes a draft on to others with a reason; it stays open. */
export async function escalate(desk: ReviewDesk, caller: Caller, id: string, given: GivenReason): Promise<void> {
  requireReviewer(caller);
  const reason = reasonOf('escalate', given);
  await act(desk, 'decision.escalated', id, async (tx) => {
    const proposal = await findDecidable(tx, id);
    if ((await leaseOf(tx, id, desk.now()))?.holder === caller.id) await endLease(tx, id);
    await tx.query(`update proposal set state = 'escalated' where id = $1`, [id]);
    await append(tx, [
      {
        kind: 'decision.escalated',
        actor: desk.pseudonym(caller.id),
        subject: id,
        at: desk.now(),
        person: proposal.person,
        body: { pack: proposal.pack, role: caller.role, ...reason },
      },
    ]);
  });
}

/** A draft that may still be decided about, locked until the transaction ends; refuses decided, stale and blocked ones. */
export async function findDecidable(tx: Queryable, id: string): Promise<Reviewed> {
  const proposal = await find(tx, id, true);
  if (proposal.state === 'signed' || proposal.state === 'declined') throw new AppError('decided', 'this draft was decided before');
  if (proposal.state === 'stale') {
    const details = { kind: 'changed', changes: await changesSince(tx, proposal), successor: await successorOf(tx, proposal) };
    throw new AppError('stale', 'the record has moved on since this draft was written', { details });
  }
  if (!openStates.includes(proposal.state)) throw new AppError('contradicted', `a ${proposal.state} draft cannot be decided about`);
  return proposal;
}

/** The live draft that took a stale one's place. */
export async function successorOf(db: Queryable, proposal: { pack: string; triggerKey: string; id: string }): Promise<string | null> {
  const [row] = await db.query<{ id: string }>(
    `select id from proposal where pack = $1 and trigger_key = $2 and id <> $3 and state in (${OPEN})
      order by offered_at desc limit 1`,
    [proposal.pack, proposal.triggerKey, proposal.id],
  );
  return row?.id ?? null;
}

async function find(db: Queryable, id: string, lock: boolean): Promise<Reviewed> {
  const proposal = await readProposal(db, id, lock);
  if (!proposal) throw new AppError('not_found', 'no draft has this id');
  return proposal;
}

const READ_WITHIN_MS = 2_000;
const LOOK_MS = 20;

/** A moment for the reader of receipts, outside any transaction, so that a click right after a result is no refusal. */
async function untilReadAbout({ db, readWithinMs = READ_WITHIN_MS }: ReviewDesk, person: string): Promise<void> {
  const begun = performance.now();
  while (performance.now() - begun < readWithinMs && (await unreadAbout(db, person))) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Looked at before the chart is: what a reader commits after this look was seen waiting, what it committed before is in the chart. */
async function requireAllRead(tx: Queryable, person: string): Promise<void> {
  const unread = await unreadAbout(tx, person);
  if (!unread) return;
  throw new AppError('stale', 'messages that may be about this person have arrived and are not read yet; sign again in a moment', {
    details: {
      kind: 'unread',
      unreadSince: unread.since,
      changes: [{ text: 'Messages that may be about this person have arrived and are not read yet.' }],
      successor: null,
    },
  });
}

/**
 * What changed in the record that this draft would now say differently: the pack's needs are read again and drafted again as of now, and
 * every sentence of the writer that is no longer said, or newly said, is a change. Also where no fact changed: time alone makes a result due.
 */
async function staleness(tx: Queryable, desk: ReviewDesk, proposal: Reviewed, now: string): Promise<Change[]> {
  if ((await currentPerson(tx, proposal.person)) !== proposal.person) return [MERGED];
  const pack = desk.packs.find((one) => one.id === proposal.pack);
  if (!pack) throw new AppError('not_permitted', 'the pack that wrote this draft is not installed');
  const chart = await chartFor(tx, pack, proposal.person, now);
  const before = await draftedSentences(tx, proposal.id);
  return differences(tx, proposal, before, draftAndVerify(pack, chart, undefined).sentences);
}

/** What a draft that went stale said and the one that took its place says otherwise, so that a late click is told as much as an early one. */
async function changesSince(tx: Queryable, proposal: Reviewed): Promise<Change[]> {
  if ((await currentPerson(tx, proposal.person)) !== proposal.person) return [MERGED];
  const [stands] = await tx.query<{ id: string }>(
    `select id from proposal where pack = $1 and trigger_key = $2 and id <> $3 and state not in ('stale', 'withdrawn') order by offered_at desc, id limit 1`,
    [proposal.pack, proposal.triggerKey, proposal.id],
  );
  const before = await draftedSentences(tx, proposal.id);
  const changes = await differences(tx, proposal, before, stands ? await draftedSentences(tx, stands.id) : before);
  return changes.length > 0 ? changes : [{ text: 'The record has moved on, and no other draft says how.' }];
}

type Change = { text: string };
type Said = Pick<Sentence, 'text' | 'claims' | 'verdict'>;
const MERGED: Change = { text: 'This record was merged into another person.' };

/** Sentences that are no longer said or newly said, and facts that were cited and no longer stand so. */
async function differences(tx: Queryable, proposal: Reviewed, before: readonly Said[], after: readonly Said[]): Promise<Change[]> {
  const [old, fresh] = [new Set(before.map(keyOf)), new Set(after.map(keyOf))];
  const changed = await changedCitations(tx, proposal.id);
  return [
    ...before.filter((sentence) => !fresh.has(keyOf(sentence))).map((sentence) => ({ text: `No longer: ${sentence.text}` })),
    ...after.filter((sentence) => !old.has(keyOf(sentence))).map((sentence) => ({ text: `New: ${withoutAsOf(sentence)}` })),
    ...changed.map(() => ({ text: 'A cited fact was corrected, retracted or moved to another person.' })),
  ];
}

async function changedCitations(tx: Queryable, proposal: string): Promise<{ fact: string }[]> {
  return tx.query<{ fact: string }>(
    `select c.fact from proposal_fact c where c.proposal = $1
        and not exists (select 1 from fact f join person_link l on l.source_person = f.source_person and l.superseded_at is null and l.valid_to is null
                         join proposal p on p.id = c.proposal and p.person = l.person
                        where f.id = c.fact and f.version = c.version and f.superseded_at is null and not f.retracted)`,
    [proposal],
  );
}

async function draftedSentences(tx: Queryable, proposal: string): Promise<Sentence[]> {
  const [row] = await tx.query<{ drafted: string }>('select drafted from proposal where id = $1', [proposal]);
  return (JSON.parse(row!.drafted) as ProposalContent).sentences;
}

/** What a sentence says and how it was judged, for comparing two drafts. */
function keyOf(sentence: { text: string; claims: readonly Claim[]; verdict: { outcome: string } }): string {
  return `${sentence.verdict.outcome}\u0000${withoutAsOf(sentence)}`;
}

async function chartFor(tx: Queryable, pack: Pack, person: string, now: string): Promise<Chart> {
  return retrieve(await readChart(tx, systemPermit('review', person, 'treatment', now), person, now), pack).chart;
}

/** The last line before a signature: whatever route a sentence took, a contradicted one of the writer's is never released. */
async function requireSignable(tx: Queryable, desk: ReviewDesk, caller: Caller, proposal: Reviewed, now: string): Promise<void> {
  const selected = proposal.content.sentences.filter((sentence) => sentence.selected);
  if (selected.length === 0) throw new AppError('nothing_selected', 'no sentence is selected');
  const opened = await openedSources(tx, desk.pseudonym(caller.id), selected.map((sentence) => sentence.id)); // biome-ignore format: short
  const chart = await readChart(tx, systemPermit('review', proposal.person, 'treatment', now), proposal.person, now);
  const index = indexChart(chart, { knownTerms: await knownTerms(tx) });
  for (const sentence of selected) {
    if (sentence.author.kind === 'human') {
      const contradicted = sentence.verdict.outcome === 'contradicted' || judge(sentence.text, index).verdict.outcome === 'contradicted';
      if (contradicted && !(sentence.acknowledged && sentence.acknowledgedBy === caller.id)) {
        throw new AppError('unacknowledged', 'the chart contradicts a sentence a human wrote; acknowledge it or change it', {
          details: { sentence: sentence.id, text: sentence.text },
        });
      }
      continue;
    }
    if (sentence.verdict.outcome === 'contradicted')
      throw new AppError('contradicted', 'a sentence the chart contradicts cannot be signed', { details: { sentence: sentence.id } });
    if (sentence.verdict.outcome === 'unproven' && !opened.has(sentence.id)) {
      throw new AppError('source_unopened', 'open the source of an unproven sentence before accepting it', {
        details: { sentence: sentence.id },
      });
    }
  }
}

async function release(tx: Queryable, desk: ReviewDesk, caller: Caller, proposal: Reviewed, now: string): Promise<void> {
  await decide(tx, desk, caller, proposal, 'signed', null, now);
  await releaseForDelivery(tx, proposal.id, now);
}

async function decide(
  tx: Queryable,
  desk: ReviewDesk,
  caller: Caller,
  proposal: Reviewed,
  kind: 'signed' | 'declined',
  reason: Reason | null,
  now: string,
): Promise<void> {
  const held = await leaseOf(tx, proposal.id, now);
  const sentences = proposal.content.sentences
    .filter((sentence) => sentence.selected)
    .map((sentence) => [sentence.id, sentence.author.kind, sentence.verdict.outcome]);
  const [journalId] = await append(tx, [
    {
      kind: kind === 'signed' ? 'decision.signed' : 'decision.declined',
      actor: desk.pseudonym(caller.id),
      subject: proposal.id,
      at: now,
      person: proposal.person,
      body: {
        pack: proposal.pack,
        role: caller.role,
        run: proposal.runId,
        contentHash: contentHash(proposal.content),
        name: nameHash(caller.id, caller.name),
        verdicts: tallyOf(proposal.content.sentences),
        sentences,
        ...reason,
        // A lease is no lock: somebody else may decide, and the log says that they did.
        ...(held && held.holder !== caller.id ? { whileWith: desk.pseudonym(held.holder) } : {}),
      },
    },
  ]);
  await tx.query(
    `insert into decision (proposal, kind, actor, actor_name, reason_code, reason, content_hash, decided_at, journal_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [proposal.id, kind, caller.id, caller.name, reason?.code ?? null, reason?.reason ?? null, proposal.contentHash, now, journalId],
  );
  await endLease(tx, proposal.id);
  await tx.query('update proposal set state = $2 where id = $1', [proposal.id, kind]);
}

async function becomeStale(desk: ReviewDesk, proposal: Reviewed, changes: readonly Change[]): Promise<AppError> {
  await desk.db.transaction(async (tx) => {
    await setStale(tx, proposal.id, proposal.person, desk.now(), 'the record changed before the signature');
    await enqueueAgain(tx, [{ key: `facts:${proposal.person}`, kind: 'facts', payload: { person: proposal.person } }]);
  });
  await desk.redraft?.(proposal.person);
  const details = { kind: 'changed', changes, successor: await successorOf(desk.db, proposal) };
  return new AppError('stale', 'the record has moved on since this draft was written', { details });
}

type Reason = { code: DecisionReason; reason: string | null };

function reasonOf(decision: ReasonedDecision, { code = 'other', reason }: GivenReason): Reason {
  const words = reason?.trim() || null;
  if (!(decisionReasons[code].for as readonly ReasonedDecision[]).includes(decision)) {
    throw new AppError('request_invalid', `"${decisionReasons[code].word}" is no reason to ${decision} a draft`);
  }
  if (code === 'other' && words === null) {
    throw new AppError('request_invalid', `say why this draft is ${decision === 'decline' ? 'declined' : 'passed on'}`);
  }
  return { code, reason: words };
}
