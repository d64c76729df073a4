import type { AtomName, Chart, Fact } from '../../core/fact.ts';
import { instant } from './dates.ts';
import type { NameKind } from './name-kind.ts';
import { nameKey, nameKeys, withoutSide } from './names.ts';
import { type Vocabulary, vocabularyOf } from './vocabulary.ts';

/** What sort of event a fact tells of; orders, dispenses, statements and administrations are never taken for one another. */
export type EventKind =
  | 'result'
  | 'order'
  | 'dispense'
  | 'statement'
  | 'administration'
  | 'problem'
  | 'allergy'
  | 'encounter'
  | 'procedure'
  | 'immunization'
  | 'report'
  | 'request'
  | 'appointment'
  | 'relative'
  | 'note';

/** One thing that one fact tells: a result (each panel member by itself), an order, a relative's condition. */
export type Event = {
  kind: EventKind;
  fact: Fact;
  /** Which panel member, dosage or listed condition this is; undefined for the fact's own. */
  component: number | undefined;
  /** The words a reader of the chart sees. */
  display: string;
  keys: ReadonlySet<string>;
  /** When it happened as the source wrote it, and its calendar date in the source's own zone at the source's precision. */
  at: string | undefined;
  on: string | undefined;
  until: string | undefined;
  /** False for what must never entail: retracted, entered in error, trust grade D. */
  standing: boolean;
  trusted: boolean;
  /** Milliseconds of `at` where it has a zone. */
  instant: number | undefined;
  /** Whether it reports a value: a panel that only heads its members does not. */
  reports: boolean;
};

/** A chart digested once, for judging many sentences. */
export type ChartIndex = {
  kind: 'chart-index';
  chart: Chart;
  events: Event[];
  ofKind: ReadonlyMap<EventKind, Event[]>;
  byName: ReadonlyMap<string, Event[]>;
  byKindAndName: ReadonlyMap<EventKind, ReadonlyMap<string, Event[]>>;
  /** Events by an order they name, or by a number they carry. */
  byReference: ReadonlyMap<string, Event[]>;
  bySidelessName: ReadonlyMap<string, Event[]>;
  /** Events of versions that a later one replaced: they explain a contradiction and a correction, and prove nothing else. */
  replaced: Event[];
  vocabulary: Vocabulary;
  asOfDate: string;
};

/** Digests a chart. `knownTerms` are names that this site uses, beyond those of the chart itself. */
export function indexChart(chart: Chart | ChartIndex, options: { knownTerms?: Iterable<string> } = {}): ChartIndex {
  if ('kind' in chart) return chart;
  const patient = referencesToPatient(chart);
  const events = chart.facts.flatMap((fact) => eventsOf(fact, patient));
  const ofKind = group(events, (event) => [event.kind]);
  return {
    kind: 'chart-index',
    chart,
    events,
    ofKind,
    byName: group(events, (event) => event.keys),
    byKindAndName: new Map([...ofKind].map(([kind, own]) => [kind, group(own, (event) => event.keys)])),
    byReference: group(events, referencesOf),
    bySidelessName: group(events, (event) => new Set([...event.keys].map(withoutSide))),
    replaced: chart.superseded.flatMap((fact) => eventsOf(fact, patient)),
    vocabulary: vocabularyOf(options.knownTerms),
    asOfDate: chart.asOf.slice(0, 10),
  };
}

/** Events of some kinds under a name; the name is compared as a name, never as a code. */
export function eventsNamed(index: ChartIndex, kinds: readonly EventKind[], name: string): Event[] {
  const key = nameKey(name);
  if (kinds.length === 1) return index.byKindAndName.get(kinds[0]!)?.get(key) ?? [];
  return (index.byName.get(key) ?? []).filter((event) => kinds.includes(event.kind));
}

/** All events of some kinds. */
export function eventsOfKinds(index: ChartIndex, kinds: readonly EventKind[]): Event[] {
  return kinds.length === 1 ? (index.ofKind.get(kinds[0]!) ?? []) : kinds.flatMap((kind) => index.ofKind.get(kind) ?? []);
}

/** Whether a name is one that this chart or this site uses: only then does silence of the chart mean no. */
export function isKnown(index: ChartIndex, name: string): boolean {
  const key = nameKey(name);
  const sideless = withoutSide(key);
  return index.byName.has(key) || index.bySidelessName.has(sideless) || index.vocabulary.has(key) || index.vocabulary.has(sideless);
}

/** The text of an event's own atom: of its component where it is one, else of the fact itself. */
export function textAt(event: Event, name: AtomName): string | undefined {
  return event.fact.atoms[indexAt(event, name)]?.text;
}

/** The place of that atom in the fact, or -1. */
function indexAt(event: Event, name: AtomName): number {
  return event.fact.atoms.findIndex((atom) => atom.name === name && atom.component === event.component);
}

/** The texts of all atoms of a name that belong to the event. */
export function textsAt(event: Event, name: AtomName): string[] {
  return event.fact.atoms.filter((atom) => atom.name === name && atom.component === event.component).map((atom) => atom.text);
}

/** The text of an atom of the whole fact, whatever the component of the event. */
export function factText(event: Event, name: AtomName): string | undefined {
  return event.fact.atoms.find((atom) => atom.name === name && atom.component === undefined)?.text;
}

/** The calendar date of an atom of the whole fact, at its source's precision. */
export function dayOf(event: Event, name: AtomName): string | undefined {
  return dateOf(factText(event, name));
}

type Shape = { kind: EventKind; names: NameKind; when: AtomName[]; until?: AtomName[] };

const shapes: Record<string, Shape> = {
  Observation: { kind: 'result', names: 'result', when: ['effective', 'issued'], until: ['effectiveEnd'] },
  MedicationRequest: { kind: 'order', names: 'drug', when: ['authored'] },
  MedicationDispense: { kind: 'dispense', names: 'drug', when: ['occurrence', 'start'] },
  MedicationStatement: { kind: 'statement', names: 'drug', when: ['effective', 'recorded'], until: ['effectiveEnd'] },
  MedicationAdministration: { kind: 'administration', names: 'drug', when: ['effective'], until: ['effectiveEnd'] },
  Condition: { kind: 'problem', names: 'problem', when: ['onset'], until: ['abatement', 'end'] },
  AllergyIntolerance: { kind: 'allergy', names: 'allergy', when: ['recorded'] },
  Encounter: { kind: 'encounter', names: 'other', when: ['start'], until: ['end'] },
  Procedure: { kind: 'procedure', names: 'procedure', when: ['occurrence'], until: ['end'] },
  Immunization: { kind: 'immunization', names: 'vaccine', when: ['occurrence'] },
  DiagnosticReport: { kind: 'report', names: 'procedure', when: ['effective', 'issued'] },
  ImagingStudy: { kind: 'procedure', names: 'procedure', when: ['start'] },
  ServiceRequest: { kind: 'request', names: 'procedure', when: ['authored'] },
  Appointment: { kind: 'appointment', names: 'other', when: ['start'], until: ['end'] },
  FamilyMemberHistory: { kind: 'relative', names: 'problem', when: ['recorded'] },
  DocumentReference: { kind: 'note', names: 'procedure', when: ['authored'] },
};

function eventsOf(fact: Fact, patient: ReadonlySet<string>): Event[] {
  const shape = shapes[fact.type];
  if (shape === undefined || isOfAnother(fact, patient)) return [];
  const components = shape.kind === 'result' || shape.kind === 'relative' ? componentsOf(fact) : [];
  const own = shape.kind === 'relative' && components.length > 0 ? [] : [undefined];
  return [...own, ...components].map((component) => eventOf(fact, shape, component));
}

/** FHIR R4 Observation.focus: what is observed where that is not the subject (a donor, a fetus, an implant). It says nothing of the patient. */
function isOfAnother(fact: Fact, patient: ReadonlySet<string>): boolean {
  return fact.atoms.some((atom) => atom.name === 'focus' && !patient.has(atom.text));
}

function referencesToPatient(chart: Chart): ReadonlySet<string> {
  return new Set(chart.facts.flatMap((fact) => (fact.type === 'Patient' ? [`Patient/${fact.id}`] : [])));
}

function eventOf(fact: Fact, shape: Shape, component: number | undefined): Event {
  const displays = displaysOf(fact, shape, component);
  const at = first(fact, shape.when);
  const until = first(fact, shape.until ?? []);
  const error = (name: AtomName) => fact.atoms.some((atom) => atom.name === name && atom.text === 'entered-in-error');
  return {
    kind: shape.kind,
    fact,
    component,
    display: displays[0] ?? '',
    keys: keysOf(displays, shape),
    at,
    on: dateOf(at),
    until: dateOf(until),
    standing: !fact.retracted && fact.status !== 'entered-in-error' && !error('status') && !error('verification'),
    trusted: fact.grade !== 'D',
    instant: instant(at),
    reports: fact.atoms.some(
      (atom) => atom.component === component && (atom.name === 'value' || atom.name === 'valueText' || atom.name === 'valueCode'),
    ),
  };
}

function displaysOf(fact: Fact, shape: Shape, component: number | undefined): string[] {
  const names: AtomName[] = shape.kind === 'relative' ? ['condition', 'display'] : ['display'];
  const displays = fact.atoms.filter((atom) => names.includes(atom.name) && atom.component === component).map((atom) => atom.text);
  if (shape.kind === 'appointment' || shape.kind === 'encounter') {
    for (const name of ['serviceType', 'title'] as const) {
      const text = fact.atoms.find((atom) => atom.name === name)?.text;
      if (text !== undefined) displays.push(text);
    }
  }
  return displays;
}

const keyCache = new Map<string, Set<string>>();
const CACHED = 20_000;

/** Displays repeat across charts; their keys are worked out once. */
function keysOf(displays: string[], shape: Shape): ReadonlySet<string> {
  const keys = new Set<string>();
  const kinds: NameKind[] = shape.kind === 'request' || shape.kind === 'report' ? ['procedure', 'result'] : [shape.names];
  for (const display of displays) {
    for (const kind of kinds) {
      const slot = `${kind}\u0000${display}`;
      let found = keyCache.get(slot);
      if (found === undefined) {
        found = nameKeys(display, kind);
        if (keyCache.size >= CACHED) keyCache.clear();
        keyCache.set(slot, found);
      }
      for (const key of found) keys.add(key);
    }
  }
  return keys;
}

/** An order is named by its number as it stands, which may hold a slash, or by a reference that ends in its id. */
function referencesOf(event: Event): Set<string> {
  return new Set(
    event.fact.atoms.flatMap(({ name, text }) => (name === 'identifier' ? [text] : name === 'basedOn' ? [text, idIn(text)] : [])),
  );
}

/** The id that a reference ends in: `ServiceRequest/1`, an address with `/_history/2`, `urn:uuid:…`. */
function idIn(reference: string): string {
  return /([^/:]+)(?:\/_history\/[^/]+)?$/.exec(reference)?.[1] ?? reference;
}

function componentsOf(fact: Fact): number[] {
  const seen = new Set<number>();
  for (const atom of fact.atoms) if (atom.component !== undefined) seen.add(atom.component);
  return [...seen].sort((a, b) => a - b);
}

function first(fact: Fact, names: readonly AtomName[]): string | undefined {
  for (const name of names) {
    const text = fact.atoms.find((atom) => atom.name === name && atom.component === undefined)?.text;
    if (text !== undefined && text !== '') return text;
  }
  return undefined;
}

/** The calendar date as the source wrote it: cut from the text, never moved into another zone. FHIR `2026-11-20T…`, HL7 v2 `20261120…`. */
function dateOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const fhir = /^\d{4}(?:-\d{2}(?:-\d{2})?)?(?=T|$)/.exec(text)?.[0];
  if (fhir !== undefined) return fhir;
  const hl7 = /^(\d{4})(\d{2})?(\d{2})?\d*(?:\.\d+)?(?:[-+]\d{4})?$/.exec(text);
  return hl7 === null
    ? undefined
    : hl7
        .slice(1, 4)
        .filter((part) => part !== undefined)
        .join('-');
}

function group<K>(events: Event[], keysOfEvent: (event: Event) => Iterable<K>): Map<K, Event[]> {
  const map = new Map<K, Event[]>();
  for (const event of events) {
    for (const key of keysOfEvent(event)) {
      const list = map.get(key);
      if (list === undefined) map.set(key, [event]);
      else list.push(event);
    }
  }
  return map;
}
