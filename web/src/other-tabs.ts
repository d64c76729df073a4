import type { IdentityView } from '../../src/core/api.ts';

/** Tabs of one browser share one session: what happens to it in one is told to the others, by id and name alone. */
export type SessionNews = { identity: Pick<IdentityView, 'id' | 'name'> | null };

const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('countersign-session');

export function tellOtherTabs(news: SessionNews): void {
  channel?.postMessage(news);
}

/** Calls back when another tab signed somebody in or out; returns how to stop. */
export function hearOtherTabs(heard: (news: SessionNews) => void): () => void {
  const onMessage = (event: MessageEvent<SessionNews>) => heard(event.data);
  channel?.addEventListener('message', onMessage);
  return () => channel?.removeEventListener('message', onMessage);
}
