import { depositOf } from "../../ledger/deposits.ts";
import { readAccountFacts } from "../../ledger/account-facts.ts";
import { sql } from "kysely";
import { outlookOf } from "../../billing/prepaid/outlook.ts";
import { policyVersionsOf } from "../../catalog/policies/catalogue.ts";
import { CodedError } from "../../domain/errors.ts";
import { moneyJson, negate } from "../../domain/money.ts";
import type { Day } from "../../domain/period.ts";
import { propertyOwedOf } from "../../ledger/journal.ts";
import { readHouseholds } from "../../ledger/usage.ts";
import { billBooks } from "../bill-books.ts";
import type { Desk } from "../desk.ts";
import type { AccountJson } from "../schemas/account.ts";
import { accountClosing } from "./account-closings.ts";
import { factJson } from "./account-facts.ts";
import { type AccountRow, accountColumns, accountRow, placeOfAccount, standingOfAccount } from "./accounts.ts";
import { accountMoveIn } from "./moves.ts";
import { meterRows } from "./meters.ts";
import { prepaidOf } from "./supply.ts";

type Row = AccountRow & { address: string; protected_reason: string | null; opened_on: Day };

/** An account as its page shows it: with how long the money lasts, priced on by the bill's own functions. */
export async function accountPage(desk: Desk, id: bigint): Promise<AccountJson> {
  const own = await account(desk, id);
  if (own.prepaid === null) return { ...own, daysLeft: null };
  const outlook = await outlookOf(desk.trx, id, { ...billBooks, policies: policyVersionsOf }, desk.now);
  return { ...own, daysLeft: outlook?.daysLeft ?? null };
}

export async function account(desk: Desk, id: bigint): Promise<Omit<AccountJson, "daysLeft">> {
  const { rows } = await sql<Row>`
    select ${accountColumns}, a.address, a.protected_reason, a.opened_on from account a ${placeOfAccount} ${standingOfAccount(desk)}
     where a.operator_id = ${desk.operatorId} and a.id = ${id}`.execute(desk.trx);
  const row = rows[0];
  if (row === undefined) throw noAccount(id);
  return {
    ...accountRow(desk, row),
    closing: await accountClosing(desk, id),
    moveIn: await accountMoveIn(desk, id),
    deposit: moneyJson(await depositOf(desk.trx, id, desk.currency)),
    propertyBalance: moneyJson(negate(await propertyOwedOf(desk.trx, id, desk.currency))),
    address: row.address,
    protectedReason: row.protected_reason,
    openedOn: row.opened_on,
    household: await householdOf(desk, id),
    facts: await factsOf(desk, id),
    agreements: await agreementsOf(desk, id),
    prepaid: await prepaidOf(desk, id),
    meters: await meterRows(
      desk,
      (await metersOfAccount(desk, id)).filter((m) => m.installed).map((m) => m.meterId),
    ),
  };
}

const noAccount = (id: bigint) => new CodedError("request.not-found", `There is no account ${id}.`);

export async function requireAccount(desk: Desk, id: bigint): Promise<void> {
  const row = await desk.trx
    .selectFrom("account")
    .select("id")
    .where("operator_id", "=", desk.operatorId)
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) throw noAccount(id);
}

async function householdOf(desk: Desk, id: bigint): Promise<AccountJson["household"]> {
  const sizes = (await readHouseholds(desk.trx, [id])).get(id) ?? [];
  return sizes.toReversed().map(({ from, persons }) => ({ fromDay: from, persons }));
}

async function factsOf(desk: Desk, id: bigint): Promise<AccountJson["facts"]> {
  const facts = (await readAccountFacts(desk.trx, [id])).get(id) ?? [];
  return facts
    .filter(({ kind }) => kind !== "household")
    .toSorted((a, b) => (a.from < b.from ? 1 : -1))
    .map(factJson);
}

async function agreementsOf(desk: Desk, id: bigint): Promise<AccountJson["agreements"]> {
  const rows = await desk.trx
    .selectFrom("agreement as g")
    .innerJoin("usage_point as u", (join) =>
      join.onRef("u.operator_id", "=", "g.operator_id").onRef("u.id", "=", "g.usage_point_id"),
    )
    .select(["g.id", "g.usage_point_id", "g.tariff_id", "g.from_day", "g.to_day", "u.utility", "u.building", "u.room"])
    .where("g.operator_id", "=", desk.operatorId)
    .where("g.account_id", "=", id)
    .orderBy("g.id")
    .execute();
  return rows.map((row) => ({
    id: String(row.id),
    usagePointId: String(row.usage_point_id),
    utility: row.utility,
    building: row.building,
    room: row.room,
    tariffId: row.tariff_id,
    fromDay: row.from_day,
    toDay: row.to_day,
  }));
}

export type AccountMeter = {
  readonly meterId: bigint;
  readonly serial: string;
  readonly utility: "electricity" | "gas" | "water" | "heat";
  /** When it counted for this account: local days, half-open; `toDay` null = still. */
  readonly fromDay: Day;
  readonly toDay: Day | null;
  readonly installed: boolean;
};

/** Meters that count or counted for an account, exchanged ones included. */
export async function metersOfAccount(desk: Desk, id: bigint): Promise<AccountMeter[]> {
  const { rows } = await sql<{
    meter_id: bigint;
    serial: string;
    utility: AccountMeter["utility"];
    from_day: Day;
    to_day: Day | null;
    installed: boolean;
  }>`
    select i.meter_id, m.serial, m.utility, i.removed_at is null and g.to_day is null as installed,
           greatest(g.from_day, (i.installed_at at time zone ${desk.zone})::date) as from_day,
           least(g.to_day, (i.removed_at at time zone ${desk.zone})::date + 1) as to_day
      from agreement g
      join installation i on i.operator_id = g.operator_id and i.usage_point_id = g.usage_point_id
      join meter m on m.operator_id = i.operator_id and m.id = i.meter_id
     where g.operator_id = ${desk.operatorId} and g.account_id = ${id}
     order by m.utility, i.installed_at`.execute(desk.trx);
  return rows.map((row) => ({
    meterId: row.meter_id,
    serial: row.serial,
    utility: row.utility,
    fromDay: row.from_day,
    toDay: row.to_day,
    installed: row.installed,
  }));
}
