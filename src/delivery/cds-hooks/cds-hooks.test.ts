import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sentence } from '../../core/proposal.ts';
import { AccessLog } from '../../governance/access-log.ts';
import type { Db } from '../../platform/database.ts';
import { uuidFromParts } from '../../platform/digest.ts';
import { buildServer } from '../../platform/http.ts';
import { openJournalWriter } from '../../platform/journal-writer.ts';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { openScratchPglite } from '../../platform/scratch-database.ts';
import { resolvePeople } from '../../record/people.ts';
import { MRN, stored } from '../../record/record-fixture.ts';
import { guardAccess } from '../access-guard.ts';
import { cardOf } from './card.ts';
import { cdsHooksRoutes } from './cds-hooks.routes.ts';

const NOW = '2026-11-22T08:00:00.000Z';
const INSTANCE = 'd1577c69-dfbe-44ad-ba6d-3e05e953b2ea';
const LOCAL = { system: 'urn:countersign:source:north:Patient', value: 'pat-77' };
const SERVICE = '/cds-services/countersign-patient-view';

const CONTEXT = { hookInstance: INSTANCE, publicUrl: 'https://c.example', zone: 'America/Chicago' };

describe('CDS Hooks 2.0', () => {
  let db: Db;
  let server: FastifyInstance;
  let ida: string;
  let bea: string;
  let drafted: string[];
  let draft: string | undefined;
  let ehrSource: string | undefined;

  beforeAll(async () => {
    db = await openScratchPglite();
    ida = await arrive('north', '1001', 'pat-77');
    bea = await arrive('north', '1002', 'shared-id');
    await arrive('south', '2002', 'shared-id');
    server = await buildServer({
      config: { host: '127.0.0.1', port: 0, loopback: true, tls: undefined, publicUrl: 'http://127.0.0.1:8080' },
      log: silentLog,
      metrics: createMetrics(),
      version: '0.1.0',
      authenticate: (request) => (request.headers.authorization ? { id: 'ehr', name: 'EHR', role: 'clinician' } : undefined),
      ready: async () => ({ ready: true }),
    });
    const log = new AccessLog({ writer: openJournalWriter(db), now: () => NOW, pseudonym: (id) => `p-${id}` });
    const access = guardAccess(server, { log, now: () => NOW });
    await server.register(cdsHooksRoutes, {
      db,
      now: () => NOW,
      publicUrl: 'https://countersign.example/',
      zone: 'America/Chicago',
      pseudonym: (id: string) => `p-${id}`,
      access,
      draftFor: async (person: string) => {
        drafted.push(person);
        return draft;
      },
      get ehrSource() {
        return ehrSource;
      },
    } as Parameters<typeof cdsHooksRoutes>[1]);
    await propose(ida, 'p-ida', 'offered');
  });
  afterAll(async () => {
    await server.close();
    await db.close();
  });
  beforeEach(() => {
    drafted = [];
    draft = undefined;
    ehrSource = undefined;
  });

  it('is discovered by anyone, browsers of other origins included', async () => {
    const answer = await server.inject({ url: '/cds-services', headers: { origin: 'https://sandbox.example' } });

    expect(answer.statusCode).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.json()).toEqual({
      services: [
        {
          id: 'countersign-patient-view',
          hook: 'patient-view',
          title: expect.any(String),
          description: expect.any(String),
          prefetch: { patient: 'Patient/{{context.patientId}}' },
        },
      ],
    });
    const preflight = await server.inject({ method: 'OPTIONS', url: SERVICE, headers: { origin: 'https://sandbox.example' } });
    expect([preflight.statusCode, preflight.headers['access-control-allow-headers']]).toEqual([
      204,
      expect.stringContaining('authorization'),
    ]);
  });

  it('answers 401 without a caller', async () => {
    for (const url of [SERVICE, `${SERVICE}/feedback`]) {
      expect((await server.inject({ method: 'POST', url, payload: hook(ida) })).statusCode).toBe(401);
    }
  });

  it('shows what is proven and nothing else, with a link to the review', async () => {
    const { cards } = (await post(hook(ida))).json() as { cards: Record<string, unknown>[] };

    expect(cards).toHaveLength(1);
    expect(cards[0]).toMatchObject({
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      summary: 'Pre-visit summary ready to sign: 2 of 4 sentences proven by the chart',
      indicator: 'info',
      source: { label: 'Countersign', url: 'https://countersign.example' },
      links: [{ label: 'Review and sign', url: `https://countersign.example/review/${uuidFromParts('p-ida')}`, type: 'absolute' }],
    });
    expect(cards[0]!['detail']).toContain('Proven one.');
    expect(JSON.stringify(cards)).not.toMatch(/Unproven words|Contradicted words/);
  });

  it('is one card however often the same hook instance asks, and each showing is journalled by card', async () => {
    const uuids = [];
    for (let i = 0; i < 2; i++) uuids.push((await post(hook(ida))).json().cards[0].uuid);
    const other = (await post({ ...hook(ida), hookInstance: '00000000-0000-4000-8000-000000000001' })).json().cards[0].uuid;

    expect(uuids[0]).toBe(uuids[1]);
    expect(other).not.toBe(uuids[0]);
    expect(await db.query('select proposal from cds_card where id = $1', [other])).toEqual([{ proposal: uuidFromParts('p-ida') }]);
    const rows = await db.query<{ actor: string }>(`select actor from journal where kind = 'cds.shown' and subject = $1`, [other]);
    expect(rows).toEqual([{ actor: 'p-ehr' }]);
  });

  it.each([
    ['our person id', (): unknown => hook(ida), true],
    ['a reference in place of an id', (): unknown => hook(`Patient/${ida}`), true],
    ["a source's Patient id", (): unknown => hook('pat-77'), true],
    ['a prefetched identifier', (): unknown => hook('zzz', { patient: patient([{ system: MRN, value: '1001' }]) }), true],
    ['an identifier without system', (): unknown => hook('zzz', { patient: patient([{ value: '1001' }]) }), false],
    ['a replaced identifier', (): unknown => hook('zzz', { patient: patient([{ system: MRN, value: '1001', use: 'old' }]) }), false],
    ["an identifier that claims to be a source's own", (): unknown => hook('zzz', { patient: patient([LOCAL]) }), false],
    [
      'identifiers of two people',
      (): unknown => hook('zzz', { patient: patient(['1001', '1002'].map((value) => ({ system: MRN, value }))) }),
      false,
    ],
    [
      'an id of ours under identifiers of nobody',
      (): unknown => hook('pat-77', { patient: patient([{ system: 'urn:x', value: '9' }]) }),
      false,
    ],
    ['an id that two sources use', (): unknown => hook('shared-id'), false],
    ['an unknown patient', (): unknown => hook('nobody'), false],
    ['an unknown uuid', (): unknown => hook(uuidFromParts('nobody')), false],
  ])('R91: finds the patient by %s', async (_why, body, found) => {
    const answer = await post(body());

    expect(answer.statusCode).toBe(200);
    expect(answer.json().cards).toHaveLength(found ? 1 : 0);
  });

  it("tells two sources' equal ids apart by the EHR that asks", async () => {
    ehrSource = 'north';

    await post(hook('shared-id'));

    expect(drafted).toEqual([bea]);
  });

  it('asks for a draft where none is live, and shows it', async () => {
    expect((await post(hook(bea))).json()).toEqual({ cards: [] });
    expect(drafted).toEqual([bea]);

    draft = await propose(bea, 'p-bea', 'offered');
    await db.query(`update proposal set state = 'declined' where id = $1`, [draft]);
    expect((await post(hook(bea))).json()).toEqual({ cards: [] });
    await db.query(`update proposal set state = 'blocked' where id = $1`, [draft]);
    expect((await post(hook(bea))).json()).toEqual({ cards: [] });
    await db.query(`update proposal set state = 'offered' where id = $1`, [draft]);
    expect((await post(hook(bea))).json().cards).toHaveLength(1);
  });

  it.each([
    ['another hook', { hook: 'order-sign' }],
    ['no hook instance', { hookInstance: undefined }],
    ['no context', { context: undefined }],
    ['no patient', { context: { userId: 'Practitioner/1' } }],
    ['a patient that is no id', { context: { patientId: "x' or 1=1" } }],
  ])('answers 422 to %s without repeating it', async (_why, change) => {
    const answer = await post({ ...hook(ida), ...change });

    expect(answer.statusCode).toBe(422);
    expect(answer.body).not.toContain('1=1');
  });

  it.each([null, { resourceType: 'OperationOutcome' }])(
    'answers 412 where the EHR could not prefetch somebody unknown: %j',
    async (value) => {
      expect((await post(hook('nobody', { patient: value }))).statusCode).toBe(412);
      expect((await post(hook('pat-77', { patient: value }))).statusCode).toBe(200);
    },
  );

  it('says that the draft is older than a message about the patient that is not read yet, and warns; about another patient it does not', async () => {
    const receipt = await stored(db, `PID|1||1001^^^NORTH&2.999.1.1&ISO^MR||SECRET^NAME`, '2026-11-22T07:41:09.000Z');
    await propose(bea, 'p-bea-2', 'offered');

    const [card] = (await post(hook(ida))).json().cards;
    const [other] = (await post(hook(bea))).json().cards;
    await db.query(`update receipt set state = 'normalised' where id = $1`, [receipt.id]);
    const [after] = (await post(hook(ida))).json().cards;

    expect(card).toMatchObject({
      indicator: 'warning',
      summary: 'Pre-visit summary is older than a message not read yet: 2 of 4 sentences proven before it',
    });
    expect(card.detail).toMatch(
      /^\*\*A message that may be about this patient arrived on 22 Nov 2026 01:41 \(America\/Chicago\) and is not read yet/,
    );
    expect(card.detail).not.toContain('SECRET');
    expect(other).toMatchObject({ indicator: 'info', summary: expect.stringContaining('ready to sign') });
    expect(after).toMatchObject({ indicator: 'info', summary: expect.stringContaining('ready to sign') });
  });

  it('answers 404 for another service', async () => {
    expect((await post(hook(ida), '/cds-services/other')).statusCode).toBe(404);
  });

  it('journals feedback on a card it showed, comment erasable with its patient, and refuses other cards', async () => {
    const card = (await post(hook(ida))).json().cards[0].uuid as string;
    const entry = { card, outcome: 'overridden', outcomeTimestamp: NOW, overrideReason: { userComment: 'Not now' } };

    const answer = await post({ feedback: [entry] }, `${SERVICE}/feedback`);

    expect(answer.statusCode).toBe(200);
    const rows = await db.query<{ person: string; body: string }>(
      `select p.person, p.body from journal j join journal_payload p on p.journal_id = j.id where j.kind = 'cds.feedback' and j.subject = $1`,
      [card],
    );
    expect(rows[0]?.person).toBe(ida);
    expect(JSON.parse(rows[0]!.body)).toMatchObject({ proposal: uuidFromParts('p-ida'), outcome: 'overridden', comment: 'Not now' });
    expect((await post({ feedback: [{ ...entry, card: uuidFromParts('x') }] }, `${SERVICE}/feedback`)).statusCode).toBe(404);
    expect((await post({ feedback: [{ ...entry, outcome: 'ignored' }] }, `${SERVICE}/feedback`)).statusCode).toBe(422);
  });

  it('keeps the summary under 140 characters and chart words from becoming markup', () => {
    const content = contentOf([sentence('proven', 'See [here](javascript:alert(1)) <img src=x> *now*.')]);

    const card = cardOf({ id: 'p', title: 'T'.repeat(300), content }, { ...CONTEXT, unreadSince: NOW });

    expect(card.summary.length).toBeLessThan(140);
    expect(card.detail).toContain('\\[here\\]\\(javascript:alert\\(1\\)\\) \\<img src=x\\> \\*now\\*.');
  });

  async function post(payload: unknown, url = SERVICE) {
    return server.inject({ method: 'POST', url, headers: { authorization: 'Bearer t' }, payload: payload as object });
  }

  async function arrive(source: string, mrn: string, id: string): Promise<string> {
    return db.transaction(async (tx) => {
      const local = { authority: `urn:countersign:source:${source}:Patient`, value: id };
      const [about] = await resolvePeople(tx, [{ source, identifiers: [local, { authority: MRN, value: mrn }] }], NOW);
      if (!about || 'conflict' in about) throw new Error('not resolved');
      return about.person;
    });
  }

  async function propose(person: string, key: string, state: string): Promise<string> {
    const id = uuidFromParts(key);
    await db.query(`insert into run (id, pack, person, as_of, closure, created_at) values ($1, 'documentation', $2, $3, '{}', $3)`, [
      key,
      person,
      NOW,
    ]);
    const content = JSON.stringify(
      contentOf([
        sentence('proven', 'Proven one.'),
        sentence('proven', 'Proven two.'),
        sentence('unproven', 'Unproven words.'),
        sentence('contradicted', 'Contradicted words.'),
      ]),
    );
    await db.query(
      `insert into proposal (id, run, pack, person, trigger_key, title, why, state, role, content, drafted, content_hash, offered_at)
       values ($1, $2, 'documentation', $3, $2, 'Pre-visit summary', 'Visit', $4, 'clinician', $5::json, $5::json, '', $6)`,
      [id, key, person, state, content, NOW],
    );
    return id;
  }
});

function hook(patientId: string, prefetch?: Record<string, unknown>) {
  return {
    hook: 'patient-view',
    hookInstance: INSTANCE,
    context: { userId: 'Practitioner/1', patientId },
    ...(prefetch ? { prefetch } : {}),
  };
}

function patient(identifier: unknown[]) {
  return { resourceType: 'Patient', identifier };
}

function contentOf(sentences: Partial<Sentence>[]) {
  return { title: 'Pre-visit summary', asOf: NOW, sections: ['Results'], sentences: sentences as Sentence[], omitted: [] };
}

function sentence(outcome: Sentence['verdict']['outcome'], text: string): Partial<Sentence> {
  return { id: text, section: 'Results', text, selected: outcome === 'proven', verdict: { outcome, reasons: [] }, evidence: [] };
}
