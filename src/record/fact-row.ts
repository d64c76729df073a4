import type { Atom, AtomName, Fact, Grade, Origin } from '../core/fact.ts';

/** Columns of `fact` that a chart needs: everything but the content. */
export const FACT_COLUMNS =
  'f.source_person, f.id, f.version, f.type, f.status, f.grade, f.flags, f.retracted, f.recorded_at, f.superseded_at, f.valid_from, f.valid_to, f.content_hash, f.origins, f.atoms, r.source';

export type FactRow = {
  source_person: string;
  id: string;
  version: number;
  type: string;
  status: string | null;
  grade: Grade;
  flags: string[];
  retracted: boolean;
  recorded_at: string;
  superseded_at: string | null;
  valid_from: string | null;
  valid_to: string | null;
  content_hash: string;
  origins: string;
  atoms: string;
  source: string;
};

/** A fact from its row. Atoms are unpacked when first read: most of a chart is left out by type before anybody looks at them. */
export function toFact(row: FactRow): Fact {
  let atoms: Atom[] | undefined;
  return {
    id: row.id,
    version: row.version,
    sourcePerson: row.source_person,
    source: row.source,
    type: row.type,
    status: row.status,
    grade: row.grade,
    flags: row.flags,
    retracted: row.retracted,
    recordedAt: row.recorded_at,
    supersededAt: row.superseded_at,
    validFrom: row.valid_from,
    validTo: row.valid_to,
    contentHash: row.content_hash,
    origins: JSON.parse(row.origins) as Origin[],
    get atoms() {
      atoms ??= unpackAtoms(row.atoms);
      return atoms;
    },
  };
}

/** Atoms as stored: [name, text, path] and, only where they differ from the usual, origin, component and system. A third of the bytes of objects. */
export function packAtoms(atoms: readonly Atom[]): string {
  return JSON.stringify(
    atoms.map((atom) => {
      if (atom.system !== undefined) return [atom.name, atom.text, atom.path, atom.origin, atom.component ?? null, atom.system];
      if (atom.component !== undefined) return [atom.name, atom.text, atom.path, atom.origin, atom.component];
      return atom.origin === 0 ? [atom.name, atom.text, atom.path] : [atom.name, atom.text, atom.path, atom.origin];
    }),
  );
}

/** Atoms from their stored form. */
export function unpackAtoms(text: string): Atom[] {
  return (JSON.parse(text) as PackedAtom[]).map(([name, text, path, origin, component, system]) => {
    const atom: Atom = { name, text, origin: origin ?? 0, path };
    if (component !== undefined && component !== null) atom.component = component;
    if (system !== undefined) atom.system = system;
    return atom;
  });
}

type PackedAtom = [name: AtomName, text: string, path: string, origin?: number, component?: number | null, system?: string];
