/** Words a reviewer typed into a draft and has not kept: which sentence, what, and who typed them. */
export type UnsavedWords = { by: string; kind: 'rewrite' | 'add'; sentence: string; text: string };

const byDraft = new Map<string, UnsavedWords>();

/** Keeps what is being typed while this page lives: a session that ends must not take it along. In memory alone, since words are about a patient. */
export function keepWords(draft: string, words: UnsavedWords): void {
  byDraft.set(draft, words);
}

/** What somebody typed into a draft and neither kept nor cancelled. */
export function wordsFor(draft: string, by: string | undefined): UnsavedWords | undefined {
  const words = byDraft.get(draft);
  return words && words.by === by ? words : undefined;
}

export function forgetWords(draft: string): void {
  byDraft.delete(draft);
}

export function hasUnsavedWords(): boolean {
  return byDraft.size > 0;
}

/** Whoever signs in next must not read what somebody else was typing. */
export function forgetWordsOfOthers(than: string): void {
  for (const [draft, { by }] of byDraft) if (by !== than) byDraft.delete(draft);
}
