import type { Claim } from '../../core/claim.ts';
import type { Chart, Fact } from '../../core/fact.ts';
import { textOf } from '../../core/fact.ts';
import type { DraftSentence } from '../../core/pack.ts';
import { conceptOf, dateOf, newestFirst } from './readings.ts';
import { type Visit, visitClaim } from './visits.ts';

/** Reports longer than this are read in full, not quoted. */
const QUOTE_CHARACTERS = 220;

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
  const quote = fact.type === 'DiagnosticReport' ? textOf(fact, 'conclusion')?.trim() : undefined;
  if (
    quote &&
    quote.length <= QUOTE_CHARACTERS &&
    !/["\n\r]/.test(quote) &&
    ['final', 'amended', 'corrected'].includes(fact.status ?? '')
  ) {
    return { kind: 'report', concept, on, quote };
  }
  return undefined;
}
