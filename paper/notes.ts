import type { LadderRun } from "../billing/explain/read-ladders.ts";
import type { BillFacts, Section } from "./bill-sheet.ts";
import { dayText } from "./figures.ts";
import type { ClosingFact } from "./statement.ts";
import { type Words, w } from "./words.ts";

const LADDERS: Readonly<Record<LadderRun, Words>> = {
  month: w("阶梯按自然月分别计算，每月从第一档重新开始。", "Tiers begin anew with each calendar month of the bill."),
  bill: w("阶梯按整个计费期间合并计算，各档只计一次。", "Tiers run over the whole bill, each counted once."),
  bill_by_month: w(
    "阶梯按整个计费期间合并计算，各档限额为每月限额乘以月数。",
    "Tiers run over the whole bill: each ends at its monthly limit times the months.",
  ),
  bill_by_day: w(
    "阶梯按整个计费期间合并计算，各档限额为每日限额乘以天数。",
    "Tiers run over the whole bill: each ends at its daily limit times the days.",
  ),
  year: w(
    "阶梯按年累计，本账单从年内已用量接着计算。",
    "Tiers count the year's use: the bill goes on where the last one ended.",
  ),
};

const setOffNote = (consent: ClosingFact["setOffConsent"]): Words =>
  consent === null
    ? w(
        "一类款项的余额按合同约定抵付了另一类欠费，详见最终结算。",
        "As the contract says, credit of one kind paid debt of the other: see the final settlement.",
      )
    : w(
        `经 ${consent.by} 于 ${dayText(consent.on, "zh")} 同意（${consent.reference}），一类款项的余额抵付了另一类欠费，详见最终结算。`,
        `As ${consent.by} agreed on ${dayText(consent.on, "en")} (${consent.reference}), credit of one kind paid debt of the other: see the final settlement.`,
      );

/** What is explained at the foot of the bill. */
export function notesOf(facts: BillFacts, sections: readonly Section[]): Words[] {
  const notes: Words[] = [];
  const { closing } = facts;
  const registers = sections.flatMap((section) => section.registers);
  if (registers.some(({ method }) => method !== null) || sections.some(({ basis }) => basis === "estimated"))
    notes.push(
      closing === null
        ? w(
            "标为“估抄”的用量按所示方法估算，下次实抄后的账单多退少补。",
            "Use marked Estimated was found by the method shown; the bill after the next reading settles the difference.",
          )
        : w(
            "标为“估抄”的止码未经抄见，按与用户商定的估值结清，此后不再调整。",
            "An end marked Estimated was not read: it is settled at the value that the customer agreed to.",
          ),
    );
  const corrected = [...new Set(facts.lines.flatMap(({ corrects }) => (corrects === null ? [] : [corrects])))];
  if (corrected.length > 0) {
    const numbers = corrected.map((id) => facts.corrected.get(id) ?? String(id)).join(", ");
    notes.push(
      w(
        `带 ※ 的行为账单 ${numbers} 的差额结算：按实抄重新计费，减去已计金额。`,
        `Lines with ※ settle bill ${numbers}: rated again by what was read, less what was billed.`,
      ),
    );
  }
  notes.push(...facts.ladders.map((run) => LADDERS[run]));
  if (closing !== null)
    notes.push(
      w(
        `本账单为最终账单：供用关系至 ${dayText(closing.onDay, "zh")} 零时止。押金先抵欠费；剩余押金和余额凭本账单退还。`,
        `This is the final bill: the account ends as ${dayText(closing.onDay, "en")} begins. The deposit pays what is owed; what is left of it, and credit, is refunded.`,
      ),
    );
  if (closing !== null && closing.supplySetOff + closing.propertySetOff > 0n)
    notes.push(setOffNote(closing.setOffConsent));
  notes.push(
    w(
      "各项金额分别四舍五入一次，合计为各项之和。如有疑问，请凭账单编号到收费柜台咨询。",
      "Each amount is rounded once; the total is their sum. Questions: please name the bill number at the counter.",
    ),
  );
  return notes;
}
