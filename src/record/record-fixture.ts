/* Builders for tests of the record: facts and readings with only what a test cares about said. */
import type { Atom, AtomName, NewFact, PersonFacts } from '../core/fact.ts';
import type { Payload, Reading } from '../core/receipt.ts';
import type { Queryable } from '../platform/database.ts';
import { uuidFromParts } from '../platform/digest.ts';
import { type ReceiptRow, readReceipt, receiptOf, storeReceipts } from './receipts.ts';

export const MRN = 'urn:oid:2.999.1.1';

/** A result of one analyte; `value` and the rest as a test needs them. */
export function result(change: Partial<NewFact> & { key?: string; value?: string; at?: string } = {}): NewFact {
  const { key = 'NL1|2823-3', value = '5.6', at = '2026-11-20T06:15:00-06:00', ...rest } = change;
  return {
    id: uuidFromParts('fact', 'north-lab', 'Observation', key),
    type: 'Observation',
    naturalKey: key,
    status: 'final',
    grade: 'A',
    flags: [],
    retracted: false,
    rank: 2,
    resultAt: at,
    validFrom: new Date(at).toISOString(),
    validTo: null,
    content: JSON.stringify({
      resourceType: 'Observation',
      status: rest.status ?? 'final',
      code: { text: 'Potassium' },
      valueQuantity: { value },
      effectiveDateTime: at,
      issued: rest.resultAt,
    }),
    origins: [{ receipt: '00000000-0000-0000-0000-000000000000', mapping: 'hl7v2@1', envelope: [0, 10] }],
    atoms: atoms({ display: 'Potassium', value, unit: 'mmol/L', effective: at }, [
      { name: 'code', text: '2823-3', system: 'http://loinc.org', origin: 0, path: 'ORU_R01/OBX[1]-3[1].1' },
    ]),
    ...rest,
  };
}

/** Atoms by name, each with a path of its own. */
export function atoms(texts: Partial<Record<AtomName, string>>, more: Atom[] = []): Atom[] {
  return [
    ...Object.entries(texts).map(([name, text]) => ({ name: name as AtomName, text: text!, origin: 0, path: `ORU_R01/OBX[1]-${name}` })),
    ...more,
  ];
}

/** Facts about one person known by MRN to a source. */
export function about(mrn: string, facts: NewFact[], change: Partial<PersonFacts['person']> = {}): PersonFacts {
  return { person: { source: 'north-lab', identifiers: [{ authority: MRN, value: mrn }], ...change }, facts };
}

/** What interop would hand over. */
export function reading(people: PersonFacts[], change: Partial<Reading> = {}): Reading {
  return { people, merges: [], rejections: [], controlId: null, flags: [], ...change };
}

/** A stored receipt whose bytes are this text. */
export async function stored(tx: Queryable, text: string, now: string, source = 'north-lab'): Promise<ReceiptRow> {
  const payload: Payload = { source, door: 'mllp', contentType: 'application/hl7-v2+er7', bytes: new Uint8Array(Buffer.from(text)) };
  const receipt = receiptOf(payload, now);
  await storeReceipts(tx, [{ receipt, bytes: payload.bytes }]);
  return readReceipt(tx, receipt.id);
}
