import type { Claim, ClaimOf } from '../../../core/claim.ts';
import { type Attempt, optional, says } from './attempt.ts';
import type { Bag } from './bag.ts';
import type { Token } from './tokens.ts';

/** A problem in one of its states. */
export function problem(bag: Bag): Attempt {
  const term = bag.term(['problem']) ?? bag.term(['reason', 'relative', 'term']);
  if (term === undefined || bag.some('quantity')) return undefined;
  const negated = bag.has('negator');
  const states = bag.words('state');
  const any =
    bag.has('history') ||
    bag.has('had') ||
    bag.tokens.some((token) => token.type === 'word' && token.as === 'began' && /diagnos|dx|onset|began/.test(token.text));
  const listed = bag.words('list');
  const side = bag.words('side');
  if (states === null || side === null || (listed !== undefined && listed !== 'problem' && listed !== 'resolved' && listed !== 'history'))
    return undefined;
  const dates = problemDates(bag, states);
  if (dates === undefined) return undefined;
  bag.allow('negator', 'history', 'had', 'has', 'began', 'on', 'until', 'recorded');
  bag.allowPrepositions('from', 'to');
  const state = (one: ClaimOf<'problem'>['state']): Claim => ({
    kind: 'problem',
    concept: { name: term.text },
    state: one,
    ...dates,
    ...optional('laterality', side as 'left'),
  });
  const explicit = states === 'inactive' || listed === 'resolved' ? 'resolved' : (states as ClaimOf<'problem'>['state'] | undefined);
  const alternatives =
    explicit !== undefined
      ? [state(explicit)]
      : any || listed === 'history'
        ? [state('active'), state('resolved')]
        : dates.until !== undefined
          ? [state('resolved')]
          : [state('active')];
  const stated = explicit !== undefined || dates.since !== undefined || dates.until !== undefined;
  // "Heart failure in 2025" may mean that it began then or that it was there then.
  const during =
    dates.since !== undefined &&
    !bag.tokens.some((token) => token.type === 'word' && token.as === 'began') &&
    explicit === undefined &&
    !negated;
  return [{ alternatives, ...(during ? { during: true } : {}), ...(negated ? { negated: true, stated } : {}) }];
}

/** A relative's condition. */
export function family(bag: Bag): Attempt {
  const relative = bag.words('relative');
  if (relative === undefined || relative === null) return undefined;
  // "Patient and sister had …" speaks of two people, and only one of them could be claimed.
  if (bag.some('separator')) return { unread: relative, why: 'word' };
  const negated = bag.has('negator');
  const term = bag.term(['relative', 'problem', 'reason', 'term', 'allergy', 'procedure']) ?? bag.term();
  bag.allow('family', 'has', 'had', 'history', 'negator', 'began');
  bag.allowPrepositions('for');
  return term === undefined ? undefined : says({ kind: 'family', relative, condition: { name: term.text } }, negated);
}

/** Which date is the onset and which the end: the one after "resolved" or "until" is the end, of two dates the second. */
function problemDates(bag: Bag, state: string | undefined): { since?: string; until?: string } | undefined {
  const dates = bag.all('date');
  const endOf = (date: Token) => {
    const words = bag.tokens
      .slice(0, bag.tokens.indexOf(date))
      .filter(
        (token) =>
          token.type === 'word' &&
          (token.as === 'state' || token.as === 'until' || token.as === 'began' || (token.as === 'preposition' && token.value !== 'for')),
      );
    const last = words.at(-1);
    return (
      last?.type === 'word' &&
      (last.as === 'until' || last.value === 'to' || (last.as === 'state' && (state === 'resolved' || state === 'ruled out')))
    );
  };
  const ends = dates.filter(endOf);
  const starts = dates.filter((date) => !endOf(date));
  if (ends.length > 1 || starts.length > 1) return undefined;
  return { ...optional('since', starts[0]?.date), ...optional('until', ends[0]?.date) };
}
