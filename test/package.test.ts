/*
 * The package as somebody gets it: built, packed, unpacked in an empty folder and run from `dist` there. Its dependencies are linked from the
 * checkout, each that package.json names and no other, so that this stays fast and needs no registry; `.ci/run` installs it from the registry.
 */
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const MINUTES_MS = 60_000;
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'countersign-package-'));
const site = join(folder, 'site');
const installed = join(site, 'node_modules', 'countersign');
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
  bin: { countersign: string };
};
const olderNode = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => existsSync(path) && majorOf(path) >= 20 && majorOf(path) < 24);

beforeAll(async () => {
  const staging = join(folder, 'staging');
  for (const name of ['package.json', 'README.md', 'LICENSE', 'migrations', 'web/dist']) {
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(staging, name), { recursive: true });
  }
  // Types are checked by `npm run check`; here only what comes out counts.
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--noCheck', '--outDir', join(staging, 'dist')], ROOT);
  await run(
    process.execPath,
    [tsc, '-p', 'hospital/tsconfig.build.json', '--noCheck', '--outDir', join(staging, 'dist', 'hospital')],
    ROOT,
  );
  cpSync(join(ROOT, 'src/interop/fhir/definitions/r4.json.br'), join(staging, 'dist/interop/fhir/definitions/r4.json.br'));
  await run('npm', ['pack', '--silent', '--pack-destination', folder], staging);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', join(folder, tarball), '-C', installed, '--strip-components=1'], folder);
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(site, 'node_modules', name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(site, 'node_modules', name));
  }
  writeFileSync(join(site, 'package.json'), JSON.stringify({ name: 'site', private: true, type: 'module' }));
}, 6 * MINUTES_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('holds no source, no test and no secret of the checkout', () => {
  expect(
    readdirSync(installed)
      .filter((name) => name !== 'LICENSE')
      .sort(),
  ).toEqual(['README.md', 'dist', 'migrations', 'package.json', ...(existsSync(join(ROOT, 'web', 'dist')) ? ['web'] : [])].sort());
  const files = readdirSync(installed, { recursive: true }).map(String);
  expect(files.filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'))).toEqual([]);
  expect(files.filter((name) => /test|fixture|scratch/.test(name))).toEqual([]);
});

it(
  'runs from dist: help, a synthetic hospital, its import and a draft of an outside pack',
  async () => {
    writeFileSync(join(site, 'round.ts'), PACK);
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const compilerOptions = { module: 'nodenext', target: 'es2024', strict: true, skipLibCheck: true, types: [] };
    writeFileSync(join(site, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['round.ts'] }));
    await run(process.execPath, [tsc, '-p', '.'], site).catch(({ stdout }) => {
      throw new Error(`the types of the package do not carry a pack: ${stdout}`);
    });

    expect((await countersign(['--help'])).stdout).toMatch(/^Usage: countersign/);
    const made = await countersign([
      'synthesize',
      '--patients',
      '2',
      '--seed',
      '7',
      '--anchor',
      '2026-11-22',
      '--out',
      'hospital',
      '--json',
    ]);
    expect(JSON.parse(made.stdout)).toMatchObject({ patients: 2 });
    await countersign(['import', 'hospital/fhir', '--data', 'data']);
    const [chart] = readdirSync(join(site, 'hospital', 'fhir', 'north-ehr'));
    const drafted = await countersign(['run', 'ward-round', '--patient', chart!.replace('.json', ''), '--data', 'data', '--json'], {
      COUNTERSIGN_PACKS: './round.js',
    });

    expect(JSON.parse(drafted.stdout)).toMatchObject({ inputs: { pack: 'ward-round@1' }, output: { title: 'Ward round' } });
  },
  6 * MINUTES_MS,
);

it(
  'refuses an outside module that is no pack with one line',
  async () => {
    writeFileSync(join(site, 'broken.js'), "export const pack = { id: 'broken' };");

    await expect(countersign(['migrate', '--data', 'other'], { COUNTERSIGN_PACKS: './broken.js' })).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^COUNTERSIGN_PACKS: \.\/broken\.js is no pack: version [^\n]*\n$/),
    });
  },
  MINUTES_MS,
);

it(
  'under an older Node it starts itself again with the one it brings, or says what to do',
  async ({ skip }) => {
    if (olderNode === undefined) return skip('no older Node is installed on this machine');
    const command = join(installed, manifest.bin.countersign);

    const again = await run(olderNode, [command, '--help'], site);
    rmSync(join(site, 'node_modules', 'node'));
    const without = run(olderNode, [command, '--help'], site);

    expect(again.stdout).toMatch(/^Usage: countersign/);
    await expect(without).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^countersign needs Node 24; this is v2\d[^\n]*\n$/),
    });
  },
  MINUTES_MS,
);

async function countersign(args: string[], env: Record<string, string> = {}): Promise<{ stdout: string; stderr: string }> {
  return run(process.execPath, [join(installed, manifest.bin.countersign), ...args], site, env);
}

async function run(
  file: string,
  args: string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<{ stdout: string; stderr: string }> {
  const { PATH = '', HOME = '' } = process.env;
  return promisify(execFile)(file, args, { cwd, env: { PATH, HOME, ...env } });
}

function majorOf(node: string): number {
  return Number.parseInt(spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout, 10);
}

/** A pack as a site writes it, over the published types alone. */
const PACK = `import type { Draft, Pack } from 'countersign/pack';
export const pack: Pack = {
  id: 'ward-round',
  version: '1',
  title: 'Ward round',
  purpose: 'Conditions before the round.',
  owner: 'Site',
  surfaces: ['worklist'],
  needs: [{ type: 'Condition' }],
  triggers: [{ type: 'Condition', when: () => undefined }],
  kpis: [{ id: 'round.offered', title: 'Offered', count: ['proposal.offered'] }],
  document: { loinc: '34117-2', title: 'Ward round' },
  write: ({ chart }): Draft => ({ title: 'Ward round', sections: ['Conditions'], sentences: [], omitted: [{ section: 'Conditions', number: chart.facts.length, what: 'conditions' }] }),
};
`;
