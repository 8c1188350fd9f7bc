import { XMLParser } from "fast-xml-parser";
import { Decimal } from "../../domain/decimal.ts";

/**
 * The business rules of EN 16931-1 (clause 6.4) that an invoice of utilities can break, looked for in the UBL itself, whoever wrote it.
 * They are written from the standard's sentences, apart from the code that makes the file.
 */
export type Broken = { readonly rule: string; readonly says: string };

type Node = { readonly [name: string]: unknown };
type Found = { readonly root: Node; readonly isCredit: boolean };
type Rule = readonly [rule: string, says: string, holds: (of: Found) => boolean];

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
});

/** Rules that the document breaks, in their order; empty = none. */
export function brokenRules(xml: string): Broken[] {
  const document = parser.parse(xml) as Node;
  const isCredit = document["CreditNote"] !== undefined;
  const root = nodesOf(document[isCredit ? "CreditNote" : "Invoice"])[0] ?? {};
  return RULES.filter(([, , holds]) => !holds({ root, isCredit })).map(([rule, says]) => ({ rule, says }));
}

const nodesOf = (value: unknown): Node[] => {
  const all = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  return all.map((one) => (typeof one === "object" ? (one as Node) : { "#text": String(one) }));
};
/** Every element at a path of names. */
const at = (node: Node, path: string): Node[] =>
  path.split("/").reduce((nodes: Node[], name) => nodes.flatMap((one) => nodesOf(one[name])), [node]);
const text = (node: Node, path: string): string => {
  const found = at(node, path)[0]?.["#text"];
  return typeof found === "string" ? found.trim() : "";
};
const has = (node: Node, path: string): boolean => text(node, path) !== "";
const isDecimal = (value: string): boolean => /^-?\d+(\.\d+)?$/.test(value);
const decimal = (node: Node, path: string): Decimal => {
  const value = text(node, path);
  return new Decimal(isDecimal(value) ? value : "0");
};
const sum = (all: readonly Decimal[]): Decimal => all.reduce((a, b) => a.plus(b), new Decimal(0));

const SELLER = "AccountingSupplierParty/Party";
const BUYER = "AccountingCustomerParty/Party";
const TOTAL = "LegalMonetaryTotal";
const linesOf = ({ root, isCredit }: Found): Node[] => at(root, isCredit ? "CreditNoteLine" : "InvoiceLine");
const quantityOf = ({ isCredit }: Found): string => (isCredit ? "CreditedQuantity" : "InvoicedQuantity");
const taxesOf = ({ root }: Found): Node[] => at(root, "TaxTotal/TaxSubtotal");
const categoryOf = (node: Node, path: string): string => text(node, `${path}/ID`);
const LINE_TAX = "Item/ClassifiedTaxCategory";

/** Tax identifiers of a party by scheme: VAT (BT-31, BT-48) or another (BT-32). */
const taxIds = (root: Node, party: string, isVat: boolean): string[] =>
  at(root, `${party}/PartyTaxScheme`)
    .filter((one) => (text(one, "TaxScheme/ID") === "VAT") === isVat)
    .map((one) => text(one, "CompanyID"))
    .filter((id) => id !== "");
const everyLine = (holds: (line: Node, of: Found) => boolean) => (of: Found) =>
  linesOf(of).every((line) => holds(line, of));
const everyTax = (holds: (tax: Node, of: Found) => boolean) => (of: Found) =>
  taxesOf(of).every((tax) => holds(tax, of));
const amounts = (of: Found): string[] =>
  [
    ...at(of.root, TOTAL).flatMap((total) => Object.keys(total).map((name) => text(total, name))),
    ...taxesOf(of).flatMap((tax) => [text(tax, "TaxableAmount"), text(tax, "TaxAmount")]),
    ...linesOf(of).map((line) => text(line, "LineExtensionAmount")),
    text(of.root, "TaxTotal/TaxAmount"),
  ].filter((value) => value !== "");

const lineSum = (of: Found, only: (line: Node) => boolean = () => true): Decimal =>
  sum(
    linesOf(of)
      .filter(only)
      .map((line) => decimal(line, "LineExtensionAmount")),
  );
const isOf = (category: string, percent: Decimal | null) => (line: Node) =>
  categoryOf(line, LINE_TAX) === category && (percent === null || decimal(line, `${LINE_TAX}/Percent`).eq(percent));
const hasCategory = (of: Found, category: string): boolean =>
  linesOf(of).some((line) => categoryOf(line, LINE_TAX) === category);
const sellerIsTaxed = ({ root }: Found): boolean =>
  taxIds(root, SELLER, true).length > 0 || taxIds(root, SELLER, false).length > 0;

/** Of a tax: its rate times what it is of, to less than one whole unit (BR-CO-17 as the validation artefacts read it). */
const isRateTimes = (tax: Node): boolean => {
  const expected = decimal(tax, "TaxableAmount").times(decimal(tax, "TaxCategory/Percent")).div(100);
  return expected.minus(decimal(tax, "TaxAmount")).abs().lt(1);
};

const RULES: readonly Rule[] = [
  ["BR-01", "An invoice has a specification identifier (BT-24)", ({ root }) => has(root, "CustomizationID")],
  ["BR-02", "An invoice has a number (BT-1)", ({ root }) => has(root, "ID")],
  ["BR-03", "An invoice has a date of issue (BT-2)", ({ root }) => has(root, "IssueDate")],
  [
    "BR-04",
    "An invoice has a type code (BT-3)",
    ({ root, isCredit }) => has(root, isCredit ? "CreditNoteTypeCode" : "InvoiceTypeCode"),
  ],
  ["BR-05", "An invoice has a currency (BT-5)", ({ root }) => has(root, "DocumentCurrencyCode")],
  ["BR-06", "The seller has a name (BT-27)", ({ root }) => has(root, `${SELLER}/PartyLegalEntity/RegistrationName`)],
  ["BR-07", "The buyer has a name (BT-44)", ({ root }) => has(root, `${BUYER}/PartyLegalEntity/RegistrationName`)],
  ["BR-08", "The seller has a postal address (BG-5)", ({ root }) => at(root, `${SELLER}/PostalAddress`).length === 1],
  [
    "BR-09",
    "The seller's address has a country (BT-40)",
    ({ root }) => has(root, `${SELLER}/PostalAddress/Country/IdentificationCode`),
  ],
  ["BR-10", "The buyer has a postal address (BG-8)", ({ root }) => at(root, `${BUYER}/PostalAddress`).length === 1],
  [
    "BR-11",
    "The buyer's address has a country (BT-55)",
    ({ root }) => has(root, `${BUYER}/PostalAddress/Country/IdentificationCode`),
  ],
  ["BR-12", "There is a sum of lines (BT-106)", ({ root }) => has(root, `${TOTAL}/LineExtensionAmount`)],
  ["BR-13", "There is a total without tax (BT-109)", ({ root }) => has(root, `${TOTAL}/TaxExclusiveAmount`)],
  ["BR-14", "There is a total with tax (BT-112)", ({ root }) => has(root, `${TOTAL}/TaxInclusiveAmount`)],
  ["BR-15", "There is an amount due (BT-115)", ({ root }) => has(root, `${TOTAL}/PayableAmount`)],
  ["BR-16", "An invoice has at least one line (BG-25)", (of) => linesOf(of).length > 0],
  ["BR-21", "Every line has an identifier (BT-126)", everyLine((line) => has(line, "ID"))],
  ["BR-22", "Every line has a quantity (BT-129)", everyLine((line, of) => has(line, quantityOf(of)))],
  [
    "BR-23",
    "Every quantity has a unit (BT-130)",
    everyLine((line, of) => has(line, quantityOf(of)) && at(line, quantityOf(of))[0]?.["@unitCode"] !== undefined),
  ],
  ["BR-24", "Every line has a net amount (BT-131)", everyLine((line) => has(line, "LineExtensionAmount"))],
  ["BR-25", "Every line names its item (BT-153)", everyLine((line) => has(line, "Item/Name"))],
  ["BR-26", "Every line has a net price (BT-146)", everyLine((line) => has(line, "Price/PriceAmount"))],
  [
    "BR-27",
    "No net price is below zero (BT-146)",
    everyLine((line) => !decimal(line, "Price/PriceAmount").isNegative()),
  ],
  [
    "BR-29",
    "A period does not end before it begins (BT-73, BT-74)",
    ({ root }) =>
      at(root, "InvoicePeriod").every((one) => !has(one, "EndDate") || text(one, "EndDate") >= text(one, "StartDate")),
  ],
  ["BR-45", "Every tax says of which amount (BT-116)", everyTax((tax) => has(tax, "TaxableAmount"))],
  ["BR-46", "Every tax has an amount (BT-117)", everyTax((tax) => has(tax, "TaxAmount"))],
  ["BR-47", "Every tax has a category (BT-118)", everyTax((tax) => has(tax, "TaxCategory/ID"))],
  ["BR-48", "Every tax has a rate (BT-119)", everyTax((tax) => has(tax, "TaxCategory/Percent"))],
  [
    "BR-49",
    "A way of payment has a code (BT-81)",
    ({ root }) => at(root, "PaymentMeans").every((one) => has(one, "PaymentMeansCode")),
  ],
  [
    "BR-61",
    "A credit transfer names an account (BT-84)",
    ({ root }) =>
      at(root, "PaymentMeans").every(
        (one) => !["30", "58"].includes(text(one, "PaymentMeansCode")) || has(one, "PayeeFinancialAccount/ID"),
      ),
  ],
  ["BR-CO-04", "Every line has a tax category (BT-151)", everyLine((line) => has(line, `${LINE_TAX}/ID`))],
  [
    "BR-CO-09",
    "A VAT identifier begins with its country (BT-31, BT-48)",
    ({ root }) =>
      [SELLER, BUYER].every((party) => taxIds(root, party, true).every((id) => /^[A-Z]{2}[0-9A-Z+*]+$/.test(id))),
  ],
  [
    "BR-CO-10",
    "Sum of lines (BT-106) = Σ net amounts (BT-131)",
    (of) => decimal(of.root, `${TOTAL}/LineExtensionAmount`).eq(lineSum(of)),
  ],
  [
    "BR-CO-13",
    "Total without tax (BT-109) = sum of lines (BT-106)",
    ({ root }) => decimal(root, `${TOTAL}/TaxExclusiveAmount`).eq(decimal(root, `${TOTAL}/LineExtensionAmount`)),
  ],
  [
    "BR-CO-14",
    "Tax (BT-110) = Σ taxes by category (BT-117)",
    (of) => decimal(of.root, "TaxTotal/TaxAmount").eq(sum(taxesOf(of).map((tax) => decimal(tax, "TaxAmount")))),
  ],
  [
    "BR-CO-15",
    "Total with tax (BT-112) = total without (BT-109) + tax (BT-110)",
    ({ root }) =>
      decimal(root, `${TOTAL}/TaxInclusiveAmount`).eq(
        decimal(root, `${TOTAL}/TaxExclusiveAmount`).plus(decimal(root, "TaxTotal/TaxAmount")),
      ),
  ],
  [
    "BR-CO-16",
    "Amount due (BT-115) = total with tax (BT-112) − prepaid (BT-113) + rounding (BT-114)",
    ({ root }) =>
      decimal(root, `${TOTAL}/PayableAmount`).eq(
        decimal(root, `${TOTAL}/TaxInclusiveAmount`)
          .minus(decimal(root, `${TOTAL}/PrepaidAmount`))
          .plus(decimal(root, `${TOTAL}/PayableRoundingAmount`)),
      ),
  ],
  ["BR-CO-17", "Tax (BT-117) = taxable (BT-116) × rate (BT-119)", everyTax(isRateTimes)],
  ["BR-CO-18", "There is a breakdown of tax (BG-23)", (of) => taxesOf(of).length > 0],
  [
    "BR-CO-25",
    "What is due has a due date (BT-9) or terms (BT-20)",
    ({ root }) =>
      !decimal(root, `${TOTAL}/PayableAmount`).isPositive() ||
      decimal(root, `${TOTAL}/PayableAmount`).isZero() ||
      has(root, "DueDate") ||
      has(root, "PaymentTerms/Note"),
  ],
  [
    "BR-CO-26",
    "The seller has an identifier (BT-29, BT-30 or BT-31)",
    ({ root }) =>
      has(root, `${SELLER}/PartyIdentification/ID`) ||
      has(root, `${SELLER}/PartyLegalEntity/CompanyID`) ||
      taxIds(root, SELLER, true).length > 0,
  ],
  [
    "BR-S-01",
    "Lines at a rate (S) have a breakdown of their own",
    (of) => !hasCategory(of, "S") || taxesOf(of).some((tax) => categoryOf(tax, "TaxCategory") === "S"),
  ],
  [
    "BR-S-02",
    "With lines at a rate (S) the seller has a tax number (BT-31, BT-32)",
    (of) => !hasCategory(of, "S") || sellerIsTaxed(of),
  ],
  [
    "BR-S-05",
    "A line at a rate (S) has one above zero (BT-152)",
    everyLine((line) => categoryOf(line, LINE_TAX) !== "S" || decimal(line, `${LINE_TAX}/Percent`).gt(0)),
  ],
  [
    "BR-S-08",
    "Taxable at a rate (BT-116) = Σ net amounts of its lines, each rate with a breakdown",
    (of) => {
      const taxes = taxesOf(of).filter((tax) => categoryOf(tax, "TaxCategory") === "S");
      const rates = taxes.map((tax) => decimal(tax, "TaxCategory/Percent"));
      const isRight = (tax: Node, i: number) =>
        decimal(tax, "TaxableAmount").eq(lineSum(of, isOf("S", rates[i] ?? null)));
      const isTold = (line: Node) => categoryOf(line, LINE_TAX) !== "S" || rates.some((rate) => isOf("S", rate)(line));
      return taxes.every(isRight) && linesOf(of).every(isTold);
    },
  ],
  [
    "BR-S-10",
    "What is taxed at a rate (S) has no reason of exemption (BT-120)",
    everyTax((tax) => categoryOf(tax, "TaxCategory") !== "S" || !has(tax, "TaxCategory/TaxExemptionReason")),
  ],
  [
    "BR-E-01",
    "Exempt lines (E) have one breakdown",
    (of) =>
      taxesOf(of).filter((tax) => categoryOf(tax, "TaxCategory") === "E").length === (hasCategory(of, "E") ? 1 : 0),
  ],
  [
    "BR-E-02",
    "With exempt lines (E) the seller has a tax number (BT-31, BT-32)",
    (of) => !hasCategory(of, "E") || sellerIsTaxed(of),
  ],
  [
    "BR-E-05",
    "An exempt line (E) has a rate of zero (BT-152)",
    everyLine((line) => categoryOf(line, LINE_TAX) !== "E" || decimal(line, `${LINE_TAX}/Percent`).isZero()),
  ],
  [
    "BR-E-08",
    "What is exempt (BT-116) = Σ net amounts of its lines",
    everyTax(
      (tax, of) =>
        categoryOf(tax, "TaxCategory") !== "E" || decimal(tax, "TaxableAmount").eq(lineSum(of, isOf("E", null))),
    ),
  ],
  [
    "BR-E-09",
    "What is exempt bears no tax (BT-117)",
    everyTax((tax) => categoryOf(tax, "TaxCategory") !== "E" || decimal(tax, "TaxAmount").isZero()),
  ],
  [
    "BR-E-10",
    "What is exempt says why (BT-120)",
    everyTax((tax) => categoryOf(tax, "TaxCategory") !== "E" || has(tax, "TaxCategory/TaxExemptionReason")),
  ],
  [
    "BR-DEC",
    "No amount has more than two decimals",
    (of) => amounts(of).every((value) => /^-?\d+(\.\d{1,2})?$/.test(value)),
  ],
];

/** Names of the rules that are looked at. */
export const RULE_NAMES: readonly string[] = RULES.map(([rule]) => rule);
