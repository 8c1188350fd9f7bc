-- What a bill rests on, kept with it: the inputs of its settlement as one document, tariff versions by the hash of their text.
-- Readings, households, agreements and tariffs may say something else later; the bill can still be explained and recomputed.

-- Every tariff version that a bill of this operator was ever rated by, by content.
create table sanbiao.tariff_document (
  operator_id bigint not null references sanbiao.operator,
  -- SHA-256 of `document`, hexadecimal
  sha256 text not null,
  tariff_id text not null,
  version text not null,
  -- canonical JSON: docs/reference/bill-bundle.md
  document text not null,
  primary key (operator_id, sha256)
);
select sanbiao.protect('sanbiao.tariff_document', 'select, insert');
select sanbiao.append_only('sanbiao.tariff_document');

create table sanbiao.bill_basis (
  operator_id bigint not null,
  bill_id bigint not null,
  -- SHA-256 of `document`, hexadecimal
  sha256 text not null,
  -- canonical JSON with the readings of each register as runs of differences: docs/reference/bill-bundle.md
  document text not null,
  primary key (operator_id, bill_id)
);
select sanbiao.protect('sanbiao.bill_basis', 'select, insert');
select sanbiao.append_only('sanbiao.bill_basis');

grant usage on all sequences in schema sanbiao to sanbiao_service;
