import type { ClaimOf } from '../../core/claim.ts';
import { type ChartIndex, type Event, type EventKind, eventsOfKinds, isKnown } from './chart-index.ts';
import { happened } from './check-encounter.ts';
import { orderOf } from './dates.ts';
import { contradicted, type Finding, proven, said, unproven } from './finding.ts';
import { nameKey, nameKeys } from './names.ts';

type AbsenceClaim = ClaimOf<'absence'>;

const SEARCHED: Record<AbsenceClaim['of'], EventKind[]> = {
  allergies: ['allergy'],
  medications: ['order', 'dispense', 'statement', 'administration'],
  problems: ['problem'],
  results: ['result', 'report'],
  result: ['result', 'report'],
  visits: ['encounter'],
  procedure: ['procedure', 'report'],
  immunization: ['immunization'],
};

/** A search that finds nothing, run again: whatever stands, trusted or not, is a find; a name this site does not know proves nothing. */
export function checkAbsence(claim: AbsenceClaim, index: ChartIndex): Finding {
  const name = claim.concept?.name;
  const searched = eventsOfKinds(index, SEARCHED[claim.of]).filter(present);
  const named = name === undefined ? searched : searched.filter((event) => isNamed(name, event));
  const placed = named.map((event) => (claim.since === undefined ? 'after' : orderOf(event.on, claim.since)));
  // "None since 3 May" names the day of the last one; only what came after it is a find. "None since 2026" means that year as well.
  const wholeDay = claim.since?.length === 10;
  const found = named.find((_, i) => placed[i] === 'after' || (placed[i] === 'within' && !wholeDay));
  if (found !== undefined)
    return contradicted('found-where-none-claimed', `The chart holds ${found.display || 'an entry'} of ${said(found.on)}.`);
  if (placed.includes(undefined)) return unproven('date-vague', 'The chart holds such an entry with a date too vague to tell.');
  if (name !== undefined) {
    if (!isKnown(index, name))
      return unproven('term-unknown', `“${name}” is not a name that the chart or this site uses, so that its absence means nothing.`);
    const alike = searched.find((event) => resembles(name, event) && !named.includes(event));
    if (alike !== undefined) return unproven('term-unknown', `The chart holds ${alike.display}, which may be what is meant by ${name}.`);
  }
  const query = {
    of: claim.of,
    asOf: index.chart.asOf,
    ...(name === undefined ? {} : { concept: name }),
    ...(claim.since === undefined ? {} : { since: claim.since }),
  };
  return proven([{ kind: 'search', query, searched: searched.length, found: 0 }]);
}

function present(event: Event): boolean {
  if (!event.standing) return false;
  if (event.kind === 'encounter') return happened(event);
  if (event.kind === 'result') return event.reports;
  return event.fact.status !== 'not-done' && event.fact.status !== 'cancelled';
}

function isNamed(name: string, event: Event): boolean {
  const key = nameKey(name);
  if (event.keys.has(key)) return true;
  return event.kind === 'encounter' && event.fact.atoms.some((atom) => atom.name === 'reason' && nameKeys(atom.text, 'problem').has(key));
}

/** Shares the stem of a telling word ("mammogram", "mammography"): such a find must be looked at by a person. */
function resembles(name: string, event: Event): boolean {
  const stems = (text: string) =>
    new Set(
      text
        .split(/[^a-z0-9]+/)
        .filter((word) => word.length >= 5)
        .map((word) => word.slice(0, 6)),
    );
  const wanted = stems(nameKey(name));
  return [...stems(nameKey(event.display))].some((stem) => wanted.has(stem));
}
