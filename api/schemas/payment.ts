import { z } from "zod";
import { PAYS } from "../../domain/charge.ts";
import { IdText, InstantText, MoneyJson, PlainText } from "./json.ts";

/** As billing/payment.ts names them; `wallet` is WeChat Pay or Alipay. */
export const PAYMENT_CHANNELS = ["cash", "card", "wallet", "bank"] as const;
export const PaymentChannel = z.enum(PAYMENT_CHANNELS).meta({ id: "PaymentChannel" });
export type PaymentChannel = z.infer<typeof PaymentChannel>;

/** The same key again is the same payment: a double click pays once. */
export const IdempotencyHeaders = z.object({
  "idempotency-key": z
    .string("send an Idempotency-Key header")
    .regex(/^[\x21-\x7e]{8,100}$/, "8 to 100 printable ASCII characters without spaces")
    .describe("One per payment that a person means; sent again with a retry"),
});

export const PaymentBody = z.object({
  amount: MoneyJson.describe("More than zero, in the operator's currency"),
  channel: PaymentChannel,
  pays: z
    .enum(PAYS)
    .default("supply")
    .describe("A class of debt, or `split`: supply's debt first, then the others', the rest is credit for supply"),
});
export type PaymentBody = z.infer<typeof PaymentBody>;
export type PaysJson = PaymentBody["pays"];

/** What of a payment went to which class of debt. */
export const PaymentPartsJson = z.object({ supply: MoneyJson, property: MoneyJson }).meta({ id: "PaymentParts" });
export const SplitQuery = z.object({
  amount: z.string().regex(/^\d{1,12}(\.\d{1,2})?$/, "an amount in the operator's currency"),
  pays: z.enum(PAYS).default("split"),
});
export const SplitJson = z
  .object({ parts: PaymentPartsJson, owed: PaymentPartsJson.describe("Per class before it; negative = credit") })
  .meta({ id: "PaymentSplit" });
export type SplitJson = z.infer<typeof SplitJson>;

/** 201 `posted`: taken now. 200 `already`: the same was taken before with this key. 409 is a Problem. */
export const PaymentJson = z
  .object({
    outcome: z.enum(["posted", "already"]),
    journalId: IdText,
    accountId: IdText,
    amount: MoneyJson,
    balance: MoneyJson.describe("Of the account after it, for supply: credit positive"),
    propertyBalance: MoneyJson.describe("For everything else: credit positive"),
    parts: PaymentPartsJson,
    controlId: IdText.nullable().describe("The reconnection that it queued"),
    at: InstantText,
  })
  .meta({ id: "Payment" });
export type PaymentJson = z.infer<typeof PaymentJson>;

export const ReversalBody = z.object({ reason: PlainText.trim().min(3).max(300) });
export type ReversalBody = z.infer<typeof ReversalBody>;
export const ReversalParams = z.object({ journalId: IdText });

export const ReversalJson = z
  .object({
    outcome: z.enum(["posted", "already"]),
    journalId: IdText.describe("Of the reversal"),
    reverses: IdText,
    balance: MoneyJson.describe("Of the account after it: credit positive"),
    at: InstantText,
  })
  .meta({ id: "Reversal" });
export type ReversalJson = z.infer<typeof ReversalJson>;
