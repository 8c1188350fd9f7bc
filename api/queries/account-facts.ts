import { sql } from "kysely";
import { isoOf } from "../../domain/instant.ts";
import type { Day } from "../../domain/period.ts";
import { decimalText } from "../../domain/quantity.ts";
import { type AccountFact, readFactHistory } from "../../ledger/account-facts.ts";
import type { Desk } from "../desk.ts";
import type { AccountFactJson, AccountFactsJson } from "../schemas/account-fact.ts";
import { requireAccount } from "./account.ts";

export function factJson({ kind, from, value }: AccountFact): AccountFactJson {
  switch (kind) {
    case "contracted_kw":
      return { kind, fromDay: from, kw: decimalText(value) };
    case "contracted_kva":
      return { kind, fromDay: from, kva: decimalText(value) };
    case "low_income":
      return { kind, fromDay: from, lowIncome: value === 1n };
    case "household":
      return { kind, fromDay: from, persons: Number(value) };
  }
}

/** All that was ever said of an account, and whether it counts. */
export async function accountFacts(desk: Desk, id: bigint): Promise<AccountFactsJson> {
  await requireAccount(desk, id);
  const history = await readFactHistory(desk.trx, id);
  const { rows } = await sql<{ until: Day | null }>`
    select (max(period_to) at time zone ${desk.zone})::date as until from bill
     where operator_id = ${desk.operatorId} and account_id = ${id}`.execute(desk.trx);
  return {
    items: history.map(({ kind, from, value, statedAt, by, isLast }, i) => {
      const isTakenBack =
        history[i - 1]?.kind === kind && history[i - 1]?.from === from && history[i - 1]?.value === null;
      return {
        kind,
        fromDay: from,
        fact: value === null ? null : factJson({ kind, from, value }),
        statedAt: statedAt === null ? null : isoOf(statedAt),
        by,
        state: isLast && value !== null ? "counts" : value === null || isTakenBack ? "withdrawn" : "superseded",
      };
    }),
    billedUntil: rows[0]?.until ?? null,
  };
}
