import { CodedError } from "../../domain/errors.ts";
import { daysOf, monthOf, type Period } from "../../domain/period.ts";
import type { AccountId, OperatorId } from "../../domain/reading.ts";
import type { Tariff } from "../../domain/tariff.ts";
import type { Utility } from "../../domain/unit.ts";
import { offeredTariffs, takenUtilities } from "../../ledger/tried-accounts.ts";
import { operatorFacts } from "../operator.ts";
import { withOwnTariffs } from "../own-tariffs.ts";
import { type WhatIfDeps, whatIf } from "./run.ts";
import { throughout } from "./replacement.ts";
import type { AccountChange } from "./summary.ts";

/** What one tariff would have cost; `change` null: it cannot be said, `why` tells the reason. */
export type TariffOption = {
  readonly tariffId: string;
  readonly title: Tariff["title"];
  readonly isCurrent: boolean;
  readonly change: AccountChange | null;
  readonly why: string;
};

/** The options of one utility of an account, the cheapest first, those that cannot be priced last. */
export type UtilityOptions = {
  readonly utility: Utility;
  readonly current: string;
  readonly options: readonly TariffOption[];
};

/** How far back an option is tried: a ladder by year and both seasons are in it. */
const MONTHS = 12;

/**
 * Every tariff that the operator supplies this utility under, over the last twelve whole months of the account. A version that began
 * later is tried as if it had always held.
 * @param more tariff ids that nobody is under yet
 */
export async function bestOptions(
  deps: WhatIfDeps,
  operatorId: OperatorId,
  accountId: AccountId,
  more: readonly string[] = [],
): Promise<{ readonly period: Period; readonly utilities: readonly UtilityOptions[] }> {
  const asked = await deps.db.as(operatorId, async (trx) => {
    const { zone } = await operatorFacts(trx);
    const now = deps.clock.now();
    const period = { from: monthOf(now, zone, -MONTHS).from, to: monthOf(now, zone).from };
    const days = daysOf(period, zone);
    const taken = await takenUtilities(trx, accountId, days);
    const offered: { utility: Utility; current: string; ids: string[] }[] = [];
    for (const { utility, tariffId } of taken) {
      const ids = [...(await offeredTariffs(trx, utility, days)), ...more];
      offered.push({ utility, current: tariffId, ids: [...new Set(ids)] });
    }
    return { period, offered, tariffs: await withOwnTariffs(trx, deps.tariffs) };
  });
  if (asked.offered.length === 0) {
    throw new CodedError("request.not-found", `Account ${accountId} has no agreement in the last ${MONTHS} months.`);
  }
  const utilities: UtilityOptions[] = [];
  for (const { utility, current, ids } of asked.offered) {
    const options: TariffOption[] = [];
    for (const id of ids) {
      const versions = asked.tariffs(id) ?? [];
      if (versions[0]?.utility !== utility) continue;
      options.push(await optionOf(deps, operatorId, { accountId, period: asked.period, versions, current }));
    }
    utilities.push({ utility, current, options: options.sort(cheapestFirst) });
  }
  return { period: asked.period, utilities };
}

type Tried = {
  readonly accountId: AccountId;
  readonly period: Period;
  readonly versions: readonly Tariff[];
  readonly current: string;
};

async function optionOf(deps: WhatIfDeps, operatorId: OperatorId, tried: Tried): Promise<TariffOption> {
  const { accountId, period, versions, current } = tried;
  const ordered = versions.toSorted((a, b) => (a.effectiveFrom < b.effectiveFrom ? -1 : 1));
  const newest = ordered.at(-1) as Tariff;
  const first = throughout(ordered[0] as Tariff);
  // The oldest version also prices the days before it, so that a young option can be compared over the same months.
  const held = ordered.length === 1 ? [first] : [{ ...first, ...until(ordered[1]) }, ...ordered.slice(1)];
  const told = { tariffId: newest.id, title: newest.title, isCurrent: newest.id === current };
  const ask = { scope: { accountIds: [accountId] }, period, replacements: [{ versions: held }] };
  for await (const { changes, leftOut } of whatIf(deps, operatorId, ask)) {
    const [change] = changes;
    if (change !== undefined) return { ...told, change, why: "" };
    const [out] = leftOut;
    if (out !== undefined) return { ...told, change: null, why: `${out.month}: ${out.detail}` };
  }
  return { ...told, change: null, why: "" };
}

const until = (next: Tariff | undefined): Pick<Tariff, "effectiveTo"> =>
  next === undefined ? {} : { effectiveTo: next.effectiveFrom };

const cheapestFirst = (a: TariffOption, b: TariffOption): number => {
  if (a.change === null || b.change === null) return a.change === b.change ? 0 : a.change === null ? 1 : -1;
  if (a.change.after !== b.change.after) return a.change.after < b.change.after ? -1 : 1;
  return a.isCurrent ? -1 : b.isCurrent ? 1 : 0;
};
