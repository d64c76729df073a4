import type { Course, Encounter, Note, Vitals } from './chart.ts';
import type { EncounterKind, ProblemKey } from './codes.ts';
import type { FrequencyKey } from './drugs.ts';
import type { AnalyteKey, Value } from './labs.ts';
import type { ClinicianKey } from './people.ts';

/** What an archetype says about a visit; `ago` is days before the anchor. */
export type VisitOptions = {
  ago: number;
  who: ClinicianKey;
  reason: string;
  kind?: EncounterKind;
  hour?: number;
  /** Days in hospital. */
  nights?: number;
  /** Planned, so never on a weekend. */
  elective?: boolean;
  disposition?: string;
  vitals?: Partial<Omit<Vitals, 'at' | 'encounter'>> | 'none';
  story?: string;
  exam?: string;
  plan?: string[];
  title?: Note['title'];
  brief?: boolean;
};
/** What it says about a blood draw. */
export type DrawOptions = {
  ago: number;
  who: ClinicianKey;
  values?: Partial<Record<AnalyteKey, Value>>;
  /** Values as first, wrongly, reported. */
  wrong?: Partial<Record<AnalyteKey, Value>>;
  course?: Course;
  comment?: string;
  /** Drawn in a hospital or emergency stay, on its nth day (0 is the day of arrival). */
  during?: Encounter;
  hospitalDay?: number;
  hour?: number;
};
/** What it says about a prescription. */
export type PrescribeOptions = {
  ago: number;
  who: ClinicianKey;
  units?: number;
  frequency?: FrequencyKey;
  extra?: string;
  asNeeded?: string;
  reason?: ProblemKey;
  supplyDays?: number;
  /** What one fill holds, where dose times days does not say it. */
  quantity?: number;
  refills?: number;
  /** Days that a short course lasts. */
  course?: number;
  administered?: boolean;
  /** Prescribed on leaving a stay. */
  during?: Encounter;
};
