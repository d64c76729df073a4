import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { canonicalJson } from '../../core/canonical-json.ts';
import { documentation } from '../../packs/documentation/index.ts';
import type { Db } from '../../platform/database.ts';
import { sha256Hex, uuidFromParts } from '../../platform/digest.ts';
import { append } from '../../platform/journal.ts';
import { tamper } from '../../platform/journal-fixture.ts';
import { nameHash } from '../../platform/journal-verify-state.ts';
import { openScratchDatabase } from '../../platform/scratch-database.ts';
import { releaseDecision, type WriteBackDesk } from './release.ts';
import { Target } from './target.ts';

const NOW = '2026-11-22T08:00:00.000Z';
const MRN = { system: 'urn:oid:2.999.7', value: '77' };
// Sorts before the medical record number, and is a lesser name of the same human.
const OTHER = { system: 'urn:oid:2.999.1', value: '9' };

const CAPABLE = { resourceType: 'CapabilityStatement' };

let db: Db;
let server: Server;
/** Patients of the EHR by id. */
let patients: Record<string, (typeof MRN)[]> = {};
let asked: string[] = [];
let written: { resourceType: string; subject?: { reference: string }; status?: string; description?: string }[] = [];
/** How the EHR is today: down, filing every note under somebody else, or taking notes to be written later. */
let mood: 'well' | 'down' | 'misfiles' | 'later' = 'well';
let number = 0;

beforeAll(async () => {
  db = await openScratchDatabase();
  server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://ehr');
    const type = url.pathname.split('/')[2] ?? '';
    let body = '';
    for await (const chunk of request) body += chunk;
    response.setHeader('content-type', 'application/fhir+json');
    if (mood === 'down') return response.writeHead(503).end();
    const id = url.pathname.split('/')[3];
    if (request.method === 'PUT') written[Number(id) - 1] = JSON.parse(body);
    if (id !== undefined) return response.end(JSON.stringify(written[Number(id) - 1]));
    if (request.method === 'GET') return response.end(JSON.stringify(type === 'metadata' ? CAPABLE : found(type, url)));
    if (mood === 'later') {
      asked.push('posted');
      return response.writeHead(202).end();
    }
    written.push({ ...JSON.parse(body), ...(mood === 'misfiles' ? { subject: { reference: 'Patient/p9' } } : {}) });
    response.writeHead(201, { location: `${type}/${written.length}` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await db.close();
});
beforeEach(() => {
  patients = {};
  asked = [];
  written = [];
  mood = 'well';
});

it('R22: a note about somebody the EHR does not know yet waits, with its attempts counted, and is delivered once they are registered', async () => {
  const proposal = await signed();
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(releaseDecision(desk(), proposal)).rejects.toMatchObject({ code: 'ehr_unavailable' });
  }
  expect(await deliveries(proposal)).toEqual([
    { surface: 'DocumentReference', state: 'waiting', attempts: 2, reason: 'patient-not-found' },
    { surface: 'Provenance', state: 'waiting', attempts: 2, reason: 'patient-not-found' },
  ]);
  expect(written).toEqual([]);
  expect(await journaled(proposal)).toEqual(['decision.signed', 'delivery.attempted']);

  patients = { p77: [MRN] };
  await releaseDecision(desk(), proposal);

  expect(await deliveries(proposal)).toEqual([
    { surface: 'DocumentReference', state: 'delivered', attempts: 3, reason: null },
    { surface: 'Provenance', state: 'delivered', attempts: 3, reason: null },
  ]);
  expect(written[0]).toMatchObject({ resourceType: 'DocumentReference', subject: { reference: 'Patient/p77' } });
});

it('R125: asks for the patient by the identifier their source knows them by first, and writes nothing while two patients could get it', async () => {
  patients = { p77: [MRN], p9: [OTHER] };
  const proposal = await signed();

  await expect(releaseDecision(desk(), proposal)).rejects.toMatchObject({ code: 'ehr_unavailable' });

  expect(asked).toEqual([`${MRN.system}|${MRN.value}`, `${OTHER.system}|${OTHER.value}`]);
  expect(written).toEqual([]);
  expect((await deliveries(proposal))[0]).toMatchObject({ state: 'waiting', reason: 'patient-ambiguous' });
  patients = { p77: [MRN, OTHER] };
  await releaseDecision(desk(), proposal);
  expect((await deliveries(proposal))[0]).toMatchObject({ state: 'delivered' });
});

it('R137: hours of outage add one entry to the journal, and every attempt is counted', async () => {
  patients = { p77: [MRN] };
  mood = 'down';
  const proposal = await signed();

  for (let attempt = 0; attempt < 60; attempt++) {
    await expect(releaseDecision(desk(), proposal)).rejects.toMatchObject({ code: 'ehr_unavailable' });
  }

  expect((await deliveries(proposal))[0]).toMatchObject({ state: 'waiting', attempts: 60, reason: 'ehr_unavailable' });
  expect(await journaled(proposal)).toEqual(['decision.signed', 'delivery.attempted']);
  mood = 'well';
  await releaseDecision(desk(), proposal);
  expect(await journaled(proposal)).toEqual(['decision.signed', 'delivery.attempted', 'delivery.confirmed', 'delivery.confirmed']);
});

it('R137: that the EHR accepted a note is not forgotten over an outage, and it is not sent a second time', async () => {
  patients = { p77: [MRN] };
  const proposal = await signed();
  for (const one of ['later', 'down', 'well', 'later'] as const) {
    mood = one;
    await expect(releaseDecision(desk(), proposal)).rejects.toMatchObject({ code: 'ehr_unavailable' });
  }

  expect([asked.filter((one) => one === 'posted').length, written]).toEqual([1, []]);
  expect((await deliveries(proposal))[0]).toMatchObject({ state: 'waiting', attempts: 4, reason: 'not-shown' });
  expect(await journaled(proposal)).toEqual(['decision.signed', 'delivery.attempted']);
});

it('R137: notes about one person are written in the order they were signed in, however their tries fall', async () => {
  patients = { p77: [MRN] };
  mood = 'down';
  const [first, second] = [await signed(), await signed()];
  for (const one of [first, second]) await expect(releaseDecision(desk(), one)).rejects.toMatchObject({ code: 'ehr_unavailable' });
  mood = 'well';

  await expect(releaseDecision(desk(), second)).rejects.toMatchObject({ code: 'ehr_unavailable' });
  expect([written, (await deliveries(second))[0]]).toEqual([[], expect.objectContaining({ reason: 'after-earlier' })]);
  await releaseDecision(desk(), first);
  expect(await db.query(`select key from job where state = 'ready' and run_at <= clock_timestamp()`)).toEqual([
    { key: `decision:${second}` },
  ]);
  await releaseDecision(desk(), second);

  expect(written.filter((one) => one.resourceType === 'DocumentReference').map((one) => JSON.stringify(one))).toEqual([
    expect.stringContaining(first),
    expect.stringContaining(second),
  ]);
});

it('R137: a note that lands in another chart is withdrawn there and told, and the signature stands', async () => {
  patients = { p77: [MRN] };
  mood = 'misfiles';
  const proposal = await signed();

  await releaseDecision(desk(), proposal);
  await releaseDecision(desk(), proposal);

  expect(written.map(({ resourceType, status }) => [resourceType, status])).toEqual([['DocumentReference', 'entered-in-error']]);
  expect(await deliveries(proposal)).toEqual([
    { surface: 'DocumentReference', state: 'kept', attempts: 1, reason: 'withdrawn-subject' },
    { surface: 'Provenance', state: 'kept', attempts: 1, reason: 'document-not-delivered' },
  ]);
  expect(await journaled(proposal)).toEqual(['decision.signed', 'delivery.withdrawn', 'delivery.kept', 'delivery.kept']);
  expect(await db.query('select kind, actor from decision where proposal = $1', [proposal])).toEqual([{ kind: 'signed', actor: 'riv' }]);
});

it('R137: a withdrawal before a crash is journalled by the try after it, once', async () => {
  patients = { p77: [MRN] };
  mood = 'misfiles';
  const proposal = await signed();
  const crashing: WriteBackDesk = { ...desk(), now: () => '' };
  await expect(releaseDecision(crashing, proposal)).rejects.toThrow();
  expect([written[0]?.status, await journaled(proposal)]).toEqual(['entered-in-error', ['decision.signed']]);

  await releaseDecision(desk(), proposal);

  expect(written).toHaveLength(1);
  expect((await journaled(proposal)).filter((kind) => kind === 'delivery.withdrawn')).toHaveLength(1);
  expect((await deliveries(proposal))[0]).toMatchObject({ state: 'kept', reason: 'withdrawn-subject' });
});

it.each`
  what                              | fault              | change
  ${'its words'}                    | ${'content'}       | ${`update proposal set content = replace(content::text, '5.6', '3.6')::json where id = $1`}
  ${'its words and their hashes'}   | ${'content'}       | ${`update decision set content_hash = repeat('0', 64) where proposal = $1`}
  ${'its signer'}                   | ${'signer'}        | ${`update decision set actor = 'other' where proposal = $1`}
  ${"its signer's name"}            | ${'signer'}        | ${`update decision set actor_name = 'Dr. Other' where proposal = $1`}
  ${'its patient'}                  | ${'circumstances'} | ${`update proposal set person = gen_random_uuid() where id = $1`}
  ${'its time'}                     | ${'circumstances'} | ${`update decision set decided_at = decided_at - interval '1 day' where proposal = $1`}
  ${'the entry it goes back to'}    | ${'entry'}         | ${'update decision set journal_id = journal_id - 1 where proposal = $1'}
  ${'the payload of its signature'} | ${'payload'}       | ${`update journal_payload set body = replace(body, 'run-', 'ruN-') where journal_id = (select journal_id from decision where proposal = $1)`}
`('R22: a note of which $what changed after the signature is not sent: it waits, and the fault is told', async ({ fault, change }) => {
  patients = { p77: [MRN] };
  await signed();
  const proposal = await signed();
  const told: string[] = [];
  await tamper(db, change.replaceAll('$1', `'${proposal}'`));

  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(releaseDecision({ ...desk(), onAltered: (one) => told.push(one) }, proposal)).rejects.toMatchObject({
      code: 'journal_broken',
    });
  }

  expect([asked, written, told]).toEqual([[], [], [fault, fault]]);
  expect((await deliveries(proposal))[0]).toMatchObject({ state: 'waiting', reason: 'journal_broken' });
  expect(await journaled(proposal)).toEqual(['decision.signed', 'delivery.attempted']);
});

function found(type: string, url: URL): unknown {
  if (type !== 'Patient') return { resourceType: 'Bundle' };
  const identifier = url.searchParams.get('identifier') ?? '';
  asked.push(identifier);
  const known = Object.entries(patients).filter(([, list]) => list.some(({ system, value }) => `${system}|${value}` === identifier));
  return { resourceType: 'Bundle', entry: known.map(([id, list]) => ({ resource: { resourceType: 'Patient', id, identifier: list } })) };
}

function desk(): WriteBackDesk {
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`;
  return {
    db,
    packs: [documentation],
    target: new Target({ baseUrl }),
    pseudonym: (id) => `p-${id}`,
    now: () => NOW,
    secured: async () => undefined,
  };
}

const sentence = {
  id: '1',
  section: 'All',
  text: 'Potassium 5.6 mmol/L.',
  author: { kind: 'writer', id: 'built-in@1' },
  selected: true,
  claims: [],
  verdict: { outcome: 'proven', reasons: [] },
  evidence: [],
};

/** A signed note about the one human, who has both identifiers. */
async function signed(): Promise<string> {
  number += 1;
  const person = uuidFromParts('release-test', 'person');
  const [run, proposal] = [`run-${number}`, uuidFromParts('release-test', String(number))];
  const content = JSON.stringify({ title: 'Note', asOf: NOW, sections: ['All'], sentences: [sentence], omitted: [] });
  const hash = sha256Hex(canonicalJson(JSON.parse(content)));
  await db.query(
    `insert into source_person (id, source, authority, value, created_at) values ($1, 'north-lab', $2, $3, $4) on conflict do nothing`,
    [person, MRN.system, MRN.value, NOW],
  );
  for (const { system, value } of [OTHER, MRN]) {
    await db.query('insert into ident (authority, value, source_person) values ($1, $2, $3) on conflict do nothing', [
      system,
      value,
      person,
    ]);
  }
  await db.query(
    `insert into person_link (source_person, person, valid_from, recorded_at, reason)
     select $1::uuid, $1::uuid, '2026-01-01', $2::timestamptz, 'first-seen' where not exists (select 1 from person_link where person = $1)`,
    [person, NOW],
  );
  const pack = documentation.id;
  await db.query('insert into run (id, pack, person, as_of, closure, created_at) values ($1, $2, $3, $4, $5, $4)', [
    run,
    pack,
    person,
    NOW,
    '{}',
  ]);
  await db.query(
    `insert into proposal (id, run, pack, person, trigger_key, title, why, state, role, content, drafted, content_hash, offered_at)
     values ($1, $2, $3, $4, $2, 'Note', 'asked', 'signed', 'clinician', $5, $5, $7, $6)`,
    [proposal, run, pack, person, content, NOW, hash],
  );
  const body = { run, pack, contentHash: hash, name: nameHash('riv', 'Dr. Rivera') };
  const entry = { kind: 'decision.signed' as const, actor: 'p-riv', subject: proposal, person, at: NOW, body };
  const [journalId] = await db.transaction((tx) => append(tx, [entry]));
  await db.query(
    `insert into decision (proposal, kind, actor, actor_name, content_hash, decided_at, journal_id) values ($1, 'signed', 'riv', 'Dr. Rivera', $3, $2, $4)`,
    [proposal, NOW, hash, journalId],
  );
  for (const surface of ['DocumentReference', 'Provenance']) {
    await db.query(
      `insert into delivery (proposal, surface, identifier, state, created_at) values ($1::uuid, $2, $1::text, 'waiting', $3)`,
      [proposal, surface, NOW],
    );
  }
  return proposal;
}

async function deliveries(proposal: string): Promise<unknown[]> {
  return db.query('select surface, state, attempts, reason from delivery where proposal = $1 order by surface', [proposal]);
}

async function journaled(proposal: string): Promise<string[]> {
  return (await db.query<{ kind: string }>('select kind from journal where subject = $1 order by id', [proposal])).map((row) => row.kind);
}
