import { z } from "zod";
import { PAYS } from "../../domain/charge.ts";
import { NOTICE_LANGUAGES } from "../../domain/notice.ts";
import { BillRowJson } from "./bill.ts";
import { OrderJson, OrderRef } from "./channel.ts";
import { IdText, InstantText, MoneyJson, PlainText, RelayState } from "./json.ts";
import { OperatorJson } from "./session.ts";
import { DaysLeftJson, SupplyStateName } from "./supply.ts";

/** What a clerk hands to a resident. */
export const ResidentPassJson = z
  .object({
    path: z.string().describe("Address of the page, to be opened once"),
    code: z
      .string()
      .regex(/^\d{8}$/)
      .describe("Instead of the address: typed with the account's number"),
    expiresAt: InstantText,
  })
  .meta({ id: "ResidentPass" });

export const EnterBody = z.union([
  z.object({ link: z.string().regex(/^[A-Za-z0-9_-]{20,60}$/) }),
  z.object({
    operator: PlainText.min(1).max(60),
    accountNumber: PlainText.min(1).max(60),
    code: z.string().regex(/^\d{8}$/, "eight digits"),
  }),
]);

/** What the page shows first. */
export const ResidentHomeJson = z
  .object({
    operator: OperatorJson,
    accountNumber: z.string(),
    name: z.string(),
    place: z.object({ building: z.string(), room: z.string() }),
    balance: MoneyJson.describe("For supply: credit positive"),
    propertyBalance: MoneyJson.describe("For everything else: credit positive"),
    prepaid: z
      .object({
        state: SupplyStateName,
        relay: RelayState,
        available: MoneyJson.nullable(),
        unbilled: MoneyJson.nullable(),
        lastReadingAt: InstantText.nullable(),
        readingAgeSeconds: z.number().int().nullable(),
        daysLeft: DaysLeftJson.nullable(),
        held: z.string(),
      })
      .nullable(),
    unread: z.number().int().describe("Messages that were not opened here yet"),
    payable: z.boolean().describe("Whether there is a channel to pay by"),
    now: InstantText,
  })
  .meta({ id: "ResidentHome" });
export type ResidentHomeJson = z.infer<typeof ResidentHomeJson>;

export const ResidentBillsJson = z.object({ items: z.array(BillRowJson) }).meta({ id: "ResidentBills" });
export type ResidentBillsJson = z.infer<typeof ResidentBillsJson>;

/** Payments, reversals, credits; and what happened to supply. */
export const ResidentHistoryJson = z
  .object({
    items: z.array(
      z.object({
        id: z.string(),
        at: InstantText,
        kind: z.enum(["payment", "supply"]),
        what: z.string().describe("Kind of entry, or of event"),
        amount: MoneyJson.nullable(),
        channel: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: "ResidentHistory" });
export type ResidentHistoryJson = z.infer<typeof ResidentHistoryJson>;

export const ResidentNoticesQuery = z.object({ lang: z.enum(NOTICE_LANGUAGES).default("zh") });
/** What the account was told, in the language that is looked at now. */
export const ResidentNoticesJson = z
  .object({
    items: z.array(
      z.object({
        id: IdText,
        at: InstantText,
        kind: z.string(),
        subject: z.string(),
        text: z.string(),
        unread: z.boolean().describe("Waits to be opened; opening it counts as served"),
      }),
    ),
  })
  .meta({ id: "ResidentNotices" });
export type ResidentNoticesJson = z.infer<typeof ResidentNoticesJson>;

export const CodeBody = z
  .object({ operator: PlainText.min(1).max(60), accountNumber: PlainText.min(1).max(60) })
  .meta({ id: "ResidentCodeWish" });

export const BuyBody = z
  .object({
    key: z.string().regex(/^[\x21-\x7e]{8,64}$/),
    amount: z.string().regex(/^\d{1,6}(\.\d{1,2})?$/, "an amount in the operator's currency"),
    pays: z.enum(PAYS).default("supply"),
  })
  .meta({ id: "ResidentBuy" });
export const BuyJson = z
  .object({ order: OrderJson, payPath: z.string().describe("Where it is paid") })
  .meta({ id: "ResidentOrder" });
export type BuyJson = z.infer<typeof BuyJson>;
export const BuyParams = z.object({ ref: OrderRef });
export const ResidentBillParams = z.object({ id: IdText });
