-- What each assigning authority was named when identifiers were first kept under that name: another name later would split people in two.
create table authority_name (
  namespace text primary key,
  authority text        not null,
  named_at  timestamptz not null
);
create index ident_local on ident (authority) where authority like 'urn:countersign:authority:%';
