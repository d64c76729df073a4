import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../../core/errors.ts';
import type { ProposalContent, ProposalState } from '../../core/proposal.ts';
import { openStates } from '../../core/proposal.ts';
import type { Db } from '../../platform/database.ts';
import { append } from '../../platform/journal.ts';
import { requirePermit } from '../../record/permit.ts';
import { unreadAbout } from '../../record/unread.ts';
import type { Access } from '../access-guard.ts';
import { type Card, cardOf } from './card.ts';
import { type Feedback, type HookRequest, readFeedback, readHookRequest } from './hook-request.ts';
import { patientOfHook } from './patient-of-hook.ts';

export type CdsHooksOptions = {
  db: Db;
  now(): string;
  /** Where clinicians reach this product, for links in cards. */
  publicUrl: string;
  /** IANA zone of the site, in which cards name times. */
  zone: string;
  access: Access;
  /** What the journal calls whoever holds a permit. */
  pseudonym(callerId: string): string;
  /** The live draft about a person, written now where there is none; undefined where there is nothing to say. */
  draftFor(person: string): Promise<string | undefined>;
  /** The source whose Patient ids the calling EHR uses, where more than one source sends Patients. */
  ehrSource?: string;
};

const SERVICE = 'countersign-patient-view';
/** CDS Hooks 2.0 discovery. The template asks for the identifiers by which a person is found here. */
const services = [
  {
    id: SERVICE,
    hook: 'patient-view',
    title: 'Countersign: cited pre-visit summary',
    description: 'Offers a summary of the chart, each sentence proven against its source, for a clinician to review and sign.',
    prefetch: { patient: 'Patient/{{context.patientId}}' },
  },
];

/** CDS Hooks 2.0: discovery for everyone, cards and feedback for callers. */
export async function cdsHooksRoutes(server: FastifyInstance, options: CdsHooksOptions): Promise<void> {
  const schema = { tags: ['cds-hooks'] };
  // EHRs call from the browser, with a bearer token.
  const config = { crossOrigin: true, purposes: ['treatment', 'operations'] as const };

  server.get('/cds-services', { schema, config: { crossOrigin: true, public: true } }, async () => ({ services }));

  server.post('/cds-services/:id', { schema, config }, async (request, reply) => {
    refuseOtherServices(request);
    const hook = readHookRequest(request.body);
    const patient = await patientOfHook(options.db, hook, options.ehrSource);
    if ('person' in patient) return { cards: await cards(options, request, hook, patient.person) };
    if (patient.unresolved !== 'prefetch-failed') return { cards: [] };
    // CDS Hooks 2.0, HTTP status codes: the data the decision takes could not be had.
    return reply.code(412).send(new AppError('request_invalid', 'the patient could not be prefetched').toOperationOutcome());
  });

  server.post('/cds-services/:id/feedback', { schema, config }, async (request) => {
    refuseOtherServices(request);
    await noteFeedback(options, request.caller.id, readFeedback(request.body));
    return {};
  });
}

function refuseOtherServices(request: FastifyRequest): void {
  if ((request.params as { id?: string }).id !== SERVICE) throw new AppError('not_found', 'no CDS service has this id');
}

async function cards(options: CdsHooksOptions, request: FastifyRequest, hook: HookRequest, person: string): Promise<Card[]> {
  const { access, now } = options;
  const permit = access.permitFor(request, person);
  requirePermit(permit, person, now());
  const proposal = (await liveProposal(options.db, person)) ?? (await drafted(options, person));
  if (!proposal?.content.sentences.some((sentence) => sentence.verdict.outcome === 'proven')) return [];
  const unread = await unreadAbout(options.db, person);
  const { hookInstance } = hook;
  const card = cardOf(proposal, { hookInstance, publicUrl: options.publicUrl, zone: options.zone, unreadSince: unread?.since });
  access.acts(request, {
    kind: 'cds.shown',
    actor: options.pseudonym(permit.actor),
    // The card is what feedback and an audit name; which proposal it stands for is in the body, and kept in cds_card by the append.
    subject: card.uuid,
    at: now(),
    person,
    body: { proposal: proposal.id, pack: proposal.pack, service: SERVICE },
  });
  return [card];
}

type LiveProposal = { id: string; pack: string; title: string; content: ProposalContent };
type ProposalRow = { id: string; pack: string; title: string; state: ProposalState; content: string };

async function drafted({ db, draftFor }: CdsHooksOptions, person: string): Promise<LiveProposal | undefined> {
  const id = await draftFor(person);
  return id === undefined ? undefined : liveProposal(db, person, id);
}

/** The next due draft about a person that may still be signed; blocked ones are nobody's card. */
async function liveProposal(db: Db, person: string, id?: string): Promise<LiveProposal | undefined> {
  const [row] = await db.query<ProposalRow>(
    `select id, pack, title, state, content from proposal
      where person = $1 and state = any($2::text[]) and ($3::uuid is null or id = $3) order by due_at nulls last, offered_at desc, id limit 1`,
    [person, openStates, id ?? null],
  );
  return row && { id: row.id, pack: row.pack, title: row.title, content: JSON.parse(row.content) as ProposalContent };
}

/** Journals what became of cards we showed; feedback on a card nobody was shown is refused, so that counts cannot be made up. */
async function noteFeedback({ db, now, pseudonym }: CdsHooksOptions, caller: string, entries: readonly Feedback[]): Promise<void> {
  const shown = await db.query<{ subject: string; person: string | null; body: string }>(
    `select distinct on (j.subject) j.subject, p.person, p.body from journal j join journal_payload p on p.journal_id = j.id and p.at = j.at
      where j.kind = 'cds.shown' and j.subject = any($1::text[]) order by j.subject, j.id`,
    [entries.map((entry) => entry.card.toLowerCase())],
  );
  const cards = new Map(shown.map((row) => [row.subject, row]));
  if (entries.some((entry) => !cards.has(entry.card.toLowerCase()))) throw new AppError('not_found', 'no card has this id');
  await append(
    db,
    entries.map((entry) => {
      const card = cards.get(entry.card.toLowerCase())!;
      const { proposal, pack } = JSON.parse(card.body) as { proposal: string; pack: string };
      return {
        kind: 'cds.feedback' as const,
        actor: pseudonym(caller),
        subject: card.subject,
        at: now(),
        ...(card.person === null ? {} : { person: card.person }),
        body: {
          proposal,
          pack,
          outcome: entry.outcome,
          outcomeTimestamp: entry.outcomeTimestamp,
          ...(entry.overrideReason?.reason ? { reason: entry.overrideReason.reason.code } : {}),
          ...(entry.overrideReason?.userComment ? { comment: entry.overrideReason.userComment } : {}),
        },
      };
    }),
  );
}
