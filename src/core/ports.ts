import type { Payload } from './receipt.ts';

/** Why a record is read. */
export type Purpose = 'treatment' | 'operations' | 'governance' | 'write-back';

/** A decision to let a named actor read one person's facts for a purpose until it expires; every read of the record shows one. */
export type Permit = { actor: string; purpose: Purpose; person: string | 'any'; labels: string[]; expiresAt: string };

/** What a door answers a sender, made by interop and sent by sources. */
export type Acknowledgement = { bytes: Uint8Array; code: 'AA' | 'AE' | 'AR' };

/** Takes any payload; resolves once its receipt is on disk. `repeat` says the same bytes came from the same source before. */
export type Intake = (payload: Payload) => Promise<{ receipt: string; repeat: boolean }>;

/** Decides what to answer a message whose receipt is on disk, or one that could not be stored (`failed`). */
export type Acknowledge = (
  bytes: Uint8Array,
  outcome: { ok: true } | { ok: false; reason: 'unreadable' | 'not-stored'; text: string },
) => Acknowledgement;
