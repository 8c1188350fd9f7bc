import { z } from "zod";
import { HELD_REASONS, type HeldReason } from "../../billing/prepaid/hold.ts";
import { HOLD_KINDS } from "../../domain/supply.ts";
import { IdText, InstantText, MoneyJson, PageQuery, PlainText, RelayState } from "./json.ts";
import { ControlJson, SupplyStateName } from "./supply.ts";

export const HeldReasonName = z
  .enum(Object.keys(HELD_REASONS) as [HeldReason, ...HeldReason[]])
  .meta({ id: "HeldReason", description: "A guard that keeps a cut from being given" });

const Placed = z.object({
  accountId: IdText,
  accountNumber: z.string(),
  accountName: z.string(),
  building: z.string(),
  room: z.string(),
  meterId: IdText,
  serial: z.string(),
});
const PolicyRef = z.object({ id: z.string(), version: z.string() });

export const TonightQuery = z.object({ hours: z.coerce.number().int().min(1).max(72).default(12) });
export const TonightRowJson = Placed.extend({
  state: SupplyStateName,
  verdict: z
    .enum(["cut", "under_way", "held", "enough"])
    .describe(
      "cut: an order to cut leaves within the hours if nobody pays; under_way: it is given already; held: a guard stands in the way for longer; enough: the money lasts longer at the usual use",
    ),
  available: MoneyJson.nullable(),
  cutBelow: MoneyJson,
  lastReadingAt: InstantText.nullable(),
  dueAt: InstantText.nullable().describe("When the money is below the limit at the usual use"),
  cutAt: InstantText.nullable().describe("When the order would leave if nobody pays; null: nothing can be foreseen"),
  held: HeldReasonName.nullable().describe("The first guard that forbids a cut now"),
  guards: z.array(
    z.object({
      guard: HeldReasonName,
      passes: z.boolean(),
      opensAt: InstantText.nullable().describe("When it opens by itself; null: it passes, or somebody must act"),
    }),
  ),
  policy: PolicyRef,
}).meta({ id: "TonightRow" });
export const TonightJson = z
  .object({
    at: InstantText,
    until: InstantText,
    items: z.array(TonightRowJson),
    counts: z.object({
      cut: z.number().int(),
      underWay: z.number().int(),
      held: z.number().int(),
      enough: z.number().int(),
      well: z.number().int().describe("Above their first warning: not listed"),
      off: z.number().int().describe("Off already: not listed"),
      leftOut: z.number().int().describe("Warned, and beyond the length of this list"),
    }),
  })
  .meta({ id: "SupplyTonight" });
export type TonightJson = z.infer<typeof TonightJson>;

export const SupplyWorkOrderJson = Placed.extend({
  id: IdText,
  accountId: IdText.nullable(),
  controlId: IdText,
  openedAt: InstantText,
  why: z.string(),
  closedAt: InstantText.nullable(),
  proofAt: InstantText.nullable().describe("The position that closed it, as its meter measured it"),
  closedBy: z.string().nullable().describe("Who looked"),
  note: z.string(),
}).meta({ id: "SupplyWorkOrder" });
export type SupplyWorkOrderJson = z.infer<typeof SupplyWorkOrderJson>;
export const WorkOrdersQuery = z.object({
  state: z.enum(["open", "all"]).default("open"),
  accountId: IdText.optional(),
});
export const WorkOrdersJson = z.object({ items: z.array(SupplyWorkOrderJson) }).meta({ id: "SupplyWorkOrders" });
export const WorkOrderCloseBody = z.strictObject({ note: PlainText.trim().min(3).max(500).describe("What was found") });
export const WorkOrderClosedJson = z
  .object({ outcome: z.enum(["done", "closed"]) })
  .meta({ id: "SupplyWorkOrderClosed", description: "closed: it was closed before" });

export const BoardQuery = z.object({
  building: PlainText.max(100).optional().describe("Meters of this building alone"),
  limit: z.coerce.number().int().min(1).max(2000).default(1000),
});
export const BoardMeterJson = Placed.extend({
  state: SupplyStateName,
  desired: z.enum(["connected", "disconnected"]),
  reported: RelayState,
  reportedAt: InstantText.nullable(),
  held: HeldReasonName.nullable(),
  available: MoneyJson.nullable(),
  emergency: z
    .object({ amount: MoneyJson, used: MoneyJson })
    .nullable()
    .describe("Emergency credit that was taken and is not repaid"),
  lastReadingAt: InstantText.nullable(),
}).meta({ id: "SupplyBoardMeter" });
export type BoardMeterJson = z.infer<typeof BoardMeterJson>;
export const SupplyBoardJson = z
  .object({
    at: InstantText,
    total: z.number().int(),
    states: z.array(z.object({ state: SupplyStateName, count: z.number().int() })),
    held: z.array(z.object({ reason: HeldReasonName, count: z.number().int() })).describe("Why due cuts wait"),
    pause: z
      .object({
        id: IdText,
        reason: z.string(),
        since: InstantText,
        until: InstantText.nullable(),
        by: z.string(),
      })
      .nullable()
      .describe("While it stands nothing is cut"),
    holds: z
      .array(z.object({ kind: z.enum(HOLD_KINDS), count: z.number().int() }))
      .describe("In force now, by kind; GET /supply-holds lists them"),
    cap: z
      .object({
        sentLastHour: z.number().int(),
        perHourMax: z.number().int().nullable().describe("The least of the policies in use"),
        buildings: z.array(
          z.object({
            building: z.string(),
            sentLastHour: z.number().int(),
            perHourMax: z.number().int().nullable(),
          }),
        ),
      })
      .describe("Cuts of the last 60 minutes against the hourly limits"),
    queue: z.array(ControlJson).describe("Open orders, connections first, 200 at most"),
    unknowns: z.array(SupplyWorkOrderJson).describe("Open work orders"),
    meters: z.array(BoardMeterJson).describe("The most urgent first"),
  })
  .meta({ id: "SupplyBoard" });
export type SupplyBoardJson = z.infer<typeof SupplyBoardJson>;

export const CertificatesQuery = PageQuery.extend({ accountId: IdText.optional(), controlId: IdText.optional() });
const CertificateRow = z.object({
  number: IdText,
  kind: z.enum(["order", "evidence"]),
  controlId: IdText,
  attempt: z.number().int().nullable().describe("Which sending of the order; null for evidence"),
  accountId: IdText,
  accountNumber: z.string(),
  accountName: z.string(),
  writtenAt: InstantText,
  hash: z.string().describe("SHA-256 of its text, hex"),
});
export const CertificatesJson = z
  .object({
    items: z.array(CertificateRow),
    page: z.number().int(),
    pageSize: z.number().int(),
    total: z.number().int(),
  })
  .meta({ id: "Certificates" });
export type CertificatesJson = z.infer<typeof CertificatesJson>;
export const CertificateParams = z.object({ number: IdText });
export const CertificateJson = CertificateRow.extend({
  body: z.string().describe("Canonical JSON as it was hashed"),
  document: z.record(z.string(), z.unknown()).describe("The same, read"),
  evidence: z.array(IdText).describe("Certificates of what was seen after this order; of evidence: of its order"),
  proof: z
    .object({
      ok: z.boolean(),
      wrong: z.array(z.string()),
      previous: z.object({ number: IdText, hash: z.string() }).nullable(),
      next: z.object({ number: IdText, hash: z.string() }).nullable(),
      head: z.object({ number: IdText, hash: z.string() }).describe("The end of the chain now"),
    })
    .describe("Text against hash, place in the chain against both neighbours, guards and balance: checked anew"),
}).meta({ id: "Certificate" });
export type CertificateJson = z.infer<typeof CertificateJson>;
export const CertificateFileQuery = z.object({ to: IdText.optional().describe("Through this number; else it alone") });
