import { expect, it } from 'vitest';
import { type Result, trace, withoutTests } from './traceability.ts';

const passing: Result = { file: 'a.test.ts', name: 'R1: graded', passed: true, skipped: false };

it.each`
  why                                      | claims                                   | results                                           | problem
  ${'a row done without a test'}           | ${{ R1: { title: 't', state: 'done' } }} | ${[]}                                             | ${/R1 is claimed done/}
  ${'a row done whose only test skipped'}  | ${{ R1: { title: 't', state: 'done' } }} | ${[{ ...passing, passed: false, skipped: true }]} | ${/R1 is claimed done/}
  ${'a row with a failing test'}           | ${{ R1: { title: 't', state: 'done' } }} | ${[passing, { ...passing, passed: false }]}       | ${/R1 has a failing test/}
  ${'a part that does not say what lacks'} | ${{ R1: { title: 't', state: 'part' } }} | ${[passing]}                                      | ${/does not say what is missing/}
  ${'a test that names an unclaimed row'}  | ${{}}                                    | ${[passing]}                                      | ${/not listed/}
`('$why is a problem', ({ claims, results, problem }) => {
  expect(trace(claims, results).problems).toEqual([expect.stringMatching(problem)]);
});

it('a row whose only tests need a browser that is not here is no problem', () => {
  const skipped = { file: 'test/browser/review.test.ts', name: 'R1: seen', passed: false, skipped: true };

  expect(trace({ R1: { title: 'Seen', state: 'done' } }, [skipped]).problems).toEqual([]);
});

it('a row done with a passing test is no problem, and the page names the test', () => {
  const { page, problems } = trace({ R1: { title: 'Graded', state: 'done' } }, [passing]);

  expect(problems).toEqual([]);
  expect(page).toContain('| R1 | Graded | done | `a.test.ts` |');
});

it('a page is out of date when a state changed, not when another machine ran other files', () => {
  const page = (state: string, file: string): string => `| row | what | state | tests |\n| R1 | Graded | ${state} | \`${file}\` |\n`;

  expect(withoutTests(page('done', 'a.test.ts'))).toBe(withoutTests(page('done', 'b.test.ts')));
  expect(withoutTests(page('done', 'a.test.ts'))).not.toBe(withoutTests(page('open', 'a.test.ts')));
});
