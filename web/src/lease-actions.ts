import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ApiError, claimProposal, handOffProposal, releaseProposal } from './api.ts';
import { clockText } from './time.ts';

export type LeaseAct = { id: string } & ({ act: 'claim' } | { act: 'release' } | { act: 'hand-off'; to: string; reason: string });

/** Claiming, giving back and handing on; what the queue and the draft show of it is asked again, refused or not. */
export function useLease() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (one: LeaseAct): Promise<unknown> => {
      if (one.act === 'claim') return claimProposal(one.id);
      return one.act === 'release' ? releaseProposal(one.id) : handOffProposal(one.id, one.to, one.reason);
    },
    onSettled: (_, __, { id }) => {
      void cache.invalidateQueries({ queryKey: ['worklist'] });
      void cache.invalidateQueries({ queryKey: ['proposal', id] });
    },
  });
}

/** A refusal in words: who has it, until when. */
export function leaseRefusal(error: Error, zone: string): string {
  if (!(error instanceof ApiError) || error.code !== 'taken') return `Not recorded. ${error.message}`;
  const { name, until } = error.details as { name: string; until: string };
  return `${name} has this draft until ${clockText(until, zone)}. You may still open it, and sign it if it cannot wait.`;
}
