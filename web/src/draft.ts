import type { ProposalView, SentenceView, WorklistItem } from '../../src/core/api.ts';
import { openStates } from '../../src/core/proposal.ts';
import type { EditSentence } from './api.ts';
import { groupQueue } from './queue-groups.ts';

/** What the writer said and the chart contradicts: listed with its reason, never in the document. */
export function isLeftOut(sentence: SentenceView): boolean {
  return sentence.verdict.outcome === 'contradicted' && sentence.author.kind !== 'human';
}

export type DraftSection = { title: string; sentences: SentenceView[] };

/** The draft as it would be printed, and the left-out list; `order` is how the arrow keys walk both. */
export function layOut(proposal: ProposalView): { sections: DraftSection[]; leftOut: SentenceView[]; order: SentenceView[] } {
  const kept = proposal.sentences.filter((one) => !isLeftOut(one));
  const titles = [...new Set([...proposal.sections, ...kept.map((one) => one.section)])];
  const sections = titles
    .map((title) => ({ title, sentences: kept.filter((one) => one.section === title) }))
    .filter((one) => one.sentences.length > 0);
  const leftOut = proposal.sentences.filter(isLeftOut);
  return { sections, leftOut, order: [...sections.flatMap((one) => one.sentences), ...leftOut] };
}

/** All sentences in order for POST /edit, with one of them changed. The server verifies every one of them again. */
export function withChange(proposal: ProposalView, id: string, change: Partial<EditSentence>): EditSentence[] {
  return proposal.sentences.map((one) => ({ ...asEdit(one), ...(one.id === id ? change : {}) }));
}

/** All sentences in order, with a human's own sentence put in after another one and in its section. */
export function withAddition(proposal: ProposalView, after: string, added: { text: string; acknowledged?: boolean }): EditSentence[] {
  return proposal.sentences.flatMap((one) =>
    one.id === after ? [asEdit(one), { ...added, section: one.section, selected: true }] : [asEdit(one)],
  );
}

export function canDecide(proposal: ProposalView): boolean {
  return openStates.includes(proposal.state);
}

/** Verdicts as the foot of the review counts them. */
export function tallyOf(proposal: ProposalView): { proven: number; look: number; withheld: number; selected: number } {
  const count = (outcome: string) => proposal.sentences.filter((one) => one.verdict.outcome === outcome && !isLeftOut(one)).length;
  return {
    proven: count('proven'),
    look: count('unproven') + count('contradicted'),
    withheld: proposal.sentences.filter(isLeftOut).length,
    selected: proposal.sentences.filter((one) => one.selected).length,
  };
}

/** Where a draft stands in the queue and which one follows, leaving out those already signed in this page. */
export function placeInQueue(
  items: WorklistItem[] | undefined,
  id: string,
  held: Set<string>,
  now: number,
  zone: string,
): { at: number; of: number; next: WorklistItem | undefined; before: WorklistItem | undefined } {
  const order = groupQueue(items ?? [], now, zone).flatMap((group) => group.items);
  const at = order.findIndex((one) => one.id === id);
  const open = (one: WorklistItem) => one.id !== id && !held.has(one.id);
  const next = order.slice(at + 1).find(open) ?? order.find(open);
  return { at: at + 1, of: order.length, next, before: order.slice(0, Math.max(at, 0)).findLast(open) };
}

function asEdit(sentence: SentenceView): EditSentence {
  return {
    id: sentence.id,
    text: sentence.text,
    section: sentence.section,
    selected: sentence.selected,
    ...(sentence.acknowledged ? { acknowledged: true } : {}),
  };
}
