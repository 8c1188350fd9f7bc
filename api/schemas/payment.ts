import { z } from "zod";
import { PAYS } from "../../domain/charge.ts";
import { CHEQUE_COUNTS, TENDER_KINDS } from "../../domain/counter.ts";
import { RECEIPT_FORMATS } from "../../ledger/receipts.ts";
import { PAPER_LANGUAGES } from "../../paper/words.ts";
import { IdText, InstantText, MoneyJson, PlainText } from "./json.ts";

export const PaymentChannel = z
  .enum(TENDER_KINDS)
  .meta({ id: "PaymentChannel", description: "`wallet` is WeChat Pay or Alipay, `bank` a transfer" });
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
  given: MoneyJson.optional().describe("Cash that was handed over, at least the amount; the rest is change"),
  reference: PlainText.trim().min(1).max(60).optional().describe("Number of the terminal's slip or of the transfer"),
  cheque: z
    .object({ number: PlainText.trim().min(1).max(40), bank: PlainText.trim().min(1).max(60) })
    .optional()
    .describe("Of a cheque, and only then"),
  pays: z
    .enum(PAYS)
    .default("supply")
    .describe("A class of debt, or `split`: supply's debt first, then the others', the rest is credit for supply"),
});
export type PaymentBody = z.infer<typeof PaymentBody>;
export type PaysJson = PaymentBody["pays"];

/** What of a payment went to which class of debt. */
export const PaymentPartsJson = z.object({ supply: MoneyJson, property: MoneyJson }).meta({ id: "PaymentParts" });
/** How the supply part is shared while emergency credit is not repaid. */
export const RepaymentJson = z
  .object({
    debt: MoneyJson.describe("Pays what was billed"),
    emergency: MoneyJson.describe("Repays emergency credit"),
    overdraft: MoneyJson.describe("Fills up what else was used beyond the credit"),
    credit: MoneyJson,
    left: MoneyJson.describe("Emergency credit that is used after it"),
  })
  .meta({ id: "EmergencyRepayment" });
export const SplitQuery = z.object({
  amount: z.string().regex(/^\d{1,12}(\.\d{1,2})?$/, "an amount in the operator's currency"),
  pays: z.enum(PAYS).default("split"),
});
export const SplitJson = z
  .object({
    parts: PaymentPartsJson,
    owed: PaymentPartsJson.describe("Per class before it; negative = credit"),
    supply: z
      .object({ debt: MoneyJson, emergency: MoneyJson, overdraft: MoneyJson, credit: MoneyJson })
      .describe(
        "What the supply part does: pays what was billed, repays emergency credit, fills up what else was used beyond the credit, is credit",
      ),
    emergencyLeft: MoneyJson.nullable().describe("Emergency credit that is used after it; null: none was taken"),
  })
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
    repayment: RepaymentJson.nullable().describe("Null: no emergency credit was to be repaid"),
    controlId: IdText.nullable().describe("The reconnection that it queued"),
    receipt: z.string().nullable().describe("Number of the receipt: without a gap within a year"),
    change: MoneyJson.nullable().describe("To give back of the cash that was handed over"),
    cheque: z
      .object({ id: IdText, counts: z.enum(CHEQUE_COUNTS) })
      .nullable()
      .describe("`cleared`: nothing is credited until the bank has paid it"),
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

export const PrintBody = z.object({ format: z.enum(RECEIPT_FORMATS) });
export const PrintJson = z
  .object({
    receipt: z.string(),
    print: z.number().int().describe("1 is the original, all others are copies"),
  })
  .meta({ id: "ReceiptPrint" });
export type PrintJson = z.infer<typeof PrintJson>;
export const ReceiptQuery = z.object({
  format: z.enum(RECEIPT_FORMATS).default("80mm"),
  lang: z.enum(PAPER_LANGUAGES).default("both"),
});
export const ReceiptPaperQuery = ReceiptQuery.extend({
  print: z.coerce.number().int().min(1).max(30_000).describe("As answered when the print was asked for"),
});

/** A payment, a deposit or a cheque, as it stands on its own page. */
export const PaymentDetailJson = z
  .object({
    journalId: IdText,
    accountId: IdText,
    accountNumber: z.string(),
    accountName: z.string(),
    entry: z.enum(["payment", "deposit", "transfer"]),
    amount: MoneyJson,
    parts: PaymentPartsJson,
    repayment: RepaymentJson.nullable().describe("Null: no emergency credit was to be repaid"),
    channel: PaymentChannel,
    at: InstantText,
    by: z.string().nullable(),
    given: MoneyJson.nullable(),
    change: MoneyJson.nullable(),
    reference: z.string().nullable(),
    shiftId: IdText.nullable(),
    drawer: z.string().nullable(),
    receipt: z.string().nullable(),
    prints: z.array(
      z.object({
        print: z.number().int(),
        format: z.enum(RECEIPT_FORMATS),
        at: InstantText,
        by: z.string().nullable(),
      }),
    ),
    cheque: z
      .object({
        id: IdText,
        number: z.string(),
        bank: z.string(),
        counts: z.enum(CHEQUE_COUNTS),
        state: z.enum(["in_hand", "cleared", "returned"]),
      })
      .nullable(),
    reversal: z
      .object({ journalId: IdText, at: InstantText, by: z.string().nullable(), reason: z.string() })
      .nullable(),
  })
  .meta({ id: "PaymentDetail" });
export type PaymentDetailJson = z.infer<typeof PaymentDetailJson>;
