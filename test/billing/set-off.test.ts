import { afterAll, beforeAll, expect, test } from "vitest";
import { issueFinalBill, previewFinalBill } from "../../billing/closing/final-bill.ts";
import { closingFigures } from "../../billing/closing/figures.ts";
import { refundDue } from "../../billing/closing/refund.ts";
import { moveDeposit } from "../../billing/deposit.ts";
import { checkBundle } from "../../billing/explain/check-bundle.ts";
import { readBundle } from "../../billing/explain/read-bundle.ts";
import { takePayment } from "../../billing/payment.ts";
import { postRebill, rebillNow } from "../../billing/rebill/post.ts";
import type { Pays } from "../../domain/charge.ts";
import { money } from "../../domain/money.ts";
import { day } from "../../domain/period.ts";
import type { SetOffRule } from "../../domain/set-off.ts";
import type { Tariff } from "../../domain/tariff.ts";
import { restOf } from "../../ledger/account-closings.ts";
import { noteAssignment, noteCharge, noteChargePrice } from "../../ledger/charges.ts";
import { noteSetOffTerms, readSetOffWords } from "../../ledger/set-off-terms.ts";
import { verify } from "../../ledger/verify/verify.ts";
import { billFacts } from "../../paper/bill-facts.ts";
import { billHtml } from "../../paper/bill-html.ts";
import { billSheetOf } from "../../paper/bill-sheet.ts";
import type { SmallTown } from "../support/town.ts";
import { iso, Lives, on, zone } from "./lives.ts";

/** 1.00 a kWh; 31.00 of property fee a month, 10.00 in ten days of October. */
const title = { zh: "测试", en: "test" };
const flat: Tariff = {
  id: "flat",
  version: "1",
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom: day("2020-01-01"),
  zone,
  source: ["invented for the test"],
  title,
  charges: [{ kind: "energy", form: "flat", id: "energy", title, price: "1" }],
};
const cny = (minor: bigint) => money("CNY", minor);
const OCT_11 = day("2026-10-11");
const consent = { by: "Wang", on: OCT_11, reference: "protocol 7" };

let lives: Lives;
let town: SmallTown;
beforeAll(async () => {
  lives = await Lives.open();
  lives.deps = { ...lives.deps, tariffs: (id) => (id === "flat" ? [flat] : null) };
  town = await lives.town();
  await as(async (trx) => {
    const noted = { at: lives.now, by: null };
    await noteCharge(trx, { code: "property", title, basis: "home", income: "revenue_property" }, noted);
    const price = { from: day("2026-09-01"), price: "31", taxRate: "0", source: "contract" };
    await noteChargePrice(trx, "property", price, noted);
  });
});
afterAll(() => lives.close());

const as: Lives["fresh"]["db"]["as"] extends (id: bigint, work: infer W) => unknown
  ? <T>(work: W extends (trx: infer Trx) => unknown ? (trx: Trx) => Promise<T> : never) => Promise<T>
  : never = (work) => lives.fresh.db.as(town.operatorId, work);
const say = (rule: SetOffRule) =>
  as((trx) => noteSetOffTerms(trx, { rule, source: `contract: ${rule}` }, { at: lives.now, by: null }));

/** Twenty kWh in ten days of October, nothing owed before; with credit of one class and a deposit. */
async function home(number: string, { credit, pays, deposit = 0n }: { credit: bigint; pays: Pays; deposit?: bigint }) {
  lives.now = on("2026-10-11 15:00");
  const account = await town.account(number, "postpaid", "2026-10-01");
  const { meter } = await town.supply({ account, tariff: "flat", from: "2026-10-01" });
  const dials: [string, number][] = [
    [iso(on("2026-10-01")), 100],
    [iso(on("2026-10-11")), 120],
  ];
  await town.readings(meter, "energy_import_kwh", dials);
  const word = { code: "property", from: day("2026-10-01"), quantity: "1" };
  await as((trx) => noteAssignment(trx, account, word, { at: lives.now, by: null }));
  const one = { operatorId: town.operatorId, accountId: account, key: number, at: lives.now } as const;
  await takePayment(lives.fresh.db, { ...one, channel: "cash", amount: cny(credit), pays });
  if (deposit > 0n)
    await moveDeposit(lives.fresh.db, { ...one, move: { kind: "take", amount: cny(deposit), channel: "cash" } });
  return account;
}
const ask = (accountId: bigint) => ({ operatorId: town.operatorId, accountId, onDay: OCT_11, by: null });
const due = (accountId: bigint) => as(async (trx) => (await refundDue(trx, accountId, "CNY"))?.total.minor);
const entries = async (account: bigint) => {
  const { rows } = await lives.owner.query<{ cause: Record<string, string>; account: string; minor: bigint }>(
    `select j.cause, p.ledger_account as account, p.amount_minor as minor from journal j join posting p on p.journal_id = j.id
      where j.kind = 'set_off' and p.account_id = $1 order by p.line`,
    [account],
  );
  return rows;
};
const brokenBooks = async () => (await verify(lives.owner)).filter((check) => !check.ok);

test("without a word credit of one class pays no other's debt, whoever agrees", async () => {
  // 20.00 of supply and 10.00 of property; 100.00 paid for supply.
  const account = await home("off", { credit: 10000n, pays: "supply" });
  const shown = await previewFinalBill(lives.deps, ask(account));
  expect(shown).toMatchObject({ figures: { supplyOwed: -8000n, propertyOwed: 1000n, propertySetOff: 0n } });
  await expect(previewFinalBill(lives.deps, { ...ask(account), setOffConsent: consent })).rejects.toThrow(
    "nothing can be set off",
  );
  await issueFinalBill(lives.deps, { ...ask(account), digest: shown.digest ?? "" });
  expect([await due(account), await entries(account)]).toEqual([8000n, []]);
});

test("with the customer's word the credit pays what the deposit left, once, and the refund is what remains", async () => {
  await say("on_consent");
  const account = await home("consent", { credit: 10000n, pays: "supply", deposit: 400n });
  const [silent, agreed] = [
    await previewFinalBill(lives.deps, ask(account)),
    await previewFinalBill(lives.deps, { ...ask(account), setOffConsent: consent }),
  ];
  expect(silent.figures).toMatchObject({ propertyPaid: 400n, propertySetOff: 0n });
  expect(agreed.figures).toMatchObject({ propertyPaid: 400n, propertySetOff: 600n, supplySetOff: 0n });
  const later = { ...consent, on: day("2026-10-12") };
  await expect(previewFinalBill(lives.deps, { ...ask(account), setOffConsent: later })).rejects.toThrow("yet to come");
  const issue = (digest: string | null, word = consent) =>
    issueFinalBill(lives.deps, { ...ask(account), setOffConsent: word, digest: digest ?? "" });
  // Neither what was shown without the word, nor under another word, nor under another rule.
  await expect(issue(silent.digest)).rejects.toThrow("no longer what was shown");
  await expect(issue(agreed.digest, { ...consent, reference: "protocol 8" })).rejects.toThrow(
    "no longer what was shown",
  );
  await say("agreed");
  await expect(issue(agreed.digest)).rejects.toThrow("no longer what was shown");
  await say("on_consent");
  const clerks = await Promise.all([issue(agreed.digest), issue(agreed.digest)]);
  expect(clerks.map(({ kind }) => kind).toSorted()).toEqual(["already", "closed"]);
  expect(clerks[0]?.closing).toMatchObject({ propertySetOff: 600n, setOffConsent: consent });
  const cause = { set_off: "closing", pays: "property", rule: "on_consent", account: String(account) };
  const word = { consent_by: "Wang", consent_on: "2026-10-11", consent_reference: "protocol 7" };
  expect(await entries(account)).toEqual([
    { cause: { ...cause, ...word }, account: "customer", minor: 600n },
    { cause: { ...cause, ...word }, account: "customer_property", minor: -600n },
  ]);
  expect(await due(account)).toBe(7400n);
  const html = await as(async (trx) => {
    const { id } = await trx
      .selectFrom("bill")
      .select("id")
      .where("account_id", "=", account)
      .executeTakeFirstOrThrow();
    const [facts] = await billFacts(trx, town.operatorId, [id]);
    if (facts === undefined) throw new Error("no bill");
    return billHtml(billSheetOf(facts), "both");
  });
  const bundle = await as(async (trx) => {
    const { number } = await trx
      .selectFrom("bill")
      .select("number")
      .where("account_id", "=", account)
      .executeTakeFirstOrThrow();
    return readBundle(trx, number, lives.deps, lives.now);
  });
  expect(bundle.final).toMatchObject({ setOff: { property: "6.00" }, setOffConsent: consent, refundDue: "74.00" });
  const checked = (change: (final: NonNullable<typeof bundle.final>) => void) => {
    const copy = structuredClone(bundle);
    if (copy.final !== undefined) change(copy.final);
    const check = checkBundle(JSON.stringify(copy));
    return check.kind === "checked" ? check.differences.map(({ where, field }) => `${where} ${field}`) : check.reason;
  };
  expect(checked(() => undefined)).toEqual([]);
  expect(checked((final) => void (final.setOff.property = "7.00"))).toEqual(["final setOff.property"]);
  expect(checked((final) => void final.postings.pop())).toEqual(["final postings"]);
  for (const text of ["能源费余额抵物业等款", "¥6.00", "As Wang agreed on", "protocol 7"]) expect(html).toContain(text);
  expect(await brokenBooks()).toEqual([]);
});

test("where every contract says it credit for property pays supply, and a cancelled final bill gives it all back", async () => {
  await say("agreed");
  const account = await home("agreed", { credit: 2500n, pays: "property" });
  const { digest, figures } = await previewFinalBill(lives.deps, ask(account));
  expect(figures).toMatchObject({ supplyOwed: 2000n, propertyOwed: -1500n, supplySetOff: 1500n });
  expect(figures === null ? null : restOf(figures)).toEqual({ paid: 0n, stillOwed: 500n, refundDue: 0n });
  const { closing } = await issueFinalBill(lives.deps, { ...ask(account), digest: digest ?? "" });
  expect(closing.setOffConsent).toBeNull();
  expect((await entries(account)).map(({ minor }) => minor)).toEqual([-1500n, 1500n]);
  const asked = {
    accountId: account,
    scope: { kind: "cancel", billId: closing.billId ?? 0n },
    now: lives.now,
  } as const;
  const cancelled = await as((trx) => rebillNow(trx, asked, lives.deps));
  const deed = { operatorId: town.operatorId, ...asked, digest: cancelled.digest, reason: "the wrong home", by: null };
  await postRebill(lives.fresh.db, deed, lives.deps);
  // What was paid is given back whole, in which class it now stands.
  expect(await due(account)).toBe(2500n);
  expect(await brokenBooks()).toEqual([]);
});

test("the last word counts, the same again is nothing new", async () => {
  const before = (await as(readSetOffWords)).length;
  expect([await say("agreed"), await say("off"), await say("off")]).toEqual(["already", "noted", "already"]);
  expect((await as(readSetOffWords)).length).toBe(before + 1);
});

test("whatever is owed and held, a set-off moves money between the classes and makes none", () => {
  for (const deposit of [0n, 5n, 20n])
    for (const supply of [-30n, -7n, 0n, 7n, 30n])
      for (const property of [-30n, -7n, 0n, 7n, 30n]) {
        const owed = { supply: cny(supply), property: cny(property) };
        const [without, having] = [closingFigures(cny(deposit), owed, false), closingFigures(cny(deposit), owed, true)];
        const net = ({ stillOwed, refundDue: back }: ReturnType<typeof restOf>) => stillOwed - back;
        expect(net(restOf(having))).toBe(net(restOf(without)));
        const { stillOwed, refundDue: back } = restOf(having);
        // With it nobody owes in one class and is given back in the other.
        expect(stillOwed === 0n || back === 0n).toBe(true);
      }
});
