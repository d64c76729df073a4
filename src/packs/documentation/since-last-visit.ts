import type { Claim } from '../../core/claim.ts';
import type { Chart, Fact } from '../../core/fact.ts';
import { textOf } from '../../core/fact.ts';
import type { DraftSentence } from '../../core/pack.ts';
import { conceptOf, dateOf, newestFirst } from './facts.ts';
import { type Visit, visitClaim } from './visits.ts';

/** Conclusions longer than this are read in full, not quoted: part of one can turn its meaning round. Our own choice: README.md, *Evidence*. */
const QUOTE_CHARACTERS = 360;

/** Emergency and inpatient stays, procedures, reports and immunisations since a date, newest first. */
export function eventsSince(chart: Chart, visits: readonly Visit[], section: string, sinceDate: string): DraftSentence[] {
  const stays = visits
    .filter((visit) => (visit.setting === 'emergency' || visit.setting === 'inpatient') && visit.on >= sinceDate)
    .map((visit) => ({ fact: visit.fact, at: visit.at, claim: visitClaim(visit) }));
  const others = chart.facts.flatMap((fact) => eventOf(fact, chart.asOf) ?? []).filter((event) => dateOf(event.at)! >= sinceDate);
  return [...stays, ...others]
    .sort(newestFirst)
    .map(({ fact, claim }) => ({ section, claims: [claim], cites: [{ fact: fact.id, version: fact.version }] }));
}

const ISSUED = new Set(['final', 'amended', 'corrected']);

/** Most of a chart is none of these: asked first. */
const EVENTS = new Set(['Procedure', 'Immunization', 'DiagnosticReport']);

type Event = { fact: Fact; at: string; claim: Claim };

function eventOf(fact: Fact, asOf: string): Event | undefined {
  if (!EVENTS.has(fact.type) || fact.retracted || fact.grade === 'D') return undefined;
  const at = textOf(fact, 'occurrence') ?? textOf(fact, 'effective') ?? textOf(fact, 'start');
  const on = dateOf(at);
  const concept = conceptOf(fact);
  if (!at || !on || on.length < 10 || !concept || Date.parse(at) > Date.parse(asOf)) return undefined;
  const claim = eventClaim(fact, concept, on);
  return claim && { fact, at, claim };
}

function eventClaim(fact: Fact, concept: NonNullable<ReturnType<typeof conceptOf>>, on: string): Claim | undefined {
  if (fact.type === 'Procedure' && fact.status === 'completed') {
    const laterality = textOf(fact, 'laterality') as 'left' | 'right' | 'bilateral' | undefined;
    return { kind: 'procedure', concept, modality: 'performed', on, ...(laterality ? { laterality } : {}) };
  }
  if (fact.type === 'Immunization' && fact.status === 'completed') return { kind: 'immunization', vaccine: concept, on };
  const quote = fact.type === 'DiagnosticReport' ? quotable(fact) : undefined;
  return quote === undefined ? undefined : { kind: 'report', concept, on, quote };
}

/** A report's whole conclusion on one line, where it is final and short enough, and holds no quote of its own that ours would end at. */
function quotable(fact: Fact): string | undefined {
  const conclusion = textOf(fact, 'conclusion')?.replace(/\s+/g, ' ').trim();
  const fits = conclusion !== undefined && conclusion !== '' && conclusion.length <= QUOTE_CHARACTERS && !/["“”]/.test(conclusion);
  return fits && ISSUED.has(fact.status ?? '') ? conclusion : undefined;
}

/** Reports since a date that conclude something the page cannot quote: too long, not final, or with quotes in it. */
export function reportsToRead(chart: Chart, sinceDate: string): number {
  return chart.facts.filter((fact) => {
    if (fact.type !== 'DiagnosticReport' || fact.retracted || !textOf(fact, 'conclusion')?.trim() || fact.status === 'cancelled')
      return false;
    const on = dateOf(textOf(fact, 'effective') ?? textOf(fact, 'start') ?? textOf(fact, 'issued')) ?? '';
    return on >= sinceDate && eventOf(fact, chart.asOf) === undefined;
  }).length;
}
