import { expect, test } from "vitest";
import { instantOfIso, type Instant } from "../../domain/instant.ts";
import { day } from "../../domain/period.ts";
import { brokenRules, RULE_NAMES } from "../../paper/e-invoice/en16931.ts";
import type { InvoiceFacts, SupplyFact } from "../../paper/e-invoice/facts.ts";
import { type Invoice, invoiceOf } from "../../paper/e-invoice/invoice.ts";
import { ublOf } from "../../paper/e-invoice/ubl.ts";
import { company } from "../support/company.ts";

const at = (text: string): Instant => instantOfIso(text) ?? (0 as Instant);
const title = { zh: "测试", en: "test" };
const line = { from: at("2026-11-01T00:00:00+08:00"), to: at("2026-12-01T00:00:00+08:00"), title, includedMinor: null };
/** 117 kWh for 61.81, with 13 % inside 7.11; sewage 12.35, untaxed. */
const supply: SupplyFact[] = [
  {
    ...line,
    group: "e",
    utility: "electricity",
    charge: "energy",
    kind: "energy",
    quantity: "117",
    unit: "kWh",
    price: "0.5283",
    amountMinor: 6181n,
  },
  {
    ...line,
    group: "e",
    utility: "electricity",
    charge: "vat",
    kind: "tax",
    quantity: null,
    unit: null,
    price: "0.13",
    amountMinor: 0n,
    includedMinor: 711n,
    of: ["energy"],
  },
  {
    ...line,
    group: "w",
    utility: "water",
    charge: "sewage",
    kind: "volume",
    quantity: "13",
    unit: "m3",
    price: "0.95",
    amountMinor: 1235n,
  },
];
const facts: InvoiceFacts = {
  number: "2026-000001",
  issuedOn: day("2026-12-01"),
  dueOn: day("2026-12-15"),
  from: day("2026-11-01"),
  lastDay: day("2026-11-30"),
  currency: "CNY",
  totalMinor: 7416n,
  taxPostedMinor: 711n,
  seller: { code: "town", zh: "小镇", en: "Town", tax: null },
  buyer: { number: "1", name: "店", address: "示例路 2 号", tax: null },
  supply,
  charges: [],
  corrects: [],
};
const invoice: Invoice = invoiceOf(facts);
const seller = { taxId: company.taxId, country: "CN" };

const without = (pattern: RegExp) => (xml: string) => xml.replace(pattern, "");
/** What spoils a sound invoice, and the rules of EN 16931 that name it. */
const SPOILT: [rules: string[], spoil: (xml: string) => string][] = [
  [["BR-01"], without(/<cbc:CustomizationID>.*\n/)],
  [["BR-02"], without(/<cbc:ID>2026-000001<.*\n/)],
  [["BR-03"], without(/<cbc:IssueDate>.*\n/)],
  [["BR-04"], without(/<cbc:InvoiceTypeCode>.*\n/)],
  [["BR-05"], without(/<cbc:DocumentCurrencyCode>.*\n/)],
  [["BR-06"], without(/<cbc:RegistrationName>.*\n/)],
  [["BR-07"], (xml) => xml.replace(/(CustomerParty>[\s\S]*?)<cbc:RegistrationName>.*\n/, "$1")],
  [["BR-08", "BR-09"], without(/<cac:PostalAddress>[\s\S]*?<\/cac:PostalAddress>/)],
  [["BR-09"], without(/<cbc:IdentificationCode>.*\n/)],
  [
    ["BR-10", "BR-11"],
    (xml) => xml.replace(/(CustomerParty>[\s\S]*?)<cac:PostalAddress>[\s\S]*?<\/cac:PostalAddress>/, "$1"),
  ],
  [["BR-12", "BR-CO-10", "BR-CO-13"], (xml) => xml.replace(/(MonetaryTotal>\s*)<cbc:LineExtensionAmount.*\n/, "$1")],
  [["BR-13", "BR-CO-13", "BR-CO-15"], without(/<cbc:TaxExclusiveAmount.*\n/)],
  [["BR-14", "BR-CO-15", "BR-CO-16"], without(/<cbc:TaxInclusiveAmount.*\n/)],
  [["BR-15", "BR-CO-16"], without(/<cbc:PayableAmount.*\n/)],
  [["BR-21"], without(/(?<=<cac:InvoiceLine>\s*)<cbc:ID>.*\n/)],
  [["BR-22", "BR-23"], without(/<cbc:InvoicedQuantity.*\n/)],
  [["BR-23"], without(/ unitCode="KWH"/)],
  [["BR-25"], without(/<cbc:Name>.*\n(?=\s*<cac:ClassifiedTaxCategory)/)],
  [["BR-26"], without(/<cbc:PriceAmount.*\n/)],
  [["BR-27"], (xml) => xml.replace(/(<cbc:PriceAmount[^>]*>)/, "$1-")],
  [["BR-29"], (xml) => xml.replace(/<cbc:EndDate>[^<]*/, "<cbc:EndDate>2026-10-31")],
  [["BR-45", "BR-CO-17", "BR-S-08"], without(/<cbc:TaxableAmount.*\n/)],
  [["BR-48", "BR-CO-17", "BR-S-08"], (xml) => xml.replace(/(TaxSubtotal>[\s\S]*?)<cbc:Percent>.*\n/, "$1")],
  [["BR-61"], without(/<cac:PayeeFinancialAccount>[\s\S]*?<\/cac:PayeeFinancialAccount>/)],
  [["BR-CO-09"], (xml) => xml.replace(/(CompanyID>)[^<]*(<[\s\S]*?<cbc:ID>)TAX/, "$1123456$2VAT")],
  [["BR-CO-10", "BR-CO-13"], (xml) => xml.replace(/(MonetaryTotal>\s*<cbc:LineExtensionAmount[^>]*>)[^<]*/, "$11.00")],
  [["BR-CO-14", "BR-CO-15"], (xml) => xml.replace(/(<cac:TaxTotal>\s*<cbc:TaxAmount[^>]*>)[^<]*/, "$11.00")],
  [["BR-CO-16"], (xml) => xml.replace(/(<cbc:PayableAmount[^>]*>)[^<]*/, "$11.00")],
  [
    ["BR-CO-14", "BR-CO-17"],
    (xml) =>
      xml.replace(
        /(TaxSubtotal>\s*<cbc:TaxableAmount[^>]*>[^<]*<\/cbc:TaxableAmount>\s*<cbc:TaxAmount[^>]*>)[^<]*/,
        "$199.00",
      ),
  ],
  [["BR-CO-25"], without(/<cbc:DueDate>.*\n/)],
  [["BR-S-02", "BR-E-02"], without(/<cac:PartyTaxScheme>[\s\S]*?<\/cac:PartyTaxScheme>/)],
  [["BR-E-10"], without(/<cbc:TaxExemptionReason>.*\n/)],
  [["BR-DEC"], (xml) => xml.replace(/(<cbc:PayableAmount[^>]*>[^<]*)/, "$10")],
  [["BR-16", "BR-CO-10", "BR-S-08", "BR-E-01", "BR-E-08"], (xml) => xml.replaceAll("InvoiceLine>", "Gone>")],
  [["BR-24", "BR-CO-10", "BR-S-08"], without(/(?<=<\/cbc:InvoicedQuantity>\s*)<cbc:LineExtensionAmount.*\n/)],
  [["BR-46", "BR-CO-14", "BR-CO-17"], without(/(?<=<\/cbc:TaxableAmount>\s*)<cbc:TaxAmount.*\n/)],
  [["BR-47", "BR-S-01", "BR-S-08"], without(/(?<=<cac:TaxCategory>\s*)<cbc:ID>.*\n/)],
  [["BR-49"], without(/<cbc:PaymentMeansCode>.*\n/)],
  [["BR-CO-04", "BR-S-08"], without(/(?<=<cac:ClassifiedTaxCategory>\s*)<cbc:ID>.*\n/)],
  [["BR-CO-14", "BR-CO-18", "BR-S-01", "BR-S-08", "BR-E-01"], without(/<cac:TaxSubtotal>[\s\S]*<\/cac:TaxSubtotal>/)],
  [["BR-CO-26"], without(/<cac:PartyIdentification>[\s\S]*?<\/cac:PartyIdentification>/)],
  [
    ["BR-S-05", "BR-S-08"],
    (xml) => xml.replace(/(ClassifiedTaxCategory>\s*<cbc:ID>S<[^\n]*\s*<cbc:Percent>)13/, "$10"),
  ],
  [
    ["BR-S-10"],
    (xml) =>
      xml.replace(
        /(TaxCategory>\s*<cbc:ID>S<[^\n]*\s*<cbc:Percent>13<[^\n]*\n)/,
        "$1<cbc:TaxExemptionReason>x</cbc:TaxExemptionReason>\n",
      ),
  ],
  [["BR-E-01"], (xml) => xml.replace(/(<cac:TaxCategory>\s*<cbc:ID>)E/, "$1Z")],
  [["BR-E-05"], (xml) => xml.replace(/(ClassifiedTaxCategory>\s*<cbc:ID>E<[^\n]*\s*<cbc:Percent>)0/, "$16")],
  [["BR-E-08"], (xml) => xml.replace(/(<cbc:TaxableAmount[^>]*>)12\.35/, "$113.35")],
  [["BR-CO-14", "BR-E-09"], (xml) => xml.replace(/(<cbc:TaxAmount[^>]*>)0\.00/, "$10.50")],
];

test.each(SPOILT)("an invoice that breaks %s is told by those names", (rules, spoil) => {
  const xml = ublOf({ ...invoice, seller: { ...invoice.seller, tax: company } }, seller);
  expect(brokenRules(xml)).toEqual([]);
  const spoilt = spoil(xml);
  expect(spoilt).not.toBe(xml);
  expect(brokenRules(spoilt).map(({ rule }) => rule)).toEqual(rules);
});

test("an invoice that would break a rule is refused with the rule's name, and a credit note is looked at, too", () => {
  const lines = invoice.lines.map((one, i) => (i === 0 ? { ...one, netMinor: one.netMinor + 1n } : one));
  const made = { ...invoice, lines };
  expect(() => ublOf(made, seller)).toThrow("BR-CO-10: Sum of lines");
  const { totals } = invoice;
  const below = {
    lines: -totals.lines,
    taxExclusive: -totals.taxExclusive,
    tax: -totals.tax,
    taxInclusive: -totals.taxInclusive,
    rounding: -totals.rounding,
    payable: -totals.payable,
  };
  const turned: Invoice = {
    ...invoice,
    lines: invoice.lines.map((one) => ({
      ...one,
      netMinor: -one.netMinor,
      taxMinor: -one.taxMinor,
      quantity: `-${one.quantity}`,
    })),
    taxes: invoice.taxes.map((one) => ({ ...one, taxableMinor: -one.taxableMinor, taxMinor: -one.taxMinor })),
    totals: below,
  };
  const credit = ublOf(turned, seller);
  expect(credit).toContain("<CreditNote");
  expect(brokenRules(credit.replace(/<cbc:CreditNoteTypeCode>.*\n/, "")).map(({ rule }) => rule)).toEqual(["BR-04"]);
});

test("every rule that is looked at has been seen to be broken", () => {
  const seen = new Set(SPOILT.flatMap(([rules]) => rules));
  expect(RULE_NAMES.filter((rule) => !seen.has(rule))).toEqual([]);
});
