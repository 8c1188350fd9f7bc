import { openBrowser } from "./test/support/browser.ts";
const url = "http://127.0.0.1:18871";
const browser = await openBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1300 } });
  page.on("console", (m) => m.type() === "error" && console.log("console:", m.text()));
  await page.goto(url);
  for (const lang of ["en", "zh"]) {
    await page.evaluate(async (lang) => {
      await fetch("/api/v1/sign-in", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ login: "estate", password: "estate-demo" }),
      });
      localStorage.setItem("sanbiao.language", lang);
    }, lang);
    const id = await page.evaluate(async () => {
      const bills = (await (await fetch("/api/v1/bills?pageSize=5")).json()) as any;
      return bills.items[0].id as string;
    });
    await page.goto(`${url}/bills/${id}`);
    await page.waitForSelector(".why");
    const n = await page.locator(".why").count();
    await page.locator(".why").nth(0).click();
    await page.waitForSelector(".explained-parts");
    await page
      .locator(".why")
      .nth(Math.min(2, n - 1))
      .click();
    await page.waitForTimeout(600);
    await page.screenshot({ path: `/tmp/rebill-explain-${lang}.png`, fullPage: true });
    if (lang === "zh") {
      await page.setViewportSize({ width: 390, height: 900 });
      await page.waitForTimeout(400);
      await page.screenshot({ path: `/tmp/rebill-explain-390.png`, fullPage: true });
    }
  }
} finally {
  await browser.close();
}
