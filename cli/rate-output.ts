import { stateJson } from "../billing/rate/account-file.ts";
import type { LadderWalk } from "../billing/rate.ts";
import type { RatedPeriod } from "../billing/rate/periods.ts";
import { unseenIn } from "../billing/rate/unseen.ts";
import type { Line } from "../domain/bill.ts";
import { type Instant, isoIn } from "../domain/instant.ts";
import { amountText, type Money, moneyJson, sumMoney } from "../domain/money.ts";
import { type Period, type Zone, dayOf, startOfDay } from "../domain/period.ts";
import { type Micro, decimalText } from "../domain/quantity.ts";
import type { Tariff } from "../domain/tariff.ts";
import type { Usage } from "../domain/usage.ts";

const totalOf = (rated: readonly RatedPeriod[], tariff: Tariff): Money =>
  sumMoney(
    tariff.currency,
    rated.map((period) => period.total),
  );

const periodJson = ({ from, to }: Period, zone: Zone) => ({ from: isoIn(from, zone), to: isoIn(to, zone) });
const micro = (value: Micro, unit: string) => ({ value: decimalText(value), unit });

/** The document of `--json`. */
export function ratedJson(tariffs: readonly Tariff[], usage: Usage, rated: readonly RatedPeriod[]) {
  const tariff = tariffs[0] as Tariff;
  const { zone, unit } = tariff;
  return {
    tariff: {
      id: tariff.id,
      versions: tariffs.map(({ version, effectiveFrom, effectiveTo }) => ({ version, effectiveFrom, effectiveTo })),
      utility: tariff.utility,
      unit,
      currency: tariff.currency,
      zone,
      ...(tariff.confirm === undefined ? {} : { confirm: tariff.confirm }),
    },
    usage: { ...periodJson(usage.servicePeriod, zone), quantity: micro(usage.total, unit), basis: usage.basis },
    unseen: unseenIn(usage).map((period) => periodJson(period, zone)),
    billPeriods: rated.map(({ period, lines, ladders, total, state, ladderUsed }) => ({
      ...periodJson(period, zone),
      lines: lines.map((line) => lineJson(line, zone)),
      ladders: ladders.map((walk) => ladderJson(walk, zone, unit)),
      total: moneyJson(total),
      // Both go into the account file of the next period.
      ladderUsedBefore: Object.fromEntries(
        Object.entries(ladderUsed).map(([charge, used]) => [charge, decimalText(used)]),
      ),
      state: stateJson(state),
    })),
    total: moneyJson(totalOf(rated, tariff)),
  };
}

function lineJson(line: Line, zone: Zone) {
  const {
    key,
    utility,
    tariffId,
    tariffVersion,
    charge,
    kind,
    tier,
    tou,
    period,
    quantity,
    unit,
    price,
    amount,
    included,
    basis,
    measuredBy,
  } = line;
  return {
    key,
    utility,
    tariffId,
    version: tariffVersion,
    charge,
    kind,
    tier,
    tou,
    period: periodJson(period, zone),
    quantity: quantity === undefined || unit === undefined ? undefined : micro(quantity, unit),
    price,
    amount: moneyJson(amount),
    included: included === undefined ? undefined : moneyJson(included),
    basis,
    measuredBy,
    title: line.title,
  };
}

const ladderJson = (walk: LadderWalk, zone: Zone, unit: string) => ({
  charge: walk.charge,
  version: walk.tariffVersion,
  stretch: periodJson(walk.stretch, zone),
  ladderPeriod: periodJson(walk.ladderPeriod, zone),
  persons: walk.persons,
  thresholds: walk.thresholds.map((threshold) => micro(threshold, unit)),
  usedBefore: micro(walk.usedBefore, unit),
  usedAfter: micro(walk.usedAfter, unit),
});

const UNSEEN_TOLD = 5;

/** For people: each bill period as a small table. */
export function ratedText(tariffs: readonly Tariff[], usage: Usage, rated: readonly RatedPeriod[]): string {
  const tariff = tariffs[0] as Tariff;
  const { zone, currency } = tariff;
  const out = [`${tariff.title.zh} · ${tariff.title.en} (${tariff.id})`];
  if (tariff.confirm !== undefined) out.push(tariff.confirm.zh, tariff.confirm.en);
  out.push(`${periodText(usage.servicePeriod, zone)}: ${decimalText(usage.total)} ${tariff.unit} (${usage.basis})`);
  const unseen = unseenIn(usage);
  for (const period of unseen.slice(0, UNSEEN_TOLD))
    out.push(`! no use is given for ${periodText(period, zone)}: priced as none`);
  if (unseen.length > UNSEEN_TOLD) out.push(`! and for ${unseen.length - UNSEEN_TOLD} stretches more`);
  for (const { period, lines, total } of rated) {
    out.push(
      "",
      periodText(period, zone),
      ...table(lines.map((line) => lineCells(line, zone, period))),
      `  = ${amountText(total)} ${currency}`,
    );
  }
  if (rated.length > 1) out.push("", `${amountText(totalOf(rated, tariff))} ${currency}`);
  return out.join("\n");
}

function lineCells(line: Line, zone: Zone, bill: Period): string[] {
  const own = line.period.from === bill.from && line.period.to === bill.to;
  const included = line.included === undefined ? "" : `(${amountText(line.included)} included)`;
  return [
    `${line.title.zh} ${line.title.en}`,
    line.tier === undefined ? "" : `tier ${line.tier}`,
    line.tou ?? "",
    line.quantity === undefined ? "" : `${decimalText(line.quantity)} ${line.unit ?? ""}`,
    line.price === undefined ? "" : `× ${line.price}`,
    amountText(line.amount),
    [line.tariffVersion, own ? "" : periodText(line.period, zone), included].filter((text) => text !== "").join(" "),
  ];
}

/** Chinese characters take two columns. */
function width(text: string): number {
  let columns = 0;
  for (const char of text) columns += char.charCodeAt(0) >= 0x2e80 ? 2 : 1;
  return columns;
}

function table(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ""))));
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const pad = " ".repeat((widths[column] ?? 0) - width(cell));
      return column >= 3 && column <= 5 ? pad + cell : cell + pad;
    });
    return `  ${cells.filter((_, column) => widths[column] !== 0).join("  ")}`.trimEnd();
  });
}

const periodText = ({ from, to }: Period, zone: Zone): string => `${momentText(from, zone)} .. ${momentText(to, zone)}`;

function momentText(at: Instant, zone: Zone): string {
  const day = dayOf(at, zone);
  return startOfDay(day, zone) === at ? day : isoIn(at, zone);
}

/** One line for each tariff of the catalogue. */
export const catalogueText = (tariffs: readonly Tariff[]): string =>
  tariffs.map((tariff) => `${tariff.id}  ${tariff.version}  ${tariff.title.zh} · ${tariff.title.en}`).join("\n");
