-- Indexes that say what another says already: each costs every message an entry, and a receipt two, as it comes and as it is read.
-- A receipt's id is made of its source and its SHA-256, so the primary key keeps them unique.
alter table receipt drop constraint receipt_source_sha256_key;
-- Two indexes over the same four columns; the one in the order in which a search asks is the unique one.
drop index fact_code_key;
drop index fact_code_time;
create unique index fact_code_time on fact_code (source_person, code, valid_at, id);
