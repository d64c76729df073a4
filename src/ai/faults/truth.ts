import type { Claim, ClaimOf } from '../../core/claim.ts';
import { at, list, type Raw, type RawChart, text, words } from './raw.ts';

/** One thing that a raw resource says, as the claim that would state it, with where it stands. `planted` facts were added by us. */
export type Truth = {
  claim: Claim;
  fact: string;
  version: number;
  planted: boolean;
  names: string[] /** Rests on a search or on several entries, so that none is cited. */;
  uncited?: boolean;
};

/** Everything a chart says that sentences are made of, and enough of it to tell whether a sentence is false. */
export type ChartTruth = {
  source: RawChart['source'];
  truths: Truth[];
  /** All names of results, drugs, problems, procedures and vaccines, with everything said under them. */
  results: RawResult[];
  orders: RawOrder[];
  raw: RawChart;
};
export type RawResult = {
  id: string;
  version: number;
  names: string[];
  codes: string[];
  value: number | undefined;
  comparator?: string;
  textValue: string | undefined;
  unit: string | undefined;
  on: string;
  at: string;
  planted: boolean;
  low?: string;
  high?: string;
  flag?: string;
  status: string;
};
export type RawOrder = {
  id: string;
  type: string;
  names: string[];
  on: string;
  dose: { value: string; unit: string } | undefined;
  frequency: string | undefined;
  perDay: number | undefined;
  route: string | undefined;
  status: string;
  planted: boolean;
};

const INGREDIENT = /^(?:NDA\d+ |Abuse-Deterrent )*(?:\d+(?:\.\d+)? (?:HR|ML|ACTUAT|Day) )*([A-Za-z][A-Za-z-]*(?: [A-Za-z-]+)?)/;
/** Brands whose ingredient a draft may rightly name instead. */
const BRANDS: [RegExp, string][] = [[/lasix/i, 'Furosemide'], [/toprol/i, 'Metoprolol'], [/valium/i, 'Diazepam'], [/oxycontin|percocet/i, 'Oxycodone'], [/zestril|prinivil/i, 'Lisinopril'], [/coumadin|jantoven/i, 'Warfarin'], [/lipitor/i, 'Atorvastatin'], [/zocor|simvistatin/i, 'Simvastatin'], [/plavix/i, 'Clopidogrel'], [/tylenol/i, 'Acetaminophen'], [/ventolin|proair|proventil/i, 'Albuterol'], [/prozac/i, 'Fluoxetine'], [/zoloft/i, 'Sertraline']]; // biome-ignore format: one table, read as a table
const FLAGS: Record<string, ClaimOf<'result'>['flag']> = {
  H: 'high',
  L: 'low',
  HH: 'critically high',
  LL: 'critically low',
  N: 'normal',
  A: 'abnormal',
};
const SETTINGS: Record<string, ClaimOf<'encounter'>['setting']> = {
  EMER: 'emergency',
  IMP: 'inpatient',
  AMB: 'outpatient',
  VR: 'virtual',
  HH: 'home',
};
const TAG = /\s*\((?:disorder|finding|procedure|situation|qualifier value|physical object)\)$/;

/** Reads the truth out of raw resources. */
export function truthOf(raw: RawChart): ChartTruth {
  const results = raw.resources.flatMap(readResults);
  const orders = raw.resources.flatMap(readOrders);
  const truths = [
    ...results.filter((one) => one.status === 'final' || one.status === 'corrected').map(resultTruth),
    ...trends(results),
    ...orders.flatMap(orderTruth),
    ...raw.resources.flatMap(otherTruth),
    ...changes(orders),
    ...latestResults(results),
    ...correctedResults(results, raw),
    ...counts(raw),
    ...silence(raw),
  ];
  return { source: raw.source, truths, results, orders, raw };
}

/** A name without the tag that SNOMED CT puts behind it, and without characters nobody sees. */
export function plainName(name: string): string {
  return name
    .replace(/[\u200b-\u200d\u2060\ufeff]/g, '')
    .replace(TAG, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Whether two names may mean the same thing: the same words, or one within the other. Careful, so that a fault is surely one. */
export function mayBeSame(a: string, b: string): boolean {
  const [one, other] = [looked(a), looked(b)];
  if (one.name === other.name || one.name.includes(other.name) || other.name.includes(one.name)) return true;
  for (const stem of one.stems) if (other.stems.has(stem)) return true;
  return false;
}

const seen = new Map<string, { name: string; stems: Set<string> }>();

function looked(text: string): { name: string; stems: Set<string> } {
  const known = seen.get(text);
  if (known !== undefined) return known;
  const name = plainName(text).toLowerCase();
  const words = name.split(/[^a-z0-9]+/).filter((word) => word.length > 3);
  // Alzheimer's disease is a dementia, which its name does not say.
  const found = { name, stems: new Set([...words.map((word) => word.slice(0, 6)), ...(name.includes('alzheimer') ? ['dement'] : [])]) };
  if (seen.size < 50_000) seen.set(text, found);
  return found;
}

function readResults(resource: Raw): RawResult[] {
  if (resource['resourceType'] !== 'Observation') return [];
  const when = text(resource, 'effectiveDateTime') ?? text(resource, 'issued');
  if (when === undefined) return [];
  const common = {
    id: text(resource, 'id') ?? '',
    version: versionOf(resource),
    on: when.slice(0, 10),
    at: when,
    planted: isPlanted(resource),
    status: text(resource, 'status') ?? '',
  };
  const members = [resource, ...list(resource, 'component')] as Raw[];
  return members.flatMap((member) => {
    const value = text(member, 'valueQuantity', 'value') ?? text(member, 'valueInteger');
    const textValue = text(member, 'valueString') ?? words(at(member, 'valueCodeableConcept'));
    const names = namesOf(at(member, 'code'));
    if ((value === undefined && textValue === undefined) || names.length === 0) return [];
    return [
      {
        ...common,
        names,
        codes: list(member, 'code', 'coding').map((coding) => text(coding, 'code') ?? ''),
        value: value === undefined ? undefined : Number(value),
        textValue: value === undefined ? textValue : undefined,
        ...optional('comparator', text(member, 'valueQuantity', 'comparator')),
        unit: text(member, 'valueQuantity', 'unit') ?? text(member, 'valueQuantity', 'code'),
        ...optional('low', text(member, 'referenceRange', 0, 'low', 'value')),
        ...optional('high', text(member, 'referenceRange', 0, 'high', 'value')),
        ...optional('flag', text(member, 'interpretation', 0, 'coding', 0, 'code')),
      },
    ];
  });
}

function resultTruth(one: RawResult): Truth {
  const value =
    one.value === undefined
      ? { text: plainName(one.textValue ?? '') }
      : { value: String(one.value), ...optional('unit', one.unit), ...optional('comparator', one.comparator as '<' | undefined) };
  const flag = one.flag === undefined ? undefined : FLAGS[one.flag];
  const range =
    one.low === undefined && one.high === undefined ? undefined : { ...optional('low', one.low), ...optional('high', one.high) };
  const claim: Claim = {
    kind: 'result',
    concept: { name: plainName(one.names[0]!) },
    value,
    on: one.on,
    ...optional('flag', flag),
    ...optional('range', range),
    ...(one.status === 'corrected' ? { certainty: 'corrected' as const } : {}),
  };
  return { claim, fact: one.id, version: one.version, planted: one.planted, names: one.names };
}

/** Two results of one concept with everything between them going the same way. */
function trends(results: RawResult[]): Truth[] {
  const byName = new Map<string, RawResult[]>();
  for (const one of results)
    if (one.value !== undefined && one.comparator === undefined && (one.status === 'final' || one.status === 'corrected'))
      byName.set(one.names[0]!, [...(byName.get(one.names[0]!) ?? []), one]);
  const truths: Truth[] = [];
  for (const series of byName.values()) {
    const sorted = [...series].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
    for (let i = 1; i < sorted.length; i++) {
      const [a, b] = [sorted[i - 1]!, sorted[i]!];
      if (a.on === b.on || a.unit !== b.unit || a.value === b.value || Math.abs(a.value! - b.value!) < 0.02 * Math.abs(a.value!)) continue;
      if (
        results.some(
          (other) => other !== a && other !== b && (other.on === a.on || other.on === b.on) && mayBeSame(other.names[0]!, a.names[0]!),
        )
      )
        continue;
      const claim: Claim = {
        kind: 'trend',
        concept: { name: plainName(a.names[0]!) },
        direction: b.value! > a.value! ? 'rose' : 'fell',
        from: { value: String(a.value), ...optional('unit', a.unit) },
        fromOn: a.on,
        to: { value: String(b.value), ...optional('unit', b.unit) },
        toOn: b.on,
      };
      truths.push({ claim, fact: b.id, version: b.version, planted: a.planted || b.planted, names: a.names });
    }
  }
  return truths;
}

/** The last of each concept, where nothing of a like name came that day. */
function latestResults(results: RawResult[]): Truth[] {
  const standing = results.filter((one) => one.status === 'final' || one.status === 'corrected');
  return standing
    .filter(
      (one) =>
        one.value !== undefined &&
        !results.some((other) => other !== one && other.on >= one.on && mayBeSame(other.names[0]!, one.names[0]!)),
    )
    .map((one) => {
      const truth = resultTruth(one);
      return truth.claim.kind === 'result' ? { ...truth, claim: { ...truth.claim, latest: true } } : truth;
    });
}

/** Results whose replaced version is at hand. */
function correctedResults(results: RawResult[], raw: RawChart): Truth[] {
  return raw.replaced.flatMap((old) => {
    const now = results.find((one) => one.id === text(old, 'id') && one.status === 'corrected' && one.value !== undefined);
    const before = text(old, 'valueQuantity', 'value');
    if (now === undefined || before === undefined) return [];
    const truth = resultTruth(now);
    if (truth.claim.kind !== 'result') return [];
    const { flag: _flag, range: _range, ...claim } = truth.claim;
    return [
      {
        ...truth,
        claim: {
          ...claim,
          certainty: 'corrected' as const,
          correctedFrom: { value: before, ...optional('unit', text(old, 'valueQuantity', 'unit')) },
        },
      },
    ];
  });
}

/** How many visits since new year's day of some years; no visit falls on that day. */
function counts(raw: RawChart): Truth[] {
  const visits = raw.resources.filter((one) => one['resourceType'] === 'Encounter' && one['status'] === 'finished' && !isPlanted(one));
  const starts = visits.map((one) => text(one, 'period', 'start')?.slice(0, 10) ?? '');
  return [2010, 2015, 2019, 2023, 2025].flatMap((year) => {
    const since = `${year}-01-01`;
    if (starts.includes('') || starts.includes(since)) return [];
    return (['visits', 'emergency visits', 'admissions'] as const).flatMap((of) => {
      const number = visits.filter(
        (one, i) => starts[i]! > since && (of === 'visits' || text(one, 'class', 'code') === (of === 'admissions' ? 'IMP' : 'EMER')),
      ).length;
      const first = visits.find((_, i) => starts[i]! > since);
      return number === 0 || first === undefined
        ? []
        : [
            {
              claim: { kind: 'count' as const, of, number, since },
              fact: text(first, 'id') ?? '',
              version: versionOf(first),
              planted: false,
              names: [],
              uncited: true,
            },
          ];
    });
  });
}

/** What the chart is silent about. */
function silence(raw: RawChart): Truth[] {
  const has = (type: string) => raw.resources.some((one) => one['resourceType'] === type);
  return has('AllergyIntolerance')
    ? []
    : [{ claim: { kind: 'absence', of: 'allergies' }, fact: '', version: 1, planted: false, names: [], uncited: true }];
}

const MODALITIES: Record<string, ClaimOf<'medication'>['modality']> = {
  MedicationRequest: 'prescribed',
  MedicationDispense: 'filled',
  MedicationStatement: 'taking',
  MedicationAdministration: 'administered',
};

function readOrders(resource: Raw): RawOrder[] {
  const type = text(resource, 'resourceType') ?? '';
  if (!(type in MODALITIES)) return [];
  const written = namesOf(at(resource, 'medicationCodeableConcept'));
  const names = [...written, ...BRANDS.flatMap(([brand, ingredient]) => (written.some((name) => brand.test(name)) ? [ingredient] : []))];
  const when =
    text(resource, 'authoredOn') ??
    text(resource, 'whenHandedOver') ??
    text(resource, 'effectiveDateTime') ??
    text(resource, 'effectivePeriod', 'start');
  if (names.length === 0 || when === undefined) return [];
  const dosage = at(resource, 'dosageInstruction', 0) ?? at(resource, 'dosage', 0) ?? at(resource, 'dosage');
  const strength = names.length > 0 && !/ \/ |\/ML/i.test(names[0]!) ? /(?:^|\s)(\d+(?:\.\d+)?) ?(MG|MCG|mg|mcg)\b/.exec(names[0]!) : null;
  const count = Number(text(dosage, 'doseAndRate', 0, 'doseQuantity', 'value') ?? text(dosage, 'dose', 'value') ?? 1);
  const unit = text(dosage, 'doseAndRate', 0, 'doseQuantity', 'unit') ?? text(dosage, 'dose', 'unit');
  // "Two tablets" in words is a dose that this reader does not work out.
  const inWords = /\b(?:tab|cap|pill)/i.test(text(dosage, 'text') ?? '') && unit === undefined;
  const dose = inWords
    ? undefined
    : unit !== undefined && /^(?:mg|mcg|unit|units|puff|tablet|mL|g)$/.test(unit)
      ? { value: String(count), unit }
      : strength !== null && unit === undefined
        ? { value: String(count * Number(strength[1])), unit: strength[2]!.toLowerCase() }
        : undefined;
  const repeat = at(dosage, 'timing', 'repeat');
  const asNeeded = at(dosage, 'asNeededBoolean') === true || at(dosage, 'asNeededCodeableConcept') !== undefined;
  const perDay = text(repeat, 'periodUnit') === 'd' && text(repeat, 'period') === '1' ? Number(text(repeat, 'frequency') ?? 1) : undefined;
  const frequency =
    perDay === undefined || asNeeded ? undefined : ['', 'once daily', 'twice daily', 'three times daily', 'four times daily'][perDay];
  const route = /\boral\b/i.test(`${words(at(dosage, 'route')) ?? ''} ${names[0]}`) ? 'by mouth' : undefined;
  return [
    {
      id: text(resource, 'id') ?? '',
      type,
      names,
      on: when.slice(0, 10),
      dose,
      frequency,
      perDay,
      route,
      status: text(resource, 'status') ?? '',
      planted: isPlanted(resource),
    },
  ];
}

function orderTruth(one: RawOrder): Truth[] {
  if (
    !['active', 'completed', 'stopped'].includes(one.status) ||
    (one.type !== 'MedicationRequest' && one.status === 'stopped') ||
    (one.type === 'MedicationStatement' && one.status !== 'active')
  )
    return [];
  const whole = plainName(one.names[0]!);
  const ingredient = INGREDIENT.exec(whole)?.[1]?.replace(/ (?:HR|ML|MG|Oral|Day|Extended|transdermal).*$/, '');
  const single = !/ \/ /.test(whole) && ingredient !== undefined && !/\d ?\/|Pack|patch|System|\/ML/i.test(whole);
  const claim: Claim = {
    kind: 'medication',
    drug: { name: single && one.dose !== undefined ? ingredient : whole },
    ...(single && one.dose !== undefined ? { dose: one.dose } : {}),
    ...optional('route', single ? one.route : undefined),
    ...optional('frequency', one.frequency),
    modality: MODALITIES[one.type]!,
    on: one.on,
  };
  return [{ claim, fact: one.id, version: 1, planted: one.planted, names: [...one.names, claim.drug.name] }];
}

/** A new order of another dose of one drug, next after the old one. */
function changes(orders: RawOrder[]): Truth[] {
  const truths: Truth[] = [];
  const requests = orders.filter(
    (one) => one.type === 'MedicationRequest' && one.dose !== undefined && ['active', 'completed', 'stopped'].includes(one.status),
  );
  for (const after of requests) {
    const name = INGREDIENT.exec(plainName(after.names[0]!))?.[1];
    const same = requests.filter(
      (one) => name !== undefined && INGREDIENT.exec(plainName(one.names[0]!))?.[1] === name && one.on < after.on,
    );
    const before = same.sort((a, b) => (a.on < b.on ? -1 : 1)).at(-1);
    if (before === undefined || name === undefined || before.dose!.value === after.dose!.value || before.dose!.unit !== after.dose!.unit)
      continue;
    if (
      requests.filter((one) => one.on === before.on || one.on === after.on).filter((one) => mayBeSame(one.names[0]!, after.names[0]!))
        .length !== 2
    )
      continue;
    truths.push({
      claim: { kind: 'dose-change', drug: { name }, from: before.dose!, to: after.dose!, on: after.on },
      fact: after.id,
      version: 1,
      planted: after.planted,
      names: after.names,
    });
  }
  return truths;
}

function otherTruth(resource: Raw): Truth[] {
  const base = { fact: text(resource, 'id') ?? '', version: versionOf(resource), planted: isPlanted(resource) };
  const name = namesOf(at(resource, 'code'))[0];
  const status = text(resource, 'status');
  switch (resource['resourceType']) {
    case 'Condition': {
      const clinical = text(resource, 'clinicalStatus', 'coding', 0, 'code');
      const verification = text(resource, 'verificationStatus', 'coding', 0, 'code') ?? 'confirmed';
      const state =
        verification === 'refuted'
          ? 'ruled out'
          : verification === 'provisional'
            ? 'suspected'
            : clinical === 'active'
              ? 'active'
              : clinical === 'resolved'
                ? 'resolved'
                : undefined;
      if (name === undefined || state === undefined || verification === 'entered-in-error') return [];
      const side = sideOf(resource);
      const claim: Claim = {
        kind: 'problem',
        concept: { name: plainName(name) },
        state,
        ...optional('since', text(resource, 'onsetDateTime')?.slice(0, 10)),
        ...(state === 'resolved' ? optional('until', text(resource, 'abatementDateTime')?.slice(0, 10)) : {}),
        ...optional('laterality', side),
      };
      return [{ ...base, claim, names: namesOf(resource['code']) }];
    }
    case 'AllergyIntolerance': {
      if (name === undefined || /^no known/i.test(name) || text(resource, 'clinicalStatus', 'coding', 0, 'code') !== 'active') return [];
      const reaction = words(at(resource, 'reaction', 0, 'manifestation', 0));
      const claim: Claim = {
        kind: 'allergy',
        substance: {
          name: plainName(name)
            .replace(/^Allergy to /i, '')
            .replace(/ allergy$/i, ''),
        },
        ...optional('reaction', reaction),
        ...optional('recordedOn', text(resource, 'recordedDate')?.slice(0, 10)),
      };
      return [{ ...base, claim, names: namesOf(resource['code']) }];
    }
    case 'Encounter': {
      const setting = SETTINGS[text(resource, 'class', 'code') ?? ''];
      const on = text(resource, 'period', 'start')?.slice(0, 10);
      if (setting === undefined || on === undefined || status !== 'finished' || base.planted) return [];
      const reason = words(at(resource, 'reasonCode', 0));
      const until = text(resource, 'period', 'end')?.slice(0, 10);
      const claim: Claim = {
        kind: 'encounter',
        setting,
        ...(reason === undefined ? {} : { reason: { name: plainName(reason) } }),
        on,
        ...(setting === 'inpatient' ? optional('until', until) : {}),
      };
      return [{ ...base, claim, names: reason === undefined ? [] : [reason] }];
    }
    case 'Procedure': {
      const on = (text(resource, 'performedDateTime') ?? text(resource, 'performedPeriod', 'start'))?.slice(0, 10);
      if (name === undefined || on === undefined || (status !== 'completed' && status !== 'not-done')) return [];
      const claim: Claim = {
        kind: 'procedure',
        concept: { name: plainName(name) },
        modality: status === 'completed' ? 'performed' : 'not done',
        ...optional('laterality', sideOf(resource)),
        on,
      };
      return [{ ...base, claim, names: namesOf(resource['code']) }];
    }
    case 'Immunization': {
      const vaccine = namesOf(at(resource, 'vaccineCode'))[0];
      const on = text(resource, 'occurrenceDateTime')?.slice(0, 10);
      if (vaccine === undefined || on === undefined || status !== 'completed') return [];
      return [{ ...base, claim: { kind: 'immunization', vaccine: { name: plainName(vaccine) }, on }, names: [vaccine] }];
    }
    case 'ServiceRequest': {
      const on = text(resource, 'authoredOn')?.slice(0, 10);
      if (name === undefined || on === undefined || status !== 'active' || !base.planted) return [];
      return [{ ...base, claim: { kind: 'pending', concept: { name: plainName(name) }, orderedOn: on, asOf: '' }, names: [name] }];
    }
    case 'FamilyMemberHistory': {
      const relative = words(at(resource, 'relationship'))?.toLowerCase();
      if (relative === undefined) return [];
      return list(resource, 'condition').flatMap((condition) => {
        const own = namesOf(at(condition, 'code'))[0];
        return own === undefined
          ? []
          : [{ ...base, claim: { kind: 'family' as const, relative, condition: { name: plainName(own) } }, names: [own] }];
      });
    }
    default:
      return [];
  }
}

function namesOf(concept: unknown): string[] {
  const names = [text(concept, 'text'), ...list(concept, 'coding').map((coding) => text(coding, 'display'))];
  return [...new Set(names.filter((name) => name !== undefined && name !== ''))] as string[];
}

function sideOf(resource: Raw): 'left' | 'right' | undefined {
  const words = `${text(resource, 'bodySite', 0, 'text') ?? ''} ${text(resource, 'bodySite', 0, 'coding', 0, 'display') ?? ''}`;
  return /\bleft\b/i.test(words) ? 'left' : /\bright\b/i.test(words) ? 'right' : undefined;
}

/** Whether an entry was planted into the chart; a planted visit is the twin of one that stands there. */
export function isPlanted(resource: Raw): boolean {
  return list(resource, 'meta', 'tag').some((tag) => text(tag, 'code') === 'planted');
}

function versionOf(resource: Raw): number {
  return Number(text(resource, 'meta', 'versionId') ?? 1);
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}
