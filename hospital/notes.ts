import type { Chart, Medication, Note } from './chart.ts';
import { allergens, encounterTypes, familyProblems, reactions, relatives, sites } from './codes.ts';
import { ageOn, dayOf, type Minute, writtenDate } from './dates.ts';
import { counting, frequencies, routes } from './drugs.ts';
import { analytes, panels } from './labs.ts';
import { clinicians } from './people.ts';

/** A note as its clinician left it: what the chart held at that moment, in the abbreviations people use, and never anything from later. */
export function noteText(note: Note, chart: Chart): string {
  const { person } = chart;
  const writer = clinicians[note.who];
  const day = dayOf(note.encounter.start);
  const age = ageOn(person.birth, day);
  const sections = [
    'NORTH HOSPITAL AND CLINICS',
    `${note.title.toUpperCase()} - ${writer.role}`,
    `Pt: ${person.family}, ${person.given} ${person.middle}.   MRN: ${person.mrn}   DOB: ${writtenDate(person.birth)}   ${age} yo ${person.sex === 'female' ? 'F' : 'M'}`,
    `DOS: ${dates(note)}   ${encounterTypes[note.encounter.kind].display}`,
    '',
    `CC: ${note.encounter.reason}`,
    `HPI: ${note.story}`,
    ...(note.brief ? [] : history(note, chart)),
    ...vitals(note, chart),
    ...(note.exam === undefined || note.encounter.kind === 'telehealth' ? [] : [`EXAM: ${note.exam}`]),
    ...labs(note, chart),
    '',
    note.encounter.kind === 'inpatient' ? 'HOSPITAL COURSE/PLAN:' : 'A/P:',
    ...note.plan.map((line, index) => `${index + 1}. ${line}`),
    '',
    `Electronically signed: ${writer.given} ${writer.family}, ${writer.role}`,
  ];
  return `${sections.join('\n')}\n`;
}

/** How a prescription reads on its label: "Take 1 tablet (500 mg) by mouth twice daily with meals". */
export function instruction(medication: Medication): string {
  const { drug, units, frequency, extra, asNeeded } = medication;
  const route = routes[drug.route];
  const counted = `${units} ${counting(drug.form, units)}`;
  const amount = drug.unit === drug.form || drug.ucum === '[iU]' ? counted : `${counted} (${doseText(medication)} ${doseUnit(medication)})`;
  return [
    [route.verb, amount, route.words, frequencies[frequency].words].filter((word) => word !== '').join(' '),
    ...(extra === undefined ? [] : [extra]),
    ...(asNeeded === undefined ? [] : [`as needed for ${asNeeded}`]),
  ].join(' ');
}

/** One dose in the drug's own unit, without binary noise. */
export function doseText(medication: Medication): string {
  return String(Math.round(medication.units * medication.drug.dose * 1000) / 1000);
}

/** The unit of one dose as people write it: "2 puffs", "1 puff", "500 mg". */
export function doseUnit(medication: Medication): string {
  return counting(medication.drug.unit, medication.units * medication.drug.dose);
}

function dates(note: Note): string {
  const first = writtenDate(dayOf(note.encounter.start));
  return note.encounter.kind === 'inpatient' ? `${first} to ${writtenDate(dayOf(note.encounter.end))}` : first;
}

function history(note: Note, chart: Chart): string[] {
  const now = note.at;
  return [
    `PMH: ${problemList(chart, now)}`,
    `MEDS: ${medicationList(chart, now)}`,
    `ALLERGIES: ${allergyLine(chart, now)}`,
    `FHx: ${familyLine(chart)}`,
  ];
}

function problemList(chart: Chart, now: Minute): string {
  const today = dayOf(now);
  const current = chart.conditions.filter(
    (entry) =>
      entry.certainty !== 'entered-in-error' &&
      entry.certainty !== 'refuted' &&
      entry.category === 'problem-list-item' &&
      entry.onset <= today &&
      (entry.abated ?? Infinity) > today,
  );
  return (
    current
      .map(
        (entry) =>
          `${entry.problem.display}${entry.site && entry.site !== 'prostate' ? ` (${sites[entry.site].display.toLowerCase()})` : ''}`,
      )
      .join('; ') || 'none significant'
  );
}

function medicationList(chart: Chart, now: Minute): string {
  const current = chart.medications.filter((entry) => entry.start <= now && (entry.end ?? Infinity) > now);
  const lines = current.map(
    (entry) =>
      `${entry.drug.name} ${doseText(entry)} ${doseUnit(entry)} ${frequencies[entry.frequency].short}${entry.asNeeded ? ' prn' : ''}`,
  );
  return lines.join(', ') || 'none';
}

function allergyLine(chart: Chart, now: Minute): string {
  const known = chart.allergies.filter((entry) => entry.recorded <= now && entry.certainty !== 'refuted');
  if (known.some((entry) => entry.kind === 'none-known')) return 'NKDA';
  const lines = known.map((entry) =>
    entry.allergen
      ? `${allergens[entry.allergen].short}${entry.reaction ? ` (${reactions[entry.reaction].display.toLowerCase()})` : ''}`
      : '',
  );
  return lines.join(', ') || 'not reviewed';
}

function familyLine(chart: Chart): string {
  const lines = chart.relatives.map(
    (entry) =>
      `${relatives[entry.who].display} - ${familyProblems[entry.problem].display.toLowerCase()} at ${entry.age}${entry.deceasedAt === undefined ? '' : `, died at ${entry.deceasedAt}`}`,
  );
  return lines.join('; ') || 'noncontributory';
}

function vitals(note: Note, chart: Chart): string[] {
  const taken = chart.vitals.find((entry) => entry.encounter === note.encounter);
  if (!taken) return [];
  return [
    `VITALS: BP ${taken.systolic}/${taken.diastolic}  HR ${taken.pulse}  RR ${taken.breaths}  T ${taken.celsius} C  SpO2 ${taken.saturation}%  Wt ${taken.kilograms} kg`,
  ];
}

function labs(note: Note, chart: Chart): string[] {
  const known = chart.reports.filter(
    (report) => report.course !== 'withdrawn' && report.resulted + (report.course === 'corrected' ? 95 : 0) <= note.at,
  );
  const recent = known.filter((report) => note.at - report.resulted < 21 * 1440);
  const lines = recent.slice(-4).map((report) => {
    const values = report.results.map(
      (result) =>
        `${analytes[result.analyte].name} ${result.comparator ?? ''}${result.text}${result.flag === 'N' ? '' : ` (${result.flag})`}`,
    );
    return `${writtenDate(dayOf(report.drawn))} ${panels[report.panel].name}: ${values.join(', ')}`;
  });
  return lines.length === 0 ? [] : ['DATA:', ...lines];
}
