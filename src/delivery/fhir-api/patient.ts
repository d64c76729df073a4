import { AppError } from '../../core/errors.ts';
import type { Permit } from '../../core/ports.ts';
import { isObject, type Json, type JsonObject, parseJson } from '../../interop/fhir/json.ts';
import type { Queryable } from '../../platform/database.ts';
import { readContents } from '../../record/chart.ts';
import { currentPerson } from '../../record/people.ts';
import { type PatientVersion, readPatientVersions, readSourcePersons, type SourcePersonDetails } from '../../record/search-people.ts';
import { type Kept, type Served, serve } from './outgoing.ts';

/**
 * Persons as FHIR Patients: one for each human, under the person's id, based on the newest Patient fact of any linked source, with the
 * identifiers of all. `which` picks the versions to build from a person's history; the last one where it is not given.
 */
export async function servePatients(
  db: Queryable,
  permit: Permit,
  persons: readonly string[],
  now: string,
  which: (versions: readonly PatientVersion[]) => readonly PatientVersion[] = (versions) => versions.slice(-1),
): Promise<Served[]> {
  const histories = await readPatientVersions(db, permit, persons, now);
  const chosen = persons.flatMap((person) => which(histories.get(person) ?? []).map((version) => ({ person, version })));
  const parts = chosen.flatMap(({ version }) => version.parts);
  const contents = await readContents(db, parts);
  const bare = await readSourcePersons(db, [...new Set(chosen.flatMap(({ version }) => version.sourcePersons))]);
  const heirs = new Map<string, string | undefined>();
  for (const { person, version } of chosen) if (version.sourcePersons.length === 0) heirs.set(person, await currentPerson(db, person));

  const kept = chosen.map(({ person, version }): Kept => {
    const resources = version.parts.map((part) => parseJson(contents.get(`${part.id}/${part.version}`) ?? '{}')).filter(isObject);
    const details = bare.filter((one) => version.sourcePersons.includes(one.id));
    const resource = version.sourcePersons.length === 0 ? replaced(heirs.get(person)) : merged(resources, details);
    return {
      type: 'Patient',
      id: person,
      versionId: String(version.versionId),
      lastUpdated: version.at,
      source: version.parts[0]?.source ?? '',
      person,
      content: JSON.stringify(resource),
    };
  });
  return serve(db, kept);
}

/** One person as a Patient; `versionId` asks for a state of the past. Refuses where nobody has, or at that version had, this id. */
export async function servePatient(db: Queryable, permit: Permit, person: string, now: string, versionId?: string): Promise<Served> {
  const pick = (versions: readonly PatientVersion[]) => versions.filter((version) => String(version.versionId) === versionId);
  const [served] = await servePatients(db, permit, [person], now, versionId === undefined ? undefined : pick);
  if (!served) throw new AppError('not_found', 'there is no such Patient');
  return served;
}

/** The newest resource, with every identifier any of them carries. A Patient that no source sent is made of what was said in passing. */
function merged(resources: readonly JsonObject[], details: readonly SourcePersonDetails[]): JsonObject {
  const [base] = resources;
  const known = details.flatMap((one) =>
    one.identifiers === null ? [] : (JSON.parse(one.identifiers) as { system: string; value: string }[]),
  );
  const identifiers: Json[] = [...resources.flatMap((one) => (Array.isArray(one['identifier']) ? one['identifier'] : []))];
  identifiers.push(...known.filter((one) => !one.system.startsWith('urn:countersign:')));
  const seen = new Set<string>();
  const identifier = identifiers.filter((one) => {
    if (!isObject(one)) return false;
    const key = JSON.stringify([one['system'] ?? null, one['value'] ?? null]);
    return seen.size < seen.add(key).size;
  });
  const birthDate = details.find((one) => one.birthDate !== null)?.birthDate;
  const own = base ?? { resourceType: 'Patient', ...(birthDate ? { birthDate } : {}) };
  return { ...own, ...(identifier.length > 0 ? { identifier } : {}) };
}

/** An id that was merged away stays readable and says who it is now (FHIR R4 Patient.link). */
function replaced(heir: string | undefined): JsonObject {
  const link = heir === undefined ? {} : { link: [{ other: { reference: `Patient/${heir}` }, type: 'replaced-by' }] };
  return { resourceType: 'Patient', active: false, ...link };
}
