import type { Concept } from '../../core/claim.ts';
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

function codeAtoms(fact: Fact, component: number | undefined): Atom[] {
  return atomsOf(fact, 'code').filter((atom) => atom.component === component);
}
