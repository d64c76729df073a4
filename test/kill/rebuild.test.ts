/*
 * `doctor --rebuild`: rows are taken out of the embedded database or altered in it, its files are wrecked, the rebuild is killed; what was
 * acknowledged, recorded and signed is there again as it was, and the log proves it.
 */
import { cpSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, openApp } from '../../src/app.ts';
import { type Rebuilt, rebuild } from '../../src/governance/rebuild.ts';
import { restoreAcknowledged } from '../../src/governance/restore.ts';
import { loadConfig } from '../../src/platform/config.ts';
import type { Db } from '../../src/platform/database.ts';
import { verifyWhole } from '../../src/platform/journal.verbs.ts';
import { tamper } from '../../src/platform/journal-fixture.ts';
import { silentLog } from '../../src/platform/log.ts';
import { openStoreOf } from './audit.ts';
import { type SignatureBook, sitDown } from './clinician.ts';
import { openFeed, pump } from './feed.ts';
import { type PlayEhr, startPlayEhr } from './play-ehr.ts';
import { countersign, eventually, health, killLeftovers, type Place, startCalmly } from './server.ts';

const MRNS = Array.from({ length: 8 }, (_, index) => String(5_100_000 + index));
const folder = mkdtempSync(join(tmpdir(), 'countersign-rebuild-'));
let ehr: PlayEhr;
let before: Snapshot;
let cases = 0;
let usualMs = 6_000;
/** The day in this process, where each case puts it right again. */
let app: App;

beforeAll(async () => {
  ehr = await startPlayEhr(join(folder, 'hospital'), MRNS);
  const place: Place = { folder: join(folder, 'day'), ehrBase: ehr.base };
  const server = await startCalmly(place);
  await pump(server.mllpPort, openFeed(MRNS, 2), () => true);
  writeFileSync(join(folder, 'more.hl7'), more());
  expect((await countersign(['import', join(folder, 'more.hl7'), '--source', 'south'], place)).code).toBe(0);
  const chair = await sitDown(server.url);
  const drafts = await eventually('drafts', async () => {
    const ids = await chair.waiting();
    return ids.length === MRNS.length && ids;
  });
  const book: SignatureBook = new Map();
  for (const id of drafts.slice(0, 2)) await chair.sign(await chair.look(id), book);
  await chair.decline((await chair.look(drafts[2]!)).id, 'seen by a colleague');
  await eventually('both notes', async () => (await ehr.written('Provenance')).length === 2);
  await eventually('quiet', async () => {
    const now = await health(server);
    return now['receiptsWaiting'] === 0 && now['jobsReady'] === 0 && now['jobsRunning'] === 0;
  });
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  before = await inStore(place, snapshot);
  const config = loadConfig({ COUNTERSIGN_DATA: day().folder, COUNTERSIGN_EHR_FHIR_BASE: ehr.base, LOG_LEVEL: 'silent' });
  app = await openApp({ config, log: silentLog, jobs: 'drain-only' });
  // Corrections, a merge, a tie, something refused: the record the cases begin with is not a simple one.
  expect(before.facts.filter((row) => row.includes('"tied"'))).not.toEqual([]);
  expect(before.links.filter((row) => row.includes('merged'))).not.toEqual([]);
  expect(before.quarantine).not.toEqual([]);
  expect(before.deliveries.filter((row) => row.includes('delivered'))).toHaveLength(4);
}, 300_000);
afterAll(async () => {
  killLeftovers();
  await app.close();
  await ehr.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('doctor --rebuild', () => {
  it('changes nothing where nothing is missing, and is refused while a server has the folder', async () => {
    const place = day();
    const server = await startCalmly(place);
    const refused = await countersign(['doctor', '--rebuild'], place);
    await server.stop();
    const begun = performance.now();
    const ran = await countersign(['doctor', '--rebuild'], place);
    usualMs = performance.now() - begun;

    expect([refused.code, refused.stderr]).toEqual([
      1,
      'a rebuild needs the store to itself: stop this "countersign serve", then run it again\n',
    ]);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout).toContain('Nothing was missing or altered.\nThe log is whole');
    expect(await inStore(place, snapshot)).toEqual(before);
  }, 240_000);

  it.each`
    what                                       | sql
    ${'every fact'}                            | ${'truncate fact, fact_code'}
    ${'the last versions, with what they say'} | ${`delete from fact where superseded_at is null; update fact set superseded_at = null where version = 1`}
    ${'facts and everything about people'}     | ${'truncate fact, fact_code, person_link, ident, source_person'}
    ${'receipts, bytes and quarantine'}        | ${'truncate receipt_bytes; delete from quarantine; delete from receipt'}
    ${'receipts alone, whose bytes stay'}      | ${'delete from quarantine; delete from receipt'}
    ${'bytes alone'}                           | ${'truncate receipt_bytes'}
    ${'decisions, deliveries and drafts'}      | ${'truncate decision, delivery, proposal_fact, sentence, work_lease, cds_card; delete from proposal; delete from run'}
    ${'all of it but the journal'}             | ${'truncate fact, fact_code, concept, person_link, ident, source_person, receipt_bytes, decision, delivery, quarantine; delete from receipt'}
  `(
    'R22: $what taken away come back as they were',
    async ({ sql }) => {
      await tamper(app.db, sql);
      expect(await snapshot(app.db)).not.toEqual(before);

      await expectAsBefore(await rebuiltHere());
    },
    120_000,
  );

  it.each`
    what                               | sql
    ${'atoms and values'}              | ${`update fact set atoms = replace(atoms::text, '5.6', '3.6')::json, value = '3.6' where value = '5.6'`}
    ${'content and its hash'}          | ${`update fact set content = '{}', content_hash = repeat('0', 64) where type = 'Observation'`}
    ${'whose facts they are'}          | ${`update fact set source_person = (select max(id::text)::uuid from source_person) where type = 'Appointment'`}
    ${'when they were recorded'}       | ${`update fact set recorded_at = recorded_at - interval '1 hour'`}
    ${'which version stands'}          | ${`update fact set superseded_at = now() where superseded_at is null`}
    ${'bytes and hashes of receipts'}  | ${`update receipt_bytes set bytes = '\\x41'; update receipt set sha256 = decode(md5(id::text), 'hex'), source = 'x', received_at = received_at + interval '1 day' where source like 'north%'`}
    ${'words and signers'}             | ${`update proposal set content = '{"sentences":[]}' where state = 'signed'; update decision set actor = 'x', actor_name = 'Dr. X'`}
    ${'where signed notes stand'}      | ${`update delivery set reference = 'DocumentReference/x'`}
    ${'that they were written at all'} | ${`update delivery set state = 'waiting', reference = null, confirmed_at = null`}
  `(
    'R22: $what altered are as they were',
    async ({ sql }) => {
      await tamper(app.db, sql);
      expect(await snapshot(app.db)).not.toEqual(before);

      await expectAsBefore(await rebuiltHere());
    },
    120_000,
  );

  it('R22: killed at any moment, it is done by the next', async () => {
    const place = day();
    await inStore(place, (db) => tamper(db, 'truncate fact, fact_code, person_link, ident, source_person, decision, delivery'));
    for (const share of [0.4, 0.55, 0.7, 0.85]) await killedAfter(place, share * usualMs);

    const { code, stdout, stderr } = await countersign(['doctor', '--rebuild', '--json'], place);
    expect([code, stderr, JSON.parse(stdout)]).toMatchObject([0, '', { lost: 0, verified: true, problems: [] }]);
    expect(await inStore(place, snapshot)).toEqual(before);
    expect(await ehr.written('DocumentReference')).toHaveLength(2);
  }, 400_000);

  it.each`
    how                           | wreck
    ${'its control file is torn'} | ${(pgdata: string) => truncateSync(join(pgdata, 'global', 'pg_control'), 100)}
    ${'a table is torn'}          | ${(pgdata: string) => wreckTables(pgdata)}
  `(
    'R22: a database that cannot be read because $how is set aside, and another made of the segments, recorded when it was acknowledged',
    async ({ wreck }) => {
      const place = day();
      wreck(join(place.folder, 'pgdata'));

      const ran = await countersign(['doctor', '--rebuild'], place);
      const after = await inStore(place, snapshot);

      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stdout).toMatch(
        /^The database could not be read: it was set aside as pgdata\.broken-\d{14}, and a new one begun\.\nPut back: /,
      );
      expect(ran.stdout).toContain('What only the old database held is gone');
      expect(after.facts.map(timeless)).toEqual(before.facts.map(timeless));
      expect(after.decisions.map(timeless)).toEqual(before.decisions.map(timeless));
      expect(readdirSync(place.folder).filter((name) => name.startsWith('pgdata.broken-'))).toHaveLength(1);
      // The times are those of the day, not of the rebuild: a second is as near as they come.
      const late = await inStore(place, (db) =>
        db.query(
          `select 1 from fact f join receipt r on r.id = f.receipt where f.recorded_at < r.received_at - interval '1 second' or f.recorded_at > r.received_at + interval '2 seconds'`,
        ),
      );
      expect(late).toEqual([]);
      expect((await countersign(['journal', 'verify'], place)).code).toBe(0);
    },
    300_000,
  );
});

/** The day as it was, in a folder of its own. */
function day(): Place {
  cases += 1;
  const place: Place = { folder: join(folder, `case-${cases}`), ehrBase: ehr.base };
  cpSync(join(folder, 'day'), place.folder, { recursive: true });
  return place;
}

/** What the verb does, in this process: a store that is opened restores what it lacks, then it is rebuilt. */
async function rebuiltHere(): Promise<Rebuilt> {
  const { db, segments, now, pseudonym, house } = app;
  await restoreAcknowledged(db, segments!, silentLog, now);
  const rebuilt = await rebuild({ db, segments, now, pseudonym, read: house.read, batch: house.batch }, () => undefined);
  await app.drain();
  return rebuilt;
}

async function expectAsBefore({ lost }: Rebuilt): Promise<void> {
  const { problems } = await verifyWhole(app);
  expect({ lost, problems }).toEqual({ lost: 0, problems: [] });
  expect(await snapshot(app.db)).toEqual(before);
  expect(await ehr.written('DocumentReference')).toHaveLength(2);
}

async function killedAfter(place: Place, milliseconds: number): Promise<void> {
  await countersign(['doctor', '--rebuild'], place, { killAfterMs: milliseconds });
}

type Snapshot = Record<
  'facts' | 'codes' | 'people' | 'idents' | 'links' | 'receipts' | 'quarantine' | 'decisions' | 'deliveries',
  string[]
>;

async function snapshot(db: Db): Promise<Snapshot> {
  const rows = async (sql: string): Promise<string[]> => (await db.query<{ row: string }>(`select row_to_json(t)::text as row from (${sql}) t order by 1`)).map(({ row }) => row); // biome-ignore format: short
  return {
    facts: await rows('select * from fact'),
    codes: await rows('select c.system, c.code, k.source_person, k.valid_at, k.id from fact_code k join concept c on c.id = k.code'),
    people: await rows('select id, source, authority, value, birth_date, sex, name from source_person'),
    idents: await rows('select * from ident'),
    links: await rows('select source_person, person, valid_from, valid_to, reason from person_link'),
    receipts: await rows(
      `select id, source, door, encode(r.sha256, 'hex') as sha, size, r.received_at, state, control_id, stored, rejected, encode(b.bytes, 'hex') as bytes
         from receipt r left join receipt_bytes b on b.receipt = r.id and b.received_at = r.received_at`,
    ),
    quarantine: await rows('select id, receipt, item, reason, state from quarantine'),
    decisions: await rows(
      `select d.proposal, d.kind, d.actor, d.actor_name, d.reason, d.content_hash, d.decided_at, p.state, p.content, p.run
         from decision d join proposal p on p.id = d.proposal`,
    ),
    deliveries: await rows('select proposal, surface, identifier, state, reference, reason from delivery'),
  };
}

/** A row without the instants at which it was recorded and closed. */
function timeless(row: string): string {
  return row.replaceAll(/"(recorded_at|superseded_at)":("[^"]*"|null)/g, (_, name: string, at: string) => `"${name}":${at === 'null'}`);
}

async function inStore<T>(place: Place, look: (db: Db) => Promise<T>): Promise<T> {
  const db = await openStoreOf(place);
  try {
    return await look(db);
  } finally {
    await db.close();
  }
}

/** Pages of nonsense in every table of ours; those of the catalogue are left. */
function wreckTables(pgdata: string): void {
  const base = join(pgdata, 'base');
  const database = readdirSync(base).sort().at(-1)!;
  for (const name of readdirSync(join(base, database)))
    if (/^\d+$/.test(name) && Number(name) > 16_384) writeFileSync(join(base, database, name), Buffer.alloc(8192, 0x5a));
}

/** From another sender: a merge, two results that tie, and a message without anybody. */
function more(): string {
  const msh = (type: string, id: string) => `MSH|^~\\&|SOUTHLAB|SOUTH|COUNTERSIGN|NORTH|20261120101500+0000||${type}|${id}|P|2.5.1`;
  const pid = (mrn: string) => `PID|1||${mrn}^^^SOUTH&2.999.7.1&ISO^MR||OSGOOD^LENORA^T||19550214|F`;
  const potassium = (value: string) => `OBX|1|NM|2823-3^Potassium^LN||${value}|mmol/L|3.5-5.1|H|||F|||20261119080000+0000`;
  const result = (id: string, mrn: string, value: string) => [
    msh('ORU^R01^ORU_R01', id),
    pid(mrn),
    'OBR|1||SL1^SOUTHLAB|24320-4^Basic metabolic panel^LN|||20261119080000+0000|||||||||||||||20261120101500+0000|||F',
    potassium(value),
  ];
  return [
    ...result('S1', '881', '4.4'),
    ...result('S2', '881', '4.9'),
    msh('ADT^A28^ADT_A05', 'S3'),
    'EVN||20261120101500+0000',
    pid('882'),
    msh('ADT^A40^ADT_A39', 'S4'),
    'EVN||20261120101500+0000',
    pid('882'),
    'MRG|881^^^SOUTH&2.999.7.1&ISO^MR',
    msh('ORU^R01^ORU_R01', 'S5'),
    'PID|1||||OSGOOD^LENORA^T||19550214|F',
    'OBR|1||SL2^SOUTHLAB|24320-4^Basic metabolic panel^LN|||20261119080000+0000|||||||||||||||20261120101500+0000|||F',
    potassium('4.1'),
    '',
  ].join('\r');
}
