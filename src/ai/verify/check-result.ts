import type { ClaimOf, Quantity } from '../../core/claim.ts';
import type { AtomName } from '../../core/fact.ts';
import { kinOf } from './alike.ts';
import { type ChartIndex, type Event, eventsNamed, eventsOfKinds, factText, isKnown, textAt, textsAt } from './chart-index.ts';
import { compareDates, isLater } from './dates.ts';
import { contradicted, type Finding, keyOf, proven, said, supportBy, unproven, worst } from './finding.ts';
import { nameKey } from './names.ts';
import { type Charted, type Comparison, compareBounds, compareQuantities, saidQuantity } from './quantity.ts';

type ResultClaim = ClaimOf<'result'>;
const ATOMS: AtomName[] = ['display', 'value', 'comparator', 'unit', 'valueText', 'valueCode', 'effective'];
/** FHIR R4 ObservationStatus: only these say that a value stands; the rest is on its way, unknown or void. */
const REPORTED = new Set(['final', 'amended', 'corrected', 'preliminary']);

/** A measured result: concept, date, value with comparator and unit, then flag, range, certainty, correction and "latest". */
export function checkResult(claim: ResultClaim, index: ChartIndex): Finding {
  const named = eventsNamed(index, ['result'], claim.concept.name);
  if (named.length === 0) return noneNamed(claim, index);
  const standing = named.filter((event) => event.standing && event.reports);
  const dated = standing.filter((event) => compareDates(claim.on, event.on) === 'same');
  if (dated.length === 0) return noneThen(claim, named, standing, index);
  const trusted = dated.filter((event) => event.trusted);
  if (trusted.length === 0)
    return unproven(
      'untrusted-grade',
      `The source of this ${claim.concept.name} result left out its unit or zone, or conflicts with itself.`,
    );
  const compared = trusted.map((event) => ({ event, comparison: compareValue(claim.value, event) }));
  const same = compared.filter(({ comparison }) => comparison === 'same').map(({ event }) => event);
  if (same.length === 0) return anotherValue(claim, compared, named, index);
  return bestOf(same.map((event) => details(claim, event, same, trusted, index)));
}

/** Whether a text or a quantity is what an event reports. */
export function compareValue(claimed: Quantity | { text: string }, event: Event): Comparison {
  if ('text' in claimed) {
    const key = nameKey(claimed.text);
    return [...textsAt(event, 'valueText'), ...textsAt(event, 'valueCode')].some((text) => nameKey(text) === key) ? 'same' : 'value';
  }
  const charted = chartedQuantity(event);
  if (charted === undefined) return 'value';
  const ions = claimed.unit !== charted.unit && monovalent(event);
  const [asked, ours] = ions ? [inMoles(claimed), inMoles(charted)] : [claimed, charted];
  if (claimed.comparator === undefined) return compareQuantities(asked, ours);
  const unit = asked.unit ?? (inOneScale(event, charted.unit) ? ours.unit : undefined);
  return compareBounds({ ...asked, ...(unit === undefined ? {} : { unit }), comparator: claimed.comparator }, ours);
}

/**
 * Ions of one charge, of which one equivalent is one mole (IUPAC Gold Book, "equivalent entity"; UCUM: 1 eq = 1 mol): only for these is mEq/L
 * mmol/L.
 */
const MONOVALENT = ['potassium', 'sodium', 'chloride', 'carbon dioxide', 'bicarbonate', 'lithium'];

/** Ions of one charge are written in mmol/L or mEq/L, which are equal, and blood pressures in mmHg: a bound on them needs no unit. */
function inOneScale(event: Event, unit: string | undefined): boolean {
  if (monovalent(event)) return /^m(?:mol|eq)\/l$/i.test(unit ?? '');
  return /^mm ?\[?hg\]?$/i.test(unit ?? '') && PRESSURES.some((name) => event.keys.has(name));
}

const PRESSURES = ['systolic blood pressure', 'diastolic blood pressure'];

function monovalent(event: Event): boolean {
  return MONOVALENT.some((ion) => event.keys.has(ion));
}

function inMoles<Q extends { unit?: string | undefined }>(quantity: Q): Q {
  return quantity.unit === undefined
    ? quantity
    : { ...quantity, unit: quantity.unit.replace(/^(m|u|µ)?eq(?=\/)/i, (_, prefix) => `${(prefix ?? '').toLowerCase()}mol`) };
}

/** Whether one observation reports both, as the two numbers of a blood pressure must be: two true values of two readings are one false reading. */
export function ofOneReading(claim: ResultClaim, beside: ResultClaim, index: ChartIndex): Finding | undefined {
  const [one, other] = [claim, beside].map((each) =>
    eventsNamed(index, ['result'], each.concept.name).filter(
      (event) =>
        event.standing && event.trusted && compareDates(each.on, event.on) === 'same' && compareValue(each.value, event) === 'same',
    ),
  );
  const pairs = one!.flatMap((event) => other!.map((mate) => [event, mate] as const));
  if (pairs.some(([event, mate]) => event.fact === mate.fact || (event.instant !== undefined && event.instant === mate.instant)))
    return undefined;
  const loose = pairs.find(([event, mate]) => event.on === mate.on && (event.instant === undefined || mate.instant === undefined));
  if (loose === undefined)
    return contradicted(
      'value-differs',
      `No one reading of ${said(claim.on)} gives both; ${saidValue(one![0]!)} and ${saidValue(other![0]!)} are of two.`,
    );
  const rival = eventsNamed(index, ['result'], claim.concept.name).find(
    (event) => event.standing && event.on === loose[0].on && event !== loose[0],
  );
  return rival === undefined
    ? undefined
    : unproven('conflicting-facts', `The chart does not say which values of ${said(loose[0].on)} were one reading.`);
}

/** The quantity an event reports; HL7 v2 ST results such as "<0.1" are read as one. */
export function chartedQuantity(event: Event): Charted | undefined {
  const value = textAt(event, 'value');
  if (value !== undefined)
    return { value, unit: textAt(event, 'unit') ?? textAt(event, 'unitCode'), comparator: textAt(event, 'comparator') };
  const text = /^\s*(<=|>=|<|>)?\s*(-?\d+(?:\.\d+)?)\s*$/.exec(textAt(event, 'valueText') ?? '');
  return text === null ? undefined : { value: text[2]!, comparator: text[1], unit: textAt(event, 'unit') };
}

/** What an event reports, for a clinician's eye. */
export function saidValue(event: Event): string {
  const quantity = chartedQuantity(event);
  return quantity === undefined ? `“${textAt(event, 'valueText') ?? textAt(event, 'valueCode') ?? ''}”` : saidQuantity(quantity);
}

function details(claim: ResultClaim, event: Event, same: Event[], dated: Event[], index: ChartIndex): Finding {
  const support = [supportBy(event, [...ATOMS, ...extraAtoms(claim)])];
  const problem = worst([
    taken(event),
    conflict(claim, event, dated),
    otherSide(claim, event, dated),
    status(claim, event),
    flag(claim, event),
    range(claim, event),
    correction(claim, event, index, support),
    latest(claim, event, index),
  ]);
  return problem ?? proven(support, same);
}

/** Only when it was issued: that is not when it was true. */
function taken(event: Event): Finding | undefined {
  if (event.at === undefined || factText(event, 'effective') !== undefined) return undefined;
  return unproven('date-vague', `The source says when the result of ${said(event.on)} was issued, not when it was taken.`);
}

function extraAtoms(claim: ResultClaim): AtomName[] {
  return [
    ...(claim.flag ? (['flag', 'low', 'high'] as const) : []),
    ...(claim.range ? (['low', 'high'] as const) : []),
    ...(claim.certainty ? (['status'] as const) : []),
  ];
}

/** Two sources that report one instant differently: neither proves anything until somebody settles it. */
function conflict(claim: ResultClaim, event: Event, dated: Event[]): Finding | undefined {
  const moment = event.instant ?? event.at;
  const other = dated.find(
    (rival) =>
      rival !== event && (rival.instant ?? rival.at) === moment && sharesCode(rival, event) && compareValue(claim.value, rival) !== 'same',
  );
  if (other === undefined) return undefined;
  return unproven(
    'conflicting-facts',
    `Two results of ${event.display} of the same time stand in the chart: ${saidValue(event)} and ${saidValue(other)}.`,
  );
}

/** A bound that one result of the day keeps and another does not says nothing sure of that day; the bound that a source itself gave does. */
function otherSide(claim: ResultClaim, event: Event, dated: Event[]): Finding | undefined {
  if ('text' in claim.value || claim.value.comparator === undefined) return undefined;
  const charted = chartedQuantity(event);
  if (charted?.comparator === claim.value.comparator && Number(charted.value) === Number(claim.value.value)) return undefined;
  const other = dated.find(
    (rival) => compareValue(claim.value, rival) !== 'same' && !(claim.latest === true && isLater(event, rival) === true),
  );
  if (other === undefined) return undefined;
  return unproven(
    'conflicting-facts',
    `Of ${said(claim.on)} stand ${saidValue(event)} and ${saidValue(other)}; the draft does not say which of them it means.`,
  );
}

function sharesCode(a: Event, b: Event): boolean {
  const codes = new Set(textsAt(a, 'code'));
  return codes.size === 0 ? a.display === b.display : textsAt(b, 'code').some((code) => codes.has(code));
}

function status(claim: ResultClaim, event: Event): Finding | undefined {
  const charted = factText(event, 'status') ?? event.fact.status ?? '';
  if (!REPORTED.has(charted)) return unproven('status-differs', `The result of ${said(event.on)} has the status “${charted || 'none'}”.`);
  const certainty = charted === 'amended' ? 'corrected' : charted;
  const claimed = claim.correctedFrom === undefined ? claim.certainty : 'corrected';
  if (claimed === undefined) {
    return certainty === 'preliminary'
      ? unproven('omits', `The result of ${said(event.on)} is preliminary, which the sentence leaves out.`)
      : undefined;
  }
  if (claimed === certainty) return undefined;
  return contradicted('status-differs', `The draft says ${claimed}; the result of ${said(event.on)} is ${certainty}.`);
}

/** HL7 table 0078 and ObservationInterpretation, by what they say about a value. */
const FLAGS: Record<string, string> = {
  H: 'high',
  HU: 'high',
  L: 'low',
  LU: 'low',
  HH: 'critically high',
  LL: 'critically low',
  A: 'abnormal',
  AA: 'abnormal',
  N: 'normal',
  '>': 'high',
  '<': 'low',
};

/** "High" only by the source's flag, else by the source's range. A critical flag is also high or low, and any of them abnormal. */
function flag(claim: ResultClaim, event: Event): Finding | undefined {
  if (claim.flag === undefined) return undefined;
  const given = textsAt(event, 'flag').map((text) => FLAGS[text.toUpperCase()] ?? text.toLowerCase());
  const charted = given.length > 0 ? given : byRange(event);
  if (charted.length === 0) return unproven('flag-differs', `The source gives no flag and no range for this ${event.display} result.`);
  const entailed = new Set(charted.flatMap((text) => [text, text.replace('critically ', ''), ...(text === 'normal' ? [] : ['abnormal'])]));
  if (entailed.has(claim.flag)) return undefined;
  return contradicted('flag-differs', `The draft says ${claim.flag}; the source says ${charted.join(', ')}.`);
}

function byRange(event: Event): string[] {
  const value = Number(textAt(event, 'value') ?? Number.NaN);
  const [low, high] = [textAt(event, 'low'), textAt(event, 'high')].map((text) => (text === undefined ? undefined : Number(text)));
  if (Number.isNaN(value) || textAt(event, 'comparator') !== undefined || (low === undefined && high === undefined)) return [];
  if (low !== undefined && value < low) return ['low'];
  if (high !== undefined && value > high) return ['high'];
  return low !== undefined && high !== undefined ? ['normal'] : [];
}

function range(claim: ResultClaim, event: Event): Finding | undefined {
  if (claim.range === undefined) return undefined;
  for (const bound of ['low', 'high'] as const) {
    const claimed = claim.range[bound];
    const charted = textAt(event, bound);
    if (claimed === undefined) continue;
    if (charted === undefined) return unproven('range-differs', `The source gives no ${bound} bound of the reference range.`);
    if (Number(claimed) !== Number(charted)) {
      return contradicted(
        'range-differs',
        `The draft gives ${claimed} as the ${bound} bound of the reference range; the source gives ${charted}.`,
      );
    }
  }
  return undefined;
}

/** "Corrected from": an earlier version of this very fact had that value. The one thing a superseded version may prove. */
function correction(claim: ResultClaim, event: Event, index: ChartIndex, support: ReturnType<typeof supportBy>[]): Finding | undefined {
  const from = claim.correctedFrom;
  if (from === undefined) return undefined;
  const earlier = index.replaced.filter(
    (old) => old.fact.id === event.fact.id && old.component === event.component && old.fact.version < event.fact.version,
  );
  const matching = earlier.find((old) => compareValue(from, old) === 'same');
  if (matching !== undefined) {
    support.push(supportBy(matching, ATOMS));
    return undefined;
  }
  const last = earlier.at(-1);
  if (last === undefined) return contradicted('not-in-chart', `The chart holds no earlier version of this ${event.display} result.`);
  return contradicted('value-differs', `The draft says corrected from ${saidQuantity(from)}; the earlier version says ${saidValue(last)}.`);
}

function latest(claim: ResultClaim, event: Event, index: ChartIndex): Finding | undefined {
  if (claim.latest !== true) return undefined;
  for (const other of eventsNamed(index, ['result'], claim.concept.name)) {
    if (other === event || !other.standing || !other.reports) continue;
    const later = isLater(other, event);
    if (later === false || (later === undefined && other.on === undefined && !other.trusted)) continue;
    if (later === true && other.trusted)
      return contradicted('not-latest', `A later ${other.display} result stands: ${saidValue(other)} on ${said(other.on)}.`);
    return unproven('not-latest', `Another ${other.display} result may be later; its date is not exact.`);
  }
  return undefined;
}

function noneNamed(claim: ResultClaim, index: ChartIndex): Finding {
  const name = claim.concept.name;
  if (!isKnown(index, name)) return unproven('term-unknown', `“${name}” is not a name that the chart or this site uses.`);
  const kin = kinOf(name, 'result', index, ['result']);
  if (kin !== undefined && compareDates(claim.on, kin.on) !== 'differs' && compareValue(claim.value, kin) !== 'value')
    return unproven('term-unknown', `The chart holds ${kin.display}; whether that is ${name} is not known here.`);
  const other = eventsOfKinds(index, ['result']).find(
    (event) => event.standing && compareDates(claim.on, event.on) === 'same' && compareValue(claim.value, event) === 'same',
  );
  if (other !== undefined)
    return contradicted('not-in-chart', `The result of ${said(other.on)} with this value is ${other.display}, not ${name}.`);
  return contradicted('not-in-chart', `The chart holds no ${name} result.`);
}

/** Nothing stands on the claimed date: say what there is instead. */
function noneThen(claim: ResultClaim, named: Event[], standing: Event[], index: ChartIndex): Finding {
  const name = claim.concept.name;
  const vague = standing.find((event) => compareDates(claim.on, event.on) === 'vague' && compareValue(claim.value, event) === 'same');
  if (vague !== undefined) return unproven('date-vague', `The chart dates this ${name} result only as ${said(vague.on)}.`);
  const withdrawn = named.find((event) => !event.standing && compareDates(claim.on, event.on) === 'same');
  if (withdrawn !== undefined)
    return contradicted('entered-in-error', `The ${name} result of ${said(withdrawn.on)} was withdrawn by its source.`);
  const elsewhere = standing.find((event) => compareValue(claim.value, event) === 'same');
  if (elsewhere !== undefined)
    return contradicted(
      'date-differs',
      `The draft says ${said(claim.on)}; the ${name} of ${saidValue(elsewhere)} is of ${said(elsewhere.on)}.`,
    );
  const old = replacedOn(claim, index);
  if (old !== undefined) return contradicted('superseded', `The ${name} result of ${said(old.on)} was replaced by a later version.`);
  return contradicted('not-in-chart', `The chart holds no ${name} result of ${said(claim.on)}.`);
}

function anotherValue(claim: ResultClaim, compared: { event: Event; comparison: string }[], named: Event[], index: ChartIndex): Finding {
  const old = replacedOn(claim, index);
  const current = compared[0]!.event;
  if (old !== undefined && compareValue(claim.value, old) === 'same') {
    return contradicted('superseded', `The draft gives the earlier value; it was replaced by ${saidValue(current)}.`);
  }
  const gone = named.find(
    (event) => !event.standing && compareDates(claim.on, event.on) === 'same' && compareValue(claim.value, event) === 'same',
  );
  if (gone !== undefined)
    return contradicted('entered-in-error', `The ${gone.display} result with this value was withdrawn by its source.`);
  const claimed = 'text' in claim.value ? `“${claim.value.text}”` : saidQuantity(claim.value);
  const unit = compared.find(({ comparison }) => comparison === 'unit')?.event;
  if (unit !== undefined)
    return contradicted('unit-differs', `The draft says ${claimed}; the result of ${said(unit.on)} says ${saidValue(unit)}.`);
  const unclear = compared.find(({ comparison }) => comparison === 'unclear')?.event;
  if (unclear !== undefined)
    return unproven(
      'unit-differs',
      `The draft says ${claimed}; the result of ${said(unclear.on)} says ${saidValue(unclear)}, and ${'text' in claim.value || claim.value.unit !== undefined ? 'these units cannot be compared' : 'the draft gives no unit'}.`,
    );
  const rounded = compared.find(({ comparison }) => comparison === 'rounded')?.event;
  if (rounded !== undefined)
    return unproven(
      'value-differs',
      `The draft says ${claimed}; the result of ${said(rounded.on)} says ${saidValue(rounded)}, which rounds to it.`,
    );
  return contradicted(
    'value-differs',
    `The draft says ${claimed}; the ${current.display} result of ${said(current.on)} says ${saidValue(current)}.`,
  );
}

function replacedOn(claim: ResultClaim, index: ChartIndex): Event | undefined {
  const key = nameKey(claim.concept.name);
  const then = index.replaced.filter(
    (event) => event.kind === 'result' && event.keys.has(key) && compareDates(claim.on, event.on) === 'same',
  );
  return then.find((event) => compareValue(claim.value, event) === 'same') ?? then[0];
}

/** Of several facts that could carry a claim, the best finding counts. */
function bestOf(findings: Finding[]): Finding {
  return (
    findings.find((finding) => finding.outcome === 'proven') ?? findings.find((finding) => finding.outcome === 'unproven') ?? findings[0]!
  );
}

/** The fact versions of some events, for citations. */
export function restsOn(events: Iterable<Event>): Set<string> {
  return new Set([...events].map((event) => keyOf(event.fact)));
}
