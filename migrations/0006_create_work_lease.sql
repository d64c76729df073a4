-- Who is working on a draft, until when: a courtesy to colleagues, never a lock on signing. One row a draft, so of two who claim it one has it.
-- A rollup: work.claimed, work.handed, work.released, decision.* and what an offer replaces rebuild it.
create table work_lease (
  proposal    uuid        primary key references proposal (id) on delete cascade,
  holder      text        not null,               -- by the id and name the identity door gave; the journal holds a pseudonym
  holder_name text        not null,
  until       timestamptz not null,
  handed_by   text,                               -- the colleague's name, where it was handed on
  handed_in   bigint                              -- the journal entry whose payload holds the reason, which erasure may destroy
);

-- The first draft of a chain of redrafts: null where a draft is itself the first. An offer is counted once a chain.
alter table proposal add column first_draft uuid;
with told as (
  select id, pack, trigger_key, offered_at, lag(state) over (partition by pack, trigger_key order by offered_at, id) as before from proposal
), chained as (
  select *, count(*) filter (where before is distinct from 'stale') over (partition by pack, trigger_key order by offered_at, id) as chain from told
), rooted as (
  select id, first_value(id) over (partition by pack, trigger_key, chain order by offered_at, id) as root from chained
)
update proposal p set first_draft = r.root from rooted r where r.id = p.id and r.root <> p.id;

-- Why a draft was declined, as a code of src/core/decision-reason.ts; the words beside it may be erased, the code says nothing of a person.
alter table decision add column reason_code text;
