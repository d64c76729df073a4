import type { ClaimOf, Concept, Quantity } from '../../core/claim.ts';
import type { Atom, Fact } from '../../core/fact.ts';
import { atomsOf, textOf } from '../../core/fact.ts';

/** The calendar date a source wrote, at its precision, in its own zone: never converted, so that the words say what the source says. */
export function dateOf(text: string | undefined): string | undefined {
  return text?.match(/^\d{4}(-\d{2}(-\d{2})?)?/)?.[0];
}

/** The clock time a source wrote, `10:20`. */
export function timeOf(text: string | undefined): string | undefined {
  return text?.match(/T(\d{2}:\d{2})/)?.[1];
}

/** The concept a fact (or one of its components) is about, by the name the chart gives it. */
export function conceptOf(fact: Fact, component?: number): Concept | undefined {
  const display = textOf(fact, 'display', component) ?? codeAtoms(fact, component)[0]?.text;
  if (!display) return undefined;
  const name = display.replace(SEMANTIC_TAG, '').trim() || display;
  const codes = codeAtoms(fact, component).flatMap((atom) => (atom.system ? [{ system: atom.system, code: atom.text }] : []));
  return codes.length > 0 ? { name, codes } : { name };
}

/** The side a source gives in a field of its own, coded or as the body site in words; what stands in the name is said by the name. */
export function sideOf(fact: Fact): 'left' | 'right' | 'bilateral' | undefined {
  const words = [...atomsOf(fact, 'laterality'), ...atomsOf(fact, 'bodySite')].map((atom) => atom.text.toLowerCase()).join(' ');
  const left = /\bleft\b/.test(words);
  const right = /\bright\b/.test(words);
  if (/\b(?:bilateral|both)\b/.test(words) || (left && right)) return 'bilateral';
  return left ? 'left' : right ? 'right' : undefined;
}

/** The tag that ends a SNOMED CT fully specified name; it tells terminologists apart what a reader never confuses. */
const SEMANTIC_TAG =
  / \((disorder|finding|procedure|situation|event|regime\/therapy|morphologic abnormality|observable entity|substance|product)\)$/;

/** A key under which results of one concept come together: its first code, else its name. */
export function conceptKey(concept: Concept): string {
  const code = concept.codes?.[0];
  return code ? `${code.system}|${code.code}` : concept.name.toLowerCase();
}

/** One measured result, or one component of a panel such as a blood pressure. */
export type Reading = {
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

/** What an Observation says, one reading a component; those without a value, a name or a date say nothing here. Trust grade D is not read, nor what was observed of another (`focus`). */
export function readingsOf(fact: Fact): Reading[] {
  if (fact.type !== 'Observation' || fact.retracted || fact.grade === 'D' || atomsOf(fact, 'focus').length > 0) return [];
  const components = [...new Set(fact.atoms.filter((atom) => atom.component !== undefined).map((atom) => atom.component))];
  return [undefined, ...components].flatMap((component) => readingOf(fact, component) ?? []);
}

/** Newest first; the fact id decides between equals so that the order never depends on the database. */
export function newestFirst(one: { at: string; fact: Fact }, other: { at: string; fact: Fact }): number {
  return (
    (sameForm(one.at, other.at) ? compare(other.at, one.at) : compare(Date.parse(other.at), Date.parse(one.at))) ||
    compare(one.fact.id, other.fact.id)
  );
}

/** Two instants in UTC of one length are in order as texts, which saves reading them as dates in every step of a sort. */
function sameForm(one: string, other: string): boolean {
  return one.length === other.length && one.endsWith('Z') && other.endsWith('Z');
}

/** Ascending order of numbers or plain texts, without a locale. */
export function compare<T extends number | string>(one: T, other: T): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

// FHIR R4 v3-ObservationInterpretation, which takes in HL7 v2 table 0078: the flags that say how a value lies, and no others.
const FLAGS: Record<string, NonNullable<Reading['flag']>> = {
  H: 'high', HU: 'high', HH: 'critically high', L: 'low', LU: 'low', LL: 'critically low', A: 'abnormal', AA: 'abnormal', N: 'normal',
}; // biome-ignore format: one table

const CERTAINTY: Record<string, Reading['certainty']> = {
  registered: 'preliminary', preliminary: 'preliminary', final: 'final', amended: 'corrected', corrected: 'corrected',
}; // biome-ignore format: one table

function readingOf(fact: Fact, component: number | undefined): Reading | undefined {
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

function rangeOf(fact: Fact, component: number | undefined): Reading['range'] {
  const low = textOf(fact, 'low', component);
  const high = textOf(fact, 'high', component);
  return low === undefined && high === undefined ? undefined : { ...(low ? { low } : {}), ...(high ? { high } : {}) };
}

/** The source's own range decides where it sent no flag; without either a value is neither normal nor abnormal. */
function flagByRange(fact: Fact, component: number | undefined, quantity: Quantity | undefined): Reading['flag'] {
  if (!quantity || quantity.comparator) return undefined;
  const value = Number(quantity.value);
  const low = textOf(fact, 'low', component);
  const high = textOf(fact, 'high', component);
  if (high !== undefined && value > Number(high)) return 'high';
  if (low !== undefined && value < Number(low)) return 'low';
  return undefined;
}

function codeAtoms(fact: Fact, component: number | undefined): Atom[] {
  return atomsOf(fact, 'code').filter((atom) => atom.component === component);
}
