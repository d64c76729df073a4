import type { LabReport } from './chart.ts';
import { ageOn, type Day } from './dates.ts';
import { type AnalyteKey, analytes, egfr, type Measured, measure, type PanelKey, panels, setpoint, type Value } from './labs.ts';
import type { Person } from './people.ts';
import type { Random } from './random.ts';

/** What another member of the panel decides; measured after it. */
const DEPENDENT: readonly AnalyteKey[] = ['chloride', 'ureaNitrogen', 'egfr', 'hematocrit', 'ldl'];
/** Sodium less chloride less bicarbonate, mmol/L: 8 to 16 in health (Kraut and Madias, Clin J Am Soc Nephrol 2007;2:162). */
const ANION_GAP = 12;
const TRIES = 24;

/**
 * The laboratory as far as one person is concerned: it remembers where this person's values lie and what it reported before. A value that no
 * story gives goes up and down around its place, so three of a row never rise or fall unless a story has them do so.
 */
export class LabBench {
  private readonly person: Person;
  private readonly random: Random;
  private readonly setpoints = new Map<AnalyteKey, number>();
  private readonly usuals = new Map<AnalyteKey, { from: Day; value: number }[]>();
  private readonly reported = new Map<AnalyteKey, { day: Day; value: number }[]>();

  constructor(person: Person, random: Random) {
    this.person = person;
    this.random = random;
  }

  /** From that day on this person's values of an analyte lie around this one. */
  usual(key: AnalyteKey, value: number, from: Day): void {
    this.usuals.set(key, [...(this.usuals.get(key) ?? []), { from, value }]);
  }

  /** Every member of a panel: given values as given, calculated ones calculated, the rest near this person's own. */
  results(panel: PanelKey, values: Partial<Record<AnalyteKey, Value>>, day: Day): Measured[] {
    let results = this.measured(panel, values, day);
    for (let tries = 1; tries < TRIES && results.some((one) => one.analyte === 'ldl' && this.trends(one, day)); tries++) {
      results = this.measured(panel, values, day);
    }
    return results;
  }

  /** Keeps what was reported, for the reports that come before and after it. */
  keep(results: readonly Measured[], day: Day): void {
    for (const { analyte, kind, text } of results) {
      if (kind !== 'number') continue;
      const row = [...(this.reported.get(analyte) ?? []), { day, value: Number(text) }];
      this.reported.set(
        analyte,
        row.sort((a, b) => a.day - b.day),
      );
    }
  }

  private measured(panel: PanelKey, values: Partial<Record<AnalyteKey, Value>>, day: Day): Measured[] {
    const numbers = new Map<AnalyteKey, number>();
    const out = new Map<AnalyteKey, Measured>();
    const age = ageOn(this.person.birth, day);
    const members = panels[panel].members.filter((key) => key !== 'egfr' || age >= 18);
    const order = [...members.filter((key) => !DEPENDENT.includes(key)), ...members.filter((key) => DEPENDENT.includes(key))];
    for (const key of order) {
      const value = values[key] ?? this.derived(key, numbers, age) ?? this.near(key, numbers, day);
      const measured = measure(key, value, this.person);
      if (typeof value === 'number') numbers.set(key, Number(measured.text));
      out.set(key, measured);
    }
    return members.flatMap((key) => out.get(key) ?? []);
  }

  private derived(key: AnalyteKey, numbers: Map<AnalyteKey, number>, age: number): number | undefined {
    if (key === 'egfr') return egfr(numbers.get('creatinine') ?? 0.9, age, this.person.sex);
    if (key === 'hematocrit') return (numbers.get('hemoglobin') ?? 14) * 2.98;
    // Friedewald: LDL = total - HDL - triglycerides / 5, valid below 400 mg/dL of triglycerides (Clin Chem 1972;18:499).
    if (key === 'ldl') return (numbers.get('cholesterol') ?? 0) - (numbers.get('hdl') ?? 0) - (numbers.get('triglycerides') ?? 0) / 5;
    return undefined;
  }

  private near(key: AnalyteKey, numbers: Map<AnalyteKey, number>, day: Day): Value {
    if (analytes[key].unit === '') return 'Negative';
    // One specimen has one calcium, whichever panels ask for it.
    const today = this.reported.get(key)?.find((entry) => entry.day === day);
    if (today) return today.value;
    const centre = this.tied(key, numbers, day) ?? this.place(key, day);
    let value = centre;
    for (let tries = 0; tries < TRIES; tries++) {
      value = this.random.normal(centre, analytes[key].drift);
      if (!this.trends(measure(key, value, this.person), day)) return value;
    }
    return value;
  }

  /** Urea is cleared as creatinine is; chloride is what sodium and bicarbonate leave. */
  private tied(key: AnalyteKey, numbers: Map<AnalyteKey, number>, day: Day): number | undefined {
    const creatinine = numbers.get('creatinine');
    const sodium = numbers.get('sodium');
    const bicarbonate = numbers.get('bicarbonate');
    // Twelve to one is the low end of the usual ratio; liver disease and starvation, which go below it, are in no story.
    if (key === 'ureaNitrogen' && creatinine !== undefined)
      return Math.max(12 * creatinine, (this.place('ureaNitrogen', day) * creatinine) / this.place('creatinine', day));
    if (key === 'chloride' && sodium !== undefined && bicarbonate !== undefined) return sodium - bicarbonate - ANION_GAP;
    return undefined;
  }

  private place(key: AnalyteKey, day: Day): number {
    const usual = this.usuals.get(key)?.findLast((entry) => entry.from <= day);
    if (usual) return usual.value;
    const centre = this.setpoints.get(key) ?? setpoint(key, this.person, this.random);
    this.setpoints.set(key, centre);
    return centre;
  }

  /** Whether this value and its neighbours in time would rise or fall three times in a row. */
  private trends(measured: Measured, day: Day): boolean {
    if (measured.kind !== 'number') return false;
    const known = this.reported.get(measured.analyte) ?? [];
    const before = known.filter((entry) => entry.day < day).slice(-2);
    const after = known.filter((entry) => entry.day > day).slice(0, 2);
    const row = [...before, { value: Number(measured.text) }, ...after].map((entry) => entry.value);
    return row.some((value, index) => {
      const [next, last] = [row[index + 1], row[index + 2]];
      return next !== undefined && last !== undefined && ((value < next && next < last) || (value > next && next > last));
    });
  }
}

/** The printed value of one analyte of a report, as a note would quote it. */
export function printed(report: LabReport, key: AnalyteKey): string {
  const result = report.results.find((entry) => entry.analyte === key);
  return result ? `${result.comparator ?? ''}${result.text}` : '?';
}

/** The measured values of a panel without the calculated ones, as input for printing it again with something changed. */
export function valuesOf(results: Measured[]): Partial<Record<AnalyteKey, Value>> {
  const skip: AnalyteKey[] = ['egfr', 'hematocrit', 'ldl'];
  return Object.fromEntries(
    results
      .filter((result) => !skip.includes(result.analyte))
      .map((result) => [result.analyte, result.kind === 'word' ? result.text : Number(result.text)]),
  );
}
