import type { Queryable } from '../platform/database.ts';
import { readManyBytes } from './receipts.ts';

/** How many waiting receipts, and how much of their bytes, are looked through for one person: milliseconds of work; a reader clears them in seconds. */
const MOST_RECEIPTS = 500;
const MOST_BYTES = 8 << 20;

/** When the first of what may speak of a person arrived, an ISO instant. */
export type Unread = { since: string };

/**
 * What was acknowledged and never read and may speak of this person: one of their identifiers stands in its bytes, written plainly or perhaps
 * in escapes; undefined where nothing may. Where more waits than can be looked through, it may. What is only being read again has been read before.
 */
export async function unreadAbout(db: Queryable, person: string): Promise<Unread | undefined> {
  const waiting = await db.query<{ id: string; size: number; received_at: string }>(
    `select id, size, received_at from receipt where state = 'received' and reread_by is null order by received_at, id limit $1`,
    [MOST_RECEIPTS + 1],
  );
  const [oldest] = waiting;
  if (!oldest) return undefined;
  if (waiting.length > MOST_RECEIPTS || waiting.reduce((sum, one) => sum + one.size, 0) > MOST_BYTES) return { since: oldest.received_at };
  const identifiers = await db.query<{ value: string }>(
    `select distinct i.value from person_link l join ident i on i.source_person = l.source_person
      where l.person = $1 and l.superseded_at is null and l.valid_to is null`,
    [person],
  );
  const values = identifiers.map(({ value }) => plainPart(value));
  const bytes = await readManyBytes(db, waiting.map((one) => one.id)); // biome-ignore format: short
  const first = waiting.find(({ id }) => {
    const stored = bytes.get(id);
    return stored !== undefined && maySpeakOf(Buffer.from(stored).toString('latin1'), values);
  });
  return first && { since: first.received_at };
}

/** An escape of JSON or HL7 v2 that may stand for a letter or digit that needs none. */
const ESCAPED = /\\(u00[2-7]|X[0-9A-Fa-f])/;

function maySpeakOf(text: string, values: readonly string[]): boolean {
  return ESCAPED.test(text) || values.some((value) => standsIn(text, value));
}

/** The longest part of an identifier that every format writes as it is; empty where it has none, and then it may stand anywhere. */
function plainPart(value: string): string {
  return (value.match(/[A-Za-z0-9]+/g) ?? []).reduce((longest, part) => (part.length > longest.length ? part : longest), '');
}

/** As a word of its own: the 12 of 4471902 is not somebody's id. */
function standsIn(text: string, value: string): boolean {
  if (value === '') return true;
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
    if (!/[A-Za-z0-9]/.test(`${text[at - 1] ?? ''}${text[at + value.length] ?? ''}`)) return true;
  }
  return false;
}
