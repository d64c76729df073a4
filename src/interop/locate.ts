import type { Location, Origin } from '../core/fact.ts';
import { decodeLocation as decodeJson, locateText } from './fhir/json-locate.ts';
import { decodeLocation as decodeHl7, locateHl7 } from './hl7v2/locate.ts';

/** Where a path of an origin stands in the stored bytes; the origin's map says which format the path is in. */
export function locate(bytes: Uint8Array, origin: Origin, path: string): Location {
  return origin.mapping.startsWith('hl7v2') ? locateHl7(bytes, path, origin.envelope) : locateText(bytes, path, origin.envelope);
}

/** What a located range says to a person, decoding step by step. */
export function decode(bytes: Uint8Array, origin: Origin, location: Location): string {
  return origin.mapping.startsWith('hl7v2') ? decodeHl7(bytes, location) : decodeJson(bytes, location);
}
