import { expect, it } from 'vitest';
import type { Course } from './chart.ts';
import { parseDay } from './dates.ts';
import { oruMessages } from './hl7-oru.ts';
import { escaped } from './hl7-segments.ts';
import { patientChart } from './patients.ts';
import { randomFrom } from './random.ts';

const ANCHOR = parseDay('2026-11-22');

it.each<[Course, string[]]>([
  ['plain', ['F']],
  ['preliminary', ['P', 'F']],
  ['late-preliminary', ['F', 'P']],
  ['corrected', ['F', 'C']],
  ['withdrawn', ['F', 'C']],
  ['duplicate', ['F', 'F']],
])('sends a %s report as %s', (course, statuses) => {
  const messages = sent(course);

  expect(messages.map((message) => field(message, 'OBR', 25))).toEqual(statuses);
  expect(new Set(messages.map((message) => field(message, 'OBR', 3))).size).toBe(1);
});

it('corrects only what was wrong: those observations are C, the others stay F, and the reason is said', () => {
  const [first = '', second = ''] = sent('corrected');
  const before = observations(first);
  const after = observations(second);

  const changed = after.filter((row) => row[11] === 'C');
  expect(changed.length).toBeGreaterThan(0);
  for (const row of after) expect(row[5] === before.find((other) => other[3] === row[3])?.[5]).toBe(row[11] === 'F');
  expect(second).toContain('\rNTE|1|L|');
  expect(first).not.toContain('\rNTE|');
});

it('lets a late preliminary arrive after the final with an older report time and another value', () => {
  const [final = '', late = ''] = sent('late-preliminary');

  expect(field(late, 'MSH', 6) > field(final, 'MSH', 6)).toBe(true);
  expect(field(late, 'OBR', 22) < field(final, 'OBR', 22)).toBe(true);
  expect(observations(late).map((row) => row[5])).not.toEqual(observations(final).map((row) => row[5]));
});

it('repeats a duplicate byte for byte, and withdraws under the same order', () => {
  const [one, two] = sent('duplicate');
  const [, withdrawn = ''] = sent('withdrawn');

  expect(two).toBe(one);
  expect(observations(withdrawn).every((row) => row[11] === 'W')).toBe(true);
});

it('escapes every delimiter and nothing else', () => {
  expect(escaped('a|b^c&d~e\\f (5%)')).toBe('a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f (5%)');
});

/** The messages of the first recent report with that course, from some patient of the hospital. */
function sent(course: Course): string[] {
  for (let index = 0; index < 60; index++) {
    const chart = patientChart(7, index, ANCHOR);
    const report = chart.reports.find((entry) => entry.course === course && ANCHOR * 1440 - entry.resulted < 119 * 1440);
    if (!report) continue;
    const filler = `F${chart.person.mrn}${String(report.number).padStart(3, '0')}^`;
    return oruMessages(chart, randomFrom('x'))
      .map((message) => message.text)
      .filter((text) => text.includes(filler));
  }
  throw new Error(`no ${course} report`);
}

function segments(message: string, name: string): string[][] {
  return message
    .split('\r')
    .filter((line) => line.startsWith(`${name}|`))
    .map((line) => line.split('|'));
}

function field(message: string, name: string, number: number): string {
  return segments(message, name)[0]?.[number] ?? '';
}

function observations(message: string): string[][] {
  return segments(message, 'OBX');
}
