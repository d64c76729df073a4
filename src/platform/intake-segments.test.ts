import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, expect, it, vi } from 'vitest';
import { type Damage, type IntakeSegments, openIntakeSegments, type SegmentRecord, type StoredRecord } from './intake-segments.ts';

const root = mkdtempSync(join(tmpdir(), 'countersign-segments-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'intake-'));
});

it('gives back what was appended, in order, across a close', async () => {
  const record = fc.record({
    header: fc.record({
      kind: fc.constantFrom('receipt' as const, 'act' as const),
      id: fc.string(),
      receivedAt: fc.constant('2026-11-22T10:00:00.000Z'),
      size: fc.nat(),
    }),
    bytes: fc.uint8Array({ maxLength: 300 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 12 }), fc.integer({ min: 200, max: 2000 }), async (records, rollAt) => {
      const target = mkdtempSync(join(root, 'property-'));
      const first = await openIntakeSegments(target, { rollAt });
      const positions = await Promise.all(records.map((one) => first.append(one)));
      await first.close();

      const second = await openIntakeSegments(target, { rollAt });
      const stored = await all(second);
      const tail = await all(second, positions.at(-1));
      await second.close();

      expect(stored).toEqual(records.map((one, i) => ({ ...one, position: positions[i] })));
      expect(tail).toHaveLength(records.length === 0 ? 0 : 1);
    }),
    { numRuns: 30 },
  );
});

it('resolves only after the sync, and one sync serves all that wait', async () => {
  const events: string[] = [];
  const segments = await openIntakeSegments(folder, {
    hooks: { beforeSync: () => events.push('before'), afterSync: () => events.push('after') },
  });
  const file = await open(join(folder, '001.seg'));
  const sync = vi.spyOn(Object.getPrototypeOf(file) as typeof file, 'datasync').mockImplementation(async () => {
    events.push('synced');
  });

  await Promise.all(Array.from({ length: 100 }, async (_, i) => segments.append(receipt(String(i))).then(() => events.push('told'))));

  sync.mockRestore();
  await file.close();
  expect(events.slice(0, 4)).toEqual(['before', 'synced', 'after', 'told']);
  expect(events.filter((event) => event === 'synced')).toHaveLength(1);
  await segments.close();
});

it('promises nothing after a failed sync, whose pages the kernel may have dropped', async () => {
  const segments = await openIntakeSegments(folder);
  const file = await open(join(folder, '001.seg'));
  const sync = vi
    .spyOn(Object.getPrototypeOf(file) as typeof file, 'datasync')
    .mockRejectedValueOnce(Object.assign(new Error(), { code: 'EIO' }));

  await expect(segments.append(receipt('a'))).rejects.toThrow('failed (EIO)');
  sync.mockRestore();
  await file.close();

  await expect(segments.append(receipt('b'))).rejects.toThrow('restart');
  await segments.close();
});

it('rolls to the next segment and lets a record be larger than one', async () => {
  const segments = await openIntakeSegments(folder, { rollAt: 1000 });
  const positions = [];
  for (const size of [300, 300, 300, 5000, 10]) positions.push(await segments.append(receipt('x', new Uint8Array(size))));

  expect(positions.map((position) => position.segment)).toEqual([1, 1, 2, 3, 4]);
  expect(readdirSync(folder).sort()).toEqual(['001.seg', '002.seg', '003.seg', '004.seg']);
  expect(await all(segments)).toHaveLength(5);
  expect(await all(segments, segments.end())).toEqual([]);
  await segments.close();
});

it('R22: cuts a torn tail off at every possible length, keeps the bytes aside and appends after it', async () => {
  const first = await openIntakeSegments(folder);
  await first.append(receipt('a'));
  const { offset } = await first.append(receipt('b'));
  await first.close();
  const whole = readFileSync(join(folder, '001.seg'));

  for (let length = offset + 1; length < whole.length; length += 7) {
    writeFileSync(join(folder, '001.seg'), whole.subarray(0, length));
    const reopened = await openIntakeSegments(folder);
    await reopened.append(receipt('c'));

    expect(reopened.damage).toEqual([{ kind: 'torn', segment: 1, offset, bytes: length - offset }]);
    expect((await all(reopened)).map((one) => one.header.id)).toEqual(['a', 'c']);
    await reopened.close();
  }
  expect(readdirSync(folder)).toContain(`001.torn-at-${offset}`);
});

it('takes a tail of zeros, which a power loss may leave, for torn', async () => {
  const first = await openIntakeSegments(folder);
  await first.append(receipt('a'));
  await first.close();
  appendFileSync(join(folder, '001.seg'), new Uint8Array(4096));

  const reopened = await openIntakeSegments(folder);

  expect(reopened.damage).toMatchObject([{ kind: 'torn', bytes: 4096 }]);
  expect(statSync(join(folder, '001.seg')).size).toBe(reopened.end().offset);
  await reopened.close();
});

it('finds any flipped byte, says where, and loses no other record to it', async () => {
  const first = await openIntakeSegments(folder);
  const positions = [await first.append(receipt('a')), await first.append(receipt('b')), await first.append(receipt('c'))];
  await first.close();
  const whole = readFileSync(join(folder, '001.seg'));
  const start = positions[1]!.offset;

  for (let at = start; at < positions[2]!.offset; at += 1) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 0x41;
    writeFileSync(join(folder, '001.seg'), flipped);
    const reopened = await openIntakeSegments(folder);
    const told: Damage[] = [];

    expect((await all(reopened, undefined, (damage) => told.push(damage))).map((one) => one.header.id)).toEqual(['a', 'c']);
    expect(told).toEqual([{ kind: 'corrupt', segment: 1, offset: start, bytes: positions[2]!.offset - start }]);
    expect(reopened.damage).toEqual(told);
    await reopened.close();
  }
});

it('R101: writes segments anew with what a change makes of each record, while appends wait, and goes on in the new file', async () => {
  const segments = await openIntakeSegments(folder, { rollAt: 300 });
  for (const id of ['a', 'b', 'c', 'd']) await segments.append(receipt(id));
  const untouched = readFileSync(join(folder, '001.seg'));

  const rewriting = segments.rewrite((record) =>
    record.header.id === 'c' ? undefined : record.header.id === 'd' ? { ...record, bytes: new Uint8Array(3) } : record,
  );
  const appended = segments.append(receipt('e'));
  await Promise.all([rewriting, appended]);
  await segments.append(receipt('f'));

  const left = await all(segments);
  expect(left.map((one) => one.header.id)).toEqual(['a', 'b', 'd', 'e', 'f']);
  expect(left[2]!.bytes).toEqual(new Uint8Array(3));
  expect(readFileSync(join(folder, '001.seg'))).toEqual(untouched);
  await segments.close();
  const reopened = await openIntakeSegments(folder);
  expect((await all(reopened)).map((one) => one.header.id)).toEqual(['a', 'b', 'd', 'e', 'f']);
  await reopened.close();
});

it('R101: bytes that are no record do not outlive a rewrite, nor does what a crash left of an earlier one', async () => {
  const first = await openIntakeSegments(folder);
  const positions = [await first.append(receipt('a')), await first.append(receipt('b')), await first.append(receipt('c'))];
  await first.close();
  const bytes = readFileSync(join(folder, '001.seg'));
  bytes[positions[1]!.offset + 60]! ^= 0x41;
  writeFileSync(join(folder, '001.seg'), Buffer.concat([bytes, Buffer.from('torn')]));
  writeFileSync(join(folder, '001.seg.new'), 'half');

  const segments = await openIntakeSegments(folder);
  expect(readdirSync(folder).sort()).toEqual(['001.seg', `001.torn-at-${bytes.length}`]);
  await segments.rewrite((record) => record);

  const damage: Damage[] = [];
  expect((await all(segments, undefined, (one) => damage.push(one))).map((one) => one.header.id)).toEqual(['a', 'c']);
  expect([damage, readdirSync(folder)]).toEqual([[], ['001.seg']]);
  await segments.close();
});

it('refuses appends after close and finishes those before', async () => {
  const segments = await openIntakeSegments(folder);
  const before = segments.append(receipt('a'));
  await segments.close();

  expect(await before).toEqual({ segment: 1, offset: 0 });
  await expect(segments.append(receipt('b'))).rejects.toThrow('closed');
});

it('does not read past what was synced when asked', async () => {
  const segments = await openIntakeSegments(folder);
  await segments.append(receipt('a'));
  const reading = segments.read();
  await segments.append(receipt('b'));

  const seen: StoredRecord[] = [];
  for await (const one of reading) seen.push(one);

  expect(seen.map((one) => one.header.id)).toEqual(['a']);
  await segments.close();
});

it('R22: loses nothing it acknowledged to 20 SIGKILLs at any moment', async () => {
  const module = new URL('./intake-segments.ts', import.meta.url).href;
  const script = `import { writeSync } from 'node:fs';
    const { openIntakeSegments } = await import(${JSON.stringify(module)});
    const segments = await openIntakeSegments(${JSON.stringify(folder)}, { rollAt: 50_000 });
    for (let n = 0; ; n += 1) {
      const id = process.pid + '-' + n;
      const told = segments.append({ header: { kind: 'receipt', id, receivedAt: '' }, bytes: new Uint8Array(n % 3000) }).then(() => writeSync(1, id + '\\n'));
      if (n % 8 === 0) await told;
    }`;
  const acknowledged: string[] = [];
  for (let round = 0; round < 20; round += 1) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += String(chunk);
    });
    await once(child.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
    child.kill('SIGKILL');
    await once(child, 'close');
    acknowledged.push(...text.split('\n').slice(0, -1));
  }

  const segments = await openIntakeSegments(folder);
  const stored = new Set((await all(segments)).map((one) => one.header.id));
  await segments.close();

  expect(acknowledged.length).toBeGreaterThan(20);
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
});

it('refuses what a full disk cannot take, cuts its part off and takes the next that fits', async () => {
  const module = new URL('./intake-segments.ts', import.meta.url).href;
  const script = `const { openIntakeSegments } = await import("${module}");
    const segments = await openIntakeSegments("${folder}");
    const sizes = [3000, 3000, 3000, 500];
    for (const [id, size] of sizes.entries()) {
      const record = { header: { kind: "receipt", id: String(id), receivedAt: "" }, bytes: new Uint8Array(size) };
      console.log(id, await segments.append(record).then(() => "stored", (error) => error.message));
    }`;
  // A file size limit of 8 blocks of 1 KB, whose signal is ignored, makes a write fail half-way as a full disk does.
  const command = `trap '' XFSZ; ulimit -f 8; exec "${process.execPath}" --input-type=module -e '${script}'`;
  const child = spawn('bash', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += String(chunk);
  });
  await once(child, 'close');

  const segments = await openIntakeSegments(folder);

  expect(text.trim().split('\n')).toEqual([
    '0 stored',
    '1 stored',
    expect.stringContaining('2 the intake segment could not be written (EFBIG)'),
    '3 stored',
  ]);
  expect((await all(segments)).map((one) => one.header.id)).toEqual(['0', '1', '3']);
  expect(segments.damage).toEqual([]);
  await segments.close();
});

function receipt(id: string, bytes: Uint8Array = new TextEncoder().encode(`MSH|^~\\&|LAB|{"id":"${id}"}`)): SegmentRecord {
  return {
    header: {
      kind: 'receipt',
      id,
      source: 'LAB',
      door: 'mllp',
      contentType: 'x-application/hl7-v2+er7',
      receivedAt: '2026-11-22T10:00:00.000Z',
    },
    bytes,
  };
}

async function all(
  segments: IntakeSegments,
  from?: { segment: number; offset: number },
  onDamage?: (damage: Damage) => void,
): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for await (const one of segments.read(from, onDamage)) records.push(one);
  return records;
}
