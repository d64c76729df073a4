import type { Atom, AtomName, Chart, Fact } from '../../../core/fact.ts';

type Atoms = Partial<Record<AtomName, string | string[]>>;

/** A fact of the test person with these atoms; `over` changes anything else about it. */
export function fact(type: string, id: string, atoms: Atoms, over: Partial<Fact> = {}): Fact {
  return {
    id,
    version: 1,
    sourcePerson: 'north|1',
    source: 'north',
    type,
    status: typeof atoms.status === 'string' ? atoms.status : null,
    grade: 'A',
    flags: [],
    retracted: false,
    recordedAt: '2026-11-20T13:00:00Z',
    supersededAt: null,
    validFrom: null,
    validTo: null,
    contentHash: `${id}-hash`,
    origins: [{ receipt: 'r1', mapping: 'm@1', envelope: [0, 1] }],
    atoms: Object.entries(atoms).flatMap(([name, texts]) =>
      [texts].flat().map((text): Atom => ({ name: name as AtomName, text, origin: 0, path: name })),
    ),
    ...over,
  };
}

/** A result. `atoms` adds to or changes what a usual one has. */
export function result(
  id: string,
  display: string,
  value: string,
  unit: string,
  on: string,
  atoms: Atoms = {},
  over: Partial<Fact> = {},
): Fact {
  return fact('Observation', id, { status: 'final', display, value, unit, effective: `${on}T06:15:00-06:00`, ...atoms }, over);
}

/** An order of so many tablets or so much of a drug. */
export function order(
  id: string,
  display: string,
  dose: string,
  unit: string,
  on: string,
  atoms: Atoms = {},
  over: Partial<Fact> = {},
): Fact {
  return fact(
    'MedicationRequest',
    id,
    {
      status: 'active',
      intent: 'order',
      display,
      authored: `${on}T09:00:00-06:00`,
      doseValue: dose,
      doseUnit: unit,
      route: 'Oral',
      timesPerPeriod: '1',
      period: '1',
      periodUnit: 'd',
      ...atoms,
    },
    over,
  );
}

/** A condition, active and confirmed unless said otherwise. */
export function problem(id: string, display: string, onset: string, atoms: Atoms = {}, over: Partial<Fact> = {}): Fact {
  return fact('Condition', id, { display, clinicalStatus: 'active', verification: 'confirmed', onset, ...atoms }, over);
}

/** A chart of these facts as of 22 Nov 2026, with versions that were replaced. */
export function chart(facts: Fact[], superseded: Fact[] = []): Chart {
  return { person: 'p1', asOf: '2026-11-22T15:38:00Z', facts, superseded };
}
