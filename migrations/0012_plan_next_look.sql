-- When the record of a person will ask for a look without anything new arriving: a visit comes near or is over, a result comes due. One row a person.
create table next_look (
  person uuid primary key,
  at     timestamptz not null
);
create index next_look_due on next_look (at);

-- Whoever has a visit ahead or a draft in the queue is looked at once, now.
insert into next_look (person, at)
  select l.person, now() from fact f
    join person_link l on l.source_person = f.source_person and l.superseded_at is null and l.valid_to is null
   where f.type = 'Appointment' and f.superseded_at is null and not f.retracted and f.valid_from > now() - interval '1 day'
  union
  select person, now() from proposal where state in ('offered', 'opened', 'edited', 'escalated', 'blocked');
