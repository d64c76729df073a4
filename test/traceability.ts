/**
 * Requirement → tests → last result. A test that proves a row carries its number in its name (`R101: …`). Run after the tests:
 * `node test/traceability.ts` writes docs/traceability.md; with `--check` it fails where a row claimed done has no passing test, where a test
 * names a row nobody claims, or where the page is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type Claim = { title: string; state: 'done' | 'part' | 'open'; missing?: string };
export type Result = { file: string; name: string; passed: boolean; skipped: boolean };

/** Tests that skip, with one line that says so, where there is no Chromium or no sample data. */
const NEEDS_MORE = /^test\/(browser\/|real-input)/;

/** The page, and what is wrong with the claims it makes. */
export function trace(claims: Record<string, Claim>, results: readonly Result[]): { page: string; problems: string[] } {
  const byRow = Map.groupBy(
    results.flatMap((result) => [...result.name.matchAll(/\bR(\d{1,3}):/g)].map((match) => ({ row: `R${match[1]}`, result }))),
    (one) => one.row,
  );
  const problems: string[] = [];
  for (const row of byRow.keys()) if (!claims[row]) problems.push(`${row} is named by a test and not listed in docs/traceability.json`);
  const lines = Object.entries(claims).map(([row, claim]) => {
    const tests = (byRow.get(row) ?? []).map((one) => one.result);
    const ran = tests.filter((test) => !test.skipped);
    const mayBeAbsent = tests.length > 0 && tests.every((test) => test.skipped && NEEDS_MORE.test(test.file));
    if (claim.state === 'done' && !mayBeAbsent && !ran.some((test) => test.passed))
      problems.push(`${row} is claimed done and no passing test carries its number`);
    if (ran.some((test) => !test.passed)) problems.push(`${row} has a failing test`);
    if (claim.state === 'part' && !claim.missing) problems.push(`${row} is claimed in part and does not say what is missing`);
    const files = [...new Set(tests.map((test) => test.file))].sort().map((file) => `\`${file}\``);
    const state = claim.state === 'part' ? `part: ${claim.missing}` : claim.state;
    return `| ${row} | ${claim.title} | ${state} | ${files.join(', ') || 'none'} |`;
  });
  const page = [
    '# Traceability',
    '',
    'Which requirement is proven by which tests. Generated from a test run by `node test/traceability.ts`; `npm run check` fails where a row that is',
    'claimed done has no passing test. Rows R1–R214 that are not listed are open. The claims are in `docs/traceability.json`.',
    '',
    '| row | what | state | tests |',
    '|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
  return { page, problems };
}

/** Rows and their states. Which files ran depends on the machine: sample data, a browser, a server. */
export function withoutTests(page: string): string {
  return page.replace(/^(\| R\d+ \|.*\|)[^|]*\|$/gm, '$1');
}

type VitestReport = { testResults: { name: string; assertionResults: { fullName: string; status: string }[] }[] };

function readResults(file: string, root: string): Result[] {
  const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
  return report.testResults.flatMap((suite) =>
    suite.assertionResults.map((test) => ({
      file: suite.name.replace(root, ''),
      name: test.fullName,
      passed: test.status === 'passed',
      skipped: test.status !== 'passed' && test.status !== 'failed',
    })),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const pageFile = `${root}docs/traceability.md`;
  const claims = JSON.parse(readFileSync(`${root}docs/traceability.json`, 'utf8')) as Record<string, Claim>;
  const { page, problems } = trace(claims, readResults(`${root}node_modules/.cache/countersign/results.json`, root));
  if (!process.argv.includes('--check')) writeFileSync(pageFile, page);
  else if (withoutTests(readFileSync(pageFile, 'utf8')) !== withoutTests(page))
    problems.push('docs/traceability.md is out of date: run node test/traceability.ts');
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
