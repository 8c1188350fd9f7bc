import { type Invariant, textList } from "./check.ts";

/** Tables that nobody may change or empty. */
const APPEND_ONLY = [
  "reading",
  "verdict",
  "journal",
  "posting",
  "bill",
  "bill_line",
  "billed_usage",
  "billing_terms",
  "recurring_charge",
  "charge_price",
  "charge_assignment",
  "bill_charge",
  "true_up",
  "true_up_closing",
  "supply_event",
  "measured_by",
  "floor_area",
  "apportionment_rule",
  "building_balance",
  "balance_part",
  "apportioned_share",
  "energy_entry",
  "energy_posting",
  "rebill_terms",
  "correction_proposal",
  "correction",
  "correction_line",
  "correction_usage",
  "account_closing",
  "correction_charge",
  "correction_measure",
  "correction_state",
  "correction_basis",
];

/** Rows that nobody can be told from belong to no operator, so this table has a key of its own. */
const WITHOUT_OWNER = "refused_frame";

/** Our tables, partitions apart: those have no rights of their own. */
const TABLES = `
  (select c.oid, c.relname, c.relrowsecurity, c.relowner from pg_class c
    where c.relnamespace = 'sanbiao'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition) t`;

/** An enabled trigger of a table, by name. */
const hasTrigger = (table: string, name: string, fn: string): string => `
  exists (select 1 from pg_trigger g join pg_proc f on f.oid = g.tgfoid
           where g.tgrelid = ${table} and g.tgname = '${name}' and g.tgenabled in ('O', 'A') and f.proname = '${fn}')`;

export const SCHEMA_INVARIANTS: readonly Invariant[] = [
  {
    name: "rows-secured",
    title: "Every table shows an operator its own rows only",
    counted: `select count(*) from ${TABLES} where relname <> 'migration'`,
    broken: `
      select format('%s: row-level security %s', relname, case when relrowsecurity then 'without its rule' else 'off' end) as example
        from ${TABLES}
       where exists (select 1 from pg_attribute a where a.attrelid = t.oid and a.attname = 'operator_id' and not a.attisdropped)
         and (not relrowsecurity or not exists (select 1 from pg_policy p where p.polrelid = t.oid and p.polname = 'own_rows'
                and p.polroles = array['sanbiao_service'::regrole::oid]
                and pg_get_expr(p.polqual, p.polrelid) ~ 'operator_id' and pg_get_expr(p.polwithcheck, p.polrelid) ~ 'operator_id')
              or (select count(*) from pg_policy p where p.polrelid = t.oid) <> 1)`,
  },
  {
    name: "keys-by-operator",
    title: "Every table's key begins with its operator",
    counted: `select count(*) from ${TABLES}`,
    broken: `
      select format('%s', relname) as example from ${TABLES}
       where relname <> '${WITHOUT_OWNER}'
         and exists (select 1 from pg_attribute a where a.attrelid = t.oid and a.attname = 'operator_id' and not a.attisdropped)
         and not exists (select 1 from pg_index x join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[0]
                          where x.indrelid = t.oid and x.indisprimary and x.indisvalid and a.attname = 'operator_id')`,
  },
  {
    name: "append-only",
    title: "Books refuse update, delete and truncate to everybody, and the service has no right to try",
    counted: `select count(*) from unnest(array[${textList(APPEND_ONLY)}])`,
    broken: `
      select format('%s: its guard is gone or off', name) as example
        from (select c.oid, c.relname as name from pg_class c where c.relnamespace = 'sanbiao'::regnamespace
                 and (c.relname in (${textList(APPEND_ONLY)})
                      or exists (select 1 from pg_inherits i where i.inhrelid = c.oid and i.inhparent = 'reading'::regclass and c.relkind = 'r'))) b
       where not ${hasTrigger("b.oid", "append_only_row", "refuse_change")} or not ${hasTrigger("b.oid", "append_only_all", "refuse_change")}
      union all
      select format('%s: the service may %s', name, privilege)
        from unnest(array[${textList(APPEND_ONLY)}]) as name, unnest(array['update', 'delete', 'truncate']) as privilege
       where has_table_privilege('sanbiao_service', 'sanbiao.' || name, privilege)`,
  },
  {
    name: "entries-guarded",
    title: "The database checks every entry as it is written and keeps the balances itself",
    counted: "select 7",
    broken: `
      select name as example from (values
          ('journal: entry_balances', ${hasTrigger("'journal'::regclass", "entry_balances", "check_entry")}),
          ('posting: posting_written', ${hasTrigger("'posting'::regclass", "posting_written", "posting_written")}),
          ('energy_posting: energy_balances', ${hasTrigger("'energy_posting'::regclass", "energy_balances", "check_energy")}),
          ('billed_usage: keep_energy', ${hasTrigger("'billed_usage'::regclass", "keep_energy", "keep_billed_energy")}),
          ('correction_usage: keep_energy', ${hasTrigger("'correction_usage'::regclass", "keep_energy", "keep_corrected_energy")}),
          ('building_balance: keep_energy', ${hasTrigger("'building_balance'::regclass", "keep_energy", "keep_balance_energy")})) as guard (name, stands)
       where not stands
      union all
      select format('%s: may be told to pass by the checks', proname) from pg_proc
       where pronamespace = 'sanbiao'::regnamespace and prosrc ~* 'insert into (sanbiao[.])?posting[ (]'
         and not exists (select from unnest(proconfig) c where c = 'sanbiao.door=' || case when proname = 'take_payment' then 'payment' else '' end)
      union all
      select format('%s: the service may %s', name, privilege)
        from unnest(array['journal', 'posting', 'customer_balance', 'subledger_balance', 'energy_entry', 'energy_posting']) as name, unnest(array['insert', 'update', 'delete', 'truncate']) as privilege
       where has_table_privilege('sanbiao_service', 'sanbiao.' || name, privilege)`,
  },
  {
    name: "constraints-hold",
    title: "Every constraint of the schema was checked against every row and is enforced",
    counted: "select count(*) from pg_constraint where connamespace = 'sanbiao'::regnamespace",
    broken: `
      select format('%s on %s', conname, conrelid::regclass) as example from pg_constraint
       where connamespace = 'sanbiao'::regnamespace and (not convalidated or not conenforced)
      union all
      select format('index %s is not valid', indexrelid::regclass) from pg_index x join pg_class c on c.oid = x.indexrelid
       where c.relnamespace = 'sanbiao'::regnamespace and not (x.indisvalid and x.indisready)`,
  },
  {
    name: "service-bound",
    title: "The service's role is no superuser, owns nothing and cannot step around row-level security",
    counted: "select 1",
    broken: `
      select format('role %s', rolname) as example from pg_roles
       where rolname = 'sanbiao_service' and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)
      union all
      select format('owns %s', c.oid::regclass) from pg_class c
       where c.relnamespace = 'sanbiao'::regnamespace and pg_has_role('sanbiao_service', c.relowner, 'member')`,
  },
];
