import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type DecisionReason, decisionReasons } from '../../core/decision-reason.ts';
import type { Proposal } from '../../core/proposal.ts';
import { requireReviewer } from '../../governance/access.ts';
import { edit } from '../../governance/edit.ts';
import { claim, giveBack, handOff } from '../../governance/hand-off.ts';
import { decline, escalate, openProposal, openSource, type ReviewDesk, sign } from '../../governance/review.ts';
import type { Caller } from '../../platform/identity.ts';
import { requirePerson } from '../../record/people.ts';
import type { Access } from '../access-guard.ts';
import { factLineageView, lineageView, proposalOfSentence } from './lineage-view.ts';
import { proposalView } from './proposal-view.ts';

const Id = z.object({ id: z.uuid() });
const FactId = z.object({ id: z.string().max(200), fact: z.uuid(), version: z.coerce.number().int().positive() });
const Hash = z.object({ contentHash: z.string().length(64) });
const Code = z.enum(Object.keys(decisionReasons) as [DecisionReason, ...DecisionReason[]]);
const Reason = z.object({ code: Code.optional(), reason: z.string().max(2000).optional() });
const HandOff = z.object({ to: z.string().min(1).max(100), reason: z.string().min(1).max(2000) });
const Edit = z.object({
  contentHash: z.string().length(64).optional(),
  sentences: z
    .array(
      z.object({
        id: z.uuid().optional(),
        text: z.string().max(4000),
        section: z.string().max(200).optional(),
        selected: z.boolean().default(true),
        acknowledged: z.boolean().optional(),
      }),
    )
    .max(500),
});

/** For the OpenAPI document: how times stand in words. */
export const WHY = '`why` is in words on the clock of the site; `whyUtc` are the same words with their instants as ISO 8601 UTC.';

/** `zone` is the site's; `ehr` names the EHR that is connected now, undefined while none is; `colleagues` are those a draft can be handed to. */
export type ReviewRoutesOptions = {
  desk: ReviewDesk;
  access: Access;
  zone: string;
  ehr(): string | undefined;
  colleagues: readonly Caller[];
};

/** Where a clinician meets a draft: open it, look at its sources, claim, edit, sign, decline, pass on, hand off. */
export async function reviewRoutes(server: FastifyInstance, { desk, access, zone, ehr, colleagues }: ReviewRoutesOptions): Promise<void> {
  const tags = ['review'];
  const looking = { purposes: ['treatment', 'operations', 'governance'] as const };
  const reading = { purposes: ['treatment', 'operations'] as const };
  const working = { purposes: ['treatment'] as const };
  const releasing = { purposes: ['write-back'] as const };
  const view = (proposal: Proposal & { triggerKey: string }, caller: Caller) =>
    proposalView(desk.db, proposal, {
      id: caller.id,
      pseudonym: desk.pseudonym(caller.id),
      name: caller.name,
      now: desk.now(),
      zone,
      ehr: ehr(),
      document: desk.packs.find((pack) => pack.id === proposal.pack)?.document.title ?? proposal.title,
    });

  const description = `A draft or a signed note. ${WHY} \`changedSince\` lists the facts a signed note relied on that say something else today.`;
  server.get('/api/proposals/:id', { config: looking, schema: { params: Id, tags, description } }, async (request) => {
    const { id } = Id.parse(request.params);
    const proposal = await openProposal(desk, request.caller, id);
    access.permitFor(request, proposal.person, id);
    return view(proposal, request.caller);
  });

  server.post('/api/proposals/:id/edit', { config: working, schema: { params: Id, body: Edit, tags } }, async (request, reply) => {
    const { id } = Id.parse(request.params);
    const { sentences, contentHash } = Edit.parse(request.body);
    await edit(desk, request.caller, id, sentences, contentHash);
    return reply.code(201).send(await view(await openProposal(desk, request.caller, id), request.caller));
  });

  server.post('/api/proposals/:id/signature', { config: releasing, schema: { params: Id, body: Hash, tags } }, async (request, reply) => {
    const { id } = Id.parse(request.params);
    const signed = await sign(desk, request.caller, id, Hash.parse(request.body).contentHash);
    return reply.code(201).send({ id, state: signed.state, contentHash: signed.contentHash });
  });

  server.post('/api/proposals/:id/decline', { config: working, schema: { params: Id, body: Reason, tags } }, async (request, reply) => {
    const { id } = Id.parse(request.params);
    await decline(desk, request.caller, id, Reason.parse(request.body));
    return reply.code(201).send({ id, state: 'declined' });
  });

  server.post('/api/proposals/:id/escalate', { config: working, schema: { params: Id, body: Reason, tags } }, async (request, reply) => {
    const { id } = Id.parse(request.params);
    await escalate(desk, request.caller, id, Reason.parse(request.body));
    return reply.code(201).send({ id, state: 'escalated' });
  });

  server.get('/api/colleagues', { config: working, schema: { tags } }, async (request) => {
    requireReviewer(request.caller);
    const others = colleagues.filter((one) => one.role === 'clinician' && one.id !== request.caller.id);
    return { items: others.map(({ id, name }) => ({ id, name })) };
  });

  server.post('/api/proposals/:id/claim', { config: working, schema: { params: Id, tags } }, async (request, reply) => {
    const { id } = Id.parse(request.params);
    const { holderName, until } = await claim(desk, request.caller, id);
    return reply.code(201).send({ id, with: { name: holderName, you: true, until } });
  });

  server.post('/api/proposals/:id/release', { config: working, schema: { params: Id, tags } }, async (request, reply) => {
    const { id } = Id.parse(request.params);
    await giveBack(desk, request.caller, id);
    return reply.code(201).send({ id, with: null });
  });

  server.post('/api/proposals/:id/hand-off', { config: working, schema: { params: Id, body: HandOff, tags } }, async (request, reply) => {
    const { id } = Id.parse(request.params);
    const { to, reason } = HandOff.parse(request.body);
    const { holderName, until } = await handOff(desk, request.caller, id, { colleague: to, reason }, colleagues);
    return reply.code(201).send({ id, with: { name: holderName, you: false, until } });
  });

  server.get('/api/lineage/:id', { config: looking, schema: { params: Id, tags } }, async (request) => {
    const { id } = Id.parse(request.params);
    return lineageView(desk.db, (person) => access.permitFor(request, person, id), id, desk.now());
  });

  server.get('/api/patients/:id/facts/:fact/:version', { config: reading, schema: { params: FactId, tags } }, async (request) => {
    const { id, fact, version } = FactId.parse(request.params);
    const person = await requirePerson(desk.db, id);
    return factLineageView(desk.db, access.permitFor(request, person), { person, fact, version }, desk.now());
  });

  server.post('/api/lineage/:id/opened', { config: working, schema: { params: Id, tags } }, async (request, reply) => {
    const { id } = Id.parse(request.params);
    await openSource(desk, request.caller, await proposalOfSentence(desk.db, id), id);
    return reply.code(201).send({ id, opened: true });
  });
}
