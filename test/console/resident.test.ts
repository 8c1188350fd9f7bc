import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningApi, startApi } from "../../api/server.ts";
import { ensureChannel } from "../../billing/channels.ts";
import { reversePayment, takePayment } from "../../billing/payment.ts";
import { openBrowser } from "../support/browser.ts";
import { buildConsole } from "../support/console.ts";
import { type Estate, NOW, PASSWORD, priceByCatalogue, silent, tinyEstate } from "../api/support.ts";

let estate: Estate;
let api: RunningApi;
let browser: Browser;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sanbiao-resident-"));
  const built = buildConsole(folder, { name: "resident", html: "r.html" }).then(() =>
    writeFile(join(folder, "index.html"), ""),
  );
  [estate, browser] = await Promise.all([tinyEstate(), openBrowser(), built]);
  const sandbox = {
    code: "sandbox",
    title_zh: "沙箱",
    title_en: "Sandbox",
    kind: "sandbox",
    ledger_account: "wallet",
  } as const;
  await ensureChannel(estate.db, estate.one, sandbox, NOW);
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

async function phone(locale: string): Promise<{ page: Page; faults: string[] }> {
  const viewport = { width: 390, height: 844 };
  const page = await (await browser.newContext({ locale, viewport, reducedMotion: "reduce" })).newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  return { page, faults };
}

async function pass(): Promise<{ path: string; code: string }> {
  const context = await browser.newContext();
  await context.request.post(`${api.url}/api/v1/sign-in`, { data: { login: "clerk", password: PASSWORD } });
  const reply = await context.request.post(`${api.url}/api/v1/accounts/${estate.flat}/resident-pass`);
  const made = (await reply.json()) as { path: string; code: string };
  await context.close();
  return made;
}

test("a resident opens the link, sees the account in both languages, buys in the sandbox and sees the money in the books", async () => {
  const { page, faults } = await phone("zh-CN");
  const { path } = await pass();
  await page.goto(api.url + path);
  await page.getByTestId("resident-available").waitFor();
  expect(new URL(page.url()).hash).toBe("");
  if (process.env["SANBIAO_PICTURES"] !== undefined)
    await page.screenshot({ path: `${process.env["SANBIAO_PICTURES"]}/home.png` });
  expect(await page.getByTestId("resident-relay").getAttribute("data-state")).toBe("disconnected");
  for (const tab of ["usage", "bills", "messages", "history", "home"]) {
    await page.getByTestId(`tab-${tab}`).click();
    await page.locator(".card, p.quiet:not([role])").first().waitFor();
    expect(await page.locator("#resident").textContent(), tab).not.toMatch(/\{\w+\}|undefined|NaN|Invalid/);
    await expect
      .poll(() => page.evaluate("document.documentElement.scrollWidth <= innerWidth"), { message: tab })
      .toBe(true);
  }
  await page.getByText("EN", { exact: true }).click();
  expect(await page.locator("#resident").textContent()).toContain("Top up");
  await page.getByTestId("resident-buy").click();
  await page.getByTestId("resident-amount").fill("100");
  await page.getByTestId("resident-order").dblclick(); // a hasty thumb orders once
  const [paying] = await Promise.all([
    page.context().waitForEvent("page"),
    page.getByTestId("resident-pay-link").click(),
  ]);
  await paying.getByTestId("sandbox-pay_twice").click();
  await paying.locator('[data-testid="sandbox-order"][data-state="paid"]').waitFor();
  await page.locator('[data-testid="resident-order-state"][data-state="paid"]').waitFor();
  await page.getByTestId("resident-available").waitFor(); // and back by itself
  await page.getByTestId("tab-history").click();
  await page.getByText("¥100.00").waitFor();
  expect(await page.getByText("¥100.00").count()).toBe(1);
  if (process.env["SANBIAO_PICTURES"] !== undefined)
    await page.screenshot({ path: `${process.env["SANBIAO_PICTURES"]}/history.png` });
  expect(faults).toEqual([]);
});

test("a used link says so and asks for the code; a wrong code is told, the right one enters", async () => {
  const { page, faults } = await phone("en-GB");
  const { path, code } = await pass();
  const used = await pass();
  await page.goto(api.url + path); // worth nothing since the second was handed out
  await page.getByTestId("resident-wrong").waitFor();
  const fill = async (typed: string) => {
    const [operator, account, digits] = await page.locator("form input").all();
    await operator?.fill("one");
    await account?.fill("A-101");
    await digits?.fill(typed);
    await page.getByTestId("resident-enter").click();
  };
  await fill(code === used.code ? "12345678" : code);
  await page.getByTestId("resident-wrong").waitFor();
  await fill(used.code);
  await page.getByTestId("resident-available").waitFor();
  expect(faults).toEqual([]);
});

test("a resident takes the emergency credit after a word to confirm, and sees that it is to be repaid", async () => {
  await priceByCatalogue(estate);
  const staff = async (login: string) => {
    const { request } = await browser.newContext();
    await request.post(`${api.url}/api/v1/sign-in`, { data: { login, password: PASSWORD } });
    return async (method: "POST" | "PUT", path: string, data: object) => {
      const reply = await request.fetch(`${api.url}/api/v1/${path}`, { method, data });
      expect(reply.ok(), path).toBe(true);
      return (await reply.json()) as { id: string; document: object };
    };
  };
  const [clerk, boss] = [await staff("clerk"), await staff("boss")];
  const fromDay = "2026-06-16";
  const made = await clerk("POST", "policy-versions", {
    copyOf: "cn-estate",
    id: "lent",
    version: "1",
    effectiveFrom: fromDay,
  });
  const document = { ...made.document, emergencyCredit: { amount: "150.00", offeredBelow: "50.00" } };
  await clerk("PUT", `policy-versions/${made.id}`, { edition: 1, document });
  await clerk("POST", `policy-versions/${made.id}/proposal`, { edition: 2 });
  await boss("POST", `policy-versions/${made.id}/publication`, { edition: 3 });
  await boss("POST", "policy-assignments", { class: "lent", policyId: "lent", fromDay });
  await boss("POST", "account-classes", { class: "lent", accountIds: [String(estate.flat)] });

  const { page, faults } = await phone("zh-CN");
  await page.goto(api.url + (await pass()).path);
  await page.getByTestId("emergency-take").click();
  await page.getByTestId("emergency-confirm").dblclick(); // a hasty thumb borrows once
  await page.locator('[data-testid="emergency"][data-state="taken"]').waitFor();
  expect(await page.getByTestId("emergency").textContent()).toMatch(/已申请 ¥150\.00.*先行偿还/);
  expect(await page.getByTestId("emergency-take").count()).toBe(0);
  if (process.env["SANBIAO_PICTURES"] !== undefined)
    await page.screenshot({ path: `${process.env["SANBIAO_PICTURES"]}/emergency.png` });
  expect(faults).toEqual([]);
});
