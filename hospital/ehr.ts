import type { Stored } from './ehr-charts.ts';
import { Charts } from './ehr-charts.ts';
import { EhrStore } from './ehr-store.ts';

/** What tests may ask of the play EHR: how real ones misbehave. */
export type Behaviour = {
  outage: boolean;
  latencyMs: number;
  conditionalCreate: boolean;
  rejectTypes: string[];
  /** So many more writes are committed and then never answered. */
  dropResponseAfterCommit: number;
  /** So many more writes fail before anything is committed. */
  failFirst: number;
  /** What it changes in a DocumentReference as it stores it: any of `content`, `subject`, `docStatus`, `label`, `identifier`. */
  alter: string[];
  /** So many more creates land twice, as where two raced past the same check. */
  createTwice: number;
  /** It takes new resources and no change of them. */
  refuseUpdates: boolean;
  /** So many more reads by id of what was written are answered 404: its readers lag behind its writers. */
  lagReads: number;
  /** So many more requests are answered 429 with Retry-After. */
  tooMany: number;
};
export type Answer = { status: number; body: unknown; headers?: Record<string, string> };
export type Ehr = {
  behaviour: Behaviour;
  capability(): Answer;
  read(type: string, id: string): Answer;
  search(type: string, parameters: URLSearchParams, strict: boolean): Answer;
  create(type: string, body: unknown, ifNoneExist: string | undefined): Answer;
  update(type: string, id: string, body: unknown, ifMatch: string | undefined): Answer;
  transaction(body: unknown): Answer;
  written(type?: string): Stored[];
  close(): void;
};

const TYPES =
  'AllergyIntolerance Appointment AuditEvent Binary CarePlan ClinicalImpression Communication CommunicationRequest Composition Condition Consent Device DetectedIssue DiagnosticReport DocumentReference Encounter FamilyMemberHistory Flag Goal Immunization List MedicationDispense MedicationRequest MedicationStatement Observation Organization Patient Practitioner PractitionerRole Procedure Provenance QuestionnaireResponse RiskAssessment ServiceRequest Task'.split(
    ' ',
  );
/** Elements without which R4 does not accept these types (minimum cardinality 1). */
const REQUIRED: Record<string, string[]> = {
  DocumentReference: ['status', 'content'],
  Provenance: ['target', 'recorded', 'agent'],
  Observation: ['status', 'code'],
  Task: ['status', 'intent'],
  Communication: ['status'],
  Composition: ['status', 'type', 'date', 'author', 'title'],
};
const SEARCHABLE = ['identifier', '_id', 'patient', 'subject', '_count', '_offset', '_format', '_sort'];

/** A small FHIR R4 server over the synthesised charts. It keeps what is written to it and refuses what a real EHR would refuse. */
export function openEhr(data: string, clock: () => Date = () => new Date()): Ehr {
  const charts = new Charts(data);
  const store = new EhrStore(`${data}/ehr.ndjson`);
  const behaviour: Behaviour = {
    outage: false,
    latencyMs: 0,
    conditionalCreate: true,
    rejectTypes: [],
    dropResponseAfterCommit: 0,
    failFirst: 0,
    alter: [],
    createTwice: 0,
    refuseUpdates: false,
    lagReads: 0,
    tooMany: 0,
  };
  const find = (type: string, id: string): Stored | undefined => store.get(type, id) ?? charts.read(type, id);
  const supported = (type: string): boolean => TYPES.includes(type) && !behaviour.rejectTypes.includes(type);

  function check(type: string, body: unknown): Answer | Stored {
    if (!supported(type)) return outcome(404, 'not-supported', `resource type ${type} is not supported here`);
    if (typeof body !== 'object' || body === null || !('resourceType' in body))
      return outcome(400, 'structure', 'the body is no FHIR resource');
    const resource = body as Stored;
    if (resource.resourceType !== type)
      return outcome(400, 'invalid', `the body is a ${String(resource.resourceType)}, the address says ${type}`);
    for (const element of REQUIRED[type] ?? []) {
      const value = resource[element];
      if (value === undefined || (Array.isArray(value) && value.length === 0))
        return outcome(422, 'required', `${type}.${element} is required`, `${type}.${element}`);
    }
    return resource;
  }

  /** References to patients and to what is written here must lead somewhere; `coming` are the other resources of the same transaction. */
  function dangling(resource: Stored, coming: Set<string>): Answer | undefined {
    for (const reference of references(resource)) {
      const [type, id] = reference.split('/');
      if (
        type === undefined ||
        id === undefined ||
        !['Patient', 'DocumentReference', 'Device'].includes(type) ||
        coming.has(`${type}/${id}`)
      )
        continue;
      if (!find(type, id)) return outcome(422, 'not-found', `a reference to ${type} leads nowhere`);
    }
    return undefined;
  }

  function stamped(resource: Stored, id: string, version: number): Stored {
    const meta = typeof resource['meta'] === 'object' ? resource['meta'] : {};
    return { ...resource, id, meta: { ...meta, versionId: String(version), lastUpdated: clock().toISOString() } };
  }

  /** The resources that a condition such as `identifier=system|value` names. */
  function matching(type: string, query: string): Stored[] | Answer {
    const parameters = new URLSearchParams(query.replace(/^\?/, ''));
    const token = parameters.get('identifier');
    if (token === null || [...parameters.keys()].length !== 1) return outcome(412, 'not-supported', 'conditions are on identifier only');
    return byIdentifier(type, token);
  }

  function byIdentifier(type: string, token: string): Stored[] {
    const bar = token.indexOf('|');
    const [system, value] = bar === -1 ? ['', token] : [token.slice(0, bar), token.slice(bar + 1)];
    const chart = type === 'Patient' ? charts.byIdentifier(system, value) : undefined;
    const own = store.withIdentifier(type, system, value);
    return chart && !own.some((resource) => resource.id === chart.id) ? [chart, ...own] : own;
  }

  function create(type: string, body: unknown, ifNoneExist: string | undefined): Answer {
    const resource = check(type, body);
    if (isAnswer(resource)) return resource;
    // A server that does not declare conditional create ignores the header, and that is how duplicates come about.
    if (ifNoneExist !== undefined && behaviour.conditionalCreate) {
      const matches = matching(type, ifNoneExist);
      if (isAnswer(matches)) return matches;
      if (matches.length > 1) return outcome(412, 'multiple-matches', 'the condition names more than one resource');
      const [match] = matches;
      if (match) return { status: 200, body: match, headers: located(match) };
    }
    const broken = dangling(resource, new Set());
    if (broken) return broken;
    const created = stamped(altered(resource, behaviour.alter), store.nextId(), 1);
    store.commit([created]);
    if (behaviour.createTwice > 0) {
      behaviour.createTwice--;
      store.commit([stamped(altered(resource, behaviour.alter), store.nextId(), 1)]);
    }
    return { status: 201, body: created, headers: located(created) };
  }

  function update(type: string, id: string, body: unknown, ifMatch: string | undefined): Answer {
    const resource = check(type, body);
    if (isAnswer(resource)) return resource;
    if (resource.id !== id) return outcome(400, 'invalid', 'the id of the body is not the id of the address');
    const before = find(type, id);
    const version = versionOf(before);
    if (before && behaviour.refuseUpdates) return outcome(405, 'not-supported', 'what was written is not changed here');
    if (ifMatch !== undefined && ifMatch !== `W/"${version}"`) return outcome(412, 'conflict', 'the version has moved on');
    const broken = dangling(resource, new Set());
    if (broken) return broken;
    const written = stamped(resource, id, version + 1);
    store.commit([written]);
    return { status: before ? 200 : 201, body: written, headers: located(written) };
  }

  /** All entries or none; `urn:uuid` references between them are resolved, conditional ones honoured where the server has them. */
  function transaction(body: unknown): Answer {
    const bundle = body as {
      resourceType?: string;
      type?: string;
      entry?: { fullUrl?: string; resource?: Stored; request?: { method: string; url: string; ifNoneExist?: string } }[];
    };
    if (bundle?.resourceType !== 'Bundle' || bundle.type !== 'transaction')
      return outcome(400, 'invalid', 'only transaction Bundles are taken');
    const names = new Map<string, string>();
    const planned: { resource: Stored; id: string; status: number; write: boolean }[] = [];
    for (const entry of bundle.entry ?? []) {
      const { request } = entry;
      const type = entry.resource?.resourceType ?? '';
      const resource = check(type, entry.resource);
      if (isAnswer(resource)) return resource;
      if (request?.method !== 'POST' && request?.method !== 'PUT') return outcome(400, 'not-supported', 'entries are POST or PUT');
      const matches = request.ifNoneExist !== undefined && behaviour.conditionalCreate ? matching(type, request.ifNoneExist) : [];
      if (isAnswer(matches)) return matches;
      const match = matches[0];
      const id = match?.id ?? (request.method === 'PUT' ? (request.url.split('/')[1] ?? '') : store.nextId());
      planned.push({ resource: match ?? resource, id, status: match ? 200 : 201, write: !match });
      if (entry.fullUrl) names.set(entry.fullUrl, `${type}/${id}`);
    }
    const coming = new Set(planned.map(({ resource, id }) => `${resource.resourceType}/${id}`));
    const writes = planned
      .filter(({ write }) => write)
      .map(({ resource, id }) => stamped(renamed(resource, names), id, versionOf(find(resource.resourceType, id)) + 1));
    for (const resource of writes) {
      const broken = dangling(resource, coming);
      if (broken) return broken;
    }
    store.commit(writes);
    const entry = planned.map(({ resource, id, status }) => ({
      response: { status: String(status), location: `${resource.resourceType}/${id}` },
    }));
    return { status: 200, body: { resourceType: 'Bundle', type: 'transaction-response', entry } };
  }

  function search(type: string, parameters: URLSearchParams, strict: boolean): Answer {
    if (!supported(type)) return outcome(404, 'not-supported', `resource type ${type} is not supported here`);
    const unknown = [...parameters.keys()].find((name) => !SEARCHABLE.includes(name));
    if (unknown !== undefined && strict) return outcome(400, 'not-supported', 'a search parameter is not supported');
    const token = parameters.get('identifier');
    const patient = (parameters.get('patient') ?? parameters.get('subject'))?.replace(/^Patient\//, '');
    const ids = parameters.get('_id')?.split(',');
    let found: Stored[];
    if (token !== null) found = token.split(',').flatMap((one) => byIdentifier(type, one));
    else if (ids) found = ids.flatMap((id) => find(type, id) ?? []);
    else if (patient !== undefined) found = newest(charts.ofPatient(type, patient), store.all(type));
    else found = store.all(type);
    if (patient !== undefined) found = found.filter((resource) => aboutPatient(resource, patient));
    if (ids) found = found.filter((resource) => ids.includes(resource.id));
    return page(type, found, parameters);
  }

  return {
    behaviour,
    create,
    update,
    transaction,
    search,
    read: (type, id) => {
      const lags = behaviour.lagReads > 0 && store.get(type, id) !== undefined;
      if (lags) behaviour.lagReads--;
      const found = supported(type) && !lags ? find(type, id) : undefined;
      return found
        ? { status: 200, body: found, headers: { etag: `W/"${versionOf(found)}"` } }
        : outcome(404, 'not-found', 'there is no such resource');
    },
    capability: () => ({ status: 200, body: capability(TYPES.filter(supported), behaviour.conditionalCreate, clock()) }),
    written: (type) => store.all(type),
    close: () => store.close(),
  };
}

/** What an EHR does to a note that it knows better about. A subject it does not keep is somebody else's: the first patient it can think of. */
function altered(resource: Stored, alter: string[]): Stored {
  if (resource.resourceType !== 'DocumentReference' || alter.length === 0) return resource;
  const changed = structuredClone(resource);
  const [first] = (changed['content'] ?? []) as { attachment: { data?: string } }[];
  if (alter.includes('content') && first?.attachment.data !== undefined)
    first.attachment.data = Buffer.from(Buffer.from(first.attachment.data, 'base64').toString().replace(/\d/g, '9')).toString('base64');
  if (alter.includes('subject')) changed['subject'] = { reference: 'Patient/pat-0000001' };
  if (alter.includes('docStatus')) changed['docStatus'] = 'preliminary';
  if (alter.includes('identifier')) delete changed['identifier'];
  if (alter.includes('label')) delete (changed['meta'] as { security?: unknown } | undefined)?.security;
  return changed;
}

export function outcome(status: number, code: string, diagnostics: string, expression?: string): Answer {
  const issue = { severity: 'error', code, diagnostics, ...(expression === undefined ? {} : { expression: [expression] }) };
  return { status, body: { resourceType: 'OperationOutcome', issue: [issue] } };
}

function capability(types: string[], conditionalCreate: boolean, now: Date): unknown {
  const interaction = ['read', 'create', 'update', 'search-type'].map((code) => ({ code }));
  const searchParam = [
    { name: 'identifier', type: 'token' },
    { name: '_id', type: 'token' },
    { name: 'patient', type: 'reference' },
  ];
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: now.toISOString(),
    kind: 'instance',
    software: { name: 'North play EHR', version: '1' },
    implementation: { description: 'An invented hospital record for demonstration and tests' },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json'],
    rest: [
      {
        mode: 'server',
        interaction: [{ code: 'transaction' }],
        resource: types.map((type) => ({
          type,
          interaction,
          versioning: 'versioned',
          conditionalCreate,
          conditionalUpdate: false,
          searchParam,
        })),
      },
    ],
  };
}

function page(type: string, found: Stored[], parameters: URLSearchParams): Answer {
  const count = Math.min(Math.max(Number(parameters.get('_count') ?? 100) || 100, 1), 500);
  const offset = Math.max(Number(parameters.get('_offset') ?? 0) || 0, 0);
  const next = new URLSearchParams(parameters);
  next.set('_offset', String(offset + count));
  const link = offset + count < found.length ? { link: [{ relation: 'next', url: `${type}?${next}` }] } : {};
  const entry = found
    .slice(offset, offset + count)
    .map((resource) => ({ fullUrl: `${resource.resourceType}/${resource.id}`, resource, search: { mode: 'match' } }));
  return { status: 200, body: { resourceType: 'Bundle', type: 'searchset', total: found.length, ...link, entry } };
}

function newest(chart: Stored[], written: Stored[]): Stored[] {
  const ids = new Set(written.map((resource) => resource.id));
  return [...chart.filter((resource) => !ids.has(resource.id)), ...written];
}

function aboutPatient(resource: Stored, patient: string): boolean {
  if (resource.resourceType === 'Patient') return resource.id === patient;
  const own = [
    resource['subject'],
    resource['patient'],
    ...(Array.isArray(resource['participant']) ? resource['participant'].map((entry: { actor?: unknown }) => entry.actor) : []),
  ];
  return own.some(
    (value) => typeof value === 'object' && value !== null && (value as { reference?: string }).reference === `Patient/${patient}`,
  );
}

function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === 'reference' && typeof inner === 'string' ? [inner] : references(inner)));
}

function renamed(resource: Stored, names: Map<string, string>): Stored {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        key === 'reference' && typeof inner === 'string' ? (names.get(inner) ?? inner) : walk(inner),
      ]),
    );
  };
  return walk(resource) as Stored;
}

function located(resource: Stored): Record<string, string> {
  const version = versionOf(resource);
  return { location: `${resource.resourceType}/${resource.id}/_history/${version}`, etag: `W/"${version}"` };
}

function versionOf(resource: Stored | undefined): number {
  if (!resource) return 0;
  const meta = resource['meta'] as { versionId?: string } | undefined;
  return Number(meta?.versionId ?? 1);
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && 'status' in value && typeof value.status === 'number' && 'body' in value;
}
