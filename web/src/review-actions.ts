import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ProposalView } from '../../src/core/api.ts';
import type { ReasonedDecision } from '../../src/core/decision-reason.ts';
import { declineProposal, type EditSentence, editProposal, escalateProposal, sourceOpened } from './api.ts';
import type { GivenReason } from './components/reason-bar.tsx';
import { proposalQuery } from './queries.ts';

/** What a reviewer may do to a draft short of signing; each answer replaces what is on screen. */
export function useReviewActions(proposal: ProposalView) {
  const cache = useQueryClient();
  const key = proposalQuery(proposal.id).queryKey;

  const edit = useMutation({
    mutationFn: (sentences: EditSentence[]) => editProposal(proposal.id, proposal.contentHash, sentences),
    onSuccess: (next) => {
      cache.setQueryData(key, next);
      void cache.invalidateQueries({ queryKey: ['worklist'] });
    },
  });
  const open = useMutation({
    mutationFn: sourceOpened,
    onSuccess: (_, sentence) => {
      void cache.invalidateQueries({ queryKey: ['worklist'] });
      cache.setQueryData(key, (before) =>
        before
          ? { ...before, sentences: before.sentences.map((one) => (one.id === sentence ? { ...one, sourceOpened: true } : one)) }
          : before,
      );
    },
  });
  const decide = useMutation({
    mutationFn: ({ kind, given }: { kind: ReasonedDecision; given: GivenReason }) =>
      (kind === 'decline' ? declineProposal : escalateProposal)(proposal.id, given),
    onSettled: () => {
      void cache.invalidateQueries({ queryKey: ['worklist'] });
      void cache.invalidateQueries({ queryKey: key });
    },
  });
  return { edit, open, decide };
}
