import type { Chart, LabReport, PathologyReport } from './chart.ts';
import { hl7Time, type Minute } from './dates.ts';
import { placerNumber } from './fhir-clinical.ts';
import { escaped, type Message, msh, pid, pv1, segment, xcn } from './hl7-segments.ts';
import { inLabFeed } from './lab-feed.ts';
import { type AnalyteKey, analytes, type Measured, measure, panels, rangeText, unitText } from './labs.ts';
import type { Person } from './people.ts';
import type { Random } from './random.ts';

type Sending = {
  sent: Minute;
  reported: Minute;
  status: 'P' | 'F' | 'C' | 'W';
  results: Measured[];
  changed: Set<AnalyteKey>;
  comment?: string | undefined;
};

/** Results of the last 120 days as the laboratory sends them (ORU^R01, HL7 v2.5.1 §7.3.1): preliminary, final, corrected, late and repeated ones. */
export function oruMessages(chart: Chart, random: Random): Message[] {
  const messages: Message[] = [];
  let count = 0;
  const control = (): string => `L${chart.person.mrn}${String(++count).padStart(3, '0')}`;
  for (const report of chart.reports) {
    if (!inLabFeed(chart, report.resulted)) continue;
    const analyzer = random.chance(0.1) ? `LINE${random.int(1, 4)}` : undefined;
    for (const sending of sendings(report, chart.person)) messages.push(oru(chart, chart.person.mrn, report, sending, control(), analyzer));
    const last = messages.at(-1);
    if (report.course === 'duplicate' && last) messages.push({ ...last, sent: last.sent + 11 });
  }
  for (const report of chart.pathology) if (inLabFeed(chart, report.at)) messages.push(pathology(chart, report, control()));
  return messages;
}

/** One final result sent under another number than the patient's own, as happens before a merge. */
export function strayResult(chart: Chart, report: LabReport, mrn: string): Message {
  return oru(
    chart,
    mrn,
    report,
    { sent: report.resulted, reported: report.resulted, status: 'F', results: report.results, changed: new Set() },
    `L${mrn}001`,
    undefined,
  );
}

/** A result under the patient's own number with a birth date that was mistyped at the desk: whoever receives it must not file it. */
export function mistypedResult(chart: Chart, report: LabReport): Message {
  const mistyped = { ...chart, person: { ...chart.person, birth: chart.person.birth + 9 } };
  const final: Sending = { sent: report.resulted, reported: report.resulted, status: 'F', results: report.results, changed: new Set() };
  return oru(mistyped, chart.person.mrn, report, final, `L${chart.person.mrn}901`, undefined);
}

/** What arrives for one report, in the order of sending. */
function sendings(report: LabReport, person: Person): Sending[] {
  const { resulted, results, comment } = report;
  const none = new Set<AnalyteKey>();
  const early = Math.max(report.drawn + 30, resulted - 55);
  const preliminary: Sending = { sent: early, reported: early, status: 'P', results: rough(results, person), changed: none };
  const final: Sending = { sent: resulted, reported: resulted, status: 'F', results, changed: none, comment };
  if (report.course === 'preliminary') return [preliminary, final];
  if (report.course === 'late-preliminary') return [final, { ...preliminary, sent: resulted + 25 }];
  if (report.course === 'withdrawn') {
    const later = resulted + 150;
    return [
      { ...final, comment: undefined },
      { ...final, sent: later, reported: later, status: 'W' },
    ];
  }
  if (report.course !== 'corrected' || !report.before) return [final];
  const before = report.before;
  const changed = new Set(results.filter((result, index) => before[index]?.text !== result.text).map((result) => result.analyte));
  const later = resulted + 95;
  return [
    { sent: resulted, reported: resulted, status: 'F', results: before, changed: none },
    { sent: later, reported: later, status: 'C', results, changed, comment },
  ];
}

/** A preliminary value is near the final one, not equal to it: the first number of a panel differs a little. */
function rough(results: Measured[], person: Person): Measured[] {
  const first = results.findIndex((result) => result.kind === 'number' && result.comparator === undefined);
  return results.map((result, index) => (index === first ? measure(result.analyte, Number(result.text) * 1.04, person) : result));
}

function oru(chart: Chart, mrn: string, report: LabReport, sending: Sending, control: string, analyzer: string | undefined): Message {
  const panel = panels[report.panel];
  const own = mrn === chart.person.mrn;
  const placer = own ? `${placerNumber(chart, report.number)}^NORTH^2.999.1.2^ISO` : `P${mrn}001^NORTH^2.999.1.2^ISO`;
  const filler = `F${mrn}${String(report.number).padStart(3, '0')}^NORTHLAB^2.999.1.3^ISO`;
  const text = [
    msh('NORTHLAB', 'ORU^R01^ORU_R01', control, sending.sent),
    pid(chart.person, mrn),
    report.encounter ? pv1(chart, report.encounter, false) : '',
    segment('ORC', {
      1: 'RE',
      2: placer,
      3: filler,
      5: sending.status === 'P' ? 'IP' : 'CM',
      9: hl7Time(report.drawn - 20),
      12: xcn(report.who),
    }),
    segment('OBR', {
      1: '1',
      2: placer,
      3: filler,
      4: `${panel.loinc}^${escaped(panel.name)}^LN`,
      7: hl7Time(report.drawn),
      14: hl7Time(report.drawn + 25),
      16: xcn(report.who),
      22: hl7Time(sending.reported),
      24: 'LAB',
      // OBR-25 has no W (table 0123): a withdrawn result is sent as a correction whose observations are W (table 0085).
      25: sending.status === 'W' ? 'C' : sending.status,
    }),
    ...sending.results.map((result, index) => obx(report, sending, result, index)),
    sending.comment === undefined ? '' : segment('NTE', { 1: '1', 2: 'L', 3: escaped(sending.comment) }),
    segment('SPM', { 1: '1', 4: specimen(report), 17: hl7Time(report.drawn), 18: hl7Time(report.drawn + 25) }),
    analyzer === undefined ? '' : segment('ZLB', { 1: '1', 2: analyzer, 3: 'AUTOVERIFIED' }),
  ].join('');
  return { sent: sending.sent, text, kind: `ORU^R01 ${sending.status}` };
}

function obx(report: LabReport, sending: Sending, result: Measured, index: number): string {
  const row = analytes[result.analyte];
  const status = sending.status === 'C' && !sending.changed.has(result.analyte) ? 'F' : sending.status;
  return segment('OBX', {
    1: String(index + 1),
    ...typedValue(result),
    3: `${row.loinc}^${escaped(row.name)}^LN`,
    6: row.unit === '' ? undefined : `${row.unit}^${unitText(row.unit)}^UCUM`,
    7: rangeText(result.range) || undefined,
    8: result.flag,
    11: status,
    14: hl7Time(report.drawn),
    15: 'NORTHLAB^North Laboratory^L',
    19: hl7Time(sending.reported),
  });
}

/** OBX-2 and OBX-5: NM for a plain number, SN where a comparator stands before it, CWE for coded words, ST for the rest (§7.4.2.2). */
function typedValue(result: Measured): { 2: string; 5: string } {
  if (result.kind === 'number')
    return result.comparator ? { 2: 'SN', 5: `${result.comparator}^${result.text}` } : { 2: 'NM', 5: result.text };
  const coded = { Negative: '260385009', Positive: '10828004' }[result.text];
  return coded === undefined ? { 2: 'ST', 5: escaped(result.text) } : { 2: 'CWE', 5: `${coded}^${result.text}^SCT` };
}

function specimen(report: LabReport): string {
  const kinds: Partial<Record<LabReport['panel'], string>> = {
    bloodCount: '445295009^Blood specimen with EDTA^SCT',
    bloodCountDifferential: '445295009^Blood specimen with EDTA^SCT',
    a1c: '445295009^Blood specimen with EDTA^SCT',
    urineAlbumin: '122575003^Urine specimen^SCT',
    urineCulture: '122575003^Urine specimen^SCT',
    fit: '119339001^Stool specimen^SCT',
    strep: '258529004^Throat swab^SCT',
    lead: '122555007^Venous blood specimen^SCT',
  };
  return kinds[report.panel] ?? '119364003^Serum specimen^SCT';
}

/** A pathology report as text: TX lines, or one FT field with `\.br\` between them, as laboratories differ. */
function pathology(chart: Chart, report: PathologyReport, control: string): Message {
  const placer = `${placerNumber(chart, report.number)}^NORTH^2.999.1.2^ISO`;
  const filler = `S${chart.person.mrn}${String(report.number).padStart(3, '0')}^NORTHLAB^2.999.1.3^ISO`;
  const formatted = report.formatted ?? false;
  const parts: [string, string, string[]][] = [
    ['22633-2', 'Specimen', [report.specimen]],
    ['22637-3', 'Final diagnosis', report.diagnosis],
    ...(report.comment === undefined ? [] : [['48767-8', 'Comment', [report.comment]] as [string, string, string[]]]),
  ];
  let set = 0;
  const observation = (loinc: string, name: string, type: string, value: string, sub: number): string =>
    segment('OBX', {
      1: String(++set),
      2: type,
      3: `${loinc}^${name}^LN`,
      4: String(sub),
      5: value,
      11: 'F',
      14: hl7Time(report.at - 1440),
      15: 'NORTHLAB^North Laboratory^L',
    });
  const lines = parts.flatMap(([loinc, name, texts]) =>
    formatted
      ? [observation(loinc, name, 'FT', texts.map(escaped).join('\\.br\\'), 1)]
      : texts.map((text, index) => observation(loinc, name, 'TX', escaped(text), index + 1)),
  );
  const text = [
    msh('NORTHLAB', 'ORU^R01^ORU_R01', control, report.at + 45),
    pid(chart.person),
    segment('ORC', { 1: 'RE', 2: placer, 3: filler, 5: 'CM', 9: hl7Time(report.at - 1440), 12: xcn(report.who) }),
    segment('OBR', {
      ...{
        1: '1',
        2: placer,
        3: filler,
        4: '11526-1^Pathology report^LN',
        7: hl7Time(report.at - 1440),
        16: xcn(report.who),
        22: hl7Time(report.at + 45),
        24: 'SP',
        25: 'F',
      },
      32: `${xcn(report.who).split('^').slice(0, 3).join('&')}`,
    }),
    ...lines,
  ].join('');
  return { sent: report.at + 45, text, kind: 'ORU^R01 F' };
}
