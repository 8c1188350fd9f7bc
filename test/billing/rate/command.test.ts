import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { rowsOfCsv } from "../../../billing/rate/csv.ts";
import { tariffsOfJson } from "../../../billing/rate/schema.ts";
import { accountOfJson } from "../../../billing/rate/account-file.ts";
import { usageOfJson, usageOfRows } from "../../../billing/rate/usage-file.ts";
import { rateCommand } from "../../../cli/rate.ts";
import { tariffWith, tiered } from "./tariffs.ts";

const folder = mkdtempSync(join(tmpdir(), "sanbiao-rate-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};

async function run(...args: string[]) {
  const said = { out: "", err: "", exit: 0 };
  const io = {
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
    stdin: () =>
      Promise.resolve(new TextEncoder().encode(JSON.stringify({ from: "2026-03-01", to: "2026-04-01", quantity: 10 }))),
    exit: (code: 0 | 1 | 2) => void (said.exit = code),
  };
  await rateCommand(io).parseAsync(args, { from: "user" });
  return said;
}

const tariff = file("tariff.json", tariffWith([tiered()]));
const usage = file("usage.json", { from: "2026-03-01", to: "2026-05-01", quantity: "61" });
const account = file("account.json", { ladderUsedBefore: "90" });

describe("sanbiao rate", () => {
  test("prints one JSON document with lines, ladders and a total per month", async () => {
    const { out, err, exit } = await run("--tariff", tariff, "--usage", usage, "--account", account, "--json");
    expect({ err, exit }).toEqual({ err: "", exit: 0 });
    const answer = JSON.parse(out);
    expect(answer.billPeriods.map((bill: { from: string; total: unknown }) => [bill.from, bill.total])).toEqual([
      ["2026-03-01T00:00:00+08:00", { amount: "52.00", currency: "CNY" }],
      ["2026-04-01T00:00:00+08:00", { amount: "60.00", currency: "CNY" }],
    ]);
    expect(answer.total).toEqual({ amount: "112.00", currency: "CNY" });
    expect(answer.billPeriods[0].lines[1]).toEqual({
      key: "test/energy/t2/-/2026-03-01",
      utility: "electricity",
      tariffId: "test",
      version: "1",
      charge: "energy",
      kind: "usage",
      tier: 2,
      period: { from: "2026-03-01T00:00:00+08:00", to: "2026-04-01T00:00:00+08:00" },
      quantity: { value: "21", unit: "kWh" },
      price: "2",
      amount: { amount: "42.00", currency: "CNY" },
      basis: "interpolated",
      title: { zh: "电", en: "energy" },
    });
    expect(answer.billPeriods[1].ladders[0]).toMatchObject({
      usedBefore: { value: "121" },
      usedAfter: { value: "151" },
    });
  });

  test("prints a table for people, and one bill for the whole period when asked", async () => {
    const { out } = await run("--tariff", tariff, "--usage", usage, "--bill-period", "whole");
    expect(out).toContain("2026-03-01 .. 2026-05-01");
    expect(out).toContain("= 61.00 CNY");
  });

  test("bills registers beside intervals: they say how much, the intervals at which power", async () => {
    const priced = file("two.json", {
      ...tariffWith([]),
      charges: [
        { kind: "energy", form: "flat", id: "e", title: { zh: "电", en: "E" }, price: { peak: "0.30", low: "0.20" } },
        { kind: "demand", id: "d", title: { zh: "需", en: "D" }, price: "30" },
      ],
    });
    const both = (low: string) => ({
      from: "2026-03-01",
      to: "2026-03-02",
      registers: { peak: "10", low },
      intervals: { from: "2026-03-01", minutes: 60, values: [...Array<number>(23).fill(0), 15] },
    });
    const { out } = await run("--tariff", priced, "--usage", file("both.json", both("5")), "--bill-period", "whole");
    expect(out).toMatch(/peak +10 kWh +× 0.30 +3.00/);
    expect(out).toMatch(/0.48387 kW +× 30 +14.52/); // 15 kW for one day of 31
    const far = await run("--tariff", priced, "--usage", file("far.json", both("50")));
    expect(far.err).toMatch(/registers: 60 and the intervals' sum 15 are more than 1\/20 apart/);
  });

  test("tells for which time no use is given", async () => {
    const holes = file("holes.json", {
      from: "2026-03-01",
      to: "2026-03-04",
      intervals: [{ from: "2026-03-01", to: "2026-03-02", quantity: "1" }],
    });
    const asked = ["--tariff", tariff, "--usage", holes];
    expect((await run(...asked)).out).toMatch(/! no use is given for 2026-03-02 .. 2026-03-04: priced as none/);
    expect(JSON.parse((await run(...asked, "--json")).out).unseen).toEqual([
      { from: "2026-03-02T00:00:00+08:00", to: "2026-03-04T00:00:00+08:00" },
    ]);
  });

  test.each([
    [
      "a ladder that is none",
      { ladderUsedBefore: { nope: "5" } },
      /ladderUsedBefore.nope: the tariff has no ladder nope; it has energy/,
    ],
    [
      "two values for one day",
      {
        contractedKw: [
          { from: "2026-03-01", kw: "5" },
          { from: "2026-03-01", kw: "6" },
        ],
      },
      /contractedKw\[1\].from: has a value already/,
    ],
  ])("says of the account what is wrong with it: %s", async (_, document, message) => {
    const { err, exit } = await run("--tariff", tariff, "--usage", usage, "--account", file("wrong.json", document));
    expect(exit).toBe(1);
    expect(err).toMatch(/--account .*wrong.json/);
    expect(err).toMatch(message);
  });

  test("takes an id of the catalogue and a usage from standard input", async () => {
    const { out } = await run("--tariff", "ningbo.water.residential", "--usage", "-");
    expect(out).toContain("= 34.00 CNY");
    expect(out).toContain("confirm with the Ningbo water company");
  });

  test("reads CSV", async () => {
    const csv = file("usage.csv", "from,to,quantity\n2026-03-01,2026-04-01,7\n");
    expect((await run("--tariff", tariff, "--usage", csv)).out).toContain("= 7.00 CNY");
  });

  test("lists the catalogue", async () => {
    expect((await run("--list")).out).toContain("zhejiang.electricity.residential_tou");
  });

  test.each([
    ["no tariff", ["--usage", usage], /--tariff is missing/],
    ["no usage", ["--tariff", tariff], /--usage is missing/],
    ["a tariff that is nowhere", ["--tariff", "nowhere", "--usage", usage], /neither a file nor an id/],
    ["a usage that is nowhere", ["--tariff", tariff, "--usage", "nowhere.json"], /no such file/],
    [
      "an account that is nowhere",
      ["--tariff", tariff, "--usage", usage, "--account", "nowhere"],
      /--account nowhere: there is no such file/,
    ],
    [
      "another bill period",
      ["--tariff", tariff, "--usage", usage, "--bill-period", "week"],
      /month or whole, not week/,
    ],
    ["a folder for a file", ["--tariff", tariff, "--usage", folder], /cannot be read/],
  ])("with %s is wrong use", async (_, args, message) => {
    const { out, err, exit } = await run(...args);
    expect({ out, exit }).toEqual({ out: "", exit: 2 });
    expect(err).toMatch(message);
  });

  test.each([
    [
      "a tariff that is not JSON",
      ["--tariff", file("bad.json", "{"), "--usage", usage],
      /tariff\.invalid.*bad\.json\n {2}\(whole file\): is not JSON/s,
    ],
    [
      "a tariff with faults",
      ["--tariff", file("worse.json", { id: "x" }), "--usage", usage],
      /version: .*\n {2}utility: /,
    ],
    [
      "a negative usage",
      ["--tariff", tariff, "--usage", file("less.json", { from: "2026-03-01", to: "2026-04-01", quantity: -1 })],
      /less\.json\n {2}quantity: -1 is below zero/,
    ],
    [
      "a usage before the tariff",
      ["--tariff", tariff, "--usage", file("old.json", { from: "1999-03-01", to: "1999-04-01", quantity: 1 })],
      /no version is in force from 1999-03-01/,
    ],
    [
      "a total where hours are priced",
      ["--tariff", "zhejiang.electricity.residential_tou", "--usage", usage],
      /give `tou` registers or intervals/,
    ],
    [
      "a household of nobody",
      ["--tariff", tariff, "--usage", usage, "--account", file("none.json", { householdSize: 0 })],
      /householdSize: /,
    ],
  ])("refuses %s", async (_, args, message) => {
    const { out, err, exit } = await run(...args);
    expect({ out, exit }).toEqual({ out: "", exit: 1 });
    expect(err).toMatch(message);
    const json = JSON.parse((await run(...args, "--json")).out);
    expect(json.error.code).toMatch(/^(tariff|usage)\.invalid$/);
  });

  test("shares a total over times of use where asked", async () => {
    expect((await run("--tariff", "zhejiang.electricity.residential_tou", "--usage", usage, "--spread")).exit).toBe(0);
  });
});

describe("docs/reference/tariffs.md", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/reference/tariffs.md"), "utf8");
  const blocks = [...page.matchAll(/```(json|csv) (\w+)\n(.*?)```/gs)].map(
    ([, form = "", what = "", text = ""], i) => ({ form, what, text, i }),
  );
  const base = JSON.parse(blocks.find(({ what }) => what === "tariff")?.text ?? "{}") as Record<string, unknown>;

  test("has an example of each form", () => {
    expect(new Set(blocks.map(({ what }) => what))).toEqual(
      new Set(["tariff", "charge", "charges", "tou", "usage", "account", "rated", "state"]),
    );
  });

  test.each(blocks.filter(({ what }) => what !== "rated" && what !== "state"))(
    "example $i: $form $what is accepted",
    ({ form, what, text }) => {
      if (form === "csv") {
        expect(usageOfRows(rowsOfCsv(text), tariffWith([])).total).toBeGreaterThan(0n);
        return;
      }
      const document: unknown = JSON.parse(text);
      const tariffs: Record<string, () => unknown> = {
        tariff: () => document,
        charge: () => ({ ...base, charges: [document] }),
        charges: () => ({ ...base, charges: document }),
        tou: () => ({ ...base, tou: document }),
      };
      const whole = tariffs[what];
      if (whole !== undefined) expect(tariffsOfJson(whole())).toHaveLength(1);
      else if (what === "usage") expect(usageOfJson(document, tariffWith([])).total).toBeGreaterThan(0n);
      else expect(accountOfJson(document)).toMatchObject({ zone: "Asia/Shanghai" });
    },
  );
});
