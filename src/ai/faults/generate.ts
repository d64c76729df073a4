import type { Claim } from '../../core/claim.ts';
import { mayBeLatest, surelyFalse } from './falsity.ts';
import { type Donors, type FaultKind, faultKinds, mutate } from './mutate.ts';
import { type Random, randomFrom } from './random.ts';
import { type Shape, say } from './sentences.ts';
import { type ChartTruth, mayBeSame, plainName, type Truth } from './truth.ts';

/** What was tampered with: the words alone with no claims beside them, the words under true claims, the claims, the citations, or all of it alike. */
export type Channel = 'plain' | 'text' | 'claims' | 'evidence' | 'all';

/** Whose chart the truth stands in: Synthea's own entry, one planted into a Synthea chart, or the synthetic hospital. */
export type Source = 'synthea' | 'planted' | 'hospital';

/** One sentence to be judged against one chart, and whether it is true of it. */
export type Case = {
  chart: number;
  kind: FaultKind | 'true';
  channel: Channel;
  shape: Shape;
  source: Source;
  claimKind: Claim['kind'];
  text: string;
  claims?: Claim[];
  cites?: { fact: string; version: number }[];
};

/** Claims that have room for a kind of mistake; the other kinds fit any. */
const ROOM: Partial<Record<FaultKind, Claim['kind'][]>> = {
  value: ['result', 'result', 'trend', 'medication'],
  'decimal-shift': ['result', 'result', 'trend', 'medication'],
  unit: ['result', 'result', 'trend', 'medication'],
  drug: ['medication', 'medication', 'dose-change'],
  dose: ['medication', 'medication', 'dose-change'],
  route: ['medication'],
  frequency: ['medication'],
  laterality: ['problem', 'procedure'],
  modality: ['medication', 'procedure'],
  'stale-value': ['result'],
  'relative-history': ['family', 'problem'],
  status: ['problem', 'medication'],
  'trend-direction': ['trend'],
  flag: ['result'],
  range: ['result'],
  'ordered-as-performed': ['pending'],
  reaction: ['allergy'],
  setting: ['encounter'],
  reason: ['encounter'],
  count: ['count'],
  'heading-context': ['problem'],
  'mixed-pair': ['result'],
  'planned-on-order-day': ['pending'],
  'change-as-stop': ['dose-change'],
  'visit-counted-twice': ['count'],
};

/** As many faults, spread evenly over the kinds that the charts have room for. The same seed and charts give the same faults. */
export function seedFaults(charts: ChartTruth[], count: number, seed: string): Case[] {
  const random = randomFrom(`${seed}/faults`);
  const donors = charts.map((_, i) => donorsFor(charts, i, random));
  const cases: Case[] = [];
  const seen = new Set<string>();
  const idle = new Map<FaultKind, number>();
  while (cases.length < count) {
    const alive = faultKinds.filter((kind) => (idle.get(kind) ?? 0) < 4000);
    if (alive.length === 0) break;
    for (const kind of alive) {
      const found = attempt(charts, donors, kind, random);
      const key =
        found === undefined
          ? ''
          : `${found.chart}/${found.channel}/${found.text}/${JSON.stringify(found.claims ?? '')}/${JSON.stringify(found.cites ?? '')}`;
      if (found === undefined || seen.has(key)) idle.set(kind, (idle.get(kind) ?? 0) + 1);
      else {
        idle.set(kind, 0);
        seen.add(key);
        cases.push(found);
        if (cases.length >= count) break;
      }
    }
  }
  return cases;
}

/** As many true sentences: our writer's words with and without their claims, and other people's words. */
export function trueSentences(charts: ChartTruth[], count: number, seed: string): Case[] {
  const random = randomFrom(`${seed}/true`);
  const cases: Case[] = [];
  const seen = new Set<string>();
  for (let idle = 0; cases.length < count && idle < 20_000; idle++) {
    const chart = pickChart(charts, random);
    const truth = pickTruth(charts[chart]!, random);
    if (truth === undefined) continue;
    const claim = asOfNow(truth.claim);
    const channel: Channel = random.chance(0.5) ? 'all' : 'plain';
    const shape: Shape = channel === 'all' || random.chance(0.3) ? 'phrase' : 'loose';
    const text = say(claim, shape, random);
    const key = `${chart}/${channel}/${text}`;
    if (text === undefined || seen.has(key)) continue;
    seen.add(key);
    idle = 0;
    cases.push({
      chart,
      kind: 'true',
      channel,
      shape,
      source: sourceOf(truth, charts[chart]!),
      claimKind: claim.kind,
      text,
      ...(channel === 'all'
        ? { claims: [claim], cites: truth.uncited === true ? [] : [{ fact: truth.fact, version: truth.version }] }
        : {}),
    });
  }
  return cases;
}

function attempt(charts: ChartTruth[], donors: Donors[], kind: FaultKind, random: Random): Case | undefined {
  const chart = pickChart(charts, random);
  const home = charts[chart]!;
  const truth = pickTruth(home, random, kind);
  if (truth === undefined) return undefined;
  const claim = asOfNow(truth.claim);
  const base = { chart, kind, source: sourceOf(truth, home), claimKind: claim.kind };
  const cites = truth.uncited === true ? [] : [{ fact: truth.fact, version: truth.version }];
  if (kind === 'evidence' && truth.uncited === true) return undefined;
  if (kind === 'evidence') return evidenceFault(base, claim, cites, charts, chart, random);
  if (kind === 'negation') return negation(base, claim, random);
  if (kind === 'heading-context') return underHeading(base, claim, home, random);
  if (kind === 'mixed-pair') return mixedPair(base, home, random);
  if (kind === 'superseded' || kind === 'entered-in-error') return voided(base, kind, home, random);
  const wrong = mutate({ ...truth, claim }, kind, home, donors[chart]!, random);
  if (wrong === undefined) return undefined;
  const channel = random.pick(['plain', 'plain', 'text', 'claims', 'all'] as const);
  const shape: Shape = channel === 'plain' && random.chance(0.6) ? 'loose' : 'phrase';
  // Both are worded by the same choices, so that they differ by the mistake alone; where they do not differ the mistake is not in the words.
  const choices = String(random.next());
  const [right, mistaken] = [say(claim, shape, randomFrom(choices)), say(wrong, shape, randomFrom(choices))];
  if (right === undefined || mistaken === undefined || right === mistaken) return undefined;
  if (shape === 'loose' && (!surelyFalse(asSaid(wrong), home) || mayBeLatest(wrong, home))) return undefined;
  // "History of" and "diagnosed with" say nothing about today.
  if (kind === 'status' && /^(?:History of|Diagnosed with)/.test(mistaken)) return undefined;
  if (channel === 'plain') return { ...base, channel, shape, text: mistaken };
  if (channel === 'text') return { ...base, channel, shape, text: mistaken, claims: [claim], cites };
  if (channel === 'claims') return { ...base, channel, shape, text: right, claims: [wrong], cites };
  return { ...base, channel, shape, text: mistaken, claims: [wrong], cites };
}

type Base = Pick<Case, 'chart' | 'kind' | 'source' | 'claimKind'>;

/** The words and claims are true, but what is cited says something else, is another person's, or is no version there is. */
function evidenceFault(
  base: Base,
  claim: Claim,
  cites: { fact: string; version: number }[],
  charts: ChartTruth[],
  chart: number,
  random: Random,
): Case | undefined {
  const text = say(claim, 'phrase', random);
  const home = charts[chart]!;
  const other = random.pick(home.truths);
  const stranger = random.pick(charts[(chart + 1 + random.below(Math.max(charts.length - 1, 1))) % charts.length]!.truths);
  const wrong = random.pick([
    other.fact === cites[0]!.fact || JSON.stringify(other.claim) === JSON.stringify(claim) || sharesName(other, claim, home)
      ? undefined
      : { fact: other.fact, version: other.version },
    home.truths.some((one) => one.fact === stranger.fact) ? undefined : { fact: stranger.fact, version: stranger.version },
    { fact: cites[0]!.fact, version: cites[0]!.version + 1 },
  ]);
  if (text === undefined || wrong === undefined) return undefined;
  return { ...base, channel: 'evidence', shape: 'phrase', text, claims: [claim], cites: random.chance(0.5) ? [wrong] : [...cites, wrong] };
}

/** Two entries of one name may both say the sentence. */
function sharesName(other: Truth, claim: Claim, home: ChartTruth): boolean {
  const own = home.truths.find((one) => JSON.stringify(asOfNow(one.claim)) === JSON.stringify(claim));
  return own === undefined || own.names.some((name) => other.names.some((rival) => mayBeSame(name, rival)));
}

const NEGATIONS: [RegExp, string][] = [
  [/^(Patient|Pt) has /, '$1 does not have '],
  [/^Patient was prescribed /, 'Patient was not prescribed '],
  [/^(Patient|Pt) (?:is allergic) /, '$1 is not allergic '],
  [/^Patient underwent /, 'Patient did not undergo '],
  [/^Diagnosed with /, 'Never diagnosed with '],
  [/^Received /, 'Did not receive '],
  [/ is being taken/, ' is not being taken'],
  [/ (was|is) (?!not )/, ' $1 not '],
  [/ (prescribed|filled|given|performed|ordered|discontinued) /, ' not $1 '],
];

function negation(base: Base, claim: Claim, random: Random): Case | undefined {
  if (
    claim.kind === 'pending' ||
    claim.kind === 'absence' ||
    claim.kind === 'count' ||
    (claim.kind === 'problem' && claim.state !== 'active') ||
    (claim.kind === 'procedure' && claim.modality !== 'performed')
  )
    return undefined;
  const channel = random.chance(0.3) ? 'text' : 'plain';
  const shape: Shape = channel === 'text' || random.chance(0.4) ? 'phrase' : 'loose';
  const sentence = say(claim, shape, random);
  const rule = NEGATIONS.find(([pattern]) => sentence !== undefined && pattern.test(sentence));
  if (sentence === undefined) return undefined;
  if (claim.kind === 'problem' && rule === undefined)
    return { ...base, channel, shape, text: `No ${claim.concept.name}.`, ...(channel === 'text' ? { claims: [claim] } : {}) };
  if (rule === undefined) return undefined;
  return { ...base, channel, shape, text: sentence.replace(rule[0], rule[1]), ...(channel === 'text' ? { claims: [claim] } : {}) };
}

/** Headings, and sentences that announce a list, under which a problem of the patient's is said to be none, past, or another's. */
const HEADINGS = ['Denies:', 'Patient denies:', 'No evidence of:', 'Resolved problems:', 'Ruled out:', 'Negative for:', 'Denies', 'Mother:', 'No evidence of the following.', 'Family history:']; // biome-ignore format: one list, read as a list

/** A true item of a list that stands under the wrong heading. */
function underHeading(base: Base, claim: Claim, home: ChartTruth, random: Random): Case | undefined {
  if (claim.kind !== 'problem' || claim.state !== 'active') return undefined;
  if (!surelyFalse({ kind: 'family', relative: 'mother', condition: claim.concept }, home)) return undefined;
  if (!(['resolved', 'ruled out'] as const).every((state) => surelyFalse({ ...claim, state }, home))) return undefined;
  const heading = random.pick(HEADINGS);
  const gap = heading.endsWith('.') ? ' ' : random.pick(['\n- ', '\n  ', '\n1. ', '\n\n- ']);
  return { ...base, channel: 'plain', shape: 'loose', text: `${heading}${gap}${claim.concept.name}` };
}

/** The systolic pressure of one reading beside the diastolic of another, in a year that holds both and not together. */
function mixedPair(base: Base, home: ChartTruth, random: Random): Case | undefined {
  const of = (name: RegExp) => home.results.filter((one) => one.value !== undefined && one.names.some((own) => name.test(own)));
  const [systolic, diastolic] = [of(/^systolic blood pressure/i), of(/^diastolic blood pressure/i)];
  if (systolic.length < 2 || diastolic.length < 2) return undefined;
  const high = random.pick(systolic);
  const year = high.on.slice(0, 4);
  const low = random.pick(diastolic.filter((one) => one.on.startsWith(year)).concat(diastolic.slice(0, 1)));
  const near = (a: number | undefined, b: number | undefined) => Math.abs(a! - b!) < 1;
  const together = systolic.some(
    (one) => near(one.value, high.value) && diastolic.some((other) => other.at === one.at && near(other.value, low.value)),
  );
  if (!low.on.startsWith(year) || together) return undefined;
  return { ...base, channel: 'plain', shape: 'loose', text: `Blood pressure was ${high.value}/${low.value} mmHg in ${year}.` };
}

/** A value that a correction replaced, or one that was entered in error, stated as if it stood. */
function voided(base: Base, kind: 'superseded' | 'entered-in-error', home: ChartTruth, random: Random): Case | undefined {
  const gone = kind === 'superseded' ? home.raw.replaced : home.raw.resources.filter((raw) => raw['status'] === 'entered-in-error');
  if (gone.length === 0) return undefined;
  const raw = random.pick(gone) as {
    id?: string;
    code?: { text?: string; coding?: { display?: string }[] };
    effectiveDateTime?: string;
    valueQuantity?: { value?: number; unit?: string };
  };
  const name = raw.code?.text ?? raw.code?.coding?.[0]?.display;
  if (name === undefined || raw.valueQuantity?.value === undefined || raw.effectiveDateTime === undefined) return undefined;
  const value = {
    value: String(raw.valueQuantity.value),
    ...(raw.valueQuantity.unit === undefined ? {} : { unit: raw.valueQuantity.unit }),
  };
  const claim: Claim = { kind: 'result', concept: { name: plainName(name) }, value, on: raw.effectiveDateTime.slice(0, 10) };
  const channel = random.pick(['plain', 'all'] as const);
  const shape: Shape = channel === 'plain' && random.chance(0.6) ? 'loose' : 'phrase';
  const text = say(claim, shape, random);
  if (text === undefined) return undefined;
  return {
    ...base,
    source: home.source === 'hospital' ? 'hospital' : 'planted',
    claimKind: 'result',
    channel,
    shape,
    text,
    ...(channel === 'all' ? { claims: [claim], cites: [{ fact: raw.id ?? '', version: 1 }] } : {}),
  };
}

/** Charts of either source are drawn as often, however many there are of each. */
function pickChart(charts: ChartTruth[], random: Random): number {
  const source = random.pick([...new Set(charts.map((one) => one.source))]);
  const own = charts.flatMap((one, i) => (one.source === source ? [i] : []));
  return random.pick(own);
}

/** By kind of claim first, so that a chart's hundreds of vital signs do not crowd out its three drugs. */
function pickTruth(chart: ChartTruth, random: Random, fault?: FaultKind): Truth | undefined {
  const kinds = (fault === undefined ? undefined : ROOM[fault]) ?? [...new Set(chart.truths.map((one) => one.claim.kind))];
  if (kinds.length === 0) return undefined;
  const kind = fault === undefined && random.chance(0.3) ? 'result' : random.pick(kinds);
  const pool = chart.truths.filter((one) => one.claim.kind === kind && (NEEDS[fault ?? 'value']?.(one.claim) ?? true));
  return pool.length === 0 ? undefined : random.pick(pool);
}

/** Details that a mistake needs; rare ones would hardly ever be drawn. */
const NEEDS: Partial<Record<FaultKind, (claim: Claim) => boolean>> = {
  laterality: (claim) => 'laterality' in claim,
  flag: (claim) => 'flag' in claim,
  range: (claim) => 'range' in claim,
  dose: (claim) => claim.kind !== 'medication' || claim.dose !== undefined,
  route: (claim) => 'route' in claim,
  frequency: (claim) => 'frequency' in claim,
};

function donorsFor(charts: ChartTruth[], home: number, random: Random): Donors {
  const others = charts.filter((_, i) => i !== home);
  const sample = others.length <= 6 ? others : Array.from({ length: 6 }, () => random.pick(others));
  const truths = sample.flatMap((chart) => chart.truths);
  const names = (kind: Claim['kind'], name: (claim: Claim) => string) => [
    ...new Set(truths.filter((one) => one.claim.kind === kind).map((one) => name(one.claim))),
  ];
  return {
    drugs: [
      'Metoprolol',
      'Atorvastatin',
      'Warfarin',
      'Prednisone',
      'Sertraline',
      ...names('medication', (claim) => (claim.kind === 'medication' ? claim.drug.name : '')),
    ],
    problems: [
      'Asthma',
      'Gout',
      'Migraine',
      'Psoriasis',
      'Hypothyroidism',
      ...names('problem', (claim) => (claim.kind === 'problem' ? claim.concept.name : '')),
    ],
    results: sample.flatMap((chart) =>
      chart.results.filter((one) => one.value !== undefined).map((one) => ({ name: one.names[0]!, unit: one.unit })),
    ),
    procedures: names('procedure', (claim) => (claim.kind === 'procedure' ? claim.concept.name : '')),
    vaccines: names('immunization', (claim) => (claim.kind === 'immunization' ? claim.vaccine.name : '')),
    others: truths.filter((one) => one.claim.kind !== 'pending'),
  };
}

function sourceOf(truth: Truth, chart: ChartTruth): Source {
  return chart.source === 'hospital' ? 'hospital' : truth.planted ? 'planted' : 'synthea';
}

/** Open orders are open as of the day the charts are read. */
function asOfNow(claim: Claim): Claim {
  return claim.kind === 'pending' ? { ...claim, asOf: AS_OF_DAY } : claim;
}

/** What people leave out of a sentence cannot make it false. */
function asSaid(claim: Claim): Claim {
  if (claim.kind === 'allergy') return { kind: 'allergy', substance: claim.substance };
  if (claim.kind === 'result') {
    const { range: _range, certainty: _certainty, ...rest } = claim;
    return rest;
  }
  if (claim.kind === 'encounter') {
    const { until: _until, ...rest } = claim;
    return rest;
  }
  if (claim.kind === 'medication' && claim.modality === 'taking') {
    const { on: _on, ...rest } = claim;
    return rest;
  }
  if (claim.kind !== 'problem' || claim.state === 'active' || claim.state === 'suspected') return claim;
  const { since: _since, ...rest } = claim;
  return rest;
}

/** The instant at which every chart of a run is read. */
export const AS_OF = '2026-11-22T12:00:00Z';
const AS_OF_DAY = '2026-11-22';
