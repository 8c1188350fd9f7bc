import { z } from "zod";
import { PAYS } from "../../domain/charge.ts";
import { IdText, InstantText, MoneyJson, PlainText } from "./json.ts";
import { PaymentPartsJson } from "./payment.ts";

const Code = z.string().regex(/^[a-z][a-z0-9-]{1,29}$/);
export const ChannelParams = z.object({
  operator: z.string().max(60).describe("The operator's code"),
  channel: Code.describe("The channel's code"),
});
export const SignatureHeaders = z.object({
  "sanbiao-signature": z
    .string('sign the body: Sanbiao-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">')
    .max(200)
    .describe(
      '`t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>" with the channel\'s secret>`; five minutes either way',
    ),
});
const AccountNumber = PlainText.min(1).max(60);
export const OrderRef = z.string().regex(/^[A-Za-z0-9_-]{20,40}$/, "as POST …/orders answered it");
export const OrderState = z
  .enum(["open", "expired", "paid", "paid_late", "failed", "refund_requested", "refunded"])
  .meta({ id: "PaymentOrderState" });

export const OwedBody = z
  .object({ accountNumber: AccountNumber })
  .meta({ id: "OwedQuestion", example: { accountNumber: "1-101" } });
export const OwedJson = z
  .object({
    accountNumber: z.string(),
    name: z.string().describe("With all but the first character hidden"),
    owed: PaymentPartsJson.describe("Per class of debt; negative = credit"),
    prepaid: z.boolean(),
    available: MoneyJson.nullable().describe("Of a prepaid account: credit less unbilled use, at the last decision"),
  })
  .meta({ id: "Owed" });

export const OrderBody = z
  .object({
    key: z
      .string()
      .regex(/^[\x21-\x7e]{8,64}$/)
      .describe("The channel's own number of the order: the same again is the same order"),
    accountNumber: AccountNumber,
    amount: MoneyJson,
    pays: z.enum(PAYS).default("supply"),
  })
  .meta({
    id: "PaymentOrderBody",
    example: {
      key: "wx-20261128-0001",
      accountNumber: "1-101",
      amount: { amount: "100.00", currency: "CNY" },
      pays: "supply",
    },
  });
export const OrderJson = z
  .object({
    outcome: z.enum(["opened", "already", "found"]),
    ref: OrderRef,
    channel: z.string(),
    state: OrderState,
    amount: MoneyJson,
    pays: z.enum(PAYS),
    paid: MoneyJson.nullable(),
    openedAt: InstantText,
    expiresAt: InstantText,
    journalId: IdText.nullable(),
  })
  .meta({ id: "PaymentOrder" });
export type OrderJson = z.infer<typeof OrderJson>;
export const OrderRefBody = z.object({ ref: OrderRef });

export const ConfirmationBody = z
  .object({
    status: z.enum(["paid", "failed", "refunded"]),
    transactionId: z
      .string()
      .regex(/^[\x21-\x7e]{4,64}$/)
      .describe("The channel's own; the same again is the same transaction"),
    orderRef: OrderRef.optional().describe("Which order was paid; without one, `accountNumber` says whose money it is"),
    accountNumber: AccountNumber.optional(),
    amount: MoneyJson.optional().describe("What was paid; needed for `paid`"),
    at: z.iso.datetime({ offset: true }).describe("When, by the channel's clock"),
    reason: PlainText.max(200).default(""),
  })
  .refine(({ status, amount }) => status !== "paid" || amount !== undefined, {
    error: "`paid` says how much",
    path: ["amount"],
  })
  .refine(
    ({ orderRef, accountNumber, status }) =>
      status === "refunded" || orderRef !== undefined || accountNumber !== undefined,
    {
      error: "name the order or the account",
      path: ["orderRef"],
    },
  )
  .meta({
    id: "ChannelConfirmation",
    example: {
      status: "paid",
      transactionId: "4200001998202611281234567890",
      orderRef: "Zk3vQ0m0cXo0bO3d3r5mN8aP",
      amount: { amount: "100.00", currency: "CNY" },
      at: "2026-11-28T16:03:11+08:00",
    },
  });
export const ConfirmationJson = z
  .object({
    outcome: z.enum(["booked", "already", "noted", "already_noted"]),
    journalId: IdText.nullable(),
    late: z.boolean().describe("The order's time was over; the money was taken all the same"),
    balance: MoneyJson.nullable().describe("For supply, after it: credit positive"),
    controlId: IdText.nullable().describe("The reconnection that it queued"),
  })
  .meta({ id: "ChannelConfirmationAnswer" });

/** What a newcomer presses on the sandbox's page. */
export const SandboxBody = z
  .object({ press: z.enum(["pay", "pay_twice", "fail", "refund"]) })
  .meta({ id: "SandboxPress" });
export const SandboxJson = z
  .object({ order: OrderJson, accountNumber: z.string(), operatorZh: z.string(), operatorEn: z.string() })
  .meta({ id: "SandboxOrder" });
export const SandboxParams = z.object({ ref: OrderRef });

export const ChannelsJson = z
  .object({
    channels: z.array(
      z.object({
        code: z.string(),
        titleZh: z.string(),
        titleEn: z.string(),
        kind: z.enum(["signed", "sandbox"]),
        closed: z.boolean(),
      }),
    ),
    orders: z
      .array(OrderJson.extend({ accountId: IdText, accountNumber: z.string() }))
      .describe("Newest first, at most 100"),
    refused: z
      .array(
        z.object({
          id: IdText,
          channel: z.string(),
          transactionId: z.string(),
          amount: MoneyJson.nullable(),
          at: InstantText,
          reason: z.string(),
          account: z.string(),
        }),
      )
      .describe("What channels said that could not be booked, newest first, at most 100"),
  })
  .meta({ id: "PaymentChannels" });
export type ChannelsJson = z.infer<typeof ChannelsJson>;
