import { randomUUID } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { AppError } from '../core/errors.ts';
import type { Db, Queryable } from './database.ts';
import { append } from './journal.ts';

export type ErasureRequest = {
  person: string;
  /** Pseudonym of who decided it. */
  actor: string;
  /** What they call themselves: somebody on the staff, or a process. */
  by?: string;
  /** Why; stands in the log for ever, so one that names the person is refused. */
  reason: string;
  at: string;
};

export type Erasure = {
  journalId: bigint;
  payloads: number;
  facts: number;
  proposals: number;
  /** Receipts whose bytes are gone as a whole. */
  destroyed: string[];
  /** Receipts of several people in which this person's ranges are blank now. */
  blanked: string[];
  /** Receipts that still hold one of the person's identifiers outside every known range: for a human to look at. */
  stillNamed: string[];
};

/**
 * An erasure by ids alone, as it is kept beside the database: what a copy of the database, or bytes outside it, must lose as well. Holds no
 * name and no identifier of the person.
 */
export type ErasureOrder = {
  id: string;
  actor: string;
  by?: string;
  reason: string;
  at: string;
  persons: string[];
  sources: string[];
  destroyed: string[];
  blanked: { receipt: string; ranges: Range[] }[];
};
type Range = { start: number; end: number };

/**
 * Destroys what is known of one person: facts, identifiers, links, journal payloads with their salts, drafts, runs, and the bytes they came
 * from. The log keeps its entries, so every proof still holds; commitments without salt tell nothing. Journalled in the same transaction,
 * which waits for `ordered`: once anything is gone, the order to destroy it is kept. Refuses an unknown person, and a reason that names the
 * person. Measures that read payloads no longer count this person.
 */
export async function erase(db: Db, request: ErasureRequest, ordered?: (order: ErasureOrder) => Promise<void>): Promise<Erasure> {
  return db.transaction(async (tx) => {
    const sources = await readSources(tx, request.person);
    if (sources.length === 0) throw new AppError('not_found', 'no such person');
    const persons = await readPersons(tx, request.person, sources);
    await refuseTelling(tx, sources, request.reason);
    const { person: _, ...decision } = request;
    const order = { id: randomUUID(), ...decision, persons, sources, destroyed: [], blanked: [] };
    const { erasure, order: filled } = await carryOut(tx, order);
    await ordered?.(filled);
    return erasure;
  });
}

/** Carries out an order that this database does not know of, because it was put back to an earlier copy; false where it does. */
export async function eraseAgain(db: Db, order: ErasureOrder): Promise<boolean> {
  return db.transaction(async (tx) => {
    const known = await tx.query(
      `select 1 from journal j join journal_payload p on p.journal_id = j.id and p.at = j.at
        where j.kind = 'erasure.done' and p.body::json ->> 'order' = $1`,
      [order.id],
    );
    if (known.length > 0) return false;
    await carryOut(tx, order);
    return true;
  });
}

/**
 * Deleted rows stay in the files of a database until they are written anew. The embedded one is: tables, planner statistics and write-ahead
 * log; it stands still meanwhile. On a server rows are freed and statistics renewed; its log, copies and backups are its operator's.
 */
export async function scrub(db: Db): Promise<void> {
  const full = db.kind === 'pglite';
  // The planner keeps frequent values of columns, names among them.
  if (full)
    await db.exec(`delete from pg_statistic where starelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)`);
  for (const table of full ? [...HOLDS_PEOPLE, 'pg_statistic'] : HOLDS_PEOPLE)
    await db.exec(`vacuum (${full ? 'full, ' : ''}analyze) ${table}`);
  if (!full) return;
  await renewLog(db);
}

/**
 * A segment of the write-ahead log that was recycled keeps what it held until it is written over, also ahead of the current one: the log moves
 * on past every one there is, and none of them is kept.
 */
async function renewLog(db: Db): Promise<void> {
  const [old] = await db.query<{ segments: number }>(
    `select count(*)::int as segments from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$' and name >= pg_walfile_name(pg_current_wal_insert_lsn())`,
  );
  await db.exec('set wal_recycle = off');
  // The record a checkpoint writes begins the new segment; without one the next switch would do nothing.
  for (let moved = 0; moved <= old!.segments; moved++) for (const step of ['select pg_switch_wal()', 'checkpoint']) await db.exec(step);
  await db.exec('reset wal_recycle');
}

/** Tables whose rows tell of people; a test holds this list against the schema. */
export const HOLDS_PEOPLE = [
  'decision',
  'delivery',
  'fact',
  'fact_code',
  'ident',
  'job',
  'journal_payload',
  'next_look',
  'person_link',
  'proposal',
  'quarantine',
  'receipt',
  'receipt_bytes',
  'run',
  'source_person',
];

async function carryOut(tx: Queryable, order: ErasureOrder): Promise<{ erasure: Erasure; order: ErasureOrder }> {
  const { persons, sources, actor, by, reason, at } = order;
  const identifiers = await readIdentifiers(tx, sources);
  // The triggers on what is never otherwise destroyed ask for this; it ends with the transaction.
  await tx.query(`select set_config('countersign.erasing', $1, true)`, [order.id]);

  const { destroyed, blanked, stillNamed } = await eraseReceipts(tx, { sources, persons, identifiers }, order);
  const facts = await eraseRecord(tx, sources);
  const proposals = await eraseProposals(tx, persons, order);
  const gone = await tx.query<{ journal_id: bigint }>(
    `delete from journal_payload p where p.person = any($1::uuid[]) or (p.journal_id, p.at) in (
       select id, at from journal where kind = 'quarantine.closed' and subject = any($2::text[])) returning journal_id`,
    [[...persons, ...sources], destroyed],
  );
  const entries = rangesOf(gone.map(({ journal_id }) => Number(journal_id)));
  const receipts = { destroyed, blanked: blanked.map((one) => one.receipt) };
  const body = { order: order.id, ...(by === undefined ? {} : { by }), reason, entries, facts, proposals, ...receipts };
  const [journalId] = await append(tx, [{ kind: 'erasure.done', actor, at, body }]);
  return {
    erasure: { journalId: journalId!, payloads: gone.length, facts, proposals, ...receipts, stillNamed },
    order: { ...order, destroyed, blanked },
  };
}

/**
 * The same bytes with these half-open ranges blank. Line breaks stay, and so do the braces of a JSON object, so that what stands around
 * a blank range keeps its place and can still be read.
 */
export function blankRanges(bytes: Uint8Array, ranges: readonly { start: number; end: number }[]): Uint8Array {
  const blank = Uint8Array.from(bytes);
  for (const { start, end } of ranges) {
    const isObject = bytes[start] === OPEN_BRACE && bytes[end - 1] === CLOSE_BRACE;
    for (let i = isObject ? start + 1 : start; i < (isObject ? end - 1 : end); i++) {
      if (blank[i] !== LINE_FEED && blank[i] !== CARRIAGE_RETURN) blank[i] = SPACE;
    }
  }
  return blank;
}

/** Consecutive numbers as ranges, both ends included; how an erasure lists the entries it accounts for. */
export function rangesOf(numbers: readonly number[]): [from: number, to: number][] {
  const ranges: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && number <= last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
}

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;

/** Source persons that are this person now. One that was joined by mistake and parted again is somebody else's. */
async function readSources(tx: Queryable, person: string): Promise<string[]> {
  const rows = await tx.query<{ source_person: string }>(
    'select distinct source_person from person_link where person = $1 and superseded_at is null and valid_to is null',
    [person],
  );
  return rows.map(({ source_person }) => source_person);
}

/** Ids this human went by before merges: persons that never stood for anybody else's source, not even by a mistake since mended. */
async function readPersons(tx: Queryable, person: string, sources: readonly string[]): Promise<string[]> {
  const rows = await tx.query<{ person: string }>(
    `select distinct mine.person from person_link mine where mine.source_person = any($1::uuid[])
     and not exists (select 1 from person_link other where other.person = mine.person and other.source_person <> all($1::uuid[]))`,
    [sources],
  );
  return [...new Set([person, ...rows.map((row) => row.person)])];
}

async function readIdentifiers(tx: Queryable, sources: readonly string[]): Promise<string[]> {
  const rows = await tx.query<{ value: string }>(
    `select value from ident where source_person = any($1::uuid[])
     union select value from source_person where id = any($1::uuid[])`,
    [sources],
  );
  // A shorter one would be found by chance in anybody's bytes.
  return rows.map(({ value }) => value).filter((value) => value.length >= 5);
}

/** A reason outlives the erasure, so it may hold nothing that names the person. */
async function refuseTelling(tx: Queryable, sources: readonly string[], reason: string): Promise<void> {
  const rows = await tx.query<{ word: string }>(
    `select value as word from ident where source_person = any($1::uuid[])
     union select value from source_person where id = any($1::uuid[])
     union select birth_date from source_person where id = any($1::uuid[]) and birth_date is not null
     union select part from source_person, unnest(regexp_split_to_array(name, '[\\s,^]+')) as part where id = any($1::uuid[])`,
    [sources],
  );
  const said = reason.toLowerCase();
  if (rows.some(({ word }) => word.length >= 3 && said.includes(word.toLowerCase())))
    throw new AppError('request_invalid', 'the reason stands in the log for ever: it may not name the person');
}

type Subject = { sources: readonly string[]; persons: readonly string[]; identifiers: readonly string[] };
type Receipts = { destroyed: string[]; blanked: { receipt: string; ranges: Range[] }[]; stillNamed: string[] };
type ReceiptOf = { id: string; at: string; content_type: string; shared: boolean };

async function eraseReceipts(tx: Queryable, subject: Subject, order: ErasureOrder): Promise<Receipts> {
  const rows = await tx.query<ReceiptOf>(
    `${RECEIPT_OF} where r.id = any($3::uuid[]) or r.id in (
       select receipt from fact where source_person = any($1::uuid[])
       union select j.subject::uuid from journal_payload p join journal j on j.id = p.journal_id and j.at = p.at
             where p.person = any($2::uuid[]) and j.kind in ('receipt.stored', 'facts.recorded'))
     order by r.id`,
    [subject.sources, subject.persons, [...order.destroyed, ...order.blanked.map((one) => one.receipt)]],
  );
  const before = new Map(order.blanked.map((one) => [one.receipt, one.ranges]));
  const erased: Receipts = { destroyed: [], blanked: [], stillNamed: [] };
  for (const row of rows) {
    const whole = order.destroyed.includes(row.id) || (!row.shared && !before.has(row.id));
    await eraseReceipt(tx, row, whole, subject, before.get(row.id) ?? [], erased);
  }
  for (const row of await unreadNaming(
    tx,
    subject,
    rows.map((row) => row.id),
  )) {
    // biome-ignore format: short
    await eraseReceipt(tx, row, row.single && !row.shared, subject, [], erased);
  }
  // The first SHA-256 stays: it says what came, and that what is kept now is not all of it.
  await tx.query(`update receipt set flags = array_append(flags, 'erased') where id = any($1::uuid[]) and not 'erased' = any(flags)`, [
    [...erased.destroyed, ...erased.blanked.map((one) => one.receipt)],
  ]);
  // A sender may make its message numbers of record numbers.
  await tx.query(
    `update receipt set control_id = null where id = any($1::uuid[]) and exists (select 1 from unnest($2::text[]) as said where position(said in control_id) > 0)`,
    [rows.map((row) => row.id), subject.identifiers],
  );
  // There is nothing left to read in these.
  await tx.query(`update receipt set state = 'normalised' where id = any($1::uuid[]) and state = 'received'`, [erased.destroyed]);
  return erased;
}

const RECEIPT_OF = `
  select r.id, r.received_at as at, r.content_type, exists (select 1 from fact f where f.receipt = r.id and f.source_person <> all($1::uuid[])) as shared
    from receipt r`;

async function eraseReceipt(
  tx: Queryable,
  row: ReceiptOf,
  whole: boolean,
  subject: Subject,
  known: readonly Range[],
  erased: Receipts,
): Promise<void> {
  const { id, at } = row;
  if (whole) {
    await tx.query('delete from receipt_bytes where receipt = $1 and received_at = $2', [id, at]);
    await tx.query(
      `update quarantine set detail = '{}', closed_reason = null, state = case state when 'open' then 'dismissed' else state end where receipt = $1`,
      [id],
    );
    erased.destroyed.push(id);
    return;
  }
  const { ranges, named } = await blankReceipt(tx, row, subject, known);
  if (ranges.length > 0) erased.blanked.push({ receipt: id, ranges });
  if (named) erased.stillNamed.push(id);
}

/** Receipts that gave no facts, or not all they hold, and name the person: what was quarantined, waits to be read or only registered somebody. */
async function unreadNaming(
  tx: Queryable,
  { sources, identifiers }: Subject,
  done: readonly string[],
): Promise<(ReceiptOf & { single: boolean })[]> {
  if (identifiers.length === 0) return [];
  const candidates = await tx.query<ReceiptOf>(
    `${RECEIPT_OF} where (r.state <> 'normalised' or not exists (select 1 from fact f where f.receipt = r.id)) and r.id <> all($2::uuid[]) order by r.id`,
    [sources, done],
  );
  const naming: (ReceiptOf & { single: boolean })[] = [];
  for (const row of candidates) {
    const bytes = (await readBytes(tx, row.id, row.at))?.bytes;
    if (bytes && names(bytes, identifiers))
      naming.push({ ...row, single: partsOf(row.content_type, bytes).length <= 1 && !isBundle(bytes) });
  }
  return naming;
}

/** A message or a single resource is of one person; a collection is not. */
function isBundle(bytes: Uint8Array): boolean {
  return /"resourceType"\s*:\s*"Bundle"/.test(Buffer.from(bytes).toString('latin1'));
}

/** The messages of an HL7 v2 file, the lines of an NDJSON one; of anything else nobody here knows the parts. */
function partsOf(contentType: string, bytes: Uint8Array): Range[] {
  const begins =
    contentType === 'application/hl7-v2+er7' ? /(?<=^|[\r\n])MSH/g : contentType === 'application/fhir+ndjson' ? /(?<=^|\n)./g : undefined;
  if (!begins) return [];
  const starts = [...Buffer.from(bytes).toString('latin1').matchAll(begins)].map((match) => match.index);
  return starts.map((start, index) => ({ start, end: starts[index + 1] ?? bytes.length }));
}

async function readBytes(tx: Queryable, id: string, at: string): Promise<{ bytes: Uint8Array; packed: boolean } | undefined> {
  const [row] = await tx.query<{ encoding: string; bytes: Uint8Array }>(
    'select encoding, bytes from receipt_bytes where receipt = $1 and received_at = $2',
    [id, at],
  );
  if (row === undefined) return undefined;
  const packed = row.encoding === 'zstd';
  return { bytes: packed ? new Uint8Array(zstdDecompressSync(row.bytes)) : row.bytes, packed };
}

/** Blanks one person's part of a receipt of several; `named` when an identifier of that person is still in it. */
async function blankReceipt(
  tx: Queryable,
  { id, at, content_type }: ReceiptOf,
  { sources, identifiers }: Subject,
  known: readonly Range[],
): Promise<{ ranges: Range[]; named: boolean }> {
  const stored = await readBytes(tx, id, at);
  if (stored === undefined) return { ranges: [...known], named: false };
  const facts = await tx.query<Range>(
    'select distinct span_start as start, span_end as "end" from fact where receipt = $1 and source_person = any($2::uuid[]) order by 1, 2',
    [id, sources],
  );
  const others = await tx.query<Range>(
    'select span_start as start, span_end as "end" from fact where receipt = $1 and source_person <> all($2::uuid[])',
    [id, sources],
  );
  const parts = partsOf(content_type, stored.bytes).filter(
    ({ start, end }) =>
      names(stored.bytes.subarray(start, end), identifiers) && !others.some((other) => other.start < end && start < other.end),
  );
  const ranges = [
    ...known,
    ...facts,
    ...parts,
    ...(await rejectedRanges(tx, id, stored.bytes, identifiers)),
    ...mentions(stored.bytes, identifiers).filter(({ start, end }) => !others.some((other) => other.start < end && start < other.end)),
  ];
  const blank = blankRanges(stored.bytes, ranges);
  if (ranges.length > 0) {
    const bytes = stored.packed ? new Uint8Array(zstdCompressSync(blank)) : blank;
    await tx.query('update receipt_bytes set bytes = $3 where receipt = $1 and received_at = $2', [id, at, bytes]);
  }
  return { ranges, named: names(blank, identifiers) };
}

/** Parts of the receipt that became no fact, only a quarantined item, and name this person. */
async function rejectedRanges(tx: Queryable, receipt: string, bytes: Uint8Array, identifiers: readonly string[]): Promise<Range[]> {
  const rows = await tx.query<{ id: string; item: string; detail: string }>('select id, item, detail from quarantine where receipt = $1', [
    receipt,
  ]);
  const ranges: Range[] = [];
  for (const { id, item, detail } of rows) {
    const { start, end } = JSON.parse(detail) as { start?: unknown; end?: unknown };
    // Of a payload rejected as a whole nobody knows which part is whose.
    if (item === '' || typeof start !== 'number' || typeof end !== 'number' || !names(bytes.subarray(start, end), identifiers)) continue;
    ranges.push({ start, end });
    await tx.query(`update quarantine set detail = '{}', closed_reason = null where id = $1`, [id]);
  }
  return ranges;
}

/** Where an identifier stands for itself: a URL around a resource, a reference from nobody's part. A plain word may be part of the format. */
function mentions(bytes: Uint8Array, identifiers: readonly string[]): Range[] {
  const text = Buffer.from(bytes).toString('latin1');
  return identifiers
    .filter((identifier) => /[\d-]/.test(identifier))
    .flatMap((identifier) => {
      const said = Buffer.from(identifier)
        .toString('latin1')
        .replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      return [...text.matchAll(new RegExp(`(?<![\\w])${said}(?![\\w])`, 'g'))].map(({ index, 0: { length } }) => ({
        start: index,
        end: index + length,
      }));
    });
}

function names(bytes: Uint8Array, identifiers: readonly string[]): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return identifiers.some((identifier) => buffer.includes(identifier));
}

/** Facts, codes, identifiers, links and the source persons themselves: should the person come again, a new record begins. */
async function eraseRecord(tx: Queryable, sources: readonly string[]): Promise<number> {
  const facts = await tx.query<{ id: string }>('delete from fact where source_person = any($1::uuid[]) returning id', [sources]);
  await tx.query('delete from fact_code where source_person = any($1::uuid[])', [sources]);
  await tx.query('delete from ident where source_person = any($1::uuid[])', [sources]);
  await tx.query('delete from person_link where source_person = any($1::uuid[])', [sources]);
  await tx.query('delete from source_person where id = any($1::uuid[])', [sources]);
  return facts.length;
}

/**
 * What was drafted and decided stays as a fact of the work, without its words; what was still open is withdrawn. A signed note that waits to be
 * written has no words to write any more.
 */
async function eraseProposals(tx: Queryable, persons: readonly string[], { actor, at }: ErasureOrder): Promise<number> {
  const withdrawn = await tx.query<{ id: string }>(
    `update proposal set state = 'withdrawn' where person = any($1::uuid[]) and state in ('offered', 'opened', 'edited', 'escalated', 'blocked', 'stale')
     returning id`,
    [persons],
  );
  const rows = await tx.query<{ id: string }>(
    `update proposal set title = 'erased', why = 'erased', content = $2::json, drafted = $2::json where person = any($1::uuid[]) returning id`,
    [persons, NO_CONTENT],
  );
  const ids = rows.map(({ id }) => id);
  await tx.query('delete from next_look where person = any($1::uuid[])', [persons]);
  await tx.query(`update run set closure = '{"erased":true}' where person = any($1::uuid[])`, [persons]);
  await tx.query('update decision set reason = null where proposal = any($1::uuid[])', [ids]);
  await tx.query('update delivery set reason = null where proposal = any($1::uuid[])', [ids]);
  const unwritten = await tx.query<{ proposal: string; surface: string }>(
    `update delivery set state = 'failed', reason = 'erased' where proposal = any($1::uuid[]) and state = 'waiting' returning proposal, surface`,
    [ids],
  );
  await tx.query(`delete from job where payload ->> 'person' = any($1::text[]) or payload ->> 'proposal' = any($2::text[])`, [
    persons,
    ids,
  ]);
  await append(tx, [
    ...withdrawn.map(({ id }) => ({ kind: 'proposal.withdrawn' as const, actor, subject: id, at, body: { why: 'erased' } })),
    ...unwritten.map(({ proposal, surface }) => ({
      kind: 'delivery.failed' as const,
      actor,
      subject: proposal,
      at,
      body: { surface, reason: 'erased' },
    })),
  ]);
  return rows.length;
}

const NO_CONTENT = '{"asOf":"","erased":true,"omitted":[],"sections":[],"sentences":[],"title":"erased"}';
