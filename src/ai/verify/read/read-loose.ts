import type { ClaimKind } from '../../../core/claim.ts';
import type { ChartIndex } from '../chart-index.ts';
import type { Attempt, Way } from './attempt.ts';
import { Bag } from './bag.ts';
import { joinClauses } from './clauses.ts';
import { lexiconOf, lexiconOfTerms } from './lexicon.ts';
import { absence } from './loose-absence.ts';
import { allergy, noneKnown } from './loose-allergies.ts';
import { doseChange, medication } from './loose-medications.ts';
import { family, problem } from './loose-problems.ts';
import { immunization, procedure } from './loose-procedures.ts';
import { pending, report } from './loose-reports.ts';
import { pressure, result, textResult, trend } from './loose-results.ts';
import { appointment, count, encounter } from './loose-visits.ts';
import { claimsNothing } from './moods.ts';
import { unreadOrStranger } from './patient-names.ts';
import type { Read, Reading } from './reading.ts';
import { type Token, tokenize } from './tokens.ts';

/**
 * Reads a sentence as a clinician might write it into claims, using the names of the chart and of the site.
 * Every word that means something must be used by exactly one claim; otherwise the sentence stays unread.
 */
export function readLoose(sentence: string, index: ChartIndex): Read {
  const read = readWords(sentence, index);
  if (!('unread' in read)) return read;
  // "Fracture of left ankle": the side stands inside a name that the chart may hold with another side, or with the side apart from it.
  const sides = [...new Set(sentence.toLowerCase().match(/\b(?:left|right|bilateral)\b/g) ?? [])];
  const side = sides[0];
  if (side === undefined || sides.length > 1) return read;
  const token: Token = { type: 'word', as: 'side', value: side, text: side };
  const again = readWords(sentence.replace(/\b(?:the )?(?:left|right|bilateral)\b ?/gi, ''), index, token);
  return 'unread' in again ? read : again;
}

function readWords(sentence: string, index: ChartIndex, side?: Token): Read {
  const tokens = tokenize(sentence, [lexiconOf(index), lexiconOfTerms(index.vocabulary)]);
  if (tokens === undefined) return { unread: sentence, why: 'claim' };
  const unread = unreadOrStranger(tokens, index);
  if (unread !== undefined) return { unread: unread.text, why: 'word' };
  if (claimsNothing(tokens)) return { unread: sentence, why: 'claim' };
  const relative = tokens.find((token) => token.type === 'word' && token.as === 'relative-date');
  if (relative !== undefined) return { unread: relative.text, why: 'date' };
  const dated = withYears(tokens.filter((token) => token.type !== 'unread'));
  if (dated === undefined) return { unread: tokens.find((token) => token.type === 'day')!.text, why: 'date' };
  const clauses = joinClauses(dated);
  if (clauses === undefined) return { unread: sentence, why: 'claim' };
  if (side !== undefined) {
    if (clauses.length !== 1) return { unread: side.text, why: 'word' };
    clauses[0]!.push(side);
  }
  const readings: Reading[] = [];
  for (const clause of clauses) {
    const read = readClause(clause, index);
    if (!Array.isArray(read)) return read;
    readings.push(...read);
  }
  return readings.length === 0 ? { unread: sentence, why: 'claim' } : { readings };
}

/** The first way of reading a clause that leaves nothing over; else the word that the best way left. */
function readClause(tokens: Token[], index: ChartIndex): Exclude<Attempt, undefined> {
  const again = repeated(tokens);
  if (again !== undefined) return { unread: again.text, why: 'word' };
  let failure: { unread: string; why: 'word' | 'claim' | 'date' } | undefined;
  for (const way of WAYS) {
    const bag = new Bag(tokens);
    const read = way(bag, index);
    if (read === undefined) continue;
    if (!Array.isArray(read)) {
      failure ??= read;
      continue;
    }
    const left = bag.leftover() ?? misplaced(tokens, read);
    if (left === undefined) return read;
    failure ??= { unread: left.text, why: 'word' };
  }
  const first = tokens.find((token) => token.type !== 'filler' && token.type !== 'separator');
  return failure ?? { unread: first?.text ?? '', why: 'claim' };
}

/** Words that mean nothing beside what they are said of, and something else beside anything else ("lisinopril was tested", "reported lisinopril"). */
const BELONGS: [words: RegExp, kinds: ReadonlySet<ClaimKind>][] = [
  [
    /^(?:levels?|reading|values?|result|measured|measurement|tested|test|came back|came|back|drawn|collected|obtained|lab|labs:|serum level|concentration|count of|stands at|stood at|reported)$/i,
    new Set(['result', 'trend', 'report', 'pending', 'absence', 'count']),
  ],
  [/^(?:noted|found|showing|demonstrated)$/i, new Set(['result', 'trend', 'report', 'problem'])],
  [/^(?:seen|presented|evaluated|visited)$/i, new Set(['encounter', 'count', 'appointment', 'absence'])],
  [/^(?:tablets?|tabs?|capsules?|dose|tablet form|started as|been prescribed)$/i, new Set(['medication', 'dose-change', 'absence'])],
];

function misplaced(tokens: Token[], readings: Reading[]): Token | undefined {
  const kinds = readings.flatMap((reading) => reading.alternatives.map((claim) => claim.kind));
  return tokens.find(
    (token, i) =>
      token.type === 'filler' &&
      ((token.text.toLowerCase() === 'reported' && /^(?:patient|pt|he|she|they)$/i.test(tokens[i - 1]?.text ?? '')) ||
        BELONGS.some(([words, fitting]) => words.test(token.text) && !kinds.every((kind) => fitting.has(kind)))),
  );
}

/** "Denies no embolism", "father's father": a word that turns or moves a meaning does so again the second time. */
function repeated(tokens: Token[]): Token | undefined {
  const seen = new Set<string>();
  return tokens.find(
    (token) => token.type === 'word' && (token.as === 'negator' || token.as === 'relative') && (seen.has(token.as) || !seen.add(token.as)),
  );
}

const WAYS: Way[] = [
  report,
  noneKnown,
  family,
  count,
  appointment,
  absence,
  pending,
  encounter,
  allergy,
  immunization,
  procedure,
  doseChange,
  medication,
  pressure,
  trend,
  result,
  textResult,
  problem,
];

/** "11 Aug to 20 Nov 2026": a day without its year has the year of the date after it, or of the one full date there is. */
function withYears(tokens: Token[]): Token[] | undefined {
  const years = tokens.flatMap((token) => (token.type === 'date' && token.date.length === 10 ? [token.date.slice(0, 4)] : []));
  const dated = tokens.map((token): Token | undefined => {
    if (token.type !== 'day') return token;
    if (years.length !== 1) return undefined;
    return {
      type: 'date',
      date: `${years[0]}-${String(token.month).padStart(2, '0')}-${String(token.day).padStart(2, '0')}`,
      text: token.text,
    };
  });
  return dated.every((token) => token !== undefined) ? dated : undefined;
}
