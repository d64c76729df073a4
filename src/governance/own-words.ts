import type { ChartIndex } from '../ai/verify/chart-index.ts';
import { verifyText } from '../ai/verify/verify.ts';
import type { Outcome, Reason, Verdict } from '../core/verdict.ts';

/** What the chart says to a human's own words: the worst verdict of their sentences, and everything they rest on. */
export function judge(text: string, index: ChartIndex): { verdict: { outcome: Outcome; reasons: Reason[] }; claims: Verdict['claims'] } {
  const verdicts = verifyText(text, index).map((one) => one.verdict);
  return { verdict: worst(verdicts), claims: verdicts.flatMap((verdict) => verdict.claims) };
}

/** True where two texts are the same words to a reader: nothing but spaces differs. */
export function sameText(one: string, other: string): boolean {
  return spaced(one) === spaced(other);
}

function spaced(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, ' ').trim();
}

function worst(verdicts: readonly Verdict[]): { outcome: Outcome; reasons: Reason[] } {
  const order: Outcome[] = ['contradicted', 'unproven', 'proven'];
  const outcome = order.find((one) => verdicts.some((verdict) => verdict.outcome === one)) ?? 'unproven';
  return { outcome, reasons: verdicts.filter((verdict) => verdict.outcome === outcome).flatMap((verdict) => verdict.reasons) };
}
