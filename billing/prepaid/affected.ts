import { sql, type Transaction } from "kysely";
import type { Instant } from "../../domain/instant.ts";
import { type Money, money } from "../../domain/money.ts";
import type { PrepaidPolicy } from "../../domain/policy.ts";
import type { AccountId } from "../../domain/reading.ts";
import type { SupplyStage } from "../../domain/supply.ts";
import type { Tables } from "../../schema/tables.ts";
import { operatorFacts } from "../operator.ts";
import { cutLimitOf, type Decision, decide, type SupplyFacts } from "./decide.ts";
import { knownSupply, readMoney, readSupplies } from "./facts.ts";
import type { HeldReason } from "./hold.ts";
import { policiesInForce, type PolicyBook } from "./policies.ts";
import { forecast } from "./tonight/forecast.ts";
import { placesOf, type PlacedRow, standing } from "./tonight/read.ts";

/** What would be done next with a supply. */
export type NextStep = "nothing" | "warn_1" | "warn_2" | "recover" | "wait" | "cut" | "withdraw_cut" | "give_back";
export type Standing = {
  readonly stage: SupplyStage;
  readonly next: NextStep;
  readonly held: HeldReason | null;
  /** When an order to cut would leave if nobody pays, for a supply whose money is below the limit. */
  readonly cutAt: Instant | null;
};
export type AffectedRow = {
  readonly place: PlacedRow;
  readonly available: Money | null;
  readonly before: Standing;
  readonly after: Standing;
};
export type Affected = {
  /** Supplies that were looked at, and those beyond the length of the list. */
  readonly looked: number;
  readonly leftOut: number;
  readonly rows: readonly AffectedRow[];
};

/** Supplies looked at. Our choice: as many as a request may wait for. */
const LOOKED_MAX = 5_000;

/**
 * Whose stage or next step would be another if a policy counted now in place of the one that does: by the money and readings as they
 * were last seen. Decides nothing.
 * @param insteadOf the policy whose supplies are tried
 */
export async function affectedBy(
  trx: Transaction<Tables>,
  draft: PrepaidPolicy,
  { insteadOf, policies, now }: { readonly insteadOf: string; readonly policies: PolicyBook; readonly now: Instant },
): Promise<Affected> {
  const operator = await operatorFacts(trx);
  const inForce = await policiesInForce(trx, policies, { zone: operator.zone, now });
  const current = inForce(insteadOf);
  const ids = await suppliesOf(trx);
  const supplies = (await readSupplies(trx, ids.slice(0, LOOKED_MAX), now)).filter(
    (row) => row.policy_id === insteadOf,
  );
  if (current === null) return { looked: 0, leftOut: 0, rows: [] };
  const seen = supplies.map((row) => row.account_id);
  const balances = await readMoney(trx, seen, operator);
  const places = await placesOf(trx, seen);
  const around = await standing(trx, operator.zone, now);
  const rows = supplies.flatMap((row): AffectedRow[] => {
    const [book, place] = [balances.get(row.account_id), places.get(row.account_id)];
    if (book === undefined || place === undefined) return [];
    const unbilled = row.unbilled_minor === null ? null : money(operator.currency, row.unbilled_minor);
    const accrual = {
      unbilled,
      band: null,
      lastReadingAt: row.last_reading_at,
      estimated: false,
      held: false,
      note: "",
    };
    const { facts } = knownSupply(row, operator, book.balance, accrual, inForce);
    const standingUnder = (policy: PrepaidPolicy): Standing => {
      const isDue = facts.available !== null && facts.available.minor < cutLimitOf(facts, policy);
      const own = around.of(row.account_id, place.building);
      const foreseen =
        facts.desired === "disconnected"
          ? []
          : forecast([{ accountId: row.account_id, facts, policy, ...own, dueAt: isDue ? now : null }], now);
      const decision = decide(facts, policy, now);
      return {
        stage: decision.stage,
        next: nextOf(decision, facts),
        held: decision.held ?? null,
        cutAt: foreseen[0]?.cutAt ?? null,
      };
    };
    const [before, after] = [standingUnder(current), standingUnder(draft)];
    return isSame(before, after) ? [] : [{ place, available: facts.available, before, after }];
  });
  return { looked: supplies.length, leftOut: Math.max(0, ids.length - LOOKED_MAX), rows };
}

const isSame = (a: Standing, b: Standing): boolean =>
  a.stage === b.stage && a.next === b.next && a.held === b.held && a.cutAt === b.cutAt;

function nextOf({ control, withdraw, event, held }: Decision, facts: SupplyFacts): NextStep {
  if (control === "disconnect") return "cut";
  if (control === "connect") return "give_back";
  if (withdraw === true) return "withdraw_cut";
  if (event === "warned_1") return "warn_1";
  if (event === "warned_2") return "warn_2";
  if (event === "recovered") return "recover";
  return held === undefined && facts.open === null ? "nothing" : "wait";
}

async function suppliesOf(trx: Transaction<Tables>): Promise<AccountId[]> {
  const { rows } = await sql<{ account_id: AccountId }>`
    select account_id from sanbiao.supply where operator_id = sanbiao.operator_id()
     order by available_minor nulls first, account_id`.execute(trx);
  return rows.map((row) => row.account_id);
}
