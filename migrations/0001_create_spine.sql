-- The state of design part 4. State and its uniqueness stand in unpartitioned tables, written in one transaction with the
-- journal row that says so; only journal, journal_payload and receipt_bytes are partitioned by month.

-- What came, exactly as it came. A repeat is the same source and the same bytes.
create table receipt (
  id           uuid primary key,                 -- UUIDv5 of source and sha256
  source       text        not null,
  door         text        not null,             -- mllp, files, api
  content_type text        not null,
  sha256       bytea       not null,
  size         integer     not null,
  control_id   text,                             -- MSH-10 where there is one
  received_at  timestamptz not null,
  state        text        not null check (state in ('received', 'normalised', 'quarantined', 'partial')),
  flags        text[]      not null default '{}',
  stored       integer     not null default 0,   -- items (resources, results) that became facts
  rejected     integer     not null default 0,   -- items kept in quarantine: received = stored + rejected
  unique (source, sha256)
);
create index receipt_control on receipt (source, control_id) where control_id is not null;
create index receipt_recent on receipt (source, received_at);
create index receipt_waiting on receipt (received_at, id) where state = 'received';

create table receipt_bytes (
  receipt     uuid        not null,
  received_at timestamptz not null,
  encoding    text        not null check (encoding in ('identity', 'zstd')),
  bytes       bytea       not null,
  primary key (receipt, received_at)
) partition by range (received_at);

-- Who a source says it speaks of. Facts belong to it for ever.
create table source_person (
  id         uuid primary key,                   -- UUIDv5 of source, authority and value
  source     text        not null,
  authority  text        not null,
  value      text        not null,
  birth_date text,
  sex        text,
  name       text,
  created_at timestamptz not null,
  unique (source, authority, value)
);

-- Authority-qualified identifiers a source person is known by; the only thing that joins people.
create table ident (
  authority     text not null,
  value         text not null,
  source_person uuid not null references source_person (id),
  primary key (authority, value, source_person)
);
create index ident_person on ident (source_person);

-- Bitemporal: which human a source person is, from when to when, as known from when to when. Merge and un-merge write here only.
create table person_link (
  id            bigint generated always as identity primary key,
  source_person uuid        not null references source_person (id),
  person        uuid        not null,
  valid_from    timestamptz not null,
  valid_to      timestamptz,
  recorded_at   timestamptz not null,
  superseded_at timestamptz,
  reason        text        not null,            -- first-seen, same-identifier, merged, unmerged
  weights       json
);
create unique index person_link_current on person_link (source_person) where superseded_at is null and valid_to is null;
create index person_link_person on person_link (person);

create table concept (
  id      integer generated always as identity primary key,
  system  text not null,
  code    text not null,
  display text,
  unique (system, code)
);

-- The table is its own history: a version ends when superseded_at is set, and is never rewritten otherwise.
create table fact (
  source_person uuid        not null,
  id            uuid        not null,            -- UUIDv5 of source, type and natural key
  version       integer     not null,
  type          text        not null,            -- FHIR resource type
  receipt       uuid        not null,
  span_start    integer     not null,            -- the resource's or message's range in the stored bytes, half-open
  span_end      integer     not null,
  recorded_at   timestamptz not null,
  superseded_at timestamptz,
  valid_from    timestamptz,
  valid_to      timestamptz,
  code          text,
  value         text,
  unit          text,
  status        text,
  grade         text        not null check (grade in ('A', 'B', 'C', 'D')),
  flags         text[]      not null default '{}',
  retracted     boolean     not null default false,
  rank          smallint    not null default 0,  -- result status rank; decides between versions, never arrival
  result_at     timestamptz,
  content_hash  text        not null,
  origins       json        not null,
  atoms         json        not null,
  content       json        not null,
  primary key (source_person, id, version)
);
create unique index fact_current on fact (source_person, id) where superseded_at is null;
create index fact_id on fact (id, version);
create index fact_receipt on fact (receipt);
create index fact_type on fact (type, recorded_at);

create table fact_code (
  source_person uuid        not null,
  code          integer     not null,
  valid_at      timestamptz,
  id            uuid        not null
);
create unique index fact_code_key on fact_code (source_person, code, id, valid_at);
create index fact_code_time on fact_code (source_person, code, valid_at, id);

create table run (
  id         text primary key,                   -- SHA-256 of the canonical list of inputs
  pack       text        not null,
  person     uuid        not null,
  as_of      timestamptz not null,
  closure    json        not null,               -- canonical inputs and output, enough to replay
  created_at timestamptz not null
);

create table proposal (
  id           uuid primary key,
  run          text        not null references run (id),
  pack         text        not null,
  person       uuid        not null,
  trigger_key  text        not null,             -- what asked for it, for instance an appointment's fact id
  title        text        not null,
  why          text        not null,
  state        text        not null check (state in ('offered', 'opened', 'signed', 'edited', 'declined', 'escalated',
                                                     'withdrawn', 'blocked', 'stale', 'recalled')),
  role         text        not null,
  content      json        not null,             -- as it stands, with a human's edits
  drafted      json        not null,             -- as the run made it
  content_hash text        not null,
  offered_at   timestamptz not null,
  opened_at    timestamptz,
  due_at       timestamptz
);
-- One live draft for one trigger; a stale one makes room for the fresh one.
create unique index proposal_live on proposal (pack, trigger_key) where state in ('offered', 'opened', 'edited', 'escalated', 'blocked');
create index proposal_queue on proposal (role, state, due_at);
create index proposal_person on proposal (person);

create table proposal_fact (
  proposal uuid not null references proposal (id),
  fact     uuid not null,
  version  integer not null,
  primary key (proposal, fact)
);
create index proposal_fact_fact on proposal_fact (fact);

-- Which proposal a sentence belongs to: lineage is asked for by sentence.
create table sentence (
  id       uuid primary key,
  proposal uuid not null references proposal (id)
);

create table decision (
  proposal     uuid primary key references proposal (id),
  kind         text        not null check (kind in ('signed', 'declined')),
  actor        text        not null,             -- who signs, by the id and name the identity door gave; the journal holds a pseudonym
  actor_name   text        not null,
  reason       text,
  content_hash text        not null,
  decided_at   timestamptz not null,
  journal_id   bigint      not null
);

create table delivery (
  proposal     uuid        not null references proposal (id),
  surface      text        not null,
  identifier   text        not null,             -- carried by what is written, so a retry finds it
  state        text        not null check (state in ('waiting', 'delivered', 'kept', 'failed')),
  attempts     integer     not null default 0,
  reference    text,                             -- where the target keeps it
  reason       text,
  created_at   timestamptz not null,
  confirmed_at timestamptz,
  primary key (proposal, surface)
);

create table job (
  key         text primary key,                  -- idempotent by key
  kind        text        not null,
  payload     json        not null,
  state       text        not null default 'ready' check (state in ('ready', 'running', 'done', 'dead')),
  run_at      timestamptz not null,
  lease_until timestamptz,
  attempts    integer     not null default 0,
  last_error  text,
  created_at  timestamptz not null,
  done_at     timestamptz
);
create index job_due on job (run_at) where state in ('ready', 'running');

-- What waits for a person or a fix. A rollup: item.quarantined and quarantine.closed rows of the journal rebuild it.
create table quarantine (
  id      uuid primary key,                      -- UUIDv5 of receipt and item
  receipt uuid        not null references receipt (id),
  source  text        not null,
  item    text        not null,                  -- '' for the whole payload, else a path such as entry[12]
  reason  text        not null,                  -- a code; never patient data
  detail  json        not null,                  -- OperationOutcome
  at      timestamptz not null,
  state   text        not null check (state in ('open', 'replayed', 'dismissed'))
);
create index quarantine_open on quarantine (state, at);
create index quarantine_receipt on quarantine (receipt);

-- The journal: what happened, who by (a pseudonym), and a commitment to the rest. No patient data.
create table journal (
  id         bigint generated always as identity,
  at         timestamptz not null,
  kind       text        not null,
  actor      text        not null,
  subject    text,                               -- proposal, receipt, run or job id; never a person
  commitment bytea       not null,               -- SHA-256(salt || payload bytes)
  primary key (id, at)
) partition by range (at);
create index journal_kind on journal (kind, at);
create index journal_subject on journal (subject, id);

create table journal_payload (
  journal_id bigint      not null,
  at         timestamptz not null,
  person     uuid,
  salt       bytea       not null,
  body       text        not null,               -- RFC 8785 canonical JSON, hashed as these bytes
  primary key (journal_id, at)
) partition by range (at);
create index journal_payload_person on journal_payload (person);

create table journal_pending (journal_id bigint primary key);

create table leaf (
  index      bigint primary key,
  journal_id bigint not null unique,
  header     text   not null,                    -- canonical JSON of id, at, kind, actor, subject
  hash       bytea  not null                     -- SHA-256(0x00 || header || commitment)
);

create table checkpoint (
  size      bigint primary key,
  root      bytea       not null,
  note      text        not null,                -- C2SP signed note
  at        timestamptz not null
);

-- Months are made ahead by this function, called at start and daily.
create function ensure_month_partitions(at timestamptz) returns void language plpgsql as $$
declare
  parent text;
  month  date;
  name   text;
begin
  foreach parent in array array['journal', 'journal_payload', 'receipt_bytes'] loop
    for i in -1..2 loop
      month := (date_trunc('month', at at time zone 'UTC') + make_interval(months => i))::date;
      name := parent || '_' || to_char(month, 'YYYY_MM');
      if to_regclass(name) is null then
        execute format('create table %I partition of %I for values from (%L) to (%L)', name, parent,
                       month::text || ' 00:00:00+00', (month + interval '1 month')::date::text || ' 00:00:00+00');
      end if;
    end loop;
  end loop;
end $$;
create table journal_rest partition of journal default;
create table journal_payload_rest partition of journal_payload default;
create table receipt_bytes_rest partition of receipt_bytes default;

-- What is written stays written.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger journal_append_only before update or delete on journal for each row execute function refuse_change();
create trigger journal_no_truncate before truncate on journal for each statement execute function refuse_change();
create trigger leaf_append_only before update or delete on leaf for each row execute function refuse_change();
create trigger leaf_no_truncate before truncate on leaf for each statement execute function refuse_change();
create trigger checkpoint_append_only before update or delete on checkpoint for each row execute function refuse_change();
create trigger checkpoint_no_truncate before truncate on checkpoint for each statement execute function refuse_change();

-- Payloads and bytes leave by erasure alone, which names the person or receipt in this transaction's setting.
create function refuse_unless_erasing() returns trigger language plpgsql as $$
begin
  if coalesce(current_setting('countersign.erasing', true), '') = '' then
    raise exception '% is destroyed by erasure alone: % refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;
create trigger journal_payload_erase_only before update or delete on journal_payload for each row execute function refuse_unless_erasing();
create trigger receipt_bytes_erase_only before update or delete on receipt_bytes for each row execute function refuse_unless_erasing();

-- A fact version may only be closed, and only once.
create function fact_only_closes() returns trigger language plpgsql as $$
begin
  if coalesce(current_setting('countersign.erasing', true), '') <> '' then
    return case when tg_op = 'DELETE' then old else new end;
  end if;
  if tg_op = 'UPDATE' and old.superseded_at is null and new.superseded_at is not null
     and (new.source_person, new.id, new.version, new.content_hash, new.receipt, new.recorded_at)
       = (old.source_person, old.id, old.version, old.content_hash, old.receipt, old.recorded_at) then
    return new;
  end if;
  raise exception 'a fact version is never rewritten: % refused', tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger fact_history before update or delete on fact for each row execute function fact_only_closes();
