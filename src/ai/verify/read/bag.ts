import type { Quantity } from '../../../core/claim.ts';
import type { TermKind } from './lexicon.ts';
import type { Meaning, Token } from './tokens.ts';

type OfType<T extends Token['type']> = Extract<Token, { type: T }>;

/** The tokens of one clause, each of which some claim must use exactly once. */
export class Bag {
  readonly tokens: readonly Token[];
  private readonly used = new Set<Token>();

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  /** Uses up and returns every token of a type. */
  all<T extends Token['type']>(type: T): OfType<T>[] {
    const found = this.tokens.filter((token): token is OfType<T> => token.type === type && !this.used.has(token));
    for (const token of found) this.used.add(token);
    return found;
  }

  /** Uses up the first word of a meaning and returns its value; undefined where none is left. */
  word(as: Meaning): string | undefined {
    const token = this.tokens.find((one) => one.type === 'word' && one.as === as && !this.used.has(one));
    if (token === undefined) return undefined;
    this.used.add(token);
    return (token as OfType<'word'>).value;
  }

  /** Uses up every word of a meaning; the values must not differ, or undefined stands for none and null for a quarrel. */
  words(as: Meaning): string | undefined | null {
    const values = new Set<string>();
    for (let value = this.word(as); value !== undefined; value = this.word(as)) values.add(value);
    return values.size > 1 ? null : [...values][0];
  }

  has(as: Meaning): boolean {
    return this.tokens.some((token) => token.type === 'word' && token.as === as && !this.used.has(token));
  }

  some(type: Token['type']): boolean {
    return this.tokens.some((token) => token.type === type && !this.used.has(token));
  }

  /** The first unused name that may stand for one of some kinds; it is not used up yet. */
  peek(kinds?: readonly TermKind[]): OfType<'term'> | undefined {
    return this.tokens.find(
      (token): token is OfType<'term'> =>
        token.type === 'term' && !this.used.has(token) && (kinds === undefined || kinds.some((kind) => token.kinds.has(kind))),
    );
  }

  /** Uses up such a name. */
  term(kinds?: readonly TermKind[]): OfType<'term'> | undefined {
    const token = this.peek(kinds);
    if (token !== undefined) this.used.add(token);
    return token;
  }

  use(token: Token): void {
    this.used.add(token);
  }

  isUsed(token: Token): boolean {
    return this.used.has(token);
  }

  /** Allows words that carry no meaning of their own beside what was read. */
  allow(...as: Meaning[]): void {
    for (const token of this.tokens) if (token.type === 'word' && as.includes(token.as)) this.used.add(token);
  }

  /** Allows some prepositions, which name the part that the number or date after them plays. */
  allowPrepositions(...values: string[]): void {
    for (const token of this.tokens)
      if (token.type === 'word' && token.as === 'preposition' && values.includes(token.value)) this.used.add(token);
  }

  /** The first token with a meaning that nothing used. */
  leftover(): Token | undefined {
    return this.tokens.find((token) => !this.used.has(token) && token.type !== 'filler' && token.type !== 'separator');
  }

  quantities(): { value: Quantity; token: Token }[] {
    return this.tokens.flatMap((token) => (token.type === 'quantity' && !this.used.has(token) ? [{ value: token.value, token }] : []));
  }
}
