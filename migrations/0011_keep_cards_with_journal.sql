-- A card's place for an audit is kept by the append that says it was shown: one statement and one commit for both, so neither stands alone.
create or replace function append_journal(at timestamptz[], kind text[], actor text[], subject text[], commitments bytea, person uuid[], salts bytea, body text[])
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
  if 'cds.shown' = any (kind) then
    insert into cds_card (id, proposal)
      select r.subject::uuid, p.id from unnest(kind, subject, body) as r (kind, subject, body)
        join proposal p on p.id = (r.body::json ->> 'proposal')::uuid
       where r.kind = 'cds.shown' on conflict do nothing;
  end if;
  return ids;
end $$;
