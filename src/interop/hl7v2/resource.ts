import type { Atom, Grade, NewFact } from '../../core/fact.ts';
import { uuidFromParts } from '../../platform/digest.ts';
import type { ReadAtom } from '../fhir/atom-emitters.ts';
import { readAtoms } from '../fhir/atoms.ts';
import type { Json, JsonObject } from '../fhir/json.ts';
import { searchColumns } from '../fhir/search-columns.ts';
import { type Reading, use } from './reading.ts';

/** The map that reads HL7 v2 into facts; a fact's origin names it, so that a later map can be told from this one. */
export const MAPPING = 'hl7v2@2';

/** A FHIR R4 resource in the making: each element put in names the part of the message it came from. */
export type Resource = {
  reading: Reading;
  type: string;
  content: JsonObject;
  /** FHIR element path → HL7 path. */
  paths: Map<string, string>;
  /** Where atoms without a closer path point. */
  home: string;
  flags: Set<string>;
  extra: ReadAtom[];
};

/** Flags that keep a fact away from models and claims: grade D. */
export const distrusted: ReadonlySet<string> = new Set([
  'zone-missing',
  'zone-ambiguous',
  'time-unreadable',
  'unit-missing',
  'unit-unknown',
  'unit-conflict',
  'number-unreadable',
  'value-repeats',
]);

/** Starts a resource; `home` is the path of the segment it is about. */
export function startResource(reading: Reading, type: string, home: string): Resource {
  return { reading, type, content: { resourceType: type, id: '' }, paths: new Map(), home, flags: new Set(), extra: [] };
}

/** Puts a value at an element path (`name[0].family`), remembers where it came from and reports the field as used. */
export function put(resource: Resource, element: string, value: Json, path: string, reported = true): void {
  let here: JsonObject | Json[] = resource.content;
  const steps = stepsOf(element);
  for (let i = 0; i < steps.length - 1; i++) {
    const step = steps[i]!;
    const next = typeof steps[i + 1] === 'number' ? [] : {};
    const holder = here as { [key: string | number]: Json };
    here = (holder[step] ??= next) as JsonObject | Json[];
  }
  (here as { [key: string | number]: Json })[steps.at(-1)!] = value;
  resource.paths.set(element, path);
  if (reported) use(resource.reading, path, `${resource.type}.${element}`);
}

/** Puts a value that follows from the kind of message or a rule, not from the words of one field; `path` says from which field it follows. */
export function derive(resource: Resource, element: string, value: Json, path = resource.home): void {
  put(resource, element, value, path, path !== resource.home);
}

/** The next free index of a list element. */
export function nextIndex(resource: Resource, list: string): number {
  let here: Json | undefined = resource.content;
  for (const step of stepsOf(list)) here = (here as { [key: string | number]: Json } | undefined)?.[step];
  return Array.isArray(here) ? here.length : 0;
}

/** What decides between versions and identity of a finished fact. */
export type Standing = {
  naturalKey: string;
  /** The id of that key, where it is known already. */
  id?: string;
  rank: number;
  resultAt?: string | undefined;
  retracted?: boolean;
  /** Grade where nothing is wrong; flags lower it. */
  grade?: Grade;
};

/** The id a fact of this source, type and natural key has, for references to it. Without a key it is this message's alone. */
export function factId(reading: Reading, type: string, naturalKey: string, home: string): string {
  return naturalKey
    ? uuidFromParts('fact', reading.source, type, naturalKey)
    : uuidFromParts('fact', reading.source, type, '', reading.receipt, String(reading.origin.envelope[0]), home);
}

/** Closes a resource into a fact: JSON text with numbers as sent, atoms with HL7 paths, grade and valid time. */
export function finish(resource: Resource, standing: Standing): NewFact {
  const { reading, content, type, flags } = resource;
  const id = standing.id ?? factId(reading, type, standing.naturalKey, resource.home);
  content['id'] = id;
  if (!standing.naturalKey) flags.add('no-natural-key');
  const read = [...readAtoms(content), ...resource.extra];
  const columns = searchColumns(read);
  for (const flag of columns.flags) flags.add(flag);
  return {
    id,
    type,
    naturalKey: standing.naturalKey,
    status: columns.status,
    grade: gradeOf(standing.grade ?? 'A', flags),
    flags: [...flags].sort(),
    retracted: standing.retracted ?? false,
    rank: standing.rank,
    resultAt: standing.resultAt ?? null,
    validFrom: columns.validFrom,
    validTo: columns.validTo,
    content: JSON.stringify(content),
    origins: [reading.origin],
    atoms: read.map((atom) => atomOf(resource, atom)),
  };
}

function gradeOf(best: Grade, flags: ReadonlySet<string>): Grade {
  for (const flag of flags) if (distrusted.has(flag)) return 'D';
  return best === 'A' && flags.has('code-local') ? 'B' : best;
}

function atomOf(resource: Resource, read: ReadAtom): Atom {
  const atom: Atom = { name: read.name, text: read.text, origin: 0, path: pathFor(resource, read.path) };
  if (read.system !== undefined) atom.system = read.system;
  if (read.component !== undefined) atom.component = read.component;
  return atom;
}

/** The exact leaf's path, else the nearest parent's, else the segment. Extra atoms carry their HL7 path already. */
function pathFor(resource: Resource, element: string): string {
  if (element.includes('/')) return element;
  for (let at = element; at !== ''; at = at.replace(/(\.[^.[]+|\[\d+\]|^[^.[]+)$/, '')) {
    const path = resource.paths.get(at);
    if (path !== undefined) return path;
  }
  return resource.home;
}

const stepCache = new Map<string, (string | number)[]>();

function stepsOf(element: string): (string | number)[] {
  let steps = stepCache.get(element);
  if (!steps) {
    steps = element.split(/[.[]/).map((step) => (step.endsWith(']') ? Number(step.slice(0, -1)) : step));
    // Element paths repeat from message to message; only a hostile one could make this grow.
    if (stepCache.size < 10_000) stepCache.set(element, steps);
  }
  return steps;
}
