import type pg from "pg";
import { BILL_INVARIANTS } from "./bills.ts";
import type { Check, Invariant } from "./check.ts";
import { CLASS_INVARIANTS } from "./classes.ts";
import { COUNTER_INVARIANTS } from "./counter.ts";
import { CORRECTION_INVARIANTS } from "./corrections.ts";
import { BALANCE_INVARIANTS, ENERGY_INVARIANTS } from "./energy.ts";
import { ENTRY_INVARIANTS } from "./entries.ts";
import { METER_LIFE_INVARIANTS } from "./meter-life.ts";
import { MANUAL_INVARIANTS } from "./manual.ts";
import { NOTICE_INVARIANTS } from "./notices.ts";
import { OPERATOR_INVARIANTS } from "./operators.ts";
import { READING_INVARIANTS } from "./readings.ts";
import { SCHEMA_INVARIANTS } from "./schema.ts";
import { SUPPLY_INVARIANTS } from "./supply.ts";
import { TOKEN_INVARIANTS } from "./tokens.ts";

export const INVARIANTS: readonly Invariant[] = [
  ...SCHEMA_INVARIANTS,
  ...OPERATOR_INVARIANTS,
  ...ENTRY_INVARIANTS,
  ...BILL_INVARIANTS,
  ...CLASS_INVARIANTS,
  ...CORRECTION_INVARIANTS,
  ...COUNTER_INVARIANTS,
  ...ENERGY_INVARIANTS,
  ...BALANCE_INVARIANTS,
  ...READING_INVARIANTS,
  ...METER_LIFE_INVARIANTS,
  ...MANUAL_INVARIANTS,
  ...SUPPLY_INVARIANTS,
  ...TOKEN_INVARIANTS,
  ...NOTICE_INVARIANTS,
];

const EXAMPLES_MAX = 5;

/**
 * Proves every invariant over all operators' rows, in one snapshot, while the service goes on working.
 * @param owner a pool of the schema's owner: a role that row-level security binds is refused by the server,
 *   because it would see less and find nothing
 */
export async function verify(owner: pg.Pool, onCheck: (check: Check) => void = () => {}): Promise<Check[]> {
  const client = await owner.connect();
  try {
    await client.query("begin isolation level repeatable read read only");
    await client.query("set local row_security = off");
    const checks = await proveAll(client, onCheck);
    await client.query("commit");
    return checks;
  } finally {
    client.release(true);
  }
}

/** Every invariant, in the transaction that `client` is in. */
export async function proveAll(client: pg.ClientBase, onCheck: (check: Check) => void = () => {}): Promise<Check[]> {
  await client.query("set local search_path = sanbiao, pg_catalog");
  const checks: Check[] = [];
  for (const invariant of INVARIANTS) {
    const check = await prove(client, invariant);
    onCheck(check);
    checks.push(check);
  }
  return checks;
}

async function prove(client: pg.ClientBase, { name, title, counted, broken }: Invariant): Promise<Check> {
  const { rows } = await client.query<{ counted: string; broken: string; examples: string[] }>(`
    with broken as materialized (${broken})
    select (${counted})::text as counted, (select count(*) from broken)::text as broken,
           array(select example from broken limit ${EXAMPLES_MAX}) as examples`);
  const row = rows[0];
  if (row === undefined) throw new Error(`${name} gave no answer`);
  return { name, title, ok: row.broken === "0", counted: +row.counted, broken: +row.broken, examples: row.examples };
}
