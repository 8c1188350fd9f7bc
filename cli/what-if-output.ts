import type { optionsJson } from "../api/queries/what-if.ts";
import type { AccountChange, ChangeBin, LeftOut, WhatIfSummary } from "../billing/what-if/summary.ts";
import { amountText, type Currency, money } from "../domain/money.ts";
import { decimalText } from "../domain/quantity.ts";

/** Left out accounts that are named; the rest is in `--json` and `--csv`. */
const LEFT_OUT_SHOWN = 10;
const BAR_WIDTH = 40;

/** A comparison for people: totals, utilities, who pays more or less, how changes spread. */
export function summaryText(currency: Currency, summary: WhatIfSummary, leftOut: readonly LeftOut[]): string {
  const amount = (minor: bigint): string => amountText(money(currency, minor)).padStart(14);
  const signed = (minor: bigint): string => ((minor > 0n ? "+" : "") + amountText(money(currency, minor))).padStart(14);
  const { before, after, accounts, more, less, same, moreBy, lessBy } = summary;
  const lines = [
    `${accounts} accounts compared, ${summary.leftOut} left out (${currency})`,
    "",
    `${"".padEnd(14)}${"before".padStart(14)}${"after".padStart(14)}${"change".padStart(14)}`,
    ...summary.utilities.map(
      (one) =>
        `${one.utility.padEnd(14)}${amount(one.before)}${amount(one.after)}${signed(one.after - one.before)}` +
        (one.guessed === 0n ? "" : `   hours of ${decimalText(one.guessed)} ${one.unit} unknown, shared by time`),
    ),
    `${"total".padEnd(14)}${amount(before)}${amount(after)}${signed(after - before)}`,
    "",
    `${String(more).padStart(7)} pay more ${signed(moreBy)}`,
    `${String(less).padStart(7)} pay less ${signed(lessBy)}`,
    `${String(same).padStart(7)} the same`,
  ];
  if (more + less > 0) lines.push("", ...barsOf(currency, summary.bins));
  if (more > 0) lines.push("", "Largest rises", ...summary.topMore.map((one) => moverText(one, signed)));
  if (less > 0) lines.push("", "Largest savings", ...summary.topLess.map((one) => moverText(one, signed)));
  if (leftOut.length > 0) lines.push("", "Left out", ...leftOut.slice(0, LEFT_OUT_SHOWN).map(leftOutText));
  if (leftOut.length > LEFT_OUT_SHOWN) lines.push(`  and ${leftOut.length - LEFT_OUT_SHOWN} more`);
  return lines.join("\n");
}

function barsOf(currency: Currency, bins: readonly ChangeBin[]): string[] {
  const most = Math.max(...bins.map(({ accounts }) => accounts), 1);
  const edge = (minor: bigint | null): string => (minor === null ? "…" : amountText(money(currency, minor)));
  return bins.map(({ from, to, accounts }) => {
    const range = from === 0n && to === 0n ? "0" : `${edge(from)} to ${edge(to)}`;
    return `${range.padStart(24)}  ${"█".repeat(Math.ceil((accounts / most) * BAR_WIDTH))} ${accounts}`;
  });
}

const moverText = (one: AccountChange, signed: (minor: bigint) => string): string =>
  `${signed(one.after - one.before)}  ${one.number}  ${one.name}`;
const leftOutText = ({ number, reason, month, detail }: LeftOut): string =>
  `  ${number}  ${reason} ${month}  ${detail}`;

/** The options of an account, the cheapest first. */
export function optionsText(utilities: readonly ReturnType<typeof optionsJson>[]): string {
  return utilities
    .flatMap(({ utility, options }) => [
      utility,
      ...options.map(({ tariffId, title, isCurrent, cost, change, why }) => {
        const price = cost === null ? `cannot be said: ${why}` : `${cost.amount} (${change?.amount ?? ""})`;
        return `  ${isCurrent ? "*" : " "} ${price.padEnd(28)} ${tariffId}  ${title.zh} · ${title.en}`;
      }),
    ])
    .concat("* as it is now; in brackets the change")
    .join("\n");
}
