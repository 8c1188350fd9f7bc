import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningApi, startApi } from "../../api/server.ts";
import { reversePayment, takePayment } from "../../billing/payment.ts";
import { type Estate, NOW, PASSWORD, silent, tinyEstate } from "../api/support.ts";
import { openBrowser } from "../support/browser.ts";
import { buildConsole } from "../support/console.ts";
import { ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

const POWER = "zhejiang.electricity.residential";
const PICTURES = process.env["SANBIAO_PICTURES"];
let estate: Estate;
let api: RunningApi;
let browser: Browser;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sanbiao-editor-"));
  const built = buildConsole(folder, { name: "main", html: "index.html", minify: false });
  [estate, browser] = await Promise.all([tinyEstate(), openBrowser(), built]);
  const owner = ownerPool(estate.ownerUrl);
  const town = Reflect.construct(SmallTown, [owner, estate.one]) as SmallTown;
  const { meter } = await town.supply({ account: await town.account("H-1"), tariff: POWER, from: "2026-05-01" });
  await town.readings(meter, "energy_import_kwh", [
    ["2026-05-01T00:00:00+08:00", 0],
    ["2026-06-01T00:00:00+08:00", 300],
  ]);
  await owner.end();
  api = await startApi({
    db: estate.db,
    host: "127.0.0.1",
    port: 0,
    clock: { now: () => NOW },
    log: silent,
    services: { takePayment, reversePayment },
    consoleDir: folder,
  });
});
afterAll(async () => {
  await browser?.close();
  await api?.close();
  await estate?.drop();
  await rm(folder, { recursive: true, force: true });
});

async function signedIn(login: string, locale: string, width = 1280): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({ locale, viewport: { width, height: 900 }, reducedMotion: "reduce" });
  await context.request.post(`${api.url}/api/v1/sign-in`, { data: { login, password: PASSWORD } });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  return { page, faults };
}

const picture = async (page: Page, name: string): Promise<void> => {
  if (PICTURES !== undefined) await page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
};
const stateIs = (page: Page, state: string) =>
  page.locator(`[data-testid="tariff-state"][data-state="${state}"]`).waitFor();
/** What the browser's own script says of the page. */
const fits = (page: Page) => page.evaluate("document.documentElement.scrollWidth <= innerWidth");

test("a price is changed by keyboard in a form, seen live on a real account, sent back by one and published by another", async () => {
  const { page: clerk, faults } = await signedIn("clerk", "en-GB");
  await clerk.goto(`${api.url}/tariffs`);
  await clerk.getByTestId("tariff-new").focus();
  await clerk.keyboard.press("Enter");
  await clerk.getByTestId("draft-of").locator("input").focus();
  await clerk.keyboard.type("Zhejiang residential electricity, one price");
  await clerk.keyboard.press("Enter");
  await clerk.getByTestId("draft-version").focus();
  await clerk.keyboard.type("2026-07");
  await clerk.getByTestId("draft-from").fill("2026-07-01");
  await clerk.keyboard.press("Enter");
  await stateIs(clerk, "draft");
  const path = new URL(clerk.url()).pathname;

  await clerk.getByTestId("tariff-live").getByRole("combobox").first().focus();
  await clerk.keyboard.type("H-1");
  await clerk.getByTitle(/^H-1/).waitFor();
  await clerk.keyboard.press("Enter");
  await clerk.getByTestId("tariff-live").getByRole("combobox").last().focus();
  await clerk.keyboard.press("ArrowDown");
  await clerk.keyboard.press("Enter");
  await clerk.locator('[data-testid="live-after"]:text-is("¥161.40")').waitFor();

  // The first tier's price; Enter goes on to the second's.
  await clerk.getByLabel("Tier 1, Price").focus();
  await clerk.keyboard.press("Control+a");
  await clerk.keyboard.type("0.6");
  await clerk.locator('[data-testid="live-after"]:text-is("¥180.00")').waitFor();
  await clerk.getByLabel("Tier 1, Up to").fill("5000");
  await clerk.getByText("must be above 5000").waitFor(); // the second ends at 4800: said without the service
  await clerk.keyboard.press("Enter");
  expect(await clerk.evaluate("document.activeElement.getAttribute('aria-label')")).toBe("Tier 2, Up to");
  await clerk.getByTestId("tariff-problems").waitFor();
  await picture(clerk, "draft-problems-en");
  await clerk.keyboard.press("Control+z");
  await clerk.getByTestId("tariff-unsaved").waitFor();

  // A reload loses nothing.
  await clerk.reload();
  expect(await clerk.getByLabel("Tier 1, Price").inputValue()).toBe("0.6");
  expect(await clerk.getByLabel("Tier 1, Up to").inputValue()).not.toBe("5000");
  const red = clerk.getByRole("button", { name: /^Take .* as right$/ });
  await red.first().waitFor();
  for (let n = await red.count(); n > 0; n--) {
    await red.first().click();
    await clerk.locator(".ant-popconfirm:visible .ant-btn-primary").click();
    await red.nth(n - 1).waitFor({ state: "detached" });
  }
  await clerk.locator('[data-testid="tariff-examples"]:not(:has(.ant-tag-red))').waitFor();
  await clerk.getByTestId("tariff-save").click();
  await clerk.getByTestId("tariff-saved").waitFor();
  await picture(clerk, "draft-en");
  await clerk.setViewportSize({ width: 390, height: 844 });
  await expect.poll(() => fits(clerk)).toBe(true); // laid out anew in its own time
  await picture(clerk, "draft-en-390");
  await clerk.setViewportSize({ width: 1280, height: 900 });
  await clerk.getByTestId("tariff-propose").click();
  await stateIs(clerk, "proposed");
  expect(await clerk.getByTestId("tariff-publish").count()).toBe(0);

  const { page: boss, faults: others } = await signedIn("boss", "zh-CN");
  await boss.goto(api.url + path);
  const changed = await boss.getByTestId("tariff-difference").textContent();
  expect(changed).toMatch(/第 1 档 · 单价0\.538 CNY\/kWh → 0\.6 CNY\/kWh/);
  await picture(boss, "proposed-zh");
  await boss.getByRole("button", { name: /退\s?回/ }).click();
  await boss.getByLabel("需要修改之处").fill("第一档太贵");
  await boss.locator(".ant-popover:visible button[type=submit]").click();
  await stateIs(boss, "draft");
  await boss.getByText("User boss 退回：第一档太贵").waitFor();

  // Who proposes does not publish, whoever it is.
  await boss.getByTestId("tariff-propose").click();
  await stateIs(boss, "proposed");
  await boss.getByTestId("tariff-publish").click();
  await boss.locator(".ant-popconfirm:visible .ant-btn-primary").click();
  await boss.getByText("提出电价的人不能自己发布").waitFor();
  await boss.getByRole("button", { name: "退回修改" }).click();
  await stateIs(boss, "draft");

  await clerk.goto(api.url + path);
  await clerk.getByTestId("tariff-propose").click();
  await stateIs(clerk, "proposed");
  await boss.goto(api.url + path);
  await boss.getByTestId("tariff-who").click();
  await boss.locator(".what-if-totals").waitFor();
  await boss.getByTestId("tariff-publish").click();
  await boss.locator(".ant-popconfirm:visible .ant-btn-primary").click();
  await stateIs(boss, "published");
  await picture(boss, "published-zh");
  expect([...faults, ...others]).toEqual([]);
});
