import type { Claim, ClaimOf } from '../../core/claim.ts';
import type { Chart, Fact } from '../../core/fact.ts';
import { textOf } from '../../core/fact.ts';
import { frequencyOf } from '../../core/frequency.ts';
import type { DraftSentence } from '../../core/pack.ts';
import { compare, conceptKey, conceptOf, dateOf, newestFirst } from './facts.ts';

type Dose = { value: string; unit: string };
type Entry = { fact: Fact; at: string; on: string; key: string };

/**
 * An order is "prescribed", a dispense "filled", "taking" needs a statement. A stopped order is "stopped", on the day the chart gives, else without a
 * day where it was written since, and not at all where the drug goes on. Since `sinceDate`: what was stopped or changed, what was ordered, what is
 * taken, what was only filled again, each newest first; of one drug's orders, fills and statements the latest.
 */
export function medicationChanges(chart: Chart, section: string, sinceDate: string): DraftSentence[] {
  const orders = entries(chart, 'MedicationRequest', ['authored']);
  const fills = entries(chart, 'MedicationDispense', ['effective', 'occurrence', 'start']);
  const statements = entries(chart, 'MedicationStatement', ['effective', 'start', 'recorded']);
  return [
    ...orders.flatMap((entry) => ordered(entry, orders, chart.asOf) ?? []),
    ...fills.map((entry) => said(entry, 'filled')),
    ...statements.filter(({ fact }) => fact.status === 'active' && !isOver(fact, chart.asOf)).map((entry) => said(entry, 'taking')),
  ]
    .filter((one) => one.on >= sinceDate)
    .sort((one, other) => rankOf(one) - rankOf(other) || compare(other.on, one.on) || compare(one.fact.id, other.fact.id))
    .filter((one, index, all) => all.findIndex((other) => saysNoMore(one, other)) === index)
    .map((one) => ({ section, claims: [one.claim], cites: one.cites }));
}

/** Stopped orders that were written before a date and stopped nobody knows when: they are counted, since nothing says that they are news. */
export function undatedStops(chart: Chart, sinceDate: string): number {
  const orders = entries(chart, 'MedicationRequest', ['authored']);
  return orders.filter(
    (entry) =>
      entry.fact.status === 'stopped' && entry.on < sinceDate && stoppedOn(entry.fact, chart.asOf) === undefined && !goesOn(entry, orders),
  ).length;
}

/** Stops since a date of one strength of a drug that goes on in another: a change of dose, or one of two strengths less, which no sentence here can say. */
export function stopsOfOneStrength(chart: Chart, sinceDate: string): number {
  const orders = entries(chart, 'MedicationRequest', ['authored']);
  return orders.filter((entry) => {
    const on = stoppedOn(entry.fact, chart.asOf) ?? entry.on;
    const others = orders.filter((other) => other.key !== entry.key);
    return (
      entry.fact.status === 'stopped' &&
      on >= sinceDate &&
      goesOn(entry, others) &&
      !goesOn(
        entry,
        orders.filter((other) => other.key === entry.key),
      )
    );
  }).length;
}

/** Orders that are on hold, whenever they were written: neither stopped nor to be taken, which no sentence here can say. */
export function ordersOnHold(chart: Chart): number {
  return entries(chart, 'MedicationRequest', ['authored']).filter((entry) => entry.fact.status === 'on-hold').length;
}

const RANKS = { stopped: 0, prescribed: 1, administered: 1, taking: 2, filled: 3 };

function rankOf({ claim }: Said): number {
  return claim.kind === 'medication' ? RANKS[claim.modality] : RANKS.stopped;
}

/** Another entry of one drug in one modality, in the order of the page: the first of them is the latest. */
function saysNoMore(one: Said, other: Said): boolean {
  if (one.claim.kind !== 'medication' || other.claim.kind !== 'medication') return one === other;
  return one.claim.modality === other.claim.modality && conceptKey(one.claim.drug) === conceptKey(other.claim.drug);
}

function ordered(entry: Entry, orders: readonly Entry[], asOf: string): Said | undefined {
  const { status } = entry.fact;
  if (status === 'active' || status === 'completed') return doseChange(entry, orders) ?? said(entry, 'prescribed');
  if (status !== 'stopped' || goesOn(entry, orders)) return undefined;
  const stopped = stoppedOn(entry.fact, asOf);
  return stopped === undefined ? undated(said(entry, 'stopped')) : said({ ...entry, on: stopped }, 'stopped');
}

/** Where another order of the drug goes on, in whatever strength, the drug was not stopped with this one. */
function goesOn(entry: Entry, orders: readonly Entry[]): boolean {
  return orders.some(
    (other) =>
      other !== entry && (other.key === entry.key || ingredientOf(other) === ingredientOf(entry)) && other.fact.status === 'active',
  );
}

/** The words of a product's name before its strength: "carvedilol" of "Carvedilol 12.5 mg tablet". */
function ingredientOf({ fact }: Entry): string {
  const name = conceptOf(fact)!.name.toLowerCase();
  return /^(.*?)\s+\d/.exec(name)?.[1] ?? name;
}

/** The words without the day; `on` goes on to say where among the others the sentence stands. */
function undated({ claim: { on: _, ...claim }, ...rest }: Said<ClaimOf<'medication'>>): Said {
  return { ...rest, claim };
}

/** A claim with the day it is sorted by and what it cites. */
type Said<C = Claim> = { claim: C; on: string; fact: Fact; cites: { fact: string; version: number }[] };

/** When an order's dosing ended. `authored` is when it was written, and the end of its dispense validity is no stop. */
function stoppedOn(fact: Fact, asOf: string): string | undefined {
  const ends = fact.atoms.filter((atom) => atom.name === 'end' && !/dispenseRequest|validityPeriod/.test(atom.path));
  const days = [...new Set(ends.map((atom) => dateOf(atom.text)))];
  const [day] = days;
  return days.length === 1 && day?.length === 10 && day <= asOf.slice(0, 10) ? day : undefined;
}

/** What was taken until last spring is not said to be taken. */
function isOver(fact: Fact, asOf: string): boolean {
  const end = dateOf(textOf(fact, 'effectiveEnd'));
  return end !== undefined && end < asOf.slice(0, 10);
}

function entries(chart: Chart, type: string, dates: ('authored' | 'effective' | 'occurrence' | 'start' | 'recorded')[]): Entry[] {
  return chart.facts
    .filter((fact) => fact.type === type && !fact.retracted && fact.grade !== 'D' && textOf(fact, 'doNotPerform') !== 'true')
    .flatMap((fact) => {
      const at = dates.map((name) => textOf(fact, name)).find((text) => text !== undefined);
      const on = dateOf(at);
      const drug = conceptOf(fact);
      return at && on && on.length === 10 && drug && Date.parse(at) <= Date.parse(chart.asOf)
        ? [{ fact, at, on, key: conceptKey(drug) }]
        : [];
    })
    .sort(newestFirst);
}

function said({ fact, on }: Entry, modality: ClaimOf<'medication'>['modality']): Said<ClaimOf<'medication'>> {
  const claim = { kind: 'medication' as const, drug: conceptOf(fact)!, modality, on, ...directionsOf(fact) };
  return { claim, on, fact, cites: [{ fact: fact.id, version: fact.version }] };
}

type Directions = { dose?: Dose; route?: string; frequency?: string };

/**
 * How a drug is to be taken. Directions that say more than dose, route and rate ("for 14 days of each 21-day cycle") are quoted whole, or left out
 * where they are too long to quote: part of them would be another order.
 */
function directionsOf(fact: Fact): Directions {
  const instruction = textOf(fact, 'instruction')?.replace(/\s+/g, ' ').trim();
  if (instruction !== undefined && saysMore(instruction))
    return instruction.length <= QUOTE_CHARACTERS && !/["“”]/.test(instruction) ? { frequency: instruction } : {};
  const dose = doseBesides(fact);
  const route = routeWords(textOf(fact, 'route'));
  const frequency = frequencyOf(fact);
  return { ...(dose ? { dose } : {}), ...(route ? { route } : {}), ...(frequency ? { frequency } : {}) };
}

/** Directions longer than this are left out whole. Our own choice: README.md, *Evidence*. */
const QUOTE_CHARACTERS = 120;

/** Words of plain directions: they say no more than a dose, a route and a rate do, or, as "with food" does, nothing that changes them. */
const PLAIN_WORDS = new Set(
  `take takes taking use uses inhale inhales inject injects apply applies swallow chew dissolve place instill a an the of one two three four five six half
  tablet tablets tab tabs capsule capsules cap caps puff puffs unit units drop drops patch spray sprays mg mcg g ml meq iu
  by per via mouth oral orally po inhalation inhaled nasal nasally skin under subcutaneous subcutaneously sc subcut topical topically transdermal
  once twice time times daily day days weekly week monthly month hour hours hourly h hr hrs every each other morning evening night nightly noon bedtime
  bid tid qid qd qam qpm qhs hs prn as needed at in on with without before after and food meal meals breakfast lunch dinner supper water`
    .trim()
    .split(/\s+/),
);

/** True where directions hold a range ("1-2 tablets") or a word that is not plain ("for", "until", "taper", "hold"). */
function saysMore(instruction: string): boolean {
  if (/\d\s*[-–]\s*\d/.test(instruction)) return true;
  const words = instruction.toLowerCase().match(/\p{L}+|[^\s\p{L}\d.,;()/-]+/gu) ?? [];
  return words.some((word) => !PLAIN_WORDS.has(word));
}

/** A dose change: the order before this one, of the same drug and unit, had another dose, and was not a course that was completed. */
function doseChange(entry: Entry, orders: readonly Entry[]): Said | undefined {
  const to = doseOf(entry.fact);
  const before = orders.find((other) => other.key === entry.key && Date.parse(other.at) < Date.parse(entry.at));
  const from = before && doseOf(before.fact);
  if (!to || !from || before.fact.status === 'completed' || from.unit !== to.unit || from.value === to.value) return undefined;
  const { frequency } = directionsOf(entry.fact);
  return {
    claim: { kind: 'dose-change', drug: conceptOf(entry.fact)!, from, to, on: entry.on, ...(frequency ? { frequency } : {}) },
    on: entry.on,
    fact: entry.fact,
    cites: [entry.fact, before.fact].map((fact) => ({ fact: fact.id, version: fact.version })),
  };
}

/** The dose, where the drug's name does not say the same ("Hydrochlorothiazide 25 mg tablet"). */
function doseBesides(fact: Fact): Dose | undefined {
  const dose = doseOf(fact);
  const name = conceptOf(fact)?.name.toLowerCase() ?? '';
  return dose && name.includes(` ${dose.value} ${dose.unit.toLowerCase()} `) ? undefined : dose;
}

/** How clinicians say the usual routes of SNOMED CT and HL7 table 0162; another one is printed as its source wrote it. */
const ROUTES: [words: string, route: RegExp][] = [
  ['by mouth', /^(oral|oral route|po|by mouth)$/i],
  ['by inhalation', /^(respiratory tract( route)?|inhalation|inhaled)$/i],
  ['subcutaneously', /^(subcutaneous( route)?|sc|subcut)$/i],
  ['intravenously', /^(intravenous( route)?|iv)$/i],
  ['intramuscularly', /^(intramuscular( route)?|im)$/i],
  ['topically', /^(topical( route)?|cutaneous( route)?)$/i],
  ['transdermally', /^(transdermal( route)?)$/i],
  ['nasally', /^(nasal( route)?)$/i],
  ['sublingually', /^(sublingual( route)?)$/i],
  ['rectally', /^(rectal( route)?)$/i],
];

function routeWords(route: string | undefined): string | undefined {
  return ROUTES.find(([, pattern]) => route !== undefined && pattern.test(route.trim()))?.[0] ?? route;
}

function doseOf(fact: Fact): Dose | undefined {
  const value = textOf(fact, 'doseValue');
  const unit = textOf(fact, 'doseUnit');
  return value && unit ? { value, unit } : undefined;
}
