import { describe, expect, it } from 'vitest';
import type { Medication } from './chart.ts';
import { parseDay, writtenDate } from './dates.ts';
import { drugs, type FrequencyKey } from './drugs.ts';
import { doseText, instruction, noteText } from './notes.ts';
import { patientChart } from './patients.ts';

describe('notes', () => {
  it('quote nothing that was not known when they were signed', () => {
    for (let index = 0; index < 45; index++) {
      const chart = patientChart(7, index, parseDay('2026-11-22'));
      for (const note of chart.notes) {
        const text = noteText(note, chart);
        const dated = [...text.matchAll(/^(\d\d\/\d\d\/\d{4}) .+: /gm)].map(([, day = '']) => day.split('/'));
        const signed = writtenDate(Math.floor(note.at / 1440)).split('/');
        expect(dated.filter(([month, day, year]) => `${year}${month}${day}` > `${signed[2]}${signed[0]}${signed[1]}`)).toEqual([]);
        const started = chart.medications.filter(
          (entry) => entry.start > note.at && !chart.medications.some((other) => other !== entry && other.drug.name === entry.drug.name),
        );
        const list = /^MEDS: (.*)$/m.exec(text)?.[1] ?? '';
        expect(started.filter((entry) => list.includes(`${entry.drug.name} `))).toEqual([]);
      }
    }
  });

  it('write no allergies where none were recorded, and none known only where somebody said so', () => {
    const lines = new Map<string, Set<string>>();
    for (let index = 0; index < 60; index++) {
      const chart = patientChart(7, index, parseDay('2026-11-22'));
      const note = chart.notes.findLast((entry) => !entry.brief);
      if (!note) continue;
      const line = /^ALLERGIES: (.*)$/m.exec(noteText(note, chart))?.[1] ?? '';
      const kind =
        chart.allergies.length === 0 ? 'nothing' : chart.allergies.some((entry) => entry.kind === 'none-known') ? 'none known' : 'some';
      lines.set(kind, (lines.get(kind) ?? new Set()).add(line));
    }

    expect([...(lines.get('nothing') ?? [])]).toEqual(['not reviewed']);
    expect([...(lines.get('none known') ?? [])]).toEqual(['NKDA']);
    expect(lines.get('some')?.has('NKDA')).toBe(false);
  });
});

it.each<[keyof typeof drugs, number, FrequencyKey, string | undefined, string | undefined, string, string]>([
  ['metformin500', 1, 'twice', 'with meals', undefined, 'Take 1 tablet (500 mg) by mouth twice daily with meals', '500'],
  ['anastrozole1', 1, 'daily', undefined, undefined, 'Take 1 tablet (1 mg) by mouth once daily', '1'],
  ['carvedilol6', 2, 'twice', undefined, undefined, 'Take 2 tablets (12.5 mg) by mouth twice daily', '12.5'],
  ['albuterol', 2, 'six', undefined, 'wheezing', 'Inhale 2 puffs every 6 hours as needed for wheezing', '2'],
  ['leuprolide', 1, 'monthly', undefined, undefined, 'Inject 1 syringe (7.5 mg) under the skin every 4 weeks', '7.5'],
  ['sacubitril', 1, 'twice', undefined, undefined, 'Take 1 tablet by mouth twice daily', '1'],
  ['docetaxel', 140, 'threeWeekly', undefined, undefined, 'Infuse 140 mg into a vein every 3 weeks', '140'],
])('writes the label of %s', (key, units, frequency, extra, asNeeded, text, dose) => {
  const medication: Medication = {
    ...{
      number: 1,
      drug: drugs[key],
      units,
      frequency,
      extra,
      asNeeded,
      start: 0,
      who: 'primary1',
      supplyDays: 30,
      refills: 0,
      administered: false,
    },
  };

  expect(instruction(medication)).toBe(text);
  expect(doseText(medication)).toBe(dose);
});
