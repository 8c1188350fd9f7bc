-- What an account owes for supply, with its balance held until the transaction ends: no payment of any channel comes in between.
-- The account is held first, as a shared payment does. `null` = the operator has no such account.
create function sanbiao.hold_balance(payer bigint, of_currency text) returns bigint
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
declare
  own bigint := sanbiao.operator_id();
  owed bigint;
begin
  perform 1 from account where operator_id = own and id = payer for no key update;
  if not found then return null; end if;
  insert into customer_balance as b (operator_id, account_id, currency, owed_minor) values (own, payer, of_currency, 0)
    on conflict (operator_id, account_id, currency) do update set owed_minor = b.owed_minor returning owed_minor into owed;
  return owed;
end $$;
revoke execute on function sanbiao.hold_balance from public;
grant execute on function sanbiao.hold_balance to sanbiao_service;
