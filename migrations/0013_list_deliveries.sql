-- What waits for the EHR, and what waits for a person because of it: asked for by metrics, by the order of notes and by whoever mends them.
alter table delivery add column closed_at timestamptz;   -- a named person saw to it
create index delivery_waiting on delivery (created_at) where state = 'waiting';
create index delivery_open on delivery (created_at) where state <> 'waiting' and reason is not null and closed_at is null;
