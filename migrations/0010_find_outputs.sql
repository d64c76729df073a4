-- Every output is found by its own id, for an audit: a run, a sentence, a decision's journal entry, what an EHR calls what was delivered.
create index proposal_run on proposal (run);
create index sentence_proposal on sentence (proposal);
create index decision_entry on decision (journal_id);
create index delivery_reference on delivery (reference) where reference is not null;

-- Which draft a CDS Hooks card showed. A rollup: cds.shown rows of the journal rebuild it.
create table cds_card (
  id       uuid primary key,
  proposal uuid not null references proposal (id) on delete cascade
);
create index cds_card_proposal on cds_card (proposal);
