import type { ClaimOf } from '../../core/claim.ts';
import type { AtomName } from '../../core/fact.ts';
import type { ReasonCode } from '../../core/verdict.ts';
import { type ChartIndex, type Event, type EventKind, eventsNamed, eventsOfKinds, isKnown, textsAt } from './chart-index.ts';
import { compareDates, isLater, orderOf } from './dates.ts';
import { amountIn, rateOf, readRate, routeOf, routeOfForm, sameRate, saysMore } from './directions.ts';
import { componentsOf, dosesOf } from './doses.ts';
import { doubtOf, endedBefore, endInWords, endOf, goesOn, stoppedSince } from './drug-course.ts';
import { contradicted, type Finding, proven, said, supportBy, unproven, worst } from './finding.ts';
import { strengthIn } from './names.ts';
import { compareQuantities, saidQuantity } from './quantity.ts';

type MedicationClaim = ClaimOf<'medication'>;
type Dose = { value: string; unit: string };
type Directions = { drug?: { name: string }; dose?: Dose | undefined; route?: string | undefined; frequency?: string | undefined };

/** Which events may speak for each modality. An order is no dispense, and neither says that a drug is taken. */
const SPEAKS: Record<MedicationClaim['modality'], EventKind[]> = {
  prescribed: ['order'],
  filled: ['dispense'],
  taking: ['statement'],
  stopped: ['order', 'statement'],
  administered: ['administration'],
};
const DRUG_EVENTS: EventKind[] = ['order', 'dispense', 'statement', 'administration'];
/** FHIR R4 statuses under which each sort of event says what the claim says. */
const STATUSES: Record<MedicationClaim['modality'], Set<string>> = {
  prescribed: new Set(['active', 'completed', 'stopped', 'on-hold', 'ended']),
  filled: new Set(['completed']),
  taking: new Set(['active']),
  stopped: new Set(['stopped', 'cancelled']),
  administered: new Set(['completed', 'in-progress']),
};
const ORDERS = new Set(['order', 'original-order', 'reflex-order', 'filler-order', 'instance-order']);
const WORDS: Record<string, string> = {
  order: 'an order',
  dispense: 'a fill',
  statement: 'a statement that it is taken',
  administration: 'an administration',
};
const ATOMS: AtomName[] = ['display', 'status', 'authored', 'occurrence', 'effective', 'start', 'end', 'intent'];

/** A drug with its modality, date, dose, route and frequency, all of one fact. `now`: only an entry that is active will do. */
export function checkMedication(claim: MedicationClaim, index: ChartIndex, now = false): Finding {
  const named = eventsNamed(index, DRUG_EVENTS, claim.drug.name);
  if (named.length === 0) return otherDrug(claim, index);
  const speaking = named.filter((event) => SPEAKS[claim.modality].includes(event.kind));
  const standing = speaking.filter(
    (event) =>
      event.standing && saysModality(claim, event, index) && (!now || (statusOf(event) === 'active' && !endedBefore(event, index))),
  );
  if (standing.length === 0) return otherModality(claim, speaking, named, now ? index : undefined);
  const going = claim.modality === 'stopped' && claim.on === undefined ? active(claim, named, index) : undefined;
  if (going !== undefined) return contradicted('status-differs', `${what(going)} for ${going.display} is active.`);
  const dated =
    claim.on === undefined
      ? current(standing)
      : standing.filter((event) => compareDates(claim.on!, whenOf(claim, event, index)) === 'same');
  if (dated.length === 0) return otherDate(claim, standing, named, index);
  const trusted = dated.filter((event) => event.trusted);
  if (trusted.length === 0)
    return unproven('untrusted-grade', 'The source of this entry left out something it needs, or conflicts with itself.');
  const findings = trusted.map((event) => judge(claim, event));
  const good = trusted.filter((_, i) => findings[i]!.outcome === 'proven');
  if (good.length > 0) return spokenAgainst(claim, good, index, now) ?? proven([supportBy(good.at(-1)!, atomsFor(claim))], good);
  return findings.find((finding) => finding.outcome === 'unproven') ?? findings.at(-1)!;
}

/** What other entries of the drug say against all that could prove the claim: a stop that was none, a statement in doubt or of what was stopped, an end in words. */
function spokenAgainst(claim: MedicationClaim, good: Event[], index: ChartIndex, now: boolean): Finding | undefined {
  const taking = claim.modality === 'taking';
  if (claim.modality !== 'stopped' && !taking && !now) return undefined;
  const against = good.map((event) =>
    claim.modality === 'stopped'
      ? goesOn(claim, event, index)
      : ((taking ? (doubtOf(claim, event) ?? stoppedSince(event, index)) : undefined) ?? endInWords(claim, event, index)),
  );
  return against.includes(undefined) ? undefined : worst(against);
}

/** What dose, route and frequency of one event say about the claimed ones. */
export function judge(claim: Directions, event: Event): Finding {
  const problems = componentsOf(event).map((component) =>
    worst([
      dose(claim, event, component),
      product(claim, event, component),
      route(claim, event, component),
      frequency(claim, event, component),
    ]),
  );
  if (problems.every((problem) => problem === undefined)) return proven([supportBy(event, ATOMS)]);
  if (problems.includes(undefined)) return unproven('omits', `${what(event)} has further directions, which the sentence leaves out.`);
  return problems.find((problem) => problem?.outcome === 'contradicted') ?? problems[0]!;
}

function dose(claim: Directions, event: Event, component: number | undefined): Finding | undefined {
  if (claim.dose === undefined) return undefined;
  const charted = dosesOf(event, component);
  const compared = charted.map((one) => compareQuantities(claim.dose!, one));
  if (compared.includes('same')) return claim.frequency === undefined ? undefined : amount(claim, event, component);
  const shown = charted.at(-1);
  if (shown === undefined) return unproven('dose-differs', `${what(event)} gives no dose.`);
  if (compared.every((comparison) => comparison === 'unclear'))
    return unproven('dose-differs', `The draft says ${saidQuantity(claim.dose)}; ${what(event)} says ${saidQuantity(shown)}.`);
  return contradicted('dose-differs', `The draft says ${saidQuantity(claim.dose)}; ${what(event)} says ${saidQuantity(shown)}.`);
}

/** "500 mg three times daily" is a dose, and a product of 500 mg alone does not say how many of it are one. */
function amount(claim: Directions, event: Event, component: number | undefined): Finding | undefined {
  const at = { ...event, component };
  if (textsAt(at, 'doseValue').length > 0 || amountIn(at) !== undefined || textsAt(at, 'instruction').length === 0) return undefined;
  return unproven('dose-differs', `${what(event)} names a product of ${saidQuantity(claim.dose!)} and does not say how much of it.`);
}

/** A product named with its strength and how often it is taken reads as one of it each time. */
function product(claim: Directions, event: Event, component: number | undefined): Finding | undefined {
  const strength =
    claim.drug === undefined || claim.dose !== undefined || claim.frequency === undefined ? undefined : strengthIn(claim.drug.name);
  if (strength === undefined || isInstruction(claim.frequency!, event, component)) return undefined;
  const charted = dosesOf(event, component);
  if (charted.some((one) => compareQuantities(strength, one) === 'same')) return undefined;
  const shown = charted.at(-1);
  return unproven(
    'omits',
    `${what(event)} ${shown === undefined ? 'says how many are taken' : `gives ${saidQuantity(shown)}`}, which the sentence leaves out.`,
  );
}

function isInstruction(frequency: string, event: Event, component: number | undefined): boolean {
  return textsAt({ ...event, component }, 'instruction').some((text) => text.toLowerCase() === frequency.toLowerCase());
}

function route(claim: { route?: string | undefined }, event: Event, component: number | undefined): Finding | undefined {
  if (claim.route === undefined) return undefined;
  const written = textsAt({ ...event, component }, 'route');
  const charted = written.length > 0 ? written.map(routeOf) : [routeOfForm(event.display)].filter((form) => form !== undefined);
  if (charted.includes(routeOf(claim.route))) return undefined;
  if (charted.length === 0) return unproven('route-differs', `${what(event)} gives no route.`);
  return contradicted('route-differs', `The draft says ${claim.route}; ${what(event)} says ${written[0] ?? charted[0]}.`);
}

function frequency(claim: { frequency?: string | undefined }, event: Event, component: number | undefined): Finding | undefined {
  if (claim.frequency === undefined) return undefined;
  const claimed = readRate(claim.frequency);
  const charted = rateOf(event, component);
  if (isInstruction(claim.frequency, event, component)) return undefined;
  if (charted === undefined) return unproven('frequency-differs', `${what(event)} gives no frequency that can be read.`);
  if (claimed === undefined) return unproven('frequency-differs', `How often “${claim.frequency}” is could not be read.`);
  const differs = () => contradicted('frequency-differs', `The draft says ${claim.frequency}; ${what(event)} says ${saidRate(charted)}.`);
  if (claimed.perDay !== undefined && !sameRate(claimed, charted))
    return charted.perDay === undefined ? unproven('frequency-differs', `${what(event)} says only “as needed”.`) : differs();
  if (claimed.asNeeded && !charted.asNeeded) return differs();
  if (!claimed.asNeeded && charted.asNeeded) return unproven('omits', `${what(event)} says “as needed”, which the sentence leaves out.`);
  const more = textsAt({ ...event, component }, 'instruction').find(saysMore);
  if (more !== undefined) return unproven('omits', `${what(event)} says “${more}”, of which the sentence leaves something out.`);
  return undefined;
}

function saidRate(rate: { perDay: number | undefined; asNeeded: boolean }): string {
  const { perDay } = rate;
  const times =
    perDay === undefined
      ? ''
      : perDay === 1
        ? 'once daily'
        : perDay > 1
          ? `${round(perDay)} times a day`
          : `every ${round(1 / perDay)} days`;
  return [times, rate.asNeeded ? 'as needed' : ''].filter((part) => part !== '').join(' ');
}

function round(number: number): string {
  return String(Number(number.toPrecision(3)));
}

function atomsFor(claim: MedicationClaim): AtomName[] {
  return [
    ...ATOMS,
    ...(claim.dose ? (['doseValue', 'doseUnit'] as const) : []),
    ...(claim.route ? (['route'] as const) : []),
    ...(claim.frequency ? (['timesPerPeriod', 'period', 'periodUnit', 'asNeeded', 'instruction'] as const) : []),
  ];
}

function saysModality(claim: MedicationClaim, event: Event, index: ChartIndex): boolean {
  const atom = (name: AtomName) => event.fact.atoms.find((one) => one.name === name)?.text;
  if (atom('doNotPerform') === 'true') return false;
  if (event.kind === 'order' && !ORDERS.has(atom('intent') ?? 'order')) return false;
  // A statement speaks of its effective period: what it said of last spring says nothing of today.
  if (claim.modality === 'taking' && event.until !== undefined && !['within', 'after'].includes(orderOf(event.until, index.asOfDate) ?? ''))
    return false;
  return STATUSES[claim.modality].has(statusOf(event));
}

function statusOf(event: Event): string {
  return event.fact.status ?? textsAt(event, 'status')[0] ?? '';
}

/** An active order or statement of what the draft says was stopped. */
function active(claim: MedicationClaim, named: Event[], index: ChartIndex): Event | undefined {
  const modality = (event: Event) => (event.kind === 'order' ? ('prescribed' as const) : ('taking' as const));
  return named.find(
    (event) =>
      (event.kind === 'order' || event.kind === 'statement') &&
      event.standing &&
      statusOf(event) === 'active' &&
      !endedBefore(event, index) &&
      saysModality({ ...claim, modality: modality(event) }, event, index) &&
      judge(claim, event).outcome !== 'contradicted',
  );
}

/** authoredOn is when an order was written: only an end of its dosing or of a statement is a stop. */
function whenOf(claim: MedicationClaim, event: Event, index: ChartIndex): string | undefined {
  if (claim.modality !== 'stopped') return event.on;
  const day = endOf(event);
  return day !== undefined && orderOf(day, index.asOfDate) !== 'after' ? day : undefined;
}

/** Without a date a claim is about what holds now: the latest entries, or those still active. */
function current(events: Event[]): Event[] {
  const latest = events.filter((event) => !events.some((other) => isLater(other, event) === true));
  return [...new Set([...events.filter((event) => event.fact.status === 'active'), ...latest])];
}

function otherDate(claim: MedicationClaim, standing: Event[], named: Event[], index: ChartIndex): Finding {
  const vague = standing.find((event) => compareDates(claim.on!, whenOf(claim, event, index)) === 'vague');
  if (vague !== undefined && claim.modality === 'stopped' && whenOf(claim, vague, index) === undefined)
    return unproven('date-vague', `The chart does not say when ${vague.display} was stopped.`);
  if (vague !== undefined) return unproven('date-vague', `The chart dates this entry only as ${said(whenOf(claim, vague, index))}.`);
  const sameDay = named.find((event) => event.standing && compareDates(claim.on!, event.on) === 'same');
  if (sameDay !== undefined && !SPEAKS[claim.modality].includes(sameDay.kind)) return modalityDiffers(claim, sameDay);
  const matching = standing.find((event) => judge(claim, event).outcome === 'proven') ?? standing.at(-1)!;
  return contradicted(
    'date-differs',
    `The draft says ${said(claim.on)}; the chart holds ${WORDS[matching.kind]} of ${matching.display} of ${said(whenOf(claim, matching, index))}.`,
  );
}

function otherModality(claim: MedicationClaim, speaking: Event[], named: Event[], index: ChartIndex | undefined): Finding {
  const over = index === undefined ? undefined : speaking.find((event) => event.standing && endedBefore(event, index));
  if (over !== undefined) return contradicted('status-differs', `${what(over)} for ${over.display} ended on ${said(endOf(over))}.`);
  const withdrawn = speaking.find((event) => !event.standing);
  const usable = named.filter((event) => event.standing);
  if (usable.length === 0 && withdrawn !== undefined)
    return contradicted('entered-in-error', `${what(withdrawn)} was withdrawn by its source.`);
  const other = usable.find((event) => claim.on !== undefined && compareDates(claim.on, event.on) === 'same') ?? usable.at(-1);
  if (other === undefined) return contradicted('not-in-chart', `The chart holds no entry that ${claim.drug.name} was ${claim.modality}.`);
  return modalityDiffers(claim, other);
}

function modalityDiffers(claim: MedicationClaim, event: Event): Finding {
  const verb = claim.modality === 'taking' ? 'is taken' : `was ${claim.modality}`;
  const status = event.fact.status === null ? '' : `, ${event.fact.status}`;
  return contradicted(
    'modality-differs',
    `The draft says that ${claim.drug.name} ${verb}; the chart holds ${WORDS[event.kind]} of ${said(event.on)}${status}.`,
  );
}

/** No entry under this name. Where date and dose are those of another drug's entry, the drug is what is wrong. */
function otherDrug(claim: MedicationClaim, index: ChartIndex): Finding {
  const name = claim.drug.name;
  const rivals = eventsOfKinds(index, SPEAKS[claim.modality]).filter(
    (event) => event.standing && (claim.on === undefined || compareDates(claim.on, event.on) === 'same'),
  );
  const twin = rivals.find((event) => judge(claim, event).outcome === 'proven');
  const known = isKnown(index, name);
  if (twin !== undefined && (known || (claim.on !== undefined && claim.dose !== undefined))) {
    return contradicted('drug-differs', `${what(twin)} is for ${twin.display}, not ${name}.`);
  }
  const replaced = index.replaced.find((event) => event.kind === 'order' && event.keys.has(name.toLowerCase()));
  if (replaced !== undefined) return contradicted('superseded', `The entry for ${replaced.display} was replaced by a later version.`);
  if (known) return contradicted('not-in-chart', `The chart holds no entry of ${name}.`);
  return unproven('term-unknown', `“${name}” is not a name that the chart or this site uses.`);
}

function what(event: Event): string {
  const words: Record<string, ReasonCode | string> = {
    order: 'The order',
    dispense: 'The fill',
    statement: 'The statement',
    administration: 'The administration',
  };
  return `${words[event.kind] ?? 'The entry'} of ${said(event.on)}`;
}
