import type { NewFact } from '../core/fact.ts';
import type { Queryable } from '../platform/database.ts';
import { type FactStatement, statementHash } from '../platform/fact-statement.ts';
import { append } from '../platform/journal.ts';
import { conceptIds } from './concepts.ts';
import { PackedFact, packFact } from './fact-row.ts';
import { lockSourcePersons, type Resolved } from './people.ts';
import {
  type Copy,
  type EarlierReadings,
  earlierReadings,
  insertCopies,
  NO_LONGER_READ,
  type ReadAgain,
  readingOf,
  saidBy,
  TIED,
} from './readings-again.ts';

/** A fact on its way in, with the receipt it was read from and whom it is about. */
export type Arrival = { receipt: string; about: Resolved; fact: NewFact };
/** What an arrival did to the record: `late` is kept but does not stand; `same` was here already. */
export type Outcome = { id: string; version: number; person: string; effect: 'new' | 'replaced' | 'retracted' | 'late' | 'same' | 'moved' };

/**
 * Records facts in the caller's transaction, in the order given. Which version stands is decided by status rank, then result time, never by
 * arrival (`wins`); what does not win is kept as a version that never stood. Where rank and time leave two that differ, the one that stands is
 * of grade D and flagged `tied`: nothing is claimed from it. Sending anything again changes nothing. `again` are receipts that are
 * read anew: what they say now takes the place of what they said, and what they no longer give no longer stands.
 */
export async function recordFacts(
  tx: Queryable,
  arrivals: readonly Arrival[],
  now: string,
  again: readonly ReadAgain[] = [],
): Promise<Outcome[]> {
  if (arrivals.length === 0 && again.length === 0) return [];
  const earlier = await earlierReadings(tx, again);
  const ids = [...new Set([...arrivals.map((arrival) => arrival.fact.id), ...[...earlier.facts.values()].map((fact) => fact.id)])];
  await lockSourcePersons(tx, [...new Set(arrivals.map((arrival) => arrival.about.sourcePerson))], ids);
  const histories = historiesOf(await tx.query<StandingRow>(STANDING, [ids]));

  const plan: Plan = { inserts: [], closes: [], copies: [] };
  const outcomes = arrivals.map((arrival) => place({ ...arrival, fact: packFact(arrival.fact) }, histories, earlier, plan, now));
  outcomes.push(...dropUnread(arrivals, histories, earlier, plan, now));
  await closeVersions(tx, plan.closes, now);
  const said = await insertVersions(tx, plan.inserts, now);
  for (const [key, hash] of await insertCopies(tx, plan.copies, now)) said.set(key, hash);
  await journalRecorded(tx, plan, said, now);
  return outcomes;
}

/**
 * True where the arriving version takes the place of the one that stands: the higher rank, then the later result time, then (`isTied`) the one
 * with a time, then the greater content hash: an order that says nothing of which is right, but is the same however they arrive. Where neither
 * has a time, as FHIR resources without meta.lastUpdated, there is nothing else to go by: the later arrival stands.
 */
export function wins(arriving: Standing, standing: Standing): boolean {
  if (arriving.retracted !== standing.retracted) {
    // What was withdrawn comes back only by something the source made after the withdrawal; nothing is known to be after one without a time.
    return arriving.retracted ? !isAfter(standing.resultAt, arriving.resultAt) : isAfter(arriving.resultAt, standing.resultAt);
  }
  if (arriving.rank !== standing.rank && !arriving.retracted) return arriving.rank > standing.rank;
  if (arriving.resultAt === null && standing.resultAt === null) return true;
  if (arriving.resultAt !== standing.resultAt) return (arriving.resultAt ?? '') > (standing.resultAt ?? '');
  return tieOrder(arriving) > tieOrder(standing);
}

/** True where rank and time cannot tell which of two that differ is the later: their times are the same, or only one has a time. */
export function isTied(one: Standing, other: Standing): boolean {
  if (one.retracted || other.retracted || one.rank !== other.rank || tieOrder(one) === tieOrder(other)) return false;
  if (one.resultAt === null || other.resultAt === null) return one.resultAt !== other.resultAt;
  return one.resultAt === other.resultAt;
}

export type Standing = { rank: number; resultAt: string | null; retracted: boolean; contentHash: string; sourcePerson: string };

type Version = Standing & {
  version: number;
  open: boolean;
  tied: boolean;
  /** The receipt and place it was read from. */
  reading: string;
  gone: boolean;
  /** The row it is stored in, or the one this is a copy of. */
  original: number;
  written?: { supersededAt: string | null };
};
type Placed = Arrival & { fact: PackedFact };
type Insert = { arrival: Placed; version: number; supersededAt: string | null };
type Plan = { inserts: Insert[]; closes: { sourcePerson: string; id: string; version: number }[]; copies: (Copy & Copied)[] };
type Copied = { receipt: string; contentHash: string };
type StandingRow = {
  source_person: string;
  id: string;
  version: number;
  content_hash: string;
  rank: number;
  result_at: string | null;
  retracted: boolean;
  superseded_at: string | null;
  receipt: string;
  span_start: number;
  gone: boolean;
  tied: boolean;
};

const STANDING = `select f.* from unnest($1::uuid[]) as wanted (id),
         -- "offset 0" keeps this a lookup for each fact: without statistics the planner would rather walk all facts for each batch.
         lateral (select source_person, id, version, content_hash, rank, result_at, retracted, superseded_at, receipt, span_start,
                         '${NO_LONGER_READ}' = any(flags) as gone, '${TIED}' = any(flags) as tied
                    from fact where fact.id = wanted.id offset 0) as f order by f.version`;

function historiesOf(rows: readonly StandingRow[]): Map<string, Version[]> {
  const histories = new Map<string, Version[]>();
  for (const row of rows) {
    const history = histories.get(row.id) ?? [];
    histories.set(row.id, history);
    history.push({
      sourcePerson: row.source_person,
      version: row.version,
      contentHash: row.content_hash,
      rank: row.rank,
      resultAt: row.result_at,
      retracted: row.retracted,
      open: row.superseded_at === null,
      reading: readingOf(row.receipt, row.span_start),
      gone: row.gone,
      tied: row.tied,
      original: row.version,
    });
  }
  return histories;
}

function place(arrival: Placed, histories: Map<string, Version[]>, earlier: EarlierReadings, plan: Plan, now: string): Outcome {
  const { fact, about } = arrival;
  const history = histories.get(fact.id) ?? [];
  histories.set(fact.id, history);
  const { contentHash } = fact;
  const standing = history.find((version) => version.open);
  const outcome = (version: number, effect: Outcome['effect']): Outcome => ({ id: fact.id, version, person: about.person, effect });
  const reading = readingOf(arrival.receipt, fact.origins[0]?.envelope[0] ?? 0);
  const before = earlier.facts.get(`${fact.id}|${reading}`);
  if (before) {
    if (!before.gone && standing && before.said.has(saidBy(about.sourcePerson, fact))) return outcome(standing.version, 'same');
    return placeAgain({ arrival, reading }, history, plan, now);
  }

  if (standing && standing.contentHash === contentHash && standing.sourcePerson === about.sourcePerson)
    return outcome(standing.version, 'same');
  const candidate: Standing = {
    rank: fact.rank,
    resultAt: instant(fact.resultAt),
    retracted: fact.retracted,
    contentHash,
    sourcePerson: about.sourcePerson,
  };
  const version = (history.at(-1)?.version ?? 0) + 1;
  const insert: Insert = { arrival, version, supersededAt: null };
  const arrived: Version = { ...candidate, version, open: false, reading, gone: false, tied: false, original: version, written: insert };
  const next = best([...history, arrived]);
  if (standing && next !== arrived && history.some((version) => version.contentHash === contentHash))
    return outcome(standing.version, 'same');

  arrived.open = next === arrived;
  if (!arrived.open) insert.supersededAt = now;
  plan.inserts.push(insert);
  if (standing && next !== standing) close(standing, fact.id, plan, now);
  history.push(arrived);
  // A withdrawal may be of what stood and older than what had lost to it.
  if (next && next !== arrived && next !== standing) return reinstate(next, fact.id, about.person, history, plan);
  const flagged = flagTied(fact.id, history, plan, now, standing);
  return flagged === undefined ? outcome(version, effectOf(arrival, arrived.open, standing)) : outcome(flagged, 'replaced');
}

function effectOf({ fact, about }: Arrival, stands: boolean, standing: Version | undefined): Outcome['effect'] {
  if (!stands) return 'late';
  if (!standing) return fact.retracted ? 'retracted' : 'new';
  if (standing.sourcePerson !== about.sourcePerson) return 'moved';
  return fact.retracted ? 'retracted' : 'replaced';
}

/**
 * What a receipt says now in place of what it said. Which receipt stands is decided anew among what each says last, because the times it was
 * decided by may have been read otherwise: a correction that lost to a time without a zone stands once the zone is known.
 */
function placeAgain({ arrival, reading }: { arrival: Placed; reading: string }, history: Version[], plan: Plan, now: string): Outcome {
  const { fact, about } = arrival;
  const standing = history.find((one) => one.open);
  const version = history.at(-1)!.version + 1;
  const insert: Insert = { arrival, version, supersededAt: null };
  const candidate: Version = {
    rank: fact.rank,
    resultAt: instant(fact.resultAt),
    retracted: fact.retracted,
    sourcePerson: about.sourcePerson,
    version,
    contentHash: fact.contentHash,
    open: false,
    reading,
    gone: false,
    tied: false,
    original: version,
    written: insert,
  };
  plan.inserts.push(insert);
  history.push(candidate);
  const stands = standing ? best(history) : candidate;
  candidate.open = stands === candidate;
  if (!candidate.open) insert.supersededAt = now;
  if (stands !== standing && standing) close(standing, fact.id, plan, now);
  if (stands && stands !== candidate && stands !== standing) return reinstate(stands, fact.id, about.person, history, plan);
  const flagged = flagTied(fact.id, history, plan, now);
  if (flagged !== undefined) return { id: fact.id, version: flagged, person: about.person, effect: 'replaced' };
  return { id: fact.id, version, person: about.person, effect: effectOf(arrival, candidate.open, standing) };
}

/** Facts that a receipt, read again, no longer gives: what it said is kept, and says so; what another receipt says of it stands again. */
function dropUnread(
  arrivals: readonly Arrival[],
  histories: Map<string, Version[]>,
  earlier: EarlierReadings,
  plan: Plan,
  now: string,
): Outcome[] {
  const given = new Set(arrivals.map(({ receipt, fact }) => `${fact.id}|${readingOf(receipt, fact.origins[0]?.envelope[0] ?? 0)}`));
  return [...earlier.facts].flatMap(([key, { id, reading, person, gone, held }]): Outcome[] => {
    const history = histories.get(id) ?? [];
    const last = history.findLast((one) => one.reading === reading);
    if (given.has(key) || gone || held || !last) return [];
    const version = history.at(-1)!.version + 1;
    plan.copies.push(copyOf(last, id, version, now, NO_LONGER_READ));
    history.push({ ...last, version, open: false, gone: true });
    const standing = history.find((one) => one.open);
    if (standing?.reading !== reading) return [];
    close(standing, id, plan, now);
    const next = best(history);
    return [next ? reinstate(next, id, person, history, plan) : { id, version, person, effect: 'retracted' }];
  });
}

/**
 * The version that stands among what each receipt says last, in the order in which they first came: the last withdrawal, unless something was
 * made after it; then, of what was, the winner. What was made before a withdrawal never comes back, whatever its rank.
 */
function best(history: readonly Version[]): Version | undefined {
  const said = lastSaid(history);
  const withdrawal = winner(said.filter((one) => one.retracted));
  return winner(said.filter((one) => !one.retracted && (!withdrawal || wins(one, withdrawal)))) ?? withdrawal;
}

function winner(versions: readonly Version[]): Version | undefined {
  return versions.reduce<Version | undefined>((held, one) => (!held || wins(one, held) ? one : held), undefined);
}

function lastSaid(history: readonly Version[]): Version[] {
  return [...new Map(history.map((one) => [one.reading, one])).values()].filter((one) => !one.gone);
}

/**
 * Flags what stands where another reading ties with it: as it is written, or by a version of its own where it is written already, whose number
 * is given. A flag stays until something stands that nothing ties with.
 */
function flagTied(id: string, history: Version[], plan: Plan, now: string, before?: Version): number | undefined {
  const standing = history.find((one) => one.open);
  if (!standing || standing.tied || !hasTie(standing, history, before)) return undefined;
  const insert = standing === history.at(-1) && plan.inserts.find((one) => one === standing.written);
  if (insert) {
    const { fact } = insert.arrival;
    insert.arrival = { ...insert.arrival, fact: new PackedFact(fact, { grade: 'D', flags: [...fact.flags, TIED] }) };
    standing.tied = true;
    return undefined;
  }
  close(standing, id, plan, now);
  return standAgain(standing, id, history, plan, true);
}

function hasTie(standing: Version, history: readonly Version[], before?: Version): boolean {
  return [...lastSaid(history), ...(before ? [before] : [])].some((one) => isTied(one, standing));
}

/** A version that was closed stands again as a version of its own: what is closed stays closed. */
function reinstate(stands: Version, id: string, person: string, history: Version[], plan: Plan): Outcome {
  const version = standAgain(stands, id, history, plan, stands.tied || hasTie(stands, history));
  return { id, version, person, effect: stands.retracted ? 'retracted' : 'replaced' };
}

function standAgain(of: Version, id: string, history: Version[], plan: Plan, tied: boolean): number {
  const version = history.at(-1)!.version + 1;
  const copy = copyOf(of, id, version, null, tied ? TIED : null);
  plan.copies.push(copy);
  history.push({ ...of, version, open: true, tied, written: copy });
  return version;
}

function copyOf(of: Version, id: string, version: number, supersededAt: string | null, flag: Copy['flag']): Copy & Copied {
  const [receipt = ''] = of.reading.split('|');
  const { sourcePerson, original, contentHash } = of;
  return { sourcePerson, id, from: original, version, supersededAt, flag, receipt, contentHash };
}

function close(standing: Version, id: string, plan: Plan, now: string): void {
  standing.open = false;
  if (standing.written) standing.written.supersededAt = now;
  else plan.closes.push({ sourcePerson: standing.sourcePerson, id, version: standing.version });
}

/** What an inserted version says, as its row will. */
function statementOf({ arrival }: Insert): FactStatement {
  const { fact, about, receipt } = arrival;
  const [start, end] = fact.origins[0]?.envelope ?? [0, 0];
  return {
    source_person: about.sourcePerson,
    type: fact.type,
    receipt,
    span_start: start,
    span_end: end,
    valid_from: fact.validFrom,
    valid_to: fact.validTo,
    code: fact.code,
    value: fact.value,
    unit: fact.unit,
    status: fact.status,
    grade: fact.grade,
    flags: fact.flags,
    retracted: fact.retracted,
    rank: fact.rank,
    result_at: fact.resultAt,
    origins: JSON.stringify(fact.origins),
    atoms: fact.packedAtoms,
  };
}

async function closeVersions(tx: Queryable, closes: Plan['closes'], now: string): Promise<void> {
  if (closes.length === 0) return;
  await tx.query(
    `update fact set superseded_at = $4::timestamptz from unnest($1::uuid[], $2::uuid[], $3::int[]) as closing (source_person, id, version)
      where fact.source_person = closing.source_person and fact.id = closing.id and fact.version = closing.version`,
    [closes.map((one) => one.sourcePerson), closes.map((one) => one.id), closes.map((one) => one.version), now],
  );
}

/**
 * Stands between JSON texts that travel as one, which cannot hold it (RFC 8259 §7 has control characters escaped). As elements of an array every
 * quote would be escaped here and read again there: two thirds of the time of sending a row, and a quarter of the server's time of writing it.
 */
const BETWEEN = '\u001e';

/** Writes new versions; returns the hash of what each says, by `id|version`. */
async function insertVersions(tx: Queryable, inserts: readonly Insert[], now: string): Promise<Map<string, string>> {
  if (inserts.length === 0) return new Map();
  const facts = inserts.map((insert) => insert.arrival.fact);
  const rows = inserts.map(statementOf);
  await tx.query(
    `insert into fact (source_person, id, version, type, receipt, span_start, span_end, recorded_at, superseded_at, valid_from, valid_to, code, value,
                       unit, status, grade, flags, retracted, rank, result_at, content_hash, origins, atoms, content)
     select source_person, id, version, type, receipt, span_start, span_end, $22::timestamptz, superseded_at, valid_from, valid_to, code, value,
            unit, status, grade, string_to_array(flags, ','), retracted, rank, result_at, content_hash, origins::json, atoms::json, content::json
       from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::uuid[], $6::int[], $7::int[], $8::timestamptz[], $9::timestamptz[],
                   $10::timestamptz[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::boolean[],
                   $18::smallint[], $19::timestamptz[], $20::text[],
                   string_to_array($21, $25), string_to_array($23, $25), string_to_array($24, $25))
         as arrival (source_person, id, version, type, receipt, span_start, span_end, superseded_at, valid_from, valid_to, code, value, unit,
                     status, grade, flags, retracted, rank, result_at, content_hash, origins, atoms, content)`,
    [
      rows.map((row) => row.source_person),
      facts.map((fact) => fact.id),
      inserts.map((insert) => insert.version),
      rows.map((row) => row.type),
      rows.map((row) => row.receipt),
      rows.map((row) => row.span_start),
      rows.map((row) => row.span_end),
      inserts.map((insert) => insert.supersededAt),
      rows.map((row) => row.valid_from),
      rows.map((row) => row.valid_to),
      rows.map((row) => row.code),
      rows.map((row) => row.value),
      rows.map((row) => row.unit),
      rows.map((row) => row.status),
      rows.map((row) => row.grade),
      rows.map((row) => row.flags.join(',')),
      rows.map((row) => row.retracted),
      rows.map((row) => row.rank),
      rows.map((row) => row.result_at),
      facts.map((fact) => fact.contentHash),
      rows.map((row) => row.origins).join(BETWEEN),
      now,
      rows.map((row) => row.atoms).join(BETWEEN),
      facts.map((fact) => fact.content).join(BETWEEN),
      BETWEEN,
    ],
  );
  await insertCodes(tx, inserts);
  return new Map(inserts.map(({ arrival, version }, index) => [`${arrival.fact.id}|${version}`, statementHash(rows[index]!)]));
}

async function insertCodes(tx: Queryable, inserts: readonly Insert[]): Promise<void> {
  const codes = inserts.flatMap(({ arrival }) =>
    arrival.fact.codes.map(({ system, code }) => ({ arrival, system, code, display: arrival.fact.display })),
  );
  if (codes.length === 0) return;
  const ids = await conceptIds(tx, codes);
  await tx.query(
    `insert into fact_code (source_person, code, valid_at, id) select * from unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::uuid[])
     on conflict do nothing`,
    [
      codes.map((one) => one.arrival.about.sourcePerson),
      codes.map((one) => ids.get(`${one.system}|${one.code}`)!),
      codes.map((one) => one.arrival.fact.validFrom),
      codes.map((one) => one.arrival.fact.id),
    ],
  );
}

/**
 * One row a receipt commits to every (fact, version, content hash, hash of what it says beside) that was recorded from it; another to what it no longer gives. What is tied
 * by a later receipt has a row of its own, so that the journal is the same whatever is recorded together.
 */
async function journalRecorded(tx: Queryable, { inserts, copies }: Plan, said: ReadonlyMap<string, string>, now: string): Promise<void> {
  const rows = [
    ...inserts.map(({ arrival, version }) => ({
      kind: 'facts.recorded' as const,
      receipt: arrival.receipt,
      person: arrival.about.person,
      alone: '',
      fact: [arrival.fact.id, version, arrival.fact.contentHash, said.get(`${arrival.fact.id}|${version}`)!],
    })),
    ...copies.map(({ flag, receipt, id, version, contentHash }) => ({
      kind: flag === NO_LONGER_READ ? ('facts.superseded' as const) : ('facts.recorded' as const),
      receipt,
      person: undefined,
      alone: flag === TIED ? `${id}|${version}` : '',
      fact: [id, version, contentHash, said.get(`${id}|${version}`)!],
    })),
  ];
  await append(
    tx,
    [...Map.groupBy(rows, (row) => `${row.kind}|${row.receipt}|${row.alone}`).values()].map((recorded) => {
      const [{ kind, receipt, person }] = recorded as [(typeof rows)[number]];
      return {
        kind,
        actor: 'system:record',
        subject: receipt,
        at: now,
        ...(person && recorded.every((row) => row.person === person) ? { person } : {}),
        body: { facts: recorded.map((row) => row.fact) },
      };
    }),
  );
}

/** Result times compare as UTC text. */
function instant(text: string | null): string | null {
  return text === null ? null : new Date(text).toISOString();
}

function isAfter(one: string | null, other: string | null): boolean {
  return one !== null && other !== null && one > other;
}

function tieOrder({ contentHash, sourcePerson }: Standing): string {
  return `${contentHash}|${sourcePerson}`;
}
