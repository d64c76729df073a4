-- A receipt may be read again with today's maps and settings: who asked (a pseudonym) stands here until it is read, and which asking it was.
alter table receipt add column reread_by text;
alter table receipt add column reread_at timestamptz;
-- The list of receipts, newest first, page by page.
create index receipt_arrival on receipt (received_at, id);

-- Facts that nothing is claimed from, counted by feed and reason.
create index fact_distrusted on fact (source_person) where superseded_at is null and grade = 'D';

-- Who closed an item, and why, where a person did.
alter table quarantine add column closed_by text;
alter table quarantine add column closed_reason text;
