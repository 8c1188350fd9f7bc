-- Bills in bulk: of a usage point that the energy book does not know yet nothing is looked up but that. The plan is made once per
-- connection: none of its look-ups depends on how much the books hold.

create or replace function sanbiao.post_billed_energy(operator bigint, bills bigint[]) returns void
  language plpgsql security definer set search_path = sanbiao, pg_temp
  set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off set plan_cache_mode = force_generic_plan as $$
begin
  with used as materialized (
    select nextval('sanbiao.energy_entry_id_seq') as entry_id, o.*,
           o.corrects_bill_id is null and (o.basis <> 'estimated' or o.guessed <> o.quantity) as confirms,
           (select k.id from energy_entry k where k.operator_id = o.operator_id and k.usage_point_id between o.usage_point_id and o.usage_point_id
             order by k.usage_point_id, k.period_from limit 1) is not null as is_known
      from (select u.*, coalesce(u.estimated_quantity, case when u.basis = 'estimated' then u.quantity else 0 end) as guessed
              from billed_usage u where u.operator_id = operator and u.bill_id = any(bills)
             order by u.period_from, u.bill_id, u.usage_point_id) o
  ), entry as (
    insert into energy_entry (operator_id, id, usage_point_id, kind, idempotency_key, unit, period_from, period_to, bill_id)
      overriding system value
      select operator_id, entry_id, usage_point_id, 'bill', format('bill/%s/%s/%s', bill_id, usage_point_id, extract(epoch from period_from)::bigint),
             unit, period_from, period_to, bill_id from used
  ), proof as materialized (
    select u.entry_id, u.operator_id, u.bill_id, u.usage_point_id, u.is_known, p.meter as meter_id, p.register, p."from" as from_at, p."to" as to_at,
           round(p.start * 1000000)::bigint as start_value, round(p."end" * 1000000)::bigint as end_value,
           round(p.used * 1000000)::bigint as counted, p.verdicts = '[]' as plain
      from used u
     cross join jsonb_to_recordset(u.registers)
           as p (meter bigint, register text, "from" timestamptz, "to" timestamptz, start numeric, "end" numeric, used numeric, verdicts jsonb)
     where u.corrects_bill_id is null
  ), following as (
    select p.*, lag(to_at) over w as before_to, lag(end_value) over w as before_end from proof p
    window w as (partition by usage_point_id, meter_id, register order by from_at)
  ), edge as (
    -- the bill before, in this batch or in the book; then the bill after, if that one was made first
    select f.entry_id, f.bill_id, f.usage_point_id, f.meter_id, f.register, f.from_at as at,
           coalesce(case when f.before_to = f.from_at then f.before_end end, k.end_value) as shown, f.start_value as now_shown
      from following f
      left join lateral (select n.end_value from energy_posting n
                          where f.is_known and n.operator_id = f.operator_id and n.meter_id = f.meter_id and n.register = f.register
                            and n.to_at between f.from_at and f.from_at and n.from_at < n.to_at
                            and (select o.usage_point_id from energy_entry o where o.operator_id = n.operator_id
                                    and o.id between n.entry_id and n.entry_id order by o.id limit 1) = f.usage_point_id
                          order by n.to_at limit 1) k on true
    union all
    select f.entry_id, f.bill_id, f.usage_point_id, f.meter_id, f.register, f.to_at, f.end_value, k.start_value
      from following f
     cross join lateral (select n.start_value from energy_posting n
                          where f.is_known and n.operator_id = f.operator_id and n.meter_id = f.meter_id and n.register = f.register
                            and n.from_at between f.to_at and f.to_at and n.from_at < n.to_at
                            and (select o.usage_point_id from energy_entry o where o.operator_id = n.operator_id
                                    and o.id between n.entry_id and n.entry_id order by o.id limit 1) = f.usage_point_id
                          order by n.from_at limit 1) k
  ), moved as materialized (
    select * from edge where now_shown <> shown
  ), trued_up as (
    -- what of the true-ups no register's end showed, now or before: the bill counted other registers than its correction
    select min(u.entry_id) as entry_id, sum(u.quantity) - coalesce((
             select sum(m.now_shown - m.shown) from moved m
              where m.bill_id = u.bill_id and m.usage_point_id = u.usage_point_id and m.at = any(array_agg(u.period_to))), 0)
           + coalesce((
             select sum(n.quantity)
               from (select o.id from energy_entry o where o.operator_id = operator and o.usage_point_id = u.usage_point_id
                      order by o.period_from) o
              cross join lateral (select p.quantity from energy_posting p where p.operator_id = operator and p.entry_id = o.id
                      and p.meter_id is not null and p.from_at = p.to_at and p.to_at = any(array_agg(u.period_to)) order by p.line) n), 0) as rest
      from used u where u.corrects_bill_id is not null group by u.bill_id, u.usage_point_id
  ), confirming as (
    -- of each point the first use that rests on readings again confirms what was estimated before it
    select u.*, case when u.is_known and u.confirms and row_number() over (partition by usage_point_id, confirms order by period_from) = 1 then (
             select coalesce(sum(n.quantity), 0)
               from (select o.id from energy_entry o where o.operator_id = u.operator_id and o.usage_point_id = u.usage_point_id
                        and o.period_to <= u.period_from order by o.period_from) o
              cross join lateral (select p.quantity from energy_posting p where p.operator_id = u.operator_id and p.entry_id = o.id
                        and p.energy_account = 'estimated' order by p.line) n) else 0 end as open
      from used u
  ), posting as (
    select entry_id, 'metered' as energy_account, -counted as quantity, meter_id, register, from_at, to_at, start_value, end_value, plain from proof
    union all
    select c.entry_id, p.energy_account, p.quantity, null, null, null, null, null, null, null
      from confirming c cross join lateral (values ('billed', c.quantity - c.guessed + c.open), ('estimated', c.guessed - c.open)) as p (energy_account, quantity)
     where p.energy_account = 'billed' or p.quantity <> 0
    union all
    select entry_id, 'metered', shown - now_shown, meter_id, register, at, at, shown, now_shown, true from moved
    union all
    select entry_id, 'unbilled', sum(now_shown - shown)::bigint, null, null, null, null, null, null, null from moved group by entry_id
    union all
    -- a bill for a time without a meter rests on no register
    select entry_id, 'metered', 0, null, null, null, null, null, null, null
      from used where corrects_bill_id is null and registers = '[]'
    union all
    select entry_id, 'unbilled', -quantity, null, null, null, null, null, null, null from used where corrects_bill_id is not null
    union all
    select t.entry_id, p.energy_account, t.rest * p.sign, null, null, null, null, null, null, null
      from trued_up t cross join (values ('metered', -1), ('unbilled', 1)) as p (energy_account, sign) where t.rest <> 0
  )
  insert into energy_posting (operator_id, entry_id, line, energy_account, quantity, meter_id, register, from_at, to_at, start_value, end_value, plain)
    select operator, entry_id, row_number() over (partition by entry_id order by energy_account, meter_id, register, from_at, to_at),
           energy_account, quantity, meter_id, register, from_at, to_at, start_value, end_value, plain from posting;
end $$;
