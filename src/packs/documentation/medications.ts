import type { Claim } from '../../core/claim.ts';
import type { Chart, Fact } from '../../core/fact.ts';
import { textOf } from '../../core/fact.ts';
import { frequencyOf } from '../../core/frequency.ts';
import type { DraftSentence } from '../../core/pack.ts';
import { compare, conceptKey, conceptOf, dateOf, newestFirst } from './readings.ts';

type Dose = { value: string; unit: string };
type Entry = { fact: Fact; at: string; on: string; key: string };

/**
 * An order is "prescribed", a dispense "filled", "taking" needs a statement. A stopped order is "stopped", on the day the chart gives, else without a
 * day where it was written since. Newest first, since `sinceDate`.
 */
export function medicationChanges(chart: Chart, section: string, sinceDate: string): DraftSentence[] {
  const orders = entries(chart, 'MedicationRequest', ['authored']);
  return [
    ...entries(chart, 'MedicationRequest', ['authored']).flatMap((entry) => orderSentence(entry, orders) ?? []),
    ...entries(chart, 'MedicationDispense', ['effective', 'occurrence', 'start']).flatMap((entry) => sentence(entry, 'filled')),
    ...entries(chart, 'MedicationStatement', ['effective', 'start', 'recorded']).flatMap((entry) => statementSentence(entry)),
  ]
    .filter((one) => one.on >= sinceDate)
    .sort((one, other) => compare(other.on, one.on) || compare(one.fact.id, other.fact.id))
    .map((one) => ({ section, claims: [one.claim], cites: one.cites }));

  function orderSentence(entry: Entry, all: Entry[]): Said | undefined {
    if (entry.fact.status === 'stopped') {
      const stopped = stoppedOn(entry.fact, chart.asOf);
      if (stopped !== undefined) return sentence({ ...entry, on: stopped }, 'stopped')[0];
      return goesOn(entry, all) ? undefined : undated(sentence(entry, 'stopped')[0]!);
    }
    if (!['active', 'completed'].includes(entry.fact.status ?? '')) return undefined;
    return doseChange(entry, all) ?? sentence(entry, 'prescribed')[0];
  }

  function statementSentence(entry: Entry): Said[] {
    return entry.fact.status === 'active' && !isOver(entry.fact, chart.asOf) ? sentence(entry, 'taking') : [];
  }
}

/** Stopped orders that were written before a date and stopped nobody knows when: they are counted, since nothing says that they are news. */
export function undatedStops(chart: Chart, sinceDate: string): number {
  const orders = entries(chart, 'MedicationRequest', ['authored']);
  return orders.filter(
    (entry) =>
      entry.fact.status === 'stopped' && entry.on < sinceDate && stoppedOn(entry.fact, chart.asOf) === undefined && !goesOn(entry, orders),
  ).length;
}

/** Where another order of the drug goes on, the drug was not stopped with this one. */
function goesOn(entry: Entry, orders: readonly Entry[]): boolean {
  return orders.some((other) => other !== entry && other.key === entry.key && other.fact.status === 'active');
}

/** The words without the day; `on` goes on to say where among the others the sentence stands. */
function undated(said: Said): Said {
  const { claim } = said;
  if (claim.kind !== 'medication') return said;
  const { on: _, ...rest } = claim;
  return { ...said, claim: rest };
}

type Said = { claim: Claim; on: string; fact: Fact; cites: { fact: string; version: number }[] };

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

function sentence(entry: Entry, modality: 'prescribed' | 'filled' | 'taking' | 'stopped'): Said[] {
  const { fact, on } = entry;
  const dose = doseBesides(fact);
  const route = routeWords(textOf(fact, 'route'));
  const frequency = frequencyOf(fact);
  const claim: Claim = {
    kind: 'medication',
    drug: conceptOf(fact)!,
    modality,
    on,
    ...(dose ? { dose } : {}),
    ...(route ? { route } : {}),
    ...(frequency ? { frequency } : {}),
  };
  return [{ claim, on, fact, cites: [{ fact: fact.id, version: fact.version }] }];
}

/** A dose change: the order before this one, of the same drug and unit, had another dose. */
function doseChange(entry: Entry, orders: readonly Entry[]): Said | undefined {
  const to = doseOf(entry.fact);
  const before = orders.find((other) => other.key === entry.key && Date.parse(other.at) < Date.parse(entry.at));
  const from = before && doseOf(before.fact);
  if (!to || !from || from.unit !== to.unit || from.value === to.value) return undefined;
  const frequency = frequencyOf(entry.fact);
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
