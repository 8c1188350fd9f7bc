import { z } from "zod";
import { DayText, IdText, InstantText, MoneyJson, PageQuery, PlainText, QuantityJson, UtilityName } from "./json.ts";

const MonthText = z
  .string()
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/, "a month is YYYY-MM")
  .meta({ description: "A month of the operator's calendar", example: "2026-05" });

export const TriedTariffBody = z.strictObject({
  tariff: PlainText.trim()
    .min(1)
    .max(140)
    .optional()
    .describe("An id (each version on its own days), or id@version (that version over the whole period)"),
  document: z.unknown().optional().describe("In place of `tariff`: a version in the tariff language, as a draft"),
  insteadOf: z
    .array(PlainText.min(1).max(64))
    .min(1)
    .max(50)
    .optional()
    .describe("Only agreements under these tariffs; default: every agreement of the utility"),
});

export const WhatIfBody = z.strictObject({
  from: MonthText,
  to: MonthText.optional().describe("The last month; default `from`"),
  tariffs: z.array(TriedTariffBody).min(1).max(8),
  building: PlainText.max(100).optional(),
  accountId: IdText.optional(),
});
export type WhatIfBody = z.infer<typeof WhatIfBody>;

const change = {
  utility: UtilityName,
  quantity: QuantityJson,
  before: MoneyJson,
  after: MoneyJson,
  change: MoneyJson.describe("after less before"),
  guessed: QuantityJson.describe("Units whose hours nobody saw, under the tariff that is tried"),
};

const account = {
  accountId: IdText,
  number: z.string(),
  name: z.string(),
  building: z.string(),
  room: z.string(),
};

export const AccountChangeJson = z
  .object({
    ...account,
    before: MoneyJson,
    after: MoneyJson,
    change: MoneyJson,
    utilities: z.array(z.object(change)),
  })
  .meta({ id: "AccountChange" });
export type AccountChangeJson = z.infer<typeof AccountChangeJson>;

export const LeftOutJson = z
  .object({
    ...account,
    reason: z.enum(["no_tariff", "in_doubt", "cannot_rate", "failed"]),
    month: z.string(),
    detail: z.string(),
  })
  .meta({ id: "LeftOutAccount" });
export type LeftOutJson = z.infer<typeof LeftOutJson>;

export const WhatIfSummaryJson = z
  .object({
    accounts: z.number().int(),
    leftOut: z.number().int().describe("Accounts that cannot be compared: see `left-out`"),
    before: MoneyJson,
    after: MoneyJson,
    change: MoneyJson,
    utilities: z.array(z.object({ ...change, accounts: z.number().int() })),
    more: z.number().int().describe("Accounts that pay more"),
    less: z.number().int(),
    same: z.number().int(),
    moreBy: MoneyJson,
    lessBy: MoneyJson,
    bins: z
      .array(z.object({ from: MoneyJson.nullable(), to: MoneyJson.nullable(), accounts: z.number().int() }))
      .describe(
        "How changes spread: from the largest saving to the largest rise; both ends open; no change is a bar of its own",
      ),
    topMore: z.array(AccountChangeJson),
    topLess: z.array(AccountChangeJson),
  })
  .meta({ id: "WhatIfSummary" });
export type WhatIfSummaryJson = z.infer<typeof WhatIfSummaryJson>;

/** A comparison lives in the service's memory: nothing of it is written. */
export const WhatIfJson = z
  .object({
    id: z.uuid(),
    state: z.enum(["running", "done", "cancelled", "failed"]),
    from: InstantText,
    to: InstantText,
    done: z.number().int(),
    of: z.number().int().describe("Accounts in all"),
    tariffs: z.array(z.string()),
    summary: WhatIfSummaryJson.describe("Of the accounts done so far"),
    trouble: z.string().describe("Why it failed; else empty"),
  })
  .meta({ id: "WhatIf" });
export type WhatIfJson = z.infer<typeof WhatIfJson>;

export const WhatIfParams = z.object({ id: z.uuid() });
export const WhatIfAccountsQuery = PageQuery.extend({
  side: z.enum(["all", "more", "less"]).default("all"),
});
export const WhatIfAccountsJson = z
  .object({
    items: z.array(AccountChangeJson),
    page: z.number().int(),
    pageSize: z.number().int(),
    total: z.number().int(),
  })
  .meta({ id: "WhatIfAccounts", description: "The largest change first, whichever way" });
export type WhatIfAccountsJson = z.infer<typeof WhatIfAccountsJson>;
export const WhatIfLeftOutJson = z
  .object({ items: z.array(LeftOutJson), total: z.number().int() })
  .meta({ id: "WhatIfLeftOut", description: "At most the first 200" });
export type WhatIfLeftOutJson = z.infer<typeof WhatIfLeftOutJson>;

export const TariffChoiceJson = z
  .object({
    id: z.string(),
    utility: UtilityName,
    title: z.object({ zh: z.string(), en: z.string() }),
    versions: z.array(z.object({ version: z.string(), effectiveFrom: DayText })),
    agreements: z.number().int().describe("Agreements of this operator under it today"),
  })
  .meta({ id: "TariffChoice" });
export const TariffChoicesJson = z
  .object({ items: z.array(TariffChoiceJson), buildings: z.array(z.string()) })
  .meta({ id: "TariffChoices" });
export type TariffChoicesJson = z.infer<typeof TariffChoicesJson>;

export const TariffOptionsJson = z
  .object({
    from: InstantText,
    to: InstantText,
    utilities: z.array(
      z.object({
        utility: UtilityName,
        current: z.string(),
        options: z
          .array(
            z.object({
              tariffId: z.string(),
              title: z.object({ zh: z.string(), en: z.string() }),
              isCurrent: z.boolean(),
              cost: MoneyJson.nullable().describe("null: it cannot be said, see `why`"),
              change: MoneyJson.nullable().describe("Against what the account's own tariffs came to"),
              guessed: QuantityJson.nullable(),
              why: z.string(),
            }),
          )
          .describe("The cheapest first"),
      }),
    ),
  })
  .meta({ id: "TariffOptions" });
export type TariffOptionsJson = z.infer<typeof TariffOptionsJson>;
