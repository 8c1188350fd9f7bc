import { sql } from "kysely";
import { withOwnTariffs } from "../../billing/own-tariffs.ts";
import { catalogueTariffs } from "../../billing/tariffs.ts";
import type { TariffOption, UtilityOptions } from "../../billing/what-if/best.ts";
import { type AccountChange, changeOf, type LeftOut, type WhatIfSummary } from "../../billing/what-if/summary.ts";
import { TARIFFS } from "../../catalog/tariffs/catalogue.ts";
import { type Currency, money, moneyJson } from "../../domain/money.ts";
import { dayOf } from "../../domain/period.ts";
import { TARIFF_VERSIONS } from "../../ledger/tariffs.ts";
import { type Desk, quantityOf } from "../desk.ts";
import type { MoneyJson } from "../schemas/json.ts";
import type { AccountChangeJson, LeftOutJson, TariffChoicesJson, WhatIfSummaryJson } from "../schemas/what-if.ts";
import { buildings } from "./buildings.ts";

const moneyIn =
  (currency: Currency) =>
  (minor: bigint): MoneyJson =>
    moneyJson(money(currency, minor));

export function accountChangeJson(currency: Currency, one: AccountChange): AccountChangeJson {
  const amount = moneyIn(currency);
  const { accountId, number, name, building, room, before, after, utilities } = one;
  return {
    accountId: String(accountId),
    number,
    name,
    building,
    room,
    before: amount(before),
    after: amount(after),
    change: amount(changeOf(one)),
    utilities: utilities.map((of) => utilityJson(currency, of)),
  };
}

function utilityJson(currency: Currency, one: AccountChange["utilities"][number]) {
  const amount = moneyIn(currency);
  const { utility, unit, quantity, before, after, guessed } = one;
  return {
    utility,
    quantity: quantityOf(quantity, unit),
    before: amount(before),
    after: amount(after),
    change: amount(after - before),
    guessed: quantityOf(guessed, unit),
  };
}

export const leftOutJson = ({ accountId, ...one }: LeftOut): LeftOutJson => ({ ...one, accountId: String(accountId) });

export function summaryJson(currency: Currency, summary: WhatIfSummary): WhatIfSummaryJson {
  const amount = moneyIn(currency);
  const { before, after, moreBy, lessBy, utilities, bins, topMore, topLess, ...counts } = summary;
  return {
    ...counts,
    before: amount(before),
    after: amount(after),
    change: amount(after - before),
    moreBy: amount(moreBy),
    lessBy: amount(lessBy),
    utilities: utilities.map((one) => ({ ...utilityJson(currency, one), accounts: one.accounts })),
    bins: bins.map(({ from, to, accounts }) => ({
      from: from === null ? null : amount(from),
      to: to === null ? null : amount(to),
      accounts,
    })),
    topMore: topMore.map((one) => accountChangeJson(currency, one)),
    topLess: topLess.map((one) => accountChangeJson(currency, one)),
  };
}

export function optionsJson(currency: Currency, { utility, current, options }: UtilityOptions) {
  const amount = moneyIn(currency);
  const optionJson = ({ tariffId, title, isCurrent, change, why }: TariffOption) => {
    const [used] = change?.utilities ?? [];
    return {
      tariffId,
      title: { ...title },
      isCurrent,
      cost: change === null ? null : amount(change.after),
      change: change === null ? null : amount(changeOf(change)),
      guessed: used === undefined ? null : quantityOf(used.guessed, used.unit),
      why,
    };
  };
  return { utility, current, options: options.map(optionJson) };
}

/** Tariffs that can be tried, those that this operator supplies under first. */
export async function tariffChoices(desk: Desk): Promise<TariffChoicesJson> {
  const today = dayOf(desk.now, desk.zone);
  const { rows } = await sql<{ tariff_id: string; n: number }>`
    select tariff_id, count(*)::int as n from agreement
     where operator_id = ${desk.operatorId} and from_day <= ${today}::date and (to_day is null or to_day > ${today}::date)
     group by tariff_id`.execute(desk.trx);
  const used = new Map(rows.map((row) => [row.tariff_id, row.n]));
  const book = await withOwnTariffs(desk.trx, catalogueTariffs);
  const own = (await TARIFF_VERSIONS.versions(desk.trx)).filter(({ state }) => state === "published");
  const ids = [...new Set([...TARIFFS.map(({ id }) => id), ...own.map(({ documentId }) => documentId)])];
  const items = ids.flatMap((id) => {
    const versions = book(id) ?? [];
    const newest = versions.at(-1);
    if (newest === undefined) return [];
    const { utility, title } = newest;
    const shown = versions.map(({ version, effectiveFrom }) => ({ version, effectiveFrom }));
    return [{ id, utility, title: { ...title }, versions: shown, agreements: used.get(id) ?? 0 }];
  });
  items.sort((a, b) => b.agreements - a.agreements || (a.id < b.id ? -1 : 1));
  return { items, buildings: await buildings(desk) };
}
