import type {
  CheckResult,
  ExplainView,
  FactLineageView,
  FactView,
  FeedView,
  IdentityView,
  KpiView,
  LineageView,
  LoadingView,
  PatientBanner,
  PatientListItem,
  ProposalView,
  QuarantineItem,
  ReasonCountView,
  ReceiptView,
  RereadView,
  SessionView,
  SignedDocument,
  WorklistItem,
} from '../../src/core/api.ts';
import type { DecisionReason } from '../../src/core/decision-reason.ts';

export type Session = Omit<SessionView, 'token'>;
export type Status = { loading: LoadingView; version: string; site: { name: string; zone: string } };
export type EditSentence = { id?: string; text: string; section?: string; selected: boolean; acknowledged?: boolean };
export type Signed = { state: string };
export type Given = { code: DecisionReason; reason: string };
export type Colleague = { id: string; name: string };
/** Why a draft cannot be signed as it stands: the record changed, or something that may be about the patient has not been read yet. */
export type StaleDetails = { kind: 'changed' | 'unread'; unreadSince?: string; changes: { text: string }[]; successor: string | null };

/** What the server refused, with its code for us and its sentence for the reader. `status` 0 means that no answer came. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly details: unknown;

  constructor(status: number, code: string, text: string, details?: unknown) {
    super(text);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

export function getStatus(): Promise<Status> {
  return get('/health/ready');
}

export async function getIdentities(): Promise<IdentityView[]> {
  return (await get<{ identities: IdentityView[] }>('/api/demo/identities')).identities;
}

export function getSession(): Promise<Session> {
  return get('/api/session');
}

export function signIn(identity: string): Promise<SessionView> {
  return post('/api/session', { identity });
}

export function signOut(): Promise<void> {
  return send('/api/session', { method: 'DELETE' });
}

export async function getWorklist(state?: string): Promise<WorklistItem[]> {
  const query = state ? `?state=${encodeURIComponent(state)}` : '';
  return (await get<{ items: WorklistItem[] }>(`/api/worklist${query}`)).items;
}

/** The server journals that this draft was opened: never prefetch it. */
export function getProposal(id: string): Promise<ProposalView> {
  return get(`/api/proposals/${encodeURIComponent(id)}`);
}

export function getLineage(sentence: string): Promise<LineageView> {
  return get(`/api/lineage/${encodeURIComponent(sentence)}`);
}

/** Says that a human opened the source of a sentence; without it an unproven sentence cannot be accepted. */
export function sourceOpened(sentence: string): Promise<void> {
  return post(`/api/lineage/${encodeURIComponent(sentence)}/opened`, {});
}

export function editProposal(id: string, contentHash: string, sentences: EditSentence[]): Promise<ProposalView> {
  return post(`/api/proposals/${encodeURIComponent(id)}/edit`, { contentHash, sentences });
}

export function signProposal(id: string, contentHash: string): Promise<Signed> {
  return post(`/api/proposals/${encodeURIComponent(id)}/signature`, { contentHash });
}

export function declineProposal(id: string, given: Given): Promise<unknown> {
  return post(`/api/proposals/${encodeURIComponent(id)}/decline`, given);
}

export function escalateProposal(id: string, given: Given): Promise<unknown> {
  return post(`/api/proposals/${encodeURIComponent(id)}/escalate`, given);
}

export function claimProposal(id: string): Promise<unknown> {
  return post(`/api/proposals/${encodeURIComponent(id)}/claim`, {});
}

export function releaseProposal(id: string): Promise<unknown> {
  return post(`/api/proposals/${encodeURIComponent(id)}/release`, {});
}

export function handOffProposal(id: string, to: string, reason: string): Promise<unknown> {
  return post(`/api/proposals/${encodeURIComponent(id)}/hand-off`, { to, reason });
}

/** Those a draft can be handed to. */
export async function getColleagues(): Promise<Colleague[]> {
  return (await get<{ items: Colleague[] }>('/api/colleagues')).items;
}

/** What the chart says to a text, and whose words it would be in this draft. */
export async function checkText(patient: string, proposal: string, text: string, signal?: AbortSignal): Promise<CheckResult | undefined> {
  return (await post<{ results: CheckResult[] }>('/api/check', { patient, proposal, sentences: [{ text }] }, signal)).results[0];
}

/** People by name or MRN; `more` where not all of them are in the answer. */
export function getPatients(q: string): Promise<{ items: PatientListItem[]; more: boolean }> {
  return get(`/api/patients?q=${encodeURIComponent(q)}`);
}

export type ChartView = { person: PatientBanner; knownAt: string; facts: FactView[]; documents: SignedDocument[] };

/** A chart as it is known now, or as it was known at an instant. */
export function getPatientFacts(id: string, knownAt?: string): Promise<ChartView> {
  return get(`/api/patients/${encodeURIComponent(id)}/facts${knownAt ? `?knownAt=${encodeURIComponent(knownAt)}` : ''}`);
}

/** One version of a fact down to its bytes, with all its versions. */
export function getFactLineage(person: string, fact: string, version: number): Promise<FactLineageView> {
  return get(`/api/patients/${encodeURIComponent(person)}/facts/${encodeURIComponent(fact)}/${version}`);
}

export async function getFeeds(): Promise<FeedView[]> {
  return (await get<{ feeds: FeedView[] }>('/api/feeds')).feeds;
}

/** Has all that a feed ever sent read again; the reason is kept in the journal. */
export function rereadFeed(source: string, reason: string): Promise<RereadView> {
  return post(`/api/feeds/${encodeURIComponent(source)}/reread`, { reason });
}

export function getReread(source: string): Promise<RereadView> {
  return get(`/api/feeds/${encodeURIComponent(source)}/reread`);
}

export async function getQuarantine(): Promise<QuarantineItem[]> {
  return (await get<{ items: QuarantineItem[] }>('/api/quarantine')).items;
}

export function replayQuarantined(id: string): Promise<unknown> {
  return post(`/api/quarantine/${encodeURIComponent(id)}/replay`, {});
}

export function dismissQuarantined(id: string, reason: string): Promise<unknown> {
  return post(`/api/quarantine/${encodeURIComponent(id)}/dismiss`, { reason });
}

export function getReceipt(id: string): Promise<ReceiptView> {
  return get(`/api/receipts/${encodeURIComponent(id)}`);
}

/** The stored bytes of a receipt, field by field, with the ACK as it was sent. */
export function getReceiptExplained(id: string): Promise<ExplainView> {
  return get(`/api/receipts/${encodeURIComponent(id)}/explain`);
}

/** What a message would become. The server stores nothing of it. */
export function explainMessage(bytes: BodyInit, contentType: string): Promise<ExplainView> {
  return send('/api/explain', { method: 'POST', body: bytes, headers: { 'content-type': contentType } });
}

export function getKpis(): Promise<{ kpis: KpiView[]; reasons: ReasonCountView[] }> {
  return get('/api/kpis');
}

export function get<T>(path: string, headers?: Record<string, string>): Promise<T> {
  return send(path, headers ? { headers } : {});
}

function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return send(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
    ...(signal ? { signal } : {}),
  });
}

async function send<T>(path: string, init: RequestInit): Promise<T> {
  const response = await answer(path, init);
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

async function answer(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, 'offline', 'No answer from Countersign.');
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => undefined)) as
    | { code?: string; details?: unknown; issue?: { diagnostics?: string }[] }
    | undefined;
  const text = body?.issue?.[0]?.diagnostics ?? `Countersign answered ${response.status}.`;
  return new ApiError(response.status, body?.code ?? `http_${response.status}`, text, body?.details);
}
