import { sql, type Transaction } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import type { Proration } from "../../domain/proration.ts";
import type { Tables } from "../../schema/tables.ts";
import { inputsOf } from "./basis.ts";
import { explainLines } from "./explain-lines.ts";
import { type KeptBasis, readKept } from "./kept.ts";

/** How the lines of these bills were prorated, by bill and by the line's key with its usage point; only lines that are cut are in it. */
export type Prorations = ReadonlyMap<bigint, ReadonlyMap<string, Proration>>;

/** Out of what was kept with each bill: today's books change nothing. A bill from before that was kept tells nothing. */
export async function readProrations(trx: Transaction<Tables>, ids: readonly bigint[]): Promise<Prorations> {
  const found = new Map<bigint, ReadonlyMap<string, Proration>>();
  for (const id of await cutBills(trx, ids)) {
    const kept = await readKept(trx, id);
    if (kept !== null) found.set(id, cutLines(kept));
  }
  return found;
}

/** A basis that cannot be rated any more takes nothing from the bill but this statement; `verify bill` tells why. */
function cutLines({ basis, tariffs }: KeptBasis): ReadonlyMap<string, Proration> {
  try {
    const cut = explainLines(inputsOf(basis, tariffs)).flatMap(({ key, proration, corrects }) => {
      const { days, billDays, scaled, cuts } = proration;
      return corrects !== null || cuts.length === 0 ? [] : [[key, { days, billDays, scaled, cuts }] as const];
    });
    return new Map(cut);
  } catch (error) {
    if (error instanceof CodedError) return new Map();
    throw error;
  }
}

/** Final bills, and bills with a line or a register that does not go from the bill's beginning to its end: of the others nothing need be opened. */
async function cutBills(trx: Transaction<Tables>, ids: readonly bigint[]): Promise<bigint[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<{ id: bigint }>`
    select b.id from bill b where b.operator_id = sanbiao.operator_id() and b.id = any(${ids}) and (
      exists (select from account_closing c where c.operator_id = b.operator_id and c.bill_id = b.id)
      or exists (select from bill_line l where l.operator_id = b.operator_id and l.bill_id = b.id and l.corrects_bill_id is null
                and (l.period_from > b.period_from or l.period_to < b.period_to))
      or exists (select from billed_usage u, jsonb_array_elements(u.registers) r
                  where u.operator_id = b.operator_id and u.bill_id = b.id and u.corrects_bill_id is null
                    and ((r ->> 'from')::timestamptz > b.period_from or (r ->> 'to')::timestamptz < b.period_to)))
     order by b.id`.execute(trx);
  return rows.map(({ id }) => id);
}
