-- Emergency credit: a deeper overdraft that a customer takes once, until a top-up has brought the balance back above the limit. And what a
-- policy says of credits, kept with the supply, where the functions that take payments find it: from which balance on supply is given back,
-- and how much of a shared payment goes to other debts.

create table sanbiao.emergency_credit (
  operator_id bigint not null references sanbiao.operator,
  id bigint generated always as identity,
  account_id bigint not null,
  amount_minor bigint not null check (amount_minor > 0),
  policy text not null,
  taken_at timestamptz not null,
  -- absent: the customer did it on the own page
  taken_by bigint,
  repaid_at timestamptz check (repaid_at > taken_at),
  primary key (operator_id, id),
  foreign key (operator_id, account_id) references sanbiao.account (operator_id, id)
);
create unique index emergency_credit_open on sanbiao.emergency_credit (operator_id, account_id) where repaid_at is null;
select sanbiao.protect('sanbiao.emergency_credit', 'select, insert, update');
create function sanbiao.keep_emergency_credit() returns trigger language plpgsql as $$
begin
  if old.repaid_at is not null or (to_jsonb(old) - 'repaid_at') is distinct from (to_jsonb(new) - 'repaid_at') then
    raise exception 'emergency credit is repaid once, nothing else' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger keep_emergency_credit before update on sanbiao.emergency_credit for each row execute function sanbiao.keep_emergency_credit();

-- Of the policy as it was at the last decision.
alter table sanbiao.supply
  add column close_permit_minor bigint,
  add column debt_share_percent smallint check (debt_share_percent between 1 and 100),
  add column debt_share_max_minor bigint;

grant usage on all sequences in schema sanbiao to sanbiao_service;
