import { setOffPossible } from "../../billing/closing/figures.ts";
import type { FinalBill } from "../../billing/closing/final-bill.ts";
import { refundDue } from "../../billing/closing/refund.ts";
import { addMoney, moneyJson, sumMoney } from "../../domain/money.ts";
import { startOfDay } from "../../domain/period.ts";
import { decimalText } from "../../domain/quantity.ts";
import { REGISTERS } from "../../domain/register.ts";
import { type AccountClosing, type ClosingFigures, readClosing, restOf } from "../../ledger/account-closings.ts";
import { atText, dayText, type Desk, moneyOf } from "../desk.ts";
import type { AccountClosingJson, ClosingFiguresJson, FinalBillJson } from "../schemas/account-closing.ts";

export function closingFiguresJson(desk: Desk, figures: ClosingFigures): ClosingFiguresJson {
  const money = (minor: bigint) => moneyOf(desk, minor);
  const { deposit, supplyOwed, propertyOwed, supplyPaid, propertyPaid, supplySetOff, propertySetOff } = figures;
  const { stillOwed, refundDue: due } = restOf(figures);
  return {
    deposit: money(deposit),
    owed: { supply: money(supplyOwed), property: money(propertyOwed) },
    paid: { supply: money(supplyPaid), property: money(propertyPaid) },
    setOff: { supply: money(supplySetOff), property: money(propertySetOff) },
    stillOwed: money(stillOwed),
    refundDue: money(due),
  };
}

/** How an account was closed and what it is to be given back now; `null` = it was not. */
export async function accountClosing(desk: Desk, accountId: bigint): Promise<AccountClosingJson | null> {
  const closing = await readClosing(desk.trx, accountId);
  return closing === null ? null : closingJson(desk, closing);
}

export async function closingJson(desk: Desk, closing: AccountClosing): Promise<AccountClosingJson> {
  const due = await refundDue(desk.trx, closing.accountId, desk.currency);
  if (due === null) throw new Error(`account ${closing.accountId} is closed`);
  const { billId, billNumber } = closing;
  return {
    onDay: closing.onDay,
    bill: billId === null || billNumber === null ? null : { id: String(billId), number: billNumber },
    closedAt: atText(desk, closing.closedAt),
    figures: closingFiguresJson(desk, closing),
    setOffConsent: closing.setOffConsent,
    refundDue: {
      deposit: moneyJson(due.deposit),
      credit: moneyJson(addMoney(due.supply, due.property)),
      total: moneyJson(due.total),
    },
  };
}

function setOffJson(desk: Desk, { figures, setOff: { rule, consent } }: FinalBill): FinalBillJson["setOff"] {
  const possible = figures === null ? null : setOffPossible(figures);
  const money = (minor: bigint) => moneyOf(desk, minor);
  return {
    rule,
    consent,
    possible: possible === null ? null : { supply: money(possible.supply), property: money(possible.property) },
  };
}

export function finalBillJson(desk: Desk, shown: FinalBill): FinalBillJson {
  const { bill, period, onDay, figures } = shown;
  const lines = bill?.lines ?? [];
  const charges = bill?.charges ?? [];
  const amounts = [...lines, ...charges].map(({ amount }) => amount);
  return {
    onDay,
    boundaryAt: atText(desk, startOfDay(onDay, desk.zone)),
    periodFrom: period === null ? null : dayText(desk, period.from),
    refused: shown.refused,
    boundary: shown.boundary.map(({ meterId, ...one }) => ({
      ...one,
      meterId: String(meterId),
      unit: REGISTERS[one.register].unit,
    })),
    proposed: shown.proposed.flatMap(({ meterId, register, says }) =>
      says.kind !== "value" || says.source !== "estimate"
        ? []
        : [
            {
              meterId: String(meterId),
              register,
              value: decimalText(says.value),
              unit: REGISTERS[register].unit,
              method: says.method,
            },
          ],
    ),
    notProposed: [...shown.notProposed],
    lines: [
      ...lines.map((line) => ({
        utility: line.utility,
        titleZh: line.title.zh,
        titleEn: line.title.en,
        tier: line.tier ?? null,
        tou: line.tou ?? null,
        quantity: line.quantity === undefined ? null : decimalText(line.quantity),
        unit: line.unit ?? null,
        price: line.price ?? null,
        amount: moneyJson(line.amount),
      })),
      ...charges.map((charge) => ({
        utility: null,
        titleZh: charge.title.zh,
        titleEn: charge.title.en,
        tier: null,
        tou: null,
        quantity: charge.quantity,
        unit: charge.unit,
        price: charge.price,
        amount: moneyJson(charge.amount),
      })),
    ],
    total: moneyJson(sumMoney(desk.currency, amounts)),
    figures: figures === null ? null : closingFiguresJson(desk, figures),
    setOff: setOffJson(desk, shown),
    digest: shown.digest,
  };
}
