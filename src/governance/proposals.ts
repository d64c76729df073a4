import { builtInWriter, type Run } from '../ai/run.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import type { Claim } from '../core/claim.ts';
import { AppError } from '../core/errors.ts';
import type { Fact } from '../core/fact.ts';
import type { Pack, TriggerReason } from '../core/pack.ts';
import { isBlocked } from '../core/policy.ts';
import { liveStates, openStates, type Proposal, type ProposalContent, type ProposalState, type Sentence } from '../core/proposal.ts';
import type { Queryable } from '../platform/database.ts';
import { sha256Hex, uuidFromParts } from '../platform/digest.ts';
import { append } from '../platform/journal.ts';
import { moveLease } from './lease.ts';

const ACTOR = 'system:flow';

/** `liveStates` and `openStates` as SQL text: a list in a parameter would hide from the planner that the index of live drafts serves. */
export const LIVE = sqlList(liveStates);
export const OPEN = sqlList(openStates);

/** What one trigger asks for and what the run made of it. */
export type Offer = { pack: Pack; person: string; trigger: TriggerReason; run: Run };
export type Offered = { id: string; effect: 'offered' | 'blocked' | 'unchanged'; replaced: string | null };

/**
 * Puts a draft into the queue. The live draft of the same trigger stays where it says the same; otherwise it becomes stale and this one takes
 * its place. What was signed or declined is not put before anybody again until it would say something else. A draft of which nothing is proven is blocked: kept, shown, and signed by nobody.
 */
export async function offer(tx: Queryable, { pack, person, trigger, run }: Offer, now: string): Promise<Offered> {
  await requireOnRecord(tx, person);
  const id = uuidFromParts('proposal', run.id, person, trigger.key);
  const drafted = contentOf(id, run);
  const live = await liveProposal(tx, pack.id, trigger.key);
  const same = live ?? (await decidedProposal(tx, pack.id, trigger.key));
  if (same && saysTheSame(same.drafted, drafted)) return { id: same.id, effect: 'unchanged', replaced: null };
  if (live) await setStale(tx, live.id, person, now, 'a fresher draft took its place');
  const replaced = await replacedDraft(tx, id, pack.id, trigger.key);

  const content = { ...drafted, sentences: [...drafted.sentences, ...(await ownWords(tx, id, pack.id, trigger.key))] };
  await storeRun(tx, run, pack.id, person, now);
  const state: ProposalState = isBlocked(content.sentences.map((sentence) => sentence.verdict.outcome)) ? 'blocked' : 'offered';
  await tx.query(
    `insert into proposal (id, run, pack, person, trigger_key, title, why, state, role, content, drafted, content_hash, offered_at, due_at, first_draft)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::json, $14::json, $11, $12, $13, $15)
     on conflict (id) do update set state = excluded.state, content = excluded.content, drafted = excluded.drafted, content_hash = excluded.content_hash,
        offered_at = excluded.offered_at, opened_at = null where proposal.state = 'stale'`,
    [
      id,
      run.id,
      pack.id,
      person,
      trigger.key,
      content.title,
      trigger.why,
      state,
      trigger.role,
      JSON.stringify(content),
      contentHash(content),
      now,
      trigger.dueAt,
      JSON.stringify(drafted),
      replaced?.firstDraft ?? null,
    ],
  );
  if (replaced) await moveLease(tx, replaced.id, id);
  await indexCitations(tx, id, content);
  await indexSentences(tx, id, content);
  await append(tx, [
    {
      kind: 'run.finished',
      actor: ACTOR,
      subject: run.id,
      at: now,
      person,
      body: { pack: run.inputs.pack, output: sha256Hex(canonicalJson(run.output)) },
    },
    {
      kind: state === 'blocked' ? 'proposal.blocked' : 'proposal.offered',
      actor: ACTOR,
      subject: id,
      at: now,
      person,
      body: {
        pack: pack.id,
        role: trigger.role,
        run: run.id,
        contentHash: contentHash(content),
        verdicts: tallyOf(content.sentences),
        ...(replaced ? { replaces: replaced.id } : {}),
      },
    },
  ]);
  return { id, effect: state === 'blocked' ? 'blocked' : 'offered', replaced: live?.id ?? null };
}

/** Somebody who was erased while a draft was written is nobody to write about; an erasure waits for an offer that came first, and destroys it. */
async function requireOnRecord(tx: Queryable, person: string): Promise<void> {
  const known = await tx.query('select 1 from person_link where person = $1 limit 1 for share', [person]);
  if (known.length === 0) throw new AppError('not_found', 'this person is not on record any more');
}

/** Keeps a run so that it can be replayed; the same run again changes nothing. */
export async function storeRun(tx: Queryable, run: Run, pack: string, person: string, now: string): Promise<void> {
  await tx.query(
    'insert into run (id, pack, person, as_of, closure, created_at) values ($1, $2, $3, $4, $5::json, $6) on conflict do nothing',
    [run.id, pack, person, run.inputs.asOf, canonicalJson({ inputs: run.inputs, output: run.output }), now],
  );
}

/** Makes a proposal findable by the facts it cites. */
export async function indexCitations(tx: Queryable, proposal: string, content: ProposalContent): Promise<void> {
  await tx.query(
    'insert into proposal_fact (proposal, fact, version) select $1, * from unnest($2::uuid[], $3::int[]) on conflict do nothing',
    [proposal, ...citedBy(content)],
  );
}

/** Makes the sentences of a proposal findable by their ids. */
export async function indexSentences(tx: Queryable, proposal: string, content: ProposalContent): Promise<void> {
  await tx.query('insert into sentence (id, proposal) select id, $2::uuid from unnest($1::uuid[]) as id on conflict do nothing', [
    content.sentences.map((sentence) => sentence.id),
    proposal,
  ]);
}

/** Takes a draft out of the queue because the record moved on under it. */
export async function setStale(tx: Queryable, proposal: string, person: string, now: string, why: string): Promise<void> {
  await tx.query(`update proposal set state = 'stale' where id = $1 and state in (${LIVE})`, [proposal]);
  await append(tx, [{ kind: 'proposal.stale', actor: ACTOR, subject: proposal, at: now, person, body: { why } }]);
}

/** Live drafts about a person, by pack and trigger. */
async function liveProposals(db: Queryable, person: string): Promise<{ id: string; pack: string; triggerKey: string }[]> {
  const rows = await db.query<{ id: string; pack: string; trigger_key: string }>(
    `select id, pack, trigger_key from proposal where person = $1 and state in (${LIVE})
      order by due_at nulls last, id`,
    [person],
  );
  return rows.map((row) => ({ id: row.id, pack: row.pack, triggerKey: row.trigger_key }));
}

/** The hash a reviewer signs: of the canonical bytes of what the draft says and selects. */
export function contentHash(content: ProposalContent): string {
  return sha256Hex(canonicalJson(content));
}

/** Trigger keys of drafts a clinician asked for by opening a chart. */
export const ASKED = 'asked/';

/** The reason of a draft that a clinician asked for. */
export function askedTrigger(person: string): TriggerReason {
  return { key: `${ASKED}${person}`, why: 'Chart opened in the EHR', role: 'clinician', dueAt: null };
}

/** The live draft about a person for a chart that is being opened, or the reason to write one; undefined for somebody unknown. */
export async function askedByHook(
  db: Queryable,
  pack: Pack,
  person: string,
): Promise<{ live: string | undefined; due: { fact: undefined; trigger: TriggerReason } } | undefined> {
  const known = await db.query('select 1 from person_link where person = $1 and superseded_at is null and valid_to is null limit 1', [
    person,
  ]);
  if (known.length === 0) return undefined;
  const live = (await liveProposals(db, person)).find((one) => one.pack === pack.id);
  return { live: live?.id, due: { fact: undefined, trigger: askedTrigger(person) } };
}

/** The people with a live draft that cites a fact. */
export async function relyingOn(db: Queryable, fact: string): Promise<string[]> {
  const rows = await db.query<{ person: string }>(
    `select distinct p.person from proposal_fact c join proposal p on p.id = c.proposal
      where c.fact = $1 and p.state in (${LIVE})`,
    [fact],
  );
  return rows.map((row) => row.person);
}

/** How many sentences have which verdict. */
export function tallyOf(sentences: readonly Sentence[]): { proven: number; unproven: number; contradicted: number; selected: number } {
  const count = (outcome: Sentence['verdict']['outcome']): number =>
    sentences.filter((sentence) => sentence.verdict.outcome === outcome).length;
  return {
    proven: count('proven'),
    unproven: count('unproven'),
    contradicted: count('contradicted'),
    selected: sentences.filter((one) => one.selected).length,
  };
}

/** A proposal as a reviewer gets it. */
export async function readProposal(
  db: Queryable,
  id: string,
  lock = false,
): Promise<(Proposal & { triggerKey: string; role: string }) | undefined> {
  const [row] = await db.query<ProposalRow>(`select ${COLUMNS} from proposal where id = $1${lock ? ' for update' : ''}`, [id]);
  return row && fromRow(row);
}

/** The facts that ask a pack to run, with why. */
export function triggersOf(pack: Pack, facts: readonly Fact[], now: string): { fact: Fact; trigger: TriggerReason }[] {
  return facts.flatMap((fact) =>
    pack.triggers
      .filter((trigger) => trigger.type === fact.type)
      .flatMap((one) => {
        const trigger = one.when(fact, now, facts);
        return trigger ? [{ fact, trigger }] : [];
      }),
  );
}

function sqlList(states: readonly ProposalState[]): string {
  return states.map((state) => `'${state}'`).join(', ');
}

function contentOf(proposal: string, run: Run): ProposalContent {
  return {
    title: run.output.title,
    asOf: run.inputs.asOf,
    sections: run.output.sections,
    sentences: run.output.sentences.map((sentence, index) => ({
      id: uuidFromParts('sentence', proposal, String(index)),
      author: { kind: 'writer' as const, id: builtInWriter },
      ...sentence,
    })),
    omitted: run.output.omitted,
  };
}

/** Two drafts say the same when their sentences and verdicts do; the instant they were written at is not a difference to a reader. */
export function saysTheSame(one: ProposalContent, other: ProposalContent): boolean {
  return words(one) === words(other);
}

function words(content: ProposalContent): string {
  return canonicalJson(
    content.sentences.map((sentence) => [
      sentence.section,
      withoutAsOf(sentence),
      sentence.verdict.outcome,
      sentence.evidence.flatMap((item) => (item.kind === 'span' ? [`${item.fact}/${item.version}`] : [])),
    ]),
  );
}

/** "No result by 22 Nov 2026" and "No visits are recorded since 22 Nov 2021" move on every day without anything having happened. */
export function withoutAsOf({ text, claims }: { text: string; claims: readonly Claim[] }): string {
  const moves = claims.some((claim) => claim.kind === 'pending' || (claim.kind === 'absence' && claim.since !== undefined));
  return moves ? text.replace(/ (by|since) \d{1,2} [A-Z][a-z]{2} \d{4}\.$/, '.') : text;
}

function citedBy(content: ProposalContent): [string[], number[]] {
  const cited = new Map<string, number>();
  for (const evidence of content.sentences.flatMap((sentence) => sentence.evidence)) {
    if (evidence.kind === 'span') cited.set(evidence.fact, Math.max(evidence.version, cited.get(evidence.fact) ?? 0));
  }
  return [[...cited.keys()], [...cited.values()]];
}

/** What a clinician wrote into the draft before this one is not lost with it: it comes along, unselected, to be looked at again. */
async function ownWords(tx: Queryable, proposal: string, pack: string, triggerKey: string): Promise<Sentence[]> {
  const [row] = await tx.query<{ content: string }>(
    `select content from proposal where pack = $1 and trigger_key = $2 and id <> $3 order by offered_at desc, id limit 1`,
    [pack, triggerKey, proposal],
  );
  if (!row) return [];
  return (JSON.parse(row.content) as ProposalContent).sentences
    .filter((sentence) => sentence.author.kind === 'human' && sentence.selected)
    .map(({ acknowledged: _, acknowledgedBy: __, replaces: ___, ...sentence }) => ({
      ...sentence,
      id: uuidFromParts('sentence', proposal, sentence.id),
      selected: false,
      evidence: [],
      verdict: {
        outcome: 'unproven' as const,
        reasons: [{ code: 'superseded' as const, text: 'Written before the record changed: look at it again.' }],
      },
    }));
}

async function liveProposal(
  tx: Queryable,
  pack: string,
  triggerKey: string,
): Promise<{ id: string; drafted: ProposalContent } | undefined> {
  const [row] = await tx.query<{ id: string; drafted: string }>(
    `select id, drafted from proposal where pack = $1 and trigger_key = $2 and state in (${LIVE}) for update`,
    [pack, triggerKey],
  );
  return row && { id: row.id, drafted: JSON.parse(row.drafted) as ProposalContent };
}

/**
 * The draft of the same trigger that went stale before anybody decided about it, and the first of its chain that was offered: what is written
 * now is a redraft of it, not a new offer. After a decision or a withdrawal a draft is a new offer.
 */
async function replacedDraft(
  tx: Queryable,
  proposal: string,
  pack: string,
  triggerKey: string,
): Promise<{ id: string; firstDraft: string | null } | undefined> {
  const [row] = await tx.query<{ id: string; state: ProposalState; first_draft: string | null; offered: boolean }>(
    `select p.id, p.state, p.first_draft,
            exists (select 1 from journal j where j.subject = p.id::text and j.kind = 'proposal.offered') as offered
       from proposal p where p.pack = $1 and p.trigger_key = $2 and p.id <> $3 order by p.offered_at desc, p.id limit 1`,
    [pack, triggerKey, proposal],
  );
  if (row?.state !== 'stale') return undefined;
  return { id: row.id, firstDraft: row.first_draft ?? (row.offered ? row.id : null) };
}

/** The last decision about a trigger. A draft somebody asks for by opening a chart is written whatever was decided before. */
async function decidedProposal(
  tx: Queryable,
  pack: string,
  triggerKey: string,
): Promise<{ id: string; drafted: ProposalContent } | undefined> {
  if (triggerKey.startsWith(ASKED)) return undefined;
  const [row] = await tx.query<{ id: string; drafted: string }>(
    `select p.id, p.drafted from proposal p join decision d on d.proposal = p.id
      where p.pack = $1 and p.trigger_key = $2 order by d.decided_at desc limit 1`,
    [pack, triggerKey],
  );
  return row && { id: row.id, drafted: JSON.parse(row.drafted) as ProposalContent };
}

const COLUMNS = 'id, run, pack, person, trigger_key, title, why, state, role, content, content_hash, offered_at, opened_at, due_at';
type ProposalRow = {
  id: string;
  run: string;
  pack: string;
  person: string;
  trigger_key: string;
  title: string;
  why: string;
  state: ProposalState;
  role: string;
  content: string;
  content_hash: string;
  offered_at: string;
  opened_at: string | null;
  due_at: string | null;
};

function fromRow(row: ProposalRow): Proposal & { triggerKey: string; role: string } {
  return {
    id: row.id,
    runId: row.run,
    contentHash: row.content_hash,
    pack: row.pack,
    person: row.person,
    state: row.state,
    title: row.title,
    why: row.why,
    offeredAt: row.offered_at,
    openedAt: row.opened_at,
    dueAt: row.due_at,
    content: JSON.parse(row.content) as ProposalContent,
    triggerKey: row.trigger_key,
    role: row.role,
  };
}
