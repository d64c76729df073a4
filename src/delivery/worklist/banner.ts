import type { PatientBanner } from '../../core/api.ts';
import type { Queryable } from '../../platform/database.ts';
import { unpackAtoms } from '../../record/fact-row.ts';

/**
 * Whom each draft is about, as the top of a chart says it: from the newest standing Patient fact of any linked source, what it leaves out from
 * the others, and from the standing allergies; a registration that was merged away comes last, so its number is not shown as the patient's. Every person asked for gets a banner; what nobody said is null.
 */
export async function patientBanners(db: Queryable, persons: readonly string[]): Promise<Map<string, PatientBanner>> {
  const rows = await db.query<BannerRow>(
    `select l.person, p.authority, p.value, p.name, p.birth_date, p.sex, f.id, f.type, f.atoms, case when f.type = 'Patient' then f.content end as content
       from person_link l join source_person p on p.id = l.source_person
       left join fact f on f.source_person = l.source_person and f.type in ('Patient', 'AllergyIntolerance')
                       and f.superseded_at is null and not f.retracted
      where l.person = any($1::uuid[]) and l.superseded_at is null and l.valid_to is null
      order by (l.reason = 'merged'), f.recorded_at desc nulls last, f.id`,
    [[...new Set(persons)]],
  );
  const byPerson = Map.groupBy(rows, (row) => row.person);
  return new Map(persons.map((person) => [person, bannerOf(person, byPerson.get(person) ?? [])]));
}

type BannerRow = {
  person: string;
  authority: string;
  value: string;
  name: string | null;
  birth_date: string | null;
  sex: string | null;
  id: string | null;
  type: string | null;
  atoms: string | null;
  content: string | null;
};

/** The elements of a FHIR R4 Patient that a banner shows. */
type Patient = {
  name?: { use?: string; text?: string; family?: string; given?: string[] }[];
  birthDate?: string;
  gender?: string;
  deceasedDateTime?: string;
  deceasedBoolean?: boolean;
  identifier?: { value?: string; use?: string; type?: { coding?: { code?: string }[] } }[];
};

function bannerOf(person: string, rows: readonly BannerRow[]): PatientBanner {
  const patients = rows.flatMap((row) => (row.content === null ? [] : [JSON.parse(row.content) as Patient]));
  return {
    id: person,
    name: first(patients, nameOf) ?? first(rows, (row) => row.name),
    birthDate: first(patients, (patient) => patient.birthDate) ?? first(rows, (row) => row.birth_date),
    sex: first(patients, (patient) => patient.gender) ?? first(rows, (row) => row.sex),
    mrn: first(patients, recordNumberOf) ?? first(rows, (row) => (row.authority.startsWith('urn:countersign:') ? undefined : row.value)),
    deceased: first(patients, (patient) => patient.deceasedDateTime ?? (patient.deceasedBoolean === true ? 'yes' : undefined)),
    allergies: allergiesOf(rows),
  };
}

function first<T>(list: readonly T[], read: (one: T) => string | null | undefined): string | null {
  for (const one of list) {
    const text = read(one);
    if (text) return text;
  }
  return null;
}

/** Family name first, as wards call people; the official name, never a former one while another is there. */
function nameOf(patient: Patient): string | undefined {
  const rank = (use: string | undefined): number => ['official', 'usual', undefined, 'nickname', 'maiden', 'old'].indexOf(use);
  const [name] = [...(patient.name ?? [])].sort((one, other) => rank(one.use) - rank(other.use));
  if (!name) return undefined;
  const given = name.given?.join(' ');
  if (!name.family) return name.text ?? given;
  return given ? `${name.family}, ${given}` : name.family;
}

/** HL7 table 0203: MR is the medical record number. */
function recordNumberOf(patient: Patient): string | undefined {
  return patient.identifier?.find((one) => one.use !== 'old' && one.type?.coding?.some((coding) => coding.code === 'MR'))?.value;
}

/** SNOMED CT: 716186003 says that nothing is known to be allergic to. */
const NONE_KNOWN = '716186003';
/** SNOMED CT statements about one category only, and the FHIR category each speaks of: drug, food, environment. */
const NONE_KNOWN_OF = new Map([
  ['409137002', 'medication'],
  ['429625007', 'food'],
  ['428607008', 'environment'],
]);

type Allergy = { words: string; codes: string[]; categories: string[]; dangerous: boolean };

/**
 * "No known allergies" only where a fact says so of all allergies; "no known drug allergy" is listed in its own words, for it says nothing of
 * food. Statement and allergy side by side are a conflict that a person must see.
 */
function allergiesOf(rows: readonly BannerRow[]): PatientBanner['allergies'] {
  const seen = new Set<string>();
  const allergies = rows.flatMap((row): Allergy[] => {
    if (row.type !== 'AllergyIntolerance' || row.atoms === null || row.id === null || seen.has(row.id)) return [];
    seen.add(row.id);
    return readAllergy(row.atoms);
  });
  const denials = allergies.filter((one) => one.codes.some((code) => code === NONE_KNOWN || NONE_KNOWN_OF.has(code)));
  const known = allergies.filter((one) => !denials.includes(one));
  const listed = (known.length > 0 ? known : denials).sort((one, other) => Number(other.dangerous) - Number(one.dangerous));
  const items = [...new Set(listed.map((one) => one.words))];
  if (allergies.length === 0) return { state: 'not-recorded', items: [] };
  if (denials.some((denial) => known.some((one) => denies(denial, one)))) return { state: 'conflict', items };
  const all = denials.some((denial) => denial.codes.includes(NONE_KNOWN));
  return known.length === 0 && all ? { state: 'stated-none', items: [] } : { state: 'listed', items };
}

function denies(denial: Allergy, allergy: Allergy): boolean {
  return denial.codes.some((code) => code === NONE_KNOWN || allergy.categories.includes(NONE_KNOWN_OF.get(code) ?? ''));
}

/** An allergy that stands: active where it says, and neither refuted nor entered in error (FHIR R4 AllergyIntolerance). */
function readAllergy(text: string): Allergy[] {
  const atoms = unpackAtoms(text);
  const all = (name: string): string[] => atoms.filter((atom) => atom.name === name).map((atom) => atom.text);
  const [clinical = 'active'] = all('clinicalStatus');
  const [verification = 'confirmed'] = all('verification');
  if (clinical !== 'active' || verification === 'refuted' || verification === 'entered-in-error') return [];
  const words = all('display')[0] ?? all('code')[0];
  const dangerous = all('criticality').includes('high') || all('reaction').some((reaction) => /\banaphyla/i.test(reaction));
  return words === undefined ? [] : [{ words, codes: all('code'), categories: all('category'), dangerous }];
}
