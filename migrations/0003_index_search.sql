-- Indexes of FHIR search that the chart's own reads do not need. All are small: Patient facts and the code list only.

-- Everything a Patient is looked up by, one lexeme each: 'n|<name part>' for prefix search, 'i|<value>' and 'i|<system>|<value>' for
-- identifiers. Name parts are lower case without combining marks (FHIR R4 §3.1.1.4.10: string search ignores case and accents).
create function fold_name(name text) returns text language sql immutable parallel safe as $$
  select lower(regexp_replace(normalize(name, NFD), '[\u0300-\u036f]', '', 'g'))
$$;

-- The folding is written out again because PostgreSQL 17 builds an index without our schema in its search path.
create function patient_terms(atoms json) returns tsvector language sql immutable parallel safe as $$
  select array_to_tsvector(coalesce(array_agg(distinct term), array[]::text[]))
    from (
      select 'n|' || left(part, 200) as term
        from json_array_elements(atoms) as atom,
             lower(regexp_replace(normalize(atom ->> 1, NFD), '[\u0300-\u036f]', '', 'g')) as folded,
             unnest(array[folded] || string_to_array(folded, ' ')) as part
       where atom ->> 0 = 'name' and part <> ''
      union all
      select 'i|' || left(key, 400)
        from json_array_elements(atoms) as atom,
             unnest(array[atom ->> 1, (atom ->> 5) || '|' || (atom ->> 1)]) as key
       where atom ->> 0 = 'identifier' and key <> ''
    ) as terms
$$;

create function patient_birth_date(atoms json) returns text language sql immutable parallel safe as $$
  select atom ->> 1 from json_array_elements(atoms) as atom where atom ->> 0 = 'birthDate' limit 1
$$;

create index fact_patient_terms on fact using gin (patient_terms(atoms)) where type = 'Patient' and superseded_at is null;
create index fact_patient_birth on fact (patient_birth_date(atoms) collate "C") where type = 'Patient' and superseded_at is null;

-- A code asked for without its system, and an identifier without its authority.
create index concept_code on concept (code);
create index ident_value on ident (value);
