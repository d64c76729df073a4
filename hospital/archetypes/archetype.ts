import type { ChartBuilder } from '../chart-builder.ts';
import type { ClinicianKey, Sex } from '../people.ts';

/** One kind of patient journey. `weight` is its share of the hospital once every archetype has appeared; ages are whole years, both included. */
export type Archetype = {
  id: string;
  weight: number;
  sex?: Sex;
  ages: readonly [number, number];
  who: ClinicianKey;
  /** Why such a patient comes tomorrow. */
  reasons: readonly string[];
  tell(c: ChartBuilder): void;
};
