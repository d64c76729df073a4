import type { SourceView } from '../../src/core/api.ts';

export type Line = SourceView['lines'][number];
export type Lit = SourceView['lit'][number];
/** Lines that stand together, with how many were left out before them; `at` is their place in the source's own list, which `lit` counts in. */
export type Run = { hidden: number; lines: { line: Line; at: number; firstOfNumber: boolean }[] };

/** Beyond this many lines only the lit ones and their neighbours are shown at first. */
const WHOLE_LINES = 14;
const NEIGHBOURS = 2;

/** The lines to show: all, or those around what is lit. Lines the server left out show as a gap in the numbers. */
export function runsOf(source: Pick<SourceView, 'lines' | 'lit'>, all: boolean): Run[] {
  const { lines, lit } = source;
  const whole = all || lines.length <= WHOLE_LINES || lit.length === 0;
  const runs: Run[] = [];
  let hidden = 0;
  let open = false;
  for (const [at, line] of lines.entries()) {
    const gap = line.number - (lines[at - 1]?.number ?? 0) - 1;
    if (gap > 0 && at > 0) {
      hidden += gap;
      open = false;
    }
    if (whole || lit.some((one) => Math.abs(one.line - at) <= NEIGHBOURS)) {
      if (!open) runs.push({ hidden, lines: [] });
      runs.at(-1)!.lines.push({ line, at, firstOfNumber: lines[at - 1]?.number !== line.number });
      hidden = 0;
      open = true;
    } else {
      hidden++;
      open = false;
    }
  }
  if (hidden > 0) runs.push({ hidden, lines: [] });
  return runs;
}

/** What is lit: where a number stands among a claim's own values, the words around it (the name of the test) are lit more softly. */
export function litOf(source: Pick<SourceView, 'lines' | 'lit'>): Lit[] {
  const isNumber = (one: Lit) =>
    one.strength === 'value' && /^["<>=\s]*-?\d/.test(source.lines[one.line]?.text.slice(one.from, one.to) ?? '');
  if (!source.lit.some(isNumber)) return source.lit;
  return source.lit.map((one) => (one.strength === 'value' && !isNumber(one) ? { ...one, strength: 'near' } : one));
}

/** The range that stands for the sentence's value, where it is in bytes of what is shown, and the span it belongs to. */
export function mainPlace(source: SourceView): { span: SourceView['spans'][number]; shownStart: number; shownEnd: number } | undefined {
  const lit = litOf(source);
  const value = lit.find((one) => one.strength === 'value') ?? lit[0];
  const line = value && source.lines[value.line];
  if (!value || !line) return undefined;
  const shownStart = line.start + bytesOf(line.text.slice(0, value.from));
  const shownEnd = shownStart + bytesOf(line.text.slice(value.from, value.to));
  const quoted = line.text.slice(value.from, value.to);
  const span =
    source.spans.find((one) => !source.decoded && one.start === shownStart) ??
    source.spans.find((one) => one.quote === quoted) ??
    source.spans[0];
  return span && { span, shownStart, shownEnd };
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
