import type { ExplainView } from '../core/api.ts';
import type { ContentType } from '../core/receipt.ts';
import { explainFhir } from './fhir/explain.ts';
import type { AckOptions } from './hl7v2/ack.ts';
import { explainHl7 } from './hl7v2/explain.ts';
import type { ReadingSettings } from './read-payload.ts';

/** What a payload would become: fields, mapping, facts, coverage and answer. Stores nothing. */
export type Explain = (bytes: Uint8Array, source: string, contentType?: ContentType) => ExplainView;

/** Explains payloads as this site would read them; without a content type the bytes decide. */
export function explainer(settings: ReadingSettings, ack: AckOptions, contentTypeOf: (bytes: Uint8Array) => ContentType): Explain {
  return (bytes, source, contentType = contentTypeOf(bytes)) => {
    if (contentType !== 'application/hl7-v2+er7') return explainFhir(bytes, { source, contentType });
    return explainHl7(bytes, { source, feedZone: settings.feedZones.get(source), authorities: settings.authorities, ack });
  };
}
