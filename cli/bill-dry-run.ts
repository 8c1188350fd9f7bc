import type { Compared, DryRun } from "../billing/dry-run.ts";
import { amountText, moneyJson } from "../domain/money.ts";

const comparedJson = ({ now, last }: Compared) => ({ now: moneyJson(now), last: moneyJson(last) });

/** As JSON says it. */
export const dryRunJson = (run: DryRun) => ({
  dryRun: true,
  bills: run.bills,
  first: run.first,
  total: comparedJson(run.total),
  utilities: Object.fromEntries([...run.utilities].map(([utility, pair]) => [utility, comparedJson(pair)])),
  property: comparedJson(run.property),
  changes: run.changes.map(({ accountId, number, now, last, lastNumber }) => ({
    account: accountId,
    number,
    now: moneyJson(now),
    last: last === null ? null : moneyJson(last),
    lastBill: lastNumber,
  })),
  held: run.held.map(({ accountId, number, why, now, last }) => ({
    account: accountId,
    number,
    why,
    now: moneyJson(now),
    last: last === null ? null : moneyJson(last),
  })),
  refused: run.refused.map(({ accountId, number, reason, detail }) => ({ account: accountId, number, reason, detail })),
});

/** As people read it. */
export function dryRunText(run: DryRun): string {
  const row = (name: string, { now, last }: Compared): string =>
    `  ${name.padEnd(12)} ${amountText(now).padStart(14)}   last ${amountText(last).padStart(14)}   ${changeText(now.minor, last.minor)}`;
  return [
    `${run.bills} bills would be issued, ${run.first} of them first bills and ${run.held.length} held; ${run.refused.length} accounts would wait for a person. Nothing was written.`,
    row("total", run.total),
    ...[...run.utilities].map(([utility, pair]) => row(utility, pair)),
    row("property", run.property),
    ...(run.changes.length === 0 ? [] : ["Largest changes:"]),
    ...run.changes.map(
      ({ number, now, last }) =>
        `  account ${number}: ${amountText(now)}${last === null ? "" : ` after ${amountText(last)} (${changeText(now.minor, last.minor)})`}`,
    ),
    ...run.held.map(({ number, why, now }) => `  account ${number} would be held at ${amountText(now)}: ${why}`),
    ...run.refused.map(({ number, reason, detail }) => `  account ${number} waits: ${reason} ${detail}`),
  ].join("\n");
}

/** In percent of the last, one place; a sign always. */
function changeText(now: bigint, last: bigint): string {
  if (last === 0n) return now === 0n ? "±0 %" : "new";
  const permille = ((now - last) * 1000n) / (last < 0n ? -last : last);
  const size = permille < 0n ? -permille : permille;
  return `${permille < 0n ? "−" : "+"}${size / 10n}.${size % 10n} %`;
}
