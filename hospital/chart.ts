import type {
  AllergenKey,
  EncounterKind,
  FamilyProblemKey,
  ImagingKey,
  Ordered,
  Problem,
  ProblemKey,
  ProcedureKey,
  ReactionKey,
  RelativeKey,
  SiteKey,
  VaccineKey,
} from './codes.ts';
import type { Day, Minute } from './dates.ts';
import type { Drug, FrequencyKey } from './drugs.ts';
import type { Measured, PanelKey } from './labs.ts';
import type { ClinicianKey, Person } from './people.ts';

/** What happened to one patient, before anybody decided how to send it. The writers turn it into FHIR and HL7. */
export type Chart = {
  person: Person;
  archetype: string;
  anchor: Day;
  encounters: Encounter[];
  conditions: Condition[];
  medications: Medication[];
  statements: Statement[];
  fills: Fill[];
  allergies: Allergy[];
  reports: LabReport[];
  vitals: Vitals[];
  findings: Finding[];
  notes: Note[];
  relatives: Relative[];
  images: ImageReport[];
  pathology: PathologyReport[];
  immunizations: Immunization[];
  procedures: Procedure[];
  orders: Order[];
  appointments: Appointment[];
};

export type Encounter = {
  number: number;
  kind: EncounterKind;
  start: Minute;
  end: Minute;
  who: ClinicianKey;
  reason: string;
  disposition?: string | undefined;
};
export type Condition = {
  key: ProblemKey;
  problem: Problem;
  onset: Day;
  abated?: Day | undefined;
  status: 'active' | 'resolved' | 'inactive' | 'remission' | 'recurrence';
  certainty: 'confirmed' | 'provisional' | 'refuted' | 'entered-in-error';
  site?: SiteKey | undefined;
  category: 'problem-list-item' | 'encounter-diagnosis';
  recorded: Minute;
  who: ClinicianKey;
  note?: string | undefined;
};
export type Medication = {
  number: number;
  drug: Drug;
  units: number;
  frequency: FrequencyKey;
  /** Words added after the frequency: "with meals". */
  extra?: string | undefined;
  asNeeded?: string | undefined;
  start: Minute;
  end?: Minute | undefined;
  ending?: 'stopped' | 'completed' | undefined;
  endReason?: string | undefined;
  reason?: ProblemKey | undefined;
  who: ClinicianKey;
  replaces?: Medication | undefined;
  supplyDays: number;
  /** What one fill holds, where dose times days does not say it. */
  quantity?: number | undefined;
  refills: number;
  /** Given in the clinic or hospital, so no pharmacy fills it. */
  administered: boolean;
};
export type Statement = {
  drug: Drug;
  text: string;
  asserted: Minute;
  since?: Day | undefined;
  status: 'active' | 'completed' | 'not-taken';
  note?: string;
};
export type Fill = { medication: Medication; day: Day; quantity: number; days: number; number: number };
export type Allergy = {
  kind: 'allergy' | 'none-known';
  allergen?: AllergenKey | undefined;
  reaction?: ReactionKey | undefined;
  severity?: 'mild' | 'moderate' | 'severe' | undefined;
  certainty: 'confirmed' | 'refuted' | 'unconfirmed';
  recorded: Minute;
};
/** How a result reached us: `plain` once and final; the others are what laboratories really send (HL7 v2.5.1 table 0085). */
export type Course = 'plain' | 'preliminary' | 'late-preliminary' | 'corrected' | 'withdrawn' | 'duplicate';
export type LabReport = {
  number: number;
  panel: PanelKey;
  drawn: Minute;
  resulted: Minute;
  who: ClinicianKey;
  results: Measured[];
  /** Results as first reported, where they were corrected later. */
  before?: Measured[] | undefined;
  course: Course;
  comment?: string | undefined;
  encounter?: Encounter | undefined;
};
export type Vitals = {
  at: Minute;
  encounter: Encounter;
  systolic?: number;
  diastolic?: number;
  pulse?: number;
  breaths?: number;
  celsius?: number;
  saturation?: number;
  kilograms?: number;
  centimetres?: number;
};
/** A single observation that is neither vital sign nor laboratory result. */
export type Finding = {
  at: Minute;
  encounter?: Encounter | undefined;
  category: 'survey' | 'social-history' | 'imaging' | 'exam' | 'procedure';
  system: string;
  code: string;
  display: string;
  value:
    | { kind: 'score'; text: string; unit: string }
    | { kind: 'coded'; system: string; code: string; display: string }
    | { kind: 'integer'; number: number }
    | { kind: 'date'; day: Day };
  site?: SiteKey | undefined;
};
export type Note = {
  encounter: Encounter;
  title: 'Progress note' | 'Discharge summary' | 'Operative note' | 'Consultation note' | 'Telephone note' | 'Emergency note';
  at: Minute;
  who: ClinicianKey;
  story: string;
  exam?: string | undefined;
  plan: string[];
  brief?: boolean | undefined;
};
export type Relative = { who: RelativeKey; problem: FamilyProblemKey; age: number; deceasedAt?: number | undefined };
export type ImageReport = {
  at: Minute;
  kind: ImagingKey;
  site?: SiteKey | undefined;
  who: ClinicianKey;
  indication: string;
  findings: string;
  impression: string;
};
export type PathologyReport = {
  number: number;
  at: Minute;
  title: string;
  who: ClinicianKey;
  specimen: string;
  diagnosis: string[];
  comment?: string | undefined;
  /** Sent as one FT field instead of TX lines. */
  formatted?: boolean | undefined;
};
export type Immunization = {
  kind: VaccineKey;
  at: Minute;
  site: 'leftArm' | 'rightArm' | 'leftThigh' | 'rightThigh';
  lot: string;
  refused?: boolean | undefined;
};
export type Procedure = {
  kind: ProcedureKey;
  start: Minute;
  end: Minute;
  site?: SiteKey | undefined;
  who: ClinicianKey;
  reason?: ProblemKey | undefined;
  encounter?: Encounter | undefined;
  outcome?: string | undefined;
  status: 'completed' | 'not-done';
};
/** A request; `pending` ones have no result yet. */
export type Order = {
  number: number;
  at: Minute;
  who: ClinicianKey;
  category: 'laboratory' | 'imaging' | 'referral' | 'procedure';
  code: Ordered;
  status: 'active' | 'completed' | 'revoked';
  reason?: string | undefined;
  due?: Day | undefined;
  report?: LabReport | undefined;
  site?: SiteKey | undefined;
};
export type Appointment = { start: Minute; end: Minute; who: ClinicianKey; reason: string };
