import type { PatientListItem } from '../core/api.ts';
import type { Permit } from '../core/ports.ts';
import type { Queryable } from '../platform/database.ts';
import { requirePermit } from './permit.ts';

/** People by name or identifier, for finding a chart; `q` matches from the beginning of any word of a name, or a whole identifier, in any case. */
export async function listPatients(db: Queryable, permit: Permit, q: string, now: string, limit = 50): Promise<PatientListItem[]> {
  requirePermit(permit, 'any', now);
  const rows = await db.query<{
    person: string;
    name: string | null;
    birth_date: string | null;
    sex: string | null;
    mrn: string | null;
    facts: bigint;
    open: bigint;
  }>(
    `with found as (
       select distinct l.person from source_person p
         join person_link l on l.source_person = p.id and l.superseded_at is null and l.valid_to is null
        where p.authority not like 'urn:countersign:source:%:shared'
          and ($1 = '' or strpos(' ' || lower(p.name), ' ' || $1) > 0
               or exists (select 1 from ident i where i.source_person = p.id and lower(i.value) = $1))
        limit $2)
     select found.person, max(p.name) as name, max(p.birth_date) as birth_date, max(p.sex) as sex,
            (select min(i.value) from ident i where i.source_person = any(array_agg(p.id)) and i.authority not like 'urn:countersign:source:%') as mrn,
            (select count(*) from fact f where f.source_person = any(array_agg(p.id)) and f.superseded_at is null) as facts,
            (select count(*) from proposal o where o.person = found.person and o.state in ('offered', 'opened', 'edited', 'escalated')) as open
       from found join person_link l on l.person = found.person and l.superseded_at is null and l.valid_to is null
       join source_person p on p.id = l.source_person
      group by found.person order by max(p.name) nulls last, found.person`,
    [q.trim().toLowerCase(), limit],
  );
  return rows.map((row) => ({
    id: row.person,
    name: row.name,
    birthDate: row.birth_date,
    sex: row.sex,
    mrn: row.mrn,
    facts: Number(row.facts),
    openItems: Number(row.open),
  }));
}
