/* How FHIR servers in hospitals answer, one difference at a time: what each is taken to mean, and that nothing is written twice or sent elsewhere. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Target, type TargetOptions } from './target.ts';
import { type WriteBackInput, writeBack } from './write-back.ts';

type Resource = Record<string, unknown> & { resourceType: string; id: string };
type Ask = { method: string; type: string; id: string | undefined; query: URLSearchParams; headers: IncomingHttpHeaders; body: string };
type Reply = { status: number; headers?: Record<string, string>; body?: string | Buffer; slowly?: boolean };
/** What this server does otherwise than a plain one: in place of its answer, or with the answer it would give. */
type Quirk = { instead?(ask: Ask): Reply | undefined; dress?(reply: Reply, ask: Ask): Reply; store?(resource: Resource): Resource };

const MRN = { system: 'urn:oid:1.2.3', value: '77' };
const OUTCOME = JSON.stringify({
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'error', code: 'processing', diagnostics: 'SECRET' }],
});
const PAGE = '<!doctype html><title>Maintenance</title><p>Back soon.</p>';
const html = { 'content-type': 'text/html' };

let server: Server;
let base: string;
let quirk: Quirk;
let kept: Resource[];
let asked: Ask[];

beforeEach(async () => {
  [quirk, kept, asked] = [{}, [], []];
  server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://ehr');
    const [type = '', id] = url.pathname.split('/').slice(2);
    let body = '';
    for await (const chunk of request) body += chunk;
    const ask: Ask = { method: request.method ?? '', type, id, query: url.searchParams, headers: request.headers, body };
    asked.push(ask);
    const plain = quirk.instead?.(ask) ?? plainly(ask);
    const reply = quirk.dress?.(plain, ask) ?? plain;
    response.writeHead(reply.status, { 'content-type': 'application/fhir+json', ...reply.headers });
    if (!reply.slowly) return response.end(reply.body);
    response.write('{"resourceType"');
    const drip = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(drip));
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('what a create is answered with', () => {
  it.each`
    answer                                            | dress
    ${'201, Location without a version'}              | ${(made: string) => ({ status: 201, headers: { location: `${made}` } })}
    ${'201, a relative Location'}                     | ${(made: string) => ({ status: 201, headers: { location: made.split('/').slice(-2).join('/') } })}
    ${'201, Location of a host behind the gateway'}   | ${(made: string) => ({ status: 201, headers: { location: `https://internal.example:8443/r4/${made.split('/').slice(-2).join('/')}/_history/1` } })}
    ${'201, Content-Location only'}                   | ${(made: string) => ({ status: 201, headers: { 'content-location': made } })}
    ${'200 in place of 201'}                          | ${(made: string) => ({ status: 200, headers: { location: made } })}
    ${'200 with the resource and no Location'}        | ${(made: string) => ({ status: 200, body: JSON.stringify(kept.find((one) => made.endsWith(`/${one.id}`))) })}
    ${'201 with an OperationOutcome and no Location'} | ${() => ({ status: 201, body: OUTCOME })}
    ${'204 with nothing'}                             | ${() => ({ status: 204 })}
  `('R137: $answer is found, read back and written once', async ({ dress }) => {
    quirk.dress = (reply, { method }) => (method === 'POST' ? dress(reply.headers?.['location'] ?? '') : reply);

    const first = await writeBack(open(), input());

    expect(first).toMatchObject({ state: 'delivered', reference: `DocumentReference/${documents()[0]?.id}` });
    expect(await writeBack(open(), input())).toEqual(first);
    expect(documents()).toHaveLength(1);
  });

  it.each`
    answer                               | reply                                                                                        | becomes
    ${'422 with an OperationOutcome'}    | ${{ status: 422, body: OUTCOME }}                                                            | ${'refused-422-processing'}
    ${'403 with an OperationOutcome'}    | ${{ status: 403, body: OUTCOME }}                                                            | ${'refused-403-processing'}
    ${'400 with nothing'}                | ${{ status: 400 }}                                                                           | ${'refused-400'}
    ${'412 where nothing matches'}       | ${{ status: 412, body: OUTCOME }}                                                            | ${'refused-412-processing'}
    ${'403 with the page of a firewall'} | ${{ status: 403, headers: html, body: PAGE }}                                                | ${'again'}
    ${'404 with the page of a proxy'}    | ${{ status: 404, headers: html, body: PAGE }}                                                | ${'again'}
    ${'200 with a page of maintenance'}  | ${{ status: 200, headers: html, body: PAGE }}                                                | ${'again'}
    ${'202, to be done later'}           | ${{ status: 202 }}                                                                           | ${'again'}
    ${'303 to somewhere else'}           | ${{ status: 303, headers: { location: 'http://127.0.0.1:18499/fhir/DocumentReference/1' } }} | ${'again'}
    ${'401, a token that ran out'}       | ${{ status: 401, body: OUTCOME }}                                                            | ${'again'}
    ${'429, too many'}                   | ${{ status: 429, body: OUTCOME }}                                                            | ${'again'}
    ${'500 with a stack trace'}          | ${{ status: 500, headers: html, body: PAGE }}                                                | ${'again'}
  `('$answer -> $becomes', async ({ reply, becomes }) => {
    quirk.instead = ({ method }) => (method === 'POST' ? reply : undefined);

    const result = writeBack(open(), input());

    if (becomes === 'again') await expect(result).rejects.toMatchObject({ code: 'ehr_unavailable' });
    else expect(await result).toEqual({ state: 'kept', reason: becomes });
    expect(documents()).toEqual([]);
  });

  it('R137: what was accepted for later is looked for at each try, and sent once where nothing would stop a second copy', async () => {
    quirk.instead = ({ method, type }) => {
      if (type === 'metadata') return { status: 200, body: JSON.stringify({ resourceType: 'CapabilityStatement' }) };
      return method === 'POST' ? { status: 202 } : undefined;
    };
    const memory = { reference: async () => undefined, wrote: async () => undefined };
    await expect(writeBack(open(), input(), { ...memory, accepted: false })).rejects.toMatchObject({ reason: 'not-shown' });

    for (let tries = 0; tries < 3; tries++) {
      await expect(writeBack(open(), input(), { ...memory, accepted: true })).rejects.toMatchObject({ reason: 'not-shown' });
    }

    expect(asked.filter((one) => one.method === 'POST')).toHaveLength(1);
  });

  it('R137: a copy that somebody changed meanwhile is looked at again before it is withdrawn', async () => {
    let version = 1;
    quirk.store = (one) => ({ ...one, meta: { versionId: String(version) }, subject: { reference: 'Patient/other' } });
    quirk.instead = ({ method, headers }) => {
      if (method !== 'PUT' || headers['if-match'] === `W/"${version}"`) return undefined;
      return { status: 412, body: OUTCOME };
    };
    quirk.dress = (reply, { method }) => {
      // Right after the first look somebody there saves it again.
      if (method === 'GET' && version === 1 && reply.body?.includes('"versionId":"1"')) version = 2;
      return reply;
    };

    await expect(writeBack(open(), input())).rejects.toMatchObject({ code: 'ehr_unavailable' });
    expect(documents()[0]?.['status']).toBe('current');
    Object.assign(documents()[0]!, { meta: { versionId: '2' } });

    expect(await writeBack(open(), input())).toMatchObject({ state: 'kept', reason: 'withdrawn-subject' });
    expect(documents()[0]?.['status']).toBe('entered-in-error');
  });

  it('R137: 412 because two match already leaves one of them', async () => {
    quirk.instead = ({ method, type, query }) => {
      if (method === 'POST' && type === 'DocumentReference') return { status: 412, body: OUTCOME };
      return type === 'DocumentReference' && query.has('identifier') && asked.length < 4 ? bundle([]) : undefined;
    };
    const note = await noteAsSent();
    for (const id of ['a', 'b']) kept.push({ ...note, id });

    const result = await writeBack(open(), input());

    expect(result).toMatchObject({ state: 'delivered', withdrawn: ['DocumentReference/b'] });
    expect(documents().map((one) => one['status'])).toEqual(['current', 'entered-in-error']);
  });
});

describe('what a server says that it can do', () => {
  it.each`
    says                                 | reply                                                              | becomes
    ${'a page of maintenance, with 200'} | ${{ status: 200, headers: html, body: PAGE }}                      | ${'again'}
    ${'a page, with 404'}                | ${{ status: 404, headers: html, body: PAGE }}                      | ${'again'}
    ${'nothing: it has no metadata'}     | ${{ status: 404, body: OUTCOME }}                                  | ${'delivered'}
    ${'that nobody may ask'}             | ${{ status: 403, body: OUTCOME }}                                  | ${'delivered'}
    ${'only that it is a server'}        | ${{ status: 200, body: '{"resourceType":"CapabilityStatement"}' }} | ${'delivered'}
  `('$says -> $becomes', async ({ reply, becomes }) => {
    quirk.instead = ({ type }) => (type === 'metadata' ? reply : undefined);
    const target = open();

    if (becomes === 'again') {
      await expect(writeBack(target, input())).rejects.toMatchObject({ code: 'ehr_unavailable' });
      quirk = {};
    }

    // What a page said is not remembered for the next ten minutes.
    expect(await writeBack(target, input())).toMatchObject({ state: 'delivered' });
    expect(asked.filter((one) => one.type === 'DocumentReference' && one.headers['if-none-exist'] !== undefined).length).toBe(
      becomes === 'again' ? 1 : 0,
    );
  });
});

describe('how the bytes come', () => {
  it('gzip, and a byte order mark, are read', async () => {
    quirk.dress = (reply) =>
      reply.body === undefined
        ? reply
        : { ...reply, headers: { ...reply.headers, 'content-encoding': 'gzip' }, body: gzipSync(`\ufeff${String(reply.body)}`) };

    expect(await writeBack(open(), input())).toMatchObject({ state: 'delivered', provenance: { state: 'delivered' } });
  });

  it.each`
    what                                          | reply
    ${'megabytes that a few kilobytes unpack to'} | ${{ status: 200, headers: { 'content-encoding': 'gzip' }, body: gzipSync(`{"resourceType":"Bundle","pad":"${'x'.repeat(40 << 20)}"}`) }}
    ${'a body that never ends'}                   | ${{ status: 200, slowly: true }}
    ${'a body cut in half'}                       | ${{ status: 200, headers: { 'content-length': '500' }, body: '{"resourceType":"Bun' }}
    ${'a broken gzip stream'}                     | ${{ status: 200, headers: { 'content-encoding': 'gzip' }, body: Buffer.from('no gzip at all') }}
  `('$what is no answer, and soon given up', async ({ reply }) => {
    quirk.instead = ({ type }) => (type === 'Patient' ? reply : undefined);
    // Fewer bytes than announced: the server hangs up.
    if (reply.headers?.['content-length']) server.on('request', (_request, response) => setTimeout(() => response.destroy(), 100));
    const begun = performance.now();

    await expect(writeBack(open({ timeoutMs: 400 }), input())).rejects.toMatchObject({ code: 'ehr_unavailable' });

    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(documents()).toEqual([]);
  });
});

it('one that swallows requests is asked by one at a time, ever later, and by all again once it answers', async () => {
  let now = 0;
  let answers = false;
  let sent = 0;
  const swallowing: typeof fetch = async () => {
    sent += 1;
    if (answers) return Response.json({ resourceType: 'CapabilityStatement' });
    throw new DOMException('', 'TimeoutError');
  };
  const target = open({ fetch: swallowing, clock: () => now, timeoutMs: 10_000 });
  const askedAt = async (at: number): Promise<number> => {
    now = at;
    await Promise.allSettled(Array.from({ length: 20 }, () => target.get('Patient/1')));
    return sent;
  };

  // Twenty notes wait; those that are under way when the silence begins find out for themselves.
  expect(await askedAt(0)).toBe(20);
  sent = 0;
  await target.get('Patient/1').catch(() => undefined);
  expect(sent).toBe(0);
  const hour = Array.from({ length: 3600 }, (_, second) => second * 1000);
  for (const at of hour) await askedAt(at);
  expect(sent).toBeGreaterThan(50);
  expect(sent).toBeLessThan(70);
  answers = true;
  await askedAt(3_700_000);
  sent = 0;
  expect(await askedAt(3_700_001)).toBe(20);
});

describe('where the token goes', () => {
  it.each(['GET', 'POST'])('not after a redirect of a %s, to another host or to this one', async (redirected) => {
    const strangers: IncomingHttpHeaders[] = [];
    const stranger = createServer((request, response) => {
      strangers.push(request.headers);
      response.end('{}');
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const elsewhere = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/fhir`;
    for (const status of [301, 302, 307, 308]) {
      quirk.instead = ({ method, type }) => (method === redirected && type !== 'metadata' ? { status, headers: { location: `${elsewhere}/${type}` } } : undefined); // biome-ignore format: one line
      await expect(writeBack(open({ token: async () => 'SECRET' }), input())).rejects.toMatchObject({ code: 'ehr_unavailable' });
    }
    quirk.instead = ({ type }) => (type === 'metadata' ? { status: 302, headers: { location: `${elsewhere}/metadata` } } : undefined);
    await expect(writeBack(open({ token: async () => 'SECRET' }), input())).rejects.toMatchObject({ code: 'ehr_unavailable' });

    expect(strangers).toEqual([]);
    await new Promise((resolve) => stranger.close(resolve));
  });

  it('R22: a token that ran out is replaced at the next try', async () => {
    const tokens = ['old', 'new'];
    quirk.instead = ({ headers }) => (headers.authorization === 'Bearer new' ? undefined : { status: 401, body: OUTCOME });
    const target = open({ token: async () => tokens[0]! });

    await expect(writeBack(target, input())).rejects.toMatchObject({ code: 'ehr_unavailable' });
    tokens.shift();

    expect(await writeBack(target, input())).toMatchObject({ state: 'delivered' });
  });

  it('is not sent to where an attachment was moved outside the server', async () => {
    const elsewhere = `${base.replace('127.0.0.1', '127.0.0.2')}/Binary/words`;
    quirk.store = (one) => moved(one, elsewhere);
    const fetched: string[] = [];
    const watching: typeof fetch = async (url, init) => {
      fetched.push(String(url));
      return fetch(url, init);
    };

    expect(await writeBack(open({ fetch: watching }), input())).toMatchObject({ state: 'delivered', reason: 'content-not-read' });
    expect(fetched.every((url) => url.startsWith(base))).toBe(true);
  });
});

describe('what a server rightly makes of a note', () => {
  it.each`
    it                                        | store
    ${'adds meta, narrative and extensions'}  | ${(one: Resource) => ({ ...one, text: { status: 'generated', div: '<div/>' }, extension: [{ url: 'x' }], meta: { ...(one['meta'] as object), profile: ['x'] } })}
    ${'makes references absolute'}            | ${(one: Resource) => ({ ...one, subject: { reference: `https://internal.example/r4/Patient/p77/_history/3`, display: 'SECRET' } })}
    ${'adds an identifier of its own'}        | ${(one: Resource) => ({ ...one, identifier: [{ system: 'urn:own', value: '1' }, ...((one['identifier'] as object[]) ?? [])] })}
    ${'ends lines as Windows does'}           | ${(one: Resource) => reworded(one, (text) => text.replaceAll('\n', '\r\n'))}
    ${'moves the words into a Binary'}        | ${(one: Resource) => moved(one, 'Binary/words')}
    ${'moves them, with an absolute address'} | ${(one: Resource) => moved(one, `${base}/Binary/words`)}
    ${'calls it amended after an addendum'}   | ${(one: Resource) => ({ ...one, docStatus: 'amended' })}
    ${'has no docStatus'}                     | ${({ docStatus: _, ...one }: Resource) => one}
  `('R137: where it $it, the note stands as it was signed', async ({ store }) => {
    quirk.store = (one) => (one.resourceType === 'DocumentReference' ? store(one) : one);

    const result = await writeBack(open(), input());

    expect([result.state, result.reason]).toEqual(['delivered', undefined]);
  });

  it.each`
    it                              | store                                                                                                               | becomes
    ${'cuts the words'}             | ${(one: Resource) => reworded(one, (text) => text.slice(0, -30))}                                                   | ${['kept', 'withdrawn-content']}
    ${'moves other words into a Binary'} | ${(one: Resource) => moved(reworded(one, (text) => text.replace('5.6', '5.8')), 'Binary/words')} | ${['kept', 'withdrawn-content']}
    ${'keeps no words'}             | ${({ content: _, ...one }: Resource) => one}                                                                        | ${['kept', 'withdrawn-content']}
    ${'keeps no patient'}           | ${({ subject: _, ...one }: Resource) => one}                                                                        | ${['kept', 'withdrawn-subject']}
    ${'turns the words into a PDF'} | ${(one: Resource) => ({ ...one, content: [{ attachment: { contentType: 'application/pdf', data: 'JVBERi0=' } }] })} | ${['delivered', 'content-not-read']}
    ${'drops who signed'}           | ${({ authenticator: _, ...one }: Resource) => one}                                                                  | ${['delivered', 'signer']}
  `('R137: where it $it, it is $becomes', async ({ store, becomes }) => {
    quirk.store = (one) => (one.resourceType === 'DocumentReference' && one['status'] !== 'entered-in-error' ? store(one) : one);

    const result = await writeBack(open(), input());

    expect([result.state, result.reason]).toEqual(becomes);
  });

  it('R137: a merge over there between the search and the note is no other patient', async () => {
    let survivor = 'p77';
    quirk.instead = ({ type }) => (type === 'Patient' ? bundle([{ resourceType: 'Patient', id: survivor, identifier: [MRN] }]) : undefined);
    quirk.store = (one) => {
      survivor = 'p99';
      return one.resourceType === 'DocumentReference' ? { ...one, subject: { reference: 'Patient/p99' } } : one;
    };

    expect(await writeBack(open(), input())).toMatchObject({ state: 'delivered' });
  });

  it.each([403, 405, 501])('one that lets us write and not read (%s) is taken at its word, and that is said', async (status) => {
    quirk.instead = ({ method, id }) => (method === 'GET' && id !== undefined ? { status, body: OUTCOME } : undefined);

    expect(await writeBack(open(), input())).toMatchObject({
      ...{ state: 'delivered', reason: 'not-read-back' },
      provenance: { state: 'delivered', reason: 'not-read-back' },
    });
  });

  it('R137: a Provenance about something else is told', async () => {
    quirk.store = (one) => (one.resourceType === 'Provenance' ? { ...one, target: [{ reference: 'DocumentReference/other' }] } : one);

    expect(await writeBack(open(), input())).toMatchObject({
      state: 'delivered',
      provenance: { state: 'failed', reason: 'stands-target' },
    });
  });
});

function plainly({ method, type, id, query, headers, body }: Ask): Reply {
  if (type === 'metadata') {
    const resource = ['Patient', 'DocumentReference', 'Provenance'].map((one) => ({ type: one, interaction: [{ code: 'create' }], conditionalCreate: true })); // biome-ignore format: one line
    return { status: 200, body: JSON.stringify({ resourceType: 'CapabilityStatement', rest: [{ mode: 'server', resource }] }) };
  }
  if (method === 'GET' && id !== undefined) {
    const found = kept.find((one) => one.resourceType === type && one.id === id);
    return found ? { status: 200, body: JSON.stringify(found) } : { status: 404, body: OUTCOME };
  }
  if (type === 'Patient') return bundle([{ resourceType: 'Patient', id: 'p77', identifier: [MRN] }]);
  if (method === 'GET') return bundle(kept.filter((one) => one.resourceType === type && matches(one, query)));
  const resource = JSON.parse(body) as Resource;
  const condition = headers['if-none-exist'];
  const before = typeof condition === 'string' ? kept.find((one) => one.resourceType === type && matches(one, new URLSearchParams(condition))) : undefined; // biome-ignore format: one line
  const stored =
    before ?? (quirk.store?.({ ...resource, id: id ?? `n${kept.length + 1}` }) || { ...resource, id: id ?? `n${kept.length + 1}` });
  const at = kept.findIndex((one) => one.resourceType === type && one.id === stored.id);
  kept.splice(at === -1 ? kept.length : at, at === -1 ? 0 : 1, stored);
  return { status: before || method === 'PUT' ? 200 : 201, headers: { location: `${base}/${type}/${stored.id}` } };
}

function matches(one: Resource, query: URLSearchParams): boolean {
  const identifiers = (one['identifier'] ?? []) as { system: string; value: string }[];
  const targets = (one['target'] ?? []) as { reference: string }[];
  const [identifier, target] = [query.get('identifier'), query.get('target')];
  return identifier !== null ? identifiers.some(({ system, value }) => `${system}|${value}` === identifier) : targets.some((each) => each.reference === target); // biome-ignore format: one line
}

function bundle(resources: object[]): Reply {
  return {
    status: 200,
    body: JSON.stringify({ resourceType: 'Bundle', type: 'searchset', entry: resources.map((resource) => ({ resource })) }),
  };
}

type Page = { attachment: { contentType: string; data?: string; url?: string } };

function reworded(one: Resource, change: (text: string) => string): Resource {
  const [page, ...rest] = one['content'] as Page[];
  const text = change(Buffer.from(page!.attachment.data!, 'base64').toString());
  return { ...one, content: [{ attachment: { ...page!.attachment, data: Buffer.from(text).toString('base64') } }, ...rest] };
}

function moved(one: Resource, url: string): Resource {
  if (one.resourceType !== 'DocumentReference') return one;
  const [page, ...rest] = one['content'] as Page[];
  const { data, ...attachment } = page!.attachment;
  if (data !== undefined) kept.push({ resourceType: 'Binary', id: 'words', contentType: 'text/plain', data });
  return { ...one, content: [{ attachment: { ...attachment, url } }, ...rest] };
}

function documents(): Resource[] {
  return kept.filter((one) => one.resourceType === 'DocumentReference');
}

/** The note as this server would keep it, made by sending it to a calm one. */
async function noteAsSent(): Promise<Resource> {
  const before = quirk;
  quirk = {};
  await writeBack(open(), input());
  const [note] = documents();
  [kept, asked, quirk] = [[], [], before];
  return note!;
}

function open(change: Partial<TargetOptions> = {}): Target {
  return new Target({ baseUrl: base, timeoutMs: 2_000, ...change });
}

function input(): WriteBackInput {
  const sentence = {
    ...{ id: '1', section: 'Results', text: 'Potassium was 5.6 mmol/L on 20 Nov 2026.', selected: true, claims: [], evidence: [] },
    ...{ author: { kind: 'writer' as const, id: 'built-in@1' }, verdict: { outcome: 'proven' as const, reasons: [] } },
  };
  return {
    proposalId: '00000000-0000-4000-8000-000000000001',
    runId: 'run-1',
    content: { title: 'Pre-visit summary', asOf: '2026-11-22T08:00:00.000Z', sections: ['Results'], sentences: [sentence], omitted: [] },
    document: { loinc: '34133-9', title: 'Pre-visit summary' },
    writer: { name: 'built-in', version: '1' },
    signer: { system: 'urn:staff', value: 'riv', display: 'Dr. Rivera' },
    signedAt: '2026-11-22T08:14:00.000Z',
    patient: [MRN],
  };
}
