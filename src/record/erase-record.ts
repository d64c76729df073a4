import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { AppError } from '../core/errors.ts';
import type { Queryable } from '../platform/database.ts';
import { blankRanges, type ErasureOrder, type Range } from '../platform/segment-erasure.ts';

/** Source persons that are this person now. One that was joined by mistake and parted again is somebody else's. */
export async function readSources(tx: Queryable, person: string): Promise<string[]> {
  const rows = await tx.query<{ source_person: string }>(
    'select distinct source_person from person_link where person = $1 and superseded_at is null and valid_to is null',
    [person],
  );
  return rows.map(({ source_person }) => source_person);
}

/** Ids this human went by before merges: persons that never stood for anybody else's source, not even by a mistake since mended. */
export async function readPersons(tx: Queryable, person: string, sources: readonly string[]): Promise<string[]> {
  const rows = await tx.query<{ person: string }>(
    `select distinct mine.person from person_link mine where mine.source_person = any($1::uuid[])
     and not exists (select 1 from person_link other where other.person = mine.person and other.source_person <> all($1::uuid[]))`,
    [sources],
  );
  return [...new Set([person, ...rows.map((row) => row.person)])];
}

/** Identifiers by which bytes may name the person. */
export async function readIdentifiers(tx: Queryable, sources: readonly string[]): Promise<string[]> {
  const rows = await tx.query<{ value: string }>(
    `select value from ident where source_person = any($1::uuid[])
     union select value from source_person where id = any($1::uuid[])`,
    [sources],
  );
  // A shorter one would be found by chance in anybody's bytes.
  return rows.map(({ value }) => value).filter((value) => value.length >= 5);
}

/** A reason outlives the erasure, so it may hold nothing that names the person. */
export async function refuseTelling(tx: Queryable, sources: readonly string[], reason: string): Promise<void> {
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

/** Whom an erasure is about. */
export type Subject = { sources: readonly string[]; persons: readonly string[]; identifiers: readonly string[] };
/** What became of the receipts that tell of the person. */
export type ErasedReceipts = { destroyed: string[]; blanked: { receipt: string; ranges: Range[] }[]; stillNamed: string[] };
type ReceiptOf = { id: string; at: string; content_type: string; shared: boolean };

/** Destroys or blanks every receipt that tells of the person, what came of it and what could not be read of it. */
export async function eraseReceipts(tx: Queryable, subject: Subject, order: ErasureOrder): Promise<ErasedReceipts> {
  const rows = await tx.query<ReceiptOf>(
    `${RECEIPT_OF} where r.id = any($3::uuid[]) or r.id in (
       select receipt from fact where source_person = any($1::uuid[])
       union select j.subject::uuid from journal_payload p join journal j on j.id = p.journal_id and j.at = p.at
             where p.person = any($2::uuid[]) and j.kind in ('receipt.stored', 'facts.recorded'))
     order by r.id`,
    [subject.sources, subject.persons, [...order.destroyed, ...order.blanked.map((one) => one.receipt)]],
  );
  const before = new Map(order.blanked.map((one) => [one.receipt, one.ranges]));
  const erased: ErasedReceipts = { destroyed: [], blanked: [], stillNamed: [] };
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
  erased: ErasedReceipts,
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
export async function eraseRecord(tx: Queryable, sources: readonly string[]): Promise<number> {
  const facts = await tx.query<{ id: string }>('delete from fact where source_person = any($1::uuid[]) returning id', [sources]);
  await tx.query('delete from fact_code where source_person = any($1::uuid[])', [sources]);
  await tx.query('delete from ident where source_person = any($1::uuid[])', [sources]);
  await tx.query('delete from person_link where source_person = any($1::uuid[])', [sources]);
  await tx.query('delete from source_person where id = any($1::uuid[])', [sources]);
  return facts.length;
}
