-- Facts of an account are stated and taken back at the counter: contracted kVA and the household's size stand in the same book as
-- contracted kW and low income, each with who said it.

alter table sanbiao.account_fact drop constraint account_fact_kind_check;
alter table sanbiao.account_fact add constraint account_fact_kind_check
  check (kind in ('contracted_kw', 'contracted_kva', 'low_income', 'household'));
alter table sanbiao.account_fact drop constraint account_fact_check;
-- millionths of a kW or kVA; 1 = of low income, 0 = not; persons. Absent: what was said of this day is taken back.
alter table sanbiao.account_fact alter column value drop not null;
alter table sanbiao.account_fact add constraint account_fact_check
  check (value >= 0 and (kind <> 'low_income' or value <= 1) and (kind <> 'household' or value between 1 and 99));
-- Absent: before this was kept, or a file said it.
alter table sanbiao.account_fact add column stated_by bigint;
alter table sanbiao.account_fact add foreign key (operator_id, stated_by) references sanbiao.app_user (operator_id, id);

-- Persons from a day on, whether a file said it or the counter: of two words for one day the newer counts.
create view sanbiao.household_size with (security_invoker = true) as
  select operator_id, account_id, from_day, persons
    from (select distinct on (operator_id, account_id, from_day) operator_id, account_id, from_day, persons
            from (select operator_id, account_id, from_day, persons, noted_at, 0::bigint as id from sanbiao.household
                  union all
                  select operator_id, account_id, from_day, value::smallint, stated_at, id from sanbiao.account_fact
                   where kind = 'household') said
           order by operator_id, account_id, from_day, noted_at desc nulls last, id desc) newest
   where persons is not null;
grant select on sanbiao.household_size to sanbiao_service;
