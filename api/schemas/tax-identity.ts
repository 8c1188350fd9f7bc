import { z } from "zod";
import { tidyTaxId } from "../../domain/tax-identity.ts";
import { DayText, InstantText, PlainText } from "./json.ts";

const text = (max: number) => PlainText.trim().max(max);
const line = (max: number) => text(max).default("");

export const TaxIdentityJson = z
  .object({
    name: PlainText.trim().min(1).max(200).describe("As registered: the invoice's title (发票抬头)"),
    taxId: text(30)
      .overwrite(tidyTaxId)
      .default("")
      .describe(
        "统一社会信用代码 (GB 32100, check digit looked at), VAT identifier with its country, or national number; empty: none",
      ),
    country: z
      .string()
      .trim()
      .toUpperCase()
      .regex(/^[A-Z]{2}$/, "two capitals, as CN or DE"),
    address: line(200),
    city: line(100),
    postCode: line(20),
    phone: line(40),
    bankName: line(100),
    bankAccount: text(40)
      .overwrite((said) => said.replaceAll(/\s/g, ""))
      .default(""),
  })
  .meta({
    example: {
      name: "宁波示例物业服务有限公司",
      taxId: "91330200MA28XXXX07",
      country: "CN",
      address: "海曙区示例路 1 号",
      city: "宁波",
      postCode: "315000",
      phone: "0574-00000000",
      bankName: "中国银行宁波分行",
      bankAccount: "390000000000",
    },
  });

export const TaxIdentityBody = z.object({
  fromDay: DayText.describe("From this day on; of two words for one day the later one counts"),
  identity: TaxIdentityJson.nullable().describe("null: from that day on there is none"),
});

export const TaxIdentitiesJson = z
  .object({
    current: TaxIdentityJson.nullable().describe("What holds today"),
    items: z
      .array(
        z.object({
          fromDay: DayText,
          identity: TaxIdentityJson.nullable(),
          notedAt: InstantText,
          notedBy: z.string().nullable(),
          isLast: z.boolean().describe("No later word is about this day"),
        }),
      )
      .describe("Everything that was said, the latest day first"),
  })
  .meta({ id: "TaxIdentities" });
export type TaxIdentitiesJson = z.infer<typeof TaxIdentitiesJson>;
