import type { Claim, Evidence } from './claim.ts';
import type { Omission } from './pack.ts';
import type { Outcome, Reason } from './verdict.ts';

/** Where a proposal may be in its life; `recalled` is kept for the day a signed one is reopened, and nothing sets it yet. */
export const proposalStates = [
  'offered',
  'opened',
  'signed',
  'edited',
  'declined',
  'escalated',
  'withdrawn',
  'blocked',
  'stale',
  'recalled',
] as const;
export type ProposalState = (typeof proposalStates)[number];
/** States in which a human may still decide. */
export const openStates: readonly ProposalState[] = ['offered', 'opened', 'edited', 'escalated'];
/** States of the one draft that stands for its trigger: those a human may decide about, and one that is blocked. */
export const liveStates: readonly ProposalState[] = [...openStates, 'blocked'];

/** Who wrote a sentence. A human's own words never carry the AI label; see `wordsOf`. */
export type Author = { kind: 'writer'; id: string } | { kind: 'human'; id: string };

/** One sentence of a proposal with its verdict and frozen evidence; `selected` says whether signing releases it. */
export type Sentence = {
  id: string;
  section: string;
  text: string;
  author: Author;
  selected: boolean;
  claims: Claim[];
  verdict: { outcome: Outcome; reasons: Reason[] };
  evidence: Evidence[];
  /** A human saw that the chart contradicts their own sentence and kept it. */
  acknowledged?: boolean;
  /** Who saw it; a signature needs the signer's own. */
  acknowledgedBy?: string;
  /** The sentence of the writer that a human rewrote. */
  replaces?: string;
  /** The writer's sentences whose words stand, nearly as they were, in a human's sentence: it is signed as theirs and labelled as made with AI. */
  wordsOf?: { sentences: string[]; writer: string };
};

/** Whether a sentence carries the AI label: the writer's own, and a human's that still says the writer's words. */
export function carriesLabel(sentence: Pick<Sentence, 'author' | 'wordsOf'>): boolean {
  return sentence.author.kind === 'writer' || sentence.wordsOf !== undefined;
}

/** What a run suggests, as content-addressed JSON. */
export type ProposalContent = { title: string; asOf: string; sections: string[]; sentences: Sentence[]; omitted: Omission[] };

export type Proposal = {
  id: string;
  runId: string;
  contentHash: string;
  pack: string;
  person: string;
  state: ProposalState;
  title: string;
  why: string;
  offeredAt: string;
  openedAt: string | null;
  dueAt: string | null;
  content: ProposalContent;
};
