import { canonicalJson } from '../core/canonical-json.ts';
import type { Queryable } from './database.ts';
import { sameBytes, sha256Hex } from './digest.ts';
import type { Pseudonym } from './identity.ts';
import { commitmentOf, entryHash, headerOf } from './journal.ts';
import type { CheckedState, Findings } from './journal-report.ts';
import { erasedReceipts, verifyFacts, verifyReceipts } from './journal-verify-record.ts';

/** A decision and its draft as they stand in the tables now, beside what the journal committed to when it was made. */
export type StandingDecision = {
  proposal: string;
  kind: string;
  actor: string;
  actor_name: string;
  content_hash: string;
  decided_at: string;
  journal_id: bigint;
  run: string;
  pack: string;
  person: string;
  content: string;
  entry_at: string | null;
  entry_kind: string | null;
  entry_actor: string | null;
  entry_subject: string | null;
  commitment: Uint8Array | null;
  leaf: Uint8Array | null;
  salt: Uint8Array | null;
  body: string | null;
};

/** Why a decision is not the one the journal holds; one word each, safe for a log. */
export type DecisionFault = 'entry' | 'payload' | 'content' | 'signer' | 'circumstances';

/** One decision with its draft and its journal entry, or none. */
export async function readDecision(db: Queryable, proposal: string): Promise<StandingDecision | undefined> {
  const [row] = await db.query<StandingDecision>(`${DECISION} where d.proposal = $1`, [proposal]);
  return row;
}

/**
 * What differs between a decision as it stands and its journal entry: the entry itself, its committed payload, the words decided about (hashed
 * anew, never taken from a column), who decided, or whom, when and from which run. Undefined where everything is as it was decided.
 */
export function decisionFault(row: StandingDecision, pseudonym: Pseudonym): DecisionFault | undefined {
  const { commitment, salt, body } = row;
  if (commitment === null || row.entry_subject !== row.proposal || row.entry_kind !== `decision.${row.kind}`) return 'entry';
  if (row.leaf !== null && !sameBytes(row.leaf, entryHash(headerOf(entryOf(row)), commitment))) return 'entry';
  if (salt === null || body === null || !sameBytes(commitmentOf(salt, body), commitment)) return 'payload';
  const said = JSON.parse(body) as DecisionBody;
  if (row.content_hash !== said.contentHash || hashOfContent(row.content) !== said.contentHash) return 'content';
  if (pseudonym(row.actor) !== row.entry_actor) return 'signer';
  // Entries of before the name was committed to hold the pseudonym alone.
  if (said.name !== undefined && said.name !== nameHash(row.actor, row.actor_name)) return 'signer';
  const same = row.entry_at === row.decided_at && said.run === row.run && said.pack === row.pack && said.person === row.person;
  return same ? undefined : 'circumstances';
}

/** What a decision's entry holds of the name it was signed under, so that another name in its place is found and none is told. */
export function nameHash(caller: string, name: string): string {
  return sha256Hex(`${caller}\n${name}`);
}

/**
 * Holds what the tables say now against what the journal committed to: every decision with its entry and every entry with its decision, what the
 * EHR answered with the delivery it settled, every receipt and its bytes with `receipt.stored`, every version of a fact with `facts.recorded`. Reads
 * page by page. What was erased is counted and passed over, where an `erasure.done` lists it.
 */
export async function verifyState(db: Queryable, pseudonym: Pseudonym, findings: Findings): Promise<CheckedState> {
  const checked: CheckedState = { decisions: 0, deliveries: 0, receipts: 0, facts: 0, contentOnly: 0, erased: 0 };
  await verifyDecisions(db, pseudonym, findings, checked);
  await findLostDecisions(db, findings);
  await verifyDeliveries(db, findings, checked);
  const erased = await erasedReceipts(db);
  await verifyReceipts(db, erased, findings, checked);
  await verifyFacts(db, erased, findings, checked);
  return checked;
}

type DecisionBody = { contentHash: string; run: string; pack: string; person: string; name?: string };

const DECISION = `
  select d.proposal, d.kind, d.actor, d.actor_name, d.content_hash, d.decided_at, d.journal_id, p.run, p.pack, p.person, p.content,
         j.at as entry_at, j.kind as entry_kind, j.actor as entry_actor, j.subject as entry_subject, j.commitment, l.hash as leaf, y.salt, y.body
    from decision d join proposal p on p.id = d.proposal
    left join journal j on j.id = d.journal_id left join leaf l on l.journal_id = j.id
    left join journal_payload y on y.journal_id = j.id and y.at = j.at`;

function entryOf(row: StandingDecision): Parameters<typeof headerOf>[0] {
  return { id: row.journal_id, at: row.entry_at!, kind: row.entry_kind!, actor: row.entry_actor!, subject: row.entry_subject };
}

function hashOfContent(content: string): string | undefined {
  try {
    return sha256Hex(canonicalJson(JSON.parse(content)));
  } catch {
    return undefined;
  }
}

const FIRST = '00000000-0000-0000-0000-000000000000';
const DECISIONS_AT_ONCE = 200;

async function verifyDecisions(db: Queryable, pseudonym: Pseudonym, findings: Findings, checked: CheckedState): Promise<void> {
  for (let after = FIRST; ; ) {
    const rows = await db.query<StandingDecision>(`${DECISION} where d.proposal > $1 order by d.proposal limit ${DECISIONS_AT_ONCE}`, [
      after,
    ]);
    for (const row of rows) {
      const fault = decisionFault(row, pseudonym);
      // A payload that is gone was erased, or is reported as such where no erasure accounts for it.
      if (fault === 'payload' && row.body === null) checked.erased += 1;
      else checked.decisions += 1;
      if (fault !== undefined && row.body !== null)
        findings.add('decision', `the decision about ${row.proposal} is not what its entry ${row.journal_id} says (${fault})`);
      else if (fault === 'entry') findings.add('decision', `the decision about ${row.proposal} has no entry in the journal`);
    }
    if (rows.length < DECISIONS_AT_ONCE) return;
    after = rows.at(-1)!.proposal;
  }
}

/** Entries of decisions that are not there any more: a decision is never deleted, not even by an erasure. */
async function findLostDecisions(db: Queryable, findings: Findings): Promise<void> {
  const rows = await db.query<{ id: bigint; subject: string }>(
    `select j.id, j.subject from journal j where j.kind in ('decision.signed', 'decision.declined')
        and not exists (select 1 from decision d where d.proposal::text = j.subject) order by j.id`,
  );
  for (const { id, subject } of rows) findings.add('decision', `the decision about ${subject} that entry ${id} tells of is gone`);
}

/** What the last entry about a part of a signed note says of it. */
export type SettledDelivery = {
  entry: bigint;
  proposal: string;
  surface: string;
  state: string;
  at: string;
  reference: string | null | undefined;
  reason: string | null;
};

/**
 * What the journal says last of each part of each signed note: settled by the EHR's answer or an erasure, or waiting again. `erased` are notes of
 * which entries have lost their payload.
 */
export async function settledDeliveries(db: Queryable): Promise<{ settled: Map<string, SettledDelivery>; erased: Set<string> }> {
  const settled = new Map<string, SettledDelivery>();
  const erased = new Set<string>();
  const rows = await db.query<{ id: bigint; at: string; kind: string; subject: string; body: string | null }>(
    `select j.id, j.at, j.kind, j.subject, p.body from journal j left join journal_payload p on p.journal_id = j.id and p.at = j.at
      where j.kind = any($1::text[]) order by j.id`,
    [Object.keys(STATE_AFTER)],
  );
  for (const { id, at, kind, subject, body } of rows) {
    if (body === null) {
      erased.add(subject);
      continue;
    }
    const { surface, surfaces, reference, reason = null } = JSON.parse(body) as DeliveryBody;
    for (const one of surfaces ?? [surface ?? ''])
      settled.set(`${subject}|${one}`, { entry: id, proposal: subject, surface: one, state: STATE_AFTER[kind]!, at, reference, reason });
  }
  return { settled, erased };
}

type DeliveryBody = { surface?: string; surfaces?: string[]; reference?: string | null; reason?: string | null };

const STATE_AFTER: Record<string, string> = {
  'delivery.confirmed': 'delivered',
  'delivery.kept': 'kept',
  'delivery.failed': 'failed',
  'delivery.reopened': 'waiting',
};

type DeliveryRow = { proposal: string; surface: string; state: string; reference: string | null; confirmed_at: string | null };

/** True where a delivery stands as its last entry says; one that nothing is said of waits. */
export function isAsSettled(row: DeliveryRow | undefined, said: SettledDelivery | undefined): boolean {
  if (row === undefined || said === undefined || said.state === 'waiting') return row !== undefined && row.state === 'waiting';
  // What an erasure ended says nothing of where it stands: it may have been written before.
  if (row.state !== said.state || said.reference === undefined) return row.state === said.state;
  return row.reference === said.reference && row.confirmed_at === said.at;
}

async function verifyDeliveries(db: Queryable, findings: Findings, checked: CheckedState): Promise<void> {
  const { settled, erased } = await settledDeliveries(db);
  const rows = await db.query<DeliveryRow>(
    'select proposal, surface, state, reference, confirmed_at from delivery order by proposal, surface',
  );
  const kept = new Map(rows.map((row) => [`${row.proposal}|${row.surface}`, row]));
  for (const key of new Set([...kept.keys(), ...settled.keys()])) {
    const [proposal = '', surface = ''] = key.split('|');
    if (erased.has(proposal)) {
      checked.erased += 1;
      continue;
    }
    checked.deliveries += 1;
    const said = settled.get(key);
    if (isAsSettled(kept.get(key), said)) continue;
    const what = said ? `what entry ${said.entry} says became of it` : 'told of by any entry';
    findings.add('delivery', `the ${surface} of ${proposal} is not ${what}`);
  }
}
