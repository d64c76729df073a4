import type { LabReport } from './chart.ts';
import { ageOn, type Day } from './dates.ts';
import { type AnalyteKey, analytes, egfr, type Measured, measure, type PanelKey, panels, setpoint, type Value } from './labs.ts';
import type { Person } from './people.ts';
import type { Random } from './random.ts';

/** The laboratory as far as one person is concerned: it remembers where this person's healthy values lie. */
export class LabBench {
  private readonly person: Person;
  private readonly random: Random;
  private readonly setpoints = new Map<AnalyteKey, number>();

  constructor(person: Person, random: Random) {
    this.person = person;
    this.random = random;
  }

  /** Every member of a panel: given values as given, calculated ones calculated, the rest near this person's own. */
  results(panel: PanelKey, values: Partial<Record<AnalyteKey, Value>>, day: Day): Measured[] {
    const numbers = new Map<AnalyteKey, number>();
    const out: Measured[] = [];
    const age = ageOn(this.person.birth, day);
    for (const key of panels[panel].members) {
      if (key === 'egfr' && age < 18) continue;
      const value = values[key] ?? this.derived(key, numbers, age) ?? this.near(key);
      const measured = measure(key, value, this.person);
      if (typeof value === 'number') numbers.set(key, Number(measured.text));
      out.push(measured);
    }
    return out;
  }

  private derived(key: AnalyteKey, numbers: Map<AnalyteKey, number>, age: number): number | undefined {
    if (key === 'egfr') return egfr(numbers.get('creatinine') ?? 0.9, age, this.person.sex);
    if (key === 'hematocrit') return (numbers.get('hemoglobin') ?? 14) * 2.98;
    // Friedewald: LDL = total - HDL - triglycerides / 5, valid below 400 mg/dL of triglycerides (Clin Chem 1972;18:499).
    if (key === 'ldl') return (numbers.get('cholesterol') ?? 0) - (numbers.get('hdl') ?? 0) - (numbers.get('triglycerides') ?? 0) / 5;
    return undefined;
  }

  private near(key: AnalyteKey): Value {
    if (analytes[key].unit === '') return 'Negative';
    let centre = this.setpoints.get(key);
    if (centre === undefined) {
      centre = setpoint(key, this.person, this.random);
      this.setpoints.set(key, centre);
    }
    return this.random.normal(centre, analytes[key].drift);
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
