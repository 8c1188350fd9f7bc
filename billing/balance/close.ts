import type { Transaction } from "kysely";
import type { Logger } from "pino";
import { CodedError } from "../../domain/errors.ts";
import { type Clock, DAY_MS, instant } from "../../domain/instant.ts";
import { type Day, daysOf, type Period, startOfDay, type Zone } from "../../domain/period.ts";
import type { OperatorId } from "../../domain/reading.ts";
import {
  type BalanceToWrite,
  type ClosedBalance,
  isSameBalance,
  lockClosing,
  openClosings,
  writeBalance,
} from "../../ledger/balances.ts";
import { readFloorAreas, readTakers, readTopology, ruleOn } from "../../ledger/topology.ts";
import { readHouseholds } from "../../ledger/usage.ts";
import { belowOf, type Hanging, hangings, treeOf } from "../../metering/topology.ts";
import type { Database } from "../../schema/database.ts";
import type { Tables } from "../../schema/tables.ts";
import { operatorFacts } from "../operator.ts";
import type { DialBook } from "../tariffs.ts";
import { publishedBalance } from "./decide.ts";
import { readPointUses, type Stretch } from "./uses.ts";
import { weigh } from "./weigh.ts";

export type BalanceDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly dials: DialBook;
  readonly log?: Logger;
};

export type ClosingRequest = {
  readonly masterPointId: bigint;
  readonly period: Period;
  /** Why once more; may be empty at the first closing. */
  readonly reason: string;
  readonly by: bigint | null;
};

/** `same`: it stands already with these very figures. `needs_reason`: another one stands, and nobody said why. */
export type ClosingOutcome =
  | ({ readonly kind: "closed" | "superseded" | "same" } & ClosedBalance)
  | { readonly kind: "needs_reason"; readonly balanceId: bigint };

/** Closes a master's period, or closes it again: one transaction; two people at once wait for each other, and the second finds the same. */
export async function closeBalance(
  { db, clock, dials }: BalanceDeps,
  operatorId: OperatorId,
  { masterPointId, period, reason, by }: ClosingRequest,
): Promise<ClosingOutcome> {
  return db.as(operatorId, async (trx) => {
    const before = await lockClosing(trx, masterPointId, period);
    const balance = await computeBalance(trx, dials, masterPointId, period);
    if (before !== null && (await isSameBalance(trx, before.balanceId, balance))) return { kind: "same", ...before };
    if (before !== null && reason === "") return { kind: "needs_reason", balanceId: before.balanceId };
    const why = before === null && by === null ? "" : reason;
    const written = await writeBalance(trx, balance, { before, reason: why, at: clock.now(), by });
    return { kind: before === null ? "closed" : "superseded", ...written };
  });
}

/** The balance as it would be published now. @throws CodedError `request.not-found` when there is no such master */
export async function computeBalance(
  trx: Transaction<Tables>,
  dials: DialBook,
  masterPointId: bigint,
  period: Period,
): Promise<BalanceToWrite> {
  const { zone } = await operatorFacts(trx);
  const days = daysOf(period, zone);
  const { points, placements } = await readTopology(trx, masterPointId);
  const master = points.find(({ usagePointId, role }) => usagePointId === masterPointId && role === "master");
  if (master === undefined) throw new CodedError("request.not-found", `There is no master ${masterPointId}.`);
  const { utility } = master;
  const tree = treeOf(hangings(points, placements, days.from, days.to));
  const below = belowOf(masterPointId, tree);
  const direct = tree.get(masterPointId) ?? [];
  const rule = await ruleOn(trx, masterPointId, days.from);
  const takers = (await readTakers(trx, [...below], days.from, days.to)).filter(
    ({ usagePointId }) =>
      !direct.some((hanging) => hanging.usagePointId === usagePointId && hanging.purpose === "common"),
  );
  const own = rule?.key === "usage" ? takers : [];
  const stretches = [
    { usagePointId: masterPointId, period },
    ...direct.map((hanging) => ({ usagePointId: hanging.usagePointId, period: periodOf(hanging, period, zone) })),
    ...own.map((taker) => ({ usagePointId: taker.usagePointId, period: periodOf(taker, period, zone) })),
  ];
  const useOf = await readPointUses(trx, { utility, stretches, dials });
  const accountIds = [...new Set(takers.map(({ accountId }) => accountId))];
  const households = await readHouseholds(trx, accountIds);
  const used = new Map<bigint, bigint>();
  for (const taker of own) {
    const use = useOf(taker.usagePointId, [periodOf(taker, period, zone)]);
    used.set(taker.accountId, (used.get(taker.accountId) ?? 0n) + use.quantity);
  }
  return publishedBalance({
    utility,
    period,
    master: useOf(masterPointId, [period]),
    parts: [...Map.groupBy(direct, ({ usagePointId, purpose }) => `${usagePointId} ${purpose}`).values()].map(
      (own) => ({
        ...useOf(
          (own[0] as Hanging).usagePointId,
          own.map((hanging) => periodOf(hanging, period, zone)),
        ),
        purpose: (own[0] as Hanging).purpose,
      }),
    ),
    rule,
    claims:
      rule === null
        ? []
        : weigh({
            key: rule.key,
            takers,
            areas: await readFloorAreas(trx, accountIds),
            persons: new Map(
              [...households].map(([id, of]) => [id, of.map(({ from, persons }) => ({ from, size: BigInt(persons) }))]),
            ),
            used,
          }),
  });
}

const periodOf = (
  { from, to }: { readonly from: Day; readonly to: Day },
  whole: Period,
  zone: Zone,
): Stretch["period"] => ({
  from: instant(Math.max(startOfDay(from, zone), whole.from)),
  to: instant(Math.min(startOfDay(to, zone), whole.to)),
});

/** A balance that is provisional or rests on estimates is looked at again for so long; later it is a person's question. Our choice. */
const AGAIN_MS = 100 * DAY_MS;
const AGAIN_REASON = "provisional or estimated before; readings came later";

/** Closes what bill runs have left behind. One that cannot be closed keeps none of the others waiting. */
export async function closeDueBalances(deps: BalanceDeps, operatorId: OperatorId): Promise<number> {
  const now = deps.clock.now();
  const open = await deps.db.as(operatorId, (trx) => openClosings(trx, now, instant(now - AGAIN_MS)));
  let closed = 0;
  for (const { masterPointId, period } of open) {
    try {
      const outcome = await closeBalance(deps, operatorId, { masterPointId, period, reason: AGAIN_REASON, by: null });
      if (outcome.kind === "closed" || outcome.kind === "superseded") closed++;
    } catch (error) {
      deps.log?.error({ err: error, masterPointId: `${masterPointId}` }, "a balance could not be closed");
    }
  }
  return closed;
}
