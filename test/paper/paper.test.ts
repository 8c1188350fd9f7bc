import { XMLValidator } from "fast-xml-parser";
import { expect, test } from "vitest";
import { sumMoney } from "../../domain/money.ts";
import { billHtml } from "../../paper/bill-html.ts";
import { type BillFacts, billSheetOf } from "../../paper/bill-sheet.ts";
import { dayText, grouped, moneyText, percentText, priceText, quantityText } from "../../paper/figures.ts";
import { billsPdf, bytesOf } from "../../paper/pdf/bill-pdf.ts";
import { wrapped } from "../../paper/pdf/pen.ts";
import { PAPER_LANGUAGES } from "../../paper/words.ts";
import { aBill, aLine, aUsage } from "./a-bill.ts";
import { pdfPages } from "./pdf-text.ts";

const pdfOf = (facts: BillFacts, language: "zh" | "en" | "both" = "zh") =>
  bytesOf(billsPdf([billSheetOf(facts)], language));

test("the sections add up to the total, and the statement to what is to be paid", () => {
  const sheet = billSheetOf(aBill());
  expect(
    sumMoney(
      "CNY",
      sheet.sections.map(({ subtotal }) => subtotal),
    ),
  ).toEqual(sheet.total);
  expect(sheet.sections.map(({ utility }) => utility)).toEqual(["electricity", "water"]);
  expect(sheet.statements[0]?.after.minor).toBe(12_105n);
  expect(sheet.toPay.minor).toBe(12_105n);
  expect(sheet.lastDay).toBe("2026-10-31");
  expect(sheet.payment?.content).toBe(
    "https://pay.sanbiao.example/riverside/2026-000007?account=3-802&amount=121.05&currency=CNY",
  );
});

test("who is in credit has nothing to pay and gets no payment code", async () => {
  const facts = aBill({ owed: [{ debt: "supply", beforeMinor: -50_000n, paymentsMinor: 0n, otherMinor: 0n }] });
  expect(billSheetOf(facts)).toMatchObject({ toPay: { minor: 0n }, payment: null });
  const text = pdfPages(await pdfOf(facts))[0]?.text ?? "";
  expect(text).toContain("无需缴费");
  expect(text).toContain("¥378.95");
  expect(text).not.toContain("扫码");
});

test("credit for supply pays no property fee: what is due is the debt of each class", () => {
  const fee = aLine({ debt: "property", usagePointId: null, utility: "other", amountMinor: 20_000n });
  const sheet = billSheetOf(
    aBill({
      lines: [...aBill().lines, fee],
      bill: { ...aBill().bill, totalMinor: 32_105n },
      owed: [
        { debt: "supply", beforeMinor: -50_000n, paymentsMinor: 0n, otherMinor: 0n },
        { debt: "property", beforeMinor: 500n, paymentsMinor: -500n, otherMinor: 0n },
      ],
    }),
  );
  expect(sheet.statements.map(({ after }) => after.minor)).toEqual([-37_895n, 20_000n]);
  expect(sheet.toPay.minor).toBe(20_000n);
  expect(sheet.sections.at(-1)).toMatchObject({ utility: "other", subtotal: { minor: 20_000n } });
});

test("a true-up counts in the month that it settles and names the bill", () => {
  const settled = aUsage({ quantity: -10_000_000n, corrects: 3n });
  const sheet = billSheetOf(
    aBill({
      usages: [...aBill().usages, settled],
      lines: [...aBill().lines, aLine({ corrects: 3n, amountMinor: -568n })],
      corrected: new Map([[3n, "2026-000003"]]),
      history: [
        ...aBill().history,
        {
          utility: "electricity",
          periodTo: Date.parse("2026-10-01T00:00:00+08:00"),
          quantity: -10_000_000n,
          unit: "kWh",
          estimated: false,
        },
      ],
    }),
  );
  expect(sheet.sections[0]?.use).toBe(150_000_000n);
  expect(sheet.history[0]?.months.slice(-2).map(({ quantity }) => quantity)).toEqual([80_000_000n, 150_000_000n]);
  expect(sheet.sections[0]?.lines.at(-1)?.corrects).toBe("2026-000003");
});

test.each(PAPER_LANGUAGES)("the PDF in %s says what the sheet says, on one page", async (language) => {
  const pages = pdfPages(await pdfOf(aBill(), language));
  expect(pages).toHaveLength(1);
  const [{ text, rectangles } = { text: "", rectangles: 0 }] = pages;
  for (const said of ["2026-000007", "¥121.05", "1,150.5", "0.568 / kWh", "33.35", "梁某"])
    expect(text).toContain(said);
  expect(text).not.toContain("\ufffd");
  expect(text.includes("Amount due")).toBe(language !== "zh");
  expect(text.includes("应缴金额")).toBe(language !== "en");
  expect(rectangles).toBeGreaterThan(300); // bars, and a code of some hundred dark stretches
});

test("a line that settles an earlier bill is marked by a character that the paper's font has", async () => {
  const lines = [aLine({}), aLine({ amountMinor: -530n, quantity: -10_000_000n, corrects: 3n })];
  const corrected = new Map([[3n, "2026-000003"]]);
  const text = pdfPages(await pdfOf(aBill({ lines, corrected })))[0]?.text.replaceAll("\n", "");
  expect(text).toContain("※ 电费 · 第 1 档 (2026-000003)");
  expect(text).toContain("带 ※ 的行");
  expect(text).not.toMatch(/U\+[0-9A-F]{4}/);
});

test("the same bill twice gives the same bytes, another bill others", async () => {
  const one = await pdfOf(aBill());
  expect(one.equals(await pdfOf(aBill()))).toBe(true);
  expect(one.equals(await pdfOf(aBill({ customer: { ...aBill().customer, name: "梁山" } })))).toBe(false);
  expect(billHtml(billSheetOf(aBill()), "zh")).toBe(billHtml(billSheetOf(aBill()), "zh"));
});

test("a long bill goes on with its heads repeated, and each page says which it is", async () => {
  const lines = Array.from({ length: 120 }, (_, i) =>
    aLine({ title: { zh: `费用 ${i + 1}`, en: `Charge ${i + 1}` }, amountMinor: 1n }),
  );
  const pages = pdfPages(await pdfOf(aBill({ lines })));
  expect(pages.length).toBeGreaterThan(2);
  const all = pages.map(({ text }) => text).join("\n");
  for (let i = 1; i <= 120; i++) expect(all).toContain(`费用 ${i} `);
  pages.forEach(({ text }, i) => expect(text).toContain(`第 ${i + 1} 页，共 ${pages.length} 页`));
  for (const { text } of pages.slice(0, 2)) expect(text).toContain("费用项目");
});

test("a character that no font has is drawn as its code point, in the name and beside what follows", async () => {
  const name = "欧阳𬭛喆①\u0000\u202e";
  const text = pdfPages(await pdfOf(aBill({ customer: { number: "1", name, address: "" } })))[0]?.text ?? "";
  expect(text).toContain("欧阳\nU+2CB5B\n喆");
  expect(text).toContain("①");
});

test("what is missing leaves no hole: no use, no registers, no address, no history, no entry", async () => {
  const bare = aBill({
    usages: [],
    history: [],
    owed: [],
    customer: { number: "1", name: "", address: "" },
    lines: [
      aLine({
        debt: "property",
        usagePointId: null,
        utility: "parking",
        tariffId: "",
        quantity: null,
        unit: null,
        price: null,
        tier: null,
        title: { zh: "停车费", en: "Parking" },
        amountMinor: 12_105n,
      }),
    ],
  });
  const text = pdfPages(await pdfOf(bare))[0]?.text ?? "";
  expect(text).toContain("停车费");
  expect(text).toContain("其他");
  expect(billHtml(billSheetOf(bare), "both")).toContain("Parking");
});

test("one document of many bills counts the pages of each", async () => {
  const sheets = [aBill(), aBill({ bill: { ...aBill().bill, number: "2026-000008" } })].map(billSheetOf);
  const pages = pdfPages(await bytesOf(billsPdf(sheets, "en")));
  expect(pages.map(({ text }) => [text.includes("2026-000008"), text.includes("Page 1 of 1")])).toEqual([
    [false, true],
    [true, true],
  ]);
});

test("the page for a browser has no script, takes nothing from outside and makes names harmless", () => {
  const evil = `<script>alert("1")</script>&'`;
  const html = billHtml(billSheetOf(aBill({ customer: { number: evil, name: evil, address: evil } })), "both");
  expect(html).not.toContain("<script");
  expect(html).not.toMatch(/\b(src|href|@import|url\()/);
  expect(html.match(/&#60;script&#62;/g)).toHaveLength(3);
  expect(html).toContain("¥121.05");
  // Apart from what HTML leaves open it is well formed.
  expect(XMLValidator.validate(html.replace("<!doctype html>", "").replaceAll(/<meta [^>]*>/g, ""))).toBe(true);
});

test("figures are exact and the same on every machine", () => {
  expect(moneyText({ currency: "CNY", minor: -123_456_789n })).toBe("−¥1,234,567.89");
  expect(moneyText({ currency: "JPY", minor: 1_000n })).toBe("¥1,000");
  expect(grouped("1234.5678")).toBe("1,234.5678");
  expect(quantityText(1_234_567_800n)).toBe("1,234.568");
  expect(quantityText(-500n)).toBe("−0.001");
  expect(priceText("2.4")).toBe("2.40");
  expect(["0.09", "1", "-0.055", "0.0025"].map(percentText)).toEqual(["9 %", "100 %", "−5.5 %", "0.25 %"]);
  expect(dayText("2026-01-09" as never, "zh")).toBe("2026年1月9日");
});

test("lines break between Chinese characters and at spaces, and lose nothing", () => {
  const style = { size: 10 };
  for (const text of [
    "居民生活用电（合表）第一档",
    "a very long title of some charge",
    "Donaudampfschifffahrt",
    "𬭛𬭛𬭛𬭛",
  ]) {
    const lines = wrapped(text, style, 45);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
    expect(lines.some((line) => /^[，。）]/.test(line))).toBe(false);
  }
});
