import { isNumber, isObject, type Json, type JsonObject, NumberText, primitiveText } from './json.ts';
import { instantAfter, instantOf } from './time.ts';

/** A rule of FHIR R4 that structure alone cannot say, by its key in the specification. `holds` is false only where it is broken. */
export type Invariant = {
  key: string;
  human: string;
  severity?: 'warning';
  holds: (value: JsonObject, typeBehind: (reference: string) => string | undefined) => boolean;
};

/** The invariants of a type or backbone path. */
export function invariantsOf(type: string): readonly Invariant[] {
  return invariants[type] ?? none;
}

const none: readonly Invariant[] = [];

function has(value: JsonObject, name: string): boolean {
  return value[name] !== undefined || value[`_${name}`] !== undefined;
}

/** True when any member of a choice stands: hasChoice(observation, 'value') for value[x]. */
function hasChoice(value: JsonObject, stem: string): boolean {
  return Object.keys(value).some((key) => {
    const name = key.charCodeAt(0) === 0x5f ? key.slice(1) : key;
    return name.startsWith(stem) && /^[A-Z]/.test(name.slice(stem.length));
  });
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function objects(value: Json | undefined): JsonObject[] {
  return list(value).filter(isObject);
}

function codes(value: Json | undefined): string[] {
  return isObject(value)
    ? objects(value['coding']).map((coding) => `${primitiveText(coding['system']) ?? ''}|${primitiveText(coding['code']) ?? ''}`)
    : [];
}

function hasCode(value: Json | undefined, code: string): boolean {
  return codes(value).some((coding) => coding.endsWith(`|${code}`));
}

function numberOf(value: Json | undefined): number | undefined {
  if (!isNumber(value)) return undefined;
  return value instanceof NumberText ? Number(value.text) : (value as number);
}

/** Start not after end, at the precision both give; what cannot be compared breaks nothing. */
function inOrder(start: Json | undefined, end: Json | undefined): boolean {
  if (typeof start !== 'string' || typeof end !== 'string') return true;
  const from = instantOf(start);
  const to = instantAfter(end);
  // Two times without a zone are on one clock.
  if ('flag' in from || 'flag' in to) return start.length !== end.length || /Z|[+-]\d\d:\d\d$/.test(start + end) || start <= end;
  return from.at <= to.at;
}

function requires(key: string, name: string, other: string): Invariant {
  return { key, human: `${name} needs ${other}`, holds: (value) => !has(value, name) || has(value, other) };
}

function atLeastOne(key: string, ...names: string[]): Invariant {
  return {
    key,
    human: `one of ${names.join(', ')} is needed`,
    holds: (value) => names.some((name) => has(value, name) || hasChoice(value, name)),
  };
}

function notBoth(key: string, one: string, other: string): Invariant {
  return { key, human: `${one} and ${other} exclude each other`, holds: (value) => !(present(value, one) && present(value, other)) };
}

function present(value: JsonObject, name: string): boolean {
  return has(value, name) || hasChoice(value, name);
}

function notNegative(key: string, name: string): Invariant {
  return { key, human: `${name} may not be negative`, holds: (value) => (numberOf(value[name]) ?? 0) >= 0 };
}

const UCUM = 'http://unitsofmeasure.org';
const qty3: Invariant = requires('qty-3', 'code', 'system');
const codeWithValue = (key: string): Invariant => ({
  key,
  human: 'a value needs a code, and a code needs UCUM',
  holds: (value) => (!has(value, 'value') || has(value, 'code')) && (value['system'] === undefined || value['system'] === UCUM),
});
const sharedNameRules: Invariant = {
  key: 'org-2/3',
  human: 'the telecom or address of an organization is never of use home',
  holds: (value) => ![...objects(value['telecom']), ...objects(value['address'])].some((item) => item['use'] === 'home'),
};

/** Keys and rules: the invariants of hl7.org/fhir/R4 for the types that charts hold and for what they are made of. */
const invariants: { [type: string]: readonly Invariant[] } = {
  // Data types
  Extension: [
    {
      key: 'ext-1',
      human: 'an extension has either extensions or a value',
      holds: (value) => has(value, 'extension') !== hasChoice(value, 'value'),
    },
  ],
  Quantity: [qty3],
  Age: [qty3, { ...codeWithValue('age-1'), severity: 'warning' }],
  Duration: [qty3, { ...codeWithValue('drt-1'), severity: 'warning' }],
  Distance: [qty3, { ...codeWithValue('dis-1'), severity: 'warning' }],
  Count: [qty3, { ...codeWithValue('cnt-3'), severity: 'warning' }],
  Period: [{ key: 'per-1', human: 'start may not be after end', holds: (value) => inOrder(value['start'], value['end']) }],
  Range: [
    {
      key: 'rng-2',
      human: 'low may not be above high',
      holds: ({ low, high }) => {
        if (!isObject(low) || !isObject(high) || primitiveText(low['code'] ?? low['unit']) !== primitiveText(high['code'] ?? high['unit']))
          return true;
        const [from, to] = [numberOf(low['value']), numberOf(high['value'])];
        return from === undefined || to === undefined || from <= to;
      },
    },
  ],
  Ratio: [
    {
      key: 'rat-1',
      human: 'numerator and denominator stand together, or an extension in their place',
      holds: (value) => has(value, 'numerator') === has(value, 'denominator') && (has(value, 'numerator') || has(value, 'extension')),
    },
  ],
  Attachment: [requires('att-1', 'data', 'contentType')],
  ContactPoint: [requires('cpt-2', 'value', 'system')],
  'Timing.repeat': [
    requires('tim-1', 'duration', 'durationUnit'),
    requires('tim-2', 'period', 'periodUnit'),
    notNegative('tim-4', 'duration'),
    notNegative('tim-5', 'period'),
    requires('tim-6', 'periodMax', 'period'),
    requires('tim-7', 'durationMax', 'duration'),
    requires('tim-8', 'countMax', 'count'),
    {
      key: 'tim-9',
      human: 'an offset needs a when that is not C, CM, CD or CV',
      holds: (value) => !has(value, 'offset') || list(value['when']).some((when) => !['C', 'CM', 'CD', 'CV'].includes(String(when))),
    },
    notBoth('tim-10', 'timeOfDay', 'when'),
  ],
  // Resources that charts hold
  Observation: [
    {
      key: 'obs-6',
      human: 'dataAbsentReason stands only where there is no value',
      holds: (value) => !has(value, 'dataAbsentReason') || !hasChoice(value, 'value'),
    },
    {
      key: 'obs-7',
      human: 'a value of the same code as a component stands in the component alone',
      holds: (value) => {
        if (!hasChoice(value, 'value')) return true;
        const own = new Set(codes(value['code']));
        return !objects(value['component']).some((component) => codes(component['code']).some((code) => code !== '|' && own.has(code)));
      },
    },
  ],
  'Observation.referenceRange': [atLeastOne('obs-3', 'low', 'high', 'text')],
  'Patient.contact': [atLeastOne('pat-1', 'name', 'telecom', 'address', 'organization')],
  Organization: [atLeastOne('org-1', 'identifier', 'name'), sharedNameRules],
  Condition: [
    {
      key: 'con-4',
      human: 'an abated condition is inactive, resolved or in remission',
      holds: (value) => {
        const status = value['clinicalStatus'];
        return (
          !hasChoice(value, 'abatement') ||
          status === undefined ||
          ['resolved', 'remission', 'inactive'].some((code) => hasCode(status, code))
        );
      },
    },
    {
      key: 'con-5',
      human: 'a condition entered in error has no clinicalStatus',
      holds: (value) => !hasCode(value['verificationStatus'], 'entered-in-error') || !has(value, 'clinicalStatus'),
    },
    {
      key: 'con-3',
      human: 'a problem list item that is not entered in error should have a clinicalStatus',
      severity: 'warning',
      holds: (value) =>
        has(value, 'clinicalStatus') ||
        hasCode(value['verificationStatus'], 'entered-in-error') ||
        !list(value['category']).some((category) => hasCode(category, 'problem-list-item')),
    },
  ],
  'Condition.stage': [atLeastOne('con-1', 'summary', 'assessment')],
  'Condition.evidence': [atLeastOne('con-2', 'code', 'detail')],
  AllergyIntolerance: [
    {
      key: 'ait-1',
      human: 'clinicalStatus is needed unless entered in error',
      holds: (value) => has(value, 'clinicalStatus') || hasCode(value['verificationStatus'], 'entered-in-error'),
    },
    {
      key: 'ait-2',
      human: 'an allergy entered in error has no clinicalStatus',
      holds: (value) => !has(value, 'clinicalStatus') || !hasCode(value['verificationStatus'], 'entered-in-error'),
    },
  ],
  'Immunization.education': [atLeastOne('imm-1', 'documentType', 'reference')],
  MedicationDispense: [
    {
      key: 'mdd-1',
      human: 'handed over before it was prepared',
      holds: (value) => inOrder(value['whenPrepared'], value['whenHandedOver']),
    },
  ],
  'MedicationAdministration.dosage': [atLeastOne('mad-1', 'dose', 'rate')],
  ServiceRequest: [requires('prr-1', 'orderDetail', 'code')],
  Appointment: [
    { key: 'app-2', human: 'start and end stand together', holds: (value) => has(value, 'start') === has(value, 'end') },
    {
      key: 'app-3',
      human: 'only a proposed, cancelled or waitlisted appointment may lack a start and end',
      holds: (value) =>
        (has(value, 'start') && has(value, 'end')) || ['proposed', 'cancelled', 'waitlist'].includes(String(value['status'])),
    },
    {
      key: 'app-4',
      human: 'cancelationReason stands only where cancelled or no-show',
      holds: (value) => !has(value, 'cancelationReason') || ['no-show', 'cancelled'].includes(String(value['status'])),
    },
  ],
  'Appointment.participant': [atLeastOne('app-1', 'type', 'actor')],
  FamilyMemberHistory: [
    notBoth('fhs-1', 'age', 'born'),
    { key: 'fhs-2', human: 'estimatedAge needs age', holds: (value) => !has(value, 'estimatedAge') || hasChoice(value, 'age') },
  ],
  'CarePlan.activity': [notBoth('cpl-3', 'detail', 'reference')],
  'CareTeam.participant': [
    {
      key: 'ctm-1',
      human: 'onBehalfOf stands only where the member is a practitioner',
      holds: (value, typeBehind) => {
        if (!has(value, 'onBehalfOf')) return true;
        const member = isObject(value['member']) ? primitiveText(value['member']['reference']) : undefined;
        const type = member === undefined ? undefined : typeBehind(member);
        return type === undefined || type === 'Practitioner';
      },
    },
  ],
  'Goal.target': [
    { key: 'gol-1', human: 'a detail needs a measure', holds: (value) => !hasChoice(value, 'detail') || has(value, 'measure') },
  ],
  Task: [{ key: 'inv-1', human: 'modified before it was authored', holds: (value) => inOrder(value['authoredOn'], value['lastModified']) }],
  'Composition.section': [
    atLeastOne('cmp-1', 'text', 'entry', 'section'),
    {
      key: 'cmp-2',
      human: 'emptyReason stands only where the section has no entries',
      holds: (value) => !has(value, 'emptyReason') || !has(value, 'entry'),
    },
  ],
  List: [
    {
      key: 'lst-1',
      human: 'emptyReason stands only where there are no entries',
      holds: (value) => !has(value, 'emptyReason') || !has(value, 'entry'),
    },
  ],
  'QuestionnaireResponse.item': [notBoth('qrs-1', 'answer', 'item')],
  'Parameters.parameter': [
    {
      key: 'inv-1',
      human: 'a parameter has a value, a resource or parts, and only one of them',
      holds: (value) => [hasChoice(value, 'value'), has(value, 'resource'), has(value, 'part')].filter(Boolean).length <= 1,
    },
  ],
  Bundle: [
    {
      key: 'bdl-1',
      human: 'total stands only in a search or history',
      holds: (value) => !has(value, 'total') || kind(value, 'searchset', 'history'),
    },
    {
      key: 'bdl-2',
      human: 'entry.search stands only in a search',
      holds: (value) => kind(value, 'searchset') || !objects(value['entry']).some((entry) => has(entry, 'search')),
    },
    {
      key: 'bdl-3',
      human: 'entry.request stands in every entry of a batch, transaction or history, and nowhere else',
      holds: (value) => objects(value['entry']).every((entry) => has(entry, 'request') === kind(value, 'batch', 'transaction', 'history')),
    },
    {
      key: 'bdl-4',
      human: 'entry.response stands in every entry of a batch-response, transaction-response or history, and nowhere else',
      holds: (value) =>
        objects(value['entry']).every(
          (entry) => has(entry, 'response') === kind(value, 'batch-response', 'transaction-response', 'history'),
        ),
    },
    {
      key: 'bdl-7',
      human: 'fullUrl stands once, or with different versions',
      holds: (value) => {
        if (kind(value, 'history')) return true;
        const seen = objects(value['entry']).flatMap((entry) =>
          typeof entry['fullUrl'] === 'string' ? [`${entry['fullUrl']} ${versionOf(entry)}`] : [],
        );
        return new Set(seen).size === seen.length;
      },
    },
    {
      key: 'bdl-9',
      human: 'a document has an identifier with a system and a value',
      holds: ({ type, identifier }) =>
        type !== 'document' || (isObject(identifier) && has(identifier, 'system') && has(identifier, 'value')),
    },
    { key: 'bdl-10', human: 'a document has a date', holds: (value) => !kind(value, 'document') || has(value, 'timestamp') },
    {
      key: 'bdl-11',
      human: 'a document starts with a Composition',
      holds: (value) => !kind(value, 'document') || firstIs(value, 'Composition'),
    },
    {
      key: 'bdl-12',
      human: 'a message starts with a MessageHeader',
      holds: (value) => !kind(value, 'message') || firstIs(value, 'MessageHeader'),
    },
  ],
  'Bundle.entry': [
    {
      key: 'bdl-5',
      human: 'an entry has a resource, a request or a response',
      holds: (value) => has(value, 'resource') || has(value, 'request') || has(value, 'response'),
    },
    {
      key: 'bdl-8',
      human: 'fullUrl may not name a version',
      holds: (value) => typeof value['fullUrl'] !== 'string' || !value['fullUrl'].includes('/_history/'),
    },
  ],
};

function kind(bundle: JsonObject, ...types: string[]): boolean {
  return types.includes(String(bundle['type']));
}

function versionOf(entry: JsonObject): string {
  const resource = entry['resource'];
  const meta = isObject(resource) ? resource['meta'] : undefined;
  return isObject(meta) ? (primitiveText(meta['versionId']) ?? '') : '';
}

function firstIs(bundle: JsonObject, type: string): boolean {
  const resource = objects(bundle['entry'])[0]?.['resource'];
  return isObject(resource) && resource['resourceType'] === type;
}
