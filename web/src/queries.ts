import { MutationCache, QueryCache, QueryClient, queryOptions } from '@tanstack/react-query';
import {
  ApiError,
  getColleagues,
  getFactLineage,
  getFeeds,
  getIdentities,
  getKpis,
  getLineage,
  getPatientFacts,
  getPatients,
  getProposal,
  getQuarantine,
  getReceipt,
  getReceiptExplained,
  getReread,
  getSession,
  getStatus,
  getWorklist,
} from './api.ts';

/** One cache for the page. A refusal is an answer and is not asked again; only silence and server faults are, twice. */
export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noticeTrouble }),
  mutationCache: new MutationCache({ onError: noticeTrouble }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: false,
      networkMode: 'always',
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status > 0 && error.status < 500),
      retryDelay: (count) => 400 * 2 ** count,
    },
    mutations: { networkMode: 'always' },
  },
});

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: getStatus,
  refetchInterval: (query) => (query.state.data?.loading.state === 'loading' ? 1000 : query.state.status === 'error' ? 3000 : 15_000),
});
export const identitiesQuery = queryOptions({ queryKey: ['identities'], queryFn: getIdentities });
export const sessionQuery = queryOptions({ queryKey: ['session'], queryFn: getSession, staleTime: 5 * 60_000 });
/** Who works here changes rarely. */
export const colleaguesQuery = queryOptions({ queryKey: ['colleagues'], queryFn: getColleagues, staleTime: 10 * 60_000 });
export const feedsQuery = queryOptions({ queryKey: ['feeds'], queryFn: getFeeds, refetchInterval: 10_000 });
/** How far a feed has been read again; looked at each second, or five, while it goes on. */
export function rereadQuery(source: string) {
  return queryOptions({
    queryKey: ['reread', source],
    queryFn: () => getReread(source),
    staleTime: 0,
    refetchInterval: (query) => {
      const progress = query.state.data;
      if (progress && progress.state !== 'running') return false;
      // Counting is work for the server too: a long reading is looked at less often.
      return (progress?.receipts ?? 0) > 20_000 ? 5000 : 1000;
    },
  });
}
export const quarantineQuery = queryOptions({ queryKey: ['quarantine'], queryFn: getQuarantine, refetchInterval: 10_000 });
export const kpisQuery = queryOptions({ queryKey: ['kpis'], queryFn: getKpis });

export function worklistQuery(state?: string) {
  return queryOptions({
    queryKey: ['worklist', state ?? 'open'],
    queryFn: () => getWorklist(state),
    staleTime: 0,
    refetchInterval: 10_000,
  });
}

/** Opening is journalled, so this is asked once a visit; it is asked again only while a delivery is under way. */
export function proposalQuery(id: string) {
  return queryOptions({
    queryKey: ['proposal', id],
    queryFn: () => getProposal(id),
    staleTime: 60_000,
    refetchInterval: (query) => (query.state.data?.delivery.some((one) => one.state === 'waiting') ? 2000 : false),
  });
}

/** Keyed by the content hash too: an edit re-verifies, so evidence of an earlier wording must not be shown. */
export function lineageQuery(sentence: string, contentHash: string) {
  return queryOptions({ queryKey: ['lineage', sentence, contentHash], queryFn: () => getLineage(sentence), staleTime: 5 * 60_000 });
}

export function patientsQuery(q: string) {
  return queryOptions({ queryKey: ['patients', q], queryFn: () => getPatients(q) });
}

export function patientFactsQuery(id: string, knownAt?: string) {
  return queryOptions({ queryKey: ['patient', id, knownAt ?? 'now'], queryFn: () => getPatientFacts(id, knownAt) });
}

export function factLineageQuery(person: string, fact: string, version: number) {
  return queryOptions({
    queryKey: ['fact', person, fact, version],
    queryFn: () => getFactLineage(person, fact, version),
    staleTime: 5 * 60_000,
  });
}

export function receiptQuery(id: string) {
  return queryOptions({ queryKey: ['receipt', id], queryFn: () => getReceipt(id) });
}

export function receiptExplainedQuery(id: string) {
  return queryOptions({ queryKey: ['receipt-explained', id], queryFn: () => getReceiptExplained(id), staleTime: 60_000 });
}

/** Any call may be the first to learn that the session ended or the server is gone; the shell then asks about it, and says so. */
function noticeTrouble(error: Error, asked?: unknown): void {
  if (!(error instanceof ApiError)) return;
  const key = (asked as { queryKey?: unknown[] } | undefined)?.queryKey?.[0];
  if (error.status === 401 && key !== 'session') void queryClient.invalidateQueries({ queryKey: ['session'] });
  if (error.status === 0 && key !== 'status') void queryClient.invalidateQueries({ queryKey: ['status'] });
}
