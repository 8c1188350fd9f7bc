-- What bills of one operator and day share of what they rest on, kept once: currency, zone, billing terms with the calendar that
-- their due day is counted by. `bill_basis.document` names it by its hash since its format 2.
create table sanbiao.operator_document (
  operator_id bigint not null references sanbiao.operator,
  -- SHA-256 of `document`, hexadecimal
  sha256 text not null,
  -- canonical JSON: docs/reference/bill-bundle.md
  document text not null,
  primary key (operator_id, sha256)
);
select sanbiao.protect('sanbiao.operator_document', 'select, insert');
select sanbiao.append_only('sanbiao.operator_document');
