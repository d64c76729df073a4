import type { ClaimOf, Concept, Quantity } from '../../core/claim.ts';
import type { Fact } from '../../core/fact.ts';
import { atomsOf, textOf } from '../../core/fact.ts';
import { conceptOf, dateOf } from './facts.ts';

/** One measured result, or one component of a panel such as a blood pressure. */
export type Measurement = {
  fact: Fact;
  component: number | undefined;
  concept: Concept;
  quantity: Quantity | undefined;
  text: string | undefined;
  on: string;
  at: string;
  flag: ClaimOf<'result'>['flag'];
  range: ClaimOf<'result'>['range'];
  certainty: ClaimOf<'result'>['certainty'];
};

/** What an Observation says, one measurement a component; those without a value, a name or a date say nothing here. Trust grade D is not read, nor what was observed of another (`focus`). */
export function measurementsOf(fact: Fact): Measurement[] {
  if (fact.type !== 'Observation' || fact.retracted || fact.grade === 'D' || atomsOf(fact, 'focus').length > 0) return [];
  const components = [...new Set(fact.atoms.filter((atom) => atom.component !== undefined).map((atom) => atom.component))];
  return [undefined, ...components].flatMap((component) => measurementOf(fact, component) ?? []);
}

// FHIR R4 v3-ObservationInterpretation, which takes in HL7 v2 table 0078: the flags that say how a value lies, and no others.
const FLAGS: Record<string, NonNullable<Measurement['flag']>> = {
  H: 'high', HU: 'high', HH: 'critically high', L: 'low', LU: 'low', LL: 'critically low', A: 'abnormal', AA: 'abnormal', N: 'normal',
}; // biome-ignore format: one table

const CERTAINTY: Record<string, Measurement['certainty']> = {
  registered: 'preliminary', preliminary: 'preliminary', final: 'final', amended: 'corrected', corrected: 'corrected',
}; // biome-ignore format: one table

function measurementOf(fact: Fact, component: number | undefined): Measurement | undefined {
  const at = textOf(fact, 'effective') ?? textOf(fact, 'issued');
  const on = dateOf(at);
  const concept = conceptOf(fact, component);
  if (!at || !on || !concept || on.length < 10) return undefined;
  const value = textOf(fact, 'value', component);
  const text = textOf(fact, 'valueText', component);
  if (value === undefined && text === undefined) return undefined;
  const unit = textOf(fact, 'unit', component);
  const comparator = textOf(fact, 'comparator', component) as Quantity['comparator'];
  const quantity = value === undefined ? undefined : { value, ...(unit ? { unit } : {}), ...(comparator ? { comparator } : {}) };
  return {
    fact,
    component,
    concept,
    quantity,
    text,
    on,
    at,
    flag: FLAGS[textOf(fact, 'flag', component) ?? ''] ?? flagByRange(fact, component, quantity),
    range: rangeOf(fact, component),
    certainty: CERTAINTY[fact.status ?? ''],
  };
}

function rangeOf(fact: Fact, component: number | undefined): Measurement['range'] {
  const low = textOf(fact, 'low', component);
  const high = textOf(fact, 'high', component);
  return low === undefined && high === undefined ? undefined : { ...(low ? { low } : {}), ...(high ? { high } : {}) };
}

/** The source's own range decides where it sent no flag; without either a value is neither normal nor abnormal. */
function flagByRange(fact: Fact, component: number | undefined, quantity: Quantity | undefined): Measurement['flag'] {
  if (!quantity || quantity.comparator) return undefined;
  const value = Number(quantity.value);
  const low = textOf(fact, 'low', component);
  const high = textOf(fact, 'high', component);
  if (high !== undefined && value > Number(high)) return 'high';
  if (low !== undefined && value < Number(low)) return 'low';
  return undefined;
}
