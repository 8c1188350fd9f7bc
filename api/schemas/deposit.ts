import { z } from "zod";
import { PAYMENT_CHANNELS } from "../../billing/payment.ts";
import { DEPOSIT_MOVES } from "../../ledger/deposits.ts";
import { DayText, IdText, InstantText, MoneyJson, PageQuery } from "./json.ts";

export const DepositBody = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("take"), amount: MoneyJson, channel: z.enum(PAYMENT_CHANNELS) }),
  z.object({ kind: z.literal("refund"), amount: MoneyJson, channel: z.enum(PAYMENT_CHANNELS) }),
  z.object({ kind: z.literal("apply") }),
]);
export const DepositJson = z
  .object({
    outcome: z.enum(["posted", "already"]),
    journalId: IdText,
    deposit: MoneyJson.describe("What is held now"),
  })
  .meta({ id: "Deposit" });

export const DepositsJson = z
  .object({
    held: MoneyJson,
    items: z
      .array(
        z.object({
          journalId: IdText,
          at: InstantText,
          kind: z.enum(DEPOSIT_MOVES),
          amount: MoneyJson.describe("By how much the deposit grew"),
          held: MoneyJson.describe("After it"),
          channel: z.string().nullable(),
          by: z.string().nullable(),
        }),
      )
      .describe("The last one first"),
  })
  .meta({ id: "Deposits" });
export type DepositsJson = z.infer<typeof DepositsJson>;

export const DepositListQuery = PageQuery.extend({
  refundDue: z.stringbool().optional().describe("Only closed accounts that are to be given something back"),
});
export type DepositListQuery = z.output<typeof DepositListQuery>;

export const DepositListJson = z
  .object({
    total: z.int(),
    held: MoneyJson.describe("Of all that are listed, on every page"),
    refundDue: MoneyJson.describe("Of all that are listed, on every page"),
    items: z
      .array(
        z.object({
          accountId: IdText,
          accountNumber: z.string(),
          name: z.string(),
          closedOn: DayText.nullable(),
          held: MoneyJson,
          owing: MoneyJson.describe("Debts of all classes; while there are any, the deposit stays"),
          refundDue: MoneyJson.describe("Zero while the account is open"),
        }),
      )
      .describe("Those with a refund due first, then by number"),
  })
  .meta({ id: "DepositList" });
export type DepositListJson = z.infer<typeof DepositListJson>;

export const DepositStatementJson = z
  .object({
    before: MoneyJson.describe("Held with the bill before"),
    taken: MoneyJson,
    applied: MoneyJson.describe("Paid debts, with a final bill its own"),
    returned: MoneyJson,
    held: MoneyJson.describe("before + taken - applied - returned"),
  })
  .meta({ id: "DepositStatement" });
export type DepositStatementJson = z.infer<typeof DepositStatementJson>;
