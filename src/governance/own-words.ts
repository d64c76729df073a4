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

/**
 * A text as the eye sees it: without characters that do not show, letters of other alphabets that look Latin as Latin, in lower case, with
 * single spaces and no full stop at the end. Signs that change the meaning (`<`, `-`, `%`, `?`, digits) stay.
 */
export function skeleton(text: string): string {
  const seen = text
    .normalize('NFKC')
    .replace(/[\p{Cf}\p{Mn}\u115f\u1160\u3164]/gu, '')
    .toLowerCase()
    .replace(/./gu, (letter) => LOOK_ALIKES[letter] ?? letter)
    .replace(/[“”„]/g, '"')
    .replace(/[‘’]/g, "'")
    .replace(/[‐‑‒–—−]/g, '-');
  return spaced(seen).replace(/[. ]+$/, '');
}

/** Small letters of Cyrillic and Greek that are drawn like Latin ones (Unicode TR 39, confusables of the Latin alphabet). */
const LOOK_ALIKES: Record<string, string> = {
  а: 'a', в: 'b', с: 'c', ԁ: 'd', е: 'e', ё: 'e', һ: 'h', і: 'i', ј: 'j', к: 'k', ӏ: 'l', м: 'm', н: 'h', о: 'o', р: 'p', ԛ: 'q', ѕ: 's', т: 't', у: 'y', ѵ: 'v', ԝ: 'w', х: 'x',
  α: 'a', ο: 'o', ρ: 'p', τ: 't', υ: 'u', ν: 'v', ι: 'i', κ: 'k', χ: 'x', ϲ: 'c',
}; // biome-ignore format: one table

function spaced(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, ' ').trim();
}

function worst(verdicts: readonly Verdict[]): { outcome: Outcome; reasons: Reason[] } {
  const order: Outcome[] = ['contradicted', 'unproven', 'proven'];
  const outcome = order.find((one) => verdicts.some((verdict) => verdict.outcome === one)) ?? 'unproven';
  return { outcome, reasons: verdicts.filter((verdict) => verdict.outcome === outcome).flatMap((verdict) => verdict.reasons) };
}
