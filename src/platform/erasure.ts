import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { AppError } from '../core/errors.ts';
import type { Db, Queryable } from './database.ts';
import { append } from './journal.ts';

export type ErasureRequest = {
  person: string;
  /** Pseudonym of who decided it. */
  actor: string;
  /** Why, as a code such as `gdpr-17`; stands in the log for ever, so never about the person. */
  reason: string;
  at: string;
};

export type Erasure = {
  journalId: bigint;
  payloads: number;
  facts: number;
  proposals: number;
  /** Receipts whose bytes are gone as a whole. Copies outside the database, such as intake segments, must lose them too. */
  destroyed: string[];
  /** Receipts of several people in which this person's ranges are blank now. */
  blanked: string[];
  /** Receipts of several people that still hold one of the person's identifiers outside every known range: for a human to look at. */
  stillNamed: string[];
};

/**
 * Destroys what is known of one person: facts, identifiers, links, journal payloads with their salts, drafts, runs, and the bytes they came
 * from. The log keeps its entries, so every proof still holds; commitments without salt tell nothing. Journalled in the same transaction.
 * Refuses an unknown person. Measures that read payloads no longer count this person.
 */
export async function erase(db: Db, request: ErasureRequest): Promise<Erasure> {
  return db.transaction(async (tx) => {
    const sources = await readSources(tx, request.person);
    if (sources.length === 0) throw new AppError('not_found', 'no such person');
    const persons = await readPersons(tx, request.person, sources);
    const identifiers = await readIdentifiers(tx, sources);
    // The triggers on what is never otherwise destroyed ask for this; it ends with the transaction.
    await tx.query(`select set_config('countersign.erasing', $1, true)`, [request.person]);

    const receipts = await eraseReceipts(tx, { sources, persons, identifiers });
    const facts = await eraseRecord(tx, sources);
    const proposals = await eraseProposals(tx, persons, request);
    const gone = await tx.query<{ journal_id: bigint }>('delete from journal_payload where person = any($1::uuid[]) returning journal_id', [
      [...persons, ...sources],
    ]);
    const entries = rangesOf(gone.map(({ journal_id }) => Number(journal_id)));
    const body = { reason: request.reason, entries, facts, proposals, destroyed: receipts.destroyed, blanked: receipts.blanked };
    const [journalId] = await append(tx, [{ kind: 'erasure.done', actor: request.actor, at: request.at, body }]);
    return { journalId: journalId!, payloads: gone.length, facts, proposals, ...receipts };
  });
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

type Subject = { sources: readonly string[]; persons: readonly string[]; identifiers: readonly string[] };
type Receipts = { destroyed: string[]; blanked: string[]; stillNamed: string[] };

async function eraseReceipts(tx: Queryable, subject: Subject): Promise<Receipts> {
  const rows = await tx.query<{ id: string; at: string; shared: boolean }>(
    `select r.id, r.received_at as at,
            exists (select 1 from fact f where f.receipt = r.id and f.source_person <> all($1::uuid[])) as shared
     from receipt r where r.id in (
       select receipt from fact where source_person = any($1::uuid[])
       union select j.subject::uuid from journal_payload p join journal j on j.id = p.journal_id and j.at = p.at
             where p.person = any($2::uuid[]) and j.kind in ('receipt.stored', 'facts.recorded'))
     order by r.id`,
    [subject.sources, subject.persons],
  );
  const erased: Receipts = { destroyed: [], blanked: [], stillNamed: [] };
  for (const { id, at, shared } of rows) {
    if (!shared) {
      await tx.query('delete from receipt_bytes where receipt = $1 and received_at = $2', [id, at]);
      await tx.query(`update quarantine set detail = '{}' where receipt = $1`, [id]);
      erased.destroyed.push(id);
    } else {
      const named = await blankReceipt(tx, id, at, subject);
      erased.blanked.push(id);
      if (named) erased.stillNamed.push(id);
    }
  }
  // The first SHA-256 stays: it says what came, and that what is kept now is not all of it.
  await tx.query(`update receipt set flags = array_append(flags, 'erased') where id = any($1::uuid[]) and not 'erased' = any(flags)`, [
    [...erased.destroyed, ...erased.blanked],
  ]);
  return erased;
}

/** Blanks one person's part of a receipt of several; true when an identifier of that person is still in it. */
async function blankReceipt(tx: Queryable, id: string, at: string, { sources, identifiers }: Subject): Promise<boolean> {
  const [row] = await tx.query<{ encoding: string; bytes: Uint8Array }>(
    'select encoding, bytes from receipt_bytes where receipt = $1 and received_at = $2',
    [id, at],
  );
  if (row === undefined) return false;
  const bytes = row.encoding === 'zstd' ? new Uint8Array(zstdDecompressSync(row.bytes)) : row.bytes;
  const facts = await tx.query<{ start: number; end: number }>(
    'select span_start as start, span_end as "end" from fact where receipt = $1 and source_person = any($2::uuid[])',
    [id, sources],
  );
  const blank = blankRanges(bytes, [...facts, ...(await rejectedRanges(tx, id, bytes, identifiers))]);
  await tx.query('update receipt_bytes set bytes = $3 where receipt = $1 and received_at = $2', [
    id,
    at,
    row.encoding === 'zstd' ? new Uint8Array(zstdCompressSync(blank)) : blank,
  ]);
  return names(blank, identifiers);
}

/** Parts of the receipt that became no fact, only a quarantined item, and name this person. */
async function rejectedRanges(tx: Queryable, receipt: string, bytes: Uint8Array, identifiers: readonly string[]) {
  const rows = await tx.query<{ id: string; detail: string }>('select id, detail from quarantine where receipt = $1', [receipt]);
  const ranges: { start: number; end: number }[] = [];
  for (const { id, detail } of rows) {
    const { start, end } = JSON.parse(detail) as { start?: unknown; end?: unknown };
    if (typeof start !== 'number' || typeof end !== 'number' || !names(bytes.subarray(start, end), identifiers)) continue;
    ranges.push({ start, end });
    await tx.query(`update quarantine set detail = '{}' where id = $1`, [id]);
  }
  return ranges;
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

/** What was drafted and decided stays as a fact of the work, without its words; what was still open is withdrawn. */
async function eraseProposals(tx: Queryable, persons: readonly string[], { actor, at }: ErasureRequest): Promise<number> {
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
  await tx.query(`update run set closure = '{"erased":true}' where person = any($1::uuid[])`, [persons]);
  await tx.query('update decision set reason = null where proposal = any($1::uuid[])', [ids]);
  await tx.query('update delivery set reason = null where proposal = any($1::uuid[])', [ids]);
  await append(
    tx,
    withdrawn.map(({ id }) => ({ kind: 'proposal.withdrawn' as const, actor, subject: id, at, body: { why: 'erased' } })),
  );
  return rows.length;
}

const NO_CONTENT = '{"asOf":"","erased":true,"omitted":[],"sections":[],"sentences":[],"title":"erased"}';
