import type { RunInputs } from '../../ai/run.ts';
import { readProposal } from '../../governance/proposals.ts';
import type { Queryable } from '../../platform/database.ts';
import { type ReceiptRow, readReceipts } from '../../record/receipts.ts';

/** What an id names: a draft, its run, a sentence of it, a card that showed it, its decision or what was delivered of it; or a receipt. */
export type AuditedKind = 'proposal' | 'run' | 'sentence' | 'card' | 'decision' | 'delivery' | 'receipt';
export type Audited = { kind: AuditedKind; proposal: string } | { kind: 'receipt'; receipt: string };

/** One thing that happened: when, what, by whom, with what it said, and where it stands in the log (null until the next checkpoint). */
export type AuditEntry = {
  at: string;
  kind: string;
  by: string;
  subject: string;
  /** Null where an erasure destroyed it. */
  body: unknown;
  journalId: number;
  logIndex: number | null;
};

/** Who looked, what for and through which door: the first time, the last, and in how many of the five minutes of a permit. */
export type AuditRead = {
  by: string;
  purpose: string | null;
  door: string | null;
  subject: string;
  first: string;
  last: string;
  times: number;
};

/** Who, what, when and why of one output. */
export type AuditBundle = {
  id: string;
  kind: AuditedKind;
  who: { by: string; did: string[] }[];
  entries: AuditEntry[];
  reads: AuditRead[];
} & (OfProposal | OfReceipt);

type OfProposal = {
  what: {
    proposal: string;
    title: string;
    pack: string;
    state: string;
    contentHash: string;
    sentences: { id: string; text: string; selected: boolean; by: string; outcome: string; facts: string[] }[];
  };
  why: string;
  trigger: string;
  run: { id: string; asOf: string; createdAt: string; inputs: number } & Partial<Versions>;
  restsOn: { facts: CitedFact[]; receipts: CitedReceipt[] };
  decision: {
    kind: string;
    by: string;
    at: string;
    reasonCode: string | null;
    reason: string | null;
    contentHash: string;
    journalId: number;
  } | null;
  deliveries: {
    surface: string;
    identifier: string;
    state: string;
    reference: string | null;
    reason: string | null;
    confirmedAt: string | null;
  }[];
  cards: string[];
};
type OfReceipt = { what: CitedReceipt & { state: string }; restsOn: { facts: CitedFact[] } };
type Versions = Pick<RunInputs, 'policy' | 'verifier' | 'templates' | 'writer' | 'prompt' | 'model'>;
type CitedFact = { fact: string; version: number; type: string; contentHash: string; recordedAt: string; receipt: string };
type CitedReceipt = Pick<ReceiptRow, 'id' | 'source' | 'door' | 'sha256' | 'receivedAt'>;

export type Audit = { bundle: AuditBundle; person: string | undefined };
type NameOf = (actor: string) => string;

/** Which output an id names; undefined where none. A decision is named by its journal entry, a delivery by its reference in the EHR. */
export async function findAudited(db: Queryable, id: string): Promise<Audited | undefined> {
  const sql = UUID.test(id) ? BY_UUID : /^[0-9a-f]{64}$/.test(id) ? BY_RUN : /^\d+$/.test(id) ? BY_ENTRY : BY_REFERENCE;
  const [row] = await db.query<{ kind: AuditedKind; id: string }>(sql, [id]);
  if (!row) return undefined;
  return row.kind === 'receipt' ? { kind: 'receipt', receipt: row.id } : { kind: row.kind, proposal: row.id };
}

/**
 * All that is known of one output, and whose record it is from (none for a receipt). `nameOf` tells people's names for pseudonyms. Every query
 * finds its rows by index, however long the log is.
 */
export async function auditOf(db: Queryable, id: string, audited: Audited, nameOf: NameOf): Promise<Audit | undefined> {
  return 'receipt' in audited ? ofReceipt(db, id, audited.receipt, nameOf) : ofProposal(db, id, audited, nameOf);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const BY_UUID = `
  select 'proposal' as kind, id from proposal where id = $1::uuid
  union all select 'sentence', proposal from sentence where id = $1::uuid
  union all select 'card', proposal from cds_card where id = $1::uuid
  union all select 'receipt', id from receipt where id = $1::uuid`;
const BY_RUN = `select 'run' as kind, id from proposal where run = $1 order by offered_at desc limit 1`;
const BY_ENTRY = `select 'decision' as kind, proposal as id from decision where journal_id = $1::bigint`;
const BY_REFERENCE = `select 'delivery' as kind, proposal as id from delivery where reference = $1 limit 1`;

async function ofProposal(
  db: Queryable,
  id: string,
  { kind, proposal: key }: { kind: AuditedKind; proposal: string },
  nameOf: NameOf,
): Promise<Audit | undefined> {
  const proposal = await readProposal(db, key);
  if (!proposal) return undefined;
  const cited = proposal.content.sentences.flatMap((one) => one.evidence.flatMap((item) => (item.kind === 'span' ? [item] : [])));
  const [[run], [decision], deliveries, facts, sentenceIds, cards] = await Promise.all([
    db.query<{ as_of: string; created_at: string; closure: string }>('select as_of, created_at, closure from run where id = $1', [
      proposal.runId,
    ]),
    db.query<DecisionRow>(DECISION, [key]),
    db.query<DeliveryRow>(DELIVERIES, [key]),
    db.query<FactRow>(CITED, [key, cited.map((one) => one.fact), cited.map((one) => one.version)]),
    // Also those that an edit took out again.
    db.query<{ id: string }>('select id from sentence where proposal = $1', [key]),
    db.query<{ id: string }>('select id from cds_card where proposal = $1 order by id', [key]),
  ]);
  const sentences = proposal.content.sentences;
  const shown = cards.map((card) => card.id);
  const subjects = [key, proposal.runId, ...sentenceIds.map((one) => one.id), ...shown];
  const since = [proposal.offeredAt, run?.created_at ?? proposal.offeredAt].sort()[0]!;
  const [history, receipts] = await Promise.all([
    readHistory(db, subjects, since, nameOf),
    readReceipts(db, [...new Set([...facts, ...cited].map((one) => one.receipt))]),
  ]);
  const inputs = run && (JSON.parse(run.closure) as { inputs?: RunInputs }).inputs;
  const bundle: AuditBundle = {
    id,
    kind,
    what: {
      proposal: key,
      title: proposal.title,
      pack: proposal.pack,
      state: proposal.state,
      contentHash: proposal.contentHash,
      sentences: sentences.map((one) => ({
        id: one.id,
        text: one.text,
        selected: one.selected,
        by: one.author.id,
        outcome: one.verdict.outcome,
        facts: [...new Set(one.evidence.flatMap((item) => (item.kind === 'span' ? [`${item.fact}/${item.version}`] : [])))],
      })),
    },
    why: proposal.why,
    trigger: proposal.triggerKey,
    run: {
      id: proposal.runId,
      asOf: run?.as_of ?? proposal.content.asOf,
      createdAt: run?.created_at ?? proposal.offeredAt,
      inputs: inputs?.facts.length ?? 0,
      ...(inputs && versionsOf(inputs)),
    },
    restsOn: { facts: facts.map(factOf), receipts: receipts.map(receiptOf) },
    decision: decision
      ? {
          kind: decision.kind,
          by: decision.actor_name,
          at: decision.decided_at,
          reasonCode: decision.reason_code,
          reason: decision.reason,
          contentHash: decision.content_hash,
          journalId: Number(decision.journal_id),
        }
      : null,
    deliveries: deliveries.map(({ confirmed_at, ...row }) => ({ ...row, confirmedAt: confirmed_at })),
    cards: shown,
    ...history,
  };
  return { bundle, person: proposal.person };
}

async function ofReceipt(db: Queryable, id: string, key: string, nameOf: NameOf): Promise<Audit | undefined> {
  const [receipt] = await readReceipts(db, [key]);
  if (!receipt) return undefined;
  const facts = await db.query<FactRow>(READ_FROM, [key]);
  const history = await readHistory(db, [key], receipt.receivedAt, nameOf);
  const what = { ...receiptOf(receipt), state: receipt.state };
  return { bundle: { id, kind: 'receipt', what, restsOn: { facts: facts.map(factOf) }, ...history }, person: undefined };
}

const DECISION = `select kind, actor_name, decided_at, reason_code, reason, content_hash, journal_id from decision where proposal = $1`;
const DELIVERIES = `select surface, identifier, state, reference, reason, confirmed_at from delivery where proposal = $1 order by surface`;
const FACT = 'f.id as fact, f.version, f.type, f.content_hash, f.recorded_at, f.receipt';
/** What the sentences cite, older versions too, and what the draft was indexed by before it was edited. */
const CITED = `
  select ${FACT} from (select fact, version from proposal_fact where proposal = $1 union select * from unnest($2::uuid[], $3::int[])) c
    join fact f on f.id = c.fact and f.version = c.version order by f.id, f.version`;
/** The most facts of one receipt that an answer lists. */
const LISTED = 1000;
const READ_FROM = `select ${FACT} from fact f where f.receipt = $1 order by f.id, f.version limit ${LISTED}`;
// Three statements, for as one they are planned as a join, and over many months a join that reads whole months. The times spare the other months.
const HISTORY = 'select id, at, kind, actor, subject from journal where subject = any($1::text[]) and at >= $2 order by id';
const BODIES = 'select journal_id, body from journal_payload where journal_id = any($1::bigint[]) and at >= $2 and at <= $3';
const LEAVES = 'select journal_id, index from leaf where journal_id = any($1::bigint[])';

type FactRow = { fact: string; version: number; type: string; content_hash: string; recorded_at: string; receipt: string };
type DecisionRow = {
  kind: string;
  actor_name: string;
  decided_at: string;
  reason_code: string | null;
  reason: string | null;
  content_hash: string;
  journal_id: bigint;
};
type DeliveryRow = Omit<OfProposal['deliveries'][number], 'confirmedAt'> & { confirmed_at: string | null };
type JournalLine = { id: bigint; at: string; kind: string; actor: string; subject: string };

/** What happened to some subjects in the order it was written, those who only looked apart, and who did what. */
async function readHistory(
  db: Queryable,
  subjects: readonly string[],
  since: string,
  nameOf: NameOf,
): Promise<Pick<AuditBundle, 'who' | 'entries' | 'reads'>> {
  const lines = await db.query<JournalLine>(HISTORY, [subjects, since]);
  const ids = lines.map((line) => line.id);
  const until = lines.reduce((last, { at }) => (at > last ? at : last), since);
  const [payloads, leaves] = await Promise.all([
    db.query<{ journal_id: bigint; body: string }>(BODIES, [ids, since, until]),
    db.query<{ journal_id: bigint; index: bigint }>(LEAVES, [ids]),
  ]);
  const bodies = new Map(payloads.map((row) => [row.journal_id, row.body]));
  const indexes = new Map(leaves.map((row) => [row.journal_id, row.index]));
  const entries: AuditEntry[] = [];
  const reads = new Map<string, AuditRead>();
  const did = new Map<string, Set<string>>();
  for (const line of lines) {
    const by = nameOf(line.actor);
    const acts = did.get(by) ?? new Set();
    did.set(by, acts.add(line.kind));
    const text = bodies.get(line.id);
    const body = text === undefined ? null : (JSON.parse(text) as Record<string, unknown>);
    const index = indexes.get(line.id);
    if (line.kind === 'access.read') addRead(reads, by, line, body);
    else
      entries.push({
        at: line.at,
        kind: line.kind,
        by,
        subject: line.subject,
        body,
        journalId: Number(line.id),
        logIndex: index === undefined ? null : Number(index),
      });
  }
  return { who: [...did].map(([by, kinds]) => ({ by, did: [...kinds] })), entries, reads: [...reads.values()] };
}

function addRead(reads: Map<string, AuditRead>, by: string, { at, subject }: JournalLine, body: Record<string, unknown> | null): void {
  const [purpose, door] = [body?.['purpose'], body?.['door']].map((value) => (typeof value === 'string' ? value : null));
  const key = `${by}\n${subject}\n${purpose}\n${door}`;
  const known = reads.get(key);
  if (known) Object.assign(known, { last: at, times: known.times + 1 });
  else reads.set(key, { by, purpose: purpose ?? null, door: door ?? null, subject, first: at, last: at, times: 1 });
}

function versionsOf({ policy, verifier, templates, writer, prompt, model }: RunInputs): Versions {
  return { policy, verifier, templates, writer, prompt, model };
}

function factOf({ content_hash, recorded_at, ...row }: FactRow): CitedFact {
  return { ...row, contentHash: content_hash, recordedAt: recorded_at };
}

function receiptOf({ id, source, door, sha256, receivedAt }: ReceiptRow): CitedReceipt {
  return { id, source, door, sha256, receivedAt };
}
