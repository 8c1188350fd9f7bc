import { z } from "zod";
import { CURRENCIES, type Currency } from "../../domain/money.ts";
import { UNITS, UTILITIES } from "../../domain/unit.ts";

/** How ids, money, quantities and times stand in JSON. All other schemas are made of these. */

const INT8_MAX = "9223372036854775807";

/** An id of the books: decimal text, because a bigint does not fit a JSON number. */
export const IdText = z
  .string()
  .regex(/^[1-9]\d{0,18}$/, "an id is a whole number from 1 on")
  .refine((text) => text.length < INT8_MAX.length || text <= INT8_MAX, "an id fits 64 bits")
  .meta({ id: "Id", description: "Id of the books, as decimal text", example: "12" });
export type IdText = z.infer<typeof IdText>;

export const CurrencyCode = z.enum(Object.keys(CURRENCIES) as [Currency, ...Currency[]]);

export const MoneyJson = z
  .object({ amount: z.string().regex(/^-?\d{1,16}(\.\d{1,2})?$/), currency: CurrencyCode })
  .meta({
    id: "Money",
    description: "Plain decimal text with the currency's places",
    example: { amount: "12.30", currency: "CNY" },
  });
export type MoneyJson = z.infer<typeof MoneyJson>;

export const UnitName = z.enum(UNITS);
export const QuantityJson = z
  .object({ value: z.string().regex(/^-?\d+(\.\d{1,6})?$/), unit: UnitName })
  .meta({ id: "Quantity", description: "Decimal text and its unit", example: { value: "1.5", unit: "kWh" } });
export type QuantityJson = z.infer<typeof QuantityJson>;

/** ISO 8601 with the offset of the operator's zone. */
export const InstantText = z
  .string()
  .meta({ id: "Instant", description: "ISO 8601 with offset", example: "2026-06-01T08:00:00+08:00" });
export const DayText = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d$/, "a day is YYYY-MM-DD")
  .meta({ id: "Day", description: "A calendar day in the operator's zone", example: "2026-06-01" });

export const UtilityName = z.enum(UTILITIES).meta({ id: "Utility" });
export type UtilityName = z.infer<typeof UtilityName>;

export const RelayState = z
  .enum(["connected", "disconnected", "limited", "moving", "fault", "unknown"])
  .meta({ id: "RelayState", description: "Position of a relay or valve as last read back" });
export type RelayState = z.infer<typeof RelayState>;

/** Pages count from 1. A page beyond the end is empty, not an error. */
export const PageQuery = z.object({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(200).default(50),
});

export const IdParams = z.object({ id: IdText });

/** Text that PostgreSQL can hold: any characters but NUL. */
export const PlainText = z.string().regex(/^[^\0]*$/, "NUL is not a character of a text");

/** A search as someone types it: any characters, none of them special. */
export const SearchText = PlainText.max(100).default("");
