import { sha256Hex, uuidFromParts } from './digest.ts';

/** The id of a payload's receipt: made of its source and the SHA-256 of its bytes, so the same bytes from the same source are the same receipt. */
export function receiptIdOf(source: string, sha256: string): string {
  return uuidFromParts('receipt', source, sha256);
}

/** The id that these bytes would have as a receipt of this source. */
export function receiptIdOfBytes(source: string, bytes: Uint8Array): string {
  return receiptIdOf(source, sha256Hex(bytes));
}
