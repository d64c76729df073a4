import type { Claim } from '../../../core/claim.ts';
import type { ChartIndex } from '../chart-index.ts';
import type { Bag } from './bag.ts';
import type { TermKind } from './lexicon.ts';
import type { Reading } from './reading.ts';
import type { Token } from './tokens.ts';

export type Term = Extract<Token, { type: 'term' }>;

/** What one way of reading a clause came to: readings, the word it stumbled over, or undefined where the clause is of another sort. */
export type Attempt = Reading[] | { unread: string; why: 'word' | 'claim' | 'date' } | undefined;

/** One way of reading a clause. It uses up the tokens it understands; what is left over makes the reading void. */
export type Way = (bag: Bag, index: ChartIndex) => Attempt;

/** Names that may stand for a drug. */
export const DRUG: TermKind[] = ['order', 'dispense', 'statement', 'administration'];

/** A clause that claims one thing. */
export function sure(claim: Claim): Reading[] {
  return [{ alternatives: [claim] }];
}

/** A clause that claims or denies one thing. */
export function says(claim: Claim, negated: boolean): Reading[] {
  return [negated ? { alternatives: [claim], negated: true } : { alternatives: [claim] }];
}

/** A key only where there is a value. */
export function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

/** Uses up the one date of a clause; undefined where there is none or several. */
export function oneDate(bag: Bag): string | undefined {
  const [date, ...more] = bag.tokens.filter((token) => token.type === 'date' && !bag.isUsed(token));
  if (date?.type !== 'date' || more.length > 0) return undefined;
  bag.use(date);
  return date.date;
}

/** The part a number plays, from the word before it. */
export function roleBefore(tokens: readonly Token[], token: Token): 'from' | 'to' | undefined {
  const before = tokens
    .slice(0, tokens.indexOf(token))
    .filter((one) => one.type !== 'filler')
    .at(-1);
  if (before?.type !== 'word') return undefined;
  if (before.as === 'trend') return before.value.endsWith('-from') ? 'from' : undefined;
  return before.as === 'preposition' && (before.value === 'from' || before.value === 'to') ? before.value : undefined;
}
