import type { Transaction } from "kysely";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DAY_MS, instant, type Instant, instantOfIso, MINUTE_MS } from "../../domain/instant.ts";
import { addressProblem, maskedAddress, type NoticeChannel } from "../../domain/notice.ts";
import { day } from "../../domain/period.ts";
import { contactsOf, noteContact } from "../../ledger/contact-points.ts";
import {
  claimDeliveries,
  endSending,
  expireDeliveries,
  markOpened,
  recordHandedOver,
  reportDelivery,
  retryNotice,
} from "../../ledger/notice-deliveries.ts";
import { noticesOf, queueNotice, withdrawNotices } from "../../ledger/notices.ts";
import type { Tables } from "../../schema/tables.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
const NOW = instantOfIso("2026-11-28T10:00:00+08:00") as Instant;
const later = (ms: number): Instant => instant(NOW + ms);

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
  town = await SmallTown.found(owner);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

const as = <T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> => fresh.db.as(town.operatorId, work);
let homes = 0;
const AGREED = {
  language: "zh",
  from: day("2026-01-01"),
  active: true,
  verified: true,
  bills: false,
  consent: "",
} as const;

/** An account with these contact points. */
async function home(...contacts: [channel: "email" | "webhook" | "inbox", address: string][]): Promise<bigint> {
  const id = await town.account(`n${++homes}`, "prepaid");
  for (const [channel, address] of contacts)
    await as((trx) => noteContact(trx, id, { channel, address, ...AGREED }, { at: NOW, by: null }));
  return id;
}
const WARNING = { available: "4.20", readAt: "2026-11-28T09:45:00+08:00" };
const warn = (accountId: bigint, key: string, available = "4.20") =>
  as((trx) =>
    queueNotice(trx, { accountId, kind: "supply_warning_1", key, data: { ...WARNING, available }, now: NOW }),
  );
const claim = (
  channel: NoticeChannel,
  changed: { now?: Instant; wall?: Instant; perMinute?: number; urgentOnly?: boolean } = {},
) =>
  as((trx) =>
    claimDeliveries(trx, {
      channel,
      now: NOW,
      wall: NOW,
      leaseMs: MINUTE_MS,
      urgentOnly: false,
      perMinute: 1000,
      limit: 50,
      messageOf: ({ notice }) => ({ subject: notice.kind, body: notice.key }),
      ...changed,
    }),
  );
const served = async (accountId: bigint) => (await as((trx) => noticesOf(trx, accountId)))[0]?.servedAt ?? null;
/** Sends as a process does: claim, say so, end. */
async function send(channel: NoticeChannel, state: "accepted" | "delivered" | "queued") {
  const [one] = await claim(channel);
  if (one === undefined) throw new Error("nothing to send");
  expect(await as((trx) => endSending(trx, one, { at: NOW, state }))).toBe(true);
  return one;
}

test("the same notice is queued once, and another under its key is told apart and not written", async () => {
  const account = await home(["email", "wang@example.org"]);
  expect(await warn(account, "w1")).toMatchObject({ kind: "queued" });
  expect(await warn(account, "w1")).toMatchObject({ kind: "already" });
  expect(await warn(account, "w1", "4.19")).toMatchObject({ kind: "different" });
  const twice = await Promise.all([warn(account, "w2"), warn(account, "w2")]);
  expect(twice.map(({ kind }) => kind).sort()).toEqual(["already", "queued"]);
  const notices = await as((trx) => noticesOf(trx, account));
  expect(notices.map(({ key, data, servedAt }) => ({ key, data, servedAt }))).toEqual([
    { key: "w2", data: WARNING, servedAt: null },
    { key: "w1", data: WARNING, servedAt: null },
  ]);
  expect(notices[1]?.deliveries).toMatchObject([
    { channel: "email", address: "w***g@example.org", state: "queued", attempts: 0 },
  ]);
  await as((trx) => withdrawNotices(trx, account, ["supply_warning_1"], NOW, "paid"));
  expect(await claim("email")).toEqual([]);
});

test("data of another kind never gets into the book", async () => {
  const account = await home();
  const wrong = (data: Record<string, string>) =>
    as((trx) =>
      queueNotice(trx, {
        accountId: account,
        kind: "supply_warning_1",
        key: "x",
        data: data as typeof WARNING,
        now: NOW,
      }),
    );
  await expect(wrong({ available: "1.00" })).rejects.toThrow("lacks readAt");
  await expect(wrong({ ...WARNING, available: "a lot" })).rejects.toThrow("is not money");
  await expect(wrong({ ...WARNING, nonsense: "1" })).rejects.toThrow("no field nonsense");
});

test("an account that cannot be reached is never served, until a clerk vouches for it by name", async () => {
  const account = await home();
  const { id } = await warn(account, "unreachable");
  expect(await served(account)).toBeNull();
  const hand = { evidence: "letter RR123456789CN, signed", at: later(MINUTE_MS), by: 7n };
  expect(await as((trx) => recordHandedOver(trx, id, hand))).toBe("noted");
  expect(await as((trx) => recordHandedOver(trx, id, hand))).toBe("already");
  expect(await served(account)).toBe(later(MINUTE_MS));
});

test("accepted is not served; delivered is, and a bounce takes it away for good", async () => {
  const account = await home(["webhook", "13800138000"]);
  await warn(account, "sms");
  const { id } = await send("webhook", "accepted");
  expect(await served(account)).toBeNull();
  const report = (state: "delivered" | "failed", at: Instant) => as((trx) => reportDelivery(trx, id, { at, state }));
  expect(await report("delivered", later(1000))).toBe("noted");
  expect(await report("delivered", later(2000))).toBe("already");
  expect(await served(account)).toBe(later(1000));
  expect(await report("failed", later(3000))).toBe("noted");
  expect(await served(account)).toBeNull();
  expect(await report("delivered", later(4000))).toBe("out_of_order");
  expect(await served(account)).toBeNull();
});

test("a bounce that is faster than the sender's own note is not undone by it", async () => {
  const account = await home(["email", "fast@example.org"]);
  await warn(account, "race");
  const [one] = await claim("email");
  if (one === undefined) throw new Error("nothing to send");
  await as((trx) => reportDelivery(trx, one.id, { at: NOW, state: "undeliverable" }));
  expect(await as((trx) => endSending(trx, one, { at: NOW, state: "delivered" }))).toBe(false);
  expect(await served(account)).toBeNull();
});

test("a sender that died is followed by another after its lease, who then speaks alone", async () => {
  const account = await home(["email", "lease@example.org"]);
  await warn(account, "lease");
  const [first] = await claim("email");
  if (first === undefined) throw new Error("nothing to send");
  expect(await claim("email")).toEqual([]);
  const [second] = await claim("email", { wall: later(MINUTE_MS + 1) });
  expect(second).toMatchObject({ id: first.id, ref: first.ref, attempt: 2 });
  expect(await as((trx) => endSending(trx, first, { at: NOW, state: "delivered" }))).toBe(false);
});

test("two processes share what is due and neither gets a row of the other, nor more than a minute's share", async () => {
  const accounts = await Promise.all(Array.from({ length: 6 }, (_, i) => home(["webhook", `1390000000${i}`])));
  for (const [i, account] of accounts.entries()) await warn(account, `share/${i}`);
  const wall = later(DAY_MS); // an hour in which nothing was sent yet
  const both = await Promise.all([claim("webhook", { wall, perMinute: 4 }), claim("webhook", { wall, perMinute: 4 })]);
  const ids = both.flat().map(({ id }) => id);
  expect(ids).toHaveLength(4);
  expect(new Set(ids).size).toBe(4);
  expect(await claim("webhook", { wall: instant(wall + MINUTE_MS / 2), perMinute: 4 })).toEqual([]);
  expect(await claim("webhook", { wall: instant(wall + MINUTE_MS + 1), perMinute: 4 })).toHaveLength(4); // two new, two whose lease ended
});

test("in quiet hours only what is urgent leaves", async () => {
  const account = await home(["inbox", "app"]);
  await warn(account, "quiet");
  const restored = { restoredAt: "2026-11-28T02:00:00+08:00" };
  await as((trx) =>
    queueNotice(trx, { accountId: account, kind: "supply_restored", key: "light", data: restored, now: NOW }),
  );
  expect((await claim("inbox", { urgentOnly: true })).map(({ notice }) => notice.kind)).toEqual(["supply_restored"]);
  expect((await claim("inbox")).map(({ notice }) => notice.kind)).toEqual(["supply_warning_1"]);
});

test("a message in the inbox counts when its own customer opened it", async () => {
  const [account, other] = [await home(["inbox", "app"]), await home()];
  const { id } = await warn(account, "inbox");
  await send("inbox", "accepted");
  expect(await as((trx) => markOpened(trx, other, id, NOW))).toBe(false);
  expect(await served(account)).toBeNull();
  expect(await as((trx) => markOpened(trx, account, id, NOW))).toBe(true);
  expect(await served(account)).toBe(NOW);
});

test("what waited too long is given up, and a clerk may send it again, also to an address that is new", async () => {
  const account = await home(["email", "old@example.org"]);
  await warn(account, "stale");
  expect(await as((trx) => expireDeliveries(trx, later(DAY_MS)))).toBe(0);
  expect(await as((trx) => expireDeliveries(trx, later(3 * DAY_MS)))).toBeGreaterThan(0);
  const fresh = { channel: "email", address: "new@example.org", ...AGREED } as const;
  await as((trx) => noteContact(trx, account, fresh, { at: NOW, by: null }));
  const [notice] = await as((trx) => noticesOf(trx, account));
  if (notice === undefined) throw new Error("no notice");
  expect(notice.deliveries).toMatchObject([{ state: "failed", detail: "too old to be sent" }]);
  expect(await as((trx) => retryNotice(trx, notice, later(3 * DAY_MS), 7n))).toBe(2);
  const due = await claim("email", { now: later(3 * DAY_MS), wall: later(9 * DAY_MS) });
  expect(due.filter(({ notice: { key } }) => key === "stale").map(({ address }) => address)).toEqual([
    "old@example.org",
    "new@example.org",
  ]);
});

test("a contact point is in force from its day, until its day, and bills go only where they are wanted", async () => {
  const account = await home(["email", "a@example.org"]);
  const note = (changed: Partial<Parameters<typeof noteContact>[2]>) =>
    as((trx) =>
      noteContact(
        trx,
        account,
        { channel: "email", address: "a@example.org", ...AGREED, ...changed },
        { at: NOW, by: null },
      ),
    );
  expect(await note({})).toBe("already");
  expect(await note({ address: "b@example.org", from: day("2026-12-01"), bills: true })).toBe("noted");
  expect(await note({ active: false, from: day("2026-12-05") })).toBe("noted");
  const at = async (text: string) =>
    (await as((trx) => contactsOf(trx, account, instantOfIso(text) as Instant))).map(({ address }) => address);
  expect(await at("2026-11-30T23:59:59+08:00")).toEqual(["a@example.org"]);
  expect(await at("2026-12-01T00:00:00+08:00")).toEqual(["a@example.org", "b@example.org"]);
  expect(await at("2026-12-05T00:00:00+08:00")).toEqual(["b@example.org"]);
  const bill = { number: "2026-000001", period: "2026-11", amount: "80.00", dueOn: "2026-12-15" };
  const now = instantOfIso("2026-12-02T00:00:00+08:00") as Instant;
  await as((trx) => queueNotice(trx, { accountId: account, kind: "bill_issued", key: "bill/1", data: bill, now }));
  expect((await as((trx) => noticesOf(trx, account)))[0]?.deliveries.map(({ address }) => address)).toEqual([
    "b***@example.org",
  ]);
});

test("events are for ever, and another operator sees none of them", async () => {
  await expect(owner.query("update notice_event set state = 'delivered'")).rejects.toThrow("append-only");
  const other = await SmallTown.found(owner, "other");
  expect(await fresh.db.as(other.operatorId, (trx) => trx.selectFrom("notice_delivery").selectAll().execute())).toEqual(
    [],
  );
  expect(await fresh.db.as(other.operatorId, (trx) => reportDelivery(trx, 1n, { at: NOW, state: "delivered" }))).toBe(
    "unknown",
  );
});

test.each([
  ["email", "a@b", "written"],
  ["email", "a@example.org\r\nBcc: all@example.org", "line"],
  ["email", "a@example.org, b@example.org", "written"],
  ["webhook", " 138", "spaces"],
  ["webhook", "", "empty"],
] as const)("no %s address is %j", (channel, address, why) => {
  expect(addressProblem(channel, address)).toContain(why);
});

test("addresses are masked so that nobody can write to them", () => {
  expect(maskedAddress("webhook", "13800138000")).toBe("138****8000");
  expect(maskedAddress("webhook", "1234567")).toBe("1***");
  expect(maskedAddress("email", "a@example.org")).toBe("a***@example.org");
});
