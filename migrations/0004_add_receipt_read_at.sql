-- When a receipt was read into facts: with received_at, how long a feed's messages wait.
alter table receipt add column read_at timestamptz;
