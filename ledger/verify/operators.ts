import type { Invariant } from "./check.ts";

/** Tables without a foreign key to their operator, because it would cost too much or their owner may not be known. */
const LOOSE = [
  "reading",
  "journal",
  "posting",
  "customer_balance",
  "subledger_balance",
  "bill",
  "bill_line",
  "bill_charge",
  "charge_price",
  "charge_assignment",
  "billed_usage",
  "bill_basis",
  "energy_entry",
  "energy_posting",
  "true_up_closing",
  "run_exception",
  "supply_event",
  "control",
  "verdict",
];

export const OPERATOR_INVARIANTS: readonly Invariant[] = [
  {
    name: "operators-known",
    title: "Every row belongs to a known operator",
    counted: "select count(*) from operator",
    broken: LOOSE.map(
      (table) => `
      select format('${table}: operator %s', operator_id) as example
        from (select distinct operator_id from ${table}) r where not exists (select 1 from operator o where o.operator_id = r.operator_id)`,
    ).join(" union all "),
  },
];
