import { describe, expect, it } from 'vitest';
import { lineageFor, summaryFor } from '../../test/browser/fixtures/summary.ts';
import { litOf, mainPlace, runsOf } from './lit-lines.ts';

describe('R134: which lines of a source are shown', () => {
  it('shows a short message whole', () => {
    const runs = runsOf({ lines: lines(1, 2, 3), lit: [{ line: 1, from: 0, to: 1, strength: 'value' }] }, false);

    expect(runs).toHaveLength(1);
    expect(runs[0]!.lines.map((one) => one.line.number)).toEqual([1, 2, 3]);
  });

  it('folds what is far from the lit lines and says how much', () => {
    const many = lines(...Array.from({ length: 40 }, (_, index) => index + 1));

    const runs = runsOf({ lines: many, lit: [{ line: 9, from: 0, to: 1, strength: 'value' }] }, false);

    expect(runs.map((run) => [run.hidden, run.lines.map((one) => one.line.number)])).toEqual([
      [7, [8, 9, 10, 11, 12]],
      [28, []],
    ]);
    expect(runsOf({ lines: many, lit: [] }, true)[0]!.lines).toHaveLength(40);
  });

  it('shows the gaps that the server left, and a wrapped line’s number once', () => {
    const runs = runsOf({ lines: lines(3, 4, 4, 90), lit: [{ line: 2, from: 0, to: 1, strength: 'value' }] }, false);

    expect(runs.map((run) => [run.hidden, run.lines.map((one) => [one.line.number, one.firstOfNumber])])).toEqual([
      [0, [[3, true], [4, true], [4, false]]],
      [85, [[90, true]]],
    ]); // biome-ignore format: one line a run
  });

  it('lights the number, and the name of the test more softly', () => {
    const source = { lines: [{ number: 1, text: 'OBX|Urea^LN||29|mg/dL', start: 0 }], lit: [lit(4, 8), lit(13, 15), lit(16, 21, 'near')] };

    expect(litOf(source).map((one) => one.strength)).toEqual(['near', 'value', 'near']);
    expect(litOf({ ...source, lit: [lit(4, 8)] }).map((one) => one.strength)).toEqual(['value']);
  });

  it('names the value’s own bytes', () => {
    const potassium = summaryFor('p').sentences.find((one) => one.id.endsWith('s-potassium'))!;
    const [oru, note] = lineageFor(potassium).sources;

    expect(mainPlace(oru!)).toMatchObject({
      span: { path: 'ORU_R01/OBX[2]-5[1]', quote: '5.6', start: 459, end: 462 },
      shownStart: 459,
      shownEnd: 462,
    });
    expect(mainPlace(note!)).toMatchObject({ shownStart: 82, shownEnd: 118 });
  });
});

function lines(...numbers: number[]) {
  return numbers.map((number, index) => ({ number, text: `line ${number}`, start: index * 10 }));
}

function lit(from: number, to: number, strength: 'value' | 'near' = 'value') {
  return { line: 0, from, to, strength };
}
