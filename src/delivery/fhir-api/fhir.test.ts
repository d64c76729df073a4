import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Payload } from '../../core/receipt.ts';
import { AccessLog } from '../../governance/access-log.ts';
import { factIdOf, readFhir } from '../../interop/fhir/read-bundle.ts';
import type { Db } from '../../platform/database.ts';
import { buildServer } from '../../platform/http.ts';
import { openJournalWriter } from '../../platform/journal-writer.ts';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { openScratchPglite } from '../../platform/scratch-database.ts';
import { mergePeople, personByIdentifier, resolvePeople } from '../../record/people.ts';
import { readReceipt, receiptOf, storeReceipts } from '../../record/receipts.ts';
import { recordReadings } from '../../record/record-readings.ts';
import { guardAccess } from '../access-guard.ts';
import { fhirRoutes } from './fhir.routes.ts';

const NOW = '2026-11-22T12:00:00.000Z';
const MRN = 'urn:oid:2.999.1.1';
const ENCOUNTER = '0a1b2c3d-0000-4000-8000-000000000001';

describe('the FHIR R4 door', () => {
  let db: Db;
  let server: FastifyInstance;
  let ida: string;
  let posted: Payload[];

  beforeAll(async () => {
    db = await openScratchPglite();
    server = await buildServer({
      config: { host: '127.0.0.1', port: 0, loopback: true, tls: undefined, publicUrl: 'http://127.0.0.1:8080' },
      log: silentLog,
      metrics: createMetrics(),
      version: '0.1.0',
      authenticate: ({ headers: { authorization } }) =>
        authorization ? { id: authorization === 'asker' ? 'asker' : 'marsh', name: 'Theo', role: 'integration' } : undefined,
      ready: async () => ({ ready: true }),
    });
    const log = new AccessLog({ writer: openJournalWriter(db), now: () => NOW, pseudonym: (id) => `p-${id}` });
    const access = guardAccess(server, { log, now: () => NOW });
    await server.register(fhirRoutes, {
      db,
      clock: { now: () => NOW },
      version: '0.1.0',
      access,
      intake: async (payload: Payload) => {
        posted.push(payload);
        return { receipt: receiptOf(payload, NOW).id, repeat: posted.length > 1 };
      },
      readNow: async () => false,
    } as Parameters<typeof fhirRoutes>[1]);
    await arrive('2026-11-22T08:00:00.000Z', 'north', bundle());
    ida = (await personByIdentifier(db, { authority: MRN, value: '1001' }))[0]!;
  });
  afterAll(async () => {
    await server.close();
    await db.close();
  });
  beforeEach(() => {
    posted = [];
  });

  it('says what it can to anyone, and nothing else', async () => {
    const statement = (await server.inject({ url: '/fhir/R4/metadata' })).json();

    expect(statement).toMatchObject({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1', kind: 'instance' });
    const observation = statement.rest[0].resource.find((one: { type: string }) => one.type === 'Observation');
    expect(observation.searchParam.map((one: { name: string }) => one.name)).toEqual(
      expect.arrayContaining(['patient', 'code', 'category', 'date', 'status', '_lastUpdated']),
    );
    for (const url of ['Patient', 'Observation/x', 'Nonsense', 'Observation/x/_history']) {
      expect((await server.inject({ url: `/fhir/R4/${url}` })).statusCode).toBe(401);
    }
    expect((await server.inject({ method: 'POST', url: '/fhir/R4', payload: {} })).statusCode).toBe(401);
  });

  it('R11: serves a fact under our ids with its numbers as written and its references led here', async () => {
    const answer = await get(`Observation/${factIdOf('north', 'Observation', 'a1c-2')}`);

    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toContain('application/fhir+json');
    expect(answer.headers['etag']).toBe('W/"1"');
    expect(answer.body).toContain('"value":8.10');
    expect(answer.json()).toMatchObject({
      resourceType: 'Observation',
      id: factIdOf('north', 'Observation', 'a1c-2'),
      meta: { versionId: '1', lastUpdated: '2026-11-22T08:00:00.000Z', source: 'urn:kept' },
      subject: { reference: `Patient/${ida}` },
      encounter: { reference: `Encounter/${factIdOf('north', 'Encounter', ENCOUNTER)}` },
      performer: [{ reference: 'Practitioner/nowhere' }],
    });
    expect((await get(`Encounter/${factIdOf('north', 'Encounter', ENCOUNTER)}`)).statusCode).toBe(200);
  });

  it('answers 304 to who has this version, 404 to unknown types, ids and ids of another type', async () => {
    const url = `Observation/${factIdOf('north', 'Observation', 'a1c-2')}`;

    expect((await get(url, { 'if-none-match': 'W/"0", W/"1"' })).statusCode).toBe(304);
    for (const wrong of ['Nonsense', 'Nonsense/1', 'Observation/1', url.replace('Observation', 'Condition'), `${url}/_history/9`]) {
      const answer = await get(wrong);
      expect([answer.statusCode, answer.json().resourceType]).toEqual([404, 'OperationOutcome']);
    }
  });

  it('R11: keeps every version: history newest first, each readable', async () => {
    const id = factIdOf('north', 'Observation', 'k-1');
    await arrive('2026-11-22T09:00:00.000Z', 'north', { ...observation('k-1', '2823-3', '2026-06-10', '5.70'), status: 'corrected' });

    const history = (await get(`Observation/${id}/_history`)).json();

    expect(history).toMatchObject({ type: 'history', total: 2 });
    expect(history.entry.map((one: { resource: { meta: { versionId: string } } }) => one.resource.meta.versionId)).toEqual(['2', '1']);
    expect((await get(`Observation/${id}/_history/1`)).body).toContain('"value":5.60');
    expect((await get(`Observation/${id}`)).body).toContain('"value":5.70');
  });

  it.each([
    ['patient and code', () => `patient=${ida}&code=http://loinc.org|4548-4`, ['a1c-3', 'a1c-2', 'a1c-1']],
    ['patient as a reference', () => `subject=Patient/${ida}&code=4548-4&date=ge2026-06-01`, ['a1c-3']],
    ['patient by identifier', () => `patient.identifier=${MRN}|1001&code=4548-4&date=lt2026-03-01`, ['a1c-1']],
    ['another patient', () => `patient=${factIdOf('x', 'y', 'z')}&code=4548-4`, []],
    ['a date range', () => `patient=${ida}&code=4548-4&date=ge2026-02-01&date=le2026-03-31`, ['a1c-2']],
    ['a month', () => `patient=${ida}&code=4548-4&date=2026-06`, ['a1c-3']],
    ['category', () => `patient=${ida}&category=laboratory&code=2823-3,4548-4&_sort=date`, ['a1c-1', 'a1c-2', 'k-1', 'a1c-3']],
    ['category of another system', () => `patient=${ida}&category=urn:x|laboratory`, []],
    ['status', () => `patient=${ida}&status=corrected`, ['k-1']],
    ['id', () => `_id=${factIdOf('north', 'Observation', 'a1c-1')},not-an-id`, ['a1c-1']],
    ['last updated', () => `patient=${ida}&_lastUpdated=gt2026-11-22T08:30:00Z`, ['k-1']],
  ])('R11: searches by %s', async (_why, query, expected) => {
    const answer = await get(`Observation?${query()}`);

    expect(answer.statusCode).toBe(200);
    expect(keysOf(answer.json()).sort()).toEqual([...expected].sort());
    expect(answer.json().total).toBe(expected.length);
  });

  it('searches by POST as by GET', async () => {
    const answer = await server.inject({
      method: 'POST',
      url: '/fhir/R4/Observation/_search?code=4548-4',
      headers: { authorization: 'Bearer t', 'content-type': 'application/x-www-form-urlencoded' },
      payload: `patient=${ida}&date=ge2026-06-01`,
    });

    expect(keysOf(answer.json())).toEqual(['a1c-3']);
  });

  it('pages by next links to the end, each resource once', async () => {
    const seen: string[] = [];
    let url: string | undefined = `Observation?patient=${ida}&_count=1`;
    while (url !== undefined) {
      const page: Page = (await get(url)).json();
      seen.push(...keysOf(page));
      url = page.link.find((link) => link.relation === 'next')?.url.replace(/^.*\/fhir\/R4\//, '');
    }

    expect(seen.sort()).toEqual(['a1c-1', 'a1c-2', 'a1c-3', 'k-1']);
  });

  it('counts without a page, or beside one', async () => {
    expect((await get(`Observation?patient=${ida}&_summary=count`)).json()).toMatchObject({ total: 4 });
    expect((await get(`Observation?patient=${ida}&_count=0`)).json().entry).toBeUndefined();
    expect((await get(`Observation?patient=${ida}&_count=1&_total=accurate`)).json()).toMatchObject({ total: 4 });
  });

  it('journals who asked whether somebody is here, as a count tells it too, and that nobody was', async () => {
    const looks = async () => {
      const rows = await db.query<{ person: string | null }>(
        `select p.person from journal j join journal_payload p on p.journal_id = j.id where j.kind = 'access.read' and j.actor = 'p-asker'`,
      );
      return rows.map((row) => row.person);
    };
    const asked = async (value: string) => server.inject({ url: `/fhir/R4/Patient?identifier=${MRN}|${value}&_summary=count`, headers: { authorization: 'asker' } }); // biome-ignore format: short

    expect((await asked('1001')).json()).toMatchObject({ total: 1 });
    expect(await looks()).toEqual([ida]);
    expect((await asked('9999')).json()).toMatchObject({ total: 0 });
    expect((await looks()).sort()).toEqual([ida, null].sort());
  });

  it.each`
    where                   | url
    ${'a token'}            | ${'Observation?code=%00'}
    ${'a patient'}          | ${'Observation?patient=%00'}
    ${'a name of a person'} | ${'Patient?name=a%00b'}
    ${'an identifier'}      | ${'Patient?identifier=x|%00'}
    ${'a parameter name'}   | ${'Observation?%00=a'}
    ${'another parameter'}  | ${'Observation?_cursor=%00'}
  `('refuses U+0000 in $where of a search', async ({ url }) => {
    const answer = await get(url);

    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ resourceType: 'OperationOutcome' });
  });

  it('refuses U+0000 in a posted search', async () => {
    const answer = await post('/fhir/R4/Observation/_search', 'code=%00', 'application/x-www-form-urlencoded');

    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ resourceType: 'OperationOutcome' });
  });

  it('ignores what it does not know and says so, or refuses it where asked to be strict', async () => {
    const lenient = (await get(`Observation?patient=${ida}&code=4548-4&colour=red`)).json();

    expect(lenient.entry.at(-1)).toMatchObject({
      search: { mode: 'outcome' },
      resource: { issue: [{ diagnostics: expect.stringContaining('colour') }] },
    });
    expect(lenient.link[0].url).not.toContain('colour');
    expect((await get(`Observation?patient=${ida}&colour=red`, { prefer: 'handling=strict' })).statusCode).toBe(400);
    expect((await get(`Observation?patient=${ida}&_sort=colour`, { prefer: 'handling=strict' })).statusCode).toBe(400);
  });

  it.each(['code:not=4548-4', 'date=yesterday', 'date=ap2026', '_count=many', '_cursor=xyz', 'code=http://loinc.org|'])(
    'refuses %s rather than search for something else',
    async (query) => {
      expect((await get(`Observation?patient=${ida}&${query}`)).statusCode).toBe(400);
    },
  );

  it('serves one Patient for each human, identifiers of all sources in it', async () => {
    for (const query of [`identifier=${MRN}|1001`, 'identifier=1001', 'name=halv', 'birthdate=1957-03-14', `_id=${ida}`]) {
      const page: Page = (await get(`Patient?${query}`)).json();
      expect(page.entry?.map((one) => one.resource.id)).toEqual([ida]);
    }
    expect((await get('Patient')).json().total).toBe(1);
    expect((await get('Patient?name=nobody')).json()).toMatchObject({ total: 0 });
    expect((await get(`Patient/${ida}`)).json()).toMatchObject({
      id: ida,
      identifier: [{ system: MRN, value: '1001' }],
      name: [{ family: 'Halvorsen' }],
    });
  });

  it('R91: after a merge the kept id holds both, the merged id says who it is now, and the past stays readable', async () => {
    const other = { ...patient('p9', '9009'), name: [{ family: 'Halvorsen', given: ['I.'] }] };
    await arrive('2026-11-22T10:00:00.000Z', 'south', other);
    const [second] = await personByIdentifier(db, { authority: MRN, value: '9009' });
    const ref = (value: string) => ({ source: 'south', identifiers: [{ authority: MRN, value }] });
    await db.transaction((tx) =>
      mergePeople(
        tx,
        { from: ref('9009'), into: { ...ref('1001'), source: 'north' }, at: '2026-11-22T11:00:00.000Z' },
        '2026-11-22T11:00:00.000Z',
      ),
    );

    const merged = (await get(`Patient/${ida}`)).json();
    expect(merged.meta.versionId).toBe('2');
    expect(merged.identifier.map((one: { value: string }) => one.value).sort()).toEqual(['1001', '9009']);
    expect((await get(`Patient/${ida}/_history/1`)).json().identifier).toHaveLength(1);
    expect((await get(`Patient/${ida}/_history`)).json().total).toBe(2);
    expect((await get(`Patient/${second}`)).json()).toMatchObject({
      id: second,
      active: false,
      link: [{ other: { reference: `Patient/${ida}` }, type: 'replaced-by' }],
    });
    expect(keysOf((await get(`Observation?patient=${second}&code=4548-4&date=2026-06`)).json())).toEqual(['a1c-3']);
  });

  it('keeps what is posted byte for byte, and answers 202 with the receipt where nobody has read it in time', async () => {
    const text = '{"resourceType":"Observation","valueQuantity":{"value":1.10}}';

    const answer = await post('/fhir/R4/Observation', text);

    expect(answer.statusCode).toBe(202);
    expect(Buffer.from(posted[0]!.bytes).toString()).toBe(text);
    expect(posted[0]).toMatchObject({ door: 'api', contentType: 'application/fhir+json', source: 'fhir-api' });
    expect(answer.headers['location']).toBe(`/api/receipts/${answer.headers['x-countersign-receipt']}`);
    expect((await post('/fhir/R4', text, 'text/plain')).statusCode).toBe(415);
    expect((await post('/fhir/R4', '')).statusCode).toBe(400);
  });

  async function get(path: string, headers: Record<string, string> = {}) {
    return server.inject({ url: `/fhir/R4/${path}`, headers: { authorization: 'Bearer t', ...headers } });
  }

  async function post(url: string, payload: string, contentType = 'application/fhir+json') {
    return server.inject({ method: 'POST', url, headers: { authorization: 'Bearer t', 'content-type': contentType }, payload });
  }

  async function arrive(at: string, source: string, resource: unknown): Promise<void> {
    // Numbers as a source writes them: 8.10, not 8.1.
    const text = JSON.stringify(resource).replace(/"#([\d.]+)#"/g, '$1');
    const payload: Payload = { source, door: 'api', contentType: 'application/fhir+json', bytes: new TextEncoder().encode(text) };
    await db.transaction(async (tx) => {
      const stored = receiptOf(payload, at);
      await storeReceipts(tx, [{ receipt: stored, bytes: payload.bytes }]);
      const reading = readFhir(payload.bytes, { source, receipt: stored.id, contentType: payload.contentType });
      expect(reading.rejections).toEqual([]);
      await recordReadings(tx, [{ receipt: await readReceipt(tx, stored.id), reading }], at);
    });
  }

  it.each`
    method      | url                    | allow
    ${'PUT'}    | ${'Observation/a1c-1'} | ${'GET, HEAD'}
    ${'PATCH'}  | ${'Patient/x'}         | ${'GET, HEAD'}
    ${'DELETE'} | ${'Observation/a1c-1'} | ${'GET, HEAD'}
    ${'POST'}   | ${'Observation/a1c-1'} | ${'GET, HEAD'}
    ${'PUT'}    | ${'Observation'}       | ${'GET, HEAD, POST'}
    ${'DELETE'} | ${''}                  | ${'POST'}
  `('answers $method of "$url" with 405 and what may be done there', async ({ method, url, allow }) => {
    const answer = await server.inject({
      method,
      url: `/fhir/R4/${url}`.replace(/\/$/, ''),
      headers: { authorization: 'x' },
      payload: '{}',
    });

    expect([answer.statusCode, answer.headers['allow']]).toEqual([405, allow]);
    expect(answer.json()).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ code: 'not-supported' }] });
  });

  it.each`
    accept                                           | format                     | status
    ${'application/fhir+xml'}                        | ${''}                      | ${406}
    ${'text/turtle, application/fhir+json;q=0'}      | ${''}                      | ${406}
    ${'text/html,application/xml;q=0.9,*/*;q=0.8'}   | ${''}                      | ${200}
    ${'application/fhir+xml, application/fhir+json'} | ${''}                      | ${200}
    ${'Application/JSON; charset=utf-8'}             | ${''}                      | ${200}
    ${'application/fhir+json; fhirVersion=4.0'}      | ${''}                      | ${200}
    ${'application/fhir+json'}                       | ${'xml'}                   | ${406}
    ${'application/fhir+xml'}                        | ${'json'}                  | ${200}
    ${'application/fhir+xml'}                        | ${'application/fhir+json'} | ${200}
  `('offers JSON alone: accepting "$accept", format "$format", is $status', async ({ accept, format, status }) => {
    for (const path of ['Observation', 'metadata']) {
      const url = `/fhir/R4/${path}${format && `?_format=${format}`}`;
      expect((await server.inject({ url, headers: { authorization: 'x', accept } })).statusCode, path).toBe(status);
    }
  });

  it('keeps nothing of what could only be answered in a format it does not speak, nor of an empty list', async () => {
    const [authorization, type] = ['x', 'application/fhir+json'];
    const headers = { authorization, 'content-type': type };
    const xml = await server.inject({
      method: 'POST',
      url: '/fhir/R4',
      headers: { ...headers, accept: 'application/fhir+xml' },
      payload: '{}',
    });
    const empty = await server.inject({ method: 'POST', url: '/fhir/R4/Observation', headers, payload: ' [ ]\n' });

    expect([xml.statusCode, empty.statusCode, posted.length]).toEqual([406, 422, 0]);
    expect(empty.json()).toMatchObject({ resourceType: 'OperationOutcome' });
  });

  it('leads a subject named by its identifier to the person served here, and nobody where it does not say who', async () => {
    const named = (id: string, reference: string) => ({
      resource: { ...observation(id, '718-7', '2026-07-01', '13.2'), encounter: undefined, subject: { reference } },
    });
    const entry = [
      named('hb-1', `Patient?identifier=${MRN}|1001`),
      named('hb-2', `Patient?identifier=${encodeURIComponent(`${MRN}|1001`)}`),
    ];
    await arrive('2026-11-22T08:00:00.000Z', 'north', { resourceType: 'Bundle', type: 'collection', entry });

    const { entry: found } = (await get(`Observation?patient=${ida}&code=718-7`)).json();

    expect(found.map((one: { resource: { subject: unknown } }) => one.resource.subject)).toEqual([
      { reference: `Patient/${ida}` },
      { reference: `Patient/${ida}` },
    ]);
  });

  it('counts people beside a page, or without one, whatever the page holds', async () => {
    const others = ['7001', '7002'].map((value) => ({ source: 'west', identifiers: [{ authority: 'urn:west', value }] }));
    await db.transaction((tx) => resolvePeople(tx, others, NOW));
    const everybody = (await get('Patient')).json().entry.length;
    expect(everybody).toBeGreaterThan(1);
    for (const query of ['_count=1&_summary=count', '_count=0', '_count=1&_total=accurate']) {
      const { total, entry, link } = (await get(`Patient?${query}`)).json();
      const counted = !query.includes('_total');
      expect([total, entry?.length ?? 0, link.length], query).toEqual([everybody, counted ? 0 : 1, counted ? 1 : 2]);
    }
    const [, next] = (await get('Patient?_count=1&_total=accurate')).json().link;
    expect((await get(next.url.split('/R4/')[1])).json().total).toBe(everybody);
  });
});

type Entry = { resource: { id: string; code?: { text: string } }; search: { mode: string } };
type Page = { link: { relation: string; url: string }[]; entry?: Entry[] };

/** The code text of each match, which these tests use as its name. */
function keysOf(page: Pick<Page, 'entry'>): string[] {
  return (page.entry ?? []).filter((one) => one.search.mode === 'match').map((one) => one.resource.code!.text);
}

function bundle() {
  const resources = [
    patient('p1', '1001'),
    {
      resourceType: 'Encounter',
      id: ENCOUNTER,
      status: 'finished',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
      subject: { reference: 'Patient/p1' },
    },
    { resourceType: 'Organization', id: 'o1', name: 'North' },
    observation('a1c-1', '4548-4', '2026-01-10', '7.90'),
    observation('a1c-2', '4548-4', '2026-03-10', '8.10'),
    observation('a1c-3', '4548-4', '2026-06-11', '8.40'),
    observation('k-1', '2823-3', '2026-06-10', '5.60'),
  ];
  return {
    resourceType: 'Bundle',
    type: 'collection',
    entry: resources.map((resource) => ({ fullUrl: `urn:uuid:${resource.id === ENCOUNTER ? ENCOUNTER : resource.id}`, resource })),
  };
}

function patient(id: string, mrn: string) {
  const type = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] };
  return {
    resourceType: 'Patient',
    id,
    identifier: [{ type, system: MRN, value: mrn }],
    name: [{ family: 'Halvorsen', given: ['Ida'] }],
    birthDate: '1957-03-14',
    gender: 'female',
  };
}

function observation(id: string, code: string, date: string, value: string) {
  return {
    resourceType: 'Observation',
    id,
    meta: { source: 'urn:kept', versionId: '77' },
    status: 'final',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }] }],
    code: { coding: [{ system: 'http://loinc.org', code }], text: id },
    subject: { reference: 'Patient/p1' },
    encounter: { reference: `urn:uuid:${ENCOUNTER}` },
    performer: [{ reference: 'Practitioner/nowhere' }],
    effectiveDateTime: date,
    valueQuantity: { value: `#${value}#`, unit: '%', system: 'http://unitsofmeasure.org', code: '%' },
  };
}
