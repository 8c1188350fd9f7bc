import type { BilledUsageJson, BillJson, BillLineJson } from "../../../../api/schemas/bill.ts";
import type { MoneyJson } from "../../../../api/schemas/json.ts";
import { addMoney } from "../../parts/decimal-text.ts";
import { UTILITY_ORDER } from "../../theme.ts";

export type Section = {
  readonly usagePointId: string;
  readonly utility: BillLineJson["utility"];
  /** One per agreement: two when the tariff changed within the month. */
  readonly usages: readonly BilledUsageJson[];
  readonly lines: readonly BillLineJson[];
  readonly subtotal: MoneyJson;
};

/** The lines of each usage point together, with their exact sum; what stands on no usage (a standing charge alone) is kept. */
export function sectionsOf(bill: BillJson): Section[] {
  const ids = [...new Set([...bill.usage.map((u) => u.usagePointId), ...bill.lines.map((l) => l.usagePointId)])];
  const none: MoneyJson = { amount: "0", currency: bill.total.currency };
  return ids
    .map((usagePointId): Section | null => {
      const usages = bill.usage.filter((u) => u.usagePointId === usagePointId);
      const lines = bill.lines.filter((l) => l.usagePointId === usagePointId);
      const utility = usages[0]?.utility ?? lines[0]?.utility;
      if (utility === undefined) return null;
      return {
        usagePointId,
        utility,
        usages,
        lines,
        subtotal: lines.reduce((sum, l) => addMoney(sum, l.amount), none),
      };
    })
    .filter((section) => section !== null)
    .toSorted((a, b) => UTILITY_ORDER.indexOf(a.utility) - UTILITY_ORDER.indexOf(b.utility));
}
