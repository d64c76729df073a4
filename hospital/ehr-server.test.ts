import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningEhr, serveEhr } from './ehr-server.ts';
import { type Manifest, synthesize } from './synthesize.ts';

let data: string;
let manifest: Manifest;
let running: RunningEhr;
let mrn: string;

beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'play-'));
  manifest = synthesize({ patients: 3, seed: 7, anchor: '2026-11-22', out: data });
  mrn = manifest.people[0]?.mrn ?? '';
});
afterAll(() => rmSync(data, { recursive: true, force: true }));
beforeEach(async () => {
  rmSync(join(data, 'ehr.ndjson'), { force: true });
  running = await serveEhr({ data, port: 0 });
});
afterEach(() => running.close());

describe('the play EHR', () => {
  it('declares what it does', async () => {
    const statement = (await (await fetch(`${running.fhirBase}/metadata`)).json()) as {
      rest: { resource: { type: string; conditionalCreate: boolean }[] }[];
    };

    expect(statement.rest[0]?.resource.find((entry) => entry.type === 'DocumentReference')?.conditionalCreate).toBe(true);
  });

  it('finds a patient by medical record number and serves the chart', async () => {
    const found = await search(`Patient?identifier=urn:oid:2.999.1.1|${mrn}`);
    const conditions = await search(`Condition?patient=pat-${mrn}`);
    const nobody = await search('Patient?identifier=urn:oid:2.999.1.1|0000000');
    const read = await fetch(`${running.fhirBase}/Patient/pat-${mrn}`);

    expect(found.entry?.[0]?.resource).toMatchObject({ resourceType: 'Patient', id: `pat-${mrn}` });
    expect(conditions.total).toBeGreaterThan(2);
    expect(nobody.total).toBe(0);
    expect(read.status).toBe(200);
  });

  it('creates once under a condition, however often and however concurrently it is asked', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => create(note('one'), 'identifier=urn:test|one')));

    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
    expect(await written()).toBe(1);
  });

  it('ignores the condition when it does not declare it, and can still be searched by identifier', async () => {
    await behave({ conditionalCreate: false });

    expect((await create(note('two'), 'identifier=urn:test|two')).status).toBe(201);
    expect((await create(note('two'), 'identifier=urn:test|two')).status).toBe(201);
    expect((await search('DocumentReference?identifier=urn:test|two')).total).toBe(2);
  });

  it('refuses a note without content, about nobody, under a wrong address, or of a type it does not take', async () => {
    const { content: _content, ...empty } = note('three');
    await behave({ rejectTypes: ['Provenance'] });

    expect((await create(empty)).status).toBe(422);
    expect((await create({ ...note('three'), subject: { reference: 'Patient/pat-0000000' } })).status).toBe(422);
    expect((await post('Observation', note('three'))).status).toBe(400);
    expect(
      (
        await post('Provenance', {
          resourceType: 'Provenance',
          target: [{ reference: 'x' }],
          recorded: '2026-11-22T00:00:00Z',
          agent: [{}],
        })
      ).status,
    ).toBe(404);
    expect((await post('NoSuchType', { resourceType: 'NoSuchType' })).status).toBe(404);
    expect(await written()).toBe(0);
  });

  it('survives a restart, also when the last line was torn', async () => {
    await create(note('four'), 'identifier=urn:test|four');
    await running.close();
    appendFileSync(join(data, 'ehr.ndjson'), '{"resourceType":"DocumentRef');
    running = await serveEhr({ data, port: 0 });

    expect((await create(note('four'), 'identifier=urn:test|four')).status).toBe(200);
    expect((await create(note('five'), 'identifier=urn:test|five')).status).toBe(201);
    await running.close();
    running = await serveEhr({ data, port: 0 });
    expect((await search('DocumentReference?identifier=urn:test|five')).total).toBe(1);
    expect(readFileSync(join(data, 'ehr.ndjson'), 'utf8').trimEnd().split('\n').length).toBe(2);
  });

  it('fails before it writes, or hangs up after it wrote, as often as it is told', async () => {
    await behave({ failFirst: 1, dropResponseAfterCommit: 1 });

    expect((await create(note('six'), 'identifier=urn:test|six')).status).toBe(500);
    expect(await written()).toBe(0);
    await expect(create(note('six'), 'identifier=urn:test|six')).rejects.toThrow();
    expect(await written()).toBe(1);
    expect((await create(note('six'), 'identifier=urn:test|six')).status).toBe(200);
  });

  it('is down when it is told to be, and refuses knobs it does not have', async () => {
    await behave({ outage: true });
    expect((await fetch(`${running.fhirBase}/metadata`)).status).toBe(503);
    await behave({ outage: false });
    expect((await fetch(`${running.fhirBase}/metadata`)).status).toBe(200);
    expect((await play({ outage: 'yes' })).status).toBe(400);
    expect((await play({ mood: 1 })).status).toBe(400);
  });

  it('alters what it stores, stores it twice, changes nothing afterwards and shows it late, when it is told to', async () => {
    await behave({ alter: ['content', 'docStatus', 'label', 'identifier'], createTwice: 1, refuseUpdates: true, lagReads: 1, tooMany: 1 });
    const content = [{ attachment: { contentType: 'text/plain', data: Buffer.from('5.6').toString('base64') } }];
    const sent = { ...note('odd'), docStatus: 'final', meta: { security: [{ code: 'AIAST' }] }, content };

    const busy = await create(sent);
    const created = (await (await create(sent)).json()) as { id: string };
    const read = (): Promise<Response> => fetch(`${running.fhirBase}/DocumentReference/${created.id}`);

    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await written()).toBe(2);
    expect((await read()).status).toBe(404);
    const kept = (await (await read()).json()) as Record<string, unknown> & { content: { attachment: { data: string } }[] };
    expect(kept).toMatchObject({ docStatus: 'preliminary', status: 'current' });
    expect([kept['identifier'], (kept['meta'] as { security?: unknown }).security]).toEqual([undefined, undefined]);
    expect(Buffer.from(kept.content[0]!.attachment.data, 'base64').toString()).toBe('9.9');
    const put = await fetch(`${running.fhirBase}/DocumentReference/${created.id}`, { method: 'PUT', body: JSON.stringify(kept) });
    expect(put.status).toBe(405);
  });

  it('updates by version', async () => {
    const created = (await (await create(note('seven'))).json()) as { id: string };
    const put = (version: number): Promise<Response> =>
      fetch(`${running.fhirBase}/DocumentReference/${created.id}`, {
        method: 'PUT',
        headers: { 'if-match': `W/"${version}"` },
        body: JSON.stringify({ ...note('seven'), id: created.id }),
      });

    expect((await put(1)).status).toBe(200);
    expect((await put(1)).status).toBe(412);
  });

  it('takes a transaction whole or not at all, and resolves what refers within it', async () => {
    const device = { resourceType: 'Device', identifier: [{ system: 'urn:test', value: 'writer' }] };
    const entry = [
      {
        fullUrl: 'urn:uuid:1',
        resource: { ...note('eight'), author: [{ reference: 'urn:uuid:2' }] },
        request: { method: 'POST', url: 'DocumentReference', ifNoneExist: 'identifier=urn:test|eight' },
      },
      { fullUrl: 'urn:uuid:2', resource: device, request: { method: 'POST', url: 'Device', ifNoneExist: 'identifier=urn:test|writer' } },
    ];
    const send = (entries: unknown[]): Promise<Response> => post('', { resourceType: 'Bundle', type: 'transaction', entry: entries });

    expect((await send([...entry, { resource: { resourceType: 'Task' }, request: { method: 'POST', url: 'Task' } }])).status).toBe(422);
    expect(await written()).toBe(0);
    expect((await send(entry)).status).toBe(200);
    expect((await send(entry)).status).toBe(200);
    expect(await written()).toBe(1);
    expect((await search('DocumentReference?identifier=urn:test|eight')).entry?.[0]?.resource).toMatchObject({
      author: [{ reference: expect.stringMatching(/^Device\/ehr-/) }],
    });
  });

  it('keeps what it answered 201 for when it is killed', async () => {
    await running.close();
    const child = spawn(process.execPath, [join(import.meta.dirname, 'play.ts'), '--data', data, '--port', '0', '--attached'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { fhirBase } = JSON.parse(line.toString('utf8')) as { fhirBase: string };
    const response = await fetch(`${fhirBase}/DocumentReference`, { method: 'POST', body: JSON.stringify(note('nine')) });
    child.kill('SIGKILL');
    await once(child, 'exit');
    running = await serveEhr({ data, port: 0 });

    expect(response.status).toBe(201);
    expect((await search('DocumentReference?identifier=urn:test|nine')).total).toBe(1);
  });
});

type Bundle = { total: number; entry?: { resource: Record<string, unknown> }[] };

async function search(query: string): Promise<Bundle> {
  return (await (await fetch(`${running.fhirBase}/${query}`)).json()) as Bundle;
}

function post(type: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${running.fhirBase}/${type}`, {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json', ...headers },
    body: JSON.stringify(body),
  });
}

function create(body: unknown, condition?: string): Promise<Response> {
  return post('DocumentReference', body, condition === undefined ? {} : { 'if-none-exist': condition });
}

function play(body: unknown): Promise<Response> {
  return fetch(`http://127.0.0.1:${running.port}/play/behaviour`, { method: 'POST', body: JSON.stringify(body) });
}

async function behave(body: unknown): Promise<void> {
  expect((await play(body)).status).toBe(200);
}

async function written(): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${running.port}/play/written?type=DocumentReference`);
  return ((await answer.json()) as { count: number }).count;
}

function note(value: string): Record<string, unknown> {
  return {
    resourceType: 'DocumentReference',
    identifier: [{ system: 'urn:test', value }],
    status: 'current',
    subject: { reference: `Patient/pat-${mrn}` },
    content: [{ attachment: { contentType: 'text/plain', data: 'aGVsbG8=' } }],
  };
}
