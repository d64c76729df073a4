/** The few elements of FHIR R4 resources that truth is taken from, as plain JSON; nothing of ours reads them. */
export type Raw = { [key: string]: unknown };

/** A Bundle's resources, with the versions that were replaced beside them. */
export type RawChart = { resources: Raw[]; replaced: Raw[]; source: 'synthea' | 'hospital' };

/** Goes down a path of names and indices; undefined where it ends early. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Record<string | number, unknown>)[step];
  }
  return here;
}

/** The text at a path, numbers as JavaScript prints them. */
export function text(value: unknown, ...path: (string | number)[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}

/** The list at a path. */
export function list(value: unknown, ...path: (string | number)[]): unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The words of a CodeableConcept. */
export function words(concept: unknown): string | undefined {
  return text(concept, 'text') ?? text(concept, 'coding', 0, 'display');
}

/** The resources of a Bundle of JSON text. */
export function rawChart(json: string, source: RawChart['source']): RawChart {
  const bundle: unknown = JSON.parse(json);
  const resources = list(bundle, 'entry').flatMap((entry) => {
    const resource = at(entry, 'resource');
    return typeof resource === 'object' && resource !== null ? [resource as Raw] : [];
  });
  return { resources, replaced: [], source };
}
