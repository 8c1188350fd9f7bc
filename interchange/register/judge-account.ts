import { UTILITIES, type Utility } from "../../domain/unit.ts";
import {
  type Change,
  compare,
  pointAt,
  type Plan,
  type PointRef,
  type Rules,
  type Scene,
  type Verdict,
} from "./judge.ts";
import { type AccountRow, CONTACT_COLUMNS } from "./rows.ts";
import type { TaxIdentity } from "../../domain/tax-identity.ts";
import { TAX_COLUMN_NAMES, TAX_COLUMNS, taxErrorsOf, taxIdentityOf } from "./tax.ts";
import { type KnownAccount, pointKey } from "./snapshot.ts";
import type { RowError } from "./words.ts";

type Findings = { readonly errors: RowError[]; readonly changes: Change[] };

/** An account that is new, is there as the file says, or is there otherwise. */
export function judgeAccount(row: AccountRow, line: number, scene: Scene): Verdict {
  const { snapshot, sofar, plan, rules } = scene;
  const found: Findings = { errors: [], changes: [] };
  const before = sofar.numbers.get(row.number);
  if (before !== undefined) found.errors.push({ column: "number", code: "twice", a: String(before) });
  else sofar.numbers.set(row.number, line);
  const known = snapshot.accounts.get(row.number);
  if (row.policy !== null && !rules.catalogue.policies.has(row.policy))
    found.errors.push({ column: "policy", code: "unknown_policy" });
  if (known !== undefined) compareAccount(row, known, rules, found);
  const tax = taxIdentityOf(row.tax, known?.tax ?? null, row.name);
  if (tax !== null) found.errors.push(...taxErrorsOf(tax));
  const agreements = agreementsOf(row, known, scene, found);
  const serial = row.paymentMode === "prepaid" && known === undefined ? switchOf(row, scene, found) : null;
  return {
    outcome: known === undefined ? "created" : found.changes.length > 0 ? "changed" : "already",
    ...found,
    commit: () => {
      plan.agreements.push(...agreements);
      plan.contacts.push(...contactsOf(row, known, rules));
      plan.taxes.push(...taxesOf(row, tax, known, found.changes, rules));
      if (known === undefined) create(row, serial, plan);
      else if (found.changes.length > 0) alter(row, known, rules, found.changes, plan);
    },
  };
}

/** Of a new account from its first day, of one that is there from today on, where something of it changes. */
function taxesOf(
  { number, openedOn }: AccountRow,
  identity: TaxIdentity | null,
  known: KnownAccount | undefined,
  changes: readonly Change[],
  { today }: Rules,
): Plan["taxes"] {
  if (identity === null) return [];
  if (known === undefined) return [{ number, identity, from: openedOn }];
  return changes.some(({ column }) => Object.hasOwn(TAX_COLUMNS, column)) ? [{ number, identity, from: today }] : [];
}

function create(row: AccountRow, serial: string | null, plan: Plan): void {
  plan.accounts.push(row);
  if (row.persons !== null) plan.households.push({ number: row.number, persons: row.persons, from: row.openedOn });
  if (serial !== null && row.policy !== null) plan.supplies.push({ number: row.number, serial, policyId: row.policy });
}

/** Addresses that the register has not; of an account that is there, from today on and in place of the old one. */
const contactsOf = (row: AccountRow, known: KnownAccount | undefined, { today }: Rules): Plan["contacts"] =>
  CONTACTS.flatMap(([column, has]) => {
    const address = row.contacts[column];
    const instead = known === undefined ? null : known[has];
    if (address === null || address === instead) return [];
    const from = known === undefined ? row.openedOn : today;
    return [{ number: row.number, channel: CONTACT_COLUMNS[column], address, instead, from }];
  });
const CONTACTS = [
  ["email", "email"],
  ["message_to", "messageTo"],
] as const;

const OF_ACCOUNT = new Set(["name", "phone", "address", "protected_reason"]);

function alter(row: AccountRow, known: KnownAccount, { today }: Rules, changes: readonly Change[], plan: Plan): void {
  if (changes.some(({ column }) => OF_ACCOUNT.has(column))) plan.altered.push({ id: known.id, row });
  if (row.persons !== null && changes.some(({ column }) => column === "persons"))
    plan.households.push({ number: row.number, persons: row.persons, from: today });
}

/** Names and addresses may change; how and since when an account pays does not by a list. */
function compareAccount(row: AccountRow, known: KnownAccount, rules: Rules, into: Findings): void {
  const { stated } = row;
  const said = (column: string, value: string | null) => (stated.has(column) ? value : null);
  compare("name", known.name, row.name, true, rules, into);
  compare("phone", known.phone, said("phone", row.phone), true, rules, into);
  for (const [column, has] of CONTACTS) compare(column, known[has], row.contacts[column], true, rules, into);
  for (const column of TAX_COLUMN_NAMES) {
    const has = known.tax?.[TAX_COLUMNS[column]] ?? "";
    compare(column, has === "" ? null : has, row.tax[column] ?? null, true, rules, into);
  }
  compare("address", known.address, said("address", row.address), true, rules, into);
  compare("protected_reason", known.protectedReason, said("protected_reason", row.protectedReason), true, rules, into);
  compare("payment_mode", known.paymentMode, said("payment_mode", row.paymentMode), false, rules, into);
  compare("policy", known.policy, said("policy", row.policy), false, rules, into);
  compare("opened_on", known.openedOn, row.openedOn, false, rules, into);
  const persons = row.persons === null ? null : String(row.persons);
  const has = known.persons === null ? null : String(known.persons);
  compare("persons", has, persons, true, rules, into);
  if (into.changes.some(({ column }) => column === "persons") && (known.personsFrom ?? "") >= rules.today)
    into.errors.push({ column: "persons", code: "one_day", a: known.personsFrom ?? "" });
}

function agreementsOf(
  row: AccountRow,
  known: KnownAccount | undefined,
  scene: Scene,
  found: Findings,
): Plan["agreements"] {
  const agreements: Plan["agreements"] = [];
  for (const utility of UTILITIES) {
    const tariffId = row.tariffs[utility];
    if (tariffId === undefined || row.place === null) continue;
    const column = `tariff_${utility}`;
    const measures = scene.rules.catalogue.tariffs.get(tariffId);
    if (measures === undefined) found.errors.push({ column, code: "unknown_tariff" });
    else if (measures !== utility) found.errors.push({ column, code: "tariff_utility", a: measures });
    const point = pointAt(row.place, utility, scene);
    if ("code" in point) {
      found.errors.push({ ...point, column });
      continue;
    }
    const trouble = pointTrouble(row, utility, point, scene);
    if (trouble !== null) found.errors.push({ ...trouble, column });
    if (point.known?.account === row.number) compare(column, point.known.tariff, tariffId, false, scene.rules, found);
    else {
      if (known !== undefined && trouble === null) compare(column, null, tariffId, true, scene.rules, found);
      agreements.push({ number: row.number, point, tariffId, from: row.openedOn });
    }
  }
  return agreements;
}

function pointTrouble(
  row: AccountRow,
  utility: Utility,
  point: PointRef,
  { sofar }: Scene,
): Omit<RowError, "column"> | null {
  const role = point.known?.role ?? sofar.points.get(point.key)?.row.role;
  if (role === "master") return { code: "master_point" };
  const by = point.known?.account ?? sofar.taken.get(pointKey(row.place ?? { building: "", room: "" }, utility));
  if (by != null && by !== row.number) return { code: "agreement_taken", a: by };
  sofar.taken.set(point.key, row.number);
  const until = point.known?.agreedUntil ?? null;
  const isNew = point.known?.account !== row.number;
  return isNew && until !== null && row.openedOn < until ? { code: "too_early", a: until } : null;
}

/** The electricity meter whose relay carries out what the policy decides. */
function switchOf({ place }: AccountRow, scene: Scene, found: Findings): string | null {
  if (place === null) return null;
  const point = pointAt(place, "electricity", scene);
  const serial = "code" in point ? null : (point.known?.meter ?? scene.sofar.hung.get(point.key) ?? null);
  if (serial === null) found.errors.push({ column: "building", code: "no_switch" });
  return serial;
}
