import type { Transaction } from "kysely";
import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { DAY_MS, HOUR_MS, instant, type Instant, instantOfIso, MINUTE_MS, SECOND_MS } from "../../domain/instant.ts";
import type { ContactChannel } from "../../domain/notice.ts";
import { day } from "../../domain/period.ts";
import { signatureProblem } from "../../domain/signature.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { noteContact } from "../../ledger/contact-points.ts";
import { isQuiet, noteNoticePolicy, readNoticePolicy } from "../../ledger/notice-policy.ts";
import { noticesOf, queueNotice } from "../../ledger/notices.ts";
import { type AttachmentsOf, noticeDispatcher } from "../../notices/dispatch.ts";
import { carriersOf } from "../../notices/main.ts";
import type { Tables } from "../../schema/tables.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { type Bridge, openBridge, openRelay, type Relay } from "./post.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let relay: Relay;
let bridge: Bridge;
const open: { close(): void }[] = [];
const NOON = instantOfIso("2026-11-28T12:00:00+08:00") as Instant;
let now = NOON;

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  bridge = await openBridge();
});
afterAll(async () => {
  await bridge.close();
  await owner.end();
  await fresh.drop();
});
let towns = 0;
beforeEach(async () => {
  now = NOON;
  town = await SmallTown.found(owner, `town-${++towns}`);
  relay = await openRelay({ answer: (address) => (address.startsWith("gone") ? 550 : null) });
  bridge.calls.length = 0;
});
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  await relay.close();
});

const as = <T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> => fresh.db.as(town.operatorId, work);
const clock = { now: () => now };
const SECRET = "0123456789abcdef0123456789abcdef";

/** A process that sends. */
function process(changed: { smtp?: string; demo?: boolean; attachmentsOf?: AttachmentsOf } = {}) {
  const { smtp = relay.url, demo = true, attachmentsOf } = changed;
  const carriers = carriersOf({
    smtp: { url: smtp, from: "Estate office <office@example.org>" },
    webhook: { url: bridge.url, secret: SECRET },
    demo,
    wall: clock,
  });
  open.push(...carriers.values());
  return noticeDispatcher({
    db: fresh.db,
    clock,
    wall: clock,
    telemetry: noTelemetry,
    carriers,
    ...(attachmentsOf === undefined ? {} : { attachmentsOf }),
  });
}

/** A home with one contact point that is told its supply is back, or something else. */
async function told(
  channel: ContactChannel,
  address: string,
  {
    kind = "supply_restored",
    language = "en",
  }: { kind?: "supply_restored" | "supply_warning_1" | "sign_in_code"; language?: "en" | "zh" } = {},
) {
  const account = await town.account(`n-${channel}-${address}`, "prepaid");
  const contact = {
    channel,
    address,
    language,
    from: day("2026-01-01"),
    active: true,
    verified: true,
    bills: true,
    consent: "",
  };
  await as((trx) => noteContact(trx, account, contact, { at: now, by: null }));
  const common = { accountId: account, key: address, now };
  await as((trx) => {
    switch (kind) {
      case "supply_restored":
        return queueNotice(trx, {
          ...common,
          kind,
          data: { restoredAt: "2026-11-28T11:59:58+08:00", available: "45.90" },
        });
      case "supply_warning_1":
        return queueNotice(trx, { ...common, kind, data: { available: "9.10", readAt: "2026-11-28T11:45:00+08:00" } });
      case "sign_in_code":
        return queueNotice(trx, { ...common, kind, data: { code: "204418", minutes: "10" } });
    }
  });
  return account;
}
const look = async (account: bigint) => {
  const [notice] = await as((trx) => noticesOf(trx, account));
  if (notice === undefined) throw new Error("no notice");
  const { channel, state, attempts, detail } = notice.deliveries[0] ?? {};
  return { servedAt: notice.servedAt, channel, state, attempts, detail };
};
/** A mail as its reader sees it: quoted-printable and base64 parts opened. */
const decoded = (raw: string): string =>
  Buffer.from(
    raw
      .replaceAll(/=\r\n/g, "")
      .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  ).toString("utf8");

test("a mail that the relay takes is delivered, in the customer's language, as text and as a page", async () => {
  const account = await told("email", "wang@example.org", { language: "zh" });
  await process().turn();
  expect(await look(account)).toMatchObject({ state: "delivered", servedAt: NOON, attempts: 1 });
  const [mail] = relay.mails;
  expect(mail?.to).toEqual(["wang@example.org"]);
  expect(mail?.raw).toMatch(/^Message-ID: <[0-9a-f-]{36}@example\.org>\r$/m);
  expect(mail?.raw).toMatch(/^Auto-Submitted: auto-generated\r$/im);
  expect(decoded(mail?.raw ?? "")).toContain("已于 2026-11-28 11:59 恢复供应");
  await process().turn();
  expect(relay.mails).toHaveLength(1);
});

test("a mailbox that is not there is undeliverable and not served", async () => {
  const account = await told("email", "gone@example.org");
  await process().turn();
  expect(await look(account)).toMatchObject({
    state: "undeliverable",
    servedAt: null,
    detail: expect.stringContaining("550"),
  });
  now = instant(now + DAY_MS);
  await process().turn();
  expect((await look(account)).attempts).toBe(1);
});

test("a relay that is down is tried again, later and later, and then serves; the mail keeps its Message-ID", async () => {
  const account = await told("email", "patient@example.org");
  await relay.close();
  await process().turn();
  expect(await look(account)).toMatchObject({ state: "queued", attempts: 1, servedAt: null });
  now = instant(now + 59 * SECOND_MS);
  await process().turn();
  expect((await look(account)).attempts).toBe(1);
  now = instant(now + SECOND_MS);
  relay = await openRelay({ port: Number(new URL(relay.url).port), answer: () => 451 });
  await process().turn();
  expect(await look(account)).toMatchObject({ state: "queued", attempts: 2, detail: expect.stringContaining("451") });
  await relay.close();
  relay = await openRelay({ port: Number(new URL(relay.url).port) });
  now = instant(now + 5 * MINUTE_MS);
  await process().turn();
  expect(await look(account)).toMatchObject({ state: "delivered", attempts: 3, servedAt: now });
});

test("what nobody takes is given up after eight sendings, and never counted as served", async () => {
  const account = await told("webhook", "13800138000");
  bridge.answer = { status: 503, body: "" };
  for (const minutes of [1, 5, 15, 60, 180, 360, 720, 1000]) {
    await process().turn();
    now = instant(now + minutes * MINUTE_MS);
  }
  await process().turn();
  expect(await look(account)).toMatchObject({ state: "failed", attempts: 8, servedAt: null, detail: "HTTP 503" });
});

test("a bridge gets a signed message with an idempotency id, and what it says is what counts", async () => {
  bridge.answer = { status: 200, body: '{"state":"delivered","detail":"to handset"}' };
  const delivered = await told("webhook", "13800138001");
  await process().turn();
  expect(await look(delivered)).toMatchObject({ state: "delivered", servedAt: NOON, detail: "to handset" });
  const [call] = bridge.calls;
  const headers = call?.headers ?? {};
  const body = JSON.parse(call?.body ?? "{}");
  expect(body).toMatchObject({
    operator: `town-${towns}`,
    address: "13800138001",
    kind: "supply_restored",
    language: "en",
  });
  expect(body.text).toMatch(/^【Town】Supply of account/);
  expect(headers["idempotency-key"]).toBe(body.id);
  const signed = {
    timestamp: headers["sanbiao-timestamp"] ?? "",
    signature: headers["sanbiao-signature"] ?? "",
    body: call?.body ?? "",
  };
  expect(signatureProblem(SECRET, signed, now)).toBeNull();
  expect(signatureProblem(SECRET, { ...signed, body: `${signed.body} ` }, now)).toBe("wrong signature");
  expect(signatureProblem(SECRET, signed, instant(now + HOUR_MS))).toBe("too old or too new");

  bridge.answer = { status: 202, body: "queued" };
  const accepted = await told("webhook", "13800138002");
  await process().turn();
  expect(await look(accepted)).toMatchObject({ state: "accepted", servedAt: null });

  bridge.answer = { status: 422, body: '{"state":"undeliverable","detail":"no such number"}' };
  const nobody = await told("webhook", "13800138003");
  await process().turn();
  expect(await look(nobody)).toMatchObject({ state: "undeliverable", servedAt: null, detail: "no such number" });

  bridge.answer = { status: 401, body: "who are you?" }; // our settings are wrong, not the number
  const waits = await told("webhook", "13800138004");
  await process().turn();
  expect(await look(waits)).toMatchObject({ state: "queued", servedAt: null });
});

test("two processes at once send each mail once", async () => {
  const accounts = [];
  for (let i = 0; i < 24; i += 1) accounts.push(await told("email", `home${i}@example.org`));
  const ended = await Promise.all([process().turn(), process().turn()]);
  expect(ended[0] + ended[1]).toBe(24);
  expect(relay.mails).toHaveLength(24);
  expect(new Set(relay.mails.map(({ to }) => to[0]))).toEqual(new Set(accounts.map((_, i) => `home${i}@example.org`)));
});

test("at night a warning waits for the morning, and light that is back does not", async () => {
  now = instantOfIso("2026-11-28T23:00:00+08:00") as Instant;
  const warned = await told("email", "sleeper@example.org", { kind: "supply_warning_1" });
  const restored = await told("email", "awake@example.org");
  await process().turn();
  expect([(await look(warned)).state, (await look(restored)).state]).toEqual(["queued", "delivered"]);
  now = instantOfIso("2026-11-29T08:00:00+08:00") as Instant;
  await process().turn();
  expect(await look(warned)).toMatchObject({ state: "delivered", servedAt: now });
});

test("quiet hours are the operator's own", async () => {
  const policy = { quietFrom: "12:00", quietTo: "14:00", perMinute: 2, payments: true, corrections: false };
  expect(await as((trx) => noteNoticePolicy(trx, policy, { at: now, by: null }))).toBe("noted");
  expect(await as((trx) => noteNoticePolicy(trx, policy, { at: now, by: null }))).toBe("already");
  expect(await as(readNoticePolicy)).toEqual(policy);
  const at = (time: string) => isQuiet(policy, instantOfIso(`2026-11-28T${time}:00+08:00`) as Instant, "Asia/Shanghai");
  expect(["11:59", "12:00", "13:59", "14:00"].map(at)).toEqual([false, true, true, false]);
  for (let i = 0; i < 3; i += 1) await told("email", `many${i}@example.org`);
  expect(await process().turn()).toBe(2);
  now = instant(now + MINUTE_MS + 1);
  expect(await process().turn()).toBe(1);
});

test("a hostile name and address write no header and no markup", async () => {
  const account = await told("email", "plain@example.org");
  await owner.query("update account set name = $2, address = $2 where id = $1", [
    account,
    'Eve\r\nBcc: all@example.org\r\n<script>"{code}',
  ]);
  await process().turn();
  const raw = relay.mails[0]?.raw ?? "";
  expect(raw).not.toMatch(/^Bcc:/m);
  expect(relay.mails[0]?.to).toEqual(["plain@example.org"]);
  expect(raw.replaceAll("=\r\n", "")).toContain("&lt;script&gt;");
  await expect(told("email", "a@example.org\r\nRCPT TO:<b@example.org>")).rejects.toThrow("one line");
});

test("an address that was taken off before the message left gets nothing", async () => {
  const account = await told("email", "moved@example.org");
  const off = {
    channel: "email",
    address: "moved@example.org",
    language: "en",
    from: day("2026-11-28"),
    active: false,
  } as const;
  await as((trx) =>
    noteContact(trx, account, { ...off, verified: false, bills: false, consent: "" }, { at: now, by: null }),
  );
  await process().turn();
  expect(await look(account)).toMatchObject({
    state: "failed",
    detail: "no longer the customer's address",
    servedAt: null,
  });
  expect(relay.mails).toEqual([]);
});

test("the sandbox serves in a demo and nowhere else", async () => {
  const [there, here] = [await told("sandbox", "1-301"), await told("inbox", "app")];
  await process().turn();
  expect(await look(there)).toMatchObject({ state: "delivered", servedAt: NOON });
  expect(await look(here)).toMatchObject({ state: "accepted", servedAt: null });
  const real = await told("sandbox", "1-302");
  await process({ demo: false }).turn();
  expect(await look(real)).toMatchObject({ state: "undeliverable", servedAt: null });
});

test("a code is sent and stands covered in the book", async () => {
  await told("email", "code@example.org", { kind: "sign_in_code" });
  await process().turn();
  expect(decoded(relay.mails[0]?.raw ?? "")).toContain("204418");
  const { rows } = await owner.query<{ body: string }>(
    "select body from notice_event where body like '%code%' and operator_id = $1",
    [town.operatorId],
  );
  expect(rows.map(({ body }) => [body.includes("204418"), body.includes("••••••")])).toEqual([[false, true]]);
});

test("a paper that cannot be drawn now delays its mail, and no mail leaves without it", async () => {
  const account = await told("email", "paper@example.org");
  const broken = process({ attachmentsOf: () => Promise.reject(new Error("no font")) });
  await broken.turn();
  expect(await look(account)).toMatchObject({ state: "queued", detail: "no font", servedAt: null });
  now = instant(now + MINUTE_MS);
  const content = new TextEncoder().encode("%PDF-1.7 a bill");
  await process({ attachmentsOf: async () => [{ filename: "bill.pdf", type: "application/pdf", content }] }).turn();
  expect(await look(account)).toMatchObject({ state: "delivered" });
  expect(relay.mails[0]?.raw).toContain("filename=bill.pdf");
});
