/** HL7 table 0203 types whose authority plus value is one human: medical record, person and patient numbers of an institution or nation. */
const joining: ReadonlySet<string> = new Set(['MR', 'PI', 'PT', 'PN', 'NI', 'NH', 'NHS', 'HC', 'JHN', 'MRT', 'LR']);
/** What senders write for table 0203 codes without keeping to it. */
const spellings: ReadonlyMap<string, string> = new Map([
  ['MRN', 'MR'],
  ['NHSNMBR', 'NHS'],
]);

/**
 * True where an identifier of this type names one human. Social security, licence, passport, account, visit and insurance numbers do not:
 * they are shared, mistyped or filled with placeholders, and each would join two people. Nor does a type nobody knows.
 */
export function joinsPeople(type: string): boolean {
  return joining.has(plainType(type));
}

/** True for a medical record number, the identifier a person is known by first. */
export function isMedicalRecord(type: string): boolean {
  return plainType(type) === 'MR';
}

function plainType(type: string): string {
  const code = type.trim().toUpperCase();
  return spellings.get(code) ?? code;
}
