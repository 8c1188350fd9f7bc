/** What a superuser can do to orders and supplies, and the invariant that names it. */
export const SUPPLY_DEEDS: [title: string, sql: string, named: string][] = [
  [
    "a cut called proven",
    "update control set read_back_at = sent_at - interval '1 s' where state = 'confirmed'",
    "controls-proven",
  ],
  ["the proof of a cut deleted", "delete from reading where register = 60", "controls-proven"],
  [
    "two open controls of one meter",
    "drop index control_open; insert into control (operator_id, meter_id, account_id, action, reason, created_at, not_before) select operator_id, meter_id, account_id, action, reason, created_at, not_before from control where state = 'queued'",
    "controls-single",
  ],
  [
    "a supply wanted off in stage normal",
    "update supply set desired = 'disconnected' where state not like 'cut%'",
    "supply-desired",
  ],
  ["the warning before a cut deleted", "delete from supply_event where kind = 'warned_2'", "cuts-warned"],
];
