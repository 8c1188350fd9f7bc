-- As before, and: whoever has no balance yet gets one, of nothing. Without it a first payment that came between the two looks left a
-- balance that the decision did not hold and had to touch later, when another decision held it and waited for the supply.

create or replace function sanbiao.hold_supplies(accounts bigint[]) returns void
  language plpgsql security definer set search_path = sanbiao, pg_temp set enable_seqscan = off as $$
declare
  own bigint := sanbiao.operator_id();
begin
  insert into customer_balance (operator_id, account_id, currency, owed_minor)
    select own, a.id, o.currency, 0 from account a join sanbiao.operator o on o.operator_id = own
     where a.operator_id = own and a.id = any(accounts)
       and not exists (select from customer_balance b where b.operator_id = own and b.account_id = a.id and b.currency = o.currency)
     order by a.id
    on conflict (operator_id, account_id, currency) do nothing;
  perform from customer_balance b where b.operator_id = own and b.account_id = any(accounts)
    order by b.account_id, b.currency for no key update;
  perform from supply s where s.operator_id = own and s.account_id = any(accounts) order by s.account_id for update;
end $$;
