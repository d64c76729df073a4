import { AppError } from '../core/errors.ts';
import type { ContentType, Reading } from '../core/receipt.ts';
import { readFhir } from './fhir/read-bundle.ts';
import { readHl7File } from './hl7v2/read-file.ts';
import type { Hl7Options } from './hl7v2/read-message.ts';

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

/** How a message of this receipt is read at this site. */
export function hl7OptionsOf(receipt: ReceiptToRead, { feedZones, authorities }: ReadingSettings): Hl7Options {
  return { source: receipt.source, receipt: receipt.id, feedZone: feedZones.get(receipt.source), authorities };
}

function readAs(receipt: ReceiptToRead, bytes: Uint8Array, settings: ReadingSettings): Reading {
  switch (receipt.contentType) {
    case 'application/hl7-v2+er7': {
      // Not its coverage, which would keep all that the reading was made with until the facts are stored.
      const { people, merges, rejections, controlId, flags } = readHl7File(bytes, hl7OptionsOf(receipt, settings));
      return { people, merges, rejections, controlId, flags };
    }
    case 'application/fhir+json':
    case 'application/fhir+ndjson':
      return readFhir(bytes, { source: receipt.source, receipt: receipt.id, contentType: receipt.contentType });
    default:
      return rejected(bytes, ...unsupported(bytes));
  }
}

/** Why bytes of no format we read are none, as far as their first ones say. */
function unsupported(bytes: Uint8Array): [reason: string, detail: string] {
  const [first, second] = bytes;
  if (first === 0x1f && second === 0x8b) return ['compressed', 'This is compressed with gzip; unpack it and send what is in it.'];
  if (first === 0x50 && second === 0x4b) return ['compressed', 'This is a ZIP archive; unpack it and send what is in it.'];
  // UTF-16 with its byte order mark, or with every other byte empty.
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || first === 0 || second === 0)
    return ['charset-unsupported', 'This is UTF-16 or UTF-32; HL7 v2 is read in ASCII, ISO 8859-1 or UTF-8, and FHIR in UTF-8.'];
  return ['format-unsupported', 'This is neither HL7 v2 nor FHIR JSON; it is kept as it came.'];
}

function unreadable(bytes: Uint8Array, error: unknown): Reading {
  if (!(error instanceof AppError)) throw error;
  return rejected(bytes, error.code === 'message_unreadable' ? 'unreadable' : error.code.replaceAll('_', '-'), error.message);
}

function rejected(bytes: Uint8Array, reason: string, detail: string): Reading {
  return { people: [], merges: [], rejections: [{ item: '', start: 0, end: bytes.length, reason, detail }], controlId: null, flags: [] };
}
