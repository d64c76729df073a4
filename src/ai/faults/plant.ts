import type { Random } from './random.ts';
import { at, type Raw, type RawChart, text } from './raw.ts';
import { mayBeSame, truthOf } from './truth.ts';

const SNOMED = 'http://snomed.info/sct';
/** Conditions that families have; real SNOMED CT codes, names our own. */
const FAMILY: [code: string, name: string][] = [['254837009', 'Breast cancer'], ['363406005', 'Colon cancer'], ['22298006', 'Myocardial infarction'], ['230690007', 'Stroke'], ['73211009', 'Diabetes mellitus'], ['69896004', 'Rheumatoid arthritis'], ['52448006', 'Dementia'], ['23986001', 'Glaucoma'], ['64859006', 'Osteoporosis'], ['90560007', 'Gout']]; // biome-ignore format: one table, read as a table
const SIDED: [code: string, name: string][] = [['193570009', 'Cataract'], ['239873007', 'Osteoarthritis of knee'], ['57406009', 'Carpal tunnel syndrome'], ['128053003', 'Deep vein thrombosis'], ['15188001', 'Hearing loss']]; // biome-ignore format: one table, read as a table
const OPERATIONS: [code: string, name: string][] = [['609588000', 'Knee replacement'], ['110473004', 'Cataract surgery'], ['52734007', 'Hip replacement']]; // biome-ignore format: one table, read as a table
const TESTS: [code: string, name: string][] = [['16254007', 'Lipid profile'], ['252416005', 'Histopathology of skin'], ['241541005', 'MRI of spine'], ['397519002', 'Bone densitometry'], ['40701008', 'Echocardiogram']]; // biome-ignore format: one table, read as a table
const RELATIVES: [code: string, name: string][] = [
  ['MTH', 'Mother'],
  ['FTH', 'Father'],
  ['SIS', 'Sister'],
  ['BRO', 'Brother'],
];
const RULED_OUT: [code: string, name: string][] = [['59282003', 'Pulmonary embolism'], ['233604007', 'Pneumonia'], ['56717001', 'Tuberculosis']]; // biome-ignore format: one table, read as a table
const SUSPECTED: [code: string, name: string][] = [
  ['73430006', 'Sleep apnea'],
  ['396332003', 'Psoriasis'],
];
const ALLERGIES: [code: string, name: string, reaction: string][] = [['91936005', 'Penicillin', 'Rash'], ['300916003', 'Latex', 'Itching'], ['91935009', 'Peanut', 'Anaphylaxis']]; // biome-ignore format: one table, read as a table

/**
 * Adds to a chart what Synthea never writes and faults need: relatives' conditions, sides, refuted and provisional diagnoses, fills and
 * statements, open orders, flags and ranges, a corrected result with the version it replaced, entries made in error. All tagged `planted`.
 */
export function plant(chart: RawChart, random: Random): RawChart {
  const truth = truthOf(chart);
  const names = truth.truths.flatMap((one) => one.names);
  const fresh = <T extends [string, string, ...string[]]>(table: T[], count: number): T[] =>
    shuffled(table, random)
      .filter(([, name]) => !names.some((other) => mayBeSame(other, name)))
      .slice(0, count);
  const day = () => `${2012 + random.below(12)}-${pad(1 + random.below(12))}-${pad(1 + random.below(28))}`;
  const resources: Raw[] = [...chart.resources];
  const replaced: Raw[] = [...chart.replaced];
  const add = (resource: Raw) => resources.push(tagged(resource, resources.length));

  for (const [code, name] of fresh(FAMILY, 3)) {
    const [role, relative] = random.pick(RELATIVES);
    add({
      resourceType: 'FamilyMemberHistory',
      status: 'completed',
      relationship: concept('http://terminology.hl7.org/CodeSystem/v3-RoleCode', role, relative),
      condition: [{ code: concept(SNOMED, code, name) }],
    });
  }
  for (const [code, name] of fresh(SIDED, 2)) add({ ...condition(code, name, 'active', 'confirmed', day()), bodySite: [side(random)] });
  for (const [code, name] of fresh(OPERATIONS, 2))
    add({
      resourceType: 'Procedure',
      status: 'completed',
      code: concept(SNOMED, code, name),
      performedDateTime: `${day()}T09:30:00Z`,
      bodySite: [side(random)],
    });
  for (const [code, name] of fresh(RULED_OUT, 1)) add(condition(code, name, undefined, 'refuted', day()));
  for (const [code, name] of fresh(SUSPECTED, 1)) add(condition(code, name, 'active', 'provisional', day()));
  for (const [code, name] of fresh(TESTS, 2))
    add({
      resourceType: 'ServiceRequest',
      status: 'active',
      intent: 'order',
      code: concept(SNOMED, code, name),
      authoredOn: '2026-11-02T10:00:00Z',
      occurrenceDateTime: '2026-12-17T10:00:00Z',
    });
  if (!truth.truths.some((one) => one.claim.kind === 'allergy')) {
    for (const [code, name, reaction] of fresh(ALLERGIES, 1)) {
      add({
        resourceType: 'AllergyIntolerance',
        clinicalStatus: coding('active'),
        verificationStatus: coding('confirmed'),
        code: concept(SNOMED, code, name),
        recordedDate: day(),
        reaction: [{ manifestation: [{ text: reaction }] }],
      });
    }
  }
  twin(resources, add);
  events(truth.orders.filter((order) => order.type === 'MedicationRequest' && order.dose !== undefined).slice(-3), chart, add);
  corrections(chart, random, resources, replaced);
  return { ...chart, resources, replaced };
}

/** The last visit told once more, as a second feed tells it: the same number, another entry. */
function twin(resources: Raw[], add: (resource: Raw) => void): void {
  const at = resources.findLastIndex((one) => one['resourceType'] === 'Encounter' && one['status'] === 'finished');
  if (at < 0) return;
  const identifier = [{ system: 'urn:oid:2.999.1', value: 'VISIT-1' }];
  resources[at] = { ...resources[at], identifier };
  add({ ...resources[at], identifier });
}

/** A fill of one order and a statement about another, some days later. */
function events(orders: { id: string; on: string }[], chart: RawChart, add: (resource: Raw) => void): void {
  const [filled, stated] = orders;
  for (const [order, type, days] of [
    [filled, 'MedicationDispense', 2],
    [stated, 'MedicationStatement', 30],
  ] as const) {
    const raw = chart.resources.find((resource) => resource['id'] === order?.id);
    if (raw === undefined || order === undefined) continue;
    const when = `${later(order.on, days)}T15:00:00Z`;
    const common = { resourceType: type, medicationCodeableConcept: raw['medicationCodeableConcept'] };
    if (type === 'MedicationDispense')
      add({ ...common, status: 'completed', whenHandedOver: when, dosageInstruction: raw['dosageInstruction'] });
    else add({ ...common, status: 'active', effectiveDateTime: when, dosage: raw['dosageInstruction'] });
  }
}

/** The newest two numbers get a flag and range; one is corrected from another value, and one more was entered in error. */
function corrections(chart: RawChart, random: Random, resources: Raw[], replaced: Raw[]): void {
  const numbers = chart.resources.filter(
    (resource) =>
      resource['resourceType'] === 'Observation' &&
      typeof at(resource, 'valueQuantity', 'value') === 'number' &&
      resource['referenceRange'] === undefined &&
      resource['status'] === 'final',
  );
  for (const raw of shuffled(numbers, random).slice(0, 4)) {
    const value = Number(text(raw, 'valueQuantity', 'value'));
    const high = random.chance(0.5);
    const unit = at(raw, 'valueQuantity', 'unit');
    const bounds = high ? [value * 0.5, value * 0.9] : [value * 0.8, value * 1.2];
    const [low, top] = bounds.map((bound) => Number(bound.toPrecision(3)));
    const flagged: Raw = {
      ...raw,
      interpretation: [coding(high ? 'H' : 'N')],
      referenceRange: [{ low: { value: low, unit }, high: { value: top, unit } }],
    };
    const old = Number((value * (1.3 + random.next())).toPrecision(4));
    const corrected = random.chance(0.5) && value !== 0;
    if (corrected)
      replaced.push(
        tagged({ ...flagged, status: 'final', valueQuantity: { ...(raw['valueQuantity'] as Raw), value: old } }, 0, 1, text(raw, 'id')),
      );
    const position = resources.indexOf(raw);
    resources[position] = tagged(corrected ? { ...flagged, status: 'corrected' } : flagged, 0, corrected ? 2 : 1, text(raw, 'id'));
  }
  const wrong = numbers[random.below(Math.max(numbers.length, 1))];
  if (wrong !== undefined) {
    const value = Number((Number(text(wrong, 'valueQuantity', 'value')) * 1.7 + 1).toPrecision(4));
    resources.push(
      tagged(
        {
          ...wrong,
          status: 'entered-in-error',
          effectiveDateTime: '2011-02-03T08:00:00Z',
          valueQuantity: { ...(wrong['valueQuantity'] as Raw), value },
        },
        resources.length,
      ),
    );
  }
}

function condition(code: string, name: string, clinical: string | undefined, verification: string, onset: string): Raw {
  return {
    resourceType: 'Condition',
    ...(clinical === undefined ? {} : { clinicalStatus: coding(clinical) }),
    verificationStatus: coding(verification),
    code: concept(SNOMED, code, name),
    onsetDateTime: onset,
  };
}

function side(random: Random): Raw {
  const left = random.chance(0.5);
  return { coding: [{ system: SNOMED, code: left ? '7771000' : '24028007', display: left ? 'Left' : 'Right' }] };
}

function concept(system: string, code: string, name: string): Raw {
  return { coding: [{ system, code, display: name }], text: name };
}

function coding(code: string): Raw {
  return { coding: [{ code }] };
}

function tagged(resource: Raw, place: number, version = 1, id?: string): Raw {
  return { ...resource, id: id ?? `planted-${place}`, meta: { versionId: String(version), tag: [{ code: 'planted' }] } };
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

function later(day: string, days: number): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
