import { AppError } from '../../core/errors.ts';
import type { NewFact } from '../../core/fact.ts';
import type { Coverage, CoverageLine } from '../../core/receipt.ts';
import { JsonReader } from './json.ts';
import type { FhirOptions, FhirReading } from './read-bundle.ts';
import { ByteOffsets } from './scan.ts';

/** A leaf of a payload with its range: inside the quotes of a string, else its text. */
export type Leaf = { path: string; start: number; end: number; text: string };

/**
 * What became of every leaf of a FHIR payload, in the order of its bytes: mapped to an atom of a fact, kept in the content without one, or
 * held because its resource was rejected.
 */
export function coverageOf(leaves: readonly Leaf[], reading: FhirReading, size: number): Coverage {
  const atoms = new Map<string, string>();
  for (const { facts } of reading.people) for (const fact of facts) collect(fact, atoms);
  const held = reading.rejections.map((rejection) => rejection.item);
  const lines = leaves.map((leaf): CoverageLine => {
    const becomes = atoms.get(leaf.path);
    const line = { path: leaf.path, start: leaf.start, end: leaf.end };
    if (held.some((item) => item === '' || leaf.path === item || leaf.path.startsWith(`${item}.`))) return { ...line, state: 'held' };
    return becomes === undefined ? { ...line, state: 'kept-unmapped' } : { ...line, state: 'mapped', becomes };
  });
  const count = (state: CoverageLine['state']): number => lines.filter((line) => line.state === state).length;
  return { lines, mapped: count('mapped'), keptUnmapped: count('kept-unmapped'), held: count('held'), conflicts: 0, bytes: size };
}

/** Every leaf of a payload in the order of its bytes. A line of NDJSON that is no JSON is one leaf. */
export function leavesOf(bytes: Uint8Array, options: { contentType: FhirOptions['contentType'] }): Leaf[] {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const offsets = new ByteOffsets(text, bytes.length, 0);
  const leaves: Leaf[] = [];
  if (options.contentType !== 'application/fhir+ndjson') {
    walk(new JsonReader(text), '', offsets, leaves, 0);
    return leaves;
  }
  let at = 0;
  for (const [index, line] of text.split('\n').entries()) {
    const before = leaves.length;
    try {
      if (line.trim() !== '') walk(new JsonReader(text.slice(0, at + line.length), at), `line[${index}]`, offsets, leaves, 0);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      leaves.length = before;
      const [start, end] = [Buffer.byteLength(text.slice(0, at)), Buffer.byteLength(text.slice(0, at + line.length))];
      leaves.push({ path: `line[${index}]`, start, end, text: line });
    }
    at += line.length + 1;
  }
  return leaves;
}

function walk(reader: JsonReader, path: string, offsets: ByteOffsets, leaves: Leaf[], depth: number): void {
  reader.space();
  const first = reader.text[reader.at];
  if (first === '{') reader.members(depth, (key) => walk(reader, memberPath(path, key), offsets, leaves, depth + 1));
  else if (first === '[') reader.items(depth, (index) => walk(reader, `${path}[${index}]`, offsets, leaves, depth + 1));
  else leaves.push(readLeaf(reader, path, offsets, depth));
}

function readLeaf(reader: JsonReader, path: string, offsets: ByteOffsets, depth: number): Leaf {
  const from = reader.at;
  const value = reader.value(depth);
  const inside = typeof value === 'string' ? 1 : 0;
  const [start, end] = [offsets.of(from + inside), offsets.of(reader.at - inside)];
  return { path, start, end, text: typeof value === 'string' ? value : reader.text.slice(from, reader.at) };
}

function memberPath(path: string, key: string): string {
  if (key === '' || /[.[\]"]/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** Atoms by path; one of a medication in another resource counts as that resource's own too. */
function collect(fact: NewFact, atoms: Map<string, string>): void {
  for (const atom of fact.atoms) if (!atoms.has(atom.path)) atoms.set(atom.path, `${fact.type} ${atom.name}`);
}
