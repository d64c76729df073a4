import type { Person } from './people.ts';
import type { Random } from './random.ts';

/*
 * One table of analytes, so it stands in one file. Ranges are those of one invented laboratory and lie within commonly published adult ranges;
 * `alarm` are values that a laboratory telephones. `usual` and `spread` place a healthy person, `drift` one person's day-to-day change.
 */
export type Analyte = {
  loinc: string;
  name: string;
  unit: string;
  decimals: number;
  male: Range;
  female: Range;
  usual: number;
  spread: number;
  drift: number;
  alarm?: Range;
};
export type Range = { low?: number; high?: number };

export const analytes = {
  sodium: analyte('2951-2', 'Sodium', 'mmol/L', 0, { low: 135, high: 145 }, 139.5, 1.5, 1, { low: 120, high: 160 }),
  potassium: analyte('2823-3', 'Potassium', 'mmol/L', 1, { low: 3.5, high: 5.1 }, 4.2, 0.2, 0.15, { low: 2.8, high: 6.2 }),
  chloride: analyte('2075-0', 'Chloride', 'mmol/L', 0, { low: 98, high: 107 }, 102, 1.4, 1),
  bicarbonate: analyte('2028-9', 'Carbon dioxide', 'mmol/L', 0, { low: 22, high: 29 }, 25.5, 1.1, 0.8),
  ureaNitrogen: analyte('3094-0', 'Urea nitrogen', 'mg/dL', 0, { low: 7, high: 20 }, 13.5, 2, 1.2),
  creatinine: analyte('2160-0', 'Creatinine', 'mg/dL', 2, { low: 0.7, high: 1.3 }, 0.9, 0.07, 0.03, undefined, { low: 0.5, high: 1.1 }),
  egfr: analyte('98979-8', 'eGFR (CKD-EPI 2021)', 'mL/min/{1.73_m2}', 0, { low: 60 }, 90, 0, 0),
  glucose: analyte('2345-7', 'Glucose', 'mg/dL', 0, { low: 70, high: 99 }, 89, 4, 4, { low: 45, high: 450 }),
  calcium: analyte('17861-6', 'Calcium', 'mg/dL', 1, { low: 8.6, high: 10.3 }, 9.4, 0.2, 0.12, { low: 6.5, high: 13 }),
  albumin: analyte('1751-7', 'Albumin', 'g/dL', 1, { low: 3.5, high: 5.0 }, 4.3, 0.15, 0.1),
  protein: analyte('2885-2', 'Total protein', 'g/dL', 1, { low: 6.0, high: 8.3 }, 7.1, 0.25, 0.15),
  alt: analyte('1742-6', 'ALT', 'U/L', 0, { low: 7, high: 52 }, 23, 5, 3),
  ast: analyte('1920-8', 'AST', 'U/L', 0, { low: 10, high: 40 }, 22, 4, 2.5),
  alp: analyte('6768-6', 'Alkaline phosphatase', 'U/L', 0, { low: 40, high: 129 }, 74, 12, 4),
  bilirubin: analyte('1975-2', 'Total bilirubin', 'mg/dL', 1, { low: 0.2, high: 1.2 }, 0.6, 0.12, 0.06),
  wbc: analyte('6690-2', 'White cell count', '10*3/uL', 1, { low: 4.0, high: 11.0 }, 6.8, 0.9, 0.5, { low: 1, high: 30 }),
  neutrophils: analyte('751-8', 'Neutrophils', '10*3/uL', 1, { low: 1.8, high: 7.7 }, 4.0, 0.6, 0.4, { low: 0.5 }),
  hemoglobin: analyte(
    '718-7',
    'Hemoglobin',
    'g/dL',
    1,
    { low: 13.5, high: 17.5 },
    14.9,
    0.5,
    0.2,
    { low: 7 },
    { low: 12.0, high: 15.5 },
    13.4,
  ),
  hematocrit: analyte('4544-3', 'Hematocrit', '%', 1, { low: 40, high: 52 }, 44, 0, 0, undefined, { low: 36, high: 47 }),
  mcv: analyte('787-2', 'MCV', 'fL', 1, { low: 80, high: 100 }, 89.5, 2, 0.5),
  platelets: analyte('777-3', 'Platelets', '10*3/uL', 0, { low: 150, high: 400 }, 248, 30, 12, { low: 30 }),
  cholesterol: analyte('2093-3', 'Total cholesterol', 'mg/dL', 0, { high: 200 }, 178, 14, 6),
  hdl: analyte('2085-9', 'HDL cholesterol', 'mg/dL', 0, { low: 40 }, 49, 5, 2, undefined, { low: 50 }, 57),
  triglycerides: analyte('2571-8', 'Triglycerides', 'mg/dL', 0, { high: 150 }, 108, 16, 9),
  ldl: analyte('13457-7', 'LDL cholesterol (calculated)', 'mg/dL', 0, { high: 100 }, 100, 0, 0),
  a1c: analyte('4548-4', 'Hemoglobin A1c', '%', 1, { low: 4.0, high: 5.6 }, 5.3, 0.15, 0.08),
  uacr: analyte('9318-7', 'Albumin/creatinine ratio, urine', 'mg/g', 0, { high: 30 }, 10, 3, 2),
  tsh: analyte('3016-3', 'TSH', 'm[IU]/L', 2, { low: 0.4, high: 4.5 }, 1.9, 0.5, 0.2),
  freeT4: analyte('3024-7', 'Free T4', 'ng/dL', 2, { low: 0.8, high: 1.8 }, 1.2, 0.12, 0.05),
  bnp: analyte('33762-6', 'NT-proBNP', 'pg/mL', 0, { high: 125 }, 62, 18, 8),
  psa: analyte('2857-1', 'PSA', 'ng/mL', 2, { high: 4 }, 1.1, 0.3, 0.06),
  testosterone: analyte('2986-8', 'Testosterone', 'ng/dL', 0, { low: 264, high: 916 }, 420, 60, 25),
  pth: analyte('2731-8', 'Parathyroid hormone', 'pg/mL', 0, { low: 15, high: 65 }, 41, 7, 4),
  phosphate: analyte('2777-1', 'Phosphate', 'mg/dL', 1, { low: 2.5, high: 4.5 }, 3.5, 0.3, 0.15),
  vitaminD: analyte('1989-3', 'Vitamin D, 25-hydroxy', 'ng/mL', 0, { low: 30, high: 100 }, 36, 5, 2),
  ferritin: analyte('2276-4', 'Ferritin', 'ng/mL', 0, { low: 24, high: 336 }, 110, 28, 10, undefined, { low: 11, high: 307 }, 62),
  inr: analyte('6301-6', 'INR', '{INR}', 1, { low: 0.9, high: 1.1 }, 1.0, 0.03, 0.03, { high: 5 }),
  cea: analyte('2039-6', 'CEA', 'ng/mL', 1, { high: 3 }, 1.4, 0.4, 0.2),
  ca153: analyte('6875-9', 'CA 15-3', 'U/mL', 0, { high: 30 }, 17, 3, 1.5),
  troponin: analyte('67151-1', 'Troponin T, high sensitivity', 'ng/L', 0, { high: 19 }, 8, 2, 1),
  glucoseChallenge: analyte('1504-0', 'Glucose, 1 hour after 50 g', 'mg/dL', 0, { high: 140 }, 112, 10, 6),
  lead: analyte('77307-7', 'Lead, venous blood', 'ug/dL', 1, { high: 3.5 }, 1.1, 0.3, 0.2),
  vitaminB12: analyte('2132-9', 'Vitamin B12', 'pg/mL', 0, { low: 232, high: 1245 }, 480, 80, 25),
  fit: words('29771-3', 'Fecal immunochemical test'),
  strep: words('78012-2', 'Group A strep antigen, throat'),
  groupB: words('6463-4', 'Group B strep culture'),
  urineCulture: words('630-4', 'Urine culture'),
  bloodGroup: words('882-1', 'ABO and Rh group'),
} as const satisfies Record<string, Analyte>;
export type AnalyteKey = keyof typeof analytes;

export const panels = {
  basic: panel('24320-4', 'Basic metabolic panel', 'sodium potassium chloride bicarbonate ureaNitrogen creatinine egfr glucose calcium'),
  complete: panel(
    '24323-8',
    'Comprehensive metabolic panel',
    'sodium potassium chloride bicarbonate ureaNitrogen creatinine egfr glucose calcium albumin protein alt ast alp bilirubin',
  ),
  bloodCount: panel('58410-2', 'Complete blood count', 'wbc hemoglobin hematocrit mcv platelets'),
  bloodCountDifferential: panel('57021-8', 'Complete blood count with differential', 'wbc neutrophils hemoglobin hematocrit mcv platelets'),
  lipids: panel('24331-1', 'Lipid panel', 'cholesterol hdl triglycerides ldl'),
  a1c: panel('4548-4', 'Hemoglobin A1c', 'a1c'),
  urineAlbumin: panel('9318-7', 'Urine albumin/creatinine ratio', 'uacr'),
  thyroid: panel('3016-3', 'TSH', 'tsh'),
  thyroidFull: panel('55204-3', 'Thyroid function', 'tsh freeT4'),
  bnp: panel('33762-6', 'NT-proBNP', 'bnp'),
  psa: panel('2857-1', 'PSA', 'psa'),
  testosterone: panel('2986-8', 'Testosterone', 'testosterone'),
  mineral: panel('24362-6', 'Renal function panel with PTH and vitamin D', 'calcium phosphate pth vitaminD'),
  iron: panel('2276-4', 'Ferritin', 'ferritin'),
  inr: panel('6301-6', 'INR', 'inr'),
  cea: panel('2039-6', 'CEA', 'cea'),
  ca153: panel('6875-9', 'CA 15-3', 'ca153'),
  troponin: panel('67151-1', 'Troponin', 'troponin'),
  glucoseChallenge: panel('1504-0', 'Glucose challenge', 'glucoseChallenge'),
  lead: panel('77307-7', 'Blood lead', 'lead'),
  vitaminB12: panel('2132-9', 'Vitamin B12', 'vitaminB12'),
  fit: panel('29771-3', 'Fecal immunochemical test', 'fit'),
  strep: panel('78012-2', 'Rapid strep test', 'strep'),
  groupB: panel('6463-4', 'Group B strep culture', 'groupB'),
  urineCulture: panel('630-4', 'Urine culture', 'urineCulture'),
  bloodGroup: panel('882-1', 'Blood group', 'bloodGroup'),
} as const satisfies Record<string, { loinc: string; name: string; members: readonly AnalyteKey[] }>;
export type PanelKey = keyof typeof panels;

/** Children of one to eleven years have their own blood count. */
const childRanges: Partial<Record<AnalyteKey, Range>> = {
  hemoglobin: { low: 11, high: 14.5 },
  hematocrit: { low: 33, high: 43 },
  mcv: { low: 74, high: 92 },
  wbc: { low: 4.5, high: 13.5 },
  platelets: { low: 150, high: 450 },
};

/** A measured value as the laboratory prints it: digits with their trailing zeros, or a word. */
export type Measured = { analyte: AnalyteKey; text: string; comparator?: '<' | '>'; flag: Flag; range: Range; kind: 'number' | 'word' };
export type Flag = 'N' | 'L' | 'H' | 'LL' | 'HH' | 'A';
export type Value = number | string | { below: number };

/** Where one person's healthy value of an analyte lies; drawn once so a chart does not jump about. */
export function setpoint(key: AnalyteKey, person: Person, random: Random): number {
  const row: Analyte & { usualFemale?: number } = analytes[key];
  const usual = person.sex === 'female' ? (row.usualFemale ?? row.usual * (key === 'creatinine' ? 0.82 : 1)) : row.usual;
  return random.normal(usual, row.spread);
}

/** Prints a value with the decimals that its method has, and flags it against the range of this laboratory. */
export function measure(key: AnalyteKey, value: Value, person: Person): Measured {
  const row: Analyte = analytes[key];
  const range = (person.age < 12 ? childRanges[key] : undefined) ?? (person.sex === 'female' ? row.female : row.male);
  if (typeof value === 'string') {
    const abnormal = /^(positive|detected|growth|[>≥])/i.test(value);
    return { analyte: key, text: value, flag: abnormal ? 'A' : 'N', range: {}, kind: 'word' };
  }
  if (typeof value === 'object')
    return {
      ...{ analyte: key, text: printed(value.below, row), comparator: '<', range, kind: 'number' },
      // Below a bound that is itself below the range is low; otherwise nothing abnormal is known.
      flag: range.low !== undefined && value.below <= range.low ? 'L' : 'N',
    };
  const text = printed(value, row);
  return { analyte: key, text, flag: flagOf(Number(text), range, row.alarm), range, kind: 'number' };
}

/** CKD-EPI 2021 creatinine equation, mL/min/1.73 m² (Inker et al., N Engl J Med 2021;385:1737); adults only. */
export function egfr(creatinineMgPerDl: number, age: number, sex: Person['sex']): number {
  const female = sex === 'female';
  const ratio = creatinineMgPerDl / (female ? 0.7 : 0.9);
  const alpha = female ? -0.241 : -0.302;
  return 142 * Math.min(ratio, 1) ** alpha * Math.max(ratio, 1) ** -1.2 * 0.9938 ** age * (female ? 1.012 : 1);
}

/** The creatinine at which CKD-EPI 2021 gives that eGFR: the same equation solved for values above its knot; mg/dL. */
export function creatinineFor(wanted: number, age: number, sex: Person['sex']): number {
  const female = sex === 'female';
  return (female ? 0.7 : 0.9) * ((142 * 0.9938 ** age * (female ? 1.012 : 1)) / wanted) ** (1 / 1.2);
}

const unitTexts: Record<string, string> = {
  'm[IU]/L': 'mIU/L',
  'mL/min/{1.73_m2}': 'mL/min/1.73 m²',
  '10*3/uL': 'K/µL',
  'ug/dL': 'µg/dL',
  '{INR}': 'INR',
  '{score}': 'points',
  'kg/m2': 'kg/m²',
  'mm[Hg]': 'mmHg',
  Cel: '°C',
};

/** A unit as people print it; the code stays UCUM. */
export function unitText(ucum: string): string {
  return unitTexts[ucum] ?? ucum;
}

/** The range as a report prints it. */
export function rangeText(range: Range): string {
  if (range.low !== undefined && range.high !== undefined) return `${range.low}-${range.high}`;
  if (range.low !== undefined) return `>=${range.low}`;
  return range.high === undefined ? '' : `<=${range.high}`;
}

function printed(value: number, row: Analyte): string {
  return Math.max(0, value).toFixed(row.decimals);
}

function flagOf(value: number, range: Range, alarm: Range | undefined): Flag {
  if (alarm?.low !== undefined && value < alarm.low) return 'LL';
  if (alarm?.high !== undefined && value > alarm.high) return 'HH';
  if (range.low !== undefined && value < range.low) return 'L';
  if (range.high !== undefined && value > range.high) return 'H';
  return 'N';
}

function analyte(
  loinc: string,
  name: string,
  unit: string,
  decimals: number,
  range: Range,
  usual: number,
  spread: number,
  drift: number,
  alarm?: Range,
  female?: Range,
  usualFemale?: number,
): Analyte & { usualFemale?: number } {
  return {
    ...{ loinc, name, unit, decimals, male: range, female: female ?? range, usual, spread, drift },
    ...(alarm ? { alarm } : {}),
    ...(usualFemale === undefined ? {} : { usualFemale }),
  };
}

function words(loinc: string, name: string): Analyte {
  return { loinc, name, unit: '', decimals: 0, male: {}, female: {}, usual: 0, spread: 0, drift: 0 };
}

function panel(loinc: string, name: string, members: string): { loinc: string; name: string; members: readonly AnalyteKey[] } {
  return { loinc, name, members: members.split(' ') as AnalyteKey[] };
}
