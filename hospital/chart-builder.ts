import type {
  Appointment,
  Chart,
  Condition,
  Encounter,
  Finding,
  LabReport,
  Medication,
  Order,
  PathologyReport,
  Statement,
  Vitals,
} from './chart.ts';
import type {
  AllergenKey,
  EncounterKind,
  FamilyProblemKey,
  ImagingKey,
  ProblemKey,
  ProcedureKey,
  ReactionKey,
  RelativeKey,
  SiteKey,
  VaccineKey,
} from './codes.ts';
import { problems, SYSTEM } from './codes.ts';
import { ageOn, at, clinicDay, type Day, dayOf, type Minute } from './dates.ts';
import { type DrugKey, drugs, supplied } from './drugs.ts';
import { LabBench, valuesOf } from './lab-bench.ts';
import type { AnalyteKey, PanelKey } from './labs.ts';
import type { ClinicianKey, Person } from './people.ts';
import type { Random } from './random.ts';
import type { DrawOptions, PrescribeOptions, VisitOptions } from './story-options.ts';

/**
 * The vocabulary in which an archetype tells a patient's story: every verb adds to the chart, `ago` counts days before the anchor day.
 * It keeps one setpoint per analyte and one body per person, so trends are the archetype's doing and noise stays small.
 */
export class ChartBuilder {
  readonly chart: Chart;
  readonly person: Person;
  readonly random: Random;
  readonly anchor: Day;
  private readonly laboratory: LabBench;
  /** One needle a morning: every panel of a day shares its collection time. */
  private readonly collections = new Map<Day, Minute>();
  private readonly body: { systolic: number; diastolic: number; pulse: number; kilograms: number; centimetres: number };
  private numbers = 0;

  constructor(person: Person, archetype: string, anchor: Day, random: Random) {
    this.person = person;
    this.random = random;
    this.laboratory = new LabBench(person, random);
    this.anchor = anchor;
    this.chart = emptyChart(person, archetype, anchor);
    const tall = person.sex === 'female' ? random.normal(163, 5) : random.normal(176, 6);
    const centimetres = Math.round(tall);
    const index = random.normal(27.5, 2);
    this.body = {
      systolic: random.normal(124, 5),
      diastolic: random.normal(76, 4),
      pulse: random.normal(73, 5),
      kilograms: Math.round(((index * centimetres * centimetres) / 10_000) * 10) / 10,
      centimetres,
    };
  }

  /** Draws one of several ways to say or do something. */
  pick<T>(...list: T[]): T {
    return this.random.pick(list);
  }

  /** A value with a little noise around it. */
  about(value: number, spread: number): number {
    return this.random.normal(value, spread);
  }

  weight(): number {
    return this.body.kilograms;
  }

  /** Changes what the scales will show from now on. */
  setWeight(kilograms: number): void {
    this.body.kilograms = Math.round(kilograms * 10) / 10;
  }

  /** Sets the weight that gives this body mass index (kg/m²) at the person's height. */
  setIndex(index: number): void {
    this.setWeight((index * this.body.centimetres * this.body.centimetres) / 10_000);
  }

  setBody(body: { systolic?: number; diastolic?: number; pulse?: number; centimetres?: number }): void {
    Object.assign(this.body, body);
  }

  day(ago: number): Day {
    return this.anchor - ago;
  }

  /** The day on which a visit or a draw planned for then takes place: the clinic is closed at weekends. */
  clinicDay(ago: number): Day {
    return clinicDay(this.day(ago));
  }

  /** Places this person's values of an analyte, for good or from a day on; the laboratory's noise stays around it. */
  usual(key: AnalyteKey, value: number, ago = 100_000): void {
    this.laboratory.usual(key, value, this.day(ago));
  }

  visit(options: VisitOptions): Encounter {
    const kind = options.kind ?? 'office';
    const scheduled = options.elective ?? (kind !== 'emergency' && kind !== 'inpatient');
    const day = scheduled ? clinicDay(this.day(options.ago)) : this.day(options.ago);
    const start = at(day, options.hour ?? this.random.int(scheduled ? 9 : 6, scheduled ? 15 : 13), this.random.int(0, 11) * 5);
    const end =
      kind === 'inpatient'
        ? at(day + (options.nights ?? 2), this.random.int(10, 13), this.random.int(0, 11) * 5)
        : start + this.lasts(kind);
    const encounter: Encounter = {
      number: ++this.numbers,
      kind,
      start,
      end,
      who: options.who,
      reason: options.reason,
      disposition: options.disposition,
    };
    this.chart.encounters.push(encounter);
    if (options.vitals !== 'none' && kind !== 'telehealth') this.takeVitals(encounter, options.vitals ?? {});
    if (options.story !== undefined) this.write(encounter, options, end);
    return encounter;
  }

  condition(
    key: ProblemKey,
    ago: number,
    more: Partial<Omit<Condition, 'key' | 'problem' | 'onset' | 'abated'>> & { until?: number; during?: Encounter } = {},
  ): Condition {
    const { until, during, ...rest } = more;
    const onset = during ? dayOf(during.start) : clinicDay(this.day(ago));
    const abated = until === undefined ? undefined : this.day(until);
    const condition: Condition = {
      ...{ key, problem: problems[key], onset, abated, status: abated === undefined ? 'active' : 'resolved', certainty: 'confirmed' },
      ...{ category: 'problem-list-item', recorded: during ? during.start + 45 : at(onset, 11, 10), who: 'primary1', ...rest },
    };
    this.chart.conditions.push(condition);
    return condition;
  }

  prescribe(key: DrugKey, options: PrescribeOptions): Medication {
    const { during } = options;
    const start = during ? during.end - this.random.int(5, 25) : at(clinicDay(this.day(options.ago)), 11, 20) + this.random.int(0, 30);
    const supplyDays = options.course ?? options.supplyDays ?? 90;
    const medication: Medication = {
      ...{
        number: ++this.numbers,
        drug: drugs[key],
        units: options.units ?? 1,
        frequency: options.frequency ?? 'daily',
        start,
        supplyDays,
        quantity: options.quantity,
      },
      ...{
        extra: options.extra,
        asNeeded: options.asNeeded,
        reason: options.reason,
        who: options.who,
        administered: options.administered ?? false,
      },
      refills: options.course === undefined ? (options.refills ?? 3) : 0,
      ...(options.course === undefined ? {} : { end: start + options.course * 1440, ending: 'completed' as const }),
    };
    if (medication.end !== undefined && medication.end > at(this.anchor, 12))
      Object.assign(medication, { end: undefined, ending: undefined });
    this.chart.medications.push(medication);
    return medication;
  }

  /** Ends a prescription on a day, or on leaving a stay. */
  stop(medication: Medication, when: number | Encounter, why: string): void {
    medication.end = typeof when === 'number' ? at(clinicDay(this.day(when)), 11, 40) : when.end - 30;
    medication.ending = 'stopped';
    medication.endReason = why;
  }

  /** A new dose is a new order that replaces the old one, as order entry does it. */
  change(medication: Medication, key: DrugKey, why: string, options: PrescribeOptions): Medication {
    this.stop(medication, options.during ?? options.ago, why);
    const next = this.prescribe(key, {
      ...(medication.reason === undefined ? {} : { reason: medication.reason }),
      ...(medication.extra === undefined ? {} : { extra: medication.extra }),
      frequency: medication.frequency,
      units: medication.units,
      ...options,
    });
    next.replaces = medication;
    next.start = (medication.end ?? next.start) + 1;
    return next;
  }

  /** What the patient says about taking a medicine. */
  takes(key: DrugKey, text: string, ago: number, more: Partial<Pick<Statement, 'status' | 'since' | 'note'>> = {}): void {
    this.chart.statements.push({ drug: drugs[key], text, asserted: at(clinicDay(this.day(ago)), 10, 15), status: 'active', ...more });
  }

  /** Pharmacy fills over the last months; `until` is the day of the last one, for people who stopped collecting. */
  fills(medication: Medication, options: { from?: number; until?: number; late?: number } = {}): void {
    const first = Math.max(dayOf(medication.start), this.day(options.from ?? 130));
    const last = Math.min(this.day(options.until ?? 1), medication.end === undefined ? this.anchor - 1 : dayOf(medication.end) - 1);
    // A course that is bought cycle by cycle is bought when the cycle comes.
    const early = medication.supplyDays < 28 ? 0 : -3;
    for (let day = first + this.random.int(0, 1); day <= last; day += medication.supplyDays + this.random.int(early, options.late ?? 3)) {
      const number = this.chart.fills.length + 1;
      this.chart.fills.push({
        medication,
        day,
        quantity: supplied(medication),
        days: medication.supplyDays,
        number,
      });
      if (medication.refills === 0) break;
    }
  }

  noKnownAllergies(ago: number): void {
    this.chart.allergies.push({ kind: 'none-known', certainty: 'confirmed', recorded: at(clinicDay(this.day(ago)), 9, 40) });
  }

  allergy(
    allergen: AllergenKey,
    reaction: ReactionKey,
    severity: 'mild' | 'moderate' | 'severe',
    ago: number,
    certainty: 'confirmed' | 'refuted' = 'confirmed',
  ): void {
    this.chart.allergies.push({ kind: 'allergy', allergen, reaction, severity, certainty, recorded: at(clinicDay(this.day(ago)), 9, 40) });
  }

  allergicTo(allergen: AllergenKey): boolean {
    return this.chart.allergies.some((entry) => entry.allergen === allergen && entry.certainty === 'confirmed');
  }

  /** A blood draw and what came of it. Analytes that are not given lie near the person's own setpoint; calculated ones are calculated. */
  draw(panel: PanelKey, options: DrawOptions): LabReport {
    const { during } = options;
    const day = during ? dayOf(during.start) + (options.hospitalDay ?? 0) : clinicDay(this.day(options.ago));
    const clock = this.collected(day, options.hour);
    const drawn = during && (options.hospitalDay ?? 0) === 0 ? during.start + 25 : clock;
    const results = this.laboratory.results(panel, options.values ?? {}, day);
    if (options.course !== 'withdrawn') this.laboratory.keep(results, day);
    const report: LabReport = {
      ...{ number: ++this.numbers, panel, drawn, resulted: drawn + this.turnaround(panel, during), who: options.who, results },
      ...{ course: options.course ?? 'plain', comment: options.comment, encounter: options.during },
      before: options.wrong ? this.laboratory.results(panel, { ...valuesOf(results), ...options.wrong }, day) : undefined,
    };
    this.chart.reports.push(report);
    return report;
  }

  finding(finding: Omit<Finding, 'at'> & { ago: number }): void {
    const { ago, ...rest } = finding;
    this.chart.findings.push({ ...rest, at: finding.encounter?.start ?? at(clinicDay(this.day(ago)), 10, 5) });
  }

  score(display: string, loinc: string, value: number, ago: number, encounter?: Encounter): void {
    const score = { kind: 'score', text: String(Math.round(value)), unit: '{score}' } as const;
    this.finding({ ago, encounter, category: 'survey', system: SYSTEM.loinc, code: loinc, display, value: score });
  }

  smoking(status: 'never' | 'former' | 'current', ago: number): void {
    const codes = {
      never: ['266919005', 'Never smoker'],
      former: ['8517006', 'Former smoker'],
      current: ['449868002', 'Current every day smoker'],
    } as const;
    const [code, display] = codes[status];
    const value = { kind: 'coded', system: SYSTEM.snomed, code, display } as const;
    this.finding({ ago, category: 'social-history', system: SYSTEM.loinc, code: '72166-2', display: 'Tobacco smoking status', value });
  }

  relative(who: RelativeKey, problem: FamilyProblemKey, age: number, deceasedAt?: number): void {
    this.chart.relatives.push({ who, problem, age, deceasedAt });
  }

  image(
    kind: ImagingKey,
    ago: number,
    who: ClinicianKey,
    texts: { indication: string; findings: string; impression: string; site?: SiteKey; during?: Encounter },
  ): void {
    const { during, ...rest } = texts;
    const taken = during
      ? during.start + this.random.int(25, 60)
      : at(clinicDay(this.day(ago)), this.random.int(8, 15), this.random.int(0, 59));
    this.chart.images.push({ kind, who, at: taken, ...rest });
  }

  pathology(ago: number, who: ClinicianKey, report: Omit<PathologyReport, 'at' | 'who' | 'number'>): void {
    this.chart.pathology.push({
      number: ++this.numbers,
      who,
      at: at(clinicDay(this.day(ago)), this.random.int(13, 16), this.random.int(0, 59)),
      ...report,
    });
  }

  /** A vaccine in the clinic, or in hospital on whatever day it is. */
  vaccine(kind: VaccineKey, ago: number, more: { refused?: boolean; inHospital?: boolean } = {}): void {
    const { refused = false, inHospital = false } = more;
    const lot = `${this.random.pick('ABCDEFGHJKLM'.split(''))}${this.random.int(1000, 9999)}`;
    const left = this.random.chance(0.7);
    const day = inHospital ? this.day(ago) : this.clinicDay(ago);
    // Under two years the thigh is the place (CDC, General Best Practice Guidelines for Immunization, vaccine administration).
    const site = ageOn(this.person.birth, day) < 2 ? (left ? 'leftThigh' : 'rightThigh') : left ? 'leftArm' : 'rightArm';
    this.chart.immunizations.push({ kind, at: at(day, this.random.int(9, 15), 30), site, lot, refused });
  }

  procedure(
    kind: ProcedureKey,
    ago: number,
    who: ClinicianKey,
    more: { site?: SiteKey; reason?: ProblemKey; during?: Encounter; outcome?: string; minutes?: number; hour?: number } = {},
  ): void {
    const start = at(more.during ? dayOf(more.during.start) : clinicDay(this.day(ago)), more.hour ?? 10, 15);
    const begun = more.during && start < more.during.start ? more.during.start + 10 : start;
    this.chart.procedures.push({
      ...{ kind, start: begun, end: begun + (more.minutes ?? 30), who, status: 'completed', site: more.site },
      ...{ reason: more.reason, encounter: more.during, outcome: more.outcome },
    });
  }

  /** An order that still waits for its result or its visit. */
  pending(
    category: Order['category'],
    code: Order['code'],
    ago: number,
    who: ClinicianKey,
    reason: string,
    dueIn?: number,
    site?: SiteKey,
  ): void {
    const due = dueIn === undefined ? undefined : this.anchor + dueIn;
    this.chart.orders.push({
      number: ++this.numbers,
      at: at(clinicDay(this.day(ago)), 11, 45),
      who,
      category,
      code,
      status: 'active',
      reason,
      due,
      site,
    });
  }

  appointment(appointment: Appointment): void {
    this.chart.appointments.push(appointment);
  }

  /** Minutes from needle to result: a strip is read at once, a stay is served first, a culture has to grow. */
  private turnaround(panel: PanelKey, during: Encounter | undefined): number {
    if (panel === 'strep') return this.random.int(6, 12);
    if (panel === 'urineCulture' || panel === 'groupB') return this.random.int(2600, 2900);
    return during ? this.random.int(45, 85) : this.random.int(95, 420);
  }

  private collected(day: Day, hour: number | undefined): Minute {
    if (hour !== undefined) return at(day, hour, this.random.int(0, 20));
    const clock = this.collections.get(day) ?? at(day, this.random.int(7, 9), this.random.int(0, 59));
    this.collections.set(day, clock);
    return clock;
  }

  private lasts(kind: EncounterKind): number {
    return kind === 'emergency' ? this.random.int(140, 390) : kind === 'procedure' ? 90 : kind === 'telehealth' ? 15 : 30;
  }

  private write(encounter: Encounter, options: VisitOptions, end: Minute): void {
    const titles = {
      office: 'Progress note',
      telehealth: 'Telephone note',
      emergency: 'Emergency note',
      inpatient: 'Discharge summary',
      procedure: 'Operative note',
    } as const;
    this.chart.notes.push({
      ...{
        encounter,
        title: options.title ?? titles[encounter.kind],
        at: end + 10,
        who: options.who,
        story: options.story ?? '',
        exam: options.exam,
      },
      ...{ plan: options.plan ?? [], brief: options.brief },
    });
  }

  private takeVitals(encounter: Encounter, given: Partial<Omit<Vitals, 'at' | 'encounter'>>): void {
    const { random, body } = this;
    const drawn = {
      systolic: Math.round(random.normal(body.systolic, 4)),
      diastolic: Math.round(random.normal(body.diastolic, 3)),
      pulse: Math.round(random.normal(body.pulse, 4)),
      breaths: random.int(13, 18),
      celsius: Math.round(random.normal(36.7, 0.15) * 10) / 10,
      saturation: random.int(96, 99),
      kilograms: Math.round(random.normal(body.kilograms, 0.4) * 10) / 10,
      centimetres: body.centimetres,
    };
    this.chart.vitals.push({ at: encounter.start + 5, encounter, ...drawn, ...given });
  }
}

/** A chart of the same person with nothing in it. */
export function emptyCopy(chart: Chart): Chart {
  return emptyChart(chart.person, chart.archetype, chart.anchor);
}

function emptyChart(person: Person, archetype: string, anchor: Day): Chart {
  return {
    ...{
      person,
      archetype,
      anchor,
      encounters: [],
      conditions: [],
      medications: [],
      statements: [],
      fills: [],
      allergies: [],
      reports: [],
      vitals: [],
    },
    ...{
      findings: [],
      notes: [],
      relatives: [],
      images: [],
      pathology: [],
      immunizations: [],
      procedures: [],
      orders: [],
      appointments: [],
    },
  };
}
