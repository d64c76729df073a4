import type { Merge, PersonFacts } from './fact.ts';

/** How bytes came in. */
export type Door = 'mllp' | 'files' | 'api';

/** One inbound payload exactly as it came. On disk before it is acknowledged; its id is UUIDv5 of source and SHA-256, so a repeat is the same receipt. */
export type Receipt = {
  id: string;
  source: string;
  door: Door;
  contentType: ContentType;
  sha256: string;
  size: number;
  receivedAt: string;
};

/** What the bytes are, as the door saw them. */
export type ContentType = 'application/hl7-v2+er7' | 'application/fhir+json' | 'application/fhir+ndjson' | 'application/octet-stream';

/** A payload on its way in: the bytes as they came, from whom, through which door, and what they look like. */
export type Payload = {
  source: string;
  door: Door;
  contentType: ContentType;
  bytes: Uint8Array;
};

/** What becomes of one field or element of a payload; nothing is dropped without a line here. */
export type CoverageLine = {
  path: string;
  start: number;
  end: number;
  state: 'mapped' | 'kept-unmapped' | 'held' | 'conflict';
  becomes?: string;
};

/** Every field of a payload accounted for, in the order it stands in the bytes. */
export type Coverage = {
  lines: CoverageLine[];
  mapped: number;
  keptUnmapped: number;
  held: number;
  conflicts: number;
  bytes: number;
};

/** What interop read from one payload: who it is about, what it says of them, and what could not be used. */
export type Reading = {
  people: PersonFacts[];
  merges: Merge[];
  rejections: Rejection[];
  /** MSH-10 where there is one. */
  controlId: string | null;
  flags: string[];
};

/** Why an item was kept but not used. `reason` is a code; `detail` may hold patient data and never leaves the database unasked. */
export type Rejection = {
  item: string;
  start: number;
  end: number;
  reason: string;
  detail: string;
};
