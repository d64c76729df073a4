/* The import rules are the architecture, so the rules are tested: each has a planted violation that must be named, and nothing escapes them. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const planted = mkdtempSync(join(tmpdir(), 'countersign-boundaries-'));
afterAll(() => rmSync(planted, { recursive: true, force: true }));

type Report = { summary: { totalCruised: number; violations: { from: string; rule: { name: string } }[] } };

/** from → what it imports, and the rule that must name it. */
const VIOLATIONS: [rule: string, from: string, imports: string][] = [
  ['no-cycles', 'src/core/one.ts', './two.ts'],
  ['resolvable', 'src/core/lost.ts', './nowhere.ts'],
  ['no-new-rooms', 'src/core/visits.ts', '../annex/room.ts'],
  ['core-sees-left-only', 'src/core/right.ts', '../platform/base.ts'],
  ['platform-sees-left-only', 'src/platform/right.ts', '../sources/base.ts'],
  ['sources-sees-left-only', 'src/sources/right.ts', '../interop/base.ts'],
  ['interop-sees-left-only', 'src/interop/right.ts', '../record/base.ts'],
  ['record-sees-left-only', 'src/record/right.ts', '../ai/base.ts'],
  ['ai-sees-left-only', 'src/ai/right.ts', '../governance/base.ts'],
  ['governance-sees-left-only', 'src/governance/right.ts', '../delivery/base.ts'],
  ['delivery-sees-left-only', 'src/delivery/right.ts', '../measure/base.ts'],
  ['measure-sees-left-only', 'src/measure/right.ts', '../flow.ts'],
  ['core-is-pure', 'src/core/impure.ts', 'node:fs'],
  ['packs-see-core-only', 'src/packs/nosy/index.ts', '../../record/base.ts'],
  ['pack-list-lists-only', 'src/packs/index.ts', './nosy/inside.ts'],
  ['only-app-lists-packs', 'src/record/peeks.ts', '../packs/nosy/index.ts'],
  ['web-sees-core-only', 'web/src/page.ts', '../../src/record/base.ts'],
  ['hospital-is-a-stranger', 'hospital/friend.ts', '../src/core/base.ts'],
  ['verifier-trusts-nobody', 'src/ai/verify/gullible.ts', '../write/base.ts'],
];
const PRESENT = ['core', 'platform', 'sources', 'interop', 'record', 'ai', 'ai/write', 'governance', 'delivery', 'measure', 'annex'];

it('every rule names its planted violation', () => {
  file('src/core/two.ts', "import * as x from './one.ts';\nexport const y = x;");
  for (const room of PRESENT) file(`src/${room}/base.ts`, 'export const base = 1;');
  file('src/flow.ts', 'export const flow = 1;');
  file('src/annex/room.ts', 'export const room = 1;');
  file('src/packs/nosy/inside.ts', 'export const inside = 1;');
  for (const [, from, imports] of VIOLATIONS) file(from, `import * as x from '${imports}';\nexport const y = x;`);
  for (const name of ['.dependency-cruiser.cjs', 'tsconfig.json']) cpSync(join(ROOT, name), join(planted, name));
  writeFileSync(join(planted, 'package.json'), '{"type":"module"}');
  symlinkSync(join(ROOT, 'node_modules'), join(planted, 'node_modules'));

  const named = cruise(planted).summary.violations.map((violation) => `${violation.rule.name} ${violation.from}`);

  for (const [rule, from] of VIOLATIONS) expect(named).toContain(`${rule} ${from}`);
});

it('every rule of the configuration has a planted violation', () => {
  const { forbidden } = createRequire(import.meta.url)(join(ROOT, '.dependency-cruiser.cjs')) as { forbidden: { name: string }[] };

  expect(new Set(VIOLATIONS.map(([rule]) => rule))).toEqual(new Set(forbidden.map((rule) => rule.name)));
});

it('this house keeps them, and no source file escapes the cruise', () => {
  const report = cruise(ROOT);
  const files = ['src', 'web', 'hospital'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .map(String)
      .filter((name) => /\.tsx?$/.test(name) && !/node_modules|dist/.test(name)),
  );

  expect(report.summary.violations).toEqual([]);
  expect(report.summary.totalCruised).toBeGreaterThanOrEqual(files.length);
});

it('flow.ts is one screen and holds no clinical word', () => {
  const flow = readFileSync(join(ROOT, 'src/flow.ts'), 'utf8');

  expect(flow.split('\n').length).toBeLessThanOrEqual(120);
  expect(flow).not.toMatch(/potassium|allerg|abnormal|loinc|snomed|documentation/i);
});

it('no room is called utils, helpers, common, shared, service or manager', () => {
  const names = ['src', 'web', 'hospital', 'test', 'bench'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true }).map(String),
  );

  expect(names.filter((name) => /(^|\/)(utils?|helpers?|common|shared|services?|managers?|misc)(\/|\.[a-z]+$|$)/i.test(name))).toEqual([]);
});

function file(path: string, text: string): void {
  mkdirSync(dirname(join(planted, path)), { recursive: true });
  writeFileSync(join(planted, path), `${text}\n`);
}

function cruise(folder: string): Report {
  const bin = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const args = [bin, 'src', 'web', 'hospital', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
  try {
    return JSON.parse(
      execFileSync(process.execPath, args, { cwd: folder, maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] }).toString(),
    ) as Report;
  } catch (error) {
    // The cruiser exits with the number of violations; its report is on standard output all the same.
    return JSON.parse((error as { stdout: Buffer }).stdout.toString()) as Report;
  }
}
