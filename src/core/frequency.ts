import type { Fact } from './fact.ts';
import { textOf } from './fact.ts';

/**
 * How often, in words ("twice daily", "every 8 hours", "once weekly as needed"), from Timing.repeat (FHIR R4 Timing: frequency times per period
 * of unit); undefined where it is not a plain rate.
 */
export function frequencyOf(fact: Fact): string | undefined {
  const times = textOf(fact, 'timesPerPeriod');
  const unit = textOf(fact, 'periodUnit');
  if (!times || !unit) return undefined;
  const rate = rateWords(times, textOf(fact, 'period') ?? '1', unit);
  return rate && isAsNeeded(fact) ? `${rate} as needed` : rate;
}

/** True where the order or fill says as needed, plainly or for a named reason (Dosage.asNeeded[x]). */
function isAsNeeded(fact: Fact): boolean {
  const text = textOf(fact, 'asNeeded');
  return text !== undefined && text !== 'false';
}

const COUNTS: Record<string, string> = {
  '1': 'once',
  '2': 'twice',
  '3': 'three times',
  '4': 'four times',
  '5': 'five times',
  '6': 'six times',
};
const ADVERBS: Record<string, string> = { d: 'daily', wk: 'weekly', mo: 'monthly', a: 'yearly' };
const NOUNS: Record<string, string> = { h: 'hours', d: 'days', wk: 'weeks', mo: 'months' };

function rateWords(times: string, period: string, unit: string): string | undefined {
  const count = COUNTS[times];
  if (period === '1' && count && ADVERBS[unit]) return `${count} ${ADVERBS[unit]}`;
  if (times === '1' && /^\d+$/.test(period) && NOUNS[unit]) return `every ${period} ${NOUNS[unit]}`;
  return undefined;
}
