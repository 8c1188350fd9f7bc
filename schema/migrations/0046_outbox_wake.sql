-- The outbox in as few messages as there are: a way to the server and back is most of what an order waits for.

-- Orders due on the wire, of every operator: connections first, oldest first, at most `most` of each outbox. Not locked: the sender
-- claims each on its own.
create function sanbiao.due_controls(at timestamptz, most integer)
  returns table (operator_id bigint, id bigint, meter_id bigint, account_id bigint, action text, state text, attempts smallint,
                 expires_at timestamptz, cut text, policy_id text)
  language sql stable security definer set search_path = sanbiao, pg_temp
  begin atomic
    select c.operator_id, c.id, c.meter_id, c.account_id, c.action, c.state, c.attempts, c.expires_at,
           coalesce(c.reason ->> 'cut', 'close'), s.policy_id
      from (select distinct o.operator_id from sanbiao.control o where o.state in ('queued', 'sent')) o
     cross join lateral (
       select * from sanbiao.control d
        where d.operator_id = o.operator_id and d.state in ('queued', 'sent') and d.not_before <= at
        order by d.action, d.id limit most) c -- 'connect' < 'disconnect'
      left join sanbiao.supply s on s.operator_id = c.operator_id and s.account_id = c.account_id
     order by c.action, c.operator_id, c.id;
  end;
revoke execute on function sanbiao.due_controls from public;
grant execute on function sanbiao.due_controls to sanbiao_service;
drop function sanbiao.operators_with_open_controls();

-- Claims an order to reconnect for one sending, which asks for no reason: from now on it may be on the wire. Answers 'claimed',
-- 'exhausted' (sent so often as the policy allows, without proof) or 'gone' (closed, claimed or put off meanwhile). It names its
-- operator itself, so that one statement is the transaction. Locks: supply, then control.
create function sanbiao.claim_reconnection(
    operator bigint, order_id bigint, account bigint, at timestamptz, attempts_most integer, proof_within interval,
    out outcome text, out attempt integer)
  language plpgsql security definer set search_path = sanbiao, pg_temp as $$
begin
  perform set_config('sanbiao.operator_id', operator::text, true);
  perform 1 from supply where operator_id = operator and account_id = account for update;
  select attempts into attempt from control
   where operator_id = operator and id = order_id and action = 'connect' and state in ('queued', 'sent') and not_before <= at for update;
  if not found then outcome := 'gone'; return; end if;
  if attempt >= attempts_most then outcome := 'exhausted'; return; end if;
  attempt := attempt + 1;
  update control set state = 'sent', sent_at = at, attempts = attempt, not_before = at + proof_within * (2 ^ (attempt - 1))
   where operator_id = operator and id = order_id;
  update supply set state = 'reconnect_sent' where operator_id = operator and account_id = account;
  if attempt = 1 and account is not null then
    insert into supply_event (operator_id, account_id, at, kind, detail)
      values (operator, account, at, 'reconnect_sent', jsonb_build_object('control', order_id::text, 'action', 'connect'));
  end if;
  outcome := 'claimed';
end $$;
revoke execute on function sanbiao.claim_reconnection from public;
grant execute on function sanbiao.claim_reconnection to sanbiao_service;
