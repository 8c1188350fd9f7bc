import { afterAll, beforeAll, expect, test } from "vitest";
import type { App } from "../../api/routes/route.ts";
import { pdfPages } from "../paper/pdf-text.ts";
import { appOver, cookieOf, type Estate, tinyEstate } from "./support.ts";

let estate: Estate;
let app: App;
let close: () => Promise<void>;
beforeAll(async () => {
  estate = await tinyEstate();
  ({ app, close } = await appOver(estate));
});
afterAll(async () => {
  await close();
  await estate.drop();
});

const get = async (path: string, login: "reader" | "clerk" | "other" = "reader") =>
  app.inject({ url: `/api/v1${path}`, headers: { cookie: await cookieOf(app, login) } });

test("a bill is handed out as PDF with the books' own figures, the same bytes each time", async () => {
  const bill = (await get(`/bills/${estate.bill}`)).json();
  const first = await get(`/bills/${estate.bill}/paper.pdf?lang=en`);
  expect(first.statusCode).toBe(200);
  expect(first.headers["content-type"]).toBe("application/pdf");
  expect(first.headers["content-disposition"]).toBe(`inline; filename="bill-${bill.number}-en.pdf"`);
  const text = pdfPages(first.rawPayload)
    .map((page) => page.text)
    .join("\n");
  for (const said of [bill.number, bill.accountName, `¥${bill.total.amount}`]) expect(text).toContain(said);
  const again = await get(`/bills/${estate.bill}/paper.pdf?lang=en`);
  expect(again.rawPayload.equals(first.rawPayload)).toBe(true);
});

test("and as a page of HTML in the language asked for", async () => {
  const bill = (await get(`/bills/${estate.bill}`)).json();
  const page = await get(`/bills/${estate.bill}/paper.html`);
  expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(page.headers["content-security-policy"]).toContain("script-src 'self'");
  expect(page.body).toContain(`¥${bill.total.amount}`);
  expect(page.body).toContain('<html lang="zh-CN">');
});

test("a bill of another operator is not found, and a language that nobody prints is refused", async () => {
  expect((await get(`/bills/${estate.bill}/paper.pdf`, "other")).statusCode).toBe(404);
  expect((await get("/bills/999999/paper.html")).statusCode).toBe(404);
  expect((await get(`/bills/${estate.bill}/paper.pdf?lang=fr`)).statusCode).toBe(400);
  expect((await app.inject({ url: `/api/v1/bills/${estate.bill}/paper.pdf` })).statusCode).toBe(401);
});

test("a clerk takes a month's bills as files, a reader does not, a month without bills is not found", async () => {
  const clerk = await cookieOf(app, "clerk");
  const ask = (path: string) => app.inject({ url: `/api/v1/bill-cycles/${path}`, headers: { cookie: clerk } });
  const bill = (await get(`/bills/${estate.bill}`)).json();
  const month = bill.periodFrom.slice(0, 7);
  const lines = await ask(`${month}/lines.csv`);
  expect(lines.headers["content-type"]).toBe("text/csv; charset=utf-8");
  expect(lines.body).toContain(bill.number);
  expect((await ask(`${month}/summary.csv`)).body).toContain("(customer)");
  expect((await ask(`${month}/bills.xlsx`)).rawPayload.subarray(0, 2).toString()).toBe("PK");
  const papers = await ask(`${month}/papers.pdf?lang=both`);
  expect(papers.headers["x-parts"]).toBe("1");
  expect(pdfPages(papers.rawPayload)[0]?.text).toContain(bill.number);
  expect((await ask(`${month}/papers.pdf?part=2`)).statusCode).toBe(404);
  expect((await ask("1999-01/lines.csv")).statusCode).toBe(404);
  expect((await ask("2026-13/lines.csv")).statusCode).toBe(400);
  expect((await get(`/bill-cycles/${month}/lines.csv`)).statusCode).toBe(403);
});

test("a clerk has the bill as invoice data, and is told what is missing", async () => {
  const bill = (await get(`/bills/${estate.bill}`)).json();
  const xml = await get(`/bills/${estate.bill}/invoice.xml?taxId=91320000123456789X`, "clerk");
  expect([xml.statusCode, xml.headers["content-type"]]).toEqual([200, "application/xml; charset=utf-8"]);
  expect(xml.body).toContain(`<cbc:PayableAmount currencyID="CNY">${bill.total.amount}</cbc:PayableAmount>`);
  const json = await get(`/bills/${estate.bill}/invoice.json`, "clerk");
  expect(json.json().合计.价税合计).toBe(bill.total.amount);
  const without = await get(`/bills/${estate.bill}/invoice.xml`, "clerk");
  expect([without.statusCode, without.json().code]).toEqual([400, "request.invalid"]);
  expect((await get(`/bills/${estate.bill}/invoice.json`)).statusCode).toBe(403);
  expect((await get(`/bills/999999/invoice.json`, "clerk")).statusCode).toBe(404);
});
