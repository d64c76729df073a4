import { type ChartIndex, indexChart } from '../ai/verify/chart-index.ts';
import { AppError } from '../core/errors.ts';
import type { Chart, Fact } from '../core/fact.ts';
import { carriesLabel, type Proposal, type ProposalContent, type Sentence } from '../core/proposal.ts';
import type { Queryable } from '../platform/database.ts';
import { uuidFromParts } from '../platform/digest.ts';
import type { Caller } from '../platform/identity.ts';
import { append } from '../platform/journal.ts';
import { readChart } from '../record/chart.ts';
import { knownTerms } from '../record/concepts.ts';
import { freezeEvidence, storedBytes } from '../record/lineage.ts';
import { requireReviewer, systemPermit } from './access.ts';
import { act } from './acts.ts';
import { keepLease } from './lease.ts';
import { type Carried, carriedBy, lettersBeside, sameAsDrawn } from './likeness.ts';
import { judge, sameText } from './own-words.ts';
import { contentHash, indexSentences } from './proposals.ts';
import { findDecidable, openedSources, type ReviewDesk } from './review.ts';

/** A reviewer's version of a draft: every sentence in order. Another text under a sentence's id, or no id, is the reviewer's own sentence. */
export type EditedSentence = {
  id?: string | undefined;
  text: string;
  section?: string | undefined;
  selected: boolean;
  acknowledged?: boolean | undefined;
};

/**
 * Takes a reviewer's changes. What a human writes is theirs: checked, its contradictions shown and to be acknowledged, never blocked. What the
 * writer wrote and the chart contradicts stays out, whichever way it is put back; unproven sentences come in after their source was opened.
 * Whose words a sentence is, `carriedBy` says.
 */
export async function edit(
  desk: ReviewDesk,
  caller: Caller,
  id: string,
  sentences: readonly EditedSentence[],
  seenHash?: string,
): Promise<void> {
  requireReviewer(caller);
  await act(desk, 'proposal.edited', id, async (tx) => {
    const proposal = await findDecidable(tx, id);
    if (seenHash !== undefined && proposal.contentHash !== seenHash) {
      throw new AppError('hash', 'this draft has changed since it was shown', { details: { contentHash: proposal.contentHash } });
    }
    const now = desk.now();
    const chart = await readChart(tx, systemPermit('review', proposal.person, 'treatment', now), proposal.person, now);
    const edited = await editedContent(
      tx,
      desk,
      caller,
      { id, content: proposal.content },
      sentences,
      readOnce(chart, await knownTerms(tx)),
    );
    await tx.query(`update proposal set state = 'edited', content = $2::json, content_hash = $3 where id = $1`, [
      id,
      JSON.stringify(edited),
      contentHash(edited),
    ]);
    await indexSentences(tx, id, edited);
    await keepLease(tx, { proposal: id, person: proposal.person, pack: proposal.pack, caller, now, pseudonym: desk.pseudonym });
    await append(tx, [
      {
        kind: 'proposal.edited',
        actor: desk.pseudonym(caller.id),
        subject: id,
        at: now,
        person: proposal.person,
        body: {
          pack: proposal.pack,
          role: caller.role,
          before: proposal.contentHash,
          after: contentHash(edited),
          changes: changesOf(proposal.content, edited),
        },
      },
    ]);
  });
}

/** Of each text, the sentences of a draft whose words it would still carry if it were written into it now: it then keeps the AI label. */
export async function wordsCarried(db: Queryable, proposal: Proposal, texts: readonly string[]): Promise<Sentence[][]> {
  const words = await labelledWords(db, proposal);
  return texts.map((text) => {
    const same = words.find((one) => one.author.kind === 'writer' && (sameText(one.text, text) || sameAsDrawn(one.text, text)));
    const carried = same ? [same.id] : carriedBy(text, words).map(({ id }) => id);
    return words.filter(({ id }) => carried.includes(id));
  });
}

/** A chart as every sentence of one edit is checked against it. */
type ReadOnce = { index: ChartIndex; facts: Map<string, Fact> };

function readOnce(chart: Chart, terms: string[]): ReadOnce {
  return {
    index: indexChart(chart, { knownTerms: terms }),
    facts: new Map([...chart.superseded, ...chart.facts].map((fact) => [`${fact.id}/${fact.version}`, fact])),
  };
}

async function editedContent(
  tx: Queryable,
  desk: ReviewDesk,
  caller: Caller,
  proposal: { id: string; content: ProposalContent },
  sentences: readonly EditedSentence[],
  read: ReadOnce,
): Promise<ProposalContent> {
  const known = new Map(proposal.content.sentences.map((sentence) => [sentence.id, sentence]));
  const words = await labelledWords(tx, proposal);
  const opened = await openedSources(tx, desk.pseudonym(caller.id), [...known.keys(), ...words.map((one) => one.id)]);
  refuseRepeats(sentences);
  const listed: Sentence[] = [];
  for (const [position, given] of sentences.entries()) {
    if (given.id !== undefined && !known.has(given.id)) throw new AppError('request_invalid', 'a sentence id is not of this draft');
    if (given.text.trim() === '') continue;
    const original = given.id === undefined ? undefined : known.get(given.id);
    const unchanged =
      original && sameText(original.text, given.text)
        ? original
        : words.find((one) => one.author.kind === 'writer' && sameAsDrawn(one.text, given.text));
    if (unchanged) {
      listed.push(kept(unchanged, given, opened, caller));
      continue;
    }
    const carried = carriedBy(given.text, words);
    const from = words.filter((one) => carried.some(({ id }) => id === one.id));
    if (given.selected) refusePutBack(given.text, carried, from, opened);
    listed.push(await written(tx, caller, proposal, given, original, position, read, from));
  }
  // What the reviewer left off the list, and what was withheld and rewritten, stays with the proposal, unselected and with its reason.
  const mentioned = new Set([...listed.map((one) => one.id), ...listed.flatMap((one) => one.replaces ?? [])]);
  const left = proposal.content.sentences
    .filter((sentence) => !mentioned.has(sentence.id) || isWithheld(sentence, listed))
    .map((sentence) => ({ ...sentence, selected: false }));
  return { ...proposal.content, sentences: [...new Map([...listed, ...left].map((sentence) => [sentence.id, sentence])).values()] };
}

function refuseRepeats(sentences: readonly EditedSentence[]): void {
  const ids = sentences.flatMap((sentence) => sentence.id ?? []);
  if (new Set(ids).size !== ids.length) throw new AppError('request_invalid', 'a sentence id is listed twice');
}

function isWithheld(sentence: Sentence, listed: readonly Sentence[]): boolean {
  return sentence.verdict.outcome === 'contradicted' && !listed.some((one) => one.id === sentence.id);
}

/**
 * Every sentence that carries the label: the writer's as drafted, also those an earlier edit dropped, and what a human made of them. So that
 * nothing is laundered by rewriting it and writing it back.
 */
async function labelledWords(tx: Queryable, proposal: { id: string; content: ProposalContent }): Promise<Sentence[]> {
  const [row] = await tx.query<{ drafted: string }>('select drafted from proposal where id = $1', [proposal.id]);
  const drafted = (JSON.parse(row!.drafted) as Partial<ProposalContent>).sentences ?? [];
  return [...new Map([...drafted, ...proposal.content.sentences].map((sentence) => [sentence.id, sentence])).values()].filter(carriesLabel);
}

/** Letters that a human may put around a sentence before it is more than that sentence in a disguise: "Note:", "and", a number of a list. */
const DISGUISE_LETTERS = 8;

/** The writer's words do not come back in a disguise: contradicted ones not at all, unproven ones not before their source was opened. */
function refusePutBack(text: string, carried: readonly Carried[], from: readonly Sentence[], opened: ReadonlySet<string>): void {
  const writers = from.filter((one) => one.author.kind === 'writer');
  const contradicted = writers.find((one) => one.verdict.outcome === 'contradicted');
  if (contradicted && lettersBeside(text, carried) <= DISGUISE_LETTERS) throw putBack(contradicted);
  const unopened = writers.find((one) => one.verdict.outcome === 'unproven' && !opened.has(one.id));
  if (unopened) throw sourceUnopened(unopened);
}

function putBack(sentence: Sentence): AppError {
  return new AppError('contradicted', 'the chart contradicts this sentence; it cannot be put back', { details: { sentence: sentence.id } });
}

function sourceUnopened(sentence: Sentence): AppError {
  return new AppError('source_unopened', 'open the source of an unproven sentence before accepting it', {
    details: { sentence: sentence.id },
  });
}

function wordsOf(from: readonly Sentence[]): Pick<Sentence, 'wordsOf'> {
  const [first] = from;
  if (!first) return {};
  const sentences = [...new Set(from.flatMap((one) => one.wordsOf?.sentences ?? [one.id]))];
  return { wordsOf: { sentences, writer: first.wordsOf?.writer ?? first.author.id } };
}

function kept(original: Sentence, given: EditedSentence, opened: ReadonlySet<string>, caller: Caller): Sentence {
  if (given.selected && original.author.kind === 'writer') {
    if (original.verdict.outcome === 'contradicted') throw putBack(original);
    if (original.verdict.outcome === 'unproven' && !opened.has(original.id)) throw sourceUnopened(original);
  }
  return requireAcknowledged({ ...original, selected: given.selected, ...acknowledgement(given, original, caller) });
}

/** An acknowledgement is of the one who gives it: another signer gives their own. */
function acknowledgement(
  given: EditedSentence,
  original: Sentence | undefined,
  caller: Caller,
): { acknowledged?: boolean; acknowledgedBy?: string } {
  if (given.acknowledged === true) return { acknowledged: true, acknowledgedBy: caller.id };
  if (given.acknowledged === false) return { acknowledged: false };
  return original?.acknowledged === undefined
    ? {}
    : {
        acknowledged: original.acknowledged,
        ...(original.acknowledgedBy === undefined ? {} : { acknowledgedBy: original.acknowledgedBy }),
      };
}

async function written(
  tx: Queryable,
  caller: Caller,
  proposal: { id: string; content: ProposalContent },
  given: EditedSentence,
  original: Sentence | undefined,
  position: number,
  read: ReadOnce,
  from: readonly Sentence[],
): Promise<Sentence> {
  const { verdict, claims } = judge(given.text, read.index);
  const [evidence] = await freezeEvidence([claims.flatMap((claim) => claim.support)], read.facts, storedBytes(tx));
  const replaces = original?.author.kind === 'writer' ? original.id : original?.replaces;
  return requireAcknowledged({
    id: uuidFromParts('sentence', proposal.id, caller.id, String(position), given.text),
    section: given.section ?? original?.section ?? proposal.content.sections.at(-1) ?? '',
    text: given.text.trim(),
    author: { kind: 'human', id: caller.id },
    selected: given.selected,
    claims: claims.map((claim) => claim.claim),
    verdict: repeatsWithheld(from) ?? verdict,
    evidence: evidence ?? [],
    ...acknowledgement(given, undefined, caller),
    ...(replaces === undefined ? {} : { replaces }),
    ...wordsOf(from),
  });
}

function requireAcknowledged(sentence: Sentence): Sentence {
  if (sentence.author.kind === 'human' && sentence.selected && sentence.verdict.outcome === 'contradicted' && !sentence.acknowledged) {
    const details = { sentence: sentence.replaces ?? sentence.id, text: sentence.text, reasons: sentence.verdict.reasons };
    throw new AppError('unacknowledged', 'the chart contradicts a sentence you wrote; acknowledge it or change it', { details });
  }
  return sentence;
}

/** A human may write around a withheld sentence; that the chart contradicts what they repeat is said, and theirs to acknowledge. */
function repeatsWithheld(from: readonly Sentence[]): Sentence['verdict'] | undefined {
  const repeated = from.find((sentence) => sentence.author.kind === 'writer' && sentence.verdict.outcome === 'contradicted');
  return repeated && { outcome: 'contradicted', reasons: repeated.verdict.reasons };
}

function changesOf(before: ProposalContent, after: ProposalContent): { selected: number; unselected: number; written: number } {
  const was = new Map(before.sentences.map((sentence) => [sentence.id, sentence.selected]));
  return {
    selected: after.sentences.filter((sentence) => was.get(sentence.id) === false && sentence.selected).length,
    unselected: after.sentences.filter((sentence) => was.get(sentence.id) === true && !sentence.selected).length,
    written: after.sentences.filter((sentence) => !was.has(sentence.id)).length,
  };
}
