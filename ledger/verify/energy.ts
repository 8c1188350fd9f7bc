import type { Invariant } from "./check.ts";

/** One row per register that a billed usage rests on. */
const PROOFS = `
  select u.operator_id, u.bill_id, u.usage_point_id, u.period_from, p.*
    from billed_usage u cross join jsonb_to_recordset(u.registers)
      as p (meter bigint, register text, "from" timestamptz, "to" timestamptz, start numeric, "end" numeric, used numeric, verdicts jsonb)
   where u.corrects_bill_id is null
  union all
  select u.operator_id, u.bill_id, u.usage_point_id, u.period_from, p.*
    from billed_measure u cross join jsonb_to_recordset(u.registers)
      as p (meter bigint, register text, "from" timestamptz, "to" timestamptz, start numeric, "end" numeric, used numeric, verdicts jsonb)
   where u.kind = 'export'`;

/** One row per balance: what its entry of a kind should post. */
const BALANCE_POSTINGS = `
  select b.operator_id, b.id as balance_id, k.kind, p.energy_account, p.quantity * k.sign as quantity
    from building_balance b
   cross join lateral (values ('metered', -b.master_quantity), ('sub_metered', b.sub_quantity), ('common', b.common_quantity),
                              ('loss', b.loss_quantity), ('residue', b.residue_quantity)) as p (energy_account, quantity)
   cross join lateral (select 'balance' as kind, 1 as sign union all
     select 'balance_superseded', -1 from building_balance n where n.operator_id = b.operator_id and n.supersedes = b.id) k`;

export const ENERGY_INVARIANTS: readonly Invariant[] = [
  {
    name: "energy-balanced",
    title: "Every energy entry has at least two postings, and they add up to zero",
    counted: "select count(*) from energy_entry",
    broken: `
      select format('operator %s energy entry %s: %s postings, off by %s', e.operator_id, e.id, count(p.line), coalesce(sum(p.quantity), 0) / 1e6) as example
        from energy_entry e left join energy_posting p on p.operator_id = e.operator_id and p.entry_id = e.id
       group by e.operator_id, e.id having count(p.line) < 2 or sum(p.quantity) <> 0
      union all
      select format('operator %s energy entry %s is gone, its postings are not', p.operator_id, p.entry_id) from energy_posting p
       where not exists (select 1 from energy_entry e where e.operator_id = p.operator_id and e.id = p.entry_id)`,
  },
  {
    name: "energy-billed",
    title: "Every billed usage stands in the energy book once, as billed or estimated, and nothing else does",
    counted: "select count(*) from billed_usage",
    broken: `
      select format('operator %s bill %s usage point %s: %s in the bill, %s in the energy book (%s entries)', operator_id, bill_id, usage_point_id,
                    u.quantity / 1e6, e.quantity / 1e6, coalesce(e.entries, 0)) as example
        from (select operator_id, bill_id, usage_point_id, period_from, quantity from billed_usage) u
        full join (
          select e.operator_id, e.bill_id, e.usage_point_id, e.period_from, count(distinct e.id) as entries,
                 coalesce(sum(p.quantity) filter (where p.energy_account in ('billed', 'estimated')), 0) as quantity
            from energy_entry e left join energy_posting p on p.operator_id = e.operator_id and p.entry_id = e.id
           where e.kind = 'bill' group by 1, 2, 3, 4) e using (operator_id, bill_id, usage_point_id, period_from)
       where e.entries is distinct from 1 or e.quantity is distinct from u.quantity`,
  },
  {
    name: "energy-given-back",
    title:
      "Every export that a bill settled stands in the energy book once, and its registers are those of a billed usage",
    counted: "select count(*) from billed_measure where kind = 'export'",
    broken: `
      select format('operator %s bill %s usage point %s: %s given back in the bill, %s in the energy book (%s entries)', operator_id, bill_id,
                    usage_point_id, m.quantity / 1e6, e.quantity / 1e6, coalesce(e.entries, 0)) as example
        from (select operator_id, bill_id, usage_point_id, period_from, quantity from billed_measure where kind = 'export') m
        full join (
          select e.operator_id, e.bill_id, e.usage_point_id, e.period_from, count(distinct e.id) as entries,
                 coalesce(sum(p.quantity) filter (where p.energy_account = 'given_back'), 0) as quantity
            from energy_entry e left join energy_posting p on p.operator_id = e.operator_id and p.entry_id = e.id
           where e.kind = 'export' and e.correction_id is null group by 1, 2, 3, 4) e using (operator_id, bill_id, usage_point_id, period_from)
       where e.entries is distinct from 1 or e.quantity is distinct from m.quantity
      union all
      select format('operator %s bill %s usage point %s: %s is measured, no use is billed', m.operator_id, m.bill_id, m.usage_point_id, m.kind)
        from billed_measure m where not exists (select 1 from billed_usage u where u.operator_id = m.operator_id and u.bill_id = m.bill_id
               and u.usage_point_id = m.usage_point_id and u.period_from = m.period_from and u.period_to = m.period_to)`,
  },
  {
    name: "energy-registers",
    title:
      "What a register counted over its billed life is billed, estimated or unbilled: no instant is skipped, none counted twice",
    counted: "select count(*) from energy_posting where meter_id is not null",
    broken: `
      select format('operator %s usage point %s meter %s %s at %s: a bill ends at %s, the next begins at %s', operator_id, usage_point_id, meter_id,
                    register, from_at, before_end / 1e6, start_value / 1e6) as example
        from (select e.operator_id, e.usage_point_id, p.meter_id, p.register, p.from_at, p.start_value,
                     lag(p.to_at) over w as before_to, lag(p.end_value) over w as before_end
                from energy_posting p join energy_entry e on e.operator_id = p.operator_id and e.id = p.entry_id
               where p.meter_id is not null
              window w as (partition by e.operator_id, e.usage_point_id, p.meter_id, p.register order by p.from_at, p.to_at, e.id)) chain
       where before_to = from_at and before_end <> start_value
         -- the same dial at two ratios of the meter: one changed there, or another was entered after the bill
         and not exists (select from meter_ratio a join meter_ratio b on b.operator_id = a.operator_id and b.meter_id = a.meter_id
               where a.operator_id = chain.operator_id and a.meter_id = chain.meter_id
                 and abs(before_end * b.ratio - start_value * a.ratio) <= a.ratio + b.ratio)
      union all
      select format('operator %s energy entry %s meter %s %s: %s to %s is not %s', operator_id, entry_id, meter_id, register,
                    start_value / 1e6, end_value / 1e6, -quantity / 1e6)
        from energy_posting where plain and end_value - start_value <> -quantity
      union all
      select format('operator %s bill %s meter %s %s: %s counted in the bill, %s in the energy book', operator_id, bill_id, meter_id, register,
                    u.counted / 1e6, -e.quantity / 1e6)
        from (select operator_id, bill_id, usage_point_id, meter as meter_id, register, "from" as from_at, "to" as to_at,
                     start * 1000000 as start_value, "end" * 1000000 as end_value, used * 1000000 as counted from (${PROOFS}) proof) u
        full join (select e.operator_id, e.bill_id, e.usage_point_id, p.meter_id, p.register, p.from_at, p.to_at, p.start_value, p.end_value, p.quantity
                     from energy_entry e join energy_posting p on p.operator_id = e.operator_id and p.entry_id = e.id
                    where p.meter_id is not null and p.from_at < p.to_at) e
             using (operator_id, bill_id, usage_point_id, meter_id, register, from_at, to_at)
       where u.counted is distinct from -e.quantity or u.start_value is distinct from e.start_value or u.end_value is distinct from e.end_value`,
  },
  {
    name: "energy-masters",
    title:
      "What a master counted in a closed period went to sub-meters, common use, loss and residue, and a superseded closing is taken back whole",
    counted: "select count(*) from building_balance",
    broken: `
      select format('operator %s balance %s %s %s: %s in the balance, %s in the energy book', operator_id, balance_id, kind, energy_account,
                    b.quantity / 1e6, e.quantity / 1e6) as example
        from (${BALANCE_POSTINGS}) b
        full join (select e.operator_id, e.balance_id, e.kind, p.energy_account, sum(p.quantity) as quantity
                     from energy_entry e join energy_posting p on p.operator_id = e.operator_id and p.entry_id = e.id
                    where e.kind in ('balance', 'balance_superseded') group by 1, 2, 3, 4) e
             using (operator_id, balance_id, kind, energy_account)
       where b.quantity is distinct from e.quantity`,
  },
  {
    name: "energy-written-off",
    title: "Units are written off for a reason, and out of what was counted and not billed",
    counted: "select count(*) from energy_entry where kind = 'write_off'",
    broken: `
      select format('operator %s energy entry %s: written off without a reason', operator_id, id) as example
        from energy_entry where kind = 'write_off' and trim(reason) = ''
      union all
      select format('operator %s usage point %s: written off %s, taken from elsewhere %s', e.operator_id, e.usage_point_id,
                    sum(p.quantity) filter (where p.energy_account = 'written_off') / 1e6,
                    sum(p.quantity) filter (where p.energy_account in ('unbilled', 'residue')) / 1e6)
        from energy_entry e join energy_posting p on p.operator_id = e.operator_id and p.entry_id = e.id
       where e.kind = 'write_off' group by e.operator_id, e.usage_point_id
      having bool_or(p.energy_account not in ('unbilled', 'residue', 'written_off'))
          or sum(p.quantity) filter (where p.energy_account = 'written_off') <= 0`,
  },
];

export const BALANCE_INVARIANTS: readonly Invariant[] = [
  {
    name: "balances-add-up",
    title:
      "A balance is the sum of its parts, and its shares with their remainder are what was apportioned, none of them negative",
    counted: "select count(*) from building_balance",
    broken: `
      select format('operator %s balance %s: master %s, subs %s (parts %s), common %s (parts %s), loss %s, residue %s', b.operator_id, b.id,
                    b.master_quantity / 1e6, b.sub_quantity / 1e6, p.sub / 1e6, b.common_quantity / 1e6, p.common / 1e6, b.loss_quantity / 1e6,
                    b.residue_quantity / 1e6) as example
        from building_balance b
       cross join lateral (select coalesce(sum(quantity) filter (where purpose = 'supply'), 0) as sub,
                                  coalesce(sum(quantity) filter (where purpose = 'common'), 0) as common
                             from balance_part p where p.operator_id = b.operator_id and p.balance_id = b.id) p
       where b.master_quantity <> b.sub_quantity + b.common_quantity + b.loss_quantity + b.residue_quantity
          or p.sub <> b.sub_quantity or p.common <> b.common_quantity
      union all
      select format('operator %s balance %s: %s apportioned, %s in shares, %s left', b.operator_id, b.id, b.apportioned_quantity / 1e6,
                    s.shared / 1e6, b.remainder_quantity / 1e6)
        from building_balance b
       cross join lateral (select coalesce(sum(quantity), 0) as shared, count(*) as n, min(quantity) as least
                             from apportioned_share s where s.operator_id = b.operator_id and s.balance_id = b.id) s
       where b.apportioned_quantity <> s.shared + b.remainder_quantity or b.remainder_quantity < 0 or s.least < 0
          or (s.n > 0 and (b.provisional or cardinality(b.missing_accounts) > 0))`,
  },
  {
    name: "balances-superseded",
    title: "Closings of a period follow one another without a gap, each naming the one before and why",
    counted: "select count(*) from building_balance",
    broken: `
      select format('operator %s master %s balance %s: closing %s supersedes %s after %s', operator_id, master_point_id, id, closing_no, supersedes, before_id) as example
        from (select b.*, lag(id) over w as before_id, row_number() over w as no
                from building_balance b window w as (partition by operator_id, master_point_id, period_from, period_to order by closing_no)) b
       where closing_no <> no or supersedes is distinct from before_id or (no > 1 and trim(reason) = '')
      union all
      select format('operator %s: parts or shares of balance %s, which is not there', operator_id, balance_id)
        from (select operator_id, balance_id from balance_part union select operator_id, balance_id from apportioned_share) p
       where not exists (select 1 from building_balance b where b.operator_id = p.operator_id and b.id = p.balance_id)`,
  },
];
