import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { AccountsJson } from "../api/schemas/account.ts";
import type { PaymentJson } from "../api/schemas/payment.ts";
import { DEMO_ACCOUNT } from "../demo/plan.ts";
import { ownerPool } from "../schema/database.ts";
import { openBrowser } from "./support/browser.ts";
import { sanbiaoHere } from "./support/command.ts";
import { demoFolder, removeDemo, type RunningDemo, startDemo } from "./support/demo.ts";

const SUPPLY_MOVES_MS = 180_000; // the engine decides, the order waits its turn on the bus, the relay is read back

/** The newcomer's walk: start, look, stop, start again, pull the plug, start again, sell. One estate for the whole file. */
let folder: string;
let demo: RunningDemo;
let browser: Browser;
const seen: Record<string, unknown>[] = [];

beforeAll(async () => {
  folder = await demoFolder();
  [demo, browser] = await Promise.all([startDemo(folder), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
  await removeDemo(folder);
});

afterEach(() => Promise.all(browser.contexts().map((context) => context.close()))); // a page goes on drawing while it is open

/** What the books hold, counted by the owner over all operators. */
async function books(): Promise<Record<string, unknown>> {
  const owner = ownerPool(await demo.databaseUrl(), { max: 1 });
  try {
    const { rows } = await owner.query<Record<string, unknown>>(`select
      (select count(*) from operator)::int as operators, (select count(*) from account)::int as accounts,
      (select count(*) from bill)::int as bills, (select count(distinct account_id) from bill)::int as billed,
      (select count(*) from reading)::int as readings, (select count(distinct meter_id) from reading)::int as meters,
      (select count(*) from reading_conflict)::int as conflicts, (select count(*) from run_exception)::int as exceptions,
      (select count(*) from journal where kind = 'payment')::int as payments,
      (select count(distinct (measured_at at time zone 'Asia/Shanghai')::date) from reading)::int as days`);
    return rows[0] ?? {};
  } finally {
    await owner.end();
  }
}

async function verified(): Promise<{ code: number | null; failed: unknown[]; checks: number }> {
  const { code, out } = await sanbiaoHere(["verify", "--json"], { env: { SANBIAO_DATA: folder, DATABASE_URL: "" } });
  const { checks } = JSON.parse(out) as { checks: { ok: boolean }[] };
  return { code, failed: checks.filter((check) => !check.ok), checks: checks.length };
}

/** A page in a language, with what went wrong on it. */
async function pageIn(locale: string): Promise<{ page: Page; faults: string[] }> {
  const viewport = { width: 1360, height: 900 };
  const page = await (await browser.newContext({ locale, viewport, reducedMotion: "reduce" })).newPage();
  page.setDefaultTimeout(60_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  return { page, faults };
}

const lamp = (page: Page, state: string) => page.locator(`.standing [data-testid="relay-lamp"][data-state="${state}"]`);

const INK_OF_TWO_GLYPHS = `document.fonts.load('30px "Noto Sans SC"', "电气").then(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  canvas.font = '30px "Noto Sans SC"';
  return ["电", "气"].map((text) => {
    canvas.clearRect(0, 0, 40, 40);
    canvas.fillText(text, 0, 30);
    return canvas.getImageData(0, 0, 40, 40).data.join("");
  });
})`;

/** Pages that are reached from others; those of the menu are clicked. */
const PAGES = ["/meters/1", "/accounts/1", "/bills/1", "/balances/1", "/routes/1", "/refused?tab=conflicts"];

describe("the demo", () => {
  test("is ready with two months of readings through the broker, a bill for every account and nothing refused", async () => {
    const now = await books();
    seen.push(now);
    expect(now).toMatchObject({ operators: 2, accounts: 68, bills: 68, billed: 68, conflicts: 0, exceptions: 0 });
    expect(now["meters"]).toBeGreaterThanOrEqual(48 * 3 + 20);
    expect(now["days"]).toBeGreaterThanOrEqual(60);
    expect(demo.said()).toMatch(/history: \d+ of \d+ readings/);
  });

  test("answers alive and ready, shows its users only because it is a demo, and serves its own description", async () => {
    const get = async (path: string) => (await fetch(demo.url + path)).json() as Promise<Record<string, unknown>>;
    expect(await get("/healthz")).toBeTruthy();
    expect(await get("/readyz")).toMatchObject({ ready: true });
    expect(await get("/api/v1/demo")).toMatchObject({ demo: true });
    expect(await get("/openapi.json")).toHaveProperty("paths");
    expect(await (await fetch(`${demo.url}/metrics`)).text()).toContain("sanbiao_readings_total");
  });

  test("keeps books that verify proves while the service runs", async () => {
    const { code, failed, checks } = await verified();
    expect({ code, failed }).toEqual({ code: 0, failed: [] });
    expect(checks).toBeGreaterThan(10);
  });

  test("Chinese shows on a machine that has no Chinese font, from files that came with the pages; the language is kept", async () => {
    const { page, faults } = await pageIn("en-GB");
    const fonts: string[] = [];
    page.on("response", (response) => {
      if (response.url().endsWith(".woff2")) fonts.push(response.url());
    });
    await page.goto(demo.url);
    await page.getByRole("heading", { name: "Electricity, gas and water on one bill" }).waitFor();
    await page.getByTestId("language").getByText("中文").click();
    await page.getByRole("heading", { name: "电、气、水，一本账一张单" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "电、气、水，一本账一张单" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("zh");
    // Two glyphs that are missing are drawn as the same box.
    const [electricity, gas] = (await page.evaluate(INK_OF_TWO_GLYPHS)) as [string, string];
    expect(electricity).not.toBe(gas);
    expect(fonts.length).toBeGreaterThan(0);
    expect(fonts.filter((url) => !url.startsWith(demo.url))).toEqual([]);
    expect(faults).toEqual([]);
  });

  test("every page shows figures in Chinese and English, without fault, warning or unfilled text", async () => {
    const { page, faults } = await pageIn("zh-CN");
    await page.route("**/*.woff*", (route) => route.fulfill({ status: 204 })); // glyphs have a test of their own
    await page.goto(demo.url);
    await page.getByTestId("demo-estate").click();
    await page.getByTestId("user-menu").waitFor();
    const looksRight = async (path: string): Promise<void> => {
      await page.locator(".content h1").first().waitFor();
      const waits = page.locator(".content :is(.ant-skeleton, .ant-spin-spinning, .wait)");
      await expect.poll(() => waits.count(), { message: path }).toBe(0);
      expect(await page.locator(".problem").count(), path).toBe(0);
      expect(await page.locator(".content").textContent(), path).not.toMatch(/\{\w+\}|undefined|NaN|Invalid Date/);
    };
    /** Each page in the language at hand, then in the other: the next page goes on in that one. */
    let other = "English";
    const inBoth = async (path: string): Promise<void> => {
      await looksRight(path);
      await page.getByTestId("language").getByText(other).click();
      await page.locator(`html[lang="${other === "English" ? "en" : "zh"}"]`).waitFor({ state: "attached" });
      other = other === "English" ? "中文" : "English";
      await looksRight(path);
    };
    const links = await page.locator(".ant-menu-item a").all();
    const paths = await Promise.all(links.map(async (link) => (await link.getAttribute("href")) ?? ""));
    expect(paths.length).toBeGreaterThan(10);
    for (const path of paths.filter((one) => one !== "/counter")) {
      await page.locator(`.ant-menu-item a[href="${path}"]`).click();
      await page.locator(`.ant-menu-item-selected a[href="${path}"]`).waitFor(); // it changes with the page, not before
      await inBoth(path);
    }
    for (const path of PAGES) {
      await page.goto(demo.url + path);
      await inBoth(path);
    }
    await page.goto(`${demo.url}/no-such-page`);
    await page.locator(".ant-result").waitFor();
    expect(faults).toEqual([]);
  });

  test("stops in order at Ctrl-C and goes on where it stopped, adding nothing twice", async () => {
    expect(await demo.stop()).toBe(0);
    demo = await startDemo(folder);
    const now = await books();
    const before = seen[0];
    expect(now).toMatchObject({ bills: before?.["bills"], payments: before?.["payments"], conflicts: 0 });
    expect(now["readings"]).toBeGreaterThanOrEqual(Number(before?.["readings"]));
  });

  test("comes back from a SIGKILL with nothing lost, doubled or unproven", async () => {
    const before = await books();
    await demo.kill();
    // Town time runs faster from here on, so that the last credit of the demo flat is used up while the test waits.
    demo = await startDemo(folder, ["--speed", "20"]);
    const now = await books();
    expect(now).toMatchObject({ bills: before["bills"], payments: before["payments"], conflicts: 0 });
    expect(now["readings"]).toBeGreaterThanOrEqual(Number(before["readings"]));
    expect(await verified()).toMatchObject({ code: 0, failed: [] });
  });

  test("a flat that went dark is topped up by keyboard alone, pays once, and its lamp turns green when the relay is read back", async () => {
    const { page, faults } = await pageIn("zh-CN");
    const paid: string[] = [];
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().endsWith("/payments"))
        paid.push(request.headers()["idempotency-key"] ?? "");
    });
    await page.goto(demo.url);
    await page.getByTestId("demo-clerk").click();
    await page.getByTestId("user-menu").waitFor();

    await page.goto(`${demo.url}/counter`);
    await page.getByTestId("shift-bar").waitFor();
    await page.keyboard.press("Alt+KeyO");
    await page.getByTestId("shift-float").waitFor();
    await page.keyboard.type("200");
    await page.keyboard.press("Enter");
    await page.locator('[data-testid="shift-bar"][data-state="open"]').waitFor();
    await page.keyboard.type(DEMO_ACCOUNT);
    await page.locator(`[data-testid="counter-result"][data-account="${DEMO_ACCOUNT}"]`).waitFor();
    await page.keyboard.press("Enter");
    await page.getByTestId("counter-amount").waitFor();
    await lamp(page, "disconnected").waitFor({ timeout: SUPPLY_MOVES_MS });

    await page.keyboard.type("一百");
    await page.keyboard.press("Enter");
    expect(await page.getByTestId("counter-amount").getAttribute("aria-invalid")).toBe("true");

    await page.keyboard.press("Alt+Digit3");
    await page.keyboard.press("Tab");
    await page.keyboard.type("150");
    await page.keyboard.down("Enter");
    await page.keyboard.down("Enter"); // held down too long: the preview must not take the money
    await page.keyboard.up("Enter");
    await page.getByTestId("counter-pay").waitFor();
    expect(paid).toEqual([]);
    expect(await page.locator(".review").textContent()).toContain("¥100.00");
    expect(await page.locator(".review").textContent()).toContain(DEMO_ACCOUNT);

    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await page.getByTestId("counter-receipt").waitFor();
    expect(paid).toHaveLength(1);
    expect(await page.getByTestId("counter-change").textContent()).toContain("¥50.00");
    const printed = page.waitForResponse((reply) => reply.url().endsWith("/receipt/prints"));
    await page.keyboard.press("Alt+KeyP");
    expect(await (await printed).json()).toMatchObject({ print: 1 });
    await lamp(page, "connected").waitFor({ timeout: SUPPLY_MOVES_MS });
    expect(faults).toEqual([]);
  });

  test("the same sale sent again, at once or later, is the same payment", async () => {
    const { page } = await pageIn("en-GB");
    await page.goto(demo.url);
    await page.getByTestId("demo-clerk").click();
    await page.getByTestId("user-menu").waitFor();
    const found = (await (
      await page.request.get(`${demo.url}/api/v1/accounts?search=${DEMO_ACCOUNT}`)
    ).json()) as AccountsJson;
    const send = async () => {
      const reply = await page.request.post(`${demo.url}/api/v1/accounts/${found.items[0]?.id}/payments`, {
        headers: { "idempotency-key": "browser-test-1" },
        data: { amount: { amount: "1.00", currency: "CNY" }, channel: "cash" },
      });
      return (await reply.json()) as PaymentJson;
    };
    const answers = [...(await Promise.all([send(), send()])), await send()];
    expect(answers.map((a) => a.outcome).toSorted()).toEqual(["already", "already", "posted"]);
    expect(new Set(answers.map((a) => a.journalId)).size).toBe(1);
  });
});
