/*
 * Damaged input: no crash, no hang, each frame answered, each receipt accounted for as facts or as quarantine with a reason.
 * `FUZZ=full` does ten thousand messages over MLLP and as many through the readers, `FUZZ=<number>` that many; an ordinary run a hundred with the
 * same code. `FUZZ_SEED` replays.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onPayload } from '../../src/flow.ts';
import { payloadReader } from '../../src/interop/read-payload.ts';
import { receiptIdOfBytes } from '../../src/platform/receipt-id.ts';
import { contentTypeOf } from '../../src/sources/content-type.ts';
import { feedName } from '../../src/sources/feed-name.ts';
import { type Frame, FrameReader } from '../../src/sources/mllp-frames.ts';
import { startHouse, type TestHouse } from '../house.ts';
import { mutate, pick, randomFrom } from './mutate.ts';

const COUNT = process.env['FUZZ'] === 'full' ? 10_000 : Number(process.env['FUZZ'] ?? 100);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_122);
const MINUTES = 60_000 * (3 + COUNT / 100);
const REASON = /^[a-z0-9_-]+$/;

let house: TestHouse;
beforeAll(async () => {
  house = await startHouse({ ehr: false });
});
afterAll(() => house.stop());

describe(`${COUNT} damaged payloads, seed ${SEED}`, () => {
  it('the readers never throw, and whatever came is facts, merges or a reason', { timeout: MINUTES }, () => {
    const random = randomFrom(SEED);
    const read = payloadReader({ feedZones: new Map([['lab.north', 'Europe/Berlin']]), authorities: new Map() });
    for (let number = 0; number < COUNT; number += 1) {
      const bytes = mutate(pick([...MESSAGES, ...RESOURCES], random), random);
      for (const contentType of new Set([
        contentTypeOf(bytes),
        'application/hl7-v2+er7',
        'application/fhir+json',
        'application/fhir+ndjson',
      ] as const)) {
        const { people, merges, rejections } = read(
          { id: '00000000-0000-4000-8000-000000000000', source: 'lab.north', contentType },
          bytes,
        );

        const used = people.flatMap(({ facts }) => facts).length + merges.length;
        const blank = bytes.toString('latin1').trim() === '';
        if (!blank && used + rejections.length === 0) throw new Error(`number ${number} as ${contentType} became nothing`);
        for (const { reason } of rejections) expect(reason).toMatch(REASON);
      }
      const view = house.app.explain(bytes);
      expect(view.coverage.bytes).toBe(bytes.length);
    }
  });

  it('over MLLP each frame is answered once, and each one kept is accounted for', { timeout: MINUTES }, async () => {
    const random = randomFrom(SEED + 1);
    const kept = new Map<string, number>();
    for (let number = 0; number < COUNT; number += 1) {
      const wire = Buffer.concat([Buffer.of(0x0b), mutate(pick(MESSAGES, random), random), Buffer.of(0x1c, 0x0d)]);
      const frames = framesOf(wire);

      const answers = await exchange(wire, random);

      expect([number, answers.length]).toEqual([number, frames.length]);
      for (const [index, { bytes, fault }] of frames.entries()) {
        expect(answers[index]).toMatch(/^MSH.*\rMSA.(AA|AE|AR|CA|CE|CR)/s);
        if (!fault && bytes.length > 0) kept.set(receiptIdOfBytes(feedName(bytes), bytes), number);
      }
    }
    await house.settle();
    await accountedFor(kept);
  });

  it('as files and posts, each is kept and accounted for', { timeout: MINUTES }, async () => {
    const random = randomFrom(SEED + 2);
    const kept = new Map<string, number>();
    for (let number = 0; number < COUNT / 2; number += 1) {
      const bytes = mutate(pick(RESOURCES, random), random);
      if (bytes.length === 0) continue;
      const { receipt } = await onPayload(house.app.house, {
        source: 'fuzz',
        door: 'files',
        contentType: contentTypeOf(bytes),
        bytes: new Uint8Array(bytes),
      });
      kept.set(receipt, number);
    }
    await house.settle();
    await accountedFor(kept);
  });
});

/** Each receipt was read: something of it is in the record, or an item of it is open with a reason; nothing failed for a reason of ours. */
async function accountedFor(kept: ReadonlyMap<string, number>): Promise<void> {
  const rows = await house.app.db.query<{ id: string; state: string; stored: number; rejected: number; reasons: string[] }>(
    `select r.id, r.state, r.stored, r.rejected, array(select q.reason from quarantine q where q.receipt = r.id and q.state = 'open') as reasons
       from receipt r where r.id = any($1::uuid[])`,
    [[...kept.keys()]],
  );
  expect(rows).toHaveLength(kept.size);
  for (const { id, state, stored, rejected, reasons } of rows) {
    const what = `number ${kept.get(id)}: ${state}, ${stored} stored, ${rejected} rejected, ${reasons}`;
    expect(state, what).not.toBe('received');
    expect(stored + rejected, what).toBeGreaterThan(0);
    if (rejected > 0) expect(reasons.length, what).toBeGreaterThan(0);
    for (const reason of reasons) expect(reason, what).not.toMatch(/^sql_|^internal$|error/i);
  }
}

function framesOf(wire: Buffer): Frame[] {
  const reader = new FrameReader(house.app.config.receiptMaxBytes);
  const frames = reader.read(wire);
  const rest = reader.rest();
  return rest ? [...frames, rest] : frames;
}

/** Sends bytes in pieces, closes our side and gives the answers until the listener closes its own. */
async function exchange(wire: Buffer, random: () => number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(house.doors.mllpPort!, '127.0.0.1', () => {
      const cut = Math.floor(random() * wire.length);
      socket.write(wire.subarray(0, cut));
      socket.end(wire.subarray(cut));
    });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(answersIn(Buffer.concat(chunks))));
  });
}

function answersIn(bytes: Buffer): string[] {
  return bytes
    .toString('latin1')
    .split('\u001c\r')
    .slice(0, -1)
    .map((answer) => answer.slice(1));
}

const header = (type: string): string => `MSH|^~\\&|LAB|NORTH|C|N|20261120070000-0600||${type}|F1|P|2.5.1`;
const pid = 'PID|1||77^^^N&2.999.1.1&ISO^MR~88^^^HN||DOE^ADA^B||19600203|F|||1 Oak St^^Town^ST^12345';
const MESSAGES = [
  [header('ORU^R01^ORU_R01'), pid, 'ORC|RE|O1|F1', 'OBR|1|O1|F1|24323-8^CMP^LN|||20261120061500|||||||||||||||20261120065500|||F', 'OBX|1|NM|2823-3^Potassium^LN||5.6|mmol/L|3.5-5.1|H|||F|||20261120061500', 'OBX|2|SN|1742-6^ALT^LN||<^10|U/L|||||F', 'NTE|1||haemolysed \\.br\\ repeat', 'OBX|3|ED|18842-5^Note^LN||^TEXT^^Base64^SGVsbG8=||||||F'],
  [header('ADT^A08^ADT_A01'), 'EVN|A08|20261120070000', pid, 'PV1|1|I|W^1^2||||7^WHO^DOC', 'AL1|1|DA|7980^PENICILLIN^RXNORM|SV|HIVES', 'DG1|1||E11.9^Diabetes^I10|||F'],
  [header('ADT^A40^ADT_A39'), 'EVN|A40|20261120070000', pid, 'MRG|99^^^N&2.999.1.1&ISO^MR'],
  [header('MDM^T02'), pid, 'TXA|1|DS|TX|20261120|||||||DOC1||||||AU', 'OBX|1|TX|11506-3^Note^LN||Doing well.||||||F'],
  [header('SIU^S12'), 'SCH|A1||||||ROUTINE|||30|min|^^30^202611231500^202611231530|||||||||||||BOOKED', pid],
  [header('RDE^O11'), pid, 'ORC|NW|R1', 'RXE|^^^20261120|197361^Amlodipine 5 mg^RXNORM|5||mg', 'RXR|PO'],
].map((segments) => Buffer.from(`${segments.join('\r')}\r`)); // biome-ignore format: one message a line

const patient = { resourceType: 'Patient', id: 'p', identifier: [{ type: { coding: [{ code: 'MR' }] }, system: 'urn:oid:2.999.1.1', value: '77' }], birthDate: '1960-02-03' }; // biome-ignore format: one resource a line
const observation = { resourceType: 'Observation', id: 'o', status: 'final', code: { coding: [{ system: 'http://loinc.org', code: '2823-3', display: 'Kalium – ü' }] }, subject: { reference: 'Patient/p' }, effectiveDateTime: '2026-11-20T06:15:00-06:00', valueQuantity: { value: 5.6, unit: 'mmol/L' } }; // biome-ignore format: one resource a line
const bundle = { resourceType: 'Bundle', type: 'transaction', entry: [patient, observation].map((resource) => ({ fullUrl: `http://f/${resource.resourceType}/${resource.id}`, resource, request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` } })) }; // biome-ignore format: one resource a line
const RESOURCES = [bundle, patient, observation].map((one) => Buffer.from(JSON.stringify(one))).concat(Buffer.from([patient, observation].map((one) => JSON.stringify(one)).join('\n'))); // biome-ignore format: one list
