import type { Invariant } from "./check.ts";

export const MANUAL_INVARIANTS: readonly Invariant[] = [
  {
    name: "hand-readings",
    title: "Every reading entered by hand is in the readings book, or kept as a conflict beside it",
    counted: "select count(*) from manual_reading where outcome <> 'skipped'",
    broken: `
      select format('operator %s entry %s: meter %s at %s, entered %s, read %s', e.operator_id, e.entry_id, e.meter_id, e.booked_at,
                    e.book_value / 1e6, coalesce(r.value / 1e6, 0)) as example
        from manual_reading e
        left join reading r on r.operator_id = e.operator_id and r.meter_id = e.meter_id and r.register = e.register
             and r.measured_at = e.booked_at
       where (e.outcome = 'booked' and r.value is distinct from e.book_value)
          or (e.outcome = 'conflict' and not exists (select 1 from reading_conflict c where c.operator_id = e.operator_id
                and c.meter_id = e.meter_id and c.register = e.register and c.measured_at = e.booked_at and c.value = e.book_value))`,
  },
];
