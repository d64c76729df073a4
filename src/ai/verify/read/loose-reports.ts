import type { ChartIndex } from '../chart-index.ts';
import { type Attempt, oneDate, sure } from './attempt.ts';
import type { Bag } from './bag.ts';

/** A report with its conclusion in quotes. */
export function report(bag: Bag): Attempt {
  if (!bag.has('concluded') || !bag.some('quote')) return undefined;
  const term = bag.term(['report', 'note', 'procedure', 'result', 'request', 'term']);
  const [quote, ...more] = bag.all('quote');
  const date = oneDate(bag);
  bag.allow('concluded', 'on');
  if (term === undefined || quote === undefined || more.length > 0 || date === undefined) return undefined;
  return sure({ kind: 'report', concept: { name: term.text }, on: date, quote: quote.text.slice(1, -1) });
}

/** An order without its result. */
export function pending(bag: Bag, index: ChartIndex): Attempt {
  if (!bag.has('pending') || !bag.has('ordered')) return undefined;
  const term = bag.term();
  const dates = bag.all('date').map((token) => token.date);
  bag.allow('pending', 'ordered', 'on', 'recorded');
  bag.allowPrepositions('by', 'for');
  if (term === undefined || dates.length === 0 || dates.length > 2) return undefined;
  return sure({ kind: 'pending', concept: { name: term.text }, orderedOn: dates[0]!, asOf: dates[1] ?? index.asOfDate });
}
