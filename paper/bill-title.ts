import type { BillSheet } from "./bill-sheet.ts";
import { monthText } from "./figures.ts";
import { UTILITY_WORDS } from "./words.ts";

/** `2026年10月电、水费账单`, `Electricity and water bill, Oct 2026`; the last one of an account says so. */
export function billTitle(sheet: BillSheet, language: "zh" | "en"): string {
  const month = monthText(sheet.lastDay.slice(0, 7), language);
  const names = sheet.utilities
    .filter((utility) => utility !== "other")
    .map((utility) => UTILITY_WORDS[utility][language]);
  if (language === "zh")
    return `${month}${names.join("、")}${names.length === 0 ? "" : "费"}${sheet.final === null ? "" : "最终"}账单`;
  const list = names.map((name, i) => (i === 0 ? name : name.toLowerCase()));
  const last = list.length > 1 ? ` and ${list.pop() ?? ""}` : "";
  const name = `${list.join(", ")}${last}${list.length === 0 ? "Bill" : " bill"}`;
  return `${sheet.final === null ? name : `Final ${name.charAt(0).toLowerCase()}${name.slice(1)}`}, ${month}`;
}
