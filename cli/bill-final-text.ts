import type { FinalBill } from "../billing/closing/final-bill.ts";
import { setOffPossible } from "../billing/closing/figures.ts";
import { amountText, type Currency, money, sumMoney } from "../domain/money.ts";
import { decimalText } from "../domain/quantity.ts";
import { restOf } from "../ledger/account-closings.ts";

/** A final bill as a person reads it in a terminal. */
export function billFinalText(account: string, shown: FinalBill, currency: Currency): string {
  const { bill, onDay, refused, boundary, proposed, notProposed, figures, digest } = shown;
  const amount = (minor: bigint): string => amountText(money(currency, minor));
  const lines = [`Final bill of account ${account} up to ${onDay}, that day not included. Nothing was written.`];
  for (const { serial, register, value, basis, method } of boundary)
    lines.push(`  meter ${serial} ${register}: ${value ?? "–"} (${basis}${method === null ? "" : `, ${method}`})`);
  if (refused !== null) lines.push(`There can be no bill: ${refused.reason} ${refused.detail}`);
  for (const { meterId, register, says } of proposed)
    if (says.kind === "value" && says.source === "estimate")
      lines.push(
        `  meter ${meterId} ${register}: nobody read it; ${decimalText(says.value)} (${says.method}) if the customer agrees: --agreed-by, --agreed-on, --reference`,
      );
  for (const why of notProposed) lines.push(`  no estimate: ${why}`);
  if (figures === null || digest === null) return lines.join("\n");
  if (shown.period === null) lines.push("Everything up to that day is billed already: no further bill.");
  for (const { key, amount: of } of [...(bill?.lines ?? []), ...(bill?.charges ?? [])])
    lines.push(`  ${key} ${amountText(of)}`);
  const total = sumMoney(
    currency,
    [...(bill?.lines ?? []), ...(bill?.charges ?? [])].map((one) => one.amount),
  );
  const { deposit, supplyOwed, propertyOwed } = figures;
  const { paid, stillOwed, refundDue } = restOf(figures);
  lines.push(
    `Total ${amountText(total)} ${currency}; owed with it: supply ${amount(supplyOwed)}, other ${amount(propertyOwed)}.`,
    `Deposit ${amount(deposit)} pays ${amount(paid)}; ${setOffText(shown, amount)}still to pay ${amount(stillOwed)}; refund due ${amount(refundDue)}.`,
    `Close the account as shown: --issue ${digest}`,
  );
  return lines.join("\n");
}

/** What is set off, or could be if the customer said so. */
function setOffText({ figures, setOff }: FinalBill, amount: (minor: bigint) => string): string {
  if (figures === null) return "";
  const { supplySetOff, propertySetOff } = figures;
  if (supplySetOff > 0n) return `other credit of ${amount(supplySetOff)} pays supply; `;
  if (propertySetOff > 0n) return `supply credit of ${amount(propertySetOff)} pays other debt; `;
  const { supply, property } = setOffPossible(figures);
  if (setOff.rule !== "on_consent" || supply + property === 0n) return "";
  return `${amount(supply + property)} could be set off if the customer agrees (--set-off-by, --set-off-on, --set-off-reference); `;
}
