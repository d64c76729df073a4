import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { journalKinds } from './journal-kind.ts';

/** Production code that appends to the journal: a query or a formula that only names a kind does not write it. */
const WRITERS = globSync('src/**/*.ts')
  .filter((file) => !/\.test\.ts$|-fixture\.ts$/.test(file))
  .map((file) => withoutReads(readFileSync(file, 'utf8')))
  .filter((text) => /from '[^']*\/(journal|journal-writer)\.ts'/.test(text));

it('every kind on the list is written by something, so that no name promises what does not happen', () => {
  const dead = Object.keys(journalKinds).filter((kind) => !WRITERS.some((text) => text.includes(`'${kind}'`)));

  expect(WRITERS.length).toBeGreaterThan(10);
  expect(dead).toEqual([]);
});

it('does not take a query for a writer', () => {
  expect(withoutReads("db.query(`select 1 from journal where kind = 'model.failed'`); isWritten('run.finished')")).toBe(
    "db.query(); isWritten('run.finished')",
  );
});

/** The text without its template literals, where SQL stands. */
function withoutReads(text: string): string {
  return text.replaceAll(/`[^`]*`/g, '');
}
