import type { ExplainView } from '../core/api.ts';
import type { ContentType, Door } from '../core/receipt.ts';
import { receiptIdOfBytes } from '../platform/receipt-id.ts';
import { feedName } from '../sources/feed-name.ts';
import { explainFhir } from './fhir/explain.ts';
import type { AckOptions } from './hl7v2/ack.ts';
import { explainHl7 } from './hl7v2/explain.ts';
import { hl7OptionsOf, payloadReader, type ReadingSettings } from './read-payload.ts';

/** What is known of a payload beside its bytes; what is left out is found as the doors find it. */
export type Given = { source?: string | undefined; contentType?: ContentType | undefined; door?: Door | undefined };

/** What a payload would become: feed, fields, mapping, facts, coverage and answer. Stores nothing. */
export type Explain = (bytes: Uint8Array, given?: Given) => ExplainView;

/** The feed of what is posted to the FHIR door where no caller has one of their own. */
export const POSTED = 'fhir-api';

/**
 * Explains payloads as this site's doors would take them: HL7 v2 names its feed in MSH-3 and MSH-4 and is acknowledged, FHIR is posted and
 * answered with an OperationOutcome, anything else comes as a file. Files are answered by nobody.
 */
export function explainer(settings: ReadingSettings, ack: AckOptions, contentTypeOf: (bytes: Uint8Array) => ContentType): Explain {
  return (bytes, given = {}) => {
    const contentType = given.contentType ?? contentTypeOf(bytes);
    const source = given.source ?? (contentType === 'application/hl7-v2+er7' ? feedName(bytes) : POSTED);
    const receipt = { id: receiptIdOfBytes(source, bytes), source, contentType };
    const view = explained();
    return given.door === 'files' ? { ...view, source, ack: null, ackCode: null } : { ...view, source };

    function explained(): Omit<ExplainView, 'source'> {
      if (contentType === 'application/hl7-v2+er7') return explainHl7(bytes, { ...hl7OptionsOf(receipt, settings), ack });
      if (contentType === 'application/octet-stream') return explainUnread(bytes, payloadReader(settings)(receipt, bytes).rejections);
      return explainFhir(bytes, { source, contentType, receipt: receipt.id });
    }
  };
}

function explainUnread(bytes: Uint8Array, rejections: ExplainView['rejections']): Omit<ExplainView, 'source'> {
  return {
    format: 'unknown',
    fields: [],
    segments: [],
    facts: [],
    rejections: rejections.map(({ item, reason, detail }) => ({ item, reason, detail })),
    coverage: {
      lines: [{ path: '', start: 0, end: bytes.length, state: 'held' }],
      mapped: 0,
      keptUnmapped: 0,
      held: 1,
      conflicts: 0,
      bytes: bytes.length,
    },
    ack: null,
    ackCode: null,
  };
}
