import { XMLParser } from "fast-xml-parser";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BillRunDeps, runBills } from "../../billing/run.ts";
import { type Instant, instantOfIso } from "../../domain/instant.ts";
import { day, periodOfDays } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { type InvoiceFacts, invoiceFacts } from "../../paper/e-invoice/facts.ts";
import { type Invoice, invoiceOf } from "../../paper/e-invoice/invoice.ts";
import { noteTaxIdentity } from "../../ledger/tax-identities.ts";
import { shudianOf } from "../../paper/e-invoice/shudian.ts";
import { sellerFacts, ublOf } from "../../paper/e-invoice/ubl.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { chargeProperty } from "../ledger/charge-deeds.ts";
import { company } from "../support/company.ts";

const at = (text: string): Instant => instantOfIso(text) ?? (0 as Instant);
const zone = "Asia/Shanghai";
const title = { zh: "测试", en: "test" };
const base = {
  version: "1",
  currency: "CNY",
  effectiveFrom: day("2025-01-01"),
  zone,
  source: ["invented"],
  title,
} as const;
const named = (id: string, en = id) => ({ id, title: { zh: `${id}费`, en } });
const TARIFFS: Record<string, Tariff> = {
  power: {
    ...base,
    id: "power",
    utility: "electricity",
    unit: "kWh",
    charges: [
      { kind: "energy", form: "flat", ...named("energy"), price: "0.5283" },
      { kind: "volume", ...named("fund", "fund <& co>"), price: "0.0137" },
      { kind: "tax", ...named("vat"), rate: "0.13", mode: "inclusive" },
    ],
  },
  water: {
    ...base,
    id: "water",
    utility: "water",
    unit: "m3",
    charges: [
      { kind: "energy", form: "flat", ...named("volume"), price: "2.87" },
      { kind: "volume", ...named("sewage"), price: "0.95" },
      { kind: "tax", ...named("vat"), rate: "0.03", mode: "exclusive", of: ["volume"] },
    ],
  },
  gas: {
    ...base,
    id: "gas",
    utility: "gas",
    unit: "m3",
    charges: [
      { kind: "energy", form: "flat", ...named("volume"), price: "2.61" },
      { kind: "standing", ...named("standing"), price: "3.33", per: "month" },
      { kind: "tax", ...named("vat"), rate: "0.09", mode: "inclusive" },
    ],
  },
};

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let facts: InvoiceFacts;
let invoice: Invoice;
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner);
  const now = at("2026-12-01T04:00:00Z");
  const deps: BillRunDeps = {
    db: fresh.db,
    clock: { now: () => now },
    tariffs: (id) => (TARIFFS[id] === undefined ? null : [TARIFFS[id]]),
    dials: () => null,
    telemetry: noTelemetry,
  };
  const account = await town.account("1");
  for (const [utility, register, used] of [
    ["electricity", "energy_import_kwh", 117],
    ["water", "volume_m3", 13],
    ["gas", "volume_m3", 21],
  ] as const) {
    const tariff = utility === "electricity" ? "power" : utility;
    const { meter } = await town.supply({ account, utility, tariff, from: "2026-11-01" });
    await town.readings(meter, register, [
      ["2026-11-01T00:00:00+08:00", 100],
      ["2026-12-01T00:00:00+08:00", 100 + used],
    ]);
  }
  await fresh.db.as(town.operatorId, (trx) => chargeProperty(trx, account, now));
  const done = await runBills(deps, town.operatorId, periodOfDays(day("2026-11-01"), day("2026-12-01"), zone));
  expect(done).toMatchObject({ refused: [], finished: true });
  const read = await fresh.db.as(town.operatorId, (trx) =>
    invoiceFacts(trx, town.operatorId, { number: "2026-000001" }),
  );
  if (read === null) throw new Error("no bill was made");
  facts = read;
  invoice = invoiceOf(facts);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

const seller = { taxId: "91320000123456789X", country: "CN" };
const parsed = (xml: string) => {
  const lists = ["Invoice.cac:InvoiceLine", "CreditNote.cac:CreditNoteLine"];
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    parseTagValue: false,
    isArray: (_, path) => lists.includes(String(path)) || String(path).endsWith("cac:TaxSubtotal"),
  });
  return parser.parse(xml);
};
const fen = (node: { "#text": string }): bigint => BigInt(node["#text"].replace(".", ""));
const sum = (all: readonly bigint[]): bigint => all.reduce((a, b) => a + b, 0n);

test("a combined bill becomes an invoice whose total is the bill's and whose tax is the ledger's", async () => {
  const { Invoice: xml } = parsed(ublOf(invoice, seller));
  const { rows } = await owner.query<{ account: string; minor: bigint }>(
    "select ledger_account as account, sum(amount_minor)::bigint as minor from posting where operator_id = $1 group by 1",
    [town.operatorId],
  );
  const booked = new Map(rows.map(({ account, minor }) => [account, minor]));
  const total = xml["cac:LegalMonetaryTotal"];
  expect(fen(total["cbc:PayableAmount"])).toBe(
    (booked.get("customer") ?? 0n) + (booked.get("customer_property") ?? 0n),
  );
  expect(fen(xml["cac:TaxTotal"]["cbc:TaxAmount"])).toBe(-(booked.get("tax_payable") ?? 0n));
  // 117 kWh at 0.5283 and 0.0137: 61.81 + 1.60, with 13 % inside 7.29; 13 m3 at 2.87 = 37.31 and 3 % on top 1.12, sewage 12.35
  // untaxed; 21 m3 at 2.61 + 3.33 = 58.14, with 9 % inside 4.80; property 120.00 with 6 % inside 6.79
  const subtotals = xml["cac:TaxTotal"]["cac:TaxSubtotal"].map((one: any) => [
    one["cac:TaxCategory"]["cbc:ID"],
    one["cac:TaxCategory"]["cbc:Percent"],
    one["cbc:TaxableAmount"]["#text"],
    one["cbc:TaxAmount"]["#text"],
  ]);
  expect(subtotals).toEqual([
    ["S", "13", "56.12", "7.29"],
    ["S", "9", "53.34", "4.80"],
    ["S", "6", "113.21", "6.79"],
    ["S", "3", "37.31", "1.12"],
    ["E", "0", "12.35", "0.00"],
  ]);
  const lines = xml["cac:InvoiceLine"];
  expect(sum(lines.map((line: any) => fen(line["cbc:LineExtensionAmount"])))).toBe(
    fen(total["cbc:LineExtensionAmount"]),
  );
  for (const line of lines) {
    const product =
      Number(line["cbc:InvoicedQuantity"]["#text"]) * Number(line["cac:Price"]["cbc:PriceAmount"]["#text"]);
    expect(product).toBeCloseTo(Number(line["cbc:LineExtensionAmount"]["#text"]), 2);
  }
  expect(lines.map((line: any) => line["cbc:InvoicedQuantity"]["@unitCode"])).toEqual(
    expect.arrayContaining(["KWH", "MTQ", "C62"]),
  );
  expect(lines.map((line: any) => line["cac:Item"]["cbc:Description"])).toContain("fund <& co>");
  expect(xml).toMatchObject({
    "cbc:CustomizationID": "urn:cen.eu:en16931:2017",
    "cbc:ID": "2026-000001",
    "cbc:InvoiceTypeCode": "380",
    "cbc:DueDate": facts.dueOn,
    "cac:InvoicePeriod": { "cbc:StartDate": "2026-11-01", "cbc:EndDate": "2026-11-30" },
  });
});

test("the same bill as 数电发票 data has tax-free price, amount, rate and tax in each line", () => {
  const data = shudianOf(invoice, null);
  expect(data.合计).toMatchObject({ 金额: "272.33", 税额: "20.00", 价税合计: "292.33", 账单应付: "292.33" });
  expect(data.发票明细信息[0]).toMatchObject({
    项目名称: "*供电*energy费",
    单位: "千瓦时",
    数量: "117",
    金额: "54.70",
    税率: "0.13",
    税额: "7.11",
    价税合计: "61.81",
  });
  expect(data.发票明细信息.find((one) => one.项目名称 === "sewage费")).toMatchObject({
    商品和服务税收编码: null,
    税率: "0",
  });
});

test("a bill below zero is a credit note with its amounts turned round, and no 数电发票", () => {
  const turned: InvoiceFacts = {
    ...facts,
    supply: facts.supply.map((line) => ({
      ...line,
      amountMinor: -line.amountMinor,
      includedMinor: line.includedMinor === null ? null : -line.includedMinor,
    })),
    charges: [],
    totalMinor: -(facts.totalMinor - 12000n),
    taxPostedMinor: -(facts.taxPostedMinor - 679n),
    corrects: ["2026-000000"],
  };
  const credit = invoiceOf(turned);
  const { CreditNote: xml } = parsed(ublOf(credit, seller));
  expect(xml["cbc:CreditNoteTypeCode"]).toBe("381");
  expect(xml["cac:LegalMonetaryTotal"]["cbc:PayableAmount"]["#text"]).toBe("172.33");
  expect(xml["cac:BillingReference"]["cac:InvoiceDocumentReference"]["cbc:ID"]).toBe("2026-000000");
  expect(xml["cac:CreditNoteLine"][0]["cbc:CreditedQuantity"]["#text"]).toBe("117");
  expect(() => shudianOf(credit, null)).toThrow("红字");
});

test("a tax before the lines that it is a tax of, as true-ups have it, falls on the same lines", () => {
  const { taxes, totals } = invoiceOf({ ...facts, supply: facts.supply.toReversed() });
  expect([taxes, totals]).toEqual([invoice.taxes, invoice.totals]);
});

test("a rounding line is told as rounding, not as goods", () => {
  const rounded = { ...facts.supply[0], kind: "rounding", amountMinor: -3n } as InvoiceFacts["supply"][number];
  const { totals } = invoiceOf({ ...facts, supply: [...facts.supply, rounded], totalMinor: facts.totalMinor - 3n });
  expect(totals).toMatchObject({ rounding: -3n, payable: 29230n, taxInclusive: 29233n });
});

test.each<[string, (of: InvoiceFacts) => Partial<InvoiceFacts>, string]>([
  ["a tax other than the ledger's", (of) => ({ taxPostedMinor: of.taxPostedMinor + 1n }), "BR-CO-14"],
  ["a total other than the lines'", (of) => ({ totalMinor: of.totalMinor + 1n }), "BR-CO-15"],
  [
    "a property tax that no price explains",
    (of) => ({ charges: of.charges.map((c) => ({ ...c, rates: ["0.09"] })) }),
    "explains",
  ],
  [
    "a tax of which nobody kept what it is of, and that does not fit all lines before it",
    (of) => ({ supply: of.supply.map(({ of: _of, ...line }) => line) }),
    "cannot be told",
  ],
  [
    "two taxes on one line",
    (of) => ({ supply: of.supply.flatMap((line) => (line.kind === "tax" ? [line, line] : [line])) }),
    "two taxes",
  ],
])("%s is refused, not written", (_, change, said) => {
  expect(() => invoiceOf({ ...facts, ...change(facts) })).toThrow(said);
});

test("without the seller's tax number no EN 16931 invoice is written, and a euro needs a country", () => {
  expect(() => sellerFacts(invoice)).toThrow("--tax-id");
  expect(() => sellerFacts({ ...invoice, currency: "EUR" }, { taxId: "DE123456789" })).toThrow("--country");
  expect(ublOf(invoice, { taxId: "DE123456789", country: "DE" })).toContain(
    "<cbc:CompanyID>DE123456789</cbc:CompanyID>",
  );
});

const german = { ...company, name: "Muster & Co GmbH", taxId: "DE123456789", country: "DE", city: "Köln" };

test("what the books hold of seller and buyer on the day of issue is what the exports name; what is typed comes first", async () => {
  const noted = { at: at("2026-12-01T04:00:00Z"), by: null };
  const account = await owner.query<{ id: bigint }>("select id from account where number = '1'");
  const say = (subject: bigint | null, fromDay: string, identity: typeof company | null) =>
    fresh.db.as(town.operatorId, (trx) => noteTaxIdentity(trx, subject, { fromDay: day(fromDay), identity }, noted));
  const shop = { ...company, name: "示例商店", taxId: "91350100M000100Y43", bankAccount: "622200" };
  expect(await say(null, "2026-01-01", company)).toBe("noted");
  expect(await say(null, "2026-01-01", company)).toBe("already");
  // After the bill's day: not this bill's.
  await say(null, "2026-12-02", { ...company, name: "another name" });
  await say(account.rows[0]?.id ?? 0n, "2026-11-15", { ...shop, name: "said wrongly" });
  await say(account.rows[0]?.id ?? 0n, "2026-11-15", shop);
  const read = await fresh.db.as(town.operatorId, (trx) =>
    invoiceFacts(trx, town.operatorId, { number: "2026-000001" }),
  );
  if (read === null) throw new Error("no bill");
  const made = invoiceOf(read);
  expect(shudianOf(made, null)).toMatchObject({
    发票基本信息: {
      销售方名称: company.name,
      销售方纳税人识别号: company.taxId,
      销售方开户银行: "示例银行",
      购买方名称: "示例商店",
      购买方纳税人识别号: "91350100M000100Y43",
      购买方银行账号: "622200",
    },
  });
  expect(shudianOf(made, null).待确认).not.toContain("购买方纳税人识别号");
  expect(shudianOf(made, "9").发票基本信息.销售方纳税人识别号).toBe("9");
  const { Invoice: xml } = parsed(ublOf(made, sellerFacts(made)));
  const [supplier, customer] = ["Supplier", "Customer"].map((side) => xml[`cac:Accounting${side}Party`]["cac:Party"]);
  expect(supplier).toMatchObject({
    "cac:PostalAddress": { "cbc:StreetName": "示例路 1 号", "cbc:CityName": "宁波", "cbc:PostalZone": "315000" },
    "cac:PartyTaxScheme": { "cbc:CompanyID": company.taxId, "cac:TaxScheme": { "cbc:ID": "TAX" } },
    "cac:PartyLegalEntity": { "cbc:RegistrationName": company.name },
  });
  // BT-47: what does not begin with its country is no VAT identifier (BR-CO-09).
  expect(customer["cac:PartyLegalEntity"]["cbc:CompanyID"]).toBe("91350100M000100Y43");
  expect(customer["cac:PartyTaxScheme"]).toBeUndefined();
  expect(xml["cac:PaymentMeans"]).toEqual({
    "cbc:PaymentMeansCode": "30",
    "cac:PayeeFinancialAccount": { "cbc:ID": "3900001", "cbc:Name": company.name },
  });
  expect(sellerFacts(made, { taxId: "DE123456789", country: "DE" })).toEqual({ taxId: "DE123456789", country: "DE" });
});

test("within VAT seller and buyer are named by their identifiers, a SEPA account by its IBAN", () => {
  const iban = { ...german, bankAccount: "DE02120300000000202051" };
  const buyer = { ...german, name: "Käufer", taxId: "ATU12345678", country: "AT" };
  const made: Invoice = {
    ...invoice,
    currency: "EUR",
    seller: { ...invoice.seller, tax: iban },
    buyer: { ...invoice.buyer, tax: buyer },
  };
  const { Invoice: xml } = parsed(ublOf(made, sellerFacts(made)));
  expect(xml["cac:AccountingCustomerParty"]["cac:Party"]).toMatchObject({
    "cac:PostalAddress": { "cac:Country": { "cbc:IdentificationCode": "AT" } },
    "cac:PartyTaxScheme": { "cbc:CompanyID": "ATU12345678", "cac:TaxScheme": { "cbc:ID": "VAT" } },
  });
  expect(xml["cac:AccountingSupplierParty"]["cac:Party"]["cac:PartyTaxScheme"]["cac:TaxScheme"]["cbc:ID"]).toBe("VAT");
  expect(xml["cac:PaymentMeans"]["cbc:PaymentMeansCode"]).toBe("58");
});
