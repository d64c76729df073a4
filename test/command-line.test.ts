/* Every verb as it is typed: through the control socket of a live server, and directly where none runs, with the same output. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpointSigner } from '../src/platform/checkpoint-signer.ts';
import { hl7Time } from './kill/feed.ts';
import { countersign, killLeftovers, type Place, type Ran, startCalmly } from './kill/server.ts';

const MRN = '4471902';
const folder = mkdtempSync(join(tmpdir(), 'countersign-cli-'));
const place: Place = { folder: join(folder, 'data') };
const inbox = join(folder, 'inbox');
const samples = resolve(process.env['COUNTERSIGN_SAMPLES'] ?? '../shared/data', 'synthea', 'small-10');
const MINUTES_MS = 60_000;

const VERBS = 'serve import synthesize run replay check journal reread erase doctor migrate bench'.split(' ');

beforeAll(() => {
  mkdirSync(inbox);
  writeFileSync(join(inbox, 'labs.hl7'), [potassium('R1', '5.6'), potassium('R2', '5.2')].join('\r\n'));
  writeFileSync(join(inbox, 'chart.json'), chart());
});
afterAll(() => {
  killLeftovers();
  rmSync(folder, { recursive: true, force: true });
});

describe('a folder is taken in', () => {
  const imported = [
    '2 files, 2 receipts, 0 of them here before.',
    // Of each message a patient, a report and a result; of the Bundle two of three resources.
    'received 9 = stored 8 + rejected 1',
    '  1 × resource-invalid',
    'What was rejected is kept whole: see it under Feeds, and replay it after a fix.',
  ];

  it(
    'directly: what was received is what was stored and what was rejected, with the reason',
    async () => {
      const first = await countersign(['import', inbox, '--source', 'north'], place);

      expect([first.code, first.stderr, lines(first)]).toEqual([0, '', imported]);
    },
    2 * MINUTES_MS,
  );

  it(
    'again, and nothing changes but that it was here before',
    async () => {
      const again = await countersign(['import', inbox, '--source', 'north', '--json'], place);

      expect(JSON.parse(again.stdout)).toMatchObject({ files: 2, receipts: 2, repeats: 2, received: 9, stored: 8, rejected: 1 });
    },
    2 * MINUTES_MS,
  );

  it(
    'through a live server just so',
    async () => {
      const elsewhere: Place = { folder: join(folder, 'elsewhere') };
      const server = await startCalmly(elsewhere);
      const live = await countersign(['import', inbox, '--source', 'north'], elsewhere);
      await server.stop();

      expect([live.code, live.stderr, lines(live)]).toEqual([0, '', imported]);
    },
    3 * MINUTES_MS,
  );

  it('ten charts that nobody here wrote come in whole', { timeout: 5 * MINUTES_MS, skip: !existsSync(samples) }, async () => {
    const expected = readdirSync(samples).reduce(
      (sum, name) => sum + (JSON.parse(readFileSync(join(samples, name), 'utf8')) as { entry: unknown[] }).entry.length,
      0,
    );

    const ran = await countersign(['import', samples, '--json'], { folder: join(folder, 'ten') });

    expect(JSON.parse(ran.stdout)).toMatchObject({ files: 10, received: expected, stored: expected, rejected: 0 });
  });
});

describe('with a live server and without, the same', () => {
  const exported = join(folder, 'run.json');
  const log = join(folder, 'journal.jsonl');
  let runId = '';

  type Asked = [name: string, args: () => string[], code: number, input?: string];
  /** These leave a trace in the journal or the store. */
  const working: Asked[] = [
    ['run', () => ['run', 'documentation', '--patient', MRN, '--as-of', runTime, '--export', exported], 0],
    ['run --json', () => ['run', 'documentation', '--patient', MRN, '--as-of', runTime, '--json'], 0],
    ['check of what is so', () => ['check', '--patient', MRN], 0, 'Potassium was 5.2 mmol/L.'],
    ['check of what is not', () => ['check', '--patient', MRN, '--json'], 1, 'Potassium was 3.9 mmol/L.'],
  ];
  /** These only look. */
  const looking: Asked[] = [
    ['replay of a run id', () => ['replay', runId], 0],
    ['replay of a file', () => ['replay', exported, '--json'], 0],
    ['run about nobody', () => ['run', 'documentation', '--patient', 'nobody'], 1],
    ['run of no pack', () => ['run', 'horoscope', '--patient', MRN], 1],
    ['run as of no time', () => ['run', 'documentation', '--patient', MRN, '--as-of', 'yesterday'], 2],
    ['import of nothing', () => ['import', join(folder, 'nowhere')], 1],
    ['journal verify', () => ['journal', 'verify'], 0],
    ['journal verify --json', () => ['journal', 'verify', '--json'], 0],
    ['journal export', () => ['journal', 'export'], 0],
    ['journal export to a file', () => ['journal', 'export', '--out', log], 0],
    ['journal prove', () => ['journal', 'prove', '--entry', '1'], 0],
    ['journal prove of no entry', () => ['journal', 'prove', '--entry', '999999'], 1],
    ['doctor', () => ['doctor'], 0],
    ['doctor --json', () => ['doctor', '--json'], 0],
    ['migrate', () => ['migrate'], 0],
  ];
  const live = new Map<string, Ran>();
  let runTime = '';

  beforeAll(async () => {
    runTime = new Date().toISOString();
    const server = await startCalmly(place);
    for (const [name, args, , input] of [...working, ...looking]) {
      const ran = await countersign(args(), place, { input: input ?? '' });
      live.set(name, ran);
      if (name === 'run') runId = /run ([0-9a-f]{64})/.exec(ran.stdout)?.[1] ?? '';
    }
    await server.stop();
  }, 6 * MINUTES_MS);

  // First those that look: they must find the journal as the server left it.
  it.each([...looking, ...working])(
    '%s',
    async (name, args, code, input) => {
      const through = live.get(name)!;
      const direct = await countersign(args(), place, { input: input ?? '' });

      expect(through.code, through.stderr).toBe(code);
      expect(code === 0 ? through.stdout : through.stdout + through.stderr).not.toBe('');
      expect(through.stderr.trim().split('\n').length, through.stderr).toBe(1);
      expect(direct).toEqual(through);
    },
    2 * MINUTES_MS,
  );

  it(
    'on an empty machine a run is made again and a log is checked, and no data folder is made',
    async () => {
      const empty = mkdtempSync(join(folder, 'empty-'));

      const replayed = await countersign(['replay', exported], undefined, { cwd: empty });
      const verified = await countersign(['journal', 'verify', '--file', log, '--json'], undefined, { cwd: empty });

      expect([replayed.code, replayed.stdout]).toEqual([0, expect.stringContaining(`run ${runId}`)]);
      expect([verified.code, (JSON.parse(verified.stdout) as { ok: boolean }).ok]).toEqual([0, true]);
      expect(readdirSync(empty)).toEqual([]);
    },
    2 * MINUTES_MS,
  );

  it(
    'R101: a log with one flipped byte is refused',
    async () => {
      const text = readFileSync(log, 'utf8');
      const at = text.indexOf('receipt.stored');
      writeFileSync(log, `${text.slice(0, at)}receipt.storeb${text.slice(at + 14)}`);

      const verified = await countersign(['journal', 'verify', '--file', log]);

      expect([verified.code, verified.stdout]).toEqual([1, expect.stringMatching(/^The log is broken/)]);
    },
    2 * MINUTES_MS,
  );
});

describe('as it is typed', () => {
  it.each([...VERBS, 'journal verify', 'journal export', 'journal prove'])(
    '%s --help',
    async (words) => {
      const ran = await countersign([...words.split(' '), '--help']);

      expect([ran.code, ran.stderr]).toEqual([0, '']);
      expect(ran.stdout).toMatch(new RegExp(`^Usage: countersign ${words}`));
      expect(ran.stdout).toMatch(/\nExample:\n {2}\S/);
    },
    MINUTES_MS,
  );

  it.each`
    typed                                          | code | complaint
    ${['frobnicate']}                              | ${2} | ${/unknown command 'frobnicate'/}
    ${['recall', '--help']}                        | ${2} | ${/unknown command 'recall'; there is serve, .*, bench\n/}
    ${['help', 'recall']}                          | ${2} | ${/unknown command 'recall'; there is serve, /}
    ${['journal', 'forget', '--help']}             | ${2} | ${/unknown command 'forget'; there is verify, export, prove\n/}
    ${['import']}                                  | ${2} | ${/missing required argument 'path'/}
    ${['serve', '--port', 'x']}                    | ${2} | ${/a port is a number from 0 to 65535/}
    ${['run', 'documentation']}                    | ${2} | ${/required option '--patient <id>' not specified/}
    ${['journal', 'prove', '--entry', '-1']}       | ${2} | ${/give a whole number/}
    ${['synthesize', '--patients', 'many']}        | ${2} | ${/give a whole number/}
    ${['synthesize', '--anchor', '2026-02-30']}    | ${2} | ${/a day is written 2026-11-22/}
    ${['doctor', '--jsno']}                        | ${2} | ${/unknown option '--jsno'\n\(Did you mean --json\?\)\n+Add --help/}
    ${['serve', '--port', '0x50']}                 | ${2} | ${/a port is a number from 0 to 65535/}
    ${['replay', '/nowhere/run.json']}             | ${1} | ${/^\/nowhere\/run\.json: there is no such file or folder$/m}
    ${['journal', 'verify', '--file', '/nowhere']} | ${1} | ${/^\/nowhere: there is no such file or folder$/m}
    ${['check', '/nowhere', '--patient', 'x']}     | ${1} | ${/^\/nowhere: there is no such file or folder$/m}
  `(
    '$typed is refused with a clear line and exit $code',
    async ({ typed, code, complaint }) => {
      const ran = await countersign(typed as string[], undefined, { cwd: mkdtempSync(join(folder, 'typed-')) });

      expect([ran.code, ran.stdout]).toEqual([code, '']);
      expect(ran.stderr).toMatch(complaint as RegExp);
      expect(ran.stderr).not.toMatch(/\n\s+at /);
    },
    MINUTES_MS,
  );

  it(
    'says which release it is',
    async () => {
      const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

      expect(await countersign(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    },
    MINUTES_MS,
  );

  it(
    'synthesize gives the same bytes for the same seed and anchor, and others for another seed',
    async () => {
      const made = await Promise.all(
        ['7', '7', '8'].map(async (seed, index) => {
          const out = join(folder, `hospital-${index}`);
          const ran = await countersign(['synthesize', '--patients', '3', '--seed', seed, '--anchor', '2026-11-22', '--out', out]);
          expect([ran.code, ran.stderr]).toEqual([0, '']);
          return digestOf(out);
        }),
      );

      expect(made[1]).toBe(made[0]);
      expect(made[2]).not.toBe(made[0]);
    },
    3 * MINUTES_MS,
  );
});

function lines(ran: Ran): string[] {
  return ran.stdout.trimEnd().split('\n');
}

function digestOf(root: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()) {
    hash.update(name.slice(root.length)).update(readFileSync(name));
  }
  return hash.digest('hex');
}

function potassium(control: string, value: string): string {
  const drawn = hl7Time(control === 'R1' ? -48 : -24);
  return [
    `MSH|^~\\&|NORTHLAB|NORTH|COUNTERSIGN|NORTH|${drawn}||ORU^R01^ORU_R01|${control}|P|2.5.1`,
    `PID|1||${MRN}^^^NORTH&2.999.1.1&ISO^MR||OSGOOD^LENORA^T||19550214|F`,
    `OBR|1||NL${control}^NORTHLAB|24320-4^Basic metabolic panel^LN|||${drawn}|||||||||||||||${drawn}|||F`,
    `OBX|1|NM|2823-3^Potassium^LN||${value}|mmol/L|3.5-5.1|H|||F|||${drawn}`,
  ].join('\r');
}

/** A patient with a problem, and one resource that cannot be: a condition without anybody it is about. */
function chart(): string {
  const patient = {
    resourceType: 'Patient',
    id: 'p1',
    identifier: [{ system: 'urn:oid:2.999.1.1', value: MRN }],
    gender: 'female',
    birthDate: '1955-02-14',
  };
  const code = { coding: [{ system: 'http://snomed.info/sct', code: '44054006', display: 'Type 2 diabetes' }] };
  const clinicalStatus = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] };
  return JSON.stringify({
    resourceType: 'Bundle',
    type: 'collection',
    entry: [
      { resource: patient },
      {
        resource: {
          resourceType: 'Condition',
          id: 'c1',
          clinicalStatus,
          code,
          subject: { reference: 'Patient/p1' },
          onsetDateTime: '2009',
        },
      },
      { resource: { resourceType: 'Condition', id: 'c2', clinicalStatus, code } },
    ],
  });
}

describe('doctor', () => {
  it(
    'says of each thing how it is, and of each complaint what to do next',
    async () => {
      const ran = await countersign(['doctor'], place);

      const said = lines(ran).filter((line) => !line.startsWith(' '));
      expect(said.map((line) => line.split(/ +/).slice(0, 2).join(' '))).toEqual(
        expect.arrayContaining([
          'fine store',
          'fine disk',
          'fine journal',
          'fine checkpoints',
          'fine segments',
          'fine clock',
          'notice ehr',
          'fine feeds',
          'fine receipts',
          'notice quarantine',
          'fine jobs',
        ]),
      );
      const complaints = lines(ran).filter((line) => /^(notice|ill)/.test(line));
      for (const complaint of complaints) expect(lines(ran)[lines(ran).indexOf(complaint) + 1]).toMatch(/^ +→ \S/);
    },
    MINUTES_MS,
  );

  it(
    'an EHR that does not answer makes it fail, with the setting to look at',
    async () => {
      const ran = await countersign(['doctor'], { ...place, ehrBase: 'http://127.0.0.1:1/fhir' });

      expect(ran.code).toBe(1);
      expect(ran.stdout).toMatch(/^ill +ehr +does not answer \(ehr_unavailable\)\n +→ check COUNTERSIGN_EHR_FHIR_BASE/m);
    },
    MINUTES_MS,
  );
});

describe('what goes wrong around it is one line', () => {
  it.each([['doctor'], ['journal', 'verify'], ['run', 'documentation', '--patient', MRN], ['check', '--patient', MRN]])(
    '%s begins no data folder where none is',
    async (...typed) => {
      const absent: Place = { folder: join(folder, 'absent') };

      const ran = await countersign(typed, absent);

      expect(ran).toEqual({ code: 1, stdout: '', stderr: `no data folder at ${absent.folder}; start with serve or import\n` });
      expect(existsSync(absent.folder)).toBe(false);
    },
    MINUTES_MS,
  );

  it(
    'an import of nothing begins none either',
    async () => {
      const ran = await countersign(['import', join(folder, 'nowhere')], { folder: join(folder, 'absent') });

      expect(ran.code).toBe(1);
      expect(existsSync(join(folder, 'absent'))).toBe(false);
    },
    MINUTES_MS,
  );

  it(
    'a database server that does not answer',
    async () => {
      const ran = await countersign(['migrate'], { folder: join(folder, 'served'), databaseUrl: 'postgres://127.0.0.1:1/nothing' });

      expect(ran).toEqual({ code: 1, stdout: '', stderr: 'the database does not answer (ECONNREFUSED)\n' });
    },
    MINUTES_MS,
  );

  it.each([
    ['--port', '--mllp-port'],
    ['--mllp-port', '--port'],
  ])(
    'a %s that is taken: serve ends, and leaves the folder free',
    async (taken, free) => {
      const other = createServer().listen(0, '127.0.0.1');
      await new Promise((listening) => other.once('listening', listening));
      const { port } = other.address() as AddressInfo;

      const ran = await countersign(['serve', taken, String(port), free, '0'], place);
      other.close();

      expect([ran.code, ran.stdout]).toEqual([1, '']);
      expect(ran.stderr).toContain(`127.0.0.1:${port}: something else listens here already`);
      expect(ran.stderr).not.toMatch(/\n\s+at /);
      expect(readdirSync(place.folder).filter((name) => name.startsWith('lock.'))).toEqual([]);
    },
    2 * MINUTES_MS,
  );

  it(
    'a reader that leaves early is no failure, and the store is closed',
    async () => {
      const typed = `"${process.execPath}" src/cli.ts journal export --data "${place.folder}" | head -c 1`;

      const { stdout, stderr } = await promisify(execFile)('bash', ['-o', 'pipefail', '-c', typed]);

      expect([stdout, stderr]).toEqual(['{', '']);
      expect(readdirSync(place.folder).filter((name) => name.startsWith('lock.'))).toEqual([]);
    },
    MINUTES_MS,
  );
});

describe('an exported log and whose word is taken for it', () => {
  const file = join(folder, 'whole.jsonl');
  const kept = join(folder, 'kept.txt');
  let key = '';
  let stranger = '';
  beforeAll(async () => {
    await countersign(['journal', 'export', '--out', file], place);
    key = readFileSync(join(place.folder, 'checkpoint-keys.txt'), 'utf8').split('\n')[0]!;
    writeFileSync(kept, readFileSync(join(place.folder, 'checkpoint.txt')));
    stranger = (await openCheckpointSigner(mkdtempSync(join(folder, 'stranger-')))).verifierKeys[0]!;
  }, MINUTES_MS);

  it.each`
    how                             | more                                          | code | said
    ${'its own key'}                | ${() => []}                                   | ${0} | ${/vouched for itself with its own key/}
    ${'a key brought along'}        | ${() => ['--key', key]}                       | ${0} | ${/^The log is whole[^\n]*\n$/}
    ${'a checkpoint that was kept'} | ${() => ['--key', key, '--checkpoint', kept]} | ${0} | ${/leads to 1 checkpoint/}
    ${"somebody else's key"}        | ${() => ['--key', stranger]}                  | ${1} | ${/^The log is broken/}
    ${'no key at all'}              | ${() => ['--key', 'friend']}                  | ${2} | ${/^$/}
  `(
    '$how',
    async ({ more, code, said }) => {
      const ran = await countersign(['journal', 'verify', '--file', file, ...(more as () => string[])()]);

      expect(ran.stdout).toMatch(said as RegExp);
      expect(ran.code).toBe(code);
    },
    MINUTES_MS,
  );
});
