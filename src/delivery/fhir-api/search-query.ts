import { AppError } from '../../core/errors.ts';
import { instantAfter, instantOf } from '../../interop/fhir/time.ts';
import type { FactSearch, FactSort, InstantBound, Token } from '../../record/search.ts';
import type { DateBound, PeopleSearch } from '../../record/search-people.ts';

/** A person as a search names them: by our id, or by an authority-qualified identifier (`patient.identifier=`). */
export type PatientRef = { id: string } | { system?: string; value: string };
/** A search of one clinical type as its query says it. Persons are still to be looked up; several groups must all hold. */
export type FactQuery = { search: Omit<FactSearch, 'type' | 'persons' | 'cursor'>; patients: PatientRef[][]; paging: Paging };
export type PeopleQuery = { search: Omit<PeopleSearch, 'cursor'>; paging: Paging };
/** `used` are the parameters that took effect, for the self link; `ignored` names those that did not. */
export type Paging = { cursor?: string; total: boolean; countOnly: boolean; used: [string, string][]; ignored: string[] };

type Prefix = InstantBound['prefix'];
const DEFAULT_COUNT = 50;
const SORTS: readonly string[] = ['date', '-date', '_lastUpdated', '-_lastUpdated'];
/** Asked of every server and without effect on what is found here: the one format is JSON. */
const HARMLESS = new Set(['_format', '_pretty']);

/** What each clinical type can be searched by beside patient, code, category, date, status, _id and _lastUpdated, and which of these it means. */
const ALIASES: Record<string, Record<string, string>> = {
  Condition: { 'onset-date': 'date', 'clinical-status': 'clinicalStatus', 'verification-status': 'verification' },
  AllergyIntolerance: { 'clinical-status': 'clinicalStatus', 'verification-status': 'verification' },
  DocumentReference: { type: 'code', period: 'date' },
  Encounter: { type: 'code', class: 'class' },
  Immunization: { 'vaccine-code': 'code' },
  ImagingStudy: { started: 'date' },
  MedicationRequest: { authoredon: 'date', intent: 'intent' },
  MedicationStatement: { effective: 'date' },
  MedicationAdministration: { 'effective-time': 'date' },
  MedicationDispense: { whenhandedover: 'date' },
  ServiceRequest: { occurrence: 'date', intent: 'intent' },
  Goal: { 'start-date': 'date', 'lifecycle-status': 'status' },
  Communication: { sent: 'date' },
};
const TOKENS = new Set(['category', 'clinicalStatus', 'verification', 'intent', 'class']);

/** Names by which a clinical type can be searched, for the CapabilityStatement. */
export function searchNames(type: string): { name: string; type: 'token' | 'date' | 'reference' | 'string' }[] {
  const kind = (meaning: string) => (meaning === 'date' || meaning === '_lastUpdated' ? 'date' : 'token');
  if (type === 'Patient') {
    return [
      { name: '_id', type: 'token' },
      { name: 'birthdate', type: 'date' },
      { name: 'identifier', type: 'token' },
      { name: 'name', type: 'string' },
    ];
  }
  const common = ['_id', '_lastUpdated', 'category', 'code', 'date', 'status'].map((name) => ({
    name,
    type: kind(name) as 'token' | 'date',
  }));
  const aliases = Object.entries(ALIASES[type] ?? {}).map(([name, meaning]) => ({ name, type: kind(meaning) as 'token' | 'date' }));
  const patient = ['patient', 'subject'].map((name) => ({ name, type: 'reference' as const }));
  return [...common, ...aliases, ...patient].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/**
 * Reads the parameters of a search of a clinical type. Repeated parameters must all hold, commas are alternatives (FHIR R4 §3.1.1.3). Refuses a
 * modifier it does not know in any case (§3.1.1.4.4), a value it cannot read, and under `handling=strict` a parameter it does not know.
 */
export function readFactQuery(type: string, query: URLSearchParams, strict: boolean): FactQuery {
  const { search, paging, rest } = readCommon(query);
  const result: FactQuery = { search, patients: [], paging };
  const codes: Token[][] = [];
  const tokens: { atom: string; any: Token[] }[] = [];
  for (const [written, value] of rest) {
    const [name = '', modifier] = written.split(':');
    const meaning = ALIASES[type]?.[name] ?? name;
    if (name === 'patient' || name === 'subject') {
      if (modifier !== undefined && modifier !== 'Patient') throw unsupportedModifier(written);
      result.patients.push(alternatives(value).map(patientRef));
    } else if (name === 'patient.identifier' || name === 'subject.identifier') result.patients.push(alternatives(value).map(identifier));
    else if (meaning === '_lastUpdated' && !modifier) search.lastUpdated = [...(search.lastUpdated ?? []), instantBound(value)];
    else if (meaning === 'date' && !modifier) search.dates = [...(search.dates ?? []), instantBound(value)];
    else if (meaning === 'status' && !modifier)
      search.status = both(
        search.status,
        alternatives(value).map((one) => one.split('|').at(-1)!),
      );
    else if (meaning === 'code' && !modifier) codes.push(alternatives(value).map(token));
    else if (TOKENS.has(meaning) && !modifier) tokens.push({ atom: meaning, any: alternatives(value).map(token) });
    else if (['code', 'date', 'status', '_lastUpdated'].includes(meaning) || TOKENS.has(meaning)) throw unsupportedModifier(written);
    else {
      ignore(paging, written, strict);
      continue;
    }
    paging.used.push([written, value]);
  }
  const [first, ...more] = codes;
  if (first) search.codes = first;
  const conditions = [...tokens, ...more.map((any) => ({ atom: 'code', any }))];
  if (conditions.length > 0) search.tokens = conditions;
  return result;
}

/** Reads the parameters of a search of people; same refusals. */
export function readPeopleQuery(query: URLSearchParams, strict: boolean): PeopleQuery {
  const { search, paging, rest } = readCommon(query);
  const people: Omit<PeopleSearch, 'cursor'> = { count: search.count, ...(search.ids ? { ids: search.ids } : {}) };
  const names: string[][] = [];
  const identifiers: { system?: string; value: string }[][] = [];
  const birthDates: DateBound[] = [];
  for (const [written, value] of rest) {
    if (written === 'identifier') identifiers.push(alternatives(value).map(identifier));
    else if (written === 'name') names.push(alternatives(value).map(unescaped));
    else if (written === 'birthdate') birthDates.push(dateBound(value));
    else if (/^(identifier|name|birthdate):/.test(written)) throw unsupportedModifier(written);
    else {
      ignore(paging, written, strict);
      continue;
    }
    paging.used.push([written, value]);
  }
  if (identifiers.length > 0) people.identifiers = identifiers;
  if (names.length > 0) people.names = names;
  if (birthDates.length > 0) people.birthDates = birthDates;
  return { search: people, paging };
}

function readCommon(query: URLSearchParams): { search: FactQuery['search']; paging: Paging; rest: [string, string][] } {
  const search: FactQuery['search'] = { count: DEFAULT_COUNT };
  const paging: Paging = { total: false, countOnly: false, used: [], ignored: [] };
  const rest: [string, string][] = [];
  for (const [name, value] of query) {
    if (value === '' || HARMLESS.has(name)) continue;
    if (name === '_count') {
      if (!/^\d{1,9}$/.test(value)) throw unreadable(name);
      search.count = Number(value);
      paging.countOnly ||= search.count === 0;
    } else if (name === '_cursor') paging.cursor = value;
    else if (name === '_total' && ['accurate', 'estimate', 'none'].includes(value)) paging.total = value !== 'none';
    else if (name === '_summary' && value === 'count') paging.countOnly = true;
    else if (name === '_id') search.ids = uuids(alternatives(value));
    else if (name === '_sort' && SORTS.includes(value)) search.sort = value as FactSort;
    else {
      rest.push([name, value]);
      continue;
    }
    if (name !== '_cursor') paging.used.push([name, value]);
  }
  return { search, paging, rest };
}

function ignore(paging: Paging, name: string, strict: boolean): void {
  const safe = /^[A-Za-z0-9_.:-]{1,64}$/.test(name) ? name : 'a parameter';
  if (strict) throw new AppError('request_invalid', `the search parameter ${safe} is not supported`);
  paging.ignored.push(safe);
}

function both(before: readonly string[] | undefined, now: string[]): readonly string[] {
  return before === undefined ? now : now.filter((one) => before.includes(one));
}

/** Splits at commas that are not escaped (FHIR R4 §3.1.1.4.0). */
function alternatives(value: string): string[] {
  return value.match(/(?:\\.|[^,\\])+/g) ?? [value];
}

function unescaped(value: string): string {
  return value.replace(/\\([\\,|$])/g, '$1');
}

function token(value: string): Token {
  const bar = /(?<!\\)\|/.exec(value);
  if (!bar) return { code: unescaped(value) };
  const code = unescaped(value.slice(bar.index + 1));
  if (code === '') throw new AppError('request_invalid', 'a token names a code, not a system alone');
  return { system: unescaped(value.slice(0, bar.index)), code };
}

function identifier(value: string): { system?: string; value: string } {
  const { system, code } = token(value);
  return system ? { system, value: code } : { value: code };
}

/** `id`, `Patient/id` or an absolute URL that ends so. */
function patientRef(value: string): PatientRef {
  return { id: (/(?:^|\/)Patient\/([A-Za-z0-9\-.]{1,64})$/.exec(value)?.[1] ?? value).toLowerCase() };
}

/** Ids that are no UUID are nobody's here: they find nothing rather than fail. */
function uuids(ids: readonly string[]): string[] {
  return ids.map((id) => id.toLowerCase()).filter((id) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id));
}

function splitPrefix(value: string): { prefix: Prefix; text: string } {
  const found = /^(eq|ne|gt|lt|ge|le|sa|eb)?(\d{4}.*)$/.exec(value);
  if (!found) throw unreadable('a date');
  return { prefix: (found[1] ?? 'eq') as Prefix, text: found[2]! };
}

/** A date in a search without a zone is read in UTC, as the record reads partial dates. */
function instantBound(value: string): InstantBound {
  const { prefix, text } = splitPrefix(value);
  const zoned = /T/.test(text) && !/(Z|[+-]\d{2}:\d{2})$/.test(text) ? `${text}Z` : text;
  const from = instantOf(zoned);
  const to = /T/.test(zoned) ? endOfTime(zoned) : instantAfter(zoned);
  if (!('at' in from) || to === undefined || !('at' in to)) throw unreadable('a date');
  return { prefix, from: from.at, to: to.at };
}

/** A time to the minute or second names that minute or second; FHIR compares at the precision given. */
function endOfTime(text: string): { at: string } | undefined {
  const start = instantOf(text);
  if (!('at' in start)) return undefined;
  const clock = /T([0-9:.]+)/.exec(text)?.[1] ?? '';
  const milliseconds = clock.includes('.') ? 1 : clock.split(':').length === 3 ? 1000 : 60_000;
  return { at: new Date(Date.parse(start.at) + milliseconds).toISOString() };
}

function dateBound(value: string): DateBound {
  const { prefix, text } = splitPrefix(value);
  const after = instantAfter(text);
  if (!/^\d{4}(-\d{2}(-\d{2})?)?$/.test(text) || !('at' in after)) throw unreadable('a date of birth');
  return { prefix, from: text, to: after.at.slice(0, text.length) };
}

function unreadable(what: string): AppError {
  return new AppError('request_invalid', `${what} in this search cannot be read`);
}

function unsupportedModifier(name: string): AppError {
  const safe = /^[A-Za-z0-9_.:-]{1,64}$/.test(name) ? name : 'this';
  return new AppError('request_invalid', `the search modifier of ${safe} is not supported`);
}
