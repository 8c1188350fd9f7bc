import { z } from "zod";
import { InstantText, MoneyJson, QuantityJson, UtilityName } from "./json.ts";
import { RunJson } from "./operation.ts";
import { SupplyStateName } from "./supply.ts";

export const UsePoint = z.object({ at: InstantText.describe("Begin of the hour"), quantity: QuantityJson });

/** `GET /overview`: what a duty desk looks at first. */
export const OverviewJson = z
  .object({
    now: InstantText.describe("Time of the service: town time in the demo"),
    meters: z.array(
      z.object({
        utility: UtilityName,
        total: z.number().int(),
        heard: z.number().int(),
        late: z.number().int(),
        silent: z.number().int(),
      }),
    ),
    useToday: z.array(
      z.object({
        utility: UtilityName,
        total: QuantityJson,
        series: z
          .array(UsePoint)
          .describe("By hour since local midnight; empty for a utility with more than 5 000 meters"),
      }),
    ),
    moneyIn: z.object({
      today: MoneyJson,
      todayCount: z.number().int(),
      month: MoneyJson,
      monthCount: z.number().int(),
    }),
    billsLastMonth: z.object({
      period: z.string().describe("YYYY-MM"),
      count: z.number().int(),
      total: MoneyJson,
      openCount: z.number().int(),
      open: MoneyJson,
    }),
    prepaid: z.array(z.object({ state: SupplyStateName, count: z.number().int() })),
    moveOutsDue: z.number().int().describe("Planned move-outs whose day has come: they wait for a clerk"),
    refusedLast24h: z.array(z.object({ reason: z.string(), times: z.number().int() })),
    runs: z.array(RunJson).describe("Runs that are due or running, and the last one done"),
  })
  .meta({ id: "Overview" });
export type OverviewJson = z.infer<typeof OverviewJson>;
