/* A site names an authority after messages came under the feed's own name: one person stays one person, whoever came first. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { payloadReader } from '../interop/read-payload.ts';
import type { Db } from '../platform/database.ts';
import { openScratchDatabase } from '../platform/scratch-database.ts';
import { adoptAuthorities, unjoinedIdentifiers } from './authorities.ts';
import { readChart } from './chart.ts';
import { currentPerson, personByIdentifier } from './people.ts';
import { listQuarantine } from './quarantine.ts';
import { forWaiting } from './receipts.ts';
import { stored } from './record-fixture.ts';
import { recordReadings } from './record-readings.ts';
import { rereadPortions } from './reread.ts';

const SOUTH = 'urn:oid:2.999.7.1';
const NAMED = new Map([['SOUTHMRN', SOUTH]]);
let db: Db;
let minute = 0;
beforeAll(async () => {
  db = await openScratchDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.query('delete from authority_name');
});

describe('naming an authority after data came', () => {
  it('makes no second person of the next message, and reads the feed again without rewriting a fact', async () => {
    const before = await arrive('south.a', admission('S1'), new Map());
    const rows = await factRows();

    const adopted = await adoptAuthorities(db, NAMED, later());
    await arrive('south.a', admission('S1', 'A08'), NAMED);

    expect(adopted).toMatchObject({ identifiers: 1, joined: 0, conflicts: 0, feeds: ['south.a'] });
    expect(await personByIdentifier(db, { authority: SOUTH, value: 'S1' })).toEqual(before);
    expect((await factRows()).slice(0, rows.length)).toEqual(rows);
    await readAgain('south.a');
    const chart = await chartOf(before[0]!);
    expect(chart.facts.filter(({ type }) => type === 'Patient')).toHaveLength(1);
    expect(chart.facts.filter(({ type }) => type === 'AllergyIntolerance')).toHaveLength(1);
  });

  it('joins two people it shows to be one, by a dated link, and keeps what was known before', async () => {
    const [first] = await arrive('south.b', admission('S2'), new Map());
    const [second] = await arrive('north.b', admission('S2'), NAMED);
    const between = later();
    expect(second).not.toBe(first);

    const adopted = await adoptAuthorities(db, NAMED, later());

    expect(adopted).toMatchObject({ identifiers: 1, joined: 1, conflicts: 0 });
    expect(await currentPerson(db, first!)).toBe(second);
    expect((await chartOf(second!)).facts.filter(({ type }) => type === 'Patient')).toHaveLength(2);
    expect((await chartOf(first!, between)).facts.filter(({ type }) => type === 'Patient')).toHaveLength(1);
    const jobs = await db.query<{ key: string }>(`select key from job where key = any($1::text[])`, [
      [`facts:${first}`, `facts:${second}`, 'reread:south.b'],
    ]);
    expect(jobs).toHaveLength(3);
  });

  it('joins nobody whose birth dates differ, and counts them; the next message is quarantined', async () => {
    const [first] = await arrive('south.c', admission('S3'), new Map());
    const [second] = await arrive('north.c', admission('S3', 'A04', '19700101'), NAMED);

    const adopted = await adoptAuthorities(db, NAMED, later());
    await arrive('south.c', admission('S3', 'A08'), NAMED);

    expect(adopted).toMatchObject({ identifiers: 0, joined: 0, conflicts: 1 });
    expect(await unjoinedIdentifiers(db, NAMED)).toBe(1);
    expect([await currentPerson(db, first!), await currentPerson(db, second!)]).toEqual([first, second]);
    expect((await listQuarantine(db, { state: 'open' }, 9)).map(({ reason }) => reason)).toContain('birth-date-differs');
  });
});

it('does nothing a second time, and nothing where no namespace is named', async () => {
  await arrive('south.d', admission('S4'), new Map());
  await adoptAuthorities(db, NAMED, later());
  const links = await db.query('select count(*) from person_link');

  expect(await adoptAuthorities(db, NAMED, later())).toMatchObject({ identifiers: 0, joined: 0 });
  expect(await db.query('select count(*) from person_link')).toEqual(links);
});

it.each([
  ['otherwise', new Map([['SOUTHMRN', 'urn:oid:2.999.7.2']])],
  ['no longer', new Map()],
])('refuses to start where a namespace in use is named %s', async (_how, names) => {
  await arrive('south.e', admission('S5'), new Map());
  await adoptAuthorities(db, NAMED, later());

  await expect(adoptAuthorities(db, names, later())).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining('COUNTERSIGN_AUTHORITIES must say SOUTHMRN=urn:oid:2.999.7.1'),
  });
});

function admission(mrn: string, event = 'A04', born = '19600203'): string {
  return [
    `MSH|^~\\&|ADT|SOUTH|COUNTERSIGN|NORTH|202611220900${String(minute % 60).padStart(2, '0')}-0600||ADT^${event}|M${minute}|P|2.5.1`,
    `PID|1||${mrn}^^^SOUTHMRN^MR||DOE^ADA||${born}|F`,
    'AL1|1|DA|7980^PENICILLIN^RXNORM|SV|HIVES',
  ].join('\r');
}

async function arrive(source: string, text: string, authorities: ReadonlyMap<string, string>): Promise<string[]> {
  await db.transaction((tx) => stored(tx, text, later(), source));
  return (await readAll(authorities)).persons;
}

async function readAll(authorities: ReadonlyMap<string, string>): Promise<{ persons: string[] }> {
  const read = payloadReader({ feedZones: new Map(), authorities });
  let persons: string[] = [];
  await forWaiting(
    db,
    { receipts: 50, bytes: 1 << 20, readers: 1 },
    async (tx, waiting) => {
      const reads = waiting.map(({ receipt, bytes }) => ({ receipt, reading: read(receipt, bytes) }));
      persons = (await recordReadings(tx, reads, later())).persons;
    },
    async () => undefined,
  );
  return { persons };
}

async function readAgain(source: string): Promise<void> {
  const [job] = await db.query<{ payload: string }>('select payload::text as payload from job where key = $1', [`reread:${source}`]);
  await rereadPortions(db, JSON.parse(job!.payload), async () => Boolean(await readAll(NAMED)));
}

async function chartOf(person: string, asOf = later()): ReturnType<typeof readChart> {
  const permit = { actor: 'test', purpose: 'treatment' as const, person, labels: [], expiresAt: '2099-01-01T00:00:00Z' };
  return readChart(db, permit, person, asOf);
}

async function factRows(): Promise<unknown[]> {
  return db.query('select id, version, source_person, content_hash from fact order by recorded_at, id, version');
}

function later(): string {
  minute += 1;
  return new Date(Date.UTC(2026, 10, 22, 15, minute)).toISOString();
}
