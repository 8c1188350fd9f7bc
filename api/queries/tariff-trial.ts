import { withOwnTariffs } from "../../billing/own-tariffs.ts";
import type { Problem } from "../../billing/rate/schema.ts";
import { curveOf, curveQuantities, perOf } from "../../billing/tariff-curve.ts";
import { catalogueTariffs } from "../../billing/tariffs.ts";
import type { TriedAmount, TriedMonth } from "../../billing/what-if/tried-lines.ts";
import { money, moneyJson } from "../../domain/money.ts";
import { decimalText } from "../../domain/quantity.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { type Desk, quantityOf } from "../desk.ts";
import type { TariffTrialJson } from "../schemas/tariff.ts";
import { differenceJson, replayedExamples, standsAgainst, versionBefore } from "./tariffs.ts";

type Draft = { readonly tariff: Tariff } | { readonly problems: readonly Problem[] };

/** All that a document alone tells; of one that is not in the language only what is wrong with it. */
export async function trialJson(desk: Desk, draft: Draft): Promise<Omit<TariffTrialJson, "live">> {
  if ("problems" in draft) {
    const problems = draft.problems.map((one) => ({ ...one }));
    return { problems, publication: [], against: null, differences: [], examples: [], curve: null };
  }
  const { tariff } = draft;
  const published = (await withOwnTariffs(desk.trx, catalogueTariffs))(tariff.id) ?? [];
  const before = versionBefore(published, tariff);
  return {
    problems: [],
    publication: standsAgainst(published, tariff),
    ...differenceJson(before, tariff),
    examples: replayedExamples(tariff),
    curve: curveJson(before, tariff),
  };
}

function curveJson(before: Tariff | null, after: Tariff): TariffTrialJson["curve"] {
  const versions = before === null ? [after] : [before, after];
  const per = perOf(versions);
  const quantities = curveQuantities(versions);
  const now = curveOf(after, per, quantities);
  const was = before === null ? null : curveOf(before, per, quantities);
  const totals = (curve: typeof now | null): string[] | null =>
    curve === null || "why" in curve ? null : curve.points.map(({ total }) => total);
  return {
    per,
    quantities: quantities.map(decimalText),
    before: totals(was),
    after: totals(now),
    why: "why" in now ? now.why : "",
  };
}

export function triedMonthJson(tariff: Tariff, month: TriedMonth): TariffTrialJson["live"] {
  if (month.kind !== "rated") return month;
  const amount = (minor: bigint) => moneyJson(money(tariff.currency, minor));
  const side = (one: TriedAmount | null) =>
    one === null
      ? null
      : {
          quantity: one.quantity === null ? null : decimalText(one.quantity),
          price: one.price,
          amount: amount(one.minor),
        };
  const { kind, tariffIds, quantity, lines, before, after, example } = month;
  return {
    kind,
    tariffIds: [...tariffIds],
    quantity: quantityOf(quantity, tariff.unit),
    lines: lines.map(({ before: was, after: is, title, ...line }) => ({
      ...line,
      title: { ...title },
      before: side(was),
      after: side(is),
      change: amount((is?.minor ?? 0n) - (was?.minor ?? 0n)),
    })),
    before: amount(before),
    after: amount(after),
    change: amount(after - before),
    example: example === null ? null : { ...example },
  };
}
