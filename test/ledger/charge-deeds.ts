import type { Transaction } from "kysely";
import type { Instant } from "../../domain/instant.ts";
import { money } from "../../domain/money.ts";
import { day } from "../../domain/period.ts";
import { endAgreements, writeClosing } from "../../ledger/account-closings.ts";
import { customerPosting } from "../../ledger/chart.ts";
import { postEntry } from "../../ledger/journal.ts";
import { noteLateFeeRule } from "../../ledger/late-fees.ts";
import { noteAssignment, noteCharge, noteChargePrice } from "../../ledger/charges.ts";
import type { Tables } from "../../schema/tables.ts";

/** What is overdue for supply costs something. */
export async function chargeLate(trx: Transaction<Tables>, at: Instant): Promise<void> {
  const rule = {
    fromDay: day("2026-01-01"),
    debtClass: "supply",
    customerClass: "all",
    rate: "0.001",
    crossYearRate: "0.001",
  } as const;
  const terms = { graceDays: 0, minimumMinor: 0n, capShare: "1", source: "invented for the test" };
  await noteLateFeeRule(trx, { ...rule, ...terms }, { at, by: null });
}

/** A property fee for one account, from November 2026 on. */
export async function chargeProperty(trx: Transaction<Tables>, accountId: bigint, at: Instant): Promise<void> {
  const noted = { at, by: null };
  const title = { zh: "物业费", en: "Property fee" };
  const from = day("2026-11-01");
  await noteCharge(trx, { code: "property", title, basis: "home", income: "revenue_property" }, noted);
  await noteChargePrice(trx, "property", { from, price: "120", taxRate: "0.06", source: "contract" }, noted);
  await noteAssignment(trx, accountId, { code: "property", from, quantity: "1" }, noted);
}

/** Somebody who never used anything has moved out; of 5.00 in credit for supply 3.00 paid what was owed for property. */
export async function closeHome(
  trx: Transaction<Tables>,
  { operatorId, accountId }: { readonly operatorId: bigint; readonly accountId: bigint },
  at: Instant,
): Promise<void> {
  const onDay = day("2026-11-15");
  const post = (key: string, kind: "opening" | "set_off", [supply, property]: readonly [bigint, bigint]) => {
    const rest = money("CNY", -supply - property);
    const own = [
      customerPosting(accountId, money("CNY", supply)),
      customerPosting(accountId, money("CNY", property), "property"),
    ];
    const postings = rest.minor === 0n ? own : [...own, { ledgerAccount: "opening" as const, amount: rest }];
    return postEntry(trx, { operatorId, key, kind, cause: {}, occurredAt: at, postedAt: at, postings });
  };
  await post("closed-home", "opening", [-500n, 300n]);
  const { journalId: setOffJournalId } = await post("closed-home-set-off", "set_off", [300n, -300n]);
  const owed = { deposit: 0n, supplyOwed: -500n, propertyOwed: 300n, supplyPaid: 0n, propertyPaid: 0n };
  const setOff = { supplySetOff: 0n, propertySetOff: 300n, setOffJournalId, setOffConsent: null };
  await endAgreements(trx, accountId, onDay);
  await writeClosing(
    trx,
    { accountId, onDay, billId: null, depositJournalId: null, ...owed, ...setOff },
    { at, by: null },
  );
}

/** A late fee on a bill itself; amount, rate, days and debt as said. */
const lateFee = (said: string): string => `
  insert into bill_charge (operator_id, bill_id, line, key, code, income, amount_minor, price, from_day, to_day, quantity, month_days, unit,
         included_minor, title_zh, title_en, of_bill_id)
  select b.operator_id, b.id, 9, 'late', 'late_fee', 'revenue_late_fee', ${said}, 1, 'overdue', 0, '', '', o.id
    from bill b join bill o on o.operator_id = b.operator_id and o.id = b.id limit 1`;

/** What a superuser can do to charges, and the invariant that names it. */
export const CHARGE_DEEDS: [title: string, sql: string, named: string][] = [
  ["a posting of nothing", "update posting set amount_minor = 0 where journal_id = 1", "postings-belong"],
  [
    "a customer named at the bank",
    "update posting set ledger_account = 'bank' where ledger_account = 'customer' and journal_id = 1",
    "postings-belong",
  ],
  [
    "a debt for property fees forgiven in secret",
    "update subledger_balance set owed_minor = owed_minor - 1",
    "classes-sum",
  ],
  ["a charge raised after it was billed", "update bill_charge set amount_minor = amount_minor + 1", "bill-charges"],
  ["a charge for a day outside its bill", "update bill_charge set to_day = to_day + 1", "bill-charges"],
  [
    "a charge for a day twice",
    "insert into bill_charge select operator_id, bill_id, 9, 'twice', code, income, from_day + 1, to_day, month_days, quantity, unit, price, 0, 0, title_zh, title_en from bill_charge where of_bill_id is null",
    "bill-charges",
  ],
  [
    "a late fee for more days than were overdue",
    lateFee("2, 0.0010, b.issued_on - 2, b.issued_on + 1, o.total_minor / 100.0"),
    "late-fees",
  ],
  [
    "a late fee of more than debt, rate and days",
    lateFee("999999, 0.0010, b.issued_on - 1, b.issued_on, o.total_minor / 100.0"),
    "late-fees",
  ],
  [
    "a deposit that is said to have paid a closed account's debt, and did not",
    "update account_closing set deposit_minor = 5, supply_owed_minor = 5, supply_paid_minor = 5, deposit_journal_id = 1",
    "closings",
  ],
  [
    "a home given to two customers at once",
    "insert into agreement (operator_id, account_id, usage_point_id, tariff_id, from_day) select operator_id, account_id, usage_point_id, tariff_id, from_day + 9 from agreement limit 1",
    "stays-apart",
  ],
  [
    "a set-off at a closing that was never posted",
    "update account_closing set supply_owed_minor = 5, property_owed_minor = -5, supply_set_off_minor = 5, property_set_off_minor = 0, set_off_journal_id = 1",
    "closings",
  ],
  [
    "an entry of another kind called a set-off",
    "update journal set kind = 'set_off' where id = (select min(id) from journal where kind = 'payment')",
    "set-offs",
  ],
  [
    "a cut that rests on other debt, too",
    "update control set reason = reason || '{\"balance\":\"-120.00\"}' where action = 'disconnect'",
    "cuts-supply-only",
  ],
];
