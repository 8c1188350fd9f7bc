import { z } from "zod";
import { DEBT_CLASSES } from "../../domain/charge.ts";
import { AccountFactJson } from "./account-fact.ts";
import { BillRowJson } from "./bill.ts";
import { AccountMoveInJson } from "./move.ts";
import { AccountClosingJson } from "./account-closing.ts";
import {
  DayText,
  IdText,
  InstantText,
  MoneyJson,
  PageQuery,
  PlainText,
  QuantityJson,
  RelayState,
  SearchText,
  UtilityName,
} from "./json.ts";
import { MeterRowJson } from "./meter.ts";
import { DaysLeftJson, PrepaidJson, SupplyStateName } from "./supply.ts";

export const AccountRowJson = z
  .object({
    id: IdText,
    number: z.string(),
    name: z.string(),
    phone: z.string(),
    building: z.string(),
    room: z.string(),
    paymentMode: z.enum(["postpaid", "prepaid"]),
    balance: MoneyJson.describe("Credit is positive, debt negative"),
    supplyState: SupplyStateName.nullable(),
    relay: RelayState.nullable(),
    closedOn: DayText.nullable(),
  })
  .meta({ id: "AccountRow" });
export type AccountRowJson = z.infer<typeof AccountRowJson>;

export const AccountsQuery = PageQuery.extend({
  search: SearchText.describe("Name, number, phone, room or meter serial"),
  building: PlainText.max(100).optional(),
  paymentMode: z.enum(["postpaid", "prepaid"]).optional(),
});
export type AccountsQuery = z.infer<typeof AccountsQuery>;

export const AccountsJson = z
  .object({
    items: z.array(AccountRowJson),
    page: z.number().int(),
    pageSize: z.number().int(),
    total: z.number().int(),
  })
  .meta({ id: "Accounts" });
export type AccountsJson = z.infer<typeof AccountsJson>;

/** For the counter: a few, the best first, as one types. */
export const FindQuery = z.object({
  text: SearchText.describe("Name, number, phone, room or meter serial; several words must all fit"),
  limit: z.coerce.number().int().min(1).max(50).default(9),
});
export type FindQuery = z.infer<typeof FindQuery>;
export const FoundAccountsJson = z
  .object({ items: z.array(AccountRowJson), more: z.boolean().describe("There are others that fit") })
  .meta({ id: "FoundAccounts" });
export type FoundAccountsJson = z.infer<typeof FoundAccountsJson>;

export const AgreementJson = z
  .object({
    id: IdText,
    usagePointId: IdText,
    utility: UtilityName,
    building: z.string(),
    room: z.string(),
    tariffId: z.string(),
    fromDay: DayText,
    toDay: DayText.nullable(),
  })
  .meta({ id: "Agreement" });

export const AccountJson = AccountRowJson.extend({
  deposit: MoneyJson.describe("The deposit that is held; no part of a balance"),
  closing: AccountClosingJson.nullable().describe("How it was closed; null = it was not"),
  propertyBalance: MoneyJson.describe("For what is not supply: credit positive; prepaid supply never looks at it"),
  address: z.string(),
  protectedReason: z.string().nullable(),
  moveIn: AccountMoveInJson.nullable().describe("How it came; null: by a list"),
  openedOn: DayText,
  household: z.array(z.object({ fromDay: DayText, persons: z.number().int() })).describe("Newest first"),
  facts: z.array(AccountFactJson).describe("What is contracted, and low income: newest first"),
  agreements: z.array(AgreementJson),
  prepaid: PrepaidJson.nullable(),
  daysLeft: DaysLeftJson.nullable().describe("Of prepaid supply, worked out now; null when it cannot be told"),
  meters: z.array(MeterRowJson),
}).meta({ id: "Account" });
export type AccountJson = z.infer<typeof AccountJson>;

export const TIMELINE_KINDS = ["reading", "bill", "payment", "supply", "verdict"] as const;
export const TimelineKind = z.enum(TIMELINE_KINDS).meta({ id: "TimelineKind" });
export type TimelineKind = z.infer<typeof TimelineKind>;

const entry = { id: z.string().describe("Unique on the time line"), at: InstantText };

export const TimelineReading = z
  .object({
    ...entry,
    kind: z.literal("reading"),
    day: DayText,
    meterId: IdText,
    serial: z.string(),
    utility: UtilityName,
    register: z.string(),
    closing: QuantityJson.describe("Last value of the day"),
    used: QuantityJson.nullable().describe("Since the closing value of the day before"),
  })
  .meta({ id: "TimelineReading" });

export const TimelineBill = z
  .object({ ...entry, kind: z.literal("bill"), bill: BillRowJson })
  .meta({ id: "TimelineBill" });

export const TimelinePayment = z
  .object({
    ...entry,
    kind: z.literal("payment"),
    entry: z.enum(["payment", "reversal", "adjustment", "opening", "refund", "deposit", "set_off"]),
    journalId: IdText,
    amount: MoneyJson.describe("What the balance gained; of a set-off what went from one class to the other"),
    pays: z.enum(DEBT_CLASSES).nullable().describe("Of a set-off: the class whose debt it paid"),
    channel: z.string().nullable(),
    by: z.string().nullable(),
    reversedBy: IdText.nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: "TimelinePayment" });
export type TimelinePayment = z.infer<typeof TimelinePayment>;

export const TimelineSupply = z
  .object({ ...entry, kind: z.literal("supply"), event: z.string(), detail: z.record(z.string(), z.unknown()) })
  .meta({ id: "TimelineSupply" });

export const TimelineVerdict = z
  .object({
    ...entry,
    kind: z.literal("verdict"),
    meterId: IdText,
    serial: z.string(),
    utility: UtilityName,
    register: z.string(),
    result: z.string(),
    rule: z.string(),
    from: InstantText,
    to: InstantText,
  })
  .meta({ id: "TimelineVerdict" });

export const TimelineEntry = z
  .discriminatedUnion("kind", [TimelineReading, TimelineBill, TimelinePayment, TimelineSupply, TimelineVerdict])
  .meta({ id: "TimelineEntry" });
export type TimelineEntry = z.infer<typeof TimelineEntry>;

export const TimelineQuery = z.object({
  before: z.string().max(80).optional().describe("`next` of the page before"),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  kinds: z.string().max(80).optional().describe("Comma-separated; default all"),
});

/** Newest first. */
export const TimelineJson = z
  .object({ entries: z.array(TimelineEntry), next: z.string().nullable() })
  .meta({ id: "Timeline" });
export type TimelineJson = z.infer<typeof TimelineJson>;

export const UsageQuery = z.object({
  from: DayText.optional().describe("Default 30 days before `to`"),
  to: DayText.optional().describe("Half-open; default tomorrow. At most 400 days"),
});

/** Daily use for the chart: differences of the last values at or before local midnight. A picture, not a bill. */
export const AccountUsageJson = z
  .object({
    from: DayText,
    to: DayText,
    utilities: z.array(
      z.object({
        utility: UtilityName,
        unit: z.string(),
        days: z.array(z.object({ day: DayText, value: z.string().nullable().describe("null: not known") })),
      }),
    ),
  })
  .meta({ id: "AccountUsage" });
export type AccountUsageJson = z.infer<typeof AccountUsageJson>;
