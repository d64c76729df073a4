import { expect, it } from 'vitest';
import type { Chart, LabReport } from './chart.ts';
import { vaccines } from './codes.ts';
import { ageOn, dayOf, isoDate, parseDay } from './dates.ts';
import { bundleText } from './fhir-writer.ts';
import { oruMessages } from './hl7-oru.ts';
import { type AnalyteKey, analytes } from './labs.ts';
import { patientChart } from './patients.ts';
import { randomFrom } from './random.ts';
import { dispenseLines } from './rxfill-writer.ts';

/** What a physician who read the charts would call impossible; each held over many people. */
const charts = ['2026-11-22', '2026-07-04', '2027-02-10'].flatMap((anchor) =>
  Array.from({ length: 90 }, (_, index) => patientChart(31, index, parseDay(anchor))),
);

it('calls every anaphylaxis severe and of high criticality, and nothing else', () => {
  const entries = charts.flatMap((chart) => resources(chart).filter((entry) => entry['resourceType'] === 'AllergyIntolerance'));
  const known = entries.map((entry) => {
    const [reaction] = (entry['reaction'] ?? []) as { severity?: string; manifestation: { text: string }[] }[];
    return { what: reaction?.manifestation[0]?.text, severity: reaction?.severity, criticality: entry['criticality'] };
  });
  const anaphylaxis = known.filter((entry) => entry.what === 'Anaphylaxis');

  expect(anaphylaxis.length).toBeGreaterThan(2);
  for (const entry of anaphylaxis) expect(entry).toMatchObject({ severity: 'severe', criticality: 'high' });
  for (const entry of known) if (entry.what !== 'Anaphylaxis') expect(entry.criticality).not.toBe('high');
});

it('gives influenza vaccine in its season only, whatever the anchor', () => {
  const months = charts.flatMap((chart) =>
    chart.immunizations.filter((entry) => entry.kind.startsWith('influenza')).map((entry) => isoDate(dayOf(entry.at)).slice(5, 7)),
  );

  expect([...new Set(months)].sort()).toEqual(['09', '10', '11']);
});

it('vaccinates by age: high dose and pneumococcal in adults from 65, zoster from 50, live vaccines from one year, the first in the thigh', () => {
  for (const chart of charts) {
    for (const entry of chart.immunizations) {
      const age = ageOn(chart.person.birth, dayOf(entry.at));
      if (entry.kind.startsWith('influenzaHighDose')) expect(age).toBeGreaterThanOrEqual(65);
      if (entry.kind === 'pneumococcal20' && chart.person.age > 18) expect(age).toBeGreaterThanOrEqual(65);
      if (entry.kind === 'zoster') expect(age).toBeGreaterThanOrEqual(50);
      if (entry.kind === 'mmr' || entry.kind === 'varicella') expect(age).toBeGreaterThanOrEqual(1);
      expect(entry.site.endsWith('Thigh')).toBe(age < 2);
    }
    const oral = resources(chart).filter((entry) => JSON.stringify(entry['vaccineCode'] ?? '').includes(`"${vaccines.rotavirus.cvx}"`));
    expect(oral.filter((entry) => entry['site'] !== undefined)).toEqual([]);
  }
});

it('lets urea go with creatinine, and keeps the anion gap of people who are not dying', () => {
  for (const report of charts.flatMap((chart) => chart.reports).filter((entry) => entry.panel === 'basic' || entry.panel === 'complete')) {
    const ratio = value(report, 'ureaNitrogen') / value(report, 'creatinine');
    const gap = value(report, 'sodium') - value(report, 'chloride') - value(report, 'bicarbonate');

    expect(ratio).toBeGreaterThan(7);
    expect(ratio).toBeLessThan(28);
    expect(gap).toBeGreaterThanOrEqual(7);
    expect(gap).toBeLessThanOrEqual(17);
    if (value(report, 'creatinine') >= 1.3) expect(value(report, 'ureaNitrogen')).toBeGreaterThan(13);
  }
});

it('lets what no story moves go up and down: total protein and HDL cholesterol hold no three in a row that rise or fall', () => {
  let triples = 0;
  let steady = 0;
  for (const chart of charts) {
    for (const key of ['protein', 'hdl', 'triglycerides'] as const) {
      const row = chart.reports
        .filter((report) => report.course !== 'withdrawn' && report.results.some((result) => result.analyte === key))
        .sort((a, b) => a.drawn - b.drawn)
        .map((report) => value(report, key));
      for (let index = 2; index < row.length; index++) {
        const [a = 0, b = 0, c = 0] = row.slice(index - 2, index + 1);
        triples++;
        if ((a < b && b < c) || (a > b && b > c)) steady++;
      }
    }
  }

  expect(triples).toBeGreaterThan(300);
  // By chance alone a third would be.
  expect(steady / triples).toBeLessThan(0.04);
});

it('shows people units that people write, and leaves UCUM in the codes', () => {
  const texts = new Set<string>();
  const codes = new Set<string>();
  for (const chart of charts.slice(0, 45)) {
    const all = JSON.stringify([...resources(chart), ...dispenseLines(chart).map((line) => JSON.parse(line) as unknown)]);
    for (const [, unit = ''] of all.matchAll(/"unit":"([^"]*)"/g)) texts.add(unit);
    for (const [, code = ''] of all.matchAll(/"unit":"[^"]*","system":"[^"]*","code":"([^"]*)"/g)) codes.add(code);
    for (const { text } of oruMessages(chart, randomFrom('x'))) {
      for (const line of text.split('\r').filter((entry) => entry.startsWith('OBX|'))) {
        const [code, shown] = (line.split('|')[6] ?? '').split('^');
        if (code) codes.add(code);
        if (shown) texts.add(shown);
      }
    }
  }

  expect([...texts].filter((text) => /[[\]{}*_]/.test(text) || text === 'Cel')).toEqual([]);
  expect([...codes]).toEqual(expect.arrayContaining(['mL/min/{1.73_m2}', 'm[IU]/L', '10*3/uL', '{score}', 'kg/m2', 'mm[Hg]', '{puff}']));
  expect([...texts]).toEqual(
    expect.arrayContaining(['mL/min/1.73 m²', 'mIU/L', 'K/µL', 'points', 'kg/m²', 'mmHg', 'puffs', 'puff', 'tablets']),
  );
});

it('has a result of an emergency visit before the patient leaves, and a rapid test before its note is signed', () => {
  for (const chart of charts) {
    for (const report of chart.reports) {
      if (report.encounter?.kind === 'emergency') expect(report.resulted).toBeLessThan(report.encounter.end);
      const note = chart.notes.find((entry) => entry.encounter === report.encounter);
      if (report.panel === 'strep') expect(report.resulted).toBeLessThanOrEqual(note?.at ?? 0);
    }
  }
});

it('counts weeks of pregnancy from the day that gives the due date', () => {
  for (const chart of charts.filter((entry) => entry.archetype === 'pregnancy')) {
    const due = chart.findings.find((entry) => entry.code === '11778-8')?.value;
    const began = due?.kind === 'date' ? due.day - 280 : Number.NaN;
    const said = chart.notes.flatMap((note) => {
      const [, weeks, days] = /(?:at|,) (\d+)w(\d)d/.exec(note.story) ?? [];
      return weeks === undefined ? [] : [Number(weeks) * 7 + Number(days) - (dayOf(note.encounter.start) - began)];
    });

    expect(said.length).toBeGreaterThan(4);
    expect(said.filter((difference) => difference !== 0)).toEqual([]);
  }
});

it('fills no more than a pharmacy counter of four months holds', () => {
  for (const chart of charts) {
    const perDrug = Map.groupBy(chart.fills, (fill) => fill.medication.drug.display);
    for (const fills of perDrug.values()) expect(fills.length).toBeLessThanOrEqual(7);
    expect(chart.fills.length).toBeLessThanOrEqual(26);
  }
});

function resources(chart: Chart): Record<string, unknown>[] {
  const bundle = JSON.parse(bundleText(chart).text) as { entry: { resource: Record<string, unknown> }[] };
  return bundle.entry.map((entry) => entry.resource);
}

function value(report: LabReport, key: AnalyteKey): number {
  const result = report.results.find((entry) => entry.analyte === key);
  if (!result) throw new Error(`no ${analytes[key].name}`);
  return Number(result.text);
}
