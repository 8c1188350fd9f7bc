import { addressProblem, type ContactChannel } from "../../domain/notice.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Day, Zone } from "../../domain/period.ts";
import type { Utility } from "../../domain/unit.ts";
import { choiceOf, codeOf, dayOf, decimalOf, integerOf, momentOf, type Read, textOf } from "./cells.ts";
import type { Kind } from "./columns.ts";
import { type Cell, EMPTY } from "./sheet.ts";
import { TAX_COLUMN_NAMES, type TaxCells, tidyTaxCell } from "./tax.ts";
import type { RowError } from "./words.ts";

/** A row as it was meant, before anybody looks whether it fits the register. */
export type PointRow = {
  readonly kind: "points";
  readonly place: Place;
  readonly utility: Utility;
  readonly role: Role;
};
export type MeterRow = {
  readonly kind: "meters";
  readonly serial: string;
  readonly utility: Utility;
  readonly profileId: string;
  readonly bus: string | null;
  readonly unitId: number | null;
  readonly client: string | null;
  readonly deviceKey: string | null;
  readonly place: Place | null;
  readonly installedAt: Instant | null;
  readonly ratio: string;
  readonly capacityPerHour: string;
  /** What the dial showed, before any ratio: decimal text. */
  readonly initial: string | null;
  readonly stated: ReadonlySet<string>;
};
export type AccountRow = {
  readonly kind: "accounts";
  readonly number: string;
  readonly name: string;
  readonly phone: string;
  readonly address: string;
  /** Where messages go, by channel; null = not said. */
  readonly contacts: Readonly<Record<ContactColumn, string | null>>;
  /** Who it is to the tax office, as far as the row says. */
  readonly tax: TaxCells;
  readonly paymentMode: "postpaid" | "prepaid";
  readonly policy: string | null;
  readonly openedOn: Day;
  readonly persons: number | null;
  readonly protectedReason: string | null;
  readonly place: Place | null;
  readonly tariffs: Partial<Readonly<Record<Utility, string>>>;
  /** Columns whose cell is not empty: what is not stated changes nothing that is there. */
  readonly stated: ReadonlySet<string>;
};
/** Columns that say where an account is reached, with the channel of each. */
export const CONTACT_COLUMNS = { email: "email", message_to: "webhook" } as const satisfies Record<
  string,
  ContactChannel
>;
export type ContactColumn = keyof typeof CONTACT_COLUMNS;
export type Row = PointRow | MeterRow | AccountRow;
export type Place = { readonly building: string; readonly room: string };
export type Role = "customer" | "master";

const UTILITY_WORDS: Readonly<Record<string, Utility>> = {
  electricity: "electricity",
  electric: "electricity",
  power: "electricity",
  电: "electricity",
  电力: "electricity",
  用电: "electricity",
  电表: "electricity",
  gas: "gas",
  气: "gas",
  燃气: "gas",
  天然气: "gas",
  气表: "gas",
  燃气表: "gas",
  water: "water",
  水: "water",
  自来水: "water",
  水表: "water",
  heat: "heat",
  热: "heat",
  热力: "heat",
  暖气: "heat",
  热表: "heat",
};
/** The utility that a cell names; null when it names none. */
export function utilityOf(cell: Cell): Utility | null {
  const read = choiceOf(cell, UTILITY_WORDS);
  return "error" in read ? null : read.value;
}
const ROLE_WORDS: Readonly<Record<string, Role>> = {
  customer: "customer",
  住户: "customer",
  用户: "customer",
  分表: "customer",
  master: "master",
  总表: "master",
};
const MODE_WORDS: Readonly<Record<string, "postpaid" | "prepaid">> = {
  postpaid: "postpaid",
  后付费: "postpaid",
  prepaid: "prepaid",
  预付费: "prepaid",
};

/** Greatest feasible use per hour where nobody states it: a flat's connection. Our choice. */
const CAPACITY: Readonly<Record<Utility, string>> = { electricity: "15", water: "5", gas: "6", heat: "20" };
const EARLIEST = 946_684_800_000; // 2000-01-01T00:00Z, as for readings
const NAME_MAX = 200;

/** Reads the cells of one row and gathers everything that is wrong with them. */
class Reader {
  readonly cells: ReadonlyMap<string, Cell>;
  readonly errors: RowError[] = [];
  constructor(cells: ReadonlyMap<string, Cell>) {
    this.cells = cells;
  }

  cell = (column: string): Cell => this.cells.get(column) ?? EMPTY;

  take<T>(column: string, read: (cell: Cell) => Read<T>): T | null {
    const got = read(this.cell(column));
    if ("value" in got) return got.value;
    this.errors.push({ column, ...got.error });
    return null;
  }

  need<T>(column: string, read: (cell: Cell) => Read<T>): T | null {
    const before = this.errors.length;
    const value = this.take(column, read);
    if (value === null && this.errors.length === before) this.errors.push({ column, code: "missing" });
    return value;
  }

  stated = (): Set<string> =>
    new Set([...this.cells].flatMap(([name, { text }]) => (text.trim() === "" ? [] : [name])));

  text = (column: string, max = NAME_MAX): string | null => this.take(column, (cell) => textOf(cell, max));

  place(): Place | null {
    const building = this.text("building", 60);
    const room = this.text("room", 60);
    if (building !== null) return { building, room: room ?? "" };
    if (room !== null) this.errors.push({ column: "room", code: "needs", a: "building" });
    return null;
  }
}

export type ReadRow = { readonly row: Row | null; readonly errors: readonly RowError[] };

/** One row of a table, or everything that is wrong with it. */
export function rowOf(kind: Kind, cells: ReadonlyMap<string, Cell>, of: { zone: Zone; now: Instant }): ReadRow {
  const read = new Reader(cells);
  const row = kind === "points" ? pointOf(read) : kind === "meters" ? meterOf(read, of) : accountOf(read);
  return { row: read.errors.length === 0 ? row : null, errors: read.errors };
}

function pointOf(read: Reader): PointRow | null {
  const building = read.need("building", (cell) => textOf(cell, 60));
  const room = read.text("room", 60) ?? "";
  const utility = read.need("utility", (cell) => choiceOf(cell, UTILITY_WORDS));
  const role = read.take("role", (cell) => choiceOf(cell, ROLE_WORDS)) ?? "customer";
  return building === null || utility === null ? null : { kind: "points", place: { building, room }, utility, role };
}

function meterOf(read: Reader, { zone, now }: { zone: Zone; now: Instant }): MeterRow | null {
  const serial = read.need("serial", (cell) => codeOf(cell));
  const utility = read.need("utility", (cell) => choiceOf(cell, UTILITY_WORDS));
  const profileId = read.need("profile", (cell) => codeOf(cell, 100));
  const bus = read.text("bus");
  const unitId = read.take("unit_id", (cell) => integerOf(cell, 1, 247));
  const client = read.text("client");
  const key = read.take("device_key", (cell) => codeOf(cell, 200));
  const place = read.place();
  const installedAt = read.take("installed_at", (cell) => momentOf(cell, zone));
  const ratio = read.take("ratio", (cell) => decimalOf(cell, 9, 9, false)) ?? "1";
  const capacity = read.take("capacity_per_hour", (cell) => decimalOf(cell, 12, 6, false));
  const initial = read.take("initial", (cell) => decimalOf(cell, 12, 6, true));
  if (bus !== null && unitId === null && read.cell("unit_id").text.trim() === "")
    read.errors.push({ column: "bus", code: "needs", a: "unit_id" });
  if (bus === null && unitId !== null) read.errors.push({ column: "unit_id", code: "needs", a: "bus" });
  if (client === null && key !== null) read.errors.push({ column: "device_key", code: "needs", a: "client" });
  checkInstalled(read, place, installedAt, now);
  if (initial !== null && place === null) read.errors.push({ column: "initial", code: "needs", a: "building" });
  if (serial === null || utility === null || profileId === null) return null;
  return {
    kind: "meters",
    serial,
    utility,
    profileId,
    bus,
    unitId,
    client,
    deviceKey: client === null ? null : (key ?? serial).toLowerCase(),
    place,
    installedAt,
    ratio,
    capacityPerHour: capacity ?? CAPACITY[utility],
    initial,
    stated: read.stated(),
  };
}

function contactOf(read: Reader, column: ContactColumn): string | null {
  const address = read.text(column, 254);
  if (address !== null && addressProblem(CONTACT_COLUMNS[column], address) !== null)
    read.errors.push({ column, code: "not_address" });
  return address;
}

function taxOf(read: Reader): TaxCells {
  const cells = TAX_COLUMN_NAMES.flatMap((column) => {
    const text = read.text(column, column === "tax_id" ? 30 : 200);
    return text === null ? [] : [[column, tidyTaxCell(column, text)] as const];
  });
  return Object.fromEntries(cells);
}

function checkInstalled(read: Reader, place: Place | null, installedAt: Instant | null, now: Instant): void {
  const column = "installed_at";
  const isEmpty = read.cell(column).text.trim() === "";
  if (place !== null && isEmpty) read.errors.push({ column, code: "missing" });
  if (place === null && installedAt !== null) read.errors.push({ column, code: "needs", a: "building" });
  if (installedAt !== null && installedAt > now) read.errors.push({ column, code: "future" });
  if (installedAt !== null && installedAt < EARLIEST) read.errors.push({ column, code: "too_early", a: "2000-01-01" });
}

const OPENED = { from: "1990-01-01", to: "2099-12-31" };

function accountOf(read: Reader): AccountRow | null {
  const number = read.need("number", (cell) => codeOf(cell));
  const name = read.need("name", (cell) => textOf(cell, NAME_MAX));
  const openedOn = read.need("opened_on", dayOf);
  const paymentMode = read.take("payment_mode", (cell) => choiceOf(cell, MODE_WORDS)) ?? "postpaid";
  const policy = read.take("policy", (cell) => codeOf(cell, 100));
  const persons = read.take("persons", (cell) => integerOf(cell, 1, 99));
  const place = read.place();
  const tariffs: Partial<Record<Utility, string>> = {};
  for (const utility of ["electricity", "gas", "water", "heat"] as const) {
    const tariff = read.take(`tariff_${utility}`, (cell) => codeOf(cell, 100));
    if (tariff !== null) tariffs[utility] = tariff;
    if (tariff !== null && place === null)
      read.errors.push({ column: `tariff_${utility}`, code: "needs", a: "building" });
  }
  if (openedOn !== null && openedOn < OPENED.from)
    read.errors.push({ column: "opened_on", code: "too_early", a: OPENED.from });
  if (openedOn !== null && openedOn > OPENED.to)
    read.errors.push({ column: "opened_on", code: "too_late", a: OPENED.to });
  if (paymentMode === "prepaid" && policy === null) read.errors.push({ column: "policy", code: "missing" });
  if (paymentMode === "prepaid" && place === null) read.errors.push({ column: "building", code: "missing" });
  if (paymentMode === "postpaid" && policy !== null) read.errors.push({ column: "policy", code: "needs_prepaid" });
  const row = {
    phone: read.text("phone", 40) ?? "",
    address: read.text("address", 300) ?? "",
    protectedReason: read.text("protected_reason", 300),
    contacts: { email: contactOf(read, "email"), message_to: contactOf(read, "message_to") },
    tax: taxOf(read),
  };
  if (number === null || name === null || openedOn === null) return null;
  const stated = read.stated();
  return { kind: "accounts", number, name, ...row, paymentMode, policy, openedOn, persons, place, tariffs, stated };
}
