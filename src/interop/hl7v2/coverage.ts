import type { Coverage, CoverageLine } from '../../core/receipt.ts';
import { leavesOfField } from './locate.ts';
import { fieldCount, type Hl7Message, isEncodingField, repetitions, type Segment } from './message.ts';
import type { Reading } from './reading.ts';

/**
 * What became of every non-empty field, in the order of the bytes: a repetition that nothing was read from is one line, of the others each
 * component is. Lines, delimiters, segment names and terminators together are all bytes of the message.
 */
export function coverageOf(reading: Reading): Coverage {
  const lines: CoverageLine[] = [];
  const used = usedOf(reading);
  for (const segment of reading.message.segments) {
    for (let field = 1; field <= fieldCount(reading.message, segment); field++) lines.push(...fieldLines(reading, used, segment, field));
  }
  return tally(lines, reading.message.end - reading.message.start);
}

/** Coverage of a message that could not be read or is not supported: every line held. */
export function heldCoverage(message: Hl7Message, structure: string): Coverage {
  const lines: CoverageLine[] = [];
  for (const segment of message.segments) {
    for (let field = 1; field <= fieldCount(message, segment); field++) {
      for (const [index, range] of repetitions(message, segment, field).entries()) {
        if (range.start === range.end) continue;
        lines.push({ path: `${structure}/${segment.name}[${segment.ordinal}]-${field}[${index + 1}]`, ...range, state: 'held' });
      }
    }
  }
  return tally(lines, message.end - message.start);
}

/** Counts the lines of a coverage. */
export function tally(lines: CoverageLine[], bytes: number): Coverage {
  const count = (state: CoverageLine['state']) => lines.filter((line) => line.state === state).length;
  return { lines, mapped: count('mapped'), keptUnmapped: count('kept-unmapped'), held: count('held'), conflicts: count('conflict'), bytes };
}

/** Path → what it became, indexes of lists left out. */
type Used = ReadonlyMap<string, ReadonlySet<string>>;

function usedOf(reading: Reading): Used {
  const used = new Map<string, Set<string>>();
  for (let i = 0; i < reading.used.length; i += 2) {
    const path = reading.used[i]!;
    const becomes = reading.used[i + 1]!.replaceAll(/\[\d+\]/g, '');
    const known = used.get(path);
    if (known) known.add(becomes);
    else used.set(path, new Set([becomes]));
  }
  return used;
}

function fieldLines(reading: Reading, used: Used, segment: Segment, field: number): CoverageLine[] {
  const { message, structure } = reading;
  const head = `${structure}/${segment.name}[${segment.ordinal}]-${field}`;
  const held = reading.held.has(segment);
  const lines: CoverageLine[] = [];
  const leaves = [...leavesOfField(message, structure, segment, field)];
  for (const [index, range] of repetitions(message, segment, field).entries()) {
    if (range.start === range.end) continue;
    const path = `${head}[${index + 1}]`;
    const whole = used.get(path) ?? used.get(head);
    if (held) lines.push({ path, ...range, state: 'held' });
    else if (whole) lines.push({ path, ...range, state: 'mapped', becomes: words(whole) });
    else if (isEncodingField(segment, field)) lines.push({ path, ...range, state: 'mapped', becomes: 'delimiters' });
    else
      lines.push(
        ...componentLines(
          used,
          path,
          range,
          leaves.filter((leaf) => leaf.repetition === index + 1),
        ),
      );
  }
  return lines;
}

type LeafRange = { component: number; subcomponent: number; range: { start: number; end: number } };

function componentLines(used: Used, path: string, whole: { start: number; end: number }, leaves: readonly LeafRange[]): CoverageLine[] {
  const lines: CoverageLine[] = [];
  const components = new Map<number, LeafRange[]>();
  for (const leaf of leaves) components.set(leaf.component, [...(components.get(leaf.component) ?? []), leaf]);
  for (const [component, parts] of components) {
    const at = `${path}.${component}`;
    const range = { start: parts[0]!.range.start, end: parts.at(-1)!.range.end };
    // A component that nothing parts further is the same range as its one subcomponent.
    const becomes = used.get(at) ?? (parts.length === 1 ? used.get(`${at}.1`) : undefined);
    if (becomes) lines.push({ path: at, ...range, state: 'mapped', becomes: words(becomes) });
    else if (parts.some((part) => used.has(`${at}.${part.subcomponent}`))) {
      for (const part of parts) {
        const sub = used.get(`${at}.${part.subcomponent}`);
        lines.push({
          path: `${at}.${part.subcomponent}`,
          ...part.range,
          ...(sub ? { state: 'mapped', becomes: words(sub) } : { state: 'kept-unmapped' }),
        });
      }
    } else lines.push({ path: at, ...range, state: 'kept-unmapped' });
  }
  if (lines.every((line) => line.state === 'kept-unmapped')) return [{ path, ...whole, state: 'kept-unmapped' }];
  return lines;
}

function words(becomes: ReadonlySet<string>): string {
  return [...becomes].join(', ');
}
