-- What a feed had refused today, without a look at what it sent ever before.
create index receipt_refused on receipt (source, received_at) where state = 'quarantined';
