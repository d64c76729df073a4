/* Doors are closed unless they are on this list; the test walks the router, so a new route cannot be forgotten. */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listRoutes } from '../src/platform/http.ts';
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

let house: TestHouse;
beforeAll(async () => {
  house = await startHouse({ ehr: false });
});
afterAll(() => house.stop());

it('every route but the open ones answers 401 without a caller', async () => {
  const routes = listRoutes(house.doors.server).filter(
    ({ method, url }) => !['HEAD', 'OPTIONS'].includes(method) && !INTERFACE.test(`${method} ${url}`),
  );
  const closed = routes.filter(({ method, url }) => !OPEN.has(`${method} ${url}`));

  expect(closed.length).toBeGreaterThan(25);
  for (const { method, url } of closed) {
    const path = url.replace(/:(\w+)/g, '00000000-0000-4000-8000-000000000000').replaceAll('*', 'x');
    const answer = await house.doors.server.inject({ method: method as 'GET', url: path, headers: { host: host() } });
    expect([`${method} ${url}`, answer.statusCode]).toEqual([`${method} ${url}`, 401]);
  }
  for (const open of OPEN) expect(routes.map(({ method, url }) => `${method} ${url}`)).toContain(open);
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

it('roles: governance reads no messages, clinicians see no quarantine, engineers no drafts to decide', async () => {
  const [clinician, engineer, governor] = [await house.signIn('halloran'), await house.signIn('marsh'), await house.signIn('lindqvist')];
  const status = async (token: string, url: string): Promise<number> =>
    (await house.doors.server.inject({ method: 'GET', url, headers: { host: host(), authorization: `Bearer ${token}` } })).statusCode;

  expect(await status(governor.token, '/api/receipts/00000000-0000-4000-8000-000000000000')).toBe(403);
  expect(await status(clinician.token, '/api/quarantine')).toBe(403);
  expect(await status(clinician.token, '/api/feeds')).toBe(403);
  expect(await status(engineer.token, '/api/quarantine')).toBe(200);
  expect(await status(governor.token, '/api/kpis')).toBe(200);
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
