import type { AtomName } from '../../core/fact.ts';
import type { ReadAtom } from './atom-emitters.ts';
import { type Instant, instantAfter, instantOf } from './time.ts';

/** What the fact row holds beside its atoms, for search. `flags` says what could not be read (`zone-missing`, `time-unreadable`). */
export type SearchColumns = {
  status: string | null;
  validFrom: string | null;
  validTo: string | null;
  flags: string[];
};

/** Valid time starts where the first of these says so: what happened before what was planned, before what was written down. */
const starts: readonly AtomName[] = ['effective', 'occurrence', 'start', 'onset', 'authored', 'issued', 'recorded'];
const ends: readonly AtomName[] = ['effectiveEnd', 'end', 'abatement'];

/**
 * The search columns of a resource's atoms: status, and valid time in UTC.
 * A partial date starts where its period starts; a closing date without a time includes its whole day (FHIR R4 Period.end).
 * A time without a zone gives no valid time and the flag `zone-missing`.
 */
export function searchColumns(atoms: readonly ReadAtom[]): SearchColumns {
  const flags: string[] = [];
  return {
    status: own(atoms, 'status') ?? null,
    validFrom: pick(atoms, starts, instantOf, flags),
    validTo: pick(atoms, ends, instantAfter, flags),
    flags,
  };
}

function own(atoms: readonly ReadAtom[], name: AtomName): string | undefined {
  return atoms.find((atom) => atom.name === name && atom.component === undefined)?.text;
}

function pick(atoms: readonly ReadAtom[], names: readonly AtomName[], read: (text: string) => Instant, flags: string[]): string | null {
  for (const name of names) {
    const text = own(atoms, name);
    if (text === undefined) continue;
    const instant = read(text);
    if ('at' in instant) return instant.at;
    // "in childhood" is a legal onset; it is no instant and no fault of the sender.
    if (instant.flag === 'time-unreadable' && (name === 'onset' || name === 'abatement' || name === 'occurrence')) continue;
    if (!flags.includes(instant.flag)) flags.push(instant.flag);
    return null;
  }
  return null;
}
