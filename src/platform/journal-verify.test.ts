import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CheckpointSigner, openCheckpointSigner } from './checkpoint-signer.ts';
import { exportJournal } from './journal-export.ts';
import { appendAll, emptyJournal, rowOf, type TestDatabase, testDatabases } from './journal-fixture.ts';
import { openSequencer } from './journal-sequencer.ts';
import { type VerifyOptions, verifyJournalFile } from './journal-verify.ts';

const PERSON = '7d9f2c55-1e5a-5a4e-8f2e-0c7a2b6f1c11';
const SECRET = 'Wilhelmina Quux, PSA 9,4 ng/mL é 😀 "},\\"commitment\\":\\"';
const ENTRIES = 47;
const BATCH = 10;

describe('exported journal', () => {
  let test: TestDatabase;
  let folder: string;
  let signer: CheckpointSigner;
  let plain: string;
  let full: string;
  let notes: string[];
  let given: VerifyOptions;

  beforeAll(async () => {
    test = await testDatabases[0]!.open();
    folder = mkdtempSync(join(tmpdir(), 'verify-'));
    signer = await openCheckpointSigner(folder);
    await appendAll(
      test.db,
      Array.from({ length: ENTRIES }, (_, i) =>
        rowOf({ subject: `run-${i}`, ...(i % 2 ? { person: PERSON, body: { text: SECRET, i } } : {}) }),
      ),
    );
    const sequencer = await openSequencer(test.db, { signer, now: () => '2026-11-22T09:00:00.000Z', batch: BATCH });
    await sequencer.sequenceNow();
    plain = await text(false);
    full = await text(true);
    notes = (await test.db.query<{ note: string }>('select note from checkpoint order by size')).map(({ note }) => note);
    given = { keys: signer.verifierKeys, anchors: [notes.at(-1)!] };
  });
  afterAll(async () => {
    await test.drop();
    rmSync(folder, { recursive: true });
  });

  it('R101: verifies without the database, with and without payloads', async () => {
    const expected = { ok: true, origin: signer.origin, entries: ENTRIES, checkpoints: 5, keys: 'given', anchors: 1, problems: [] };

    expect(await verify(plain, given)).toMatchObject({ ...expected, payloads: 0 });
    expect(await verify(full, given)).toMatchObject({ ...expected, payloads: ENTRIES, erased: 0 });
    expect(await verify(plain)).toMatchObject({ ok: true, keys: 'own' });
    expect(await verify(plain, given, 1)).toMatchObject(expected);
    expect(await verify(full, { ...given, anchors: notes })).toMatchObject({ ok: true, anchors: 5 });
  });

  it('R101: holds no patient data unless payloads are asked for', () => {
    for (const part of ['Wilhelmina', 'PSA 9,4 ng', PERSON]) {
      expect(plain).not.toContain(part);
      expect(full).toContain(part);
    }
  });

  it('every line is JSON', () => {
    for (const line of full.trimEnd().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  });

  it.each(['plain', 'full'])('R101: finds any one flipped bit anywhere in the %s file', async (which) => {
    const bytes = Buffer.from(which === 'full' ? full : plain);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), async (at, bit) => {
        const changed = Buffer.from(bytes);
        changed[at]! ^= 1 << bit;
        expect((await verifyBytes(changed, given)).ok).toBe(false);
      }),
      { numRuns: 600 },
    );
  });

  it('R101: finds one flipped digit in each part of each kind of line, and names the entry', async () => {
    const lines = full.split('\n');
    const parts: [line: number, part: RegExp, code: string][] = [
      [0, /"format":"coun/, 'format'],
      [0, /"origin":"coun/, 'signature'],
      [0, /"keys":\["countersign\/./, 'format'],
      [0, /"payloads":tru/, 'format'],
      [0, /"checkpoint":"c/, 'format'],
      [3, /"index":2/, 'format'],
      [3, /"leaf":"./, 'leaf'],
      [3, /"actor":"w/, 'leaf'],
      [3, /"at":"2/, 'leaf'],
      [3, /"id":3/, 'leaf'],
      [3, /"kind":"r/, 'leaf'],
      [3, /"subject":"r/, 'leaf'],
      [3, /"commitment":"./, 'leaf'],
      [3, /"salt":"./, 'payload'],
      [3, /"body":\{"p/, 'payload'],
      [11, /checkpoint":"c/, 'signature'],
      [11, /\\n1/, 'signature'],
      [11, /— c/, 'signature'],
    ];
    for (const [line, part, code] of parts) {
      const at = part.exec(lines[line]!)!.index + part.exec(lines[line]!)![0].length - 1;
      const changed = [...lines];
      const digit = changed[line]![at] === '1' ? '2' : '1';
      changed[line] = changed[line]!.slice(0, at) + digit + changed[line]!.slice(at + 1);
      const report = await verify(changed.join('\n'), given);
      expect(
        report.problems.map((problem) => problem.code),
        `${part}`,
      ).toContain(code);
      if (code === 'leaf' || code === 'payload') expect(report.problems[0]!.index).toBe(2);
    }
  });

  it('R101: finds dropped, doubled and swapped lines', async () => {
    const lines = full.trimEnd().split('\n');
    const pick = fc.nat(lines.length - 1);
    await fc.assert(
      fc.asyncProperty(pick, pick, fc.constantFrom('drop', 'double', 'swap', 'move'), async (a, b, how) => {
        const changed = altered(lines, a, b, how);
        fc.pre(changed.join('\n') !== lines.join('\n'));
        expect((await verify(`${changed.join('\n')}\n`, given)).ok).toBe(false);
      }),
      { numRuns: 400 },
    );
  });

  it('R101: a shortened file is found by its own header, and with a shortened header by an anchor', async () => {
    const lines = plain.trimEnd().split('\n');
    const cut = lines.slice(0, 12);
    const head = JSON.parse(cut[0]!) as Record<string, unknown>;
    const consistent = [JSON.stringify({ ...head, checkpoints: 1, checkpoint: notes[0] }), ...cut.slice(1)];

    expect((await verify(`${cut.join('\n')}\n`, { keys: signer.verifierKeys })).problems[0]).toMatchObject({ code: 'format' });
    expect(await verify(`${consistent.join('\n')}\n`, { keys: signer.verifierKeys })).toMatchObject({ ok: true, entries: 10 });
    expect((await verify(`${consistent.join('\n')}\n`, given)).problems[0]).toMatchObject({ code: 'rolled_back' });
    expect((await verify(plain.slice(0, -1), given)).ok).toBe(false);
    expect((await verify(`${plain}x`, given)).ok).toBe(false);
    expect((await verify(plain.replace('\n{"checkpoint":', '\n{"checkpoint": '), given)).ok).toBe(false);
    expect((await verify('', given)).problems[0]).toMatchObject({ code: 'format' });
  });

  it('R101: a whole log rewritten and signed with another key is refused by key and, with the stolen key, by the anchor', async () => {
    const other = await rewritten(await openCheckpointSigner(mkdtempSync(join(folder, 'other-')), { origin: signer.origin }));
    const stolen = await rewritten(signer);

    expect((await verify(other)).ok).toBe(true);
    expect((await verify(other, { keys: signer.verifierKeys })).problems.map(({ code }) => code)).toContain('signature');
    expect((await verify(stolen, { keys: signer.verifierKeys })).ok).toBe(true);
    expect((await verify(stolen, given)).problems.map(({ code }) => code)).toEqual(['forked']);
    expect((await verify(plain, { keys: signer.verifierKeys, anchors: [notes[0]!.replace('\n10\n', '\n11\n')] })).ok).toBe(false);
  });

  it('R101: a payload left out of a full file is found', async () => {
    const lines = full.split('\n');
    lines[4] = lines[4]!.replace(/,"salt".*$/, '}');

    const report = await verify(lines.join('\n'), given);

    expect(report.problems).toEqual([
      { code: 'unerased', index: 3, message: 'the payload of entry 4 is gone and no erasure accounts for it' },
    ]);
  });

  async function text(payloads: boolean): Promise<string> {
    let all = '';
    for await (const piece of exportJournal(test.db, { origin: signer.origin, verifierKeys: signer.verifierKeys, payloads })) all += piece;
    return all;
  }

  /** The same entries in a log of their own, one of them changed, signed by `by`. */
  async function rewritten(by: CheckpointSigner): Promise<string> {
    await emptyJournal(test.db);
    await appendAll(
      test.db,
      Array.from({ length: ENTRIES }, (_, i) => rowOf({ subject: `run-${i === 5 ? 'forged' : i}` })),
    );
    await (await openSequencer(test.db, { signer: by, now: () => '2026-11-22T09:00:00.000Z', batch: BATCH })).sequenceNow();
    let all = '';
    for await (const piece of exportJournal(test.db, { origin: by.origin, verifierKeys: by.verifierKeys })) all += piece;
    return all;
  }
});

function altered(lines: readonly string[], a: number, b: number, how: 'drop' | 'double' | 'swap' | 'move'): string[] {
  const changed = [...lines];
  if (how === 'drop') changed.splice(a, 1);
  if (how === 'double') changed.splice(b, 0, lines[a]!);
  if (how === 'swap') [changed[a], changed[b]] = [lines[b]!, lines[a]!];
  if (how === 'move') changed.splice(b, 0, ...changed.splice(a, 1));
  return changed;
}

function verify(text: string, options?: VerifyOptions, pieceSize = 700) {
  return verifyBytes(Buffer.from(text), options, pieceSize);
}

async function verifyBytes(bytes: Uint8Array, options?: VerifyOptions, pieceSize = 700) {
  return verifyJournalFile(pieces(bytes, pieceSize), options);
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
