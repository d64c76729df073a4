import type { Claim, ClaimOf } from '../../../core/claim.ts';
import { type ChartIndex, type Event, eventsOfKinds } from '../chart-index.ts';
import { type Attempt, DRUG, oneDate, optional, sure, type Term } from './attempt.ts';
import type { Bag } from './bag.ts';
import type { TermKind } from './lexicon.ts';

/** "No X since 3 May", "no allergies on record": a search, not a statement about the patient. */
export function absence(bag: Bag, index: ChartIndex): Attempt {
  // Orders are no kind that a search for absence knows: what was done or found would answer for what was asked for.
  if (!bag.has('negator') || bag.has('pending') || bag.has('ordered')) return undefined;
  // "No mammogram since …" speaks of the record; "does not have gout" of the patient.
  const plain = bag.tokens.some(
    (token) => token.type === 'word' && token.as === 'negator' && /^(?:no|none|has no|had no)$/.test(token.text.toLowerCase()),
  );
  if (!bag.has('recorded') && (!plain || bag.peek(['problem']) !== undefined)) return undefined;
  const since = bag.has('began') || bag.has('recorded') ? oneDate(bag) : undefined;
  if (since === undefined && !bag.has('recorded')) return undefined;
  const ofRecord = bag.tokens.some(
    (token) => token.type === 'word' && token.as === 'recorded' && token.text.toLowerCase() === 'information',
  );
  bag.allow('negator', 'began', 'recorded', 'has', 'had', 'history', 'on');
  const category = bag.words('category');
  const setting = bag.words('setting');
  const allergy = bag.words('allergy');
  const term = bag.term();
  if (term === undefined && since !== undefined && (setting === 'emergency' || setting === 'inpatient')) {
    return sure({ kind: 'count', of: setting === 'emergency' ? 'emergency visits' : 'admissions', number: 0, since });
  }
  const of = absentKind(category, setting, allergy, term);
  if (of === undefined) return undefined;
  if (term !== undefined && of !== 'visits' && standsElsewhere(term, of, allergy !== undefined, index))
    return { unread: term.text, why: 'claim' };
  const claim: Claim = {
    kind: 'absence',
    of,
    ...(term === undefined ? {} : { concept: { name: term.text } }),
    ...optional('since', since),
  };
  // "No allergies on file" holds where a source says that none is known, and where nothing is said; "no information" only in the second case.
  if (of === 'allergies' && term === undefined && since === undefined && !ofRecord)
    return [{ alternatives: [{ kind: 'no-known-allergy', about: { name: 'allergies' } }, claim] }];
  return term !== undefined && (of === 'problems' || of === 'medications') ? [{ alternatives: [claim], beyond: BEYOND[of] }] : sure(claim);
}

/** "No penicillin on file" beside an allergy to it, "no hypertension meds": the name is, or may be, of another kind than the one searched. */
function standsElsewhere(term: Term, of: ClaimOf<'absence'>['of'], saidAllergy: boolean, index: ChartIndex): boolean {
  const fitting: ReadonlySet<string> = new Set(ABSENT_KINDS[of]);
  if (!saidAllergy && ![...term.kinds].some((kind) => fitting.has(kind))) return true;
  if (saidAllergy) return false;
  if (of === 'medications' && eventsOfKinds(index, ['allergy']).some((event) => event.standing && sharesWord(term.key, event))) return true;
  return (index.byName.get(term.key) ?? []).some((event) => event.standing && !fitting.has(event.kind) && event.kind !== 'request');
}

/** "Penicillin" beside an allergy to "penicillin V": a word long enough to tell. */
function sharesWord(key: string, event: Event): boolean {
  const words = new Set(key.split(/[^a-z]+/).filter((word) => word.length >= 5));
  return [...event.keys].some((other) => other.split(/[^a-z]+/).some((word) => words.has(word)));
}

/** "No arrhythmia on record" denies the thing, and beside atrial fibrillation it is false; "no problem named arrhythmia" denies the name. */
const BEYOND = {
  problems: 'The chart holds no problem of this name; whether it holds it under another name was not looked into.',
  medications: 'The chart holds no medication of this name; whether it holds one of this sort under another name was not looked into.',
};

/** Which names may stand for what each search looks for, a term of the site's vocabulary without a kind of its own among them. */
const ABSENT_KINDS: Record<ClaimOf<'absence'>['of'], TermKind[]> = {
  allergies: ['allergy'],
  medications: DRUG,
  problems: ['problem'],
  results: ['result', 'report'],
  result: ['result', 'report'],
  visits: ['encounter', 'reason'],
  procedure: ['procedure', 'report'],
  immunization: ['immunization'],
};

function absentKind(
  category: string | undefined | null,
  setting: string | undefined | null,
  allergy: string | undefined | null,
  term: Term | undefined,
): ClaimOf<'absence'>['of'] | undefined {
  if (category !== undefined) return category === null ? undefined : (category as ClaimOf<'absence'>['of']);
  if (allergy !== undefined) return 'allergies';
  if (setting !== undefined) return setting === 'any' ? 'visits' : undefined;
  if (term === undefined) return undefined;
  if (DRUG.some((kind) => term.kinds.has(kind))) return 'medications';
  for (const [kind, of] of [
    ['result', 'result'],
    ['problem', 'problems'],
    ['procedure', 'procedure'],
    ['report', 'procedure'],
    ['immunization', 'immunization'],
    ['allergy', 'allergies'],
  ] as const) {
    if (term.kinds.has(kind)) return of;
  }
  return undefined;
}
