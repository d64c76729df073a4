import type { Claim } from '../../core/claim.ts';
import type { Chart } from '../../core/fact.ts';
import { phrase } from '../../core/phrase.ts';
import type { Outcome, Reason, ReasonCode, Verdict } from '../../core/verdict.ts';
import { type ChartIndex, eventsNamed, indexChart } from './chart-index.ts';
import { checkClaim } from './check.ts';
import { checkComing } from './check-family.ts';
import { checkMedication } from './check-medication.ts';
import { stateOf } from './check-problem.ts';
import { ofOneReading } from './check-result.ts';
import { orderOf } from './dates.ts';
import { contradicted, type Finding, unproven } from './finding.ts';
import { type Passage, splitNote } from './read/passages.ts';
import { readLoose } from './read/read-loose.ts';
import { readPhrase } from './read/read-phrase.ts';
import type { Read, Reading } from './read/reading.ts';
import { tokenize } from './read/tokens.ts';
import { agrees } from './same-claim.ts';

/** Part of a run's identity: any change of a rule here is a new version. */
export const verifierVersion = '5';

/** One sentence to judge. `claims` and `cites` are a writer's hints, checked and never trusted. */
export type SentenceInput = { text: string; claims?: Claim[]; cites?: Cite[] };
export type Cite = { fact: string; version: number };

/** `knownTerms`: names (as displays) that this site uses; a known term the chart does not hold is contradicted, an unknown one unproven. */
export type VerifyOptions = { knownTerms?: Iterable<string> };

/** Raised or lowered digits and fractions ("10²", "5½") but for those of a unit or a formula ("m²", "CO₂"): level with other digits they lie. */
const RAISED = /(?<!\p{L})\p{No}+/u;

type Judged = { claim: Claim; finding: Finding };

/** The verdict on one sentence about the person of the chart, as of the chart's instant. Pass an index (`indexChart`) to judge many sentences. */
export function verifySentence(input: SentenceInput, chart: Chart | ChartIndex, options: VerifyOptions = {}): Verdict {
  const index = indexChart(chart, options);
  const claims = input.claims ?? [];
  const cites = input.cites ?? [];
  // The text says byte for byte what the claims say, so the claims are what is checked.
  if (claims.length > 0 && phrase(claims) === input.text) {
    return verdictOf(
      'typed',
      claims.map((claim) => ({ claim, finding: checkClaim(claim, index) })),
      cites,
    );
  }
  const raised = RAISED.exec(input.text)?.[0];
  const read: Read = raised === undefined ? readSentence(input.text, index) : { unread: raised, why: 'word' };
  if ('unread' in read) return hidden(input.text, index) ?? unreadVerdict(read, claims, index);
  const judged = read.readings.map((reading) => judge(reading, index));
  // What a writer claims beyond its words must hold as well: claims are what recall and evidence are filed under.
  const given = claims.map((claim) => ({ claim, finding: checkClaim(claim, index) }));
  const unknown = judged.some(({ finding }) => finding.reasons[0]?.code === 'term-unknown');
  const despite = unknown && 'unread' in readLoose(input.text, index) ? hidden(input.text, index) : undefined;
  if (despite !== undefined) return despite;
  return verdictOf(
    'free',
    [...judged, ...given.filter(({ finding }) => finding.outcome !== 'proven')],
    cites,
    differing(claims, read.readings, index),
  );
}

/** A verdict for each sentence of a text, in order, each read with what governs it: its heading, the line it goes on from, the sentence after it. */
export function verifyText(text: string, chart: Chart | ChartIndex, options: VerifyOptions = {}): { text: string; verdict: Verdict }[] {
  const index = indexChart(chart, options);
  const passages = splitNote(text);
  const read = passages.map((passage) => verifyPassage(passage, index));
  const verdicts = read.map((verdict, i) => {
    const over = verdict.outcome === 'proven' ? passages[i]!.follows.findLast((at) => governs(passages, read, at, i)) : undefined;
    return over === undefined
      ? verdict
      : doubted(verdict, `“${passages[over]!.text}” before it is not proven and may say of whom or how this is meant.`);
  });
  passages.forEach((passage, i) => {
    if (passage.takesBack === undefined || verdicts[i]!.outcome === 'proven') return;
    for (let back = Math.max(0, i - passage.takesBack); back < i; back++)
      if (verdicts[back]!.outcome === 'proven') verdicts[back] = doubted(verdicts[back]!, `“${passage.text}” after it may take it back.`);
  });
  return passages.map((passage, i) => ({ text: passage.text, verdict: verdicts[i]! }));
}

function verifyPassage({ text, under }: Passage, index: ChartIndex): Verdict {
  if (under === undefined) return verifySentence({ text }, index);
  const verdict = verifySentence({ text: `${under}: ${text}` }, index);
  const unread = verdict.reasons.some((reason) => UNREAD.has(reason.code));
  return verdict.outcome === 'unproven' && unread
    ? doubted(verdict, `It stands under “${under}”, which could not be read with it.`)
    : verdict;
}

/**
 * Whether an earlier sentence of the paragraph may say of whom or how a proven one is meant. A bare name takes its meaning from whatever was not
 * read and proven before it, and from a relative or a denial that was; "also" takes the person before it; the wrong chart is wrong for all of it.
 */
function governs(passages: readonly Passage[], verdicts: readonly Verdict[], over: number, at: number): boolean {
  const [before, after] = [passages[over]!, passages[at]!];
  const verdict = verdicts[over]!;
  if (WRONG.test(before.text)) return true;
  if (!isBare(after.text, verdicts[at]!) && !(ALSO.test(after.text) && PERSON.test(before.text))) return false;
  if (verdict.outcome !== 'proven') return !isBare(before.text, verdict) || verdict.reasons.some((reason) => UNREAD.has(reason.code));
  if (verdict.claims.some(({ claim }) => claim.kind === 'family')) return true;
  // A line that does not end may go on in the next one.
  return (
    before.line !== after.line &&
    !/[.!?]$/.test(before.text) &&
    verdict.claims.some(({ claim }) => claim.kind === 'problem' && claim.state === 'ruled out')
  );
}

/** A name without a verb, a value, a date or a heading of its own. */
function isBare(text: string, verdict: Verdict): boolean {
  return !VERB.test(text) && !/\b(?:19|20)\d\d\b|:\s/.test(text) && !verdict.claims.some(({ claim }) => VALUES.has(claim.kind));
}

const VALUES = new Set<Claim['kind']>(['result', 'trend', 'report', 'count', 'absence']);
const VERB =
  /\b(?:is|are|was|were|been|has|have|had|does|did|takes?|taking|took|underwent|received|prescribed|filled|stopped|ordered|performed|diagnosed|admitted|seen|ruled|resolved|den(?:y|ies|ied))\b/i;
const ALSO = /\b(?:also|as well|too|likewise)\b/i;
const PERSON =
  /\b(?:mother|father|brother|sister|sibling|son|daughter|child|aunt|uncle|cousin|grand(?:mother|father|parent)|parent|wife|husband|spouse|partner|mom|dad|relative|friend|neighbou?r|family|room-?mate|niece|nephew)(?:'?s)?\b/i;
const WRONG = /^wrong (?:patient|person|chart|record|note)\b/i;

/** Reasons of a sentence that was not read to its end. */
const UNREAD = new Set<ReasonCode>(['word-unread', 'claim-unread']);

function doubted(verdict: Verdict, text: string): Verdict {
  const claims = verdict.claims.map(({ claim }) => ({ claim, support: [] }));
  return { outcome: 'unproven', reasons: [{ code: 'claim-unread', text }], lane: verdict.lane, claims };
}

/** What a sentence claims, by the exact patterns of our own phrases first, then as people write. */
function readSentence(text: string, index: ChartIndex): Read {
  const exact = readPhrase(text.endsWith('.') ? text : `${text}.`);
  const names = exact.filter((claims) => claims.every((claim) => checkClaim(claim, index).reasons[0]?.code !== 'term-unknown'));
  if (names.length === 1) return { readings: names[0]!.map((claim) => ({ alternatives: [claim] })) };
  const loose = readLoose(text, index);
  if (!('unread' in loose) || exact.length !== 1) return loose;
  return { readings: exact[0]!.map((claim) => ({ alternatives: [claim] })) };
}

/** One reading against the chart: the best of its alternatives; a denial is false where the chart holds what it denies. */
function judge(reading: Reading, index: ChartIndex): Judged {
  const judged = reading.alternatives.map((claim) => ({ claim, finding: checked(claim, reading, index) }));
  const best =
    judged.find(({ finding }) => finding.outcome === 'proven') ??
    judged.find(({ finding }) => finding.outcome === 'unproven') ??
    judged[0]!;
  if (reading.negated === true) return denied(best, reading, index);
  if (best.finding.outcome === 'proven') return held(best, judged, reading, index);
  if (reading.undated === true && best.finding.outcome === 'contradicted' && wasEver(best.claim, index))
    return {
      claim: best.claim,
      finding: unproven('not-latest', `An earlier result says so, not the last one: ${best.finding.reasons[0]!.text}`),
    };
  if (reading.during === true && best.finding.outcome === 'contradicted' && wasThere(best.claim, index))
    return {
      claim: best.claim,
      finding: unproven('onset-differs', `${best.finding.reasons[0]!.text} Whether the sentence means its onset is not said.`),
    };
  if (best.finding.outcome !== 'contradicted' || reading.almost === undefined) return best;
  const almost = reading.almost.map((claim) => checkClaim(claim, index)).find((finding) => finding.outcome === 'proven');
  if (almost === undefined) return best;
  return {
    claim: best.claim,
    finding: unproven('modality-differs', 'An order stands, but nothing in the chart says that the patient takes it.'),
  };
}

/** A value that an earlier standing result gives. */
function wasEver(claim: Claim, index: ChartIndex): boolean {
  if (claim.kind !== 'result') return false;
  return eventsNamed(index, ['result'], claim.concept.name).some(
    (event) =>
      event.standing &&
      event.trusted &&
      event.on !== claim.on &&
      checkClaim({ ...claim, on: event.on ?? '', latest: false }, index).outcome === 'proven',
  );
}

/** A problem that had begun by the year or day named and had not ended before it. */
function wasThere(claim: Claim, index: ChartIndex): boolean {
  if (claim.kind !== 'problem' || claim.since === undefined) return false;
  const day = claim.since;
  return eventsNamed(index, ['problem'], claim.concept.name).some(
    (event) =>
      event.standing &&
      ['before', 'within'].includes(orderOf(event.on, day) ?? '') &&
      (event.until === undefined || orderOf(event.until, day) !== 'before') &&
      stateOf(event) !== 'ruled out',
  );
}

function checked(claim: Claim, reading: Reading, index: ChartIndex): Finding {
  return claim.kind === 'medication' ? checkMedication(claim, index, reading.now === true) : checkClaim(claim, index);
}

/** What a claim proves of a sentence that says more than it, or that could as well mean an entry which says otherwise. */
function held(best: Judged, judged: Judged[], reading: Reading, index: ChartIndex): Judged {
  const wanting = requires(best.claim, reading, index);
  if (wanting !== undefined) return { claim: best.claim, finding: wanting };
  if (reading.beyond !== undefined) return { claim: best.claim, finding: unproven('term-unknown', reading.beyond) };
  const other =
    reading.now === true ? judged.find(({ finding }) => finding.reasons.some((reason) => DIRECTIONS.has(reason.code))) : undefined;
  return other === undefined ? best : { claim: best.claim, finding: unproven('conflicting-facts', other.finding.reasons[0]!.text) };
}

/** What a sentence asks of its claim beyond that it be true: a value of the same reading, an appointment to come. */
function requires(claim: Claim, reading: Reading, index: ChartIndex): Finding | undefined {
  if (claim.kind === 'result' && reading.beside !== undefined && checkClaim(reading.beside, index).outcome === 'proven')
    return ofOneReading(claim, reading.beside, index);
  return claim.kind === 'appointment' && reading.coming !== undefined ? checkComing(claim, reading.coming === 'next', index) : undefined;
}

/** Reasons by which an order and a statement of one drug quarrel about how it is taken. */
const DIRECTIONS = new Set<ReasonCode>(['dose-differs', 'route-differs', 'frequency-differs']);

/**
 * "No diabetes": false where the chart holds diabetes, true only where it says that diabetes was ruled out; its silence proves nothing.
 * "Embolism is not resolved" denies a state and takes the embolism for granted, so that one ruled out does not prove it.
 */
function denied({ claim, finding }: Judged, reading: Reading, index: ChartIndex): Judged {
  if (finding.outcome === 'proven')
    return { claim, finding: contradicted('found-where-none-claimed', 'The draft denies what the chart says.') };
  if (claim.kind === 'problem' && reading.stated !== true) {
    const ruledOut: Claim = { ...claim, state: 'ruled out' };
    const other = checkClaim(ruledOut, index);
    if (other.outcome === 'proven') return { claim: ruledOut, finding: other };
  }
  return {
    claim,
    finding: unproven('claim-unread', 'The draft denies something; that the chart does not say it does not prove the denial.'),
  };
}

/**
 * A word that nobody here understands must not hide what the chart denies: the sentence without it is judged, and only a contradiction counts.
 * Words of plans, bounds, other times and other people change what is claimed, so that nothing is judged without them.
 */
function hidden(text: string, index: ChartIndex): Verdict | undefined {
  if (CHANGES.test(text)) return undefined;
  let rest = text.replace(REASON, '.');
  let left = readLoose(rest, index);
  for (let taken = 0; taken < WORDS_TAKEN && 'unread' in left; taken++) {
    if (!isStranger(left.unread)) return undefined;
    const shorter = rest.replace(new RegExp(`(?<![\\p{L}\\p{N}])${left.unread}(?![\\p{L}\\p{N}])`, 'iu'), ' ');
    if (shorter === rest) return undefined;
    rest = shorter.replace(/\s+([,.;])/g, '$1').replace(/^[\s,;]+|[\s,;]+(?=\.?$)/g, '');
    left = readLoose(rest, index);
  }
  if ('unread' in left || rest === text) return undefined;
  const judged = left.readings.map((reading) => judge(reading, index));
  return judged.some(({ finding }) => finding.outcome === 'contradicted') ? verdictOf('free', judged, []) : undefined;
}

/** A word without a meaning here, or a time told by the calendar beside the text. */
function isStranger(word: string): boolean {
  if (!/^\p{L}[\p{L}'’ -]*$/u.test(word)) return false;
  const tokens = tokenize(word, []);
  return (
    tokens !== undefined &&
    (tokens.every((token) => token.type === 'unread') ||
      (tokens.length === 1 && tokens[0]!.type === 'word' && tokens[0]!.as === 'relative-date'))
  );
}

/** Why something was done says nothing against that it was. */
const REASON = /\s+(?:because|due to|secondary to|owing to)\b.*$/is;
const WORDS_TAKEN = 4;
const CHANGES =
  /\?|\b(?:if|unless|when|whether|while|until|should|would|could|will|shall|may|might|must|can|cannot|needs?|goal|target|ideal|aim\w*|expect\w*|plan\w*|consider\w*|recommend\w*|suggest\w*|start\w*|begin|stop|hold|held|give|continue|resume|restart\w*|increase|decrease|reduce|raise|lower|switch|change|take|avoid|check|repeat|recheck|monitor|obtain|schedule|send|let|please|ask|risk|screen\w*|prophyla\w*|prevent\w*|contraindicat\w*|before|after|prior|previous\w*|former\w*|earlier|baseline|initial\w*|once|used to|ago|past|old|first|second|third|next|future|nearly|almost|about|around|approx\w*|roughly|barely|hardly|close|near|least|most|than|between|range\w*|average|mean|peak|nadir|max\w*|min\w*|highest|lowest|neighbou?r\w*|partner\w*|friend\w*|room-?mate\w*|fetus|fetal|baby|donor|parents?|step\w*|in-law|another|other|someone|somebody|they|their|unlikely|possibl[ey]|probabl[ey]|likely|perhaps|maybe|doubt\w*|unclear|unsure|lack\w*|neither|except|only|but|except|ignore|correct\w*|error|wrong\w*|mistak\w*|false|untrue|fals\w*|per|said|says|told|thinks?|believ\w*|according|outside|elsewhere|home|urine|csf|ionized|free|dry|gain|loss)\b/i;

function unreadVerdict(read: Extract<Read, { unread: string }>, claims: Claim[], index: ChartIndex): Verdict {
  const judged = claims.map((claim) => ({ claim, finding: checkClaim(claim, index) }));
  if (judged.some(({ finding }) => finding.outcome === 'contradicted')) return verdictOf('free', judged, []);
  const reason: Reason =
    read.why === 'word'
      ? { code: 'word-unread', text: `“${read.unread}” could not be matched with anything in the chart.` }
      : read.why === 'date'
        ? { code: 'date-vague', text: `“${read.unread}” is not a date that can be checked.` }
        : { code: 'claim-unread', text: 'This sentence could not be read as statements about the chart.' };
  return { outcome: 'unproven', reasons: [reason], lane: 'free', claims: judged.map(({ claim }) => ({ claim, support: [] })) };
}

/** Claims that came with the text and are not what the text says. */
function differing(claims: Claim[], readings: Reading[], index: ChartIndex): Reason[] {
  const stray = claims.find(
    (claim) => !readings.some((reading) => reading.negated !== true && reading.alternatives.some((read) => agrees(claim, read, index))),
  );
  return stray === undefined ? [] : [{ code: 'claim-differs', text: 'The text does not say what its claim says.' }];
}

/** Every cited fact version must be one that the sentence rests on; anything else cited is evidence of something else. */
function strayCites(cites: Cite[], judged: Judged[]): Reason[] {
  if (cites.length === 0 || judged.some(({ finding }) => finding.outcome !== 'proven')) return [];
  const rests = new Set(judged.flatMap(({ finding }) => [...finding.rests]));
  if (cites.every((cite) => rests.has(`${cite.fact}#${cite.version}`))) return [];
  return [{ code: 'evidence-differs', text: 'The draft cites an entry that does not say this.' }];
}

function verdictOf(lane: Verdict['lane'], judged: Judged[], cites: Cite[], differences: Reason[] = []): Verdict {
  const quarrels = [...differences, ...strayCites(cites, judged)];
  const outcomes = judged.map(({ finding }) => finding.outcome);
  const outcome: Outcome =
    quarrels.length > 0 || outcomes.includes('contradicted') ? 'contradicted' : outcomes.includes('unproven') ? 'unproven' : 'proven';
  const own = judged
    .filter(({ finding }) => outcome === 'proven' || finding.outcome !== 'proven')
    .flatMap(({ finding }) => finding.reasons);
  const reasons = [...quarrels, ...own].filter((reason, i, all) => all.findIndex((other) => other.text === reason.text) === i);
  return { outcome, reasons, lane, claims: judged.map(({ claim, finding }) => ({ claim, support: finding.support })) };
}
