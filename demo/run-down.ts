import { sql } from "kysely";
import { takePayment } from "../billing/payment.ts";
import { HOUR_MS, type Instant, instant } from "../domain/instant.ts";
import type { Money } from "../domain/money.ts";
import type { AccountId, OperatorId } from "../domain/reading.ts";
import type { Database } from "../schema/database.ts";
import type { RunningTown } from "../simulators/town/start.ts";
import type { DemoPlan } from "./plan.ts";
import { accountIds, type SeededOperator } from "./seed.ts";

export type RunDownOptions = {
  readonly db: Database;
  readonly plan: DemoPlan;
  readonly seeded: readonly SeededOperator[];
  readonly town: Pick<RunningTown, "state" | "heat">;
  readonly now: Instant;
  /** What the prepaid rules see: ledger balance less unbilled use. `null` = cannot be told yet; the account is then left alone. */
  readonly available: (operatorId: OperatorId, accountId: AccountId) => Promise<Money | null>;
};

/** A heater that is left on runs so long. */
const HEATER_MS = 6 * HOUR_MS;

/**
 * Gives the accounts that are to run out their last credit, once, when history is loaded and bills are issued, and leaves
 * the heater on. Call it before the prepaid engine's first sweep: until then these accounts only owe.
 * @returns numbers of the accounts credited by this call
 */
export async function runDownCredit(options: RunDownOptions): Promise<readonly string[]> {
  const credited: string[] = [];
  for (const operator of options.plan.operators) {
    const operatorId = options.seeded.find(({ code }) => code === operator.code)?.operatorId;
    if (operatorId === undefined) continue;
    const ids = await accountIds(options.db, operatorId);
    for (const { number, prepaid } of operator.accounts) {
      const accountId = ids.get(number);
      if (prepaid?.opening.kind !== "run_down" || accountId === undefined) continue;
      const { available: wanted, watts } = prepaid.opening;
      const leaveHeaterOn = (): void => {
        if (watts === 0 || options.town.state.heatersOf(prepaid.serial).length > 0) return;
        options.town.heat(prepaid.serial, { from: options.now, to: instant(options.now + HEATER_MS), watts });
      };
      if (await creditTo(options, operatorId, accountId, number, wanted, leaveHeaterOn)) credited.push(number);
    }
  }
  return credited;
}

async function creditTo(
  { db, available, now }: RunDownOptions,
  operatorId: OperatorId,
  accountId: AccountId,
  number: string,
  wanted: Money,
  leaveHeaterOn: () => void,
): Promise<boolean> {
  const key = `demo-run-down/${number}`;
  if (await isTaken(db, operatorId, key)) return false;
  const before = await available(operatorId, accountId);
  if (before === null || before.minor >= wanted.minor) return false;
  leaveHeaterOn();
  const amount = { currency: wanted.currency, minor: wanted.minor - before.minor };
  const { kind } = await takePayment(db, { operatorId, accountId, amount, channel: "cash", key, at: now });
  return kind === "posted";
}

/** A key that was used on an earlier start, with whatever amount. */
const isTaken = async (db: Database, operatorId: OperatorId, key: string): Promise<boolean> =>
  db.as(operatorId, async (trx) => {
    const { rows } = await sql`select 1 from sanbiao.journal
      where operator_id = ${operatorId} and idempotency_key = ${`payment/${key}`}`.execute(trx);
    return rows.length > 0;
  });
