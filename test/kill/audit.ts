/* What the database and the EHR hold after many kills, against the books of those who were promised something. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Db, openDatabase } from '../../src/platform/database.ts';
import { readManyBytes } from '../../src/record/receipts.ts';
import type { SignatureBook } from './clinician.ts';
import type { Sent } from './feed.ts';
import type { PlayEhr } from './play-ehr.ts';
import type { Place } from './server.ts';

/** Opens the store of a server that has ended. */
export async function openStoreOf(place: Place): Promise<Db> {
  return openDatabase(place.databaseUrl ? { url: place.databaseUrl } : { folder: join(place.folder, 'pgdata') });
}

/** Acknowledged messages whose bytes are not there, or not as they were sent. */
export async function lostMessages(db: Db, sent: readonly Sent[]): Promise<string[]> {
  const rows = await db.query<{ id: string; sha: string }>(`select id, encode(sha256, 'hex') as sha from receipt`);
  const idOf = new Map(rows.map((row) => [row.sha, row.id]));
  const bytes = await readManyBytes(db, [...idOf.values()]);
  return sent
    .filter((one) => one.acknowledged)
    .filter((one) => {
      const kept = bytes.get(idOf.get(one.sha256) ?? '');
      return kept === undefined || createHash('sha256').update(kept).digest('hex') !== one.sha256;
    })
    .map((one) => one.control);
}

/**
 * What each message said, as the fact table has it: every version of a potassium and the visit's status by record number, and which one
 * counts. Compared whole with `expectedFacts`, so a missing, doubled or wrongly preferred fact shows. In which order two versions were read
 * is not asked: on a server the transaction of a killed process may hold the first while the next process reads the second; status and
 * result time decide between them, never arrival.
 */
export async function factsByPatient(db: Db): Promise<Map<string, string>> {
  const rows = await db.query<{ mrn: string; type: string; value: string | null; current: boolean }>(
    `select p.value as mrn, f.type, coalesce(f.value, f.status) as value, f.superseded_at is null as current
       from fact f join source_person p on p.id = f.source_person where f.type in ('Observation', 'Appointment')
      order by p.value, f.type desc, f.id, 3, f.version`,
  );
  const found = new Map<string, string>();
  for (const { mrn, type, value, current } of rows) {
    const words = `${type} ${value}${current ? ' current' : ''}`;
    found.set(mrn, found.has(mrn) ? `${found.get(mrn)}; ${words}` : words);
  }
  return found;
}

/** What the record must say when every one of these messages counted exactly once. */
export function expectedFacts(sent: readonly Sent[]): Map<string, string> {
  const corrected = new Set(sent.filter((one) => one.kind === 'correction').map((one) => one.mrn));
  const potassium = (mrn: string): string => (corrected.has(mrn) ? 'Observation 5.2 current; Observation 5.6' : 'Observation 5.6 current');
  return new Map(
    sent
      .filter((one) => one.kind === 'visit')
      .map(({ mrn }): [string, string] => [mrn, `${potassium(mrn)}; Appointment booked current`])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Journal entries of kinds that may stand once for one subject, and stand more than once. */
export async function journalledTwice(db: Db): Promise<{ kind: string; subject: string }[]> {
  return db.query(
    `select j.kind, j.subject from journal j left join journal_payload p on p.journal_id = j.id and p.at = j.at
      where j.kind in ('receipt.stored', 'facts.recorded', 'proposal.offered', 'decision.signed', 'delivery.confirmed')
      group by j.kind, j.subject, case when j.kind = 'delivery.confirmed' then p.body::json ->> 'surface' end having count(*) > 1`,
  );
}

/** Visits with another number of drafts than one: a job that ran twice, or not at all. */
export async function visitsWithoutOneDraft(db: Db): Promise<{ trigger: string; drafts: number }[]> {
  return db.query(
    `select 'Appointment/' || f.id as trigger, count(p.id)::int as drafts
       from fact f left join proposal p on p.trigger_key = 'Appointment/' || f.id
      where f.type = 'Appointment' and f.superseded_at is null group by f.id having count(p.id) <> 1`,
  );
}

/** Signed proposals with the hash that was signed. */
export async function signedProposals(db: Db): Promise<Map<string, string>> {
  const rows = await db.query<{ proposal: string; content_hash: string }>(
    `select d.proposal, d.content_hash from decision d join proposal p on p.id = d.proposal and p.state = 'signed' where d.kind = 'signed'`,
  );
  return new Map(rows.map((row) => [row.proposal, row.content_hash]));
}

/** Signatures that were answered 201 and are no decision about what was shown. */
export function lostSignatures(signed: ReadonlyMap<string, string>, book: SignatureBook): string[] {
  return [...book].filter(([id, { contentHash, answer }]) => answer === 201 && signed.get(id) !== contentHash).map(([id]) => id);
}

/** For each proposal, how many notes and Provenances the EHR holds. */
export async function notesInEhr(ehr: PlayEhr): Promise<Map<string, [documents: number, provenances: number]>> {
  const notes = new Map<string, [number, number]>();
  const proposalOf = new Map<string, string>();
  for (const document of await ehr.written('DocumentReference')) {
    const proposal = proposalIdOf(document);
    proposalOf.set(`DocumentReference/${String(document['id'])}`, proposal);
    notes.set(proposal, [(notes.get(proposal)?.[0] ?? 0) + 1, 0]);
  }
  for (const one of await ehr.written('Provenance')) {
    const [target] = one['target'] as { reference: string }[];
    const proposal = proposalOf.get(target!.reference.split('/').slice(-2).join('/')) ?? 'of nothing';
    const [documents, provenances] = notes.get(proposal) ?? [0, 0];
    notes.set(proposal, [documents, provenances + 1]);
  }
  return notes;
}

function proposalIdOf(document: Record<string, unknown>): string {
  const identifiers = [document['masterIdentifier'], document['identifier']].flat() as ({ value?: string } | undefined)[];
  const value = identifiers.find((identifier) => identifier?.value)?.value ?? 'nameless';
  return value.replace(/^urn:uuid:/, '');
}
