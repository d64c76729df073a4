import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wordDiff } from './word-diff.ts';

describe('R109: what an edit changed', () => {
  it('shows the words that went and came, in their places', () => {
    expect(wordDiff('Furosemide was 20 mg daily.', 'Furosemide was 40 mg daily.')).toEqual([
      { kind: 'same', text: 'Furosemide was ' },
      { kind: 'gone', text: '20 ' },
      { kind: 'new', text: '40 ' },
      { kind: 'same', text: 'mg daily.' },
    ]);
  });

  it('loses nothing: without what came it is the old text, without what went the new one', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'mg', '5.6', 'no'), { maxLength: 12 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const parts = wordDiff(before, after);
        const without = (kind: string) =>
          parts
            .filter((part) => part.kind !== kind)
            .map((part) => part.text)
            .join('');
        expect(without('gone')).toBe(after);
        expect(without('new').replaceAll(' ', '')).toBe(before.replaceAll(' ', ''));
      }),
    );
  });
});
