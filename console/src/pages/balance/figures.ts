import type { BalanceFiguresJson, BalanceJson } from "../../../../api/schemas/balance.ts";

/** Where a master's units went, in the order in which they are drawn. Colours are read without hue, too: from dark to light, residue apart. */
export const FLOWS = [
  { name: "sub", colour: "#14506e" },
  { name: "common", colour: "#4f93b5" },
  { name: "loss", colour: "#b9c9d4" },
  { name: "residue", colour: "#d98b1f" },
] as const;
export type FlowName = (typeof FLOWS)[number]["name"];
export const OVER_COLOUR = "#cf3a2c";

/** Numbers for a picture only: figures are shown from their decimal text. */
export const sizeOf = (figures: BalanceFiguresJson, name: FlowName): number => Number(figures[name].value);

/** A cell of a CSV file after RFC 4180. A text that a spreadsheet would run as a formula is given an apostrophe. */
export const cell = (text: string): string => {
  const plain = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
};

/** One closing as rows: its figures, then a row per part and account. Column names are those of the API. */
export function csvOf(balance: BalanceJson): string {
  const head = [
    "building",
    "utility",
    "period_from",
    "period_to",
    "closing_no",
    "row",
    "point_or_account",
    "meter",
    "quantity",
    "unit",
    "basis",
    "weight",
    "doubts",
  ];
  const own = [balance.building, balance.utility, balance.periodFrom, balance.periodTo, String(balance.closingNo)];
  const row = (kind: string, whose: string, meter: string, q: { value: string; unit: string }, ...more: string[]) => [
    ...own,
    kind,
    whose,
    meter,
    q.value,
    q.unit,
    ...more,
    ...Array<string>(3 - more.length).fill(""),
  ];
  const rows = [
    head,
    row("master", "", balance.serial, balance.master, balance.basis),
    ...(["sub", "common", "loss", "residue", "apportioned", "remainder"] as const).map((name) =>
      row(name, "", "", balance[name]),
    ),
    ...balance.parts.map((part) =>
      row(
        `part_${part.purpose}`,
        `${part.building}-${part.room}`,
        part.serial,
        part.quantity,
        part.basis,
        "",
        part.doubts.join("; "),
      ),
    ),
    ...balance.shares.map((share) => row("share", share.accountNumber, "", share.quantity, "", share.weight)),
  ];
  return `${rows.map((cells) => cells.map(cell).join(",")).join("\r\n")}\r\n`;
}
