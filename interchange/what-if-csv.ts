import { type Currency, amountText, money } from "../domain/money.ts";
import { decimalText, type Micro } from "../domain/quantity.ts";
import type { Unit, Utility } from "../domain/unit.ts";
import type { AccountId } from "../domain/reading.ts";

/** One account of a comparison of tariffs, as `billing/what-if` finds it. */
export type ComparedAccount = {
  readonly accountId: AccountId;
  readonly number: string;
  readonly name: string;
  readonly building: string;
  readonly room: string;
  readonly utilities: readonly {
    readonly utility: Utility;
    readonly unit: Unit;
    readonly quantity: Micro;
    readonly before: bigint;
    readonly after: bigint;
    readonly guessed: Micro;
  }[];
};
export type NotCompared = Omit<ComparedAccount, "utilities"> & {
  readonly reason: string;
  readonly month: string;
  readonly detail: string;
};

const HEAD = [
  "account",
  "name",
  "building",
  "room",
  "utility",
  "quantity",
  "unit",
  "before",
  "after",
  "change",
  "currency",
  "quantity_of_unknown_hours",
  "left_out",
];

/** A row per account and utility, then a row per account that could not be compared. RFC 4180, UTF-8 with its mark for spreadsheets. */
export function* whatIfCsv(
  accounts: Iterable<ComparedAccount>,
  leftOut: Iterable<NotCompared>,
  currency: Currency,
): Generator<string> {
  yield `\uFEFF${HEAD.join(",")}\r\n`;
  const text = (minor: bigint): string => amountText(money(currency, minor));
  for (const one of accounts) {
    for (const { utility, unit, quantity, before, after, guessed } of one.utilities) {
      const amounts = [text(before), text(after), text(after - before), currency];
      yield row([...placeOf(one), utility, decimalText(quantity), unit, ...amounts, decimalText(guessed), ""]);
    }
  }
  for (const one of leftOut) {
    yield row([...placeOf(one), ...Array<string>(8).fill(""), `${one.reason} ${one.month}: ${one.detail}`]);
  }
}

const placeOf = ({ number, name, building, room }: Omit<ComparedAccount, "utilities">): string[] => [
  number,
  name,
  building,
  room,
];

/** A text that a spreadsheet would run as a formula is given an apostrophe. */
function row(cells: readonly string[]): string {
  const safe = cells.map((text) => {
    const plain = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
  });
  return `${safe.join(",")}\r\n`;
}
