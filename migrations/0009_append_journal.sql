-- Journal rows, their payloads and their place in the sequencer's queue, by one call whose plans are kept. Plain inserts: how large the tables
-- are changes nothing about their plan, which the connection's custom plans would make anew for every append. Ids are drawn first, so which
-- id belongs to which row never rests on an order of insertion. Commitments and salts are 32 bytes a row, side by side.
create function append_journal(at timestamptz[], kind text[], actor text[], subject text[], commitments bytea, person uuid[], salts bytea, body text[])
returns bigint[] language plpgsql set plan_cache_mode = 'force_generic_plan' as $$
declare
  ids bigint[] := array(select nextval('journal_id_seq') from generate_series(1, cardinality(at)));
begin
  insert into journal (id, at, kind, actor, subject, commitment) overriding system value
    select ids[r.n], r.at, r.kind, r.actor, r.subject, substr(commitments, (r.n::int - 1) * 32 + 1, 32)
      from unnest(at, kind, actor, subject) with ordinality as r (at, kind, actor, subject, n);
  insert into journal_payload (journal_id, at, person, salt, body)
    select ids[r.n], r.at, r.person, substr(salts, (r.n::int - 1) * 32 + 1, 32), r.body
      from unnest(at, person, body) with ordinality as r (at, person, body, n);
  insert into journal_pending (journal_id, at) select * from unnest(ids, at);
  return ids;
end $$;
