/**
 * A system of record, coded, complete · B mapped or inferred code · C external or patient-reported ·
 * D conflicting, or without unit or zone: kept and shown, never fed to a model, and proves nothing.
 */
export type Grade = 'A' | 'B' | 'C' | 'D';

/** A step of decoding from stored bytes to what a person reads; start and end count in the bytes after the step before. */
export type DecodeStep = { decode: 'hl7-escape' | 'json-string' | 'xml-text' | 'base64' | 'charset'; start: number; end: number };

/** Where a value stands: a half-open range of the stored bytes, then ranges into each decoding in turn. */
export type Location = { start: number; end: number; steps: DecodeStep[] };

/** Where a fact version came from: a receipt, the map that read it, and the range of the message or resource in the stored bytes. */
export type Origin = { receipt: string; mapping: string; envelope: [start: number, end: number] };

/** The smallest things a claim can be about, named as FHIR R4 names them where it has a name. */
export const atomNames = [
  'code', 'display', 'category', 'status', 'clinicalStatus', 'verification', 'intent', 'flag', 'value', 'comparator', 'unit', 'unitCode',
  'valueCode', 'valueText', 'absentReason', 'low', 'high', 'rangeText', 'effective', 'effectiveEnd', 'issued', 'authored', 'recorded',
  'onset', 'abatement', 'start', 'end', 'occurrence', 'instruction', 'doseValue', 'doseUnit', 'route', 'timesPerPeriod', 'period',
  'periodUnit', 'asNeeded', 'quantity', 'quantityUnit', 'bodySite', 'laterality', 'reaction', 'criticality', 'conclusion', 'reason', 'class',
  'serviceType', 'performer', 'author', 'relationship', 'condition', 'note', 'title', 'identifier', 'basedOn', 'encounter', 'replaces', 'name',
  'birthDate', 'gender', 'deceased', 'target', 'doNotPerform', 'focus',
] as const; // biome-ignore format: one list, read as a list

export type AtomName = (typeof atomNames)[number];

/**
 * One leaf of a fact: its text as the source wrote it (`1.10` stays `1.10`), and where it came from.
 * `code` atoms hold the code and carry `system`; `component` numbers the Observation.component or panel member it belongs to.
 * `path` is a path in the origin's own format (HL7 `ORU_R01/OBX[3]-5[1].1.1`, FHIR `entry[12].resource.valueQuantity.value`).
 */
export type Atom = { name: AtomName; text: string; origin: number; path: string; system?: string; component?: number };

/** A version of a FHIR R4 resource with its atoms, origins, source person, trust grade, valid time and recorded time. */
export type Fact = {
  id: string;
  version: number;
  sourcePerson: string;
  source: string;
  type: string;
  status: string | null;
  grade: Grade;
  flags: string[];
  retracted: boolean;
  recordedAt: string;
  supersededAt: string | null;
  validFrom: string | null;
  validTo: string | null;
  contentHash: string;
  origins: Origin[];
  atoms: Atom[];
};

/** What a reader of payloads hands to the record: a fact that has no version yet. `content` is FHIR R4 JSON text with its numbers as written. */
export type NewFact = {
  id: string;
  type: string;
  /** What makes it this fact and no other within its source and type; '' where the source gave nothing to key on (flagged `no-natural-key`). */
  naturalKey: string;
  status: string | null;
  grade: Grade;
  flags: string[];
  /** entered-in-error, HL7 result status D or W: closes what stood before and says so. */
  retracted: boolean;
  /** Which version stands when two disagree: higher rank, then later `resultAt`; never arrival where a time is known. */
  rank: number;
  resultAt: string | null;
  validFrom: string | null;
  validTo: string | null;
  content: string;
  origins: Origin[];
  atoms: Atom[];
};

/** An authority-qualified identifier; `authority` is a URI (an OID as urn:oid:…) or the sender's namespace where no map names one. */
export type Identifier = { authority: string; value: string };

/** Who a source says it speaks of. Only authority plus identifier joins people; name and birth date never do. */
export type SourcePersonRef = {
  source: string;
  identifiers: Identifier[];
  birthDate?: string;
  sex?: string;
  name?: string;
};

/**
 * Everything one payload says about one person. `key` is what stands for the person in natural keys, where some have no other anchor:
 * `authority|value` of an identifier of theirs. The record puts the one under which it knows the source person in its place.
 */
export type PersonFacts = { person: SourcePersonRef; facts: NewFact[]; key?: string };

/** A registration merge (HL7 A40): from `at` on, `from` is the same human as `into`. */
export type Merge = { from: SourcePersonRef; into: SourcePersonRef; at: string };

/** The facts about one person as of an instant, current versions first-class, closed ones beside them. */
export type Chart = {
  person: string;
  asOf: string;
  /** Versions that stood at `asOf`. */
  facts: Fact[];
  /** Versions that had been replaced by `asOf`: a correction claim reads them; nothing else is ever proven by them. */
  superseded: Fact[];
};

/** All atoms of one name; `component` narrows to one component. */
export function atomsOf(fact: Fact | NewFact, name: AtomName, component?: number): Atom[] {
  return fact.atoms.filter((atom) => atom.name === name && (component === undefined || atom.component === component));
}

/** The text of the first atom of a name, or undefined where the source did not say. */
export function textOf(fact: Fact | NewFact, name: AtomName, component?: number): string | undefined {
  return fact.atoms.find((atom) => atom.name === name && atom.component === component)?.text;
}

/**
 * The same fact as a plain object of its own, with other recorded times where they are given. A fact from the store unpacks its origins and
 * atoms when they are asked for, and a spread does not ask: whoever copies a fact copies it with this.
 */
export function copyFact(
  fact: Fact,
  { recordedAt = fact.recordedAt, supersededAt = fact.supersededAt }: { recordedAt?: string; supersededAt?: string | null } = {},
): Fact {
  return {
    id: fact.id,
    version: fact.version,
    sourcePerson: fact.sourcePerson,
    source: fact.source,
    type: fact.type,
    status: fact.status,
    grade: fact.grade,
    flags: fact.flags,
    retracted: fact.retracted,
    recordedAt,
    supersededAt,
    validFrom: fact.validFrom,
    validTo: fact.validTo,
    contentHash: fact.contentHash,
    origins: fact.origins,
    atoms: fact.atoms,
  };
}
