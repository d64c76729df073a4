import type { Claim, ClaimOf } from '../../../core/claim.ts';

/**
 * What a part of a sentence claims. Any one of the alternatives would make it true ("a history of asthma" may be active or resolved).
 * `negated` says that the sentence denies it; `now` says that it must hold now ("active
 * medications"); `almost` are claims that the chart may hold but that say less than the sentence does; `beyond` says what the sentence says
 * beyond its claim, so that the claim proves less than the sentence; `stated` that it names a state, whose denial does not deny the problem;
 * `beside` is a value that the same observation must report; `undated` that a value
 * stands without a date, and may be an earlier one; `during` that its date may be one on which
 * the problem was there; `coming` says that an appointment is one to come, or the next one.
 */
export type Reading = {
  alternatives: Claim[];
  negated?: boolean;
  now?: boolean;
  almost?: Claim[];
  beyond?: string;
  stated?: boolean;
  beside?: ClaimOf<'result'>;
  during?: boolean;
  undated?: boolean;
  coming?: 'any' | 'next';
};

/** A sentence read to its last word, or the word or gap that kept it from being read. */
export type Read = { readings: Reading[] } | { unread: string; why: 'word' | 'claim' | 'date' };
