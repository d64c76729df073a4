import { AppError } from '../core/errors.ts';
import type { ContentType, Reading } from '../core/receipt.ts';
import { readFhir } from './fhir/read-bundle.ts';
import { readHl7File } from './hl7v2/read-file.ts';

/** What reading needs to know of a receipt. */
export type ReceiptToRead = { id: string; source: string; contentType: ContentType };

/** What a site says about its feeds: zones of those that send none, and systems of assigning authorities. */
export type ReadingSettings = { feedZones: ReadonlyMap<string, string>; authorities: ReadonlyMap<string, string> };

/** Reads any supported payload into facts; what cannot be read comes back as a rejection, never as an exception. */
export type ReadPayload = (receipt: ReceiptToRead, bytes: Uint8Array) => Reading;

/** A reader for a site's feeds. */
export function payloadReader(settings: ReadingSettings): ReadPayload {
  return (receipt, bytes) => {
    try {
      return readAs(receipt, bytes, settings);
    } catch (error) {
      return unreadable(bytes, error);
    }
  };
}

function readAs(receipt: ReceiptToRead, bytes: Uint8Array, settings: ReadingSettings): Reading {
  switch (receipt.contentType) {
    case 'application/hl7-v2+er7':
      return readHl7File(bytes, {
        source: receipt.source,
        receipt: receipt.id,
        feedZone: settings.feedZones.get(receipt.source),
        authorities: settings.authorities,
      });
    case 'application/fhir+json':
    case 'application/fhir+ndjson':
      return readFhir(bytes, { source: receipt.source, receipt: receipt.id, contentType: receipt.contentType });
    default:
      return rejected(bytes, 'format-unsupported', 'This is neither HL7 v2 nor FHIR JSON; it is kept as it came.');
  }
}

function unreadable(bytes: Uint8Array, error: unknown): Reading {
  if (!(error instanceof AppError)) throw error;
  return rejected(bytes, error.code === 'message_unreadable' ? 'unreadable' : error.code.replaceAll('_', '-'), error.message);
}

function rejected(bytes: Uint8Array, reason: string, detail: string): Reading {
  return { people: [], merges: [], rejections: [{ item: '', start: 0, end: bytes.length, reason, detail }], controlId: null, flags: [] };
}
