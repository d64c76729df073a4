import { AppError } from '../core/errors.ts';
import type { Permit } from '../core/ports.ts';
import type { Queryable } from '../platform/database.ts';
import { requirePermit } from './permit.ts';

/** A half-open range of instants that a search value names, with the FHIR prefix it carries (R4 §3.1.1.4.5). */
export type InstantBound = { prefix: 'eq' | 'ne' | 'gt' | 'lt' | 'ge' | 'le' | 'sa' | 'eb'; from: string; to: string };
/** A code with or without its system; an empty system asks for codes that have none. */
export type Token = { system?: string; code: string };
export type FactSort = 'date' | '-date' | '_lastUpdated' | '-_lastUpdated';

/**
 * What is asked of the facts of one type. Lists are alternatives (FHIR's comma); `dates`, `lastUpdated` and `tokens` must all hold.
 * Without `persons` the whole population is searched, by recorded time only.
 */
export type FactSearch = {
  type: string;
  persons?: readonly string[];
  ids?: readonly string[];
  codes?: readonly Token[];
  /** Conditions on coded atoms other than the code itself: category, clinicalStatus, verification, intent, class. */
  tokens?: readonly { atom: string; any: readonly Token[] }[];
  dates?: readonly InstantBound[];
  status?: readonly string[];
  lastUpdated?: readonly InstantBound[];
  sort?: FactSort;
  count: number;
  cursor?: string;
};

/** One current fact with its content as text, numbers as written. */
export type FoundFact = {
  id: string;
  version: number;
  type: string;
  person: string;
  source: string;
  recordedAt: string;
  content: string;
};
/** A page of them. `next` continues after its last row, unmoved by what arrives in between; `total` is known where one page holds all. */
export type FoundFacts = { rows: FoundFact[]; next?: string; total?: number };

/** The most rows one page may hold. */
export const MAX_COUNT = 200;

/**
 * Facts that stand now and match. Retracted ones (entered in error) are found only where a status is asked for.
 * Refuses without a permit for each person asked about, or for anybody where nobody is named; and a date order over the whole population.
 */
export async function searchFacts(db: Queryable, permit: Permit, search: FactSearch, now: string): Promise<FoundFacts> {
  for (const person of search.persons ?? ['any']) requirePermit(permit, person, now);
  const sort = search.sort ?? (search.persons ? '-date' : '_lastUpdated');
  if (!search.persons && !search.ids && sort.endsWith('date')) {
    throw new AppError('request_invalid', 'a search across patients can be sorted by _lastUpdated only');
  }
  const count = Math.min(Math.max(search.count, 1), MAX_COUNT);
  const statement = new Statement();
  const from = sourceOf(statement, search);
  const conditions = conditionsOf(statement, search, from.coded);
  const order = orderOf(statement, sort, search.cursor);
  const rows = await db.query<Row>(
    `${from.sql}
      where ${[...conditions, ...order.after].join('\n        and ')}
      order by ${order.by} limit ${count + 1}`,
    statement.params,
  );
  const page = rows.slice(0, count);
  const last = page.at(-1);
  const more = rows.length > count && last !== undefined;
  return {
    rows: page.map(toFound),
    ...(more ? { next: encodeCursor({ sort, key: last.sort_key, id: last.id }) } : {}),
    ...(!more && search.cursor === undefined ? { total: page.length } : {}),
  };
}

/** How many facts match, whatever the page. Same refusals as the search. */
export async function countFacts(db: Queryable, permit: Permit, search: FactSearch, now: string): Promise<number> {
  for (const person of search.persons ?? ['any']) requirePermit(permit, person, now);
  const statement = new Statement();
  const from = sourceOf(statement, search);
  const conditions = conditionsOf(statement, search, from.coded);
  const sql = `select count(*)::int as total from (${from.sql} where ${conditions.join(' and ')}) as found`;
  const [row] = await db.query<{ total: number }>(sql, statement.params);
  return row?.total ?? 0;
}

type Row = {
  id: string;
  version: number;
  type: string;
  person: string;
  source: string;
  recorded_at: string;
  content: string;
  sort_key: string;
};

class Statement {
  readonly params: unknown[] = [];

  /** Adds a parameter and gives its place. */
  add(value: unknown): string {
    this.params.push(value);
    return `$${this.params.length}`;
  }
}

const COLUMNS = 'f.id, f.version, f.type, p.source, f.recorded_at, f.content';
const CURRENT_LINK = 'l.superseded_at is null and l.valid_to is null';
// A fact without a valid time sorts before all that have one.
const SORT_KEYS = { date: `coalesce(f.valid_from, '-infinity'::timestamptz)`, _lastUpdated: 'f.recorded_at' };

/**
 * Where candidates come from. One person's coded facts come by fact_code, whose rows for this person and code are few at any population;
 * everything else by the person's own facts, by id, or by type in recorded order.
 */
function sourceOf(statement: Statement, search: FactSearch): { sql: string; coded: boolean } {
  const sortKey = SORT_KEYS[(search.sort ?? (search.persons ? '-date' : '_lastUpdated')).endsWith('date') ? 'date' : '_lastUpdated'];
  const select = `select ${COLUMNS}, ${sortKey}::text as sort_key`;
  if (!search.persons || !search.codes) {
    const sql = `${select}, l.person from fact f join person_link l on l.source_person = f.source_person and ${CURRENT_LINK}
      join source_person p on p.id = f.source_person`;
    return { sql, coded: false };
  }
  const persons = statement.add(search.persons);
  const [systems, codes] = tokenLists(statement, search.codes);
  const upper = upperBound(search.dates);
  const before = upper === undefined ? '' : `and fc.valid_at < ${statement.add(upper)}::timestamptz`;
  const sql = `with l as materialized (
        select l.source_person, l.person from person_link l where l.person = any(${persons}::uuid[]) and ${CURRENT_LINK}
      ), wanted as materialized (
        select c.id from unnest(${systems}::text[], ${codes}::text[]) as w (system, code)
          join concept c on c.code = w.code and (w.system is null or c.system = w.system)
      ), hit as materialized (
        select distinct l.person, fc.source_person, fc.id
          from l join fact_code fc on fc.source_person = l.source_person and fc.code = any(array(select id from wanted)) ${before}
      )
      ${select}, hit.person from hit join fact f on f.source_person = hit.source_person and f.id = hit.id
      join source_person p on p.id = f.source_person`;
  return { sql, coded: true };
}

function conditionsOf(statement: Statement, search: FactSearch, coded: boolean): string[] {
  const conditions = ['f.superseded_at is null', `f.type = ${statement.add(search.type)}`];
  if (search.persons && !coded) conditions.push(`l.person = any(${statement.add(search.persons)}::uuid[])`);
  if (search.ids) conditions.push(`f.id = any(${statement.add(search.ids)}::uuid[])`);
  // A correction may have changed the code: fact_code still lists the old one, so the standing version is asked itself.
  if (search.codes) conditions.push(atomCondition(statement, 'code', search.codes));
  for (const { atom, any } of search.tokens ?? []) conditions.push(atomCondition(statement, atom, any));
  if (search.status) conditions.push(`f.status = any(${statement.add(search.status)}::text[])`);
  else conditions.push('not f.retracted');
  for (const bound of search.dates ?? []) {
    conditions.push(boundCondition(statement, bound, 'f.valid_from', 'coalesce(f.valid_to, f.valid_from)'));
  }
  for (const bound of search.lastUpdated ?? []) conditions.push(boundCondition(statement, bound, 'f.recorded_at', 'f.recorded_at'));
  return conditions;
}

/** A standing version's own coded atom, not a component's. Stored atoms are [name, text, path, origin, component, system]. */
function atomCondition(statement: Statement, atom: string, any: readonly Token[]): string {
  const [systems, codes] = tokenLists(statement, any);
  return `exists (select 1 from json_array_elements(f.atoms) as a, unnest(${systems}::text[], ${codes}::text[]) as w (system, code)
           where a ->> 0 = ${statement.add(atom)} and a ->> 1 = w.code and (w.system is null or coalesce(a ->> 5, '') = w.system) and a ->> 4 is null)`;
}

function tokenLists(statement: Statement, tokens: readonly Token[]): [systems: string, codes: string] {
  return [statement.add(tokens.map((token) => token.system ?? null)), statement.add(tokens.map((token) => token.code))];
}

/** FHIR R4 §3.1.1.4.5: the search value is a range of its precision, the fact's time (`from`, `to`) a point or a period. */
function boundCondition(statement: Statement, bound: InstantBound, from: string, to: string): string {
  const low = () => `${statement.add(bound.from)}::timestamptz`;
  const high = () => `${statement.add(bound.to)}::timestamptz`;
  // The end that was derived from a closing date is the midnight after it, so a period may touch the upper end and still lie inside.
  const inside = () => `(${from} >= ${low()} and ${from} < ${high()} and ${to} <= ${high()})`;
  switch (bound.prefix) {
    case 'eq':
      return inside();
    case 'ne':
      return `not ${inside()}`;
    case 'gt':
      return `${to} >= ${high()}`;
    case 'ge':
      return `${to} >= ${low()}`;
    case 'lt':
      return `${from} < ${low()}`;
    case 'le':
      return `${from} < ${high()}`;
    case 'sa':
      return `${from} >= ${high()}`;
    case 'eb':
      return `${to} < ${low()}`;
  }
}

/** The earliest instant at or after which no match can start, where the conditions give one. */
function upperBound(dates: readonly InstantBound[] = []): string | undefined {
  const uppers = dates.flatMap((bound) => {
    if (bound.prefix === 'eq' || bound.prefix === 'le') return [bound.to];
    return bound.prefix === 'lt' || bound.prefix === 'eb' ? [bound.from] : [];
  });
  return uppers.sort()[0];
}

type Cursor = { sort: FactSort; key: string; id: string };

function orderOf(statement: Statement, sort: FactSort, cursor: string | undefined): { by: string; after: string[] } {
  const descending = sort.startsWith('-');
  const key = SORT_KEYS[sort.endsWith('date') ? 'date' : '_lastUpdated'];
  const by = `${key} ${descending ? 'desc' : 'asc'}, f.id`;
  if (cursor === undefined) return { by, after: [] };
  const last = decodeCursor(cursor);
  if (last.sort !== sort) throw new AppError('request_invalid', 'this page link belongs to a search with another order');
  const at = `${statement.add(last.key)}::timestamptz`;
  const beyond = descending ? '<' : '>';
  // The plain bound lets an index on the key start at the cursor.
  return { by, after: [`${key} ${beyond}= ${at}`, `(${key} ${beyond} ${at} or f.id > ${statement.add(last.id)}::uuid)`] };
}

function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify([cursor.sort, cursor.key, cursor.id])).toString('base64url');
}

function decodeCursor(text: string): Cursor {
  const [sort, key, id] = readList(Buffer.from(text, 'base64url').toString());
  const known = sort === 'date' || sort === '-date' || sort === '_lastUpdated' || sort === '-_lastUpdated';
  if (!known || !/^(-infinity|[\d :.+-]{20,40})$/.test(key ?? '') || !UUID.test(id ?? '')) {
    throw new AppError('request_invalid', 'this page link is not one of ours');
  }
  return { sort, key: key!, id: id! };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function readList(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.map(String) : [];
  } catch {
    return [];
  }
}

function toFound(row: Row): FoundFact {
  return {
    id: row.id,
    version: row.version,
    type: row.type,
    person: row.person,
    source: row.source,
    recordedAt: row.recorded_at,
    content: row.content,
  };
}
