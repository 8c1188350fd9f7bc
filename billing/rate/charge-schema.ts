import { z } from "zod";
import type { Charge } from "../../domain/tariff.ts";
import { day, decimal, id, months, notBelowZero, time, title, touName, yearDay } from "./fields.ts";

const price = z.union([
  decimal,
  z.record(touName, decimal).refine((by) => Object.keys(by).length > 0, "names no price"),
]);
const mode = z.enum(["half_away", "half_even", "up", "down"]);

export const touClock = z.strictObject({
  rules: z.array(
    z.strictObject({
      period: touName,
      months: months.optional(),
      weekdays: z.array(z.int().min(1).max(7)).min(1).optional(),
      days: z.enum(["workday", "restday", "holiday"]).optional(),
      from: time.optional(),
      to: time.optional(),
    }),
  ),
  otherwise: touName,
  calendar: z.strictObject({ holidays: z.array(day), workdays: z.array(day).optional() }).optional(),
});

export const netting = z.discriminatedUnion("by", [
  z.strictObject({ by: z.literal("interval") }),
  z.strictObject({
    by: z.literal("period"),
    surplus: z.enum(["carry", "sell"]),
    likeHours: z.array(time).min(1).optional(),
  }),
]);

export const billRounding = z.strictObject({ to: notBelowZero, mode: mode.optional() });

const ladder = z.strictObject({
  basis: z.enum(["year", "month", "period"]),
  yearStart: yearDay.optional(),
  household: z
    .array(
      z.strictObject({
        fromPersons: z.int().min(1),
        each: z.enum(["household", "person"]),
        add: decimal,
        per: z.enum(["month", "year"]),
        thresholds: z.array(z.int().min(1)).min(1).optional(),
      }),
    )
    .optional(),
  scale: z.enum(["day", "month"]).optional(),
  part: z.enum(["whole", "by_days"]).optional(),
  kw: z.strictObject({ of: z.enum(["contracted", "demand"]), window: z.int().min(1).max(1440).optional() }).optional(),
});

const base = {
  id,
  title,
  rounding: mode.optional(),
  roundTo: notBelowZero.optional(),
  roundOnce: z.boolean().optional(),
  when: z.strictObject({ months: months.optional(), lowIncome: z.boolean().optional() }).optional(),
};
const pricedTiers = z
  .array(z.strictObject({ upTo: decimal.nullable(), upToPerKw: notBelowZero.optional(), price }))
  .min(1);
const addedTiers = z.array(z.strictObject({ upTo: decimal.nullable(), add: decimal })).min(1);
const seasons = z.array(z.strictObject({ months, tiers: pricedTiers })).optional();
const series = z.strictObject({
  from: z.string(),
  minutes: z.int().min(1).max(1440),
  values: z.array(decimal).min(1),
});

const flat = <K extends "energy" | "export">(kind: K) =>
  z.strictObject({ ...base, kind: z.literal(kind), form: z.literal("flat"), price });
const graduated = <K extends "energy" | "export">(kind: K) =>
  z.strictObject({
    ...base,
    kind: z.literal(kind),
    form: z.literal("graduated"),
    ladder,
    tiers: pricedTiers,
    seasons,
    allocation: z.enum(["chronological", "pro_rata"]).optional(),
  });
const slab = <K extends "energy" | "export">(kind: K) =>
  z.strictObject({ ...base, kind: z.literal(kind), form: z.literal("slab"), ladder, tiers: pricedTiers, seasons });
const bySeries = <K extends "energy" | "export">(kind: K) =>
  z.strictObject({ ...base, kind: z.literal(kind), form: z.literal("series"), series });

const energy = z.discriminatedUnion("form", [
  flat("energy"),
  graduated("energy"),
  z.strictObject({
    ...base,
    kind: z.literal("energy"),
    form: z.literal("surcharged"),
    price,
    ladder,
    tiers: addedTiers,
    seasons: z.array(z.strictObject({ months, tiers: addedTiers })).optional(),
  }),
  slab("energy"),
  bySeries("energy"),
]);
const exported = z.discriminatedUnion("form", [
  flat("export"),
  graduated("export"),
  slab("export"),
  bySeries("export"),
]);

const of = z.array(id).min(1);
const rateTiers = z.array(z.strictObject({ upTo: decimal.nullable(), rate: decimal })).min(1);

const standing = z.strictObject({
  ...base,
  kind: z.literal("standing"),
  per: z.enum(["day", "month"]),
  price: decimal.optional(),
  tiers: z
    .array(z.strictObject({ upTo: decimal.nullable(), price: decimal }))
    .min(1)
    .optional(),
  by: z.enum(["use", "kW", "kVA"]).optional(),
  part: z.enum(["whole", "by_days"]).optional(),
  capacity: z.enum(["kW", "kVA"]).optional(),
});

const demand = z.strictObject({
  ...base,
  kind: z.literal("demand"),
  per: z.enum(["month", "period"]).optional(),
  window: z.int().min(1).max(60).optional(),
  sliding: z.boolean().optional(),
  tou: touClock.optional(),
  in: z.array(touName).min(1).optional(),
  measure: z.enum(["register", "intervals"]).optional(),
  coincident: z
    .strictObject({
      hours: z.array(z.strictObject({ from: z.string(), to: z.string() })).min(1),
      take: z.enum(["highest", "mean"]).optional(),
    })
    .optional(),
  of: z.enum(["measured", "contracted"]).optional(),
  price: price.optional(),
  tiers: pricedTiers.optional(),
  share: notBelowZero.optional(),
  minimumKw: notBelowZero.optional(),
  ratchet: z
    .array(z.strictObject({ percent: notBelowZero, months: z.int().min(1).max(36), of: months.optional() }))
    .min(1)
    .optional(),
  contracted: z
    .strictObject({ atLeast: notBelowZero.optional(), over: notBelowZero.optional(), factor: notBelowZero.optional() })
    .optional(),
});

/** One charge of a tariff. */
export const chargeSchema = z.discriminatedUnion("kind", [
  energy,
  exported,
  standing,
  z.strictObject({ ...base, kind: z.literal("volume"), price: decimal, share: notBelowZero.optional() }),
  z.strictObject({
    ...base,
    kind: z.literal("percentage"),
    rate: decimal.optional(),
    rates: z.strictObject({ form: z.enum(["slab", "graduated"]), tiers: rateTiers }).optional(),
    of,
  }),
  z.strictObject({
    ...base,
    kind: z.literal("tax"),
    rate: decimal,
    mode: z.enum(["inclusive", "exclusive"]),
    of: of.optional(),
  }),
  demand,
  z.strictObject({
    ...base,
    kind: z.literal("minimum"),
    amount: notBelowZero,
    per: z.enum(["month", "year"]),
    yearStart: yearDay.optional(),
    of: of.optional(),
  }),
  z.strictObject({
    ...base,
    kind: z.literal("credit"),
    amount: notBelowZero.optional(),
    per: z.enum(["day", "month"]).optional(),
    price: notBelowZero.optional(),
    rate: notBelowZero.optional(),
    of: of.optional(),
  }),
  z.strictObject({
    ...base,
    kind: z.literal("allowance"),
    quantity: notBelowZero,
    per: z.enum(["month", "period"]),
    of: id,
  }),
  z.strictObject({
    ...base,
    kind: z.literal("power_factor"),
    of,
    table: z
      .array(z.strictObject({ from: notBelowZero, rate: decimal }))
      .min(1)
      .optional(),
    below: notBelowZero.optional(),
    standard: notBelowZero.optional(),
  }),
  z.strictObject({
    ...base,
    kind: z.literal("carry"),
    of,
    use: z.enum(["now", "next"]).optional(),
    settleMonth: z.int().min(1).max(12).optional(),
  }),
  z.strictObject({
    ...base,
    kind: z.literal("surplus"),
    month: z.int().min(1).max(12),
    price: decimal,
    of: z.enum(["total", "periods"]).optional(),
  }),
]) as z.ZodType<Charge>;
