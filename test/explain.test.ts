/* Explain is the door: for every message its answer and its facts are those that MLLP or an import then gives. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExplainView } from '../src/core/api.ts';
import type { PersonFacts } from '../src/core/fact.ts';
import { payloadReader } from '../src/interop/read-payload.ts';
import { receiptIdOfBytes } from '../src/platform/receipt-id.ts';
import { keyedByPerson } from '../src/record/person-keys.ts';
import { type Seat, startHouse, type TestHouse } from './house.ts';

const SAMPLES = resolve(process.env['COUNTERSIGN_SAMPLES'] ?? '../shared/data');
const folders = ['hl7v2/messages/messages', 'hl7v2/ms-converter/SampleData/Hl7v2'].map((folder) => join(SAMPLES, folder));
const samples = folders.filter((folder) => existsSync(folder)).flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
/** What only the record can know: who else has these identifiers. */
const IDENTITY = ['birth-date-differs', 'sex-differs', 'identifiers-of-two-people'];

let house: TestHouse;
let engineer: Seat;
beforeAll(async () => {
  house = await startHouse({ ehr: false, env: { COUNTERSIGN_FEED_ZONES: 'southlab.south=America/Chicago' } });
  engineer = await house.signIn('marsh');
});
afterAll(() => house.stop());

const header = (rest: string): string => `MSH|^~\\&|SOUTHLAB|SOUTH|C|N|20261120070000||${rest}`;
const pid = 'PID|1||1^^^N&2.999.1.1&ISO^MR||DOE^ADA||19600203|F';
const own: [string, Buffer][] = [
  ['a zone from the feed it names', text(header('ORU^R01|E1|P|2.5.1'), pid, 'OBR|1||F1|1^Panel^L', 'OBX|1|NM|2823-3^Potassium^LN||5.6|mmol/L|||||F|||20261120061500')],
  ['a type nobody reads', text(header('ZZZ^Z01|E2|P|2.5.1'), pid)],
  ['no type', text(header('|E3|P|2.5.1'), pid)],
  ['no patient', text(header('ORU^R01|E4|P|2.5.1'), 'OBX|1|NM|2823-3^Potassium^LN||5.6|mmol/L|||||F')],
  ['an unknown character set', text(header('ADT^A08|E5|P|2.5.1||||||BIG-5'), pid)],
  ['Latin-1, declared', Buffer.from(text(header('ADT^A08|E6|P|2.5.1||||||8859/1'), pid.replace('DOE', 'DÖE')).toString(), 'latin1')],
  ['Latin-1, not declared', Buffer.from(text(header('ADT^A08|E7|P|2.5.1'), pid.replace('DOE', 'DÖE')).toString(), 'latin1')],
  ['a byte order mark', Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), text(header('ADT^A08|E8|P|2.5.1'), pid)])],
  ['line feeds', Buffer.from(text(header('ADT^A08|E9|P|2.5.1'), pid).toString().replaceAll('\r', '\n'))],
  ['both line ends', Buffer.from(text(header('ADT^A08|E10|P|2.5.1'), pid).toString().replaceAll('\r', '\r\n'))],
  ['enhanced mode', text(header('ADT^A08|E11|P|2.5.1|||AL|NE'), pid)],
  ['two messages in one frame', Buffer.concat([text(header('ADT^A08|E12|P|2.5.1'), pid), text(header('ADT^A08|E13|P|2.5.1'), pid)])],
]; // biome-ignore format: one message a line

describe.each(own)('a message with %s', (_what, bytes) => {
  it('is answered and read as explained', async () => {
    const view = await explained(bytes);

    const answer = await sent(bytes);
    await house.settle();

    expect(unstamped(answer)).toBe(unstamped(view.ack!));
    await expectSame(bytes, view);
  });
});

it('reads a zone from the feed that the message names, not only from one that is given', async () => {
  const view = await explained(own[0]![1]);

  expect(view.source).toBe('southlab.south');
  expect(view.facts.flatMap(({ flags }) => flags)).not.toContain('zone-missing');
});

it.each([
  ['no format we read', Buffer.from('hello'), 'format-unsupported'],
  ['UTF-16', Buffer.from(`\ufeff${header('ADT^A08|E20|P|2.5.1')}`, 'utf16le'), 'charset-unsupported'],
  ['a compressed file', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), 'compressed'],
])('%s is answered by nobody, and says why it would be kept', async (_what, bytes, reason) => {
  const view = await explained(bytes);

  expect([view.format, view.ack, view.ackCode]).toEqual(['unknown', null, null]);
  expect(view.rejections.map((one) => one.reason)).toEqual([reason]);
});

it('a capture of frames is a file: nobody is shown an answer that is never sent', async () => {
  const [, bytes] = own[0]!;

  const view = await explained(Buffer.concat([Buffer.of(0x0b), bytes, Buffer.of(0x1c, 0x0d)]));

  expect(view.facts.length).toBeGreaterThan(0);
  expect([view.ack, view.ackCode]).toEqual([null, null]);
});

it('the receipt of a file shows no answer either', async () => {
  const receipt = await house.take('', text(header('ADT^A08|E30|P|2.5.1'), pid));
  await house.app.db.query(`update receipt set door = 'files' where id = $1`, [receipt]);

  expect(await engineer.get<ExplainView>(`/api/receipts/${receipt}/explain`)).toMatchObject({ ack: null, ackCode: null });
});

describe.skipIf(samples.length === 0)('messages nobody here wrote', () => {
  it('each is answered and read as explained', async () => {
    const views = new Map<string, ExplainView>();
    for (const file of samples) {
      const bytes = readFileSync(file);
      // A capture of frames comes as a file.
      if (bytes.includes(0x0b)) continue;
      const view = await explained(bytes);
      views.set(file, view);
      expect(unstamped(await sent(bytes)), basename(file)).toBe(unstamped(view.ack ?? ''));
    }
    await house.settle();
    let compared = 0;
    for (const [file, view] of views) compared += await expectSame(readFileSync(file), view, basename(file));

    expect(views.size).toBeGreaterThan(250);
    expect(compared).toBeGreaterThan(views.size * 0.7);
  });
});

/** The record holds what was explained: state, reasons and facts. 0 where another record of the same identifiers stands against it. */
async function expectSame(bytes: Buffer, view: ExplainView, what = ''): Promise<number> {
  const id = receiptIdOfBytes(view.source, bytes);
  const reasons = await house.app.db.query<{ reason: string }>(`select reason from quarantine where receipt = $1 and state = 'open'`, [id]);
  if (reasons.some(({ reason }) => IDENTITY.includes(reason))) return 0;
  expect(reasons.map(({ reason }) => reason).sort(), what).toEqual(
    [...new Map(view.rejections.map((one) => [one.item, one.reason])).values()].sort(),
  );
  const { people } = payloadReader({ feedZones: new Map(Object.entries(house.app.config.feedZones)), authorities: new Map() })(
    { id, source: view.source, contentType: 'application/hl7-v2+er7' },
    bytes,
  );
  // Whom the record met under another identifier of the same feed it knows alone: one message does not show it.
  const facts = new Map<string, string>();
  for (const about of people) {
    const keyed = keyedByPerson(about, await keyOf(view.source, about));
    for (const [index, { id: explained }] of about.facts.entries()) facts.set(explained, keyed[index]!.id);
  }
  const ids = [...facts.values()];
  const known = await house.app.db.query<{ fact: string }>(
    `select distinct f.id || f.type || f.grade || array_to_string(f.flags, ',') as fact from fact f where f.id = any($1::uuid[])`,
    [ids],
  );
  // Nor what another message of the same time says otherwise.
  const tied = await house.app.db.query<{ fact: string }>(
    `select distinct id as fact from fact where 'tied' = any(flags) and id = any($1::uuid[])`,
    [ids],
  );
  const recorded = new Set(known.map(({ fact }) => fact));
  for (const fact of view.facts.filter(({ id }) => !tied.some((one) => one.fact === facts.get(id))))
    expect(recorded, what).toContain(facts.get(fact.id) + fact.type + fact.grade + fact.flags.join(','));
  expect(
    people.flatMap(({ facts }) => facts.map((fact) => fact.id)),
    what,
  ).toEqual(view.facts.map((fact) => fact.id));
  return 1;
}

/** The identifier under which the record knows whoever these facts are about. */
async function keyOf(source: string, { key = '' }: PersonFacts): Promise<string> {
  const [row] = await house.app.db.query<{ key: string }>(
    `select p.authority || '|' || p.value as key from ident i join source_person p on p.id = i.source_person
      where p.source = $1 and i.authority || '|' || i.value = $2 order by p.id limit 1`,
    [source, key],
  );
  return row?.key ?? key;
}

async function explained(bytes: Buffer): Promise<ExplainView> {
  const answer = await fetch(`${house.doors.url}/api/explain`, {
    method: 'POST',
    headers: { authorization: `Bearer ${engineer.token}`, 'content-type': 'application/octet-stream' },
    body: new Uint8Array(bytes),
  });
  return (await answer.json()) as ExplainView;
}

/** One frame over MLLP, byte for byte. */
async function sent(bytes: Buffer): Promise<string> {
  return new Promise((resolveAnswer, reject) => {
    const socket = connect(house.doors.mllpPort!, '127.0.0.1', () =>
      socket.write(Buffer.concat([Buffer.of(0x0b), bytes, Buffer.of(0x1c, 0x0d)])),
    );
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const answer = Buffer.concat(chunks);
      if (answer.at(-2) !== 0x1c) return;
      socket.end();
      resolveAnswer(answer.subarray(1, -2).toString());
    });
    socket.on('error', reject);
  });
}

/** An answer without its own control id, which no two share. */
function unstamped(answer: string): string {
  const bare = (header: string): string => {
    const separator = header[3] ?? '|';
    return header.split(separator).toSpliced(9, 1).join(separator);
  };
  return answer
    .split('\r')
    .map((segment) => (segment.startsWith('MSH') ? bare(segment) : segment))
    .join('\r');
}

function text(...segments: string[]): Buffer {
  return Buffer.from(`${segments.join('\r')}\r`);
}
