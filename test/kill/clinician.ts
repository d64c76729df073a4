/* A clinician at the screen who remembers what was answered. */
import type { ProposalView, WorklistItem } from '../../src/core/api.ts';

/** A draft with the hash of what was shown. */
export type Shown = { id: string; contentHash: string };
/** What became of every signature that was asked for: 201 promised it, `unanswered` may be either, the others refused it. */
export type SignatureBook = Map<string, { contentHash: string; answer: 201 | 'unanswered' | 'decided' | 'stale' | 'refused' }>;

export type Chair = {
  /** Ids of drafts that wait. */
  waiting(): Promise<string[]>;
  /** Opens a draft, which notes that it was seen. */
  look(id: string): Promise<Shown>;
  sign(shown: Shown, book: SignatureBook): Promise<void>;
  /** Adds a sentence of their own; resolves with what stands now. */
  addSentence(id: string, text: string): Promise<Shown>;
  decline(id: string, reason: string): Promise<void>;
  passOn(id: string, reason: string): Promise<void>;
};

/** Signs in; a server that was restarted knows no session of before. */
export async function sitDown(url: string): Promise<Chair> {
  const session = await fetch(`${url}/api/session`, json({ identity: 'halloran' }));
  const { token } = (await session.json()) as { token: string };
  const headers = { authorization: `Bearer ${token}` };
  const get = async <T>(path: string): Promise<T> => {
    const answer = await fetch(url + path, { headers });
    if (!answer.ok) throw new Error(`${path.replace(/\?.*/, '')} answered ${answer.status}`);
    return (await answer.json()) as T;
  };
  const post = async <T>(path: string, body: unknown): Promise<T> => {
    const asked = json(body);
    const answer = await fetch(url + path, { ...asked, headers: { ...asked.headers, ...headers } });
    if (answer.status !== 201) throw new Error(`${path} answered ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  return {
    async addSentence(id, text) {
      const { sentences } = await get<ProposalView>(`/api/proposals/${id}`);
      const kept = sentences
        .filter((one) => one.verdict.outcome === 'proven')
        .map((one) => ({ id: one.id, text: one.text, selected: one.selected }));
      const { contentHash } = await post<ProposalView>(`/api/proposals/${id}/edit`, { sentences: [...kept, { text, selected: true }] });
      return { id, contentHash };
    },
    async decline(id, reason) {
      await post(`/api/proposals/${id}/decline`, { reason });
    },
    async passOn(id, reason) {
      await post(`/api/proposals/${id}/escalate`, { reason });
    },
    async waiting() {
      return (await get<{ items: WorklistItem[] }>('/api/worklist?role=clinician')).items.map((item) => item.id);
    },
    async look(id) {
      const { contentHash } = await get<ProposalView>(`/api/proposals/${id}`);
      return { id, contentHash };
    },
    async sign({ id, contentHash }, book) {
      book.set(id, { contentHash, answer: 'unanswered' });
      const asked = json({ contentHash });
      const answer = await fetch(`${url}/api/proposals/${id}/signature`, { ...asked, headers: { ...asked.headers, ...headers } });
      if (answer.status === 201) return void book.set(id, { contentHash, answer: 201 });
      const { code } = (await answer.json()) as { code?: string };
      book.set(id, { contentHash, answer: code === 'decided' || code === 'stale' ? code : 'refused' });
    },
  };
}

/** Carries on until the server is gone: a broken connection is what these tests are about. */
export async function untilGone(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

function json(body: unknown): { method: string; headers: Record<string, string>; body: string } {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
