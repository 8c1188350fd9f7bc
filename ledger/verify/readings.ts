import { READING_SOURCES } from "../../domain/reading.ts";
import { REGISTERS } from "../../domain/register.ts";
import type { Invariant } from "./check.ts";

const REGISTER_CODES = Object.values(REGISTERS)
  .map(({ code }) => code)
  .join(", ");
const SOURCE_CODES = Object.values(READING_SOURCES).join(", ");

/** How far a meter's clock may run ahead of the receiver's before its reading is no reading: more than any door lets in. */
const AHEAD_MAX = "1 day";

export const READING_INVARIANTS: readonly Invariant[] = [
  {
    name: "readings-known",
    title: "Every reading has a known meter, register and source",
    counted: "select count(*) from reading",
    broken: `
      select format('operator %s meter %s register %s source %s: %s readings', operator_id, meter_id, register, source, n) as example
        from (select operator_id, meter_id, register, source, count(*) as n from reading group by 1, 2, 3, 4) r
       where not exists (select 1 from meter m where m.operator_id = r.operator_id and m.id = r.meter_id)
          or register not in (${REGISTER_CODES}) or source not in (${SOURCE_CODES})`,
  },
  {
    name: "readings-unique",
    title: "A meter's register has one reading per instant",
    counted: "select count(*) from reading",
    broken: `
      select format('operator %s meter %s register %s at %s: %s times', operator_id, meter_id, register, measured_at, count(*)) as example
        from reading group by operator_id, meter_id, register, measured_at having count(*) > 1`,
  },
  {
    name: "readings-month",
    title: "Every reading lies in the partition of its UTC month, and every partition has its unique key",
    counted: "select count(*) from pg_inherits where inhparent = 'reading'::regclass",
    broken: `
      select format('%s: %s readings of another month', tableoid::regclass, count(*)) as example
        from reading where right(tableoid::regclass::text, 6) <> to_char(measured_at at time zone 'UTC', 'YYYYMM') group by tableoid
      union all
      select format('%s: no valid unique key', inhrelid::regclass) from pg_inherits
       where inhparent = 'reading'::regclass and not exists (select 1 from pg_index x where x.indrelid = inhrelid
               and x.indisprimary and x.indisunique and x.indisvalid and x.indnkeyatts = 4)`,
  },
  {
    name: "readings-future",
    title: "No reading was measured after it was received",
    counted: "select count(*) from reading",
    broken: `
      select format('operator %s meter %s register %s: measured %s, received %s', operator_id, meter_id, register, measured_at, received_at) as example
        from reading where measured_at > received_at + interval '${AHEAD_MAX}'`,
  },
  {
    name: "conflicts-booked",
    title: "Every conflict refers to a booked reading of another value",
    counted: "select count(*) from reading_conflict",
    broken: `
      select format('operator %s meter %s register %s at %s', c.operator_id, c.meter_id, c.register, c.measured_at) as example
        from reading_conflict c
        left join reading r using (operator_id, meter_id, register, measured_at)
       where r.value is null or r.value = c.value or r.value <> c.booked_value`,
  },
  {
    name: "verdicts-known",
    title: "Every verdict is about a known meter and register and a stretch of time",
    counted: "select count(*) from verdict",
    broken: `
      select format('operator %s verdict %s', v.operator_id, v.id) as example from verdict v
       where v.from_at > v.to_at or v.register not in (${REGISTER_CODES})
          or not exists (select 1 from meter m where m.operator_id = v.operator_id and m.id = v.meter_id)`,
  },
  {
    name: "installations-apart",
    title: "No meter is in two places at once, and no usage point has two meters at once",
    counted: "select count(*) from installation",
    broken: `
      select format('operator %s: installations %s and %s', a.operator_id, a.id, b.id) as example
        from installation a join installation b on b.operator_id = a.operator_id and b.id > a.id
             and (b.meter_id = a.meter_id or b.usage_point_id = a.usage_point_id)
       where a.installed_at < coalesce(b.removed_at, 'infinity') and b.installed_at < coalesce(a.removed_at, 'infinity')`,
  },
];
