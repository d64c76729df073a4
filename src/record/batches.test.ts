import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Payload } from '../core/receipt.ts';
import { payloadReader } from '../interop/read-payload.ts';
import type { Db, Queryable } from '../platform/database.ts';
import { openScratchDatabase } from '../platform/scratch-database.ts';
import { readReceipts, receiptOf, storeReceipts } from './receipts.ts';
import { recordReadings } from './record-readings.ts';

const NOW = '2026-03-02T12:00:00.000Z';
const read = payloadReader({ feedZones: new Map(), authorities: new Map() });
let db: Db;
beforeAll(async () => {
  db = await openScratchDatabase();
});
afterAll(() => db.close());

it('R30: a stream of messages gives the same record whatever batches it is read in: each alone, all at once, or cut anywhere', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { minLength: 2, maxLength: 14 }),
      fc.array(fc.boolean(), { maxLength: 14 }),
      async (stream, cuts) => {
        const texts = stream.map(hl7);
        const alone = await recorded(texts, () => true);
        expect(await recorded(texts, () => false)).toEqual(alone);
        expect(await recorded(texts, (index) => cuts[index] ?? false)).toEqual(alone);
      },
    ),
    { numRuns: 15 },
  );
  // On a busy machine each run records three streams, a message at a time in one of them.
}, 240_000);

it('R30: the streams of the test above reach every kind of outcome', async () => {
  const reached = new Set<string>();
  for (const stream of fc.sample(fc.array(message, { minLength: 10, maxLength: 14 }), { numRuns: 25, seed: 7 })) {
    const { facts, links, quarantined, receipts } = await recorded(stream.map(hl7), () => false);
    for (const fact of facts) reached.add(fact['stands'] ? 'stands' : 'history').add((fact['flags'] as string[]).includes('tied') ? 'tied' : '').add(`version ${fact['version']}`).add(`retracted ${fact['retracted']}`); // biome-ignore format: short
    for (const link of links) reached.add(`link ${link['reason']}`);
    for (const item of quarantined) reached.add(String(item['reason']));
    for (const receipt of receipts) for (const flag of receipt['flags'] as string[]) reached.add(flag);
  }
  expect([...reached]).toEqual(
    expect.arrayContaining([
      ...['stands', 'history', 'version 3', 'retracted true', 'tied', 'link merged', 'link first-seen', 'link same-identifier'],
      ...['birth-date-differs', 'sex-differs', 'identifiers-of-two-people', 'control-id-reused'],
    ]),
  );
});

/** Few people, orders and times, so that messages meet: repeats, corrections out of order, moves between people, merges. */
type Message = {
  kind: 'result' | 'registration' | 'merge';
  sender: 'NORTH' | 'SOUTH';
  control: number;
  people: number[];
  born: string;
  sex: string;
  name: string;
  order: number;
  lines: { analyte: number; status: string; value: number; words: string }[];
  minute: number;
  into: number;
};

const few = (to: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: to });
const message: fc.Arbitrary<Message> = fc.record({
  kind: fc.constantFrom('result', 'result', 'result', 'registration', 'merge'),
  sender: fc.constantFrom('NORTH', 'NORTH', 'SOUTH'),
  control: few(20),
  people: fc.oneof({ weight: 4, arbitrary: few(3).map((one) => [one]) }, { weight: 1, arbitrary: fc.uniqueArray(few(3), { minLength: 2, maxLength: 2 }) }), // biome-ignore format: short
  born: fc.constantFrom('', '', '', '19570314', '19570314', '1957', '19580101'),
  sex: fc.constantFrom('', '', 'F', 'F', 'F', 'M'),
  name: fc.constantFrom('', 'DOE^JANE', 'ROE^MARY'),
  order: few(2),
  lines: fc.array(
    fc.record({
      analyte: few(2),
      status: fc.constantFrom('P', 'F', 'F', 'C', 'D', 'W'),
      value: few(3),
      words: fc.constantFrom('Potassium', 'Kalium', ''),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  minute: few(4),
  into: few(3),
});

function hl7({ kind, sender, control, people, born, sex, name, order, lines, minute, into }: Message): { source: string; text: string } {
  const time = `2026030108${String(minute).padStart(2, '0')}00+0100`;
  const cx = (person: number): string => `${person}^^^CITY&2.999.1&ISO^MR`;
  const type = { result: 'ORU^R01^ORU_R01', registration: 'ADT^A08^ADT_A01', merge: 'ADT^A40^ADT_A39' }[kind];
  const msh = `MSH|^~\\&|LAB|${sender}|EHR|CITY|${time}||${type}|C${control}|P|2.5.1`;
  const pid = (about: readonly number[]): string => `PID|1||${about.map(cx).join('~')}||${name}||${born}|${sex}`;
  const segments = {
    result: () => [
      pid(people),
      `OBR|1||F${order}|24323-8^Panel^LN|||20260301073000+0100|||||||||||||||${time}||LAB|F`,
      ...lines.map(
        (line, i) => `OBX|${i + 1}|NM|${line.analyte}-1^${line.words}^LN||${line.value}.10|mmol/L|||||${line.status}|||20260301073000+0100`,
      ),
    ],
    registration: () => [`EVN|A08|${time}`, pid(people)],
    merge: () => [`EVN|A40|${time}`, `PID|1||${cx(into)}`, `MRG|${cx(people[0]!)}`],
  }[kind]();
  return { source: `lab-${sender.toLowerCase()}`, text: [msh, ...segments, ''].join('\r') };
}

type Row = Record<string, unknown>;
type Recorded = { facts: Row[]; links: Row[]; quarantined: Row[]; receipts: Row[]; [more: string]: Row[] };

class Undone extends Error {}

/** What the record holds after the stream, recorded with a cut after each message that `ends` a batch; all of it is rolled back. */
async function recorded(stream: readonly { source: string; text: string }[], ends: (index: number) => boolean): Promise<Recorded> {
  let tables: Recorded | undefined;
  const work = async (tx: Queryable): Promise<void> => {
    let batch: { id: string; bytes: Uint8Array }[] = [];
    const flush = async (): Promise<void> => {
      const rows = new Map((await readReceipts(tx, batch.map((one) => one.id))).map((row) => [row.id, row])); // biome-ignore format: short
      const reads = batch.map(({ id, bytes }) => ({ receipt: rows.get(id)!, reading: read(rows.get(id)!, bytes) }));
      if (reads.length > 0) await recordReadings(tx, reads, NOW);
      batch = [];
    };
    for (const [index, { source, text }] of stream.entries()) {
      const payload: Payload = { source, door: 'mllp', contentType: 'application/hl7-v2+er7', bytes: new Uint8Array(Buffer.from(text)) };
      const [stored] = await storeReceipts(tx, [{ receipt: receiptOf(payload, NOW), bytes: payload.bytes }]);
      if (!stored!.repeat) batch.push({ id: stored!.id, bytes: payload.bytes });
      if (ends(index)) await flush();
    }
    await flush();
    tables = await tablesOf(tx);
    throw new Undone();
  };
  await db.transaction(work).catch((error: unknown) => {
    if (!(error instanceof Undone)) throw error;
  });
  return tables!;
}

async function tablesOf(tx: Queryable): Promise<Recorded> {
  return {
    facts: await tx.query(
      `select source_person, id, version, receipt, content_hash, rank, result_at, retracted, superseded_at is null as stands, atoms, flags
         from fact order by id, version`,
    ),
    codes: await tx.query(
      `select f.source_person, f.id, f.valid_at, c.system, c.code, c.display from fact_code f join concept c on c.id = f.code
        order by f.id, f.source_person, c.code, f.valid_at`,
    ),
    links: await tx.query(
      `select source_person, person, valid_from, valid_to, superseded_at is null as stands, reason from person_link
        order by source_person, person, valid_from, valid_to, reason, stands`,
    ),
    people: await tx.query('select id, source, value, birth_date, sex, name from source_person order by id'),
    idents: await tx.query('select authority, value, source_person from ident order by authority, value, source_person'),
    quarantined: await tx.query('select id, receipt, item, reason, state from quarantine order by id'),
    receipts: await tx.query('select id, state, control_id, flags, stored, rejected from receipt order by id'),
    journal: await tx.query(
      `select j.kind, j.subject, p.person, p.body from journal j join journal_payload p on p.journal_id = j.id
        order by j.kind, j.subject, p.person, p.body`,
    ),
  };
}
