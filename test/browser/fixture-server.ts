import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FeedView, IdentityView, LeaseView, ProposalView, RereadView, WorklistItem } from '../../src/core/api.ts';
import type { DecisionReason } from '../../src/core/decision-reason.ts';
import { journal } from './fixtures/journal.ts';
import { explained, feeds, kpis, quarantine, reasons, receiptOf } from './fixtures/operations.ts';
import { lateArrivals, osgood, site, worklist } from './fixtures/people.ts';
import { heldOru, potassiumOru } from './fixtures/receipts.ts';
import { changedPotassium, factLineageFor, lineageFor, signedDocuments, summaryFor } from './fixtures/summary.ts';

const builtHere = fileURLToPath(new URL('../../web/dist/', import.meta.url));
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** The strictest policy the product could serve under: a UI that breaks it fails these tests. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export const identities: IdentityView[] = [
  { id: 'halloran', name: 'Dr. Ines Halloran', role: 'clinician' },
  { id: 'marsh', name: 'Theo Marsh', role: 'integration' },
  { id: 'abernathy', name: 'Ruth Abernathy', role: 'governance' },
];

type State = {
  dist: string;
  signedIn: IdentityView | undefined;
  items: WorklistItem[];
  proposals: Map<string, ProposalView>;
  quarantine: typeof quarantine;
  /** Every call that changes something, in order, with its body: what the tests assert on. */
  calls: { method: string; path: string; body: unknown }[];
  loading: boolean;
  silent: boolean;
  /** Whether what arrived about the patient of `p-unread` has been read. */
  unread: boolean;
  /** Feeds that were asked to be read again, with how many receipts have been. */
  rereads: Map<string, number>;
};

/**
 * A stand-in for the product's HTTP door, for tests of the UI alone. It answers as `src/core/api.ts` types it and
 * refuses as the design says; `p-stale`, `p-decided` and `p-pruitt` behave as their names or the tests need.
 */
export async function startFixtureServer(options: { port?: number; dist?: string } = {}) {
  const state: State = {
    dist: options.dist ?? builtHere,
    signedIn: undefined,
    items: worklist(),
    proposals: new Map(),
    quarantine: structuredClone(quarantine),
    calls: [],
    loading: false,
    silent: false,
    unread: true,
    rereads: new Map(),
  };
  const server = createServer((request, response) => {
    void answer(state, request, response).catch((error: unknown) => refuse(response, 500, 'internal', String(error)));
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    state,
    arrive: () => state.items.push(...lateArrivals()),
    /** A colleague is working on a draft. */
    lend: (id: string) => {
      proposalOf(state, id).with = { name: colleague.name, you: false, until: UNTIL, handedBy: null, reason: null };
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (!/^\/(api|health)\//.test(url.pathname)) return serveFile(state.dist, url.pathname, response);
  if (state.silent) {
    request.socket.destroy();
    return;
  }
  const body = await readBody(request);
  const method = request.method ?? 'GET';
  if (method !== 'GET' && url.pathname !== '/api/check') state.calls.push({ method, path: url.pathname, body });
  const open = ['/health/ready', '/api/demo/identities', '/api/session'];
  if (!state.signedIn && !open.includes(url.pathname)) {
    refuse(response, 401, 'not_signed_in', 'Sign in first.');
    return;
  }
  const route = routes.find(([verb, pattern]) => verb === method && pattern.test(url.pathname));
  if (!route) {
    refuse(response, 404, 'not_found', 'No such call.');
    return;
  }
  const id = decodeURIComponent(route[1].exec(url.pathname)?.[1] ?? '');
  return route[2]({ state, response, id, body, url });
}

type Call = { state: State; response: ServerResponse; id: string; body: unknown; url: URL };
type Route = [method: string, pattern: RegExp, run: (call: Call) => void];

const routes: Route[] = [
  [
    'GET',
    /^\/health\/ready$/,
    ({ state, response }) =>
      send(response, 200, {
        version: '0.1.0',
        site,
        loading: state.loading
          ? { state: 'loading', step: 'charts and messages', done: 124, total: 200 }
          : { state: 'ready', step: 'done', done: 200, total: 200 },
      }),
  ],
  ['GET', /^\/api\/demo\/identities$/, ({ response }) => send(response, 200, { identities })],
  ['POST', /^\/api\/session$/, enter],
  [
    'GET',
    /^\/api\/session$/,
    ({ state, response }) =>
      state.signedIn ? send(response, 200, { identity: state.signedIn, site }) : refuse(response, 401, 'not_signed_in', 'Sign in first.'),
  ],
  ['DELETE', /^\/api\/session$/, leave],
  ['GET', /^\/api\/worklist$/, listWork],
  ['GET', /^\/api\/proposals\/([^/]+)$/, ({ state, response, id }) => send(response, 200, proposalOf(state, id))],
  ['POST', /^\/api\/proposals\/([^/]+)\/signature$/, sign],
  ['POST', /^\/api\/proposals\/([^/]+)\/edit$/, edit],
  ['POST', /^\/api\/proposals\/([^/]+)\/decline$/, (call) => decide(call, 'declined')],
  ['POST', /^\/api\/proposals\/([^/]+)\/escalate$/, (call) => decide(call, 'escalated')],
  ['POST', /^\/api\/proposals\/([^/]+)\/claim$/, claim],
  ['POST', /^\/api\/proposals\/([^/]+)\/release$/, (call) => lease(call, null)],
  ['POST', /^\/api\/proposals\/([^/]+)\/hand-off$/, handOff],
  ['GET', /^\/api\/colleagues$/, ({ response }) => send(response, 200, { items: [colleague] })],
  ['GET', /^\/api\/lineage\/([^/]+)$/, lineage],
  ['POST', /^\/api\/lineage\/([^/]+)\/opened$/, openSource],
  ['POST', /^\/api\/check$/, check],
  ['GET', /^\/api\/patients$/, listPatients],
  ['GET', /^\/api\/patients\/([^/]+)\/facts$/, patientFacts],
  ['GET', /^\/api\/patients\/[^/]+\/facts\/([^/]+\/\d+)$/, factLineage],
  [
    'GET',
    /^\/api\/feeds$/,
    ({ state, response }) =>
      state.signedIn?.role === 'clinician'
        ? refuse(response, 403, 'not_permitted', 'Feeds are for the integration team.')
        : send(response, 200, { feeds: feeds.map((feed) => ({ ...feed, ...feedNow(state, feed.source) })) }),
  ],
  ['POST', /^\/api\/feeds\/([^/]+)\/reread$/, reread],
  ['GET', /^\/api\/feeds\/([^/]+)\/reread$/, ({ state, response, id }) => send(response, 200, rereadOf(state, id))],
  ['GET', /^\/api\/quarantine$/, ({ state, response }) => send(response, 200, { items: state.quarantine })],
  ['POST', /^\/api\/quarantine\/([^/]+)\/replay$/, replay],
  ['POST', /^\/api\/quarantine\/([^/]+)\/dismiss$/, dismiss],
  ['GET', /^\/api\/receipts\/([^/]+)$/, ({ response, id }) => send(response, 200, receiptOf(id))],
  ['GET', /^\/api\/receipts\/([^/]+)\/explain$/, ({ response, id }) => send(response, 200, explained(receiptText(id), id === 'r-held'))],
  ['POST', /^\/api\/explain$/, ({ response, body }) => send(response, 200, explained(String(body), false))],
  ['GET', /^\/api\/kpis$/, ({ response }) => send(response, 200, { kpis, reasons })],
  ['GET', /^\/api\/journal\/checkpoint$/, ({ response }) => send(response, 200, journal.checkpoint())],
  [
    'GET',
    /^\/api\/journal\/inclusion$/,
    ({ response, url }) =>
      send(response, 200, journal.inclusion(Number(url.searchParams.get('index')), Number(url.searchParams.get('size')))),
  ],
  [
    'GET',
    /^\/api\/journal\/consistency$/,
    ({ response, url }) =>
      send(response, 200, journal.consistency(Number(url.searchParams.get('from')), Number(url.searchParams.get('to')))),
  ],
];

function enter({ state, response, body }: Call): void {
  const wanted = (body as { identity?: string }).identity;
  const identity = identities.find((one) => one.id === wanted);
  if (!identity) {
    refuse(response, 404, 'not_found', 'No such demo identity.');
    return;
  }
  state.signedIn = identity;
  send(response, 201, { token: 'fixture', identity, site });
}

function leave({ state, response }: Call): void {
  state.signedIn = undefined;
  response.writeHead(204).end();
}

function listWork({ state, response, url }: Call): void {
  const wanted = url.searchParams.get('state');
  if (wanted === 'signed') {
    const [signed] = state.items.filter((one) => one.id === 'p-osgood');
    send(response, 200, { items: signed ? [{ ...signed, id: 'p-signed', state: 'signed', changedSince: 2 }] : [] });
    return;
  }
  send(response, 200, { items: wanted ? state.items.filter((one) => one.state === wanted) : state.items });
}

function proposalOf(state: State, id: string): ProposalView {
  const known = state.proposals.get(id);
  if (known) return known;
  const item = state.items.find((one) => one.id === id);
  const made = summaryFor(
    id,
    item && id !== 'p-osgood'
      ? { why: item.why, dueAt: item.dueAt, title: item.title, pack: item.pack, person: item.person, patient: item.patient }
      : {},
  );
  // A note that was signed before its potassium was corrected.
  if (id === 'p-signed')
    Object.assign(made, {
      state: 'signed',
      decision: { kind: 'signed', by: 'Dr. Ines Halloran', at: '2026-11-20T13:01:00Z', reasonCode: null, reason: null },
      changedSince: changedPotassium(made),
    });
  state.proposals.set(id, made);
  return made;
}

function sign({ state, response, id, body }: Call): void {
  const proposal = proposalOf(state, id);
  if (id === 'p-stale') {
    refuse(response, 409, 'stale', 'The chart changed after this draft was written.', {
      kind: 'changed',
      changes: [{ text: 'Hemoglobin of 23 Nov 2026 06:10 arrived: 8.9 g/dL, low.' }, { text: 'Enoxaparin was stopped on 23 Nov 2026.' }],
      successor: 'p-fresh',
    });
    return;
  }
  if (id === 'p-unread' && state.unread) {
    refuse(response, 409, 'stale', 'messages that may be about this person have arrived and are not read yet; sign again in a moment', {
      kind: 'unread',
      unreadSince: '2026-11-23T15:41:02Z',
      changes: [{ text: 'Messages that may be about this person have arrived and are not read yet.' }],
      successor: null,
    });
    return;
  }
  if (id === 'p-decided' || proposal.decision) {
    refuse(response, 409, 'decided', 'This draft was decided before.');
    return;
  }
  if ((body as { contentHash?: string }).contentHash !== proposal.contentHash) {
    refuse(response, 409, 'hash', 'The content differs from what was read.');
    return;
  }
  proposal.state = 'signed';
  proposal.decision = { kind: 'signed', by: state.signedIn!.name, at: '2026-11-23T15:41:30Z', reasonCode: null, reason: null };
  proposal.delivery = [
    {
      surface: 'North Hospital EHR',
      state: 'delivered',
      attempts: 1,
      reference: 'DocumentReference/8812',
      reason: null,
      confirmedAt: '2026-11-23T15:41:31Z',
    },
  ];
  state.items = state.items.filter((one) => one.id !== id);
  send(response, 201, { state: 'signed', delivery: proposal.delivery });
}

type Edited = {
  contentHash: string;
  sentences: { id?: string; text: string; section?: string; selected: boolean; acknowledged?: boolean }[];
};

function edit({ state, response, id, body }: Call): void {
  const proposal = proposalOf(state, id);
  const { sentences } = body as Edited;
  const refusedIndex = sentences.findIndex((one) => {
    const before = proposal.sentences.find((two) => two.id === one.id);
    return (
      before &&
      before.text === one.text &&
      one.selected &&
      before.verdict.outcome === 'unproven' &&
      before.author.kind === 'writer' &&
      !before.sourceOpened
    );
  });
  if (refusedIndex >= 0) {
    refuse(response, 422, 'source_unopened', 'Open the source of this sentence before accepting it.');
    return;
  }
  const unseen = sentences.some((one) => /sister has no/i.test(one.text) && !one.acknowledged);
  if (unseen) {
    refuse(response, 422, 'unacknowledged', 'The chart contradicts this; acknowledge it first.');
    return;
  }
  const next = sentences.map((one, index) => {
    const before = proposal.sentences.find((two) => two.id === one.id);
    if (before && before.text === one.text) return { ...before, selected: one.selected };
    return {
      id: `${id}:own-${index}-${createHash('sha1').update(one.text).digest('hex').slice(0, 6)}`,
      section: one.section ?? before?.section ?? proposal.sections[0]!,
      text: one.text,
      author: { kind: 'human' as const, id: state.signedIn!.id },
      selected: one.selected,
      verdict: verdictOf(one.text),
      evidence: [],
      sourceOpened: false,
      ...(one.acknowledged ? { acknowledged: true } : {}),
      ...(before ? { replaces: before.id } : {}),
      ...(carriedFrom(proposal, one.text).length > 0
        ? { wordsOf: { sentences: carriedFrom(proposal, one.text).map((from) => from.id), writer: 'built-in@1' } }
        : {}),
    };
  });
  const changed: ProposalView = {
    ...proposal,
    state: 'edited',
    sentences: next,
    contentHash: createHash('sha256').update(JSON.stringify(next)).digest('hex'),
  };
  state.proposals.set(id, changed);
  send(response, 201, changed);
}

function decide({ state, response, id, body }: Call, kind: 'declined' | 'escalated'): void {
  const proposal = proposalOf(state, id);
  const { code = 'other', reason = null } = body as { code?: DecisionReason; reason?: string };
  proposal.state = kind;
  if (kind === 'declined') {
    proposal.decision = { kind: 'declined', by: state.signedIn!.name, at: '2026-11-23T15:41:30Z', reasonCode: code, reason };
    state.items = state.items.filter((one) => one.id !== id);
  }
  send(response, 201, { state: kind });
}

const UNTIL = '2026-11-23T15:55:00Z';
const colleague = { id: 'adeyemi', name: 'Dr. Tunde Adeyemi' };

/** `p-pruitt` is a colleague's; everything else may be claimed. */
function claim(call: Call): void {
  if (call.id === 'p-pruitt') {
    refuse(call.response, 409, 'taken', 'Dr. Tunde Adeyemi has this draft', { name: colleague.name, until: UNTIL });
    return;
  }
  lease(call, { name: call.state.signedIn!.name, you: true, until: UNTIL, handedBy: null, reason: null });
}

function handOff(call: Call): void {
  const { reason } = call.body as { reason: string };
  lease(call, { name: colleague.name, you: false, until: UNTIL, handedBy: call.state.signedIn!.name, reason });
}

function lease({ state, response, id }: Call, lease: LeaseView | null): void {
  proposalOf(state, id).with = lease;
  state.items = state.items.map((one) => (one.id === id ? { ...one, with: lease } : one));
  send(response, 201, { id, with: lease });
}

function lineage({ state, response, id }: Call): void {
  const sentence = [...state.proposals.values()].flatMap((one) => one.sentences).find((one) => one.id === id);
  if (!sentence) {
    refuse(response, 404, 'not_found', 'No such sentence.');
    return;
  }
  send(response, 200, lineageFor(sentence));
}

function openSource({ state, response, id }: Call): void {
  for (const proposal of state.proposals.values()) {
    const sentence = proposal.sentences.find((one) => one.id === id);
    if (sentence) sentence.sourceOpened = true;
  }
  send(response, 201, {});
}

function check({ state, response, body }: Call): void {
  const { proposal, sentences } = body as { proposal: string; sentences: { text: string }[] };
  const draft = proposalOf(state, proposal);
  send(response, 200, {
    results: sentences.map((one) => ({ text: one.text, ...verdictOf(one.text), evidence: [], wordsOf: carriedFrom(draft, one.text) })),
  });
}

/** The writer's sentences with which a text begins alike: enough of a likeness for the page. */
function carriedFrom(draft: ProposalView, text: string): { id: string; text: string }[] {
  return draft.sentences
    .filter((one) => one.author.kind === 'writer' && text.slice(0, 36) === one.text.slice(0, 36))
    .map((one) => ({ id: one.id, text: one.text }));
}

function reread({ state, response, id }: Call): void {
  state.rereads.set(id, 0);
  send(response, 202, rereadOf(state, id));
}

const REREAD = 4000;

function rereadOf(state: State, source: string): RereadView {
  const done = state.rereads.get(source);
  if (done === undefined) return { source, state: 'none', askedAt: null, receipts: 0, done: 0 };
  return { source, state: done < REREAD ? 'running' : 'done', askedAt: '2026-11-23T15:41:00Z', receipts: REREAD, done };
}

/** A feed that is being read again says so; once it was, nothing of it is unused. */
function feedNow(state: State, source: string): Partial<FeedView> {
  const done = state.rereads.get(source);
  if (done === undefined) return {};
  return done < REREAD ? { rereadSince: '2026-11-23T15:41:00Z' } : { flagged: [] };
}

function verdictOf(text: string): ProposalView['sentences'][number]['verdict'] {
  if (/sister has no|6\.5 mmol\/L on 20 Nov/i.test(text))
    return {
      outcome: 'contradicted',
      reasons: [{ code: 'value-differs', text: 'Value: the chart says 5.6 mmol/L on 20 Nov 2026, corrected.' }],
    };
  if (/creatinine|potassium/i.test(text)) return { outcome: 'proven', reasons: [] };
  return { outcome: 'unproven', reasons: [{ code: 'word-unread', text: 'No fact in the chart says this.' }] };
}

function listPatients({ state, response, url }: Call): void {
  const q = (url.searchParams.get('q') ?? '').toLowerCase();
  const items = state.items.map((one) => ({
    id: one.person.id,
    name: one.person.name,
    birthDate: one.person.birthDate,
    sex: one.person.sex,
    mrn: one.person.mrn,
    facts: one.restsOn.facts * 12,
    openItems: 1,
  }));
  send(response, 200, { items: items.filter((one) => `${one.name} ${one.mrn}`.toLowerCase().includes(q)), more: false });
}

function patientFacts({ state, response, id, url }: Call): void {
  const person = id === osgood.id ? osgood : state.items.find((one) => one.person.id === id)?.person;
  if (!person) {
    refuse(response, 404, 'not_found', 'No such patient.');
    return;
  }
  const summary = summaryFor('p-osgood');
  const facts = ['s-potassium', 's-furosemide'].flatMap((key) => lineageFor(summary.sentences.find((one) => one.id.endsWith(key))!).facts);
  // The correction came at 07:02 of the site: before it the first value stood.
  const knownAt = url.searchParams.get('knownAt') ?? '2026-11-23T15:41:00Z';
  const known = facts
    .filter((one) => one.recordedAt <= knownAt)
    .map((one) => (one.supersededAt && one.supersededAt > knownAt ? { ...one, supersededAt: null } : one));
  send(response, 200, { person, knownAt, facts: known, documents: person === osgood ? signedDocuments : [] });
}

function factLineage({ response, id }: Call): void {
  const [fact = '', version] = id.split('/');
  const found = factLineageFor(fact, Number(version));
  if (found) send(response, 200, found);
  else refuse(response, 404, 'not_found', 'this person has no such fact');
}

function replay({ state, response, id }: Call): void {
  state.quarantine = state.quarantine.map((one) => (one.id === id ? { ...one, state: 'replayed' as const } : one));
  send(response, 201, { state: 'replayed' });
}

function dismiss({ state, response, id, body }: Call): void {
  const { reason } = body as { reason: string };
  state.quarantine = state.quarantine.map((one) => (one.id === id ? { ...one, state: 'dismissed' as const, closedReason: reason } : one));
  send(response, 201, { state: 'dismissed' });
}

function receiptText(id: string): string {
  return id === 'r-held' ? heldOru : potassiumOru;
}

async function serveFile(dist: string, path: string, response: ServerResponse): Promise<void> {
  const file = normalize(join(dist, path));
  const wanted = file.startsWith(dist) && extname(file) ? file : join(dist, 'index.html');
  const bytes = await readFile(wanted).catch(() => undefined);
  if (!bytes) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    'content-type': types[extname(wanted)] ?? 'application/octet-stream',
    'content-security-policy': POLICY,
    'cache-control': 'no-cache',
  });
  response.end(bytes);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, status: number, code: string, diagnostics: string, details?: unknown): void {
  send(response, status, {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'processing', diagnostics }],
    code,
    ...(details ? { details } : {}),
  });
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return request.headers['content-type']?.includes('json') && text ? JSON.parse(text) : text;
}
