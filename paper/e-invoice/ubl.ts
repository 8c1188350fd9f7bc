import { XMLBuilder } from "fast-xml-parser";
import { Decimal } from "../../domain/decimal.ts";
import { CodedError } from "../../domain/errors.ts";
import { amountText, type Currency, money } from "../../domain/money.ts";
import { printable } from "../../domain/xml-text.ts";
import { type TaxIdentity, vatPrefixOf } from "../../domain/tax-identity.ts";
import { brokenRules } from "./en16931.ts";
import type { Invoice, InvoiceLine, TaxSubtotal } from "./invoice.ts";

/** What somebody may say of the seller in place of what the books hold. */
export type SellerFacts = {
  /** VAT identifier (begins with the country's two letters) or national tax number. */
  readonly taxId: string;
  /** ISO 3166-1 alpha-2, of seller and buyer. */
  readonly country: string;
};

/** UN/ECE Recommendation 20; what is not in it is one of a kind (C62). */
const UNIT_CODES: Readonly<Record<string, string>> = {
  kWh: "KWH",
  kvarh: "K3",
  kW: "KWT",
  kVA: "KVA",
  kvar: "KVR",
  m3: "MTQ",
  GJ: "GV",
  day: "DAY",
  month: "MON",
  m2: "MTK",
};
/** Country of a currency that has one; where it has none, somebody says it. */
export const COUNTRY_OF: Readonly<Partial<Record<Currency, string>>> = {
  CNY: "CN",
  USD: "US",
  GBP: "GB",
  INR: "IN",
  JPY: "JP",
};

const UBL = "urn:oasis:names:specification:ubl:schema:xsd";
const NO_TAX = "No tax is stated for these lines";
const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  suppressEmptyNode: true,
  format: true,
  indentBy: "  ",
});

/**
 * The invoice as EN 16931 in UBL 2.1: an Invoice (380); of a bill below zero a CreditNote (381), its amounts turned round.
 * Elements stand in the order of the schemas.
 * @throws CodedError `invoice.refused` naming the rules of EN 16931 that it would break
 */
export function ublOf(invoice: Invoice, seller: SellerFacts): string {
  const isCredit = invoice.totals.payable < 0n;
  const root = isCredit ? "CreditNote" : "Invoice";
  const { currency } = invoice;
  const signed = (minor: bigint): bigint => (isCredit ? -minor : minor);
  const amount = (minor: bigint) => ({
    "@currencyID": currency,
    "#text": amountText(money(currency, signed(minor))),
  });
  const body = {
    "@xmlns": `${UBL}:${root}-2`,
    "@xmlns:cac": `${UBL}:CommonAggregateComponents-2`,
    "@xmlns:cbc": `${UBL}:CommonBasicComponents-2`,
    "cbc:CustomizationID": "urn:cen.eu:en16931:2017",
    "cbc:ID": printable(invoice.number),
    "cbc:IssueDate": invoice.issuedOn,
    ...(isCredit
      ? { "cbc:CreditNoteTypeCode": "381" }
      : { "cbc:DueDate": invoice.dueOn, "cbc:InvoiceTypeCode": "380" }),
    "cbc:DocumentCurrencyCode": currency,
    "cac:InvoicePeriod": { "cbc:StartDate": invoice.from, "cbc:EndDate": invoice.lastDay },
    "cac:BillingReference": invoice.corrects.map((number) => ({
      "cac:InvoiceDocumentReference": { "cbc:ID": number },
    })),
    "cac:AccountingSupplierParty": { "cac:Party": sellerXml(invoice, seller) },
    "cac:AccountingCustomerParty": { "cac:Party": buyerXml(invoice, seller.country) },
    ...(isCredit ? {} : paymentMeansXml(invoice)),
    ...(isCredit ? { "cac:PaymentTerms": { "cbc:Note": "Credited to the account" } } : {}),
    "cac:TaxTotal": {
      "cbc:TaxAmount": amount(invoice.totals.tax),
      "cac:TaxSubtotal": invoice.taxes.map((one) => subtotalXml(one, amount)),
    },
    "cac:LegalMonetaryTotal": totalsXml(invoice, amount),
    [`cac:${root}Line`]: invoice.lines.map((line, i) =>
      lineXml(line, i + 1, { amount, isCredit, currency, isChinese: seller.country === "CN" }),
    ),
  };
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ [root]: body })}`;
  const broken = brokenRules(xml).map(({ rule, says }) => `${rule}: ${says}`);
  if (broken.length > 0)
    throw new CodedError("invoice.refused", `Bill ${invoice.number} makes no invoice (${broken.join("; ")}).`);
  return xml;
}

/**
 * Who sells, as the books say it on the day of issue, unless somebody says otherwise.
 * @throws CodedError `request.invalid` when tax number or country are missing or not to be read
 */
export function sellerFacts(
  { currency, seller: { tax } }: Pick<Invoice, "currency" | "seller">,
  said: { taxId?: string | undefined; country?: string | undefined } = {},
): SellerFacts {
  const taxId = said.taxId ?? tax?.taxId ?? "";
  const country = said.country ?? tax?.country ?? COUNTRY_OF[currency];
  if (!/^[0-9A-Z+*]{5,20}$/.test(taxId))
    throw new CodedError(
      "request.invalid",
      "EN 16931 demands the seller's tax number (BT-31 or BT-32) and the books do not hold it for that day: note the operator's tax identity, or say it as --tax-id (API: ?taxId=), 5 to 20 digits and capitals.",
    );
  if (country === undefined || !/^[A-Z]{2}$/.test(country))
    throw new CodedError("request.invalid", "Say the seller's country as two capitals: --country DE (API: ?country=).");
  return { taxId, country };
}

type Amount = (minor: bigint) => object;

function sellerXml({ seller }: Invoice, { taxId, country }: SellerFacts) {
  const name = printable(seller.tax?.name ?? (country === "CN" ? seller.zh : seller.en));
  const scheme = isVat(taxId, country) ? "VAT" : "TAX";
  const phone = seller.tax?.phone ?? "";
  return {
    "cac:PartyIdentification": { "cbc:ID": printable(seller.code) },
    "cac:PartyName": { "cbc:Name": name },
    "cac:PostalAddress": addressXml(seller.tax, country),
    "cac:PartyTaxScheme": { "cbc:CompanyID": taxId, "cac:TaxScheme": { "cbc:ID": scheme } },
    "cac:PartyLegalEntity": { "cbc:RegistrationName": name },
    ...(phone === "" ? {} : { "cac:Contact": { "cbc:Telephone": printable(phone) } }),
  };
}

/** A VAT identifier begins with its country (BR-CO-09); any other number is a registration. */
const isVat = (taxId: string, country: string): boolean => taxId.startsWith(vatPrefixOf(country));

const addressXml = (of: Pick<TaxIdentity, "address" | "city" | "postCode"> | null, country: string) => ({
  ...((of?.address ?? "") === "" ? {} : { "cbc:StreetName": printable(of?.address ?? "") }),
  ...((of?.city ?? "") === "" ? {} : { "cbc:CityName": printable(of?.city ?? "") }),
  ...((of?.postCode ?? "") === "" ? {} : { "cbc:PostalZone": printable(of?.postCode ?? "") }),
  "cac:Country": { "cbc:IdentificationCode": country },
});

/** Credit transfer (UNTDID 4461: 30; within SEPA 58) to the seller's account, where the books hold one. */
function paymentMeansXml({ seller: { tax }, currency }: Invoice) {
  if (tax === null || tax.bankAccount === "") return {};
  const code = currency === "EUR" && /^[A-Z]{2}\d{2}/.test(tax.bankAccount) ? "58" : "30";
  return {
    "cac:PaymentMeans": {
      "cbc:PaymentMeansCode": code,
      "cac:PayeeFinancialAccount": { "cbc:ID": printable(tax.bankAccount), "cbc:Name": printable(tax.name) },
    },
  };
}

function buyerXml({ buyer }: Invoice, sellerCountry: string) {
  const { tax, number } = buyer;
  const country = tax?.country ?? sellerCountry;
  const taxId = tax?.taxId ?? "";
  const hasVat = taxId !== "" && isVat(taxId, country);
  const name = tax?.name ?? (buyer.name === "" ? number : buyer.name);
  const where = { address: buyer.address, city: "", postCode: "" };
  return {
    "cac:PartyIdentification": { "cbc:ID": printable(number) },
    "cac:PostalAddress": addressXml(tax === null || tax.address === "" ? where : tax, country),
    ...(hasVat ? { "cac:PartyTaxScheme": { "cbc:CompanyID": taxId, "cac:TaxScheme": { "cbc:ID": "VAT" } } } : {}),
    "cac:PartyLegalEntity": {
      "cbc:RegistrationName": printable(name),
      // What is no VAT identifier names the company where it is registered (BT-47).
      ...(taxId !== "" && !hasVat ? { "cbc:CompanyID": taxId } : {}),
    },
  };
}

/** S = standard rate; E = exempt, for lines of which the books tell no tax. */
const categoryXml = (rate: string, reason?: string) => ({
  "cbc:ID": Number(rate) > 0 ? "S" : "E",
  "cbc:Percent": new Decimal(rate).times(100).toFixed(),
  ...(reason === undefined ? {} : { "cbc:TaxExemptionReason": reason }),
  "cac:TaxScheme": { "cbc:ID": "VAT" },
});

const subtotalXml = ({ rate, taxableMinor, taxMinor }: TaxSubtotal, amount: Amount) => ({
  "cbc:TaxableAmount": amount(taxableMinor),
  "cbc:TaxAmount": amount(taxMinor),
  "cac:TaxCategory": categoryXml(rate, Number(rate) > 0 ? undefined : NO_TAX),
});

const totalsXml = ({ totals }: Invoice, amount: Amount) => ({
  "cbc:LineExtensionAmount": amount(totals.lines),
  "cbc:TaxExclusiveAmount": amount(totals.taxExclusive),
  "cbc:TaxInclusiveAmount": amount(totals.taxInclusive),
  ...(totals.rounding === 0n ? {} : { "cbc:PayableRoundingAmount": amount(totals.rounding) }),
  "cbc:PayableAmount": amount(totals.payable),
});

type LineForm = {
  readonly amount: Amount;
  readonly isCredit: boolean;
  readonly currency: Currency;
  readonly isChinese: boolean;
};

function lineXml(line: InvoiceLine, no: number, { amount, isCredit, currency, isChinese }: LineForm) {
  const count = new Decimal(line.quantity);
  const [name, other] = isChinese ? [line.title.zh, line.title.en] : [line.title.en, line.title.zh];
  return {
    "cbc:ID": String(no),
    [`cbc:${isCredit ? "Credited" : "Invoiced"}Quantity`]: {
      "@unitCode": UNIT_CODES[line.unit] ?? "C62",
      "#text": (isCredit ? count.negated() : count).toFixed(),
    },
    "cbc:LineExtensionAmount": amount(line.netMinor),
    "cac:Item": {
      "cbc:Description": printable(other),
      "cbc:Name": printable(name),
      "cac:ClassifiedTaxCategory": categoryXml(line.rate),
    },
    "cac:Price": { "cbc:PriceAmount": { "@currencyID": currency, "#text": line.price } },
  };
}
