import { afterAll, beforeAll, expect, test } from "vitest";
import { estimationPolicyOf } from "../../catalog/estimation/catalogue.ts";
import { issueFinalBill, previewFinalBill } from "../../billing/closing/final-bill.ts";
import { refundClosed, refundDue } from "../../billing/closing/refund.ts";
import { moveDeposit } from "../../billing/deposit.ts";
import { readSupplies } from "../../billing/prepaid/facts.ts";
import { takePayment } from "../../billing/payment.ts";
import { money } from "../../domain/money.ts";
import { day } from "../../domain/period.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { queueControl } from "../../ledger/controls.ts";
import { depositOf } from "../../ledger/deposits.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { billFacts } from "../../paper/bill-facts.ts";
import { billHtml } from "../../paper/bill-html.ts";
import { billSheetOf } from "../../paper/bill-sheet.ts";
import { billsPdf, bytesOf } from "../../paper/pdf/bill-pdf.ts";
import { pdfPages } from "../paper/pdf-text.ts";
import type { SmallTown } from "../support/town.ts";
import { iso, Lives, on, zone } from "./lives.ts";

/** 62 kWh a month at 1.00, the rest at 2.00; 31.00 a month: 2 kWh and 1.00 a day of October. */
const title = { zh: "测试", en: "test" };
const monthly: Tariff = {
  id: "monthly",
  version: "1",
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom: day("2020-01-01"),
  zone,
  source: ["invented for the test"],
  title,
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "energy",
      title,
      ladder: { basis: "month", part: "by_days" },
      tiers: [
        { upTo: "62", price: "1" },
        { upTo: null, price: "2" },
      ],
    },
    { kind: "standing", id: "standing", title, per: "month", price: "31" },
  ],
};
const cny = (minor: bigint) => money("CNY", minor);
const MAIN = "energy_import_kwh";
const OCT_11 = day("2026-10-11");

let lives: Lives;
let town: SmallTown;
beforeAll(async () => {
  lives = await Lives.open();
  lives.deps = {
    ...lives.deps,
    tariffs: (id) => (id === "monthly" ? [monthly] : null),
    estimation: estimationPolicyOf,
  };
  town = await lives.town();
});
afterAll(() => lives.close());

const home = async (
  number: string,
  readings: readonly [string, number][],
  mode: "postpaid" | "prepaid" = "postpaid",
) => {
  const account = await town.account(number, mode, "2026-09-01");
  const { meter, point } = await town.supply({ account, tariff: "monthly", from: "2026-09-01" });
  await read(meter, readings);
  return { account, meter, point };
};
const read = (meter: bigint, points: readonly [string, number][]) =>
  town.readings(
    meter,
    MAIN,
    points.map(([at, value]) => [iso(on(at)), value]),
  );
/** The next customer comes to the same usage point on the day on which the other left. */
const moveIn = async (number: string, point: bigint, from: string) => {
  const account = await town.account(number, "postpaid", from);
  await lives.owner.query(
    "insert into agreement (operator_id, account_id, usage_point_id, tariff_id, from_day) values ($1, $2, $3, 'monthly', $4)",
    [town.operatorId, account, point, from],
  );
  return account;
};
const ask = (accountId: bigint, onDay = OCT_11) => ({ operatorId: town.operatorId, accountId, onDay, by: null });
const take = (accountId: bigint, amount: bigint) =>
  moveDeposit(lives.fresh.db, {
    operatorId: town.operatorId,
    accountId,
    key: `take-${accountId}`,
    at: lives.now,
    move: { kind: "take", amount: cny(amount), channel: "cash" },
  });
const refund = (accountId: bigint, key: string, amount: bigint) =>
  refundClosed(lives.fresh.db, {
    operatorId: town.operatorId,
    accountId,
    key,
    amount: cny(amount),
    channel: "cash",
    at: lives.now,
    by: 1n,
  });
const due = (accountId: bigint) =>
  lives.fresh.db.as(town.operatorId, async (trx) => (await refundDue(trx, accountId, "CNY"))?.total.minor);
const registers = async (account: bigint) => {
  const { rows } = await lives.owner.query<{ start: string; end: string }>(
    `select r ->> 'start' as start, r ->> 'end' as "end" from billed_usage u join bill b on b.id = u.bill_id, jsonb_array_elements(u.registers) r
      where b.account_id = $1 order by u.period_from`,
    [account],
  );
  return rows.map(({ start, end }) => `${start}..${end}`);
};
/** The account's last bill on paper. */
const paperOf = (account: bigint) =>
  lives.fresh.db.as(town.operatorId, async (trx) => {
    const bills = await trx.selectFrom("bill").select("id").where("account_id", "=", account).orderBy("id").execute();
    const [facts] = await billFacts(trx, town.operatorId, [bills.at(-1)?.id ?? 0n]);
    if (facts === undefined) throw new Error("no bill");
    const sheet = billSheetOf(facts);
    const bytes = await bytesOf(billsPdf([sheet], "both"));
    return {
      sheet,
      bytes,
      html: billHtml(sheet, "both"),
      text: pdfPages(bytes)
        .map(({ text }) => text)
        .join(" "),
    };
  });
const brokenBooks = async () => (await verify(lives.owner)).filter((check) => !check.ok);

test("a move-out is one act: final bill to the boundary reading, deposit applied, the rest refunded once, the next customer goes on from there", async () => {
  const { account, meter, point } = await home("out", [
    ["2026-09-01", 900],
    ["2026-10-01", 1000],
    ["2026-10-11", 1020],
    ["2026-11-01", 1093],
  ]);
  await lives.run(town, "2026-09");
  lives.now = on("2026-10-11 15:00");
  // 62 kWh at 1.00, 38 at 2.00, 31.00: paid, and 5.00 more.
  await takePayment(lives.fresh.db, {
    operatorId: town.operatorId,
    accountId: account,
    key: "sept",
    at: lives.now,
    channel: "cash" as const,
    amount: cny(17400n),
  });
  await take(account, 50000n);
  const shown = await previewFinalBill(lives.deps, ask(account));
  // 20 kWh at 1.00, of 20 in the first tier; ten days at 1.00; less 5.00 of credit.
  expect(shown.bill?.lines.map(({ amount }) => amount.minor)).toEqual([2000n, 1000n]);
  expect(shown.boundary).toMatchObject([{ value: "1020", basis: "reading" }]);
  const paid = { supplyPaid: 2500n, propertyPaid: 0n, supplySetOff: 0n, propertySetOff: 0n };
  const figures = { deposit: 50000n, supplyOwed: 2500n, propertyOwed: 0n, ...paid };
  expect(shown.figures).toEqual(figures);
  expect(await due(account)).toBeUndefined();
  expect(await registers(account)).toHaveLength(1);

  const issue = () => issueFinalBill(lives.deps, { ...ask(account), digest: shown.digest ?? "" });
  await expect(issueFinalBill(lives.deps, { ...ask(account), digest: "0" })).rejects.toThrow(
    "no longer what was shown",
  );
  const done = await Promise.all([issue(), issue()]);
  expect(done.map(({ kind }) => kind).toSorted()).toEqual(["already", "closed"]);
  expect(new Set(done.map(({ closing }) => closing.billId)).size).toBe(1);
  expect(done[0]?.closing).toMatchObject(figures);
  await expect(previewFinalBill(lives.deps, ask(account, day("2026-10-05")))).rejects.toThrow(
    "was closed on 2026-10-11",
  );

  const issuedPaper = await paperOf(account);
  for (const text of ["最终账单", "10/31", "Finalsettlement", "应退金额Refunddue¥475.00", "2026年10月11日零时止"])
    for (const where of [issuedPaper.text, issuedPaper.html])
      expect(where.replaceAll(/<[^>]+>|\s/g, "")).toContain(text);
  expect(issuedPaper.sheet).toMatchObject({
    toPay: cny(0n),
    deposit: { before: cny(0n), taken: cny(50000n), applied: cny(2500n), held: cny(47500n) },
    final: { paid: cny(2500n), stillOwed: cny(0n), refundDue: cny(47500n) },
  });

  expect(await due(account)).toBe(47500n);
  await expect(refund(account, "r0", 47400n)).rejects.toThrow("475.00 CNY is due");
  const clerks = await Promise.allSettled([refund(account, "r1", 47500n), refund(account, "r2", 47500n)]);
  expect(clerks.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(await due(account)).toBe(0n);
  expect(await lives.fresh.db.as(town.operatorId, (trx) => depositOf(trx, account, "CNY"))).toEqual(cny(0n));

  const next = await moveIn("in", point, "2026-10-11");
  const { issued, refused } = await lives.run(town, "2026-10");
  expect([issued.map(({ accountId }) => accountId), refused]).toEqual([[next], []]);
  expect([await registers(account), await registers(next)]).toEqual([["900..1000", "1000..1020"], ["1020..1093"]]);
  // Money that comes in afterwards is due again.
  await takePayment(lives.fresh.db, {
    operatorId: town.operatorId,
    accountId: account,
    key: "late",
    at: lives.now,
    channel: "wallet" as const,
    amount: cny(700n),
  });
  await refund(account, "r3", 700n);
  expect(await refund(account, "r3", 700n)).toMatchObject({ kind: "already" });
  // What came after its issue changes nothing on the paper.
  expect((await paperOf(account)).bytes).toEqual(issuedPaper.bytes);
  await read(meter, [["2026-10-10", 1019]]);
  expect(await brokenBooks()).toEqual([]);
});

test("an end that nobody read waits for the customer's consent to an estimate, which then holds for both customers", async () => {
  const { account, meter, point } = await home(
    "silent",
    Array.from({ length: 30 }, (_, i): [string, number] => [`2026-09-${String(i + 1).padStart(2, "0")}`, 100 + 2 * i]),
  );
  await read(meter, [["2026-10-01", 160]]);
  await lives.run(town, "2026-09");
  lives.now = on("2026-10-12");
  const shown = await previewFinalBill(lives.deps, ask(account));
  expect(shown).toMatchObject({ bill: null, digest: null, refused: { reason: "in_doubt" } });
  // Two kWh a day on ten days.
  expect(shown.proposed.map(({ says }) => says)).toMatchObject([{ value: 180_000_000n }]);
  const agreed = { by: "Wang", on: day("2026-10-12"), reference: "protocol 7" };
  const estimated = await previewFinalBill(lives.deps, { ...ask(account), agreed });
  expect(estimated.boundary).toMatchObject([{ value: "180", basis: "estimated", method: "agreed" }]);
  await issueFinalBill(lives.deps, { ...ask(account), agreed, digest: estimated.digest ?? "" });
  const next = await moveIn("after-silent", point, "2026-10-11");
  await read(meter, [["2026-11-01", 260]]);
  await lives.run(town, "2026-10");
  expect([await registers(account), await registers(next)]).toEqual([["100..160", "160..180"], ["180..260"]]);
  expect(await brokenBooks()).toEqual([]);
});

test("whoever moves in next is not cut for who moved out: no order stays, and the old account has no supply", async () => {
  const month: [string, number][] = [
    ["2026-09-01", 0],
    ["2026-10-01", 10],
  ];
  const { account, meter } = await home("cut", month, "prepaid");
  await town.prepaid(account, meter, "cn-estate");
  await lives.run(town, "2026-09");
  lives.now = on("2026-10-01 09:00");
  const order = { meterId: meter, accountId: account, action: "disconnect", reason: {}, now: lives.now } as const;
  const id = await lives.fresh.db.as(town.operatorId, (trx) => queueControl(trx, order));
  const supplies = () => lives.fresh.db.as(town.operatorId, (trx) => readSupplies(trx, [account], lives.now));
  expect(await supplies()).toHaveLength(1);
  const asked = ask(account, day("2026-10-01"));
  const { digest } = await previewFinalBill(lives.deps, asked);
  const open = async () =>
    (await lives.owner.query<{ state: string }>("select state from control where id = $1", [id])).rows[0]?.state;
  expect(await open()).toBe("queued");
  await issueFinalBill(lives.deps, { ...asked, digest: digest ?? "" });
  expect([await open(), await supplies()]).toEqual(["cancelled", []]);
});

test("a closing says why it cannot be, and one on the day on which a bill ends needs no further bill", async () => {
  const { account } = await home("edge", [
    ["2026-09-01", 0],
    ["2026-10-01", 10],
    ["2026-11-01", 20],
  ]);
  lives.now = on("2026-10-11 09:00");
  const why = (onDay: string) =>
    previewFinalBill(lives.deps, ask(account, day(onDay))).catch((error: Error) => error.message);
  expect(await why("2026-10-12")).toContain("yet to come");
  expect(await why("2026-09-01")).toContain("begins on 2026-09-01");
  expect(await why("2026-10-11")).toContain("from 2026-09-01 to 2026-10-01 are not billed yet");
  await lives.run(town, "2026-09");
  expect(await why("2026-09-20")).toContain("billed up to 2026-10-01 already");
  await take(account, 1000n);
  const shown = await previewFinalBill(lives.deps, ask(account, day("2026-10-01")));
  // 10 kWh and 31.00 of September stand open.
  expect(shown).toMatchObject({ period: null, bill: null, figures: { supplyOwed: 4100n, supplyPaid: 1000n } });
  await issueFinalBill(lives.deps, { ...ask(account, day("2026-10-01")), digest: shown.digest ?? "" });
  const { issued } = await lives.run(town, "2026-10");
  expect(issued.filter(({ accountId }) => accountId === account)).toEqual([]);
  expect(await due(account)).toBe(0n);
  expect(await brokenBooks()).toEqual([]);
});
