import type { Claim, ClaimOf } from '../../../core/claim.ts';
import { type Attempt, DRUG, oneDate, optional, roleBefore, says, type Term } from './attempt.ts';
import type { Bag } from './bag.ts';
import type { TermKind } from './lexicon.ts';

/** A drug with its directions and what is said of it. */
export function medication(bag: Bag): Attempt {
  const marked = bag.has('modality') || bag.has('ordered') || bag.some('frequency') || bag.some('route');
  const drug = bag.peek(DRUG) ?? (marked ? notAnOrderedTest(bag) : undefined);
  if (drug === undefined || (!marked && drug.kinds.has('result') && bag.some('quantity') && !bag.has('on'))) return undefined;
  bag.use(drug);
  const negated = bag.has('negator');
  const spoken = bag.words('modality');
  const ordered = bag.has('ordered');
  const listed = bag.words('list');
  const [dose, ...more] = bag.quantities();
  if (dose !== undefined) bag.use(dose.token);
  const route = bag.all('route');
  const frequency = bag.all('frequency');
  const dates = bag.all('date');
  const on = bag.has('on') && beforeDrug(bag, drug);
  const unit = dose?.value.unit;
  if (
    spoken === null ||
    more.length > 0 ||
    dates.length > 1 ||
    route.length > 1 ||
    (dose !== undefined && (unit === undefined || dose.value.comparator !== undefined))
  )
    return undefined;
  if (listed !== undefined && listed !== 'order') return undefined;
  bag.allow('negator', 'ordered', 'on', 'has', 'recorded');
  if (spoken === 'taking') bag.allow('concluded');
  bag.allowPrepositions('for');
  const often = frequency.map((token) => token.text).join(' ');
  const claim = (modality: ClaimOf<'medication'>['modality']): Claim => ({
    kind: 'medication',
    drug: { name: drug.text },
    ...(dose === undefined || unit === undefined ? {} : { dose: { value: dose.value.value, unit } }),
    ...optional('route', route[0]?.text.replace(/^via “(.+)”$/, '$1')),
    ...optional('frequency', often === '' ? undefined : often),
    modality,
    ...optional('on', dates[0]?.date),
  });
  if (spoken !== undefined && listed !== undefined) return undefined;
  if (spoken !== undefined) return says(claim(MODALITIES[spoken]!), negated);
  // "On lisinopril" says that it is taken; an order alone makes that likely and does not prove it.
  if (on && !ordered && listed === undefined)
    return [{ alternatives: [claim('taking')], almost: [claim('prescribed')], ...(negated ? { negated: true } : {}) }];
  if (ordered) return says(claim('prescribed'), negated);
  // A drug that is merely listed may stand there as ordered or as taken, and without a date it stands there for now.
  const now = listed === 'order' || dates.length === 0 ? { now: true } : {};
  return [{ alternatives: [claim('prescribed'), claim('taking')], ...now, ...(negated ? { negated: true } : {}) }];
}

/** "Bone scan ordered" is no prescription. */
function notAnOrderedTest(bag: Bag): Term | undefined {
  const term = bag.peek();
  return term !== undefined && bag.has('ordered') && TESTS.some((kind) => term.kinds.has(kind)) ? undefined : term;
}

const TESTS: TermKind[] = ['procedure', 'request', 'report', 'result'];

/** A change from one dose to another. */
export function doseChange(bag: Bag): Attempt {
  const change = bag.words('change');
  const moved = bag.has('trend') && bag.peek(DRUG) !== undefined && bag.peek(['result']) === undefined;
  const verb = change === undefined && moved ? bag.words('trend') : change;
  const quantities = bag.quantities();
  if (verb === undefined || verb === null || quantities.length !== 2) return undefined;
  if (quantities.some(({ value }) => value.comparator !== undefined)) return undefined;
  // "From 12.5 mg twice daily to 25 mg": how often the old dose was taken is not known of a change.
  const last = quantities.at(-1)!.token;
  if (bag.tokens.slice(0, bag.tokens.indexOf(last)).some((token) => token.type === 'frequency')) return undefined;
  const drug = bag.term(DRUG) ?? bag.term();
  const roles = quantities.map(({ token }) => roleBefore(bag.tokens, token));
  const swapped = roles[0] === 'to' && roles[1] === 'from';
  const [first, second] = quantities.map(({ value }) => value);
  const [from, to] = swapped ? [second!, first!] : [first!, second!];
  for (const { token } of quantities) bag.use(token);
  const unit = to.unit ?? from.unit;
  const [often, ...oftener] = bag.all('frequency');
  if (oftener.length > 0) return undefined;
  const date = oneDate(bag);
  const negated = bag.has('negator');
  bag.allow('on', 'has', 'negator');
  bag.allowPrepositions('from', 'to');
  if (drug === undefined || unit === undefined || date === undefined) return undefined;
  if ((verb === 'up' || verb === 'rose') && !(Number(to.value) > Number(from.value))) return undefined;
  if ((verb === 'down' || verb === 'fell') && !(Number(to.value) < Number(from.value))) return undefined;
  const claim: Claim = {
    kind: 'dose-change',
    drug: { name: drug.text },
    from: { value: from.value, unit: from.unit ?? unit },
    to: { value: to.value, unit },
    ...optional('frequency', often?.text),
    on: date,
  };
  return says(claim, negated);
}

const MODALITIES: Record<string, ClaimOf<'medication'>['modality']> = {
  prescribed: 'prescribed',
  filled: 'filled',
  taking: 'taking',
  stopped: 'stopped',
  administered: 'administered',
  given: 'administered',
};

function beforeDrug(bag: Bag, drug: Term): boolean {
  const at = bag.tokens.indexOf(drug);
  return bag.tokens.slice(0, at).some((token) => token.type === 'word' && token.as === 'on');
}
