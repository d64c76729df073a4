import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { type PrimitiveCheck, primitiveChecks } from './primitives.ts';

/** How one element of a type is to look, compiled from the FHIR R4 definitions. */
export type ElementRule = {
  name: string;
  list: boolean;
  /** The FHIR type's name, or the path of a backbone element. */
  type: string;
  primitive: PrimitiveCheck | undefined;
  /** Codes of a required binding by system; undefined where there is none or its codes cannot be listed. */
  binding: { url: string; bySystem: Map<string, Set<string>>; all: Set<string> } | undefined;
  /** Resource types a Reference may point at; undefined for any. */
  targets: Set<string> | undefined;
  /** `value[x]`: of the members of a choice only one may stand. */
  choice: string | undefined;
};

export type TypeRule = {
  name: string;
  elements: Map<string, ElementRule>;
  /** Element names of which one must be present, with the name to say when none is. */
  required: { name: string; any: string[] }[];
};

type Packed = {
  version: string;
  resources: string[];
  types: Record<string, string[]>;
  valueSets: Record<string, Record<string, string[]>>;
};

const packed = JSON.parse(brotliDecompressSync(readFileSync(new URL('./definitions/r4.json.br', import.meta.url))).toString()) as Packed;
const resources = new Set(packed.resources);
const compiled = new Map<string, TypeRule>();
const bindings = new Map<string, ElementRule['binding']>();

/** True for the name of a FHIR R4 resource type. */
export function isResourceType(name: string): boolean {
  return resources.has(name);
}

/** The rules of a resource type, data type or backbone path; compiled when first asked for. */
export function typeRule(name: string): TypeRule {
  const known = compiled.get(name);
  if (known) return known;
  const lines = packed.types[name];
  if (!lines) throw new TypeError(`no FHIR R4 definition named ${name}`);
  const rule: TypeRule = { name, elements: new Map(), required: [] };
  compiled.set(name, rule);
  for (const line of lines) addLine(rule, line);
  if (!resources.has(name)) addElement(rule, 'id', '?', 'string', undefined, undefined);
  if (!resources.has(name) || rule.elements.has('text')) addElement(rule, 'extension', '*', 'Extension', undefined, undefined);
  return rule;
}

function addLine(rule: TypeRule, line: string): void {
  const [name, card, types, binding] = line.split(' ') as [string, string, string, string?];
  const kinds = types.split('|');
  const names: string[] = [];
  for (const kind of kinds) {
    const element = name.endsWith('[x]') ? name.slice(0, -3) + kind[0]!.toUpperCase() + kind.slice(1).replace(/\(.*/, '') : name;
    // Resource.id is an id though R4 writes its type as string.
    const type = name === 'id' && resources.has(rule.name) ? 'id' : kind;
    addElement(rule, element, card, type, binding, name.endsWith('[x]') ? name : undefined);
    names.push(element);
  }
  if (card === '!' || card === '+') rule.required.push({ name, any: names });
}

function addElement(
  rule: TypeRule,
  name: string,
  card: string,
  kind: string,
  binding: string | undefined,
  choice: string | undefined,
): void {
  const reference = /^Reference\((.+)\)$/.exec(kind);
  const type = reference ? 'Reference' : kind.replace(/^@/, '');
  rule.elements.set(name, {
    name,
    list: card === '*' || card === '+',
    type,
    primitive: primitiveChecks[type],
    binding: binding ? bindingOf(binding) : undefined,
    targets: reference ? new Set(reference[1]!.split(',')) : undefined,
    choice,
  });
}

function bindingOf(url: string): ElementRule['binding'] {
  if (bindings.has(url)) return bindings.get(url);
  const systems = packed.valueSets[url];
  const bySystem = new Map(Object.entries(systems ?? {}).map(([system, codes]) => [system, new Set(codes)]));
  const binding = systems ? { url, bySystem, all: new Set(Object.values(systems).flat()) } : undefined;
  bindings.set(url, binding);
  return binding;
}
