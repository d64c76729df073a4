import { zstdDecompressSync } from 'node:zlib';
import { canonicalJson } from '../core/canonical-json.ts';
import type { Queryable } from './database.ts';
import { sameBytes, sha256Hex } from './digest.ts';
import type { Pseudonym } from './identity.ts';
import { commitmentOf, entryHash, headerOf } from './journal.ts';
import type { CheckedState, Findings } from './journal-report.ts';

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
 * Holds what the tables say now against what the journal committed to: every decision with its entry, the bytes of every receipt with
 * `receipt.stored`, the content of every fact with `facts.recorded`. Reads page by page. What was erased is counted and passed over, where an
 * `erasure.done` lists it.
 */
export async function verifyState(db: Queryable, pseudonym: Pseudonym, findings: Findings): Promise<CheckedState> {
  const checked: CheckedState = { decisions: 0, receipts: 0, facts: 0, erased: 0 };
  await verifyDecisions(db, pseudonym, findings, checked);
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

/** Receipts that erasures list as destroyed or blanked, by entries whose payload is the committed one. */
async function erasedReceipts(db: Queryable): Promise<Set<string>> {
  const rows = await db.query<{ salt: Uint8Array; body: string; commitment: Uint8Array }>(
    `select p.salt, p.body, j.commitment from journal j join journal_payload p on p.journal_id = j.id and p.at = j.at where j.kind = 'erasure.done'`,
  );
  const committed = rows.filter((row) => sameBytes(commitmentOf(row.salt, row.body), row.commitment));
  return new Set(
    committed.flatMap((row) => {
      const { destroyed = [], blanked = [] } = JSON.parse(row.body) as { destroyed?: string[]; blanked?: string[] };
      return [...destroyed, ...blanked];
    }),
  );
}

type Entry = { id: bigint; subject: string; body: string; person: string | null };

/** Entries of one kind with their payloads, in order and a few at a time: what they tell of can be large. */
async function* entriesOf(db: Queryable, kind: 'receipt.stored' | 'facts.recorded', page: number): AsyncGenerator<Entry[]> {
  for (let after = -1n; ; ) {
    const rows = await db.query<Entry>(
      `select j.id, j.subject, p.body, p.person from journal j join journal_payload p on p.journal_id = j.id and p.at = j.at
        where j.kind = $1 and j.id > $2 order by j.id limit ${page}`,
      [kind, after],
    );
    if (rows.length > 0) yield rows;
    if (rows.length < page) return;
    after = rows.at(-1)!.id;
  }
}

async function verifyReceipts(db: Queryable, erased: ReadonlySet<string>, findings: Findings, checked: CheckedState): Promise<void> {
  for await (const entries of entriesOf(db, 'receipt.stored', 50)) {
    const rows = await db.query<{ id: string; sha256: Uint8Array; encoding: string | null; bytes: Uint8Array | null }>(
      `select r.id, r.sha256, b.encoding, b.bytes from receipt r left join receipt_bytes b on b.receipt = r.id and b.received_at = r.received_at
        where r.id = any($1::uuid[])`,
      [entries.map((entry) => entry.subject)],
    );
    const kept = new Map(rows.map((row) => [row.id, row]));
    for (const { id, subject, body } of entries) {
      if (erased.has(subject)) {
        checked.erased += 1;
        continue;
      }
      checked.receipts += 1;
      const { sha256 } = JSON.parse(body) as { sha256: string };
      const row = kept.get(subject);
      const same = row?.bytes && hashOfBytes(row.encoding, row.bytes) === sha256 && Buffer.from(row.sha256).toString('hex') === sha256;
      if (!same) findings.add('receipt', `the bytes of receipt ${subject} are not those that entry ${id} says came`);
    }
  }
}

/** Bytes that no longer unpack are as changed as any. */
function hashOfBytes(encoding: string | null, bytes: Uint8Array): string | undefined {
  try {
    return sha256Hex(encoding === 'zstd' ? zstdDecompressSync(bytes) : bytes);
  } catch {
    return undefined;
  }
}

const FACTS_AT_ONCE = 1_000;

async function verifyFacts(db: Queryable, erased: ReadonlySet<string>, findings: Findings, checked: CheckedState): Promise<void> {
  for await (const entries of entriesOf(db, 'facts.recorded', 50)) {
    const recorded = entries.flatMap(({ id, subject, body }) =>
      (JSON.parse(body) as { facts: [string, number, string][] }).facts.map(([fact, version, hash]) => ({
        id,
        subject,
        fact,
        version,
        hash,
      })),
    );
    for (let from = 0; from < recorded.length; from += FACTS_AT_ONCE) {
      const some = recorded.slice(from, from + FACTS_AT_ONCE);
      const rows = await db.query<{ id: string; version: number; content_hash: string; content: string }>(
        `select f.id, f.version, f.content_hash, f.content::text as content from unnest($1::uuid[], $2::int[]) as w (id, version)
           join fact f on f.id = w.id and f.version = w.version`,
        [some.map((one) => one.fact), some.map((one) => one.version)],
      );
      const kept = new Map(rows.map((row) => [`${row.id}/${row.version}`, row]));
      for (const { id, subject, fact, version, hash } of some) {
        const row = kept.get(`${fact}/${version}`);
        if (!row && erased.has(subject)) {
          checked.erased += 1;
          continue;
        }
        checked.facts += 1;
        if (row?.content_hash !== hash || sha256Hex(row.content) !== hash)
          findings.add('fact', `version ${version} of fact ${fact} is not what entry ${id} says was recorded`);
      }
    }
  }
}
