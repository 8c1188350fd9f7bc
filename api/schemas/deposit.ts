import { z } from "zod";
import { PAYMENT_CHANNELS } from "../../billing/payment.ts";
import { IdText, MoneyJson } from "./json.ts";

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
