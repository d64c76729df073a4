import type { Support } from '../../core/claim.ts';
import type { AtomName, Fact } from '../../core/fact.ts';
import { dateWords } from '../../core/phrase.ts';
import type { Outcome, Reason, ReasonCode } from '../../core/verdict.ts';
import type { Event } from './chart-index.ts';

/** What a check found about one claim. `rests` are the facts (id#version) that a citation of this claim may name. */
export type Finding = { outcome: Outcome; reasons: Reason[]; support: Support[]; rests: ReadonlySet<string> };

const SUPPORTED: Reason[] = [{ code: 'supported', text: 'The chart says so.' }];
const NOTHING: ReadonlySet<string> = new Set();

/** The chart entails the claim by these facts; `rests` adds facts that would have done as well. */
export function proven(support: Support[], rests: Iterable<Event> = []): Finding {
  const keys = new Set<string>();
  for (const item of support) if (item.kind === 'atoms') keys.add(`${item.fact}#${item.version}`);
  for (const event of rests) keys.add(keyOf(event.fact));
  return { outcome: 'proven', reasons: SUPPORTED, support, rests: keys };
}

/** The chart says otherwise. */
export function contradicted(code: ReasonCode, text: string): Finding {
  return { outcome: 'contradicted', reasons: [{ code, text }], support: [], rests: NOTHING };
}

/** The chart does not settle it. */
export function unproven(code: ReasonCode, text: string): Finding {
  return { outcome: 'unproven', reasons: [{ code, text }], support: [], rests: NOTHING };
}

/** The name of a fact version. */
export function keyOf(fact: Fact): string {
  return `${fact.id}#${fact.version}`;
}

/** The atoms of an event that a claim rests on, by name; atoms of the whole fact (its date, its status) beside those of a component. */
export function supportBy(event: Event, names: readonly AtomName[]): Support {
  const { fact, component } = event;
  const atoms: number[] = [];
  fact.atoms.forEach((atom, i) => {
    if (names.includes(atom.name) && (atom.component === component || atom.component === undefined)) atoms.push(i);
  });
  return { kind: 'atoms', fact: fact.id, version: fact.version, atoms };
}

/** The first finding that is not proven, or undefined: how a check goes through its parts in order, contradictions before doubts. */
export function worst(findings: (Finding | undefined)[]): Finding | undefined {
  const found = findings.filter((finding) => finding !== undefined);
  return found.find((finding) => finding.outcome === 'contradicted') ?? found.find((finding) => finding.outcome === 'unproven');
}

/** A date for a clinician's eye. */
export function said(date: string | undefined): string {
  return date === undefined ? 'an unknown date' : (dateWords(date) ?? date);
}
