import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { indexChart } from '../../ai/verify/chart-index.ts';
import { verifySentence, verifyText } from '../../ai/verify/verify.ts';
import type { CheckResult } from '../../core/api.ts';
import { Claim } from '../../core/claim.ts';
import { AppError } from '../../core/errors.ts';
import type { Permit } from '../../core/ports.ts';
import type { Proposal } from '../../core/proposal.ts';
import { wordsCarried } from '../../governance/edit.ts';
import { readProposal } from '../../governance/proposals.ts';
import type { Db } from '../../platform/database.ts';
import { append } from '../../platform/journal.ts';
import { readChart } from '../../record/chart.ts';
import { knownTerms } from '../../record/concepts.ts';
import { freezeEvidence, storedBytes } from '../../record/lineage.ts';
import { currentPerson, requirePerson } from '../../record/people.ts';
import type { Access } from '../access-guard.ts';

const Sentence = z.object({ text: z.string().max(4000), claims: z.array(Claim).optional() });
const Check = z
  .object({
    patient: z.string().min(1),
    /** The draft into which the text would be written: each result then says whose words it would be. */
    proposal: z.uuid().optional(),
    asOf: z.iso.datetime({ offset: true }).optional(),
    text: z.string().max(200_000).optional(),
    sentences: z.array(Sentence).max(1000).optional(),
  })
  .refine((body) => (body.text === undefined) !== (body.sentences === undefined), 'give either text or sentences');
export type CheckRequest = z.infer<typeof Check>;

/** A verdict for each sentence of any text about one person: what the verifier says, and the bytes it says it from. Stores nothing but that it was asked. */
export async function check(
  db: Db,
  permit: (person: string) => Permit,
  request: CheckRequest,
  now: string,
  actor: string,
): Promise<{ results: CheckResult[] }> {
  const person = await requirePerson(db, request.patient);
  const chart = await readChart(db, permit(person), person, request.asOf ?? now, now);
  const index = indexChart(chart, { knownTerms: await knownTerms(db) });
  const verdicts =
    request.sentences === undefined
      ? verifyText(request.text ?? '', index)
      : request.sentences.map((sentence) => ({
          text: sentence.text,
          verdict: verifySentence(
            sentence.claims === undefined ? { text: sentence.text } : { text: sentence.text, claims: sentence.claims },
            index,
          ),
        }));
  const facts = new Map([...chart.superseded, ...chart.facts].map((fact) => [`${fact.id}/${fact.version}`, fact]));
  const supports = verdicts.map(({ verdict }) => verdict.claims.flatMap((claim) => claim.support));
  const evidence = await freezeEvidence(supports, facts, storedBytes(db));
  const outcomes = verdicts.map(({ verdict }) => verdict.outcome);
  const texts = verdicts.map(({ text }) => text);
  const carried =
    request.proposal === undefined ? undefined : await wordsCarried(db, await draftAbout(db, request.proposal, person), texts);
  await append(db, [{ kind: 'check.answered', actor, at: now, person, body: { outcomes } }]);
  return {
    results: verdicts.map(({ text, verdict }, at) => ({
      text,
      outcome: verdict.outcome,
      reasons: verdict.reasons,
      evidence: evidence[at] ?? [],
      ...(carried ? { wordsOf: (carried[at] ?? []).map((one) => ({ id: one.id, text: one.text })) } : {}),
    })),
  };
}

/** A draft about this person; one about somebody else is none. */
async function draftAbout(db: Db, id: string, person: string): Promise<Proposal> {
  const proposal = await readProposal(db, id);
  if (!proposal || (await currentPerson(db, proposal.person)) !== person)
    throw new AppError('not_found', 'no draft about this person has this id');
  return proposal;
}

/** `POST /api/check {patient, asOf?, text | sentences}`. */
export async function checkRoutes(
  server: FastifyInstance,
  options: { db: Db; now(): string; pseudonym(id: string): string; access: Access },
): Promise<void> {
  const config = { purposes: ['treatment', 'operations', 'governance'] as const };
  server.post('/api/check', { config, schema: { body: Check, tags: ['review'] } }, async (request) => {
    const { caller } = request;
    const permit = (person: string): Permit => options.access.permitFor(request, person);
    return check(options.db, permit, Check.parse(request.body), options.now(), options.pseudonym(caller.id));
  });
}
