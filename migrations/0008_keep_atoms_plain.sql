-- Atoms are read with every chart, content only when shown. A row that is too long for its page is shortened by compressing content first, so
-- that a chart is read without unpacking a thousand values.
alter table fact alter column atoms set storage main;
