import type { Chart, Fact } from '../../core/fact.ts';
import { conceptAtoms, readAtoms } from '../../interop/fhir/atoms.ts';
import { isObject, type JsonObject, parseJson, primitiveText } from '../../interop/fhir/json.ts';

/** A chart straight from the text of a FHIR Bundle (and of the versions it replaced), without a store: for measuring on charts nobody here wrote. */
export function chartOfBundle(text: string, asOf: string, replaced?: string): Chart {
  const superseded = replaced === undefined ? [] : chartOfBundle(replaced, asOf).facts.map((fact) => ({ ...fact, supersededAt: asOf }));
  const bundle = parseJson(text);
  const entries = isObject(bundle) && Array.isArray(bundle['entry']) ? bundle['entry'] : [];
  const resources = entries.flatMap((entry) =>
    isObject(entry) && isObject(entry['resource']) ? [{ resource: entry['resource'], url: primitiveText(entry['fullUrl']) ?? '' }] : [],
  );
  const medications = new Map<string, JsonObject>();
  for (const { resource, url } of resources) {
    if (resource['resourceType'] !== 'Medication') continue;
    medications.set(url, resource);
    medications.set(`Medication/${primitiveText(resource['id']) ?? ''}`, resource);
  }
  const person = primitiveText(resources.find(({ resource }) => resource['resourceType'] === 'Patient')?.resource['id']) ?? 'unknown';
  const facts = resources.map(({ resource }, i) => factOf(resource, i, person, asOf, medications));
  return { person, asOf, facts: facts.filter((fact) => fact.atoms.length > 0), superseded };
}

function factOf(resource: JsonObject, i: number, person: string, asOf: string, medications: Map<string, JsonObject>): Fact {
  const atoms = readAtoms(resource);
  const reference = isObject(resource['medicationReference']) ? primitiveText(resource['medicationReference']['reference']) : undefined;
  const medication = reference === undefined ? undefined : medications.get(reference);
  if (medication?.['code'] !== undefined) atoms.push(...conceptAtoms(medication['code'], 'code'));
  return {
    id: primitiveText(resource['id']) ?? `entry-${i}`,
    version: Number((isObject(resource['meta']) ? primitiveText(resource['meta']['versionId']) : undefined) ?? 1),
    sourcePerson: person,
    source: 'bundle',
    type: primitiveText(resource['resourceType']) ?? '',
    status: primitiveText(resource['status']) ?? null,
    grade: 'A',
    flags: [],
    retracted: false,
    recordedAt: asOf,
    supersededAt: null,
    validFrom: null,
    validTo: null,
    contentHash: '',
    origins: [],
    atoms: atoms.map((atom) => ({ ...atom, origin: 0 })),
  };
}
