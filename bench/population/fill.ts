import type { Db } from '../../src/platform/database.ts';

/** A population of generated rows: `thin` people with few results each, made inside the database so that size costs no parsing. */
export type Population = { people: number; factsEach: number };

/** The tests every generated patient has results of, as concept ids 1 to 8 in this order. */
const CODES = ['4548-4', '2345-7', '2160-0', '718-7', '2951-2', '2823-3', '33914-3', '8480-6'];
const RECEIPT = '00000000-0000-5000-8000-000000000001';
const STATEMENT_PEOPLE = 500;

/** The code a search asks for. */
export const searchedCode = { system: 'http://loinc.org', code: CODES[0]! };

/** Id of the n-th generated person. */
export function personSql(number: string): string {
  return `md5('person ' || ${number})::uuid`;
}

/** Grows the population to `people`, from `from` on. Ids are hashes, so that neighbours in age are no neighbours in an index. */
export async function growPopulation(db: Db, { people, factsEach }: Population, from = 0): Promise<void> {
  if (from === 0) await prepare(db);
  for (let start = from; start < people; start += STATEMENT_PEOPLE) {
    await addPeople(db, start, Math.min(start + STATEMENT_PEOPLE, people));
    await addFacts(db, start, Math.min(start + STATEMENT_PEOPLE, people), factsEach, 'thin');
  }
  await db.exec('analyze');
}

/** Adds people with full charts, numbered from a million on: content and atoms as long as a laboratory's own. */
export async function addFullCharts(db: Db, people: number, factsEach: number): Promise<number[]> {
  await addPeople(db, FULL, FULL + people);
  for (let number = FULL; number < FULL + people; number++) await addFacts(db, number, number + 1, factsEach, 'full');
  await db.exec('analyze');
  return Array.from({ length: people }, (_, index) => FULL + index);
}

const FULL = 1_000_000;

async function prepare(db: Db): Promise<void> {
  await db.query(
    `insert into receipt (id, source, door, content_type, sha256, size, received_at, state)
     values ($1, 'bench', 'files', 'application/fhir+json', decode('00', 'hex'), 0, now(), 'normalised')`,
    [RECEIPT],
  );
  await db.query(
    `insert into concept (id, system, code) overriding system value
     select number, 'http://loinc.org', code from unnest($1::text[]) with ordinality as one (code, number)`,
    [CODES],
  );
}

async function addPeople(db: Db, start: number, end: number): Promise<void> {
  await db.query(
    `insert into source_person (id, source, authority, value, birth_date, sex, name, created_at)
     select ${personSql('n')}, 'bench', 'urn:oid:2.999.1', n::text, '1957-03-14', 'female', 'Name ' || n, now() from generate_series($1::int, $2::int - 1) n`,
    [start, end],
  );
  await db.query(
    `insert into ident (authority, value, source_person) select 'urn:oid:2.999.1', n::text, ${personSql('n')} from generate_series($1::int, $2::int - 1) n`,
    [start, end],
  );
  await db.query(
    `insert into person_link (source_person, person, valid_from, recorded_at, reason)
     select ${personSql('n')}, ${personSql('n')}, '0001-01-01', '2026-01-01', 'first-seen' from generate_series($1::int, $2::int - 1) n`,
    [start, end],
  );
}

async function addFacts(db: Db, start: number, end: number, each: number, size: 'thin' | 'full'): Promise<void> {
  await db.query(
    `insert into fact (source_person, id, version, type, receipt, span_start, span_end, recorded_at, valid_from, code, value, unit, status, grade,
                       rank, content_hash, origins, atoms, content)
     select ${personSql('n')}, md5('fact ' || n || ' ' || k)::uuid, 1, 'Observation', $3::uuid, 0, 1, '2026-01-01',
            timestamptz '2020-01-01' + k * interval '3 days', 'http://loinc.org|' || c.code, k || '.10', 'mmol/L', 'final', 'A', 2, md5(n || ' ' || k),
            ('[{"receipt":"${RECEIPT}","mapping":"fhir-r4@1","envelope":[0,1]}]')::json,
            (${ATOMS[size]})::json, (${CONTENT[size]})::json
       from generate_series($1::int, $2::int - 1) n, generate_series(1, $4::int) k join concept c on c.id = 1 + k % ${CODES.length}`,
    [start, end, RECEIPT, each],
  );
  await db.query(
    `insert into fact_code (source_person, code, valid_at, id)
     select ${personSql('n')}, 1 + k % ${CODES.length}, timestamptz '2020-01-01' + k * interval '3 days', md5('fact ' || n || ' ' || k)::uuid
       from generate_series($1::int, $2::int - 1) n, generate_series(1, $3::int) k`,
    [start, end, each],
  );
}

const CODE_ATOM = `'["code","' || c.code || '","code.coding[0].code",0,null,"http://loinc.org"]'`;
const ATOMS = {
  thin: `'[' || ${CODE_ATOM} || ',["value","' || k || '.10","valueQuantity.value"]]'`,
  full: `'[["status","final","entry[12].resource.status"],["category","laboratory","entry[12].resource.category[0].coding[0].code",0,null,"http://terminology.hl7.org/CodeSystem/observation-category"],["display","Hemoglobin A1c/Hemoglobin.total in Blood","entry[12].resource.code.text"],' || ${CODE_ATOM} || ',["value","' || k || '.10","entry[12].resource.valueQuantity.value"],["unit","mmol/L","entry[12].resource.valueQuantity.unit"],["unitCode","mmol/L","entry[12].resource.valueQuantity.code",0,null,"http://unitsofmeasure.org"],["low","3.5","entry[12].resource.referenceRange[0].low.value"],["high","5.1","entry[12].resource.referenceRange[0].high.value"],["effective","2024-02-03T07:30:00+01:00","entry[12].resource.effectiveDateTime"],["issued","2024-02-03T08:14:00.000+01:00","entry[12].resource.issued"],["encounter","urn:uuid:6a3c2d1e-0000-4000-8000-000000000001","entry[12].resource.encounter.reference"]]'`,
};
const CONTENT = {
  thin: `'{"resourceType":"Observation","status":"final","valueQuantity":{"value":' || k || '.10,"unit":"mmol/L"}}'`,
  full: `'{"resourceType":"Observation","id":"' || md5(n || '-' || k) || '","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory","display":"Laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"' || c.code || '","display":"Hemoglobin A1c/Hemoglobin.total in Blood"}],"text":"Hemoglobin A1c/Hemoglobin.total in Blood"},"subject":{"reference":"urn:uuid:' || md5(n::text) || '"},"encounter":{"reference":"urn:uuid:6a3c2d1e-0000-4000-8000-000000000001"},"effectiveDateTime":"2024-02-03T07:30:00+01:00","issued":"2024-02-03T08:14:00.000+01:00","valueQuantity":{"value":' || k || '.10,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"},"referenceRange":[{"low":{"value":3.5,"unit":"mmol/L"},"high":{"value":5.1,"unit":"mmol/L"}}]}'`,
};
