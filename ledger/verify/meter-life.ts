import { REGISTERS } from "../../domain/register.ts";
import type { Invariant } from "./check.ts";

const REGISTER_ROWS = Object.entries(REGISTERS)
  .map(([name, { code }]) => `('${name}', ${code})`)
  .join(", ");

/** What dials were seen to show when a meter came, went or changed its ratio: before any ratio, millionths. */
const SEEN = `
  select i.operator_id, i.meter_id, s.register, case s.edge when 'initial' then i.installed_at else i.removed_at end as at, s.dial::numeric as dial
    from installation_reading s join installation i on i.operator_id = s.operator_id and i.id = s.installation_id
  union all
  select r.operator_id, r.meter_id, k.code::smallint, r.from_at, d.value::numeric * 1000000
    from meter_ratio r cross join lateral jsonb_each_text(r.dials) as d (name, value)
    join (values ${REGISTER_ROWS}) as k (name, code) on k.name = d.name`;

/** Booked readings as the dial showed them: without the ratio that each carries. */
const booked = (beside: "<=" | ">=") => `
  select r.value / applied_ratio(r.operator_id, r.meter_id, r.measured_at, r.received_at, r.source) as dial, r.measured_at as at,
         1 + 1 / applied_ratio(r.operator_id, r.meter_id, r.measured_at, r.received_at, r.source) as rounding
    from reading r where r.operator_id = e.operator_id and r.meter_id = e.meter and r.register = e.code and r.measured_at ${beside} e.at
   order by r.measured_at ${beside === "<=" ? "desc" : "asc"} limit 1`;
const seen = (beside: "<=" | ">=") => `
  select s.dial, s.at, 1 as rounding from seen s where s.operator_id = e.operator_id and s.meter_id = e.meter and s.register = e.code
     and s.at ${beside} e.at order by s.at ${beside === "<=" ? "desc" : "asc"} limit 1`;
const neighbour = (beside: "<=" | ">=") => `
  select dial, rounding from ((${booked(beside)}) union all (${seen(beside)})) n order by at ${beside === "<=" ? "desc" : "asc"} limit 1`;

export const METER_LIFE_INVARIANTS: readonly Invariant[] = [
  {
    name: "usage-dials",
    title: "Every billed register of a meter with a ratio shows, divided by it, what the dial showed there",
    counted:
      "select count(*) from billed_usage u cross join jsonb_to_recordset(u.registers) as p (ratio numeric) where p.ratio is not null",
    broken: `
      with seen as materialized (${SEEN})
      select format('operator %s bill %s meter %s %s at %s: billed %s at %s', e.operator_id, e.bill_id, e.meter, e.register, e.at, e.shown, e.ratio) as example
        from (select u.operator_id, u.bill_id, p.meter, p.register, p.ratio, k.code, ends.at, ends.shown
                from billed_usage u cross join jsonb_to_recordset(u.registers)
                  as p (meter bigint, register text, "from" timestamptz, "to" timestamptz, start numeric, "end" numeric, ratio numeric, verdicts jsonb)
                join (values ${REGISTER_ROWS}) as k (name, code) on k.name = p.register
               cross join lateral (values (p."from", p.start), (p."to", p."end")) as ends (at, shown)
               where p.ratio is not null and p.verdicts <@ '["exchange"]' and ends.shown is not null) e
        left join lateral (${neighbour("<=")}) before on true
        left join lateral (${neighbour(">=")}) after on true
       where (before.dial is null or after.dial is null
              or e.shown * 1000000 / e.ratio not between least(before.dial, after.dial) - before.rounding - 1 / e.ratio
                                                     and greatest(before.dial, after.dial) + after.rounding + 1 / e.ratio)
         and not exists (select from seen s where s.operator_id = e.operator_id and s.meter_id = e.meter and s.register = e.code
               and s.at = e.at and abs(s.dial - e.shown * 1000000 / e.ratio) <= 1 + 1 / e.ratio)
         -- a value of a clerk or an estimate stood there, or beside it
         and not exists (select from reading_edit x where x.operator_id = e.operator_id and x.meter_id = e.meter and x.register = e.code
               and x.measured_at between e.at - interval '62 days' and e.at + interval '62 days')`,
  },
  {
    name: "ratios-known",
    title: "Every stay has a ratio from its first instant on, and shows the last one that is true of it",
    counted: "select count(*) from installation",
    broken: `
      select format('operator %s installation %s of meter %s: shows %s, the book of ratios says %s', i.operator_id, i.id, i.meter_id, i.ratio, r.ratio) as example
        from installation i
        left join lateral (select r.ratio from meter_ratio r where r.operator_id = i.operator_id and r.meter_id = i.meter_id
               and r.from_at < coalesce(i.removed_at, 'infinity') order by r.recorded_at desc, r.id desc limit 1) r on true
       where r.ratio is distinct from i.ratio
          or not exists (select from meter_ratio f where f.operator_id = i.operator_id and f.meter_id = i.meter_id and f.from_at <= i.installed_at)`,
  },
  {
    name: "meter-events",
    title:
      "Every dial that was noted at a meter's coming or going belongs to a stay with that end and to an event of its meters",
    counted: "select (select count(*) from installation_reading) + (select count(*) from meter_event)",
    broken: `
      select format('operator %s dial %s of installation %s', s.operator_id, s.id, s.installation_id) as example
        from installation_reading s
        left join installation i on i.operator_id = s.operator_id and i.id = s.installation_id
        left join meter_event e on e.operator_id = s.operator_id and e.id = s.event_id
       where i.id is null or e.id is null or (s.edge = 'final' and i.removed_at is null)
          or e.at is distinct from case s.edge when 'initial' then i.installed_at else i.removed_at end
      union all
      select format('operator %s event %s: %s without its stay', e.operator_id, e.id, e.kind) from meter_event e
       where e.kind in ('installed', 'exchanged', 'removed') and not exists (select from installation i
             where i.operator_id = e.operator_id and i.meter_id = e.meter_id
               and e.at = case e.kind when 'installed' then i.installed_at else i.removed_at end)`,
  },
];
