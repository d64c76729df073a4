import type { ClaimOf } from '../../core/claim.ts';
import { type ChartIndex, type Event, textsAt } from './chart-index.ts';
import { orderOf } from './dates.ts';
import { dosesOf } from './doses.ts';
import { contradicted, type Finding, said, unproven } from './finding.ts';
import { strengthIn } from './names.ts';
import { compareQuantities } from './quantity.ts';
import { tokenize } from './read/tokens.ts';

type MedicationClaim = ClaimOf<'medication'>;
/** FHIR R4 MedicationRequest status of an order that was in force at some time. */
const IN_FORCE = new Set(['active', 'completed', 'on-hold', 'stopped', 'ended']);
/** Words by which a statement doubts or denies what its status says. */
const DOUBT =
  /\b(?:thinks?|believes?|unsure|not sure|unclear|uncertain|unknown|maybe|perhaps|possibl[ey]|probabl[ey]|might|may|supposed(?:ly)?|whether|stopped|not taking|no longer|ran out|run out|discontinued|held|refus\w*|forg[eo]t\w*|miss(?:es|ed)|skip\w*|left ?over|pill ?box|off it|not take|n't)\b|\?/i;

/** "Never misses a dose" is no doubt. */
const FAITHFUL = /\b(?:not|never|n't|rarely|seldom|denies|without) (?:miss\w*|skip\w*|forg\w*|run out|ran out)(?: an?y?| it)?\b/gi;

/** The day on which dosing ends or a statement ceases to hold; the validity of a prescription at the pharmacy is neither. Undefined where several are given. */
export function endOf(event: Event): string | undefined {
  const days = new Set(
    event.fact.atoms.flatMap((atom) =>
      atom.name === 'effectiveEnd' || (atom.name === 'end' && !/dispenseRequest|validityPeriod/.test(atom.path))
        ? [atom.text.slice(0, 10)]
        : [],
    ),
  );
  return days.size === 1 ? [...days][0] : undefined;
}

/** An order whose dosing ended before the chart's day is a finished course, whatever its status still says. */
export function endedBefore(event: Event, index: ChartIndex): boolean {
  return orderOf(endOf(event), index.asOfDate) === 'before';
}

/**
 * What keeps a stopped entry from being a stop of the drug: an order that began the same day is a change of dose, one still in force a drug that
 * goes on, one begun later a drug begun again. Where the sentence names a strength, others are not false of it but left out.
 */
export function goesOn(claim: MedicationClaim, stop: Event, index: ChartIndex): Finding | undefined {
  const day = endOf(stop) ?? claim.on;
  const findings = ofTheDrug(stop, index).map((event) => {
    const how = course(event, day, index);
    if (how === undefined) return undefined;
    const text = `The ${event.kind} of ${said(event.on)} for ${event.display} ${how === 'after' ? 'came after the stop' : 'goes on'}.`;
    if (how === 'after') return unproven('conflicting-facts', text);
    return ofOtherStrength(claim, event) ? unproven('omits', text) : contradicted('status-differs', text);
  });
  return findings.find((finding) => finding?.outcome === 'contradicted') ?? findings.find((finding) => finding !== undefined);
}

/** A statement whose own words doubt it, but for words that the sentence quotes whole. */
export function doubtOf(claim: MedicationClaim, event: Event): Finding | undefined {
  const quoted = claim.frequency?.toLowerCase();
  const words = [...textsAt(event, 'note'), ...textsAt(event, 'instruction')].find(
    (text) => text.toLowerCase() !== quoted && DOUBT.test(text.replace(FAITHFUL, '')),
  );
  return words === undefined
    ? undefined
    : unproven('omits', `The entry of ${said(event.on)} adds “${words}”, which the sentence leaves out.`);
}

/**
 * What the words of an entry say of its end ("until 1 Oct 2026", "for 5 days") against that it still runs. A day that is past ends an order; days
 * counted from when it was written, or an end that cannot be dated and that the sentence does not quote, leave it unproven.
 */
export function endInWords(claim: MedicationClaim, event: Event, index: ChartIndex): Finding | undefined {
  const words = textsAt(event, 'instruction').find((text) => ENDS.test(text));
  if (words === undefined) return undefined;
  const what = `The ${event.kind} of ${said(event.on)} for ${event.display} says “${words}”`;
  const until = /\b(?:un)?til ([^.;]+)/i.exec(words)?.[1];
  const date = until === undefined ? undefined : tokenize(until, [])?.[0];
  if (date?.type === 'date' && !/\b(?:no|not|never|avoid)\b/i.test(words)) {
    if (orderOf(date.date, index.asOfDate) !== 'before') return undefined;
    const finding = event.kind === 'order' ? contradicted : unproven;
    return finding('status-differs', `${what}, a day that is past.`);
  }
  const [, count, unit] = /\b(?:for|x) ?(\d+|one|two|three|four|five|six|seven|ten|fourteen)[ -]?(d|day|wk|week|month)/i.exec(words) ?? [];
  if (count === undefined || until !== undefined || /\bcycle|\beach\b|\bthen\b/i.test(words) || event.on?.length !== 10)
    return claim.frequency?.toLowerCase() === words.toLowerCase()
      ? undefined
      : unproven('omits', `${what}; whether that is over the chart does not say.`);
  const days = (COUNTS[count.toLowerCase()] ?? Number(count)) * DAYS[unit![0]!.toLowerCase()]!;
  const last = new Date(Date.parse(event.on) + days * 86_400_000).toISOString().slice(0, 10);
  return orderOf(last, index.asOfDate) === 'before' ? unproven('status-differs', `${what}, and that time is past.`) : undefined;
}

const ENDS =
  /\b(?:un)?til\b|\bfor (?:(?:a|the|first|next|another|up|to) )*(?:\d+|one|two|three|four|five|six|seven|ten|fourteen|few|several|course|total)?[ -]?(?:of )?(?:d|days?|wks?|weeks?|months?|doses?|course)\b|\bx ?\d+ ?(?:d|days?|wks?|weeks?|months?|doses?)\b/i;
const COUNTS: Record<string, number> = { one: 1, two: 2, three: 3, four: 4, five: 5, six: 6, seven: 7, ten: 10, fourteen: 14 };
const DAYS: Record<string, number> = { d: 1, w: 7, m: 31 };

/** An order of what a statement says is taken, stopped while no other order of it stands. */
export function stoppedSince(statement: Event, index: ChartIndex): Finding | undefined {
  const orders = ofTheDrug(statement, index).filter((event) => event.kind === 'order');
  if (orders.some((event) => event.fact.status === 'active' && !endedBefore(event, index))) return undefined;
  const stopped = orders.find((event) => event.fact.status === 'stopped');
  if (stopped === undefined) return undefined;
  const day = endOf(stopped);
  return unproven(
    'conflicting-facts',
    `The order of ${said(stopped.on)} for ${stopped.display} was stopped${day === undefined ? '' : ` on ${said(day)}`}; the statement of ${said(statement.on)} says that it is taken.`,
  );
}

/** Other standing entries of the same drug, under whatever strength or brand. */
function ofTheDrug(one: Event, index: ChartIndex): Event[] {
  const alike = new Set([...one.keys].flatMap((key) => index.byName.get(key) ?? []));
  return [...alike].filter(
    (event) =>
      event.fact !== one.fact &&
      event.standing &&
      DRUG_KINDS.has(event.kind) &&
      !event.fact.atoms.some(
        (atom) =>
          (atom.name === 'doNotPerform' && atom.text === 'true') || (atom.name === 'intent' && /^(?:plan|proposal)$/.test(atom.text)),
      ),
  );
}

const DRUG_KINDS = new Set<Event['kind']>(['order', 'dispense', 'statement', 'administration']);

/** Whether an entry carries the drug past a day, or takes it up after; undefined where it does neither. */
function course(event: Event, day: string | undefined, index: ChartIndex): 'on' | 'after' | undefined {
  const status = event.fact.status ?? '';
  const active = status === 'active' && !endedBefore(event, index);
  if (day === undefined) return active && event.kind === 'order' ? 'on' : undefined;
  const began = orderOf(event.on, day);
  // What somebody says they still take is no order: that the drug was stopped stays true, and the statement says its own.
  if (event.kind !== 'order') return began === 'after' && event.kind !== 'statement' && status !== 'cancelled' ? 'after' : undefined;
  if (!IN_FORCE.has(status)) return undefined;
  if (began === 'after') return 'after';
  if (active) return 'on';
  const end = endOf(event);
  if (end !== undefined) return orderOf(end, day) === 'after' ? 'on' : undefined;
  return began === 'within' ? 'on' : undefined;
}

function ofOtherStrength(claim: MedicationClaim, event: Event): boolean {
  const named = claim.dose ?? strengthIn(claim.drug.name);
  if (named === undefined) return false;
  const doses = [undefined, ...event.fact.atoms.map((atom) => atom.component)].flatMap((component) => dosesOf(event, component));
  return !doses.some((dose) => compareQuantities(named, dose) === 'same');
}
