import { z } from "zod";
import { CUSTOMER_CLASSES } from "../../domain/charge.ts";
import { MOVE_IN_REFUSALS } from "../../billing/closing/why-not-moved-in.ts";
import { DayText, IdText, InstantText, MoneyJson, PageQuery, PlainText, SearchText, UtilityName } from "./json.ts";

export const VacantPointsQuery = PageQuery.extend({
  search: SearchText.describe("Words of building, room, meter or last customer"),
  lastAccount: IdText.optional().describe("Points that this account had last"),
});

const LastStayJson = z.object({
  accountId: IdText,
  number: z.string(),
  endedOn: DayText.nullable().describe("Half-open: whoever comes next may begin on this day; null: still there"),
});

export const VacantPointsJson = z
  .object({
    items: z.array(
      z.object({
        pointId: IdText,
        utility: UtilityName,
        building: z.string(),
        room: z.string(),
        meter: z.object({ id: IdText, serial: z.string() }).nullable(),
        tariffId: z.string().nullable().describe("The last customer's"),
        last: LastStayJson.nullable().describe("null: nobody ever had it"),
      }),
    ),
    page: z.number().int(),
    pageSize: z.number().int(),
    total: z.number().int(),
  })
  .meta({ id: "VacantPoints" });
export type VacantPointsJson = z.infer<typeof VacantPointsJson>;

const capacity = z.string().regex(/^\d{1,9}(\.\d{1,6})?$/, "a decimal");

export const MoveInBody = z
  .object({
    fromDay: DayText.describe("The customer's first day: begins as it begins"),
    customer: z.object({
      number: PlainText.trim().min(1).max(40).describe("Of the new account"),
      name: PlainText.trim().min(1).max(100),
      phone: PlainText.trim().max(40).default(""),
      address: PlainText.trim().max(200).default(""),
      paymentMode: z.enum(["postpaid", "prepaid"]).default("postpaid"),
    }),
    policyId: PlainText.max(60).optional().describe("Of prepaid supply"),
    points: z
      .array(
        z.object({
          usagePointId: IdText,
          tariffId: PlainText.max(100).optional().describe("Default: the last customer's"),
        }),
      )
      .min(1)
      .max(20)
      .refine((points) => new Set(points.map((one) => one.usagePointId)).size === points.length, "a point once"),
    readings: z
      .array(
        z.object({
          meterId: IdText,
          register: PlainText.max(60).optional().describe("Default: the billing register"),
          value: z.string().max(40).describe("As the dial showed it: booked at the beginning of the day"),
          confirmed: z
            .boolean()
            .default(false)
            .describe("Outside what is expected, and meant; never below the last one"),
        }),
      )
      .max(20)
      .default([]),
    facts: z
      .object({
        persons: z.number().int().min(1).max(99).optional(),
        contractedKw: capacity.optional(),
        contractedKva: capacity.optional(),
        lowIncome: z.boolean().optional(),
        areaM2: z
          .string()
          .regex(/^\d{1,6}(\.\d{1,2})?$/, "m² with at most two places")
          .optional(),
        customerClass: z.enum(CUSTOMER_CLASSES).optional(),
      })
      .default({}),
    charges: z
      .array(z.object({ code: PlainText.max(40), quantity: z.string().regex(/^\d{1,4}(\.\d{1,2})?$/) }))
      .max(20)
      .default([])
      .describe("Property fee, parking: from the same day on"),
    depositAsked: MoneyJson.optional().describe("To be taken at the counter"),
  })
  .meta({
    example: {
      fromDay: "2026-10-11",
      customer: { number: "1-101-2", name: "王芳", phone: "13800000002", address: "", paymentMode: "postpaid" },
      points: [{ usagePointId: "12", tariffId: "zhejiang.electricity.residential" }],
      readings: [{ meterId: "7", value: "1020" }],
      facts: { persons: 3 },
      depositAsked: { amount: "500.00", currency: "CNY" },
    },
  });
export type MoveInBody = z.input<typeof MoveInBody>;
export type MoveInAskedJson = z.output<typeof MoveInBody>;

export const MoveInShownJson = z
  .object({
    fromDay: DayText,
    beginsAt: InstantText,
    refused: z
      .array(z.object({ reason: z.enum(MOVE_IN_REFUSALS), pointId: IdText.nullable(), detail: z.string() }))
      .describe("Empty: the customer can move in"),
    points: z.array(
      z.object({
        pointId: IdText,
        utility: UtilityName,
        building: z.string(),
        room: z.string(),
        tariffId: z.string().nullable(),
        meter: z.object({ id: IdText, serial: z.string() }).nullable(),
        register: z.string(),
        unit: z.string(),
        start: z
          .object({ value: z.string(), basis: z.enum(["reading", "interpolated", "estimated"]) })
          .nullable()
          .describe("null: nobody knows"),
        before: z.object({ value: z.string(), at: InstantText }).nullable().describe("The reading before"),
        last: LastStayJson.nullable(),
        vacantDays: z.number().int().describe("Between the last customer and this one"),
        usedVacant: z.string().nullable().describe("What was used in them: nobody's; null: not known"),
      }),
    ),
  })
  .meta({ id: "MoveInShown" });
export type MoveInShownJson = z.infer<typeof MoveInShownJson>;

export const MoveInDoneJson = z
  .object({ outcome: z.enum(["moved_in", "already"]), accountId: IdText, number: z.string(), fromDay: DayText })
  .meta({ id: "MoveInDone" });
export type MoveInDoneJson = z.infer<typeof MoveInDoneJson>;

/** How an account came, on its page. */
export const AccountMoveInJson = z.object({
  fromDay: DayText,
  depositAsked: MoneyJson.nullable(),
  notedAt: InstantText,
  notedBy: z.string().nullable(),
});
