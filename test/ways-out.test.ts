/*
 * Everything by which something can leave this process, as one closed list; and whatever people, feeds and outages do, no word of an AI leaves by any
 * of them unsigned. A new way out makes the first tests fail until it has a line here that says what leaves and who answers for it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProposalView, WorklistItem } from '../src/core/api.ts';
import type { ProposalContent } from '../src/core/proposal.ts';
import { listRoutes } from '../src/platform/http.ts';
import { type Seat, startHouse, type TestHouse } from './house.ts';
import { visit as bookedVisit, potassium } from './payloads.ts';

/** By what a file could send anything: modules that open a connection or a process, and globals of the platform that do. */
const SPEAKING = /^(node:)?(http|https|http2|net|tls|dgram|dns|child_process|cluster|inspector)(\/|$)/;
const GLOBALS = new Set(['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest', 'sendBeacon', 'BroadcastChannel', 'RTCPeerConnection']);
/** Packages that only compute, or only answer through the server of platform/http.ts. Every other package speaks until it is named here. */
const SILENT = new Set(
  'zod commander pino prom-client @electric-sql/pglite @lhncbc/ucum-lhc fastify-type-provider-zod @fastify/swagger @fastify/static @fastify/rate-limit @fastify/helmet @fastify/cookie'.split(
    ' ',
  ),
);

/**
 * The closed list. `signed`: a named human countersigned every word of an AI in it. `no AI`: nothing an AI wrote is in it. `own surface`: drafts are
 * shown to a signed-in caller, marked as drafts, and nothing is stored elsewhere.
 */
const WAYS_OUT: Record<string, { leaves: string; word: 'signed' | 'no AI' | 'own surface' }> = {
  'src/delivery/write-back/target.ts': { leaves: 'what was signed, and searches, to the EHR', word: 'signed' },
  'src/sources/mllp.ts': { leaves: 'HL7 acknowledgements', word: 'no AI' },
  'src/platform/bus.ts': { leaves: 'that a kind of job waits', word: 'no AI' },
  'src/platform/http.ts': { leaves: 'answers to callers: the routes below', word: 'own surface' },
  'src/platform/control-socket.ts': { leaves: 'answers to a verb of the same user on this machine', word: 'own surface' },
  'src/platform/postgres.ts': { leaves: 'our own store', word: 'own surface' },
  'src/platform/scratch-database.ts': { leaves: 'a store for tests', word: 'own surface' },
  'src/sources/play-hospital.ts': { leaves: 'the start of the play hospital', word: 'no AI' },
  'src/platform/web-build.ts': { leaves: 'the build of the user interface', word: 'no AI' },
  'src/platform/launch.ts': { leaves: 'the start of the same program on another Node', word: 'no AI' },
  'src/interop/fhir/testing/samples.ts': { leaves: 'the unpacking of samples for tests', word: 'no AI' },
  'web/src/other-tabs.ts': { leaves: 'what one page of a browser tells the others of the same session', word: 'own surface' },
  'web/src/api.ts': { leaves: 'calls of the page to the server it came from', word: 'own surface' },
};

/** Routes whose answers hold words of a draft before it is signed; all others hold none. Who may come through is in doors.test.ts. */
const SHOWS_DRAFTS = `
  GET /api/worklist
  GET /api/proposals/:id
  GET /api/lineage/:id
  GET /api/runs/:id
  GET /api/audit/:id
  POST /api/check
  POST /api/proposals/:id/edit
  POST /api/proposals/:id/signature
  POST /cds-services/:id
`;

/** Where FHIR resources are made from anything but a payload from outside: what they are, and under whose name they leave. */
const MAKES_FHIR: Record<string, string> = {
  'src/delivery/write-back/document.ts': 'DocumentReference, Provenance, contained Device: the signed note',
  'src/delivery/fhir-api/bundle.ts': 'Bundle around facts',
  'src/delivery/fhir-api/capability.ts': 'CapabilityStatement',
  'src/delivery/fhir-api/fhir.routes.ts': 'Bundle and OperationOutcome',
  'src/delivery/fhir-api/post.ts': 'OperationOutcome',
  'src/delivery/fhir-api/patient.ts': 'Patient of a person: identifiers and demographics from facts',
  'src/platform/http-errors.ts': 'OperationOutcome',
  'src/core/errors.ts': 'OperationOutcome',
};

const ROOT = fileURLToPath(new URL('../', import.meta.url));

describe('R3: the ways out are a closed list', () => {
  const sources = sourceFiles();

  it('and every file that can send anything is on it', () => {
    const speaking = sources.filter((file) => speaks(file)).map((file) => file.name);

    expect(speaking.sort()).toEqual(Object.keys(WAYS_OUT).sort());
  });

  it('one path leads to the EHR: from the job of a decision, through the release that reads the signature', () => {
    expect(namers(sources, 'Target', ts.SyntaxKind.NewExpression)).toEqual(['src/app.ts']);
    expect(namers(sources, 'writeBack', ts.SyntaxKind.CallExpression)).toEqual(['src/delivery/write-back/release.ts']);
    expect(namers(sources, 'releaseDecision', ts.SyntaxKind.CallExpression)).toEqual(['src/flow.ts']);
    expect(namers(sources, 'onDecision', ts.SyntaxKind.CallExpression)).toEqual(['src/app.ts']);
    for (const method of ['create', 'put', 'replace']) {
      const callers = sources.filter((file) => new RegExp(`\\btarget\\.${method}\\(`).test(file.text)).map((file) => file.name);
      expect([method, callers]).toEqual([method, ['src/delivery/write-back/write-back.ts']]);
    }
  });

  it('the bus is told a kind of job and nothing else', () => {
    const calls = sources.flatMap((file) => [...file.text.matchAll(/\bbus\??\.publish\(([^)]*)\)/g)].map((match) => [file.name, match[1]]));

    expect(calls).toEqual([['src/app.ts', '{ kind, key: kind }']]);
  });

  it('FHIR resources are made in a few places, and one of them is a clinical document', () => {
    const makers = sources
      .filter(({ name }) => !/^src\/(interop|packs|ai\/faults)\/|fixture/.test(name) && name.startsWith('src/'))
      .filter((file) => /resourceType: '[A-Z]/.test(file.text));

    expect(makers.map((file) => file.name).sort()).toEqual(Object.keys(MAKES_FHIR).sort());
    const final = sources.filter((file) => /\b(docStatus|status): '(final|sent|active|completed|current)'/.test(file.text));
    const outside = final
      .map((file) => file.name)
      .filter((name) => !/^src\/(interop|packs|ai\/faults)\/|fixture|\/testing\/|^web\//.test(name));
    expect(outside).toEqual(['src/delivery/fhir-api/capability.ts', 'src/delivery/write-back/document.ts']);
  });

  it('an entry and a new file that speaks are both noticed', () => {
    const spoken = (text: string): boolean => speaks(parsed('src/new.ts', text));

    expect(spoken(`import { request } from 'node:https'; request('x');`)).toBe(true);
    expect(spoken(`import net = require('net');`)).toBe(true);
    expect(spoken(`const { fetch: ask } = globalThis; ask('x');`)).toBe(true);
    expect(spoken(`export const send = () => globalThis['fetch']('x');`)).toBe(true);
    expect(spoken(`const mail = await import('nodemailer');`)).toBe(true);
    expect(spoken(`import { createTransport } from 'nodemailer';`)).toBe(true);
    expect(spoken(`import type { AddressInfo } from 'node:net'; // fetch, WebSocket`)).toBe(false);
  });
});

describe('R3: whatever is done through the doors', () => {
  const MRNS = Array.from({ length: 120 }, (_, index) => `72${String(index).padStart(5, '0')}`);
  let house: TestHouse;
  let clinician: Seat;
  let engineer: Seat;
  let used = 0;
  /** What left by a way that no signature opens. */
  let left: string[] = [];

  beforeAll(async () => {
    house = await startHouse({ mrns: MRNS });
    clinician = await house.signIn('halloran');
    engineer = await house.signIn('marsh');
  });
  afterAll(() => house.stop());

  it('no word of an AI leaves unsigned, and nothing stands in the EHR as final without a review record', async () => {
    let signatures = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step(), { minLength: 2, maxLength: 7 }), async (steps) => {
        left = [];
        const draft = await newDraft();
        for (const one of steps) await one(draft);
        await house.play('/play/behaviour', { outage: false });
        await house.settle();
        await lookOutside(draft);

        const content = await contentOf(draft.id);
        const words = content.sentences.filter((one) => one.author.kind === 'writer').map((one) => one.text);
        for (const text of left) for (const word of words) expect(text).not.toContain(word);
        signatures += await reviewed();
      }),
      { numRuns: 20, seed: 3 },
    );
    // Of nothing signed this would say nothing.
    expect(signatures).toBeGreaterThan(3);
  });

  it('every route that shows a draft is on the list, and no other does', async () => {
    const draft = await newDraft();
    const words = draft.sentences.filter((one) => one.author.kind === 'writer').map((one) => JSON.stringify(one.text).slice(1, -1));
    const shown: string[] = [];
    for (const { method, path, body, as = clinician } of asks(draft)) {
      const answer = await fetch(`${house.doors.url}${path[1]}`, {
        method,
        headers: { authorization: `Bearer ${as.token}`, 'content-type': 'application/json', accept: 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      expect([path[0], answer.status < 500]).toEqual([path[0], true]);
      if (words.some((word) => text.includes(word) || text.replaceAll('\\\\', '').includes(word))) shown.push(`${method} ${path[0]}`);
    }

    const listed = SHOWS_DRAFTS.trim().split('\n').map((line) => line.trim()); // biome-ignore format: one line
    for (const one of shown) expect(listed).toContain(one);
    expect(shown).toContain('GET /api/proposals/:id');
    expect(shown.some((one) => one.includes('/fhir/'))).toBe(false);
  });

  /** How many documents stand in the EHR, each of which a named human signed as it stands there. */
  async function reviewed(): Promise<number> {
    const { resources: everything } = (await house.play('/play/written')) as { resources: Record<string, unknown>[] };
    const documents = everything.filter((one) => one['resourceType'] === 'DocumentReference');
    const types = new Set(everything.map((one) => one['resourceType']));
    expect([...types].filter((type) => type !== 'DocumentReference' && type !== 'Provenance')).toEqual([]);
    for (const document of documents) {
      const [{ value: proposal }] = document['identifier'] as [{ value: string }];
      const [decision] = await house.app.db.query<{ kind: string; actor: string; content: string; content_hash: string; hash: string }>(
        `select d.kind, d.actor, p.content, d.content_hash, p.content_hash as hash from decision d join proposal p on p.id = d.proposal where p.id = $1`,
        [proposal],
      );
      expect([decision?.kind, decision?.actor]).toEqual(['signed', 'halloran']);
      expect(decision!.content_hash).toBe(decision!.hash);
      expect((await house.journalKinds(proposal)).filter((kind) => kind === 'decision.signed')).toHaveLength(1);
      const { sentences } = JSON.parse(decision!.content) as ProposalContent;
      const [page] = document['content'] as { attachment: { data: string } }[];
      const lines = Buffer.from(page!.attachment.data, 'base64').toString().split('\n').filter((line) => line.startsWith('- ')); // biome-ignore format: one line
      expect(lines.map((line) => line.slice(2)).sort()).toEqual(sentences.filter((one) => one.selected).map((one) => one.text).sort()); // biome-ignore format: one line
    }
    return documents.length;
  }

  /** What anybody outside can have of a draft that nobody signed: acknowledgements, the FHIR door, metrics, feeds, the log. */
  async function lookOutside(draft: ProposalView): Promise<void> {
    for (const type of ['DocumentReference', 'Observation', 'Composition', 'Communication', 'Task', 'Provenance', 'DiagnosticReport']) {
      const answer = await fetch(`${house.doors.url}/fhir/R4/${type}?patient=${draft.patient}`, { headers: { authorization: `Bearer ${clinician.token}` } }); // biome-ignore format: one line
      left.push(await answer.text());
    }
    left.push(await (await fetch(`${house.doors.url}/metrics`)).text());
    for (const path of ['/api/feeds', '/api/quarantine', '/api/deliveries?state=waiting', '/api/journal/entries?from=0']) {
      left.push(JSON.stringify(await engineer.get(path)));
    }
    expect(left.join()).not.toContain('AIAST');
  }

  type Step = (draft: ProposalView) => Promise<unknown>;

  /** One thing that somebody, a feed or an outage might do. */
  function step(): fc.Arbitrary<Step> {
    const at = fc.nat({ max: 12 });
    const decide = (path: string, body: object): Step => (draft) => clinician.post(`/api/proposals/${draft.id}/${path}`, body); // biome-ignore format: one line
    return fc.oneof(
      at.map((n): Step => (draft) => clinician.post(`/api/lineage/${draft.sentences[n % draft.sentences.length]!.id}/opened`)), // biome-ignore format: one line
      fc.tuple(at, fc.boolean()).map(
        ([n, selected]): Step =>
          (draft) =>
            clinician.post(`/api/proposals/${draft.id}/edit`, {
              sentences: draft.sentences.map(({ id, text, ...one }, index) => ({
                id,
                text,
                selected: index === n ? selected : one.selected,
              })),
            }),
      ),
      fc.constantFrom(decide('escalate', { reason: 'second opinion' }), decide('decline', { reason: 'seen already' })),
      fc.constant<Step>(async (draft) => {
        const { contentHash } = await clinician.get<ProposalView>(`/api/proposals/${draft.id}`);
        return clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash });
      }),
      fc.constant<Step>((draft) => clinician.post(`/api/proposals/${draft.id}/signature`, { contentHash: draft.contentHash })),
      fc.constant<Step>((draft) => engineer.post(`/api/proposals/${draft.id}/signature`, { contentHash: draft.contentHash })),
      fc.boolean().map((outage): Step => () => house.play('/play/behaviour', { outage })), // biome-ignore format: one line
      fc.constant<Step>((draft) => engineer.post(`/api/deliveries/${draft.id}/DocumentReference/again`)),
      fc.constant<Step>(async (draft) =>
        left.push(await house.send(potassium({ mrn: draft.person.mrn!, value: '5.3', status: 'C', reported: '20261121070000-0600' }))),
      ),
      fc.constant<Step>(() => house.settle()),
      fc.constant<Step>((draft) => clinician.post('/cds-services/countersign-patient-view', hookFor(draft.person.mrn!))),
    );
  }

  async function newDraft(): Promise<ProposalView> {
    const mrn = MRNS[used++]!;
    await house.take('', potassium({ mrn, value: '5.6' }));
    await house.take('north-ehr', bookedVisit(mrn));
    await house.settle();
    const { items } = await clinician.get<{ items: WorklistItem[] }>('/api/worklist');
    return clinician.get<ProposalView>(`/api/proposals/${items.find((item) => item.person.mrn === mrn)!.id}`);
  }

  async function contentOf(proposal: string): Promise<ProposalContent> {
    const [row] = await house.app.db.query<{ content: string }>('select content from proposal where id = $1', [proposal]);
    return JSON.parse(row!.content) as ProposalContent;
  }

  type Ask = { method: string; path: [template: string, path: string]; body?: unknown; as?: Seat };

  /** A request for every route of the router, about this draft where the route takes an id. */
  function asks(draft: ProposalView): Ask[] {
    const sentence = draft.sentences[0]!.id;
    const ids: Record<string, string> = {
      '/api/lineage/:id': sentence,
      '/api/runs/:id': draft.runId,
      '/api/patients/:id/facts': draft.patient,
    };
    // What a draft is changed or ended by is asked for elsewhere; streams and pages of the interface show what their routes show.
    const passed = /\/(signature|decline|escalate|edit|hand-off|claim|release|close|again|reread|replay|dismiss|session)$|^\/(\*|assets|$)/;
    return routes()
      .filter(({ url }) => !passed.test(url))
      .map(({ method, url }) => {
        const id = ids[url] ?? (url.startsWith('/cds-services') ? 'countersign-patient-view' : draft.id);
        const path = url
          .replace(':type', 'DocumentReference')
          .replace(/:id/, id)
          .replace(/:(fact|receipt|version|name)/g, '1');
        const checked = url === '/api/check' ? { patient: draft.patient, text: draft.sentences[0]!.text } : { message: 'none' };
        const body = url === '/cds-services/:id' ? hookFor(draft.person.mrn!) : checked;
        const engineers = /feeds|quarantine|receipts|deliveries|explain/.test(url);
        return { method, path: [url, path], ...(method === 'POST' ? { body } : {}), ...(engineers ? { as: engineer } : {}) };
      });
  }

  function routes(): { method: string; url: string }[] {
    return listRoutes(house.doors.server).flatMap(({ method, url }) => (method === 'GET' || method === 'POST' ? [{ method, url }] : []));
  }
});

type Source = { name: string; text: string; node: ts.SourceFile };

function sourceFiles(): Source[] {
  return ['src', 'web/src'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name))
      .map((name) => join(ROOT, folder, name))
      .map((path) => parsed(relative(ROOT, path), readFileSync(path, 'utf8'))),
  );
}

function parsed(name: string, text: string): Source {
  return { name, text, node: ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, name.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS) }; // biome-ignore format: one line
}

function speaks({ name, node }: Source): boolean {
  let found = false;
  const visit = (one: ts.Node): void => {
    const named = moduleOf(one);
    if (named !== undefined) found ||= isSpeaking(named, name);
    if (ts.isIdentifier(one) && GLOBALS.has(one.text) && !isOwnName(one)) found = true;
    if (ts.isStringLiteral(one) && GLOBALS.has(one.text) && ts.isElementAccessExpression(one.parent)) found = true;
    one.forEachChild(visit);
  };
  visit(node);
  return found;
}

/** What a node imports as a value; undefined where it imports types or nothing. */
function moduleOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node)) return isTypeOnly(node) ? undefined : literal(node.moduleSpecifier);
  if (ts.isExportDeclaration(node)) return node.isTypeOnly ? undefined : literal(node.moduleSpecifier);
  if (ts.isExternalModuleReference(node)) return literal(node.expression);
  if (!ts.isCallExpression(node)) return undefined;
  const calls =
    node.expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(node.expression) && node.expression.text === 'require');
  return calls ? literal(node.arguments[0]) : undefined;
}

function isTypeOnly({ importClause }: ts.ImportDeclaration): boolean {
  if (!importClause) return false;
  const { namedBindings } = importClause;
  const named = namedBindings && ts.isNamedImports(namedBindings) ? namedBindings.elements : undefined;
  return importClause.isTypeOnly || (importClause.name === undefined && named !== undefined && named.every((one) => one.isTypeOnly));
}

function literal(node: ts.Node | undefined): string | undefined {
  return node && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function isSpeaking(named: string, importer: string): boolean {
  if (SPEAKING.test(named)) return true;
  if (/^(node:|\.)/.test(named)) return false;
  const name = named.split('/').slice(0, named.startsWith('@') ? 2 : 1).join('/'); // biome-ignore format: one line
  // Packages of the page are bundled and speak by the globals of the browser alone.
  return !SILENT.has(name) && !importer.startsWith('web/');
}

/** A property or a field called so that is not the platform's: `options.fetch`, `{ fetch: ask }` from a value of ours, a type's member. */
function isOwnName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertySignature(parent) || ts.isPropertyAssignment(parent) || ts.isMethodSignature(parent)) return parent.name === node;
  if (!ts.isPropertyAccessExpression(parent) || parent.name !== node) return false;
  return !/^(globalThis|window|self|navigator)$/.test(parent.expression.getText());
}

/** Files that call or make something of this name. */
function namers(sources: readonly Source[], name: string, kind: ts.SyntaxKind): string[] {
  return sources
    .filter(({ node }) => {
      let found = false;
      const visit = (one: ts.Node): void => {
        if (one.kind === kind && (one as ts.CallExpression).expression.getText() === name) found = true;
        one.forEachChild(visit);
      };
      visit(node);
      return found;
    })
    .map((file) => file.name);
}

function hookFor(mrn: string): unknown {
  const patient = { resourceType: 'Patient', id: `p${mrn}`, identifier: [{ system: 'urn:oid:2.999.1.1', value: mrn }] };
  return {
    ...{ hook: 'patient-view', hookInstance: crypto.randomUUID(), context: { userId: 'Practitioner/1', patientId: `p${mrn}` } },
    prefetch: { patient },
  };
}
