import type { Claim, Support } from './claim.ts';

/** contradicted cannot be signed by any route; unproven is unselected until a human opened its source and accepted it. */
export type Outcome = 'proven' | 'unproven' | 'contradicted';

/** Why: a code for machines and a sentence for the clinician who asked ("The draft says 20 mg. The order of 2 Sep 2026 says 10 mg."). */
export type Reason = { code: ReasonCode; text: string };

/** The closed list of reasons. */
export type ReasonCode =
  | 'supported' | 'value-differs' | 'unit-differs' | 'date-differs' | 'not-latest' | 'direction-differs' | 'flag-differs' | 'range-differs'
  | 'status-differs' | 'dose-differs' | 'route-differs' | 'frequency-differs' | 'modality-differs' | 'drug-differs' | 'laterality-differs'
  | 'negated-in-chart' | 'relative-not-patient' | 'superseded' | 'entered-in-error' | 'not-in-chart'
  | 'found-where-none-claimed' | 'count-differs' | 'reaction-differs' | 'onset-differs' | 'quote-not-found' | 'evidence-differs'
  | 'claim-differs' | 'conflicting-facts' | 'untrusted-grade' | 'word-unread' | 'claim-unread' | 'term-unknown' | 'date-vague' | 'omits'; // biome-ignore format: one list

/** The verifier's outcome for one sentence, with the claims it read and what each rests on. */
export type Verdict = { outcome: Outcome; reasons: Reason[]; lane: 'typed' | 'free'; claims: { claim: Claim; support: Support[] }[] };
