import { z } from "zod";
import { CHARGE_BASES, CHARGE_INCOMES } from "../../domain/charge.ts";
import { DayText, IdText, MoneyJson, PlainText } from "./json.ts";

const decimal = (places: number) =>
  z.string().regex(new RegExp(`^\\d{1,8}(\\.\\d{1,${places}})?$`), `a number with at most ${places} decimals`);
const ChargeCode = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,39}$/, "a code is a small letter, then small letters, digits, - and _");

export const BillChargeJson = z
  .object({
    key: z.string().describe("<code>/<first day>"),
    code: z.string(),
    fromDay: DayText,
    toDay: DayText.describe("Half-open"),
    monthDays: z.number().int().describe("Days of the calendar month"),
    quantity: z.string(),
    unit: z.enum(["m2", "lot", "home", "overdue"]).describe("overdue: a late fee, the quantity is what was overdue"),
    price: z.string().describe("Per unit and month; of a late fee the share per day"),
    amount: MoneyJson,
    included: MoneyJson.describe("Tax that the amount contains"),
    titleZh: z.string(),
    titleEn: z.string(),
    ofBill: z
      .object({ id: IdText, number: z.string() })
      .nullable()
      .describe("A late fee: the earlier bill whose debt it is for"),
  })
  .meta({ id: "BillCharge" });
export type BillChargeJson = z.infer<typeof BillChargeJson>;

export const BillingTermsJson = z
  .object({
    items: z.array(z.object({ fromDay: DayText, dueWorkingDays: z.number().int(), calendarId: z.string() })),
    calendars: z.array(
      z.object({
        id: z.string(),
        titleZh: z.string(),
        titleEn: z.string(),
        years: z
          .array(z.object({ year: z.number().int(), source: z.string() }))
          .describe("Years whose holidays are published; of every other year only the weekends are known"),
      }),
    ),
  })
  .meta({ id: "BillingTerms" });
export type BillingTermsJson = z.infer<typeof BillingTermsJson>;

export const BillingTermsBody = z.object({
  fromDay: DayText.describe("Bills issued from this day on"),
  dueWorkingDays: z.number().int().min(0).max(120),
  calendarId: z.string().min(1).max(40).default("cn"),
});

export const ChargesJson = z
  .object({
    items: z.array(
      z.object({
        code: z.string(),
        titleZh: z.string(),
        titleEn: z.string(),
        basis: z.enum(CHARGE_BASES),
        income: z.enum(CHARGE_INCOMES),
        prices: z.array(z.object({ fromDay: DayText, price: z.string(), taxRate: z.string(), source: z.string() })),
      }),
    ),
  })
  .meta({ id: "Charges" });
export type ChargesJson = z.infer<typeof ChargesJson>;

export const ChargeBody = z.object({
  code: ChargeCode.refine((code) => !code.startsWith("late_fee"), "late_fee is what the late fee is called"),
  titleZh: PlainText.trim().min(1).max(100),
  titleEn: PlainText.trim().min(1).max(100),
  basis: z.enum(CHARGE_BASES),
  income: z.enum(CHARGE_INCOMES),
});
export const ChargePriceBody = z.object({
  fromDay: DayText,
  price: decimal(4).describe("Per unit and calendar month, tax included"),
  taxRate: z
    .string()
    .regex(/^0(\.\d{1,4})?$/, "a share below one")
    .default("0"),
  source: PlainText.trim().min(1).max(300).describe("Contract, notice, decision of the owners"),
});
export const ChargeParams = z.object({ code: ChargeCode });

export const AccountChargesJson = z
  .object({ items: z.array(z.object({ code: z.string(), fromDay: DayText, quantity: z.string() })) })
  .meta({ id: "AccountCharges" });
export type AccountChargesJson = z.infer<typeof AccountChargesJson>;
export const AccountChargeBody = z.object({
  code: ChargeCode,
  fromDay: DayText,
  quantity: decimal(2)
    .refine((text) => Number(text) < 1_000_000, "at most six digits")
    .describe("Lots or homes; for a charge by area how often the floor area counts; 0 = no more"),
});
