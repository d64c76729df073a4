import type { ProposalView } from '../../core/api.ts';
import type { DecisionReason } from '../../core/decision-reason.ts';
import { onSiteClock } from '../../core/instant-words.ts';
import { carriesLabel, openStates, type Proposal, type Sentence } from '../../core/proposal.ts';
import { leaseViews } from '../../governance/lease.ts';
import { openedSources, successorOf } from '../../governance/review.ts';
import type { Db } from '../../platform/database.ts';
import { patientBanners } from '../worklist/banner.ts';
import { changedSinceSigned } from './changed-since.ts';

/** Who reads, at which instant, in which zone; `ehr` names where a signature is written to, undefined while no EHR is connected. */
export type ProposalReader = {
  id: string;
  pseudonym: string;
  name: string;
  now: string;
  zone: string;
  ehr: string | undefined;
  document: string;
};

/** A proposal as a reviewer sees it: withheld sentences are listed too, and what signing would write where is said. */
export async function proposalView(db: Db, proposal: Proposal & { triggerKey: string }, reader: ProposalReader): Promise<ProposalView> {
  const { content } = proposal;
  const [banners, opened, decision, deliveries, successor, sources, leases, changed] = await Promise.all([
    patientBanners(db, [proposal.person]),
    openedSources(db, reader.pseudonym, content.sentences.map((sentence) => sentence.id)), // biome-ignore format: short
    decisionOf(db, proposal.id),
    deliveriesOf(db, proposal.id),
    proposal.state === 'stale' ? successorOf(db, proposal) : null,
    sourcesOf(db, proposal.person),
    leaseViews(db, [proposal.id], reader.id, reader.now),
    changedSinceSigned(db, proposal.state === 'signed' ? [proposal.id] : []),
  ]);
  const selected = content.sentences.filter((sentence) => sentence.selected);
  return {
    id: proposal.id,
    runId: proposal.runId,
    contentHash: proposal.contentHash,
    pack: proposal.pack,
    patient: proposal.person,
    state: proposal.state,
    title: content.title,
    why: onSiteClock(proposal.why, reader.zone),
    whyUtc: proposal.why,
    asOf: content.asOf,
    offeredAt: proposal.offeredAt,
    openedAt: proposal.openedAt,
    dueAt: proposal.dueAt,
    sections: content.sections,
    sentences: content.sentences.map((sentence) => ({ ...sentence, sourceOpened: opened.has(sentence.id) })),
    omitted: content.omitted,
    person: banners.get(proposal.person)!,
    signingWrites: `${destinationWords(reader)}, with ${selected.length} of ${content.sentences.length} sentences${labelWords(selected)}.`,
    decision,
    with: openStates.includes(proposal.state) ? (leases.get(proposal.id) ?? null) : null,
    delivery: deliveries,
    successor,
    changedSince: changed.get(proposal.id) ?? [],
    sources,
  };
}

/** What a signature writes where. Without an EHR nothing leaves the house, and the line must not name one. */
function destinationWords({ document, ehr, name }: ProposalReader): string {
  return ehr === undefined
    ? `Signing keeps ${document} here until an EHR is connected, signed by ${name}`
    : `Signing writes ${document} as a final DocumentReference to ${ehr}, signed by ${name}`;
}

/** Which of what is written carries the AI label and which is a human's own; what is none of is not named. */
function labelWords(selected: readonly Sentence[]): string {
  const labelled = selected.filter(carriesLabel).length;
  const own = selected.length - labelled;
  return `${labelled > 0 ? `, ${labelled} labelled as AI-written` : ''}${own > 0 ? `, ${own} in a human’s own words` : ''}`;
}

async function decisionOf(db: Db, proposal: string): Promise<ProposalView['decision']> {
  const [row] = await db.query<{
    kind: 'signed' | 'declined';
    actor_name: string;
    decided_at: string;
    reason_code: DecisionReason | null;
    reason: string | null;
  }>('select kind, actor_name, decided_at, reason_code, reason from decision where proposal = $1', [proposal]);
  return row ? { kind: row.kind, by: row.actor_name, at: row.decided_at, reasonCode: row.reason_code, reason: row.reason } : null;
}

async function deliveriesOf(db: Db, proposal: string): Promise<ProposalView['delivery']> {
  const rows = await db.query<{
    surface: string;
    state: 'waiting';
    attempts: number;
    reference: string | null;
    reason: string | null;
    confirmed_at: string | null;
  }>('select surface, state, attempts, reference, reason, confirmed_at from delivery where proposal = $1 order by surface', [proposal]);
  return rows.map(({ confirmed_at, ...row }) => ({ ...row, confirmedAt: confirmed_at }));
}

async function sourcesOf(db: Db, person: string): Promise<{ source: string; facts: number }[]> {
  const rows = await db.query<{ source: string; facts: bigint }>(
    `select p.source, count(f.id) as facts from person_link l join source_person p on p.id = l.source_person
       left join fact f on f.source_person = p.id and f.superseded_at is null
      where l.person = $1 and l.superseded_at is null and l.valid_to is null group by p.source order by p.source`,
    [person],
  );
  return rows.map((row) => ({ source: row.source, facts: Number(row.facts) }));
}
