import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startApi, type RunningApi } from "../../api/server.ts";
import type { RouteJson } from "../../api/schemas/reading-route.ts";
import { reversePayment, takePayment } from "../../billing/payment.ts";
import { dialValue, isExpected } from "../../console/src/phone/dial.ts";
import { HOUR_MS, instant } from "../../domain/instant.ts";
import { openBrowser } from "../support/browser.ts";
import { buildConsole } from "../support/console.ts";
import { ownerPool } from "../support/database.ts";
import { type Estate, NOW, PASSWORD, silent, tinyEstate } from "../api/support.ts";

let estate: Estate;
let api: RunningApi;
let browser: Browser;
let consoleDir: string;
let routeId: string;
/** The books' day is long past: the service's clock runs beside the phone's, hours after the last reading. */
const BEGUN = Date.now();
const clock = { now: () => instant(NOW + HOUR_MS + Date.now() - BEGUN) };

beforeAll(async () => {
  consoleDir = await mkdtemp(join(tmpdir(), "sanbiao-phone-"));
  const built = buildConsole(consoleDir);
  [estate, browser] = await Promise.all([tinyEstate(), openBrowser(), built]);
  api = await startApi({
    db: estate.db,
    host: "127.0.0.1",
    port: 0,
    clock,
    wall: { now: () => instant(Date.now()) },
    log: silent,
    services: { takePayment, reversePayment },
    consoleDir,
  });
  const clerk = await (await browser.newContext()).newPage();
  await signIn(clerk, "clerk");
  const made = await clerk.request.post(`${api.url}/api/v1/routes`, {
    headers: { "idempotency-key": "phone-test-1" },
    data: { name: "1号楼 Building 1", building: "1", every: "day", walker: "reader" },
  });
  routeId = ((await made.json()) as { id: string }).id;
  await clerk.context().close();
});
afterAll(async () => {
  await browser?.close();
  await api?.close();
  await estate?.drop();
  if (consoleDir !== undefined) await rm(consoleDir, { recursive: true, force: true });
});

const signIn = (page: Page, login: string) =>
  page.request.post(`${api.url}/api/v1/sign-in`, { data: { login, password: PASSWORD } });

/** A reader's phone in hand, the route open on it and kept. */
async function phoneOf(
  login: string,
  locale = "zh-CN",
): Promise<{ context: BrowserContext; page: Page; faults: string[] }> {
  const context = await browser.newContext({
    locale,
    viewport: { width: 390, height: 780 },
    hasTouch: true,
    isMobile: true,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  await signIn(page, login);
  await page.goto(`${api.url}/m`);
  await page.getByTestId("route").first().waitFor();
  await page.evaluate("navigator.serviceWorker.ready.then(() => true)");
  // The worker keeps the page's parts before it is ready; from now on it answers for it.
  await page.waitForFunction("navigator.serviceWorker.controller !== null");
  await page.getByTestId("route").first().click();
  await page.getByTestId("value").waitFor();
  return { context, page, faults };
}

const goTo = async (page: Page, room: string, n: number) => {
  await page.getByTestId("progress").click();
  await page.getByTestId("find-stop").fill(room);
  await page.getByTestId("stop-row").nth(n).click();
  await page.getByTestId("value").waitFor();
};
const type = async (page: Page, value: string) => {
  await page.getByTestId("value").fill(value);
  await page.getByTestId("keep").click();
};
const waiting = (page: Page, n: number, stuck = 0) =>
  page.locator(`[data-testid="waiting"][data-waiting="${n}"][data-stuck="${stuck}"]`).waitFor();
const byHand = () =>
  estate.db.as(estate.one, (trx) =>
    trx.selectFrom("reading").select(["meter_id", "value"]).where("source", "=", 3).orderBy("value").execute(),
  );
const [ELECTRICITY, WATER, GAS] = [0, 1, 2];

test("a route is walked with the line away in its middle, through a reload, and every reading is in the book once", async () => {
  const { context, page, faults } = await phoneOf("reader");
  expect(new URL(page.url()).pathname).toBe(`/m/routes/${routeId}`);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);

  // 1059.75 kWh an hour ago, some 6 kWh a day.
  await goTo(page, "101", ELECTRICITY);
  await type(page, "1060");
  await waiting(page, 0);
  await expect.poll(byHand).toHaveLength(1);

  await context.setOffline(true);
  await page.reload();
  await page.getByTestId("value").waitFor();
  await goTo(page, "101", WATER);
  const picture = await page.screenshot();
  await page.getByTestId("camera").setInputFiles({ name: "dial.png", mimeType: "image/png", buffer: picture });
  await page.locator('[data-testid="photo"][data-taken="true"]').waitFor();
  await type(page, "９０．5"); // as a Chinese keyboard may write it; far above 52.39
  await page.getByTestId("outside").waitFor();
  await page.getByTestId("keep").click();
  expect(await page.getByTestId("value").getAttribute("aria-invalid")).toBe("true");
  await page.getByTestId("note").fill("水管爆裂");
  await page.getByTestId("keep").click();
  await waiting(page, 1);
  await goTo(page, "101", GAS);
  await page.getByTestId("skip").click();
  await page.getByTestId("skip-no_access").click();
  await waiting(page, 2);
  await page.getByTestId("all-done").waitFor();
  await page.reload();
  await waiting(page, 2);
  expect(await byHand()).toHaveLength(1);

  await context.setOffline(false);
  await waiting(page, 0);
  expect((await byHand()).map((row) => row.value)).toEqual([90_500_000n, 1_060_000_000n]);
  const route = (await (await page.request.get(`${api.url}/api/v1/routes/${routeId}`)).json()) as RouteJson;
  expect(route).toMatchObject({ read: 2, skipped: 1, outside: 1, conflicts: 0 });
  const [entry] = route.items[WATER]?.entries ?? [];
  expect(entry).toMatchObject({ value: "90.5", note: "水管爆裂", outside: true, by: "User reader" });
  const photo = await page.request.get(`${api.url}/api/v1/photos/${entry?.photo}`);
  expect(photo.headers()["content-type"]).toBe("image/jpeg");
  expect(faults).toEqual([]);
  await context.close();
});

test("what was entered while signed out waits for its reader, and goes under nobody else's name", async () => {
  const { context, page, faults } = await phoneOf("reader", "en-GB");
  await goTo(page, "101", GAS);
  await context.clearCookies();
  await type(page, "3.5");
  await page.getByTestId("signed-out").waitFor();
  await waiting(page, 1);

  await signIn(page, "clerk");
  await page.reload();
  await page.getByTestId("others").waitFor();
  await waiting(page, 0);
  expect(await byHand()).toHaveLength(2);

  await signIn(page, "reader");
  await page.reload();
  await expect.poll(byHand).toHaveLength(3);
  await waiting(page, 0);
  expect(faults).toEqual([]);
  await context.close();
});

test("another reader's value of the same moment is told, and an entry that is refused stays until it is mended", async () => {
  const { context, page, faults } = await phoneOf("clerk", "en-GB");
  // The first test's 1060 is some moments old.
  await goTo(page, "101", ELECTRICITY);
  await type(page, "1061");
  await waiting(page, 0, 1);
  await page.getByTestId("waiting").click();
  await page.locator('[data-testid="unsent"][data-state="conflict"]').getByText("1060 kWh, by User reader").waitFor();
  await page.getByRole("button", { name: "Seen" }).click();
  await page.getByText("Nothing waits").waitFor();
  await page.getByRole("button", { name: "Close" }).click();

  await goTo(page, "101", GAS);
  const removed = (at: string) =>
    owner.query(
      "update installation set removed_at = " + at + " where meter_id = (select id from meter where serial = 'G-101')",
    );
  const owner = ownerPool(estate.ownerUrl);
  await removed("installed_at + interval '1 day'");
  await type(page, "3.5");
  await waiting(page, 0, 1);
  await removed("null");
  await owner.end();
  await page.reload();
  await page.getByTestId("waiting").click();
  await page.locator('[data-testid="unsent"][data-state="stuck"]').getByText("hung nowhere").waitFor();
  expect(await byHand()).toHaveLength(3);
  await page.getByRole("button", { name: "Mend", exact: true }).click();
  expect(await page.getByTestId("value").inputValue()).toBe("3.5");
  await page.getByTestId("keep").click();
  await expect.poll(byHand).toHaveLength(4);
  await waiting(page, 0);
  expect(faults).toEqual([]);
  await context.close();
});

test("the clerk sees what came in, with its photo, and puts the stops in another order", async () => {
  const page = await (await browser.newContext({ locale: "en-GB", viewport: { width: 1440, height: 900 } })).newPage();
  page.setDefaultTimeout(60_000);
  await signIn(page, "clerk");
  await page.goto(`${api.url}/routes`);
  await page.getByRole("link", { name: "1号楼 Building 1" }).click();
  await page.locator('[data-testid="result"][data-outcome="conflict"]').getByText("1061 kWh").waitFor();
  expect(await page.locator('[data-testid="result"][data-outcome="booked"]').count()).toBe(4);
  await page.getByText("水管爆裂").waitFor();
  await page.waitForFunction(
    `[...document.images].some((image) => image.src.includes("/photos/") && image.naturalWidth > 100)`,
  );
  const stops = async () =>
    ((await (await page.request.get(`${api.url}/api/v1/routes/${routeId}`)).json()) as RouteJson).items.map(
      (stop) => stop.meter?.utility,
    );
  expect(await stops()).toEqual(["electricity", "water", "gas"]);
  await page.getByTestId("edit-route").click();
  await page.getByRole("button", { name: "Down" }).first().click();
  await page.getByTestId("save-route").click();
  await page.getByTestId("edit-route").waitFor();
  expect(await stops()).toEqual(["water", "electricity", "gas"]);
  await page.context().close();
});

describe("what is typed", () => {
  test.each([
    ["1234.5", "1234.5"],
    [" 0012 ", "12"],
    ["0", "0"],
    ["12.", "12"],
    ["１２３，5", "123.5"],
    ["1 234", "1234"],
    ["", null],
    ["-1", null],
    ["1.2.3", null],
    ["1e3", null],
    ["abc", null],
    ["1.1234567", null],
  ])("%j is %j", (typed, value) => {
    expect(dialValue(typed)).toBe(value);
  });

  const range = {
    mostLikely: null,
    basis: "dial",
    from: null,
    perDay: null,
    perDayLeast: null,
    perDayMost: null,
    lastInDoubt: false,
  } as const;
  test.each([
    ["9", "10", false, "9.5", true],
    ["9", "10", false, "10.000001", false],
    ["100", "9", true, "50", false],
    ["100", "9", true, "8", true],
    [null, null, false, "5", true],
  ])("from %s to %s (over the end: %s), %s fits: %s", (low, high, rollsOver, value, fits) => {
    expect(isExpected({ ...range, low, high, rollsOver }, value)).toBe(fits);
  });
});
