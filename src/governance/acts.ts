import { liveStates, type ProposalContent, type ProposalState } from '../core/proposal.ts';
import type { Db, Queryable } from '../platform/database.ts';
import type { IntakeSegments } from '../platform/intake-segments.ts';
import { enqueue } from '../platform/jobs.ts';
import { append } from '../platform/journal.ts';
import { indexCitations, indexSentences, LIVE, setStale } from './proposals.ts';

/** What a person does to a draft and is told that it is done. */
export type ActKind = 'decision.signed' | 'decision.declined' | 'decision.escalated' | 'proposal.edited' | 'source.opened';
const ACTS: readonly ActKind[] = ['decision.signed', 'decision.declined', 'decision.escalated', 'proposal.edited', 'source.opened'];

/** An act with all it stands on, as it is synced beside the embedded database before the person is told. */
export type Act = {
  /** The commitment of its journal entry, in hexadecimal: an entry that is put back names the one it stands for. */
  id: string;
  kind: ActKind;
  actor: string;
  subject: string;
  at: string;
  person: string;
  body: string;
  proposal: string;
  /** The rows as they stood after the act, each as JSON text; none where only the journal holds the act. */
  rows: { run: string; proposal: string; decision: string | null } | null;
};

/** Where acts are kept until the database itself can be trusted to: on the embedded store, the intake segments. */
export interface ActLog {
  keep(act: Act): Promise<void>;
}

/** Runs a person's act in one transaction, and resolves once it is where a power loss does not take it back. */
export async function act<T>(
  { db, acts }: { db: Db; acts?: ActLog | undefined },
  kind: ActKind,
  subject: string,
  work: (tx: Queryable) => Promise<T>,
): Promise<T> {
  let done: Act | undefined;
  const result = await db.transaction(async (tx) => {
    const worked = await work(tx);
    // In the transaction, so that it is this act's state and no later one's, and acts are kept in the order of their commits.
    done = acts && (await readAct(tx, kind, subject));
    return worked;
  });
  if (done) await acts?.keep(done);
  return result;
}

/** The last act of a kind on a subject; undefined where there was none or it was erased. */
async function readAct(db: Queryable, kind: ActKind, subject: string): Promise<Act | undefined> {
  const [entry] = await db.query<Omit<Act, 'proposal' | 'rows'>>(
    `${ENTRY} where j.subject = $1 and j.kind = $2 order by j.id desc limit 1`,
    [subject, kind],
  );
  return entry && withRows(db, entry);
}

/** The segments as a log of acts; `seen` are those that stand there already. */
export class KeptActs implements ActLog {
  readonly #segments: IntakeSegments;
  readonly #kept: Set<string>;

  constructor(segments: IntakeSegments, seen: Iterable<string>) {
    this.#segments = segments;
    this.#kept = new Set(seen);
  }

  async keep(done: Act): Promise<void> {
    if (this.#kept.has(originOf(done))) return;
    const { id, at, person, proposal } = done;
    await this.#segments.append({
      header: { kind: 'act', id, receivedAt: at, person, proposal },
      bytes: new Uint8Array(Buffer.from(JSON.stringify(done))),
    });
    this.#kept.add(id);
  }

  /** Keeps a signature that the process which took it could not: before it is written anywhere else. */
  async keepSignature(db: Queryable, proposal: string): Promise<void> {
    const signed = await readAct(db, 'decision.signed', proposal);
    if (signed) await this.keep(signed);
  }

  /** Keeps what was committed by a process that was killed before it could sync: its next reader takes it for done. */
  async keepMissing(db: Queryable): Promise<void> {
    const rows = await db.query<Omit<Act, 'proposal' | 'rows'>>(`${ENTRY} where j.kind = any($1::text[]) order by j.id`, [ACTS]);
    for (const row of rows) if (!this.#kept.has(originOf(row))) await this.keep(await withRows(db, row));
  }
}

/** An act from its record in a segment. */
export function actFrom(bytes: Uint8Array): Act {
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as Act;
}

/** Puts back acts that the database lost, in the order given; returns how many were missing. */
export async function restoreActs(db: Db, acts: readonly Act[]): Promise<number> {
  if (acts.length === 0) return 0;
  const known = await knownActs(db, acts);
  let restored = 0;
  for (const one of acts) {
    if (known.has(one.id)) continue;
    known.add(one.id);
    await db.transaction((tx) => restoreAct(tx, one));
    restored += 1;
  }
  return restored;
}

/** The surfaces a signature releases to, and the job that writes there. */
export async function releaseForDelivery(tx: Queryable, proposal: string, at: string): Promise<void> {
  await tx.query(
    `insert into delivery (proposal, surface, identifier, state, created_at)
     select $1::uuid, surface, $1::text, 'waiting', $3::timestamptz from unnest($2::text[]) as surface on conflict do nothing`,
    [proposal, ['DocumentReference', 'Provenance'], at],
  );
  await enqueue(tx, { key: `decision:${proposal}`, kind: 'decision', payload: { proposal } });
}

const ENTRY = `select encode(j.commitment, 'hex') as id, j.kind, j.actor, j.subject, j.at, p.person, p.body
                 from journal j join journal_payload p on p.journal_id = j.id and p.at = j.at`;

async function withRows(db: Queryable, entry: Omit<Act, 'proposal' | 'rows'>): Promise<Act> {
  if (entry.kind === 'source.opened') {
    return { ...entry, proposal: (JSON.parse(entry.body) as { proposal: string }).proposal, rows: null };
  }
  const [rows] = await db.query<{ run: string; proposal: string; decision: string | null }>(
    `select row_to_json(r)::text as run, row_to_json(p)::text as proposal, row_to_json(d)::text as decision
       from proposal p join run r on r.id = p.run left join decision d on d.proposal = p.id where p.id = $1`,
    [entry.subject],
  );
  return { ...entry, proposal: entry.subject, rows: rows ?? null };
}

/** The entry an act was first written as: its own, or the one it was put back for. */
function originOf({ id, body }: Pick<Act, 'id' | 'body'>): string {
  return (JSON.parse(body) as { restored?: string }).restored ?? id;
}

async function knownActs(db: Queryable, acts: readonly Act[]): Promise<Set<string>> {
  const rows = await db.query<{ id: string; restored: string | null }>(
    `select encode(j.commitment, 'hex') as id, p.body::json ->> 'restored' as restored
       from journal j left join journal_payload p on p.journal_id = j.id and p.at = j.at
      where j.subject = any($1::text[]) and j.kind = any($2::text[])`,
    [[...new Set(acts.map((one) => one.subject))], ACTS],
  );
  return new Set(rows.flatMap(({ id, restored }) => [id, ...(restored === null ? [] : [restored])]));
}

/**
 * Puts one act back with its draft and run. A draft the database lost comes back with the act; a decision that stands is left standing, and
 * the journal holds the act all the same.
 */
async function restoreAct(tx: Queryable, done: Act): Promise<void> {
  const { id, kind, actor, subject, at, person, rows } = done;
  const decided = await tx.query('select 1 from decision where proposal = $1', [done.proposal]);
  if (rows && decided.length === 0) await putBack(tx, rows);
  const { person: _, ...body } = JSON.parse(done.body) as Record<string, unknown>;
  const [journalId] = await append(tx, [{ kind, actor, subject, at, person, body: { ...body, restored: id } }]);
  if (!rows?.decision || decided.length > 0) return;
  await insertRow(tx, 'decision', JSON.stringify({ ...JSON.parse(rows.decision), journal_id: Number(journalId) }), '');
  if (kind === 'decision.signed') await releaseForDelivery(tx, done.proposal, at);
}

async function putBack(tx: Queryable, rows: NonNullable<Act['rows']>): Promise<void> {
  const proposal = JSON.parse(rows.proposal) as PutBack;
  await insertRow(tx, 'run', rows.run, 'on conflict do nothing');
  const stands = await makeRoom(tx, proposal);
  await insertRow(
    tx,
    'proposal',
    stands ? rows.proposal : JSON.stringify({ ...proposal, state: 'stale' }),
    `on conflict (id) do update set state = excluded.state, content = excluded.content, content_hash = excluded.content_hash,
       opened_at = excluded.opened_at where proposal.state not in ('signed', 'declined', 'withdrawn', 'recalled')`,
  );
  await indexCitations(tx, proposal.id, proposal.content);
  await indexSentences(tx, proposal.id, proposal.content);
}

type PutBack = {
  id: string;
  pack: string;
  person: string;
  trigger_key: string;
  state: ProposalState;
  offered_at: string;
  content: ProposalContent;
};

/** There is one live draft for one trigger: the older one makes room, as it did before it was forgotten. False where the one to put back is the older. */
async function makeRoom(tx: Queryable, { id, pack, person, trigger_key, state, offered_at }: PutBack): Promise<boolean> {
  const [rival] = await tx.query<{ id: string; offered_at: string }>(
    `select id, offered_at from proposal where pack = $1 and trigger_key = $2 and id <> $3 and state in (${LIVE}) for update`,
    [pack, trigger_key, id],
  );
  if (!rival) return true;
  if (Date.parse(rival.offered_at) > Date.parse(offered_at)) return !liveStates.includes(state);
  await setStale(tx, rival.id, person, offered_at, 'a fresher draft took its place');
  return true;
}

/** Inserts a row as an act holds it; columns that came later than the record keep their defaults. */
export async function insertRow(tx: Queryable, table: 'run' | 'proposal' | 'decision', row: string, onConflict: string): Promise<void> {
  const columns = Object.keys(JSON.parse(row) as object).filter((name) => /^[a-z_]+$/.test(name));
  await tx.query(
    `insert into ${table} (${columns.join(', ')}) select ${columns.join(', ')} from json_populate_record(null::${table}, $1::json) ${onConflict}`,
    [row],
  );
}
