import type { Chart, Finding, ImageReport, LabReport, Note, PathologyReport, Vitals } from './chart.ts';
import { imaging, SYSTEM, sites } from './codes.ts';
import { isoDate, isoTime } from './dates.ts';
import { encounterAt } from './fhir-clinical.ts';
import {
  base64,
  concept,
  hospitalReference,
  laboratoryReference,
  patientReference,
  practitionerReference,
  quantity,
  type Resource,
  reference,
  snomed,
  status,
} from './fhir-parts.ts';
import { inLabFeed } from './lab-feed.ts';
import { analytes, type Flag, type Measured, panels, rangeText, unitText } from './labs.ts';
import { noteText } from './notes.ts';

/** Vital signs, laboratory results, reports and notes as FHIR R4. What the laboratory feed sends is not here: nobody gets it twice. */
export function diagnosticResources(chart: Chart): Resource[] {
  return [
    ...chart.vitals.flatMap((entry) => vitalSigns(chart, entry)),
    ...chart.findings.map((entry, index) => finding(chart, entry, index)),
    ...chart.reports.filter((report) => !inLabFeed(chart, report.resulted)).flatMap((report) => labReport(chart, report)),
    ...chart.images.map((report, index) => imageReport(chart, report, index)),
    ...chart.pathology.filter((report) => !inLabFeed(chart, report.at)).map((report) => pathologyReport(chart, report)),
    ...chart.notes.map((note) => documentReference(chart, note)),
  ];
}

function vitalSigns(chart: Chart, entry: Vitals): Resource[] {
  const { mrn } = chart.person;
  const out: Resource[] = [];
  const shared = {
    status: 'final',
    category: [status('observation-category', 'vital-signs')],
    subject: patientReference(chart),
    encounter: reference('Encounter', `enc-${mrn}-${entry.encounter.number}`),
    effectiveDateTime: isoTime(entry.at),
  };
  const add = (loinc: string, display: string, rest: Record<string, unknown>): void => {
    out.push({
      resourceType: 'Observation',
      id: `vit-${mrn}-${entry.encounter.number}-${loinc}`,
      ...shared,
      code: concept(SYSTEM.loinc, loinc, display),
      ...rest,
    });
  };
  const single = (loinc: string, display: string, value: number | undefined, unit: string): void => {
    if (value !== undefined) add(loinc, display, { valueQuantity: quantity(String(value), unitText(unit), unit) });
  };
  if (entry.systolic !== undefined && entry.diastolic !== undefined) {
    add('85354-9', 'Blood pressure', {
      component: [
        {
          code: concept(SYSTEM.loinc, '8480-6', 'Systolic blood pressure'),
          valueQuantity: quantity(String(entry.systolic), unitText('mm[Hg]'), 'mm[Hg]'),
        },
        {
          code: concept(SYSTEM.loinc, '8462-4', 'Diastolic blood pressure'),
          valueQuantity: quantity(String(entry.diastolic), unitText('mm[Hg]'), 'mm[Hg]'),
        },
      ],
    });
  }
  single('8867-4', 'Heart rate', entry.pulse, '/min');
  single('2708-6', 'Oxygen saturation', entry.saturation, '%');
  single('29463-7', 'Body weight', entry.kilograms, 'kg');
  const acute = entry.encounter.kind === 'emergency' || entry.encounter.kind === 'inpatient' || (entry.celsius ?? 0) >= 37.5;
  if (acute) {
    single('8310-5', 'Body temperature', entry.celsius, 'Cel');
    single('9279-1', 'Respiratory rate', entry.breaths, '/min');
  }
  const child = chart.person.age < 19;
  const first = chart.vitals.find((other) => other.kilograms !== undefined) === entry;
  if (child || first) single('8302-2', 'Body height', entry.centimetres, 'cm');
  if (!child && entry.kilograms !== undefined && entry.centimetres !== undefined) {
    const index = (entry.kilograms * 10_000) / (entry.centimetres * entry.centimetres);
    add('39156-5', 'Body mass index', { valueQuantity: quantity(index.toFixed(1), unitText('kg/m2'), 'kg/m2') });
  }
  return out;
}

function finding(chart: Chart, entry: Finding, index: number): Resource {
  const { value } = entry;
  return {
    resourceType: 'Observation',
    id: `fnd-${chart.person.mrn}-${index + 1}`,
    status: 'final',
    category: [status('observation-category', entry.category)],
    code: concept(entry.system, entry.code, entry.display),
    subject: patientReference(chart),
    ...(entry.encounter ? { encounter: reference('Encounter', `enc-${chart.person.mrn}-${entry.encounter.number}`) } : {}),
    effectiveDateTime: isoTime(entry.at),
    ...(value.kind === 'score' ? { valueQuantity: quantity(value.text, unitText(value.unit), value.unit) } : {}),
    ...(value.kind === 'coded' ? { valueCodeableConcept: concept(value.system, value.code, value.display) } : {}),
    ...(value.kind === 'integer' ? { valueInteger: value.number } : {}),
    ...(value.kind === 'date' ? { valueDateTime: isoDate(value.day) } : {}),
    ...(entry.site === undefined ? {} : { bodySite: snomed(sites[entry.site]) }),
  };
}

function labReport(chart: Chart, report: LabReport): Resource[] {
  const { mrn } = chart.person;
  const panel = panels[report.panel];
  const corrected = report.course === 'corrected';
  const encounter = report.encounter ? { encounter: reference('Encounter', `enc-${mrn}-${report.encounter.number}`) } : {};
  const issued = isoTime(corrected ? report.resulted + 95 : report.resulted);
  const observations = report.results.map((result, index): Resource => {
    const changed = corrected && report.before?.[index]?.text !== result.text;
    return {
      resourceType: 'Observation',
      id: `lab-${mrn}-${report.number}-${index + 1}`,
      status: changed ? 'corrected' : 'final',
      category: [status('observation-category', 'laboratory')],
      code: concept(SYSTEM.loinc, analytes[result.analyte].loinc, analytes[result.analyte].name),
      subject: patientReference(chart),
      ...encounter,
      effectiveDateTime: isoTime(report.drawn),
      issued,
      performer: [laboratoryReference],
      ...measuredValue(result),
      interpretation: [concept(`${SYSTEM.v3}ObservationInterpretation`, result.flag, flagWords[result.flag])],
      ...(changed && report.comment !== undefined ? { note: [{ text: report.comment }] } : {}),
      ...referenceRange(result),
    };
  });
  const single = panel.members.length === 1;
  const diagnostic: Resource = {
    resourceType: 'DiagnosticReport',
    id: `rep-${mrn}-${report.number}`,
    status: corrected ? 'corrected' : 'final',
    category: [concept(`${SYSTEM.v2}0074`, 'LAB', 'Laboratory')],
    code: concept(SYSTEM.loinc, panel.loinc, panel.name),
    subject: patientReference(chart),
    ...encounter,
    effectiveDateTime: isoTime(report.drawn),
    issued,
    performer: [laboratoryReference],
    result: observations.map((observation) => reference('Observation', observation.id)),
  };
  return single ? observations : [...observations, diagnostic];
}

const flagWords: Record<Flag, string> = { N: 'Normal', L: 'Low', H: 'High', LL: 'Critically low', HH: 'Critically high', A: 'Abnormal' };

function measuredValue(result: Measured): Record<string, unknown> {
  const { unit } = analytes[result.analyte];
  if (result.kind === 'number') {
    return {
      valueQuantity: { ...quantity(result.text, unitText(unit), unit), ...(result.comparator ? { comparator: result.comparator } : {}) },
    };
  }
  const coded = { Negative: '260385009', Positive: '10828004' }[result.text];
  return coded === undefined ? { valueString: result.text } : { valueCodeableConcept: concept(SYSTEM.snomed, coded, result.text) };
}

function referenceRange(result: Measured): Record<string, unknown> {
  const { low, high } = result.range;
  if (low === undefined && high === undefined) return {};
  const { unit } = analytes[result.analyte];
  const bound = (value: number): Record<string, string> => quantity(String(value), unitText(unit), unit);
  return {
    referenceRange: [
      {
        ...(low === undefined ? {} : { low: bound(low) }),
        ...(high === undefined ? {} : { high: bound(high) }),
        text: rangeText(result.range),
      },
    ],
  };
}

function imageReport(chart: Chart, report: ImageReport, index: number): Resource {
  const kind = imaging[report.kind];
  const side = report.site === undefined ? '' : ` (${sites[report.site].display.toLowerCase()})`;
  const text = `${kind.display.toUpperCase()}${side}\n\nINDICATION: ${report.indication}\n\nFINDINGS: ${report.findings}\n\nIMPRESSION: ${report.impression}\n`;
  return {
    resourceType: 'DiagnosticReport',
    id: `img-${chart.person.mrn}-${index + 1}`,
    status: 'final',
    category: [concept(`${SYSTEM.v2}0074`, 'RAD', 'Radiology')],
    code: concept(SYSTEM.loinc, kind.loinc, kind.display),
    subject: patientReference(chart),
    ...encounterAt(chart, report.at),
    effectiveDateTime: isoTime(report.at),
    issued: isoTime(report.at + 75),
    performer: [hospitalReference],
    resultsInterpreter: [practitionerReference(report.who)],
    conclusion: report.impression,
    presentedForm: [attachment(text, kind.display)],
  };
}

function pathologyReport(chart: Chart, report: PathologyReport): Resource {
  const text = [
    `SURGICAL PATHOLOGY: ${report.title}`,
    '',
    `SPECIMEN: ${report.specimen}`,
    '',
    'DIAGNOSIS:',
    ...report.diagnosis,
    ...(report.comment ? ['', `COMMENT: ${report.comment}`] : []),
  ].join('\n');
  return {
    resourceType: 'DiagnosticReport',
    id: `path-${chart.person.mrn}-${report.number}`,
    status: 'final',
    category: [concept(`${SYSTEM.v2}0074`, 'SP', 'Surgical pathology')],
    code: { ...concept(SYSTEM.loinc, '11526-1', 'Pathology report'), text: report.title },
    subject: patientReference(chart),
    effectiveDateTime: isoTime(report.at),
    issued: isoTime(report.at + 45),
    performer: [laboratoryReference],
    resultsInterpreter: [practitionerReference(report.who)],
    conclusion: report.diagnosis.join(' '),
    presentedForm: [attachment(`${text}\n`, report.title)],
  };
}

function documentReference(chart: Chart, note: Note): Resource {
  const types = {
    'Progress note': '11506-3',
    'Discharge summary': '18842-5',
    'Operative note': '11504-8',
    'Consultation note': '11488-4',
    'Telephone note': '34748-4',
    'Emergency note': '34111-5',
  } as const;
  return {
    resourceType: 'DocumentReference',
    id: `note-${chart.person.mrn}-${note.encounter.number}`,
    status: 'current',
    docStatus: 'final',
    type: concept(SYSTEM.loinc, types[note.title], note.title),
    category: [concept('http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category', 'clinical-note', 'Clinical note')],
    subject: patientReference(chart),
    date: isoTime(note.at),
    author: [practitionerReference(note.who)],
    custodian: hospitalReference,
    content: [{ attachment: attachment(noteText(note, chart), note.title) }],
    context: {
      encounter: [reference('Encounter', `enc-${chart.person.mrn}-${note.encounter.number}`)],
      period: { start: isoTime(note.encounter.start), end: isoTime(note.encounter.end) },
    },
  };
}

function attachment(text: string, title: string): Record<string, unknown> {
  return { contentType: 'text/plain; charset=utf-8', data: base64(text), title };
}
