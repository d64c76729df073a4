import { useSyncExternalStore } from 'react';
import { signProposal } from './api.ts';
import { type HeldSignature, HeldSignatures } from './held-signatures.ts';
import { queryClient } from './queries.ts';

const UNSENT = 'unsent-signatures';

/** The signatures given in this page. They outlive the review screen, so that the next draft can be read while one waits. */
export const signatures = new HeldSignatures(
  async (proposal, contentHash) => {
    try {
      return await signProposal(proposal, contentHash);
    } finally {
      void queryClient.invalidateQueries({ queryKey: ['worklist'] });
      void queryClient.invalidateQueries({ queryKey: ['proposal', proposal] });
    }
  },
  { get: readUnsent, set: writeUnsent },
);

/** Proposals whose signature the last page held when it was closed; they were not sent. Read once, before anything is held here. */
export const leftUnsigned: string[] = readUnsent();

export function useSignatures(): HeldSignature[] {
  return useSyncExternalStore(signatures.subscribe, signatures.list);
}

export function forgetLeftUnsigned(): void {
  leftUnsigned.length = 0;
  writeUnsent([]);
}

/** Asks before the page closes on a signature that has not been sent. Closing anyway sends nothing. */
export function guardLeaving(): void {
  addEventListener('beforeunload', (event) => {
    if (signatures.list().some((one) => one.state === 'held' || one.state === 'sending')) event.preventDefault();
  });
}

function readUnsent(): string[] {
  try {
    const found: unknown = JSON.parse(sessionStorage.getItem(UNSENT) ?? '[]');
    return Array.isArray(found) ? found.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}

function writeUnsent(ids: string[]): void {
  try {
    sessionStorage.setItem(UNSENT, JSON.stringify(ids));
  } catch {
    // Storage refused: the next page cannot say what stayed unsigned; the draft is still open in the queue.
  }
}
