import type { AbsenceEvidence, Evidence, SpanEvidence, Support } from '../core/claim.ts';
import type { Atom, Fact } from '../core/fact.ts';
import { decode, locate } from '../interop/locate.ts';
import type { Queryable } from '../platform/database.ts';
import { sha256Hex } from '../platform/digest.ts';
import { readManyBytes } from './receipts.ts';

/** Bytes of receipts by id; from the database, or from an exported run. */
export type BytesOf = (receipts: readonly string[]) => Promise<Map<string, Uint8Array>>;

/** Reads receipt bytes from the record, each receipt once. */
export function storedBytes(db: Queryable): BytesOf {
  return (receipts) => readManyBytes(db, receipts);
}

/**
 * Turns what the verifier found claims to rest on into evidence down to the byte: start, end and decoding steps in the stored bytes, and the
 * SHA-256 of the slice, frozen so that it can be checked for ever. An atom whose bytes are gone (erased) gives no evidence.
 */
export async function freezeEvidence(
  supports: readonly (readonly Support[])[],
  facts: ReadonlyMap<string, Fact>,
  bytesOf: BytesOf,
): Promise<Evidence[][]> {
  const wanted = new Set<string>();
  for (const support of supports.flat()) {
    if (support.kind !== 'atoms') continue;
    for (const origin of facts.get(`${support.fact}/${support.version}`)?.origins ?? []) wanted.add(origin.receipt);
  }
  const bytes = await bytesOf([...wanted]);
  return supports.map((list) =>
    list.flatMap((support) => (support.kind === 'atoms' ? spansOf(support, facts, bytes) : [absenceOf(support)])),
  );
}

/** Where one atom stands in its receipt's bytes; undefined where the bytes are not here. */
export function spanOf(fact: Fact, atom: Atom, bytes: ReadonlyMap<string, Uint8Array>): SpanEvidence | undefined {
  const origin = fact.origins[atom.origin];
  const stored = origin && bytes.get(origin.receipt);
  if (!origin || !stored) return undefined;
  const location = locate(stored, origin, atom.path);
  return {
    kind: 'span',
    fact: fact.id,
    version: fact.version,
    atom: atom.name,
    receipt: origin.receipt,
    path: atom.path,
    start: location.start,
    end: location.end,
    steps: location.steps,
    sha256: sha256Hex(stored.subarray(location.start, location.end)),
    quote: decode(stored, origin, location),
  };
}

function spansOf(
  support: Extract<Support, { kind: 'atoms' }>,
  facts: ReadonlyMap<string, Fact>,
  bytes: ReadonlyMap<string, Uint8Array>,
): Evidence[] {
  const fact = facts.get(`${support.fact}/${support.version}`);
  if (!fact) return [];
  return support.atoms.flatMap((index) => {
    const atom = fact.atoms[index];
    return (atom && spanOf(fact, atom, bytes)) ?? [];
  });
}

function absenceOf(support: Extract<Support, { kind: 'search' }>): AbsenceEvidence {
  return { kind: 'absence', query: support.query, asOf: support.query.asOf, searched: support.searched, found: 0 };
}
