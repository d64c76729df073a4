import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { Target, type TargetOptions } from './target.ts';
import { type WriteBackInput, writeBack } from './write-back.ts';

const MRN = { system: 'urn:oid:1.2.3', value: 'MRN-SECRET-77' };
const NATIONAL = { system: 'urn:oid:1.2.9', value: 'NATIONAL-SECRET-9' };

describe('write-back to an EHR that misbehaves', () => {
  let ehr: PlayEhr;
  let target: Target;
  let now = 0;

  beforeEach(async () => {
    ehr = await openPlayEhr();
    now = 0;
    target = open();
  });
  afterEach(() => ehr.close());

  it('writes the document and its Provenance and says where they are', async () => {
    const result = await writeBack(target, input());

    expect(result).toEqual({
      state: 'delivered',
      reference: 'DocumentReference/1',
      provenance: { state: 'delivered', reference: 'Provenance/2' },
    });
    expect(ehr.kept('DocumentReference')[0]).toMatchObject({ subject: { reference: 'Patient/p77' }, docStatus: 'final' });
    expect(ehr.kept('Provenance')[0]).toMatchObject({ target: [{ reference: 'DocumentReference/1' }] });
  });

  it.each([true, false])('R137: writes once however often it is asked to (conditional create %s)', async (conditional) => {
    ehr.conditional = conditional;

    const results = [];
    for (let i = 0; i < 5; i++) results.push(await writeBack(open(), input()));

    expect(new Set(results.map((one) => JSON.stringify(one))).size).toBe(1);
    expect([ehr.kept('DocumentReference').length, ehr.kept('Provenance').length]).toEqual([1, 1]);
  });

  it.each([
    ['DocumentReference', true],
    ['DocumentReference', false],
    ['Provenance', true],
    ['Provenance', false],
  ] as const)('R22: an answer lost after the commit of %s does not write twice (conditional create %s)', async (type, conditional) => {
    ehr.conditional = conditional;
    for (let i = 0; i < 10; i++) {
      ehr.dropAnswersTo = { type, times: 1 };
      const one = input(`p-${i}`);
      await expect(writeBack(target, one)).rejects.toMatchObject({ code: 'ehr_unavailable' });

      expect(await writeBack(target, one)).toMatchObject({ state: 'delivered', provenance: { state: 'delivered' } });
    }

    expect([ehr.kept('DocumentReference').length, ehr.kept('Provenance').length]).toEqual([10, 10]);
  });

  it('R22: asks for another try through an outage and delivers after it', async () => {
    for (const status of [500, 502, 503, 429, 401]) {
      ehr.outage = status;
      await expect(writeBack(target, input())).rejects.toMatchObject({ code: 'ehr_unavailable' });
    }
    ehr.outage = undefined;

    expect(await writeBack(target, input())).toMatchObject({ state: 'delivered' });
    expect(ehr.kept('DocumentReference').length).toBe(1);
  });

  it('asks for another try where nobody listens and where nobody answers in time', async () => {
    ehr.silent = true;
    await expect(writeBack(open({ timeoutMs: 50 }), input())).rejects.toMatchObject({ code: 'ehr_unavailable' });
    await ehr.close();
    await expect(writeBack(target, input())).rejects.toMatchObject({ code: 'ehr_unavailable' });
  });

  it.each([
    ['not listed at all', { types: ['Patient', 'DocumentReference'] }, 'type-not-accepted'],
    ['refused with 422', { refuse: { type: 'Provenance', status: 422 } }, 'refused-422-business-rule'],
  ])('keeps a Provenance here that is %s, with the document delivered', async (_why, change, reason) => {
    Object.assign(ehr, change);

    const result = await writeBack(target, input());

    expect(result).toMatchObject({
      state: 'delivered',
      reference: 'DocumentReference/1',
      provenance: { state: 'kept', reason, resource: { resourceType: 'Provenance', target: [{ reference: 'DocumentReference/1' }] } },
    });
    expect(ehr.kept('Provenance')).toEqual([]);
  });

  it.each([
    ['a type it does not take', { types: ['Patient'] }, 'type-not-accepted'],
    ['a document it refuses', { refuse: { type: 'DocumentReference', status: 400 } }, 'refused-400-business-rule'],
    ['a patient it does not know', { patients: [] }, 'patient-not-found'],
    ['a patient it knows twice', { patients: ['p77', 'p78'] }, 'patient-not-unique'],
    ['neither search nor condition', { conditional: false, searches: false, patients: ['p77'] }, 'cannot-write-once'],
  ])('keeps a document here: %s', async (_why, change, reason) => {
    Object.assign(ehr, change);

    expect(await writeBack(target, input())).toEqual({ state: 'kept', reason });
    expect(ehr.kept('DocumentReference')).toEqual([]);
  });

  it.each`
    why                                                      | hospital                                     | becomes
    ${'both identifiers find one patient'}                   | ${{ p77: [MRN, NATIONAL] }}                  | ${'Patient/p77'}
    ${'only the second is known'}                            | ${{ p77: [NATIONAL] }}                       | ${'Patient/p77'}
    ${'two identifiers find two patients'}                   | ${{ p77: [MRN], p78: [NATIONAL] }}           | ${'patient-ambiguous'}
    ${'the second is shared, the first says which'}          | ${{ p77: [MRN, NATIONAL], p78: [NATIONAL] }} | ${'Patient/p77'}
    ${'the first is shared'}                                 | ${{ p77: [MRN], p78: [MRN] }}                | ${'patient-not-unique'}
    ${'it refuses to search by the second'}                  | ${{ p77: [MRN], refuses: NATIONAL.system }}  | ${'Patient/p77'}
    ${'it refuses to search by the first, the second finds'} | ${{ p77: [NATIONAL], refuses: MRN.system }}  | ${'Patient/p77'}
  `('R125: $why -> $becomes', async ({ hospital, becomes }) => {
    const { refuses, ...patients } = hospital as Record<string, (typeof MRN)[]> & { refuses?: string };
    const asked = open({
      fetch: async (url) => {
        const [system = '', value] = (new URL(String(url)).searchParams.get('identifier') ?? '').split('|');
        if (system === refuses) return Response.json({ resourceType: 'OperationOutcome' }, { status: 400 });
        const has = (list: (typeof MRN)[]) => list.some((one) => one.system === system && one.value === value);
        const found = Object.entries(patients).filter(([, identifiers]) => has(identifiers));
        const entry = found.map(([id, identifier]) => ({ resource: { resourceType: 'Patient', id, identifier } }));
        return Response.json({ resourceType: 'Bundle', entry });
      },
    });

    const found = await asked.findPatient([MRN, NATIONAL]);

    expect('reference' in found ? found.reference : found.reason).toBe(becomes);
  });

  it('is not taken in by a server that ignores search parameters', async () => {
    ehr.ignoresParameters = true;
    ehr.conditional = false;
    await writeBack(target, input('p-1'));
    await writeBack(target, input('p-2'));

    expect(ehr.kept('DocumentReference').map((one) => JSON.stringify(one['identifier']))).toEqual([
      expect.stringContaining('p-1'),
      expect.stringContaining('p-2'),
    ]);
    ehr.patients = ['somebody-else'];
    ehr.patientIdentifier = { system: MRN.system, value: 'other' };
    expect(await writeBack(open(), input('p-3'))).toEqual({ state: 'kept', reason: 'patient-not-found' });
  });

  it('adds its Provenance beside one that the EHR made itself', async () => {
    ehr.makesOwnProvenance = true;

    expect(await writeBack(target, input())).toMatchObject({ provenance: { state: 'delivered' } });
    expect(await writeBack(target, input())).toMatchObject({ provenance: { state: 'delivered' } });
    expect(ehr.kept('Provenance').length).toBe(2);
  });

  it.each([true, undefined])(
    'R137: where it may choose ids (said: %s), a Provenance is one resource however often it is sent',
    async (says) => {
      Object.assign(ehr, { conditional: false, chosenIds: says, targetSearch: says === true });
      ehr.dropAnswersTo = { type: 'Provenance', times: 2 };

      await expect(writeBack(target, input())).rejects.toMatchObject({ code: 'ehr_unavailable' });
      const again = await writeBack(target, input());

      expect(again).toMatchObject({ provenance: { state: 'delivered', reference: expect.stringMatching(/^Provenance\/[0-9a-f-]{36}$/) } });
      expect(ehr.kept('Provenance').length).toBe(1);
    },
  );

  it('keeps a Provenance here that could be written twice', async () => {
    Object.assign(ehr, { conditional: false, chosenIds: false, targetSearch: false });

    expect(await writeBack(target, input())).toMatchObject({ provenance: { state: 'kept', reason: 'cannot-write-once' } });
    expect(ehr.kept('Provenance')).toEqual([]);
  });

  it('asks for capabilities and the patient once in ten minutes', async () => {
    await writeBack(target, input('p-1'));
    await writeBack(target, input('p-2'));
    expect([ehr.asked('/metadata'), ehr.asked('/Patient?')]).toEqual([1, 1]);

    now += 10 * 60_000 + 1;
    await writeBack(target, input('p-3'));
    expect([ehr.asked('/metadata'), ehr.asked('/Patient?')]).toEqual([2, 2]);
  });

  it('R159: names no patient in what it throws', async () => {
    const thrown: unknown[] = [];
    for (const change of [{ outage: 500 }, { outage: undefined, silent: true }]) {
      Object.assign(ehr, change);
      await writeBack(open({ timeoutMs: 50 }), input()).catch((error: unknown) => thrown.push(error));
    }

    expect(thrown.every((error) => error instanceof AppError)).toBe(true);
    const text = thrown.map((error) => `${(error as Error).stack} ${String((error as Error).cause)}`).join();
    expect(text).not.toContain('SECRET');
  });

  it('reads no more of an answer than it allows', async () => {
    ehr.padding = 2 << 20;

    await expect(writeBack(target, input())).rejects.toMatchObject({ code: 'ehr_unavailable' });
  });

  it('follows no redirect and speaks no plain HTTP off loopback', async () => {
    const elsewhere = await openPlayEhr();
    ehr.redirectTo = elsewhere.url;
    await expect(writeBack(target, input())).rejects.toMatchObject({ code: 'ehr_unavailable' });
    expect(elsewhere.asked('/')).toBe(0);
    await elsewhere.close();

    for (const baseUrl of ['http://ehr.example/fhir', 'ftp://127.0.0.1/', 'https://user@ehr.example/', 'nonsense']) {
      expect(() => new Target({ baseUrl })).toThrowError(expect.objectContaining({ code: 'config_invalid' }));
    }
  });

  function open(change: Partial<TargetOptions> = {}): Target {
    return new Target({ baseUrl: ehr.url, timeoutMs: 2_000, clock: () => now, ...change });
  }
});

function input(proposalId = 'p-1'): WriteBackInput {
  return {
    proposalId,
    runId: `run of ${proposalId}`,
    content: {
      title: 'Pre-visit summary',
      asOf: '2026-11-22T08:00:00.000Z',
      sections: ['Results'],
      sentences: [
        {
          id: '1',
          section: 'Results',
          text: 'SECRET result.',
          author: { kind: 'writer', id: 'built-in@1' },
          selected: true,
          claims: [],
          verdict: { outcome: 'proven', reasons: [] },
          evidence: [],
        },
      ],
      omitted: [],
    },
    document: { loinc: '34133-9', title: 'Pre-visit summary' },
    writer: { name: 'built-in', version: '1' },
    signer: { system: 'urn:staff', value: 'riv', display: 'Dr. Rivera' },
    signedAt: '2026-11-22T08:14:00.000Z',
    patient: [MRN],
  };
}

type Resource = Record<string, unknown> & { id: string; resourceType: string };

/** A FHIR server small enough to be wrong in every way we must survive. */
type PlayEhr = {
  url: string;
  conditional: boolean;
  searches: boolean;
  targetSearch: boolean;
  chosenIds: boolean | undefined;
  ignoresParameters: boolean;
  makesOwnProvenance: boolean;
  redirectTo: string | undefined;
  silent: boolean;
  padding: number;
  outage: number | undefined;
  types: string[];
  patients: string[];
  patientIdentifier: { system: string; value: string };
  refuse: { type: string; status: number } | undefined;
  dropAnswersTo: { type: string; times: number };
  kept(type: string): Resource[];
  asked(path: string): number;
  close(): Promise<void>;
};

async function openPlayEhr(): Promise<PlayEhr> {
  const resources: Resource[] = [];
  const asked: string[] = [];
  const server: Server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ehr: PlayEhr = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`,
    conditional: true,
    searches: true,
    targetSearch: true,
    chosenIds: false,
    ignoresParameters: false,
    makesOwnProvenance: false,
    redirectTo: undefined,
    silent: false,
    padding: 0,
    outage: undefined,
    types: ['Patient', 'DocumentReference', 'Provenance'],
    patients: ['p77'],
    patientIdentifier: MRN,
    refuse: undefined,
    dropAnswersTo: { type: '', times: 0 },
    kept: (type) => resources.filter((one) => one.resourceType === type),
    asked: (path) => asked.filter((one) => one.includes(path)).length,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
  return ehr;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    asked.push(request.url ?? '');
    let body = '';
    for await (const chunk of request) body += chunk;
    if (ehr.silent) return undefined;
    if (ehr.redirectTo) return reply(response, 307, {}, { location: (request.url ?? '').replace('/fhir', ehr.redirectTo) });
    if (ehr.outage !== undefined) return reply(response, ehr.outage, { resourceType: 'OperationOutcome' });
    const url = new URL(request.url ?? '', ehr.url);
    const type = url.pathname.split('/')[2] ?? '';
    if (type === 'metadata') return reply(response, 200, capability());
    if (request.method === 'GET') return reply(response, ...search(type, url));
    if (request.method === 'PUT') return put(JSON.parse(body) as Resource, response);
    return create(type, JSON.parse(body) as Resource, request.headers['if-none-exist'], response);
  }

  function read(id: string): [number, unknown] {
    const found = resources.find((one) => one.id === id);
    return found ? [200, found] : [404, { resourceType: 'OperationOutcome' }];
  }

  function put(resource: Resource, response: ServerResponse): unknown {
    if (ehr.chosenIds === false) return reply(response, 405, { resourceType: 'OperationOutcome' });
    const at = resources.findIndex((one) => one.id === resource.id);
    resources.splice(at === -1 ? resources.length : at, 1, resource);
    if (ehr.dropAnswersTo.type === resource.resourceType && ehr.dropAnswersTo.times-- > 0) return response.destroy();
    return reply(response, at === -1 ? 201 : 200, resource);
  }

  function search(type: string, url: URL): [number, unknown] {
    const query = url.searchParams;
    const id = url.pathname.split('/')[3];
    if (id !== undefined) return read(id);
    if (type === 'Patient') {
      const entry = ehr.patients.map((id) => ({ resource: { resourceType: 'Patient', id, identifier: [ehr.patientIdentifier] } }));
      return [
        200,
        { resourceType: 'Bundle', entry: ehr.ignoresParameters || query.get('identifier') === key(MRN) ? entry : [], pad: pad() },
      ];
    }
    if (!ehr.searches || (!ehr.targetSearch && query.has('target'))) return [400, { resourceType: 'OperationOutcome' }];
    const entry = ehr.kept(type).filter((one) => ehr.ignoresParameters || matches(one, query)).map((resource) => ({ resource })); // biome-ignore format: short
    return [200, { resourceType: 'Bundle', entry }];
  }

  function create(type: string, resource: Resource, condition: string | string[] | undefined, response: ServerResponse): unknown {
    if (ehr.refuse?.type === type) {
      return reply(response, ehr.refuse.status, {
        resourceType: 'OperationOutcome',
        issue: [{ code: 'business-rule', diagnostics: 'SECRET' }],
      });
    }
    const existing =
      ehr.conditional && typeof condition === 'string' ? ehr.kept(type).filter((one) => matches(one, new URLSearchParams(condition))) : [];
    if (existing.length > 1) return reply(response, 412, { resourceType: 'OperationOutcome' });
    const id = existing[0]?.id ?? String(resources.length + 1);
    if (!existing[0]) resources.push({ ...resource, id });
    if (ehr.makesOwnProvenance && type === 'DocumentReference' && !existing[0]) {
      resources.push({ resourceType: 'Provenance', id: `own-${id}`, target: [{ reference: `DocumentReference/${id}` }] });
    }
    if (ehr.dropAnswersTo.type === type && ehr.dropAnswersTo.times-- > 0) return response.destroy();
    return reply(response, existing[0] ? 200 : 201, undefined, { location: `${ehr.url}/${type}/${id}/_history/1` });
  }

  function matches(resource: Resource, query: URLSearchParams): boolean {
    const identifiers = (resource['identifier'] ?? []) as { system: string; value: string }[];
    const targets = (resource['target'] ?? []) as { reference: string }[];
    const [identifier, target] = [query.get('identifier'), query.get('target')];
    if (identifier !== null) return identifiers.some((one) => key(one) === identifier);
    return targets.some((one) => one.reference === target);
  }

  function capability(): unknown {
    const resource = ehr.types.map((type) => ({
      type,
      interaction: [{ code: 'create' }, ...(ehr.chosenIds === false ? [] : [{ code: 'update' }])],
      conditionalCreate: ehr.conditional,
      ...(ehr.chosenIds ? { updateCreate: true } : {}),
    }));
    return { resourceType: 'CapabilityStatement', rest: [{ mode: 'server', resource }] };
  }

  function pad(): string {
    return 'x'.repeat(ehr.padding);
  }
}

function key(identifier: { system: string; value: string }): string {
  return `${identifier.system}|${identifier.value}`;
}

function reply(response: ServerResponse, status: number, body?: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/fhir+json', ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
