import { openBrowser } from "./test/support/browser.ts";
const url = "http://127.0.0.1:18871";
const browser = await openBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1000 } });
  page.on("console", (m) => m.type() === "error" && console.log("console:", m.text()));
  await page.goto(url);
  let account = "";
  for (const lang of ["en", "zh"]) {
    account = await page.evaluate(async (lang) => {
      await fetch("/api/v1/sign-in", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ login: "estate", password: "estate-demo" }),
      });
      localStorage.setItem("sanbiao.language", lang);
      const bills = (await (await fetch("/api/v1/bills?pageSize=5")).json()) as any;
      const bill = (await (await fetch("/api/v1/bills/" + bills.items[0].id)).json()) as any;
      if (lang === "en")
        for (const u of bill.usage) {
          const r = u.registers[0];
          if (u.utility === "electricity") continue;
          const reply = await fetch(`/api/v1/meters/${r.meter}/edits`, {
            method: "POST",
            headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
            body: JSON.stringify({
              register: r.register,
              at: r.to,
              says: { kind: "value", value: String((Number(r.start) + Number(r.end)) / 2) },
              reason: "misread",
            }),
          });
          console.log(reply.status, await reply.text());
        }
      return bill.accountId as string;
    }, lang);
    await page.goto(`${url}/accounts/${account}/replay`);
    await page.waitForSelector("[data-testid=replay-total], .ant-empty");
    await page.waitForTimeout(500);
    await page.screenshot({ path: `/tmp/rebill-replay-${lang}.png` });
  }
  await page.setViewportSize({ width: 390, height: 900 });
  await page.waitForTimeout(400);
  await page.screenshot({ path: `/tmp/rebill-replay-390.png` });
} finally {
  await browser.close();
}
