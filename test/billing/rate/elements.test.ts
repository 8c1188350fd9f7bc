import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { accountOfJson, stateJson } from "../../../billing/rate/account-file.ts";
import { ratePeriods } from "../../../billing/rate/periods.ts";
import { tariffsOfJson } from "../../../billing/rate/schema.ts";
import { billPeriodsOf, usageOfJson } from "../../../billing/rate/usage-file.ts";
import { amountText, sumMoney } from "../../../domain/money.ts";
import { monthsWithin } from "../../../domain/period.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/reference/tariffs.md"), "utf8");
const blocksOf = (what: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`json ${what}\\n(.*?)\`\`\``, "gs"))].map(([, text = ""]) => text);
const base = JSON.parse(blocksOf("tariff")[0] ?? "{}") as Record<string, unknown>;

type Rated = {
  usage: object;
  account?: object;
  expect: { lines?: Record<string, string>; totals?: string[]; total: string };
};

describe("docs/reference/tariffs.md rates as it says", () => {
  const examples = blocksOf("rated").map((text) => JSON.parse(text) as Rated & { charges: { kind: string }[] });

  test.each(examples.map((example, i) => ({ example, i })))("example $i", ({ example }) => {
    const { usage, account, expect: answer, ...own } = example;
    const tariffs = tariffsOfJson({ ...base, ...own });
    const [tariff] = tariffs;
    if (tariff === undefined) throw new Error("no tariff");
    const used = usageOfJson(usage, tariff);
    const periods = billPeriodsOf(usage, tariff) ?? monthsWithin(used.servicePeriod, tariff.zone);
    const { zone: __, ...context } = accountOfJson(account ?? {});
    const rated = ratePeriods(tariffs, used, context, periods);
    const lines: Record<string, string> = {};
    for (const line of rated.flatMap((one) => one.lines)) {
      const name = [line.charge, line.tier === undefined ? "-" : `t${line.tier}`, line.tou ?? "-"].join("/");
      lines[name.replace(/(\/-)+$/, "")] = amountText(line.amount);
    }
    if (answer.lines !== undefined) expect(lines).toEqual(answer.lines);
    if (answer.totals !== undefined) expect(rated.map((one) => amountText(one.total))).toEqual(answer.totals);
    const total = sumMoney(
      "CNY",
      rated.map((one) => one.total),
    );
    expect(amountText(total)).toBe(answer.total);
  });

  test("an example stands for every kind of charge", () => {
    const whole = [...blocksOf("charge"), ...blocksOf("charges"), ...blocksOf("tariff"), ...blocksOf("rated")].join(
      "\n",
    );
    const kinds = [...whole.matchAll(/"kind": "(\w+)"/g)].map(([, kind]) => kind);
    expect(new Set(kinds)).toEqual(
      new Set(
        "energy export standing volume percentage tax demand minimum credit allowance power_factor carry surplus".split(
          " ",
        ),
      ),
    );
  });

  test("a state comes back from the account file as it was written", () => {
    const text = blocksOf("state")[0] ?? "{}";
    const account = accountOfJson(JSON.parse(text));
    expect(stateJson(account.state ?? {})).toEqual((JSON.parse(text) as { state: object }).state);
  });
});
