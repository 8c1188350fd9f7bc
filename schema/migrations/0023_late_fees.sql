-- Late fee (违约金): what a debt that is overdue costs per day. The rule is the operator's data; what was charged stands on the
-- bill as lines of their own, a debt of the class beside supply, so that a fee never cuts supply and never bears a fee itself.

-- From a day on, per class of debt; of two rows for one day the later one counts. Rate 0 = no fee.
create table sanbiao.late_fee_rule (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  from_day date not null,
  debt_class text not null check (debt_class in ('supply', 'property')),
  -- share of what is overdue, per day
  rate numeric(6, 4) not null check (rate >= 0 and rate < 1),
  -- the same for days of a later year than the due date's
  cross_year_rate numeric(6, 4) not null check (cross_year_rate >= 0 and cross_year_rate < 1),
  -- days after the due date that cost nothing
  grace_days smallint not null check (grace_days between 0 and 365),
  -- a bill's fee on one debt below this is not charged
  minimum_minor bigint not null check (minimum_minor >= 0),
  -- all fees on a bill together are at most this share of it
  cap_share numeric(6, 4) not null check (cap_share > 0 and cap_share <= 1),
  source text not null,
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id)
);
select sanbiao.protect('sanbiao.late_fee_rule', 'select, insert');
select sanbiao.append_only('sanbiao.late_fee_rule');

-- Days that cost an account nothing: a meter fault, a mistake of ours. What a bill has charged already stays.
create table sanbiao.late_fee_waiver (
  operator_id bigint not null,
  id bigint generated always as identity,
  account_id bigint not null,
  from_day date not null,
  -- half-open
  to_day date not null check (to_day > from_day),
  reason text not null check (reason <> ''),
  noted_at timestamptz not null,
  noted_by bigint,
  primary key (operator_id, id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
create index on sanbiao.late_fee_waiver (operator_id, account_id);
select sanbiao.protect('sanbiao.late_fee_waiver', 'select, insert');
select sanbiao.append_only('sanbiao.late_fee_waiver');

-- A line of a late fee names the bill whose debt it is for. Its quantity is what was overdue, its price the rate per day.
alter table sanbiao.bill_charge add column of_bill_id bigint;
alter table sanbiao.bill_charge drop constraint bill_charge_unit_check;
alter table sanbiao.bill_charge add constraint bill_charge_unit_check check (unit in ('m2', 'lot', 'home', 'overdue'));
alter table sanbiao.bill_charge add constraint bill_charge_of_bill check ((unit = 'overdue') = (of_bill_id is not null));
create index bill_charge_of_bill on sanbiao.bill_charge (operator_id, of_bill_id) where of_bill_id is not null;

grant usage on all sequences in schema sanbiao to sanbiao_service;
