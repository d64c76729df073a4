import { type Atom, type AtomName, copyFact, type Fact, type Grade, type NewFact, type Origin } from '../core/fact.ts';
import { sha256Hex } from '../platform/digest.ts';

/** Columns of `fact` f that a chart needs, everything but the content, and the source of its source person p. */
export const FACT_COLUMNS =
  'f.source_person, f.id, f.version, f.type, f.status, f.grade, f.flags, f.retracted, f.recorded_at, f.superseded_at, f.valid_from, f.valid_to, f.content_hash, f.origins, f.atoms, p.source';

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

/** A fact from its row. */
export function toFact(row: FactRow): Fact {
  return new StoredFact(row);
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

/**
 * A fact on its way into a row, as texts: its atoms packed, and of them what the row and its search need beside. Of a batch that waits to be
 * recorded that is a fifth of the memory, which the garbage collector would otherwise copy again and again. Its atoms unpack when asked for.
 */
export class PackedFact implements NewFact {
  readonly id: string;
  readonly type: string;
  readonly naturalKey: string;
  readonly status: string | null;
  readonly grade: Grade;
  readonly flags: string[];
  readonly retracted: boolean;
  readonly rank: number;
  readonly resultAt: string | null;
  readonly validFrom: string | null;
  readonly validTo: string | null;
  readonly content: string;
  readonly origins: Origin[];
  readonly contentHash: string;
  readonly packedAtoms: string;
  readonly code: string | null;
  readonly value: string | null;
  readonly unit: string | null;
  readonly display: string | null;
  /** Every code that has a system, for the search by code. */
  readonly codes: readonly { system: string; code: string }[];

  constructor(fact: NewFact, change: { grade?: Grade; flags?: string[] } = {}) {
    this.id = fact.id;
    this.type = fact.type;
    this.naturalKey = fact.naturalKey;
    this.status = fact.status;
    this.grade = change.grade ?? fact.grade;
    this.flags = change.flags ?? fact.flags;
    this.retracted = fact.retracted;
    this.rank = fact.rank;
    this.resultAt = fact.resultAt;
    this.validFrom = fact.validFrom;
    this.validTo = fact.validTo;
    this.content = fact.content;
    this.origins = fact.origins;
    const { atoms } = fact;
    this.contentHash = sha256Hex(fact.content);
    this.packedAtoms = packAtoms(atoms);
    const code = atoms.find((atom) => atom.name === 'code' && atom.component === undefined);
    this.code = code ? `${code.system ?? ''}|${code.text}` : null;
    this.value = firstText(atoms, 'value');
    this.unit = firstText(atoms, 'unit');
    this.display = firstText(atoms, 'display');
    this.codes = atoms.flatMap(({ name, text, system }) => (name === 'code' && system !== undefined ? [{ system, code: text }] : []));
  }

  get atoms(): Atom[] {
    return unpackAtoms(this.packedAtoms);
  }
}

/** A fact as texts; one that is already stays as it is. */
export function packFact(fact: NewFact): PackedFact {
  return fact instanceof PackedFact ? fact : new PackedFact(fact);
}

function firstText(atoms: readonly Atom[], name: AtomName): string | null {
  return atoms.find((atom) => atom.name === name && atom.component === undefined)?.text ?? null;
}

type PackedAtom = [name: AtomName, text: string, path: string, origin?: number, component?: number | null, system?: string];

/**
 * A fact over its row. Origins and atoms are unpacked when first read: most of a chart is left out by type before anybody looks at them. A
 * class, because getters written into each object cost more than reading the row did.
 */
class StoredFact implements Fact {
  readonly id: string;
  readonly version: number;
  readonly sourcePerson: string;
  readonly source: string;
  readonly type: string;
  readonly status: string | null;
  readonly grade: Grade;
  readonly flags: string[];
  readonly retracted: boolean;
  readonly recordedAt: string;
  readonly supersededAt: string | null;
  readonly validFrom: string | null;
  readonly validTo: string | null;
  readonly contentHash: string;
  #origins: string | Origin[];
  #atoms: string | Atom[];

  constructor(row: FactRow) {
    this.id = row.id;
    this.version = row.version;
    this.sourcePerson = row.source_person;
    this.source = row.source;
    this.type = row.type;
    this.status = row.status;
    this.grade = row.grade;
    this.flags = row.flags;
    this.retracted = row.retracted;
    this.recordedAt = row.recorded_at;
    this.supersededAt = row.superseded_at;
    this.validFrom = row.valid_from;
    this.validTo = row.valid_to;
    this.contentHash = row.content_hash;
    this.#origins = row.origins;
    this.#atoms = row.atoms;
  }

  get origins(): Origin[] {
    if (typeof this.#origins === 'string') this.#origins = JSON.parse(this.#origins) as Origin[];
    return this.#origins;
  }

  get atoms(): Atom[] {
    if (typeof this.#atoms === 'string') this.#atoms = unpackAtoms(this.#atoms);
    return this.#atoms;
  }

  /** Whole, as if it were a plain object. */
  toJSON(): Fact {
    return copyFact(this);
  }
}
