import { z } from "zod";
import { IdText, InstantText, MoneyJson, QuantityJson, UtilityName } from "./json.ts";

export const TokenScheme = z.enum(["openpaygo", "sts"]);

export const TokenJson = z
  .object({
    id: IdText,
    meterId: IdText,
    scheme: TokenScheme,
    digits: z.string().describe("As they are typed in: 20 for STS, 9 or 12 for OpenPAYGO"),
    grouped: z.string().describe("The same in groups of four, to read aloud"),
    quantity: QuantityJson.describe("What the meter lets through"),
    amount: MoneyJson.describe("What it took from the account's credit"),
    number: z
      .string()
      .describe("STS token identifier (minute of its base date), or OpenPAYGO count: a meter takes each once"),
    testMode: z
      .boolean()
      .describe(
        "True: made under a key that is not of a real supply group. Real STS meters need keys of the STS Association",
      ),
    journalId: IdText,
    issuedAt: InstantText,
    returnedAt: InstantText.nullable().describe(
      "When its money came back, because the meter was read again; null while it holds it",
    ),
  })
  .meta({ id: "OfflineToken" });
export type TokenJson = z.infer<typeof TokenJson>;

export const TokensJson = z
  .object({
    items: z.array(TokenJson),
    meters: z
      .array(
        z.object({
          id: IdText,
          serial: z.string(),
          utility: UtilityName,
          scheme: TokenScheme,
          lastReadingAt: InstantText.nullable(),
          priceFrom: z
            .object({ amount: MoneyJson, quantity: QuantityJson })
            .nullable()
            .describe("What its last bill asked for so much: gives a token's quantity where none is stated"),
        }),
      )
      .describe("The account's meters whose keypad takes tokens"),
  })
  .meta({ id: "OfflineTokens" });
export type TokensJson = z.infer<typeof TokensJson>;

export const TokenBody = z.object({
  meterId: IdText,
  amount: MoneyJson.describe("Taken from the account's credit; more than zero"),
  quantity: QuantityJson.optional().describe(
    "In the meter's unit; absent: at the average price of its last bill, rounded up to a tenth",
  ),
});
export type TokenBody = z.infer<typeof TokenBody>;

/** 201 `issued`: made now. 200 `already`: the same key gave this token before. 409 is a Problem. */
export const TokenIssuedJson = z
  .object({ outcome: z.enum(["issued", "already"]), token: TokenJson, balance: MoneyJson })
  .meta({ id: "OfflineTokenIssued" });
export type TokenIssuedJson = z.infer<typeof TokenIssuedJson>;
