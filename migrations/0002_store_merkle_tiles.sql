-- Complete runs of 256 hashes of the journal's tree (the tiles of C2SP tlog-tiles): a proof reads a few rows at any size, and a
-- restart reads the tree's right edge instead of every leaf. A tile repeats what the leaves say; verification recomputes it.
create table merkle_tile (
  level  smallint not null,                      -- level n holds subtrees of 256^n leaves
  index  bigint   not null,
  hashes bytea    not null,                      -- 256 times 32 bytes, left to right
  root   bytea    not null,                      -- the one hash over them, an entry of the tile above
  primary key (level, index)
);
alter table merkle_tile alter column hashes set storage external;  -- hashes do not compress
create trigger merkle_tile_append_only before update or delete on merkle_tile for each row execute function refuse_change();
create trigger merkle_tile_no_truncate before truncate on merkle_tile for each statement execute function refuse_change();

-- The month tells the sequencer which partition holds the entry; without it each entry is looked for in all of them.
alter table journal_pending add column at timestamptz not null;

-- TRUNCATE fires no row trigger, and a statement trigger of the parent says nothing about a partition truncated by its own name.
create trigger journal_payload_no_truncate before truncate on journal_payload for each statement execute function refuse_change();
create trigger receipt_bytes_no_truncate before truncate on receipt_bytes for each statement execute function refuse_change();
create trigger fact_no_truncate before truncate on fact for each statement execute function refuse_change();
create trigger no_truncate before truncate on journal_rest for each statement execute function refuse_change();
create trigger no_truncate before truncate on journal_payload_rest for each statement execute function refuse_change();
create trigger no_truncate before truncate on receipt_bytes_rest for each statement execute function refuse_change();

create or replace function ensure_month_partitions(at timestamptz) returns void language plpgsql as $$
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
        execute format('create trigger no_truncate before truncate on %I for each statement execute function refuse_change()', name);
      end if;
    end loop;
  end loop;
end $$;
