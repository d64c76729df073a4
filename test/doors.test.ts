/* Doors are closed unless they are on this list; the test walks the router, so a new route cannot be forgotten. */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { permitFor } from '../src/governance/access.ts';
import { listRoutes } from '../src/platform/http.ts';
import { demoIdentities, type Role } from '../src/platform/identity.ts';
import { startHouse, type TestHouse } from './house.ts';

/** Health, metrics, discovery, metadata and demo sign-in; and the user interface's own files, which hold no data. */
const OPEN = new Set([
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
  'GET /api/openapi.json',
  'GET /cds-services',
  'GET /fhir/R4/metadata',
  'GET /api/demo/identities',
  'POST /api/session',
]);
const INTERFACE = /^(GET|HEAD) \/(\*|assets\/.*|[\w.-]+\.(js|css|html|svg|ico)|)$/;

/**
 * Who may come through which door, and what for: the whole of it. `any` is a door that shows no record. `GET` stands for HEAD too.
 */
const ROLES: readonly Role[] = ['clinician', 'integration', 'governance'];
const MATRIX = `
  GET    /api/session                             any         any         any
  DELETE /api/session                             any         any         any
  GET    /api/kpis                                any         any         any
  GET    /api/journal/checkpoint                  any         any         any
  GET    /api/journal/entries                     any         any         any
  GET    /api/journal/inclusion                   any         any         any
  GET    /api/journal/consistency                 any         any         any
  GET    /api/worklist                            treatment   operations  governance
  GET    /api/proposals/:id                       treatment   operations  governance
  GET    /api/lineage/:id                         treatment   operations  governance
  GET    /api/runs/:id                            treatment   operations  governance
  GET    /api/audit/:id                           treatment   operations  governance
  POST   /api/check                               treatment   operations  governance
  POST   /api/proposals/:id/edit                  treatment   -           -
  POST   /api/proposals/:id/decline               treatment   -           -
  POST   /api/proposals/:id/escalate              treatment   -           -
  POST   /api/proposals/:id/claim                 treatment   -           -
  POST   /api/proposals/:id/release               treatment   -           -
  POST   /api/proposals/:id/hand-off              treatment   -           -
  GET    /api/colleagues                          treatment   -           -
  POST   /api/proposals/:id/signature             write-back  -           -
  POST   /api/lineage/:id/opened                  treatment   -           -
  GET    /api/patients                            treatment   operations  -
  GET    /api/patients/:id/facts                  treatment   operations  -
  GET    /api/patients/:id/facts/:fact/:version   treatment   operations  -
  GET    /api/receipts/:id                        treatment   operations  -
  GET    /api/receipts/:id/bytes                  treatment   operations  -
  GET    /api/receipts/:id/coverage               treatment   operations  -
  GET    /api/receipts/:id/explain                treatment   operations  -
  GET    /fhir/R4/:type                           treatment   operations  -
  POST   /fhir/R4/:type/_search                   treatment   operations  -
  GET    /fhir/R4/:type/:id                       treatment   operations  -
  PUT    /fhir/R4                                 treatment   operations  -
  PATCH  /fhir/R4                                 treatment   operations  -
  DELETE /fhir/R4                                 treatment   operations  -
  PUT    /fhir/R4/:type                           treatment   operations  -
  PATCH  /fhir/R4/:type                           treatment   operations  -
  DELETE /fhir/R4/:type                           treatment   operations  -
  PUT    /fhir/R4/:type/:id                       treatment   operations  -
  PATCH  /fhir/R4/:type/:id                       treatment   operations  -
  DELETE /fhir/R4/:type/:id                       treatment   operations  -
  POST   /fhir/R4/:type/:id                       treatment   operations  -
  GET    /fhir/R4/:type/:id/_history              treatment   operations  -
  GET    /fhir/R4/:type/:id/_history/:version     treatment   operations  -
  POST   /fhir/R4                                 treatment   operations  -
  POST   /fhir/R4/:type                           treatment   operations  -
  POST   /cds-services/:id                        treatment   operations  -
  POST   /cds-services/:id/feedback               treatment   operations  -
  GET    /api/feeds                               -           operations  -
  GET    /api/feeds/:name/reread                  -           operations  -
  POST   /api/feeds/:name/reread                  -           operations  -
  GET    /api/receipts                            -           operations  -
  POST   /api/receipts/:id/reread                 -           operations  -
  GET    /api/quarantine                          -           operations  -
  POST   /api/quarantine/:id/replay               -           operations  -
  POST   /api/quarantine/:id/dismiss              -           operations  -
  GET    /api/deliveries                          -           operations  -
  POST   /api/deliveries/:proposal/:surface/close -           operations  -
  POST   /api/deliveries/:proposal/:surface/again -           operations  -
  POST   /api/explain                             -           operations  -
`;

let house: TestHouse;
beforeAll(async () => {
  house = await startHouse({ ehr: false });
});
afterAll(() => house.stop());

it('every route but the open ones answers 401 without a caller', async () => {
  const closed = closedRoutes();

  expect(closed.length).toBeGreaterThan(25);
  for (const { method, url } of closed) expect([`${method} ${url}`, await knock(method, url)]).toEqual([`${method} ${url}`, 401]);
  for (const open of OPEN) expect(allRoutes().map(({ method, url }) => `${method} ${url}`)).toContain(open);
});

it('every role comes through every door for what the matrix says, and through no other', async () => {
  const stated = MATRIX.trim().split('\n').map((line) => line.trim().split(/\s+/)); // biome-ignore format: one line
  const asks = new Map(stated.map(([method, url, ...cells]) => [`${method} ${url}`, cells]));
  expect(closedRoutes().map(({ method, url }) => `${method} ${url}`).sort()).toEqual([...asks.keys()].sort()); // biome-ignore format: one line

  for (const { method, url, purposes } of closedRoutes()) {
    const found: string[] = [];
    for (const role of ROLES) {
      const caller = demoIdentities.find((one) => one.role === role)!;
      const { token } = await house.signIn(caller.id);
      const answered = await knock(method, url, token);
      if (answered === 403) found.push('-');
      else found.push(purposes === 'no-record' ? 'any' : permitFor(caller, 'any', purposes, house.clock.now()).purpose);
    }
    expect([method, url, ...found]).toEqual([method, url, ...asks.get(`${method} ${url}`)!]);
  }
});

it.each`
  headers                                | status
  ${{ host: 'countersign.example.org' }} | ${421}
  ${{ host: '127.0.0.1.evil.example' }}  | ${421}
  ${{ origin: 'https://evil.example' }}  | ${403}
  ${{ origin: 'null' }}                  | ${403}
  ${{}}                                  | ${201}
`('on loopback a sign-in with $headers answers $status', async ({ headers, status }) => {
  expect(await post('/api/session', { identity: 'halloran' }, headers)).toBe(status);
});

it('a token that was closed, or never was, opens nothing', async () => {
  const seat = await house.signIn('halloran');
  await house.doors.server.inject({
    method: 'DELETE',
    url: '/api/session',
    headers: { host: host(), authorization: `Bearer ${seat.token}` },
  });

  for (const token of [seat.token, 'x', '', `${seat.token}x`]) {
    const answer = await house.doors.server.inject({
      method: 'GET',
      url: '/api/worklist',
      headers: { host: host(), authorization: `Bearer ${token}` },
    });
    expect(answer.statusCode).toBe(401);
  }
});

it('the OpenAPI document lists the calls other systems rely on', async () => {
  const { paths } = (await (await fetch(`${house.doors.url}/api/openapi.json`)).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };

  for (const [method, path] of [
    ['get', '/api/worklist'],
    ['get', '/api/proposals/{id}'],
    ['post', '/api/proposals/{id}/signature'],
    ['post', '/api/proposals/{id}/edit'],
    ['post', '/api/proposals/{id}/decline'],
    ['post', '/api/proposals/{id}/escalate'],
    ['post', '/api/check'],
    ['post', '/api/explain'],
    ['get', '/api/lineage/{id}'],
    ['get', '/api/receipts/{id}'],
    ['get', '/api/quarantine'],
    ['get', '/api/journal/checkpoint'],
    ['get', '/api/journal/inclusion'],
    ['get', '/api/kpis'],
    ['get', '/api/feeds'],
    ['get', '/api/runs/{id}'],
  ] as const) {
    expect([path, Boolean(paths[path]?.[method])]).toEqual([path, true]);
  }
});

it('metrics show what came in, without saying of whom', async () => {
  const text = [
    'MSH|^~\\&|NORTHLAB|NORTH|COUNTERSIGN|NORTH|20261122090000-0600||ADT^A08^ADT_A01|M1|P|2.5.1',
    'PID|1||4471902^^^NORTH&2.999.1.1&ISO^MR||OSGOOD^LENORA||19550214|F',
  ].join('\r');
  expect(await house.send(text)).toMatch(/MSA\|AA/);
  expect(await house.send(text)).toMatch(/MSA\|AA/);
  await house.settle();

  const shown = (await (await fetch(`${house.doors.url}/metrics`)).text()).split('\n');

  expect(shown).toContain('countersign_database_up 1');
  expect(shown).toContain('countersign_receipts_total{door="mllp",outcome="stored"} 1');
  expect(shown).toContain('countersign_receipts_total{door="mllp",outcome="repeated"} 1');
  expect(shown).toContain(`countersign_receipt_bytes_total{door="mllp"} ${2 * (text.length + 1)}`); // each with the CR that ends its last segment
  expect(shown).toContain('countersign_acknowledgement_seconds_count{door="mllp"} 2');
  expect(shown).toContain('countersign_jobs_total{kind="receipts",outcome="done"} 1');
  expect(shown).toContain('countersign_journal_pending 0');
  expect(shown.join('\n')).toMatch(/countersign_journal_size [1-9]/);
  // On a server the commit is the sync; only the embedded store has segments.
  if (house.app.db.kind === 'pglite') expect(shown.join('\n')).toMatch(/countersign_segment_sync_seconds_count [1-9]/);
  expect(shown.join('\n')).not.toMatch(/countersign_bus_up|osgood|4471902/i);
});

it('whoever looks at a record stands in the journal, at every door that shows one, and no leaf says whose it was', async () => {
  const text = [
    'MSH|^~\\&|ADT|NORTH|COUNTERSIGN|NORTH|20261122090000-0600||ADT^A04^ADT_A01|M7|P|2.5.1',
    'PID|1||4471907^^^NORTH&2.999.1.1&ISO^MR||QUINCE^PETRA||19610402|F',
  ].join('\r');
  await house.send(text);
  await house.settle();
  const [{ person, receipt, fact } = { person: '', receipt: '', fact: '' }] = await house.app.db.query<
    Record<'person' | 'receipt' | 'fact', string>
  >(
    `select l.person, f.receipt, f.id as fact from ident i join person_link l on l.source_person = i.source_person
       join fact f on f.source_person = i.source_person where i.value = '4471907' limit 1`,
  );
  const { token } = await house.signIn('adeyemi');
  const doors: [method: 'GET' | 'POST', path: string, door: string, payload?: object][] = [
    ['GET', '/api/patients?q=quince', '/api/patients'],
    ['GET', '/api/patients/4471907/facts', '/api/patients/:id/facts'],
    ['GET', `/api/patients/4471907/facts/${fact}/1`, '/api/patients/:id/facts/:fact/:version'],
    ['GET', `/fhir/R4/Patient/${person}`, '/fhir/R4/:type/:id'],
    ['GET', `/fhir/R4/Patient/${person}/_history`, '/fhir/R4/:type/:id/_history'],
    ['GET', '/fhir/R4/Patient?identifier=4471907', '/fhir/R4/:type'],
    ['GET', `/api/receipts/${receipt}`, '/api/receipts/:id'],
    ['GET', `/api/receipts/${receipt}/bytes`, '/api/receipts/:id/bytes'],
    ['GET', `/api/receipts/${receipt}/explain`, '/api/receipts/:id/explain'],
    ['POST', '/api/check', '/api/check', { patient: '4471907', text: 'She has gout.' }],
    ['POST', '/cds-services/countersign-patient-view', '/cds-services/:id', hook(person)],
  ];

  for (const [method, url, , payload] of doors) {
    const headers = { host: host(), authorization: `Bearer ${token}` };
    const answer = await house.doors.server.inject({ method, url, headers, ...(payload ? { payload } : {}) });
    expect([url, answer.statusCode]).toEqual([url, 200]);
  }

  const rows = await house.app.db.query<{ actor: string; body: string }>(
    `select j.actor, p.body from journal j join journal_payload p on p.journal_id = j.id
      where j.kind = 'access.read' and p.person = $1 order by j.id`,
    [person],
  );
  const actor = house.app.pseudonym('adeyemi');
  expect(rows.map((row) => [row.actor, JSON.parse(row.body)])).toEqual(
    doors.map(([method, , door]) => [actor, { purpose: 'treatment', role: 'clinician', door: `${method} ${door}`, person }]),
  );
  await house.app.sequencer.sequenceNow();
  const leaves = await house.app.db.query<{ header: string }>('select header from leaf');
  expect(leaves.map(({ header }) => header).join('\n')).not.toMatch(new RegExp(`${person}|quince|4471907|adeyemi`, 'i'));
});

function hook(patientId: string): object {
  return {
    hook: 'patient-view',
    hookInstance: 'd1577c69-dfbe-44ad-ba6d-3e05e953b2ea',
    context: { userId: 'Practitioner/1', patientId },
    prefetch: {},
  };
}

function allRoutes(): ReturnType<typeof listRoutes> {
  return listRoutes(house.doors.server).filter(
    ({ method, url }) => !['HEAD', 'OPTIONS'].includes(method) && !INTERFACE.test(`${method} ${url}`),
  );
}

function closedRoutes(): ReturnType<typeof listRoutes> {
  return allRoutes().filter(({ method, url }) => !OPEN.has(`${method} ${url}`));
}

/** The status a route answers, asked about something that does not exist. */
async function knock(method: string, url: string, token?: string): Promise<number> {
  const path = url.replace(/:(\w+)/g, '00000000-0000-4000-8000-000000000000').replaceAll('*', 'x');
  const headers = { host: host(), ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  return (await house.doors.server.inject({ method: method as 'GET', url: path, headers })).statusCode;
}

function host(): string {
  return new URL(house.doors.url).host;
}

async function post(path: string, body: unknown, headers: Record<string, string>): Promise<number> {
  const url = new URL(path, house.doors.url);
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    call.on('error', reject);
    call.end(JSON.stringify(body));
  });
}
