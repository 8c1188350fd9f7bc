import { z } from "zod";
import { IdText, InstantText, MoneyJson, QuantityJson, RelayState, UtilityName } from "./json.ts";
import { SupplyStateName } from "./supply.ts";

/**
 * What `GET /events` sends: SSE `event:` is the kind, `data:` one of these as JSON, `id:` grows.
 * An event says that something changed; what it is now is read from the resource.
 */
const base = { at: InstantText };

export const ReadingEvent = z
  .object({
    ...base,
    kind: z.literal("reading"),
    meterId: IdText,
    register: z.string(),
    utility: UtilityName,
    quantity: QuantityJson,
  })
  .meta({ id: "ReadingEvent" });

export const SupplyEvent = z
  .object({
    ...base,
    kind: z.literal("supply"),
    accountId: IdText,
    meterId: IdText.optional(),
    state: SupplyStateName.optional(),
    reported: RelayState.optional(),
    available: MoneyJson.optional(),
    event: z.string().optional().describe("Kind of the supply event"),
  })
  .meta({ id: "SupplyEvent" });

export const PaymentEvent = z
  .object({ ...base, kind: z.literal("payment"), accountId: IdText, journalId: IdText, amount: MoneyJson })
  .meta({ id: "PaymentEvent" });

export const BillRunEvent = z
  .object({
    ...base,
    kind: z.literal("bill_run"),
    runId: IdText,
    state: z.enum(["due", "running", "done", "failed"]),
    done: z.number().int(),
    refused: z.number().int(),
    left: z.number().int().optional().describe("Accounts to go, while it is at work"),
    perSecond: z.number().optional().describe("Accounts settled per second since it was first told of"),
  })
  .meta({ id: "BillRunEvent" });

export const ControlEvent = z
  .object({
    ...base,
    kind: z.literal("control"),
    controlId: IdText,
    meterId: IdText,
    accountId: IdText.optional(),
    action: z.enum(["disconnect", "connect"]),
    state: z.enum(["queued", "sent", "confirmed", "cancelled", "unknown"]),
  })
  .meta({ id: "ControlEvent" });

export const OverviewEvent = z
  .object({ ...base, kind: z.literal("overview") })
  .meta({ id: "OverviewEvent", description: "Figures of the overview may have changed: fetch it again" });

export const LiveEvent = z
  .discriminatedUnion("kind", [ReadingEvent, SupplyEvent, PaymentEvent, BillRunEvent, ControlEvent, OverviewEvent])
  .meta({ id: "LiveEvent" });
export type LiveEvent = z.infer<typeof LiveEvent>;
export type LiveEventKind = LiveEvent["kind"];
