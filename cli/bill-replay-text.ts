import { type PreviewedAccount } from "../billing/rebill/preview.ts";
import type { ReplayedBill, ReplayedPoint } from "../billing/rebill/compare.ts";
import { isNothing } from "../billing/rebill/decide.ts";
import type { RebillOutcome } from "../billing/rebill/post.ts";
import { type Instant, isoIn, isoOf } from "../domain/instant.ts";
import { type Currency, money, moneyJson } from "../domain/money.ts";
import { dayOf, type Zone } from "../domain/period.ts";
import { decimalText } from "../domain/quantity.ts";

export type Shown = {
  readonly found: readonly PreviewedAccount[];
  readonly from: Instant;
  readonly zone: Zone;
  readonly currency: Currency;
  /** Of all that could be posted. */
  readonly digest: string;
};

/** A true-up that is open is no difference: the next bill carries it. */
export const agrees = ({ points, charges }: ReplayedBill): boolean =>
  charges.length === 0 &&
  points.every((point) =>
    point.kind === "compared"
      ? point.differences.length === 0 && point.states.length === 0
      : point.kind === "true_up_open",
  );

const totals = (found: readonly PreviewedAccount[]) => {
  const all = found.filter(({ rebill }) => !isNothing(rebill)).map(({ rebill }) => rebill.totalMinor);
  const sum = (of: readonly bigint[]) => of.reduce((total, one) => total + one, 0n);
  return {
    accounts: all.length,
    net: sum(all),
    more: sum(all.filter((one) => one > 0n)),
    less: sum(all.filter((one) => one < 0n)),
  };
};

export function replayJson({ found, from, zone, currency, digest }: Shown) {
  const amount = (minor: bigint) => moneyJson(money(currency, minor));
  const { net, more, less } = totals(found);
  return {
    from: isoIn(from, zone),
    posted: false,
    digest,
    difference: amount(net),
    more: amount(more),
    less: amount(less),
    accounts: found.map(({ account, replay, rebill }) => ({
      account: account.number,
      name: account.name,
      difference: amount(rebill.totalMinor),
      digest: isNothing(rebill) ? null : rebill.digest,
      waits: rebill.waits.map(({ number, why, usagePointId }) => ({ bill: number, usagePoint: usagePointId, why })),
      bills: replay.bills.map((bill) => ({
        number: bill.number,
        from: isoIn(bill.period.from, zone),
        to: isoIn(bill.period.to, zone),
        difference: amount(bill.differenceMinor),
        usagePoints: bill.points.map((point) => pointJson(point, currency)),
        charges: bill.charges.map(({ code, title, billedMinor, dueMinor }) => ({
          code,
          titleZh: title.zh,
          titleEn: title.en,
          billed: amount(billedMinor),
          shouldBe: amount(dueMinor),
          difference: amount(dueMinor - billedMinor),
        })),
      })),
    })),
  };
}

function pointJson(point: ReplayedPoint, currency: Currency) {
  if (point.kind !== "compared") return { ...point, usagePoint: point.usagePointId, usagePointId: undefined };
  const text = (minor: bigint) => moneyJson(money(currency, minor)).amount;
  return {
    usagePoint: point.usagePointId,
    kind: point.kind,
    lines: point.differences.map(({ key, line, billed, amount, quantity, included }) => ({
      key,
      titleZh: line.title.zh,
      titleEn: line.title.en,
      tariffVersion: line.tariffVersion,
      billed: billed === null ? null : text(billed.amount),
      shouldBe: text((billed?.amount ?? 0n) + amount),
      difference: text(amount),
      quantity: decimalText(quantity),
      taxInside: text(included),
    })),
    handsOn: point.states.map(({ period, before, after }) => ({
      from: isoOf(period.from),
      to: isoOf(period.to),
      before,
      after,
    })),
  };
}

export function replayText({ found, from, zone, currency, digest }: Shown, selection: string): string[] {
  const text = (minor: bigint) => moneyJson(money(currency, minor)).amount;
  const since = dayOf(from, zone);
  if (found.every(({ replay }) => replay.bills.every(agrees)))
    return [`Every bill since ${since} is what it would be today.`];
  const lines = found.flatMap(({ account, replay, rebill }) => [
    `account ${account.number} ${account.name}: ${text(rebill.totalMinor)}`,
    ...replay.bills
      .filter((bill) => !agrees(bill))
      .flatMap((bill) => [
        `  bill ${bill.number} of ${dayOf(bill.period.from, zone)}: ${text(bill.differenceMinor)}`,
        ...bill.points.flatMap((point) => pointLines(point, text)),
        ...bill.charges.map(
          ({ title, billedMinor, dueMinor }) =>
            `    ${title.zh} ${title.en}: billed ${text(billedMinor)}, should be ${text(dueMinor)}, difference ${text(dueMinor - billedMinor)}`,
        ),
      ]),
    ...rebill.waits.map(({ usagePointId }) => `  usage point ${usagePointId} waits: nothing of it is posted`),
  ]);
  const { accounts, net, more, less } = totals(found);
  const sums = `${accounts} accounts differ since ${since}, ${text(net)} in all: ${text(more)} more, ${text(less)} less. Nothing was posted.`;
  if (accounts === 0) return [...lines, `Nothing since ${since} can be posted.`];
  return [...lines, sums, `To post exactly this: ${selection} --post --digest ${digest} --reason "…"`];
}

function pointLines(point: ReplayedPoint, text: (minor: bigint) => string): string[] {
  switch (point.kind) {
    case "true_up_open":
      return [];
    case "in_doubt":
      return [`    usage point ${point.usagePointId}: cannot be told: ${point.doubts.join("; ")}`];
    case "cannot_rate":
      return [`    usage point ${point.usagePointId}: cannot be priced: ${point.detail}`];
    case "compared":
      return [
        ...point.differences.map(({ key, billed, amount, quantity }) => {
          const before = billed?.amount ?? 0n;
          return `    ${key}: billed ${text(before)}, should be ${text(before + amount)}, difference ${text(amount)} (${decimalText(quantity)})`;
        }),
        ...(point.states.length === 0
          ? []
          : [`    usage point ${point.usagePointId}: hands on something else to the next bill`]),
      ];
  }
}

/** A text that a spreadsheet would run as a formula is given an apostrophe. */
const plain = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

/** One row per line that differs, for a spreadsheet. */
export const csvRows = ({ found, zone, currency }: Shown): string[][] => [
  [
    "account",
    "name",
    "bill",
    "from",
    "to",
    "key",
    "title_zh",
    "title_en",
    "tariff_version",
    "quantity",
    "billed",
    "should_be",
    "difference",
  ],
  ...found.flatMap(({ account, replay, rebill }) =>
    rebill.lines.map(({ billId, usagePointId, key, line, billed, amount, quantity }) => {
      const text = (minor: bigint) => moneyJson(money(currency, minor)).amount;
      const before = billed?.amount ?? 0n;
      return [
        plain(account.number),
        plain(account.name),
        replay.bills.find((bill) => bill.billId === billId)?.number ?? "",
        dayOf(line.period.from, zone),
        dayOf(line.period.to, zone),
        `${usagePointId}/${key}`,
        plain(line.title.zh),
        plain(line.title.en),
        line.tariffVersion,
        decimalText(quantity),
        text(before),
        text(before + amount),
        text(amount),
      ];
    }),
  ),
];

/** What became of a posting, in a sentence. */
export function outcomeText(outcome: RebillOutcome, text: (minor: bigint) => string): string {
  switch (outcome.kind) {
    case "posted":
      return `${text(outcome.totalMinor)} posted, correction note ${outcome.number}`;
    case "already":
      return `posted before with correction note ${outcome.number}, ${text(outcome.totalMinor)}`;
    case "nothing":
      return "every bill is what it would be today";
    case "different":
      return `not posted: not what was shown. It is ${text(outcome.totalMinor)} now; look again (digest ${outcome.digest})`;
    case "second_person":
      return outcome.isProposed
        ? `not posted: who proposed ${text(outcome.totalMinor)} does not post it`
        : `not posted: ${text(outcome.totalMinor)} takes a proposal by one person and another one who posts it`;
  }
}

export const outcomeJson = (outcome: RebillOutcome, currency: Currency) => ({
  outcome: outcome.kind,
  ...("number" in outcome ? { number: outcome.number } : {}),
  ...("totalMinor" in outcome ? { difference: moneyJson(money(currency, outcome.totalMinor)) } : {}),
  ...("digest" in outcome ? { digest: outcome.digest } : {}),
});
