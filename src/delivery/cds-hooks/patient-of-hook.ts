import type { Queryable } from '../../platform/database.ts';
import { currentPerson } from '../../record/people.ts';
import { type HookRequest, prefetchedIdentifiers } from './hook-request.ts';

/** Whom a hook asks about, or why that cannot be said: nobody here (`unknown`), more than one (`ambiguous`), or the EHR could not send what it takes. */
export type HookPatient = { person: string } | { unresolved: 'unknown' | 'ambiguous' | 'prefetch-failed' };

/**
 * Finds the person a chart was opened of. Our own id and authority-qualified identifiers decide; the id that a source gave its Patient counts
 * only where no identifiers came and one human alone has it, because two hospitals may both have a Patient 123.
 */
export async function patientOfHook(db: Queryable, request: HookRequest, ehrSource?: string): Promise<HookPatient> {
  const { patientId } = request.context;
  const own = UUID.test(patientId) ? await currentPerson(db, patientId.toLowerCase()) : undefined;
  if (own !== undefined) return { person: own };

  const identifiers = prefetchedIdentifiers(request);
  if (Array.isArray(identifiers) && identifiers.length > 0) {
    return onlyOne(await personsByIdentifiers(db, identifiers));
  }
  const bySource = onlyOne(await personsBySourceId(db, patientId, ehrSource));
  if ('person' in bySource || identifiers !== 'failed') return bySource;
  return { unresolved: 'prefetch-failed' };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function onlyOne(persons: readonly string[]): HookPatient {
  const [person, ...others] = new Set(persons);
  if (person === undefined) return { unresolved: 'unknown' };
  return others.length > 0 ? { unresolved: 'ambiguous' } : { person };
}

/** Everybody that any of these identifiers names, in one statement: an EHR sends as many as it has. */
async function personsByIdentifiers(db: Queryable, identifiers: readonly { authority: string; value: string }[]): Promise<string[]> {
  const rows = await db.query<{ person: string }>(
    `select distinct l.person from unnest($1::text[], $2::text[]) as asked (authority, value)
       join ident i on i.authority = asked.authority and i.value = asked.value
       join person_link l on l.source_person = i.source_person and l.superseded_at is null and l.valid_to is null`,
    [identifiers.map((one) => one.authority), identifiers.map((one) => one.value)],
  );
  return rows.map((row) => row.person);
}

/** Sources' own Patient ids are kept as identifiers of an authority of ours, one for each source. */
async function personsBySourceId(db: Queryable, id: string, source: string | undefined): Promise<string[]> {
  const rows = await db.query<{ person: string }>(
    `select distinct l.person from ident i
       join person_link l on l.source_person = i.source_person and l.superseded_at is null and l.valid_to is null
      where i.value = $1 and i.authority like 'urn:countersign:source:%:Patient' and ($2::text is null or i.authority = $2)`,
    [id, source === undefined ? null : `urn:countersign:source:${source}:Patient`],
  );
  return rows.map((row) => row.person);
}
