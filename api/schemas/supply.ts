import { z } from "zod";
import { IdText, InstantText, MoneyJson, PageQuery, RelayState } from "./json.ts";

export const SupplyStateName = z
  .enum([
    "normal",
    "warned_1",
    "warned_2",
    "notice_served",
    "cut_due",
    "cut_sent",
    "cut",
    "reconnect_due",
    "reconnect_sent",
    "close_permitted",
    "unknown",
  ])
  .meta({ id: "SupplyState" });
export type SupplyStateName = z.infer<typeof SupplyStateName>;

export const DaysLeftJson = z
  .object({ low: z.number().int(), expected: z.number().int(), high: z.number().int() })
  .meta({
    id: "DaysLeft",
    description: "Whole days that the money lasts, with the band of the home's own habits; at most 365",
  });

/** What the prepaid engine last knew of an account. */
export const PrepaidJson = z
  .object({
    state: SupplyStateName,
    desired: z.enum(["connected", "disconnected"]),
    reported: RelayState,
    reportedAt: InstantText.nullable(),
    available: MoneyJson.nullable().describe("Ledger credit − unbilled use, at the last decision"),
    unbilled: MoneyJson.nullable(),
    decidedAt: InstantText.nullable(),
    lastReadingAt: InstantText.nullable(),
    daysLeft: z.number().nullable().describe("At the pace of the unbilled use; null when it cannot be told"),
    policyId: z.string(),
    held: z.string().describe("Why a cut that is due is not ordered; empty when nothing holds it"),
    warnedAt: InstantText.nullable().describe("Since when the second warning stands"),
    lastCreditAt: InstantText.nullable(),
  })
  .meta({ id: "Prepaid" });
export type PrepaidJson = z.infer<typeof PrepaidJson>;

/** A row of the supply board. */
export const PrepaidRowJson = PrepaidJson.extend({
  accountId: IdText,
  accountNumber: z.string(),
  accountName: z.string(),
  building: z.string(),
  room: z.string(),
  meterId: IdText,
  serial: z.string(),
  protectedReason: z.string().nullable(),
}).meta({ id: "PrepaidRow" });
export type PrepaidRowJson = z.infer<typeof PrepaidRowJson>;

export const PrepaidQuery = PageQuery.extend({ state: SupplyStateName.optional() });
export const PrepaidBoardJson = z
  .object({
    items: z.array(PrepaidRowJson),
    page: z.number().int(),
    pageSize: z.number().int(),
    total: z.number().int(),
  })
  .meta({ id: "PrepaidBoard" });
export type PrepaidBoardJson = z.infer<typeof PrepaidBoardJson>;

export const ControlStateName = z
  .enum(["queued", "sent", "confirmed", "cancelled", "unknown"])
  .meta({ id: "ControlState" });

/** An order of the outbox. Only a relay state that was read back makes it `confirmed`. */
export const ControlJson = z
  .object({
    id: IdText,
    meterId: IdText,
    serial: z.string(),
    accountId: IdText.nullable(),
    accountNumber: z.string().nullable(),
    accountName: z.string().nullable(),
    action: z.enum(["disconnect", "connect"]),
    state: ControlStateName,
    reason: z.record(z.string(), z.unknown()),
    createdAt: InstantText,
    notBefore: InstantText,
    sentAt: InstantText.nullable(),
    attempts: z.number().int(),
    readBackAt: InstantText.nullable(),
    closedAt: InstantText.nullable(),
    note: z.string(),
  })
  .meta({ id: "Control" });
export type ControlJson = z.infer<typeof ControlJson>;

export const ControlsQuery = PageQuery.extend({ state: ControlStateName.optional(), accountId: IdText.optional() });
export const ControlsJson = z
  .object({ items: z.array(ControlJson), page: z.number().int(), pageSize: z.number().int(), total: z.number().int() })
  .meta({ id: "Controls" });
export type ControlsJson = z.infer<typeof ControlsJson>;
